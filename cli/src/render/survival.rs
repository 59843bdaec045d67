//! Survival: time-to-event endpoints, follow-up under each of its names, comparisons between groups.

use super::{
    Terminal, Tone,
    grid::{Grid, Side},
    number, sections,
};
use trial_core::{
    ids::Name,
    protocol::Protocol,
    rounded::rounded,
    view::survival::{Comparison, Endpoint, Landmark, Survival},
};

/// Follow-up, endpoints and log-rank tests.
pub fn survival(survival: &Survival, protocol: Option<&Protocol>, terminal: Terminal) -> String {
    sections([
        follow_up(survival, terminal),
        endpoints(survival, terminal),
        log_rank(&survival.log_rank, protocol, terminal),
    ])
}

/// How a grouping is printed.
pub fn grouping(protocol: Option<&Protocol>, name: &Name) -> String {
    let grouping = protocol.and_then(|p| p.groupings.iter().find(|g| g.name == *name));
    grouping.map_or_else(|| name.to_string(), |g| g.label.to_string())
}

fn days(days: f64) -> String {
    format!("{} months ({} days)", number::months(days), number::measured(days))
}

fn follow_up(survival: &Survival, terminal: Terminal) -> String {
    let found = &survival.follow_up.medians;
    let smallest = survival.follow_up.reverse_km_median_days_smallest;
    let median = |value: Option<f64>| value.map_or("not reached".into(), days);
    let range = found.range_days.map_or("-".into(), |(shortest, longest)| format!("{shortest}\u{2013}{longest} days"));
    let lines = terminal.pairs(&[
        (Tone::Text, "median of all subjects' times", median(found.plain_median_days)),
        (Tone::Text, "median of survivors' times", median(found.survivor_median_days)),
        (Tone::Text, "median by reverse Kaplan-Meier", median(found.reverse_km_median_days)),
        (Tone::Text, "  the same by the rule of SPSS", median(smallest)),
        (Tone::Text, "range", range),
    ]);
    terminal.heading("Follow-up (the definitions differ: quote the name with the number)") + &lines
}

fn endpoints(survival: &Survival, terminal: Terminal) -> String {
    let each = survival.endpoints.iter().map(|(name, endpoint)| {
        let heading = format!("{} ({})", endpoint.label, name.as_str().to_uppercase());
        let mut pairs = vec![
            (
                Tone::Text,
                "subjects",
                format!("{} treated, {}", endpoint.n, number::of(endpoint.events, "event", "events")),
            ),
            (Tone::Text, "median", median(endpoint)),
        ];
        let at: Vec<(String, String)> = endpoint.at.iter().map(landmark).collect();
        pairs.extend(at.iter().map(|(when, what)| (Tone::Text, when.as_str(), what.clone())));
        terminal.heading(&heading) + &terminal.pairs(&pairs)
    });
    sections(each)
}

fn median(endpoint: &Endpoint) -> String {
    let limit = |limit: Option<f64>| limit.map_or("not reached".into(), number::months);
    let (low, high) = endpoint.median_ci95;
    let interval = format!("95% CI {} to {}", limit(low), limit(high));
    match endpoint.median_days {
        Some(median) => format!("{}, {interval}", days(median)),
        None => format!("not reached, {interval}"),
    }
}

fn landmark(at: &Landmark) -> (String, String) {
    let interval = at.ci95.map_or("no interval".into(), |ci| format!("95% CI {}", number::shares(ci)));
    let when = format!("at {} months ({} days)", number::months(at.days as f64), at.days);
    (when, format!("{}, {interval}, {} at risk", number::share(at.survival), at.at_risk))
}

/// What is compared, and within which strata.
pub(crate) fn compared(protocol: Option<&Protocol>, comparison: &Comparison) -> String {
    let by = grouping(protocol, &comparison.by);
    match &comparison.stratified_by {
        None => by,
        Some(strata) => format!("{by}\nstratified by {}", grouping(protocol, strata)),
    }
}

fn log_rank(comparisons: &[Comparison], protocol: Option<&Protocol>, terminal: Terminal) -> String {
    if comparisons.is_empty() {
        return String::new();
    }
    let mut grid = Grid::new(&[
        ("Endpoint", Side::Left),
        ("By", Side::Left),
        ("Group: events/subjects (expected)", Side::Left),
        ("chi2", Side::Right),
        ("df", Side::Right),
        ("p", Side::Right),
    ]);
    for comparison in comparisons {
        let group = |(label, events): (&String, &trial_core::statistics::logrank::GroupEvents)| {
            format!("{label}: {}/{} ({:.1})", events.observed, events.subjects, events.expected)
        };
        let groups: Vec<String> = comparison.groups.iter().zip(&comparison.events).map(group).collect();
        grid.row()
            .cell(comparison.endpoint.as_str().to_uppercase())
            .cell(compared(protocol, comparison))
            .cell(groups.join("\n"))
            .cell(rounded(comparison.chi2, 2))
            .cell(comparison.df)
            .cell(number::p(comparison.p));
    }
    terminal.heading("Log-rank tests (two-sided, not adjusted for multiplicity)") + &grid.text(terminal)
}
