//! Remembers chains of links whose signatures held, in bounded memory (SPEC.md section 13.9).
//!
//! A company's grants to its people are seen again and again; each time only the holder's signature
//! is new. What is remembered is a fact about bytes and keys and no part of a verdict: policy,
//! revocation, roles and time are judged anew by [`verify_with`](keyward::verify::verify_with), so
//! a new keyset, list, card or epoch is felt by the next request, leaves all other chains warm, and
//! needs no call here. A chain that opens nothing any more is genuine still; it wastes its room
//! until it ages out, for requests under an issuer or epoch that is gone never look for it.
//!
//! # Who can fill it
//!
//! Nobody who holds no valid token: a chain is kept only when the trust that was looked up knows
//! its issuer, its last grantee has signed this very request, and all its links hold. A holder
//! whose token may be passed on can narrow it to keys of its own without end. Each such chain costs
//! it two signatures and one request, and the server a cold verification, cache or none: a limit of
//! requests to each grantee of link 0 is the remedy for both. A flood of chains that come once each
//! pushes out nothing that others use: a chain that was seen once waits in a small queue and leaves
//! it first, and a place among the others is earned by being seen again. One that comes twice with
//! each chain, and with more chains than there is room for, does push others out: the server then
//! verifies as slowly as without a cache, and as rightly.
//!
//! # When a chain is kept
//!
//! As soon as its links hold, before policy is judged: a request that is denied for want of a fresh
//! status comes again within the second. What was kept of a request that is denied in the end is
//! true all the same.

use std::sync::atomic::{AtomicU64, Ordering};

use keyward::verify::{ChainName, Chains, GenuineChain};
use quick_cache::{
    DefaultHashBuilder, OptionsBuilder, UnitWeighter,
    sync::{Cache, DefaultLifecycle},
};

/// Chains that are known to be genuine, for any number of threads.
///
/// ```
/// use keyward::{Denial, Presentation, verify::{Accepted, View, verify_with}};
/// use keyward_backend::chains::KnownChains;
///
/// let chains = KnownChains::within(16 << 20);
/// fn judge(bytes: &[u8], view: &View<'_>, chains: &KnownChains) -> Result<Accepted, Denial> {
///     verify_with(&Presentation::decode(bytes)?, view, chains)
/// }
/// assert!(chains.tally().bytes <= 16 << 20);
/// ```
#[derive(Debug)]
pub struct KnownChains {
    /// By the first bytes of their names. Two chains of one number take each other's place, which
    /// costs time and no more: the core compares whole names.
    kept: Cache<u64, GenuineChain>,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// What became of the chains that were looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often a chain was known.
    pub hits: u64,
    /// How often it wasn't, and its signatures were checked.
    pub misses: u64,
    /// The chains that are kept.
    pub chains: u64,
    /// The bytes that are allocated for them; they don't grow.
    pub bytes: u64,
}

impl KnownChains {
    /// Room for as many chains as fit these bytes, all of it allocated here: a chain for each
    /// [`BYTES_A_CHAIN`], and at least [`LEAST`].
    pub fn within(bytes: usize) -> Self {
        let chains = (bytes / BYTES_A_CHAIN).max(LEAST);
        let weight = u64::try_from(chains).unwrap_or(u64::MAX);
        let mut options = OptionsBuilder::new();
        options.estimated_items_capacity(chains).weight_capacity(weight);
        // All that is demanded was given.
        let kept = match options.build() {
            Ok(options) => Cache::with_options(
                options,
                UnitWeighter,
                DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
            Err(_) => Cache::new(chains),
        };
        kept.reserve(chains);
        Self { kept, hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }

    /// How it fares.
    pub fn tally(&self) -> Tally {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        Tally {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            chains: count(self.kept.len()),
            bytes: count(self.kept.memory_used().total()),
        }
    }
}

impl Chains for KnownChains {
    fn find(&self, name: &ChainName) -> Option<GenuineChain> {
        let found = self.kept.get(&number(name)).filter(|chain| chain.name() == *name);
        let count = if found.is_some() { &self.hits } else { &self.misses };
        count.fetch_add(1, Ordering::Relaxed);
        found
    }

    fn keep(&self, chain: GenuineChain) {
        self.kept.insert(number(&chain.name()), chain);
    }
}

/// The first bytes of a name. It is a hash of what strangers write, who can make many that begin
/// alike: the table spreads the numbers by a key of its own.
fn number(name: &ChainName) -> u64 {
    let first = name.as_bytes().first_chunk();
    first.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The bytes that a chain may take, with its share of the tables and of the notes on chains that
/// were pushed out lately.
pub const BYTES_A_CHAIN: usize = 112;

/// The least number of chains that a table is made for.
pub const LEAST: usize = 256;
