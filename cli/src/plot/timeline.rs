//! Timeline: the escalation over calendar time. A row for each enrolled subject, the levels one above the other as on
//! the ladder, each window for dose-limiting toxicity as a bar, open or closed, and a line for each signed decision.

use super::{
    colour,
    frame::{self, Item, LEADING, MARGIN},
    rows::{Column, Rows, cell},
    scale::{self, Scale},
    signed,
    svg::{Anchor, Glyph, Picture, Place, Size, Width},
};
use crate::render::phrase;
use chrono::{Days, NaiveDate};
use trial_core::{
    event::Conformity,
    view::{
        escalation::DecisionRow,
        observation::Status,
        replay::CutLine,
        timeline::{Entered, Timeline, WindowState},
    },
};

/// The columns of the table.
pub const COLUMNS: &[Column] = &[
    ("what", "`enrolled`, `window`, `dlt`, `death` or `decision`"),
    ("level", "the dose level; of a decision, the level that it judged"),
    ("subject", "the subject; empty for a decision"),
    ("day", "the day; of a window, the first"),
    ("until", "of a window, the last day"),
    ("state", "of a window, `open` or `closed` on the day of reading; of a decision, `rule` or `override`"),
    ("words", "what it is, in words"),
];

/// The table: everything that is drawn, by level and subject, then the decisions.
pub fn rows(timeline: &Timeline) -> Rows {
    let mut rows = Vec::new();
    for subject in &timeline.subjects {
        let row = |what: &str, day: NaiveDate, until: Option<NaiveDate>, state: &str, words: String| {
            vec![
                what.to_owned(),
                subject.level.to_string(),
                subject.subject.to_string(),
                day.to_string(),
                cell(until),
                state.to_owned(),
                words,
            ]
        };
        rows.push(row("enrolled", subject.enrolled, None, "", status(subject).to_owned()));
        if let Some((opens, closes)) = subject.first_treatment.zip(subject.closes) {
            rows.push(row("window", opens, Some(closes), window(subject.window), String::new()));
        }
        for dlt in &subject.dlts {
            rows.push(row("dlt", dlt.day, None, "", format!("{}, grade {}", dlt.term, dlt.grade)));
        }
        rows.extend(subject.died.map(|day| row("death", day, None, "", String::new())));
    }
    rows.extend(timeline.decisions.iter().map(|decision| {
        vec![
            "decision".to_owned(),
            decision.at_level.to_string(),
            String::new(),
            decision.day.to_string(),
            String::new(),
            decision.conformity.to_string(),
            decided(decision),
        ]
    }));
    Rows { columns: COLUMNS, rows }
}

fn window(state: WindowState) -> &'static str {
    match state {
        WindowState::NotOpened => "not opened",
        WindowState::Open => "open",
        WindowState::Closed => "closed",
    }
}

fn status(subject: &Entered) -> &'static str {
    match subject.status {
        Status::Pending => "pending",
        Status::Clear => "evaluable, no DLT",
        Status::Dlt => "evaluable, DLT",
        Status::Replaced => "replaced",
    }
}

fn decided(decision: &DecisionRow) -> String {
    let action = phrase::action(decision.action, decision.level, u32::from(decision.places));
    let follows = match decision.conformity {
        Conformity::Rule => "follows the rule",
        Conformity::Override => "OVERRIDES the rule",
    };
    format!("{}/{} at level {}: {action}; {follows}", decision.dlt, decision.evaluable, decision.at_level)
}

fn words(subject: &Entered) -> String {
    let window_of =
        |(opens, closes): (NaiveDate, NaiveDate)| format!(", window {opens} to {closes} ({})", window(subject.window));
    let window = subject.first_treatment.zip(subject.closes).map_or_else(|| ", not treated yet".to_owned(), window_of);
    let (id, level, day) = (&subject.subject, subject.level, subject.enrolled);
    format!("{id}, level {level}: enrolled {day}{window}; {}", status(subject))
}

/// The picture.
pub fn draw(timeline: &Timeline, cut: &CutLine, width: Width) -> Picture {
    let title = "Escalation over time";
    let subjects = timeline.subjects.iter().map(words);
    let decisions = timeline.decisions.iter().map(|d| format!("decision on {}: {}", d.day, decided(d)));
    let description: Vec<String> = subjects.chain(decisions).collect();
    let mut picture = Picture::new("timeline", width, title, &description.join("; "));
    let Some((from, to)) = span(timeline) else {
        return frame::nothing(picture, title, "No subject has been enrolled yet.", cut);
    };
    let below = "Windows for dose-limiting toxicity, by dose level and subject";
    let y = frame::header(&mut picture, title, below);
    let top = frame::legend(&mut picture, y, &items(timeline)) + 16.0;
    let (height, r) = frame::row(timeline.subjects.len());
    let names: Vec<String> =
        timeline.subjects.iter().map(|s| Size::Small.cut(s.subject.as_str(), width.units() * 0.28)).collect();
    let longest = names.iter().map(|name| Size::Small.width(name)).fold(0.0, f64::max);
    let (left, right) = (MARGIN + longest + 12.0, picture.width() - MARGIN);
    let days = |day: NaiveDate| (day - from).num_days() as f64;
    let plane = Plane { from, x: Scale::new((0.0, days(to)), (left, right)), height, r };
    let bottom = top + plane.high(timeline);
    let ticks = scale::calendar(from, to, ((right - left) / 62.0) as usize);
    for (day, _) in &ticks {
        let x = plane.x.at(days(*day));
        picture.line("rule", (x, top), (x, bottom));
    }
    let read_on = plane.read_on(&mut picture, timeline.day, (top, bottom));
    plane.decisions(&mut picture, timeline, (top, bottom));
    plane.levels(&mut picture, timeline, &names, top);
    picture.line("axis", (left, bottom), (right, bottom));
    for (day, words) in &ticks {
        let x = plane.x.at(days(*day));
        picture.line("axis", (x, bottom), (x, bottom + 4.0));
        let half = Size::Small.width(words) / 2.0;
        let x = x.clamp(left + half, right - half);
        picture.text(Size::Small, "quiet", Anchor::Middle, (x, bottom + 17.0), words);
    }
    let y = listed(&mut picture, timeline, read_on + LEADING + 6.0);
    frame::footer(&mut picture, y, &[], cut);
    picture
}

/// From the first enrolment to the last thing drawn.
fn span(timeline: &Timeline) -> Option<(NaiveDate, NaiveDate)> {
    let from = timeline.subjects.iter().map(|subject| subject.enrolled).min()?;
    let ends = timeline.subjects.iter().flat_map(|subject| {
        let dlts = subject.dlts.iter().map(|dlt| dlt.day);
        [Some(subject.enrolled), subject.closes].into_iter().flatten().chain(dlts)
    });
    let to = ends.chain(timeline.decisions.iter().map(|decision| decision.day)).max()?;
    // Some days on both sides, so that what lies at an end is seen.
    let room = Days::new(((to - from).num_days() / 40).max(4).unsigned_abs());
    Some((from.checked_sub_days(room).unwrap_or(from), to.checked_add_days(room).unwrap_or(to)))
}

fn items(timeline: &Timeline) -> Vec<Item> {
    let bar = |class: &'static str, words: &str| Item {
        sign: Box::new(move |picture: &mut Picture, (x, y): Place| {
            picture.rect(class, (x - 9.0, y - 5.0), (x + 9.0, y + 5.0), "");
        }),
        words: words.to_owned(),
    };
    let glyph = |glyph, colour: &'static str, words: &str| Item {
        sign: Box::new(move |picture: &mut Picture, place: Place| signed(picture, glyph, colour, place, 5.0, "")),
        words: words.to_owned(),
    };
    let any = |found: &dyn Fn(&Entered) -> bool| timeline.subjects.iter().any(found);
    let mut items = vec![glyph(Glyph::Stroke, "ink", "enrolled")];
    if any(&|s| s.window == WindowState::Closed) {
        items.push(bar("fill-quiet", "window closed"));
    }
    if any(&|s| s.window == WindowState::Open) {
        items.push(bar("fill-quiet pale", "window open"));
    }
    if any(&|s| !s.dlts.is_empty()) {
        items.push(glyph(Glyph::Diamond, "alarm", "DLT"));
    }
    if any(&|s| s.status == Status::Replaced) {
        items.push(glyph(Glyph::Asterisk, "ink", "replaced"));
    }
    if !timeline.decisions.is_empty() {
        items.push(Item {
            sign: Box::new(|picture, (x, y)| picture.line("guide", (x, y - 7.0), (x, y + 7.0))),
            words: "decision, listed below".into(),
        });
    }
    items
}

struct Plane {
    from: NaiveDate,
    x: Scale,
    height: f64,
    r: f64,
}

impl Plane {
    fn at(&self, day: NaiveDate) -> f64 {
        self.x.at((day - self.from).num_days() as f64)
    }

    /// How high all levels are together: a line of words for each, and its rows.
    fn high(&self, timeline: &Timeline) -> f64 {
        let words = timeline.levels.len() as f64 * (LEADING + 4.0);
        words + self.height * timeline.subjects.len() as f64
    }

    /// The highest level on top, in each the first subject at the bottom: the trial climbs to the right.
    fn levels(&self, picture: &mut Picture, timeline: &Timeline, names: &[String], top: f64) {
        let (left, right) = self.x.units();
        let mut y = top;
        for level in timeline.levels.iter().rev() {
            picture.line("axis", (MARGIN, y), (right, y));
            let words = format!("Level {} ({}): {}", level.level, level.label, level.description);
            let words = Size::Small.cut(&words, right - MARGIN);
            picture.text(Size::Small, "quiet halo", Anchor::Start, (MARGIN, y + 15.0), &words);
            y += LEADING + 4.0;
            let here = timeline.subjects.iter().zip(names).filter(|(s, _)| s.level == level.level);
            for (subject, name) in here.collect::<Vec<_>>().into_iter().rev() {
                let middle = y + self.height / 2.0;
                picture.text(Size::Small, "", Anchor::End, (left - 10.0, middle + 4.0), name);
                self.subject(picture, subject, middle);
                y += self.height;
            }
        }
    }

    fn subject(&self, picture: &mut Picture, subject: &Entered, y: f64) {
        let half = self.height * 0.28;
        let series = colour(subject.level);
        let about = words(subject);
        let enrolled = self.at(subject.enrolled);
        if let Some((opens, closes)) = subject.first_treatment.zip(subject.closes) {
            let (opens, closes) = (self.at(opens), self.at(closes));
            picture.line(&format!("stroke-{series}"), (enrolled, y), (opens, y));
            let class = match subject.window {
                WindowState::Closed => format!("fill-{series}"),
                WindowState::Open | WindowState::NotOpened => format!("fill-{series} pale"),
            };
            picture.rect(&class, (opens, y - half), (closes, y + half), &about);
            if subject.status == Status::Replaced {
                signed(picture, Glyph::Asterisk, "ink", (closes, y), self.r, &about);
            }
        }
        signed(picture, Glyph::Stroke, "ink", (enrolled, y), self.r, &about);
        for dlt in &subject.dlts {
            let about = format!("{}: DLT on {}: {}, grade {}", subject.subject, dlt.day, dlt.term, dlt.grade);
            signed(picture, Glyph::Diamond, "alarm", (self.at(dlt.day), y), self.r, &about);
        }
    }

    /// A line through all levels for each decision, its number on top; numbers that would meet stand in two rows.
    fn decisions(&self, picture: &mut Picture, timeline: &Timeline, (top, bottom): (f64, f64)) {
        let mut taken = f64::NEG_INFINITY;
        for (number, decision) in (1..).zip(&timeline.decisions) {
            let x = self.at(decision.day);
            picture.line("guide", (x, top - 4.0), (x, bottom));
            let words = number.to_string();
            let half = Size::Small.width(&words) / 2.0;
            // A number that does not fit beside the one before is left to the list.
            if x - half > taken + 2.0 {
                picture.text(Size::Small, "", Anchor::Middle, (x, top - 7.0), &words);
                taken = x + half;
            }
        }
    }

    /// A line on the day of reading, where it lies within the plot; the y of the last line of words below the axis.
    fn read_on(&self, picture: &mut Picture, day: NaiveDate, (top, bottom): (f64, f64)) -> f64 {
        let days = (day - self.from).num_days() as f64;
        if days < 0.0 || days > self.x.high() {
            return bottom + 17.0;
        }
        let x = self.x.at(days);
        picture.line("stroke-ink thin", (x, top), (x, bottom));
        let words = format!("read on {day}");
        let (left, right) = self.x.units();
        let half = Size::Small.width(&words) / 2.0;
        let x = x.clamp(left + half, right - half);
        picture.text(Size::Small, "", Anchor::Middle, (x, bottom + 32.0), &words);
        bottom + 32.0
    }
}

/// The decisions in words; the y of the next line.
fn listed(picture: &mut Picture, timeline: &Timeline, mut y: f64) -> f64 {
    let width = picture.width() - 2.0 * MARGIN;
    for (number, decision) in (1..).zip(&timeline.decisions) {
        let class = match decision.conformity {
            Conformity::Rule => "",
            Conformity::Override => "alarm",
        };
        let line = format!("{number}. {}: {}", decision.day, decided(decision));
        y = picture.paragraph(Size::Small, class, (MARGIN, y), width, &line);
    }
    y
}
