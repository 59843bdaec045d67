//! How far an adverse event is thought to be caused by a component of the treatment.

use crate::ids::Name;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Relatedness of an adverse event to one component of the protocol treatment, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Relation {
    /// Clearly not related.
    Unrelated,
    /// Doubtfully related.
    Unlikely,
    /// May be related.
    Possible,
    /// Likely related.
    Probable,
    /// Clearly related.
    Definite,
}

/// Relatedness to each component of the treatment (an agent's name, or `radiotherapy`).
pub type Attribution = BTreeMap<Name, Relation>;

/// The stronger of the relations, which is the one that counts.
pub fn strongest(attribution: &Attribution) -> Option<Relation> {
    attribution.values().copied().max()
}
