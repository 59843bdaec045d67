//! Waterfall: a bar for each subject measured at the time point, the largest growth first; lines at +20 and -30 %, a sign
//! for new lesions; below, a row for each level and each best response, so that no colour is needed to read them.

use super::{
    colour,
    frame::{self, Item, LEADING, MARGIN},
    levels,
    rows::{Column, Rows},
    scale::Scale,
    signed,
    svg::{Anchor, Glyph, Picture, Place, Size, Width},
};
use crate::render::number;
use std::collections::BTreeMap;
use trial_core::{
    recist::{Field, Response},
    view::{
        replay::CutLine,
        waterfall::{NotShown, Waterfall, WaterfallBar},
    },
};

const HIGH: f64 = 220.0;

/// Growth beyond this is drawn to here with a sign, so that one subject does not flatten the others.
const MOST: f64 = 100.0;

/// The columns of the table.
pub const COLUMNS: &[Column] = &[
    ("place", "place of the bar, from 1 at the largest growth"),
    ("subject", "the subject"),
    ("level", "the assigned dose level"),
    ("day", "day of the assessment, from the first treatment"),
    ("change_pct", "change of the sum of diameters from the baseline in percent"),
    ("response", "response at the time point, of the same lesions (RECIST 1.1)"),
    ("best", "best overall response"),
    ("new_lesions", "`true` where there were new lesions by then"),
];

/// The table: one row for each bar.
pub fn rows(waterfall: &Waterfall) -> Rows {
    let row = |(place, bar): (usize, &WaterfallBar)| {
        vec![
            place.to_string(),
            bar.subject.to_string(),
            bar.level.to_string(),
            bar.day.to_string(),
            bar.change_pct.to_string(),
            bar.response.to_string(),
            bar.best.to_string(),
            bar.new_lesions.to_string(),
        ]
    };
    Rows { columns: COLUMNS, rows: (1..).zip(&waterfall.bars).map(row).collect() }
}

/// Which lesions, in words.
pub fn lesions(field: Field) -> &'static str {
    match field {
        Field::Overall => "all target lesions",
        Field::InField => "in-field target lesions",
    }
}

/// Who is not shown, by the reason; none where everybody is.
pub fn not_shown(who: &[NotShown]) -> Option<String> {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for absent in who {
        reasons.entry(&absent.because).or_default().push(absent.subject.as_str());
    }
    let each: Vec<String> = reasons.iter().map(|(because, who)| format!("{}: {because}", who.join(", "))).collect();
    (!each.is_empty()).then(|| format!("Not shown: {}.", each.join("; ")))
}

/// The picture.
pub fn draw(waterfall: &Waterfall, cut: &CutLine, width: Width) -> Picture {
    let title = match waterfall.time_point.as_str() {
        "" => "Waterfall".to_owned(),
        at => format!("Waterfall at {at}"),
    };
    let what = format!("Change of the sum of diameters from baseline, %: {}", lesions(waterfall.field));
    let each = waterfall.bars.iter().map(|bar| format!("{} {}", bar.subject, number::change(bar.change_pct)));
    let each = each.collect::<Vec<_>>().join(", ");
    let mut picture = Picture::new("waterfall", width, &title, &format!("{what}. {each}"));
    let absent = not_shown(&waterfall.not_shown);
    if waterfall.bars.is_empty() {
        let why = format!("No subject has been measured at the time point yet. {}", absent.unwrap_or_default());
        return frame::nothing(picture, &title, &why, cut);
    }
    let y = frame::header(&mut picture, &title, &what);
    let top = frame::legend(&mut picture, y, &items(waterfall)) + 4.0;
    let (left, right) = (78.0, picture.width() - MARGIN);
    let low = waterfall.bars.iter().map(|bar| bar.change_pct).fold(-40.0, f64::min);
    let high = waterfall.bars.iter().map(|bar| bar.change_pct).fold(30.0, f64::max).min(MOST);
    // A tenth more at both ends, for signs and numbers.
    let room = (high - low) * 0.1;
    let scale = Scale::new((low.max(-100.0) - room, high + room), (top + HIGH, top));
    let step = (right - left) / waterfall.bars.len() as f64;
    let plane = Plane { left, step, y: scale };
    let ticks = [-100.0, -50.0, 0.0, 50.0, 100.0];
    let inside = ticks.into_iter().filter(|tick| (low.max(-100.0)..=high).contains(tick));
    frame::percent_axis(&mut picture, scale, (left, right), &inside.map(label).collect::<Vec<_>>());
    for (index, bar) in waterfall.bars.iter().enumerate() {
        plane.bar(&mut picture, index, bar);
    }
    for line in [20.0, -30.0] {
        let y = scale.at(line);
        picture.line("guide", (left, y), (right, y));
        picture.text(Size::Small, "", Anchor::End, (left - 6.0, y + 4.0), &label(line).1);
    }
    picture.line("axis", (left, scale.at(0.0)), (right, scale.at(0.0)));
    let y = plane.rows(&mut picture, waterfall, top + HIGH + 14.0);
    let y = plane.names(&mut picture, waterfall, y);
    let notes = ["Lines at +20% and -30% of baseline. A new lesion is progression whatever the bar.".to_owned()];
    frame::footer(&mut picture, y + 12.0, &notes.into_iter().chain(absent).collect::<Vec<_>>(), cut);
    picture
}

fn label(percent: f64) -> (f64, String) {
    (percent, if percent == 0.0 { "0".into() } else { format!("{percent:+.0}") })
}

fn items(waterfall: &Waterfall) -> Vec<Item> {
    let mut items: Vec<Item> = levels(waterfall.bars.iter().map(|bar| bar.level))
        .into_iter()
        .map(|level| Item {
            sign: Box::new(move |picture: &mut Picture, (x, y): Place| {
                picture.rect(&format!("fill-{}", colour(level)), (x - 6.0, y - 6.0), (x + 6.0, y + 6.0), "");
            }),
            words: format!("level {level}"),
        })
        .collect();
    let sign = |glyph, words: &str| Item {
        sign: Box::new(move |picture: &mut Picture, place| signed(picture, glyph, "ink", place, 5.0, "")),
        words: words.to_owned(),
    };
    if waterfall.bars.iter().any(|bar| bar.new_lesions) {
        items.push(sign(Glyph::Asterisk, "new lesion"));
    }
    if waterfall.bars.iter().any(|bar| bar.change_pct > MOST) {
        items.push(sign(Glyph::Up, "grows beyond +100%"));
    }
    items
}

struct Plane {
    left: f64,
    step: f64,
    y: Scale,
}

impl Plane {
    fn middle(&self, index: usize) -> f64 {
        self.left + (index as f64 + 0.5) * self.step
    }

    /// Half the width of a bar, and half the size of a sign on it.
    fn half(&self) -> f64 {
        (self.step * 0.4).min(22.0)
    }

    fn bar(&self, picture: &mut Picture, index: usize, bar: &WaterfallBar) {
        let (x, half, zero) = (self.middle(index), self.half(), self.y.at(0.0));
        let end = self.y.at(bar.change_pct.min(MOST));
        // No change is seen as a line.
        let end = if (end - zero).abs() < 1.0 { zero - 1.0 } else { end };
        let new = if bar.new_lesions { ", new lesions" } else { "" };
        let about = format!(
            "{}, level {}: {} on day {}, {}{new}; best response {}",
            bar.subject,
            bar.level,
            number::change(bar.change_pct),
            bar.day,
            bar.response,
            bar.best
        );
        picture.rect(&format!("fill-{}", colour(bar.level)), (x - half, zero), (x + half, end), &about);
        let (outwards, below) = if bar.change_pct < 0.0 { (1.0, 9.0) } else { (-1.0, 0.0) };
        let mut y = end + outwards * 4.0;
        let words = format!("{:+.0}", bar.change_pct);
        if self.step >= Size::Small.width(&words) {
            picture.text(Size::Small, "halo", Anchor::Middle, (x, y + below), &words);
            y += outwards * 13.0;
        }
        let r = (self.step * 0.45).clamp(1.4, 4.5);
        if bar.new_lesions {
            signed(picture, Glyph::Asterisk, "ink", (x, y + outwards * r), r, &about);
        }
        if bar.change_pct > MOST {
            signed(picture, Glyph::Up, "ink", (x, end + 2.0 * r), r, &about);
        }
    }

    /// A row for each level and each best response, with a mark under each bar to which it belongs.
    fn rows(&self, picture: &mut Picture, waterfall: &Waterfall, mut y: f64) -> f64 {
        let bars = || waterfall.bars.iter().enumerate();
        let mut row = |words: &str, class: &str, belongs: &dyn Fn(&WaterfallBar) -> bool| {
            picture.text(Size::Small, "quiet", Anchor::End, (self.left - 6.0, y + 4.0), words);
            picture.line("rule", (self.left, y), (self.left + self.step * waterfall.bars.len() as f64, y));
            for (index, _) in bars().filter(|(_, bar)| belongs(bar)) {
                let (x, half) = (self.middle(index), self.half());
                picture.rect(class, (x - half, y - 4.0), (x + half, y + 4.0), "");
            }
            y += LEADING - 2.0;
        };
        for level in levels(waterfall.bars.iter().map(|bar| bar.level)) {
            row(&format!("level {level}"), &format!("fill-{}", colour(level)), &|bar| bar.level == level);
        }
        use Response::{CR, NE, NonCrNonPd, PD, PR, SD};
        for best in [CR, PR, SD, NonCrNonPd, PD, NE] {
            if waterfall.bars.iter().any(|bar| bar.best == best) {
                let word = if best == NonCrNonPd { "neither".to_owned() } else { best.to_string() };
                row(&format!("best {word}"), "fill-quiet", &|bar| bar.best == best);
            }
        }
        y
    }

    /// The names of the subjects, where there is room for them.
    fn names(&self, picture: &mut Picture, waterfall: &Waterfall, y: f64) -> f64 {
        if self.step < Size::Small.units() {
            return y;
        }
        let names: Vec<String> =
            waterfall.bars.iter().map(|bar| Size::Small.cut(bar.subject.as_str(), 110.0)).collect();
        let longest = names.iter().map(|name| Size::Small.width(name)).fold(0.0, f64::max);
        for (index, name) in names.iter().enumerate() {
            picture.text(Size::Small, "", Anchor::Upwards, (self.middle(index) + 4.0, y - 6.0), name);
        }
        y + longest
    }
}
