//! Signers: the keys that an engine has met, with their tables, and how their claims are judged.
//!
//! Promises that what no table accepts is judged by [`PublicKey::verify`], and that tables together stay below
//! [`MOST_BYTES`]. Keys are admitted once and remembered, up to [`MOST_SIGNERS`] of them.

use super::{Accepts, Claim};
use crate::{hash, key::PublicKey};
use curve25519_dalek::{constants::EIGHT_TORSION, edwards::CompressedEdwardsY, scalar::Scalar};
use sha2::{Digest, Sha512};
use std::{
    collections::HashMap,
    sync::{
        Arc, LazyLock, Mutex, OnceLock, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};
use trial_core::ids::{Hash, Key};

/// What all tables of signers may take together, in bytes.
pub const MOST_BYTES: usize = 64 << 20;
/// How many signatures of a key are seen before it gets a table once half of that is taken: the other half is kept for
/// those who sign often.
const OFTEN: usize = 20;
/// How many keys are remembered; those that come later are admitted anew in each call.
const MOST_SIGNERS: usize = 16_384;
/// How many claims a kernel takes at once, so that what it keeps for each stays in the processor's cache.
const MOST_JOBS: usize = 1_024;

/// Arithmetic on the curve, with tables of its own form.
pub trait Kernel: Send + Sync {
    const NAME: &'static str;
    /// What one table takes.
    const TABLE_BYTES: usize;
    /// How many signatures of a key are seen before it gets a table: making one takes as long as the library's check of
    /// about so many.
    const WORTH: usize;
    type Table: Send + Sync;
    /// What is kept from call to call, so that memory is not asked for anew.
    type Scratch: Default + Send;

    /// A table of a point of prime order, in its one spelling; none if this kernel has no tables, or none of this point.
    fn table(&self, point: &CompressedEdwardsY) -> Option<Self::Table>;

    /// R' of each job, compressed; none where this kernel does not know it.
    fn sums(&self, jobs: &[Job<'_, Self::Table>], scratch: &mut Self::Scratch) -> Vec<Option<[u8; 32]>>;

    /// The leaf hashes of lines.
    fn leaf_hashes(&self, lines: &[&[u8]], _: &mut Self::Scratch) -> Vec<Hash> {
        lines.iter().map(|line| hash::leaf(line)).collect()
    }
}

/// A claim whose signer has a table, which is of the negative of the key's point.
pub struct Job<'a, Table> {
    pub claim: &'a Claim<'a>,
    pub table: &'a Table,
    pub s: Scalar,
    /// Which of all claims it is.
    pub at: usize,
}

impl<Table> Job<'_, Table> {
    /// k = SHA-512(R, A, M) modulo the order (RFC 8032 section 5.1.7).
    pub fn challenge(&self) -> Scalar {
        let mut hasher = Sha512::new();
        for part in [&self.claim.signature[..32], &self.claim.key.0, self.claim.message[0], self.claim.message[1]] {
            hasher.update(part);
        }
        Scalar::from_bytes_mod_order_wide(&hasher.finalize().into())
    }
}

/// The kernel of the reference: it has no tables, hence no jobs.
pub struct NoTables;

impl Kernel for NoTables {
    const NAME: &'static str = "reference";
    const TABLE_BYTES: usize = 0;
    const WORTH: usize = usize::MAX;
    type Table = ();
    type Scratch = ();

    fn table(&self, _: &CompressedEdwardsY) -> Option<()> {
        None
    }

    fn sums(&self, _: &[Job<'_, ()>], (): &mut ()) -> Vec<Option<[u8; 32]>> {
        Vec::new()
    }
}

/// A key: whether it was admitted, how often it was seen, and its table, once it has been asked for.
struct Signer<Table> {
    public: Option<PublicKey>,
    seen: AtomicUsize,
    table: OnceLock<Option<Table>>,
}

impl<Table> Signer<Table> {
    fn new(key: Key) -> Signer<Table> {
        Signer { public: PublicKey::admit(key).ok(), seen: AtomicUsize::new(0), table: OnceLock::new() }
    }

    /// The verdict that stands.
    fn verify(&self, claim: &Claim<'_>) -> bool {
        let holds = |public: &PublicKey| public.verify(&claim.message.concat(), &claim.signature).is_ok();
        self.public.as_ref().is_some_and(holds)
    }
}

/// All keys that were met, and the kernel that makes their tables.
pub struct Signers<K: Kernel> {
    kernel: K,
    known: RwLock<HashMap<Key, Arc<Signer<K::Table>>>>,
    bytes: AtomicUsize,
    scratches: Mutex<Vec<K::Scratch>>,
}

impl<K: Kernel> Signers<K> {
    pub fn new(kernel: K) -> Signers<K> {
        Signers { kernel, known: RwLock::default(), bytes: AtomicUsize::new(0), scratches: Mutex::default() }
    }

    fn signer(&self, key: Key) -> Arc<Signer<K::Table>> {
        // A thread that panicked left nothing half done: an entry is put in whole.
        if let Some(signer) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return signer.clone();
        }
        let signer = Arc::new(Signer::new(key));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_SIGNERS {
            return signer;
        }
        known.entry(key).or_insert(signer).clone()
    }

    /// The table of a signer who has signed so many claims more, if there are enough of them and there is room.
    fn table<'a>(&self, signer: &'a Signer<K::Table>, more: usize) -> Option<&'a K::Table> {
        let public = signer.public.as_ref()?;
        let wanted = if self.bytes.load(Ordering::Relaxed) < MOST_BYTES / 2 { K::WORTH } else { OFTEN };
        if signer.seen.fetch_add(more, Ordering::Relaxed).saturating_add(more) < wanted {
            return None;
        }
        let make = || {
            let bytes = self.bytes.fetch_add(K::TABLE_BYTES, Ordering::Relaxed) + K::TABLE_BYTES;
            if bytes > MOST_BYTES {
                self.bytes.fetch_sub(K::TABLE_BYTES, Ordering::Relaxed);
                return None;
            }
            // The negative of a point has the same y, and the other sign.
            let mut negative = public.key().0;
            negative[31] ^= 0x80;
            self.kernel.table(&CompressedEdwardsY(negative))
        };
        signer.table.get_or_init(make).as_ref()
    }

    /// Marks what the kernel accepts.
    fn mark(&self, jobs: &[Job<'_, K::Table>], accepted: &mut [bool]) {
        for jobs in jobs.chunks(MOST_JOBS) {
            for (job, sum) in jobs.iter().zip(self.with_scratch(|scratch| self.kernel.sums(jobs, scratch))) {
                accepted[job.at] = sum.is_some_and(|sum| job.claim.signature[..32] == sum && !SMALL.contains(&sum));
            }
        }
    }

    fn with_scratch<T>(&self, work: impl FnOnce(&mut K::Scratch) -> T) -> T {
        let pool = || self.scratches.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scratch = pool().pop().unwrap_or_default();
        let done = work(&mut scratch);
        pool().push(scratch);
        done
    }
}

/// The spellings of the points of small order that a sum can have: the canonical ones.
static SMALL: LazyLock<[[u8; 32]; 8]> = LazyLock::new(|| EIGHT_TORSION.map(|point| point.compress().to_bytes()));

impl<K: Kernel> Accepts for Signers<K> {
    fn name(&self) -> &'static str {
        K::NAME
    }

    fn leaf_hashes(&self, lines: &[&[u8]]) -> Vec<Hash> {
        self.with_scratch(|scratch| self.kernel.leaf_hashes(lines, scratch))
    }

    fn accepts(&self, claims: &[Claim<'_>]) -> Vec<bool> {
        let mut order: Vec<usize> = (0..claims.len()).collect();
        // Keys that begin alike may come in several groups: that costs time only.
        order.sort_unstable_by_key(|&at| (claims[at].key.0.first_chunk().map(|chunk| u64::from_be_bytes(*chunk)), at));
        let groups = order.chunk_by(|&one, &next| claims[one].key == claims[next].key);
        let groups: Vec<_> = groups.map(|group| (self.signer(claims[group[0]].key), group)).collect();
        let mut jobs = Vec::new();
        for (signer, group) in &groups {
            let Some(table) = self.table(signer, group.len()) else { continue };
            jobs.extend(group.iter().filter_map(|&at| {
                let s = claims[at].signature[32..].try_into().ok()?;
                Some(Job { claim: &claims[at], table, s: Option::from(Scalar::from_canonical_bytes(s))?, at })
            }));
        }
        let mut accepted = vec![false; claims.len()];
        self.mark(&jobs, &mut accepted);
        for (signer, group) in &groups {
            for &at in *group {
                accepted[at] = accepted[at] || signer.verify(&claims[at]);
            }
        }
        accepted
    }
}
