//! Keys: Ed25519 (RFC 8032) with strict verification only.
//!
//! Promises that a [`PublicKey`] can only be one that binds its holder (canonical, not weak, without torsion), and that
//! each message and key have one accepted spelling of a signature. Does not check who holds a key: that is the roster's
//! part.

mod secret;

pub use secret::Secret;

use curve25519_dalek::{edwards::EdwardsPoint, scalar::Scalar, traits::IsIdentity};
use ed25519_dalek::{Signature as DalekSignature, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, PoisonError},
};
use trial_core::ids::Key;

/// The 64 bytes of a signature: R, then S.
pub type Signature = [u8; 64];

/// The order of the base point, little-endian: S must be below it (RFC 8032 section 5.1.7).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Keys that were admitted: the checks, the roster and the engine each ask for the same ones.
static ADMITTED: Mutex<BTreeMap<Key, PublicKey>> = Mutex::new(BTreeMap::new());
/// How many of them are remembered; those that come later are judged anew each time.
const MOST_ADMITTED: usize = 4_096;

/// A public key that was admitted: signatures under it bind whoever holds the secret half.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// Only inside a snapshot, whose id was remembered when the key had been admitted.
impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.key().serialize(s)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let key = Key::deserialize(d)?;
        VerifyingKey::from_bytes(&key.0).map(PublicKey).map_err(|_| D::Error::custom("not a point of the curve"))
    }
}

impl PublicKey {
    /// Admits a key.
    ///
    /// # Errors
    /// A key under which someone could sign and later deny it: see [`KeyRefused`].
    pub fn admit(key: Key) -> Result<PublicKey, KeyRefused> {
        // A thread that panicked left nothing half done: a key is put in whole.
        let admitted = || ADMITTED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(public) = admitted().get(&key) {
            return Ok(public.clone());
        }
        let public = PublicKey::judged(key)?;
        let mut admitted = admitted();
        if admitted.len() < MOST_ADMITTED {
            admitted.insert(key, public.clone());
        }
        Ok(public)
    }

    fn judged(key: Key) -> Result<PublicKey, KeyRefused> {
        let point = VerifyingKey::from_bytes(&key.0).map_err(|_| KeyRefused::NotAPoint)?;
        if point.to_edwards().compress().to_bytes() != key.0 {
            return Err(KeyRefused::NotCanonical);
        }
        if point.is_weak() {
            return Err(KeyRefused::Weak);
        }
        if !is_torsion_free(&point.to_edwards()) {
            return Err(KeyRefused::Torsion);
        }
        Ok(PublicKey(point))
    }

    /// The 32 bytes.
    pub fn key(&self) -> Key {
        Key(self.0.to_bytes())
    }

    /// Checks a signature over exactly this message.
    ///
    /// # Errors
    /// A second spelling of a signature, or a signature over something else or by someone else.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), BadSignature> {
        if !signature[32..].iter().rev().lt(ORDER.iter().rev()) {
            return Err(BadSignature::NotCanonical);
        }
        let strict = self.0.verify_strict(message, &DalekSignature::from_bytes(signature));
        strict
            .map_err(|_| if is_canonical_point(signature) { BadSignature::Invalid } else { BadSignature::NotCanonical })
    }
}

/// Whether the order of the base point times this point is nothing: one time less, and once more. In a time that depends
/// on the point, which is public.
fn is_torsion_free(point: &EdwardsPoint) -> bool {
    let but_once = EdwardsPoint::vartime_double_scalar_mul_basepoint(&-Scalar::ONE, point, &Scalar::ZERO);
    (but_once + point).is_identity()
}

/// Whether R is the one spelling of a point that is not of small order, or no point at all.
fn is_canonical_point(signature: &Signature) -> bool {
    let mut r = [0; 32];
    r.copy_from_slice(&signature[..32]);
    match VerifyingKey::from_bytes(&r) {
        Ok(point) => point.to_edwards().compress().to_bytes() == r && !point.is_weak(),
        Err(_) => true,
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.key())
    }
}

/// Why a public key is not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRefused {
    /// The bytes are no point of the curve.
    NotAPoint,
    /// A second spelling of a point.
    NotCanonical,
    /// A point of small order: any signature can be made to fit any message.
    Weak,
    /// A point with a small-order part: implementations disagree about its signatures.
    Torsion,
}

impl fmt::Display for KeyRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyRefused::NotAPoint => "the key is not a point of the curve",
            KeyRefused::NotCanonical => "the key is not the canonical spelling of its point",
            KeyRefused::Weak => "the key is weak: a signature under it fits any message",
            KeyRefused::Torsion => "the key has a small-order part: verifiers may disagree about its signatures",
        })
    }
}

impl std::error::Error for KeyRefused {}

/// Why a signature does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadSignature {
    /// A second spelling: S not reduced, or R not canonical or of small order.
    NotCanonical,
    /// It does not fit the message and the key.
    Invalid,
}

impl fmt::Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadSignature::NotCanonical => "the signature is not in its canonical form",
            BadSignature::Invalid => "the signature does not fit the message and the key",
        })
    }
}

impl std::error::Error for BadSignature {}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(hex: &str) -> Key {
        hex.parse().unwrap()
    }

    #[test]
    fn a_signature_fits_its_message_and_key_only() {
        let secret = Secret::from_seed(&[7; 32]);
        let other = Secret::from_seed(&[8; 32]);
        let signature = secret.sign(b"message");
        assert_eq!(secret.public().verify(b"message", &signature), Ok(()));
        assert_eq!(secret.public().verify(b"massage", &signature), Err(BadSignature::Invalid));
        assert_eq!(other.public().verify(b"message", &signature), Err(BadSignature::Invalid));
    }

    #[test]
    fn a_signature_whose_r_has_small_order_is_refused() {
        let secret = Secret::from_seed(&[7; 32]);
        let mut signature = secret.sign(b"message");
        signature[..32].fill(0);
        signature[0] = 1;
        assert_eq!(secret.public().verify(b"message", &signature), Err(BadSignature::NotCanonical));
    }

    #[test]
    fn keys_that_do_not_bind_their_holder_are_refused() {
        let identity = key(&format!("01{}", "00".repeat(31)));
        assert_eq!(PublicKey::admit(identity).unwrap_err(), KeyRefused::Weak);
        // Order 8 (RFC 8032's curve; listed by the speccheck of Chalkias, Garillot and Nikolaenko).
        let order8 = key("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa");
        assert_eq!(PublicKey::admit(order8).unwrap_err(), KeyRefused::Weak);
        // y = p + 1, a second spelling of the identity.
        let again = key(&format!("ee{}7f", "ff".repeat(30)));
        assert_eq!(PublicKey::admit(again).unwrap_err(), KeyRefused::NotCanonical);
        // speccheck vectors 3 to 5: a mixed-order key.
        let mixed = key("cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d");
        assert_eq!(PublicKey::admit(mixed).unwrap_err(), KeyRefused::Torsion);
        assert_eq!(PublicKey::admit(mixed).unwrap_err(), KeyRefused::Torsion, "and once more");
        assert_eq!(PublicKey::admit(key(&format!("02{}", "00".repeat(31)))).unwrap_err(), KeyRefused::NotAPoint);
    }
}
