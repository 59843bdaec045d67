//! The command `trial`: what its verbs are made of, as a library, so that tests can reach it.
//!
//! Promises that nothing in here prints: the binary does.

#![forbid(unsafe_code)]

pub mod against;
pub mod args;
pub mod clock;
pub mod commands;
pub mod contact;
pub mod cosigner;
pub mod demo;
pub mod dictionary;
pub mod draft;
pub mod error;
pub mod examples;
pub mod flags;
pub mod keys;
pub mod known;
pub mod output;
pub mod page;
pub mod pager;
pub mod path;
pub mod personal_data;
pub mod plot;
pub mod progress;
pub mod published;
pub mod receipts;
pub mod recorder;
pub mod remembered;
pub mod render;
pub mod report;
pub mod schemas;
pub mod session;
pub mod snapshots;
pub mod strict;
pub mod suspect;
pub mod trust;
pub mod witness;
