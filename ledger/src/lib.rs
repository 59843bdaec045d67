//! The chain: bytes, hashes, signatures, verifier, store.

pub mod canon;
pub mod hash;
pub mod key;
#[cfg(feature = "store")]
pub mod keyfile;
pub mod merkle;
