//! Membership: whether one subject belongs to an analysis set, why, and on which entries that rests.

use super::{
    analysis_sets::{AnalysisSet, Membership, SetReason, Standing},
    chart::Chart,
    observation::{self, Received, Status},
};
use crate::{
    dlt::Outcome,
    event::Withdrawal,
    ids::Seq,
    projection::{Case, RecordedDeviation, Subject, Treated},
    protocol::Protocol,
    recist::is_measurable,
};
use chrono::{NaiveDate, TimeDelta};
use std::fmt::Write as _;

/// A judgement before it is put down for a set.
type Judged = (Standing, SetReason, String, Vec<Seq>);

/// A subject with everything that decides on its sets.
pub(super) struct Candidate<'a> {
    pub protocol: &'a Protocol,
    pub chart: &'a Chart<'a>,
    /// The important deviations that people recorded of the subject.
    pub departures: &'a [(Seq, &'a RecordedDeviation)],
    /// The day of reading.
    pub day: NaiveDate,
}

impl<'a> Candidate<'a> {
    fn case(&self) -> &'a Case<'a> {
        &self.chart.case
    }

    fn subject(&self) -> &'a Subject {
        self.case().subject
    }

    /// The sets drawn from those that the subject is in, each with its reason.
    pub fn sets(&self) -> Vec<Membership> {
        let mut sets: Vec<Membership> = Vec::new();
        for set in AnalysisSet::ALL.iter().copied() {
            let belongs = |from| sets.iter().any(|m| m.set == from && m.standing == Standing::In);
            if set.drawn_from().is_none_or(belongs) {
                let (standing, reason, because, entries) = self.judge(set);
                sets.push(Membership { set, standing, reason, because, entries });
            }
        }
        sets
    }

    fn judge(&self, set: AnalysisSet) -> Judged {
        match set {
            AnalysisSet::Consented => {
                let first = self.subject().consents.first();
                let day = first.map_or_else(String::new, |(_, consent)| format!("consented on {}", consent.day));
                (Standing::In, SetReason::Fulfilled, day, first.map(|(seq, _)| seq).into_iter().collect())
            }
            AnalysisSet::Enrolled => self.enrolled(),
            AnalysisSet::Treated => self.treated(),
            AnalysisSet::DltEvaluable => self.dlt_evaluable(),
            AnalysisSet::ResponseEvaluable => self.response_evaluable(),
            AnalysisSet::PerProtocol => self.per_protocol(),
        }
    }

    /// What ended the subject's part before the next step, if anything did.
    fn ended(&self) -> Option<Judged> {
        let ends = |from: &Withdrawal| matches!(from, Withdrawal::Treatment | Withdrawal::Consent);
        if let Some((seq, (day, from))) = self.subject().withdrawals.iter().find(|(_, (_, from))| ends(from)) {
            return Some((Standing::Out, SetReason::Withdrawn, format!("withdrew from {from} on {day}"), vec![seq]));
        }
        let (seq, death) = self.case().follow_up?.death()?;
        Some((Standing::Out, SetReason::Died, format!("died on {}", death.day), vec![seq]))
    }

    fn enrolled(&self) -> Judged {
        if let Some((seq, enrolment)) = self.subject().enrolments.first() {
            let because = format!("enrolled at level {} on {}", enrolment.level, enrolment.day);
            return (Standing::In, SetReason::Fulfilled, because, vec![seq]);
        }
        if let Some((seq, day)) = self.subject().screen_failures.first() {
            let because = format!("failed screening on {day}");
            return (Standing::Out, SetReason::ScreenFailed, because, vec![seq]);
        }
        self.ended().unwrap_or_else(|| {
            let consent = self.subject().consents.first().map(|(seq, _)| seq);
            (
                Standing::Open,
                SetReason::InScreening,
                "neither enrolled nor failed".into(),
                consent.into_iter().collect(),
            )
        })
    }

    fn treated(&self) -> Judged {
        if let Some(Treated { first: (first, seq), .. }) = self.case().treated {
            return (Standing::In, SetReason::Fulfilled, format!("treated from {first}"), vec![seq]);
        }
        self.ended().unwrap_or_else(|| {
            let enrolment = self.subject().enrolments.first().map(|(seq, _)| seq);
            let because = "no dose and no fraction is recorded".into();
            (Standing::Open, SetReason::TreatmentAwaited, because, enrolment.into_iter().collect())
        })
    }

    fn dlt_evaluable(&self) -> Judged {
        let Some(observed) = self.chart.observed else {
            return (Standing::Open, SetReason::RulingAwaited, "not observed".into(), Vec::new());
        };
        let rulings = || self.subject().rulings.last().map(|(seq, _)| seq).into_iter();
        let closes = observed.closes.map_or_else(String::new, |day| format!(" on {day}"));
        match observed.status {
            Status::Dlt => {
                let counts = observed.judged.iter().filter(|j| j.outcome() == Outcome::Dlt);
                let (names, entries): (Vec<_>, Vec<_>) =
                    counts.map(|j| (format!("{} {} grade {}", j.ae, j.term, j.grade), j.entries.clone())).unzip();
                let because = format!("dose-limiting toxicity: {}", names.join("; "));
                (Standing::In, SetReason::Dlt, because, entries.concat())
            }
            Status::Clear => {
                let because = format!("observed without dose-limiting toxicity: the window closed{closes}");
                (
                    Standing::In,
                    SetReason::Fulfilled,
                    because,
                    self.treatment_ends().into_iter().chain(rulings()).collect(),
                )
            }
            Status::Replaced => (Standing::Out, SetReason::RuledOut, "ruled not evaluable".into(), rulings().collect()),
            Status::Pending if observed.closes.is_some_and(|last| self.day <= last) && observed.blockers.is_empty() => {
                (Standing::Open, SetReason::WindowOpen, format!("the window closes{closes}"), self.treatment_ends())
            }
            Status::Pending => {
                let entries = observed.judged.iter().flat_map(|j| j.entries.iter().copied()).collect();
                (Standing::Open, SetReason::RulingAwaited, observed.blockers.join("; "), entries)
            }
        }
    }

    fn treatment_ends(&self) -> Vec<Seq> {
        self.case().treated.map_or_else(Vec::new, |treated| vec![treated.first.1, treated.last.1])
    }

    fn response_evaluable(&self) -> Judged {
        let Some(measured) = self.chart.measured else {
            let because = "no tumour assessment up to the first treatment".into();
            return (Standing::Out, SetReason::NoBaseline, because, Vec::new());
        };
        let visits = || self.case().visits.into_iter().flat_map(|visits| visits.iter());
        let baseline: Vec<Seq> =
            visits().filter(|(_, v)| v.occurred_at.day() == measured.baseline).map(|(seq, _)| seq).collect();
        let mut targets =
            visits().filter(|(_, v)| v.occurred_at.day() == measured.baseline).flat_map(|(_, v)| &v.targets);
        if !targets.any(is_measurable) {
            let because = format!("no measurable target at baseline on {}", measured.baseline);
            return (Standing::Out, SetReason::NotMeasurable, because, baseline);
        }
        let plan = &self.protocol.response;
        if measured.at_time_point.is_some() {
            let because = format!("measurable at baseline and assessed at {}", plan.label);
            return (Standing::In, SetReason::Fulfilled, because, self.assessments(measured.baseline));
        }
        self.before_time_point(measured.progression).unwrap_or_else(|| self.not_assessed(baseline))
    }

    /// The entries of the baseline and of the assessments in the window of the time point.
    fn assessments(&self, baseline: NaiveDate) -> Vec<Seq> {
        let plan = &self.protocol.response;
        let window = i64::from(plan.window_days);
        let first = self.case().first_treatment();
        let away = |day: NaiveDate| first.map(|first| ((day - first).num_days() - i64::from(plan.target_day)).abs());
        let counts = |day: NaiveDate| day == baseline || away(day).is_some_and(|days| days <= window);
        let visits = self.case().visits.into_iter().flat_map(|visits| visits.iter());
        visits.filter(|(_, v)| counts(v.occurred_at.day())).map(|(seq, _)| seq).collect()
    }

    /// Progression or death before the window of the time point closed: the subject counts, without a response.
    fn before_time_point(&self, measured: Option<NaiveDate>) -> Option<Judged> {
        let last = self.last_day_of_time_point()?;
        let follow_up = self.case().follow_up;
        let recorded = follow_up.into_iter().flat_map(|f| f.progressions.iter()).min_by_key(|(_, (day, _))| *day);
        let progressed = measured.into_iter().chain(recorded.map(|(_, (day, _))| *day)).min();
        if let Some(day) = progressed.filter(|day| *day <= last) {
            let because = format!("progressed on {day}, before an assessment at {}", self.protocol.response.label);
            let visits = self.chart.measured.map_or_else(Vec::new, |m| m.entries.clone());
            let entries = visits.into_iter().chain(recorded.map(|(seq, _)| seq)).collect();
            return Some((Standing::In, SetReason::ProgressedEarlier, because, entries));
        }
        let (seq, death) = follow_up?.death().filter(|(_, death)| death.day <= last)?;
        let because = format!("died on {}, before an assessment at {}", death.day, self.protocol.response.label);
        Some((Standing::In, SetReason::DiedEarlier, because, vec![seq]))
    }

    fn last_day_of_time_point(&self) -> Option<NaiveDate> {
        let plan = &self.protocol.response;
        let days = i64::from(plan.target_day) + i64::from(plan.window_days);
        self.case().first_treatment()?.checked_add_signed(TimeDelta::days(days))
    }

    fn not_assessed(&self, baseline: Vec<Seq>) -> Judged {
        let label = &self.protocol.response.label;
        match self.last_day_of_time_point() {
            Some(last) if self.day <= last => {
                let because = format!("the assessment at {label} is due by {last}");
                (Standing::Open, SetReason::AssessmentAwaited, because, baseline)
            }
            Some(_) | None => (Standing::Out, SetReason::NotAssessed, format!("no assessment at {label}"), baseline),
        }
    }

    fn per_protocol(&self) -> Judged {
        if !self.departures.is_empty() {
            let what: Vec<_> = self.departures.iter().map(|(_, d)| d.description.as_str()).collect();
            let because = format!("important deviation: {}", what.join("; "));
            return (
                Standing::Out,
                SetReason::ImportantDeviation,
                because,
                self.departures.iter().map(|(seq, _)| *seq).collect(),
            );
        }
        let shares = observation::received(self.protocol, self.case());
        if !shares.clone().any(|share| share.is_short()) {
            let mut because = String::from("received ");
            for (place, share) in shares.enumerate() {
                let between = if place == 0 { "" } else { ", " };
                let _ = write!(because, "{between}{share}");
            }
            return (Standing::In, SetReason::Fulfilled, because, self.treatment_ends());
        }
        let short = shares.filter(Received::is_short);
        let because: Vec<_> = short.map(|s| format!("{s}, at least {} %", s.minimum)).collect();
        let because = format!("received {}", because.join("; "));
        let last = observation::last_treatment(self.protocol, self.case(), self.day);
        if last.is_some_and(|last| last >= self.day) {
            return (Standing::Open, SetReason::TreatmentGoesOn, because, self.treatment_ends());
        }
        (Standing::Out, SetReason::TooLittleTreatment, because, self.treatment_ends())
    }
}
