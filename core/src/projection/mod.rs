//! Projections: what is known, as a fold over verified entries.

mod case;
mod conduct;
mod exposure;
mod follow_up;
mod joined;
mod radiotherapy;
mod response;
mod safety;
mod since;
mod subjects;
mod told;
mod trial;
mod witnessing;

pub(crate) use case::{AT_ONCE, Beside};
pub use case::{Case, Treated};
pub use conduct::{Conduct, Decision, Mtd, RecordedDeviation};
pub use exposure::{Agent, Dose, Dosing, Exposure};
pub use follow_up::{Death, FollowUp, LaboratoryValue, Survivorship};
pub use joined::Joined;
pub use radiotherapy::{Course, Fraction, Plan, Radiotherapy};
pub use response::{Response, Visit};
pub use safety::{AdverseEvent, Report, Ruling, Safety, Said, SeriousReport};
pub use since::{Marks, STATE_VERSION, Share, Since, Stretch};
pub use subjects::{Consent, Enrolment, Screening, Subject, Subjects};
pub use trial::{Cut, Late, Trial};
pub use witnessing::{Bound, Witnessed, Witnessing};

use crate::entry::Entry;

/// A pure fold over the log.
///
/// `apply` MUST depend on nothing but the projection and the entry, and cannot fail: history has happened. An
/// implementation keeps facts by the entry that states them and follows [`Entry::change`], so that a correction or a
/// voided entry is one more step and never a second pass.
pub trait Projection: Default {
    /// Takes the next entry in.
    fn apply(&mut self, entry: &Entry);
}

macro_rules! tuples {
    ($($name:ident)+) => {
        impl<$($name: Projection),+> Projection for ($($name,)+) {
            fn apply(&mut self, entry: &Entry) {
                #[allow(non_snake_case)]
                let ($($name,)+) = self;
                $($name.apply(entry);)+
            }
        }
    };
}

tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
