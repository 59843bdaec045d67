//! Cosignature: a witness states that, at a time, it has seen no larger consistent tree (C2SP tlog-cosignature,
//! `cosignature/v1`, Ed25519, type 0x04).
//!
//! Promises the bytes that are signed and their one spelling on a note. Does not check that the witness looked: that is
//! what a witness is trusted for.

use crate::{
    key::{PublicKey, Secret},
    note::{KeyName, SignatureLine, SignatureType, Vkey},
};

/// The first line of what is signed.
pub const CONTEXT: &str = "cosignature/v1";

/// A signature line over the text of a checkpoint at a time, in seconds since 1970 (UTC).
pub fn cosign(text: &str, name: KeyName, secret: &Secret, time: u64) -> SignatureLine {
    let id = Vkey::new(name.clone(), SignatureType::Cosignature, secret.public()).id();
    let signature = secret.sign(&message(text, time));
    SignatureLine { name, id, signature: [&time.to_be_bytes()[..], &signature].concat() }
}

/// The time of a cosignature that holds.
pub(crate) fn verify(key: &PublicKey, text: &str, bytes: &[u8]) -> Option<u64> {
    let (time, signature) = bytes.split_first_chunk()?;
    let time = u64::from_be_bytes(*time);
    // POSIX seconds: the format keeps them below 2^63.
    i64::try_from(time).ok()?;
    key.verify(&message(text, time), signature.try_into().ok()?).ok()?;
    Some(time)
}

fn message(text: &str, time: u64) -> Vec<u8> {
    format!("{CONTEXT}\ntime {time}\n{text}").into_bytes()
}
