//! Confidence intervals of a proportion: so many of so many.
//!
//! Promises exact limits for the small numbers of a phase I trial. Does not accept a proportion of nobody.

use super::special::{Tail, beta_quantile, normal_quantile};
use schemars::JsonSchema;
use serde::Serialize;

/// How sure an interval is to hold the true value: strictly between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct ConfidenceLevel(f64);

impl ConfidenceLevel {
    /// 95 %, the usual one.
    pub const P95: ConfidenceLevel = ConfidenceLevel(0.95);

    /// A level, where it lies strictly between 0 and 1.
    pub fn new(level: f64) -> Option<ConfidenceLevel> {
        (level > 0.0 && level < 1.0).then_some(ConfidenceLevel(level))
    }

    /// The probability left out on each side.
    fn one_tail(self) -> f64 {
        (1.0 - self.0) / 2.0
    }
}

/// So many of so many, for example 6 responders of 9 patients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Proportion {
    x: u64,
    n: u64,
}

impl Proportion {
    /// `x` of `n`, where `n` is not zero and `x` is not more than `n`.
    pub fn new(x: u64, n: u64) -> Option<Proportion> {
        (n > 0 && x <= n).then_some(Proportion { x, n })
    }

    /// The number counted.
    pub fn x(self) -> u64 {
        self.x
    }

    /// The number it is counted out of.
    pub fn n(self) -> u64 {
        self.n
    }

    /// The observed share, 0 to 1.
    pub fn estimate(self) -> f64 {
        self.x as f64 / self.n as f64
    }

    /// The exact interval of Clopper and Pearson (1934), from the quantiles of the beta distribution.
    pub fn clopper_pearson(self, level: ConfidenceLevel) -> (f64, f64) {
        let (x, rest) = (self.x as f64, (self.n - self.x) as f64);
        let tail = level.one_tail();
        let lower = if self.x == 0 { 0.0 } else { beta_quantile(Tail::Lower, tail, x, rest + 1.0) };
        let upper = if self.x == self.n { 1.0 } else { beta_quantile(Tail::Upper, tail, x + 1.0, rest) };
        (lower, upper)
    }

    /// The score interval of Wilson (1927), without continuity correction.
    pub fn wilson(self, level: ConfidenceLevel) -> (f64, f64) {
        let (n, p) = (self.n as f64, self.estimate());
        let z = -normal_quantile(level.one_tail());
        let per_subject = z * z / n;
        let scale = 1.0 + per_subject;
        let spread = z * (p * (1.0 - p) / n + per_subject / (4.0 * n)).sqrt();
        let upper = if self.x == self.n { 1.0 } else { (p + per_subject / 2.0 + spread) / scale };
        // The two limits are the roots of one quadratic, whose product is known: no cancellation near zero.
        (p * p / scale / upper, upper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exact 95 % limits in per mille, as a paper would print them in percent with one decimal.
    fn per_mille(x: u64, n: u64) -> (u64, u64) {
        let (lower, upper) = Proportion::new(x, n).unwrap().clopper_pearson(ConfidenceLevel::P95);
        ((lower * 1000.0).round() as u64, (upper * 1000.0).round() as u64)
    }

    #[test]
    fn the_rates_of_a_phase_one_trial_have_their_exact_limits() {
        assert_eq!(per_mille(6, 9), (299, 925));
        assert_eq!(per_mille(7, 9), (400, 972));
        assert_eq!(per_mille(0, 9), (0, 336));
        assert_eq!(per_mille(0, 3), (0, 708));
        assert_eq!(per_mille(1, 6), (4, 641));
    }

    #[test]
    fn none_of_n_has_the_closed_form_upper_limit() {
        for n in [1, 3, 9, 500, 100_000] {
            let (lower, upper) = Proportion::new(0, n).unwrap().clopper_pearson(ConfidenceLevel::P95);
            let closed = -libm::expm1(libm::log(0.025) / n as f64);
            assert_eq!(lower, 0.0);
            assert!((upper - closed).abs() <= 1e-12 * closed, "{n}: {upper} is not {closed}");
        }
    }

    #[test]
    fn nobody_and_more_than_everybody_are_no_proportion() {
        assert_eq!(Proportion::new(0, 0), None);
        assert_eq!(Proportion::new(4, 3), None);
        for bad in [0.0, 1.0, -1.0, f64::NAN] {
            assert_eq!(ConfidenceLevel::new(bad), None);
        }
    }
}
