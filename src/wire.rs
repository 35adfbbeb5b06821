//! Bytes to values and back: postcard's format, one encoding of each value (SPEC.md section 3).
//!
//! The `postcard` crate encodes. Decoding borrows: a `Reader` walks over the received bytes and
//! what it hands out points into them, so that a lock spends a few hundred bytes of stack where a
//! derived decoder spends twelve thousand. `tests/wire.rs` holds the two equal.

use core::fmt;

use serde::Serialize;

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
}

impl Kind {
    /// The kinds with their names in the text form.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Token, "token"),
        (Self::Origin, "origin"),
        (Self::Status, "status"),
        (Self::Challenge, "challenge"),
        (Self::Request, "request"),
        (Self::Witness, "witness"),
        (Self::Presentation, "presentation"),
        (Self::Answer, "answer"),
    ];

    /// The kind's byte on the wire.
    pub const fn byte(self) -> u8 {
        #[expect(clippy::as_conversions, reason = "a field-less enum's discriminant below 256")]
        {
            self as u8
        }
    }
}

/// What of an object is over a limit, empty, out of order or out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each names a field of SPEC.md section 6 or 7")]
pub enum Part {
    Object,
    Links,
    Depth,
    Rights,
    Right,
    Parameter,
    Targets,
    Time,
    Duration,
    Uses,
    WitnessKeys,
    WitnessCount,
    Windows,
    Window,
    Exceptions,
    Exception,
    Channels,
    Channel,
    AppData,
    Witnesses,
    Revocations,
    Floors,
    Tag,
    Answer,
}

/// Why bytes are not an object: the first rule of SPEC.md section 3, 6 or 7 that they break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end within a field.
    Truncated,
    /// Bytes follow the object.
    TrailingBytes(usize),
    /// An integer has more bytes than it needs.
    OverlongInteger,
    /// An integer doesn't fit its type.
    IntegerOverflow,
    /// The format version is not [`VERSION`].
    WrongVersion(u8),
    /// The object is of another kind.
    WrongKind(u8),
    /// More of something than its limit.
    OverLimit(Part),
    /// None of something that must have one.
    Empty(Part),
    /// List entries that don't ascend.
    Unsorted(Part),
    /// A list entry that stands twice.
    Doubled(Part),
    /// A value that its field doesn't admit.
    OutOfRange(Part),
    /// A presence bit that names no caveat of this version.
    UnknownCaveat(u8),
    /// Link 0 lacks `Rights`, `Target` or `Valid`, by its bit.
    MissingCaveat(u8),
    /// A public key of small order.
    WeakKey,
    /// A public key that is not in its canonical encoding.
    NonCanonicalKey,
    /// A status within a presentation carries a revocation list.
    ListInPresentation,
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
        let mut reader = Self::new(bytes);
        match reader.u8()? {
            VERSION => {}
            other => return Err(DecodeError::WrongVersion(other)),
        }
        match reader.u8()? {
            byte if byte == kind.byte() => Ok(reader),
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

    pub(crate) const fn empty() -> Self {
        Self { bytes: [0; N], length: 0 }
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
        room.copy_from_slice(bytes);
        self.length = self.length.saturating_add(bytes.len());
        Ok(())
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

/// Why a value can't be built: it would not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The object would be longer than its limit, in bytes.
    TooLong(usize),
    /// A caveat of this bit was given twice.
    CaveatTwice(u8),
    /// The parent's depth admits no further link, or not one of this depth.
    NoDepthLeft,
    /// The key is not the one that the object must be signed by.
    WrongKey,
    /// The lock, scope or token of the one is not that of the other.
    Mismatch,
    /// The object would not decode.
    Invalid(DecodeError),
}

impl From<DecodeError> for EncodeError {
    fn from(error: DecodeError) -> Self {
        Self::Invalid(error)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the bytes end within a field"),
            Self::TrailingBytes(count) => write!(f, "{count} bytes follow the object"),
            Self::OverlongInteger => f.write_str("an integer has more bytes than it needs"),
            Self::IntegerOverflow => f.write_str("an integer doesn't fit its type"),
            Self::WrongVersion(got) => write!(f, "format version {got}, not {VERSION}"),
            Self::WrongKind(got) => write!(f, "an object of another kind ({got})"),
            Self::OverLimit(part) => write!(f, "{part:?} over the limit"),
            Self::Empty(part) => write!(f, "{part:?} empty"),
            Self::Unsorted(part) => write!(f, "{part:?} not in ascending order"),
            Self::Doubled(part) => write!(f, "{part:?} with an entry twice"),
            Self::OutOfRange(part) => write!(f, "{part:?} out of range"),
            Self::UnknownCaveat(bit) => write!(f, "caveat of bit {bit}, unknown to this version"),
            Self::MissingCaveat(bit) => write!(f, "link 0 lacks the caveat of bit {bit}"),
            Self::WeakKey => f.write_str("a public key of small order"),
            Self::NonCanonicalKey => f.write_str("a public key not in its canonical encoding"),
            Self::ListInPresentation => f.write_str("a presentation carries a revocation list"),
        }
    }
}

impl core::error::Error for DecodeError {}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(limit) => write!(f, "longer than its limit of {limit} bytes"),
            Self::CaveatTwice(bit) => write!(f, "the caveat of bit {bit} given twice"),
            Self::NoDepthLeft => f.write_str("the depth admits no such further link"),
            Self::WrongKey => f.write_str("not the key that must sign this"),
            Self::Mismatch => f.write_str("lock, scope or token of another"),
            Self::Invalid(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl core::error::Error for EncodeError {}

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
