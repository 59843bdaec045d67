//! The engine: whether signatures hold, many at once and fast, with the answers of [`PublicKey::verify`].
//!
//! Promises that a signature is accepted exactly when [`PublicKey::admit`] admits the key and [`PublicKey::verify`]
//! accepts the signature. The fast way computes R' = \[S\]B - \[k\]A from tables and can only accept, where R' has the
//! very bytes of R; whatever it does not accept is judged by [`PublicKey::verify`], whose verdict stands. Does not say
//! why a signature does not hold, nor check whose key it is.

mod digits;
#[cfg(target_arch = "x86_64")]
mod field;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)] // instructions that not every processor has, and loads and stores of their registers
mod ifma;
mod inverses;
mod montgomery;
mod number;
#[cfg(target_arch = "x86_64")]
mod point;
mod portable;
#[cfg(target_arch = "x86_64")]
mod sha2;
mod signers;

use crate::key::Signature;
use signers::Signers;
use trial_core::ids::{Hash, Key};

/// One signature to be checked: by whom, over which message, the 64 bytes.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// The key that is said to have signed.
    pub key: Key,
    /// The message in two pieces, one after the other; either may be empty.
    pub message: [&'a [u8]; 2],
    /// R, then S.
    pub signature: Signature,
}

/// What checks signatures; threads share it, and with it the tables of the signers that it has met.
///
/// Tables are made for a key once it has signed often enough, and hold at most 64 MB together; keys without one are
/// judged by [`PublicKey::verify`](crate::key::PublicKey::verify) alone. Many claims in one call are faster than few:
/// some hundreds are enough.
pub struct Engine(Box<dyn Accepts>);

/// A way to judge claims.
trait Accepts: Send + Sync {
    fn name(&self) -> &'static str;
    fn accepts(&self, claims: &[Claim<'_>]) -> Vec<bool>;
    fn leaf_hashes(&self, lines: &[&[u8]]) -> Vec<Hash>;
}

impl Engine {
    /// The fastest way that this processor has.
    pub fn new() -> Engine {
        #[cfg(target_arch = "x86_64")]
        if let Some(kernel) = ifma::Ifma::detect() {
            return Engine(Box::new(Signers::new(kernel)));
        }
        Engine::portable()
    }

    /// Tables of the signers, with plain arithmetic on words of 64 bits, on every processor.
    pub fn portable() -> Engine {
        Engine(Box::new(Signers::new(portable::Portable::new())))
    }

    /// [`PublicKey::verify`](crate::key::PublicKey::verify) alone: the reference of the others.
    pub fn reference() -> Engine {
        Engine(Box::new(Signers::new(signers::NoTables)))
    }

    /// Which way it is: `reference`, `portable` or `avx512ifma`.
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// Whether each claim holds, in the order of the claims.
    pub fn accepts(&self, claims: &[Claim<'_>]) -> Vec<bool> {
        self.0.accepts(claims)
    }

    /// The [leaf hashes](crate::hash::leaf) of lines, in their order.
    pub fn leaf_hashes(&self, lines: &[&[u8]]) -> Vec<Hash> {
        self.0.leaf_hashes(lines)
    }
}

impl Default for Engine {
    fn default() -> Engine {
        Engine::new()
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Engine({})", self.name())
    }
}

#[cfg(test)]
mod tests;
