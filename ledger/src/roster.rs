//! Roster: whose keys count at this point of the log.
//!
//! Promises that a key enters once and for one purpose, never again after it was revoked, and that look-ups use the
//! whole key: a shortened key id can be forged. Revocation goes by position, not by clock: what stands before it in the
//! log stays valid, whatever time an entry claims. Does not read entries: it is told of grants and revocations.

use crate::{
    fault::{Fault, FaultKind},
    key::PublicKey,
};
use std::collections::BTreeMap;
use trial_core::{
    entry::{Role, Signer},
    event::{KeyGranted, KeyPurpose, KeyRevoked},
    ids::{Key, Seq, SiteId},
    text::Text,
};

/// A key and its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The entry that revoked it, if any.
    pub revoked: Option<Seq>,
    /// First entry that somebody else may have signed, where the revocation says so.
    pub compromised_since: Option<Seq>,
}

/// All keys that were ever granted, up to one point of the log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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

    /// The holder who signs at this place, if the key is theirs, not revoked, and what they say of themselves is so.
    pub(crate) fn signing(&self, seq: Seq, signer: &Signer) -> Result<&Member, Fault> {
        let found = |kind, expected: &str, found: &str| Fault::at(kind, seq, expected, found);
        let Some(member) = self.get(signer.key) else {
            return Err(found(FaultKind::UnknownSigner, "a key of the roster", &signer.key.to_string()));
        };
        if let Some(revoked) = member.revoked {
            let claim = format!("{}, revoked at entry {revoked}", signer.key);
            return Err(found(FaultKind::KeyRevoked, "a key that is not revoked", &claim));
        }
        if member.purpose != KeyPurpose::Author {
            return Err(found(FaultKind::SignerMismatch, "a key that signs entries", member.purpose.as_str()));
        }
        let said = |site: &Option<SiteId>, name: &Text, role: Role, organisation: &Text| {
            let site = site.as_ref().map_or_else(String::new, |site| format!(", site {site}"));
            format!("{name}, {role}, {organisation}{site}")
        };
        let expected = said(&member.site, &member.name, member.role, &member.organisation);
        let claimed = said(&signer.site, &signer.name, signer.role, &signer.organisation);
        let same = signer.name == member.name
            && signer.role == member.role
            && signer.organisation == member.organisation
            && signer.site == member.site;
        if same { Ok(member) } else { Err(found(FaultKind::SignerMismatch, &expected, &claimed)) }
    }

    /// What a grant adds.
    pub(crate) fn granting(&self, seq: Seq, grant: &KeyGranted) -> Result<Member, Fault> {
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
            revoked: None,
            compromised_since: None,
        })
    }

    /// Whether a revocation has something to revoke.
    pub(crate) fn revoking(&self, seq: Seq, revocation: &KeyRevoked) -> Result<(), Fault> {
        match self.get(revocation.key) {
            None => Err(Fault::at(FaultKind::UnknownSigner, seq, "a key of the roster", revocation.key)),
            Some(Member { revoked: Some(at), .. }) => {
                let found = format!("{}, revoked at entry {at}", revocation.key);
                Err(Fault::at(FaultKind::KeyRevoked, seq, "a key that is not revoked", found))
            }
            Some(Member { revoked: None, .. }) => Ok(()),
        }
    }

    pub(crate) fn grant(&mut self, key: Key, member: Member) {
        self.members.entry(key).or_insert(member);
    }

    pub(crate) fn revoke(&mut self, seq: Seq, revocation: &KeyRevoked) {
        if let Some(member) = self.members.get_mut(&revocation.key)
            && member.revoked.is_none()
        {
            member.revoked = Some(seq);
            member.compromised_since = revocation.compromised_since;
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
