//! The command `trial`: what its verbs are made of, as a library, so that tests can reach it.
//!
//! Promises that nothing in here prints: the binary does.

pub mod flags;
pub mod strict;
