//! The verb `design`, and `paths` with the table that it makes.

use serde_json::{Value, json};
use std::process::{Command, Output};

fn trial(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trial")).args(args).output().expect("the binary runs")
}

fn answer(args: &[&str]) -> String {
    let output = trial(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("the answer is text")
}

/// A protocol file whose rule is this design.
fn protocol(design: &Value) -> tempfile::NamedTempFile {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/examples/protocols/axitinib-rt.json");
    let mut protocol: Value = serde_json::from_str(&std::fs::read_to_string(example).unwrap()).unwrap();
    protocol["design"] = design.clone();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), protocol.to_string()).unwrap();
    file
}

#[test]
fn the_boundaries_are_printed_as_in_the_paper() {
    let text = answer(&["design", "boin", "--target", "0.30", "--max-n", "6"]);
    let lines: Vec<String> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(lines[0], "boin, target 0.30, cohorts of 3, at most 6 evaluable subjects at a level and 36 in all.");
    assert!(lines.contains(&"| Escalate if DLTs <= | 0 | 0 | 0 | 0 | 1 | 1 |".into()), "{text}");
    assert!(lines.contains(&"| De-escalate if DLTs >= | 1 | 1 | 2 | 2 | 2 | 3 |".into()), "{text}");
    assert!(lines.contains(&"| Exclude if DLTs >= | - | - | 3 | 3 | 4 | 4 |".into()), "{text}");
    let cells = answer(&["design", "i3plus3", "--target", "0.30", "--max-n", "3"]);
    assert!(cells.contains("| 3    |    |    | DU |"), "{cells}");
}

#[test]
fn the_json_is_a_design_that_paths_follows() {
    let made = answer(&["design", "boin", "--target", "0.30", "--max-n", "9", "--max-subjects", "12", "--json"]);
    let design: Value = serde_json::from_str(&made).unwrap();
    assert_eq!(
        (&design["kind"], &design["target"]),
        (&json!("decision_table"), &json!({"numerator": 3, "denominator": 10}))
    );
    let file = protocol(&design);
    let path = file.path().to_str().unwrap();
    let found: Value = serde_json::from_str(&answer(&["paths", "--protocol", path, "1NNN 2NTT", "--json"])).unwrap();
    assert_eq!(found["recommendation"]["rule"], "T-de-escalate");
    assert_eq!((&found["recommendation"]["level"], &found["recommendation"]["add"]), (&json!(1), &json!(3)));
    assert_eq!(found["next_steps"].as_array().unwrap().len(), 4);
    assert_eq!(found["paths"]["too_many"], false);
    let text = answer(&["paths", "--protocol", path, "1NNN 2N", "--probabilities", "0.1,0.25,0.45"]);
    assert!(text.contains("T-wait: enrol or wait at level 2"), "{text}");
}

#[test]
fn too_many_paths_are_said_to_be_too_many() {
    let made = answer(&[
        "design",
        "boin",
        "--target",
        "0.30",
        "--cohort",
        "1",
        "--max-n",
        "99",
        "--max-subjects",
        "300",
        "--json",
    ]);
    let file = protocol(&serde_json::from_str(&made).unwrap());
    let output = trial(&["paths", "--protocol", file.path().to_str().unwrap(), "--json"]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("too many paths to count them all"));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["paths"]["too_many"], true);
}

#[test]
fn a_table_that_cannot_be_made_is_wrong_usage() {
    for (args, expected) in [
        (["design", "boin", "--target", "0.8"], "the target is 0.8: expected more than 0 and less than 0.7"),
        (["design", "mtpi2", "--target", "0.03"], "the interval is 0.05 on either side of 0.03"),
        (["design", "crm", "--target", "0.3"], "boin, mtpi2, keyboard, i3plus3"),
    ] {
        let output = trial(&args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(expected), "{said}");
    }
}
