//! Association: contingency tables of response at the time point by a grouping of the protocol.

use super::{
    chart::{self, Chart},
    grouping::{Groupings, Members},
};
use crate::{
    ids::Name,
    protocol::{AssociationTest, Protocol},
    recist::Response,
    statistics::{contingency::Contingency, fisher::freeman_halton},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

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
pub fn read(protocol: Option<&Protocol>, charts: &[Chart], groupings: &Groupings) -> Vec<Association> {
    let Some(protocol) = protocol else { return Vec::new() };
    let responses = chart::treated(charts).map(|(chart, _)| chart.measured.and_then(|s| s.at_time_point));
    let responses: Vec<Option<Response>> = responses.collect();
    let tests = protocol
        .associations
        .iter()
        .filter_map(|association| test(&association.by, association.test, groupings.of(&association.by)?, &responses));
    tests.collect()
}

/// The test of some groups; the responses stand in the order of the treated subjects.
fn test(by: &Name, test: AssociationTest, groups: &[Members], responses: &[Option<Response>]) -> Option<Association> {
    let found: BTreeSet<Response> = responses.iter().copied().flatten().collect();
    let counts = |group: &Members| -> Vec<u32> {
        let mut counts: BTreeMap<Response, u32> = found.iter().map(|response| (*response, 0)).collect();
        let of_group = responses.iter().zip(&group.belongs).filter(|(_, belongs)| **belongs);
        for response in of_group.filter_map(|(response, _)| *response) {
            *counts.entry(response).or_default() += 1;
        }
        counts.into_values().collect()
    };
    let counted = groups.iter().map(|group| (group.label.clone(), counts(group)));
    let assessed = counted.filter(|(_, counts)| counts.iter().any(|n| *n > 0));
    let (rows, table): (Vec<String>, Vec<Vec<u32>>) = assessed.unzip();
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
