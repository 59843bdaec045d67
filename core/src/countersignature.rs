//! Countersignature: how many people must sign an event together, as the protocol in force says.
//!
//! Promises that a person counts once, however many keys they hold, and that a rule can be loosened only by those whom
//! it asks. Does not check signatures or who holds a key; the verifier does, as of each entry's position.

use crate::{
    authority,
    entry::{Role, Signer},
    event::{Event, EventKind},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Events that several people sign together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Countersignatures {
    /// The events that need it.
    pub events: Vec<EventKind>,
    /// How many different people with one of these roles sign, the author included.
    #[schemars(range(min = 1, max = 99))]
    #[serde(deserialize_with = "crate::grade::within::<_, 1, 99>")]
    pub needed: u8,
    /// The roles whose signatures count.
    pub of: Vec<Role>,
}

impl Countersignatures {
    /// How many of the people who sign count.
    pub fn counted<'a>(&self, signers: impl IntoIterator<Item = &'a Signer>) -> usize {
        let mut people: Vec<&Signer> = Vec::new();
        for signer in signers {
            if self.of.contains(&signer.role) && !people.iter().any(|known| known.is_same_person(signer)) {
                people.push(signer);
            }
        }
        people.len()
    }

    /// Whether they are enough.
    pub fn is_met<'a>(&self, signers: impl IntoIterator<Item = &'a Signer>) -> bool {
        self.counted(signers) >= usize::from(self.needed)
    }

    /// Whether these people, who are all who can sign, are enough for each of its events.
    ///
    /// # Errors
    /// The first event that they are too few for.
    pub fn can_be_met(&self, people: &[Signer]) -> Result<(), TooFew> {
        for kind in &self.events {
            let with = |author: &Signer| {
                let others = people.iter().filter(|other| !other.is_same_person(author));
                self.counted(others.chain([author]))
            };
            let authors = people.iter().filter(|person| authority::may_sign(person.role, *kind));
            let most = authors.map(with).max().unwrap_or_default();
            if most < usize::from(self.needed) {
                return Err(TooFew { rule: self.clone(), kind: *kind, most });
            }
        }
        Ok(())
    }

    /// The roles in words: `sponsor or safety_committee`.
    pub fn roles(&self) -> String {
        self.of.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" or ")
    }

    /// What contradicts itself, in words.
    pub(crate) fn faults(&self) -> Vec<&'static str> {
        let repeats = |n: usize, different: usize| n != different;
        let (events, roles) = (&self.events, &self.of);
        let mut faults = Vec::new();
        if events.is_empty() || repeats(events.len(), EventKind::ALL.iter().filter(|k| events.contains(k)).count()) {
            faults.push("expected at least one event, each once");
        }
        if roles.is_empty() || repeats(roles.len(), Role::ALL.iter().filter(|role| roles.contains(role)).count()) {
            faults.push("expected at least one role, each once");
        }
        faults
    }
}

/// A rule that nobody could follow: too few people hold keys for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooFew {
    /// The rule.
    pub rule: Countersignatures,
    /// An event that it asks for.
    pub kind: EventKind,
    /// How many could sign that event together and count.
    pub most: usize,
}

impl fmt::Display for TooFew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (needed, roles) = (self.rule.needed, self.rule.roles());
        write!(f, "{} takes {needed} people, each {roles}, and only {} could sign it", self.kind, self.most)
    }
}

impl std::error::Error for TooFew {}

/// The rules that an entry must meet: those for its event; and if it puts another protocol in force, also those that the
/// new one does not keep word for word.
pub fn asked<'a>(in_force: &'a [Countersignatures], event: &Event) -> impl Iterator<Item = &'a Countersignatures> {
    let dropped = move |rule: &Countersignatures| match event {
        Event::ProtocolActivated(e) => !e.protocol.countersignatures.contains(rule),
        _ => false,
    };
    let kind = event.kind();
    in_force.iter().filter(move |rule| rule.events.contains(&kind) || dropped(rule))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{entry::Meaning, ids::Key};

    fn signer(name: &str, role: Role, key: u8) -> Signer {
        Signer {
            key: Key([key; 32]),
            meaning: Meaning::Approval,
            name: name.parse().unwrap(),
            organisation: "Example".parse().unwrap(),
            role,
            site: None,
        }
    }

    fn two_of(roles: &[Role]) -> Countersignatures {
        Countersignatures { events: vec![EventKind::KeyGranted], needed: 2, of: roles.to_vec() }
    }

    #[test]
    fn a_person_with_two_keys_counts_once_and_a_role_that_is_not_asked_for_not_at_all() {
        let rule = two_of(&[Role::Sponsor, Role::SafetyCommittee]);
        let (ada, again) = (signer("Ada", Role::Sponsor, 1), signer("Ada", Role::SafetyCommittee, 2));
        let (sam, mona) = (signer("Sam", Role::SafetyCommittee, 3), signer("Mona", Role::Monitor, 4));
        assert_eq!(rule.counted([&ada, &again, &mona]), 1);
        assert!(rule.is_met([&ada, &sam]) && !rule.is_met([&ada, &mona]));
    }

    #[test]
    fn a_rule_needs_an_author_and_enough_others_to_be_met() {
        let rule = two_of(&[Role::SafetyCommittee]);
        let ada = signer("Ada", Role::Sponsor, 1);
        let committee = [signer("Sam", Role::SafetyCommittee, 2), signer("Sue", Role::SafetyCommittee, 3)];
        let most = |people: &[Signer]| rule.can_be_met(people).map_err(|too_few| too_few.most);
        assert_eq!(most(&committee), Err(0), "nobody may grant");
        assert_eq!(most(&[&committee[..], std::slice::from_ref(&ada)].concat()), Ok(()));
        assert_eq!(most(&[ada.clone(), committee[0].clone()]), Err(1));
        // Ada cannot stand beside herself.
        let herself = signer("Ada", Role::SafetyCommittee, 4);
        assert_eq!(most(&[ada, herself, committee[0].clone()]), Err(1));
        let words = rule.can_be_met(&committee[..1]).unwrap_err().to_string();
        assert_eq!(words, "key_granted takes 2 people, each safety_committee, and only 0 could sign it");
    }
}
