//! How far an adverse event is thought to be caused by a component of the treatment.

use crate::{few::Few, ids::Name, words::words};

words!(
    /// Relation of an adverse event to one component of the protocol treatment (NCI guidelines for adverse event
    /// reporting), weakest first.
    Relation {
        /// Clearly not related.
        Unrelated = "unrelated",
        /// Doubtfully related.
        Unlikely = "unlikely",
        /// May be related.
        Possible = "possible",
        /// Likely related.
        Probable = "probable",
        /// Clearly related.
        Definite = "definite",
    }
);

/// The relation to each component of the treatment that was judged (an agent's name, or `radiotherapy`); a component
/// left out was not judged yet. The strongest relation counts.
pub type Attribution = Few<Name, Relation>;
