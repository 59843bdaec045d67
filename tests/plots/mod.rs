//! Plots as their readers meet them: the numbers are those of the tables, the pictures are well formed, say what they
//! rest on, and keep their texts apart.

mod layout;

use crate::common::{Dir, Ran, demo, pick, small::small};
use roxmltree::{Document, Node};
use serde_json::{Value, json};
use std::fs;

/// Every plot, as asked for on the command line.
const ALL: [&[&str]; 8] = [
    &["km"],
    &["km", "--endpoint", "pfs", "--by", "dose_level"],
    &["km", "--by", "responder"],
    &["waterfall"],
    &["waterfall", "--in-field"],
    &["swimmer"],
    &["spider"],
    &["timeline"],
];

fn plot(dir: &Dir, args: &[&str]) -> Ran {
    dir.run(&[&["plot"], args].concat()).expect(0)
}

fn csv_of(dir: &Dir, args: &[&str]) -> Vec<csv::StringRecord> {
    let text = plot(dir, &[args, &["--csv"]].concat()).stdout;
    csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes()).records().map(Result::unwrap).collect()
}

/// The texts of a picture, in order.
fn texts(svg: &str) -> Vec<String> {
    let picture = Document::parse(svg).unwrap();
    let texts = picture.descendants().filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "text")));
    texts.filter_map(|node| node.text().map(str::to_owned)).collect()
}

/// Demands a picture that any page may hold: nothing runs, nothing is fetched, each element has its line.
#[track_caller]
fn assert_inert(svg: &str) {
    let picture = Document::parse(svg).unwrap_or_else(|e| panic!("{e}:\n{svg}"));
    let root = picture.root_element();
    assert_eq!(root.attribute("role"), Some("img"));
    assert!(root.attribute("viewBox").is_some());
    let parts: Vec<Node<'_, '_>> = root.children().filter(Node::is_element).collect();
    assert_eq!(parts[0].tag_name().name(), "title");
    assert_eq!(parts[1].tag_name().name(), "desc");
    for node in picture.descendants().filter(Node::is_element) {
        let name = node.tag_name().name();
        assert!(["svg", "title", "desc", "style", "rect", "line", "path", "text"].contains(&name), "{name}");
        for attribute in node.attributes() {
            let name = attribute.name();
            assert!(!name.starts_with("on") && !name.contains("href") && name != "id", "{name}");
        }
        if ["rect", "line", "path", "text"].contains(&name) {
            let lines = svg[node.range()].lines().count();
            assert_eq!(lines, 1, "{}", &svg[node.range()]);
        }
    }
    assert!(!svg.contains("url(") && !svg.contains("@import"));
}

#[test]
fn every_picture_is_well_formed_runs_nothing_and_says_what_it_rests_on_and_that_it_is_synthetic() {
    let dir = demo();
    let lens = ["--as-of", "2018-03-01", "--cutoff", "2018-02-01"];
    let entries = dir.run(&["status", "--json", "--as-of", "2018-03-01"]).json()["cut"]["entries"].to_string();
    for args in ALL {
        let svg = plot(&dir, &[args, &lens].concat()).stdout;
        assert_inert(&svg);
        let said = texts(&svg).join(" ");
        let cut = "as of 2018-03-01 15:59:59 UTC, nothing that occurred after 2018-02-01";
        for words in ["SYNTHETIC DATA · SIMULATED CLOCK", cut, &format!("{entries} entries, head ")] {
            // Wrapped lines are joined again by one blank.
            assert!(said.contains(words), "{args:?}: {words:?} is not in {said}");
        }
    }
}

#[test]
fn the_curve_has_the_median_the_test_and_the_numbers_at_risk_of_the_tables() {
    let dir = demo();
    let replay = dir.run(&["replay", "--json"]).json();
    let months = |days: &Value| format!("{:.1}", days.as_f64().unwrap() / 30.4375);
    for endpoint in ["os", "pfs"] {
        let table = &replay["survival"][endpoint];
        let said = texts(&plot(&dir, &["km", "--endpoint", endpoint]).stdout);
        let legend = said.iter().find(|text| text.starts_with("all treated")).unwrap();
        assert!(legend.contains(&format!("n = {}, {} events", table["n"], table["events"])), "{legend}");
        match &table["median_days"] {
            Value::Null => assert!(legend.contains("median not reached"), "{legend}"),
            days => assert!(legend.contains(&format!("median {} months", months(days))), "{legend}"),
        }
        // Every fixed time of the axis, counted anew from the subjects' own times. Before the months stand 0 to 100 %.
        let numbers = |texts: &[String]| -> Vec<usize> { texts.iter().map_while(|text| text.parse().ok()).collect() };
        let axis = said.iter().position(|text| text == "months from the first treatment").unwrap();
        let first = said.iter().position(|text| text == "100").unwrap() + 1;
        let months = numbers(&said[first..axis]);
        let under = said.iter().position(|text| text == "Number at risk").unwrap() + 1;
        let shown = numbers(&said[under..]);
        assert!(months.len() > 4 && months.len() == shown.len(), "{said:?}");
        let times = table["observations"].as_array().unwrap();
        for (month, n) in months.iter().zip(shown) {
            let observed = times.iter().filter(|t| t["days"].as_f64().unwrap() >= *month as f64 * 30.4375).count();
            assert_eq!(observed, n, "{endpoint} at {month} months");
        }
    }
    let test = pick(&replay["survival"]["log_rank"], &[("endpoint", json!("os")), ("by", json!("responder"))]);
    let said = texts(&plot(&dir, &["km", "--by", "responder"]).stdout).join(" ");
    assert!(said.contains(&format!("p = {:.3}", test["p"].as_f64().unwrap())), "{said}");
}

#[test]
fn the_numbers_of_a_plot_are_those_of_the_replay() {
    let dir = demo();
    let replay = dir.run(&["replay", "--json"]).json();
    let bars = csv_of(&dir, &["waterfall"]);
    let table = replay["response"]["waterfall"].as_array().unwrap();
    assert_eq!(bars.len(), table.len() + 1);
    for (row, bar) in bars[1..].iter().zip(table) {
        assert_eq!(row[1], *bar["subject"].as_str().unwrap());
        assert_eq!(row[4].parse::<f64>().unwrap(), bar["change_pct"].as_f64().unwrap());
        assert_eq!(row[5], *bar["overall"].as_str().unwrap());
    }
    let changes: Vec<f64> = bars[1..].iter().map(|row| row[4].parse().unwrap()).collect();
    assert!(changes.is_sorted_by(|a, b| a >= b), "{changes:?}");

    let km = csv_of(&dir, &["km", "--endpoint", "pfs"]);
    let curve = replay["survival"]["pfs"]["curve"].as_array().unwrap();
    assert_eq!(km.len(), curve.len() + 1);
    for (row, point) in km[1..].iter().zip(curve) {
        assert_eq!(row[2], point["days"].to_string());
        assert_eq!(row[3].parse::<f64>().unwrap(), point["survival"].as_f64().unwrap());
        assert_eq!(row[6], point["at_risk"].to_string());
    }

    let lanes = plot(&dir, &["swimmer", "--json"]).json();
    let died = lanes["data"]["lanes"].as_array().unwrap().iter().filter(|lane| lane["standing"] == "died").count();
    assert_eq!(died as u64, replay["survival"]["os"]["events"].as_u64().unwrap());
    assert_eq!(lanes["cut"]["head"], replay["cut"]["head"]);

    let decisions = plot(&dir, &["timeline", "--json"]).json();
    assert_eq!(decisions["data"]["decisions"], replay["escalation"]["decisions"]);

    let spider = csv_of(&dir, &["spider"]);
    for subject in replay["response"]["subjects"].as_array().unwrap() {
        let name = subject["subject"].as_str().unwrap();
        let visits = subject["visits"].as_array().unwrap();
        let rows: Vec<_> = spider.iter().filter(|row| &row[0] == name).collect();
        assert_eq!(rows.len(), visits.len() + 1, "{name}: the baseline and each visit");
    }
}

#[test]
fn every_table_has_the_columns_that_the_page_lists_and_says_that_it_is_synthetic() {
    use trial_cli::plot::{km, rows, spider, swimmer, timeline, waterfall};
    let page = include_str!("../../docs/plots.md");
    let dir = demo();
    let plots = [
        ("km", km::COLUMNS),
        ("waterfall", waterfall::COLUMNS),
        ("swimmer", swimmer::COLUMNS),
        ("spider", spider::COLUMNS),
        ("timeline", timeline::COLUMNS),
    ];
    for (name, columns) in plots {
        let columns: Vec<_> = columns.iter().chain([&rows::DATA]).collect();
        let section = page.split(&format!("\n## {name}\n")).nth(1).unwrap_or_else(|| panic!("no section {name}"));
        let section = section.split("\n## ").next().unwrap();
        let table: Vec<String> = columns.iter().map(|(name, what)| format!("| `{name}` | {what} |")).collect();
        assert!(section.contains(&table.join("\n")), "docs/plots.md, {name}: expected\n{}", table.join("\n"));
        let found = csv_of(&dir, &[name]);
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        assert_eq!(found[0].iter().collect::<Vec<_>>(), names, "{name}");
        assert!(found.len() > 1 && found[1..].iter().all(|row| &row[row.len() - 1] == "synthetic"), "{name}");
    }
}

#[test]
fn a_trial_without_subjects_has_pictures_that_say_so() {
    let dir = small();
    for args in ALL {
        let ran = plot(&dir, &[args, &["--as-of", "2026-01-06"]].concat());
        assert_inert(&ran.stdout);
        let said = texts(&ran.stdout).join(" ");
        assert!(said.contains(" yet"), "{args:?}: {said}");
        let rows = csv_of(&dir, &[args, &["--as-of", "2026-01-06"]].concat());
        assert_eq!(rows.len(), 1, "{args:?}: the names of the columns alone");
    }
}

#[test]
fn a_file_that_is_there_is_not_written_over() {
    let dir = small();
    let path = dir.beside("os.svg");
    let file = path.to_str().unwrap();
    plot(&dir, &["km", "-o", file]).says(&["written to", "SYNTHETIC DATA"]);
    let first = fs::read(&path).unwrap();
    assert_inert(std::str::from_utf8(&first).unwrap());
    dir.run(&["plot", "swimmer", "-o", file]).expect(3).says(&["os.svg", "choose a file that is not there yet"]);
    assert_eq!(fs::read(&path).unwrap(), first);
    let journal = dir.bytes();
    dir.run(&["plot", "swimmer", "-o", dir.journal().to_str().unwrap()]).expect(3);
    assert_eq!(dir.bytes(), journal);
}

#[test]
fn a_mistyped_endpoint_grouping_or_plot_is_answered_with_the_nearest() {
    let dir = small();
    dir.run(&["plot", "km", "--endpoint", "psf"]).expect(2).says(&["the protocol has os, pfs", "did you mean pfs?"]);
    dir.run(&["plot", "km", "--by", "dose-level"]).expect(2).says(&["did you mean dose_level?"]);
    dir.run(&["plot", "swimer"]).expect(2).says(&["swimmer"]);
    dir.run(&["plot", "spider", "--csv", "--json"]).expect(2).says(&["cannot be used with"]);
}
