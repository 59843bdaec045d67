//! Spider: for each subject the change of the sum of diameters from the baseline, visit by visit; and who has no line,
//! and why.

use super::{
    chart,
    response::{ResponseTable, SubjectResponse},
    waterfall::NotShown,
};
use crate::{
    grade::DoseLevel,
    ids::{Name, SubjectId},
    projection::Trial,
    recist::{Field, Response},
};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

/// The lines of a spider plot.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Spider {
    /// Which lesions are summed.
    pub field: Field,
    /// A line for each subject that was measured after its baseline, by identifier.
    pub lines: Vec<SpiderLine>,
    /// Treated subjects without a line.
    pub not_shown: Vec<NotShown>,
}

/// One subject's line; it begins with no change on the day of the baseline.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SpiderLine {
    /// The subject.
    pub subject: SubjectId,
    /// The assigned level.
    pub level: DoseLevel,
    /// Day of the baseline assessment.
    pub baseline: NaiveDate,
    /// The sum of diameters then, in millimetres.
    pub baseline_mm: Option<f64>,
    /// The visits after it.
    pub points: Vec<SpiderPoint>,
}

/// One visit.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SpiderPoint {
    /// Days from the baseline assessment.
    pub day: i64,
    /// The day of the visit.
    pub date: NaiveDate,
    /// The sum of diameters in millimetres; none where a target was not assessed.
    pub sum_mm: Option<f64>,
    /// Its change from the baseline in percent.
    pub change_pct: Option<f64>,
    /// The response at the visit, of the same lesions.
    pub response: Response,
    /// New lesions seen first at this visit.
    pub new_lesions: Vec<Name>,
}

impl Spider {
    /// Reads the lines.
    pub fn read(trial: &Trial, response: &ResponseTable, field: Field) -> Spider {
        let (mut lines, mut not_shown) = (Vec::new(), Vec::new());
        let cases = trial.cases();
        let charts = chart::charts(&cases, &[], response);
        for (chart, _) in chart::treated(&charts) {
            let missing = match chart.measured {
                None => "no assessment up to the first treatment",
                Some(measured) => {
                    let line = line(measured, field);
                    if line.points.iter().any(|point| point.change_pct.is_some()) {
                        lines.push(line);
                        continue;
                    }
                    if measured.visits.is_empty() {
                        "no assessment after the baseline"
                    } else {
                        "no sum of diameters to compare with the baseline"
                    }
                }
            };
            not_shown.push(NotShown { subject: chart.case.id.clone(), because: missing.to_owned() });
        }
        Spider { field, lines, not_shown }
    }
}

fn line(measured: &SubjectResponse, field: Field) -> SpiderLine {
    let visits = match field {
        Field::Overall => &measured.visits,
        Field::InField => &measured.in_field,
    };
    let mut known: &[Name] = &[];
    let points = visits.iter().map(|visit| {
        let new_lesions = visit.new_lesions.iter().filter(|lesion| !known.contains(lesion)).cloned().collect();
        known = &visit.new_lesions;
        SpiderPoint {
            day: (visit.day - measured.baseline).num_days(),
            date: visit.day,
            sum_mm: visit.sum_mm,
            change_pct: visit.change_from_baseline_pct,
            response: visit.overall,
            new_lesions,
        }
    });
    SpiderLine {
        subject: measured.subject.clone(),
        level: measured.level,
        baseline: measured.baseline,
        // Before the first visit after it, the smallest sum is that of the baseline.
        baseline_mm: visits.first().and_then(|visit| visit.nadir_mm),
        points: points.collect(),
    }
}
