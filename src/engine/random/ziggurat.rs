//! Exponential and normal variables by the ziggurat method: one multiplication for 98 % of draws.
//!
//! Source: Marsaglia and Tsang, "The Ziggurat Method for Generating Random Variables" (2000), with
//! 256 layers and 53-bit abscissae (Doornik, 2005). The tables are computed with `libm` when first
//! needed, so that they are the same on every target.

use std::sync::LazyLock;

use super::Stream;
use crate::engine::math::{exp, ln, sqrt};

const LAYERS: usize = 256;
/// Right edge of the lowest layer and area of each layer, for the exponential density e^-x.
const EXPONENTIAL_EDGE: f64 = 7.697_117_470_131_05;
const EXPONENTIAL_AREA: f64 = 0.003_949_659_822_581_557;
/// The same for e^(-x^2/2).
const NORMAL_EDGE: f64 = 3.654_152_885_361_009;
const NORMAL_AREA: f64 = 0.004_928_673_233_974_655;

/// Right edges of the layers from the lowest up (one more than layers: the last is 0), and the
/// density at each of them.
#[derive(Debug)]
pub(super) struct Tables {
    edge: [f64; LAYERS + 1],
    density: [f64; LAYERS + 1],
}

static EXPONENTIAL: LazyLock<Box<Tables>> = LazyLock::new(|| {
    build(EXPONENTIAL_EDGE, EXPONENTIAL_AREA, |x| exp(-x), |density| -ln(density))
});
static NORMAL: LazyLock<Box<Tables>> = LazyLock::new(|| {
    let inverse = |density: f64| sqrt(-2.0 * ln(density));
    build(NORMAL_EDGE, NORMAL_AREA, |x| exp(-x * x / 2.0), inverse)
});

/// Stacks layers of equal area; the lowest one includes the tail, so its edge is wider.
fn build(
    edge: f64,
    area: f64,
    density: impl Fn(f64) -> f64,
    inverse: impl Fn(f64) -> f64,
) -> Box<Tables> {
    let mut tables = Box::new(Tables { edge: [0.0; LAYERS + 1], density: [0.0; LAYERS + 1] });
    tables.edge[0] = area / density(edge);
    tables.edge[1] = edge;
    for layer in 2..LAYERS {
        let below = tables.edge[layer - 1];
        tables.edge[layer] = inverse(area / below + density(below));
    }
    for layer in 0..=LAYERS {
        tables.density[layer] = density(tables.edge[layer]);
    }
    tables
}

/// The tables of [`exponential`].
pub(super) fn exponential_tables() -> &'static Tables {
    &EXPONENTIAL
}

/// Exponential with mean 1.
#[inline(always)]
pub(super) fn exponential(tables: &Tables, stream: &mut Stream) -> f64 {
    loop {
        let bits = stream.next_u64();
        let layer = (bits & 0xff) as usize;
        // Signed, because processors convert nothing else in one instruction.
        let position = (bits >> 11).cast_signed() as f64;
        let x = position * (1.0 / (1_u64 << 53) as f64) * tables.edge[layer];
        if x < tables.edge[layer + 1] {
            return x;
        }
        let x = exponential_outside(tables, stream, layer, x);
        if x >= 0.0 {
            return x;
        }
    }
}

/// The one draw in fifty that is not in the part of its layer that lies under the density for
/// certain; negative if it must be drawn again.
#[cold]
#[inline(never)]
fn exponential_outside(tables: &Tables, stream: &mut Stream, layer: usize, x: f64) -> f64 {
    if layer == 0 {
        // The tail of an exponential is the same exponential, further out.
        return EXPONENTIAL_EDGE - ln(stream.unit_open());
    }
    if in_wedge(tables, layer, stream.unit(), exp(-x)) { x } else { -1.0 }
}

/// Normal with mean 0 and variance 1.
#[inline]
pub(super) fn normal(stream: &mut Stream) -> f64 {
    let tables = &**NORMAL;
    loop {
        let bits = stream.next_u64();
        let layer = (bits & 0xff) as usize;
        // 53 bits as a number in -1..1.
        let unit = (bits >> 11) as f64 * (2.0 / (1_u64 << 53) as f64) - 1.0;
        let x = unit * tables.edge[layer];
        if x.abs() < tables.edge[layer + 1] {
            return x;
        }
        if layer == 0 {
            let beyond = normal_tail(stream);
            return if unit < 0.0 { -beyond } else { beyond };
        }
        if in_wedge(tables, layer, stream.unit(), exp(-x * x / 2.0)) {
            return x;
        }
    }
}

/// Whether a height drawn in the part of a layer that the density cuts lies under it.
fn in_wedge(tables: &Tables, layer: usize, unit: f64, density: f64) -> bool {
    let low = tables.density[layer];
    low + (tables.density[layer + 1] - low) * unit < density
}

/// Beyond the lowest layer's edge (Marsaglia's method for the tail).
fn normal_tail(stream: &mut Stream) -> f64 {
    loop {
        let x = -ln(stream.unit_open()) / NORMAL_EDGE;
        let y = -ln(stream.unit_open());
        if y + y > x * x {
            return NORMAL_EDGE + x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Share of draws below each limit against the distribution function.
    fn assert_shares(draw: impl Fn(&mut Stream) -> f64, cases: &[(f64, f64)]) {
        let mut stream = Stream::new(11, 0, 0);
        let draws: Vec<f64> = (0..2_000_000).map(|_| draw(&mut stream)).collect();
        for &(limit, share) in cases {
            let found = draws.iter().filter(|&&x| x < limit).count() as f64 / draws.len() as f64;
            // Standard error of a share; allow 4 of them.
            let allowed = 4.0 * (share * (1.0 - share) / draws.len() as f64).sqrt();
            assert!((found - share).abs() < allowed, "below {limit}: {found}, not {share}");
        }
    }

    #[test]
    fn exponential_draws_follow_the_distribution() {
        let limits = [0.01, 0.1, 0.5, 1.0, 2.0, 4.0, 7.0, 8.0, 9.0];
        assert_shares(Stream::exponential, &limits.map(|x| (x, 1.0 - exp(-x))));
    }

    #[test]
    fn normal_draws_follow_the_distribution() {
        let share = |x: f64| 0.5 * libm::erfc(-x / sqrt(2.0));
        let limits = [-3.8, -2.0, -1.0, -0.1, 0.0, 0.3, 1.0, 2.5, 3.5, 4.0];
        assert_shares(normal, &limits.map(|x| (x, share(x))));
    }
}
