//! Subjects: consent, screening, enrolment, and what ends them.

use super::facts;
use crate::{
    date::Moment,
    grade::DoseLevel,
    ids::{Name, SiteId, SubjectId},
    quantity::Decimal,
    text::Text,
    words::words,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The subject agreed to take part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentGiven {
    /// The subject.
    pub subject: SubjectId,
    /// The site.
    pub site: SiteId,
    /// When.
    pub occurred_at: Moment,
    /// Version of the consent form.
    pub form: Name,
}

/// One baseline value: a category, or a number in the unit that the protocol states.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
#[schemars(inline)]
pub enum BaselineValue {
    /// A category of the protocol's list.
    Category(Name),
    /// A number with its unit.
    Number {
        /// The number.
        value: Decimal,
        /// The unit, as the protocol states it.
        unit: Text,
    },
}

/// Baseline values and eligibility.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectScreened {
    /// The subject.
    pub subject: SubjectId,
    /// When.
    pub occurred_at: Moment,
    /// Baseline characteristics by the names that the protocol gives them.
    pub baseline: BTreeMap<Name, BaselineValue>,
    /// Eligibility criteria that are not met; empty when the subject is eligible.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub criteria_not_met: Vec<Name>,
}

/// The subject takes a place at a dose level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectEnrolled {
    /// The subject.
    pub subject: SubjectId,
    /// When.
    pub occurred_at: Moment,
    /// The assigned dose level.
    pub level: DoseLevel,
}

/// The subject consented but will not be enrolled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScreenFailed {
    /// The subject.
    pub subject: SubjectId,
    /// When.
    pub occurred_at: Moment,
    /// Eligibility criteria that are not met.
    pub criteria_not_met: Vec<Name>,
}

words!(
    /// From what a subject withdraws.
    Withdrawal {
        /// From treatment; follow-up goes on.
        Treatment = "treatment",
        /// From follow-up.
        FollowUp = "follow_up",
        /// From the trial: no further facts are collected.
        Consent = "consent",
    }
);

/// The subject withdraws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectWithdrawn {
    /// The subject.
    pub subject: SubjectId,
    /// When.
    pub occurred_at: Moment,
    /// From what.
    pub from: Withdrawal,
}

words!(
    /// Whether a subject counts for dose-limiting toxicity.
    Evaluability {
        /// Counts.
        Evaluable = "evaluable",
        /// Does not count and may be replaced.
        NotEvaluable = "not_evaluable",
    }
);

/// People decide whether a subject counts for dose-limiting toxicity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluabilityRuled {
    /// The subject.
    pub subject: SubjectId,
    /// The ruling.
    pub ruling: Evaluability,
}

impl super::Facts for EvaluabilityRuled {
    fn subject(&self) -> Option<&SubjectId> {
        Some(&self.subject)
    }
}

facts!(
    ConsentGiven: subject occurred,
    SubjectScreened: subject occurred,
    SubjectEnrolled: subject occurred,
    ScreenFailed: subject occurred,
    SubjectWithdrawn: subject occurred,
);
