//! Envelope: the exact bytes of one entry line, opaque until the verifier has checked them.
//!
//! Promises nothing about what is inside, and gives no way to it: only bytes, their length and their leaf hash. What
//! an entry says comes out of the [verifier](crate::verifier) alone.
//!
//! An envelope has no event:
//! ```compile_fail,E0599
//! let envelope = trial_ledger::envelope::Envelope::new(b"{}".to_vec());
//! envelope.event();
//! ```
//! It has bytes:
//! ```
//! let envelope = trial_ledger::envelope::Envelope::new(b"{}".to_vec());
//! envelope.as_bytes();
//! ```

use crate::hash;
use trial_core::ids::Hash;

/// The most bytes that an entry line may have, without its newline.
pub const MAX_LINE: usize = 16 * 1024;

/// The bytes of one entry line, without the newline, as they were received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope(Box<[u8]>);

impl Envelope {
    /// Takes bytes as they are.
    pub fn new(line: impl Into<Box<[u8]>>) -> Envelope {
        Envelope(line.into())
    }

    /// The bytes, to store or to send them on.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes of a line that is still being made.
    #[cfg(feature = "store")]
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The leaf hash: what the next entry's `prev` and the Merkle tree hold.
    pub fn leaf_hash(&self) -> Hash {
        hash::leaf(&self.0)
    }
}
