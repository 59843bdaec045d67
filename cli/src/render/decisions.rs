//! Decisions: who signed what, when, and on what.

use super::{Terminal, Tone, cut, number, phrase, signature::signature};
use crate::clock::Zone;
use trial_core::{
    event::Conformity,
    view::{
        escalation::{DecisionRow, Escalation},
        replay::CutLine,
    },
};

/// Every signed decision in order; none gives no text.
pub fn decisions(escalation: &Escalation, cut: &CutLine, terminal: Terminal) -> String {
    if escalation.decisions.is_empty() {
        return String::new();
    }
    let heading = terminal.heading("Signed decisions");
    let zone = cut::zone(cut);
    let each =
        escalation.decisions.iter().zip(1..).map(|(row, place)| decision(escalation, row, place, zone, terminal));
    heading + &each.collect::<String>()
}

fn decision(escalation: &Escalation, row: &DecisionRow, place: usize, zone: Zone, terminal: Terminal) -> String {
    let decided = phrase::action(row.action, row.level, u32::from(row.places));
    let what = format!("{} on {}/{} at level {}: {decided}", row.day, row.dlt, row.evaluable, row.at_level);
    let indent = "     ";
    let mut text = terminal.lines(Tone::Text, &format!("{place:>3}. "), &what);
    for (signer, word) in row.signatures.iter().zip(std::iter::once("signed by").chain(std::iter::repeat("and by"))) {
        let signed = format!("{word} {} (entry {})", signature(signer, row.signed_at, zone), row.seq);
        text += &terminal.lines(Tone::Text, indent, &signed);
    }
    let basis = number::of(row.entries, "entry", "entries");
    text += &terminal.lines(Tone::Text, indent, &format!("rests on {basis}, head {}", cut::short(&row.head)));
    text += &match (row.conformity, &row.reason) {
        (Conformity::Rule, _) => terminal.lines(Tone::Text, indent, "follows the rule"),
        (Conformity::Override, reason) => {
            let why = reason.as_deref().unwrap_or("no reason recorded");
            terminal.lines(Tone::Deviation, indent, &format!("OVERRIDES the rule: {why}"))
        }
    };
    let stale = escalation.stale.iter().filter(|stale| stale.seq == row.seq).map(|stale| {
        let says = phrase::verb(stale.would_be);
        terminal.lines(Tone::Fault, indent, &format!("STALE: on what is known now the rule says {says}"))
    });
    text + &stale.collect::<String>()
}
