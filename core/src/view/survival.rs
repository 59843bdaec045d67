//! Survival: time-to-event endpoints as the protocol defines them, in integer days from the first treatment.
//!
//! Endpoints with progression are censored where an event cannot be dated (FDA 2018, clinical trial endpoints for cancer
//! drugs, appendix C): see [`super::ending`]. New anticancer therapy censors nothing: it is not recorded in this log.

use super::{
    ending::{self, Ending},
    grouping,
    response::ResponseTable,
};
use crate::{
    ids::{Name, SubjectId},
    projection::Trial,
    protocol::{self, Protocol, SurvivalEndpoint},
    statistics::{
        follow_up::FollowUp,
        logrank::{GroupEvents, LogRank},
        survival::{ConfidenceInterval, KaplanMeier, MedianRule, Observation, Outcome},
    },
    words::words,
};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// All endpoints.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Survival {
    /// Endpoints by name (`os`, `pfs`).
    #[serde(flatten)]
    #[schemars(with = "BTreeMap<String, Endpoint>")]
    pub endpoints: BTreeMap<Name, Endpoint>,
    /// Median follow-up, by three definitions.
    pub follow_up: Followed,
    /// Comparisons between groups.
    pub log_rank: Vec<Comparison>,
}

/// Median follow-up.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Followed {
    /// By three definitions; a median at exactly one half by the midpoint rule of R and SAS.
    #[serde(flatten)]
    pub medians: FollowUp,
    /// The reverse Kaplan-Meier median by the rule of SPSS: the smallest time.
    pub reverse_km_median_days_smallest: Option<f64>,
}

impl Followed {
    fn new(observations: &[Observation]) -> Followed {
        Followed {
            medians: FollowUp::new(observations, MedianRule::Midpoint),
            reverse_km_median_days_smallest: KaplanMeier::reverse(observations).median(MedianRule::Smallest),
        }
    }
}

/// One endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Endpoint {
    /// How it is printed.
    pub label: String,
    /// Treated subjects.
    pub n: u64,
    /// Events.
    pub events: u64,
    /// Median in days; none if not reached.
    pub median_days: Option<f64>,
    /// Its confidence interval (Brookmeyer-Crowley on the log band); none where not reached.
    pub median_ci95: (Option<f64>, Option<f64>),
    /// The times by which a quarter, a half and three quarters had the event, by the same estimator.
    pub quartiles: Vec<Quantile>,
    /// Survival at the protocol's landmarks.
    pub at: Vec<Landmark>,
    /// The curve.
    pub curve: Vec<Point>,
    /// The observations that it rests on.
    pub observations: Vec<SubjectTime>,
}

/// The time by which a share of the subjects had the event.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Quantile {
    /// The share.
    pub share: f64,
    /// Days; none if not reached.
    pub days: Option<f64>,
    /// Its confidence interval (Brookmeyer-Crowley on the log band); none where not reached.
    pub ci95: (Option<f64>, Option<f64>),
}

/// Survival at a landmark.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Landmark {
    /// Days from the first treatment.
    pub days: i64,
    /// The estimate.
    pub survival: f64,
    /// Log interval at 95 %.
    pub ci95: Option<(f64, f64)>,
    /// Subjects at risk just before.
    pub at_risk: u64,
}

/// One step of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Point {
    /// Days from the first treatment.
    pub days: i64,
    /// The estimate after this day.
    pub survival: f64,
    /// Log interval at 95 %.
    pub ci95: Option<(f64, f64)>,
    /// Subjects at risk just before.
    pub at_risk: u64,
    /// Events on this day.
    pub events: u64,
    /// Censored on this day.
    pub censored: u64,
}

/// One subject's time.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SubjectTime {
    /// The subject.
    pub subject: SubjectId,
    /// Days from the first treatment.
    pub days: i64,
    /// Whether the event happened.
    pub event: bool,
    /// The day on which the time ends.
    pub until: NaiveDate,
    /// Why it ends there.
    pub because: String,
}

words!(
    /// A test of an endpoint between groups.
    ComparisonTest {
        /// The log-rank test.
        LogRank = "log_rank",
        /// The log-rank test within strata: observed, expected and variance are summed over them.
        StratifiedLogRank = "stratified_log_rank",
    }
);

/// A log-rank test.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Comparison {
    /// The endpoint.
    pub endpoint: Name,
    /// The grouping.
    pub by: Name,
    /// The test.
    pub test: ComparisonTest,
    /// The grouping whose groups are the strata; a subject in none of them is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stratified_by: Option<Name>,
    /// Labels of the groups.
    pub groups: Vec<String>,
    /// Observed and expected events by group.
    pub events: Vec<GroupEvents>,
    /// The statistic.
    pub chi2: f64,
    /// Degrees of freedom.
    pub df: u32,
    /// Two-sided p.
    pub p: f64,
}

impl Endpoint {
    /// Subjects under observation just before a day: the numbers under the axis of a plot.
    pub fn at_risk(&self, days: f64) -> u64 {
        self.curve.iter().find(|point| point.days as f64 >= days).map_or(0, |point| point.at_risk)
    }
}

const INTERVAL: ConfidenceInterval = ConfidenceInterval::Log;

impl Survival {
    /// Reads all endpoints; what is known is taken up to the cut of the trial.
    pub fn read(trial: &Trial, response: &ResponseTable) -> Survival {
        let Some(protocol) = trial.conduct.protocol() else {
            return Survival { endpoints: BTreeMap::new(), follow_up: Followed::new(&[]), log_rank: Vec::new() };
        };
        let times: BTreeMap<&Name, Vec<SubjectTime>> =
            protocol.survival.iter().map(|e| (&e.endpoint, of_endpoint(trial, protocol, e, response))).collect();
        let endpoints =
            protocol.survival.iter().map(|e| (e.endpoint.clone(), endpoint(protocol, e, &times[&e.endpoint])));
        let log_rank = protocol.comparisons.iter().filter_map(|comparison| {
            let times = times.get(&comparison.endpoint)?;
            compare(trial, protocol, comparison, times, response)
        });
        let followed = observations(&times_of(trial, |id, first| ending::followed(trial, id, first)));
        Survival { endpoints: endpoints.collect(), follow_up: Followed::new(&followed), log_rank: log_rank.collect() }
    }
}

fn observations(times: &[SubjectTime]) -> Vec<Observation> {
    let outcome = |t: &SubjectTime| if t.event { Outcome::Event } else { Outcome::Censored };
    times.iter().map(|t| Observation { time: t.days, outcome: outcome(t) }).collect()
}

/// The time of every treated subject in an endpoint.
pub(super) fn of_endpoint(
    trial: &Trial,
    protocol: &Protocol,
    endpoint: &SurvivalEndpoint,
    response: &ResponseTable,
) -> Vec<SubjectTime> {
    times_of(trial, |id, first| ending::read(trial, protocol, endpoint, id, first, response))
}

fn times_of(trial: &Trial, ends: impl Fn(&SubjectId, NaiveDate) -> Ending) -> Vec<SubjectTime> {
    let enrolled = trial.subjects.enrolled();
    enrolled
        .filter_map(|(id, ..)| {
            let first = trial.first_treatment(id)?;
            let Ending { day, event, because } = ends(id, first);
            let days = (day - first).num_days().max(0);
            Some(SubjectTime { subject: id.clone(), days, event, until: day, because })
        })
        .collect()
}

/// The estimate from some subjects' times.
pub(super) fn endpoint(protocol: &Protocol, endpoint: &SurvivalEndpoint, times: &[SubjectTime]) -> Endpoint {
    let km = KaplanMeier::new(&observations(times));
    let landmark = |days: &u32| {
        let found = km.survival_at(i64::from(*days), INTERVAL)?;
        Some(Landmark { days: found.time, survival: found.survival, ci95: found.ci95, at_risk: found.at_risk })
    };
    let quantile = |share| Quantile {
        share,
        days: km.quantile(share, MedianRule::Midpoint),
        ci95: km.quantile_ci(share, MedianRule::Midpoint, INTERVAL),
    };
    let point = |s: &crate::statistics::survival::Step| Point {
        days: s.time,
        survival: s.survival,
        ci95: s.ci95(INTERVAL),
        at_risk: s.at_risk,
        events: s.events,
        censored: s.censored,
    };
    Endpoint {
        label: endpoint.label.to_string(),
        n: km.subjects(),
        events: km.events(),
        median_days: km.median(MedianRule::Midpoint),
        median_ci95: km.median_ci(MedianRule::Midpoint, INTERVAL),
        quartiles: [0.25, 0.5, 0.75].map(quantile).to_vec(),
        at: protocol.landmark_days.iter().filter_map(landmark).collect(),
        curve: km.steps().iter().map(point).collect(),
        observations: times.to_vec(),
    }
}

/// The log-rank test of an endpoint between the groups of a grouping, within strata where the comparison has them; none
/// where there is nothing to compare.
pub(super) fn compare(
    trial: &Trial,
    protocol: &Protocol,
    comparison: &protocol::Comparison,
    times: &[SubjectTime],
    response: &ResponseTable,
) -> Option<Comparison> {
    let groups_of = |by: &Name| {
        let grouping = protocol.groupings.iter().find(|g| g.name == *by)?;
        Some(grouping::groups(trial, protocol, grouping, response))
    };
    let groups = groups_of(&comparison.by)?;
    let observed = |stratum: &dyn Fn(&SubjectId) -> bool| -> Vec<Vec<Observation>> {
        let of = |ids: &BTreeSet<SubjectId>| -> Vec<SubjectTime> {
            times.iter().filter(|t| ids.contains(&t.subject) && stratum(&t.subject)).cloned().collect()
        };
        groups.iter().map(|(_, ids)| observations(&of(ids))).collect()
    };
    let (test, found) = match &comparison.stratified_by {
        None => (ComparisonTest::LogRank, LogRank::new(&observed(&|_| true))?),
        Some(by) => {
            let strata: Vec<_> = groups_of(by)?.iter().map(|(_, ids)| observed(&|id| ids.contains(id))).collect();
            (ComparisonTest::StratifiedLogRank, LogRank::stratified(&strata)?)
        }
    };
    Some(Comparison {
        endpoint: comparison.endpoint.clone(),
        by: comparison.by.clone(),
        test,
        stratified_by: comparison.stratified_by.clone(),
        groups: groups.into_iter().map(|(label, _)| label).collect(),
        events: found.groups,
        chi2: found.chi2,
        df: found.df,
        p: found.p,
    })
}
