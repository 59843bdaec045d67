//! Adjudications: every adverse event that could count as a dose-limiting toxicity, with the answer and why.

use super::{
    Terminal, Tone, cut,
    grid::{Grid, Side},
    signature::signature,
};
use crate::clock::Zone;
use trial_core::{
    dlt::{Missing, Outcome},
    ids::Seq,
    view::{
        escalation::{AdjudicationRow, Escalation},
        replay::CutLine,
    },
};

/// Each event of grade 3 or more; the answer with its clause, what is missing, and the ruling where people gave one.
pub fn adjudications(escalation: &Escalation, cut: &CutLine, terminal: Terminal) -> String {
    if escalation.adjudications.is_empty() {
        return String::new();
    }
    let columns = [
        ("Subject", Side::Left),
        ("Level", Side::Right),
        ("Event", Side::Left),
        ("Onset", Side::Left),
        ("Judgement", Side::Left),
        ("Entries", Side::Left),
    ];
    let zone = cut::zone(cut);
    let mut grid = Grid::new(&columns);
    for row in &escalation.adjudications {
        let judged = &row.judged;
        grid.row()
            .cell(&row.subject)
            .cell(row.level)
            .cell(format_args!("{} {}, grade {}", judged.ae, judged.term, judged.grade))
            .cell(judged.onset)
            .toned(tone(row.outcome), judgement(row))
            .cell(entries(&judged.entries));
    }
    let rulings: String = escalation.adjudications.iter().filter_map(|row| ruling(row, zone, terminal)).collect();
    terminal.heading("Adverse events of grade 3 or more: dose-limiting or not") + &grid.text(terminal) + &rulings
}

fn tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Dlt => Tone::Fault,
        Outcome::Undetermined => Tone::Deviation,
        Outcome::NotDlt => Tone::Text,
    }
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Dlt => "DLT",
        Outcome::NotDlt => "not a DLT",
        Outcome::Undetermined => "UNDETERMINED, blocks the decision",
    }
}

/// `not a DLT: listed and controlled`; where people ruled, their answer and that of the rule.
fn judgement(row: &AdjudicationRow) -> String {
    let rule = &row.judged.rule;
    let missing: Vec<&str> = rule.missing.iter().map(|missing| wanting(*missing)).collect();
    let because =
        if missing.is_empty() { rule.reason.replace('_', " ") } else { format!("{} not recorded", missing.join(", ")) };
    let flags: String = rule.flags.iter().map(|flag| format!("; note: {}", flag.replace('_', " "))).collect();
    let by_rule = format!("{}: {because}{flags}", word(rule.outcome));
    match row.judged.ruling {
        Some(_) => format!("{}, RULED (below); by the rule {by_rule}", word(row.outcome)),
        None => by_rule,
    }
}

/// Who ruled, when and why.
fn ruling(row: &AdjudicationRow, zone: Zone, terminal: Terminal) -> Option<String> {
    let ruled = row.judged.ruling.as_ref()?;
    let clause =
        ruled.clause.as_ref().map_or_else(String::new, |clause| format!(" by {}", clause.as_str().replace('_', " ")));
    let signed: Vec<String> = ruled.signatures.iter().map(|signer| signature(signer, ruled.signed_at, zone)).collect();
    let reason = ruled.reason.as_ref().map_or("no reason recorded", |reason| reason.as_str());
    let lead = format!("  {} {}  ", row.subject, row.judged.ae);
    let text = format!(
        "ruled {}{clause}: {reason}. Signed by {} (entry {})",
        word(row.outcome),
        signed.join(" and by "),
        ruled.seq
    );
    Some(terminal.lines(Tone::Deviation, &lead, &text))
}

fn wanting(missing: Missing) -> &'static str {
    match missing {
        Missing::Attribution => "attribution",
        Missing::Intervention => "intervention",
        Missing::Prophylaxis => "prophylaxis",
        Missing::Control => "control",
        Missing::Onset => "onset",
    }
}

fn entries(entries: &[Seq]) -> String {
    entries.iter().map(Seq::to_string).collect::<Vec<_>>().join(", ")
}
