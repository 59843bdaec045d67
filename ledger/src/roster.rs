//! Roster: whose keys count at this point of the log.
//!
//! Promises that a key enters once and for one purpose, never again after it was revoked, and that look-ups use the
//! whole key: a shortened key id can be forged. Revocation goes by position, not by clock: what stands before it in the
//! log stays valid, whatever time an entry claims. Does not read entries: it is told of grants and revocations.

use crate::{
    body::RecordedAt,
    fault::{Fault, FaultKind},
    key::PublicKey,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use trial_core::{
    entry::{Entry, Meaning, Role, Signer},
    event::{KeyGranted, KeyPurpose, KeyRevoked},
    ids::{Key, Seq, SiteId},
    text::Text,
};

/// A key and its holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The key, admitted.
    pub public: PublicKey,
    /// Printed name.
    pub name: Text,
    /// The organisation.
    pub organisation: Text,
    /// The role.
    pub role: Role,
    /// The site to which the holder is bound, if any.
    pub site: Option<SiteId>,
    /// What the key may be used for.
    pub purpose: KeyPurpose,
    /// The entry that granted it.
    pub granted: Seq,
    /// When that was recorded.
    pub granted_at: RecordedAt,
    /// How it was revoked, if it was.
    pub revoked: Option<Revocation>,
}

/// How a key was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// The entry.
    pub seq: Seq,
    /// When it was recorded.
    pub at: RecordedAt,
    /// Why.
    pub reason: Option<Text>,
    /// First entry that somebody else may have signed, where the revocation says so.
    pub compromised_since: Option<Seq>,
}

impl Member {
    /// The holder as they stand in what they sign.
    pub fn signer(&self, key: Key, meaning: Meaning) -> Signer {
        Signer {
            key,
            meaning,
            name: self.name.clone(),
            organisation: self.organisation.clone(),
            role: self.role,
            site: self.site.clone(),
        }
    }

    /// Whether the key signs entries now.
    pub fn signs(&self) -> bool {
        self.revoked.is_none() && self.purpose == KeyPurpose::Author
    }

    /// Whether the key counts in the log of the first `size` entries: granted by one of them, and revoked by none.
    pub fn counts_at(&self, size: u64) -> bool {
        self.granted.0 < size && self.revoked.as_ref().is_none_or(|revoked| revoked.seq.0 >= size)
    }
}

/// Why an entry is left to people: it is signed by a key that somebody else may have held by then.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Suspicion<'a> {
    /// The key.
    pub key: Key,
    /// Its holder.
    pub member: &'a Member,
    /// How it was revoked.
    pub revocation: &'a Revocation,
    /// From which entry on it is in doubt.
    pub since: Seq,
}

/// All keys that were ever granted, up to one point of the log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Roster {
    members: BTreeMap<Key, Member>,
}

impl Roster {
    /// The holder of a key, revoked or not.
    pub fn get(&self, key: Key) -> Option<&Member> {
        self.members.get(&key)
    }

    /// All keys with their holders, in the order of the keys.
    pub fn members(&self) -> impl Iterator<Item = (Key, &Member)> {
        self.members.iter().map(|(key, member)| (*key, member))
    }

    /// The keys as they were after so many entries.
    pub fn after(&self, entries: u64) -> Roster {
        let members = self.members.iter().filter(|(_, member)| member.granted.0 < entries);
        let as_it_was = |(key, member): (&Key, &Member)| {
            let revoked = member.revoked.clone().filter(|revocation| revocation.seq.0 < entries);
            (*key, Member { revoked, ..member.clone() })
        };
        Roster { members: members.map(as_it_was).collect() }
    }

    /// Everybody who can sign entries now.
    pub fn signers(&self) -> Vec<Signer> {
        let signing = self.members().filter(|(_, member)| member.signs());
        signing.map(|(key, member)| member.signer(key, Meaning::Authorship)).collect()
    }

    /// The same keys without one.
    pub fn without(&self, key: Key) -> Roster {
        let others = self.members.iter().filter(|(other, _)| **other != key);
        Roster { members: others.map(|(key, member)| (*key, member.clone())).collect() }
    }

    /// Whether any revocation leaves entries in doubt.
    pub fn is_in_doubt(&self) -> bool {
        self.members().any(|(_, member)| member.revoked.as_ref().is_some_and(|r| r.compromised_since.is_some()))
    }

    /// Why an entry is in doubt, if it is: no fault, and for people to judge.
    pub fn suspicion(&self, entry: &Entry) -> Option<Suspicion<'_>> {
        entry.signers().find_map(|signer| {
            let member = self.get(signer.key)?;
            let revocation = member.revoked.as_ref()?;
            let since = revocation.compromised_since.filter(|since| *since <= entry.seq)?;
            Some(Suspicion { key: signer.key, member, revocation, since })
        })
    }

    /// The holder who signs at this place, if the key is theirs, not revoked, and what they say of themselves is so.
    pub(crate) fn signing(&self, seq: Seq, signer: &Signer) -> Result<&Member, Fault> {
        let found = |kind, expected: &str, found: &str| Fault::at(kind, seq, expected, found);
        let Some(member) = self.get(signer.key) else {
            return Err(found(FaultKind::UnknownSigner, "a key of the roster", &signer.key.to_string()));
        };
        if let Some(revoked) = &member.revoked {
            let claim = format!("{}, revoked at entry {}", signer.key, revoked.seq);
            return Err(found(FaultKind::KeyRevoked, "a key that is not revoked", &claim));
        }
        if member.purpose != KeyPurpose::Author {
            return Err(found(FaultKind::SignerMismatch, "a key that signs entries", member.purpose.as_str()));
        }
        let same = signer.name == member.name
            && signer.role == member.role
            && signer.organisation == member.organisation
            && signer.site == member.site;
        if same {
            return Ok(member);
        }
        let said = |site: &Option<SiteId>, name: &Text, role: Role, organisation: &Text| {
            let site = site.as_ref().map_or_else(String::new, |site| format!(", site {site}"));
            format!("{name}, {role}, {organisation}{site}")
        };
        let expected = said(&member.site, &member.name, member.role, &member.organisation);
        let claimed = said(&signer.site, &signer.name, signer.role, &signer.organisation);
        Err(found(FaultKind::SignerMismatch, &expected, &claimed))
    }

    /// What a grant adds.
    pub(crate) fn granting(&self, seq: Seq, at: RecordedAt, grant: &KeyGranted) -> Result<Member, Fault> {
        if let Some(member) = self.get(grant.key) {
            let found = format!("the key of {}, granted at entry {}", member.name, member.granted);
            return Err(Fault::at(FaultKind::KeyReused, seq, "a key that was never granted", found));
        }
        let public = PublicKey::admit(grant.key)
            .map_err(|why| Fault::at(FaultKind::KeyWeak, seq, "a key that binds its holder", why))?;
        Ok(Member {
            public,
            name: grant.name.clone(),
            organisation: grant.organisation.clone(),
            role: grant.role,
            site: grant.site.clone(),
            purpose: grant.purpose,
            granted: seq,
            granted_at: at,
            revoked: None,
        })
    }

    /// Whether a revocation has something to revoke.
    pub(crate) fn revoking(&self, seq: Seq, revocation: &KeyRevoked) -> Result<(), Fault> {
        match self.get(revocation.key) {
            None => Err(Fault::at(FaultKind::UnknownSigner, seq, "a key of the roster", revocation.key)),
            Some(Member { revoked: Some(earlier), .. }) => {
                let found = format!("{}, revoked at entry {}", revocation.key, earlier.seq);
                Err(Fault::at(FaultKind::KeyRevoked, seq, "a key that is not revoked", found))
            }
            Some(Member { revoked: None, .. }) => Ok(()),
        }
    }

    pub(crate) fn grant(&mut self, key: Key, member: Member) {
        self.members.entry(key).or_insert(member);
    }

    pub(crate) fn revoke(&mut self, key: Key, revocation: Revocation) {
        if let Some(member) = self.members.get_mut(&key) {
            member.revoked.get_or_insert(revocation);
        }
    }
}

/// The first sponsor's grant, which the genesis stands for.
pub(crate) fn founding(signer: &Signer) -> KeyGranted {
    KeyGranted {
        key: signer.key,
        name: signer.name.clone(),
        organisation: signer.organisation.clone(),
        role: signer.role,
        site: signer.site.clone(),
        purpose: KeyPurpose::Author,
    }
}
