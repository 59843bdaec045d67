//! Conduct: what departed from the protocol.

use super::Scene;
use crate::report::html::{Lines, Side, paragraph, table, toned, words};
use maud::Markup;
use trial_core::view::deviations::Deviation;

/// Every deviation, found by rule or recorded by people.
pub fn deviations(scene: Scene<'_>) -> Lines {
    let found = &scene.replay.deviations;
    if found.is_empty() {
        return vec![paragraph(&words("None found."))];
    }
    let dash = || words("\u{2013}");
    let row = |deviation: &Deviation| -> Vec<Markup> {
        let weight = match deviation.important {
            Some(true) => toned("fault", "important"),
            Some(false) => words("not important"),
            None => words("not judged"),
        };
        vec![
            deviation.subject.as_ref().map_or_else(|| words("trial"), words),
            deviation.day.map_or_else(dash, words),
            words(deviation.rule.as_str().replace('_', " ")),
            words(&deviation.what),
            weight,
            deviation.seq.map_or_else(dash, words),
        ]
    };
    let columns = [
        ("Subject", Side::Left),
        ("Day", Side::Left),
        ("Rule", Side::Left),
        ("What", Side::Left),
        ("Weight", Side::Left),
        ("Entry", Side::Right),
    ];
    table("Deviations", &columns, found.iter().map(row))
}
