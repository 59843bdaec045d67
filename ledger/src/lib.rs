//! The chain: bytes, hashes, signatures, verifier, store.
//!
//! Two invariants, held by types: only verified entries go into a store and only envelopes come out of it, and a log
//! grows only from a verified tip.

pub mod again;
#[cfg(feature = "store")]
pub mod backup;
pub mod body;
pub mod canon;
pub mod check;
pub mod checkpoint;
mod claims;
pub mod cosignature;
#[cfg(feature = "store")]
pub mod durable;
pub mod engine;
pub mod envelope;
pub mod fault;
#[cfg(feature = "store")]
mod folder;
#[cfg(feature = "store")]
pub mod follower;
pub mod hash;
#[cfg(feature = "store")]
pub mod journal;
pub mod key;
#[cfg(feature = "store")]
pub mod keyfile;
#[cfg(feature = "store")]
pub mod ledger;
pub mod lines;
#[cfg(feature = "store")]
mod lockstep;
pub mod merkle;
pub mod note;
pub mod policy;
mod prepare;
pub mod proposal;
#[cfg(feature = "store")]
mod prover;
pub mod receipt;
#[cfg(feature = "store")]
pub mod recover;
pub mod roster;
pub mod sealed;
#[cfg(feature = "store")]
mod sealed_folder;
#[cfg(feature = "store")]
pub mod sled_store;
pub mod snapshot;
#[cfg(feature = "store")]
pub mod snapshot_folder;
#[cfg(feature = "store")]
mod sought;
pub mod store;
pub mod tile;
#[cfg(feature = "store")]
pub mod tiles;
pub mod tip;
pub mod verifier;
#[cfg(feature = "store")]
mod volume;
mod witnessed;

#[cfg(test)]
extern crate self as trial_ledger;
#[cfg(test)]
#[path = "../tests/sample/mod.rs"]
mod sample;
