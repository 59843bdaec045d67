//! Medians, quartiles and ranges of measured values.
//!
//! Promises the middle of the middle two for an even number, and quartiles by a definition that is named, because
//! packages differ. Does not accept missing values: the caller leaves them out and says how many. Values are
//! ordered by `f64::total_cmp`, so even a NaN has its place and nothing panics.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which definition of a quartile, after the numbering of Hyndman and Fan (1996).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuartileType {
    /// Type 2: a step function, averaged where it jumps (SAS's default).
    Sas2,
    /// Type 6: linear between expected ranks p (n + 1) (SPSS).
    Spss6,
    /// Type 7: linear between ranks 1 + p (n - 1) (R's default).
    R7,
}

/// The three values that divide a sample in four.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Quartiles {
    /// The first quartile.
    pub lower: f64,
    /// The median; the same under every definition.
    pub median: f64,
    /// The third quartile.
    pub upper: f64,
}

/// The median; of an even number of values, the mean of the middle two. None of no values.
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(&sorted(values), 2, QuartileType::Sas2)
}

/// The quartiles by the named definition. None of no values.
pub fn quartiles(values: &[f64], kind: QuartileType) -> Option<Quartiles> {
    let sorted = sorted(values);
    Some(Quartiles {
        lower: quantile(&sorted, 1, kind)?,
        median: quantile(&sorted, 2, kind)?,
        upper: quantile(&sorted, 3, kind)?,
    })
}

/// The smallest and the largest value. None of no values.
pub fn range(values: &[f64]) -> Option<(f64, f64)> {
    let sorted = sorted(values);
    sorted.first().copied().zip(sorted.last().copied())
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// The value at `quarters`/4 of the way. The rank is kept in whole quarters, so that no rounding moves it.
fn quantile(sorted: &[f64], quarters: usize, kind: QuartileType) -> Option<f64> {
    let n = sorted.len();
    let last = n.checked_sub(1)?;
    // The rank of the value, counted from zero, in quarters.
    let rank = match kind {
        QuartileType::Sas2 if (n * quarters).is_multiple_of(4) => n * quarters - 2,
        QuartileType::Sas2 => n * quarters / 4 * 4,
        QuartileType::Spss6 => ((n + 1) * quarters).saturating_sub(4).min(4 * last),
        QuartileType::R7 => last * quarters,
    };
    let (below, share) = (sorted[rank / 4], (rank % 4) as f64 / 4.0);
    let above = sorted[(rank / 4 + 1).min(last)];
    Some(if share == 0.0 { below } else { (1.0 - share) * below + share * above })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_is_between_the_middle_two() {
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(&[72.0, 37.0, 83.0]), Some(72.0));
        assert_eq!(median(&[]), None);
        assert_eq!(range(&[4.0, 1.0, 3.0]), Some((1.0, 4.0)));
        assert_eq!(range(&[]), None);
    }

    #[test]
    fn each_definition_gives_its_own_quartiles() {
        let first = |n: u32| (1..=n).map(f64::from).collect::<Vec<_>>();
        // By hand from the definitions: sample 1..n, then (type, lower, upper).
        let table = [
            (1, QuartileType::Sas2, 1.0, 1.0),
            (1, QuartileType::Spss6, 1.0, 1.0),
            (1, QuartileType::R7, 1.0, 1.0),
            (2, QuartileType::Sas2, 1.0, 2.0),
            (2, QuartileType::Spss6, 1.0, 2.0),
            (2, QuartileType::R7, 1.25, 1.75),
            (8, QuartileType::Sas2, 2.5, 6.5),
            (8, QuartileType::Spss6, 2.25, 6.75),
            (8, QuartileType::R7, 2.75, 6.25),
            (9, QuartileType::Sas2, 3.0, 7.0),
            (9, QuartileType::Spss6, 2.5, 7.5),
            (9, QuartileType::R7, 3.0, 7.0),
        ];
        for (n, kind, lower, upper) in table {
            let found = quartiles(&first(n), kind).unwrap();
            assert_eq!((found.lower, found.upper), (lower, upper), "{n} values, {kind:?}");
            assert_eq!(found.median, f64::from(n + 1) / 2.0, "{n} values, {kind:?}");
        }
        assert_eq!(quartiles(&[], QuartileType::R7), None);
    }
}
