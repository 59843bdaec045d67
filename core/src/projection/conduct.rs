//! Conduct: the genesis, protocols, sites and dictionary in force, decisions, recorded deviations.

use super::Projection;
use crate::{
    dictionary::{Dictionaries, Dictionary, TermEntry},
    entry::{Change, Entry, Signer},
    event::{DeviationRecorded, EscalationDecided, Event, MtdDeclared, TrialOpened},
    ids::{Seq, SiteId},
    protocol::Protocol,
    stated::Stated,
    text::Text,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How the trial is run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Conduct {
    /// The genesis.
    pub opened: Option<TrialOpened>,
    /// Protocol versions, in order: the last is in force.
    pub protocols: Stated<Protocol>,
    /// When each of them was recorded, which is when it came into force.
    pub in_force_since: Stated<DateTime<Utc>>,
    /// Active sites with their names.
    pub sites: BTreeMap<SiteId, (Seq, Text)>,
    /// The dictionaries of adverse event terms, whole or still in parts.
    pub dictionaries: Dictionaries,
    /// Signed decisions on escalation, in order, with their reasons.
    pub decisions: Stated<Decision>,
    /// Declared maximum tolerated doses, in order: the last counts.
    pub mtds: Stated<Mtd>,
    /// Deviations that people recorded.
    pub deviations: Stated<RecordedDeviation>,
}

/// A signed decision, with its entry's reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// What was decided.
    pub decided: EscalationDecided,
    /// Who signed it, the author first.
    pub signers: Vec<Signer>,
    /// When.
    pub recorded_at: DateTime<Utc>,
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

    /// The dictionary that the protocol in force names, once it is whole.
    pub fn dictionary(&self) -> Option<&Dictionary> {
        self.dictionaries.get(&self.protocol()?.dictionary)
    }

    /// A term of the protocol's dictionary, or else of one that an earlier edition named: what was recorded under that
    /// edition keeps its meaning.
    pub fn term(&self, term: &Text) -> Option<&TermEntry> {
        let earlier = self.protocols.facts().rev().filter_map(|p| self.dictionaries.get(&p.dictionary));
        self.dictionary().into_iter().chain(earlier).find_map(|dictionary| dictionary.get(term))
    }

    fn set(&mut self, seq: Seq, event: &Event, entry: &Entry) {
        if let Event::TrialOpened(e) = event {
            self.opened = Some((**e).clone());
        } else if let Event::ProtocolActivated(e) = event {
            self.protocols.set(seq, e.protocol.clone());
            self.in_force_since.set(seq, entry.recorded_at);
        } else if let Event::SiteActivated(e) = event {
            self.sites.insert(e.site.clone(), (seq, e.name.clone()));
        } else if let Event::DictionaryAdopted(e) = event {
            self.dictionaries.take(e);
        } else if let Event::EscalationDecided(e) = event {
            let (signers, reason) = (entry.signers().cloned().collect(), entry.reason.clone());
            let decision = Decision { decided: (**e).clone(), signers, recorded_at: entry.recorded_at, reason };
            self.decisions.set(seq, decision);
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
            Change::Unset(seq, _) => self.deviations.unset(seq),
        }
    }
}
