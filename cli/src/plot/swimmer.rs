//! Swimmer: a lane for each treated subject from the first treatment to the last day known, dark while treated, with
//! signs for what happened and an arrow where the subject is followed on.

use super::{
    colour,
    frame::{self, Item, MARGIN},
    levels,
    rows::{Column, Rows, cell},
    scale::{self, Scale},
    signed,
    svg::{Anchor, Glyph, Picture, Place, Size, Width},
};
use crate::render::number;
use trial_core::{
    event::DosingChange,
    recist::Response,
    view::{
        replay::CutLine,
        swimmer::{Happening, Lane, Mark, Standing, Swimmer},
    },
};

/// The columns of the table.
pub const COLUMNS: &[Column] = &[
    ("subject", "the subject"),
    ("level", "the assigned dose level"),
    ("first_treatment", "the first day of treatment: day 0"),
    ("treated_days", "day of the last treatment, from the first"),
    ("days", "the last day known, from the first treatment"),
    ("standing", "`followed`, `withdrawn` or `died`"),
    ("mark_day", "day of the mark, from the first treatment; empty in a row without one"),
    (
        "mark",
        "a response (`CR`, `PR`, `SD`, `NON-CR/NON-PD`, `PD`, `NE`), `progression`, `interrupted`, `resumed`, `reduced`, \
         `stopped`, `completed`, `dlt`, `withdrawn` or `death`",
    ),
    ("words", "the same in words"),
];

/// The table: one row for each mark of each lane; one row for a lane without marks.
pub fn rows(swimmer: &Swimmer) -> Rows {
    let row = |lane: &Lane, mark: Option<&Mark>| {
        vec![
            lane.subject.to_string(),
            lane.level.to_string(),
            lane.first_treatment.to_string(),
            lane.treated_days.to_string(),
            lane.days.to_string(),
            standing(lane.standing).to_owned(),
            cell(mark.map(|m| m.day)),
            cell(mark.map(|m| m.what)),
            cell(mark.map(|m| &m.words)),
        ]
    };
    let rows = swimmer.lanes.iter().flat_map(|lane| {
        let alone = lane.marks.is_empty().then(|| row(lane, None));
        alone.into_iter().chain(lane.marks.iter().map(move |mark| row(lane, Some(mark))))
    });
    Rows { columns: COLUMNS, rows: rows.collect() }
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Followed => "followed",
        Standing::Withdrawn => "withdrawn",
        Standing::Died => "died",
    }
}

/// How something that happened is drawn, and what the legend calls it.
fn sign(what: Happening) -> (Glyph, &'static str, &'static str) {
    match what {
        Happening::Assessed(Response::CR) => (Glyph::Star, "ink", "CR"),
        Happening::Assessed(Response::PR) => (Glyph::Up, "ink", "PR"),
        Happening::Assessed(Response::SD | Response::NonCrNonPd) => (Glyph::Disc, "ink", "SD"),
        Happening::Assessed(Response::PD) => (Glyph::Down, "ink", "PD"),
        Happening::Assessed(Response::NE) => (Glyph::Disc, "quiet", "not evaluable"),
        Happening::Progression => (Glyph::Down, "alarm", "first progression"),
        Happening::Dosing(DosingChange::Interrupted) => (Glyph::Pause, "ink", "dosing interrupted"),
        Happening::Dosing(DosingChange::Resumed) => (Glyph::Right, "ink", "dosing resumed"),
        Happening::Dosing(DosingChange::Reduced) => (Glyph::Square, "ink", "dose reduced"),
        Happening::Dosing(DosingChange::Stopped) => (Glyph::Stroke, "alarm", "dosing stopped"),
        Happening::Dosing(DosingChange::Completed) => (Glyph::Stroke, "ink", "dosing completed"),
        Happening::Dlt => (Glyph::Diamond, "alarm", "DLT"),
        Happening::Withdrawn => (Glyph::Asterisk, "ink", "withdrawn"),
        Happening::Death => (Glyph::Cross, "ink", "death"),
    }
}

/// What is drawn of a lane's marks: one day of progression is one sign.
fn drawn(lane: &Lane) -> impl Iterator<Item = &Mark> {
    let progressed = |day| lane.marks.iter().any(|m| m.what == Happening::Progression && m.day == day);
    lane.marks.iter().filter(move |m| m.what != Happening::Assessed(Response::PD) || !progressed(m.day))
}

/// The picture.
pub fn draw(swimmer: &Swimmer, cut: &CutLine, width: Width) -> Picture {
    let title = "Swimmer: time on trial";
    let each: Vec<String> = swimmer.lanes.iter().map(words).collect();
    let mut picture = Picture::new("swimmer", width, title, &each.join("; "));
    if swimmer.lanes.is_empty() {
        return frame::nothing(picture, title, "No subject has been treated yet: there is no lane.", cut);
    }
    let y = frame::header(&mut picture, title, "From the first treatment to the last day known");
    let top = frame::legend(&mut picture, y, &items(swimmer));
    let (height, r) = frame::row(swimmer.lanes.len());
    let names: Vec<String> =
        swimmer.lanes.iter().map(|lane| Size::Small.cut(lane.subject.as_str(), width.units() * 0.28)).collect();
    let longest = names.iter().map(|name| Size::Small.width(name)).fold(0.0, f64::max);
    let left = MARGIN + longest + 34.0;
    // An arrow needs room behind the last day.
    let right = picture.width() - MARGIN - 14.0;
    let first = swimmer.lanes.iter().flat_map(|lane| lane.marks.iter().map(|m| m.day)).min().unwrap_or(0).min(0);
    let last = swimmer.lanes.iter().flat_map(|lane| lane.marks.iter().map(|m| m.day).chain([lane.days])).max();
    let months = scale::months(last.unwrap_or(0) as f64, 8);
    let end = scale::month_days(months.last().copied().unwrap_or(1));
    let x = Scale::new((first as f64, end), (left, right));
    let bottom = top + 8.0 + height * swimmer.lanes.len() as f64;
    picture.text(Size::Small, "quiet", Anchor::Middle, (left - 14.0, top), "level");
    for month in &months {
        let at = x.at(scale::month_days(*month));
        picture.line("rule", (at, top + 6.0), (at, bottom));
    }
    for (index, (lane, name)) in swimmer.lanes.iter().zip(&names).enumerate() {
        let middle = top + 8.0 + height * (index as f64 + 0.5);
        picture.text(Size::Small, "", Anchor::Start, (MARGIN, middle + 4.0), name);
        picture.text(Size::Small, "", Anchor::Middle, (left - 14.0, middle + 4.0), &lane.level.to_string());
        draw_lane(&mut picture, lane, x, middle, (height, r));
    }
    let y = frame::month_axis(&mut picture, x, bottom, &months, "the first treatment");
    let mut notes = Vec::new();
    if !swimmer.not_treated.is_empty() {
        let who: Vec<&str> = swimmer.not_treated.iter().map(|id| id.as_str()).collect();
        notes.push(format!("Enrolled and not treated: {}.", who.join(", ")));
    }
    frame::footer(&mut picture, y, &notes, cut);
    picture
}

fn words(lane: &Lane) -> String {
    let until = number::months(lane.days as f64);
    format!("{}, level {}: {until} months, {} ({})", lane.subject, lane.level, standing(lane.standing), lane.because)
}

fn draw_lane(picture: &mut Picture, lane: &Lane, x: Scale, y: f64, (height, r): (f64, f64)) {
    let half = height * 0.3;
    let fill = format!("fill-{}", colour(lane.level));
    let at = |day: i64| x.at(day as f64);
    picture.rect(&format!("{fill} pale"), (at(0), y - half), (at(lane.days), y + half), &words(lane));
    let treated = lane.treated_days.min(lane.days);
    // A single day of treatment is seen, too.
    let end = at(treated).max(at(0) + 1.5);
    let about = format!("{}: treated to day {}", lane.subject, lane.treated_days);
    picture.rect(&fill, (at(0), y - half), (end, y + half), &about);
    if lane.standing == Standing::Followed {
        signed(picture, Glyph::Arrow, "ink", (at(lane.days) + 1.0, y), r, &format!("{}: followed on", lane.subject));
    }
    for mark in drawn(lane) {
        let (glyph, colour, _) = sign(mark.what);
        let about = format!("{}, day {} ({}): {}", lane.subject, mark.day, mark.date, mark.words);
        signed(picture, glyph, colour, (at(mark.day), y), r, &about);
    }
}

fn items(swimmer: &Swimmer) -> Vec<Item> {
    let mut items: Vec<Item> = levels(swimmer.lanes.iter().map(|lane| lane.level))
        .into_iter()
        .map(|level| Item {
            sign: Box::new(move |picture: &mut Picture, (x, y): Place| {
                let fill = format!("fill-{}", colour(level));
                picture.rect(&format!("{fill} pale"), (x, y - 5.0), (x + 9.0, y + 5.0), "");
                picture.rect(&fill, (x - 9.0, y - 5.0), (x, y + 5.0), "");
            }),
            words: format!("level {level}: treated, followed"),
        })
        .collect();
    let mut found: Vec<Happening> = swimmer.lanes.iter().flat_map(drawn).map(|mark| mark.what).collect();
    found.sort();
    found.dedup_by_key(|what| sign(*what));
    items.extend(found.into_iter().map(|what| {
        let (glyph, colour, words) = sign(what);
        let draw = move |picture: &mut Picture, place: Place| signed(picture, glyph, colour, place, 5.0, "");
        Item { sign: Box::new(draw), words: words.to_owned() }
    }));
    if swimmer.lanes.iter().any(|lane| lane.standing == Standing::Followed) {
        items.push(Item {
            sign: Box::new(|picture, (x, y)| signed(picture, Glyph::Arrow, "ink", (x - 6.0, y), 5.0, "")),
            words: "followed on".into(),
        });
    }
    items
}
