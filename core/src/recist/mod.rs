//! Response of solid tumours under RECIST 1.1 (Eisenhauer et al., Eur J Cancer 2009;45:228), overall and in the
//! irradiated field.
//!
//! Promises exact comparisons: diameters are added in whole micrometres, so that -30.0 % is a partial response and
//! +20.0 % with 5.0 mm is progression. Does not read images, choose lesions, compare blinded readers or censor
//! survival times.
//!
//! The way through: an [`Assessment`] per visit, [`evaluate`] for the response at each, [`best_response`],
//! [`progression_date`] and [`response_at`] for what is reported of a patient.

mod baseline;
mod best;
mod evaluation;
mod lesion;
mod reason;
mod response;
mod rules;
mod target;

pub use baseline::{BaselineFinding, baseline_findings, is_measurable};
pub use best::{Best, Course, best_response, progression_date, response_at};
pub use evaluation::{Visit, evaluate};
pub use lesion::{
    Assessment, Certainty, Field, LesionKind, Marker, NewLesion, NonTargetLesion, NonTargetStatus, PriorRadiotherapy,
    Seen, TargetLesion, TargetState,
};
pub use reason::Reason;
pub use response::{NonTargetResponse, Response, TargetResponse, overall};
pub use rules::{Confirmation, ResponseDate, ResponseRules};
