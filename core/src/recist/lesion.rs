//! What was seen on the images of one visit: target, non-target and new lesions.
//!
//! A lesion keeps its name from visit to visit. Its kind, organ and field are those of the baseline: a later
//! visit repeats the field but cannot change it.

use crate::{ids::Name, quantity::Length};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One tumour assessment: the baseline, or a visit after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// The day of the assessment.
    pub day: NaiveDate,
    /// The target lesions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetLesion>,
    /// The non-target lesions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub non_targets: Vec<NonTargetLesion>,
    /// The lesions that were not there at baseline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub new_lesions: Vec<NewLesion>,
    /// The tumour marker, where the protocol asks that it be normal in a complete response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker: Option<Marker>,
}

/// What was seen at one visit, whoever keeps it.
pub trait Seen {
    /// The day of the assessment.
    fn day(&self) -> NaiveDate;
    /// The target lesions.
    fn targets(&self) -> &[TargetLesion];
    /// The non-target lesions.
    fn non_targets(&self) -> &[NonTargetLesion];
    /// The lesions that were not there at baseline.
    fn new_lesions(&self) -> &[NewLesion];
    /// The tumour marker, where it was measured.
    fn marker(&self) -> Option<Marker>;
}

impl Seen for Assessment {
    fn day(&self) -> NaiveDate {
        self.day
    }
    fn targets(&self) -> &[TargetLesion] {
        &self.targets
    }
    fn non_targets(&self) -> &[NonTargetLesion] {
        &self.non_targets
    }
    fn new_lesions(&self) -> &[NewLesion] {
        &self.new_lesions
    }
    fn marker(&self) -> Option<Marker> {
        self.marker
    }
}

/// A lesion that is measured and added to the sum of diameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetLesion {
    /// Its name, the same at every visit, for example `T1`.
    pub lesion: Name,
    /// The organ, for example `liver`.
    pub site: Name,
    /// Whether it is a lymph node (non_nodal unless stated); the baseline decides.
    #[serde(default, skip_serializing_if = "LesionKind::is_non_nodal")]
    pub kind: LesionKind,
    /// Whether it lies inside the planning target volume of the radiotherapy; the baseline decides.
    pub in_field: bool,
    /// What could be seen of it (measured unless stated).
    #[serde(default, skip_serializing_if = "TargetState::is_measured")]
    pub state: TargetState,
    /// The longest diameter, of a node the short axis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diameter: Option<Length>,
    /// The baseline lesion of which this is one part, after that has split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<Name>,
    /// The day of the image, where it differs from the day of the assessment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imaged: Option<NaiveDate>,
    /// At baseline: radiotherapy that it had before the trial; left out, none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior_radiotherapy: Option<PriorRadiotherapy>,
}

/// Which diameter is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LesionKind {
    /// Not a lymph node: the longest diameter.
    #[default]
    NonNodal,
    /// A lymph node: the short axis.
    Nodal,
}

/// What could be seen of a target lesion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetState {
    /// It was measured.
    #[default]
    Measured,
    /// There, but too small to measure: 5 mm unless a diameter is given.
    TooSmall,
    /// Gone: 0 mm.
    Absent,
    /// Grown together with another target, whose diameter holds the whole: 0 mm.
    Merged,
    /// Not imaged, or not readable.
    NotAssessed,
}

/// Radiotherapy to a lesion before the trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PriorRadiotherapy {
    /// Irradiated, and it has progressed since: it may be a target.
    ProgressedSince,
    /// Irradiated without progression since: it should not be a target.
    NotProgressed,
}

/// A lesion that is followed without being measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NonTargetLesion {
    /// Its name, the same at every visit.
    pub lesion: Name,
    /// The organ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<Name>,
    /// Whether it lies inside the planning target volume; the baseline decides.
    pub in_field: bool,
    /// What was seen.
    pub status: NonTargetStatus,
    /// The day of the image, where it differs from the day of the assessment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imaged: Option<NaiveDate>,
}

/// What was seen of a non-target lesion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NonTargetStatus {
    /// Still there.
    Present,
    /// Gone; of a node, the short axis is below 10 mm.
    Absent,
    /// Progressed beyond doubt: the whole tumour burden has grown, not one lesion a little.
    ProgressedUnequivocally,
    /// Not imaged, or not readable.
    NotAssessed,
}

/// A lesion that was not there at baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLesion {
    /// Its name, the same at every later visit.
    pub lesion: Name,
    /// The organ.
    pub site: Name,
    /// Whether it lies inside the planning target volume.
    pub in_field: bool,
    /// How sure the reader is that it is a new lesion.
    pub certainty: Certainty,
    /// Its diameter, where measured; it never enters the sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diameter: Option<Length>,
    /// The day of the image, where it differs from the day of the assessment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imaged: Option<NaiveDate>,
}

/// How sure the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// Beyond doubt: progression.
    Unequivocal,
    /// Doubtful: followed; confirmed later, it counts from the day it was first seen.
    Equivocal,
}

/// The tumour marker against its upper normal limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Marker {
    /// Within normal limits.
    Normal,
    /// Above the upper normal limit.
    AboveNormal,
}

/// Which lesions a response is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// All lesions.
    Overall,
    /// The lesions inside the planning target volume.
    InField,
}

impl Field {
    /// Whether a lesion with this tag belongs.
    pub fn holds(self, in_field: bool) -> bool {
        match self {
            Field::Overall => true,
            Field::InField => in_field,
        }
    }
}

/// Counts where there is a lesion that is too small to measure (RECIST 1.1, 4.3.2): micrometres.
const TOO_SMALL: i64 = 5_000;

/// No lesion is wider than a metre: micrometres. Keeps every sum far from overflow.
const WIDEST: i64 = 1_000_000;

impl TargetLesion {
    /// What it adds to the sum of diameters, in micrometres; `None` where it was not assessed.
    pub fn micrometres(&self) -> Option<i64> {
        match self.state {
            TargetState::Measured => self.diameter.and_then(plausible),
            TargetState::TooSmall => self.diameter.map_or(Some(TOO_SMALL), plausible),
            TargetState::Absent | TargetState::Merged => Some(0),
            TargetState::NotAssessed => None,
        }
    }
}

fn plausible(diameter: Length) -> Option<i64> {
    let metre = i128::from(WIDEST) * 1_000_000;
    let in_range = (0..=metre).contains(&diameter.value.nanos());
    Some(diameter.micrometres()).filter(|um| in_range && *um <= WIDEST)
}

impl LesionKind {
    fn is_non_nodal(&self) -> bool {
        *self == LesionKind::NonNodal
    }
}

impl TargetState {
    fn is_measured(&self) -> bool {
        *self == TargetState::Measured
    }
}

impl Assessment {
    /// What cannot be, in words: a name used twice, a measurement without a diameter, a diameter out of range, or
    /// one of a lesion that was not measured. None where the assessment can be recorded.
    pub fn faults(&self) -> Vec<String> {
        let mut names = BTreeSet::new();
        let targets = self.targets.iter().map(|target| &target.lesion);
        let others = self.non_targets.iter().map(|lesion| &lesion.lesion);
        let all = targets.chain(others).chain(self.new_lesions.iter().map(|lesion| &lesion.lesion));
        let mut faults: Vec<String> =
            all.filter(|name| !names.insert(*name)).map(|name| format!("lesion {name} is given twice")).collect();
        for target in &self.targets {
            let lesion = &target.lesion;
            match (target.state, target.diameter) {
                (TargetState::Measured, None) => {
                    faults.push(format!("lesion {lesion} is measured: expected a diameter, found none"));
                }
                (TargetState::Absent | TargetState::Merged | TargetState::NotAssessed, Some(found)) => {
                    faults.push(format!("lesion {lesion} was not measured: expected no diameter, found {found}"));
                }
                (TargetState::Measured | TargetState::TooSmall, Some(found)) if plausible(found).is_none() => {
                    faults.push(format!("lesion {lesion}: expected a diameter of 0 to 1000 mm, found {found}"));
                }
                (
                    TargetState::Measured
                    | TargetState::TooSmall
                    | TargetState::Absent
                    | TargetState::Merged
                    | TargetState::NotAssessed,
                    Some(_) | None,
                ) => {}
            }
        }
        faults
    }
}
