//! Timeline: the escalation over calendar time: who entered which level when, until when each window for dose-limiting
//! toxicity is open, the dose-limiting toxicities, and the signed decisions.

use super::{
    escalation::{DecisionRow, Escalation},
    observation::{self, Observation, Status},
};
use crate::{
    dlt::Outcome,
    grade::{DoseLevel, Grade},
    ids::{Name, Seq, SubjectId},
    projection::Trial,
    text::Text,
};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

/// The escalation over calendar time.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Timeline {
    /// The day of reading: windows are judged on it.
    pub day: NaiveDate,
    /// Every planned level, lowest first.
    pub levels: Vec<TimelineLevel>,
    /// Enrolled subjects, by level and day of enrolment.
    pub subjects: Vec<Entered>,
    /// Signed decisions, in order.
    pub decisions: Vec<DecisionRow>,
}

/// A planned level.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TimelineLevel {
    /// Its number.
    pub level: DoseLevel,
    /// Its label.
    pub label: Name,
    /// What is given.
    pub description: String,
}

/// One enrolled subject.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Entered {
    /// The subject.
    pub subject: SubjectId,
    /// The assigned level.
    pub level: DoseLevel,
    /// The day of enrolment.
    pub enrolled: NaiveDate,
    /// The first day of treatment, with which the window opens.
    pub first_treatment: Option<NaiveDate>,
    /// The last day of the window; while treatment goes on, the day planned.
    pub closes: Option<NaiveDate>,
    /// Whether the window is open on the day of reading.
    pub window: WindowState,
    /// Whether the subject counts.
    pub status: Status,
    /// Dose-limiting toxicities.
    pub dlts: Vec<DoseLimiting>,
    /// The day of death.
    pub died: Option<NaiveDate>,
}

/// Where a window for dose-limiting toxicity stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WindowState {
    /// Not treated yet.
    NotOpened,
    /// The last day has not passed.
    Open,
    /// The last day has passed.
    Closed,
}

/// One dose-limiting toxicity.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DoseLimiting {
    /// The day of onset.
    pub day: NaiveDate,
    /// Its term.
    pub term: Text,
    /// Its worst grade.
    pub grade: Grade,
    /// The entries that it rests on.
    pub entries: Vec<Seq>,
}

impl Timeline {
    /// Reads the escalation on a day; nothing before a protocol is in force.
    pub fn read(trial: &Trial, day: NaiveDate, escalation: Option<&Escalation>) -> Timeline {
        let levels = escalation.into_iter().flat_map(|e| &e.levels).map(|row| TimelineLevel {
            level: row.level,
            label: row.label.clone(),
            description: row.description.clone(),
        });
        let mut subjects: Vec<Entered> =
            observation::read(trial, day).into_iter().map(|observed| entered(trial, observed, day)).collect();
        subjects.sort_by(|a, b| (a.level, a.enrolled, &a.subject).cmp(&(b.level, b.enrolled, &b.subject)));
        Timeline {
            day,
            levels: levels.collect(),
            subjects,
            decisions: escalation.map_or_else(Vec::new, |e| e.decisions.clone()),
        }
    }
}

fn entered(trial: &Trial, observed: Observation, day: NaiveDate) -> Entered {
    let window = match observed.closes {
        None => WindowState::NotOpened,
        Some(last) if day <= last => WindowState::Open,
        Some(_) => WindowState::Closed,
    };
    let died = trial.follow_up.of(&observed.subject).and_then(|f| f.death()).map(|(_, death)| death.day);
    let dlts = observed.judged.into_iter().filter(|judged| judged.outcome() == Outcome::Dlt);
    let dlts = dlts.map(|j| DoseLimiting { day: j.onset, term: j.term, grade: j.grade, entries: j.entries });
    Entered {
        dlts: dlts.collect(),
        subject: observed.subject,
        level: observed.level,
        enrolled: observed.enrolled,
        first_treatment: observed.first_treatment,
        closes: observed.closes,
        window,
        status: observed.status,
        died,
    }
}
