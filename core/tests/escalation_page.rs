//! The page `docs/escalation.md`: its tables are what the code says, and it names every rule and every field.
//!
//! `UPDATE=1 cargo test -p trial-core --test escalation_page` writes the tables anew.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

use std::{collections::BTreeSet, fs};
use trial_core::escalation::generate::{IntervalDesign, Wanted, boundaries, cells, table};
use trial_core::escalation::{
    DeEscalation, Design, LevelStatus, Paths, RollingSix, ThreePlusThree, operating_characteristics, path_counts,
};
use trial_core::grade::DoseLevel;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/escalation.md");

fn interval(design: IntervalDesign) -> String {
    let wanted = Wanted {
        target: "0.30".parse().unwrap(),
        half_width: "0.05".parse().unwrap(),
        cohort_size: 3,
        max_at_level: if design == IntervalDesign::Boin { 18 } else { 12 },
        max_subjects: 36,
    };
    let table = table(design, &wanted).unwrap();
    if design == IntervalDesign::Boin { boundaries(&table) } else { cells(&table) }
}

fn named_variants() -> [(&'static str, ThreePlusThree); 4] {
    let seed = ThreePlusThree::default();
    [
        ("as by default", seed.clone()),
        ("`mtd_needs_six: true`", ThreePlusThree { mtd_needs_six: true, ..seed.clone() }),
        ("`de_escalation: none`", ThreePlusThree { de_escalation: DeEscalation::None, ..seed.clone() }),
        ("`start_level: 2`", ThreePlusThree { start_level: DoseLevel::new(2).unwrap(), ..seed }),
    ]
}

fn variants() -> String {
    let head = "| variant | states | patients | no MTD | MTD 1 | MTD 2 | MTD 3 | mean patients | mean with DLT |\n\
        |---|---:|---:|---:|---:|---:|---:|---:|---:|\n";
    let row = |(name, rule): (&str, ThreePlusThree)| {
        let design = Design::ThreePlusThree(rule);
        let (ways, found) = (path_counts(&design, 3), operating_characteristics(&design, &[0.10, 0.25, 0.45]).unwrap());
        let mtd: Vec<String> = found.mtd.iter().map(|p| format!("{p:.3}")).collect();
        format!(
            "| {name} | {} | {} to {} | {:.3} | {} | {:.2} | {:.2} |\n",
            ways.nodes,
            ways.min_patients,
            ways.max_patients,
            found.no_mtd,
            mtd.join(" | "),
            found.expected_patients,
            found.expected_dlt
        )
    };
    head.to_owned() + &named_variants().map(row).concat()
}

/// A row for each number enrolled and with a DLT, a column for each number pending.
fn rolling_six() -> String {
    let mut text = "| enrolled | with DLT |".to_owned();
    text.extend((0..=6).map(|pending| format!(" {pending} pending |")));
    text += &format!("\n|---:|---:|{}\n", "---|".repeat(7));
    for enrolled in 2..=6_u32 {
        for dlt in 0..=2 {
            let cell = |pending: u32| match (enrolled - dlt).checked_sub(pending) {
                None => String::new(),
                Some(clear) => {
                    let status = LevelStatus { enrolled, evaluable: dlt + clear, dlt, pending, replaced: 0 };
                    RollingSix::says(status).as_str().replace('_', "-")
                }
            };
            let cells: Vec<String> = (0..=6).map(cell).collect();
            let more = if dlt == 2 { " or more" } else { "" };
            text += &format!("| {enrolled} | {dlt}{more} | {} |\n", cells.join(" | "));
        }
    }
    text
}

/// The page with what stands between `<!-- name -->` and `<!-- end -->` replaced.
fn with(page: &str, name: &str, content: &str) -> String {
    let start = format!("<!-- {name} -->\n");
    let (before, rest) = page.split_once(&start).unwrap_or_else(|| panic!("no place for {name}"));
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    format!("{before}{start}{content}<!-- end -->{after}")
}

#[test]
fn the_tables_of_the_page_are_what_the_code_says() {
    let found = fs::read_to_string(PAGE).unwrap();
    let mut page = with(&found, "variants", &variants());
    page = with(&page, "rolling six", &rolling_six());
    for design in IntervalDesign::ALL {
        page = with(&page, design.as_str(), &interval(*design));
    }
    if std::env::var_os("UPDATE").is_some_and(|update| update == "1") {
        fs::write(PAGE, &page).unwrap();
    }
    assert!(fs::read_to_string(PAGE).unwrap() == page, "stale, run again with UPDATE=1");
}

#[test]
fn the_page_names_every_rule_of_the_3_plus_3_and_every_field_with_its_default() {
    let page = fs::read_to_string(PAGE).unwrap();
    let rules: BTreeSet<String> = named_variants()
        .into_iter()
        .flat_map(|(_, rule)| {
            let design = Design::ThreePlusThree(rule);
            Paths::new(&design, 4).map(|node| node.next.rule.to_string()).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(rules.len(), 16, "{rules:?}");
    for rule in rules {
        let named = page.lines().any(|line| line.split(['|', ',']).any(|cell| cell.trim() == rule));
        assert!(named, "{rule}");
    }
    let written = serde_json::to_value(Design::default()).unwrap();
    for (field, default) in written.as_object().unwrap().iter().filter(|(field, _)| *field != "kind") {
        let default = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
        assert!(page.contains(&format!("| `{field}` | `{default}` |")), "{field} {default}");
    }
    for number in 1..=12 {
        assert!(page.contains(&format!("\n| A{number} |")), "A{number}");
    }
}
