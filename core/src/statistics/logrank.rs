//! The log-rank test: do groups differ in survival?
//!
//! Promises the numbers of R's `survdiff`, plain and stratified, in the order in which the groups were given, and
//! no answer rather than a wrong one where the data cannot tell the groups apart. Does not adjust for anything but
//! the strata.

use super::{
    special::chi_square_upper,
    survival::{Observation, Outcome},
};
use schemars::JsonSchema;
use serde::Serialize;

/// What one group saw and what it would have seen if all groups were alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct GroupEvents {
    /// Subjects in the group.
    pub subjects: u64,
    /// Events observed.
    pub observed: u64,
    /// Events expected if survival were the same in all groups.
    pub expected: f64,
}

/// The log-rank test of Mantel (1966) for two or more groups.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LogRank {
    /// The test statistic.
    pub chi2: f64,
    /// Its degrees of freedom: the groups with any expected event, less one.
    pub df: u32,
    /// The probability of such a statistic or a larger one if survival were the same.
    pub p: f64,
    /// One element per group, in the order given.
    pub groups: Vec<GroupEvents>,
    /// The covariance of observed minus expected, by hypergeometric variance.
    pub variance: Vec<Vec<f64>>,
}

impl LogRank {
    /// The test of these groups; none when fewer than two could have had an event, or when nothing could vary.
    pub fn new(groups: &[Vec<Observation>]) -> Option<LogRank> {
        LogRank::stratified(&[groups.to_vec()])
    }

    /// The test within strata: observed, expected and variance are found in each and added up.
    ///
    /// Every stratum lists the groups in the same order; a group without subjects there is an empty list, and
    /// groups missing at the end are taken as empty.
    pub fn stratified(strata: &[Vec<Vec<Observation>>]) -> Option<LogRank> {
        let k = strata.iter().map(Vec::len).max()?;
        let empty = GroupEvents { subjects: 0, observed: 0, expected: 0.0 };
        let mut groups = vec![empty; k];
        let mut variance = vec![vec![0.0; k]; k];
        for stratum in strata {
            add_stratum(stratum, &mut groups, &mut variance);
        }
        let informative: Vec<usize> = (0..k).filter(|j| groups[*j].expected > 0.0).collect();
        // The differences add up to zero, so one row says nothing new.
        let (_, kept) = informative.split_first()?;
        let df = u32::try_from(kept.len()).ok().filter(|df| *df > 0)?;
        let difference: Vec<f64> = kept.iter().map(|j| groups[*j].observed as f64 - groups[*j].expected).collect();
        let covariance = kept.iter().map(|j| kept.iter().map(|l| variance[*j][*l]).collect()).collect();
        let chi2 = quadratic_form(covariance, difference)?;
        Some(LogRank { chi2, df, p: chi_square_upper(chi2, df), groups, variance })
    }
}

/// Adds one stratum: day by day, those at risk in each group and the events they share.
fn add_stratum(stratum: &[Vec<Observation>], groups: &mut [GroupEvents], variance: &mut [Vec<f64>]) {
    let mut at_risk: Vec<u64> = stratum.iter().map(|g| g.len() as u64).collect();
    for (group, n) in groups.iter_mut().zip(&at_risk) {
        group.subjects += n;
    }
    let labelled = stratum.iter().enumerate().flat_map(|(j, group)| group.iter().map(move |o| (*o, j)));
    let mut sorted: Vec<(Observation, usize)> = labelled.collect();
    sorted.sort_unstable();
    for day in sorted.chunk_by(|(a, _), (b, _)| a.time == b.time) {
        let had_event = || day.iter().filter(|(o, _)| o.outcome == Outcome::Event);
        let deaths = had_event().count();
        if deaths > 0 {
            had_event().for_each(|(_, j)| groups[*j].observed += 1);
            add_day(deaths as f64, &at_risk, groups, variance);
        }
        day.iter().for_each(|(_, j)| at_risk[*j] -= 1);
    }
}

/// Adds the expectation and the hypergeometric covariance of one day with events.
fn add_day(deaths: f64, at_risk: &[u64], groups: &mut [GroupEvents], variance: &mut [Vec<f64>]) {
    let n = at_risk.iter().sum::<u64>() as f64;
    let share: Vec<f64> = at_risk.iter().map(|n_j| *n_j as f64 / n).collect();
    for (group, share) in groups.iter_mut().zip(&share) {
        group.expected += deaths * share;
    }
    if n <= 1.0 {
        return;
    }
    let scale = deaths * (n - deaths) / (n - 1.0);
    for (j, row) in variance.iter_mut().enumerate().take(share.len()) {
        for (l, cell) in row.iter_mut().enumerate().take(share.len()) {
            let same = if j == l { 1.0 } else { 0.0 };
            *cell += scale * share[j] * (same - share[l]);
        }
    }
}

/// How small a pivot may be, beside its diagonal element, before the matrix counts as singular.
const SINGULAR: f64 = 1e-10;

/// d' V^-1 d by Cholesky's decomposition; none when V is singular.
fn quadratic_form(mut v: Vec<Vec<f64>>, mut d: Vec<f64>) -> Option<f64> {
    let mut sum = 0.0;
    for i in 0..d.len() {
        let diagonal = v[i][i];
        for m in 0..i {
            d[i] -= v[i][m] * d[m];
        }
        let pivot = (0..i).fold(diagonal, |pivot, m| pivot - v[i][m] * v[i][m]);
        if pivot.is_nan() || pivot <= SINGULAR * diagonal {
            return None;
        }
        let root = pivot.sqrt();
        d[i] /= root;
        sum += d[i] * d[i];
        for row in i + 1..d.len() {
            let product: f64 = (0..i).map(|m| v[row][m] * v[i][m]).sum();
            v[row][i] = (v[row][i] - product) / root;
        }
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(times: &[i64]) -> Vec<Observation> {
        times.iter().map(|t| Observation::event(*t)).collect()
    }

    #[test]
    fn one_group_or_none_gives_no_test() {
        assert_eq!(LogRank::new(&[]), None);
        assert_eq!(LogRank::stratified(&[]), None);
        assert_eq!(LogRank::new(&[events(&[1, 2])]), None);
        assert_eq!(LogRank::new(&[events(&[1, 2]), vec![]]), None);
        assert_eq!(LogRank::new(&[vec![Observation::censored(3)], vec![Observation::censored(4)]]), None);
    }

    #[test]
    fn everybody_dying_on_one_day_gives_no_test_instead_of_a_division_by_zero() {
        assert_eq!(LogRank::new(&[events(&[5, 5]), events(&[5])]), None);
    }

    #[test]
    fn a_group_that_left_before_the_first_event_costs_no_degree_of_freedom() {
        let two = [events(&[4, 9]), events(&[6, 12])];
        let three = [two[0].clone(), vec![Observation::censored(1)], two[1].clone()];
        let (two, three) = (LogRank::new(&two).unwrap(), LogRank::new(&three).unwrap());
        assert_eq!((two.chi2, two.df, two.p), (three.chi2, three.df, three.p));
        assert_eq!((three.groups[1].subjects, three.groups[1].expected), (1, 0.0));
    }

    #[test]
    fn strata_that_share_no_groups_cannot_be_compared() {
        let (a, b) = (events(&[1, 3]), events(&[2, 4]));
        let disjoint = [vec![a.clone(), b.clone()], vec![vec![], vec![], a, b]];
        assert_eq!(LogRank::stratified(&disjoint), None);
    }
}
