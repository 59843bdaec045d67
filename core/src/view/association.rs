//! Association: contingency tables of response at the time point by a grouping of the protocol.

use super::{grouping, response::ResponseTable};
use crate::{
    ids::{Name, SubjectId},
    projection::Trial,
    protocol::AssociationTest,
    recist::Response,
    statistics::{contingency::Contingency, fisher::freeman_halton},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// A test of association.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Association {
    /// What is associated: `response`.
    pub of: &'static str,
    /// With what.
    pub by: Name,
    /// The test.
    pub test: AssociationTest,
    /// Row labels: the groups.
    pub rows: Vec<String>,
    /// Column labels: the responses that occur.
    pub columns: Vec<String>,
    /// Subjects.
    pub table: Vec<Vec<u32>>,
    /// The statistic, where the test has one.
    pub statistic: Option<f64>,
    /// Degrees of freedom, where the test has them.
    pub df: Option<u32>,
    /// Two-sided p.
    pub p: f64,
    /// The smallest expected count, where the test rests on it: below 5 the chi-square p is only approximate.
    pub smallest_expected: Option<f64>,
}

/// Reads the tests that the protocol names; a table with one row or column has none.
pub fn read(trial: &Trial, response: &ResponseTable) -> Vec<Association> {
    let Some(protocol) = trial.conduct.protocol() else { return Vec::new() };
    let tests = protocol.associations.iter().filter_map(|association| {
        let grouping = protocol.groupings.iter().find(|g| g.name == association.by)?;
        let groups = grouping::groups(trial, protocol, grouping, response);
        test(&association.by, association.test, &groups, response)
    });
    tests.collect()
}

fn test(
    by: &Name,
    test: AssociationTest,
    groups: &[(String, BTreeSet<SubjectId>)],
    response: &ResponseTable,
) -> Option<Association> {
    let mut found: Vec<Response> = response.subjects.iter().filter_map(|s| s.at_time_point).collect();
    found.sort();
    found.dedup();
    let count = |ids: &BTreeSet<SubjectId>, column: Response| {
        let with = |s: &&super::response::SubjectResponse| ids.contains(&s.subject) && s.at_time_point == Some(column);
        response.subjects.iter().filter(with).count() as u32
    };
    let assessed = groups.iter().filter(|(_, ids)| found.iter().any(|r| count(ids, *r) > 0));
    let (rows, table): (Vec<String>, Vec<Vec<u32>>) =
        assessed.map(|(label, ids)| (label.clone(), found.iter().map(|r| count(ids, *r)).collect())).unzip();
    let contingency = Contingency::new(&table).ok()?;
    let (statistic, df, p, smallest_expected) = match test {
        AssociationTest::PearsonChiSquare => {
            let chi = contingency.chi_square()?;
            (Some(chi.chi2), Some(chi.df), chi.p, Some(chi.smallest_expected))
        }
        AssociationTest::Exact => (None, None, freeman_halton(&contingency)?, None),
    };
    Some(Association {
        of: "response",
        by: by.clone(),
        test,
        rows,
        columns: found.iter().map(|r| r.to_string()).collect(),
        table,
        statistic,
        df,
        p,
        smallest_expected,
    })
}
