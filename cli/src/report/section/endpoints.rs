//! Endpoints: response (Table 3), survival with its follow-up and comparisons, associations.

use super::Scene;
use crate::{
    render::{number as text, survival as print},
    report::html::{Lines, Side, count, maybe, number, pairs, paragraph, table, toned, words},
};
use maud::{Markup, html};
use trial_core::{
    protocol::AssociationTest,
    view::{
        association::Association,
        response::{Counts, Rate},
        survival::{Comparison, Endpoint, Survival},
    },
};

/// Table 3 and the associations of response.
pub fn response(scene: Scene<'_>) -> Lines {
    let response = &scene.replay.response;
    let sides = [("/response/overall", &response.overall), ("/response/in_field", &response.in_field)];
    let counted = |label: &str, member: &str, of: fn(&Counts) -> usize| {
        let cell = |(path, counts): (&str, &Counts)| {
            let shown = text::count(of(counts), counts.percent(of(counts)), 1);
            number(format!("{path}/{member}"), of(counts), shown)
        };
        [words(label)].into_iter().chain(sides.map(cell)).collect::<Vec<_>>()
    };
    let rated = |label: &str, of: fn(&str, &Rate) -> Markup| {
        let cell = |(path, counts): (&str, &Counts)| {
            counts.rate.as_ref().map_or_else(|| words("\u{2013}"), |rate| of(&format!("{path}/rate"), rate))
        };
        [words(label)].into_iter().chain(sides.map(cell)).collect::<Vec<_>>()
    };
    let rows = [
        counted("Complete response (CR)", "CR", |c| c.CR),
        counted("Partial response (PR)", "PR", |c| c.PR),
        counted("Stable disease (SD)", "SD", |c| c.SD),
        counted("Progressive disease (PD)", "PD", |c| c.PD),
        counted("Not evaluable (NE)", "NE", |c| c.NE),
        rated("Response rate (CR + PR)", |path, rate| {
            let share = number(format!("{path}/estimate"), rate.estimate, text::share(rate.estimate));
            html! { (count(format!("{path}/x"), rate.x)) "/" (count(format!("{path}/n"), rate.n)) " (" (share) ")" }
        }),
        rated("95% CI, exact (Clopper-Pearson)", |path, rate| interval(&format!("{path}/ci95"), rate.ci95)),
        rated("95% CI, Wilson", |path, rate| interval(&format!("{path}/wilson95"), rate.wilson95)),
    ];
    let caption = format!("Table 3. Tumour response at {} by RECIST 1.1", response.time_point);
    let columns = [("Response", Side::Left), ("Overall", Side::Right), ("RT in-field", Side::Right)];
    let mut lines = table(&caption, &columns, rows);
    if !response.not_assessed.is_empty() {
        let missing: Vec<String> = response.not_assessed.iter().map(|id| id.to_string()).collect();
        let what = format!("Treated, not assessed at {}: {}", response.time_point, missing.join(", "));
        lines.push(paragraph(&toned("care", what)));
    }
    lines.extend(associations(scene));
    lines
}

fn interval(path: &str, (low, high): (f64, f64)) -> Markup {
    let one = |index: usize, value: f64| number(format!("{path}/{index}"), value, text::share(value));
    html! { (one(0, low)) " to " (one(1, high)) }
}

fn associations(scene: Scene<'_>) -> Lines {
    // A test of nobody says 1 and means nothing.
    if scene.replay.association.is_empty() || scene.replay.response.overall.rate.is_none() {
        return Vec::new();
    }
    let row = |(index, found): (usize, &Association)| {
        let path = format!("/association/{index}");
        let test = match found.test {
            AssociationTest::PearsonChiSquare => "Pearson chi-square",
            AssociationTest::Exact => "exact (Fisher, Freeman-Halton)",
        };
        let small = found.smallest_expected.filter(|expected| *expected < 5.0);
        vec![
            words(format!("{} by {}", found.of, print::grouping(scene.protocol(), &found.by))),
            words(test),
            maybe(format!("{path}/statistic"), found.statistic, |v| format!("{v:.3}")),
            maybe(format!("{path}/df"), found.df, |df| df.to_string()),
            number(format!("{path}/p"), found.p, text::p(found.p)),
            small.map_or_else(|| words(""), |_| toned("care", "small counts: read the exact test")),
        ]
    };
    let columns = [
        ("Association", Side::Left),
        ("Test", Side::Left),
        ("Statistic", Side::Right),
        ("df", Side::Right),
        ("p", Side::Right),
        ("", Side::Left),
    ];
    table("Associations", &columns, scene.replay.association.iter().enumerate().map(row))
}

/// Follow-up, endpoints, log-rank tests.
pub fn survival(scene: Scene<'_>) -> Lines {
    let survival = &scene.replay.survival;
    let mut lines = follow_up(survival);
    for (name, endpoint) in &survival.endpoints {
        lines.extend(one(name.as_str(), endpoint));
    }
    if !survival.log_rank.is_empty() {
        let columns = [
            ("Endpoint", Side::Left),
            ("By", Side::Left),
            ("Events/subjects (expected)", Side::Left),
            ("Chi-square", Side::Right),
            ("df", Side::Right),
            ("p", Side::Right),
        ];
        let rows = survival.log_rank.iter().enumerate().map(|(index, found)| comparison(scene, index, found));
        lines.extend(table("Log-rank tests (two-sided, not adjusted for multiplicity)", &columns, rows));
    }
    lines
}

fn days(path: impl std::fmt::Display, value: Option<f64>) -> Markup {
    match value {
        Some(days) => number(path, days, format!("{} months ({} days)", text::months(days), text::measured(days))),
        None => words("not reached"),
    }
}

fn follow_up(survival: &Survival) -> Lines {
    let found = &survival.follow_up.medians;
    let path = |member: &str| format!("/survival/follow_up/{member}");
    let smallest = survival.follow_up.reverse_km_median_days_smallest;
    let rows = [
        ("Median of all subjects' times", days(path("plain_median_days"), found.plain_median_days)),
        ("Median of survivors' times", days(path("survivor_median_days"), found.survivor_median_days)),
        ("Median by reverse Kaplan-Meier", days(path("reverse_km_median_days"), found.reverse_km_median_days)),
        ("The same by the rule of SPSS", days(path("reverse_km_median_days_smallest"), smallest)),
    ];
    let rows = rows.map(|(label, value)| vec![words(label), value]);
    table("Follow-up (quote the name with the number)", &[("Definition", Side::Left), ("Time", Side::Right)], rows)
}

fn one(name: &str, endpoint: &Endpoint) -> Lines {
    let path = |member: &str| format!("/survival/{name}/{member}");
    let (low, high) = endpoint.median_ci95;
    let limit = |index: usize, value: Option<f64>| match value {
        Some(days) => number(path(&format!("median_ci95/{index}")), days, text::months(days)),
        None => words("not reached"),
    };
    let mut rows = vec![
        ("Treated", count(path("n"), endpoint.n)),
        ("Events", count(path("events"), endpoint.events)),
        ("Median", days(path("median_days"), endpoint.median_days)),
        ("95% CI of the median, months", html! { (limit(0, low)) " to " (limit(1, high)) }),
    ];
    let landmarks: Vec<(String, Markup)> = endpoint
        .at
        .iter()
        .enumerate()
        .map(|(index, at)| {
            let path = |member: &str| format!("/survival/{name}/at/{index}/{member}");
            let estimate = number(path("survival"), at.survival, text::share(at.survival));
            let ci = at.ci95.map_or_else(|| words("no interval"), |ci| interval(&path("ci95"), ci));
            let at_risk = count(path("at_risk"), at.at_risk);
            (
                format!("At {} months", text::months(at.days as f64)),
                html! { (estimate) ", 95% CI " (ci) ", " (at_risk) " at risk" },
            )
        })
        .collect();
    rows.extend(landmarks.iter().map(|(label, value)| (label.as_str(), value.clone())));
    [vec![html! { h3 { (endpoint.label) } }.into_string()], pairs(rows)].concat()
}

fn comparison(scene: Scene<'_>, index: usize, found: &Comparison) -> Vec<Markup> {
    let path = |member: &str| format!("/survival/log_rank/{index}/{member}");
    let groups =
        found.groups.iter().zip(&found.events).map(|(label, events)| {
            format!("{label}: {}/{} ({:.1})", events.observed, events.subjects, events.expected)
        });
    vec![
        words(found.endpoint.as_str().to_uppercase()),
        words(print::compared(scene.protocol(), found)),
        words(groups.collect::<Vec<_>>().join("; ")),
        number(path("chi2"), found.chi2, format!("{:.2}", found.chi2)),
        count(path("df"), found.df),
        number(path("p"), found.p, text::p(found.p)),
    ]
}
