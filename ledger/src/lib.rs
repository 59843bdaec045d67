//! The chain: bytes, hashes, signatures, verifier, store.
