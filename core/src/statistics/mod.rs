//! Endpoint statistics for small trials: survival, rates, association, summaries.
//!
//! Promises the same bits on every machine: `+ - * /` and `sqrt` are exact IEEE 754 operations, everything
//! transcendental comes from `libm` and never from the platform, and sums run in a fixed order that does not
//! depend on the order of the subjects. Every function is total: empty or impossible input gives `None`.
//! Does not check that the endpoint was derived rightly, nor that a test suits the question.

pub mod binomial;
pub mod contingency;
pub mod fisher;
pub mod follow_up;
pub mod logrank;
pub mod order;
pub mod special;
pub mod survival;
pub mod trend;
