//! Widths of text where no browser can be asked.

use super::backend::MeasureText;

/// Widths of Helvetica, which common sans-serif fonts share within some per cent.
///
/// Source: Adobe Font Metrics of Helvetica (1989).
#[derive(Debug, Clone, Copy, Default)]
pub struct WidthTable;

/// Of the characters from space to `~`, in thousandths of the font size.
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// Of any other character, such as an arrow: rather too wide than too narrow.
const OTHER: u16 = 1_000;

impl MeasureText for WidthTable {
    fn width(&self, text: &str, _family: &str, size: f64) -> f64 {
        let width = |c: char| {
            let index = (c as usize).wrapping_sub(' ' as usize);
            f64::from(WIDTHS.get(index).copied().unwrap_or(OTHER))
        };
        text.chars().map(width).sum::<f64>() * size / 1_000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_font() {
        let width = |text: &str| WidthTable.width(text, "sans-serif", 1_000.0);
        assert!((width("10 ms") - (2.0 * 556.0 + 278.0 + 833.0 + 500.0)).abs() < 1e-9);
        assert!((width("~") - 584.0).abs() < 1e-9 && (width("A") - 667.0).abs() < 1e-9);
        assert!(width("↑") > width("M"));
    }
}
