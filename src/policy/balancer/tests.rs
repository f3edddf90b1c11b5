use proptest::prelude::*;

use super::*;
use crate::engine::SimDuration;

fn balancer(algorithm: Algorithm, weights: &[u32]) -> Balancer {
    Balancer::new(&Settings { algorithm, ..Settings::default() }, weights)
}

fn picks(balancer: &mut Balancer, times: u32) -> Vec<u16> {
    let mut random = Stream::new(1, 0, 0);
    (0..times).filter_map(|_| balancer.pick(SimTime::ZERO, &mut random)).collect()
}

#[test]
fn round_robin_takes_turns_and_skips_who_is_out() {
    let mut balancer = balancer(Algorithm::RoundRobin, &[1; 3]);
    assert_eq!(picks(&mut balancer, 4), [0, 1, 2, 0]);
    balancer.take_out(1, Out::Unhealthy);
    assert_eq!(picks(&mut balancer, 3), [2, 0, 2]);
    balancer.take_out(1, Out::Ejected);
    balancer.bring_back(1, Out::Unhealthy, SimTime::ZERO);
    assert_eq!(picks(&mut balancer, 2), [0, 2], "still ejected");
    balancer.bring_back(1, Out::Ejected, SimTime::ZERO);
    assert_eq!(picks(&mut balancer, 3), [0, 1, 2]);
    (0..3).for_each(|backend| balancer.take_out(backend, Out::Unhealthy));
    assert_eq!(picks(&mut balancer, 1), [0; 0]);
}

#[test]
fn smooth_weighted_round_robin_does_not_send_in_lumps() {
    // The example of the commit message: weights 5, 1, 1 give a a b a c a a.
    let mut balancer = balancer(Algorithm::RoundRobin, &[5, 1, 1]);
    assert_eq!(picks(&mut balancer, 14), [0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 2, 0, 0]);
}

#[test]
fn random_choices_follow_the_weights() {
    let count = |weights: &[u32]| {
        let all = picks(&mut balancer(Algorithm::Random, weights), 100_000);
        f64::from(all.iter().filter(|&&backend| backend == 0).count() as u32) / 1e5
    };
    // Standard error below sqrt(0.25 / 100 000) = 0.0016; allow 4.
    assert!((count(&[1; 4]) - 0.25).abs() < 0.0064);
    assert!((count(&[6, 2, 1, 1]) - 0.6).abs() < 0.0064);
}

#[test]
fn fewest_connections_win_and_chance_decides_ties() {
    let mut balancer = balancer(Algorithm::LeastConnections, &[1; 3]);
    let mut first = picks(&mut balancer, 3);
    first.sort_unstable();
    assert_eq!(first, [0, 1, 2]);
    balancer.finished(1);
    assert_eq!(picks(&mut balancer, 1), [1]);
    let mut random = Stream::new(5, 0, 0);
    let mut counts = [0_u32; 3];
    for _ in 0..30_000 {
        let chosen = balancer.pick(SimTime::ZERO, &mut random).unwrap();
        balancer.finished(chosen);
        counts[usize::from(chosen)] += 1;
    }
    // Standard deviation sqrt(30 000 * 2/9) = 82; allow 4.
    assert!(counts.iter().all(|&count| count.abs_diff(10_000) < 330), "{counts:?}");
}

#[test]
fn connections_are_compared_per_weight() {
    let mut balancer = balancer(Algorithm::LeastConnections, &[3, 1]);
    let all = picks(&mut balancer, 400);
    assert_eq!(all.iter().filter(|&&backend| backend == 0).count(), 300);
}

/// Share of bins that hold at least 1, 2, .. 5 balls after as many balls as bins, in the limit of
/// many: `ds_i/dt = s_(i-1)^d - s_i^d` (Mitzenmacher 2001, section 3).
fn fluid_limit(choices: u32) -> [f64; 5] {
    let mut shares = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let steps = 10_000;
    let power = |s: f64| (0..choices).map(|_| s).product::<f64>();
    for _ in 0..steps {
        let slope = |s: &[f64; 6]| -> [f64; 6] {
            std::array::from_fn(|i| if i == 0 { 0.0 } else { power(s[i - 1]) - power(s[i]) })
        };
        let dt = 1.0 / f64::from(steps);
        let first = slope(&shares);
        let middle = std::array::from_fn(|i| shares[i] + first[i] * dt / 2.0);
        let second = slope(&middle);
        shares = std::array::from_fn(|i| shares[i] + second[i] * dt);
    }
    std::array::from_fn(|i| shares[i + 1])
}

#[test]
fn two_choices_fill_bins_as_the_fluid_limit_says() {
    for (algorithm, choices) in [(Algorithm::Random, 1), (Algorithm::TwoChoices, 2)] {
        let (bins, rounds) = (1_000_u16, 40);
        let mut random = Stream::new(9, 0, 0);
        let mut at_least = [0_u32; 5];
        let mut fullest = 0;
        for _ in 0..rounds {
            let mut balancer = balancer(algorithm, &[1; 1_000]);
            for _ in 0..bins {
                balancer.pick(SimTime::ZERO, &mut random);
            }
            for backend in 0..bins {
                let load = balancer.in_flight(backend);
                fullest = fullest.max(load);
                (0..load.min(5)).for_each(|level| at_least[level as usize] += 1);
            }
        }
        let total = f64::from(bins) * f64::from(rounds);
        for (found, expected) in at_least.into_iter().zip(fluid_limit(choices)) {
            let found = f64::from(found) / total;
            // Binomial at most, and a bias of the order 1/bins; allow 4 errors.
            let allowed = 4.0 * (expected * (1.0 - expected) / total).sqrt() + 1e-3;
            assert!((found - expected).abs() < allowed, "{choices}: {found}, not {expected}");
        }
        // ln ln 1000 / ln 2 = 2.8 and a little, against ln 1000 / ln ln 1000 = 3.6 and a lot.
        assert!(if choices == 2 { fullest <= 4 } else { (6..=10).contains(&fullest) }, "{fullest}");
    }
}

#[test]
fn too_few_left_and_all_are_used() {
    let settings = Settings { panic_share: 0.5, ..Settings::default() };
    let mut balancer = Balancer::new(&settings, &[1; 4]);
    balancer.take_out(0, Out::Unhealthy);
    balancer.take_out(1, Out::Ejected);
    assert_eq!(picks(&mut balancer, 4), [2, 3, 2, 3], "half are enough");
    balancer.take_out(2, Out::Unhealthy);
    assert_eq!(picks(&mut balancer, 4), [0, 1, 2, 3]);
}

#[test]
fn who_comes_back_starts_slowly() {
    let slow_start = Some(slow_start::Settings::default());
    for algorithm in [Algorithm::RoundRobin, Algorithm::Random] {
        let settings = Settings { algorithm, panic_share: 0.0, slow_start };
        let mut balancer = Balancer::new(&settings, &[1; 2]);
        let mut random = Stream::new(1, 0, 0);
        balancer.take_out(0, Out::Unhealthy);
        balancer.bring_back(0, Out::Unhealthy, SimTime::ZERO);
        let mut share = |secs| {
            let now = SimTime::ZERO + SimDuration::from_secs(secs);
            let mut mine = || balancer.pick(now, &mut random) == Some(0);
            f64::from((0..10_000).filter(|_| mine()).count() as u32) / 1e4
        };
        // Standard error below 0.005; allow 4.
        assert!((share(1.0) - 0.1 / 1.1).abs() < 0.02);
        assert!((share(30.0) - 0.5 / 1.5).abs() < 0.02);
        assert!((share(60.0) - 0.5).abs() < 0.02);
    }
}

#[test]
fn settings_out_of_range_are_refused() {
    assert_eq!(Settings::default().check(&[1; 1_000]), Ok(()));
    assert!(Settings::default().check(&[]).is_err());
    assert!(Settings::default().check(&[1; 1_001]).is_err());
    assert!(Settings::default().check(&[1, 0]).is_err());
    assert!(Settings { panic_share: 2.0, ..Settings::default() }.check(&[1]).is_err());
}

proptest! {
    #[test]
    fn nobody_who_is_out_is_chosen(
        kind in 0_usize..4,
        weights in prop::collection::vec(1_u32..4, 1..9),
        steps in prop::collection::vec((0_u8..6, any::<u16>()), 1..200),
        seed: u64,
    ) {
        let algorithm = [
            Algorithm::RoundRobin,
            Algorithm::Random,
            Algorithm::LeastConnections,
            Algorithm::TwoChoices,
        ][kind];
        let count = weights.len() as u16;
        let mut balancer = balancer(algorithm, &weights);
        let mut random = Stream::new(seed, 0, 0);
        let mut out = vec![0_u8; weights.len()];
        let mut sent = vec![0_u32; weights.len()];
        for (step, backend) in steps {
            let backend = backend % count;
            let reason = if step % 2 == 0 { Out::Unhealthy } else { Out::Ejected };
            match step {
                0 | 1 => {
                    balancer.take_out(backend, reason);
                    out[usize::from(backend)] |= reason as u8;
                }
                2 | 3 => {
                    balancer.bring_back(backend, reason, SimTime::ZERO);
                    out[usize::from(backend)] &= !(reason as u8);
                }
                4 if sent[usize::from(backend)] > 0 => {
                    balancer.finished(backend);
                    sent[usize::from(backend)] -= 1;
                }
                _ => match balancer.pick(SimTime::ZERO, &mut random) {
                    Some(chosen) => {
                        prop_assert_eq!(out[usize::from(chosen)], 0);
                        sent[usize::from(chosen)] += 1;
                    }
                    None => prop_assert!(out.iter().all(|&bits| bits != 0)),
                },
            }
            let usable = out.iter().map(|&bits| usize::from(bits == 0)).sum::<usize>();
            prop_assert_eq!(balancer.usable_count(), usable);
            for backend in 0..count {
                prop_assert_eq!(balancer.in_flight(backend), sent[usize::from(backend)]);
            }
        }
    }
}
