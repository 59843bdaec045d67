//! Groupings: subjects put into the groups that the protocol names, for comparisons.

use super::response::ResponseTable;
use crate::{
    event::BaselineValue,
    ids::{Name, SubjectId},
    projection::Trial,
    protocol::{Group, GroupedBy, Grouping, Protocol},
};
use std::collections::BTreeSet;

/// The treated subjects by group, in the order of the protocol; a subject in no group is left out.
pub fn groups(
    trial: &Trial,
    protocol: &Protocol,
    grouping: &Grouping,
    response: &ResponseTable,
) -> Vec<(String, BTreeSet<SubjectId>)> {
    let treated = || trial.subjects.enrolled().filter(|(id, ..)| trial.first_treatment(id).is_some());
    let members = |belongs: &dyn Fn(&SubjectId) -> bool| -> BTreeSet<SubjectId> {
        treated().map(|(id, ..)| id).filter(|id| belongs(id)).cloned().collect()
    };
    let named = |groups: &[Group], value: &dyn Fn(&SubjectId) -> Option<String>| {
        let of_group =
            |group: &Group| members(&|id| value(id).is_some_and(|v| group.values.iter().any(|g| g.as_str() == v)));
        groups.iter().map(|group| (group.label.to_string(), of_group(group))).collect()
    };
    match &grouping.by {
        GroupedBy::Level => protocol
            .levels
            .iter()
            .map(|level| {
                let at_level = |id: &SubjectId| trial.subjects.get(id).and_then(|s| s.level()) == Some(level.level);
                (level.label.to_string(), members(&at_level))
            })
            .collect(),
        GroupedBy::Baseline { characteristic, groups } => named(groups, &|id| category(trial, id, characteristic)),
        GroupedBy::Response { groups } => {
            named(groups, &|id| response.of(id).and_then(|s| s.at_time_point).map(|r| r.to_string()))
        }
    }
}

fn category(trial: &Trial, id: &SubjectId, characteristic: &Name) -> Option<String> {
    match trial.subjects.get(id)?.baseline(characteristic)? {
        BaselineValue::Category(value) => Some(value.to_string()),
        BaselineValue::Number { .. } => None,
    }
}
