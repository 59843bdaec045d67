//! Baseline: the table of characteristics of the enrolled subjects, as the protocol lists them.

use crate::{
    event::BaselineValue,
    ids::Name,
    projection::Trial,
    protocol::{Characteristic, Values},
    statistics::order,
};
use schemars::JsonSchema;
use serde::Serialize;

/// The baseline table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Baseline {
    /// Number of enrolled subjects.
    pub n: usize,
    /// One row per characteristic, in the order of the protocol.
    pub characteristics: Vec<Row>,
}

/// The summary of one characteristic.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Row {
    /// Its name.
    pub name: Name,
    /// Its heading.
    pub label: String,
    /// The summary.
    #[serde(flatten)]
    pub summary: Summary,
}

/// How a characteristic is summarised.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Summary {
    /// Counts by category.
    Categories {
        /// In the order of the protocol.
        categories: Vec<Count>,
        /// Subjects without a value.
        missing: usize,
    },
    /// Median and range.
    Number {
        /// Unit of the numbers.
        unit: String,
        /// Number of subjects with a value.
        n: usize,
        /// Median.
        median: Option<f64>,
        /// Smallest value.
        min: Option<f64>,
        /// Largest value.
        max: Option<f64>,
    },
}

/// Subjects in one category.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Count {
    /// The category as recorded.
    pub value: Name,
    /// How it is printed.
    pub label: String,
    /// Number of subjects.
    pub n: usize,
    /// In percent of all enrolled subjects.
    pub percent: f64,
}

/// A share of a whole in percent; 0 of 0 is 0.
pub(crate) fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

/// Median, smallest and largest of some numbers.
pub(crate) fn median_range(numbers: &[f64]) -> (Option<f64>, Option<f64>, Option<f64>) {
    let min = numbers.iter().copied().reduce(f64::min);
    let max = numbers.iter().copied().reduce(f64::max);
    (order::median(numbers), min, max)
}

impl Baseline {
    /// Reads the table.
    pub fn read(trial: &Trial) -> Baseline {
        let Some(protocol) = trial.conduct.protocol() else { return Baseline::default() };
        let tabulated: Vec<&Characteristic> = protocol.baseline.iter().filter(|c| c.tabulated).collect();
        let mut values: Vec<Vec<&BaselineValue>> = vec![Vec::new(); tabulated.len()];
        let mut n = 0;
        // Subject by subject: what is known of one lies together.
        for (_, subject, _) in trial.subjects.enrolled() {
            n += 1;
            for (characteristic, values) in tabulated.iter().zip(&mut values) {
                values.extend(subject.baseline(&characteristic.name));
            }
        }
        let characteristics = tabulated.iter().zip(&values).filter_map(|(c, values)| row(values, c, n)).collect();
        Baseline { n, characteristics }
    }
}

fn row(values: &[&BaselineValue], characteristic: &Characteristic, n: usize) -> Option<Row> {
    let summary = match &characteristic.values {
        Values::Categories { categories } => {
            let count = |value: &Name| {
                values.iter().filter(|v| matches!(v, BaselineValue::Category(found) if found == value)).count()
            };
            Summary::Categories {
                categories: categories
                    .iter()
                    .map(|c| {
                        let found = count(&c.value);
                        let label = c.label.to_string();
                        Count { value: c.value.clone(), label, n: found, percent: percent(found, n) }
                    })
                    .collect(),
                missing: n - values.len(),
            }
        }
        Values::Number { unit } => {
            let numbers: Vec<f64> = values
                .iter()
                .filter_map(|v| match v {
                    BaselineValue::Number { value, .. } => Some(value.to_f64()),
                    BaselineValue::Category(_) => None,
                })
                .collect();
            let (median, min, max) = median_range(&numbers);
            Summary::Number { unit: unit.to_string(), n: numbers.len(), median, min, max }
        }
        Values::Code => return None,
    };
    Some(Row { name: characteristic.name.clone(), label: characteristic.label.to_string(), summary })
}
