//! Plots: views as pictures in the conventions of the field, and as tables of the same numbers.
//!
//! Promises pure functions from views to pictures and tables: no number that a view did not compute, the same text for
//! the same view. A page shows them with [`svg::Picture::inline`] and brings [`palette::style`] once.

pub mod frame;
pub mod km;
pub mod palette;
pub mod rows;
pub mod scale;
pub mod spider;
pub mod svg;
pub mod swimmer;
pub mod timeline;
pub mod waterfall;

use svg::{Glyph, Picture, Place};
use trial_core::grade::DoseLevel;

/// The colour of a level, from 1.
fn colour(level: DoseLevel) -> usize {
    palette::series(usize::from(level.get()) - 1)
}

/// The shape of a series, from 0.
fn shape(index: usize) -> Glyph {
    Glyph::SERIES[index % Glyph::SERIES.len()]
}

/// The levels that occur, lowest first.
fn levels(all: impl Iterator<Item = DoseLevel>) -> Vec<DoseLevel> {
    let mut levels: Vec<DoseLevel> = all.collect();
    levels.sort();
    levels.dedup();
    levels
}

/// A glyph of strokes or of a filled shape, in a colour of the palette, with an edge of paper around what is filled.
fn signed(picture: &mut Picture, glyph: Glyph, colour: &str, place: Place, r: f64, about: &str) {
    let class = match glyph {
        Glyph::Cross | Glyph::Asterisk | Glyph::Stroke | Glyph::Pause | Glyph::Arrow => format!("stroke-{colour}"),
        Glyph::Disc | Glyph::Square | Glyph::Up | Glyph::Down | Glyph::Right | Glyph::Diamond | Glyph::Star => {
            format!("fill-{colour} edge")
        }
    };
    picture.glyph(&class, glyph, place, r, about);
}
