//! Curves: the Kaplan-Meier estimate of an endpoint, of all treated subjects or of each group of a grouping.
//!
//! Promises the numbers of the survival tables: the same times, the same estimate, the same test. Does not adjust the
//! test for multiplicity.

use super::{
    chart,
    grouping::{self, Groupings, Members},
    response::ResponseTable,
    survival::{self, Comparison, Endpoint, SubjectTime},
};
use crate::{
    ids::Name,
    projection::Trial,
    protocol::{self, Grouping, SurvivalEndpoint},
};
use schemars::JsonSchema;
use serde::Serialize;

/// The curves of an endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Curves {
    /// The endpoint.
    pub endpoint: Name,
    /// How it is printed.
    pub label: String,
    /// The grouping; none where all subjects are one group.
    pub by: Option<Name>,
    /// How the grouping is printed.
    pub by_label: Option<String>,
    /// A curve of each group, in the order of the protocol; one of a group without subjects has no steps.
    pub groups: Vec<Curve>,
    /// The log-rank test between the groups; none where there is nothing to compare.
    pub log_rank: Option<Comparison>,
}

/// The curve of a group.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Curve {
    /// The group.
    pub group: String,
    /// Its estimate.
    #[serde(flatten)]
    pub estimate: Endpoint,
}

/// What was asked for is not in the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unknown {
    /// No protocol is in force.
    NoProtocol,
    /// No such endpoint; the protocol has these.
    Endpoint(Vec<Name>),
    /// No such grouping; the protocol has these.
    Grouping(Vec<Name>),
}

impl Curves {
    /// Reads the curves of an endpoint, by a grouping where one is named.
    ///
    /// # Errors
    /// The protocol in force has no such endpoint or grouping.
    pub fn read(trial: &Trial, response: &ResponseTable, endpoint: &str, by: Option<&str>) -> Result<Curves, Unknown> {
        let protocol = trial.conduct.protocol().ok_or(Unknown::NoProtocol)?;
        let endpoints = || protocol.survival.iter();
        let planned: &SurvivalEndpoint = endpoints()
            .find(|e| e.endpoint.as_str() == endpoint)
            .ok_or_else(|| Unknown::Endpoint(endpoints().map(|e| e.endpoint.clone()).collect()))?;
        let named = |name: &str| -> Result<&Grouping, Unknown> {
            let groupings = || protocol.groupings.iter();
            let names = || Unknown::Grouping(groupings().map(|g| g.name.clone()).collect());
            groupings().find(|g| g.name.as_str() == name).ok_or_else(names)
        };
        let by = by.map(named).transpose()?;
        let cases = trial.cases();
        let charts = chart::charts(&cases, &[], response);
        let times = survival::of_endpoint(protocol, planned, &charts);
        let curve = |group: String, times: Vec<SubjectTime>| Curve {
            group,
            estimate: survival::endpoint(protocol, planned, times),
        };
        let of = |group: &Members| -> Vec<SubjectTime> {
            times.iter().zip(&group.belongs).filter(|(_, belongs)| **belongs).map(|(time, _)| time.clone()).collect()
        };
        let groups = match by {
            None => vec![curve("all treated".into(), times.clone())],
            Some(by) => {
                let groups = grouping::groups(protocol, by, &charts);
                groups.into_iter().map(|group| (of(&group), group.label)).map(|(t, label)| curve(label, t)).collect()
            }
        };
        let compare = |by: &Grouping| {
            let (endpoint, by) = (planned.endpoint.clone(), by.name.clone());
            let comparison = protocol::Comparison { endpoint, by, stratified_by: None };
            let groupings = Groupings::read(Some(protocol), &charts);
            survival::compare(&comparison, &survival::observations(&times), &groupings)
        };
        Ok(Curves {
            endpoint: planned.endpoint.clone(),
            label: planned.label.to_string(),
            by: by.map(|by| by.name.clone()),
            by_label: by.map(|by| by.label.to_string()),
            groups,
            log_rank: by.and_then(compare),
        })
    }
}
