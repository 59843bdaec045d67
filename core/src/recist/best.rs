//! What is reported of a patient: the best response, the day of progression, the response at a time point.

use super::{Confirmation, Response, ResponseRules, TargetResponse, Visit};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

/// What bounds the visits that count for the best response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// The day from which the shortest stable disease is counted: the start of treatment, or as the protocol says.
    pub start: NaiveDate,
    /// The day on which another treatment of the cancer began; assessments after it do not count.
    pub new_therapy: Option<NaiveDate>,
}

/// The best response of a patient.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Best {
    /// The response.
    pub response: Response,
    /// The visit that first showed it; none where no assessment supports it.
    pub day: Option<NaiveDate>,
    /// What someone should look at.
    pub queries: Vec<String>,
}

/// The best response up to progression or new therapy, confirmed where the protocol requires it (RECIST 1.1,
/// table 3).
pub fn best_response(visits: &[Visit], course: &Course, rules: &ResponseRules) -> Best {
    let in_time = |visit: &&Visit| course.new_therapy.is_none_or(|day| visit.day <= day);
    let counted: Vec<&Visit> = visits.iter().filter(in_time).collect();
    let progressed = counted.iter().position(|visit| visit.overall == Response::PD);
    let counted = &counted[..progressed.map_or(counted.len(), |at| at + 1)];
    let relapse = disease_after_complete(counted);
    let queries = relapse.map(|at| {
        let visit = counted[at];
        format!("{} on {} after CR: if CR was met this is progression, otherwise CR was not", visit.overall, visit.day)
    });
    let found = match rules.confirmation {
        Confirmation::NotRequired => unconfirmed(counted, course, rules),
        // Disease after CR ends the course as progression does.
        Confirmation::Required => {
            confirmed(&counted[..relapse.map_or(counted.len(), |at| at + 1)], relapse, course, rules)
        }
    };
    let (response, day) = found.map_or((Response::NE, None), |(response, day)| (response, Some(day)));
    Best { response, day, queries: queries.into_iter().collect() }
}

/// The first visit that shows disease, short of progression, after a complete response.
fn disease_after_complete(visits: &[&Visit]) -> Option<usize> {
    let complete = visits.iter().position(|visit| visit.overall == Response::CR)?;
    let disease = |visit: &&Visit| match visit.overall {
        Response::PR | Response::SD | Response::NonCrNonPd => true,
        Response::CR | Response::PD | Response::NE => false,
    };
    visits[complete..].iter().position(disease).map(|after| complete + after)
}

fn long_enough(visit: &Visit, course: &Course, rules: &ResponseRules) -> bool {
    (visit.day - course.start).num_days() >= i64::from(rules.min_sd_days)
}

fn unconfirmed(visits: &[&Visit], course: &Course, rules: &ResponseRules) -> Option<(Response, NaiveDate)> {
    let counts = |visit: &&&Visit| visit.overall != Response::SD || long_enough(visit, course, rules);
    // `min_by_key` keeps the first of equals; the order of `Response` is best first.
    let best = visits.iter().filter(counts).min_by_key(|visit| visit.overall);
    best.map(|visit| (visit.overall, visit.dated))
}

fn confirmed(
    visits: &[&Visit],
    relapse: Option<usize>,
    course: &Course,
    rules: &ResponseRules,
) -> Option<(Response, NaiveDate)> {
    for wanted in [Response::CR, Response::PR] {
        let first = (0..visits.len()).find(|at| confirms(&visits[*at..], wanted, rules));
        if let Some(at) = first {
            return Some((wanted, visits[at].dated));
        }
    }
    let last = relapse.unwrap_or(visits.len());
    if let Some(visit) = (0..last).find(|at| is_stable(&visits[..last], *at, course, rules)) {
        return Some((Response::SD, visits[visit].dated));
    }
    let unmeasured = |visit: &&&Visit| {
        let disease_or_none = visit.overall == Response::NonCrNonPd || visit.overall == Response::CR;
        visit.target == TargetResponse::NotApplicable && disease_or_none
    };
    if let Some(visit) = visits[..last].iter().find(unmeasured) {
        return Some((Response::NonCrNonPd, visit.dated));
    }
    if let Some(at) = relapse {
        return Some((Response::PD, visits[at].dated));
    }
    visits.iter().find(|visit| visit.overall == Response::PD).map(|visit| (Response::PD, visit.dated))
}

/// Whether the first of these visits shows the response and a later one confirms it.
fn confirms(visits: &[&Visit], wanted: Response, rules: &ResponseRules) -> bool {
    let Some((first, later)) = visits.split_first() else { return false };
    if first.overall != wanted {
        return false;
    }
    let mut not_evaluable = 0;
    for visit in later {
        if visit.overall == Response::NE {
            not_evaluable += 1;
            continue;
        }
        // A worse response ends the wait; a better one (CR after PR) confirms.
        if visit.overall > wanted || not_evaluable > rules.max_nr_ne {
            return false;
        }
        if (visit.day - first.day).num_days() >= i64::from(rules.confirmation_interval_days) {
            return true;
        }
    }
    false
}

/// Whether a visit makes the best response at least stable disease: it lies late enough, or it is stable disease
/// that follows a partial response.
fn is_stable(visits: &[&Visit], at: usize, course: &Course, rules: &ResponseRules) -> bool {
    let visit = visits[at];
    if visit.target == TargetResponse::NotApplicable {
        return false;
    }
    let before = visits[..at].iter().rfind(|earlier| earlier.overall != Response::NE);
    match visit.overall {
        Response::CR | Response::PR => long_enough(visit, course, rules),
        Response::SD => {
            long_enough(visit, course, rules) || before.is_some_and(|earlier| earlier.overall == Response::PR)
        }
        Response::NonCrNonPd | Response::PD | Response::NE => false,
    }
}

/// The day of the first progression.
pub fn progression_date(visits: &[Visit]) -> Option<NaiveDate> {
    visits.iter().find(|visit| visit.overall == Response::PD).map(|visit| visit.dated)
}

/// The assessment nearest to a day, at most so many days away; of two equally near, the earlier.
///
/// None where no assessment lies so near, even after an earlier progression.
pub fn response_at(visits: &[Visit], day: NaiveDate, window_days: u16) -> Option<&Visit> {
    let away = |visit: &&Visit| (visit.day - day).num_days().abs();
    visits.iter().filter(|visit| away(visit) <= i64::from(window_days)).min_by_key(|visit| (away(visit), visit.day))
}
