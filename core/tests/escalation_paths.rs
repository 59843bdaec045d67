//! The enumeration against the vectors, and against published trials.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

use serde_json::Value;
use trial_core::escalation::{
    Cohort, DeEscalation, Design, LevelCount, Node, Outcomes, PathCounts, Paths, Rule, ThreePlusThree, next_step_table,
    operating_characteristics, path_counts,
};
use trial_core::grade::DoseLevel;

fn vector(name: &str) -> Value {
    let path = format!("{}/../tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn variant(name: &str) -> Design {
    let seed = ThreePlusThree::default();
    Design::ThreePlusThree(match name {
        "seed" => seed,
        "mtd6" => ThreePlusThree { mtd_needs_six: true, ..seed },
        "no_deesc" => ThreePlusThree { de_escalation: DeEscalation::None, ..seed },
        other => panic!("{other} is not a variant"),
    })
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

#[test]
fn every_variant_and_number_of_levels_has_the_listed_paths() {
    let vector = vector("three_plus_three_paths");
    let rows = vector["path_counts"].as_array().unwrap();
    assert_eq!(rows.len(), 18);
    for row in rows {
        let levels = number(&row["levels"]) as u8;
        let found = path_counts(&variant(row["variant"].as_str().unwrap()), levels);
        let PathCounts { nodes, end_points, min_patients, max_patients, no_mtd, mtd, too_many } = found;
        assert!(!too_many, "{row}");
        assert_eq!(nodes, number(&row["nodes"]), "{row}");
        assert_eq!(end_points, number(&row["terminal"]), "{row}");
        assert_eq!(u64::from(min_patients), number(&row["min_n"]), "{row}");
        assert_eq!(u64::from(max_patients), number(&row["max_n"]), "{row}");
        assert_eq!(no_mtd + mtd.iter().sum::<u64>(), end_points, "{row}");
    }
}

#[test]
fn three_levels_end_35_times_without_an_mtd_and_45_30_and_8_times_with_one() {
    let found = path_counts(&Design::default(), 3);
    assert_eq!((found.nodes, found.end_points, found.no_mtd), (157, 118, 35));
    assert_eq!(found.mtd, [45, 30, 8]);
}

#[test]
fn every_listed_node_stands_at_its_place_with_its_next_step() {
    let vector = vector("three_plus_three_paths");
    let design = Design::default();
    let nodes: Vec<Node> = Paths::new(&design, 3).collect();
    for expected in vector["nodes"].as_array().unwrap() {
        let id = expected["id"].as_str().unwrap();
        let node = &nodes[id.rsplit('-').next().unwrap().parse::<usize>().unwrap()];
        let written = node.cohorts.iter().map(Cohort::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!(written, expected["outcomes"], "{id}");
        let next = serde_json::to_value(node.next).unwrap();
        for (member, value) in expected["next"].as_object().unwrap() {
            assert_eq!(&next[member], value, "{id}: {member}");
        }
        for (count, expected) in node.counts.iter().zip(expected["counts"].as_array().unwrap()) {
            assert_eq!(u64::from(count.evaluable), number(&expected["n"]), "{id}");
            assert_eq!(u64::from(count.dlt), number(&expected["dlt"]), "{id}");
        }
        assert_eq!(u64::from(node.patients()), number(&expected["total_n"]), "{id}");
        let dlt: u32 = node.counts.iter().map(|count| count.dlt).sum();
        assert_eq!(u64::from(dlt), number(&expected["total_dlt"]), "{id}");
        assert_eq!(node.is_end(), expected["terminal"].as_bool().unwrap(), "{id}");
        let mtd = node.mtd().map(|level| u64::from(level.get()));
        assert_eq!(mtd, expected["mtd"].as_u64(), "{id}");

        let read = Outcomes::parse(expected["outcomes"].as_str().unwrap(), 3).unwrap();
        assert_eq!(read.cohorts(), node.cohorts, "{id}");
        assert_eq!(read.counts(), node.counts, "{id}");
        assert_eq!(read.next(&design), Some(node.next), "{id}");
        assert_eq!(read.departures(&design), [], "{id}");
    }
}

#[test]
fn the_operating_characteristics_are_those_of_the_enumeration() {
    let found = operating_characteristics(&Design::default(), &[0.10, 0.25, 0.45]).unwrap();
    let rounded = |p: f64| (p * 1000.0).round() / 1000.0;
    assert_eq!(rounded(found.no_mtd), 0.103);
    assert_eq!(found.mtd.iter().map(|p| rounded(*p)).collect::<Vec<_>>(), [0.399, 0.370, 0.127]);
    assert_eq!((found.expected_patients * 100.0).round(), 1175.0);
    assert!((found.no_mtd + found.mtd.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    let by_level: f64 = found.patients.iter().zip([0.10, 0.25, 0.45]).map(|(n, p)| n * p).sum();
    assert!((found.expected_dlt - by_level).abs() < 1e-12, "Wald: the expected DLTs are the sum of n times p");
}

#[test]
fn a_drug_without_toxicity_ends_at_the_top_and_a_poison_at_once() {
    let safe = operating_characteristics(&Design::default(), &[0.0, 0.0]).unwrap();
    assert_eq!((safe.mtd, safe.expected_patients), (vec![0.0, 1.0], 6.0));
    let poison = operating_characteristics(&Design::default(), &[1.0, 1.0]).unwrap();
    assert_eq!((poison.no_mtd, poison.expected_dlt), (1.0, 3.0));
}

#[test]
fn probabilities_that_are_none_are_refused() {
    let refused = |p: &[f64]| operating_characteristics(&Design::default(), p).unwrap_err().to_string();
    assert_eq!(refused(&[0.1, 1.5]), "the probability of a DLT at level 2 is 1.5: expected 0 to 1");
    assert!(refused(&[0.1, f64::NAN]).contains("level 2 is NaN"));
    assert!(refused(&[]).starts_with("found 0 probabilities"));
}

#[test]
fn the_higher_start_goes_down_where_the_level_below_was_not_given() {
    let start = ThreePlusThree { start_level: DoseLevel::new(2).unwrap(), ..ThreePlusThree::default() };
    let design = Design::ThreePlusThree(start);
    let rules: Vec<Rule> = Paths::new(&design, 3).map(|node| node.next.rule).collect();
    for rule in [Rule::R4New, Rule::R6New, Rule::R5Fill, Rule::R7, Rule::R5Top] {
        assert!(rules.contains(&rule), "{rule}");
    }
    assert_eq!(Paths::new(&design, 1).count(), 0, "a start level that is not planned has no path");
}

#[test]
fn published_trials_have_as_many_conforming_histories_as_were_found_by_others() {
    let vector = vector("published_phase1_trials");
    let trials = vector["trials"].as_array().unwrap();
    assert_eq!(trials.len(), 5);
    for trial in trials {
        let levels = number(&trial["planned_levels"]) as u8;
        let mut counts = vec![LevelCount::default(); usize::from(levels)];
        for row in trial["levels"].as_array().unwrap() {
            let (evaluable, dlt) = (number(&row["n"]) as u32, number(&row["dlt"]) as u32);
            counts[number(&row["level"]) as usize - 1] = LevelCount { evaluable, dlt };
        }
        for (name, check) in trial["rule_check"].as_object().unwrap() {
            let design = variant(name);
            let nodes: Vec<Node> = Paths::new(&design, levels).filter(|node| node.counts == counts).collect();
            assert_eq!(nodes.len() as u64, number(&check["conforming_histories"]), "{} {name}", trial["id"]);
            let expected: Vec<Value> = check["next_actions"].as_array().unwrap().to_vec();
            for node in nodes {
                let next = serde_json::to_value(node.next).unwrap();
                let same = |expected: &Value| {
                    let expected: Value = serde_json::from_str(expected.as_str().unwrap()).unwrap();
                    expected.as_object().unwrap().iter().all(|(member, value)| &next[member] == value)
                };
                assert!(expected.iter().any(same), "{} {name}: {next}", trial["id"]);
                // What the trial's authors declared is where a history of theirs that keeps to the rule ends.
                let declared = &trial["declared"];
                let level = declared["mtd_level"].as_u64().or(declared["recommended_level"].as_u64());
                assert!(!node.is_end() || node.mtd().map(|mtd| u64::from(mtd.get())) == level, "{}", trial["id"]);
            }
        }
    }
}

#[test]
fn the_next_step_table_answers_for_each_possible_number_of_dlts() {
    let counts = Outcomes::parse("1NNN 2NT", 3).unwrap().counts();
    let level = DoseLevel::new(2).unwrap();
    let table = next_step_table(&Design::default(), &counts, level, 1);
    let rows: Vec<_> = table
        .iter()
        .map(|row| {
            let rule = row.recommendation.map(|recommendation| recommendation.rule.to_string());
            (row.dlt, row.count.to_string(), rule.unwrap_or_default())
        })
        .collect();
    assert_eq!(rows, [(0, "1/3".into(), "R3".into()), (1, "2/3".into(), "R4-fill".to_string())]);
    assert_eq!(next_step_table(&Design::default(), &counts, DoseLevel::new(9).unwrap(), 2), []);
}
