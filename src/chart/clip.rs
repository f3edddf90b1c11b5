//! Clips lines and areas to a rectangle before they are handed to `plotters`, which moves points
//! outside the axes to the edge and so draws slopes that are not there.

/// A point in the coordinates of the plot.
pub(super) type Point = (f64, f64);

/// A rectangle in the coordinates of the plot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub(super) x: (f64, f64),
    pub(super) y: (f64, f64),
}

/// The part of a segment inside the bounds; `None` if it lies outside.
///
/// Source: Liang and Barsky, "A new concept and method for line clipping" (1984).
pub(super) fn segment(from: Point, to: Point, bounds: Bounds) -> Option<(Point, Point)> {
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
    // Ends that are inside stay as they are, so that pieces of a line join.
    let at = |share: f64| match share {
        0.0 => from,
        1.0 => to,
        _ => (from.0 + share * dx, from.1 + share * dy),
    };
    (enter <= leave).then(|| (at(enter), at(leave)))
}

/// The pieces of a line inside the bounds.
pub(super) fn polyline(points: &[Point], bounds: Bounds) -> Vec<Vec<Point>> {
    let mut pieces: Vec<Vec<Point>> = Vec::new();
    for pair in points.windows(2) {
        let Some((from, to)) = segment(pair[0], pair[1], bounds) else { continue };
        match pieces.last_mut() {
            Some(piece) if piece.last() == Some(&from) => piece.push(to),
            _ => pieces.push(vec![from, to]),
        }
    }
    pieces
}

/// The part of a filled polygon inside the bounds.
///
/// Source: Sutherland and Hodgman, "Reentrant polygon clipping" (1974). Of a polygon that is not
/// convex, separate pieces are joined along the edge, which shows in no filling.
pub(super) fn polygon(corners: &[Point], bounds: Bounds) -> Vec<Point> {
    let distance: [&dyn Fn(Point) -> f64; 4] = [
        &|point| point.0 - bounds.x.0,
        &|point| bounds.x.1 - point.0,
        &|point| point.1 - bounds.y.0,
        &|point| bounds.y.1 - point.1,
    ];
    let mut kept = corners.to_vec();
    for inside in distance {
        let before = std::mem::take(&mut kept);
        for (index, &to) in before.iter().enumerate() {
            let from = before[(index + before.len() - 1) % before.len()];
            let (a, b) = (inside(from), inside(to));
            if (a < 0.0) != (b < 0.0) {
                let share = a / (a - b);
                kept.push((from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1)));
            }
            if b >= 0.0 {
                kept.push(to);
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UNIT: Bounds = Bounds { x: (0.0, 1.0), y: (0.0, 1.0) };

    fn point() -> impl Strategy<Value = Point> {
        // From inside to far outside, with corners and edges among them.
        let part = || prop_oneof![0.0..1.0, -3.0..4.0, -1e6..1e6, Just(0.0), Just(1.0)];
        (part(), part())
    }

    /// How far a point is from a segment.
    fn distance(point: Point, (from, to): (Point, Point)) -> f64 {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx * dx + dy * dy;
        let along = (point.0 - from.0) * dx + (point.1 - from.1) * dy;
        let share = if length > 0.0 { (along / length).clamp(0.0, 1.0) } else { 0.0 };
        let (ex, ey) = (from.0 + share * dx - point.0, from.1 + share * dy - point.1);
        (ex * ex + ey * ey).sqrt()
    }

    fn is_inside(point: Point) -> bool {
        (-1e-9..=1.0 + 1e-9).contains(&point.0) && (-1e-9..=1.0 + 1e-9).contains(&point.1)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn every_stroke_lies_inside_and_on_one_segment_of_the_true_line(
            line in prop::collection::vec(point(), 2..12),
        ) {
            for piece in polyline(&line, UNIT) {
                for pair in piece.windows(2) {
                    let [a, b] = [pair[0], pair[1]];
                    let middle = (f64::midpoint(a.0, b.0), f64::midpoint(a.1, b.1));
                    prop_assert!(is_inside(pair[0]) && is_inside(pair[1]), "{pair:?}");
                    // Both ends and the middle on the same segment: the slope is the true one.
                    let is_true = line.windows(2).any(|true_pair| {
                        let of = (true_pair[0], true_pair[1]);
                        [pair[0], middle, pair[1]].iter().all(|&p| distance(p, of) < 1e-6)
                    });
                    prop_assert!(is_true, "{pair:?} is not on {line:?}");
                }
            }
        }

        #[test]
        fn nothing_inside_is_left_out(
            line in prop::collection::vec(point(), 2..12), share in 0.0..1.0_f64,
        ) {
            for pair in line.windows(2) {
                let at = (
                    pair[0].0 + share * (pair[1].0 - pair[0].0),
                    pair[0].1 + share * (pair[1].1 - pair[0].1),
                );
                let inner = 1e-9..=1.0 - 1e-9;
                if !inner.contains(&at.0) || !inner.contains(&at.1) {
                    continue;
                }
                let is_drawn = polyline(&line, UNIT)
                    .iter()
                    .any(|piece| piece.windows(2).any(|p| distance(at, (p[0], p[1])) < 1e-6));
                prop_assert!(is_drawn, "{at:?} of {line:?}");
            }
        }

        #[test]
        fn a_clipped_area_covers_the_same_points(
            low in prop::collection::vec(-2.0..3.0_f64, 4), rise in prop::collection::vec(0.0..3.0_f64, 4),
            at in (0.01..0.99_f64, 0.01..0.99_f64),
        ) {
            let x = |index: usize| index as f64 / 3.0;
            let upper = (0..4).map(|i| (x(i), low[i] + rise[i]));
            let corners: Vec<Point> =
                upper.chain((0..4).rev().map(|i| (x(i), low[i]))).collect();
            let clipped = polygon(&corners, UNIT);
            prop_assert!(clipped.iter().all(|&p| is_inside(p)));
            prop_assert_eq!(covers(&corners, at), covers(&clipped, at));
        }
    }

    /// Even-odd rule.
    fn covers(corners: &[Point], (x, y): Point) -> bool {
        let crossings = (0..corners.len()).filter(|&index| {
            let (a, b) = (corners[index], corners[(index + 1) % corners.len()]);
            (a.1 > y) != (b.1 > y) && x < a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0)
        });
        crossings.count() % 2 == 1
    }

    #[test]
    fn a_line_that_leaves_and_returns_is_two_pieces() {
        let pieces = polyline(&[(0.0, 0.5), (0.5, 2.0), (1.0, 0.5)], UNIT);
        assert_eq!(pieces.len(), 2);
        assert!((pieces[0][1].1 - 1.0).abs() < 1e-12 && (pieces[1][0].1 - 1.0).abs() < 1e-12);
        assert_eq!(polyline(&[(0.0, 2.0), (1.0, 3.0)], UNIT), Vec::<Vec<_>>::new());
    }
}
