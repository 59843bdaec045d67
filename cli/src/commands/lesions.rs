//! `trial history SUBJECT --lesions`: the tumour response visit by visit, overall and in the field, and why.

use super::{open, unknown_subject};
use crate::{args::Global, error::CliError, output::Output, output::width};
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets::NOTHING};
use schemars::JsonSchema;
use serde::Serialize;
use trial_core::{
    recist::Visit,
    view::{
        replay::CutLine,
        response::{ResponseTable, SubjectResponse},
    },
};

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub(super) struct Answer {
    /// What it rests on.
    cut: CutLine,
    /// Every visit with its sums, and why it is what it is.
    response: SubjectResponse,
}

/// Shows it.
pub fn run(global: &Global, subject: &str, output: &mut Output<'_>) -> Result<u8, CliError> {
    let session = open(global, output)?;
    let table = ResponseTable::read(&session.trial);
    let subjects = &session.trial.subjects;
    let known = subjects.iter().any(|(id, _)| id.as_str() == subject);
    if !known && subjects.nearest(subject).is_some() {
        return Err(unknown_subject(&session, subject));
    }
    let Some(found) = table.subjects.iter().find(|s| s.subject.as_str() == subject) else {
        return Err(CliError::no(format!(
            "no tumour response of {subject}: expected an assessment up to the first treatment"
        ))
        .hint(format!("what is recorded: trial log --subject {subject} --type tumour_assessed")));
    };
    if output.json {
        output.value(&Answer { cut: session.cut(), response: found.clone() })?;
    } else {
        output.banner(&session.opened)?;
        output.text(&text(found))?;
    }
    Ok(0)
}

fn text(s: &SubjectResponse) -> String {
    let best = s.best.day.map_or_else(String::new, |day| format!(" on {day}"));
    let mut lines = vec![
        format!("{} · level {} · baseline {}", s.subject, s.level, s.baseline),
        format!(
            "best response {}{best}; progression {}",
            s.best.response,
            s.progression.map_or("none".into(), |d| d.to_string())
        ),
        String::new(),
        "All lesions".to_owned(),
        grid(&s.visits, &s.in_field),
        String::new(),
        "Why".to_owned(),
    ];
    for visit in &s.visits {
        lines.push(format!("{}  {}", visit.day, visit.because));
        let in_field = s.in_field.iter().find(|v| v.day == visit.day);
        lines.extend(in_field.map(|v| format!("            in field: {}", v.because)));
        lines.extend(visit.queries.iter().map(|query| format!("            ? {query}")));
    }
    lines.join("\n") + "\n"
}

/// One line a visit. Sums in millimetres, changes in percent; the nadir is the smallest sum before the visit.
fn grid(visits: &[Visit], in_field: &[Visit]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width()).unwrap_or(u16::MAX));
    let heading = ["day", "sum", "% base", "nadir", "% nadir", "target", "non-target", "new", "overall", "field"];
    table.set_header(heading);
    if let Some(first) = visits.first() {
        table.add_row(["baseline".to_owned(), millimetres(first.nadir_mm)]);
    }
    for visit in visits {
        let field = in_field.iter().find(|v| v.day == visit.day);
        let new: Vec<&str> = visit.new_lesions.iter().map(|lesion| lesion.as_str()).collect();
        table.add_row([
            visit.day.to_string(),
            millimetres(visit.sum_mm),
            percent(visit.change_from_baseline_pct),
            millimetres(visit.nadir_mm),
            percent(visit.change_from_nadir_pct),
            visit.target.to_string(),
            visit.non_target.to_string(),
            if new.is_empty() { "none".to_owned() } else { new.join(", ") },
            visit.overall.to_string(),
            field.map_or_else(|| "—".to_owned(), |v| v.overall.to_string()),
        ]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
    // What is one word stays one word; long lists of lesions are broken.
    for column in table.column_iter_mut().take(6) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    let lines: Vec<String> = table.to_string().lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

fn millimetres(value: Option<f64>) -> String {
    value.map_or_else(|| "—".to_owned(), |mm| format!("{mm}"))
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "—".to_owned(), |pct| format!("{pct:+.1}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use trial_core::recist::{Assessment, Field, ResponseRules, evaluate};

    fn visit(day: &str, mm: &str, new: serde_json::Value) -> Assessment {
        let target =
            json!([{ "lesion": "T1", "site": "liver", "in_field": true, "diameter": { "value": mm, "unit": "mm" } }]);
        serde_json::from_value(json!({ "day": day, "targets": target, "new_lesions": new })).unwrap()
    }

    #[test]
    fn each_visit_is_a_line_with_its_sum_its_nadir_and_both_responses() {
        let new = json!([{ "lesion": "N1", "site": "lung", "in_field": false, "certainty": "unequivocal" }]);
        let (baseline, later) = (
            visit("2020-01-01", "100", json!([])),
            [visit("2020-03-01", "62.5", json!([])), visit("2020-06-01", "75", new)],
        );
        let read = |field| evaluate(&baseline, &later, field, &ResponseRules::default());
        let shown = grid(&read(Field::Overall), &read(Field::InField));
        let rows: Vec<Vec<&str>> = shown.lines().skip(2).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0], ["2020-03-01", "62.5", "-37.5", "100", "-37.5", "PR", "NA", "none", "PR", "PR"]);
        assert_eq!(rows[1][..5], ["2020-06-01", "75", "-25.0", "62.5", "+20.0"]);
        assert_eq!(rows[1][7..], ["N1", "PD", "PD"]);
        assert_eq!(shown.lines().nth(1).unwrap().split_whitespace().collect::<Vec<_>>(), ["baseline", "100"]);
    }
}
