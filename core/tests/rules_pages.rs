//! The pages of the clinical rules: their tables are what the code says.
//!
//! `UPDATE=1 cargo test -p trial-core --test rules_pages` writes the tables anew.

#![allow(clippy::unwrap_used, reason = "a test may panic, and so may what it is made of")]

use schemars::{JsonSchema, schema_for};
use serde_json::Value;
use std::fs;
use trial_core::{
    dlt::{DltDefinition, Terms, When},
    protocol::Protocol,
    recist::{NonTargetResponse, ResponseRules, TargetResponse, overall},
    view::{
        analysis_sets::{AnalysisSet, SetReason},
        deviations::DeviationRule,
        grounds::GROUNDS,
    },
};

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/");
const PROTOCOL: &str = include_str!("../../schemas/examples/protocols/axitinib-rt.json");

/// The page with what stands between `<!-- name -->` and `<!-- end -->` replaced.
fn with(page: &str, name: &str, content: &str) -> String {
    let start = format!("<!-- {name} -->\n");
    let (before, rest) = page.split_once(&start).unwrap_or_else(|| panic!("no place for {name}"));
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    format!("{before}{start}{content}<!-- end -->{after}")
}

fn check(name: &str, tables: &[(&str, String)]) {
    let path = format!("{DOCS}{name}");
    let found = fs::read_to_string(&path).unwrap();
    let page = tables.iter().fold(found, |page, (place, content)| with(&page, place, content));
    if std::env::var_os("UPDATE").is_some_and(|update| update == "1") {
        fs::write(&path, &page).unwrap();
    }
    assert!(fs::read_to_string(&path).unwrap() == page, "{name} is stale, run again with UPDATE=1");
}

/// Each word of a list with what its documentation says, as rows.
fn words<T: JsonSchema>(head: &str) -> String {
    let schema = schema_for!(T).to_value();
    let choices = schema["oneOf"].as_array().unwrap();
    let row = |choice: &Value| {
        let about = choice["description"].as_str().unwrap().replace('\n', " ");
        format!("| `{}` | {about} |\n", choice["const"].as_str().unwrap())
    };
    format!("| {head} | |\n|---|---|\n{}", choices.iter().map(row).collect::<String>())
}

fn definition() -> DltDefinition {
    serde_json::from_str::<Protocol>(PROTOCOL).unwrap().dlt
}

fn condition(when: &When) -> String {
    let terms = |of: &Terms| match (&of.soc, of.terms.len()) {
        (Some(soc), 0) => format!("any of {soc}"),
        (None | Some(_), _) => of.terms.join(", "),
    };
    let among: Vec<String> = when.among.iter().map(terms).collect();
    let grades: Vec<String> = when.grades.iter().map(ToString::to_string).collect();
    let facts: Vec<String> = when.facts.iter().map(|fact| word(fact).replace('_', " ")).collect();
    let among = if among.is_empty() { "any".to_owned() } else { among.join("; ") };
    let facts = if facts.is_empty() { String::new() } else { format!(", {}", facts.join(", ")) };
    format!("grade {}{facts} | {among}", grades.join(" or "))
}

fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

#[test]
fn the_page_of_toxicity_has_the_tests_of_the_example_protocol() {
    let definition = definition();
    let tests = definition.tests.iter().enumerate().map(|(n, test)| {
        let clause = test.clause.as_ref().map_or("", |clause| clause.as_str());
        let verdict = word(&test.verdict).replace('_', " ");
        format!(
            "| {} | {} | {} | {verdict} | {} |\n",
            n + 1,
            test.name.as_str().replace('_', " "),
            condition(&test.when),
            clause.replace('_', " ")
        )
    });
    let head = "| | test | grade | terms | verdict | clause |\n|---:|---|---|---|---|---|\n";
    let clauses = definition.clauses.iter().map(|c| format!("| {} | {} |\n", c.id.as_str().replace('_', " "), c.text));
    let flags = definition.flags.iter().map(|f| format!("| `{}` | {} | {} |\n", f.name, condition(&f.when), f.text));
    check(
        "toxicity.md",
        &[
            ("dlt tests", head.to_owned() + &tests.collect::<String>()),
            ("dlt clauses", "| clause | |\n|---|---|\n".to_owned() + &clauses.collect::<String>()),
            ("dlt flags", "| remark | grade | terms | |\n|---|---|---|---|\n".to_owned() + &flags.collect::<String>()),
        ],
    );
}

#[test]
fn the_page_of_response_has_the_table_of_recist_and_every_field_with_its_default() {
    use {NonTargetResponse as N, TargetResponse as T};
    let others = [N::CR, N::NonCrNonPd, N::PD, N::NE, N::NotApplicable];
    let row = |target: T| {
        let cells: String = others.iter().map(|other| format!(" {} |", overall(target, *other))).collect();
        format!("| {target} |{cells}\n")
    };
    let rows: String = [T::CR, T::PR, T::SD, T::PD, T::NE, T::NotApplicable].map(row).concat();
    let head = "| targets | non-targets CR | NON-CR/NON-PD | PD | NE | NA |\n|---|---|---|---|---|---|\n";
    let written = serde_json::to_value(ResponseRules::default()).unwrap();
    let field = |(name, value): (&String, &Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("| `{name}` | `{value}` |\n")
    };
    let fields: String = written.as_object().unwrap().iter().map(field).collect();
    check(
        "response.md",
        &[
            ("overall", head.to_owned() + &rows),
            ("fields", "| field of `response.rules` | default |\n|---|---|\n".to_owned() + &fields),
        ],
    );
}

#[test]
fn the_page_of_numbers_has_the_table_that_the_command_reads_and_every_source_in_full() {
    let row = |g: &trial_core::view::grounds::Ground| format!("| `{}` | {} | {} |\n", g.part, g.rule, g.source);
    let rows: String = GROUNDS.iter().map(row).collect();
    check("numbers.md", &[("grounds", "| part | rule | source |\n|---|---|---|\n".to_owned() + &rows)]);
    let page = fs::read_to_string(format!("{DOCS}numbers.md")).unwrap();
    let (_, references) = page.split_once("## References").unwrap();
    for source in GROUNDS.iter().flat_map(|ground| ground.source.split("; ")) {
        let publication = source.rsplit(' ').next().is_some_and(|year| year.len() == 4 && year.parse::<u16>().is_ok());
        assert!(!publication || references.contains(&format!("* {source}:")), "{source} is not among the references");
    }
}

#[test]
fn the_page_of_conduct_has_every_set_every_reason_and_every_rule() {
    check(
        "conduct.md",
        &[
            ("sets", words::<AnalysisSet>("set")),
            ("reasons", words::<SetReason>("reason")),
            ("deviations", words::<DeviationRule>("rule")),
        ],
    );
}
