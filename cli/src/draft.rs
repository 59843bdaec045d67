//! A draft: an event that somebody asks to record, one JSON object a line, with who signs and why.
//!
//! Promises clear errors by line and member for any bytes, and memory for one line however long the file. Does not
//! check whether the event can have happened: that is admission, at append.

use crate::{cosigner::Cosigner, examples, flags, session::Facts, strict};
use chrono::{DateTime, FixedOffset};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fmt,
    io::{self, BufRead, Read},
};
use trial_core::{
    admission::looks_at_own_subject_alone,
    escalation::LevelStatus,
    event::{DecisionBasis, Event, EventError, EventKind},
    ids::{Hash, Name, Seq},
    text::{FreeText, Text},
};
use trial_ledger::sealed::{NotSealable, Sealed};

/// Bytes in a line at most: what an entry line may hold.
pub const MAX_LINE: usize = 16 * 1024;

/// An event to record, with who signs it and why.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// The event. Left out may be what is known only at append: `basis` of a decision, `entries` and `head` of a
    /// sign-off, `target` beside `target_line`.
    #[serde(deserialize_with = "strict::value")]
    pub event: Value,
    /// Why, where the event needs a reason.
    #[serde(default)]
    pub reason: Option<Text>,
    /// Alias of the key that signs; the default key where left out.
    #[serde(default)]
    pub by: Option<String>,
    /// When it is recorded: only in a ledger with a simulated clock.
    #[serde(default)]
    pub recorded_at: Option<DateTime<FixedOffset>>,
    /// Who else signs the same entry: alias of a key, or `alias:meaning`; approval where no meaning is said.
    #[serde(default)]
    pub countersigners: Vec<Cosigner>,
    /// Texts that stand beside the log, by name (narrative, verbatim, comment or any other identifier): the entry holds
    /// commitments to them, and a redaction can delete them.
    #[serde(default, deserialize_with = "sealed")]
    pub sealed: BTreeMap<Name, FreeText>,
    /// Line of the same file, from 1, that a correction or a voided entry is about, in place of its `target`.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub target_line: Option<usize>,
}

impl Draft {
    /// A draft of an event, signed with the default key at a time that append takes.
    pub fn of(event: Value) -> Draft {
        Draft {
            event,
            reason: None,
            by: None,
            recorded_at: None,
            countersigners: Vec::new(),
            sealed: BTreeMap::new(),
            target_line: None,
        }
    }
}

/// Names with their texts, no name twice.
fn sealed<'de, D: Deserializer<'de>>(d: D) -> Result<BTreeMap<Name, FreeText>, D::Error> {
    serde_json::from_value(strict::value(d)?).map_err(D::Error::custom)
}

/// What is known only at append.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The entry that `target_line` became.
    pub target: Option<Seq>,
    /// Number of entries in the log.
    pub entries: u64,
    /// Leaf hash of the last of them.
    pub head: Hash,
    /// The counts of every planned level, lowest first.
    pub levels: Vec<LevelStatus>,
}

/// The members that append fills in where all of them are left out.
pub fn filled_in(kind: EventKind) -> &'static [&'static str] {
    if matches!(kind, EventKind::EscalationDecided | EventKind::MtdDeclared) {
        &["basis"]
    } else if kind == EventKind::SignedOff {
        &["entries", "head"]
    } else {
        &[]
    }
}

/// The event with the members that were left out for append to fill in.
///
/// # Errors
/// What is still missing or does not fit.
pub fn complete(event: &Value, standing: &Standing) -> Result<Event, EventError> {
    let mut event = event.clone();
    fill(&mut event, standing);
    Event::from_value(event)
}

fn fill(event: &mut Value, standing: &Standing) {
    let kind = event.get("type").and_then(Value::as_str).and_then(|word| word.parse::<EventKind>().ok());
    let (Some(kind), Value::Object(members)) = (kind, event) else { return };
    // All or none: half a statement of what was seen would be completed with the other half of something else.
    if filled_in(kind).iter().all(|name| !members.contains_key(*name)) {
        for name in filled_in(kind) {
            let value = match *name {
                "basis" => json!(DecisionBasis {
                    entries: standing.entries,
                    head: standing.head,
                    levels: standing.levels.clone(),
                }),
                "entries" => json!(standing.entries),
                _ => json!(standing.head),
            };
            members.insert((*name).to_owned(), value);
        }
    }
    if let Some(target) = standing.target {
        members.insert("target".to_owned(), json!(target));
    }
}

/// The event as the event types write it, still without what append fills in.
///
/// # Errors
/// The first member that does not fit.
pub fn checked(event: Value) -> Result<Value, EventError> {
    check(event, None)
}

fn check(event: Value, target: Option<Seq>) -> Result<Value, EventError> {
    let standing = Standing { target, entries: 0, head: Hash::ZERO, levels: Vec::new() };
    let complete = complete(&event, &standing)?.to_value();
    let (Value::Object(given), Value::Object(mut written)) = (event, complete) else {
        unreachable!("an event is a JSON object");
    };
    written.retain(|name, _| {
        let filled = EventKind::ALL.iter().any(|kind| filled_in(*kind).contains(&name.as_str())) || name == "target";
        given.contains_key(name) || !filled
    });
    Ok(Value::Object(written))
}

/// Why a line is not a draft.
#[derive(Debug)]
pub struct DraftError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: DraftFault,
}

/// What is wrong with a line.
#[derive(Debug)]
pub enum DraftFault {
    /// More bytes than an entry may have.
    TooLong,
    /// Not UTF-8 from this byte of the line on, from 1.
    NotUtf8(usize),
    /// Not JSON.
    NotJson(String),
    /// A member that does not fit.
    Member {
        /// JSON pointer to it; empty for the draft itself.
        pointer: String,
        /// What was expected and found.
        message: String,
        /// What may have been meant.
        hint: Option<String>,
    },
    /// The file could not be read on.
    Read(io::Error),
}

impl fmt::Display for DraftError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match &self.fault {
            DraftFault::TooLong => write!(f, "expected at most {MAX_LINE} bytes in a line, found more"),
            DraftFault::NotUtf8(byte) => write!(f, "expected UTF-8, found other bytes at byte {byte}"),
            DraftFault::NotJson(message) => write!(f, "expected a draft as one JSON object, found {message}"),
            DraftFault::Member { pointer, message, .. } if pointer.is_empty() => f.write_str(message),
            DraftFault::Member { pointer, message, .. } => write!(f, "{pointer}: {message}"),
            DraftFault::Read(error) => write!(f, "cannot be read: {error}"),
        }
    }
}

impl std::error::Error for DraftError {}

impl DraftError {
    /// What to do next, where that is known.
    pub fn hint(&self) -> Option<String> {
        match &self.fault {
            DraftFault::TooLong => Some("hold larger documents outside, and record their SHA-256".into()),
            DraftFault::NotUtf8(_) | DraftFault::Read(_) => None,
            DraftFault::NotJson(_) => Some("write each draft on a line of its own: jq -c . FILE".into()),
            DraftFault::Member { hint, .. } => hint.clone(),
        }
    }
}

fn member(pointer: impl Into<String>, message: impl Into<String>) -> DraftFault {
    DraftFault::Member { pointer: pointer.into(), message: message.into(), hint: None }
}

impl Draft {
    /// Reads one line; `line` is its number, from 1.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn parse(line: usize, bytes: &[u8]) -> Result<Draft, DraftError> {
        read(bytes).and_then(|draft| draft.check(line)).map_err(|fault| DraftError { line, fault })
    }

    fn check(self, line: usize) -> Result<Draft, DraftFault> {
        let word = self.event.get("type").and_then(Value::as_str).unwrap_or_default();
        let corrects = ["entry_corrected", "entry_voided"].contains(&word);
        match self.target_line {
            None => {}
            Some(_) if !corrects => {
                return Err(member("/target_line", "expected only beside entry_corrected and entry_voided"));
            }
            Some(_) if self.event.get("target").is_some() => {
                return Err(member("/target_line", "expected one of target_line and /event/target, found both"));
            }
            Some(target) if target == 0 || target >= line => {
                let message = format!("expected an earlier line than {line}, from 1, found {target}");
                return Err(member("/target_line", message));
            }
            Some(_) => {}
        }
        let event = check(self.event, self.target_line.map(|_| Seq(0))).map_err(refused)?;
        Ok(Draft { event, ..self })
    }

    /// Its texts for beside the log, each with a salt of its own.
    ///
    /// # Errors
    /// There is no randomness.
    pub fn seal(&self) -> Result<BTreeMap<Name, Sealed>, NotSealable> {
        let one = |(name, text): (&Name, &FreeText)| Ok((name.clone(), Sealed::with_new_salt(text.as_str().into())?));
        self.sealed.iter().map(one).collect()
    }

    /// Whether the counts of the levels are filled in.
    pub fn cites_counts(&self) -> bool {
        let word = self.event.get("type").and_then(Value::as_str).unwrap_or_default();
        word.parse().is_ok_and(|kind| filled_in(kind).contains(&"basis")) && self.event.get("basis").is_none()
    }

    /// The facts that are enough to admit it.
    pub fn asks_for(&self) -> Facts {
        let word = |name| self.event.get(name).and_then(Value::as_str);
        let alone = word("type").and_then(|word| word.parse().ok()).is_some_and(looks_at_own_subject_alone);
        match word("subject").map(str::parse) {
            _ if !alone || self.cites_counts() => Facts::All,
            None => Facts::Of(None),
            Some(Ok(subject)) => Facts::Of(Some(subject)),
            Some(Err(_)) => Facts::All,
        }
    }

    /// The event to append.
    ///
    /// # Errors
    /// What is still missing or does not fit.
    pub fn complete(&self, standing: &Standing) -> Result<Event, EventError> {
        complete(&self.event, standing)
    }
}

fn read(bytes: &[u8]) -> Result<Draft, DraftFault> {
    if bytes.len() > MAX_LINE {
        return Err(DraftFault::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|e| DraftFault::NotUtf8(e.valid_up_to() + 1))?;
    // Without this a derived reader would also take the members as an array, in order.
    if !text.trim_start().starts_with('{') {
        return Err(DraftFault::NotJson("something else".into()));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let draft: Draft = serde_path_to_error::deserialize(&mut json).map_err(|e| {
        let pointer = pointer(e.path());
        let error = e.into_inner();
        match error.classify() {
            serde_json::error::Category::Data => member(pointer, plain(&error)),
            _ => DraftFault::NotJson(format!("{} at byte {}", plain(&error), error.column())),
        }
    })?;
    json.end().map_err(|e| DraftFault::NotJson(format!("{} at byte {}", plain(&e), e.column())))?;
    Ok(draft)
}

/// The message without serde_json's own place, which counts each line as the first.
fn plain(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.rsplit_once(" at line ").map_or(message.clone(), |(message, _)| message.to_owned())
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let step = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } | Segment::Enum { variant: key } => {
            format!("/{}", key.replace('~', "~0").replace('/', "~1"))
        }
        Segment::Unknown => String::new(),
    };
    path.iter().map(step).collect()
}

fn refused(error: EventError) -> DraftFault {
    match error {
        EventError::UnknownType(found) => {
            let hint = flags::kind(&found).err().and_then(|e| e.hint_word()).map(|w| format!("did you mean {w}?"));
            let message = format!("{found:?} is not an event type");
            DraftFault::Member { pointer: "/event/type".into(), message, hint }
        }
        EventError::Schema { pointer, message } => member(format!("/event{pointer}"), message),
    }
}

/// The drafts of a file with their lines; empty lines are passed over.
#[derive(Debug)]
pub struct Drafts<R> {
    reader: R,
    line: usize,
    buffer: Vec<u8>,
    unreadable: bool,
}

/// Reads drafts line by line; goes on after a line that is no draft, so that all faults of a file can be told. Ends after
/// the first line that cannot be read at all.
pub fn drafts<R: BufRead>(reader: R) -> Drafts<R> {
    Drafts { reader, line: 0, buffer: Vec::new(), unreadable: false }
}

impl<R: BufRead> Drafts<R> {
    /// The next line into the buffer, of a long one only the beginning; false at the end.
    fn advance(&mut self) -> io::Result<bool> {
        self.buffer.clear();
        // One byte more than allowed tells a long line from a full one; two more for `\r\n`.
        let limit = MAX_LINE as u64 + 2;
        if (&mut self.reader).take(limit).read_until(b'\n', &mut self.buffer)? == 0 {
            return Ok(false);
        }
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
            if self.buffer.last() == Some(&b'\r') {
                self.buffer.pop();
            }
        } else if self.buffer.len() as u64 == limit {
            self.reader.skip_until(b'\n')?;
        }
        Ok(true)
    }
}

impl<R: BufRead> Iterator for Drafts<R> {
    type Item = Result<(usize, Draft), DraftError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.unreadable {
            self.line += 1;
            match self.advance() {
                Ok(false) => return None,
                Ok(true) if self.buffer.trim_ascii().is_empty() => {}
                Ok(true) => return Some(Draft::parse(self.line, &self.buffer).map(|draft| (self.line, draft))),
                Err(error) => {
                    // A folder, for example, fails in the same way for ever.
                    self.unreadable = true;
                    return Some(Err(DraftError { line: self.line, fault: DraftFault::Read(error) }));
                }
            }
        }
        None
    }
}

/// A filled-in draft of an event, to be edited.
pub fn template(kind: EventKind) -> String {
    let event = examples::text(kind).trim_end().replace('\n', "\n  ");
    let reason = if kind.needs_reason() { ",\n  \"reason\": \"why this is recorded\"" } else { "" };
    format!("{{\n  \"event\": {event}{reason}\n}}\n")
}

#[cfg(test)]
mod tests;
