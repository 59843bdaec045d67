//! The chain: bytes, hashes, signatures, verifier, store.

pub mod canon;
pub mod hash;
pub mod merkle;
