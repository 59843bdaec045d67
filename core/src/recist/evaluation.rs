//! The response at each visit, one after the other: targets, non-targets and new lesions against the baseline.

use super::{
    Certainty, Field, Marker, NewLesion, NonTargetLesion, NonTargetResponse, NonTargetStatus, Reason, Response,
    ResponseDate, ResponseRules, Seen, TargetResponse, TargetState, overall,
    reason::NonTargetReason,
    target::{CompleteBefore, Targets, change},
};
use crate::ids::Name;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The response at one visit, and why.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Visit {
    /// The day of the assessment.
    pub day: NaiveDate,
    /// The day that dates the response: of progression the earliest image, otherwise as the protocol chose.
    pub dated: NaiveDate,
    /// The sum of diameters in millimetres, where every target was assessed.
    pub sum_mm: Option<f64>,
    /// Its change from baseline in percent.
    pub change_from_baseline_pct: Option<f64>,
    /// The smallest sum before this visit, the baseline included, in millimetres.
    pub nadir_mm: Option<f64>,
    /// The change from that nadir in percent; none from a nadir of zero.
    pub change_from_nadir_pct: Option<f64>,
    /// The change from that nadir in millimetres.
    pub change_from_nadir_mm: Option<f64>,
    /// The response of the targets.
    pub target: TargetResponse,
    /// The response of the non-targets.
    pub non_target: NonTargetResponse,
    /// The new lesions that count: unequivocal, at this visit or since.
    pub new_lesions: Vec<Name>,
    /// The response.
    pub overall: Response,
    /// Why, in words.
    pub because: Reason,
    /// What someone should look at: lesions unknown at baseline, a field that changed, a lesion in doubt.
    pub queries: Vec<String>,
}

/// The response at each visit, in the order of their days, of the lesions in the field asked for.
///
/// All visits known must be given: a new lesion in doubt that is confirmed later counts from its first sight.
pub fn evaluate<S: Seen>(baseline: &S, visits: &[S], field: Field, rules: &ResponseRules) -> Vec<Visit> {
    let mut ordered: Vec<&S> = visits.iter().collect();
    ordered.sort_by_key(|visit| visit.day());
    let confirmed = first_seen(&ordered, field);
    let mut targets = Targets::at_baseline(baseline, field);
    let mut complete = CompleteBefore::No;
    let mut evaluated = Vec::with_capacity(ordered.len());
    for (index, assessment) in ordered.into_iter().enumerate() {
        let nadir = targets.nadir;
        let of_targets = targets.visit(assessment, complete, rules);
        let (non_target, of_non_targets) = non_target(baseline, assessment, field);
        let new_lesions: Vec<Name> =
            confirmed.iter().filter(|(_, seen)| **seen <= index).map(|(name, _)| (*name).clone()).collect();
        let response = if new_lesions.is_empty() { overall(of_targets.response, non_target) } else { Response::PD };
        let dated =
            dated(image_days(&targets, baseline, assessment, field, &new_lesions), response, rules.response_date);
        evaluated.push(Visit {
            day: assessment.day(),
            dated: dated.unwrap_or(assessment.day()),
            sum_mm: of_targets.sum.map(millimetres),
            change_from_baseline_pct: of_targets.sum.zip(targets.baseline).and_then(|(sum, of)| change(sum, of)),
            nadir_mm: nadir.map(millimetres),
            change_from_nadir_pct: of_targets.sum.zip(nadir).and_then(|(sum, of)| change(sum, of)),
            change_from_nadir_mm: of_targets.sum.zip(nadir).map(|(sum, of)| millimetres(sum - of)),
            target: of_targets.response,
            non_target,
            because: Reason {
                target: of_targets.response,
                of_targets: of_targets.because,
                non_target,
                of_non_targets,
                new_lesions: new_lesions.clone(),
            },
            new_lesions,
            overall: response,
            queries: queries(baseline, assessment, &confirmed),
        });
        if response == Response::CR {
            complete = CompleteBefore::Yes;
        }
    }
    evaluated
}

fn millimetres(um: i64) -> f64 {
    um as f64 / 1000.0
}

/// The new lesions that are unequivocal at any visit, each with the visit at which it was first seen.
fn first_seen<'a>(ordered: &[&'a impl Seen], field: Field) -> BTreeMap<&'a Name, usize> {
    let seen = |lesion: &&NewLesion| field.holds(lesion.in_field);
    let sure = |lesion: &&NewLesion| seen(lesion) && lesion.certainty == Certainty::Unequivocal;
    let all =
        || ordered.iter().enumerate().flat_map(|(at, visit)| visit.new_lesions().iter().map(move |new| (at, new)));
    let unequivocal = all().filter(|(_, new)| sure(new)).map(|(_, new)| &new.lesion);
    unequivocal
        .filter_map(|name| {
            let first = all().find(|(_, new)| &new.lesion == name && seen(new));
            first.map(|(at, _)| (name, at))
        })
        .collect()
}

/// The response of the non-targets of the field. The tumour marker belongs to them (RECIST 1.1, 4.3.3): raised at
/// baseline, it must be normal in a complete response. It has no place, so it says nothing of the field.
fn non_target(baseline: &impl Seen, visit: &impl Seen, field: Field) -> (NonTargetResponse, NonTargetReason) {
    let followed = || baseline.non_targets().iter().filter(|lesion| field.holds(lesion.in_field));
    let with =
        |status| followed().map(|known| &known.lesion).find(|lesion| status_at(visit, lesion) == status).cloned();
    let raised = field == Field::Overall && baseline.marker() == Some(Marker::AboveNormal);
    if let Some(lesion) = with(NonTargetStatus::ProgressedUnequivocally) {
        (NonTargetResponse::PD, NonTargetReason::Progressed(lesion))
    } else if let Some(lesion) = with(NonTargetStatus::NotAssessed) {
        (NonTargetResponse::NE, NonTargetReason::NotAssessed(lesion))
    } else if let Some(lesion) = with(NonTargetStatus::Present) {
        (NonTargetResponse::NonCrNonPd, NonTargetReason::Persists(lesion))
    } else {
        match visit.marker() {
            Some(Marker::AboveNormal) if raised => (NonTargetResponse::NonCrNonPd, NonTargetReason::MarkerAboveNormal),
            None if raised => (NonTargetResponse::NE, NonTargetReason::MarkerNotMeasured),
            Some(Marker::Normal | Marker::AboveNormal) | None if followed().next().is_none() => {
                (NonTargetResponse::NotApplicable, NonTargetReason::NoneAtBaseline)
            }
            Some(Marker::Normal | Marker::AboveNormal) | None => (NonTargetResponse::CR, NonTargetReason::AllGone),
        }
    }
}

/// What a visit says of a non-target; nothing said is not assessed.
fn status_at(visit: &impl Seen, lesion: &Name) -> NonTargetStatus {
    let entry = visit.non_targets().iter().find(|entry| &entry.lesion == lesion);
    entry.map_or(NonTargetStatus::NotAssessed, |entry| entry.status)
}

/// The days of the images on which a visit rests.
fn image_days(
    targets: &Targets,
    baseline: &impl Seen,
    visit: &impl Seen,
    field: Field,
    new_lesions: &[Name],
) -> impl Iterator<Item = NaiveDate> {
    let assessed = visit.targets().iter().filter(|entry| entry.state != TargetState::NotAssessed);
    let of_targets = assessed.filter(|entry| targets.find(entry).is_some()).map(|entry| entry.imaged);
    let followed = move |entry: &&NonTargetLesion| {
        let known = baseline.non_targets().iter().find(|known| known.lesion == entry.lesion);
        entry.status != NonTargetStatus::NotAssessed && known.is_some_and(|known| field.holds(known.in_field))
    };
    let of_non_targets = visit.non_targets().iter().filter(followed).map(|entry| entry.imaged);
    let counted = visit.new_lesions().iter().filter(|entry| new_lesions.contains(&entry.lesion));
    let (day, images) = (visit.day(), of_targets.chain(of_non_targets).chain(counted.map(|entry| entry.imaged)));
    images.map(move |imaged| imaged.unwrap_or(day))
}

fn dated(days: impl Iterator<Item = NaiveDate>, response: Response, rule: ResponseDate) -> Option<NaiveDate> {
    let rule = if response == Response::PD { ResponseDate::Earliest } else { rule };
    match rule {
        ResponseDate::Earliest => days.min(),
        ResponseDate::Latest => days.max(),
    }
}

fn queries(baseline: &impl Seen, visit: &impl Seen, confirmed: &BTreeMap<&Name, usize>) -> Vec<String> {
    let mut queries = Vec::new();
    let everything = Targets::at_baseline(baseline, Field::Overall);
    for entry in visit.targets() {
        match everything.find(entry) {
            None => queries.push(format!("{} was not a target at baseline: not counted", entry.lesion)),
            Some(known) if known.in_field != entry.in_field => {
                queries.push(format!("{}: the field differs from the baseline, which counts", entry.lesion));
            }
            Some(_) => {}
        }
    }
    for entry in visit.non_targets() {
        match baseline.non_targets().iter().find(|known| known.lesion == entry.lesion) {
            None => queries.push(format!("{} was not a non-target at baseline: not counted", entry.lesion)),
            Some(known) if known.in_field != entry.in_field => {
                queries.push(format!("{}: the field differs from the baseline, which counts", entry.lesion));
            }
            Some(_) => {}
        }
    }
    let doubtful = visit.new_lesions().iter().filter(|new| new.certainty == Certainty::Equivocal);
    let open = doubtful.filter(|new| !confirmed.contains_key(&new.lesion));
    queries.extend(open.map(|new| format!("new lesion {} is equivocal: follow it", new.lesion)));
    queries
}
