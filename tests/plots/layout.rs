//! What a reader sees: no text runs into another or out of the picture, narrow or wide, with nine subjects or with two
//! hundred; and no word of the log becomes a part of the picture.

use super::{assert_inert, texts};
use crate::render::cohort::LOG;
use roxmltree::Document;
use trial_cli::{
    plot::{
        km, spider,
        svg::{Picture, Size, Width},
        swimmer, timeline, waterfall,
    },
    session::{Fold, Lens},
};
use trial_core::{
    ids::SubjectId,
    recist::Field,
    view::{
        curves::Curves, escalation::Escalation, replay::CutLine, response::ResponseTable, spider::Spider,
        swimmer::Swimmer, timeline::Timeline, waterfall::Waterfall,
    },
};

/// The views behind all plots, at one cut.
struct Views {
    cut: CutLine,
    curves: Vec<Curves>,
    waterfall: Waterfall,
    swimmer: Swimmer,
    spider: Spider,
    timeline: Timeline,
}

impl Views {
    fn of(as_of: &str) -> Views {
        let mut fold = Fold::through(&Lens { as_of: Some(as_of.into()), ..Lens::default() });
        LOG.iter().for_each(|entry| {
            fold.take(entry);
        });
        let (trial, reading, ..) = fold.finish().unwrap();
        let (trial, day) = (&trial, reading.day);
        let response = ResponseTable::read(trial);
        let curves = [None, Some("dose_level"), Some("responder")];
        let escalation = Escalation::read(trial, day);
        Views {
            cut: CutLine::new(trial, reading),
            curves: curves.iter().map(|by| Curves::read(trial, &response, "os", *by).unwrap()).collect(),
            waterfall: Waterfall::read(&response, Field::Overall),
            swimmer: Swimmer::read(trial, day, &response),
            spider: Spider::read(trial, &response, Field::Overall),
            timeline: Timeline::read(trial, day, escalation.as_ref()),
        }
    }

    /// The same facts of so many times as many subjects.
    fn times(mut self, n: usize) -> Views {
        fn copies<T: Clone>(list: &mut Vec<T>, n: usize, name: impl Fn(&mut T) -> &mut SubjectId) {
            let all = list.iter().flat_map(|one| {
                (0..n).map(|k| {
                    let mut copy = one.clone();
                    let subject = name(&mut copy);
                    *subject = format!("{subject}-{k:03}").parse().unwrap();
                    copy
                })
            });
            *list = all.collect();
        }
        copies(&mut self.waterfall.bars, n, |bar| &mut bar.subject);
        copies(&mut self.swimmer.lanes, n, |lane| &mut lane.subject);
        copies(&mut self.spider.lines, n, |line| &mut line.subject);
        copies(&mut self.timeline.subjects, n, |subject| &mut subject.subject);
        self
    }

    fn pictures(&self, width: Width) -> Vec<Picture> {
        let curves = self.curves.iter().map(|curves| km::draw(curves, &self.cut, width));
        let others = [
            waterfall::draw(&self.waterfall, &self.cut, width),
            swimmer::draw(&self.swimmer, &self.cut, width),
            spider::draw(&self.spider, &self.cut, width),
            timeline::draw(&self.timeline, &self.cut, width),
        ];
        curves.chain(others).collect()
    }
}

/// Where a text stands: left, top, right, bottom.
type Block = (f64, f64, f64, f64);

fn blocks(svg: &str) -> (f64, f64, Vec<(Block, String)>) {
    let picture = Document::parse(svg).unwrap();
    let view: Vec<f64> =
        picture.root_element().attribute("viewBox").unwrap().split(' ').map(|n| n.parse().unwrap()).collect();
    let texts = picture.descendants().filter(|node| node.tag_name().name() == "text").map(|node| {
        let class = node.attribute("class").unwrap();
        let size = match class.split(' ').next() {
            Some("title") => Size::Title,
            Some("text") => Size::Text,
            _ => Size::Small,
        };
        let words = node.text().unwrap().to_owned();
        let (long, high) = (size.width(&words), size.units() * 0.9);
        let number = |name: &str| node.attribute(name).map(|n| n.parse::<f64>().unwrap());
        let block = match (number("x"), number("y"), node.attribute("text-anchor")) {
            (Some(x), Some(y), None) => (x, y - high, x + long, y + 1.0),
            (Some(x), Some(y), Some("middle")) => (x - long / 2.0, y - high, x + long / 2.0, y + 1.0),
            (Some(x), Some(y), _) => (x - long, y - high, x, y + 1.0),
            _ => {
                let turned = node.attribute("transform").unwrap();
                let inside = turned.split(['(', ')']).nth(1).unwrap();
                let at: Vec<f64> = inside.split(' ').map(|n| n.parse().unwrap()).collect();
                (at[0] - high, at[1], at[0] + 1.0, at[1] + long)
            }
        };
        (block, words)
    });
    (view[2], view[3], texts.collect())
}

#[test]
fn the_same_views_give_the_same_pictures() {
    let written = |views: &Views| -> Vec<String> { views.pictures(Width::USUAL).iter().map(Picture::file).collect() };
    assert_eq!(written(&Views::of("2020-01-06")), written(&Views::of("2020-01-06")));
}

fn assert_readable(picture: &Picture, what: &str) {
    let svg = picture.inline();
    assert_inert(&svg);
    let (width, height, blocks) = blocks(&svg);
    for (index, ((left, top, right, bottom), words)) in blocks.iter().enumerate() {
        let inside = *left >= -1.0 && *right <= width + 1.0 && *top >= 0.0 && *bottom <= height + 1.0;
        assert!(inside, "{what}: {words:?} runs out of {width} x {height}: {left} {top} {right} {bottom}");
        for ((l, t, r, b), other) in &blocks[index + 1..] {
            let apart = *right <= l + 2.0 || *r <= left + 2.0 || *bottom <= t + 2.0 || *b <= top + 2.0;
            assert!(apart, "{what}: {words:?} runs into {other:?}");
        }
    }
}

#[test]
fn no_text_runs_into_another_or_out_of_the_picture() {
    for as_of in ["2016-12-20", "2017-03-01", "2018-06-01", "2020-01-06"] {
        let views = Views::of(as_of);
        for width in [320, 480, 720, 1600] {
            for (at, picture) in views.pictures(Width::new(width)).iter().enumerate() {
                assert_readable(picture, &format!("plot {at} as of {as_of}, {width} wide"));
            }
        }
    }
}

#[test]
fn two_hundred_subjects_are_drawn_apart() {
    let views = Views::of("2020-01-06").times(23);
    assert_eq!(views.swimmer.lanes.len(), 207);
    for width in [320, 480, 1600] {
        for (at, picture) in views.pictures(Width::new(width)).iter().enumerate() {
            assert_readable(picture, &format!("plot {at}, {width} wide"));
        }
    }
}

#[test]
fn names_of_any_length_fit() {
    let mut views = Views::of("2020-01-06");
    let long = |n: usize| -> SubjectId { format!("{n}-{}", "W".repeat(60)).parse().unwrap() };
    views.waterfall.bars.iter_mut().enumerate().for_each(|(n, bar)| bar.subject = long(n));
    views.swimmer.lanes.iter_mut().enumerate().for_each(|(n, lane)| lane.subject = long(n));
    views.spider.lines.iter_mut().enumerate().for_each(|(n, line)| line.subject = long(n));
    views.timeline.subjects.iter_mut().enumerate().for_each(|(n, subject)| subject.subject = long(n));
    for (at, picture) in views.pictures(Width::new(320)).iter().enumerate() {
        assert_readable(picture, &format!("plot {at}"));
    }
}

#[test]
fn hostile_words_of_the_log_stay_words() {
    const HOSTILE: &str =
        "</title><script>alert(1)</script>\"onload=\"x\" 'q' & \u{202e}drawkcab\u{2069} \u{1b}[2J ]]>";
    let mut views = Views::of("2020-01-06");
    views.cut.title = Some(HOSTILE.into());
    for curves in &mut views.curves {
        curves.label = HOSTILE.into();
        curves.by_label = Some(HOSTILE.into());
        for group in &mut curves.groups {
            group.group = HOSTILE.into();
            group.estimate.observations.iter_mut().for_each(|o| o.because = HOSTILE.into());
        }
    }
    views.waterfall.time_point = HOSTILE.into();
    views.waterfall.not_shown =
        vec![trial_core::view::waterfall::NotShown { subject: "X".parse().unwrap(), because: HOSTILE.into() }];
    views.spider.not_shown = views.waterfall.not_shown.clone();
    for lane in &mut views.swimmer.lanes {
        lane.because = HOSTILE.into();
        lane.marks.iter_mut().for_each(|mark| mark.words = HOSTILE.into());
    }
    views.timeline.levels.iter_mut().for_each(|level| level.description = HOSTILE.into());
    for picture in views.pictures(Width::USUAL) {
        for svg in [picture.inline(), picture.file()] {
            assert_inert(&svg);
            assert!(!svg.contains("<script") && !svg.contains(['\u{202e}', '\u{2069}', '\u{1b}']), "{svg}");
        }
    }
    let shown = texts(&timeline::draw(&views.timeline, &views.cut, Width::new(2000)).inline()).join(" ");
    assert!(shown.contains("<script>alert(1)</script>"), "the words themselves are shown: {shown}");
}
