//! Subjects: the flow from consent to each analysis set, and what they were like at baseline (Table 1).

use super::Scene;
use crate::{
    render::number as text,
    report::html::{Lines, Side, count, maybe, number, paragraph, table, words},
};
use maud::{Markup, html};
use trial_core::view::{
    analysis_sets::{FlowStep, LeftOut},
    baseline::{Row, Summary},
};

/// The flow.
pub fn sets(scene: Scene<'_>) -> Lines {
    let columns = [("Set", Side::Left), ("Subjects", Side::Right), ("Left out", Side::Left), ("Open", Side::Left)];
    let row = |(index, step): (usize, &FlowStep)| {
        vec![
            words(step.set.as_str().replace('_', " ").replace("dlt", "DLT")),
            count(format!("/analysis_sets/flow/{index}/n"), step.n),
            left_out(&step.out),
            left_out(&step.open),
        ]
    };
    table("Analysis sets", &columns, scene.replay.analysis_sets.flow.iter().enumerate().map(row))
}

fn left_out(groups: &[LeftOut]) -> Markup {
    html! {
        @for (index, group) in groups.iter().enumerate() {
            @if index > 0 { br; }
            (group.n) " " (group.reason.as_str().replace('_', " ")) ": "
            @for (index, subject) in group.subjects.iter().enumerate() { @if index > 0 { ", " } (words(subject)) }
        }
    }
}

/// Table 1.
pub fn baseline(scene: Scene<'_>) -> Lines {
    let baseline = &scene.replay.baseline;
    if baseline.n == 0 {
        return vec![paragraph(&words("No subject is enrolled yet."))];
    }
    let mut rows: Vec<Vec<Markup>> = Vec::new();
    for (index, row) in baseline.characteristics.iter().enumerate() {
        characteristic(&mut rows, &format!("/baseline/characteristics/{index}"), row);
    }
    let dose = scene.replay.radiotherapy.prescription_gy;
    if dose.median.is_some() {
        let path = |member: &str| format!("/radiotherapy/prescription_gy/{member}");
        let summary = median_range(path, dose.median, dose.min, dose.max);
        rows.push(vec![words("RT dose prescribed, Gy, median (range)"), summary]);
    }
    let caption = format!("Table 1. Subject and tumour characteristics at baseline (n = {})", baseline.n);
    table(&caption, &[("Characteristic", Side::Left), ("n (%)", Side::Right)], rows)
}

fn characteristic(rows: &mut Vec<Vec<Markup>>, path: &str, row: &Row) {
    match &row.summary {
        Summary::Categories { categories, missing } => {
            rows.push(vec![words(&row.label), words("")]);
            for (index, category) in categories.iter().enumerate() {
                let shown = text::count(category.n, category.percent, 0);
                let counted = number(format!("{path}/categories/{index}/n"), category.n, shown);
                rows.push(vec![html! { span.indent { (category.label) } }, counted]);
            }
            if *missing > 0 {
                rows.push(vec![html! { span.indent { "not recorded" } }, count(format!("{path}/missing"), missing)]);
            }
        }
        Summary::Number { unit, n, median, min, max } => {
            let label = format!("{}, {unit}, median (range), n = {n}", row.label);
            rows.push(vec![words(label), median_range(|member| format!("{path}/{member}"), *median, *min, *max)]);
        }
    }
}

fn median_range(path: impl Fn(&str) -> String, median: Option<f64>, min: Option<f64>, max: Option<f64>) -> Markup {
    let one = |member: &str, value| maybe(path(member), value, text::measured);
    html! { (one("median", median)) " (" (one("min", min)) "\u{2013}" (one("max", max)) ")" }
}
