//! The records of a lock's journal, byte by byte (SPEC.md section 22.3).

mod decision;
mod entry;
mod tables;

pub(super) use decision::{Decided, Decision, OPENING_BYTES};
pub(super) use entry::{
    BEGINNING_BYTES, Denials, ENDS_BYTES, KEPT_DENIALS_BYTES, KEPT_OPENING_BYTES,
    KEPT_STATEMENT_BYTES, Kept, OPEN_BYTES, Open, Rows, beginning, denied, ends, kept, kept_bytes,
    open,
};
pub(super) use tables::{
    COUNTS_IN_A_RECORD, counts, lanes, lanes_in_a_record, read_counts, read_lanes, snapshot_size,
};

use super::chain::Chain;
use crate::{
    id::{ClaimNonce, DomainId},
    ledger::Outcome,
    limits::{MAX_KEYSET, MAX_RECORD},
    receipt::{Head, Log, Rotation},
    secret::Tag,
    time::{Interval, Time},
    wire::{DecodeError, EncodeError, Encoded, Part, Reader, Writer},
};
use entry::{read_ends, read_head};

/// The schema that is written. The one before is read, and written anew.
pub(super) const SCHEMA: u8 = 4;

/// How the tables of a log are written.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// The words of a lane's window.
    pub(super) words: usize,
    /// Whether names stand there in twice their length, as in the schema before.
    pub(super) is_wide: bool,
}

impl Form {
    /// That of records which are no tables.
    pub(super) const OWN: Self = Self { words: 0, is_wide: false };
}

/// A record without its tag.
pub(super) type Body = Encoded<{ MAX_RECORD - size_of::<Tag>() }>;

/// An event of at most one integer.
pub(super) type Short = Encoded<11>;

/// A change of the device key.
pub(super) type Device = Encoded<{ 1 + 22 + 4 * 32 + 64 }>;

/// Where the records of a new log are made, one after the other: none has a place of its own on
/// the stack.
pub(super) type Room = Encoded<MAX_RECORD>;

const START: u8 = 0;
const EPOCH: u8 = 1;
const KEYSET: u8 = 2;
const LIST: u8 = 3;
const CARD: u8 = 4;
const COUNTS: u8 = 5;
const LANES: u8 = 6;
const BOOT: u8 = 7;
const DECISION: u8 = 8;
const OUTCOME: u8 = 9;
const SECURED: u8 = 10;
const TIME: u8 = 11;
const CHANGE: u8 = 12;
const KEPT: u8 = 13;
const ENDS: u8 = 14;
const OPEN: u8 = 15;
const DENIED: u8 = 16;
const ACKNOWLEDGED: u8 = 17;
const DEVICE: u8 = 18;
const BEGINNING: u8 = 19;

/// Bytes of a statement that is taken in, at its largest.
pub(super) const CHANGE_BYTES: usize = 1 + 22 + MAX_KEYSET;

/// What was read.
pub(super) enum Record<'a> {
    Start(Start),
    Epoch(&'a [u8]),
    Keyset(&'a [u8]),
    List(&'a [u8]),
    Card(&'a [u8]),
    Counts(&'a [u8]),
    Lanes(&'a [u8]),
    Boot,
    Decision(Decision<'a>),
    Outcome(Outcome),
    Secured,
    Time(Time),
    /// A keyset, list or card that was taken in.
    Change {
        time: Interval,
        object: &'a [u8],
    },
    /// What the first entry that was kept hangs from.
    Beginning(Log, Head),
    /// An entry from before this log.
    Kept(Kept<'a>),
    Ends(Chain),
    Open(Open<'a>),
    Denied {
        time: Interval,
        rows: Rows<'a>,
    },
    /// The owner has the events before this one.
    Acknowledged(u64),
    Device {
        time: Interval,
        rotation: Rotation<'a>,
    },
}

/// What a log starts with: whose it is, and all of a lock's state that has a fixed size.
pub(super) struct Start {
    /// The number of this write, over the lock's whole life.
    pub(super) number: u64,
    pub(super) device: [u8; 32],
    pub(super) nonce: ClaimNonce,
    pub(super) domain: DomainId,
    pub(super) floor: Time,
    /// The words of a lane's window.
    pub(super) words: u16,
    /// Whether the door must be secured.
    pub(super) relock: bool,
}

impl<'a> Record<'a> {
    /// Reads the start of a log, up to its schema; nobody but its author can read on if that is
    /// newer.
    pub(super) fn schema(body: &[u8]) -> Option<u8> {
        match body {
            [START, schema, ..] => Some(*schema),
            _ => None,
        }
    }

    /// Reads a record.
    pub(super) fn read(body: &'a [u8]) -> Result<Self, DecodeError> {
        Reader::whole(body, |reader| {
            Some(match reader.u8()? {
                START => Self::Start(Start::read(reader)?),
                EPOCH => Self::Epoch(reader.rest()),
                KEYSET => Self::Keyset(reader.rest()),
                LIST => Self::List(reader.rest()),
                CARD => Self::Card(reader.rest()),
                COUNTS => Self::Counts(reader.rest()),
                LANES => Self::Lanes(reader.rest()),
                BOOT => Self::Boot,
                DECISION => Self::Decision(Decision::read(reader)?),
                OUTCOME => {
                    let outcome = Outcome::of_byte(reader.u8()?);
                    Self::Outcome(
                        outcome.or_else(|| reader.refuse(DecodeError::OutOfRange(Part::Tag)))?,
                    )
                }
                SECURED => Self::Secured,
                TIME => Self::Time(Time::read(reader)?),
                CHANGE => Self::Change { time: Interval::read(reader)?, object: reader.rest() },
                BEGINNING => {
                    let log = if reader.flag()? { Log::Denials } else { Log::Events };
                    Self::Beginning(log, read_head(reader)?)
                }
                KEPT => Self::Kept(Kept::read(reader)?),
                ENDS => Self::Ends(read_ends(reader)?),
                OPEN => Self::Open(Open::read(reader)?),
                DENIED => Self::Denied { time: Interval::read(reader)?, rows: Rows::read(reader)? },
                ACKNOWLEDGED => Self::Acknowledged(reader.u64()?),
                DEVICE => Self::Device {
                    time: Interval::read(reader)?,
                    rotation: Rotation::read(reader)?,
                },
                other => return reader.refuse(DecodeError::WrongKind(other)),
            })
        })
    }

    /// Whether the record is a write of its own, in a log with entries.
    pub(super) const fn is_event(&self) -> bool {
        matches!(
            self,
            Self::Boot
                | Self::Decision(_)
                | Self::Outcome(_)
                | Self::Secured
                | Self::Time(_)
                | Self::Change { .. }
                | Self::Denied { .. }
                | Self::Acknowledged(_)
                | Self::Device { .. }
        )
    }
}

fn record<const N: usize>(
    kind: u8,
    write: &dyn Fn(&mut Writer<'_>),
) -> Result<Encoded<N>, EncodeError> {
    Encoded::written(&|out| {
        out.raw(&[kind]);
        write(out);
    })
}

/// Makes a record where the one before was.
fn anew(out: &mut Room, kind: u8, write: &dyn Fn(&mut Writer<'_>)) -> Result<(), EncodeError> {
    out.rewrite(&|out| {
        out.raw(&[kind]);
        write(out);
    })
}

pub(super) fn boot() -> Result<Short, EncodeError> {
    record(BOOT, &|_| {})
}

pub(super) fn secured() -> Result<Short, EncodeError> {
    record(SECURED, &|_| {})
}

pub(super) fn outcome(outcome: Outcome) -> Result<Short, EncodeError> {
    record(OUTCOME, &|out| out.raw(&[outcome.byte()]))
}

pub(super) fn time(at: Time) -> Result<Short, EncodeError> {
    record(TIME, &|out| out.integer(at.0))
}

pub(super) fn epoch(out: &mut Room, bytes: &[u8]) -> Result<(), EncodeError> {
    anew(out, EPOCH, &|out| out.raw(bytes))
}

pub(super) fn keyset(out: &mut Room, bytes: &[u8]) -> Result<(), EncodeError> {
    anew(out, KEYSET, &|out| out.raw(bytes))
}

pub(super) fn list(out: &mut Room, bytes: &[u8]) -> Result<(), EncodeError> {
    anew(out, LIST, &|out| out.raw(bytes))
}

pub(super) fn card(out: &mut Room, bytes: &[u8]) -> Result<(), EncodeError> {
    anew(out, CARD, &|out| out.raw(bytes))
}

impl Start {
    /// Bytes of a start at its largest.
    const BYTES: usize = 2 + 32 + 16 + 32 + 2 * 10 + 3 + 1;

    pub(super) fn write(&self, out: &mut Room) -> Result<(), EncodeError> {
        anew(out, START, &|out| {
            out.raw(&[SCHEMA]);
            out.raw(&self.device);
            out.raw(&self.nonce.0);
            out.raw(&self.domain.0);
            for number in [self.number, self.floor.0, self.words.into()] {
                out.integer(number);
            }
            out.flag(self.relock);
        })
    }

    // Within its caller its fields are taken apart and put together again: 380 bytes.
    #[inline(never)]
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let _schema = reader.u8()?;
        let (device, nonce, domain) = (*reader.array()?, *reader.array()?, *reader.array()?);
        let (number, floor) = (reader.u64()?, Time::read(reader)?);
        let (words, relock) = (reader.u16()?, reader.flag()?);
        let (nonce, domain) = (ClaimNonce(nonce), DomainId(domain));
        Some(Self { number, device, nonce, domain, floor, words, relock })
    }
}

/// A keyset, list or card that is taken in.
pub(super) fn change(time: Interval, object: &[u8]) -> Result<Body, EncodeError> {
    record(CHANGE, &|out| {
        time.write(out);
        out.raw(object);
    })
}

pub(super) fn acknowledged(next: u64) -> Result<Short, EncodeError> {
    record(ACKNOWLEDGED, &|out| out.integer(next))
}

pub(super) fn device(time: Interval, rotation: &Rotation<'_>) -> Result<Device, EncodeError> {
    record(DEVICE, &|out| {
        time.write(out);
        rotation.write(out);
    })
}

#[cfg(test)]
mod tests {
    use std::{format, string::String, vec::Vec};

    use super::*;

    const SPEC: &str = include_str!("../../SPEC.md");

    #[test]
    fn records_are_as_long_at_most_as_the_specification_tells() {
        let (_, told) = SPEC.split_once("Bodies take at most, in bytes: ").unwrap();
        let told: Vec<_> = told.split_once('.').unwrap().0.split_whitespace().collect();
        let own: [(&str, usize); 13] = [
            ("a start", Start::BYTES),
            ("an event of a number", Short::SIZE),
            ("a change", CHANGE_BYTES),
            ("a device", Device::SIZE),
            ("a decision", Decided::SIZE),
            ("and its outcome", OPENING_BYTES - Decided::SIZE),
            ("an opening kept", KEPT_OPENING_BYTES),
            ("denials kept", KEPT_DENIALS_BYTES),
            ("a statement kept", KEPT_STATEMENT_BYTES),
            ("a beginning", BEGINNING_BYTES),
            ("the ends", ENDS_BYTES),
            ("an open decision", OPEN_BYTES),
            ("denials", Denials::SIZE),
        ];
        let own: Vec<String> = own.map(|(name, bytes)| format!("{name} {bytes}")).into();
        assert_eq!(told.join(" "), own.join(", ").replace(", and", " and"));
        // Whatever is longest.
        assert_eq!((Body::SIZE, Room::SIZE), (CHANGE_BYTES, CHANGE_BYTES + size_of::<Tag>()));
    }
}
