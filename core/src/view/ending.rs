//! Ending: where one subject's time to an event ends, whether by the event, and why.
//!
//! Without a baseline assessment, or without one after it that could be evaluated, an endpoint with progression has
//! nothing to rest on: it ends at the first treatment unless the event itself was recorded. An event after too many
//! missed visits cannot be dated: the time ends at the last assessment that could be evaluated, where the protocol
//! states the interval between visits. New anticancer therapy is not recorded and ends nothing.

use super::{chart::Chart, response::SubjectResponse};
use crate::{
    projection::Case,
    protocol::{CensoredAt, Protocol, SurvivalEndpoint, Terminal},
    recist::Response,
};
use chrono::NaiveDate;

/// Where a time ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// The day.
    pub day: NaiveDate,
    /// Whether the event happened; otherwise the time is censored.
    pub event: bool,
    /// Why it ends there.
    pub because: String,
}

/// Reads where a treated subject's time ends; `first` is the day of the first treatment.
pub fn read(protocol: &Protocol, endpoint: &SurvivalEndpoint, chart: &Chart, first: NaiveDate) -> Ending {
    let Chart { case, measured, .. } = chart;
    let terminal = endpoint.events.iter().filter_map(|kind| terminal(case, *kind, *measured)).min();
    let progresses = endpoint.events.contains(&Terminal::Progression);
    match terminal {
        Some((day, because)) if progresses => {
            let last = last_adequate(*measured, day);
            let limit = protocol.censoring.longest_gap_days();
            let gap = (day - last.unwrap_or(first)).num_days();
            match limit {
                Some(limit) if gap > limit => missed(last, first, &because, gap, limit),
                Some(_) | None => Ending { day, event: true, because },
            }
        }
        Some((day, because)) => Ending { day, event: true, because },
        None => match endpoint.censored_at {
            CensoredAt::LastAssessment => at_last_assessment(case, first, *measured),
            CensoredAt::LastContact => at_last_contact(case, first),
        },
    }
}

/// Where a treated subject's time under observation ends: by death, else at the last contact, whatever the endpoint.
pub fn followed(case: &Case, first: NaiveDate) -> Ending {
    match terminal(case, Terminal::Death, None) {
        Some((day, because)) => Ending { day, event: true, because },
        None => at_last_contact(case, first),
    }
}

fn terminal(case: &Case, kind: Terminal, measured: Option<&SubjectResponse>) -> Option<(NaiveDate, String)> {
    let follow_up = case.follow_up;
    match kind {
        Terminal::Death => {
            follow_up?.death().map(|(_, death)| (death.day, format!("died on {} ({})", death.day, death.cause)))
        }
        Terminal::Progression => {
            let recorded = follow_up.into_iter().flat_map(|f| f.progressions.facts());
            let recorded = recorded.map(|(day, basis)| (*day, format!("progression recorded on {day} ({basis})")));
            let by_lesions = measured.and_then(|m| m.progression);
            let by_lesions = by_lesions.map(|day| (day, format!("progression on {day} by the lesions measured")));
            // The recorded judgement comes first among equals only by its words; the day is the same.
            recorded.chain(by_lesions).min_by_key(|(day, _)| *day)
        }
    }
}

/// The last assessment before a day that could be evaluated.
fn last_adequate(measured: Option<&SubjectResponse>, before: NaiveDate) -> Option<NaiveDate> {
    let visits = measured.into_iter().flat_map(|m| &m.visits);
    visits.filter(|v| v.day < before && v.overall != Response::NE).map(|v| v.day).max()
}

fn missed(last: Option<NaiveDate>, first: NaiveDate, event: &str, gap: i64, limit: i64) -> Ending {
    let since = match last {
        Some(day) => format!("the last assessment that could be evaluated, on {day}"),
        None => format!("the first treatment on {first}, without an assessment that could be evaluated"),
    };
    let because = format!("{event}, {gap} days after {since}: more than {limit} days, visits were missed");
    Ending { day: last.unwrap_or(first), event: false, because }
}

/// Without the event: the last assessment that could be evaluated, if there was a baseline to compare it with.
fn at_last_assessment(case: &Case, first: NaiveDate, measured: Option<&SubjectResponse>) -> Ending {
    let at_first = |because: String| Ending { day: first, event: false, because };
    let Some(measured) = measured else {
        let assessed = case.visits.is_some_and(|visits| !visits.is_empty());
        let which = if assessed { "no baseline assessment" } else { "no assessment" };
        return at_first(format!("{which}: ends at the first treatment on {first}"));
    };
    let adequate = measured.visits.iter().filter(|v| v.overall != Response::NE).map(|v| v.day).max();
    match adequate {
        Some(day) => Ending { day, event: false, because: format!("last assessment that could be evaluated on {day}") },
        None => at_first(format!(
            "no assessment after the baseline that could be evaluated: ends at the first treatment on {first}"
        )),
    }
}

/// Without the event: the last day on which the subject was known to be without it.
fn at_last_contact(case: &Case, first: NaiveDate) -> Ending {
    let assessed = case.visits.and_then(|visits| visits.facts().map(|v| v.occurred_at.day()).max());
    let seen = case.follow_up.and_then(|f| f.last_contact());
    let dosed = case.agents().filter_map(|(_, agent)| agent.last_day()).max();
    let irradiated = case.course.and_then(|c| c.last_day());
    let known = [(assessed, "assessment"), (dosed, "dose"), (irradiated, "fraction"), (seen, "contact")];
    // Of several facts on one day the last of the list is named.
    let last = known.into_iter().filter_map(|(day, what)| Some((day?, what))).max_by_key(|(day, _)| *day);
    let (day, what) = last.unwrap_or((first, "treatment"));
    Ending { day, event: false, because: format!("last {what} on {day}") }
}
