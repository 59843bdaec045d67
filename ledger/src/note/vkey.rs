//! Verifier key: a public key with the name and the type under which it signs notes (C2SP signed-note, "vkey").
//!
//! Promises that a set of them names no public key twice, under whatever name or type, and that no two of a set answer to
//! the same name and key id. Does not check who holds a key.

use crate::{
    hash,
    key::{KeyRefused, PublicKey},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::{fmt, str::FromStr};
use trial_core::ids::Key;

/// Name of a key on a note: not empty, no Unicode space, no plus sign, no control character.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for KeyName {
    type Err = BadVkey;
    fn from_str(text: &str) -> Result<Self, BadVkey> {
        let plain = |c: char| !c.is_whitespace() && c != '+' && c >= ' ';
        if text.is_empty() || !text.chars().all(plain) { Err(BadVkey::Name) } else { Ok(KeyName(text.to_owned())) }
    }
}

/// How a key signs. Other assigned types (0x06 is ML-DSA-44) are unknown here: their lines on a note are passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureType {
    /// Ed25519 over the text: how a log signs its checkpoints.
    Ed25519,
    /// Ed25519 over a time and the text: how a witness cosigns them (C2SP tlog-cosignature).
    Cosignature,
}

impl SignatureType {
    /// The byte that the key id and the vkey hold.
    pub fn byte(self) -> u8 {
        match self {
            SignatureType::Ed25519 => 0x01,
            SignatureType::Cosignature => 0x04,
        }
    }

    fn of(byte: u8) -> Option<SignatureType> {
        [SignatureType::Ed25519, SignatureType::Cosignature].into_iter().find(|kind| kind.byte() == byte)
    }
}

/// A public key with its name and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vkey {
    name: KeyName,
    kind: SignatureType,
    public: PublicKey,
}

impl Vkey {
    /// A key under a name.
    pub fn new(name: KeyName, kind: SignatureType, public: PublicKey) -> Vkey {
        Vkey { name, kind, public }
    }

    /// The name.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The type.
    pub fn kind(&self) -> SignatureType {
        self.kind
    }

    /// The public key, admitted.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The whole public key.
    pub fn key(&self) -> Key {
        self.public.key()
    }

    /// The key id: SHA-256(name, newline, type, key), its first four bytes.
    pub fn id(&self) -> [u8; 4] {
        let digest = hash::sha256(&[self.name.0.as_bytes(), b"\n", &[self.kind.byte()], &self.key().0]);
        let [a, b, c, d, ..] = digest.0;
        [a, b, c, d]
    }
}

impl fmt::Display for Vkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let material = STANDARD.encode([&[self.kind.byte()][..], &self.key().0].concat());
        write!(f, "{}+{}+{material}", self.name, hex::encode(self.id()))
    }
}

impl FromStr for Vkey {
    type Err = BadVkey;
    fn from_str(text: &str) -> Result<Self, BadVkey> {
        // The name holds no plus sign; base64 may.
        let (name, rest) = text.split_once('+').ok_or(BadVkey::Shape)?;
        let (id, material) = rest.split_once('+').ok_or(BadVkey::Shape)?;
        let material = STANDARD.decode(material).map_err(|_| BadVkey::Shape)?;
        let (kind, key) = material.split_first().ok_or(BadVkey::Shape)?;
        let kind = SignatureType::of(*kind).ok_or(BadVkey::UnknownType(*kind))?;
        let key = Key(key.try_into().map_err(|_| BadVkey::Shape)?);
        let vkey = Vkey::new(name.parse()?, kind, PublicKey::admit(key).map_err(BadVkey::Refused)?);
        if hex::encode(vkey.id()) == id { Ok(vkey) } else { Err(BadVkey::Id) }
    }
}

/// Keys by which notes are judged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vkeys(Vec<Vkey>);

impl Vkeys {
    /// A set of keys.
    ///
    /// # Errors
    /// Two of them are the same public key, or could not be told apart on a note.
    pub fn new(keys: impl IntoIterator<Item = Vkey>) -> Result<Vkeys, BadVkey> {
        let mut set = Vkeys::default();
        keys.into_iter().try_for_each(|key| set.add(key))?;
        Ok(set)
    }

    /// Adds a key.
    ///
    /// # Errors
    /// See [`Vkeys::new`].
    pub fn add(&mut self, key: Vkey) -> Result<(), BadVkey> {
        if let Some(same) = self.0.iter().find(|known| known.key() == key.key()) {
            return Err(BadVkey::Twice(same.name.clone(), key.name));
        }
        if self.find(&key.name, key.id()).is_some() {
            return Err(BadVkey::SameId(key.name));
        }
        self.0.push(key);
        Ok(())
    }

    /// The one key that a signature line with this name and id must be of.
    pub fn find(&self, name: &KeyName, id: [u8; 4]) -> Option<&Vkey> {
        self.0.iter().find(|key| key.name == *name && key.id() == id)
    }

    /// All of them, in the order in which they were named.
    pub fn iter(&self) -> impl Iterator<Item = &Vkey> {
        self.0.iter()
    }
}

/// Why a verifier key or a set of them is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadVkey {
    /// Not `name+id+key`.
    Shape,
    /// The name is empty, or holds spaces, a plus sign or control characters.
    Name,
    /// The key id is not the one of this name and key.
    Id,
    /// A type of key that is not known here.
    UnknownType(u8),
    /// The key does not bind its holder.
    Refused(KeyRefused),
    /// One public key under two names: an Ed25519 signature on a note does not say which of them was meant.
    Twice(KeyName, KeyName),
    /// Two keys with one name and one key id.
    SameId(KeyName),
}

impl fmt::Display for BadVkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadVkey::Shape => f.write_str("expected a verifier key: name+8 hexadecimal digits+base64"),
            BadVkey::Name => {
                f.write_str("the name of a key is not empty and holds no spaces, plus signs or control characters")
            }
            BadVkey::Id => f.write_str("the key id does not belong to this name and key: the text was changed"),
            BadVkey::UnknownType(kind) => write!(f, "keys of type 0x{kind:02x} are not known: expected 0x01 or 0x04"),
            BadVkey::Refused(why) => why.fmt(f),
            BadVkey::Twice(one, two) if one == two => write!(f, "the key of {one} stands there twice"),
            BadVkey::Twice(one, two) => write!(f, "one public key stands there under two names, {one} and {two}"),
            BadVkey::SameId(name) => write!(f, "two keys named {name} have the same key id"),
        }
    }
}

impl std::error::Error for BadVkey {}
