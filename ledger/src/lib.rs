//! The chain: bytes, hashes, signatures, verifier, store.

pub mod body;
pub mod canon;
pub mod check;
pub mod envelope;
pub mod fault;
pub mod hash;
pub mod key;
#[cfg(feature = "store")]
pub mod keyfile;
pub mod merkle;
pub mod roster;
pub mod tip;
pub mod verifier;
