//! A lock's state as a fold over its journal (SPEC.md section 22.4).

use super::{
    life::Life,
    record::{self, Decision, Form, Record, Room, Start},
};
use crate::{
    card::Card,
    caveat::Right,
    domain::{Change, Taken},
    epoch::Epoch,
    id::{self, DomainId, LockId},
    ledger::{Changes, CommitError, Outcome},
    lock::Identity,
    receipt::{self, StatementKind},
    status::Status,
    store::StoreError,
    tables::Capacity,
    time::{Interval, Now, Seconds, Time, Uptime},
    wire::{DecodeError, EncodeError},
};

/// All that a lock knows, beside what it is.
#[derive(Debug)]
pub(super) struct State<T> {
    pub(super) life: Option<Life>,
    pub(super) tables: T,
    pub(super) relock: Option<Relock>,
}

/// The door must be secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Relock {
    /// From when on it is counted; without, it is due.
    pub(super) since: Option<Uptime>,
    pub(super) within: Seconds,
}

impl Relock {
    /// What a start finds: nobody knows how long the door was open.
    pub(super) const DUE: Self = Self { since: None, within: Seconds(0) };

    /// How much time is left at least, in seconds.
    pub(super) fn left(&self, now: &Now) -> Seconds {
        let passed = self.since.and_then(|since| now.most_since(since));
        let left = passed.map_or(0, |passed| u64::from(self.within.0).saturating_sub(passed));
        Seconds(u32::try_from(left).unwrap_or(u32::MAX))
    }
}

impl<T: Capacity> State<T> {
    /// Forgets all but whether the door must be secured.
    // In place, here and of all that is large: a value that is made and moved lies on the stack too.
    pub(super) fn forget(&mut self, relock: Option<Relock>) {
        self.life = None;
        self.tables = T::EMPTY;
        self.relock = relock;
    }

    /// Forgets what rests on the ticks of before: bounds of the present, and how long the door may
    /// still stay open.
    pub(super) fn restart(&mut self) {
        if let Some(life) = &mut self.life {
            life.clock.restart();
        }
        self.relock = self.relock.map(|_| Relock::DUE);
    }

    /// The durable floor, once a decision's status has raised it.
    pub(super) fn floor_with(&self, heard: Option<Time>) -> Time {
        let floor = self.life.as_ref().map_or(Time(0), |life| life.clock.floor());
        heard.map_or(floor, |at| floor.max(at))
    }

    fn decided(&mut self, changes: &Changes, now: &Now) -> Result<(), CommitError> {
        let floor = self.floor_with(changes.heard().map(|heard| heard.at));
        self.tables.apply(changes, floor)?;
        if let (Some(life), Some(heard)) = (&mut self.life, changes.heard()) {
            life.clock.heard(heard.at, now);
        }
        Ok(())
    }

    /// Takes on that the door must be secured: by the earliest of all that are open.
    fn oblige(&mut self, within: Seconds, now: &Now) {
        let held = self.relock.map_or(within, |relock| relock.left(now));
        self.relock = Some(Relock { since: Some(now.uptime), within: within.min(held) });
    }

    /// The open decision ends: a door that was locked is secured.
    fn closed(&mut self, outcome: Outcome, right: Option<Right>) {
        let locks = [Right::LOCK, Right::RELEASE];
        if outcome == Outcome::Done && right.is_some_and(|right| locks.contains(&right)) {
            self.relock = None;
        }
    }

    /// Applies one record, of a log of this form, and where a decision of this right is open: one
    /// that was read, or written just now.
    pub(super) fn apply(
        &mut self,
        record: &Record<'_>,
        form: Form,
        open: Option<Right>,
        now: &Now,
    ) -> Result<(), Damaged> {
        if let Record::Start(start) = record {
            self.life = Some(Life::blank(start.domain, start.floor));
            self.relock = Some(Relock::DUE).filter(|_| start.relock);
            return Ok(());
        }
        let life = self.life.as_mut().ok_or(Damaged::Wrong)?;
        // A release is closed as not done, or by erasing.
        let releases = open == Some(Right::RELEASE);
        match record {
            Record::Start(_) => return Err(Damaged::Wrong),
            Record::Boot | Record::Outcome(Outcome::Done) if releases => {
                return Err(Damaged::Wrong);
            }
            Record::Epoch(epoch) => life.domain.hold_epoch(Epoch::decode(epoch)?.bytes),
            Record::Keyset(keyset) => life.apply(&Change::Keyset(keyset), now)?,
            Record::List(list) => life.apply(&Change::List(listed(list, form)?), now)?,
            Record::Card(card) => life.apply(&Change::Card(Card::decode(card)?.bytes), now)?,
            Record::Change { object, .. } => {
                let change = match receipt::stated(object)?.0 {
                    StatementKind::Keyset => Change::Keyset(object),
                    StatementKind::Card => Change::Card(object),
                    StatementKind::List => Change::List(listed(object, form)?),
                    StatementKind::Epoch => return Err(Damaged::Wrong),
                };
                life.apply(&change, now)?;
            }
            Record::Time(at) => life.apply(&Change::Time { at: *at, issued: None }, now)?,
            Record::Counts(counts) => {
                for count in record::read_counts(counts, form)? {
                    self.tables.restore_count(count, life.clock.floor())?;
                }
            }
            Record::Lanes(lanes) => {
                for lane in record::read_lanes(lanes, form)? {
                    self.tables.restore_lane(lane, life.clock.floor())?;
                }
            }
            Record::Decision(Decision { relock, changes, .. }) => {
                self.decided(changes, now)?;
                if let Some(within) = relock {
                    self.oblige(*within, now);
                }
            }
            Record::Outcome(outcome) => self.closed(*outcome, open),
            Record::Secured => self.relock = None,
            Record::Boot
            | Record::Beginning(..)
            | Record::Kept(_)
            | Record::Ends(_)
            | Record::Open(_)
            | Record::Denied { .. }
            | Record::Acknowledged(_)
            | Record::Device { .. } => {}
        }
        Ok(())
    }
}

impl<T> State<T> {
    /// The state as a new log has it; `None` while nobody has claimed the lock.
    pub(super) fn snapshot<'s>(&'s self, identity: &'s Identity) -> Option<Snapshot<'s, T>> {
        Some(Snapshot {
            identity,
            statements: self.life.as_ref()?.statements(),
            tables: Some(&self.tables),
            relock: self.relock.is_some(),
            stated: None,
        })
    }
}

/// A status with its list, which the schema before had in another form.
fn listed(list: &[u8], form: Form) -> Result<&[u8], Damaged> {
    let has_entries = Status::decode(list)?.list.is_some();
    if has_entries && !form.is_wide { Ok(list) } else { Err(Damaged::Wrong) }
}

/// The log isn't one that this lock, as it is, can have written.
pub(super) enum Damaged {
    /// No lock can.
    Wrong,
    /// One with larger tables can.
    TooLarge,
}

impl From<DecodeError> for Damaged {
    fn from(_error: DecodeError) -> Self {
        Self::Wrong
    }
}

impl From<EncodeError> for Damaged {
    fn from(_error: EncodeError) -> Self {
        Self::Wrong
    }
}

impl From<CommitError> for Damaged {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Full => Self::TooLarge,
            CommitError::Changed => Self::Wrong,
        }
    }
}

/// What a new log is to hold.
pub(super) struct Snapshot<'s, T> {
    pub(super) identity: &'s Identity,
    pub(super) statements: Statements<'s>,
    /// Without, all that was counted is dropped.
    pub(super) tables: Option<&'s T>,
    pub(super) relock: bool,
    /// When the statements were taken in, where that is what the log is written for: a claim, or an
    /// epoch and its keyset.
    pub(super) stated: Option<(Interval, Taken)>,
}

/// The statements that a lock holds, and its durable floor.
#[derive(Clone, Copy)]
pub(super) struct Statements<'s> {
    pub(super) domain: DomainId,
    pub(super) epoch: &'s [u8],
    pub(super) keyset: &'s [u8],
    pub(super) list: Option<&'s [u8]>,
    pub(super) card: &'s [u8],
    pub(super) floor: Time,
}

/// The statements for which a log is written.
pub(super) struct Stated<'s> {
    pub(super) time: Interval,
    pub(super) objects: [Option<&'s [u8]>; 4],
}

/// A record of a new log; of counts and lanes, those behind so many.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Start,
    Epoch,
    Keyset,
    List,
    Card,
    Counts(usize),
    Lanes(usize),
}

impl Part {
    pub(super) const FIRST: Self = Self::Start;
}

impl<T> Snapshot<'_, T> {
    /// The statements that make entries of their own.
    pub(super) fn stated(&self) -> Stated<'_> {
        let Some((time, taken)) = self.stated else {
            return Stated { time: Interval::UNKNOWN, objects: [None; 4] };
        };
        let Statements { epoch, keyset, list, card, .. } = self.statements;
        let (list, card) = match taken {
            Taken::Claim => (list, Some(card)),
            _ => (None, None),
        };
        Stated { time, objects: [Some(epoch), Some(keyset), list, card] }
    }

    /// Whose entries they are: lock, epoch and device key.
    pub(super) fn place(&self) -> Result<(LockId, id::Epoch, [u8; 32]), StoreError> {
        let Statements { epoch, card, .. } = self.statements;
        let (Ok(card), Ok(epoch)) = (Card::decode(card), Epoch::decode(epoch)) else {
            return Err(StoreError::Failed);
        };
        Ok((card.lock, epoch.number, *self.identity.device.as_bytes()))
    }
}

impl<T: Capacity> Snapshot<'_, T> {
    /// Makes the body of a part, if there is one.
    #[inline(never)]
    pub(super) fn body(
        &self,
        part: Part,
        number: u64,
        out: &mut Room,
    ) -> Result<bool, EncodeError> {
        let Self { identity, .. } = self;
        let Statements { domain, epoch, keyset, list, card, floor } = self.statements;
        match part {
            Part::Start => {
                let (device, nonce) = (*identity.device.as_bytes(), identity.nonce);
                let words = u16::try_from(T::BLOCKS).unwrap_or(u16::MAX);
                let relock = self.relock;
                Start { number, device, nonce, domain, floor, words, relock }.write(out)?;
            }
            Part::Epoch => record::epoch(out, epoch)?,
            Part::Keyset => record::keyset(out, keyset)?,
            Part::List => record::list(out, list.unwrap_or_default())?,
            Part::Card => record::card(out, card)?,
            Part::Counts(from) => match self.tables {
                Some(tables) => return record::counts(out, tables.counts(floor).skip(from)),
                None => return Ok(false),
            },
            Part::Lanes(from) => match self.tables {
                Some(tables) => return record::lanes::<T>(out, tables.lanes(floor).skip(from)),
                None => return Ok(false),
            },
        }
        Ok(true)
    }

    /// The part behind one, if there is one.
    pub(super) fn part_behind(&self, part: Part) -> Option<Part> {
        let floor = self.statements.floor;
        let lanes = || {
            let has_lanes = self.tables.is_some_and(|tables| tables.lanes(floor).next().is_some());
            has_lanes.then_some(Part::Lanes(0))
        };
        match part {
            Part::Start => Some(Part::Epoch),
            Part::Epoch => Some(Part::Keyset),
            Part::Keyset if self.statements.list.is_some() => Some(Part::List),
            Part::Keyset | Part::List => Some(Part::Card),
            Part::Card => {
                let has_counts =
                    self.tables.is_some_and(|tables| tables.counts(floor).next().is_some());
                if has_counts { Some(Part::Counts(0)) } else { lanes() }
            }
            Part::Counts(from) => {
                let next = from.saturating_add(record::COUNTS_IN_A_RECORD);
                let more = |tables: &T| tables.counts(floor).nth(next).is_some();
                if self.tables.is_some_and(more) { Some(Part::Counts(next)) } else { lanes() }
            }
            Part::Lanes(from) => {
                let next = from.saturating_add(record::lanes_in_a_record::<T>());
                let more = |tables: &T| tables.lanes(floor).nth(next).is_some();
                self.tables.is_some_and(more).then_some(Part::Lanes(next))
            }
        }
    }
}
