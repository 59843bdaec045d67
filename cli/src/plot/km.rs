//! Kaplan-Meier: steps, a tick for each censored time, a band for the confidence interval, the number at risk under the
//! axis, the median as the tables have it. A curve ends at its last observation.

use super::{
    frame::{self, Item, LEADING, MARGIN},
    palette,
    rows::{Column, Rows, cell},
    scale::{self, Scale},
    shape, signed,
    svg::{Anchor, Glyph, Picture, Place, Size, Width},
};
use crate::render::number;
use trial_core::view::{
    curves::{Curve, Curves},
    replay::CutLine,
    survival::Point,
};

const HIGH: f64 = 210.0;

/// Bands of more groups than this would hide each other.
const MOST_BANDS: usize = 2;

/// The columns of the table.
pub const COLUMNS: &[Column] = &[
    ("endpoint", "the endpoint, for example `os`"),
    ("group", "the group, or `all treated`"),
    ("day", "days from the first treatment"),
    ("survival", "the estimate from this day on, 0 to 1"),
    ("ci95_low", "lower limit of its pointwise 95 % confidence interval (log)"),
    ("ci95_high", "upper limit"),
    ("at_risk", "subjects under observation just before this day"),
    ("events", "events on this day"),
    ("censored", "subjects last seen on this day without the event"),
];

/// The table: one row for each step of each curve.
pub fn rows(curves: &Curves) -> Rows {
    let row = |curve: &Curve, point: &Point| {
        vec![
            curves.endpoint.to_string(),
            curve.group.clone(),
            point.days.to_string(),
            point.survival.to_string(),
            cell(point.ci95.map(|(low, _)| low)),
            cell(point.ci95.map(|(_, high)| high)),
            point.at_risk.to_string(),
            point.events.to_string(),
            point.censored.to_string(),
        ]
    };
    let rows = curves.groups.iter().flat_map(|curve| curve.estimate.curve.iter().map(move |point| row(curve, point)));
    Rows { columns: COLUMNS, rows: rows.collect() }
}

/// The picture.
pub fn draw(curves: &Curves, cut: &CutLine, width: Width) -> Picture {
    let title = format!("{} ({})", curves.label, curves.endpoint.as_str().to_uppercase());
    let title = match &curves.by_label {
        Some(by) => format!("{title} by {}", lower_first(by)),
        None => title,
    };
    let mut picture = Picture::new("km", width, &format!("Kaplan-Meier: {title}"), &description(curves));
    let last = curves.groups.iter().filter_map(|c| c.estimate.curve.last()).map(|p| p.days).max();
    let Some(last) = last else {
        return frame::nothing(picture, &title, "No subject has been treated yet: there is no curve.", cut);
    };
    let y = frame::header(&mut picture, &title, "Kaplan-Meier estimate, survival in %");
    let items: Vec<Item> = curves.groups.iter().enumerate().map(|(index, curve)| item(index, curve)).collect();
    let top = frame::legend(&mut picture, y, &items) + 2.0;
    let months = scale::months(last as f64, 8);
    let end = scale::month_days(months.last().copied().unwrap_or(1));
    let (left, right, bottom) = (48.0, picture.width() - MARGIN - 8.0, top + HIGH);
    let plane = Plane { x: Scale::new((0.0, end), (left, right)), y: Scale::new((0.0, 1.0), (bottom, top)) };
    let ticks: Vec<(f64, String)> = (0..=4).map(|q| (f64::from(q) / 4.0, (q * 25).to_string())).collect();
    frame::percent_axis(&mut picture, plane.y, (left, right), &ticks);
    if curves.groups.len() <= MOST_BANDS {
        for (index, curve) in curves.groups.iter().enumerate() {
            plane.band(&mut picture, index, curve);
        }
    }
    plane.medians(&mut picture, curves);
    for (index, curve) in curves.groups.iter().enumerate() {
        plane.curve(&mut picture, index, curve);
    }
    let y = frame::month_axis(&mut picture, plane.x, bottom, &months, "the first treatment");
    let y = at_risk(&mut picture, curves, plane.x, &months, y + 2.0);
    frame::footer(&mut picture, y, &notes(curves), cut);
    picture
}

/// `Dose level` in the middle of a sentence; a word that is not only capitalised stays.
fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), text.chars().nth(1)) {
        (Some(first), Some(second)) if second.is_lowercase() && !text.contains('-') => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

fn description(curves: &Curves) -> String {
    let each: Vec<String> = curves.groups.iter().map(words).collect();
    each.join("; ") + &log_rank(curves).map_or_else(String::new, |test| format!(". {test}"))
}

/// What a curve says, in a line: `I: n = 3, 2 events, median 12.3 months`.
fn words(curve: &Curve) -> String {
    let of = &curve.estimate;
    let counts = format!("{}: n = {}, {}", curve.group, of.n, number::of(of.events, "event", "events"));
    if of.n == 0 {
        return format!("{}: no subject", curve.group);
    }
    let median = match of.median_days {
        Some(days) => format!("median {} months", number::months(days)),
        None => "median not reached".to_owned(),
    };
    let limit = |limit: Option<f64>| limit.map_or_else(|| "not reached".to_owned(), number::months);
    let interval = match of.median_ci95 {
        (None, None) => String::new(),
        (low, high) => format!(" (95% CI {} to {})", limit(low), limit(high)),
    };
    format!("{counts}, {median}{interval}")
}

fn item(index: usize, curve: &Curve) -> Item {
    let sign = move |picture: &mut Picture, (x, y): Place| {
        picture.line(&stroke(index), (x - 10.0, y), (x + 10.0, y));
        signed(picture, shape(index), &palette::series(index).to_string(), (x, y), 3.6, "");
    };
    Item { sign: Box::new(sign), words: words(curve) }
}

fn stroke(index: usize) -> String {
    let number = palette::series(index);
    format!("stroke-{number} dash-{number}")
}

fn log_rank(curves: &Curves) -> Option<String> {
    let test = curves.log_rank.as_ref()?;
    let p = format!("p = {}", number::p(test.p)).replace("= <", "< ");
    Some(format!(
        "Log-rank test: {p} (chi-square {:.2}, df {}), two-sided, not adjusted for multiplicity",
        test.chi2, test.df
    ))
}

fn notes(curves: &Curves) -> Vec<String> {
    let band = if curves.groups.len() <= MOST_BANDS { "Band: pointwise 95% confidence interval (log). " } else { "" };
    let signs = format!("{band}Upright tick: censored. Dashed: median. At risk: just before that time.");
    log_rank(curves).into_iter().chain([signs]).collect()
}

struct Plane {
    x: Scale,
    y: Scale,
}

impl Plane {
    fn place(&self, days: f64, survival: f64) -> Place {
        (self.x.at(days), self.y.at(survival))
    }

    /// The corners of a curve of steps, from the first treatment to the last observation.
    fn steps(&self, values: impl Iterator<Item = (i64, f64)>) -> Vec<Place> {
        let mut level = 1.0;
        let mut corners = vec![self.place(0.0, level)];
        for (days, next) in values {
            corners.push(self.place(days as f64, level));
            if next != level {
                corners.push(self.place(days as f64, next));
            }
            level = next;
        }
        corners.dedup();
        corners
    }

    fn curve(&self, picture: &mut Picture, index: usize, curve: &Curve) {
        let points = &curve.estimate.curve;
        if points.is_empty() {
            return;
        }
        picture.polyline(&stroke(index), &self.steps(points.iter().map(|p| (p.days, p.survival))), &words(curve));
        let series = palette::series(index);
        for point in points.iter().filter(|point| point.censored > 0) {
            let who = curve.estimate.observations.iter().filter(|o| !o.event && o.days == point.days);
            let who: Vec<String> = who.map(|o| format!("{}: {}", o.subject, o.because)).collect();
            let class = format!("stroke-{series} thin");
            let about = format!("censored on day {}: {}", point.days, who.join("; "));
            picture.glyph(&class, Glyph::Stroke, self.place(point.days as f64, point.survival), 6.0, &about);
        }
        // The sign of the series at its end tells curves apart where the colours do not.
        if let Some(end) = points.last() {
            let place = self.place(end.days as f64, end.survival);
            signed(picture, shape(index), &series.to_string(), place, 3.6, "");
        }
    }

    fn band(&self, picture: &mut Picture, index: usize, curve: &Curve) {
        let limits = || curve.estimate.curve.iter().filter_map(|p| Some((p.days, p.ci95?)));
        let upper = self.steps(limits().map(|(days, (_, high))| (days, high)));
        let mut lower = self.steps(limits().map(|(days, (low, _))| (days, low)));
        lower.reverse();
        // Until survival is zero and there is no interval any more, the last one holds.
        let until = curve.estimate.curve.iter().find(|p| p.ci95.is_none()).map(|p| p.days);
        let (mut around, mut back) = (upper, lower);
        if let (Some(days), Some(high), Some(low)) = (until, around.last().copied(), back.first().copied()) {
            let x = self.x.at(days as f64);
            around.push((x, high.1));
            back.insert(0, (x, low.1));
        }
        around.extend(back);
        picture.area(&format!("fill-{} veil", palette::series(index)), &around);
    }

    /// One half, as far as the last median; and down from each median to the axis.
    fn medians(&self, picture: &mut Picture, curves: &Curves) {
        let found: Vec<f64> = curves.groups.iter().filter_map(|curve| curve.estimate.median_days).collect();
        let Some(last) = found.iter().copied().reduce(f64::max) else { return };
        picture.line("guide", self.place(0.0, 0.5), self.place(last, 0.5));
        for days in found {
            picture.line("guide", self.place(days, 0.5), self.place(days, 0.0));
        }
    }
}

/// The numbers at risk under the axis, a line for each group; the y of the next line.
fn at_risk(picture: &mut Picture, curves: &Curves, x: Scale, months: &[u32], y: f64) -> f64 {
    picture.text(Size::Small, "quiet", Anchor::Start, (MARGIN, y), "Number at risk");
    let mut y = y + LEADING;
    for (index, curve) in curves.groups.iter().enumerate() {
        signed(picture, shape(index), &palette::series(index).to_string(), (MARGIN + 8.0, y - 4.0), 3.6, &curve.group);
        for month in months {
            let days = scale::month_days(*month);
            let n = curve.estimate.at_risk(days).to_string();
            picture.text(Size::Small, "", Anchor::Middle, (x.at(days), y), &n);
        }
        y += LEADING;
    }
    y + 2.0
}
