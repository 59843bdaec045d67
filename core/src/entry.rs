//! An entry: an event with its place in the log, its time and the people who signed it.
//!
//! An entry reaches a projection only after the verifier has checked it; nothing here checks signatures.

use crate::{
    event::Event,
    ids::{Hash, Key, Seq, SiteId, SubjectId},
    text::Text,
    words::words,
};
use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

words!(
    /// What a person does in the trial; decides what they may sign.
    Role {
        /// Takes responsibility for the trial (ICH E6(R3) 3).
        Sponsor = "sponsor",
        /// Responsible for the conduct of the trial at a site (ICH E6(R3) 2).
        Investigator = "investigator",
        /// Runs the trial day by day at a site.
        Coordinator = "coordinator",
        /// Dispenses and accounts for the drug.
        Pharmacist = "pharmacist",
        /// Delivers the fractions.
        RadiationTherapist = "radiation_therapist",
        /// Plans and checks the radiotherapy.
        Physicist = "physicist",
        /// Reads the images.
        Radiologist = "radiologist",
        /// Keeps dictionaries and imported values.
        DataManager = "data_manager",
        /// Checks the conduct and the record for the sponsor; never writes clinical facts.
        Monitor = "monitor",
        /// Decides on dose escalation.
        SafetyCommittee = "safety_committee",
    }
);

words!(
    /// What a signature means (21 CFR 11.50(a)(3)).
    Meaning {
        /// Wrote it.
        Authorship = "authorship",
        /// Read and checked it.
        Review = "review",
        /// Agrees that it takes effect.
        Approval = "approval",
        /// Answers for it.
        Responsibility = "responsibility",
        /// Saw it.
        Witness = "witness",
    }
);

/// Who signs, as printed with the signature (21 CFR 11.50).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Signer {
    /// The public key, whole.
    pub key: Key,
    /// What the signature means.
    pub meaning: Meaning,
    /// Printed name.
    pub name: Text,
    /// The organisation.
    pub organisation: Text,
    /// The role at this point of the log.
    pub role: Role,
    /// The site to which the person is bound, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
}

impl Signer {
    /// Whether two signers are one person: by printed name and organisation, whatever keys they hold.
    pub fn is_same_person(&self, other: &Signer) -> bool {
        self.name == other.name && self.organisation == other.organisation
    }
}

/// What an entry does to what is known.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// States its own event.
    States,
    /// Gives an earlier entry another event: the corrected one.
    Revises {
        /// The entry corrected.
        target: Seq,
        /// Its event from now on.
        event: Box<Event>,
    },
    /// Takes an earlier entry back.
    Voids {
        /// The entry voided.
        target: Seq,
        /// The subject that it was about, if it was about one: nobody else's facts change.
        subject: Option<SubjectId>,
    },
    /// Nothing: what it states occurred after the reader's cutoff.
    Withheld,
}

/// An event with its place, its time and its signers.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Place in the log.
    pub seq: Seq,
    /// Leaf hash: SHA-256(`0x00` + the entry line).
    pub hash: Hash,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The author.
    pub signer: Signer,
    /// Others who signed the same entry.
    pub countersigners: Vec<Signer>,
    /// The event as it stands in the entry.
    pub event: Event,
    /// Why, where the event needs a reason.
    pub reason: Option<Text>,
    /// What it does to what is known.
    pub effect: Effect,
}

/// One step of what is known: facts by the entry that states them.
#[derive(Debug, Clone, Copy)]
pub enum Change<'a> {
    /// The entry at this place states this event, now.
    Set(Seq, &'a Event),
    /// The entry at this place states nothing any more.
    Unset(Seq, Whose<'a>),
}

/// Whose facts an entry that states nothing any more was about.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// This subject's.
    Subject(&'a SubjectId),
    /// Nobody's: it was about the trial.
    Nobody,
    /// It is not known whose.
    Anybody,
}

impl<'a> Whose<'a> {
    /// Of an event about this subject, if about one.
    pub fn of(subject: Option<&'a SubjectId>) -> Whose<'a> {
        subject.map_or(Whose::Nobody, Whose::Subject)
    }

    /// Takes something back where it may stand; what has nothing left goes.
    pub(crate) fn retain<V>(self, by_subject: &mut BTreeMap<SubjectId, V>, mut keep: impl FnMut(&mut V) -> bool) {
        match self {
            Whose::Subject(id) => {
                if by_subject.get_mut(id).is_some_and(|facts| !keep(facts)) {
                    by_subject.remove(id);
                }
            }
            Whose::Nobody => {}
            Whose::Anybody => by_subject.retain(|_, facts| keep(facts)),
        }
    }
}

impl Entry {
    /// What a projection has to do: each is a map from entries to facts, and this is one step of it.
    pub fn change(&self) -> Change<'_> {
        match &self.effect {
            Effect::States => Change::Set(self.seq, &self.event),
            Effect::Revises { target, event } => Change::Set(*target, event),
            Effect::Voids { target, subject } => Change::Unset(*target, Whose::of(subject.as_ref())),
            Effect::Withheld => Change::Unset(self.seq, Whose::of(self.event.subject())),
        }
    }

    /// All who sign it, the author first.
    pub fn signers(&self) -> impl Iterator<Item = &Signer> {
        std::iter::once(&self.signer).chain(&self.countersigners)
    }

    /// The entry as a reader sees it who asks what had occurred by the end of a day.
    pub fn cut(mut self, last: NaiveDate) -> Entry {
        let after = |event: &Event| event.occurred().is_some_and(|moment| moment.day() > last);
        match &self.effect {
            Effect::States if after(&self.event) => self.effect = Effect::Withheld,
            Effect::Revises { target, event } if after(event) => {
                let (target, subject) = (*target, event.subject().cloned());
                self.effect = Effect::Voids { target, subject };
            }
            Effect::States | Effect::Revises { .. } | Effect::Voids { .. } | Effect::Withheld => {}
        }
        self
    }
}
