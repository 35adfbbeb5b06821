//! A log in two halves of a NOR flash.
//!
//! One half holds the log, the other is spare. A record is appended in programs that are each begun
//! when the one before has returned: a mark that the place is taken, the record's head, its payload
//! by and by, a mark that it is whole. A new log is staged in the spare half and becomes the log with
//! a mark in its header.
//!
//! # Marks
//! A mark is zeros where the flash was erased. A power cut within a mark leaves cells that may read
//! differently each time, so such a mark decides one way now and the other way later, until
//! something is settled on top of it. What is settled, and how, is in `contest.rs`.

mod append;
mod blocking;
mod contest;
mod layout;
mod medium;
mod record;
mod replace;

use embedded_storage_async::nor_flash::NorFlash;
use keyward::store::{AsyncStore, Cursor, StoreError};

pub use blocking::{Blocking, BlockingFlashLog};
use layout::{Half, Layout};

/// A log of records in two halves of `HALF` bytes each, at the start of a flash.
///
/// `HALF` is a multiple of the flash's erase size. The log is found by [`FlashLog::open`]. A future
/// of this type may be dropped at any point, with one result to know: when `publish` of an empty
/// log is dropped after its first part, the log is empty, and the old bytes are erased by the next
/// [`begin`](AsyncStore::begin) or opening.
///
/// `stage` and `publish` return [`StoreError::Failed`] where no new log was begun, or where the one
/// that was begun is lost: to a failed or dropped `stage`, or to an `append` that had to move the
/// log. Whoever sees it begins again.
#[derive(Clone, Debug)]
pub struct FlashLog<F, const HALF: usize> {
    flash: F,
    /// `None`: the flash holds nothing yet.
    log: Option<Log>,
    spare: Spare,
}

/// What is known of the half that holds the log.
#[derive(Clone, Copy, Debug)]
struct Log {
    half: Half,
    generation: u64,
    /// Where the next record goes, from the start of the half.
    end: usize,
    /// Whether something other than erased cells may lie behind `end`.
    dirty: bool,
    /// The header mark to become firm with. Unless `contested`, it and those behind it were never
    /// touched.
    next: usize,
    /// Whether the other half may win at the next start, until this one is firm.
    contested: bool,
}

/// What is known of the half that doesn't hold the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spare {
    /// Nothing: it must be erased before it is written.
    Used,
    /// It was erased since power came on.
    Erased,
    /// It holds a new log up to this place, which isn't published.
    Staging(usize),
}

impl<F: NorFlash, const HALF: usize> FlashLog<F, HALF> {
    /// Opens the log on a flash, and ends what a power cut interrupted.
    ///
    /// A flash that was never used must be erased, or hold no keyward log by chance:
    /// [`FlashLog::wipe`] sees to that.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where a log was damaged; [`StoreError::Failed`] where the flash is
    /// too small or fails.
    pub async fn open(flash: F) -> Result<Self, StoreError> {
        let mut log = Self::unread(flash)?;
        log.find().await?;
        Ok(log)
    }

    /// Erases both halves, whatever they hold, and opens the empty log.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub async fn wipe(flash: F) -> Result<Self, StoreError> {
        let mut log = Self::unread(flash)?;
        log.retire(Half::A).await?;
        log.retire(Half::B).await?;
        Ok(log)
    }

    /// Gives the flash back.
    pub fn into_inner(self) -> F {
        self.flash
    }

    fn unread(flash: F) -> Result<Self, StoreError> {
        let () = Layout::<F, HALF>::FITS;
        match flash.capacity() >= HALF.saturating_mul(2) {
            true => Ok(Self { flash, log: None, spare: Spare::Used }),
            false => Err(StoreError::Failed),
        }
    }
}

impl<F: NorFlash, const HALF: usize> AsyncStore for FlashLog<F, HALF> {
    const CAPACITY: usize = HALF - Layout::<F, HALF>::HEADER;
    const OVERHEAD: usize = Layout::<F, HALF>::OVERHEAD;

    async fn read(
        &mut self,
        at: Cursor,
        out: &mut [u8],
    ) -> Result<Option<(usize, Cursor)>, StoreError> {
        self.read_at(at, out).await
    }

    async fn append(&mut self, record: &[u8]) -> Result<(), StoreError> {
        self.append_record(record).await
    }

    async fn begin(&mut self) -> Result<(), StoreError> {
        self.begin_log().await
    }

    async fn stage(&mut self, record: &[u8]) -> Result<(), StoreError> {
        self.stage_record(record).await
    }

    async fn publish(&mut self) -> Result<(), StoreError> {
        self.publish_log().await
    }
}
