//! What must hold for any input whatever, one function for each reader of untrusted bytes.
//!
//! Each function panics where its promise is broken. The fuzz targets call them with what libFuzzer makes, and the tests
//! of the workspace call them with the corpus that is kept in the repository: the same functions.

pub mod canonical;
#[cfg(feature = "drafts")]
pub mod drafts;
pub mod entries;
pub mod notes;
pub mod tiles;
