use super::*;

fn every_kind() -> Vec<Distribution> {
    vec![
        Distribution::Constant(2.5),
        Distribution::Uniform { low: 1.0, high: 3.0 },
        Distribution::Exponential { mean: 0.2 },
        Distribution::Erlang { shape: 4, mean: 2.0 },
        Distribution::Hyperexponential { mean: 1.0, scv: 4.0 },
        Distribution::Lognormal { mean: 3.0, scv: 0.5 },
        Distribution::Pareto { shape: 1.5, low: 1.0, high: 100.0 },
        Distribution::Weibull { shape: 0.7, scale: 2.0 },
        Distribution::Empirical(Empirical::new(vec![3.0, 1.0, 2.0, 10.0]).unwrap()),
    ]
}

#[test]
fn samples_follow_mean_variance_and_quantiles() {
    const DRAWS: usize = 400_000;
    for (part, distribution) in every_kind().into_iter().enumerate() {
        let mut random = Stream::new(5, part as u64, 0);
        let mut draws: Vec<f64> = (0..DRAWS).map(|_| distribution.sample(&mut random)).collect();
        let mean = draws.iter().sum::<f64>() / DRAWS as f64;
        // Standard error of the mean; allow 4 of them.
        let allowed = 4.0 * (distribution.variance() / DRAWS as f64).sqrt() + 1e-12;
        assert!((mean - distribution.mean()).abs() < allowed, "{distribution:?}: mean {mean}");

        let squares: Vec<f64> = draws.iter().map(|x| (x - mean) * (x - mean)).collect();
        let variance = squares.iter().sum::<f64>() / DRAWS as f64;
        let spread = squares.iter().map(|s| (s - variance) * (s - variance)).sum::<f64>();
        // Standard error of the variance from the fourth moment of the sample; allow 4 of them.
        let allowed = 4.0 * spread.sqrt() / DRAWS as f64 + 1e-12;
        let expected = distribution.variance();
        assert!((variance - expected).abs() < allowed, "{distribution:?}: variance {variance}");

        draws.sort_by(f64::total_cmp);
        for p in [0.1, 0.5, 0.9, 0.99] {
            let limit = distribution.quantile(p);
            let below = draws.partition_point(|&x| x < limit - 1e-12) as f64 / DRAWS as f64;
            let through = draws.partition_point(|&x| x <= limit + 1e-12) as f64 / DRAWS as f64;
            // Standard error of a share; allow 4 of them. Atoms may span the quantile.
            let allowed = 4.0 * (p * (1.0 - p) / DRAWS as f64).sqrt();
            assert!(below < p + allowed && p - allowed < through, "{distribution:?} at {p}");
        }
    }
}

#[test]
fn scaling_multiplies_mean_and_quantiles() {
    for distribution in every_kind() {
        let scaled = distribution.scaled(3.0);
        assert!((scaled.mean() / distribution.mean() - 3.0).abs() < 1e-9, "{distribution:?}");
        let ratio = scaled.quantile(0.9) / distribution.quantile(0.9);
        assert!((ratio - 3.0).abs() < 1e-9, "{distribution:?}");
    }
}

#[test]
fn impossible_parameters_are_named() {
    let wrong = [
        (Distribution::Exponential { mean: f64::NAN }, "mean"),
        (Distribution::Constant(-1.0), "value"),
        (Distribution::Hyperexponential { mean: 1.0, scv: 0.5 }, "scv"),
        (Distribution::Uniform { low: 2.0, high: 1.0 }, "high"),
        (Distribution::Pareto { shape: 0.0, low: 1.0, high: 2.0 }, "shape"),
    ];
    for (distribution, field) in wrong {
        assert!(distribution.validate().unwrap_err().starts_with(field), "{distribution:?}");
    }
    for distribution in every_kind() {
        assert_eq!(distribution.validate(), Ok(()));
    }
}
