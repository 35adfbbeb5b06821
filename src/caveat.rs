//! Caveats: the conditions of a link, all of which must hold (SPEC.md section 7).
//!
//! On the wire: a presence bitmap, then the bodies in the order of its bits. Order and uniqueness
//! need no check, and an unknown bit denies, for nobody can step over a body of unknown shape.

use crate::{
    id::{GroupId, LockId},
    key,
    limits::{MAX_APP_DATA, MAX_TARGETS, MAX_WITNESS_KEYS, MAX_WITNESSES},
    preimage::joined,
    schedule::Schedule,
    time::{Seconds, Time},
    trust::Trust,
    wire::{DecodeError, Part, Reader},
};

/// The kinds of caveats by their bit in the presence bitmap; the most usual have bits 0 to 6, so
/// that the bitmap of a usual link takes one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CaveatKind {
    /// Which rights the link passes on.
    Rights = 0,
    /// At which locks.
    Target = 1,
    /// From when, for how long.
    Valid = 2,
    /// How often at one lock.
    Uses = 3,
    /// Who must agree to each request.
    Witness = 4,
    /// How long the door may stay open.
    MaxOpen = 5,
    /// How old the news of the domain may be.
    Fresh = 6,
    /// In which hours of the week.
    Schedule = 7,
    /// How long after the first use.
    FirstUse = 8,
    /// Over which channels.
    Channel = 9,
    /// What the embedder's own checker demands.
    App = 10,
}

impl CaveatKind {
    /// All kinds, by their bits.
    pub const ALL: [Self; 11] = [
        Self::Rights,
        Self::Target,
        Self::Valid,
        Self::Uses,
        Self::Witness,
        Self::MaxOpen,
        Self::Fresh,
        Self::Schedule,
        Self::FirstUse,
        Self::Channel,
        Self::App,
    ];

    /// The kinds that link 0 must carry.
    pub const ROOT: [Self; 3] = [Self::Rights, Self::Target, Self::Valid];

    /// The bit's number.
    pub const fn bit(self) -> u8 {
        #[expect(clippy::as_conversions, reason = "a field-less enum's discriminant below 16")]
        {
            self as u8
        }
    }

    pub(crate) fn mask(self) -> u16 {
        1_u16.checked_shl(self.bit().into()).unwrap_or(0)
    }
}

/// One caveat of a link, as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Caveat<'a> {
    /// Holds when the requested right is among these.
    Rights(Rights),
    /// Holds at these locks.
    Target(Targets<'a>),
    /// Holds in this span of time.
    Valid(Valid),
    /// Holds for this many uses of the link at one lock, at least 1.
    Uses(u32),
    /// Holds when enough of these witnesses agree to the request.
    Witness(Witnesses<'a>),
    /// Always holds, and obliges the lock to relock after this long.
    MaxOpen(Seconds),
    /// Holds when a status at most this old comes with the request.
    Fresh(Seconds),
    /// Holds in these hours of the lock's local time.
    Schedule(Schedule<'a>),
    /// Holds from the first use for this long.
    FirstUse(FirstUse),
    /// Holds over these channels.
    Channel(Channels),
    /// Holds when the embedder's checker says so.
    App(App<'a>),
}

/// One thing that a lock can be asked to do: a bit from 0 to 31.
///
/// Bits 0 to 15 are standard verbs (SPEC.md section 7.1), 16 to 31 the embedder's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right(u8);

impl Right {
    /// Open the door once.
    pub const UNLOCK: Self = Self(0);
    /// Lock the door from afar.
    pub const LOCK: Self = Self(1);
    /// Keep the door open until it is secured.
    pub const HOLD_OPEN: Self = Self(2);
    /// Learn whether the door is open and locked.
    pub const STATUS: Self = Self(3);
    /// Take and acknowledge receipts.
    pub const READ_LOG: Self = Self(4);
    /// Give the lock up, for the next owner to claim.
    pub const RELEASE: Self = Self(5);

    /// A right by its bit, 0 to 31.
    pub const fn new(bit: u8) -> Option<Self> {
        if bit < 32 { Some(Self(bit)) } else { None }
    }

    /// The bit's number.
    pub const fn bit(self) -> u8 {
        self.0
    }

    /// The right's name, where it has a standard one.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::UNLOCK => Some("unlock"),
            Self::LOCK => Some("lock"),
            Self::HOLD_OPEN => Some("hold open"),
            Self::STATUS => Some("status"),
            Self::READ_LOG => Some("read log"),
            Self::RELEASE => Some("release"),
            _ => None,
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Self::new(reader.u8()?).or_else(|| reader.refuse(DecodeError::OutOfRange(Part::Right)))
    }
}

/// A set of rights, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights(pub u32);

impl Rights {
    /// The set of one right.
    pub const fn of(right: Right) -> Self {
        #[expect(clippy::as_conversions, reason = "widening, in a const fn")]
        match 1_u32.checked_shl(right.0 as u32) {
            Some(bit) => Self(bit),
            None => Self(0),
        }
    }

    /// This set and one more right.
    #[must_use]
    pub const fn and(self, right: Right) -> Self {
        Self(self.0 | Self::of(right).0)
    }

    /// Whether a right is in the set.
    pub const fn has(self, right: Right) -> bool {
        self.0 & Self::of(right).0 != 0
    }
}

/// One entry of a `Target` caveat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// One lock.
    Lock(LockId),
    /// Every lock whose card names this group.
    Group(GroupId),
}

impl Target {
    pub(crate) fn bytes(&self) -> [u8; 9] {
        match self {
            Self::Lock(id) => joined(&[&[0], &id.0]),
            Self::Group(id) => joined(&[&[1], &id.0]),
        }
    }
}

/// The entries of a `Target` caveat, as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Targets<'a>(&'a [[u8; 9]]);

impl<'a> Targets<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let count = reader.some(Part::Targets, MAX_TARGETS)?;
        let entries = reader.ascending::<9>(Part::Targets, count)?;
        match entries.iter().find(|[tag, ..]| *tag > 1) {
            Some(_) => reader.refuse(DecodeError::OutOfRange(Part::Tag)),
            None => Some(Self(entries)),
        }
    }

    /// The entries in their order.
    pub fn iter(&self) -> impl Iterator<Item = Target> + 'a {
        self.0.iter().map(|[tag, id @ ..]| match tag {
            0 => Target::Lock(LockId(*id)),
            _ => Target::Group(GroupId(*id)),
        })
    }

    pub(crate) fn names(&self, trust: &Trust<'_>) -> bool {
        self.iter().any(|target| match target {
            Target::Lock(id) => id == trust.lock,
            Target::Group(id) => trust.is_in(&id),
        })
    }
}

/// A span of time, `[from, from + lasts)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Valid {
    /// The first instant.
    pub from: Time,
    /// The duration, at least a second.
    pub lasts: Seconds,
}

impl Valid {
    /// The first instant after the span.
    pub fn until(&self) -> Time {
        self.from.after(self.lasts.0.into())
    }
}

/// How many of which keys must agree to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Witnesses<'a> {
    of: u8,
    keys: &'a [[u8; 32]],
}

impl<'a> Witnesses<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let of = reader.u8()?;
        let count = reader.some(Part::WitnessKeys, MAX_WITNESS_KEYS)?;
        if of == 0 || usize::from(of) > count.min(MAX_WITNESSES) {
            return reader.refuse(DecodeError::OutOfRange(Part::WitnessCount));
        }
        let keys = reader.ascending(Part::WitnessKeys, count)?;
        reader.checked(keys.iter().try_for_each(key::check_key))?;
        Some(Self { of, keys })
    }

    /// How many must agree.
    pub const fn of(&self) -> u8 {
        self.of
    }

    /// The keys that may agree, in ascending order.
    pub const fn keys(&self) -> &'a [[u8; 32]] {
        self.keys
    }
}

/// A use period that starts with the first use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstUse {
    /// The first use must come before this instant.
    pub by: Time,
    /// Uses are admitted this long after the first, at least a second.
    pub lasts: Seconds,
}

/// How a request reaches the lock, as its host asserts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Channel {
    /// Over a network, or by a message that may have come from anywhere.
    Remote = 0,
    /// Over a radio of some metres' reach.
    Radio = 1,
    /// By touch: NFC, a reader, a cable.
    Contact = 2,
    /// Over a radio that measured the distance.
    Ranged = 3,
}

impl Channel {
    /// The channel's number.
    pub const fn byte(self) -> u8 {
        #[expect(clippy::as_conversions, reason = "a field-less enum's discriminant below 256")]
        {
            self as u8
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        match reader.u8()? {
            0 => Some(Self::Remote),
            1 => Some(Self::Radio),
            2 => Some(Self::Contact),
            3 => Some(Self::Ranged),
            _ => reader.refuse(DecodeError::OutOfRange(Part::Channel)),
        }
    }
}

/// A set of channels, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channels(pub u8);

impl Channels {
    const ALL: u8 = 0b1111;

    /// The set of one channel.
    pub const fn of(channel: Channel) -> Self {
        #[expect(clippy::as_conversions, reason = "widening, in a const fn")]
        match 1_u8.checked_shl(channel.byte() as u32) {
            Some(bit) => Self(bit),
            None => Self(0),
        }
    }

    /// This set and one more channel.
    #[must_use]
    pub const fn and(self, channel: Channel) -> Self {
        Self(self.0 | Self::of(channel).0)
    }

    /// Whether a channel is in the set.
    pub const fn has(self, channel: Channel) -> bool {
        self.0 & Self::of(channel).0 != 0
    }
}

/// A condition of the embedder's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct App<'a> {
    /// Which of the embedder's conditions.
    pub tag: u32,
    /// Its data, at most 32 bytes.
    pub data: &'a [u8],
}

/// The caveats of one link: checked once, kept as bytes, read again on demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaveatSet<'a> {
    present: u16,
    bodies: &'a [u8],
}

impl<'a> CaveatSet<'a> {
    /// Reads a bitmap and the bodies behind it.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let present = reader.u16()?;
        let known = CaveatKind::ALL.iter().fold(0, |mask, kind| mask | kind.mask());
        if present & !known != 0 {
            let bit = (present & !known).trailing_zeros();
            return reader.refuse(DecodeError::UnknownCaveat(u8::try_from(bit).unwrap_or(u8::MAX)));
        }
        let ((), bodies) = reader.span(|reader| {
            let mut kinds = CaveatKind::ALL.iter().filter(|kind| present & kind.mask() != 0);
            kinds.try_for_each(|kind| read_body(*kind, reader).map(drop))
        })?;
        Some(Self { present, bodies })
    }

    /// Reads a set that stands alone, as an issuer's limits in a keyset.
    ///
    /// # Errors
    /// Any [`DecodeError`] of a link's caveats, [`DecodeError::TrailingBytes`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Reader::whole(bytes, Self::read)
    }

    /// Whether a caveat of this kind is present.
    pub fn has(&self, kind: CaveatKind) -> bool {
        self.present & kind.mask() != 0
    }

    /// The caveats in the order of their bits. An `Err`, which reading has ruled out, denies.
    pub fn caveats(&self) -> impl Iterator<Item = Result<Caveat<'a>, DecodeError>> + 'a {
        let (present, mut reader) = (self.present, Reader::new(self.bodies));
        CaveatKind::ALL.into_iter().filter(move |kind| present & kind.mask() != 0).map(
            move |kind| {
                let caveat = read_body(kind, &mut reader);
                caveat.ok_or(reader.fault())
            },
        )
    }

    /// The end of the link's own validity, where it has one.
    pub(crate) fn until(&self) -> Option<Time> {
        self.caveats().find_map(|caveat| match caveat {
            Ok(Caveat::Valid(valid)) => Some(valid.until()),
            _ => None,
        })
    }
}

fn read_body<'a>(kind: CaveatKind, reader: &mut Reader<'a>) -> Option<Caveat<'a>> {
    Some(match kind {
        CaveatKind::Rights => match reader.u32()? {
            0 => return reader.refuse(DecodeError::Empty(Part::Rights)),
            bits => Caveat::Rights(Rights(bits)),
        },
        CaveatKind::Target => Caveat::Target(Targets::read(reader)?),
        CaveatKind::Valid => {
            Caveat::Valid(Valid { from: Time::read(reader)?, lasts: Seconds::read(reader)? })
        }
        CaveatKind::Uses => match reader.u32()? {
            0 => return reader.refuse(DecodeError::OutOfRange(Part::Uses)),
            uses => Caveat::Uses(uses),
        },
        CaveatKind::Witness => Caveat::Witness(Witnesses::read(reader)?),
        CaveatKind::MaxOpen => Caveat::MaxOpen(Seconds::read(reader)?),
        CaveatKind::Fresh => Caveat::Fresh(Seconds::read(reader)?),
        CaveatKind::Schedule => Caveat::Schedule(Schedule::read(reader)?),
        CaveatKind::FirstUse => {
            Caveat::FirstUse(FirstUse { by: Time::read(reader)?, lasts: Seconds::read(reader)? })
        }
        CaveatKind::Channel => match reader.u8()? {
            0 => return reader.refuse(DecodeError::Empty(Part::Channels)),
            mask if mask & !Channels::ALL != 0 => {
                return reader.refuse(DecodeError::OutOfRange(Part::Channels));
            }
            mask => Caveat::Channel(Channels(mask)),
        },
        CaveatKind::App => {
            let tag = reader.u32()?;
            let length = reader.count(Part::AppData, MAX_APP_DATA)?;
            Caveat::App(App { tag, data: reader.take(length)? })
        }
    })
}
