//! Figures: the plots of one date, as `trial plot` draws them.

use super::Scene;
use crate::{
    plot::{
        km, spider as spiders,
        svg::{Picture, Width},
        swimmer as lanes, timeline as times, waterfall as bars,
    },
    report::html::{Lines, figure},
};
use trial_core::{
    recist::Field,
    view::{curves::Curves, spider::Spider, swimmer::Swimmer, timeline::Timeline, waterfall::Waterfall},
};

const FIELDS: [(Field, &str); 2] = [(Field::Overall, "overall"), (Field::InField, "in-field")];

fn framed(name: &str, picture: &Picture) -> Lines {
    figure(name, &picture.inline())
}

/// Who entered which level when, windows, decisions.
pub fn timeline(scene: Scene<'_>) -> Lines {
    let replay = scene.replay;
    let view = Timeline::read(scene.trial, replay.cut.day, replay.escalation.as_ref());
    framed("timeline", &times::draw(&view, &replay.cut, Width::USUAL))
}

/// Best change by subject, overall and in field.
pub fn waterfall(scene: Scene<'_>) -> Lines {
    let each = FIELDS.map(|(field, name)| {
        let view = Waterfall::read(&scene.replay.response, field);
        framed(&format!("waterfall-{name}"), &bars::draw(&view, &scene.replay.cut, Width::USUAL))
    });
    each.concat()
}

/// Change over time by subject, overall and in field.
pub fn spider(scene: Scene<'_>) -> Lines {
    let each = FIELDS.map(|(field, name)| {
        let view = Spider::read(scene.trial, &scene.replay.response, field);
        framed(&format!("spider-{name}"), &spiders::draw(&view, &scene.replay.cut, Width::USUAL))
    });
    each.concat()
}

/// The course of each subject.
pub fn swimmer(scene: Scene<'_>) -> Lines {
    let replay = scene.replay;
    let view = Swimmer::read(scene.trial, replay.cut.day, &replay.response);
    framed("swimmer", &lanes::draw(&view, &replay.cut, Width::USUAL))
}

/// Kaplan-Meier curves: each endpoint of all subjects, then by each grouping that the protocol compares it by.
pub fn curves(scene: Scene<'_>) -> Lines {
    let survival = &scene.replay.survival;
    let compared = |endpoint: &str| {
        let found = survival.log_rank.iter().filter(|found| found.endpoint.as_str() == endpoint);
        found.map(|found| Some(found.by.to_string())).collect::<Vec<_>>()
    };
    let mut lines = Lines::new();
    for endpoint in survival.endpoints.keys() {
        for by in [None].into_iter().chain(compared(endpoint.as_str())) {
            let read = Curves::read(scene.trial, &scene.replay.response, endpoint.as_str(), by.as_deref());
            if let Ok(view) = read {
                let name = by.map_or_else(|| format!("km-{endpoint}"), |by| format!("km-{endpoint}-by-{by}"));
                lines.extend(framed(&name, &km::draw(&view, &scene.replay.cut, Width::USUAL)));
            }
        }
    }
    lines
}
