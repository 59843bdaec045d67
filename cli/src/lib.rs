//! The command `trial`: what its verbs are made of, as a library, so that tests can reach it.
//!
//! Promises that nothing in here prints: the binary does.

pub mod draft;
pub mod examples;
pub mod flags;
pub mod page;
pub mod schemas;
pub mod strict;
