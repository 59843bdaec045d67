//! Conduct: the genesis, protocols, sites and dictionary in force, decisions, recorded deviations.

use super::Projection;
use crate::{
    dictionary::Dictionary,
    entry::{Change, Entry},
    event::{DeviationRecorded, EscalationDecided, Event, MtdDeclared, TrialOpened},
    ids::{Name, Seq, SiteId},
    protocol::Protocol,
    stated::Stated,
    text::Text,
};
use std::collections::{BTreeMap, BTreeSet};

/// How the trial is run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conduct {
    /// The genesis.
    pub opened: Option<TrialOpened>,
    /// Protocol versions, in order: the last is in force.
    pub protocols: Stated<Protocol>,
    /// Active sites with their names.
    pub sites: BTreeMap<SiteId, (Seq, Text)>,
    /// The adopted dictionaries, as one.
    pub dictionary: Dictionary,
    /// Names of the adopted dictionaries.
    pub dictionaries: BTreeSet<Name>,
    /// Signed decisions on escalation, in order, with their reasons.
    pub decisions: Stated<Decision>,
    /// Declared maximum tolerated doses, in order: the last counts.
    pub mtds: Stated<Mtd>,
    /// Deviations that people recorded.
    pub deviations: Stated<RecordedDeviation>,
}

/// A signed decision, with its entry's reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What was decided.
    pub decided: EscalationDecided,
    /// Who signed it.
    pub signed_by: Text,
    /// Why, where it was an override.
    pub reason: Option<Text>,
}

/// A declared maximum tolerated dose.
pub type Mtd = MtdDeclared;
/// A deviation that a person recorded.
pub type RecordedDeviation = DeviationRecorded;

impl Conduct {
    /// The protocol in force.
    pub fn protocol(&self) -> Option<&Protocol> {
        self.protocols.last().map(|(_, p)| p)
    }

    fn set(&mut self, seq: Seq, event: &Event, entry: &Entry) {
        if let Event::TrialOpened(e) = event {
            self.opened = Some((**e).clone());
        } else if let Event::ProtocolActivated(e) = event {
            self.protocols.set(seq, e.protocol.clone());
        } else if let Event::SiteActivated(e) = event {
            self.sites.insert(e.site.clone(), (seq, e.name.clone()));
        } else if let Event::DictionaryAdopted(e) = event {
            self.dictionary.adopt(&e.terms);
            self.dictionaries.insert(e.dictionary.clone());
        } else if let Event::EscalationDecided(e) = event {
            let signed_by = entry.signer.name.clone();
            self.decisions.set(seq, Decision { decided: (**e).clone(), signed_by, reason: entry.reason.clone() });
        } else if let Event::MtdDeclared(e) = event {
            self.mtds.set(seq, (**e).clone());
        } else if let Event::DeviationRecorded(e) = event {
            self.deviations.set(seq, (**e).clone());
        }
    }
}

impl Projection for Conduct {
    fn apply(&mut self, entry: &Entry) {
        match entry.change() {
            Change::Set(seq, event) => self.set(seq, event, entry),
            // Only deviations can be taken back: decisions, protocols and sites are answered by new events.
            Change::Unset(seq) => self.deviations.unset(seq),
        }
    }
}
