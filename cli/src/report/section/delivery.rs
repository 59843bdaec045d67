//! Delivery: what each subject received of drug and radiotherapy.

use super::Scene;
use crate::{
    render::number as text,
    report::html::{Lines, Side, count, maybe, number, paragraph, table, toned, words},
};
use maud::{Markup, html};
use trial_core::{
    event::DosingChange,
    view::{
        exposure::AgentExposure,
        radiotherapy::{Biological, CourseRow, MeanDose},
    },
};

/// Dose intensity by subject and drug.
pub fn exposure(scene: Scene<'_>) -> Lines {
    if scene.replay.exposure.is_empty() {
        return vec![paragraph(&words("No dose is recorded yet."))];
    }
    let columns = [
        ("Subject", Side::Left),
        ("Level", Side::Right),
        ("Drug", Side::Left),
        ("Intakes taken/\u{200b}planned", Side::Right),
        ("mg taken/\u{200b}planned", Side::Right),
        ("Relative dose", Side::Right),
        ("RDI, days on drug", Side::Right),
        ("RDI, planned days", Side::Right),
        ("Missed", Side::Right),
        ("Holds", Side::Right),
        ("Reductions", Side::Right),
        ("End", Side::Left),
    ];
    let mut lines = table("Doses taken and planned", &columns, scene.replay.exposure.iter().enumerate().map(agent));
    lines.push(paragraph(&words(
        "Relative dose: amount taken / planned. RDI: relative dose intensity, amount per day / planned amount per day.",
    )));
    lines
}

fn agent((index, row): (usize, &AgentExposure)) -> Vec<Markup> {
    let path = |member: &str| format!("/exposure/{index}/{member}");
    let end = match row.ended {
        None => words("\u{2013}"),
        Some(DosingChange::Completed) => words("completed"),
        Some(change) => toned("care", change.as_str()),
    };
    vec![
        words(&row.subject),
        words(row.level),
        words(&row.agent),
        html! { (count(path("taken_intakes"), row.taken_intakes)) "/" (count(path("planned_intakes"), row.planned_intakes)) },
        html! {
            (number(path("taken_mg"), row.taken_mg, text::measured(row.taken_mg))) "/"
            (maybe(path("planned_mg"), row.planned_mg, text::measured))
        },
        maybe(path("relative_dose"), row.relative_dose, text::share),
        maybe(path("relative_dose_intensity"), row.relative_dose_intensity, text::share),
        maybe(
            path("relative_dose_intensity_over_planned_time"),
            row.relative_dose_intensity_over_planned_time,
            text::share,
        ),
        count(path("missed_intakes"), row.missed_intakes),
        count(path("interruptions"), row.interruptions),
        count(path("reductions"), row.reductions),
        end,
    ]
}

/// Courses of radiotherapy with biological doses.
pub fn radiotherapy(scene: Scene<'_>) -> Lines {
    let courses = &scene.replay.radiotherapy.subjects;
    if courses.is_empty() {
        return vec![paragraph(&words("No course is planned yet."))];
    }
    let ratios: &[Biological] =
        courses.iter().map(|c| c.biological.as_slice()).find(|b| !b.is_empty()).unwrap_or_default();
    let biological: Vec<String> = ratios
        .iter()
        .flat_map(|b| {
            let ratio = text::measured(b.alpha_beta_gy);
            ["BED", "EQD2"].map(|dose| format!("{dose}, \u{3b1}/\u{2060}\u{3b2}\u{a0}{ratio}"))
        })
        .collect();
    let mut columns = vec![
        ("Subject", Side::Left),
        ("Level", Side::Right),
        ("Gy delivered/\u{200b}prescribed", Side::Right),
        ("Fractions delivered/\u{200b}planned", Side::Right),
        ("Missed", Side::Right),
        ("Overall days", Side::Right),
        ("Prolongation, days", Side::Right),
        ("Mean dose/\u{200b}limit, Gy", Side::Left),
    ];
    columns.extend(biological.iter().map(|heading| (heading.as_str(), Side::Right)));
    let mut lines = table("Doses delivered and prescribed", &columns, courses.iter().enumerate().map(course));
    lines.push(paragraph(&words(
        "BED and EQD2 in Gy of the dose delivered, fraction by fraction (linear-quadratic model).",
    )));
    lines
}

fn course((index, row): (usize, &CourseRow)) -> Vec<Markup> {
    let path = |member: &str| format!("/radiotherapy/subjects/{index}/{member}");
    let mean = |dose: &MeanDose| {
        let shown = format!(
            "{} {}/{}",
            dose.organ,
            text::measured(dose.gy),
            dose.limit_gy.map_or("\u{2013}".into(), text::measured)
        );
        if dose.limit_gy.is_some_and(|limit| dose.gy > limit) { toned("fault", shown + " above") } else { words(shown) }
    };
    let mut cells = vec![
        words(&row.subject),
        words(row.level),
        html! {
            (number(path("delivered_gy"), row.delivered_gy, text::measured(row.delivered_gy))) "/"
            (maybe(path("prescribed_gy"), row.prescribed_gy, text::measured))
        },
        html! {
            (count(path("delivered_fractions"), row.delivered_fractions)) "/"
            (maybe(path("planned_fractions"), row.planned_fractions, |n| n.to_string()))
        },
        count(path("missed_fractions"), row.missed_fractions),
        maybe(path("overall_days"), row.overall_days, |days| days.to_string()),
        maybe(path("prolongation_days"), row.prolongation_days, |days| days.to_string()),
        html! { @for dose in &row.mean_doses { span.one { (mean(dose)) } " " } },
    ];
    for (index, dose) in row.biological.iter().enumerate() {
        let path = |member: &str| path(&format!("biological/{index}/{member}"));
        cells.push(number(path("bed_gy"), dose.bed_gy, format!("{:.1}", dose.bed_gy)));
        cells.push(number(path("eqd2_gy"), dose.eqd2_gy, format!("{:.1}", dose.eqd2_gy)));
    }
    cells
}
