//! The protocol as data: what a trial plans, signed into its log.

use crate::{ids::Name, text::Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A version of a trial's protocol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// Short name of the protocol.
    pub protocol: Name,
    /// Its version.
    pub edition: Name,
    /// Its title.
    pub title: Text,
}
