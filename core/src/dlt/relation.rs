//! Attribution: how an adverse event relates to each component of the protocol treatment.

use crate::ids::Name;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// The five categories of attribution (NCI guidelines for adverse event reporting), weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
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

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Relation::Unrelated => "unrelated",
            Relation::Unlikely => "unlikely",
            Relation::Possible => "possible",
            Relation::Probable => "probable",
            Relation::Definite => "definite",
        })
    }
}

/// The relation to each component of the treatment that was judged; a component left out was not judged yet.
pub type Attribution = BTreeMap<Name, Relation>;
