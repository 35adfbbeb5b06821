//! The clocks of nodes, which are right within a bound.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::Millis;

/// Tells the time. Every node's clock MUST be off by no more than it says, at all times: one that
/// steps back behind that may find a dead challenge alive. It won't find a spent one unspent.
pub trait Clock: Send + Sync + 'static {
    /// The present.
    fn present(&self) -> Present;
}

/// What a clock says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present {
    /// What it shows.
    pub at: Millis,
    /// The most milliseconds that it, and that of any other node, is off, either way.
    pub off: u64,
}

impl Present {
    /// What has passed for sure.
    pub const fn lo(&self) -> Millis {
        self.at.before(self.off)
    }

    /// What is not over for sure.
    pub const fn hi(&self) -> Millis {
        self.at.after(self.off)
    }

    /// After all that any node's clock has shown until now.
    pub const fn after_all_shown(&self) -> Millis {
        self.at.after(self.off.saturating_mul(2))
    }
}

/// The host's clock.
#[derive(Clone, Copy, Debug)]
pub struct HostClock {
    off: u64,
}

impl HostClock {
    /// The host's clock, off by this much at most: 500 ms if nothing is said, which any NTP client
    /// keeps.
    pub fn off_by(bound: Duration) -> Self {
        Self { off: u64::try_from(bound.as_millis()).unwrap_or(u64::MAX) }
    }
}

impl Default for HostClock {
    fn default() -> Self {
        Self::off_by(Duration::from_millis(500))
    }
}

impl Clock for HostClock {
    fn present(&self) -> Present {
        // A clock before 1970 shows 0: all has expired, or is yet to begin.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let at = Millis::new(u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
        Present { at, off: self.off }
    }
}

/// A clock that is set by hand, for tests. Its clones show the same.
#[derive(Clone, Debug, Default)]
pub struct HandClock(Arc<AtomicU64>);

impl HandClock {
    /// A clock that shows this and is right.
    pub fn at(at: Millis) -> Self {
        Self(Arc::new(AtomicU64::new(at.get())))
    }

    /// Time passes.
    pub fn wait(&self, millis: u64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn present(&self) -> Present {
        Present { at: Millis::new(self.0.load(Ordering::SeqCst)), off: 0 }
    }
}
