//! Spider: a line for each subject, the change of the sum of diameters from the baseline visit by visit; lines at +20
//! and -30 %, a sign for new lesions where they are first seen.

use super::{
    colour,
    frame::{self, Item, MARGIN},
    levels,
    rows::{Column, Rows, cell},
    scale::{self, Scale},
    shape, signed,
    svg::{Anchor, Glyph, Picture, Place, Size, Width},
    waterfall::{lesions, not_shown},
};
use crate::render::number;
use trial_core::{
    grade::DoseLevel,
    view::{
        replay::CutLine,
        spider::{Spider, SpiderLine, SpiderPoint},
    },
};

const HIGH: f64 = 260.0;

/// Growth beyond this is drawn to here.
const MOST: f64 = 100.0;

/// More lines than this have no names beside them.
const MOST_NAMES: usize = 16;

/// The columns of the table.
pub const COLUMNS: &[Column] = &[
    ("subject", "the subject"),
    ("level", "the assigned dose level"),
    ("day", "days from the baseline assessment; 0 is the baseline"),
    ("date", "the day of the assessment"),
    ("sum_mm", "sum of diameters in millimetres; empty where a target was not assessed"),
    ("change_pct", "its change from the baseline in percent"),
    ("response", "response at the visit, of the same lesions (RECIST 1.1); empty at the baseline"),
    ("new_lesions", "new lesions seen first at this visit, separated by blanks"),
];

/// The table: one row for the baseline and one for each visit of each subject.
pub fn rows(spider: &Spider) -> Rows {
    let baseline = |line: &SpiderLine| {
        let (sum, change) = (cell(line.baseline_mm), cell(line.baseline_mm.map(|_| 0)));
        let (subject, level) = (line.subject.to_string(), line.level.to_string());
        vec![subject, level, "0".into(), line.baseline.to_string(), sum, change, String::new(), String::new()]
    };
    let visit = |line: &SpiderLine, point: &SpiderPoint| {
        let new: Vec<&str> = point.new_lesions.iter().map(|lesion| lesion.as_str()).collect();
        vec![
            line.subject.to_string(),
            line.level.to_string(),
            point.day.to_string(),
            point.date.to_string(),
            cell(point.sum_mm),
            cell(point.change_pct),
            point.response.to_string(),
            new.join(" "),
        ]
    };
    let rows = spider
        .lines
        .iter()
        .flat_map(|line| [baseline(line)].into_iter().chain(line.points.iter().map(move |point| visit(line, point))));
    Rows { columns: COLUMNS, rows: rows.collect() }
}

/// The picture.
pub fn draw(spider: &Spider, cut: &CutLine, width: Width) -> Picture {
    let title = "Spider: response over time";
    let what = format!("Change of the sum of diameters from baseline, %: {}", lesions(spider.field));
    let each: Vec<String> = spider.lines.iter().map(words).collect();
    let mut picture = Picture::new("spider", width, title, &format!("{what}. {}", each.join("; ")));
    let absent = not_shown(&spider.not_shown);
    if spider.lines.is_empty() {
        let why = format!("No subject has been measured after the baseline yet. {}", absent.unwrap_or_default());
        return frame::nothing(picture, title, &why, cut);
    }
    let y = frame::header(&mut picture, title, &what);
    let top = frame::legend(&mut picture, y, &items(spider)) + 4.0;
    let named = spider.lines.len() <= MOST_NAMES;
    let names: Vec<String> =
        spider.lines.iter().map(|line| Size::Small.cut(line.subject.as_str(), width.units() * 0.25)).collect();
    let longest = names.iter().map(|name| Size::Small.width(name)).fold(0.0, f64::max);
    let (left, right) = (48.0, picture.width() - MARGIN - if named { longest + 14.0 } else { 6.0 });
    let points = || spider.lines.iter().flat_map(|line| &line.points);
    let changes = || points().filter_map(|point| point.change_pct);
    let (low, high) = (changes().fold(-50.0, f64::min).max(-100.0), changes().fold(50.0, f64::max).min(MOST));
    let months = scale::months(points().map(|point| point.day).max().unwrap_or(0) as f64, 8);
    let end = scale::month_days(months.last().copied().unwrap_or(1));
    let plane =
        Plane { x: Scale::new((0.0, end), (left, right)), y: Scale::new((low - 5.0, high + 5.0), (top + HIGH, top)) };
    let ticks = [-100.0, -50.0, 0.0, 50.0, 100.0].into_iter().filter(|tick| (low..=high).contains(tick));
    let label = |tick: f64| (tick, if tick == 0.0 { "0".into() } else { format!("{tick:+.0}") });
    frame::percent_axis(&mut picture, plane.y, (left, right), &ticks.map(label).collect::<Vec<_>>());
    for line in [20.0, -30.0] {
        let y = plane.y.at(line);
        picture.line("guide", (left, y), (right, y));
        picture.text(Size::Small, "", Anchor::End, (left - 6.0, y + 4.0), &label(line).1);
    }
    let shapes = levels(spider.lines.iter().map(|line| line.level));
    if named {
        plane.names(&mut picture, spider, &names);
    }
    for line in &spider.lines {
        plane.line(&mut picture, line, &shapes);
    }
    let y = frame::month_axis(&mut picture, plane.x, top + HIGH, &months, "the baseline assessment");
    let mut notes = vec!["Lines at +20% and -30% of baseline; progression is judged from the smallest sum.".to_owned()];
    if changes().any(|change| change > MOST) {
        notes.push("Growth beyond +100% is drawn at +100%.".into());
    }
    frame::footer(&mut picture, y, &notes.into_iter().chain(absent).collect::<Vec<_>>(), cut);
    picture
}

fn words(line: &SpiderLine) -> String {
    let visits = line.points.iter().filter_map(|point| point.change_pct).map(number::change);
    format!("{}, level {}: {}", line.subject, line.level, visits.collect::<Vec<_>>().join(", "))
}

fn items(spider: &Spider) -> Vec<Item> {
    let found = levels(spider.lines.iter().map(|line| line.level));
    let mut items: Vec<Item> = found
        .iter()
        .enumerate()
        .map(|(index, level)| {
            let (level, series) = (*level, colour(*level));
            let sign = move |picture: &mut Picture, (x, y): Place| {
                picture.line(&format!("stroke-{series}"), (x - 10.0, y), (x + 10.0, y));
                signed(picture, shape(index), &series.to_string(), (x, y), 4.0, "");
            };
            Item { sign: Box::new(sign), words: format!("level {level}") }
        })
        .collect();
    if spider.lines.iter().any(|line| line.points.iter().any(|point| !point.new_lesions.is_empty())) {
        let sign = |picture: &mut Picture, place: Place| signed(picture, Glyph::Asterisk, "ink", place, 5.0, "");
        items.push(Item { sign: Box::new(sign), words: "new lesion".into() });
    }
    items
}

struct Plane {
    x: Scale,
    y: Scale,
}

impl Plane {
    fn place(&self, point: &SpiderPoint) -> Option<Place> {
        Some((self.x.at(point.day as f64), self.y.at(point.change_pct?.min(MOST))))
    }

    fn line(&self, picture: &mut Picture, line: &SpiderLine, shapes: &[DoseLevel]) {
        let series = colour(line.level);
        let origin = (self.x.at(0.0), self.y.at(0.0));
        let places: Vec<Place> =
            [origin].into_iter().chain(line.points.iter().filter_map(|point| self.place(point))).collect();
        picture.polyline(&format!("stroke-{series} thin"), &places, &words(line));
        let glyph = shape(shapes.iter().position(|level| *level == line.level).unwrap_or_default());
        let mut last = origin;
        for point in &line.points {
            let change = point.change_pct.map_or_else(|| "not measured".to_owned(), number::change);
            let new: Vec<&str> = point.new_lesions.iter().map(|lesion| lesion.as_str()).collect();
            let lesions = if new.is_empty() { String::new() } else { format!(", new lesion {}", new.join(", ")) };
            let about =
                format!("{}, day {} ({}): {change}, {}{lesions}", line.subject, point.day, point.date, point.response);
            if let Some(place) = self.place(point) {
                signed(picture, glyph, &series.to_string(), place, 3.4, &about);
                last = place;
            }
            if !new.is_empty() {
                // A visit without a sum has its sign at the height of the one before.
                let place = (self.x.at(point.day as f64), last.1 - 9.0);
                signed(picture, Glyph::Asterisk, "ink", place, 4.5, &about);
            }
        }
    }

    /// The names beside the ends of the lines, moved apart where they would meet.
    fn names(&self, picture: &mut Picture, spider: &Spider, names: &[String]) {
        const APART: f64 = 13.0;
        let end = |line: &SpiderLine| line.points.iter().rev().find_map(|point| self.place(point));
        let ends = spider.lines.iter().zip(names).filter_map(|(line, name)| Some((end(line)?, name)));
        let mut ends: Vec<(Place, &String)> = ends.collect();
        ends.sort_by(|a, b| a.0.1.total_cmp(&b.0.1).then_with(|| a.1.cmp(b.1)));
        let (bottom, top) = self.y.units();
        let mut ys: Vec<f64> = ends.iter().map(|((_, y), _)| *y).collect();
        for index in 1..ys.len() {
            ys[index] = ys[index].max(ys[index - 1] + APART);
        }
        // What was pushed below the plot is pushed up again from there.
        let mut most = bottom;
        for y in ys.iter_mut().rev() {
            *y = y.min(most).max(top);
            most = *y - APART;
        }
        let right = self.x.units().1;
        for (((x, from), name), y) in ends.into_iter().zip(ys) {
            picture.line("rule", (x + 4.0, from), (right + 8.0, y));
            picture.text(Size::Small, "", Anchor::Start, (right + 12.0, y + 4.0), name);
        }
    }
}
