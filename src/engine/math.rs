//! Mathematics with the same bits on every target.
//!
//! `std`'s `ln`, `exp`, `powf` and friends call the platform and differ in the last bit between
//! native builds and wasm32; the `libm` crate is the same code everywhere.

/// `a * b`, or `None` past 64 bits.
///
/// WebAssembly has no product of 128 bits, which `checked_mul` is made of: most factors do without.
#[inline(always)]
pub fn product(a: u64, b: u64) -> Option<u64> {
    if a.leading_zeros() + b.leading_zeros() >= u64::BITS {
        return Some(a.wrapping_mul(b));
    }
    product_at_length(a, b)
}

/// Apart, lest it be done in every case and chosen from afterwards.
#[cold]
#[inline(never)]
fn product_at_length(a: u64, b: u64) -> Option<u64> {
    a.checked_mul(b)
}

/// The upper and the lower 64 bits of `a * b`; without a product of 128 bits while `b` has 32.
#[inline(always)]
pub fn wide_product(a: u64, b: u64) -> (u64, u64) {
    const LOW: u64 = u32::MAX as u64;
    if b > LOW {
        let product = u128::from(a) * u128::from(b);
        return ((product >> 64) as u64, product as u64);
    }
    let low = (a & LOW) * b;
    let high = (a >> 32) * b + (low >> 32);
    (high >> 32, high << 32 | low & LOW)
}

/// Natural logarithm.
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// Logarithm to base 10.
pub fn log10(x: f64) -> f64 {
    libm::log10(x)
}

/// e to the power of `x`.
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// `x` to the power of `y`.
pub fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// Cosine of an angle in radians.
pub fn cos(x: f64) -> f64 {
    libm::cos(x)
}

/// Square root; exact rounding is required of it everywhere, so `std`'s is portable.
pub fn sqrt(x: f64) -> f64 {
    x.sqrt()
}

/// Logarithm of the gamma function, for `x > 0`.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// Regularised lower incomplete gamma function P(a, x): the chance that a gamma variable of shape
/// `a` and scale 1 is at most `x`. Relative error below 1e-12.
///
/// Source: series and continued fraction as in Numerical Recipes, section 6.2.
pub fn gamma_p(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let front = exp(a * ln(x) - x - ln_gamma(a));
    if x < a + 1.0 {
        let mut term = 1.0 / a;
        let mut sum = term;
        for n in 1..1_000 {
            term *= x / (a + f64::from(n));
            sum += term;
            if term < sum * 1e-16 {
                break;
            }
        }
        return front * sum;
    }
    // Lentz's algorithm for the continued fraction of Q(a, x).
    let tiny = 1e-300;
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / tiny;
    let mut d = 1.0 / b;
    let mut fraction = d;
    for n in 1..1_000 {
        let n = f64::from(n);
        let an = n * (a - n);
        b += 2.0;
        d = 1.0 / nonzero(an * d + b, tiny);
        c = nonzero(b + an / c, tiny);
        let step = d * c;
        fraction *= step;
        if (step - 1.0).abs() < 1e-16 {
            break;
        }
    }
    1.0 - front * fraction
}

fn nonzero(x: f64, tiny: f64) -> f64 {
    if x.abs() < tiny { tiny } else { x }
}

/// The `p` quantile of the standard normal distribution, for `0 < p < 1`.
///
/// Source: Acklam's rational approximation (relative error 1.15e-9) with one step of Halley's
/// method on the error function, which takes it to full precision.
pub fn normal_quantile(p: f64) -> f64 {
    let x = acklam(p);
    let error = 0.5 * libm::erfc(-x / sqrt(2.0)) - p;
    let step = error * sqrt(2.0 * std::f64::consts::PI) * exp(x * x / 2.0);
    x - step / (1.0 + x * step / 2.0)
}

fn acklam(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 5] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 4] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
    ];
    let tail = |q: f64| horner(&C, q) / (horner(&D, q) * q + 1.0);
    if p < 0.024_25 {
        return tail(sqrt(-2.0 * ln(p)));
    }
    if p > 1.0 - 0.024_25 {
        return -tail(sqrt(-2.0 * ln(1.0 - p)));
    }
    let q = p - 0.5;
    let r = q * q;
    horner(&A, r) * q / (horner(&B, r) * r + 1.0)
}

fn horner(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, &c| sum * x + c)
}

/// The `p` quantile of Student's t distribution with `degrees` of freedom, for `0 < p < 1`.
///
/// Exact for 1 and 2 degrees; otherwise Hill's expansion (Algorithm 396, CACM 1970), whose error
/// is below 1e-4 from 3 degrees on.
pub fn student_t_quantile(p: f64, degrees: u32) -> f64 {
    if p < 0.5 {
        return -student_t_quantile(1.0 - p, degrees);
    }
    let n = f64::from(degrees.max(1));
    let two_sided = 2.0 * (1.0 - p);
    match degrees {
        0 | 1 => return libm::tan(std::f64::consts::PI * (p - 0.5)),
        2 => return sqrt(2.0 / (two_sided * (2.0 - two_sided)) - 2.0),
        _ => {}
    }
    let a = 1.0 / (n - 0.5);
    let b = 48.0 / (a * a);
    let mut c = ((20_700.0 * a / b - 98.0) * a - 16.0) * a + 96.36;
    let d = ((94.5 / (b + c) - 3.0) / b + 1.0) * sqrt(a * std::f64::consts::FRAC_PI_2) * n;
    let mut y = pow(d * two_sided, 2.0 / n);
    if y > 0.05 + a {
        let x = normal_quantile(two_sided / 2.0);
        y = x * x;
        if degrees < 5 {
            c += 0.3 * (n - 4.5) * (x + 0.6);
        }
        c += (((0.05 * d * x - 5.0) * x - 7.0) * x - 2.0) * x + b;
        y = (((((0.4 * y + 6.3) * y + 36.0) * y + 94.5) / c - y - 3.0) / b + 1.0) * x;
        y = a * y * y;
        y = libm::expm1(y);
    } else {
        y = ((1.0 / (((n + 6.0) / (n * y) - 0.089 * d - 0.822) * (n + 2.0) * 3.0)
            + 0.5 / (n + 4.0))
            * y
            - 1.0)
            * (n + 1.0)
            / (n + 2.0)
            + 1.0 / y;
    }
    sqrt(n * y)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(value: f64, expected: f64, tolerance: f64) {
        assert!((value - expected).abs() <= tolerance, "{value} is not {expected}");
    }

    #[test]
    fn products_are_those_of_128_bits() {
        let factors = [0, 1, 3, u64::from(u32::MAX), 1 << 32, (1 << 32) + 1, 1 << 63, u64::MAX];
        for a in factors {
            for b in factors {
                let exact = u128::from(a) * u128::from(b);
                assert_eq!(product(a, b), u64::try_from(exact).ok(), "{a} * {b}");
                assert_eq!(wide_product(a, b), ((exact >> 64) as u64, exact as u64), "{a} * {b}");
            }
        }
    }

    #[test]
    fn normal_quantiles_equal_the_tables() {
        assert_near(normal_quantile(0.975), 1.959_963_984_540_054, 1e-12);
        assert_near(normal_quantile(0.001), -3.090_232_306_167_813_6, 1e-12);
        assert_near(normal_quantile(0.5), 0.0, 1e-15);
    }

    #[test]
    fn student_quantiles_equal_the_tables() {
        for (degrees, expected) in
            [(1, 12.7062), (2, 4.3027), (3, 3.1824), (5, 2.5706), (19, 2.0930), (100, 1.9840)]
        {
            assert_near(student_t_quantile(0.975, degrees), expected, 2e-3);
            assert_near(student_t_quantile(0.025, degrees), -expected, 2e-3);
        }
    }

    #[test]
    fn the_incomplete_gamma_of_shape_one_is_exponential() {
        for x in [0.01, 0.5, 1.0, 3.0, 20.0] {
            assert_near(gamma_p(1.0, x), 1.0 - exp(-x), 1e-14);
        }
        // Erlang 3: 1 - e^-x (1 + x + x^2/2).
        assert_near(gamma_p(3.0, 5.0), 1.0 - exp(-5.0) * 18.5, 1e-14);
    }
}
