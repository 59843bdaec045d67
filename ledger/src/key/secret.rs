//! Secret: a secret key, and what signs with it.
//!
//! Promises that it is wiped from memory when its last clone is dropped, that it is never printed, and the one signature of
//! a message that RFC 8032 leads to, whichever of two libraries makes it: AWS-LC, which takes half the time, if both signed
//! the same bytes when the secret was made; ed25519-dalek otherwise. Does not check what it signs.

use super::{PublicKey, Signature};
#[cfg(feature = "store")]
use aws_lc_rs::signature::Ed25519KeyPair;
use ed25519_dalek::{SigningKey, VerifyingKey, ed25519::signature::Signer as _};
use std::{fmt, sync::Arc};
use trial_core::ids::Key;

/// A secret key: wiped from memory when the last clone is dropped, shown only by its public half.
#[derive(Clone)]
pub struct Secret(Arc<Pair>);

/// The same key as two libraries have it; both wipe it.
struct Pair {
    dalek: SigningKey,
    #[cfg(feature = "store")]
    quick: Option<Ed25519KeyPair>,
}

impl Pair {
    fn of(dalek: SigningKey) -> Pair {
        Pair {
            #[cfg(feature = "store")]
            quick: quick(&dalek),
            dalek,
        }
    }

    fn plainly(&self, message: &[u8]) -> Signature {
        self.dalek.sign(message).to_bytes()
    }

    #[cfg(feature = "store")]
    fn quickly(&self, message: &[u8]) -> Option<Signature> {
        self.quick.as_ref().and_then(|quick| signed(quick, message))
    }

    #[cfg(not(feature = "store"))]
    fn quickly(&self, _: &[u8]) -> Option<Signature> {
        None
    }
}

/// The key in AWS-LC, where that signs what ed25519-dalek signs.
#[cfg(feature = "store")]
fn quick(dalek: &SigningKey) -> Option<Ed25519KeyPair> {
    const MESSAGE: &[u8] = b"a message that says nothing, to see that two libraries sign it alike";
    let quick = Ed25519KeyPair::from_seed_and_public_key(dalek.as_bytes(), dalek.verifying_key().as_bytes()).ok()?;
    (signed(&quick, MESSAGE)? == dalek.sign(MESSAGE).to_bytes()).then_some(quick)
}

#[cfg(feature = "store")]
fn signed(quick: &Ed25519KeyPair, message: &[u8]) -> Option<Signature> {
    quick.try_sign(message).ok()?.as_ref().try_into().ok()
}

impl Secret {
    /// The key that RFC 8032 derives from a 32-byte seed.
    pub fn from_seed(seed: &[u8; 32]) -> Secret {
        Secret(Arc::new(Pair::of(SigningKey::from_bytes(seed))))
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
        self.0.quickly(message).unwrap_or_else(|| self.0.plainly(message))
    }

    fn verifying_key(&self) -> &VerifyingKey {
        self.0.dalek.as_ref()
    }

    #[cfg(feature = "store")]
    pub(crate) fn seed(&self) -> &[u8; 32] {
        self.0.dalek.as_bytes()
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
    use sha2::{Digest, Sha512};

    fn bytes<const N: usize>(digits: &str) -> [u8; N] {
        let mut bytes = [0; N];
        hex::decode_to_slice(digits, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn the_tests_of_rfc_8032_get_their_keys_and_signatures_of_both_libraries() {
        let abc = Sha512::digest(b"abc");
        // Section 7.1: TEST 1, 2, 3 and SHA(abc).
        for (seed, key, message, signature) in [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                &b""[..],
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                &[0x72],
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
                &[0xaf, 0x82],
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
            ),
            (
                "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
                "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
                &abc,
                "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
            ),
        ] {
            let secret = Secret::from_seed(&bytes(seed));
            let signature = bytes(signature);
            assert_eq!(secret.key().to_string(), key);
            assert_eq!(secret.0.plainly(message), signature);
            assert_eq!(secret.0.quickly(message), Some(signature));
            assert_eq!(secret.public().verify(message, &signature), Ok(()));
        }
    }

    #[test]
    fn both_libraries_sign_alike_with_any_key_and_at_any_length() {
        let mut seed = [1; 32];
        let mut message = Vec::new();
        for case in 0..3_000_usize {
            let random = Sha512::digest(seed);
            seed.copy_from_slice(&random[..32]);
            // 0 to 500 bytes one by one, then of entries, now and then of long ones.
            let random_length = usize::from(random[40]) * usize::from(random[41]);
            let length = if case < 500 { case } else { random_length / if case % 100 == 0 { 1 } else { 32 } };
            message.clear();
            message.extend(random.iter().cycle().take(length).enumerate().map(|(at, byte)| byte ^ (at >> 6) as u8));
            let secret = Secret::from_seed(&seed);
            assert_eq!(secret.0.quickly(&message), Some(secret.0.plainly(&message)), "{length} bytes");
            assert_eq!(secret.sign(&message), secret.0.plainly(&message), "{length} bytes");
        }
    }

    #[test]
    fn where_the_libraries_disagree_the_reference_signs() {
        let (dalek, other) = (SigningKey::from_bytes(&[7; 32]), SigningKey::from_bytes(&[8; 32]));
        let expected = dalek.sign(b"message").to_bytes();
        let secret = Secret(Arc::new(Pair { dalek, quick: None }));
        assert_eq!(secret.sign(b"message"), expected);
        // A pair whose halves are of two keys is none.
        assert!(Ed25519KeyPair::from_seed_and_public_key(&[7; 32], other.verifying_key().as_bytes()).is_err());
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
