//! Where a lock keeps its journal: a log of records that survives a power cut (SPEC.md section
//! 22).
//!
//! The contract is small: read, append, replace. [`Store`] is for hosts that wait, [`AsyncStore`]
//! for those that await; the lock's logic is written once, over the latter, and every `Store` is
//! an `AsyncStore` whose futures are ready at once. The package `keyward-store` has stores for NOR
//! flash and for files, and a kit that any store can be run through.

mod ram;

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

pub use ram::Ram;

/// A place in a log. Only [`Cursor::START`] is anybody's to make up: the others are the store's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(pub u32);

impl Cursor {
    /// Before the first record.
    pub const START: Self = Self(0);
}

/// Why a store didn't do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no room for the record; the log is as it was.
    Full,
    /// The log was damaged after it was written: what it held can't be told.
    Corrupt,
    /// The medium failed. Until power fails, the log is as it was.
    Failed,
}

impl From<crate::EncodeError> for StoreError {
    fn from(_error: crate::EncodeError) -> Self {
        Self::Failed
    }
}

/// A log of records, for hosts that wait.
///
/// An empty store holds an empty log. A record is 1 to [`MAX_RECORD`] bytes.
///
/// - *Durable*: when `append` or `publish` returns `Ok`, power may fail and what it did stays.
/// - *Whole*: when power fails within a call, the log is afterwards as before the call or as after
///   it. Which of the two may differ from one start to the next, until something is appended or
///   published: whoever opens a log does that before acting on what he has read.
/// - *Honest*: what was durable and is damaged is [`StoreError::Corrupt`], never an older log.
/// - *Healing*: after an error, or a future that was dropped, the log is as it was, and the next
///   call works on that.
///
/// [`MAX_RECORD`]: crate::limits::MAX_RECORD
pub trait Store {
    /// Bytes that a log has room for, counting each record's length and [`OVERHEAD`](Self::OVERHEAD);
    /// a lock needs [`least_capacity`](crate::lock::least_capacity).
    const CAPACITY: usize;

    /// What each record takes beside its own bytes, at most.
    const OVERHEAD: usize;

    /// Reads the record behind a place into a buffer of at least
    /// [`MAX_RECORD`](crate::limits::MAX_RECORD) bytes; returns its length and the place behind
    /// it, or `None` at the end.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Failed`].
    fn read(&mut self, at: Cursor, out: &mut [u8]) -> Result<Option<(usize, Cursor)>, StoreError>;

    /// Appends a record.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Failed`]; the log is as it was.
    fn append(&mut self, record: &[u8]) -> Result<(), StoreError>;

    /// Starts a new log beside the one that stands, and forgets one that was started before.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    fn begin(&mut self) -> Result<(), StoreError>;

    /// Puts a record into the new log. The old one can still be read.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Failed`].
    fn stage(&mut self, record: &[u8]) -> Result<(), StoreError>;

    /// Lets the new log take the place of the old, at one stroke. Publishing an empty log also
    /// erases the bytes of the old one, at the next opening at the latest.
    ///
    /// # Errors
    /// [`StoreError::Failed`]; the old log stands.
    fn publish(&mut self) -> Result<(), StoreError>;

    /// Reads the hardware's monotonic counter, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    fn counter(&mut self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    /// Raises the hardware's monotonic counter to at least this value, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    fn advance(&mut self, to: u64) -> Result<(), StoreError> {
        let _ = to;
        Ok(())
    }
}

/// A log of records, for hosts that await: the contract of [`Store`]. A future may be dropped at
/// any point.
#[expect(missing_docs, reason = "they are those of `Store`")]
pub trait AsyncStore {
    const CAPACITY: usize;
    const OVERHEAD: usize;

    fn read(
        &mut self,
        at: Cursor,
        out: &mut [u8],
    ) -> impl Future<Output = Result<Option<(usize, Cursor)>, StoreError>>;

    fn append(&mut self, record: &[u8]) -> impl Future<Output = Result<(), StoreError>>;

    fn begin(&mut self) -> impl Future<Output = Result<(), StoreError>>;

    fn stage(&mut self, record: &[u8]) -> impl Future<Output = Result<(), StoreError>>;

    fn publish(&mut self) -> impl Future<Output = Result<(), StoreError>>;

    fn counter(&mut self) -> impl Future<Output = Result<Option<u64>, StoreError>> {
        Ready(Some(Ok(None)))
    }

    fn advance(&mut self, to: u64) -> impl Future<Output = Result<(), StoreError>> {
        let _ = to;
        Ready(Some(Ok(())))
    }
}

impl<S: Store> AsyncStore for S {
    const CAPACITY: usize = S::CAPACITY;
    const OVERHEAD: usize = S::OVERHEAD;

    fn read(
        &mut self,
        at: Cursor,
        out: &mut [u8],
    ) -> impl Future<Output = Result<Option<(usize, Cursor)>, StoreError>> {
        Ready(Some(Store::read(self, at, out)))
    }

    fn append(&mut self, record: &[u8]) -> impl Future<Output = Result<(), StoreError>> {
        Ready(Some(Store::append(self, record)))
    }

    fn begin(&mut self) -> impl Future<Output = Result<(), StoreError>> {
        Ready(Some(Store::begin(self)))
    }

    fn stage(&mut self, record: &[u8]) -> impl Future<Output = Result<(), StoreError>> {
        Ready(Some(Store::stage(self, record)))
    }

    fn publish(&mut self) -> impl Future<Output = Result<(), StoreError>> {
        Ready(Some(Store::publish(self)))
    }

    fn counter(&mut self) -> impl Future<Output = Result<Option<u64>, StoreError>> {
        Ready(Some(Store::counter(self)))
    }

    fn advance(&mut self, to: u64) -> impl Future<Output = Result<(), StoreError>> {
        Ready(Some(Store::advance(self, to)))
    }
}

/// Is ready when it is first polled. Unlike [`core::future::Ready`] it has no panic.
struct Ready<T>(Option<T>);

impl<T: Unpin> Future for Ready<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<T> {
        self.0.take().map_or(Poll::Pending, Poll::Ready)
    }
}
