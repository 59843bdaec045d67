//! Dose-limiting toxicity (DLT): what the protocol counts as one, and the judgement of one adverse event.
//!
//! Promises that a judgement needs nothing but the protocol's [`DltDefinition`] and the facts of the event, and
//! that a fact not recorded never counts as "no". Does not count: a patient counts once, whatever the number of
//! events, at the level assigned; the escalation does that. Does not check that a term has the grade given; the
//! dictionary does that.

mod adjudication;
mod definition;

pub use crate::relation::{Attribution, Relation};
pub use adjudication::{Adjudication, Missing, Onset, Outcome, Toxicity, adjudicate};
pub use definition::{Clause, DltDefinition, Fact, Flag, Qualifier, Terms, Test, Verdict, When};
