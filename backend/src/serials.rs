//! Serial numbers that are given once: across crashes, and across replicas (SPEC.md section 6.1).
//!
//! A store counts up, and what it has counted is gone. [`Reserved`] takes whole blocks from it, so
//! that a token costs no write: it hands numbers out of memory and fetches the next block while the
//! last one is half full. A crash loses what is left of a block; nothing is ever given again.

use std::{
    collections::VecDeque,
    future::Future,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use keyward::{
    Scope,
    id::{KeyId, Serial},
};
use tokio::time::timeout;

use crate::state::StateError;

/// Hands out serial numbers, each once in the life of an issuer's epoch, across crashes and
/// replicas.
pub trait Serials: Send + Sync {
    /// Reserves `count` serials, above all that it has given before; the reservation is durable
    /// before it returns. What a caller doesn't use is never given again.
    fn reserve(
        &self,
        scope: &Scope,
        issuer: KeyId,
        count: u32,
    ) -> impl Future<Output = Result<Range<u64>, StateError>> + Send;
}

impl<S: Serials> Serials for Arc<S> {
    fn reserve(
        &self,
        scope: &Scope,
        issuer: KeyId,
        count: u32,
    ) -> impl Future<Output = Result<Range<u64>, StateError>> + Send {
        S::reserve(self, scope, issuer, count)
    }
}

/// How far ahead serials are reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ahead {
    /// Serials in a block. A crash loses at most two blocks, and the serials of replicas are out of
    /// order by as much: a serial floor gives up that many more or fewer of each.
    pub block: u32,
    /// How long a caller waits at most when nothing is left.
    pub wait: Duration,
}

impl Default for Ahead {
    /// Blocks of 4096, a tenth of a second of all cores' work; 5 s, which outlast a store's restart.
    fn default() -> Self {
        Self { block: 4096, wait: Duration::from_secs(5) }
    }
}

/// Serials of one issuer in one epoch, reserved ahead; clones share what is reserved.
pub struct Reserved<S>(Arc<Reserve<S>>);

impl<S> Clone for Reserved<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Reserve<S> {
    store: S,
    scope: Scope,
    issuer: KeyId,
    ahead: Ahead,
    blocks: Mutex<Blocks>,
    /// One asks the store at a time: what comes back is above all before it.
    asking: tokio::sync::Mutex<()>,
}

/// What is reserved and not handed out.
#[derive(Default)]
struct Blocks {
    ranges: VecDeque<Range<u64>>,
    left: u64,
    /// The end of the last range: a store that gives less has forgotten.
    end: u64,
    /// Whether a task fetches the next block.
    fetching: bool,
}

impl<S: Serials + 'static> Reserved<S> {
    /// Reserves nothing yet.
    pub fn new(store: S, scope: Scope, issuer: KeyId, ahead: Ahead) -> Self {
        let ahead = Ahead { block: ahead.block.max(1), ..ahead };
        let (blocks, asking) = (Mutex::default(), tokio::sync::Mutex::default());
        Self(Arc::new(Reserve { store, scope, issuer, ahead, blocks, asking }))
    }

    /// Takes one serial; waits for the store only when nothing is left. To be called within a
    /// `tokio` runtime. A future that is dropped loses serials, and gives none twice.
    ///
    /// # Errors
    /// Any [`StateError`]; [`StateError::Unavailable`] after [`Ahead::wait`], [`StateError::Corrupt`]
    /// for serials that were given before.
    pub async fn next(&self) -> Result<Serial, StateError> {
        self.take(1).await?.next().ok_or_else(wrong)
    }

    /// Takes `count` serials, ascending.
    ///
    /// # Errors
    /// As of [`next`](Self::next).
    pub async fn take(&self, count: u32) -> Result<Run, StateError> {
        match self.0.held(count) {
            Some((run, fetch)) => {
                if fetch {
                    self.fetch();
                }
                Ok(run)
            }
            None => {
                let asked = timeout(self.0.ahead.wait, self.0.ask_for(count)).await;
                asked.unwrap_or_else(|_| Err(late()))
            }
        }
    }

    /// Fetches the next block in a task of its own, which no caller can drop. What goes wrong there
    /// is told to whoever finds nothing left.
    fn fetch(&self) {
        let fetching = Fetching(Arc::clone(&self.0));
        tokio::spawn(async move {
            let reserve = &fetching.0;
            let _fetched = timeout(reserve.ahead.wait, reserve.ask()).await;
        });
    }
}

impl<S: Serials> Reserve<S> {
    /// Takes serials out of memory, and says whether it is time to fetch more.
    fn held(&self, count: u32) -> Option<(Run, bool)> {
        let mut blocks = self.blocks();
        let run = blocks.take(count)?;
        let fetch = !blocks.fetching && blocks.left < u64::from(self.ahead.block.div_ceil(2));
        blocks.fetching |= fetch;
        Some((run, fetch))
    }

    /// Takes serials that memory had too few of.
    async fn ask_for(&self, count: u32) -> Result<Run, StateError> {
        let _alone = self.asking.lock().await;
        // Whoever asked before may have brought enough.
        if let Some(run) = self.blocks().take(count) {
            return Ok(run);
        }
        let range = self.reserve(count.max(self.ahead.block)).await?;
        let mut blocks = self.blocks();
        blocks.put(range)?;
        blocks.take(count).ok_or_else(wrong)
    }

    /// Reserves one more block.
    async fn ask(&self) -> Result<(), StateError> {
        let _alone = self.asking.lock().await;
        let range = self.reserve(self.ahead.block).await?;
        self.blocks().put(range)
    }

    async fn reserve(&self, count: u32) -> Result<Range<u64>, StateError> {
        let range = self.store.reserve(&self.scope, self.issuer, count).await?;
        let whole = range.end.checked_sub(range.start) == Some(count.into());
        if whole { Ok(range) } else { Err(wrong()) }
    }

    fn blocks(&self) -> MutexGuard<'_, Blocks> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Blocks {
    /// Takes a range in, unless the store has given it before.
    fn put(&mut self, range: Range<u64>) -> Result<(), StateError> {
        if range.start < self.end {
            return Err(wrong());
        }
        self.end = range.end;
        self.left += range.end - range.start;
        self.ranges.push_back(range);
        Ok(())
    }

    /// Takes all or none.
    fn take(&mut self, count: u32) -> Option<Run> {
        let mut missing = u64::from(count);
        self.left = self.left.checked_sub(missing)?;
        let mut ranges = VecDeque::new();
        while missing > 0
            && let Some(range) = self.ranges.front_mut()
        {
            let end = range.end.min(range.start + missing);
            missing -= end - range.start;
            ranges.push_back(range.start..end);
            range.start = end;
            if range.is_empty() {
                self.ranges.pop_front();
            }
        }
        Some(Run(ranges))
    }
}

fn late() -> StateError {
    StateError::Unavailable("no serials in time".into())
}

fn wrong() -> StateError {
    StateError::Corrupt("serials that were given before, or another number of them".into())
}

/// A fetch that is under way; its end is told however it ends.
struct Fetching<S>(Arc<Reserve<S>>);

impl<S> Drop for Fetching<S> {
    fn drop(&mut self) {
        self.0.blocks.lock().unwrap_or_else(PoisonError::into_inner).fetching = false;
    }
}

/// Serials that were taken, ascending. What is dropped is lost.
#[derive(Debug)]
pub struct Run(VecDeque<Range<u64>>);

impl Iterator for Run {
    type Item = Serial;

    fn next(&mut self) -> Option<Serial> {
        let range = self.0.front_mut()?;
        let serial = range.next();
        if range.is_empty() {
            self.0.pop_front();
        }
        serial.map(Serial)
    }
}
