//! Received bytes to values, without copying (SPEC.md section 3.4).

use super::{DecodeError, Kind, Part, VERSION};

/// Walks over received bytes, and remembers why they are no object: what reads says `None` then.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    fault: DecodeError,
}

impl<'a> Reader<'a> {
    /// Reads an object: size limit, version, kind, what `read` makes of the rest, nothing behind.
    pub(crate) fn object<T>(
        bytes: &'a [u8],
        kind: Kind,
        limit: usize,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Result<T, DecodeError> {
        Self::whole(bytes, |reader| {
            reader.start(kind, limit)?;
            read(reader)
        })
    }

    /// Reads bytes, all of them.
    pub(crate) fn whole<T>(
        bytes: &'a [u8],
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Result<T, DecodeError> {
        let mut reader = Self::new(bytes);
        let value = read(&mut reader).ok_or(reader.fault)?;
        match reader.rest {
            [] => Ok(value),
            rest => Err(DecodeError::TrailingBytes(rest.len())),
        }
    }

    /// Reads entries up to the end of the bytes; each is checked now, and read again when it is
    /// asked for.
    pub(crate) fn all<T>(
        bytes: &'a [u8],
        read: impl Fn(&mut Self) -> Option<T>,
    ) -> Result<impl Iterator<Item = T>, DecodeError> {
        Self::whole(bytes, |reader| {
            while !reader.is_empty() {
                let _checked = read(reader)?;
            }
            Some(())
        })?;
        let mut reader = Self::new(bytes);
        Ok(core::iter::from_fn(move || read(&mut reader)))
    }

    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, fault: DecodeError::Truncated }
    }

    /// Starts an object.
    fn start(&mut self, kind: Kind, limit: usize) -> Option<()> {
        if self.rest.len() > limit {
            return self.refuse(DecodeError::OverLimit(Part::Object));
        }
        self.frame(kind.byte())
    }

    /// Reads version and kind.
    pub(crate) fn frame(&mut self, kind: u8) -> Option<()> {
        match self.u8()? {
            VERSION => {}
            other => return self.refuse(DecodeError::WrongVersion(other)),
        }
        match self.u8()? {
            byte if byte == kind => Some(()),
            other => self.refuse(DecodeError::WrongKind(other)),
        }
    }

    /// Remembers why the bytes are no object.
    pub(crate) const fn refuse<T>(&mut self, fault: DecodeError) -> Option<T> {
        self.fault = fault;
        None
    }

    /// Why the bytes are no object, once something read says so.
    pub(crate) const fn fault(&self) -> DecodeError {
        self.fault
    }

    /// Remembers why a check fails.
    pub(crate) fn checked<T>(&mut self, result: Result<T, DecodeError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(fault) => self.refuse(fault),
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

    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let Some((head, rest)) = self.rest.split_at_checked(length) else {
            return self.refuse(DecodeError::Truncated);
        };
        self.rest = rest;
        Some(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        self.take(N)?.first_chunk()
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        let value = u16::try_from(self.u64()?);
        self.checked(value.map_err(|_| DecodeError::IntegerOverflow))
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        let value = u32::try_from(self.u64()?);
        self.checked(value.map_err(|_| DecodeError::IntegerOverflow))
    }

    /// An integer of 7 bits a byte, least first; the shortest form only.
    pub(crate) fn u64(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            value |= bits.checked_shl(shift).unwrap_or(0);
            // The tenth byte has room for one bit.
            if value.checked_shr(shift) != Some(bits) {
                break;
            }
            if byte & 0x80 == 0 {
                let overlong = bits == 0 && shift > 0;
                return if overlong {
                    self.refuse(DecodeError::OverlongInteger)
                } else {
                    Some(value)
                };
            }
        }
        self.refuse(DecodeError::IntegerOverflow)
    }

    /// A signed integer, zigzag: 0, -1, 1, -2, …
    pub(crate) fn i16(&mut self) -> Option<i16> {
        let zigzag = self.u16()?;
        let [low, high] = (zigzag >> 1).to_le_bytes();
        let half = i16::from_le_bytes([low, high]);
        Some(if zigzag & 1 == 0 { half } else { !half })
    }

    /// A byte that is 0 or 1: a boolean, or whether an optional part follows.
    pub(crate) fn flag(&mut self) -> Option<bool> {
        match self.u8()? {
            0 => Some(false),
            1 => Some(true),
            _ => self.refuse(DecodeError::OutOfRange(Part::Tag)),
        }
    }

    /// A part behind a flag that says whether there is one.
    #[expect(clippy::option_option, reason = "whether it is there, and whether it can be read")]
    pub(crate) fn optional<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.flag()? { read(self).map(Some) } else { Some(None) }
    }

    /// The length of a list: from 0 to the limit.
    pub(crate) fn count(&mut self, part: Part, limit: usize) -> Option<usize> {
        match usize::try_from(self.u64()?) {
            Ok(count) if count <= limit => Some(count),
            _ => self.refuse(DecodeError::OverLimit(part)),
        }
    }

    /// The length of a list that must not be empty.
    pub(crate) fn some(&mut self, part: Part, limit: usize) -> Option<usize> {
        match self.count(part, limit)? {
            0 => self.refuse(DecodeError::Empty(part)),
            count => Some(count),
        }
    }

    /// Refuses an entry that doesn't come after the one before it.
    pub(crate) fn ascends<T: Ord>(&mut self, part: Part, before: &T, entry: &T) -> Option<()> {
        self.checked(ascends(part, before, entry))
    }

    /// A list of entries of one width, strictly ascending by their bytes.
    pub(crate) fn ascending<const N: usize>(
        &mut self,
        part: Part,
        count: usize,
    ) -> Option<&'a [[u8; N]]> {
        let (entries, _) = self.take(count.saturating_mul(N))?.as_chunks();
        for (before, entry) in entries.iter().zip(entries.iter().skip(1)) {
            self.ascends(part, before, entry)?;
        }
        Some(entries)
    }

    /// A list of entries of any shape, strictly ascending by a key; each is checked now, and read
    /// again when it is asked for.
    pub(crate) fn entries<T, K: Ord>(
        &mut self,
        part: Part,
        count: usize,
        read: fn(&mut Self) -> Option<T>,
        key: fn(&T) -> K,
    ) -> Option<Entries<'a>> {
        let ((), bytes) = self.span(|reader| {
            let mut before: Option<K> = None;
            for _ in 0..count {
                let key = key(&read(reader)?);
                if let Some(before) = &before {
                    reader.ascends(part, before, &key)?;
                }
                before = Some(key);
            }
            Some(())
        })?;
        Some(Entries { bytes, count })
    }

    /// What `read` consumed of the bytes, beside what it made of them.
    pub(crate) fn span<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<(T, &'a [u8])> {
        let start = self.rest;
        let value = read(self)?;
        let length = start.len().saturating_sub(self.rest.len());
        Some((value, start.get(..length)?))
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
        read: fn(&mut Reader<'a>) -> Option<T>,
    ) -> impl Iterator<Item = T> + Clone {
        let mut reader = Reader::new(self.bytes);
        (0..self.count).map_while(move |_| read(&mut reader))
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
