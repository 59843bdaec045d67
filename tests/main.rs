//! Stories told to the real binary, in one test program: it links once.

mod as_of;
mod common;
mod design;
mod drafts;
mod keys;
mod kill;
mod memory;
mod published;
mod refusals;
mod render;
mod scenarios;
mod schemas;
mod second_protocol;
mod tamper;
