//! The Cochran-Armitage test: does a rate rise or fall with the dose?
//!
//! Promises the numbers of R's `prop.trend.test`. The p-value is asymptotic; with a phase I trial's counts it is a
//! description and no more.

use super::{binomial::Proportion, special::normal_two_sided};
use schemars::JsonSchema;
use serde::Serialize;

/// One dose: how many of how many, and where the dose lies on the scale along which the trend is sought.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct DoseGroup {
    /// The score of the dose: its number or its amount.
    pub score: f64,
    /// Those with the outcome, of those treated.
    pub rate: Proportion,
}

/// The test of Cochran (1954) and Armitage (1955) for a linear trend in proportions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Trend {
    /// The standardized slope; positive when the rate rises with the score.
    pub z: f64,
    /// Its two-sided p-value.
    pub p: f64,
}

impl Trend {
    /// The test over these doses; none when all scores are equal, or when nobody or everybody had the outcome.
    pub fn new(groups: &[DoseGroup]) -> Option<Trend> {
        let sum = |f: fn(&DoseGroup) -> f64| groups.iter().map(f).sum::<f64>();
        let n = sum(|g| g.rate.n() as f64);
        let p = sum(|g| g.rate.x() as f64) / n;
        let mean_score = sum(|g| g.rate.n() as f64 * g.score) / n;
        let slope = groups.iter().map(|g| (g.score - mean_score) * (g.rate.x() as f64 - g.rate.n() as f64 * p));
        let spread = groups.iter().map(|g| g.rate.n() as f64 * (g.score - mean_score) * (g.score - mean_score));
        let variance = p * (1.0 - p) * spread.sum::<f64>();
        let z = slope.sum::<f64>() / variance.sqrt();
        (variance > 0.0 && z.is_finite()).then(|| Trend { z, p: normal_two_sided(z) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(rates: &[(u64, u64)]) -> Vec<DoseGroup> {
        let group = |(i, (x, n)): (usize, &(u64, u64))| DoseGroup {
            score: i as f64 + 1.0,
            rate: Proportion::new(*x, *n).unwrap(),
        };
        rates.iter().enumerate().map(group).collect()
    }

    #[test]
    fn the_smokers_of_fleiss_fall_with_chi_square_8_2249() {
        // Fleiss (1981), p. 139: the example of R's prop.trend.test, which prints 8.2249 and 0.004132.
        let trend = Trend::new(&groups(&[(83, 86), (90, 93), (129, 136), (70, 82)])).unwrap();
        assert_eq!(format!("{:.4}", trend.z * trend.z), "8.2249");
        assert_eq!(format!("{:.6}", trend.p), "0.004132");
        assert!(trend.z < 0.0);
    }

    #[test]
    fn three_doses_with_0_1_and_2_of_3_have_z_squared_3() {
        // By hand: p = 1/3, slope = 2, variance = 2/9 * 6 = 4/3, z^2 = 4 / (4/3).
        let trend = Trend::new(&groups(&[(0, 3), (1, 3), (2, 3)])).unwrap();
        assert!((trend.z * trend.z - 3.0).abs() < 1e-14 && trend.z > 0.0);
    }

    #[test]
    fn a_constant_rate_and_too_few_doses_have_no_trend() {
        assert_eq!(Trend::new(&[]), None);
        assert_eq!(Trend::new(&groups(&[(1, 3)])), None);
        assert_eq!(Trend::new(&groups(&[(0, 3), (0, 3)])), None);
        assert_eq!(Trend::new(&groups(&[(3, 3), (3, 3)])), None);
    }
}
