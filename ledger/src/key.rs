//! Keys: Ed25519 (RFC 8032) with strict verification only.
//!
//! Promises that a [`PublicKey`] can only be one that binds its holder (canonical, not weak, without torsion), that
//! each message and key have one accepted spelling of a signature, and that a [`Secret`] is wiped and never printed.
//! Does not check who holds a key: that is the roster's part.

use curve25519_dalek::{edwards::EdwardsPoint, scalar::Scalar, traits::IsIdentity};
use ed25519_dalek::{
    Signature as DalekSignature, SigningKey, VerifyingKey,
    ed25519::signature::{MultipartSigner as _, Signer as _},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
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

/// A secret key: wiped from memory when the last clone is dropped, shown only by its public half.
#[derive(Clone)]
pub struct Secret(Arc<SigningKey>);

impl Secret {
    /// The key that RFC 8032 derives from a 32-byte seed.
    pub fn from_seed(seed: &[u8; 32]) -> Secret {
        Secret(Arc::new(SigningKey::from_bytes(seed)))
    }

    /// A new key from the randomness of the operating system.
    ///
    /// # Errors
    /// The operating system gave no randomness.
    #[cfg(feature = "store")]
    pub fn generate() -> Result<Secret, getrandom::Error> {
        let mut seed = pkcs8::der::zeroize::Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut())?;
        Ok(Secret::from_seed(&seed))
    }

    /// The public half, as it stands in entries.
    pub fn key(&self) -> Key {
        Key(*self.verifying_key().as_bytes())
    }

    /// The public half, for verification: a key made from a seed always binds its holder.
    pub fn public(&self) -> PublicKey {
        PublicKey(*self.verifying_key())
    }

    /// Signs a message; the same message always gets the same signature.
    pub fn sign(&self, message: &[u8]) -> Signature {
        self.0.sign(message).to_bytes()
    }

    /// Signs a message in two pieces, one after the other.
    pub fn sign_parts(&self, message: [&[u8]; 2]) -> Signature {
        self.0.multipart_sign(&message).to_bytes()
    }

    fn verifying_key(&self) -> &VerifyingKey {
        self.0.as_ref().as_ref()
    }

    #[cfg(feature = "store")]
    pub(crate) fn seed(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret(of {})", self.key())
    }
}

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
    fn the_first_test_of_rfc_8032_gives_its_key_and_signature() {
        let mut seed = [0; 32];
        hex::decode_to_slice("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", &mut seed).unwrap();
        let secret = Secret::from_seed(&seed);
        assert_eq!(secret.key(), key("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
        assert_eq!(
            hex::encode(secret.sign(b"")),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        );
    }

    #[test]
    fn a_message_is_signed_with_the_bytes_of_dalek_whole_or_in_two_pieces() {
        for seed in 0..40 {
            let (secret, dalek) = (Secret::from_seed(&[seed; 32]), SigningKey::from_bytes(&[seed; 32]));
            let message: Vec<u8> = (0..u32::from(seed) * 31).map(|i| (i % 251) as u8).collect();
            let expected = dalek.sign(&message).to_bytes();
            assert_eq!(secret.sign(&message), expected, "{} bytes", message.len());
            for (one, other) in [0, message.len() / 3, message.len()].map(|at| message.split_at(at)) {
                assert_eq!(secret.clone().sign_parts([one, other]), expected, "{} and {}", one.len(), other.len());
            }
        }
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

    #[test]
    fn a_made_key_is_admitted_and_its_secret_is_not_printed() {
        let secret = Secret::from_seed(&[7; 32]);
        assert_eq!(PublicKey::admit(secret.key()), Ok(secret.public()));
        assert_eq!(format!("{secret:?}"), format!("Secret(of {})", secret.key()));
        let (one, two) = (Secret::generate().unwrap(), Secret::generate().unwrap());
        assert_ne!(one.key(), two.key());
    }
}
