//! Sealed values as people and scripts read them: the text with a mark that says whether it is the one that was signed.

use super::number;
use crate::clock::{Zone, stamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use trial_core::{
    entry::Signer,
    ids::{Hash, Name},
    text,
};
use trial_ledger::{
    ledger::{SealedReport, Unsealed},
    sealed::{Place, Redaction},
    tip::Tip,
};

/// A redaction as a script reads it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Redacted {
    /// The entry that commits to the value.
    pub target: u64,
    /// Name of the value.
    pub value: Name,
    /// The entry that redacts it, who signed that, when and why.
    #[serde(flatten)]
    #[schemars(with = "serde_json::Map<String, Value>")]
    pub redaction: Redaction,
}

impl Redacted {
    /// A redaction with what it is about.
    pub fn new(place: &Place, redaction: &Redaction) -> Redacted {
        Redacted { target: place.seq.0, value: place.name.clone(), redaction: redaction.clone() }
    }
}

/// What a verdict says of sealed values.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Claim {
    /// Whether the values were at hand and compared: those of a directory are, an export has none.
    pub compared: bool,
    /// How many values the entries commit to, redacted ones included.
    pub commitments: u64,
    /// How many of them are there and are the ones that were signed, where they were compared.
    pub sound: Option<u64>,
    /// The redacted ones.
    pub redacted: Vec<Redacted>,
}

impl Claim {
    /// Of a log; `compared` where its values were at hand.
    pub fn new(tip: &Tip, compared: Option<&SealedReport>) -> Claim {
        Claim {
            compared: compared.is_some(),
            commitments: tip.commitments(),
            sound: compared.map(|report| report.sound),
            redacted: tip.redactions().iter().map(|(place, said)| Redacted::new(place, said)).collect(),
        }
    }

    /// Of a log that is faulty: nothing.
    pub fn none() -> Claim {
        Claim { compared: false, commitments: 0, sound: None, redacted: Vec::new() }
    }

    /// The claim in lines; of a log that seals nothing only that nothing was redacted.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("redactions  {}", self.redacted.len())];
        lines.extend(self.redacted.iter().map(|redacted| {
            let what = format!("{} of entry {}", redacted.value, redacted.target);
            format!("            {what}: {}", redaction(&redacted.redaction, &stamp(redacted.redaction.recorded_at)))
        }));
        if self.commitments > 0 {
            let commitments = number::of(self.commitments, "commitment", "commitments");
            lines.push(match self.sound {
                None => format!(
                    "sealed      not at hand: {commitments}; the ledger's directory tells whether the values are there"
                ),
                Some(sound) => {
                    let values = number::of(sound, "value", "values");
                    format!("sealed      {values} beside the log as signed, of {commitments}")
                }
            });
        }
        lines
    }
}

/// Who redacted, when and why: `redacted at entry 57 by A (investigator) and B (data_manager), 2026-02-10 09:00: why`.
pub fn redaction(redaction: &Redaction, at: &str) -> String {
    let who = |signer: &Signer| format!("{} ({})", signer.name, signer.role);
    let people: Vec<_> = [&redaction.signer].into_iter().chain(&redaction.countersigners).map(who).collect();
    let why = redaction.reason.as_ref().map_or("", |reason| reason.as_str());
    format!("redacted at entry {} by {}, {at}: {why}", redaction.seq, people.join(" and "))
}

/// A sealed value under its entry, in as many lines as it has.
pub fn lines(name: &Name, unsealed: &Unsealed, zone: Zone) -> Vec<String> {
    let head = |what: &str| format!("sealed      {name}: {what}");
    match unsealed {
        Unsealed::Value(value) => {
            let text = plain(value);
            let text = text.lines().map(|line| format!("          | {line}"));
            std::iter::once(head("as signed")).chain(text).collect()
        }
        Unsealed::Redacted(said) => vec![head(&redaction(said, &zone.show(said.recorded_at)))],
        Unsealed::Missing => vec![head("MISSING, and no entry says that it was redacted (see trial verify)")],
        Unsealed::Mismatch => vec![head("NOT THE VALUE THAT WAS SIGNED (see trial verify)")],
    }
}

/// A sealed value in one line.
pub fn one_line(unsealed: &Unsealed, zone: Zone) -> String {
    match unsealed {
        Unsealed::Value(value) => plain(value).lines().collect::<Vec<_>>().join(" ¶ "),
        Unsealed::Redacted(said) => redaction(said, &zone.show(said.recorded_at)),
        Unsealed::Missing => "MISSING".to_owned(),
        Unsealed::Mismatch => "NOT THE VALUE THAT WAS SIGNED".to_owned(),
    }
}

/// What became of a value, in a word.
pub fn state(unsealed: &Unsealed) -> &'static str {
    match unsealed {
        Unsealed::Value(_) => "as_signed",
        Unsealed::Redacted(_) => "redacted",
        Unsealed::Missing => "missing",
        Unsealed::Mismatch => "mismatch",
    }
}

/// A sealed value for a script; `value` only where it is the one that was signed.
pub fn value(name: &Name, commitment: Hash, unsealed: &Unsealed) -> Value {
    let mut found = json!({ "name": name, "commitment": commitment, "state": state(unsealed) });
    match unsealed {
        Unsealed::Value(value) => found["value"] = value.clone(),
        Unsealed::Redacted(redaction) => found["redaction"] = json!(redaction),
        Unsealed::Missing | Unsealed::Mismatch => {}
    }
    found
}

/// A value for a terminal: what would steer it, or turn the line round, is spelled out.
fn plain(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let shown = |c: char| match c {
        '\n' | '\t' => c.to_string(),
        c if text::is_unprintable(c) => c.escape_unicode().to_string(),
        c => c.to_string(),
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_steer_the_terminal() {
        let name: Name = "narrative".parse().unwrap();
        let unsealed = Unsealed::Value(json!("one\n\u{1b}[2Jtwo \u{202e}three\n\n\u{7f}"));
        let expected = [
            "sealed      narrative: as signed",
            "          | one",
            "          | \\u{1b}[2Jtwo \\u{202e}three",
            "          | ",
            "          | \\u{7f}",
        ];
        assert_eq!(lines(&name, &unsealed, Zone::named("UTC").unwrap()), expected);
        assert_eq!(one_line(&Unsealed::Value(json!("a\nb")), Zone::named("UTC").unwrap()), "a ¶ b");
    }
}
