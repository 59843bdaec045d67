//! Sections: what the page shows of one date, each from the views of that date alone.

mod conduct;
mod delivery;
mod endpoints;
mod figures;
mod safety;
mod status;
mod subjects;

use super::html::Lines;
use trial_core::{projection::Trial, protocol::Protocol, view::replay::Replay};

/// One date: every view of it.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The views.
    pub replay: &'a Replay,
    /// What they were read from.
    pub trial: &'a Trial,
}

impl<'a> Scene<'a> {
    /// The protocol in force.
    pub fn protocol(self) -> Option<&'a Protocol> {
        self.trial.conduct.protocol()
    }
}

/// A section of the page that changes with the date.
#[derive(Debug)]
pub struct Section {
    /// Its place in the page.
    pub id: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// What stands in it at one date.
    pub lines: fn(Scene<'_>) -> Lines,
}

/// All of them, in the order of the page.
pub const SECTIONS: &[Section] = &[
    Section { id: "status", title: "Where the trial stands", lines: status::status },
    Section { id: "timeline", title: "Escalation timeline", lines: figures::timeline },
    Section { id: "decisions", title: "Decision log", lines: status::decisions },
    Section { id: "sets", title: "Subjects and analysis sets", lines: subjects::sets },
    Section { id: "baseline", title: "Baseline", lines: subjects::baseline },
    Section { id: "toxicity", title: "Toxicity", lines: safety::toxicity },
    Section { id: "serious", title: "Serious adverse events", lines: safety::serious },
    Section { id: "response", title: "Tumour response", lines: endpoints::response },
    Section { id: "waterfall", title: "Change in tumour size", lines: figures::waterfall },
    Section { id: "spider", title: "Tumour size over time", lines: figures::spider },
    Section { id: "swimmer", title: "Course of each subject", lines: figures::swimmer },
    Section { id: "survival", title: "Survival", lines: endpoints::survival },
    Section { id: "curves", title: "Kaplan-Meier curves", lines: figures::curves },
    Section { id: "exposure", title: "Drug exposure", lines: delivery::exposure },
    Section { id: "radiotherapy", title: "Radiotherapy", lines: delivery::radiotherapy },
    Section { id: "deviations", title: "Deviations from the protocol", lines: conduct::deviations },
];
