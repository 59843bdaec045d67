//! What RECIST 1.1 leaves to the protocol: confirmation, the shortest stable disease, dating.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The protocol's choices; each has a default and may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ResponseRules {
    /// Whether a best response of CR or PR must be confirmed (default: not required; RECIST 1.1 asks for it where
    /// response is the primary endpoint of a trial without random assignment).
    pub confirmation: Confirmation,
    /// Days from the first CR or PR to the assessment that can confirm it, at least (default 28).
    pub confirmation_interval_days: u16,
    /// How many assessments that could not be evaluated may lie between the two (default 1).
    pub max_nr_ne: u16,
    /// Days from the start to a stable disease that counts as best response, at least (default 42).
    pub min_sd_days: u16,
    /// Whether a partial response, once confirmed where that is required, lasts until progression although the sum
    /// has risen above -30 % (default true; EORTC reading: 100, 70, 70, 80, 80 mm stays PR).
    pub sticky_pr: bool,
    /// The day of a visit whose images were taken on several days, where it is not progression (default latest).
    /// Progression always has the earliest.
    pub response_date: ResponseDate,
}

impl Default for ResponseRules {
    fn default() -> Self {
        ResponseRules {
            confirmation: Confirmation::NotRequired,
            confirmation_interval_days: 28,
            max_nr_ne: 1,
            min_sd_days: 42,
            sticky_pr: true,
            response_date: ResponseDate::Latest,
        }
    }
}

/// Whether one assessment is enough for a best response of CR or PR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confirmation {
    /// One is enough.
    #[default]
    NotRequired,
    /// A second one must follow.
    Required,
}

/// Which of the days of a visit's images dates a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResponseDate {
    /// The last of them: only then was all of it known.
    #[default]
    Latest,
    /// The first of them.
    Earliest,
}
