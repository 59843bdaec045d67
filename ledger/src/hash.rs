//! Hashes of leaves and nodes: SHA-256 with the prefixes of RFC 6962 section 2.1.
//!
//! The leaf hash of an entry is both the next entry's `prev` and the Merkle leaf: one hash, two structures.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use trial_core::ids::Hash;

/// SHA-256(`0x00` + the whole entry line).
pub fn leaf(line: &[u8]) -> Hash {
    sha256(&[&[0x00], line])
}

/// SHA-256(`0x01` + left + right).
pub fn node(left: Hash, right: Hash) -> Hash {
    sha256(&[&[0x01], &left.0, &right.0])
}

/// SHA-256 of the parts, one after the other.
pub fn sha256(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    Hash(hasher.finalize().into())
}

/// A hash as C2SP notes and proofs spell it: base64 (RFC 4648 section 4) with padding.
pub fn to_base64(hash: Hash) -> String {
    STANDARD.encode(hash.0)
}

/// Reads the one spelling of a hash in base64.
pub fn from_base64(text: &str) -> Option<Hash> {
    Some(Hash(STANDARD.decode(text).ok()?.try_into().ok()?))
}
