//! The waterfall: change of the sum of diameters at the protocol's time point, a bar per subject, the largest growth
//! first, with lines at growth of 20 % and at shrinkage of 30 %.

use super::{Terminal, Tone, number, sections};
use std::fmt::Write as _;
use trial_core::{
    recist::Response,
    view::response::{Bar, ResponseTable},
};
use unicode_width::UnicodeWidthStr;

/// Where the lines stand, in percent: progression and partial response in RECIST 1.1 (of the baseline, not the nadir).
const LINES: [f64; 2] = [-30.0, 20.0];
/// A bar ends here, in percent; the number beside it says how far it goes.
const LONGEST: f64 = 100.0;
/// What stands before the bars.
const NAMES: &str = "Subject, level";
/// Columns for the number, the response and its mark.
const WORDS: usize = 22;

/// Both waterfalls: overall, and inside the radiotherapy field. No text without an assessment.
pub fn waterfall(response: &ResponseTable, terminal: Terminal) -> String {
    if response.waterfall.is_empty() {
        return String::new();
    }
    let overall = response.waterfall.iter().map(|bar| Drawn::new(bar, bar.change_pct, Some(bar.overall)));
    let in_field = response.waterfall.iter().map(|bar| Drawn::new(bar, bar.in_field_change_pct, bar.in_field));
    let mut in_field: Vec<Drawn> = in_field.collect();
    // A subject without a measured lesion stands first, where it is seen.
    let key = |drawn: &Drawn| drawn.change.unwrap_or(f64::INFINITY);
    in_field.sort_by(|a, b| key(b).total_cmp(&key(a)).then_with(|| a.name.cmp(&b.name)));
    let at = &response.time_point;
    let legend = "Lines at -30% and +20% of baseline; * new lesion: progression whatever the bar.";
    sections([
        terminal.heading(&format!("Change of the sum of diameters at {at}, overall"))
            + &draw(&overall.collect::<Vec<_>>(), terminal),
        terminal.heading(&format!("Change of the sum of diameters at {at}, RT in-field"))
            + &draw(&in_field, terminal)
            + &terminal.lines(Tone::Text, "", legend),
    ])
}

struct Drawn {
    name: String,
    change: Option<f64>,
    response: Option<Response>,
    new_lesions: bool,
}

impl Drawn {
    fn new(bar: &Bar, change: Option<f64>, response: Option<Response>) -> Drawn {
        Drawn { name: format!("{} {}", bar.subject, bar.level), change, response, new_lesions: bar.new_lesions }
    }

    fn tone(&self) -> Tone {
        match self.response {
            Some(Response::PD) => Tone::Fault,
            Some(Response::CR | Response::PR) => Tone::State,
            Some(Response::SD | Response::NonCrNonPd | Response::NE) | None => Tone::Text,
        }
    }

    fn words(&self) -> String {
        let change = self.change.map_or("not measured".into(), number::change);
        let response = self.response.map_or("-".into(), |r| r.to_string());
        format!("{change:>7}  {response}{}", if self.new_lesions { " *" } else { "" })
    }
}

/// The columns of the drawing: which percentage lies in which column.
struct Axis {
    low: f64,
    high: f64,
    columns: usize,
}

impl Axis {
    fn column(&self, percent: f64) -> usize {
        let share = (percent.clamp(self.low, self.high) - self.low) / (self.high - self.low);
        (share * (self.columns - 1) as f64).round() as usize
    }
}

fn draw(bars: &[Drawn], terminal: Terminal) -> String {
    let names = bars.iter().map(|bar| bar.name.width()).max().unwrap_or_default().max(NAMES.width());
    let largest = bars.iter().filter_map(|bar| bar.change).fold(LINES[1] + 10.0, f64::max);
    let columns = terminal.width().saturating_sub(names + 2 + WORDS).max(10);
    let axis = Axis { low: -LONGEST, high: largest.min(LONGEST), columns };
    let mut text = format!("{NAMES:<names$}  {}\n", scale(&axis));
    for bar in bars {
        let drawn = terminal.paint(bar.tone(), &cells(bar.change, &axis));
        // Names are padded by the columns that they take, not by their characters.
        let rest = names - bar.name.width();
        let _ = writeln!(text, "{}{:rest$}  {drawn}  {}", bar.name, "", bar.words());
    }
    text
}

/// The percentages over the drawing, each over its column.
fn scale(axis: &Axis) -> String {
    let mut scale = String::new();
    for percent in [axis.low, LINES[0], 0.0, LINES[1]] {
        let label = if percent == 0.0 { "0".into() } else { format!("{percent:+.0}") };
        let start = axis.column(percent).saturating_sub(label.len() / 2).max(scale.len());
        scale += &" ".repeat(start - scale.len());
        scale += &label;
    }
    scale
}

/// One bar from zero, with the lines behind it.
fn cells(change: Option<f64>, axis: &Axis) -> String {
    let zero = axis.column(0.0);
    let end = axis.column(change.unwrap_or_default());
    let lines = LINES.map(|line| axis.column(line));
    let cell = |column: usize| {
        if column == zero {
            '\u{2502}'
        } else if (zero.min(end)..=zero.max(end)).contains(&column) {
            '\u{2588}'
        } else if lines.contains(&column) {
            '\u{250a}'
        } else {
            ' '
        }
    };
    (0..axis.columns).map(cell).collect()
}
