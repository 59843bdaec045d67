//! Admission of protocols, sites, dictionaries, decisions and sign-offs.

use super::{Admission, Admitted, Refusal};
use crate::{
    dictionary::Adoption,
    escalation::State,
    event::{
        Conformity, DecisionBasis, DictionaryAdopted, EscalationDecided, MtdDeclared, ProtocolActivated, SignedOff,
        SiteActivated,
    },
    ids::{Hash, Seq},
    view::escalation::Escalation,
};

impl Admission<'_> {
    pub(super) fn protocol_activated(&self, e: &ProtocolActivated) -> Admitted {
        if let Some(fault) = e.protocol.faults().into_iter().next() {
            return Err(Refusal::new(fault).hint("see schemas/protocol.json and schemas/examples/protocols"));
        }
        let same = self.trial.conduct.protocols.iter().find(|(_, p)| p.edition == e.protocol.edition);
        match same {
            Some((seq, p)) => Err(Refusal::new(format!("edition {} of the protocol is in force", p.edition))
                .contradicts(seq)
                .hint("give an amendment another edition")),
            None => Ok(()),
        }
    }

    pub(super) fn site_activated(&self, e: &SiteActivated) -> Admitted {
        match self.trial.conduct.sites.get(&e.site) {
            Some((seq, _)) => Err(Refusal::new(format!("site {} is active already", e.site)).contradicts(*seq)),
            None => Ok(()),
        }
    }

    pub(super) fn dictionary_adopted(&self, e: &DictionaryAdopted) -> Admitted {
        if e.part == 0 || e.part > e.parts {
            return Err(Refusal::new(format!("part {} of {}: expected 1 to {}", e.part, e.parts, e.parts)));
        }
        if e.terms.iter().any(|term| term.grades.is_empty()) {
            return Err(Refusal::new("a term without a grade can never be reported"));
        }
        let (name, known) = (&e.dictionary, &self.trial.conduct.dictionaries);
        if known.get(name).is_some() {
            return Err(Refusal::new(format!("{name} is adopted already")).hint("give another list another name"));
        }
        if known.has_part(e) {
            return Err(Refusal::new(format!("part {} of {name} is there already", e.part)));
        }
        match known.adoption_with(e) {
            Adoption::Whole | Adoption::Missing(_) => Ok(()),
            Adoption::Differs(found) => {
                let message = format!("the terms of {name} have the SHA-256 {found}, each part names {}", e.sha256);
                Err(Refusal::new(message).hint("make all parts from one list: trial dictionary FILE.csv --name NAME"))
            }
        }
    }

    fn basis(&self, basis: &DecisionBasis) -> Admitted {
        self.head(basis.entries, basis.head)?;
        if basis.levels != Escalation::counts(self.trial, self.today) {
            return Err(Refusal::new("the counts are not those of the log").hint("leave out --basis: it is filled in"));
        }
        Ok(())
    }

    fn head(&self, entries: u64, head: Hash) -> Admitted {
        let cut = &self.trial.cut;
        if entries == cut.entries && Some(head) == cut.head {
            return Ok(());
        }
        let message = format!("it rests on {entries} entries, the log has {}", cut.entries);
        let refusal = Refusal::new(message).hint("look again at what is new, then decide on the present log");
        Err(refusal.contradicts(Seq(cut.entries.saturating_sub(1))))
    }

    pub(super) fn escalation_decided(&self, e: &EscalationDecided) -> Admitted {
        let protocol = self.protocol()?;
        if e.level.is_some_and(|level| protocol.level(level).is_none()) || protocol.level(e.at_level).is_none() {
            return Err(Refusal::new(format!("not a planned level: expected 1 to {}", protocol.levels.len())));
        }
        self.basis(&e.basis)?;
        let Some(now) = Escalation::read(self.trial, self.today) else { return Ok(()) };
        let recommended = now.recommendation.as_ref();
        let follows = now.current_level == e.at_level
            && recommended.is_some_and(|r| {
                let same_places = r.action.stops() || r.add == u32::from(e.places);
                r.action == e.action && r.level == e.level && same_places
            });
        // A review confirms or reverses: what the rule would now be is shown, people decide.
        let review = now.state == State::ReviewRequired;
        match (e.conformity, self.reason) {
            (Conformity::Rule, _) if follows || review => Ok(()),
            (Conformity::Override, Some(_)) => Ok(()),
            (Conformity::Override, None) => {
                Err(Refusal::new("an override needs a reason").hint("add --reason \"...\""))
            }
            (Conformity::Rule, _) => {
                let says = recommended.map_or_else(
                    || "nothing yet".to_owned(),
                    |r| {
                        let action = serde_json::to_value(r.action).ok().and_then(|a| a.as_str().map(str::to_owned));
                        let level = r.level.map_or_else(String::new, |l| format!(" level {l}"));
                        format!("{}{level}, {} places ({})", action.unwrap_or_default(), r.add, r.basis)
                    },
                );
                let waits =
                    now.windows_closed_on.map_or_else(String::new, |day| format!("; open windows close before {day}"));
                Err(Refusal::new(format!("the rule says {says}{waits}"))
                    .hint("to decide otherwise: --conformity override --reason \"...\""))
            }
        }
    }

    pub(super) fn mtd_declared(&self, e: &MtdDeclared) -> Admitted {
        self.basis(&e.basis)?;
        let now = Escalation::read(self.trial, self.today);
        match now.and_then(|now| now.mtd) {
            Some(mtd) if mtd.level == e.level => Ok(()),
            Some(mtd) => Err(Refusal::new(format!("level {} is declared, the decision says {}", e.level, mtd.level))),
            None => Err(Refusal::new("no decision has ended the escalation with a maximum tolerated dose")
                .hint("sign it first: trial append escalation-decided --action stop_mtd ...")),
        }
    }

    pub(super) fn signed_off(&self, e: &SignedOff) -> Admitted {
        self.head(e.entries, e.head)
    }
}
