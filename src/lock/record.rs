//! The records of a lock's journal, byte by byte (SPEC.md section 22.3).

use core::num::NonZeroU32;

use crate::{
    caveat::Right,
    clock::Quality,
    id::{ClaimNonce, Counter, DomainId, KeyId, KeyName, LinkId},
    ledger::{Changes, Counted, Heard, Lane, Outcome, Uses},
    limits::{MAX_LINKS, MAX_RECORD, MAX_WITNESSES},
    secret::Tag,
    tables::{Capacity, Count, LaneView, Payer},
    time::{Seconds, Time},
    verify::Accepted,
    wire::{DecodeError, EncodeError, Encoded, Part, Reader},
};

/// The schema that is written. The one before is read, and written anew.
pub(super) const SCHEMA: u8 = 2;

/// A record without its tag.
pub(super) type Body = Encoded<{ MAX_RECORD - size_of::<Tag>() }>;

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

/// Bytes of a count at its largest.
const COUNT_BYTES: usize = 16 + 8 + 8 + 5 + 10 + 10;

pub(super) const COUNTS_IN_A_RECORD: usize = (Body::SIZE - 1) / COUNT_BYTES;

/// Bytes of a lane at its largest, without the words of its window.
const LANE_BYTES: usize = 16 + 8 + 8 + 10 + 10;

/// Bytes of a decision and of its outcome at their largest.
pub(super) const OPENING_BYTES: usize = DECISION_BYTES + 2;
const DECISION_BYTES: usize = 1 + 32 + 1 + 10 + 11 + 1 + 6 + 8 + 16 + 1 + 64 + 1 + 32 + 4 * 26 + 28;

/// What was read.
#[expect(clippy::large_enum_variant, reason = "no heap to put a decision on")]
pub(super) enum Record<'a> {
    Start(Start),
    Epoch(&'a [u8]),
    Keyset(&'a [u8]),
    List(&'a [u8]),
    Card(&'a [u8]),
    Counts(Reader<'a>),
    Lanes(Reader<'a>),
    Boot,
    Decision(Decision),
    Outcome(Outcome),
    Secured,
    Time(Time),
}

/// What a log starts with: whose it is, and all of a lock's state that has a fixed size.
pub(super) struct Start {
    /// The number of this write, over the lock's whole life.
    pub(super) number: u64,
    pub(super) device: [u8; 32],
    pub(super) nonce: ClaimNonce,
    pub(super) domain: DomainId,
    pub(super) floor: Time,
    /// The number of the next decision.
    pub(super) next: u64,
    pub(super) boots: u64,
    /// The words of a lane's window.
    pub(super) words: u16,
    /// The right of the decision whose outcome isn't known yet.
    pub(super) open: Option<Right>,
    /// Whether the door must be secured.
    pub(super) relock: bool,
}

/// What of a decision changes the state.
pub(super) struct Decision {
    pub(super) right: Right,
    pub(super) relock: bool,
    pub(super) changes: Changes,
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

    pub(super) fn read(body: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(body);
        let record = match reader.u8()? {
            START => Self::Start(Start::read(&mut reader)?),
            EPOCH => Self::Epoch(reader.rest()),
            KEYSET => Self::Keyset(reader.rest()),
            LIST => Self::List(reader.rest()),
            CARD => Self::Card(reader.rest()),
            COUNTS => return Ok(Self::Counts(reader)),
            LANES => return Ok(Self::Lanes(reader)),
            BOOT => Self::Boot,
            DECISION => Self::Decision(Decision::read(&mut reader)?),
            OUTCOME => {
                let outcome = Outcome::of_byte(reader.u8()?);
                Self::Outcome(outcome.ok_or(DecodeError::OutOfRange(Part::Tag))?)
            }
            SECURED => Self::Secured,
            TIME => Self::Time(Time::read(&mut reader)?),
            other => return Err(DecodeError::WrongKind(other)),
        };
        reader.finish()?;
        Ok(record)
    }
}

fn body(kind: u8) -> Result<Body, EncodeError> {
    let mut out = Encoded::empty();
    out.raw(&[kind])?;
    Ok(out)
}

pub(super) fn boot() -> Result<Body, EncodeError> {
    body(BOOT)
}

pub(super) fn secured() -> Result<Body, EncodeError> {
    body(SECURED)
}

pub(super) fn outcome(outcome: Outcome) -> Result<Body, EncodeError> {
    let mut out = body(OUTCOME)?;
    out.raw(&[outcome.byte()])?;
    Ok(out)
}

pub(super) fn time(at: Time) -> Result<Body, EncodeError> {
    let mut out = body(TIME)?;
    out.integer(at.0)?;
    Ok(out)
}

pub(super) fn epoch(bytes: &[u8]) -> Result<Body, EncodeError> {
    statement(EPOCH, bytes)
}

pub(super) fn keyset(bytes: &[u8]) -> Result<Body, EncodeError> {
    statement(KEYSET, bytes)
}

pub(super) fn list(bytes: &[u8]) -> Result<Body, EncodeError> {
    statement(LIST, bytes)
}

pub(super) fn card(bytes: &[u8]) -> Result<Body, EncodeError> {
    statement(CARD, bytes)
}

fn statement(kind: u8, bytes: &[u8]) -> Result<Body, EncodeError> {
    let mut out = body(kind)?;
    out.raw(bytes)?;
    Ok(out)
}

impl Start {
    /// Bytes of a start at its largest.
    const BYTES: usize = 2 + 32 + 16 + 32 + 4 * 10 + 3 + 2 + 1;

    pub(super) fn write(&self) -> Result<Body, EncodeError> {
        let mut out = body(START)?;
        out.raw(&[SCHEMA])?;
        out.raw(&self.device)?;
        out.raw(&self.nonce.0)?;
        out.raw(&self.domain.0)?;
        for number in [self.number, self.floor.0, self.next, self.boots, self.words.into()] {
            out.integer(number)?;
        }
        put_option(&mut out, self.open.map(|right| u64::from(right.bit())))?;
        out.raw(&[self.relock.into()])?;
        Ok(out)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let schema = reader.u8()?;
        let (device, nonce, domain) = (*reader.array()?, *reader.array()?, *reader.array()?);
        let (number, floor) = (reader.u64()?, Time::read(reader)?);
        let (next, boots, words) = (reader.u64()?, reader.u64()?, reader.u16()?);
        let open = if reader.flag()? { Some(Right::read(reader)?) } else { None };
        if open.is_some() && next == 0 {
            return Err(DecodeError::OutOfRange(Part::Tag));
        }
        // Schema 1 didn't say whether the door must be secured: then it must.
        let relock = if schema == 1 { true } else { reader.flag()? };
        let (nonce, domain) = (ClaimNonce(nonce), DomainId(domain));
        Ok(Self { number, device, nonce, domain, floor, next, boots, words, open, relock })
    }
}

impl Decision {
    /// Reads what changes the state, and passes over what is for the receipt alone.
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let _core: &[u8; 32] = reader.array()?;
        let right = Right::read(reader)?;
        let _lo = reader.u64()?;
        let _hi = option(reader)?;
        if reader.u8()? > 2 {
            return Err(DecodeError::OutOfRange(Part::Tag));
        }
        let relock = if reader.flag()? { Some(Seconds(reader.u32()?)) } else { None }.is_some();
        let (issuer, holder) = (KeyId(*reader.array()?), KeyName(*reader.array()?));
        let links = reader.some(Part::Links, MAX_LINKS)?;
        let links: &[[u8; 16]] = reader.take(links.saturating_mul(16))?.as_chunks().0;
        let evidence = reader.count(Part::Witnesses, MAX_WITNESSES)?;
        let _evidence = reader.take(evidence.saturating_mul(16))?;
        let root = LinkId(links.first().copied().unwrap_or_default());
        let mut counted = [None; MAX_LINKS];
        for (link, slot) in links.iter().zip(&mut counted) {
            if reader.flag()? {
                let spent = reader.u32()?;
                let (first, keep_until) = (Some(Time(reader.u64()?)), Time(reader.u64()?));
                let (before, after) = (Uses::default(), Uses { spent, first });
                let link = LinkId(*link);
                *slot = Some(Counted { link, root, issuer, before, after, keep_until });
            }
        }
        let lane = if reader.flag()? {
            let spent = (Counter(reader.u64()?), Time::read(reader)?);
            Some(Lane { holder, root, issuer, counter: spent.0, time: spent.1 })
        } else {
            None
        };
        let heard = if reader.flag()? { Some(Time::read(reader)?) } else { None };
        let heard = heard.map(|at| Heard { at, issued: None });
        Ok(Self { right, relock, changes: Changes { counted, lane, heard } })
    }

    pub(super) fn write(accepted: &Accepted) -> Result<Body, EncodeError> {
        let (changes, time) = (accepted.changes(), accepted.time());
        let mut out = body(DECISION)?;
        out.raw(&accepted.core().0)?;
        out.raw(&[accepted.right().bit()])?;
        out.integer(time.lo().0)?;
        put_option(&mut out, time.hi().map(|hi| hi.0))?;
        out.raw(&[quality(time.quality())])?;
        put_option(&mut out, accepted.relock_within().map(|Seconds(within)| within.into()))?;
        out.raw(&accepted.issuer().0)?;
        out.raw(&accepted.holder().0)?;
        put_ids(&mut out, || accepted.links().map(|link| link.0))?;
        put_ids(&mut out, || accepted.evidence().map(|evidence| evidence.0))?;
        for (_link, counted) in accepted.links().zip(&changes.counted) {
            out.raw(&[counted.is_some().into()])?;
            if let Some(Counted { after, keep_until, .. }) = counted {
                out.integer(after.spent.into())?;
                out.integer(after.first.unwrap_or(Time(0)).0)?;
                out.integer(keep_until.0)?;
            }
        }
        out.raw(&[changes.lane.is_some().into()])?;
        if let Some(Lane { counter, time, .. }) = changes.lane() {
            out.integer(counter.0)?;
            out.integer(time.0)?;
        }
        put_option(&mut out, changes.heard().map(|heard| heard.at.0))?;
        Ok(out)
    }
}

/// As many counts as fit in one record.
pub(super) fn counts<'c>(
    counts: impl Iterator<Item = &'c Count>,
) -> Result<Option<Body>, EncodeError> {
    let mut out = body(COUNTS)?;
    for count in counts.take(COUNTS_IN_A_RECORD) {
        out.raw(&count.link.0)?;
        put_payer(&mut out, &count.payer)?;
        out.integer(u32::from(count.spent).into())?;
        out.integer(count.first.0)?;
        out.integer(count.keep_until.0)?;
    }
    Ok(Some(out).filter(|out| out.as_bytes().len() > 1))
}

/// Reads one count, or the end of a record of them.
pub(super) fn read_count(reader: &mut Reader<'_>) -> Result<Option<Count>, DecodeError> {
    if reader.is_empty() {
        return Ok(None);
    }
    let (link, payer) = (LinkId(*reader.array()?), read_payer(reader)?);
    let spent = NonZeroU32::new(reader.u32()?).ok_or(DecodeError::OutOfRange(Part::Uses))?;
    let (first, keep_until) = (Time(reader.u64()?), Time(reader.u64()?));
    Ok(Some(Count { link, payer, spent, first, keep_until }))
}

/// As many lanes as fit in one record.
pub(super) fn lanes<T: Capacity>(
    lanes: impl Iterator<Item = LaneView<impl Iterator<Item = u64>>>,
) -> Result<Option<Body>, EncodeError> {
    let mut out = body(LANES)?;
    for lane in lanes.take(lanes_in_a_record::<T>()) {
        out.raw(&lane.holder.0)?;
        put_payer(&mut out, &lane.payer)?;
        out.integer(lane.latest.0)?;
        out.integer(lane.highest.0)?;
        for word in lane.seen {
            out.raw(&word.to_le_bytes())?;
        }
    }
    Ok(Some(out).filter(|out| out.as_bytes().len() > 1))
}

/// Reads one lane, or the end of a record of them; hands it on with the words of its window.
pub(super) fn read_lane<'a>(
    reader: &mut Reader<'a>,
    words: usize,
) -> Result<Option<LaneView<impl Iterator<Item = u64> + use<'a>>>, DecodeError> {
    if reader.is_empty() {
        return Ok(None);
    }
    let (holder, payer) = (KeyName(*reader.array()?), read_payer(reader)?);
    let (latest, highest) = (Time::read(reader)?, Counter(reader.u64()?));
    let (words, _) = reader.take(words.saturating_mul(8))?.as_chunks();
    let seen = words.iter().map(|word| u64::from_le_bytes(*word));
    let is_window = highest.0 != u64::MAX && seen.clone().next().is_none_or(|word| word & 1 == 1);
    if !is_window {
        return Err(DecodeError::OutOfRange(Part::Tag));
    }
    Ok(Some(LaneView { holder, payer, latest, highest, seen }))
}

const fn lane_bytes<T: Capacity>() -> usize {
    LANE_BYTES.saturating_add(T::BLOCKS.saturating_mul(8))
}

pub(super) const fn lanes_in_a_record<T: Capacity>() -> usize {
    (Body::SIZE - 1).div_euclid(lane_bytes::<T>())
}

/// What the tables and the start of a snapshot take at most, as (bytes, records).
pub(super) const fn snapshot_size<T: Capacity>() -> (usize, usize) {
    let counts = T::COUNTS.saturating_mul(COUNT_BYTES);
    let lanes = T::LANES.saturating_mul(lane_bytes::<T>());
    let count_records = T::COUNTS.div_ceil(COUNTS_IN_A_RECORD);
    let lane_records = if T::LANES == 0 { 0 } else { T::LANES.div_ceil(lanes_in_a_record::<T>()) };
    let records = 1_usize.saturating_add(count_records).saturating_add(lane_records);
    let bytes = Start::BYTES.saturating_add(counts).saturating_add(lanes).saturating_add(records);
    (bytes, records)
}

fn put_payer(out: &mut Body, payer: &Payer) -> Result<(), EncodeError> {
    out.raw(&payer.root)?;
    out.raw(&payer.issuer.0)
}

fn read_payer(reader: &mut Reader<'_>) -> Result<Payer, DecodeError> {
    Ok(Payer { root: *reader.array()?, issuer: KeyId(*reader.array()?) })
}

fn put_option(out: &mut Body, value: Option<u64>) -> Result<(), EncodeError> {
    out.raw(&[value.is_some().into()])?;
    value.map_or(Ok(()), |value| out.integer(value))
}

fn option(reader: &mut Reader<'_>) -> Result<Option<u64>, DecodeError> {
    Ok(if reader.flag()? { Some(reader.u64()?) } else { None })
}

fn put_ids<I: Iterator<Item = [u8; 16]>>(
    out: &mut Body,
    ids: impl Fn() -> I,
) -> Result<(), EncodeError> {
    out.integer(u64::try_from(ids().count()).unwrap_or(u64::MAX))?;
    for id in ids() {
        out.raw(&id)?;
    }
    Ok(())
}

const fn quality(quality: Quality) -> u8 {
    match quality {
        Quality::Lower => 0,
        Quality::Attested => 1,
        Quality::Clock => 2,
    }
}
