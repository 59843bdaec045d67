//! Whether the targets chosen at baseline keep the rules of choice (RECIST 1.1, 3.1 and 4.2).
//!
//! A breach is a finding, never an error: the lesions were chosen so, and the sum is made of them all the same.

use super::{Assessment, LesionKind, PriorRadiotherapy, TargetLesion};
use crate::ids::Name;
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::BTreeMap, fmt};

const MOST_TARGETS: usize = 5;
const MOST_IN_ORGAN: usize = 2;
/// The longest diameter of a measurable lesion on CT, in micrometres.
const LEAST_DIAMETER: i64 = 10_000;
/// The short axis of a node that can be a target, in micrometres.
const LEAST_SHORT_AXIS: i64 = 15_000;

/// One rule of choice that the baseline does not keep.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum BaselineFinding {
    /// More than five targets.
    TooManyTargets {
        /// How many there are.
        found: usize,
    },
    /// More than two targets in one organ.
    TooManyInOrgan {
        /// The organ; paired organs count as one, and so do all lymph nodes.
        organ: String,
        /// How many there are.
        found: usize,
    },
    /// A target below the measurable size.
    TooSmall {
        /// The lesion.
        lesion: Name,
        /// Its diameter in millimetres.
        found_mm: f64,
        /// The least that is measurable, in millimetres.
        least_mm: f64,
    },
    /// A node of 10 mm to less than 15 mm in short axis: pathological, but a non-target lesion.
    NodeIsNonTarget {
        /// The node.
        lesion: Name,
        /// Its short axis in millimetres.
        found_mm: f64,
    },
    /// A target without a measurement.
    NotMeasured {
        /// The lesion.
        lesion: Name,
    },
    /// A target in a volume irradiated before, without progression since.
    IrradiatedBefore {
        /// The lesion.
        lesion: Name,
    },
}

impl fmt::Display for BaselineFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BaselineFinding::TooManyTargets { found } => {
                write!(f, "expected at most {MOST_TARGETS} target lesions, found {found}")
            }
            BaselineFinding::TooManyInOrgan { organ, found } => {
                write!(f, "expected at most {MOST_IN_ORGAN} target lesions in one organ, found {found} in {organ}")
            }
            BaselineFinding::TooSmall { lesion, found_mm, least_mm } => {
                write!(f, "{lesion}: expected a target of at least {least_mm} mm, found {found_mm} mm")
            }
            BaselineFinding::NodeIsNonTarget { lesion, found_mm } => {
                write!(f, "{lesion}: a node of 10 to less than 15 mm is a non-target lesion, found {found_mm} mm")
            }
            BaselineFinding::NotMeasured { lesion } => write!(f, "{lesion}: expected a diameter, found none"),
            BaselineFinding::IrradiatedBefore { lesion } => {
                write!(f, "{lesion}: irradiated before without progression since; not a target lesion")
            }
        }
    }
}

/// The rules of choice that a baseline assessment does not keep.
pub fn baseline_findings(baseline: &Assessment) -> Vec<BaselineFinding> {
    let mut findings = Vec::new();
    let found = baseline.targets.len();
    if found > MOST_TARGETS {
        findings.push(BaselineFinding::TooManyTargets { found });
    }
    let mut organs: BTreeMap<String, usize> = BTreeMap::new();
    for target in &baseline.targets {
        *organs.entry(organ(target)).or_default() += 1;
    }
    let crowded = organs.into_iter().filter(|(_, found)| *found > MOST_IN_ORGAN);
    findings.extend(crowded.map(|(organ, found)| BaselineFinding::TooManyInOrgan { organ, found }));
    findings.extend(baseline.targets.iter().filter_map(size));
    let irradiated =
        baseline.targets.iter().filter(|target| target.prior_radiotherapy == Some(PriorRadiotherapy::NotProgressed));
    findings.extend(irradiated.map(|target| BaselineFinding::IrradiatedBefore { lesion: target.lesion.clone() }));
    findings
}

fn size(target: &TargetLesion) -> Option<BaselineFinding> {
    let lesion = target.lesion.clone();
    let Some(found) = target.micrometres() else {
        return Some(BaselineFinding::NotMeasured { lesion });
    };
    let found_mm = found as f64 / 1000.0;
    let least = least(target.kind);
    match target.kind {
        LesionKind::Nodal if (LEAST_DIAMETER..LEAST_SHORT_AXIS).contains(&found) => {
            Some(BaselineFinding::NodeIsNonTarget { lesion, found_mm })
        }
        LesionKind::Nodal | LesionKind::NonNodal => {
            (found < least).then_some(BaselineFinding::TooSmall { lesion, found_mm, least_mm: least as f64 / 1000.0 })
        }
    }
}

fn least(kind: LesionKind) -> i64 {
    match kind {
        LesionKind::NonNodal => LEAST_DIAMETER,
        LesionKind::Nodal => LEAST_SHORT_AXIS,
    }
}

/// Whether a target is of measurable size: 10 mm, a node 15 mm in short axis.
pub fn is_measurable(target: &TargetLesion) -> bool {
    target.micrometres().is_some_and(|found| found >= least(target.kind))
}

/// The organ by which targets are counted: sides left out, all lymph nodes together.
fn organ(target: &TargetLesion) -> String {
    match target.kind {
        LesionKind::Nodal => "lymph nodes".to_owned(),
        LesionKind::NonNodal => {
            let site = target.site.as_str().to_ascii_lowercase();
            let words = site.split(['-', '_', '.', ':']);
            let sideless: Vec<&str> = words.filter(|word| !["left", "right", "l", "r"].contains(word)).collect();
            sideless.join("-")
        }
    }
}
