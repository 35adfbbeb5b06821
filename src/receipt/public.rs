//! The public part of an entry: what happened and when, of nobody (SPEC.md section 24.2).

use crate::{
    caveat::Right,
    clock::Quality,
    crypto::{self, SignatureFault},
    id::{Epoch, LockId, Sequence},
    key::{PublicKey, read_key, role},
    ledger::Outcome,
    limits::{MAX_PUBLIC, MAX_TIME},
    preimage::{Core, Label, Message, Scope, joined, scope_bytes},
    time::{Interval, Time},
    wire::{DecodeError, EncodeError, Encoded, Kind, Part, Reader, Writer},
};

/// Which of a lock's two logs an entry is in. Each counts and chains its own entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Log {
    /// Openings and changes of trust.
    Events,
    /// Denials, put together.
    Denials,
}

/// What the public part of an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Public<'a> {
    /// The lock.
    pub lock: LockId,
    /// The epoch that the lock was in.
    pub epoch: Epoch,
    /// The entry's number in its log, from 0 in each life of the lock.
    pub sequence: Sequence,
    /// The hash of the entry before; zeros for the first.
    pub before: &'a [u8; 32],
    /// The oldest entry of this log that the lock still held.
    pub oldest: Sequence,
    /// How often the lock had started.
    pub starts: u64,
    /// The present, as far as the lock knew it.
    pub time: Interval,
    /// The hash of the private part, where there is one.
    pub private: Option<&'a [u8; 32]>,
    /// What happened.
    pub event: Event<'a>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A request was granted.
    Opening {
        /// What binds the request.
        core: &'a [u8; 32],
        /// The right that was exercised.
        right: Right,
        /// What the actuator did.
        outcome: Outcome,
    },
    /// A statement was taken in.
    Statement {
        /// Its kind.
        kind: StatementKind,
        /// The hash of its body; of a list that of its status.
        hash: &'a [u8; 32],
    },
    /// The lock has a new device key: it signs the entries behind this one.
    Device(Rotation<'a>),
    /// Requests were denied.
    Denials {
        /// How many since the entry before, or the start.
        count: u32,
    },
}

/// What was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// An epoch.
    Epoch,
    /// A keyset.
    Keyset,
    /// A status with a revocation list.
    List,
    /// A card.
    Card,
}

/// A change of a lock's device key, which both keys have signed (SPEC.md section 24.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation<'a> {
    /// The key that signs up to here.
    pub old: &'a [u8; 32],
    /// The key that signs from here on.
    pub new: &'a [u8; 32],
    /// The old key's signature over the change.
    pub by_old: &'a [u8; 64],
    /// The new key's signature over the change.
    pub by_new: &'a [u8; 64],
}

impl<'a> Rotation<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let (old, new) = (read_key(reader)?, read_key(reader)?);
        Some(Self { old, new, by_old: reader.array()?, by_new: reader.array()? })
    }

    pub(crate) fn write(&self, out: &mut Writer<'_>) {
        out.raw(self.old);
        out.raw(self.new);
        out.raw(self.by_old);
        out.raw(self.by_new);
    }

    /// Whether both keys say so, at this place of this lock's log.
    pub(crate) fn verify(&self, place: &Place) -> Result<(), SignatureFault> {
        let bytes = place.rotation(self.old, self.new);
        let message = [Label::DEVICE.bytes(), &bytes];
        let _by_old = crypto::verify(self.old, &message, self.by_old)?;
        crypto::verify(self.new, &message, self.by_new).map(drop)
    }
}

/// Where in which lock's log an entry stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) scope: Scope,
    pub(crate) lock: LockId,
    pub(crate) sequence: Sequence,
    pub(crate) before: [u8; 32],
}

impl Place {
    fn rotation(&self, old: &[u8; 32], new: &[u8; 32]) -> [u8; 152] {
        let (scope, sequence) = (scope_bytes(&self.scope), self.sequence.to_le_bytes());
        joined(&[&scope, &self.lock.0, &sequence, &self.before, old, new])
    }

    /// What both keys sign.
    pub(crate) fn message(
        &self,
        old: &PublicKey<role::Device>,
        new: &PublicKey<role::Device>,
    ) -> Message {
        Message::new(Label::DEVICE, &[&self.rotation(old.as_bytes(), new.as_bytes())])
    }
}

const OPENING: u8 = 0;
const STATEMENT: u8 = 1;
const DEVICE: u8 = 2;
const DENIALS: u8 = 3;

impl<'a> Public<'a> {
    /// The log that the entry is in.
    pub const fn log(&self) -> Log {
        self.event.log()
    }

    /// What binds the request, of an opening: a recording is verified over it.
    pub const fn core(&self) -> Option<Core> {
        match self.event {
            Event::Opening { core, .. } => Some(Core(*core)),
            _ => None,
        }
    }

    /// Reads a public part that stands alone.
    pub(crate) fn whole(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Reader::whole(bytes, Self::read)
    }

    pub(crate) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let (lock, epoch) = (LockId(*reader.array()?), Epoch(reader.u64()?));
        let (sequence, before) = (Sequence(reader.u64()?), reader.array()?);
        let (oldest, starts) = (Sequence(reader.u64()?), reader.u64()?);
        if oldest > sequence {
            return reader.refuse(DecodeError::OutOfRange(Part::Sequence));
        }
        let time = Interval::read(reader)?;
        let private = reader.optional(Reader::array)?;
        let event = Event::read(reader)?;
        if private.is_some() && !event.has_private() {
            return reader.refuse(DecodeError::OutOfRange(Part::Private));
        }
        Some(Self { lock, epoch, sequence, before, oldest, starts, time, private, event })
    }

    pub(crate) fn encode(&self) -> Result<Encoded<MAX_PUBLIC>, EncodeError> {
        Encoded::written(&|out| {
            out.raw(&self.lock.0);
            out.integer(self.epoch.0);
            out.integer(self.sequence.0);
            out.raw(self.before);
            out.integer(self.oldest.0);
            out.integer(self.starts);
            self.time.write(out);
            out.optional(self.private.map(<[u8; 32]>::as_slice));
            self.event.write(out);
        })
    }
}

impl<'a> Event<'a> {
    /// The log that it belongs to.
    pub const fn log(&self) -> Log {
        match self {
            Self::Denials { .. } => Log::Denials,
            _ => Log::Events,
        }
    }

    /// Whether there is more to tell of it, to some.
    const fn has_private(&self) -> bool {
        matches!(self, Self::Opening { .. } | Self::Denials { .. })
    }

    pub(crate) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        match reader.u8()? {
            OPENING => {
                let (core, right) = (reader.array()?, Right::read(reader)?);
                Some(Self::Opening { core, right, outcome: Outcome::read(reader)? })
            }
            STATEMENT => {
                let kind = StatementKind::read(reader)?;
                Some(Self::Statement { kind, hash: reader.array()? })
            }
            DEVICE => Some(Self::Device(Rotation::read(reader)?)),
            DENIALS => match reader.u32()? {
                0 => reader.refuse(DecodeError::OutOfRange(Part::Count)),
                count => Some(Self::Denials { count }),
            },
            _ => reader.refuse(DecodeError::OutOfRange(Part::Tag)),
        }
    }

    pub(crate) fn write(&self, out: &mut Writer<'_>) {
        match self {
            Self::Opening { core, right, outcome } => {
                out.raw(&[OPENING]);
                out.raw(*core);
                out.raw(&[right.bit(), outcome.byte()]);
            }
            Self::Statement { kind, hash } => {
                out.raw(&[STATEMENT, kind.kind().byte()]);
                out.raw(*hash);
            }
            Self::Device(rotation) => {
                out.raw(&[DEVICE]);
                rotation.write(out);
            }
            Self::Denials { count } => {
                out.raw(&[DENIALS]);
                out.integer((*count).into());
            }
        }
    }
}

impl StatementKind {
    const ALL: [Self; 4] = [Self::Epoch, Self::Keyset, Self::List, Self::Card];

    /// The kind of the object.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Epoch => Kind::Epoch,
            Self::Keyset => Kind::Keyset,
            Self::List => Kind::Status,
            Self::Card => Kind::Card,
        }
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let kind = Self::of_byte(reader.u8()?);
        reader.checked(kind)
    }

    pub(super) fn of_byte(byte: u8) -> Result<Self, DecodeError> {
        let kind = Self::ALL.into_iter().find(|kind| kind.kind().byte() == byte);
        kind.ok_or(DecodeError::OutOfRange(Part::Tag))
    }
}

impl Interval {
    /// Reads lower bound, upper bound and quality.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let lo = Time(reader.u64()?);
        let hi = reader.optional(|reader| Some(Time(reader.u64()?)))?;
        let quality = reader.u8()?;
        let quality = Quality::ALL.into_iter().find(|known| known.byte() == quality);
        let quality = quality.or_else(|| reader.refuse(DecodeError::OutOfRange(Part::Tag)))?;
        if hi.is_some_and(|hi| hi < lo) {
            return reader.refuse(DecodeError::OutOfRange(Part::Time));
        }
        Some(Self::known(lo, hi, quality))
    }

    /// Writes it so that it is read again whatever the host's clock says: of bounds behind the
    /// greatest time the lower one is that, and the upper one is none.
    pub(crate) fn write(&self, out: &mut Writer<'_>) {
        let hi = self.hi().filter(|hi| hi.0 <= MAX_TIME);
        out.integer(self.lo().0.min(MAX_TIME));
        out.optional_integer(hi.map(|hi| hi.0));
        out.raw(&[self.quality().byte()]);
    }
}
