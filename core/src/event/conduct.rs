//! Conduct: decisions that people sign, deviations, sign-offs, witnessed checkpoints.

use super::{Facts, facts};
use crate::{
    date::Moment,
    escalation::{Action, LevelStatus},
    grade::DoseLevel,
    ids::{Hash, Name, SubjectId},
    text::Text,
    words::words,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a decision rests on: the log as the people who signed it saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct DecisionBasis {
    /// Number of entries in the log.
    pub entries: u64,
    /// Leaf hash of the last of them.
    pub head: Hash,
    /// The counts of every planned level, lowest first.
    pub levels: Vec<LevelStatus>,
}

words!(
    /// Whether a decision follows the rule of the protocol.
    Conformity {
        /// It does.
        Rule = "rule",
        /// It differs; the entry's reason says why.
        Override = "override",
    }
);

/// A signed decision on dose escalation; only this opens places.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EscalationDecided {
    /// When.
    pub occurred_at: Moment,
    /// The level whose results were judged.
    pub at_level: DoseLevel,
    /// What is decided.
    pub action: Action,
    /// The level that it concerns: the one opened, expanded, or declared; left out where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<DoseLevel>,
    /// Number of places opened.
    #[schemars(range(min = 0, max = 99))]
    #[serde(deserialize_with = "crate::grade::within::<_, 0, 99>")]
    pub places: u8,
    /// Whether it follows the rule.
    pub conformity: Conformity,
    /// What it rests on.
    pub basis: DecisionBasis,
}

impl Facts for EscalationDecided {
    fn occurred(&self) -> Option<Moment> {
        Some(self.occurred_at)
    }
}

/// The maximum tolerated dose is declared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MtdDeclared {
    /// When.
    pub occurred_at: Moment,
    /// The dose level.
    pub level: DoseLevel,
    /// What it rests on.
    pub basis: DecisionBasis,
}

impl Facts for MtdDeclared {
    fn occurred(&self) -> Option<Moment> {
        Some(self.occurred_at)
    }
}

words!(
    /// What kind of departure from the protocol.
    DeviationCategory {
        /// Consent.
        Consent = "consent",
        /// Eligibility.
        Eligibility = "eligibility",
        /// Drug dosing.
        Dosing = "dosing",
        /// Radiotherapy.
        Radiotherapy = "radiotherapy",
        /// A visit or an assessment.
        Assessment = "assessment",
        /// Reporting of safety.
        SafetyReporting = "safety_reporting",
        /// Anything else.
        Other = "other",
    }
);

/// A departure from the protocol, found by a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviationRecorded {
    /// The subject, where it concerns one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectId>,
    /// When it happened.
    pub occurred_at: Moment,
    /// What kind.
    pub category: DeviationCategory,
    /// Whether it may affect the rights, safety or well-being of subjects or the reliability of results (ICH E3).
    pub important: bool,
    /// What happened.
    pub description: Text,
}

/// The investigator endorses what is recorded of a subject so far (ICH E6(R3) 3.16.1(o)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedOff {
    /// The subject.
    pub subject: SubjectId,
    /// When.
    pub occurred_at: Moment,
    /// The milestone, for example `end-of-treatment`.
    pub milestone: Name,
    /// Number of entries in the log that was reviewed.
    pub entries: u64,
    /// Leaf hash of the last of them.
    pub head: Hash,
}

/// A witness has cosigned a checkpoint of this log (C2SP tlog-cosignature).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckpointWitnessed {
    /// The cosigned checkpoint, a C2SP signed note, line by line.
    pub note: Vec<String>,
    /// Name of the witness on the note.
    pub witness: Text,
    /// The cosignature's time, in seconds since 1970 (UTC).
    pub time: u64,
}

facts!(DeviationRecorded: some_subject occurred, SignedOff: subject occurred, CheckpointWitnessed:);
