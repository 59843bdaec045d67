//! The frame of a plot: title, legend, axes, notes and the cut, the same on every picture.

use super::{
    scale::Scale,
    svg::{Anchor, Picture, Place, Size},
};
use crate::render::cut;
use trial_core::view::replay::CutLine;

/// What is left free at the sides.
pub const MARGIN: f64 = 10.0;

/// The distance from line to line.
pub const LEADING: f64 = 17.0;

/// Writes the title and the line below it; the y of the next line.
pub fn header(picture: &mut Picture, title: &str, below: &str) -> f64 {
    let width = picture.width() - 2.0 * MARGIN;
    let y = picture.paragraph(Size::Title, "", (MARGIN, 24.0), width, title);
    picture.paragraph(Size::Text, "quiet", (MARGIN, y - 2.0), width, below) + 2.0
}

/// Draws a sign around a place.
pub type Sign = Box<dyn Fn(&mut Picture, Place)>;

/// One item of a legend: what draws its sign around a place, and its words.
pub struct Item {
    /// Draws the sign; its middle is at the place.
    pub sign: Sign,
    /// What it stands for.
    pub words: String,
}

/// Writes a legend in as many lines as it takes; the y of the next line.
pub fn legend(picture: &mut Picture, y: f64, items: &[Item]) -> f64 {
    const SIGN: f64 = 26.0;
    let most = picture.width() - MARGIN;
    let (mut x, mut y) = (MARGIN, y);
    for item in items {
        let width = SIGN + Size::Small.width(&item.words);
        if x > MARGIN && x + width > most {
            x = MARGIN;
            y += LEADING;
        }
        (item.sign)(picture, (x + 10.0, y - 4.0));
        let place = (x + SIGN - 2.0, y);
        // Words that no line has room for go on below themselves.
        y = picture.paragraph(Size::Small, "", place, most - MARGIN - SIGN, &item.words) - Size::Small.units() * 1.35;
        x += width + 12.0;
    }
    if items.is_empty() { y } else { y + LEADING }
}

/// Writes notes and the cut below a plot, and ends the picture there.
pub fn footer(picture: &mut Picture, y: f64, notes: &[String], at: &CutLine) {
    let width = picture.width() - 2.0 * MARGIN;
    let mut y = y + 4.0;
    for note in notes {
        y = picture.paragraph(Size::Small, "quiet", (MARGIN, y), width, note);
    }
    if let Some(warning) = cut::warning(at) {
        y = picture.paragraph(Size::Small, "alarm", (MARGIN, y), width, &warning);
    }
    y = picture.paragraph(Size::Small, "quiet", (MARGIN, y), width, &rests_on(at));
    picture.ends_at(y - 4.0);
}

/// What a picture rests on, in a line.
pub fn rests_on(at: &CutLine) -> String {
    let head = at.head.as_ref().map_or_else(|| "none".to_owned(), cut::short);
    let as_of = at.as_of.map_or_else(String::new, |at| format!(", as of {}", at.format("%Y-%m-%d %H:%M:%S UTC")));
    let cutoff = at.cutoff.map_or_else(String::new, |day| format!(", nothing that occurred after {day}"));
    format!("{} entries, head {head}, read on {}{as_of}{cutoff}", at.entries, at.day)
}

/// A picture that says that there is nothing to show.
pub fn nothing(mut picture: Picture, title: &str, why: &str, at: &CutLine) -> Picture {
    let y = header(&mut picture, title, "");
    let width = picture.width() - 2.0 * MARGIN;
    let y = picture.paragraph(Size::Text, "", (MARGIN, y + 30.0), width, why);
    footer(&mut picture, y + 24.0, &[], at);
    picture
}

/// The axis of percentages on the left, with a light line at each.
pub fn percent_axis(picture: &mut Picture, scale: Scale, (left, right): (f64, f64), ticks: &[(f64, String)]) {
    for (value, words) in ticks {
        let y = scale.at(*value);
        picture.line("rule", (left, y), (right, y));
        picture.text(Size::Small, "quiet", Anchor::End, (left - 6.0, y + 4.0), words);
    }
}

/// The axis of days below a plot, written in months; the y of the next line.
pub fn month_axis(picture: &mut Picture, scale: Scale, y: f64, months: &[u32], origin: &str) -> f64 {
    let (left, right) = scale.units();
    picture.line("axis", (left, y), (right, y));
    for month in months {
        let x = scale.at(super::scale::month_days(*month));
        picture.line("axis", (x, y), (x, y + 4.0));
        picture.text(Size::Small, "quiet", Anchor::Middle, (x, y + 17.0), &month.to_string());
    }
    picture.text(
        Size::Small,
        "quiet",
        Anchor::Middle,
        ((left + right) / 2.0, y + 33.0),
        &format!("months from {origin}"),
    );
    y + 33.0 + LEADING
}

/// How high a row of a subject is, and how large its signs: smaller where there are many.
pub fn row(rows: usize) -> (f64, f64) {
    match rows {
        0..=24 => (22.0, 5.0),
        25..=80 => (17.0, 4.2),
        _ => (14.0, 3.6),
    }
}
