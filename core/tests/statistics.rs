//! Our statistics against numbers made by R, field by field, to 1e-11.

#![allow(clippy::unwrap_used, reason = "a vector that cannot be read fails the test")]

use serde_json::Value;
use std::fs;
use trial_core::statistics::{
    binomial::{ConfidenceLevel, Proportion},
    contingency::Contingency,
    fisher::{fisher_two_by_two, freeman_halton},
    follow_up::FollowUp,
    logrank::LogRank,
    survival::{ConfidenceInterval, KaplanMeier, MedianRule, Observation},
};

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/");
const SURVIVAL: [&str; 7] = [
    "edge_all_censored",
    "edge_half_to_end",
    "edge_seed_like",
    "edge_three_groups_small",
    "edge_tie_event_censor",
    "freireich_6mp",
    "rand_n30",
];
const INTERVALS: [(&str, ConfidenceInterval); 3] =
    [("log", ConfidenceInterval::Log), ("plain", ConfidenceInterval::Plain), ("log-log", ConfidenceInterval::LogLog)];

fn json(name: &str) -> Value {
    let text = fs::read_to_string(format!("{VECTORS}{name}.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The member at a JSON pointer; a missing member fails, so a renamed field cannot pass unnoticed.
fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in the vector"))
}

/// R prints lists of one element as the element itself.
fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_else(|| vec![value.clone()])
}

fn check(place: &str, computed: Option<f64>, expected: &Value) {
    match (computed, expected.as_f64()) {
        (None, None) => assert!(expected.is_null(), "{place}: {expected} is neither a number nor null"),
        (Some(computed), Some(expected)) => {
            // Where R prints 0 or 1 - 1e-16, the difference itself must be that small.
            let allowed = 1e-11 * expected.abs() + 1e-15;
            assert!((computed - expected).abs() <= allowed, "{place}: computed {computed}, R has {expected}");
        }
        (computed, _) => panic!("{place}: computed {computed:?}, R has {expected}"),
    }
}

fn check_all(place: &str, computed: impl Iterator<Item = Option<f64>>, expected: &Value) {
    let (computed, expected) = (computed.collect::<Vec<_>>(), list(expected));
    assert_eq!(computed.len(), expected.len(), "{place}");
    for (i, (computed, expected)) in computed.into_iter().zip(&expected).enumerate() {
        check(&format!("{place}[{i}]"), computed, expected);
    }
}

/// One line of a survival data file.
struct Row {
    observation: Observation,
    group: String,
    stratum: String,
}

fn rows(name: &str) -> Vec<Row> {
    let text = fs::read_to_string(format!("{VECTORS}survival/{name}.csv")).unwrap();
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let time = fields[1].parse().unwrap();
        let observation = match fields[2] {
            "1" => Observation::event(time),
            "0" => Observation::censored(time),
            other => panic!("{name}: status {other}"),
        };
        let stratum = fields.get(4).copied().unwrap_or_default().to_owned();
        Row { observation, group: fields[3].to_owned(), stratum }
    };
    text.lines().skip(1).map(row).collect()
}

fn observations<'a>(rows: impl Iterator<Item = &'a Row>) -> Vec<Observation> {
    rows.map(|r| r.observation).collect()
}

fn check_curve(place: &str, observed: &[Observation], expected: &Value) {
    let curve = KaplanMeier::new(observed);
    let steps = || curve.steps().iter();
    check(&format!("{place}/n"), Some(curve.subjects() as f64), at(expected, "/n"));
    let column = |name: &str, values: &mut dyn Iterator<Item = Option<f64>>| {
        check_all(&format!("{place}{name}"), values, at(expected, name));
    };
    column("/time", &mut steps().map(|s| Some(s.time as f64)));
    column("/n_risk", &mut steps().map(|s| Some(s.at_risk as f64)));
    column("/n_event", &mut steps().map(|s| Some(s.events as f64)));
    column("/n_censor", &mut steps().map(|s| Some(s.censored as f64)));
    column("/surv", &mut steps().map(|s| Some(s.survival)));
    column("/se_log_surv", &mut steps().map(|s| s.se_log));
    column("/se_surv", &mut steps().map(|s| s.se()));
    for (name, interval) in INTERVALS {
        // Before the first event R has no log-log interval; ours is (1, 1) on every scale.
        let certain = |s: f64| s == 1.0 && interval == ConfidenceInterval::LogLog;
        let band = || steps().map(|s| (!certain(s.survival)).then(|| s.ci95(interval)).flatten());
        column(&format!("/ci/{name}/lower"), &mut band().map(|ci| ci.map(|ci| ci.0)));
        column(&format!("/ci/{name}/upper"), &mut band().map(|ci| ci.map(|ci| ci.1)));
        let quantiles = |field: &str| at(expected, &format!("/quantiles/{name}/print_{field}"));
        let (lower, upper) = curve.median_ci(MedianRule::Midpoint, interval);
        check(&format!("{place} median"), curve.median(MedianRule::Midpoint), quantiles("median"));
        check(&format!("{place} median lower {name}"), lower, quantiles("lower"));
        check(&format!("{place} median upper {name}"), upper, quantiles("upper"));
    }
    check_quantiles(place, &curve, expected);
    check_landmarks(place, &curve, expected);
}

/// Every quantile, not the median alone. Where a curve ends at exactly the level, R's `quantile()` goes on to the last
/// observation and its `print()` does not: we follow `print()`.
fn check_quantiles(place: &str, curve: &KaplanMeier, expected: &Value) {
    let last = curve.steps().last().unwrap();
    for (name, interval) in INTERVALS {
        let column = |field: &str| list(at(expected, &format!("/quantiles/{name}/{field}")));
        let (shares, days, lower, upper) = (column("p"), column("q"), column("lower"), column("upper"));
        assert_eq!(shares.len(), 5, "{place}");
        for (i, share) in shares.iter().map(|share| share.as_f64().unwrap()).enumerate() {
            let place = format!("{place}, {name}, quantile {share}");
            let found = curve.quantile(share, MedianRule::Midpoint);
            if (last.survival - (1.0 - share)).abs() < 1.5e-8 {
                let reached = curve.steps().iter().find(|s| s.survival == last.survival).unwrap().time as f64;
                assert_eq!(found, Some(reached), "{place}");
                check(&place, Some((reached + last.time as f64) / 2.0), &days[i]);
            } else {
                check(&place, found, &days[i]);
            }
            let (low, high) = curve.quantile_ci(share, MedianRule::Midpoint, interval);
            check(&place, low, &lower[i]);
            check(&place, high, &upper[i]);
        }
    }
}

fn check_landmarks(place: &str, curve: &KaplanMeier, expected: &Value) {
    assert_eq!(at(expected, "/landmark/conf_type"), "log");
    let landmarks: Vec<_> = list(at(expected, "/landmark/t"))
        .iter()
        .map(|t| curve.survival_at(t.as_i64().unwrap(), ConfidenceInterval::Log).unwrap())
        .collect();
    let column = |name: &str, values: &mut dyn Iterator<Item = Option<f64>>| {
        check_all(&format!("{place} landmark {name}"), values, at(expected, &format!("/landmark/{name}")));
    };
    column("surv", &mut landmarks.iter().map(|l| Some(l.survival)));
    column("n_risk", &mut landmarks.iter().map(|l| Some(l.at_risk as f64)));
    column("se", &mut landmarks.iter().map(|l| l.se));
    column("lower", &mut landmarks.iter().map(|l| l.ci95.map(|ci| ci.0)));
    column("upper", &mut landmarks.iter().map(|l| l.ci95.map(|ci| ci.1)));
    let times = list(at(expected, "/at_risk_table/t"));
    let at_risk = times.iter().map(|t| Some(curve.at_risk(t.as_i64().unwrap()) as f64));
    check_all(&format!("{place} at risk"), at_risk, at(expected, "/at_risk_table/n_risk"));
}

#[test]
fn survival_curves_are_those_of_r() {
    let mut groups = 0;
    for name in SURVIVAL {
        let (rows, vector) = (rows(name), json(&format!("survival/{name}")));
        let all = observations(rows.iter());
        check(&format!("{name}/events"), Some(KaplanMeier::new(&all).events() as f64), at(&vector, "/events"));
        check_curve(name, &all, at(&vector, "/overall"));
        for (group, expected) in vector.get("groups").and_then(Value::as_object).into_iter().flatten() {
            let members = observations(rows.iter().filter(|r| r.group == *group));
            check_curve(&format!("{name}, group {group}"), &members, expected);
            groups += 1;
        }
    }
    assert_eq!(groups, 10, "curves by group beside the seven overall");
}

#[test]
fn follow_up_is_that_of_r() {
    for name in SURVIVAL {
        let (all, vector) = (observations(rows(name).iter()), json(&format!("survival/{name}")));
        let follow_up = FollowUp::new(&all, MedianRule::Midpoint);
        let expected = |field: &str| at(&vector, &format!("/follow_up/{field}"));
        check(name, follow_up.plain_median_days, expected("median_all_times"));
        check(name, follow_up.survivor_median_days, expected("median_censored_only"));
        check(name, follow_up.range_days.map(|r| r.0 as f64), expected("min_all"));
        check(name, follow_up.range_days.map(|r| r.1 as f64), expected("max_all"));
        let reverse = KaplanMeier::reverse(&all);
        for (scale, interval) in INTERVALS {
            let (lower, upper) = reverse.median_ci(MedianRule::Midpoint, interval);
            let expected = |field: &str| expected(&format!("reverse_km/{scale}/{field}"));
            check(name, follow_up.reverse_km_median_days, expected("median"));
            check(&format!("{name} reverse lower {scale}"), lower, expected("lower"));
            check(&format!("{name} reverse upper {scale}"), upper, expected("upper"));
        }
    }
}

fn check_log_rank(place: &str, test: &LogRank, expected: &Value) {
    check(&format!("{place} chi2"), Some(test.chi2), at(expected, "/chisq"));
    check(&format!("{place} df"), Some(f64::from(test.df)), at(expected, "/df"));
    check(&format!("{place} p"), Some(test.p), at(expected, "/p"));
    let groups = || test.groups.iter();
    check_all(&format!("{place} n"), groups().map(|g| Some(g.subjects as f64)), at(expected, "/n"));
    let observed = list(at(expected, "/observed"));
    if observed[0].is_array() {
        // R gives observed and expected by stratum; ours are their sums.
        let sum = |field: &str, j: usize| {
            let of_group = &list(at(expected, field))[j];
            list(of_group).iter().map(|v| v.as_f64().unwrap()).sum::<f64>().into()
        };
        for (j, group) in groups().enumerate() {
            check(&format!("{place} observed"), Some(group.observed as f64), &sum("/observed", j));
            check(&format!("{place} expected"), Some(group.expected), &sum("/expected", j));
        }
    } else {
        check_all(&format!("{place} observed"), groups().map(|g| Some(g.observed as f64)), at(expected, "/observed"));
        check_all(&format!("{place} expected"), groups().map(|g| Some(g.expected)), at(expected, "/expected"));
    }
    for (row, expected) in test.variance.iter().zip(list(at(expected, "/var"))) {
        check_all(&format!("{place} var"), row.iter().map(|v| Some(*v)), &expected);
    }
}

#[test]
fn log_rank_tests_are_those_of_r() {
    let mut tested = 0;
    for name in SURVIVAL {
        let (rows, vector) = (rows(name), json(&format!("survival/{name}")));
        for (member, stratified) in [("logrank", false), ("logrank_stratified", true)] {
            let Some(expected) = vector.get(member) else { continue };
            let expected = at(expected, "/rho0");
            let mut strata: Vec<&str> = rows.iter().map(|r| r.stratum.as_str()).collect();
            strata.sort_unstable();
            strata.dedup();
            let labels = list(at(expected, "/groups"));
            let groups = |stratum: Option<&str>| -> Vec<Vec<Observation>> {
                let member = |r: &&Row, label: &Value| r.group == *label && stratum.is_none_or(|s| r.stratum == s);
                labels.iter().map(|label| observations(rows.iter().filter(|r| member(r, label)))).collect()
            };
            let test = if stratified {
                LogRank::stratified(&strata.iter().map(|s| groups(Some(s))).collect::<Vec<_>>())
            } else {
                LogRank::new(&groups(None))
            };
            check_log_rank(&format!("{name} {member}"), &test.unwrap(), expected);
            tested += 1;
        }
    }
    assert_eq!(tested, 5, "four plain tests and a stratified one");
}

#[test]
fn binomial_intervals_are_those_of_r() {
    for case in list(at(&json("binomial_ci"), "/cases")) {
        let number = |name: &str| at(&case, name).as_u64().unwrap();
        let proportion = Proportion::new(number("/x"), number("/n")).unwrap();
        let level = ConfidenceLevel::new(at(&case, "/conf").as_f64().unwrap()).unwrap();
        let place = format!("{} of {}", proportion.x(), proportion.n());
        check(&place, Some(proportion.estimate()), at(&case, "/estimate"));
        let pair = |(low, high): (f64, f64)| [Some(low), Some(high)].into_iter();
        check_all(&place, pair(proportion.clopper_pearson(level)), at(&case, "/clopper_pearson"));
        check_all(&place, pair(proportion.wilson(level)), at(&case, "/wilson"));
    }
}

fn counts(case: &Value) -> Vec<Vec<u32>> {
    serde_json::from_value(at(case, "/table").clone()).unwrap()
}

#[test]
fn fisher_tests_are_those_of_r() {
    for case in list(at(&json("fisher_2x2"), "/cases")) {
        let table = counts(&case);
        let place = format!("{table:?}");
        let fisher = fisher_two_by_two([[table[0][0], table[0][1]], [table[1][0], table[1][1]]]);
        let pearson = Contingency::new(&table).unwrap().chi_square().unwrap();
        check(&place, Some(fisher), at(&case, "/p_two_sided"));
        check(&place, Some(pearson.chi2), at(&case, "/chisq"));
        check(&place, Some(pearson.p), at(&case, "/chisq_p"));
    }
}

#[test]
fn freeman_halton_and_pearson_tests_are_those_of_r() {
    for case in list(at(&json("freeman_halton_rxc"), "/cases")) {
        let table = Contingency::new(&counts(&case)).unwrap();
        let (place, pearson) = (at(&case, "/id").to_string(), table.chi_square().unwrap());
        check(&place, freeman_halton(&table), at(&case, "/freeman_halton_p"));
        check(&place, Some(pearson.chi2), at(&case, "/chisq"));
        check(&place, Some(f64::from(pearson.df)), at(&case, "/df"));
        check(&place, Some(pearson.p), at(&case, "/chisq_p"));
    }
}

/// The synthetic cohort of the axitinib trial: days to death and to progression, whether each happened,
/// responder at three months, Child-Pugh class.
const COHORT: [(i64, bool, i64, bool, bool, char); 9] = [
    (1176, false, 1176, false, true, 'A'),
    (165, true, 84, true, false, 'B'),
    (408, true, 91, true, false, 'A'),
    (840, false, 840, false, true, 'A'),
    (307, true, 87, true, false, 'B'),
    (232, true, 170, true, true, 'A'),
    (504, false, 504, false, true, 'A'),
    (505, false, 225, true, true, 'A'),
    (506, false, 338, true, true, 'A'),
];

fn observed(time: i64, event: bool) -> Observation {
    if event { Observation::event(time) } else { Observation::censored(time) }
}

#[test]
fn the_synthetic_cohort_meets_the_published_endpoints() {
    let survival: Vec<_> = COHORT.iter().map(|c| observed(c.0, c.1)).collect();
    let progression: Vec<_> = COHORT.iter().map(|c| observed(c.2, c.3)).collect();
    let overall = KaplanMeier::new(&survival);
    // Twelve months are 365.25 days; in whole days, day 365.
    let year = overall.survival_at(365, ConfidenceInterval::Log).unwrap();
    assert_eq!((format!("{:.1}", 100.0 * year.survival).as_str(), year.at_risk), ("66.7", 6));
    assert_eq!(overall.median(MedianRule::Midpoint), None);
    let median = KaplanMeier::new(&progression).median(MedianRule::Midpoint).unwrap();
    assert_eq!(format!("{:.1}", median / 30.4375), "7.4");

    let follow_up = FollowUp::new(&survival, MedianRule::Midpoint);
    assert_eq!(follow_up.plain_median_days, Some(504.0));
    assert_eq!(follow_up.reverse_km_median_days, Some(506.0));
    assert_eq!(follow_up.survivor_median_days, Some(506.0));

    let split = |endpoint: &[Observation], first: fn(usize) -> bool| {
        let group = |wanted| (0..9).filter(|i| first(*i) == wanted).map(|i| endpoint[i]).collect();
        format!("{:.3}", LogRank::new(&[group(true), group(false)]).unwrap().p)
    };
    assert_eq!(split(&survival, |i| COHORT[i].4), "0.024");
    assert_eq!(split(&survival, |i| COHORT[i].5 == 'A'), "0.018");
    assert_eq!(split(&progression, |i| COHORT[i].4), "0.002");
    assert_eq!(split(&progression, |i| COHORT[i].5 == 'A'), "0.002");
}
