//! Waterfall: the change of the sum of diameters at the protocol's time point, a bar for each subject measured then, the
//! largest growth first; and who has no bar, and why.

use super::response::ResponseTable;
use crate::{
    grade::DoseLevel,
    ids::SubjectId,
    recist::{Field, Response},
};
use schemars::JsonSchema;
use serde::Serialize;

/// The bars of a waterfall plot.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Waterfall {
    /// Which lesions are summed.
    pub field: Field,
    /// The time point as the protocol calls it.
    pub time_point: String,
    /// The bars, the largest growth first.
    pub bars: Vec<WaterfallBar>,
    /// Treated subjects without a bar.
    pub not_shown: Vec<NotShown>,
}

/// One bar.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct WaterfallBar {
    /// The subject.
    pub subject: SubjectId,
    /// The assigned level.
    pub level: DoseLevel,
    /// Day of the assessment, from the first treatment.
    pub day: i64,
    /// Change of the sum from baseline in percent.
    pub change_pct: f64,
    /// The response at the time point, of the same lesions.
    pub response: Response,
    /// The best overall response, whatever the field.
    pub best: Response,
    /// Whether there were new lesions: a bar below zero can still be progression.
    pub new_lesions: bool,
}

/// A treated subject without a bar or a line.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct NotShown {
    /// The subject.
    pub subject: SubjectId,
    /// Why.
    pub because: String,
}

impl Waterfall {
    /// Reads the bars.
    pub fn read(response: &ResponseTable, field: Field) -> Waterfall {
        let (mut bars, mut not_shown) = (Vec::new(), Vec::new());
        for bar in &response.waterfall {
            let (change, at, new_lesions) = match field {
                Field::Overall => (bar.change_pct, Some(bar.overall), bar.new_lesions),
                Field::InField => (bar.in_field_change_pct, bar.in_field, bar.in_field_new_lesions),
            };
            match (change, at, response.of(&bar.subject)) {
                (Some(change_pct), Some(response), Some(measured)) => bars.push(WaterfallBar {
                    subject: bar.subject.clone(),
                    level: bar.level,
                    day: bar.day,
                    change_pct,
                    response,
                    best: measured.best.response,
                    new_lesions,
                }),
                (_, at, _) => {
                    let response = at.map_or_else(String::new, |at| format!(": {at}"));
                    let because = format!("no sum of diameters to compare with the baseline{response}");
                    not_shown.push(NotShown { subject: bar.subject.clone(), because });
                }
            }
        }
        bars.sort_by(|a, b| b.change_pct.total_cmp(&a.change_pct).then_with(|| a.subject.cmp(&b.subject)));
        let without = response.not_assessed.iter().map(|subject| NotShown {
            subject: subject.clone(),
            because: format!("no assessment at {}", response.time_point),
        });
        not_shown.extend(without);
        not_shown.sort_by(|a, b| a.subject.cmp(&b.subject));
        Waterfall { field, time_point: response.time_point.clone(), bars, not_shown }
    }
}
