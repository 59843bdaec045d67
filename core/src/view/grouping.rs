//! Groupings: subjects put into the groups that the protocol names, for comparisons.

use super::chart::{self, Chart};
use crate::{
    event::BaselineValue,
    ids::Name,
    protocol::{Group, GroupedBy, Grouping, Protocol},
    recist::Response,
};

/// One group of a grouping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members {
    /// How the group is printed.
    pub label: String,
    /// For each treated subject, in the order of their identifiers, whether the subject belongs.
    pub belongs: Vec<bool>,
}

/// The treated subjects by every grouping of a protocol.
#[derive(Debug)]
pub struct Groupings<'p> {
    all: Vec<(&'p Name, Vec<Members>)>,
}

impl<'p> Groupings<'p> {
    /// Groups the treated among the subjects.
    pub fn read(protocol: Option<&'p Protocol>, charts: &[Chart]) -> Groupings<'p> {
        let planned = protocol.into_iter().flat_map(|protocol| protocol.groupings.iter().map(move |by| (protocol, by)));
        Groupings { all: planned.map(|(protocol, by)| (&by.name, groups(protocol, by, charts))).collect() }
    }

    /// The groups of a grouping.
    pub fn of(&self, name: &Name) -> Option<&[Members]> {
        self.all.iter().find(|(known, _)| *known == name).map(|(_, groups)| groups.as_slice())
    }
}

/// The treated subjects by group, in the order of the protocol; a subject in no group is left out.
pub fn groups<'t>(protocol: &Protocol, grouping: &Grouping, charts: &[Chart<'t>]) -> Vec<Members> {
    match &grouping.by {
        GroupedBy::Level => {
            let levels: Vec<_> = chart::treated(charts).map(|(chart, _)| chart.case.subject.level()).collect();
            let at = |level| levels.iter().map(|found| *found == Some(level)).collect();
            let planned = protocol.levels.iter();
            planned.map(|l| Members { label: l.label.to_string(), belongs: at(l.level) }).collect()
        }
        GroupedBy::Baseline { characteristic, groups } => {
            let value = |chart: &Chart<'t>| match chart.case.subject.baseline(characteristic)? {
                BaselineValue::Category(value) => Some(value.as_str()),
                BaselineValue::Number { .. } => None,
            };
            named(groups, charts, value)
        }
        GroupedBy::Response { groups } => {
            named(groups, charts, |chart| chart.measured?.at_time_point.map(Response::as_str))
        }
    }
}

fn named<'t>(groups: &[Group], charts: &[Chart<'t>], value: impl Fn(&Chart<'t>) -> Option<&'t str>) -> Vec<Members> {
    let values: Vec<Option<&str>> = chart::treated(charts).map(|(chart, _)| value(chart)).collect();
    let member = |group: &Group, value: &str| group.values.iter().any(|named| named.as_str() == value);
    let belongs = |group| values.iter().map(|value| value.is_some_and(|value| member(group, value))).collect();
    groups.iter().map(|group| Members { label: group.label.to_string(), belongs: belongs(group) }).collect()
}
