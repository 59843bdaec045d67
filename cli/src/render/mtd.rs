//! The maximum tolerated dose, under both names in use, with what it rests on.

use super::{Terminal, Tone};
use trial_core::{
    escalation::{MtdConvention, State},
    grade::DoseLevel,
    view::escalation::Escalation,
};

/// The declared MTD; none gives no text.
pub fn mtd(escalation: &Escalation, terminal: Terminal) -> String {
    let Some(mtd) = &escalation.mtd else { return String::new() };
    let convention = match mtd.convention {
        MtdConvention::HighestTolerated => "the highest tolerated level; the recommended dose is the MTD",
        MtdConvention::LowestIntolerable => "the lowest intolerable level; the recommended dose is one level below",
    };
    let named = |level: Option<DoseLevel>| level.map_or("not reached".into(), |level| name(escalation, level));
    let review = match escalation.state {
        State::ReviewRequired => {
            terminal.lines(Tone::Fault, "  ", "UNDER REVIEW: a signed decision no longer follows from what is known")
        }
        State::Enrolling | State::Observing | State::SafetyHold | State::DecisionDue | State::Stopped => String::new(),
    };
    terminal.heading("Maximum tolerated dose")
        + &review
        + &terminal.pairs(&[
            (Tone::State, "MTD of this protocol", named(mtd.declared)),
            (Tone::Text, "which it defines as", convention.into()),
            tolerated(escalation, mtd.level, mtd.lowest_intolerable),
            (Tone::Text, "lowest intolerable", named(mtd.lowest_intolerable)),
            (Tone::Text, "highest given (MAD)", named(Some(mtd.maximum_administered))),
            (Tone::Text, "basis", mtd.basis.to_string()),
        ])
}

/// The level signed as tolerated, which late facts can contradict.
fn tolerated(
    escalation: &Escalation,
    signed: DoseLevel,
    intolerable: Option<DoseLevel>,
) -> (Tone, &'static str, String) {
    let name = name(escalation, signed);
    match intolerable.filter(|level| *level <= signed) {
        Some(_) => (Tone::Fault, "highest tolerated", format!("{name}, as signed; not tolerated on what is known now")),
        None => (Tone::Text, "highest tolerated", name),
    }
}

/// A level as `level 3 (III): axitinib 3 mg twice daily`.
pub fn name(escalation: &Escalation, level: DoseLevel) -> String {
    match escalation.levels.iter().find(|row| row.level == level) {
        Some(row) => format!("level {level} ({}): {}", row.label, row.description),
        None => format!("level {level}"),
    }
}
