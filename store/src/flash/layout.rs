//! Where things are in a half.
//!
//! ```text
//! half   = marks of MARK bytes x MARKS | header | header again | records
//! header = generation u64 | snapshot u32 | base u32 | crc32 u32 | padding
//! record = taken mark of TAKEN bytes | whole mark of MARK bytes | body | padding
//! body   = length u16 | !length u16 | crc32 of length and payload u32 | payload
//! ```
//!
//! Numbers are little-endian; every part starts and ends on a write unit. `snapshot` is where the
//! records end that the log was published with: they are whole by its word and their marks stay
//! erased. `base` is explained in `contest.rs`.

use core::marker::PhantomData;

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};
use embedded_storage_async::nor_flash::NorFlash;
use keyward::limits::MAX_RECORD;

/// Bytes that are read or programmed at once, at most: a multiple of every write unit, and small,
/// for a future holds them.
pub(super) const CHUNK: usize = 64;

/// The largest write unit that is served, in bytes.
pub(super) const MAX_UNIT: usize = 32;

/// Marks in a header. One is used by a publication, then one or two by each start that finds a
/// replacement interrupted: seven such starts in a row, each cut before it ends what it found, keep
/// every guarantee.
pub(super) const MARKS: usize = 16;

/// Bytes in front of a payload: length, its complement, check.
pub(super) const HEAD: usize = 8;

/// The check over headers and records.
pub(super) const CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// One of the two halves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    A,
    B,
}

impl Half {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// Where the half starts on a flash with halves of this size.
    pub(super) const fn start(self, half: usize) -> usize {
        match self {
            Self::A => 0,
            Self::B => half,
        }
    }
}

/// The sizes that follow from a flash and the size of a half.
pub(super) struct Layout<F, const HALF: usize>(PhantomData<F>);

impl<F: NorFlash, const HALF: usize> Layout<F, HALF> {
    /// Refuses, when compiled, what this layout can't serve.
    pub(super) const FITS: () = {
        let unit = F::WRITE_SIZE;
        assert!(unit.is_power_of_two() && unit <= MAX_UNIT, "write units of 1 to 32 bytes");
        assert!(F::READ_SIZE > 0 && unit % F::READ_SIZE == 0, "a write unit is whole reads");
        assert!(HALF > Self::HEADER && HALF.is_multiple_of(F::ERASE_SIZE), "a half is whole pages");
        assert!(HALF <= 1 << 30, "offsets of both halves fit a u32");
    };

    /// Bytes of a mark: so many bits that rot of a few doesn't undo it.
    pub(super) const MARK: usize = if F::WRITE_SIZE > 8 { F::WRITE_SIZE } else { 8 };

    /// Bytes of the mark that a place is taken.
    pub(super) const TAKEN: usize = F::WRITE_SIZE;

    /// Bytes of one copy of a header's numbers.
    pub(super) const COPY: usize = 20_usize.next_multiple_of(F::WRITE_SIZE);

    /// Where records start in a half.
    pub(super) const HEADER: usize = MARKS * Self::MARK + 2 * Self::COPY;

    /// Bytes that a record takes beside its own, at most.
    pub(super) const OVERHEAD: usize = Self::TAKEN + Self::MARK + HEAD + F::WRITE_SIZE - 1;

    /// Bytes of a record's head and payload, padded.
    pub(super) const fn body(length: usize) -> usize {
        round_up(HEAD.saturating_add(length), F::WRITE_SIZE)
    }

    /// Bytes of a record's marks.
    pub(super) const BEFORE_BODY: usize = Self::TAKEN + Self::MARK;

    /// Where the place behind a record is.
    pub(super) const fn behind(at: usize, length: usize) -> usize {
        at.saturating_add(Self::BEFORE_BODY).saturating_add(Self::body(length))
    }

    /// Where the place behind a new record is, if it is a record and there is room for it.
    pub(super) const fn room(at: usize, length: usize) -> Option<usize> {
        let end = Self::behind(at, length);
        if length == 0 || length > MAX_RECORD || end > HALF { None } else { Some(end) }
    }

    /// Where a mark of the header is.
    pub(super) const fn mark(index: usize) -> usize {
        index.saturating_mul(Self::MARK)
    }
}

const fn round_up(bytes: usize, unit: usize) -> usize {
    match bytes.checked_next_multiple_of(unit) {
        Some(rounded) => rounded,
        None => usize::MAX,
    }
}
