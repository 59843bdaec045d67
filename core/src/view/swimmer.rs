//! Swimmer: for each treated subject the time from the first treatment to the last day known, and what happened on it.

use super::{
    chart::{self, Chart},
    ending, observation,
    response::ResponseTable,
};
use crate::{
    dlt::Outcome,
    event::{DosingChange, Withdrawal},
    grade::DoseLevel,
    ids::{Seq, SubjectId},
    projection::{Treated, Trial},
    recist::Response,
};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use std::fmt;

/// The lanes of a swimmer plot.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Swimmer {
    /// A lane for each treated subject, the longest first.
    pub lanes: Vec<Lane>,
    /// Enrolled subjects who were not treated.
    pub not_treated: Vec<SubjectId>,
}

/// One subject's lane.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Lane {
    /// The subject.
    pub subject: SubjectId,
    /// The assigned level.
    pub level: DoseLevel,
    /// The first day of treatment: day 0.
    pub first_treatment: NaiveDate,
    /// Day of the last treatment recorded.
    pub treated_days: i64,
    /// The last day known.
    pub days: i64,
    /// Its date.
    pub until: NaiveDate,
    /// Why it is the last.
    pub because: String,
    /// What becomes of the subject after it.
    pub standing: Standing,
    /// What happened, in order.
    pub marks: Vec<Mark>,
}

/// What becomes of a subject after the last day known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Alive when last seen, and followed on.
    Followed,
    /// Withdrew from follow-up or from the trial.
    Withdrawn,
    /// Died.
    Died,
}

/// Something that happened on a day.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Mark {
    /// Days from the first treatment.
    pub day: i64,
    /// Its date.
    pub date: NaiveDate,
    /// What.
    pub what: Happening,
    /// The same in words.
    pub words: String,
    /// The entries that it rests on.
    pub entries: Vec<Seq>,
}

/// What a mark stands for. Written as its word: `PR`, `progression`, `interrupted`, `dlt`, `death`, `withdrawn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Happening {
    /// The response at an assessment.
    Assessed(Response),
    /// The first progression, measured or recorded.
    Progression,
    /// A change of dosing.
    Dosing(DosingChange),
    /// The onset of a dose-limiting toxicity.
    Dlt,
    /// A withdrawal.
    Withdrawn,
    /// Death.
    Death,
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Happening::Assessed(response) => write!(f, "{response}"),
            Happening::Progression => f.write_str("progression"),
            Happening::Dosing(change) => write!(f, "{change}"),
            Happening::Dlt => f.write_str("dlt"),
            Happening::Withdrawn => f.write_str("withdrawn"),
            Happening::Death => f.write_str("death"),
        }
    }
}

impl Serialize for Happening {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

crate::words::written!(Happening: "A response, or a word for what happened.");

impl Swimmer {
    /// Reads the lanes on a day.
    pub fn read(trial: &Trial, day: NaiveDate, response: &ResponseTable) -> Swimmer {
        let cases = trial.cases();
        let observations = observation::of_cases(trial, &cases, day);
        let (mut lanes, mut not_treated) = (Vec::new(), Vec::new());
        for chart in chart::charts(&cases, &observations, response) {
            let Some(enrolment) = chart.case.enrolment() else { continue };
            match chart.case.treated {
                Some(treated) => {
                    let told = Told { chart, first: treated.first.0 };
                    lanes.push(told.lane(enrolment.level, treated));
                }
                None => not_treated.push(chart.case.id.clone()),
            }
        }
        lanes.sort_by(|a, b| b.days.cmp(&a.days).then_with(|| a.subject.cmp(&b.subject)));
        Swimmer { lanes, not_treated }
    }
}

/// Everything that is told of one treated subject.
struct Told<'a> {
    chart: Chart<'a>,
    first: NaiveDate,
}

impl Told<'_> {
    fn lane(&self, level: DoseLevel, treated: Treated) -> Lane {
        let end = ending::followed(&self.chart.case, self.first);
        let left = |from: &Withdrawal| match from {
            Withdrawal::FollowUp | Withdrawal::Consent => true,
            Withdrawal::Treatment => false,
        };
        let withdrawn = self.chart.case.subject.withdrawals.facts().any(|(_, from)| left(from));
        let standing = match (end.event, withdrawn) {
            (true, _) => Standing::Died,
            (false, true) => Standing::Withdrawn,
            (false, false) => Standing::Followed,
        };
        Lane {
            subject: self.chart.case.id.clone(),
            level,
            first_treatment: self.first,
            treated_days: self.day(treated.last.0),
            days: self.day(end.day).max(0),
            until: end.day,
            because: end.because,
            standing,
            marks: self.marks(),
        }
    }

    fn day(&self, date: NaiveDate) -> i64 {
        (date - self.first).num_days()
    }

    fn mark(&self, date: NaiveDate, what: Happening, words: String, entries: Vec<Seq>) -> Mark {
        Mark { day: self.day(date), date, what, words, entries }
    }

    fn marks(&self) -> Vec<Mark> {
        let mut marks: Vec<Mark> = self.assessments();
        marks.extend(self.progression());
        marks.extend(self.dosing());
        marks.extend(self.dlts());
        let withdrawals = self.chart.case.subject.withdrawals.iter();
        marks.extend(withdrawals.map(|(seq, (date, from))| {
            self.mark(*date, Happening::Withdrawn, format!("withdrew from {from}").replace('_', "-"), vec![seq])
        }));
        let death = self.chart.case.follow_up.and_then(|f| f.death());
        marks.extend(
            death.map(|(seq, death)| {
                self.mark(death.day, Happening::Death, format!("died ({})", death.cause), vec![seq])
            }),
        );
        marks.sort_by_key(|mark| (mark.date, mark.what));
        marks
    }

    /// The entries of the assessments of a day.
    fn assessed_on(&self, date: NaiveDate) -> Vec<Seq> {
        let visits = self.chart.case.visits.into_iter().flat_map(|visits| visits.iter());
        visits.filter(|(_, visit)| visit.occurred_at.day() == date).map(|(seq, _)| seq).collect()
    }

    fn assessments(&self) -> Vec<Mark> {
        let visits = self.chart.measured.into_iter().flat_map(|measured| &measured.visits);
        let mark = |visit: &crate::recist::Visit| {
            let change = visit.change_from_baseline_pct.map_or_else(String::new, |pct| format!(", {pct:+.1} %"));
            let words = format!("{} at the assessment{change}", visit.overall);
            self.mark(visit.day, Happening::Assessed(visit.overall), words, self.assessed_on(visit.day))
        };
        visits.map(mark).collect()
    }

    /// The first progression; on one day the measured one comes before the recorded one.
    fn progression(&self) -> Option<Mark> {
        let measured = self.chart.measured.and_then(|measured| measured.progression);
        let measured =
            measured.map(|day| (day, "progression by the lesions measured".to_owned(), self.assessed_on(day)));
        let recorded = self.chart.case.follow_up.into_iter().flat_map(|f| f.progressions.iter());
        let recorded = recorded.map(|(seq, (day, basis))| (*day, format!("progression recorded ({basis})"), vec![seq]));
        let (day, words, entries) = measured.into_iter().chain(recorded).min_by_key(|(day, ..)| *day)?;
        Some(self.mark(day, Happening::Progression, words, entries))
    }

    fn dosing(&self) -> impl Iterator<Item = Mark> {
        self.chart.case.agents().flat_map(move |(agent, exposure)| {
            exposure.changes.iter().map(move |(seq, dosing)| {
                let cause = dosing.cause.to_string().replace('_', " ");
                let words = format!("{agent} {} ({cause})", dosing.change);
                self.mark(dosing.day, Happening::Dosing(dosing.change), words, vec![seq])
            })
        })
    }

    fn dlts(&self) -> impl Iterator<Item = Mark> {
        let judged = self.chart.observed.into_iter().flat_map(|observed| &observed.judged);
        judged.filter(|judged| judged.outcome() == Outcome::Dlt).map(|judged| {
            let words = format!("DLT: {}, grade {}", judged.term, judged.grade);
            self.mark(judged.onset, Happening::Dlt, words, judged.entries.clone())
        })
    }
}
