//! Trends: does the share of subjects with a toxicity rise with the dose level?
//!
//! Promises the numbers of the table of levels and of the table of toxicities: a subject counts once, at the assigned
//! level. The p is asymptotic and one of several; with a phase I trial's counts it describes and decides nothing.

use super::escalation::Escalation;
use crate::{
    grade::DoseLevel,
    projection::Case,
    statistics::{
        binomial::Proportion,
        trend::{DoseGroup, Trend},
    },
    words::words,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

words!(
    /// What a trend over the levels is sought in.
    TrendOf {
        /// Subjects with an adverse event of grade 3 or more, of those treated.
        Grade3Plus = "grade3_plus",
        /// Subjects with a dose-limiting toxicity, of those evaluable for it.
        Dlt = "dlt",
    }
);

words!(
    /// A test for a trend.
    TrendTest {
        /// Cochran and Armitage, with the number of the level as its score; two-sided.
        CochranArmitage = "cochran_armitage",
    }
);

/// A trend over the dose levels.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LevelTrend {
    /// What is counted.
    pub of: TrendOf,
    /// The test.
    pub test: TrendTest,
    /// So many of so many at each level where anybody counts.
    pub levels: BTreeMap<DoseLevel, Proportion>,
    /// The standardized slope, positive when the share rises; none where fewer than two levels count, or nobody or
    /// everybody is affected.
    pub z: Option<f64>,
    /// Its two-sided p.
    pub p: Option<f64>,
}

/// Reads the trends.
pub fn read(cases: &[Case], escalation: Option<&Escalation>) -> Vec<LevelTrend> {
    let Some(escalation) = escalation else { return Vec::new() };
    let dlt = escalation.levels.iter().map(|row| (row.level, u64::from(row.dlt), u64::from(row.evaluable)));
    vec![over(TrendOf::Grade3Plus, severe(cases)), over(TrendOf::Dlt, dlt)]
}

/// Treated subjects by level: how many had grade 3 or more, of how many.
fn severe(cases: &[Case]) -> impl Iterator<Item = (DoseLevel, u64, u64)> {
    let mut levels: BTreeMap<DoseLevel, (u64, u64)> = BTreeMap::new();
    for case in cases.iter().filter(|case| case.treated.is_some()) {
        let Some(enrolment) = case.enrolment() else { continue };
        let (affected, treated) = levels.entry(enrolment.level).or_default();
        *treated += 1;
        let grades = case.events().filter_map(|(_, event)| event.report().and(event.worst_grade()));
        if grades.max().is_some_and(|grade| grade.get() >= 3) {
            *affected += 1;
        }
    }
    levels.into_iter().map(|(level, (affected, treated))| (level, affected, treated))
}

fn over(of: TrendOf, counts: impl Iterator<Item = (DoseLevel, u64, u64)>) -> LevelTrend {
    let levels: BTreeMap<DoseLevel, Proportion> =
        counts.filter_map(|(level, x, n)| Some((level, Proportion::new(x, n)?))).collect();
    let group = |(level, rate): (&DoseLevel, &Proportion)| DoseGroup { score: f64::from(level.get()), rate: *rate };
    let found = Trend::new(&levels.iter().map(group).collect::<Vec<_>>());
    LevelTrend {
        of,
        test: TrendTest::CochranArmitage,
        levels,
        z: found.map(|trend| trend.z),
        p: found.map(|trend| trend.p),
    }
}
