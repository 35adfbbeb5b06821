//! Bytes to values and back: postcard's format, one encoding of each value (SPEC.md section 3).
//!
//! A `Writer` writes: with the `postcard` crate what issuers and holders make, by itself what a lock
//! makes. Decoding borrows: a `Reader` walks over the received bytes and what it hands out points
//! into them, so that a lock spends a few hundred bytes of stack where a derived decoder spends
//! twelve thousand. `tests/wire.rs` holds the two equal.

mod error;
mod reader;

use core::fmt;

use serde::Serialize;

pub use error::{DecodeError, EncodeError, Part};
pub(crate) use reader::{Entries, Reader, ascends};

/// The version byte in front of every object. Version 1 is Ed25519 and SHA-512 throughout;
/// version 2 is kept for a suite whose holder and witness keys are P-256.
pub const VERSION: u8 = 1;

/// What an object is: the second byte of every object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A capability: the chain of links.
    Token = 1,
    /// Domain, epoch and issuer's key: what a token's chain starts from.
    Origin = 2,
    /// A signed statement on how current the domain's state is.
    Status = 3,
    /// The lock's nonce and the versions that it holds.
    Challenge = 4,
    /// What a holder asks of a lock, as a witness sees it.
    Request = 5,
    /// A witness's agreement to one request.
    Witness = 6,
    /// What a holder presents to one lock.
    Presentation = 7,
    /// The lock's coarse answer.
    Answer = 8,
    /// Roots, emergency key and the commitment to the next cold keys.
    Epoch = 9,
    /// The issuers of an epoch.
    Keyset = 10,
    /// What one lock is.
    Card = 11,
    /// What an unclaimed lock shows.
    Unclaimed = 12,
    /// The claim key's word on a lock's domain.
    Claim = 13,
    /// The label key's word on a claim.
    Claimed = 14,
    /// A presentation or a private log entry, encrypted to one recipient.
    Sealed = 15,
    /// What a lock says of one entry of its log.
    Receipt = 16,
    /// A receipt and its private part.
    Entry = 17,
    /// A witness's word on what it has recorded.
    Recording = 18,
}

impl Kind {
    /// The kinds with their names in the text form.
    pub const ALL: [(Self, &'static str); 18] = [
        (Self::Token, "token"),
        (Self::Origin, "origin"),
        (Self::Status, "status"),
        (Self::Challenge, "challenge"),
        (Self::Request, "request"),
        (Self::Witness, "witness"),
        (Self::Presentation, "presentation"),
        (Self::Answer, "answer"),
        (Self::Epoch, "epoch"),
        (Self::Keyset, "keyset"),
        (Self::Card, "card"),
        (Self::Unclaimed, "unclaimed"),
        (Self::Claim, "claim"),
        (Self::Claimed, "claimed"),
        (Self::Sealed, "sealed"),
        (Self::Receipt, "receipt"),
        (Self::Entry, "entry"),
        (Self::Recording, "recording"),
    ];

    /// The kind's byte on the wire.
    pub const fn byte(self) -> u8 {
        #[expect(clippy::as_conversions, reason = "a field-less enum's discriminant below 256")]
        {
            self as u8
        }
    }
}

/// An encoded object of at most `N` bytes, owned, without a heap.
#[derive(Clone)]
pub struct Encoded<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Encoded<N> {
    /// The bytes of the object, its only encoding.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }

    pub(crate) fn as_mut_bytes(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.length).unwrap_or_default()
    }

    pub(crate) const SIZE: usize = N;

    pub(crate) const fn empty() -> Self {
        Self { bytes: [0; N], length: 0 }
    }

    /// A copy of an object that was read, so at most `N` bytes.
    pub(crate) fn copy_of(object: &[u8]) -> Self {
        let mut copy = Self::empty();
        copy.hold(object);
        copy
    }

    /// Holds a copy of an object that was read, so of at most `N` bytes, and nothing else.
    pub(crate) fn hold(&mut self, object: &[u8]) {
        // What is over the limit doesn't decode, nor would an empty copy.
        self.length = if object.len() <= N { object.len() } else { 0 };
        fill(self.as_mut_bytes(), object);
    }

    /// An object: its version and kind, and what is written behind.
    pub(crate) fn object(kind: Kind, write: &dyn Fn(&mut Writer<'_>)) -> Result<Self, EncodeError> {
        Self::written(&|out| {
            out.raw(&[VERSION, kind.byte()]);
            write(out);
        })
    }

    /// Bytes without a frame.
    pub(crate) fn written(write: &dyn Fn(&mut Writer<'_>)) -> Result<Self, EncodeError> {
        let mut out = Self::empty();
        out.append(write)?;
        Ok(out)
    }

    /// Holds what is written instead of what it held.
    pub(crate) fn rewrite(&mut self, write: &dyn Fn(&mut Writer<'_>)) -> Result<(), EncodeError> {
        self.length = 0;
        self.append(write)
    }

    /// Appends bytes that are encoded already.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.append(&|out| out.raw(bytes))
    }

    /// Appends what is written, all of it.
    pub(crate) fn append(&mut self, write: &dyn Fn(&mut Writer<'_>)) -> Result<(), EncodeError> {
        let mut writer = Writer { room: &mut self.bytes, length: Some(self.length) };
        write(&mut writer);
        self.length = writer.length.ok_or(EncodeError::TooLong(N))?;
        Ok(())
    }

    /// All of its room, to be filled by somebody else.
    pub(crate) const fn room(&mut self) -> &mut [u8; N] {
        &mut self.bytes
    }

    /// Moves the bytes from `from` on to `to`, and what stood between them behind.
    pub(crate) fn move_back(&mut self, to: usize, from: usize) {
        if let Some(range) = self.bytes.get_mut(to..self.length)
            && let Some(middle) = from.checked_sub(to)
            && middle <= range.len()
        {
            range.rotate_left(middle);
        }
    }
}

/// Writes bytes, as long as there is room, and remembers when there was none.
///
/// What a lock writes needs no `put`: the linker doesn't see that `postcard` can't panic.
pub(crate) struct Writer<'w> {
    room: &'w mut [u8],
    /// What is written; none once something had no room.
    length: Option<usize>,
}

impl Writer<'_> {
    /// Writes a value as `postcard` encodes it.
    pub(crate) fn put<T: Serialize + ?Sized>(&mut self, value: &T) {
        let room = self.length.and_then(|length| self.room.get_mut(length..));
        let written = room.and_then(|room| Some(postcard::to_slice(value, room).ok()?.len()));
        self.length = self.length.zip(written).map(|(from, more)| from.saturating_add(more));
    }

    /// Writes bytes that are encoded already.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        let end = self.length.and_then(|length| length.checked_add(bytes.len()));
        let room = self.length.zip(end).and_then(|(from, to)| self.room.get_mut(from..to));
        self.length = room.and_then(|room| {
            fill(room, bytes);
            end
        });
    }

    /// Writes an integer as `postcard` encodes it.
    pub(crate) fn integer(&mut self, mut value: u64) {
        loop {
            let [byte, ..] = value.to_le_bytes();
            value >>= 7;
            if value == 0 {
                return self.raw(&[byte]);
            }
            self.raw(&[byte | 0x80]);
        }
    }

    /// Writes a boolean, or whether an optional part follows.
    pub(crate) fn flag(&mut self, flag: bool) {
        self.raw(&[flag.into()]);
    }

    /// Writes bytes behind a flag that says whether there are some.
    pub(crate) fn optional(&mut self, bytes: Option<&[u8]>) {
        self.flag(bytes.is_some());
        self.raw(bytes.unwrap_or_default());
    }

    /// Writes an integer behind a flag that says whether there is one.
    pub(crate) fn optional_integer(&mut self, value: Option<u64>) {
        self.flag(value.is_some());
        if let Some(value) = value {
            self.integer(value);
        }
    }
}

/// Copies what there is room for. At the smallest optimisation the linker can't see that
/// `copy_from_slice` doesn't panic.
fn fill(room: &mut [u8], bytes: &[u8]) {
    room.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
}

impl<const N: usize> AsRef<[u8]> for Encoded<N> {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl<const N: usize> PartialEq for Encoded<N> {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl<const N: usize> Eq for Encoded<N> {}

impl<const N: usize> fmt::Debug for Encoded<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_is_written_as_postcard_writes_it() {
        for shift in 0..u64::BITS {
            for value in [1 << shift, (1 << shift) - 1, u64::MAX >> shift] {
                let ours = Encoded::<10>::written(&|out| out.integer(value)).unwrap();
                assert_eq!(ours, Encoded::written(&|out| out.put(&value)).unwrap());
            }
        }
        let short = Encoded::<9>::written(&|out| out.integer(u64::MAX));
        assert_eq!(short, Err(EncodeError::TooLong(9)));
    }

    #[test]
    fn what_is_encoded_equals_its_own_bytes_alone() {
        let written = |bytes: &[u8]| Encoded::<3>::written(&|out| out.raw(bytes)).unwrap();
        assert_eq!(written(&[1, 2]), written(&[1, 2]));
        for other in [&[1, 3][..], &[1], &[1, 2, 0]] {
            assert_ne!(written(&[1, 2]), written(other));
        }
    }

    #[test]
    fn what_had_no_room_is_not_forgotten() {
        let written = Encoded::<2>::written(&|out| {
            out.raw(&[1]);
            out.raw(&[2, 3]);
            out.raw(&[4]);
        });
        assert_eq!(written, Err(EncodeError::TooLong(2)));
        let written = Encoded::<2>::written(&|out| {
            out.put(&300_u16);
            out.put(&300_u16);
            out.put(&());
        });
        assert_eq!(written, Err(EncodeError::TooLong(2)));
        let written = Encoded::<2>::written(&|out| out.optional(Some(&[5])));
        assert_eq!(written.unwrap().as_bytes(), [1, 5]);
    }
}
