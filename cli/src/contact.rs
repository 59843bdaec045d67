//! Contact: a ledger meets what this user has seen of it before.
//!
//! Promises that a ledger that ends earlier than it did, or that has another history up to there, or that goes by the
//! name of another one, is told by its fault before any command answers; and that what was verified is remembered. Does
//! not know more than this user saw: the first contact has nothing to compare with, and says so.

use crate::{
    clock::{self, stamp},
    error::{CliError, ErrorKind},
    known::{Known, Pin},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use trial_core::{entry::Entry, event::Event, ids::Hash};
use trial_ledger::{
    fault::{Fault, FaultKind},
    merkle::Frontier,
    tip::Tip,
};

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// The ledger itself: it must reach as far as it did.
    Ledger,
    /// A copy of it, which may be an old one.
    Copy,
}

/// Looks at the entries of a ledger as they are verified, and keeps what is needed to compare with what was seen.
#[derive(Debug)]
pub struct Watch {
    known: Known,
    now: DateTime<Utc>,
    frontier: Frontier,
    pin: Option<Pin>,
    /// The root when the log was as long as it was when it was seen.
    then: Option<Hash>,
}

/// What a ledger was compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anchor {
    /// With nothing: this user never saw it.
    First,
    /// With nothing: what this user saw cannot be read.
    Unreadable,
    /// With what this user saw, which it extends.
    Seen(Pin),
    /// With nothing: this copy ends before what this user saw.
    Beyond(Pin),
}

/// What came of it; remembers what comes next.
#[derive(Debug, Clone)]
pub struct Contact {
    known: Known,
    held: Option<Pin>,
    /// What it was compared with.
    pub anchor: Anchor,
    /// What is to be told beside the answer.
    pub notice: Option<String>,
}

/// The ledger is not what this user saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// By its name.
    pub fault: Box<Fault>,
    /// What to do.
    pub hint: String,
    /// How many of the entries that were seen are missing, where it is that.
    pub missing: Option<u64>,
}

impl From<Disagreement> for CliError {
    fn from(found: Disagreement) -> CliError {
        CliError { kind: ErrorKind::No, message: found.fault.to_string(), hint: Some(found.hint) }
    }
}

impl Watch {
    /// Reads what this user knows.
    ///
    /// # Errors
    /// See [`Known::read`]; or the clock of this machine is not set.
    pub fn begin() -> Result<Watch, CliError> {
        Ok(Watch { known: Known::read()?, now: clock::now()?, frontier: Frontier::default(), pin: None, then: None })
    }

    /// What this user knows.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// Sees all entries at once, of a log whose root is known at any size; says whether this user saw that log before.
    pub fn saw(&mut self, tip: &Tip, root_at: impl Fn(u64) -> Option<Hash>) -> bool {
        let pin = tip.opened().zip(tip.genesis());
        self.pin = pin.and_then(|(opened, genesis)| self.known.pin(opened.origin.as_str(), genesis).cloned());
        self.then = self.pin.as_ref().and_then(|pin| root_at(pin.size));
        self.pin.is_some()
    }

    /// Sees the next verified entry.
    pub fn see(&mut self, entry: &Entry) {
        if let (0, Event::TrialOpened(opened)) = (self.frontier.size(), &entry.event) {
            self.pin = self.known.pin(opened.origin.as_str(), entry.hash).cloned();
        }
        let Some(pin) = &self.pin else { return };
        if self.frontier.size() < pin.size {
            self.frontier.push(entry.hash);
            self.then = (self.frontier.size() == pin.size).then(|| self.frontier.root());
        }
    }

    /// Compares the verified end with what was seen, and remembers it.
    ///
    /// # Errors
    /// What disagrees; nothing is remembered then.
    pub fn meet(self, tip: &Tip, held: Held) -> Result<Contact, Disagreement> {
        let mut contact = self.compare(tip, held)?;
        let told = contact.moved(tip);
        contact.notice = contact.notice.or(told);
        Ok(contact)
    }

    /// Compares the verified end with what was seen, and remembers nothing.
    ///
    /// # Errors
    /// What disagrees.
    pub fn compare(self, tip: &Tip, held: Held) -> Result<Contact, Disagreement> {
        let Some(now) = Pin::of(tip, self.now) else {
            return Ok(Contact { known: self.known, held: None, anchor: Anchor::First, notice: None });
        };
        if let Some(pin) = &self.pin {
            if now.size < pin.size && held == Held::Ledger {
                return Err(rolled_back(pin, &now));
            }
            if now.size >= pin.size && self.then != Some(pin.root) {
                return Err(forked(pin, self.then));
            }
        }
        let others: Vec<&Pin> = self.known.pins().iter().filter(|pin| pin.origin == now.origin).collect();
        if let (None, Some(other)) = (&self.pin, others.last()) {
            return Err(another(other, &now));
        }
        let (anchor, notice) = match (self.pin.clone(), self.known.trouble()) {
            (_, Some(why)) => {
                let notice = format!("what you saw of ledgers before cannot be read, nothing was compared: {why}");
                (Anchor::Unreadable, Some(notice))
            }
            (None, None) => {
                let notice = format!("first contact with {}: nothing to compare with yet", now.origin);
                (Anchor::First, Some(notice))
            }
            (Some(pin), None) if now.size < pin.size => {
                let (missing, seen) = (pin.size - now.size, stamp(pin.seen));
                let notice = format!("this copy lacks {missing} of the {} entries that you saw on {seen}", pin.size);
                (Anchor::Beyond(pin), Some(notice))
            }
            (Some(pin), None) => (Anchor::Seen(pin), None),
        };
        Ok(Contact { known: self.known, held: self.pin, anchor, notice })
    }
}

impl Contact {
    /// What this user knew.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// Remembers that the ledger has been verified, or extended, up to here; says what kept it from that.
    pub fn moved(&mut self, tip: &Tip) -> Option<String> {
        if self.known.trouble().is_some() {
            return None;
        }
        let told = |e: CliError| Some(format!("this cannot be remembered for the next time: {e}"));
        let now = match clock::now() {
            Ok(now) => Pin::of(tip, now)?,
            Err(e) => return told(e),
        };
        if self.held.as_ref().is_some_and(|held| held.size >= now.size) {
            return None;
        }
        match self.known.remember(self.held.as_ref(), &now) {
            Ok(()) => {
                self.held = Some(now);
                None
            }
            Err(e) => told(e),
        }
    }
}

fn described(size: u64, root: Hash) -> String {
    format!("{size} entries with the root {}", STANDARD.encode(root.0))
}

fn seen(pin: &Pin) -> String {
    format!("{}, as you saw on {}", described(pin.size, pin.root), stamp(pin.seen))
}

fn rolled_back(pin: &Pin, now: &Pin) -> Disagreement {
    let fault = Fault::new(FaultKind::RolledBack, seen(pin), described(now.size, now.root));
    let hint = format!(
        "{} of the entries that you saw are missing: keep this copy as evidence and ask who restored a backup; only if you know why: trial known \
         accept (in its place), or trial known forget {}",
        pin.size - now.size,
        pin.origin
    );
    Disagreement { fault: Box::new(fault), hint, missing: Some(pin.size - now.size) }
}

fn forked(pin: &Pin, then: Option<Hash>) -> Disagreement {
    let found = then.map_or_else(|| "another history".to_owned(), |then| described(pin.size, then));
    let fault = Fault::new(FaultKind::Forked, seen(pin), found);
    let hint = format!(
        "keep both copies as evidence: somebody signed two histories; only if you know why: trial known accept (in its \
         place), or trial known forget {}",
        pin.origin
    );
    Disagreement { fault: Box::new(fault), hint, missing: None }
}

fn another(pin: &Pin, now: &Pin) -> Disagreement {
    let expected = format!("{} with the genesis {}, as you saw on {}", pin.origin, pin.genesis, stamp(pin.seen));
    let fault = Fault::new(FaultKind::GenesisMismatch, expected, format!("the genesis {}", now.genesis));
    let hint =
        "this is another ledger of the same name: ask whose it is; only if you know why there are two: trial known \
                accept"
            .to_owned();
    Disagreement { fault: Box::new(fault), hint, missing: None }
}
