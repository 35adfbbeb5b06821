//! Local time at a lock: a table of offsets from UTC with an end (SPEC.md section 9.3).

use crate::{
    limits::{MAX_OFFSET, MAX_TRANSITIONS},
    time::Time,
    wire::{DecodeError, EncodeError, Encoded, Entries, Part, Reader, Writer},
};

/// Names a zone within a keyset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneId(pub u8);

/// From this minute on local time is UTC plus this offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The first minute of the offset, since 1970-01-01 00:00 UTC.
    pub at: u32,
    /// The offset, minutes east of UTC, less than a day either way.
    pub offset: i16,
}

/// The offsets of one zone over a span of time. Outside that span nothing is known.
///
/// A lock never holds the rules of a zone, only their outcome: nobody has to update firmware when
/// a parliament moves the clocks, only a keyset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone<'a> {
    pub(crate) id: ZoneId,
    end: u32,
    transitions: Entries<'a>,
    bytes: &'a [u8],
}

/// Bytes of an encoded zone, at most.
pub const MAX_ZONE: usize = 1 + 5 + 1 + MAX_TRANSITIONS * 8;

impl Zone<'_> {
    /// Writes a zone: 1 to 16 transitions in ascending order, the first of which begins the span,
    /// and the first minute that the table says nothing about.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] for transitions over their limit or out of order, an offset out of
    /// range.
    pub fn encode(
        id: ZoneId,
        transitions: &[Transition],
        end: u32,
    ) -> Result<Encoded<MAX_ZONE>, EncodeError> {
        if transitions.len() > MAX_TRANSITIONS {
            return Err(DecodeError::OverLimit(Part::Transitions).into());
        }
        let out = Encoded::written(&|out| {
            out.put(&(id.0, end, transitions.len()));
            for step in transitions {
                out.put(&(step.at, step.offset));
            }
        })?;
        Zone::decode(out.as_bytes())?;
        Ok(out)
    }
}

impl<'a> Zone<'a> {
    /// Reads a zone by itself, as [`encode`](Self::encode) writes it.
    ///
    /// # Errors
    /// Any [`DecodeError`] of SPEC.md sections 3 and 16.2.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Reader::whole(bytes, Self::read)
    }

    pub(crate) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let ((id, end, transitions), bytes) = reader.span(|reader| {
            let (id, end) = (ZoneId(reader.u8()?), reader.u32()?);
            let count = reader.some(Part::Transitions, MAX_TRANSITIONS)?;
            let part = Part::Transitions;
            Some((id, end, reader.entries(part, count, Transition::read, |step| step.at)?))
        })?;
        Some(Self { id, end, transitions, bytes })
    }

    pub(crate) fn write(&self, out: &mut Writer<'_>) {
        out.raw(self.bytes);
    }

    /// What names the zone in its keyset.
    pub const fn id(&self) -> ZoneId {
        self.id
    }

    /// The offsets, ascending; the first begins the span.
    pub fn transitions(&self) -> impl Iterator<Item = Transition> + 'a {
        self.transitions.read(Transition::read)
    }

    /// The first minute that the table says nothing about, since 1970-01-01 00:00 UTC.
    pub const fn end(&self) -> u32 {
        self.end
    }

    /// The local time of an instant, or none outside the span.
    pub fn local(&self, instant: Time) -> Option<Local> {
        let minute = instant.0.checked_div(60)?;
        if minute >= self.end.into() {
            return None;
        }
        let step = self.transitions().take_while(|step| u64::from(step.at) <= minute).last()?;
        let local = i64::try_from(minute).ok()?.checked_add(step.offset.into())?;
        Some(Local { minutes: u64::try_from(local).ok()? })
    }
}

impl Transition {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let (at, offset) = (reader.u32()?, reader.i16()?);
        if offset.unsigned_abs() > MAX_OFFSET {
            return reader.refuse(DecodeError::OutOfRange(Part::Offset));
        }
        Some(Self { at, offset })
    }
}

/// A local date and time, to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Local {
    minutes: u64,
}

impl Local {
    /// Days since 1970-01-01, by the local calendar.
    pub const fn day(self) -> u64 {
        self.minutes.wrapping_div(MINUTES_A_DAY)
    }

    /// Minutes since local midnight, as a wall clock shows them: 0 to 1439.
    pub const fn minute(self) -> u64 {
        self.minutes.wrapping_rem(MINUTES_A_DAY)
    }
}

pub(crate) const MINUTES_A_DAY: u64 = 1440;
