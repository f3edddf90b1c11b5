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
    quiet: (125, 130, 138),
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

    fn luminance((r, g, b): Rgb) -> f64 {
        let linear = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.040_45 { share / 12.92 } else { pow((share + 0.055) / 1.055, 2.4) }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    /// WCAG 2.2: 4.5 for text, 3 for lines.
    #[test]
    fn text_and_lines_stand_out() {
        for palette in [LIGHT, DARK] {
            let contrast = |colour: Rgb| {
                let (a, b) = (luminance(colour) + 0.05, luminance(palette.background) + 0.05);
                if a > b { a / b } else { b / a }
            };
            assert!(contrast(palette.text) >= 4.5);
            let Palette { p50, p95, p99, goodput, errors, quiet, mark, .. } = palette;
            for colour in [p50, p95, p99, goodput, errors, quiet, mark] {
                assert!(contrast(colour) >= 3.0, "{colour:?}: {}", contrast(colour));
            }
        }
    }
}
