//! Survival: time-to-event endpoints as the protocol defines them, in integer days from the first treatment.
//!
//! Endpoints with progression are censored where an event cannot be dated (FDA 2018, clinical trial endpoints for cancer
//! drugs, appendix C): see [`super::ending`]. New anticancer therapy censors nothing: it is not recorded in this log.

use super::{
    chart::{self, Chart},
    ending::{self, Ending},
    grouping::{Groupings, Members},
};
use crate::{
    ids::{Name, SubjectId},
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
use std::collections::BTreeMap;

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
    pub fn read(protocol: Option<&Protocol>, charts: &[Chart], groupings: &Groupings) -> Survival {
        let Some(protocol) = protocol else {
            return Survival { endpoints: BTreeMap::new(), follow_up: Followed::new(&[]), log_rank: Vec::new() };
        };
        let mut observed: BTreeMap<&Name, Vec<Observation>> = BTreeMap::new();
        let mut endpoints = BTreeMap::new();
        for planned in &protocol.survival {
            let times = of_endpoint(protocol, planned, charts);
            observed.insert(&planned.endpoint, observations(&times));
            endpoints.insert(planned.endpoint.clone(), endpoint(protocol, planned, times));
        }
        let log_rank = protocol
            .comparisons
            .iter()
            .filter_map(|comparison| compare(comparison, observed.get(&comparison.endpoint)?, groupings));
        let followed = chart::treated(charts).map(|(chart, first)| {
            let ended = ending::followed(&chart.case, first);
            observation(days(first, ended.day), ended.event)
        });
        let followed: Vec<Observation> = followed.collect();
        Survival { endpoints, follow_up: Followed::new(&followed), log_rank: log_rank.collect() }
    }
}

fn days(first: NaiveDate, last: NaiveDate) -> i64 {
    (last - first).num_days().max(0)
}

fn observation(time: i64, event: bool) -> Observation {
    Observation { time, outcome: if event { Outcome::Event } else { Outcome::Censored } }
}

/// What the estimates and the tests take of some subjects' times.
pub(super) fn observations(times: &[SubjectTime]) -> Vec<Observation> {
    times.iter().map(|t| observation(t.days, t.event)).collect()
}

/// The time of every treated subject in an endpoint.
pub(super) fn of_endpoint(protocol: &Protocol, endpoint: &SurvivalEndpoint, charts: &[Chart]) -> Vec<SubjectTime> {
    let time = |(chart, first): (&Chart, NaiveDate)| {
        let Ending { day, event, because } = ending::read(protocol, endpoint, chart, first);
        SubjectTime { subject: chart.case.id.clone(), days: days(first, day), event, until: day, because }
    };
    chart::treated(charts).map(time).collect()
}

/// The estimate from some subjects' times.
pub(super) fn endpoint(protocol: &Protocol, endpoint: &SurvivalEndpoint, times: Vec<SubjectTime>) -> Endpoint {
    let km = KaplanMeier::new(&observations(&times));
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
        observations: times,
    }
}

/// The log-rank test of an endpoint between the groups of a grouping, within strata where the comparison has them; none
/// where there is nothing to compare. What was observed stands in the order of the treated subjects.
pub(super) fn compare(
    comparison: &protocol::Comparison,
    observed: &[Observation],
    groupings: &Groupings,
) -> Option<Comparison> {
    let groups = groupings.of(&comparison.by)?;
    let within = |stratum: &dyn Fn(usize) -> bool| -> Vec<Vec<Observation>> {
        let of = |group: &Members| {
            let belonging = group.belongs.iter().enumerate().filter(|(place, belongs)| **belongs && stratum(*place));
            belonging.map(|(place, _)| observed[place]).collect()
        };
        groups.iter().map(of).collect()
    };
    let (test, found) = match &comparison.stratified_by {
        None => (ComparisonTest::LogRank, LogRank::stratified(&[within(&|_| true)])?),
        Some(by) => {
            let strata: Vec<_> =
                groupings.of(by)?.iter().map(|stratum| within(&|place| stratum.belongs[place])).collect();
            (ComparisonTest::StratifiedLogRank, LogRank::stratified(&strata)?)
        }
    };
    Some(Comparison {
        endpoint: comparison.endpoint.clone(),
        by: comparison.by.clone(),
        test,
        stratified_by: comparison.stratified_by.clone(),
        groups: groups.iter().map(|group| group.label.clone()).collect(),
        events: found.groups,
        chi2: found.chi2,
        df: found.df,
        p: found.p,
    })
}
