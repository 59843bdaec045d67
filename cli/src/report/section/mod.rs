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
    pub content: Content,
}

/// What a section shows.
#[derive(Debug, Clone, Copy)]
pub enum Content {
    /// Words and tables, which flow.
    Words(fn(Scene<'_>) -> Lines),
    /// Figures, which are laid out for each place.
    Figures(fn(Scene<'_>) -> Sheets),
}

/// Where figures are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// On a screen, and on paper.
    Wide,
    /// On a phone.
    Narrow,
}

impl Layout {
    /// Each of them.
    pub const ALL: [Layout; 2] = [Layout::Wide, Layout::Narrow];
}

/// The same figures for each layout, in the order of [`Layout::ALL`].
pub type Sheets = [Lines; 2];

impl Section {
    /// What stands in it at one date, by the name under which the page finds it.
    pub fn shown(&self, scene: Scene<'_>) -> Vec<(String, Lines)> {
        match self.content {
            Content::Words(lines) => vec![(self.id.to_owned(), lines(scene))],
            Content::Figures(sheets) => {
                let [wide, narrow] = sheets(scene);
                vec![(self.id.to_owned(), wide), (format!("{}/narrow", self.id), narrow)]
            }
        }
    }
}

const fn words(id: &'static str, title: &'static str, lines: fn(Scene<'_>) -> Lines) -> Section {
    Section { id, title, content: Content::Words(lines) }
}

const fn drawn(id: &'static str, title: &'static str, sheets: fn(Scene<'_>) -> Sheets) -> Section {
    Section { id, title, content: Content::Figures(sheets) }
}

/// All of them, in the order of the page.
pub const SECTIONS: &[Section] = &[
    words("status", "Where the trial stands", status::status),
    drawn("timeline", "Escalation timeline", figures::timeline),
    words("decisions", "Decision log", status::decisions),
    words("sets", "Subjects and analysis sets", subjects::sets),
    words("baseline", "Baseline", subjects::baseline),
    words("toxicity", "Toxicity", safety::toxicity),
    words("serious", "Serious adverse events", safety::serious),
    words("response", "Tumour response", endpoints::response),
    drawn("waterfall", "Change in tumour size", figures::waterfall),
    drawn("spider", "Tumour size over time", figures::spider),
    drawn("swimmer", "Course of each subject", figures::swimmer),
    words("survival", "Survival", endpoints::survival),
    drawn("curves", "Kaplan-Meier curves", figures::curves),
    words("exposure", "Drug exposure", delivery::exposure),
    words("radiotherapy", "Radiotherapy", delivery::radiotherapy),
    words("deviations", "Deviations from the protocol", conduct::deviations),
];
