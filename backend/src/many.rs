//! Verifies many presentations at once, on all cores.
//!
//! # No batches of signatures
//!
//! Checking many Ed25519 signatures by one equation takes half the time and answers another
//! question. `verify_batch` of `ed25519-dalek` weighs the signatures by random numbers modulo the
//! order of the group's large part, and whatever is of small order comes out by chance: it takes
//! one in two whose R has a part of order 2, which every lock refuses, and refuses most of those
//! that locks take under a key with a part of order 8. Holders choose their keys, and their R. To
//! know that neither has such a part costs a multiplication by the group's order for each, which is
//! more than the batch wins. A server's verdict must be the door's, so each signature is checked by
//! itself. `tests/batch.rs` shows both disagreements.
//!
//! # The build for a server
//!
//! On CPUs with AVX-512 IFMA a signature is checked in two thirds of the time, if the program was
//! built with `RUSTFLAGS='--cfg curve25519_dalek_backend="avx512"'`. It finds out when it runs
//! whether the CPU can; on others it falls back to AVX2 or plain code. The flag needs Rust 1.89 and
//! is for x86-64 alone: other targets don't build with it, so it belongs into a server's own build
//! and not into a workspace that holds firmware.

use std::{
    fmt,
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
};

use keyward::{
    Denial, Now, Presentation, Trust,
    ledger::Memory,
    policy::AppCheck,
    verify::{Accepted, Chains, OpenChallenge, View, verify_with},
};
use rayon::{
    ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder,
    iter::{IntoParallelRefIterator, ParallelIterator},
};
use tokio::sync::{Semaphore, oneshot};

/// A presentation's bytes, and all that they are judged against: the parts of a [`View`], such that
/// threads can share them.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    /// The bytes as they came, not sealed. What came sealed is opened first: by
    /// [`Verifiers::map`], since opening costs as much as two signatures.
    pub presentation: &'a [u8],
    /// What the door trusts.
    pub trust: &'a Trust<'a>,
    /// What is remembered of the door.
    pub memory: &'a (dyn Memory + Sync),
    /// The present.
    pub now: Now,
    /// The challenge that the presentation answers, if one was given.
    pub challenge: Option<OpenChallenge>,
    /// The embedder's own conditions, if it has any.
    pub app: Option<&'a (dyn AppCheck + Sync)>,
}

impl Item<'_> {
    /// The verdict, as [`verify`](keyward::verify::verify) gives it.
    ///
    /// # Errors
    /// The denial, [`Denial::Malformed`] among them.
    pub fn verify(&self, chains: &dyn Chains) -> Result<Accepted, Denial> {
        let presentation = Presentation::decode(self.presentation)?;
        let (trust, now, challenge) = (self.trust, self.now, self.challenge);
        let app = self.app.map(|app| -> &dyn AppCheck { app });
        verify_with(
            &presentation,
            &View { trust, memory: self.memory, now, challenge, app },
            chains,
        )
    }
}

/// Why a presentation of many is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A rule denies it.
    Denied(Denial),
    /// The embedder's memory or checker panicked over it; it is no more accepted than a denied one.
    Panicked,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denial) => write!(f, "denied: {denial:?}"),
            Self::Panicked => f.write_str("judging it panicked"),
        }
    }
}

impl std::error::Error for Refused {}

/// A call on an item panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panicked;

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the call panicked")
    }
}

impl std::error::Error for Panicked {}

/// Why a job that was to run has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotRun {
    /// As many jobs as are let in run or wait: HTTP 503, or 429.
    Busy,
    /// It panicked.
    Panicked,
}

impl fmt::Display for NotRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("as many jobs as are let in run or wait"),
            Self::Panicked => Panicked.fmt(f),
        }
    }
}

impl std::error::Error for NotRun {}

/// Threads that verify.
///
/// A slice of presentations is judged in place, by all threads. From async code one job at a time
/// is handed over, so that the runtime's own threads stay free; no more are let in than were agreed
/// on, and nobody waits in a queue without an end.
///
/// ```
/// use std::{num::NonZeroUsize, sync::Arc};
///
/// use keyward_backend::many::{NotRun, Verifiers};
///
/// # fn judge(presentation: &[u8]) -> bool { !presentation.is_empty() }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let verifiers = Verifiers::new(NonZeroUsize::MIN, 1024)?;
/// let (presentation, trust) = (vec![1, 2], Arc::new("trust, memory, chains"));
/// let verdict = verifiers.run(move || judge(&presentation) && !trust.is_empty()).await;
/// assert_eq!(verdict, Ok(true));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Verifiers {
    pool: ThreadPool,
    room: Arc<Semaphore>,
}

impl Verifiers {
    /// Starts so many threads. At most so many jobs more than threads are let in by
    /// [`run`](Self::run).
    ///
    /// # Errors
    /// When the system starts no threads.
    pub fn new(threads: NonZeroUsize, waiting: usize) -> Result<Self, ThreadPoolBuildError> {
        let name = |index| format!("verify-{index}");
        let pool = ThreadPoolBuilder::new().num_threads(threads.get()).thread_name(name).build()?;
        let most = threads.get().saturating_add(waiting).min(Semaphore::MAX_PERMITS);
        Ok(Self { pool, room: Arc::new(Semaphore::new(most)) })
    }

    /// Starts a thread for each core.
    ///
    /// # Errors
    /// When the system starts no threads.
    pub fn on_all_cores(waiting: usize) -> Result<Self, ThreadPoolBuildError> {
        Self::new(thread::available_parallelism().unwrap_or(NonZeroUsize::MIN), waiting)
    }

    /// How many jobs would be let in now, for a service's metrics.
    pub fn room(&self) -> usize {
        self.room.available_permits()
    }

    /// Judges all items; the verdicts have the items' order. It is pure as `verify` is: an item
    /// that stands twice in the slice is accepted twice, and only the store that marks it as spent
    /// says no to the second.
    ///
    /// An item over which the embedder's code panics is refused, and the others have their
    /// verdicts; with `panic = "abort"` it ends the program.
    pub fn verify_all(
        &self,
        items: &[Item<'_>],
        chains: &(dyn Chains + Sync),
    ) -> Vec<Result<Accepted, Refused>> {
        let judged = self.map(items, |item| item.verify(chains));
        let told = |verdict: Result<Result<_, _>, _>| match verdict {
            Ok(verdict) => verdict.map_err(Refused::Denied),
            Err(Panicked) => Err(Refused::Panicked),
        };
        judged.into_iter().map(told).collect()
    }

    /// Calls a function on all items; the results have the items' order. Threads that have nothing
    /// left to do take over half of what another has, so items that cost more don't hold up others.
    pub fn map<T: Sync, R: Send>(
        &self,
        items: &[T],
        call: impl Fn(&T) -> R + Sync,
    ) -> Vec<Result<R, Panicked>> {
        let one = |item: &T| caught(|| call(item));
        self.pool.install(|| items.par_iter().map(one).collect())
    }

    /// Runs one job on these threads, for async code. Who stops waiting doesn't stop the job, which
    /// keeps its room until it ends.
    ///
    /// A single verification takes as long as its few signatures, and may as well run on a
    /// runtime's own thread; this is for those who want a bound, or whose jobs are longer. A slice
    /// that is being judged goes first: a service that has both has two sets of threads.
    ///
    /// # Errors
    /// [`NotRun::Busy`] at once, [`NotRun::Panicked`].
    pub async fn run<R: Send + 'static>(
        &self,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, NotRun> {
        let room = self.room.clone().try_acquire_owned().map_err(|_| NotRun::Busy)?;
        let (tell, told) = oneshot::channel();
        self.pool.spawn(move || {
            let result = caught(job);
            drop(room);
            // Nobody may be waiting any more.
            let _unheard = tell.send(result);
        });
        match told.await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(Panicked)) | Err(_) => Err(NotRun::Panicked),
        }
    }
}

/// What is shared with a call that panics stays whole: nothing here is locked or half written while
/// the embedder's code runs.
fn caught<R>(call: impl FnOnce() -> R) -> Result<R, Panicked> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|_| Panicked)
}
