//! The maximum tolerated dose, under both names in use, with what it rests on.

use super::{Terminal, Tone};
use trial_core::{escalation::MtdConvention, grade::DoseLevel, view::escalation::Escalation};

/// The declared MTD; none gives no text.
pub fn mtd(escalation: &Escalation, terminal: Terminal) -> String {
    let Some(mtd) = &escalation.mtd else { return String::new() };
    let convention = match mtd.convention {
        MtdConvention::HighestTolerated => "the highest tolerated level; the recommended dose is the MTD",
        MtdConvention::LowestIntolerable => "the lowest intolerable level; the recommended dose is one level below",
    };
    let named = |level: Option<DoseLevel>| level.map_or("not reached".into(), |level| name(escalation, level));
    terminal.heading("Maximum tolerated dose")
        + &terminal.pairs(&[
            (Tone::State, "MTD of this protocol", named(mtd.declared)),
            (Tone::Text, "which it defines as", convention.into()),
            (Tone::Text, "highest tolerated", named(Some(mtd.level))),
            (Tone::Text, "lowest intolerable", named(mtd.lowest_intolerable)),
            (Tone::Text, "highest given (MAD)", named(Some(mtd.maximum_administered))),
            (Tone::Text, "basis", mtd.basis.to_string()),
        ])
}

/// A level as `level 3 (III): axitinib 3 mg twice daily`.
pub fn name(escalation: &Escalation, level: DoseLevel) -> String {
    match escalation.levels.iter().find(|row| row.level == level) {
        Some(row) => format!("level {level} ({}): {}", row.label, row.description),
        None => format!("level {level}"),
    }
}
