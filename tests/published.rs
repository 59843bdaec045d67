//! The 72 published aggregates from `replay --json`, each computed here from the JSON alone, and the members that the
//! JSON of `replay`, `verify` and `demo` promises.

use crate::common::{Dir, demo, pick};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, sync::OnceLock};

const PUBLISHED: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/published.json"));

/// The one printed number that no rounding gives: 45 % for four of nine.
const IMPOSSIBLE: &str = "printed percent Child-Pugh 5";

fn replay() -> &'static Value {
    static REPLAY: OnceLock<Value> = OnceLock::new();
    REPLAY.get_or_init(|| demo().run(&["replay", "--json"]).expect(0).json())
}

fn at(pointer: &str) -> &'static Value {
    replay().pointer(pointer).unwrap_or_else(|| panic!("{pointer} is not in the replay"))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

/// As a table prints it: so many decimals, halves as the decimal text rounds them.
fn printed(value: f64, decimals: usize) -> Value {
    format!("{value:.decimals$}").parse::<f64>().map(|n| json!(n)).expect("a number")
}

fn months(days: &Value) -> Value {
    if days.is_null() { json!("not reached") } else { printed(number(days) / 30.4375, 1) }
}

fn characteristic(name: &str) -> &'static Value {
    pick(at("/baseline/characteristics"), &[("name", json!(name))])
}

/// How many subjects have one of these values.
fn count(name: &str, values: &[&str]) -> u64 {
    let categories = &characteristic(name)["categories"];
    values.iter().map(|value| pick(categories, &[("value", json!(value))])["n"].as_u64().expect("a count")).sum()
}

fn percent(name: &str, values: &[&str], decimals: usize) -> Value {
    printed(100.0 * count(name, values) as f64 / number(at("/baseline/n")), decimals)
}

fn median_range(summary: &Value) -> Value {
    json!(format!("{} ({}-{})", number(&summary["median"]), number(&summary["min"]), number(&summary["max"])))
}

fn toxicity(label: &str) -> Value {
    let row = pick(at("/toxicity/rows"), &[("label", json!(label))]);
    let columns = [&row["total"], &row["levels"]["1"], &row["levels"]["2"], &row["levels"]["3"]];
    columns.iter().flat_map(|column| [column["any"].clone(), column["grade3_plus"].clone()]).collect()
}

fn response(counts: &Value) -> Value {
    json!({ "CR": counts["CR"], "PR": counts["PR"], "SD": counts["SD"], "PD": counts["PD"] })
}

fn rate(counts: &Value) -> Value {
    printed(100.0 * number(&counts["rate"]["x"]) / number(&counts["rate"]["n"]), 1)
}

fn log_rank(endpoint: &str, by: &str) -> Value {
    let row = pick(at("/survival/log_rank"), &[("endpoint", json!(endpoint)), ("by", json!(by))]);
    printed(number(&row["p"]), 3)
}

/// The patient of figure 2, in the words of the paper.
fn figure_2() -> Value {
    let subject = pick(at("/subjects"), &[("subject", json!("RECON-001"))]);
    let (baseline, afp) = (&subject["baseline"], &subject["laboratory"]["AFP"]);
    let is = |name: &str, value: &str| baseline[name] == value;
    let words = [
        if is("sex", "male") { "M" } else { "F" }.to_owned(),
        baseline["age"]["value"].as_str().expect("years").to_owned(),
        format!("level {}", ["I", "II", "III"][subject["level"].as_u64().expect("a level") as usize - 1]),
        if is("etiology", "non-HBV-non-HCV") { "nonB nonC" } else { "?" }.to_owned(),
        format!("CP-{}", if is("child_pugh", "5") || is("child_pugh", "6") { "A" } else { "B" }),
        format!("{}Gy/{}", number(&subject["prescribed_gy"]), subject["fractions"]),
        format!("{}cm", baseline["max_diameter"]["value"].as_str().expect("cm").trim_end_matches(".0")),
        if is("portal_vein_thrombosis", "present") { "PVT" } else { "no PVT" }.to_owned(),
        baseline["t_stage"].as_str().expect("a stage").to_owned(),
        format!("BCLC-{}", baseline["bclc"].as_str().expect("a stage")),
        format!("AFP {}->{}", number(&afp["first"]), number(&afp["last"])),
        subject["response"].as_str().expect("a response").to_owned(),
        if subject["died"].is_null() { "alive" } else { "dead" }.to_owned(),
        if subject["progression"].is_null() { "no recurrence" } else { "recurrence" }.to_owned(),
        subject["last_contact"].as_str().expect("a day")[..4].to_owned(),
    ];
    json!(words.join(" "))
}

/// Every aggregate, computed from the JSON of the replay.
fn computed() -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut put = |item: &str, value: Value| {
        assert!(found.insert(item.to_owned(), value).is_none(), "{item} is computed twice");
    };
    // What the paper calls it, the characteristic, its values; then in how many decimals the percent is printed.
    let counted: &[(&str, &str, &[&str], usize)] = &[
        ("male", "sex", &["male"], 1),
        ("ECOG 0", "ecog", &["0"], 0),
        ("ECOG 1", "ecog", &["1"], 0),
        ("Child-Pugh 5", "child_pugh", &["5"], 0),
        ("Child-Pugh 6", "child_pugh", &["6"], 0),
        ("Child-Pugh 7", "child_pugh", &["7"], 0),
        ("Child-Pugh class A", "child_pugh", &["5", "6"], 0),
        ("HBV", "etiology", &["HBV"], 0),
        ("HCV", "etiology", &["HCV"], 0),
        ("non-HBV non-HCV", "etiology", &["non-HBV-non-HCV"], 0),
        ("BCLC B", "bclc", &["B"], 0),
        ("BCLC C", "bclc", &["C"], 0),
        ("single", "liver_tumours", &["single"], 0),
        ("multiple", "liver_tumours", &["multiple"], 0),
        ("PVT present", "portal_vein_thrombosis", &["present"], 0),
        ("regional LN", "regional_lymph_node_metastasis", &["present"], 0),
        ("distant metastasis", "distant_metastasis", &["present"], 0),
    ];
    for (item, name, values, decimals) in counted {
        put(&format!("Table1 {item}"), json!(count(name, values)));
        put(&format!("printed percent {item}"), percent(name, values, *decimals));
    }
    put("printed percent HBV or HCV", percent("etiology", &["HBV", "HCV"], 0));
    put("Table1 age median (range)", median_range(characteristic("age")));
    put("Table1 max diameter cm", median_range(characteristic("max_diameter")));
    put("Table1 RT dose Gy", median_range(at("/radiotherapy/prescription_gy")));
    for row in at("/toxicity/rows").as_array().expect("rows") {
        let label = row["label"].as_str().expect("a label");
        put(&format!("Table2 {label}"), toxicity(label));
    }
    let mut most: Vec<&str> =
        at("/toxicity/most_common").as_array().expect("a list").iter().flat_map(Value::as_str).collect();
    most.sort_unstable();
    put("five most common AEs", json!(most));
    put("Table3 overall", response(at("/response/overall")));
    put("Table3 in-field", response(at("/response/in_field")));
    put("ORR %", rate(at("/response/overall")));
    put("in-field RR %", rate(at("/response/in_field")));
    let by_level = [("of", json!("response")), ("by", json!("dose_level")), ("test", json!("pearson_chi_square"))];
    put("dose level vs response p", printed(number(&pick(at("/association"), &by_level)["p"]), 3));
    let one_year = pick(at("/survival/os/at"), &[("days", json!(365))]);
    put("OS 12-month %", printed(100.0 * number(&one_year["survival"]), 1));
    put("median OS", months(at("/survival/os/median_days")));
    put("median PFS months", months(at("/survival/pfs/median_days")));
    put("OS log-rank responders", log_rank("os", "responder"));
    put("OS log-rank CP-A", log_rank("os", "child_pugh_class"));
    put("PFS log-rank responders", log_rank("pfs", "responder"));
    put("PFS log-rank CP-A", log_rank("pfs", "child_pugh_class"));
    for (item, member) in [
        ("plain_median_all_days", "plain_median_days"),
        ("reverse_km_days_spss", "reverse_km_median_days_smallest"),
        ("reverse_km_days_r", "reverse_km_median_days"),
        ("survivor_median_days", "survivor_median_days"),
    ] {
        put(&format!("median follow-up {item}"), months(at(&format!("/survival/follow_up/{member}"))));
    }
    let dlt = |level: u64| pick(at("/escalation/levels"), &[("level", json!(level))])["dlt"].clone();
    put("DLT by level", json!({ "1": dlt(1), "2": dlt(2), "3": dlt(3) }));
    put("Fig 2 patient", figure_2());
    found
}

/// The same value; a whole number may be written with a point.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

#[test]
fn all_72_published_aggregates_come_out_of_the_replay_but_for_the_one_that_cannot() {
    let vectors: Value = serde_json::from_str(PUBLISHED).unwrap();
    let items = vectors["items"].as_array().unwrap();
    let computed = computed();
    assert_eq!((items.len(), computed.len()), (72, 72));
    let mut differ = Vec::new();
    for item in items {
        let name = item["item"].as_str().unwrap();
        let found = computed.get(name).unwrap_or_else(|| panic!("{name} is not computed"));
        assert!(same(&item["computed"], found), "{name}: expected {}, found {found}", item["computed"]);
        if !same(&item["published"], found) {
            differ.push((name, item["published"].clone(), found.clone()));
        }
    }
    assert_eq!(differ, [(IMPOSSIBLE, json!(45), json!(44.0))]);
}

#[test]
fn the_numbers_rest_on_what_they_should_not_only_round_to_it() {
    let near = |pointer: &str, expected: f64| {
        let found = number(at(pointer));
        assert!((found - expected).abs() <= 1e-11 * expected.abs(), "{pointer}: expected {expected}, found {found}");
    };
    // Exact by hand: 6 of 9 alive at a year; chi-square 4 with 4 degrees of freedom: p = 3 exp(-2).
    near("/survival/os/at/0/survival", 2.0 / 3.0);
    near("/association/0/statistic", 4.0);
    near("/association/0/p", 3.0 * (-2.0_f64).exp());
    // Freeman-Halton over the same table: 61 of 70.
    near("/association/1/p", 61.0 / 70.0);
    near("/survival/pfs/median_days", 225.0);
    assert_eq!(at("/survival/follow_up/plain_median_days"), &json!(504.0));
    assert_eq!(at("/survival/follow_up/reverse_km_median_days"), &json!(506.0));
    assert_eq!(at("/survival/follow_up/survivor_median_days"), &json!(506.0));
    // Clopper-Pearson for 6 and 7 of 9.
    for (pointer, percents) in [("overall", ["29.9", "92.5"]), ("in_field", ["40.0", "97.2"])] {
        for (i, expected) in percents.iter().enumerate() {
            let bound = 100.0 * number(at(&format!("/response/{pointer}/rate/ci95/{i}")));
            assert_eq!(format!("{bound:.1}"), *expected, "{pointer}");
        }
    }
    // 45 Gy in 15 fractions: BED and EQD2 at alpha/beta 10.
    let first = pick(at("/radiotherapy/subjects"), &[("subject", json!("RECON-001"))]);
    let ten = pick(&first["biological"], &[("alpha_beta_gy", json!(10.0))]);
    assert!((number(&ten["bed_gy"]) - 58.5).abs() < 1e-9 && (number(&ten["eqd2_gy"]) - 48.75).abs() < 1e-9);
}

/// What a member of the contract holds.
#[derive(Debug, Clone, Copy)]
enum Holds {
    Text,
    Count,
    Number,
    List,
    Object,
    /// One of these words.
    Word(&'static [&'static str]),
    NumberOrNull,
    ObjectOrNull,
    TextOrNull,
}

fn demand(value: &Value, contract: &[(&str, Holds)]) {
    for (pointer, holds) in contract {
        let found = value.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is missing"));
        let fits = match holds {
            Holds::Text => found.is_string(),
            Holds::Count => found.is_u64(),
            Holds::Number => found.is_number(),
            Holds::List => found.is_array(),
            Holds::Object => found.is_object(),
            Holds::Word(words) => found.as_str().is_some_and(|word| words.contains(&word)),
            Holds::NumberOrNull => found.is_number() || found.is_null(),
            Holds::ObjectOrNull => found.is_object() || found.is_null(),
            Holds::TextOrNull => found.is_string() || found.is_null(),
        };
        assert!(fits, "{pointer}: expected {holds:?}, found {found}");
    }
}

const STATES: Holds =
    Holds::Word(&["enrolling", "observing", "safety_hold", "decision_due", "review_required", "stopped"]);
const ACTIONS: Holds =
    Holds::Word(&["start", "escalate", "expand", "de_escalate", "fill_top", "stop_mtd", "stop_no_mtd"]);

#[test]
fn the_json_of_replay_has_the_members_of_its_contract() {
    use Holds::*;
    demand(
        replay(),
        &[
            ("/cut/entries", Count),
            ("/cut/head", Text),
            ("/cut/as_of", TextOrNull),
            ("/cut/cutoff", TextOrNull),
            ("/cut/clock", Word(&["simulated", "system"])),
            ("/escalation/state", STATES),
            ("/escalation/current_level", Count),
            ("/escalation/open_slots", Count),
            ("/escalation/recommendation", ObjectOrNull),
            ("/escalation/mtd/level", Count),
            ("/escalation/mtd/basis", Text),
            ("/escalation/decisions", List),
            ("/baseline", Object),
            ("/toxicity/rows/0/total/any", Count),
            ("/toxicity/rows/0/total/grade3_plus", Count),
            ("/toxicity/rows/0/levels/1/any", Count),
            ("/exposure", List),
            ("/radiotherapy", Object),
            ("/response/waterfall", List),
            ("/survival/follow_up/plain_median_days", NumberOrNull),
            ("/survival/follow_up/reverse_km_median_days", NumberOrNull),
            ("/survival/follow_up/survivor_median_days", NumberOrNull),
            ("/survival/log_rank/0/endpoint", Text),
            ("/survival/log_rank/0/by", Text),
            ("/survival/log_rank/0/chi2", Number),
            ("/survival/log_rank/0/df", Count),
            ("/survival/log_rank/0/p", Number),
            ("/association/0/of", Text),
            ("/association/0/by", Text),
            ("/association/0/test", Text),
            ("/association/0/statistic", NumberOrNull),
            ("/association/0/df", NumberOrNull),
            ("/association/0/p", Number),
            ("/deviations", List),
        ],
    );
    for level in at("/escalation/levels").as_array().unwrap() {
        let counts = ["/level", "/enrolled", "/treated", "/evaluable", "/pending", "/dlt", "/replaced"];
        demand(level, &counts.map(|pointer| (pointer, Count)));
        demand(level, &[("/label", Text), ("/windows", List)]);
    }
    for field in ["overall", "in_field"] {
        let counts = at(&format!("/response/{field}"));
        demand(counts, &["/CR", "/PR", "/SD", "/PD", "/NE", "/rate/x", "/rate/n"].map(|pointer| (pointer, Count)));
        demand(counts, &[("/rate/estimate", Number), ("/rate/ci95/0", Number), ("/rate/ci95/1", Number)]);
    }
    for endpoint in ["os", "pfs"] {
        let curve = at(&format!("/survival/{endpoint}"));
        demand(curve, &[("/n", Count), ("/events", Count), ("/median_days", NumberOrNull), ("/median_ci95", List)]);
        demand(
            curve,
            &[("/at/0/days", Count), ("/at/0/survival", Number), ("/at/0/ci95", List), ("/at/0/at_risk", Count)],
        );
        demand(curve, &[("/curve", List)]);
    }
}

#[test]
fn a_recommendation_and_an_open_window_have_the_members_of_their_contract() {
    let demo = demo();
    let due = demo.run(&["replay", "--json", "--as-of", "2017-05-01"]).expect(0).json();
    demand(
        &due["escalation"]["recommendation"],
        &[
            ("/action", ACTIONS),
            ("/level", Holds::Count),
            ("/add", Holds::Count),
            ("/rule", Holds::Text),
            ("/basis", Holds::Text),
        ],
    );
    demand(&due, &[("/cut/as_of", Holds::Text), ("/escalation/mtd", Holds::ObjectOrNull)]);
    let open = demo.run(&["replay", "--json", "--as-of", "2017-01-15"]).expect(0).json();
    demand(
        &open["escalation"]["levels"][0],
        &[("/windows/0/subject", Holds::Text), ("/windows/0/closes", Holds::Text)],
    );
}

#[test]
fn the_json_of_verify_has_the_members_of_its_contract() {
    let demo = demo();
    let sound = demo.run(&["verify", "--json"]).expect(0).json();
    let members = [
        ("/verdict", Holds::Word(&["verified"])),
        ("/entries", Holds::Count),
        ("/head", Holds::Text),
        ("/root", Holds::Text),
        ("/claims", Holds::Object),
        ("/faults", Holds::List),
    ];
    demand(&sound, &members);
    assert_eq!(sound["entries"], json!(1574));
    assert_eq!(sound["head"].as_str().unwrap().len(), 64);

    let text = String::from_utf8(demo.bytes()).unwrap().replacen("\"number\":7", "\"number\":8", 1);
    let edited = demo.file("edited.jsonl", text);
    let faulty = demo.run(&["verify", "--json", edited.to_str().unwrap()]).expect(1).json();
    demand(&faulty, &[("/verdict", Holds::Word(&["faulty"])), ("/entries", Holds::Count), ("/claims", Holds::Object)]);
    demand(
        &faulty["faults"][0],
        &[
            ("/kind", Holds::Word(&["signature_invalid"])),
            ("/seq", Holds::Count),
            ("/expected", Holds::Text),
            ("/found", Holds::Text),
            ("/meaning", Holds::Text),
        ],
    );
}

#[test]
fn status_is_a_part_of_replay() {
    let status = demo().run(&["status", "--json"]).expect(0).json();
    // Two copies of one ledger: the same bytes, hence the same answers.
    let part = |name: &str| replay()[name].clone();
    assert_eq!(status, json!({ "cut": part("cut"), "escalation": part("escalation"), "suspects": part("suspects") }));
}

#[test]
fn every_face_of_the_demonstration_says_what_it_is() {
    let demo = demo();
    let dir = Dir::empty();
    let made = dir.run(&["demo", dir.path().to_str().unwrap()]).expect(0);
    for words in [&made.all(), &demo.run(&["verify"]).all(), &demo.run(&["status"]).all(), &demo.run(&["replay"]).all()]
    {
        let words = words.to_lowercase();
        assert!(words.contains("synthetic") && words.contains("simulated"), "{words}");
    }
    assert!(made.stdout.contains("71 of 72 published numbers"), "{made:#?}");
    let verdict = demo.run(&["verify", "--json"]).json();
    assert_eq!((&verdict["clock"], &verdict["data"]), (&json!("simulated"), &json!("synthetic")));
}

#[test]
fn the_demonstration_in_json_compares_all_72_numbers() {
    let dir = Dir::empty();
    let ran = dir.run(&["demo", dir.path().to_str().unwrap(), "--json"]).expect(0);
    let told = ran.json();
    demand(
        &told,
        &[
            ("/dir", Holds::Text),
            ("/entries", Holds::Count),
            ("/head", Holds::Text),
            ("/clock", Holds::Word(&["simulated"])),
            ("/data", Holds::Word(&["synthetic"])),
            ("/compared", Holds::List),
        ],
    );
    let compared = told["compared"].as_array().unwrap();
    assert_eq!(compared.len(), 72);
    let different: Vec<&Value> = compared.iter().filter(|c| c["matches"] == false).map(|c| &c["item"]).collect();
    assert_eq!(different, [&json!(IMPOSSIBLE)]);
    // What the program compares is what the test computes: two ways to the same numbers.
    for row in compared {
        let here = &computed()[row["item"].as_str().unwrap()];
        assert!(same(here, &row["replayed"]), "{}: {here} here", row);
    }
    assert_eq!(dir.sound()["head"], told["head"]);
}

/// A note says how a number is meant; only a contradiction in print excuses a difference.
#[test]
fn the_demonstration_excuses_one_difference_and_would_fail_on_any_other() {
    let shipped = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/demo/published.json"));
    let shipped: Value = serde_json::from_str(shipped).unwrap();
    let items = shipped["items"].as_array().unwrap();
    let excused: Vec<&Value> = items.iter().filter(|i| i["contradicts_itself"] == true).map(|i| &i["item"]).collect();
    assert_eq!(excused, [&json!(IMPOSSIBLE)]);
    // What the program sets beside its numbers is what was printed.
    let vectors: Value = serde_json::from_str(PUBLISHED).unwrap();
    for item in items {
        let printed = pick(&vectors["items"], &[("item", item["item"].clone())]);
        assert!(same(&printed["published"], &item["published"]), "{item}");
    }
}

#[test]
fn the_demonstration_never_writes_into_a_directory_that_holds_anything() {
    let dir = Dir::empty();
    fs::create_dir(dir.path()).unwrap();
    fs::write(dir.path().join("thesis.txt"), "mine").unwrap();
    dir.run(&["demo", dir.path().to_str().unwrap()]).expect(3).says(&["is not empty", "hint: choose a directory"]);
    let names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["thesis.txt"]);
    assert_eq!(fs::read_to_string(dir.path().join("thesis.txt")).unwrap(), "mine");

    let demo = demo();
    let before = demo.bytes();
    demo.run(&["demo", demo.path().to_str().unwrap()]).expect(3).says(&["is not empty"]);
    assert_eq!(demo.bytes(), before);
    demo.sound();
}
