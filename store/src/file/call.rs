//! The place in front of each system call, where a test may let its process end.

#[cfg(feature = "kit")]
pub use counted::abort_at;
#[cfg(feature = "kit")]
pub(super) use counted::{before, write_all};

/// A system call is made next.
#[cfg(not(feature = "kit"))]
pub(super) const fn before() {}

#[cfg(not(feature = "kit"))]
pub(super) fn write_all(file: &mut std::fs::File, bytes: &[u8]) -> std::io::Result<()> {
    std::io::Write::write_all(file, bytes)
}

#[cfg(feature = "kit")]
mod counted {
    use std::{
        fs::File,
        io::{self, Write},
        process,
        sync::atomic::{AtomicU64, Ordering::Relaxed},
    };

    /// How many calls are still made; at 0 nothing is counted.
    static LEFT: AtomicU64 = AtomicU64::new(0);

    /// Lets this process abort in front of the n-th system call by which a store in a file changes
    /// something, counted from here and from 1. A write counts twice: as a whole and by its half,
    /// so that it is cut short, too. 0 lets the process live.
    pub fn abort_at(call: u64) {
        LEFT.store(call, Relaxed);
    }

    /// Whether the process ends in front of this call.
    fn is_last() -> bool {
        LEFT.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)) == Ok(1)
    }

    pub(in super::super) fn before() {
        if is_last() {
            process::abort();
        }
    }

    pub(in super::super) fn write_all(file: &mut File, bytes: &[u8]) -> io::Result<()> {
        before();
        if is_last() {
            let half = bytes.get(..bytes.len() >> 1).unwrap_or_default();
            let _it_ends_anyway = file.write_all(half);
            process::abort();
        }
        file.write_all(bytes)
    }
}
