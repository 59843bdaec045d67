//! Stories told to the real binary, in one test program: it links once.
#![allow(clippy::unwrap_used, reason = "helpers of tests, which clippy does not recognise outside #[test]")]

mod answers;
mod as_of;
mod attacks;
mod authority;
mod backup;
mod checkpoints;
mod common;
mod dependencies;
mod design;
mod dictionary;
mod docs;
mod drafts;
mod format;
mod fuzz;
mod house;
mod keys;
mod kill;
mod known;
mod lesions;
mod memory;
mod plots;
mod published;
mod readme;
mod reasons;
mod recover;
mod refusals;
mod render;
mod report;
mod scenarios;
mod schemas;
mod sealed;
mod second_protocol;
mod tamper;
mod terminal;
mod tiles;
