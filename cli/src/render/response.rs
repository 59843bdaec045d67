//! Table 3: tumour response at the protocol's time point, overall and inside the radiotherapy field.

use super::{
    Terminal, Tone,
    grid::{Grid, Side},
    number,
};
use trial_core::view::response::{Counts, Rate, ResponseTable};

/// The table with response rates and their exact intervals, and who was not assessed.
pub fn response(response: &ResponseTable, terminal: Terminal) -> String {
    let assessed = response.overall.rate.map_or(0, |rate| rate.n);
    let heading = format!("Table 3. Tumour response at {} by RECIST 1.1 (n = {assessed})", response.time_point);
    let columns = [("Response", Side::Left), ("Overall", Side::Left), ("RT in-field", Side::Left)];
    let mut grid = Grid::new(&columns);
    let both = [response.overall, response.in_field];
    let mut count = |label: &str, of: &dyn Fn(&Counts) -> usize| {
        let cells = both.iter().map(|counts| number::count(of(counts), counts.percent(of(counts)), 1));
        grid.row().cell(label).cells(cells);
    };
    count("Complete response (CR)", &|c| c.CR);
    count("Partial response (PR)", &|c| c.PR);
    count("Stable disease (SD)", &|c| c.SD);
    count("Progressive disease (PD)", &|c| c.PD);
    count("Not evaluable (NE)", &|c| c.NE);
    let mut rate = |label: &str, of: &dyn Fn(&Rate) -> String| {
        grid.row().cell(label).cells(both.iter().map(|counts| counts.rate.as_ref().map_or("-".into(), of)));
    };
    rate("Response rate (CR + PR)", &|r| format!("{}/{} ({})", r.x, r.n, number::share(r.estimate)));
    rate("\u{a0}\u{a0}95% CI, exact", &|r| number::shares(r.ci95));
    rate("\u{a0}\u{a0}95% CI, Wilson", &|r| number::shares(r.wilson95));
    terminal.heading(&heading) + &grid.text(terminal) + &not_assessed(response, terminal)
}

fn not_assessed(response: &ResponseTable, terminal: Terminal) -> String {
    let missing: Vec<String> = response.not_assessed.iter().map(|id| id.to_string()).collect();
    if missing.is_empty() {
        return String::new();
    }
    let what = format!("Treated, not assessed at {}: {}", response.time_point, missing.join(", "));
    terminal.lines(Tone::Deviation, "", &what)
}
