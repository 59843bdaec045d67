//! What must hold of the statistics for any data.

use proptest::prelude::*;
use trial_core::statistics::{
    binomial::{ConfidenceLevel, Proportion},
    contingency::Contingency,
    fisher::{fisher_two_by_two, freeman_halton},
    logrank::LogRank,
    order::{self, QuartileType},
    survival::{ConfidenceInterval, KaplanMeier, MedianRule, Observation},
};

fn observation() -> impl Strategy<Value = Observation> {
    let outcome = prop_oneof![Just(Observation::event as fn(i64) -> Observation), Just(Observation::censored as _)];
    (0_i64..60, outcome).prop_map(|(time, build)| build(time))
}

fn group() -> impl Strategy<Value = Vec<Observation>> {
    prop::collection::vec(observation(), 0..25)
}

fn interval() -> impl Strategy<Value = ConfidenceInterval> {
    prop_oneof![Just(ConfidenceInterval::Log), Just(ConfidenceInterval::Plain), Just(ConfidenceInterval::LogLog)]
}

fn near(a: f64, b: f64, relative: f64) -> bool {
    (a - b).abs() <= relative * a.abs().max(b.abs()) + 1e-13
}

proptest! {
    #[test]
    fn survival_never_rises_and_everybody_is_accounted_for(observed in group()) {
        let curve = KaplanMeier::new(&observed);
        let mut before = 1.0;
        let mut left = observed.len() as u64;
        for step in curve.steps() {
            prop_assert!(step.survival >= 0.0 && step.survival <= before);
            prop_assert_eq!(step.at_risk, left);
            prop_assert_eq!(step.events > 0, step.survival < before);
            before = step.survival;
            left -= step.events + step.censored;
        }
        prop_assert_eq!(left, 0);
    }

    #[test]
    fn an_interval_holds_its_estimate(observed in group(), interval in interval()) {
        for step in KaplanMeier::new(&observed).steps() {
            prop_assert_eq!(step.ci95(interval).is_some(), step.survival > 0.0);
            if let Some((lower, upper)) = step.ci95(interval) {
                prop_assert!(0.0 <= lower && lower <= step.survival && step.survival <= upper && upper <= 1.0);
            }
        }
    }

    #[test]
    fn a_median_lies_between_its_limits(observed in group(), interval in interval()) {
        let curve = KaplanMeier::new(&observed);
        let median = curve.median(MedianRule::Smallest);
        let (lower, upper) = curve.median_ci(MedianRule::Smallest, interval);
        if let (Some(median), Some(lower)) = (median, lower) {
            prop_assert!(lower <= median);
        }
        if let Some(upper) = upper {
            prop_assert!(median.is_some_and(|m| m <= upper));
        }
        let midpoint = curve.median(MedianRule::Midpoint);
        prop_assert_eq!(midpoint.is_some(), median.is_some());
        prop_assert!(midpoint >= median);
    }

    #[test]
    fn the_order_of_subjects_changes_no_bit(observed in group().prop_shuffle(), seed in group()) {
        let mut sorted = observed.clone();
        sorted.sort();
        prop_assert_eq!(KaplanMeier::new(&observed), KaplanMeier::new(&sorted));
        prop_assert_eq!(LogRank::new(&[observed, seed.clone()]), LogRank::new(&[sorted, seed]));
    }

    #[test]
    fn the_order_of_groups_does_not_move_the_log_rank_test(
        (groups, shuffled) in prop::collection::vec(group(), 2..5)
            .prop_flat_map(|groups| (Just(groups.clone()), Just(groups).prop_shuffle())),
    ) {
        match (LogRank::new(&groups), LogRank::new(&shuffled)) {
            (Some(a), Some(b)) => {
                prop_assert!(near(a.chi2, b.chi2, 1e-9), "{} and {}", a.chi2, b.chi2);
                prop_assert_eq!(a.df, b.df);
                prop_assert!(near(a.p, b.p, 1e-8));
            }
            (a, b) => prop_assert_eq!(a.is_none(), b.is_none()),
        }
    }

    #[test]
    fn observed_and_expected_events_add_up_to_the_same(groups in prop::collection::vec(group(), 2..5)) {
        if let Some(test) = LogRank::new(&groups) {
            let observed: u64 = test.groups.iter().map(|g| g.observed).sum();
            let expected: f64 = test.groups.iter().map(|g| g.expected).sum();
            prop_assert!(near(observed as f64, expected, 1e-12));
            prop_assert!(test.chi2 >= 0.0 && (0.0..=1.0).contains(&test.p));
        }
    }

    #[test]
    fn fisher_is_freeman_and_halton_on_two_by_two(table in prop::array::uniform4(0_u32..25)) {
        let [a, b, c, d] = table;
        let fisher = fisher_two_by_two([[a, b], [c, d]]);
        let general = freeman_halton(&Contingency::new(&[vec![a, b], vec![c, d]]).unwrap()).unwrap();
        prop_assert!(near(fisher, general, 1e-11), "{fisher} and {general}");
        prop_assert!(fisher > 0.0 && fisher <= 1.0);
    }

    #[test]
    fn freeman_and_halton_counts_what_brute_force_counts(table in prop::array::uniform6(0_u32..5)) {
        let [a, b, c, d, e, f] = table;
        let rows = [vec![a, b, c], vec![d, e, f]];
        let exact = freeman_halton(&Contingency::new(&rows).unwrap()).unwrap();
        prop_assert!(near(exact, brute_force(table), 1e-11), "{exact} and {}", brute_force(table));
    }

    #[test]
    fn a_proportion_lies_in_its_intervals_and_the_complement_mirrors_them(n in 1_u64..400, part in 0.0..=1.0_f64) {
        let x = (part * n as f64) as u64;
        let (counted, rest) = (Proportion::new(x, n).unwrap(), Proportion::new(n - x, n).unwrap());
        for limits in [Proportion::clopper_pearson, Proportion::wilson] {
            let (lower, upper) = limits(counted, ConfidenceLevel::P95);
            let (mirrored_upper, mirrored_lower) = limits(rest, ConfidenceLevel::P95);
            prop_assert!(0.0 <= lower && lower <= counted.estimate() && counted.estimate() <= upper && upper <= 1.0);
            prop_assert!(near(lower, 1.0 - mirrored_lower, 1e-11) && near(upper, 1.0 - mirrored_upper, 1e-11));
        }
    }

    #[test]
    fn quartiles_are_ordered_and_within_the_range(values in prop::collection::vec(-1e6..1e6_f64, 1..40)) {
        let (low, high) = order::range(&values).unwrap();
        for kind in [QuartileType::Sas2, QuartileType::Spss6, QuartileType::R7] {
            let q = order::quartiles(&values, kind).unwrap();
            prop_assert!(low <= q.lower && q.lower <= q.median && q.median <= q.upper && q.upper <= high);
            prop_assert_eq!(Some(q.median), order::median(&values));
        }
    }
}

/// The exact test of a two by three table by whole numbers: weights are the multinomial counts of the first row.
fn brute_force(table: [u32; 6]) -> f64 {
    let [a, b, c, d, e, f] = table.map(u128::from);
    let choose = |n: u128, k: u128| (0..k).fold(1_u128, |product, i| product * (n - i) / (i + 1));
    let columns = [a + d, b + e, c + f];
    let weight = |x: u128, y: u128, z: u128| choose(columns[0], x) * choose(columns[1], y) * choose(columns[2], z);
    let (observed, top) = (weight(a, b, c), a + b + c);
    let (mut all, mut extreme) = (0, 0);
    for x in 0..=columns[0] {
        for y in 0..=columns[1] {
            if let Some(z) = top.checked_sub(x + y).filter(|z| *z <= columns[2]) {
                let w = weight(x, y, z);
                all += w;
                extreme += if w <= observed { w } else { 0 };
            }
        }
    }
    extreme as f64 / all as f64
}
