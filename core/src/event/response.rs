//! Response and follow-up: lesions as measured, progression, contacts, laboratory values.

use super::facts;
use crate::{
    date::Moment,
    ids::{Name, SubjectId},
    quantity::Decimal,
    recist::{NewLesion, NonTargetLesion, TargetLesion},
    text::Text,
    words::words,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Tumour lesions as measured at one visit (RECIST 1.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TumourAssessed {
    /// The subject.
    pub subject: SubjectId,
    /// Day of the images.
    pub occurred_at: Moment,
    /// How the lesions were imaged, for example `CT` or `MRI`.
    pub method: Name,
    /// Target lesions.
    pub targets: Vec<TargetLesion>,
    /// Non-target lesions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub non_targets: Vec<NonTargetLesion>,
    /// Lesions that were not there at baseline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub new_lesions: Vec<NewLesion>,
}

words!(
    /// What progression rests on.
    ProgressionBasis {
        /// Images, by RECIST 1.1.
        Radiological = "radiological",
        /// The subject's condition, without images.
        Clinical = "clinical",
    }
);

/// The disease progressed, in the investigator's judgement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgressionRecorded {
    /// The subject.
    pub subject: SubjectId,
    /// When.
    pub occurred_at: Moment,
    /// On what it rests.
    pub basis: ProgressionBasis,
}

words!(
    /// How the subject was found.
    VitalStatus {
        /// Alive.
        Alive = "alive",
        /// Could not be reached.
        LostToFollowUp = "lost_to_follow_up",
    }
);

/// The subject was seen or spoken to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowedUp {
    /// The subject.
    pub subject: SubjectId,
    /// When.
    pub occurred_at: Moment,
    /// How the subject was found.
    pub status: VitalStatus,
}

/// A laboratory value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LaboratoryMeasured {
    /// The subject.
    pub subject: SubjectId,
    /// When the sample was taken.
    pub occurred_at: Moment,
    /// What was measured, for example `AFP`.
    pub test: Name,
    /// The value.
    pub value: Decimal,
    /// Its unit (UCUM).
    pub unit: Text,
}

facts!(
    TumourAssessed: subject occurred,
    ProgressionRecorded: subject occurred,
    FollowedUp: subject occurred,
    LaboratoryMeasured: subject occurred,
);
