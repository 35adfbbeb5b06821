//! Bytes to values and back: postcard's format, one encoding of each value (SPEC.md section 3).
//!
//! The `postcard` crate encodes. Decoding borrows: a `Reader` walks over the received bytes and
//! what it hands out points into them, so that a lock spends a few hundred bytes of stack where a
//! derived decoder spends twelve thousand. `tests/wire.rs` holds the two equal.

mod error;

use core::fmt;

use serde::Serialize;

pub use error::{DecodeError, EncodeError, Part};

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

/// Walks over received bytes.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts an object: size limit, version, kind.
    pub(crate) fn object(bytes: &'a [u8], kind: Kind, limit: usize) -> Result<Self, DecodeError> {
        if bytes.len() > limit {
            return Err(DecodeError::OverLimit(Part::Object));
        }
        Self::frame(bytes, kind.byte())
    }

    /// Starts an object of any size: version, kind.
    pub(crate) fn frame(bytes: &'a [u8], kind: u8) -> Result<Self, DecodeError> {
        let mut reader = Self::new(bytes);
        match reader.u8()? {
            VERSION => {}
            other => return Err(DecodeError::WrongVersion(other)),
        }
        match reader.u8()? {
            byte if byte == kind => Ok(reader),
            other => Err(DecodeError::WrongKind(other)),
        }
    }

    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Ends an object: nothing may follow.
    pub(crate) const fn finish(self) -> Result<(), DecodeError> {
        match self.rest {
            [] => Ok(()),
            rest => Err(DecodeError::TrailingBytes(rest.len())),
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// All that is left.
    pub(crate) const fn rest(&mut self) -> &'a [u8] {
        let rest = self.rest;
        self.rest = &[];
        rest
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (head, rest) = self.rest.split_at_checked(length).ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], DecodeError> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        let (byte, rest) = self.rest.split_first().ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, DecodeError> {
        u16::try_from(self.u64()?).map_err(|_| DecodeError::IntegerOverflow)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        u32::try_from(self.u64()?).map_err(|_| DecodeError::IntegerOverflow)
    }

    /// An integer of 7 bits a byte, least first; the shortest form only.
    pub(crate) fn u64(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            value |= bits.checked_shl(shift).unwrap_or(0);
            // The tenth byte has room for one bit.
            if value.checked_shr(shift) != Some(bits) {
                return Err(DecodeError::IntegerOverflow);
            }
            if byte & 0x80 == 0 {
                let overlong = bits == 0 && shift > 0;
                return if overlong { Err(DecodeError::OverlongInteger) } else { Ok(value) };
            }
        }
        Err(DecodeError::IntegerOverflow)
    }

    /// A signed integer, zigzag: 0, -1, 1, -2, …
    pub(crate) fn i16(&mut self) -> Result<i16, DecodeError> {
        let zigzag = self.u16()?;
        let [low, high] = (zigzag >> 1).to_le_bytes();
        let half = i16::from_le_bytes([low, high]);
        Ok(if zigzag & 1 == 0 { half } else { !half })
    }

    /// A byte that is 0 or 1: a boolean, or whether an optional part follows.
    pub(crate) fn flag(&mut self) -> Result<bool, DecodeError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(DecodeError::OutOfRange(Part::Tag)),
        }
    }

    /// The length of a list: from 0 to the limit.
    pub(crate) fn count(&mut self, part: Part, limit: usize) -> Result<usize, DecodeError> {
        match usize::try_from(self.u64()?) {
            Ok(count) if count <= limit => Ok(count),
            _ => Err(DecodeError::OverLimit(part)),
        }
    }

    /// The length of a list that must not be empty.
    pub(crate) fn some(&mut self, part: Part, limit: usize) -> Result<usize, DecodeError> {
        match self.count(part, limit)? {
            0 => Err(DecodeError::Empty(part)),
            count => Ok(count),
        }
    }

    /// A list of entries of one width, strictly ascending by their bytes.
    pub(crate) fn ascending<const N: usize>(
        &mut self,
        part: Part,
        count: usize,
    ) -> Result<&'a [[u8; N]], DecodeError> {
        let (entries, _) = self.take(count.saturating_mul(N))?.as_chunks();
        for (before, entry) in entries.iter().zip(entries.iter().skip(1)) {
            ascends(part, before, entry)?;
        }
        Ok(entries)
    }

    /// A list of entries of any shape, strictly ascending by a key; each is checked now, and read
    /// again when it is asked for.
    pub(crate) fn entries<T, K: Ord>(
        &mut self,
        part: Part,
        count: usize,
        read: fn(&mut Self) -> Result<T, DecodeError>,
        key: fn(&T) -> K,
    ) -> Result<Entries<'a>, DecodeError> {
        let ((), bytes) = self.span(|reader| {
            let mut before: Option<K> = None;
            for _ in 0..count {
                let key = key(&read(reader)?);
                if let Some(before) = &before {
                    ascends(part, before, &key)?;
                }
                before = Some(key);
            }
            Ok(())
        })?;
        Ok(Entries { bytes, count })
    }

    /// What `read` consumed of the bytes, beside what it made of them.
    pub(crate) fn span<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<(T, &'a [u8]), DecodeError> {
        let start = self.rest;
        let value = read(self)?;
        let length = start.len().saturating_sub(self.rest.len());
        Ok((value, start.get(..length).ok_or(DecodeError::Truncated)?))
    }
}

/// Entries of a list that was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entries<'a> {
    bytes: &'a [u8],
    count: usize,
}

impl<'a> Entries<'a> {
    pub(crate) const NONE: Self = Self { bytes: &[], count: 0 };

    /// Entries that were checked one by one.
    pub(crate) const fn of(bytes: &'a [u8], count: usize) -> Self {
        Self { bytes, count }
    }

    /// The entries, read with what checked them.
    pub(crate) fn read<T>(
        self,
        read: fn(&mut Reader<'a>) -> Result<T, DecodeError>,
    ) -> impl Iterator<Item = T> + Clone {
        let mut reader = Reader::new(self.bytes);
        (0..self.count).map_while(move |_| read(&mut reader).ok())
    }
}

/// Refuses an entry that doesn't come after the one before it.
pub(crate) fn ascends<T: Ord>(part: Part, before: &T, entry: &T) -> Result<(), DecodeError> {
    match before.cmp(entry) {
        core::cmp::Ordering::Less => Ok(()),
        core::cmp::Ordering::Equal => Err(DecodeError::Doubled(part)),
        core::cmp::Ordering::Greater => Err(DecodeError::Unsorted(part)),
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
        // What is over the limit doesn't decode, nor would an empty copy.
        if object.len() <= N {
            fill(&mut copy.bytes, object);
            copy.length = object.len();
        }
        copy
    }

    /// Starts an object with its version and kind.
    pub(crate) fn object(kind: Kind) -> Result<Self, EncodeError> {
        let mut out = Self::empty();
        out.put(&[VERSION, kind.byte()])?;
        Ok(out)
    }

    /// Appends a value as `postcard` encodes it.
    pub(crate) fn put<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        let free = self.bytes.get_mut(self.length..).unwrap_or_default();
        let written = postcard::to_slice(value, free).map_err(|_| EncodeError::TooLong(N))?.len();
        self.length = self.length.saturating_add(written);
        Ok(())
    }

    /// Appends an integer as `postcard` encodes it. The lock's own way of writing one: the linker
    /// sees that it can't panic, which it doesn't of `postcard`'s.
    pub(crate) fn integer(&mut self, mut value: u64) -> Result<(), EncodeError> {
        loop {
            let [byte, ..] = value.to_le_bytes();
            value >>= 7;
            if value == 0 {
                return self.raw(&[byte]);
            }
            self.raw(&[byte | 0x80])?;
        }
    }

    /// Appends bytes that are encoded already.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        let free = self.bytes.get_mut(self.length..).unwrap_or_default();
        let room = free.get_mut(..bytes.len()).ok_or(EncodeError::TooLong(N))?;
        fill(room, bytes);
        self.length = self.length.saturating_add(bytes.len());
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
                let (mut ours, mut theirs) = (Encoded::<10>::empty(), Encoded::<10>::empty());
                ours.integer(value).unwrap();
                theirs.put(&value).unwrap();
                assert_eq!(ours, theirs);
            }
        }
        assert_eq!(Encoded::<9>::empty().integer(u64::MAX), Err(EncodeError::TooLong(9)));
    }
}
