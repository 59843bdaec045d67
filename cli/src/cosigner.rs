//! A cosigner: whom somebody names to sign the same entry, and what that signature will mean.
//!
//! Promises that a meaning is one of the words, and that a name leads to one person of the roster or to nobody. Does not
//! check whether they may sign; the verifier does.

use crate::{error::CliError, keys::KeyRing};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use std::{borrow::Cow, convert::Infallible, str::FromStr};
use trial_core::{entry::Meaning, ids::Key};
use trial_ledger::roster::Roster;

/// Somebody who is asked to sign what another wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigner {
    /// Alias of a key, a public key in hexadecimal, or the printed name of somebody in the roster.
    pub who: String,
    /// What the signature means.
    pub meaning: Meaning,
}

/// `who:meaning`; what stands behind the last colon is part of the name where it is no meaning.
impl FromStr for Cosigner {
    type Err = Infallible;
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let named = text.rsplit_once(':').and_then(|(who, word)| Some((who, word.parse().ok()?)));
        let (who, meaning) = named.unwrap_or((text, Meaning::Approval));
        Ok(Cosigner { who: who.to_owned(), meaning })
    }
}

impl<'de> Deserialize<'de> for Cosigner {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d).map(|text| match text.parse() {
            Ok(cosigner) => cosigner,
            Err(never) => match never {},
        })
    }
}

impl JsonSchema for Cosigner {
    fn schema_name() -> Cow<'static, str> {
        "Cosigner".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

impl Cosigner {
    /// The public key. No key file is opened with a passphrase: it is somebody else's.
    ///
    /// # Errors
    /// Nobody goes by this name, or more than one.
    pub fn key(&self, roster: &Roster, ring: &KeyRing) -> Result<Key, CliError> {
        if let Ok(key) = self.who.parse() {
            return Ok(key);
        }
        let wanted = self.who.to_lowercase();
        let named = |part: bool| {
            let signing = roster.members().filter(|(_, member)| member.signs());
            let fits = signing.filter(|(_, member)| {
                let name = member.name.as_str().to_lowercase();
                name == wanted || part && name.contains(&wanted)
            });
            fits.map(|(key, _)| key).collect::<Vec<_>>()
        };
        if let [one] = named(false)[..] {
            return Ok(one);
        }
        if let Some(key) = ring.public(&self.who)? {
            return Ok(key);
        }
        match named(true)[..] {
            [one] => Ok(one),
            [] => Err(CliError::no(format!("nobody in the roster goes by {:?}", self.who)).hint(format!(
                "give a printed name, a public key or a key file (see trial key list), and behind a colon one of {}",
                Meaning::ALL.iter().map(|m| m.as_str()).collect::<Vec<_>>().join(", ")
            ))),
            _ => Err(CliError::no(format!("more than one in the roster goes by {:?}", self.who))
                .hint("give the whole printed name, or the public key")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meaning_stands_behind_the_last_colon_and_approval_where_none_does() {
        let read = |text: &str| {
            let Ok(cosigner) = text.parse::<Cosigner>();
            (cosigner.who, cosigner.meaning)
        };
        assert_eq!(read("committee"), ("committee".to_owned(), Meaning::Approval));
        assert_eq!(read("committee:review"), ("committee".to_owned(), Meaning::Review));
        assert_eq!(read("Sam: the second:witness"), ("Sam: the second".to_owned(), Meaning::Witness));
        assert_eq!(read("sam:aproval"), ("sam:aproval".to_owned(), Meaning::Approval));
    }
}
