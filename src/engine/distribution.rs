//! Distributions of times and sizes, each with its mean, variance and quantiles in closed form.
//!
//! A sample has the unit of the parameters. All of them are at least 0.
//!
//! Left out: draws that depend on those before, and on each other.
//! Source: Law and Kelton, "Simulation Modeling and Analysis", chapter 8, for how they are drawn.

mod empirical;
mod zipf;

pub use empirical::Empirical;
pub use zipf::Zipf;

use super::Stream;
use super::math::{exp, gamma_p, ln, ln_gamma, normal_quantile, pow, sqrt};

/// A distribution of a non-negative amount.
#[derive(Debug, Clone, PartialEq)]
pub enum Distribution {
    /// Always the same.
    Constant(f64),
    /// Every value between two limits is equally likely.
    Uniform {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// Memoryless: variance is the square of the mean.
    Exponential {
        /// Mean.
        mean: f64,
    },
    /// Sum of `shape` exponential phases: less variance than exponential.
    Erlang {
        /// Number of phases, at least 1.
        shape: u32,
        /// Mean of the sum.
        mean: f64,
    },
    /// One of two exponentials with balanced means: more variance than exponential.
    Hyperexponential {
        /// Mean.
        mean: f64,
        /// Squared coefficient of variation, at least 1.
        scv: f64,
    },
    /// The exponential of a normal variable: a long right tail.
    Lognormal {
        /// Mean.
        mean: f64,
        /// Squared coefficient of variation.
        scv: f64,
    },
    /// Power-law tail, cut off at `high` so that the moments are finite.
    Pareto {
        /// Exponent of the tail; smaller is heavier.
        shape: f64,
        /// Smallest value, above 0.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// Stretched or compressed exponential.
    Weibull {
        /// Below 1 heavier than exponential, above 1 lighter.
        shape: f64,
        /// The value that 63 % stay below.
        scale: f64,
    },
    /// Measured values, interpolated.
    Empirical(Empirical),
}

impl Distribution {
    /// One draw.
    #[inline]
    pub fn sample(&self, random: &mut Stream) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Exponential { mean } => mean * random.exponential(),
            other => other.sample_other(random),
        }
    }

    fn sample_other(&self, random: &mut Stream) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Uniform { low, high } => low + (high - low) * random.unit(),
            Self::Exponential { mean } => mean * random.exponential(),
            Self::Erlang { shape, mean } => {
                let sum: f64 = (0..*shape).map(|_| random.exponential()).sum();
                sum * mean / f64::from(*shape)
            }
            Self::Hyperexponential { mean, scv } => {
                let first = balanced_share(*scv);
                let share = if random.chance(first) { first } else { 1.0 - first };
                random.exponential() * mean / (2.0 * share)
            }
            Self::Lognormal { mean, scv } => {
                let variance = ln(1.0 + scv);
                mean * exp(sqrt(variance) * random.normal() - variance / 2.0)
            }
            Self::Pareto { .. } | Self::Weibull { .. } => self.quantile(random.unit()),
            Self::Empirical(values) => values.quantile(random.unit()),
        }
    }

    /// Expected value.
    pub fn mean(&self) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Uniform { low, high } => f64::midpoint(*low, *high),
            Self::Exponential { mean }
            | Self::Erlang { mean, .. }
            | Self::Hyperexponential { mean, .. }
            | Self::Lognormal { mean, .. } => *mean,
            Self::Pareto { shape, low, high } => pareto_moment(*shape, *low, *high, 1.0),
            Self::Weibull { shape, scale } => scale * exp(ln_gamma(1.0 + 1.0 / shape)),
            Self::Empirical(values) => values.mean(),
        }
    }

    /// Expected squared distance from the mean.
    pub fn variance(&self) -> f64 {
        let mean = self.mean();
        match self {
            Self::Constant(_) => 0.0,
            Self::Uniform { low, high } => (high - low) * (high - low) / 12.0,
            Self::Exponential { .. } => mean * mean,
            Self::Erlang { shape, .. } => mean * mean / f64::from(*shape),
            Self::Hyperexponential { scv, .. } | Self::Lognormal { scv, .. } => mean * mean * scv,
            Self::Pareto { shape, low, high } => {
                pareto_moment(*shape, *low, *high, 2.0) - mean * mean
            }
            Self::Weibull { shape, scale } => {
                scale * scale * exp(ln_gamma(1.0 + 2.0 / shape)) - mean * mean
            }
            Self::Empirical(values) => values.variance(),
        }
    }

    /// Squared coefficient of variation: variance over squared mean, 0 for a mean of 0.
    pub fn scv(&self) -> f64 {
        let mean = self.mean();
        if mean > 0.0 { self.variance() / (mean * mean) } else { 0.0 }
    }

    /// The value that a share `p` (0..1) of draws stays below.
    pub fn quantile(&self, p: f64) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Uniform { low, high } => low + (high - low) * p,
            Self::Exponential { mean } => -mean * ln(1.0 - p),
            Self::Erlang { shape, mean } => {
                let shape = f64::from(*shape);
                mean / shape * invert(p, |x| gamma_p(shape, x))
            }
            Self::Hyperexponential { mean, scv } => {
                let first = balanced_share(*scv);
                let tail = |share: f64, x: f64| share * exp(-2.0 * share * x);
                mean * invert(p, |x| 1.0 - tail(first, x) - tail(1.0 - first, x))
            }
            Self::Lognormal { mean, scv } => {
                let variance = ln(1.0 + scv);
                if p <= 0.0 {
                    return 0.0;
                }
                mean * exp(sqrt(variance) * normal_quantile(p) - variance / 2.0)
            }
            Self::Pareto { shape, low, high } => {
                let cut = 1.0 - pow(low / high, *shape);
                low * pow(1.0 - p * cut, -1.0 / shape)
            }
            Self::Weibull { shape, scale } => scale * pow(-ln(1.0 - p), 1.0 / shape),
            Self::Empirical(values) => values.quantile(p),
        }
    }

    /// The same shape with every value multiplied by `factor`.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        match self.clone() {
            Self::Constant(value) => Self::Constant(value * factor),
            Self::Uniform { low, high } => Self::Uniform { low: low * factor, high: high * factor },
            Self::Exponential { mean } => Self::Exponential { mean: mean * factor },
            Self::Erlang { shape, mean } => Self::Erlang { shape, mean: mean * factor },
            Self::Hyperexponential { mean, scv } => {
                Self::Hyperexponential { mean: mean * factor, scv }
            }
            Self::Lognormal { mean, scv } => Self::Lognormal { mean: mean * factor, scv },
            Self::Pareto { shape, low, high } => {
                Self::Pareto { shape, low: low * factor, high: high * factor }
            }
            Self::Weibull { shape, scale } => Self::Weibull { shape, scale: scale * factor },
            Self::Empirical(values) => Self::Empirical(values.scaled(factor)),
        }
    }

    /// Whether the parameters describe a distribution of non-negative amounts.
    ///
    /// # Errors
    /// Says which parameter is wrong, and what is possible.
    pub fn validate(&self) -> Result<(), String> {
        match self {
            Self::Constant(value) => at_least("value", *value, 0.0),
            Self::Uniform { low, high } => {
                at_least("low", *low, 0.0)?;
                at_least("high", *high, *low)
            }
            Self::Exponential { mean } => at_least("mean", *mean, 0.0),
            Self::Erlang { shape, mean } => {
                at_least("shape", f64::from(*shape), 1.0)?;
                at_least("mean", *mean, 0.0)
            }
            Self::Hyperexponential { mean, scv } => {
                at_least("mean", *mean, 0.0)?;
                at_least("scv", *scv, 1.0)
            }
            Self::Lognormal { mean, scv } => {
                at_least("mean", *mean, 0.0)?;
                at_least("scv", *scv, 0.0)
            }
            Self::Pareto { shape, low, high } => {
                above_zero("shape", *shape)?;
                above_zero("low", *low)?;
                at_least("high", *high, *low)
            }
            Self::Weibull { shape, scale } => {
                above_zero("shape", *shape)?;
                at_least("scale", *scale, 0.0)
            }
            Self::Empirical(_) => Ok(()),
        }
    }
}

/// Share of the first of two exponentials whose parts of the mean are equal.
fn balanced_share(scv: f64) -> f64 {
    0.5 * (1.0 + sqrt((scv - 1.0) / (scv + 1.0)))
}

/// The moment of order `k` of a Pareto variable cut off at `high`.
fn pareto_moment(shape: f64, low: f64, high: f64, k: f64) -> f64 {
    if low >= high {
        return pow(low, k);
    }
    let front = shape * pow(low, shape) / (1.0 - pow(low / high, shape));
    if (shape - k).abs() < 1e-9 {
        return front * ln(high / low);
    }
    front * (pow(high, k - shape) - pow(low, k - shape)) / (k - shape)
}

/// The `x >= 0` at which an increasing distribution function reaches `p`, by bisection to the last
/// bit but a few.
fn invert(p: f64, distribution: impl Fn(f64) -> f64) -> f64 {
    let mut high = 1.0;
    while distribution(high) < p && high < 1e18 {
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if distribution(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

fn at_least(field: &str, value: f64, least: f64) -> Result<(), String> {
    if value.is_finite() && value >= least {
        return Ok(());
    }
    Err(format!("{field} is {value}, but must be a number of at least {least}"))
}

fn above_zero(field: &str, value: f64) -> Result<(), String> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(format!("{field} is {value}, but must be above 0"))
}

#[cfg(test)]
mod tests;
