//! What a journal holds of the audit logs: entries that were kept, their ends, denials.

use super::{BEGINNING, DENIED, ENDS, KEPT, OPEN, Room, anew, record};
use crate::{
    caveat::Right,
    id::{Epoch, LockId, Sequence},
    limits::{MAX_PRIVATE, MAX_PUBLIC},
    lock::chain::{Chain, End, Opened},
    receipt::{self, Denied, DeniedRows, Event, Head, Log, Public},
    secret::DeviceSecret,
    time::Interval,
    wire::{EncodeError, Encoded, Reader, Writer},
};

/// Bytes of an entry that is kept, at its largest, without its event and private part.
const STAMP_BYTES: usize = 1 + 3 * 10 + 22;

/// Bytes of who opened, at its largest.
const PERSONS_BYTES: usize = 8 + 16 + 1 + 64 + 1 + 64;

/// Bytes of entries that are kept, each at its largest. A change of the device key takes no more
/// than the largest opening while epoch, oldest and starts have 26 bytes at most: all locks do.
pub(in crate::lock) const KEPT_OPENING_BYTES: usize = STAMP_BYTES + 35 + PERSONS_BYTES;
pub(in crate::lock) const KEPT_DENIALS_BYTES: usize = STAMP_BYTES + 6 + MAX_PRIVATE - PRIVATE_HEAD;
pub(in crate::lock) const KEPT_STATEMENT_BYTES: usize = STAMP_BYTES + 34;

/// Bytes of the beginning of a log, of the ends of both, and of an open decision, at their largest.
pub(in crate::lock) const BEGINNING_BYTES: usize = 1 + 1 + 10 + 32;
pub(in crate::lock) const ENDS_BYTES: usize = 1 + 8 + 10 + 10 + 10 + 2 * (10 + 32);
pub(in crate::lock) const OPEN_BYTES: usize = 1 + 10 + 32 + 1 + 22 + PERSONS_BYTES;

/// Denials, put together, without their tag.
pub(in crate::lock) type Denials = Encoded<{ 1 + 22 + MAX_PRIVATE - PRIVATE_HEAD }>;

/// Bytes of a private part that follow from the entry: its salt and its tag.
const PRIVATE_HEAD: usize = 17;

/// An entry that was kept: what of it doesn't follow from the one before, and the device secret.
pub(in crate::lock) struct Kept<'a> {
    pub(in crate::lock) epoch: Epoch,
    pub(in crate::lock) oldest: u64,
    pub(in crate::lock) starts: u64,
    pub(in crate::lock) time: Interval,
    pub(in crate::lock) event: Event<'a>,
    /// The private part behind salt and tag.
    rest: &'a [u8],
}

/// A decision whose outcome isn't known yet.
pub(in crate::lock) struct Open<'a> {
    number: u64,
    core: &'a [u8; 32],
    right: Right,
    time: Interval,
    persons: &'a [u8],
}

/// Who was denied, as the private part has it.
pub(in crate::lock) struct Rows<'a> {
    bytes: &'a [u8],
    pub(in crate::lock) count: u32,
}

/// What the first entry that is kept hangs from.
pub(in crate::lock) fn beginning(out: &mut Room, log: Log, head: &Head) -> Result<(), EncodeError> {
    anew(out, BEGINNING, &|out| {
        out.flag(log == Log::Denials);
        put_head(out, head);
    })
}

/// An entry that a new log keeps.
pub(in crate::lock) fn kept(
    out: &mut Room,
    public: &[u8],
    private: &[u8],
) -> Result<(), EncodeError> {
    let public = Public::whole(public)?;
    anew(out, KEPT, &|out| {
        put_stamp(out, &public);
        out.raw(private.get(PRIVATE_HEAD..).unwrap_or_default());
    })
}

fn put_stamp(out: &mut Writer<'_>, public: &Public<'_>) {
    for number in [public.epoch.0, public.oldest.0, public.starts] {
        out.integer(number);
    }
    public.time.write(out);
    public.event.write(out);
}

/// Bytes of the body of an entry that is kept.
pub(in crate::lock) fn kept_bytes(public: &Public<'_>, private: usize) -> usize {
    let stamp = Encoded::<MAX_PUBLIC>::written(&|out| put_stamp(out, public));
    let rest = private.saturating_sub(PRIVATE_HEAD).saturating_add(1);
    stamp.map_or(usize::MAX, |stamp| stamp.as_bytes().len().saturating_add(rest))
}

impl<'a> Kept<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let (epoch, oldest, starts) = (Epoch(reader.u64()?), reader.u64()?, reader.u64()?);
        let (time, event) = (Interval::read(reader)?, Event::read(reader)?);
        let ((), rest) = reader.span(|reader| match event {
            Event::Opening { .. } if !reader.is_empty() => receipt::read_opening(reader).map(drop),
            Event::Denials { .. } => receipt::read_denied(reader).map(drop),
            _ => Some(()),
        })?;
        Some(Self { epoch, oldest, starts, time, event, rest })
    }

    /// The private part, empty where there is none.
    pub(in crate::lock) fn private(
        &self,
        secret: &DeviceSecret,
        before: &[u8; 32],
    ) -> Result<Encoded<MAX_PRIVATE>, EncodeError> {
        match self.event {
            Event::Opening { core, .. } => private_opening(secret, core, self.rest),
            Event::Denials { .. } => private_denials(secret, before, self.rest),
            _ => Ok(Encoded::empty()),
        }
    }
}

fn put_head(out: &mut Writer<'_>, head: &Head) {
    out.integer(head.next.0);
    out.raw(&head.hash);
}

pub(super) fn read_head(reader: &mut Reader<'_>) -> Option<Head> {
    Some(Head { next: Sequence(reader.u64()?), hash: *reader.array()? })
}

pub(in crate::lock) fn ends(out: &mut Room, chain: &Chain) -> Result<(), EncodeError> {
    anew(out, ENDS, &|out| {
        out.raw(&chain.lock.0);
        out.integer(chain.epoch.0);
        out.integer(chain.starts);
        out.integer(chain.acknowledged);
        put_head(out, &chain.events.head);
        put_head(out, &chain.denials.head);
    })
}

pub(super) fn read_ends(reader: &mut Reader<'_>) -> Option<Chain> {
    let (lock, epoch) = (LockId(*reader.array()?), Epoch(reader.u64()?));
    let (starts, acknowledged) = (reader.u64()?, reader.u64()?);
    let mut end = || {
        let head = read_head(reader)?;
        Some(End { head, oldest: head.next.0, bytes: 0 })
    };
    let (events, denials) = (end()?, end()?);
    Some(Chain { lock, epoch, starts, acknowledged, events, denials, ..Chain::empty() })
}

/// The decision whose outcome isn't known yet.
pub(in crate::lock) fn open(
    out: &mut Room,
    opened: &Opened,
    private: &[u8],
) -> Result<(), EncodeError> {
    anew(out, OPEN, &|out| {
        out.integer(opened.number);
        out.raw(&opened.core);
        out.raw(&[opened.right.bit()]);
        opened.time.write(out);
        out.raw(private.get(PRIVATE_HEAD..).unwrap_or_default());
    })
}

impl<'a> Open<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let (number, core, right) = (reader.u64()?, reader.array()?, Right::read(reader)?);
        let time = Interval::read(reader)?;
        let ((), persons) = reader.span(|reader| match reader.is_empty() {
            true => Some(()),
            false => receipt::read_opening(reader).map(drop),
        })?;
        Some(Self { number, core, right, time, persons })
    }

    /// The private part, empty where there is none.
    pub(in crate::lock) fn private(
        &self,
        secret: &DeviceSecret,
    ) -> Result<Encoded<MAX_PRIVATE>, EncodeError> {
        private_opening(secret, self.core, self.persons)
    }

    pub(in crate::lock) fn opened(&self, private: &[u8]) -> Opened {
        Opened::of(self.number, self.core, self.right, self.time, private)
    }
}

/// The private part of an opening, empty where it tells of nobody.
fn private_opening(
    secret: &DeviceSecret,
    core: &[u8; 32],
    persons: &[u8],
) -> Result<Encoded<MAX_PRIVATE>, EncodeError> {
    match persons.is_empty() {
        true => Ok(Encoded::empty()),
        false => receipt::private_opening(&secret.salt(core), &|out| out.raw(persons)),
    }
}

/// The private part of denials behind this entry.
fn private_denials(
    secret: &DeviceSecret,
    before: &[u8; 32],
    rows: &[u8],
) -> Result<Encoded<MAX_PRIVATE>, EncodeError> {
    receipt::private_denials(&secret.salt(before), &|out| out.raw(rows))
}

/// Denials, put together.
pub(in crate::lock) fn denied<'r>(
    time: Interval,
    rows: impl Iterator<Item = &'r Denied> + Clone,
) -> Result<Denials, EncodeError> {
    record(DENIED, &|out| {
        time.write(out);
        receipt::put_denied(out, rows.clone());
    })
}

impl<'a> Rows<'a> {
    pub(in crate::lock) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let (rows, bytes): (DeniedRows<'a>, _) = reader.span(receipt::read_denied)?;
        let count = rows.rows().fold(0_u32, |sum, row| sum.saturating_add(row.count));
        Some(Self { bytes, count })
    }

    /// The private part of the entry behind this one.
    pub(in crate::lock) fn private(
        &self,
        secret: &DeviceSecret,
        before: &[u8; 32],
    ) -> Result<Encoded<MAX_PRIVATE>, EncodeError> {
        private_denials(secret, before, self.bytes)
    }
}
