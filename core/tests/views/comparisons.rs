//! Comparisons through a log: the stratified log-rank test against R's numbers, and trends over the levels.

use crate::story::{Story, day};
use chrono::Days;
use serde_json::{Value, json};
use trial_core::{
    grade::DoseLevel,
    protocol::Protocol,
    view::{
        survival::ComparisonTest,
        trends::{LevelTrend, TrendOf},
    },
};

const ROWS: &str = include_str!("../../../tests/vectors/survival/rand_n30.csv");
const R: &str = include_str!("../../../tests/vectors/survival/rand_n30.json");

/// A grouping by a characteristic, a group for each value.
fn grouping(name: &str, values: &[&str]) -> Value {
    let groups: Vec<Value> = values.iter().map(|value| json!({ "label": value, "values": [value] })).collect();
    json!({ "name": name, "label": name, "by": { "kind": "baseline", "characteristic": name, "groups": groups } })
}

/// The subjects of the vector: the group is written as BCLC stage, the stratum as sex.
fn thirty() -> Story {
    let mut story = Story::under(|protocol| {
        protocol["groupings"] = json!([grouping("bclc", &["A", "B", "C"]), grouping("sex", &["female", "male"])]);
        protocol["comparisons"] = json!([
            { "endpoint": "os", "by": "bclc" },
            { "endpoint": "os", "by": "bclc", "stratified_by": "sex" }
        ]);
        protocol["associations"] = json!([]);
    });
    for row in ROWS.lines().skip(1) {
        let [id, time, status, group, stratum] = row.split(',').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let subject = format!("S-{id}");
        story.consent(&subject, "2019-12-20", "v1");
        let baseline = json!({ "bclc": group, "sex": if stratum == "x" { "male" } else { "female" } });
        story.say(json!({
            "type": "subject_screened", "subject": subject, "occurred_at": "2019-12-21", "baseline": baseline
        }));
        story.say(json!({ "type": "subject_enrolled", "subject": subject, "occurred_at": "2019-12-30", "level": 1 }));
        story.dose(&subject, "2020-01-01T08:00:00+08:00", "1");
        let until = (day("2020-01-01") + Days::new(time.parse().unwrap())).to_string();
        match status {
            "1" => story.die(&subject, &until, "disease"),
            _ => {
                story.say(json!({ "type": "followed_up", "subject": subject, "occurred_at": until, "status": "alive" }))
            }
        };
    }
    story
}

#[test]
fn a_comparison_with_strata_is_the_stratified_test_of_r_and_one_without_is_the_plain_test() {
    let r: Value = serde_json::from_str(R).unwrap();
    let found = thirty().on("2025-01-01").survival.log_rank;
    let tests = [(ComparisonTest::LogRank, "logrank"), (ComparisonTest::StratifiedLogRank, "logrank_stratified")];
    for (comparison, (test, member)) in found.iter().zip(tests) {
        let expected = &r[member]["rho0"];
        assert_eq!((comparison.test, comparison.df), (test, 2));
        for (found, member) in [(comparison.chi2, "chisq"), (comparison.p, "p")] {
            let expected = expected[member].as_f64().unwrap();
            assert!((found - expected).abs() <= 1e-11 * expected, "{test} {member}: {found}, R has {expected}");
        }
    }
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].stratified_by, None);
    assert_eq!(found[1].stratified_by.as_ref().map(|name| name.as_str()), Some("sex"));
}

#[test]
fn strata_that_are_no_grouping_are_a_fault_of_the_protocol() {
    let mut protocol: Value =
        serde_json::from_str(include_str!("../../../schemas/examples/protocols/axitinib-rt.json")).unwrap();
    protocol["comparisons"][0]["stratified_by"] = json!("centre");
    let read: Protocol = serde_json::from_value(protocol).unwrap();
    assert_eq!(read.faults(), ["comparisons.stratified_by: no grouping is named centre"]);
}

/// Three subjects at each of three levels; so many of each level have a hypertension of grade 3, related or not.
fn nine(with: [u8; 3], relation: &str) -> Vec<LevelTrend> {
    let mut story = Story::new();
    for (level, with) in (1..=3).zip(with) {
        for n in 1..=3 {
            let subject = format!("L{level}-{n}");
            story.consent(&subject, "2019-12-20", "v1");
            story.say(json!({
                "type": "subject_screened", "subject": subject, "occurred_at": "2019-12-21", "baseline": {}
            }));
            story.say(json!({
                "type": "subject_enrolled", "subject": subject, "occurred_at": "2019-12-30", "level": level
            }));
            story.plan(&subject, "45", 15, "17");
            for n in 0..112_u64 {
                let at = format!("{}T{:02}:00:00+08:00", day("2020-01-01") + Days::new(n / 2), 8 + 12 * (n % 2));
                story.dose(&subject, &at, &level.to_string());
            }
            story.fractions(&subject, "2020-01-01", 15);
            if n <= with {
                story.say(json!({
                    "type": "adverse_event_reported", "subject": subject, "ae": "AE1", "occurred_at": "2020-01-20",
                    "term": "Fatigue", "grade": 3, "serious": false,
                    "attribution": { "axitinib": relation, "radiotherapy": "unrelated" }
                }));
            }
        }
    }
    // An event before any treatment of a subject who was never treated counts in neither share.
    story.enrol("X");
    story.say(json!({
        "type": "adverse_event_reported", "subject": "X", "ae": "AE1", "occurred_at": "2019-12-31", "term": "Fatigue",
        "grade": 3, "serious": false, "attribution": { "axitinib": "unrelated", "radiotherapy": "unrelated" }
    }));
    story.on("2021-01-01").toxicity.trends
}

/// The shares of a trend and the square of its z, to nine decimals.
fn shown(trend: &LevelTrend) -> (Vec<String>, Option<String>) {
    let share = |(level, share): (&DoseLevel, &trial_core::statistics::binomial::Proportion)| {
        format!("{level}: {}/{}", share.x(), share.n())
    };
    (trend.levels.iter().map(share).collect(), trend.z.map(|z| format!("{:.9}", z * z.abs())))
}

#[test]
fn the_trend_over_the_levels_is_that_of_cochran_and_armitage() {
    // By hand: p = 1/3, slope = 2, variance = 2/9 * 6 = 4/3, z^2 = 4 / (4/3) = 3.
    let trends = nine([0, 1, 2], "definite");
    assert_eq!(trends.iter().map(|trend| trend.of).collect::<Vec<_>>(), [TrendOf::Grade3Plus, TrendOf::Dlt]);
    let rising = (vec!["1: 0/3".into(), "2: 1/3".into(), "3: 2/3".into()], Some("3.000000000".into()));
    assert_eq!((shown(&trends[0]), shown(&trends[1])), (rising.clone(), rising));
    let p = trends[0].p.unwrap();
    assert!((p - 0.083_264_516_663_550_4).abs() < 1e-12, "R: prop.trend.test(c(0, 1, 2), c(3, 3, 3)); found {p}");
}

#[test]
fn an_unrelated_event_counts_as_grade_3_and_not_as_dose_limiting() {
    let trends = nine([2, 1, 0], "unrelated");
    assert_eq!(shown(&trends[0]).1.as_deref(), Some("-3.000000000"));
    let none = (vec!["1: 0/3".into(), "2: 0/3".into(), "3: 0/3".into()], None);
    assert_eq!((shown(&trends[1]), trends[1].p), (none, None));
}
