//! Serious adverse events: a line for each, with the 24-hour clock from awareness to the report (EU 536/2014 art. 41).
//!
//! The clock runs on instants in UTC, so that zones and summer time neither add nor take an hour; exactly 24 hours is in
//! time. An event recorded as serious and not yet reported was known at the latest when that was recorded: its clock
//! runs from there. Times known to the day only are judged by days and say so. Does not judge what a report says.

use crate::{
    date::Moment,
    event::{DeathCause, Outcome, Seriousness},
    grade::{DoseLevel, Grade},
    ids::{Name, Seq, SubjectId},
    projection::{AT_ONCE, AdverseEvent, Case, SeriousReport, Trial},
    relation::Relation,
    text::Text,
};
use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
use rayon::{join, prelude::*};
use schemars::JsonSchema;
use serde::Serialize;

/// Hours from awareness to the report, at most.
pub const REPORTING_HOURS: i64 = 24;

/// The line list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Serious {
    /// One line per event, by subject and name.
    pub lines: Vec<SeriousLine>,
    /// Deaths and fatal events that do not match.
    pub flags: Vec<DeathFlag>,
}

/// One serious event.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SeriousLine {
    /// The subject.
    pub subject: SubjectId,
    /// The assigned level, once enrolled.
    pub level: Option<DoseLevel>,
    /// Name of the adverse event.
    pub ae: Name,
    /// Its term.
    pub term: Option<Text>,
    /// Its worst grade.
    pub grade: Option<Grade>,
    /// When it began.
    pub onset: Option<Moment>,
    /// The strongest relation to a component of the treatment, where judged.
    pub relation: Option<Relation>,
    /// The outcome as last reported.
    pub outcome: Option<Outcome>,
    /// Whether it is recorded as serious; a report to the sponsor can come first.
    pub recorded_serious: bool,
    /// Why it is serious, over all reports.
    pub criteria: Vec<Seriousness>,
    /// The first report and its clock; of an event not reported, the clock alone.
    pub clock: Clocked,
    /// Later reports, each with its own clock, chained to the first.
    pub follow_ups: Vec<Clocked>,
    /// The entries that it rests on.
    pub entries: Vec<Seq>,
}

/// A clock from awareness to a report.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Clocked {
    /// The entry of the report; none while not reported.
    pub seq: Option<Seq>,
    /// The entry of the first report, in a later one.
    pub follows: Option<Seq>,
    /// When the investigator became aware, as written; of an event not reported, when it was recorded as serious.
    pub aware_at: Option<Moment>,
    /// When it was reported, as written.
    pub reported_at: Option<Moment>,
    /// The last instant in time.
    pub due: Option<DateTime<Utc>>,
    /// Seconds from awareness to the report, where both are known to the second.
    pub elapsed_seconds: Option<i64>,
    /// How it stands.
    pub status: Timeliness,
    /// Whether it is later than allowed, as far as its times tell.
    pub late: bool,
    /// Why, in words.
    pub because: String,
}

/// How a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Timeliness {
    /// Reported in time.
    Met,
    /// Reported too late.
    Late,
    /// Not reported, and not due yet at the reading.
    Open,
    /// Not reported, and due before the reading.
    Overdue,
    /// Reported; a time is known to the day only, so it is judged by days.
    DateOnly,
}

/// A death and the adverse events of a subject that do not match.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum DeathFlag {
    /// An adverse event of grade 5, or with a fatal outcome, of a subject whose death is not recorded.
    FatalEventWithoutDeath {
        /// The subject.
        subject: SubjectId,
        /// The adverse event.
        ae: Name,
        /// The entries that state it.
        entries: Vec<Seq>,
    },
    /// A death without an adverse event of grade 5 or with a fatal outcome. One from the disease may be as it should.
    DeathWithoutFatalEvent {
        /// The subject.
        subject: SubjectId,
        /// The day.
        day: NaiveDate,
        /// Of what.
        cause: DeathCause,
        /// The entry.
        seq: Seq,
    },
}

impl Serious {
    /// Reads the list as it stands at an instant.
    pub fn read(trial: &Trial, instant: DateTime<Utc>) -> Serious {
        Serious::of_cases(&trial.cases(), instant)
    }

    /// The same of cases that were found already.
    pub(super) fn of_cases(cases: &[Case], instant: DateTime<Utc>) -> Serious {
        let cases = || cases.par_iter().with_min_len(AT_ONCE);
        let of_case = |case| Case::events(case).filter_map(move |(name, ae)| line(case, name, ae, instant));
        let (lines, flags) =
            join(|| cases().flat_map_iter(of_case).collect(), || cases().flat_map_iter(death_flags).collect());
        Serious { lines, flags }
    }
}

fn line(case: &Case, name: &Name, ae: &AdverseEvent, instant: DateTime<Utc>) -> Option<SeriousLine> {
    if !ae.serious() && ae.serious_reports.is_empty() {
        return None;
    }
    let mut reports: Vec<(Seq, &SeriousReport)> = ae.serious_reports.iter().collect();
    reports.sort_by_key(|(seq, report)| (report.reported.day(), report.reported.instant(), *seq));
    let clock = match reports.first() {
        Some((seq, report)) => reported(*seq, None, report),
        None => awaited(ae.recorded_serious.facts().min().copied(), instant),
    };
    let first = reports.first().map(|(seq, _)| *seq);
    let follow_ups = reports.iter().skip(1).map(|(seq, report)| reported(*seq, first, report)).collect();
    let mut criteria: Vec<Seriousness> = reports.iter().flat_map(|(_, r)| r.criteria.iter().copied()).collect();
    criteria.sort_unstable();
    criteria.dedup();
    let mut entries = ae.entries();
    entries.extend(reports.iter().map(|(seq, _)| *seq));
    entries.sort_unstable();
    let report = ae.report().map(|(_, report)| report);
    Some(SeriousLine {
        subject: case.id.clone(),
        level: case.subject.level(),
        ae: name.clone(),
        term: report.map(|r| r.term.clone()),
        grade: ae.worst_grade(),
        onset: report.map(|r| r.onset),
        relation: ae.attribution().and_then(|a| a.values().max().copied()),
        outcome: ae.outcome(),
        recorded_serious: ae.serious(),
        criteria,
        clock,
        follow_ups,
        entries,
    })
}

fn reported(seq: Seq, follows: Option<Seq>, report: &SeriousReport) -> Clocked {
    let clocked = Clocked {
        seq: Some(seq),
        follows,
        aware_at: Some(report.aware),
        reported_at: Some(report.reported),
        due: report.aware.instant().and_then(due),
        elapsed_seconds: None,
        status: Timeliness::DateOnly,
        late: false,
        because: String::new(),
    };
    let (Some(aware), Some(at)) = (report.aware.instant(), report.reported.instant()) else {
        let days = (report.reported.day() - report.aware.day()).num_days();
        let because = format!("a time is known to the day only: reported {days} days after awareness");
        return Clocked { late: days > 1, because, ..clocked };
    };
    let elapsed = at - aware;
    let late = elapsed > TimeDelta::hours(REPORTING_HOURS);
    Clocked {
        elapsed_seconds: Some(elapsed.num_seconds()),
        status: if late { Timeliness::Late } else { Timeliness::Met },
        late,
        because: format!("reported {} after awareness, allowed {REPORTING_HOURS} hours", hours(elapsed)),
        ..clocked
    }
}

/// The clock of an event that is not reported: it was known when it was recorded as serious, if not before.
fn awaited(recorded: Option<DateTime<Utc>>, instant: DateTime<Utc>) -> Clocked {
    let due = recorded.and_then(due);
    let late = due.is_some_and(|due| instant > due);
    let told = due.map_or_else(String::new, |due| {
        format!(", due by {} from when it was recorded as serious", due.to_rfc3339_opts(SecondsFormat::Secs, true))
    });
    Clocked {
        seq: None,
        follows: None,
        aware_at: recorded.map(|recorded| Moment::Instant(recorded.fixed_offset())),
        reported_at: None,
        due,
        elapsed_seconds: None,
        status: if late { Timeliness::Overdue } else { Timeliness::Open },
        late,
        because: format!("not reported to the sponsor{told}"),
    }
}

fn due(aware: DateTime<Utc>) -> Option<DateTime<Utc>> {
    aware.checked_add_signed(TimeDelta::hours(REPORTING_HOURS))
}

/// Hours, minutes and seconds: `25:00:01`.
fn hours(elapsed: TimeDelta) -> String {
    let seconds = elapsed.num_seconds();
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn is_fatal(ae: &AdverseEvent) -> bool {
    ae.worst_grade().is_some_and(|grade| grade.get() == 5) || ae.outcome() == Some(Outcome::Fatal)
}

fn death_flags(case: &Case) -> Vec<DeathFlag> {
    let (id, fatal) = (case.id, || case.events().filter(|(_, ae)| is_fatal(ae)));
    match case.follow_up.and_then(|f| f.death()) {
        None => fatal()
            .map(|(ae, found)| DeathFlag::FatalEventWithoutDeath {
                subject: id.clone(),
                ae: ae.clone(),
                entries: found.entries(),
            })
            .collect(),
        Some(_) if fatal().next().is_some() => Vec::new(),
        Some((seq, death)) => {
            vec![DeathFlag::DeathWithoutFatalEvent { subject: id.clone(), day: death.day, cause: death.cause, seq }]
        }
    }
}
