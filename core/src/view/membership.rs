//! Membership: whether one subject belongs to an analysis set, why, and on which entries that rests.

use super::{
    analysis_sets::{AnalysisSet, Membership, SetReason, Standing},
    observation::{self, Observation, Status},
    response::ResponseTable,
};
use crate::{
    dlt::Outcome,
    event::Withdrawal,
    ids::{Seq, SubjectId},
    projection::{Subject, Trial},
    protocol::Protocol,
    recist::is_measurable,
};
use chrono::{NaiveDate, TimeDelta};

/// A judgement before it is put down for a set.
type Judged = (Standing, SetReason, String, Vec<Seq>);

/// A subject with everything that decides on its sets.
pub(super) struct Candidate<'a> {
    pub trial: &'a Trial,
    pub protocol: &'a Protocol,
    pub id: &'a SubjectId,
    pub subject: &'a Subject,
    /// What is known of dose-limiting toxicity, once enrolled.
    pub observed: Option<&'a Observation>,
    pub response: &'a ResponseTable,
    /// The day of reading.
    pub day: NaiveDate,
}

impl Candidate<'_> {
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
                let first = self.subject.consents.first();
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
        if let Some((seq, (day, from))) = self.subject.withdrawals.iter().find(|(_, (_, from))| ends(from)) {
            return Some((Standing::Out, SetReason::Withdrawn, format!("withdrew from {from} on {day}"), vec![seq]));
        }
        let (seq, death) = self.trial.follow_up.of(self.id)?.death()?;
        Some((Standing::Out, SetReason::Died, format!("died on {}", death.day), vec![seq]))
    }

    fn enrolled(&self) -> Judged {
        if let Some((seq, enrolment)) = self.subject.enrolments.first() {
            let because = format!("enrolled at level {} on {}", enrolment.level, enrolment.day);
            return (Standing::In, SetReason::Fulfilled, because, vec![seq]);
        }
        if let Some((seq, day)) = self.subject.screen_failures.first() {
            let because = format!("failed screening on {day}");
            return (Standing::Out, SetReason::ScreenFailed, because, vec![seq]);
        }
        self.ended().unwrap_or_else(|| {
            let consent = self.subject.consents.first().map(|(seq, _)| seq);
            (
                Standing::Open,
                SetReason::InScreening,
                "neither enrolled nor failed".into(),
                consent.into_iter().collect(),
            )
        })
    }

    fn treated(&self) -> Judged {
        if let Some((seq, first)) = self.trial.first_treatment_entry(self.id) {
            return (Standing::In, SetReason::Fulfilled, format!("treated from {first}"), vec![seq]);
        }
        self.ended().unwrap_or_else(|| {
            let enrolment = self.subject.enrolments.first().map(|(seq, _)| seq);
            let because = "no dose and no fraction is recorded".into();
            (Standing::Open, SetReason::TreatmentAwaited, because, enrolment.into_iter().collect())
        })
    }

    fn dlt_evaluable(&self) -> Judged {
        let Some(observed) = self.observed else {
            return (Standing::Open, SetReason::RulingAwaited, "not observed".into(), Vec::new());
        };
        let rulings = || self.subject.rulings.last().map(|(seq, _)| seq).into_iter();
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
        let first = self.trial.first_treatment_entry(self.id);
        let last = self.trial.last_treatment_entry(self.id);
        first.into_iter().chain(last).map(|(seq, _)| seq).collect()
    }

    fn response_evaluable(&self) -> Judged {
        let Some(measured) = self.response.of(self.id) else {
            let because = "no tumour assessment up to the first treatment".into();
            return (Standing::Out, SetReason::NoBaseline, because, Vec::new());
        };
        let visits = || self.trial.response.of(self.id).into_iter().flat_map(|visits| visits.iter());
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
        let first = self.trial.first_treatment(self.id);
        let away = |day: NaiveDate| first.map(|first| ((day - first).num_days() - i64::from(plan.target_day)).abs());
        let counts = |day: NaiveDate| day == baseline || away(day).is_some_and(|days| days <= window);
        let visits = self.trial.response.of(self.id).into_iter().flat_map(|visits| visits.iter());
        visits.filter(|(_, v)| counts(v.occurred_at.day())).map(|(seq, _)| seq).collect()
    }

    /// Progression or death before the window of the time point closed: the subject counts, without a response.
    fn before_time_point(&self, measured: Option<NaiveDate>) -> Option<Judged> {
        let last = self.last_day_of_time_point()?;
        let follow_up = self.trial.follow_up.of(self.id);
        let recorded = follow_up.into_iter().flat_map(|f| f.progressions.iter()).min_by_key(|(_, (day, _))| *day);
        let progressed = measured.into_iter().chain(recorded.map(|(_, (day, _))| *day)).min();
        if let Some(day) = progressed.filter(|day| *day <= last) {
            let because = format!("progressed on {day}, before an assessment at {}", self.protocol.response.label);
            let visits = self.response.of(self.id).map_or_else(Vec::new, |m| m.entries.clone());
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
        self.trial.first_treatment(self.id)?.checked_add_signed(TimeDelta::days(days))
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
        let deviations = self.trial.conduct.deviations.iter();
        let important: Vec<_> =
            deviations.filter(|(_, d)| d.important && d.subject.as_ref() == Some(self.id)).collect();
        if !important.is_empty() {
            let what: Vec<_> = important.iter().map(|(_, d)| d.description.as_str()).collect();
            let because = format!("important deviation: {}", what.join("; "));
            return (
                Standing::Out,
                SetReason::ImportantDeviation,
                because,
                important.iter().map(|(seq, _)| *seq).collect(),
            );
        }
        let shares = observation::received(self.trial, self.protocol, self.id);
        let least = |s: &observation::Received| format!("{:.1} % of the planned {}", s.percent, s.what);
        let short: Vec<_> = shares.iter().filter(|s| s.percent < f64::from(s.minimum)).collect();
        if short.is_empty() {
            let because: Vec<_> = shares.iter().map(least).collect();
            return (
                Standing::In,
                SetReason::Fulfilled,
                format!("received {}", because.join(", ")),
                self.treatment_ends(),
            );
        }
        let last = observation::last_treatment(self.trial, self.protocol, self.id, self.subject, self.day);
        let because: Vec<_> = short.iter().map(|s| format!("{}, at least {} %", least(s), s.minimum)).collect();
        let because = format!("received {}", because.join("; "));
        if last.is_some_and(|last| last >= self.day) {
            return (Standing::Open, SetReason::TreatmentGoesOn, because, self.treatment_ends());
        }
        (Standing::Out, SetReason::TooLittleTreatment, because, self.treatment_ends())
    }
}
