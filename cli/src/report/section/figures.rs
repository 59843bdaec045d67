//! Figures: the plots of one date, as `trial plot` draws them, for wide and for narrow places.

use super::{Layout, Scene, Sheets};
use crate::{
    plot::{
        km, spider as spiders,
        svg::{Picture, Width},
        swimmer as lanes, timeline as times, waterfall as bars,
    },
    report::html::{Lines, Span, figure},
};
use trial_core::{
    recist::Field,
    view::{curves::Curves, spider::Spider, swimmer::Swimmer, timeline::Timeline, waterfall::Waterfall},
};

const FIELDS: [(Field, &str); 2] = [(Field::Overall, "overall"), (Field::InField, "in-field")];

/// A picture at the width of each place.
fn framed(name: &str, span: Span, draw: impl Fn(Width) -> Picture) -> Sheets {
    let width = |layout: Layout| match (layout, span) {
        (Layout::Narrow, Span::Column | Span::Page) => Width::PHONE,
        (Layout::Wide, Span::Column) => Width::USUAL,
        (Layout::Wide, Span::Page) => Width::BROAD,
    };
    Layout::ALL.map(|layout| figure(name, span, &draw(width(layout)).inline()))
}

/// One after the other, in each layout.
fn together(all: impl IntoIterator<Item = Sheets>) -> Sheets {
    let mut sheets = Layout::ALL.map(|_| Lines::new());
    for each in all {
        for (sheet, lines) in sheets.iter_mut().zip(each) {
            sheet.extend(lines);
        }
    }
    sheets
}

/// Who entered which level when, windows, decisions.
pub fn timeline(scene: Scene<'_>) -> Sheets {
    let replay = scene.replay;
    let view = Timeline::read(scene.trial, replay.cut.day, replay.escalation.as_ref());
    framed("timeline", Span::Page, |width| times::draw(&view, &replay.cut, width))
}

/// Best change by subject, overall and in field.
pub fn waterfall(scene: Scene<'_>) -> Sheets {
    together(FIELDS.map(|(field, name)| {
        let view = Waterfall::read(&scene.replay.response, field);
        framed(&format!("waterfall-{name}"), Span::Column, |width| bars::draw(&view, &scene.replay.cut, width))
    }))
}

/// Change over time by subject, overall and in field.
pub fn spider(scene: Scene<'_>) -> Sheets {
    together(FIELDS.map(|(field, name)| {
        let view = Spider::read(scene.trial, &scene.replay.response, field);
        framed(&format!("spider-{name}"), Span::Column, |width| spiders::draw(&view, &scene.replay.cut, width))
    }))
}

/// The course of each subject.
pub fn swimmer(scene: Scene<'_>) -> Sheets {
    let replay = scene.replay;
    let view = Swimmer::read(scene.trial, replay.cut.day, &replay.response);
    framed("swimmer", Span::Page, |width| lanes::draw(&view, &replay.cut, width))
}

/// Kaplan-Meier curves: each endpoint of all subjects, then by each grouping that the protocol compares it by.
pub fn curves(scene: Scene<'_>) -> Sheets {
    let survival = &scene.replay.survival;
    let compared = |endpoint: &str| {
        let mut by: Vec<Option<String>> = Vec::new();
        for found in survival.log_rank.iter().filter(|found| found.endpoint.as_str() == endpoint) {
            // A plain and a stratified test between the same groups are of the same curves.
            if !by.iter().flatten().any(|known| known == found.by.as_str()) {
                by.push(Some(found.by.to_string()));
            }
        }
        by
    };
    let each = survival
        .endpoints
        .keys()
        .flat_map(|endpoint| [None].into_iter().chain(compared(endpoint.as_str())).map(move |by| (endpoint, by)));
    together(each.filter_map(|(endpoint, by)| {
        let view = Curves::read(scene.trial, &scene.replay.response, endpoint.as_str(), by.as_deref()).ok()?;
        let name = by.map_or_else(|| format!("km-{endpoint}"), |by| format!("km-{endpoint}-by-{by}"));
        Some(framed(&name, Span::Column, |width| km::draw(&view, &scene.replay.cut, width)))
    }))
}
