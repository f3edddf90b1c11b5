//! Colours, after Okabe and Ito: told apart with any colour vision.

/// Red, green, blue.
pub type Rgb = (u8, u8, u8);

/// The colours of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    /// Behind everything.
    pub background: Rgb,
    /// Labels.
    pub text: Rgb,
    /// Grid lines.
    pub grid: Rgb,
    /// The median.
    pub p50: Rgb,
    /// The 95th percentile.
    pub p95: Rgb,
    /// The 99th percentile.
    pub p99: Rgb,
    /// Goodput.
    pub goodput: Rgb,
    /// Errors.
    pub errors: Rgb,
    /// The state before, and theory.
    pub quiet: Rgb,
    /// The objective and the knee.
    pub mark: Rgb,
}

/// On white.
pub const LIGHT: Palette = Palette {
    background: (255, 255, 255),
    text: (70, 76, 84),
    grid: (228, 231, 235),
    p50: (0, 114, 178),
    p95: (0, 128, 96),
    p99: (200, 80, 0),
    goodput: (0, 114, 178),
    errors: (190, 40, 60),
    quiet: (104, 110, 118),
    mark: (90, 60, 140),
};

/// On near black.
pub const DARK: Palette = Palette {
    background: (22, 25, 30),
    text: (190, 196, 204),
    grid: (48, 53, 60),
    p50: (86, 180, 233),
    p95: (40, 190, 145),
    p99: (245, 150, 50),
    goodput: (86, 180, 233),
    errors: (255, 110, 125),
    quiet: (140, 146, 155),
    mark: (190, 160, 245),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::math::pow;

    fn linear(channel: u8) -> f64 {
        let share = f64::from(channel) / 255.0;
        if share <= 0.040_45 { share / 12.92 } else { pow((share + 0.055) / 1.055, 2.4) }
    }

    fn luminance((r, g, b): Rgb) -> f64 {
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    fn contrast(a: Rgb, b: Rgb) -> f64 {
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        if a > b { a / b } else { b / a }
    }

    /// WCAG 2.2 asks 4.5 of text and 3 of lines; all of these colours are used for both.
    #[test]
    fn text_and_lines_stand_out() {
        for palette in [LIGHT, DARK] {
            let Palette { text, p50, p95, p99, goodput, errors, quiet, mark, .. } = palette;
            for colour in [text, p50, p95, p99, goodput, errors, quiet, mark] {
                let found = contrast(colour, palette.background);
                assert!(found >= 4.5, "{colour:?}: {found}");
            }
        }
    }

    /// What someone without one kind of cones sees, in linear light.
    ///
    /// Source: Viénot, Brettel and Mollon, "Digital video colourmaps for checking the legibility of
    /// displays by dichromats" (1999).
    fn seen_without(cones: [[f64; 3]; 3], (r, g, b): Rgb) -> [f64; 3] {
        let light = [linear(r), linear(g), linear(b)];
        cones.map(|row| row.iter().zip(light).map(|(weight, part)| weight * part).sum())
    }

    /// The percentiles have dashes and names too; their colours alone must still differ by more
    /// than rounding for dichromats: a twentieth of full light in some channel.
    #[test]
    fn percentiles_differ_without_red_or_green_cones() {
        let protan =
            [[0.112_38, 0.887_62, 0.0], [0.112_38, 0.887_62, 0.0], [0.004_01, -0.004_01, 1.0]];
        let deutan =
            [[0.292_75, 0.707_25, 0.0], [0.292_75, 0.707_25, 0.0], [-0.022_34, 0.022_34, 1.0]];
        for Palette { p50, p95, p99, .. } in [LIGHT, DARK] {
            for (a, b) in [(p50, p95), (p95, p99), (p50, p99)] {
                for cones in [protan, deutan] {
                    let pair = seen_without(cones, a).into_iter().zip(seen_without(cones, b));
                    let most = pair.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                    assert!(most >= 0.05, "{a:?} and {b:?}: {most}");
                }
            }
        }
    }
}
