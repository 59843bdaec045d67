//! Reason: why a visit has its response, kept as what was found and put into words when somebody asks.
//!
//! Promises the numbers of the judgement itself: nothing is computed again but percentages.

use super::{NonTargetResponse, TargetResponse, target::change};
use crate::ids::Name;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};
use std::{borrow::Cow, fmt};

/// Why a visit has its response.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    pub(super) target: TargetResponse,
    pub(super) of_targets: TargetReason,
    pub(super) non_target: NonTargetResponse,
    pub(super) of_non_targets: NonTargetReason,
    pub(super) new_lesions: Vec<Name>,
}

/// Why the targets have their response; all sums in micrometres.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TargetReason {
    NoneAtBaseline,
    BaselineUnknown,
    BackAfterCompleteResponse(Name),
    Grown { of: Counted, sum: i64, nadir: i64 },
    NotAssessed(Vec<Name>),
    Compared { sum: i64, baseline: i64, remark: Remark },
}

/// Of which targets a sum is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Counted {
    All,
    ThoseAssessed,
}

/// What is to be said beside a comparison with the baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Remark {
    Nothing,
    NoneIsLeft,
    PartialResponseLasts,
}

/// Why the non-targets have their response.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum NonTargetReason {
    Progressed(Name),
    NotAssessed(Name),
    Persists(Name),
    MarkerAboveNormal,
    MarkerNotMeasured,
    NoneAtBaseline,
    AllGone,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reason { target, of_targets, non_target, of_non_targets, new_lesions } = self;
        write!(f, "targets {target}: {of_targets}; non-targets {non_target}: {of_non_targets}")?;
        new_lesions.iter().try_for_each(|lesion| write!(f, "; new lesion {lesion}"))
    }
}

impl fmt::Display for TargetReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TargetReason::NoneAtBaseline => f.write_str("no target lesion at baseline"),
            TargetReason::BaselineUnknown => f.write_str("the baseline sum is not known"),
            TargetReason::BackAfterCompleteResponse(lesion) => {
                write!(f, "{lesion} is there again after complete response")
            }
            TargetReason::Grown { of, sum, nadir } => {
                let of = match of {
                    Counted::All => "sum",
                    Counted::ThoseAssessed => "sum of those assessed",
                };
                let (percent, grown) = (percent(*sum, *nadir), mm(sum - nadir));
                write!(f, "{of} {} mm, {percent} and {grown} mm above the nadir of {} mm", mm(*sum), mm(*nadir))
            }
            TargetReason::NotAssessed(lesions) => {
                let names: Vec<&str> = lesions.iter().map(Name::as_str).collect();
                write!(f, "not assessed: {}", names.join(", "))
            }
            TargetReason::Compared { sum, baseline, remark } => {
                let percent = percent(*sum, *baseline);
                write!(f, "sum {} mm, {percent} from the baseline of {} mm", mm(*sum), mm(*baseline))?;
                f.write_str(match remark {
                    Remark::Nothing => "",
                    Remark::NoneIsLeft => ": no target is left, and nodes are below 10 mm",
                    Remark::PartialResponseLasts => ": the partial response lasts until progression",
                })
            }
        }
    }
}

impl fmt::Display for NonTargetReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NonTargetReason::Progressed(lesion) => write!(f, "{lesion} has progressed unequivocally"),
            NonTargetReason::NotAssessed(lesion) => write!(f, "{lesion} was not assessed"),
            NonTargetReason::Persists(lesion) => write!(f, "{lesion} persists"),
            NonTargetReason::MarkerAboveNormal => f.write_str("the tumour marker is above normal"),
            NonTargetReason::MarkerNotMeasured => f.write_str("the tumour marker was not measured"),
            NonTargetReason::NoneAtBaseline => f.write_str("none at baseline"),
            NonTargetReason::AllGone => f.write_str("all are gone"),
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl JsonSchema for Reason {
    fn schema_name() -> Cow<'static, str> {
        String::schema_name()
    }
    fn inline_schema() -> bool {
        String::inline_schema()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

/// Micrometres as millimetres, without trailing zeros.
fn mm(um: i64) -> f64 {
    um as f64 / 1000.0
}

fn percent(sum: i64, of: i64) -> String {
    change(sum, of).map_or_else(|| "from nothing".to_owned(), |change| format!("{change:+.2} %"))
}
