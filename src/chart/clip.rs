//! Clips lines to a rectangle before they are handed to `plotters`, which moves points outside the
//! axes to the edge and so draws slopes that are not there.

/// A rectangle in the coordinates of the plot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub(super) x: (f64, f64),
    pub(super) y: (f64, f64),
}

/// The part of a segment inside the bounds; `None` if it lies outside.
///
/// Source: Liang and Barsky, "A new concept and method for line clipping" (1984).
pub(super) fn segment(
    from: (f64, f64),
    to: (f64, f64),
    bounds: Bounds,
) -> Option<((f64, f64), (f64, f64))> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for (step, inside) in [
        (-dx, from.0 - bounds.x.0),
        (dx, bounds.x.1 - from.0),
        (-dy, from.1 - bounds.y.0),
        (dy, bounds.y.1 - from.1),
    ] {
        if step == 0.0 {
            if inside < 0.0 {
                return None;
            }
        } else if step < 0.0 {
            enter = enter.max(inside / step);
        } else {
            leave = leave.min(inside / step);
        }
    }
    let at = |share: f64| (from.0 + share * dx, from.1 + share * dy);
    (enter <= leave).then(|| (at(enter), at(leave)))
}

/// The pieces of a line inside the bounds.
pub(super) fn polyline(points: &[(f64, f64)], bounds: Bounds) -> Vec<Vec<(f64, f64)>> {
    let mut pieces: Vec<Vec<(f64, f64)>> = Vec::new();
    for pair in points.windows(2) {
        let Some((from, to)) = segment(pair[0], pair[1], bounds) else { continue };
        match pieces.last_mut() {
            Some(piece) if piece.last() == Some(&from) => piece.push(to),
            _ => pieces.push(vec![from, to]),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Stream;

    const UNIT: Bounds = Bounds { x: (0.0, 1.0), y: (0.0, 1.0) };

    #[test]
    fn every_piece_lies_on_the_true_line_and_inside() {
        let mut random = Stream::new(1, 0, 0);
        for _ in 0..2_000 {
            let mut draw = || random.unit() * 4.0 - 1.5;
            let (from, to) = ((draw(), draw()), (draw(), draw()));
            let Some(piece) = segment(from, to, UNIT) else { continue };
            for point in [piece.0, piece.1] {
                let cross =
                    (to.0 - from.0) * (point.1 - from.1) - (to.1 - from.1) * (point.0 - from.0);
                assert!(cross.abs() < 1e-9, "{point:?} is not between {from:?} and {to:?}");
                assert!((-1e-9..=1.0 + 1e-9).contains(&point.0), "{point:?}");
                assert!((-1e-9..=1.0 + 1e-9).contains(&point.1), "{point:?}");
            }
        }
    }

    #[test]
    fn a_line_that_leaves_and_returns_is_two_pieces() {
        let pieces = polyline(&[(0.0, 0.5), (0.5, 2.0), (1.0, 0.5)], UNIT);
        assert_eq!(pieces.len(), 2);
        assert!((pieces[0][1].1 - 1.0).abs() < 1e-12 && (pieces[1][0].1 - 1.0).abs() < 1e-12);
        assert_eq!(polyline(&[(0.0, 2.0), (1.0, 3.0)], UNIT), Vec::<Vec<_>>::new());
    }
}
