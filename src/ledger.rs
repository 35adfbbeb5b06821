//! What a lock remembers, and what an accepted request changes in it (SPEC.md section 14).

use crate::{
    domain::Change,
    id::{Counter, KeyId, KeyName, LinkId, Sequence},
    limits::MAX_LINKS,
    replay::{CounterFault, Unseen, Window},
    time::{Time, Uptime},
};

/// What `verify` asks of a lock's memory; it changes nothing.
pub trait Memory {
    /// How a link was used at this lock.
    fn uses(&self, link: &LinkId) -> Uses;

    /// Whether a holder's counter is new.
    ///
    /// # Errors
    /// Any [`CounterFault`].
    fn counter(&self, holder: &KeyName, counter: Counter) -> Result<Unseen, CounterFault>;
}

/// A memory that makes changes durable.
pub trait Ledger: Memory {
    /// Makes all changes of one accepted request durable, or none; returns its sequence number.
    /// When it returns `Ok`, power may fail and the changes stay.
    ///
    /// # Errors
    /// Any [`CommitError`]; the memory is then unchanged.
    fn commit(&mut self, changes: &Changes) -> Result<Sequence, CommitError>;

    /// Closes a decision with what the actuator did.
    ///
    /// # Errors
    /// [`CommitError::Store`].
    fn close(&mut self, sequence: Sequence, outcome: Outcome) -> Result<(), CommitError>;

    /// Makes one change of the lock's trust durable, or none. A claim, an epoch and a release also
    /// drop all that was counted, in the same write.
    ///
    /// # Errors
    /// [`CommitError::Store`]; all is then as it was.
    fn keep(&mut self, change: &Change<'_>) -> Result<(), CommitError>;
}

/// How often a link was used at a lock, and when first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// The number of uses.
    pub spent: u32,
    /// The lower bound of the time at the first use.
    pub first: Option<Time>,
}

/// Why changes were not made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommitError {
    /// The tables have no room for another counted link or holder.
    Full,
    /// The memory is not the one that was verified against.
    Changed,
    /// The store did not confirm.
    Store,
}

/// What the actuator did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// What was asked for.
    Done,
    /// The bolt or motor jammed; the use is spent all the same.
    Jammed,
    /// Nothing that it reports.
    Unknown,
}

/// What an accepted request changes in a lock's memory: made by `verify`, applied by `commit`.
#[derive(Clone, Debug)]
pub struct Changes {
    pub(crate) counted: [Option<Counted>; MAX_LINKS],
    pub(crate) lane: Option<Lane>,
    pub(crate) heard: Option<Heard>,
}

impl Changes {
    /// The links whose use is counted.
    pub fn counted(&self) -> impl Iterator<Item = &Counted> {
        self.counted.iter().flatten()
    }

    /// The counter that an unchallenged request spends.
    pub const fn lane(&self) -> Option<&Lane> {
        self.lane.as_ref()
    }

    /// The time that an attester signed, to which the durable floor rises.
    pub const fn heard(&self) -> Option<Heard> {
        self.heard
    }
}

/// A time that an attester signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The time.
    pub at: Time,
    /// When the challenge was given, if the status is over it: the present was at most a second
    /// after `at` then.
    pub issued: Option<Uptime>,
}

/// One use of one link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The link.
    pub link: LinkId,
    /// Link 0 of its token, for quotas.
    pub root: LinkId,
    /// The issuer of its token, for quotas.
    pub issuer: KeyId,
    /// What `verify` found; `commit` refuses when it finds otherwise.
    pub before: Uses,
    /// What the link's uses are from now on.
    pub after: Uses,
    /// The entry may go when the durable floor has passed this instant, never before.
    pub keep_until: Time,
}

/// One counter of one holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The holder.
    pub holder: KeyName,
    /// Link 0 of its token, for quotas.
    pub root: LinkId,
    /// The issuer of its token, for quotas.
    pub issuer: KeyId,
    /// The counter.
    pub counter: Counter,
    /// The time that the request names.
    pub time: Time,
}

/// A ledger in memory, for back ends' tests and for locks that may forget: `COUNTS` counted links,
/// `LANES` holders of unchallenged requests. What is full refuses; nothing is evicted.
#[derive(Clone, Debug)]
pub struct RamLedger<const COUNTS: usize, const LANES: usize> {
    counts: [Option<(LinkId, Uses)>; COUNTS],
    lanes: [Option<(KeyName, Window)>; LANES],
    next: u64,
    open: Option<Sequence>,
}

impl<const COUNTS: usize, const LANES: usize> RamLedger<COUNTS, LANES> {
    /// A ledger in which nothing was used.
    pub const fn new() -> Self {
        Self { counts: [None; COUNTS], lanes: [None; LANES], next: 0, open: None }
    }

    /// The decision whose outcome isn't known yet.
    pub const fn open(&self) -> Option<Sequence> {
        self.open
    }
}

impl<const COUNTS: usize, const LANES: usize> Default for RamLedger<COUNTS, LANES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const COUNTS: usize, const LANES: usize> Memory for RamLedger<COUNTS, LANES> {
    fn uses(&self, link: &LinkId) -> Uses {
        let entry = self.counts.iter().flatten().find(|(id, _)| id == link);
        entry.map(|(_, uses)| *uses).unwrap_or_default()
    }

    fn counter(&self, holder: &KeyName, counter: Counter) -> Result<Unseen, CounterFault> {
        match self.lanes.iter().flatten().find(|(name, _)| name == holder) {
            Some((_, window)) => window.check(counter),
            None => Window::check_first(counter),
        }
    }
}

impl<const COUNTS: usize, const LANES: usize> Ledger for RamLedger<COUNTS, LANES> {
    fn commit(&mut self, changes: &Changes) -> Result<Sequence, CommitError> {
        // The copy is the whole transaction: a refusal on the way leaves the ledger as it was.
        let mut next = self.clone();
        for counted in changes.counted() {
            if next.uses(&counted.link) != counted.before {
                return Err(CommitError::Changed);
            }
            let entry = (counted.link, counted.after);
            put(&mut next.counts, entry, |(link, _)| *link == counted.link)?;
        }
        if let Some(lane) = changes.lane() {
            let held = next.lanes.iter().flatten().find(|(name, _)| *name == lane.holder);
            let window = match held.map(|(_, window)| *window) {
                Some(mut window) => window.mark(lane.counter).map(|_unseen| window),
                None => Window::starting(lane.counter),
            };
            let entry = (lane.holder, window.map_err(|_| CommitError::Changed)?);
            put(&mut next.lanes, entry, |(name, _)| *name == lane.holder)?;
        }
        let sequence = Sequence(next.next);
        next.next = next.next.saturating_add(1);
        next.open = Some(sequence);
        *self = next;
        Ok(sequence)
    }

    fn close(&mut self, sequence: Sequence, _outcome: Outcome) -> Result<(), CommitError> {
        self.open = self.open.filter(|open| *open != sequence);
        Ok(())
    }

    fn keep(&mut self, change: &Change<'_>) -> Result<(), CommitError> {
        match change {
            Change::Release => *self = Self::new(),
            Change::Claim { .. } | Change::Epoch { .. } => {
                *self = Self { next: self.next, open: self.open, ..Self::new() };
            }
            _ => {}
        }
        Ok(())
    }
}

/// Replaces the entry that matches, or takes a free place.
fn put<T>(table: &mut [Option<T>], entry: T, same: impl Fn(&T) -> bool) -> Result<(), CommitError> {
    let held = table.iter().position(|slot| slot.as_ref().is_some_and(&same));
    let place = held.or_else(|| table.iter().position(Option::is_none));
    let slot = place.and_then(|place| table.get_mut(place)).ok_or(CommitError::Full)?;
    *slot = Some(entry);
    Ok(())
}
