//! The fixed tables in which a lock remembers counts and counters (SPEC.md sections 14.2 to 14.4).
//!
//! An entry goes only when the durable floor shows that nothing can need it again. A table that is
//! full refuses newcomers, and whoever can fill it is held to a part of it: no company can lock out
//! a family, nor a stolen issuer the others.

mod slot;

use core::num::NonZeroU32;

use crate::{
    crypto::truncated,
    id::{Counter, KeyId, KeyName, LinkId, Prefix},
    ledger::{Changes, CommitError, Counted, Memory, Uses},
    limits::UNCHALLENGED_HORIZON,
    replay::{CounterFault, Unseen, Window},
    time::Time,
};
use slot::{CountSlot, LaneSlot, Slot};

/// A lock's tables: `COUNTS` counted links, `LANES` holders of unchallenged requests, each with a
/// window of 64 times `BLOCKS` counters. A table has no entries, or at least 4.
///
/// It is the one type that says how much a lock remembers, and how much memory that takes: 30 bytes
/// a count, and 29 + 8 `BLOCKS` a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables<const COUNTS: usize, const LANES: usize, const BLOCKS: usize = 1> {
    counts: [CountSlot; COUNTS],
    lanes: [LaneSlot<BLOCKS>; LANES],
}

/// What a lock needs of its tables; [`Tables`] alone has it.
pub trait Capacity: Memory + sealed::Sealed {
    /// The counted links that a lock remembers.
    const COUNTS: usize;
    /// The holders of unchallenged requests that a lock remembers.
    const LANES: usize;
    /// The counters of each that are told apart, divided by 64.
    const BLOCKS: usize;
    /// Tables in which nothing was used.
    const EMPTY: Self;

    /// Whether all changes of one request can be applied at this durable floor, its own status's
    /// time included.
    ///
    /// # Errors
    /// Any [`CommitError`].
    fn admits(&self, changes: &Changes, floor: Time) -> Result<(), CommitError>;

    /// Applies changes that are durable, and drops what the floor shows to be over.
    ///
    /// # Errors
    /// Any [`CommitError`], if these tables don't admit the changes; a part of them may be applied.
    fn apply(&mut self, changes: &Changes, floor: Time) -> Result<(), CommitError>;

    /// The counts that somebody may still need.
    fn counts(&self, floor: Time) -> impl Iterator<Item = Count> + Clone;

    /// The lanes that somebody may still need.
    fn lanes(
        &self,
        floor: Time,
    ) -> impl Iterator<Item = LaneView<impl Iterator<Item = u64>>> + Clone;

    /// Puts a count back that was stored, if it isn't over.
    ///
    /// # Errors
    /// [`CommitError::Full`]; [`CommitError::Changed`] where there is one of this prefix.
    fn restore_count(&mut self, count: Count, floor: Time) -> Result<(), CommitError>;

    /// Puts a lane back that was stored, if it isn't over.
    ///
    /// # Errors
    /// [`CommitError::Full`]; [`CommitError::Changed`] where there is one of this prefix.
    fn restore_lane(
        &mut self,
        lane: LaneView<impl Iterator<Item = u64>>,
        floor: Time,
    ) -> Result<(), CommitError>;
}

mod sealed {
    pub trait Sealed {}
}

/// The uses of one link, and of all whose prefix is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The link.
    pub link: Prefix,
    /// On whose account it goes.
    pub payer: Payer,
    /// The number of uses.
    pub spent: NonZeroU32,
    /// The lower bound of the time at the first use.
    pub first: Time,
    /// The entry may go when the durable floor has reached this instant.
    pub keep_until: Time,
}

/// On whose account an entry goes: link 0 of the token, and its issuer, by the first bytes of
/// each. No keyset has two issuers whose first bytes are the same. Links 0 of one issuer that begin
/// alike have one share (SPEC.md section 20, 62).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payer {
    /// The first 4 bytes of the `LinkId` of link 0.
    pub root: [u8; 4],
    /// The first 4 bytes of the `KeyId` of who signed it.
    pub issuer: [u8; 4],
}

impl Payer {
    pub(crate) fn of(root: LinkId, issuer: KeyId) -> Self {
        Self { root: truncated(&root.0), issuer: account(issuer) }
    }
}

/// What quotas tell issuers apart by; a keyset's all differ.
pub(crate) fn account(issuer: KeyId) -> [u8; 4] {
    truncated(&issuer.0)
}

/// The window of one holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lane<const BLOCKS: usize> {
    holder: Prefix,
    payer: Payer,
    /// The greatest time that a request of this lane named.
    latest: Time,
    window: Window<BLOCKS>,
}

/// A lane as it is stored.
#[derive(Clone, Copy, Debug)]
pub struct LaneView<I> {
    /// The holder, and all whose prefix is the same.
    pub holder: Prefix,
    /// On whose account it goes.
    pub payer: Payer,
    /// The greatest time that a request of this lane named.
    pub latest: Time,
    /// The highest counter.
    pub highest: Counter,
    /// The words of its window, see [`Window::seen`].
    pub seen: I,
}

impl Count {
    fn of(counted: &Counted) -> Option<Self> {
        Some(Self {
            link: counted.link.into(),
            payer: Payer::of(counted.root, counted.issuer),
            spent: NonZeroU32::new(counted.after.spent)?,
            first: counted.after.first?,
            keep_until: counted.keep_until,
        })
    }

    /// How it was used.
    pub const fn uses(&self) -> Uses {
        Uses { spent: self.spent.get(), first: Some(self.first) }
    }

    /// From its end on, every token with this link is expired.
    fn is_over(&self, floor: Time) -> bool {
        floor >= self.keep_until
    }
}

impl<const BLOCKS: usize> Lane<BLOCKS> {
    fn is_over(&self, floor: Time) -> bool {
        is_late(self.latest, floor)
    }
}

/// From then on, every request that a lane has taken is late.
fn is_late(latest: Time, floor: Time) -> bool {
    floor > latest.after(UNCHALLENGED_HORIZON)
}

impl<const COUNTS: usize, const LANES: usize, const BLOCKS: usize> Tables<COUNTS, LANES, BLOCKS> {
    /// Tables in which nothing was used.
    pub const EMPTY: Self = {
        assert!(COUNTS == 0 || COUNTS >= 4, "a table has no entries, or at least 4");
        assert!(LANES == 0 || LANES >= 4, "a table has no entries, or at least 4");
        Self { counts: [CountSlot::FREE; COUNTS], lanes: [LaneSlot::FREE; LANES] }
    };

    fn count(&self, link: Prefix) -> Option<Count> {
        self.counts.iter().find_map(|slot| slot.held().filter(|count| count.link == link))
    }

    fn lane(&self, holder: Prefix) -> Option<Lane<BLOCKS>> {
        self.lanes.iter().find_map(|slot| slot.held().filter(|lane| lane.holder == holder))
    }

    fn live_lanes(&self, floor: Time) -> impl Iterator<Item = Lane<BLOCKS>> + Clone {
        self.lanes.iter().filter_map(Slot::held).filter(move |lane| !lane.is_over(floor))
    }
}

impl<const COUNTS: usize, const LANES: usize, const BLOCKS: usize> Memory
    for Tables<COUNTS, LANES, BLOCKS>
{
    fn uses(&self, link: &LinkId) -> Uses {
        self.count((*link).into()).as_ref().map(Count::uses).unwrap_or_default()
    }

    fn counter(&self, holder: &KeyName, counter: Counter) -> Result<Unseen, CounterFault> {
        match self.lane((*holder).into()) {
            Some(lane) => lane.window.check(counter),
            None => Window::<BLOCKS>::check_first(counter),
        }
    }
}

impl<const COUNTS: usize, const LANES: usize, const BLOCKS: usize> Capacity
    for Tables<COUNTS, LANES, BLOCKS>
{
    const COUNTS: usize = COUNTS;
    const LANES: usize = LANES;
    const BLOCKS: usize = BLOCKS;
    const EMPTY: Self = Self::EMPTY;

    fn admits(&self, changes: &Changes, floor: Time) -> Result<(), CommitError> {
        let mut new = 0_usize;
        for counted in changes.counted() {
            if self.uses(&counted.link) != counted.before {
                return Err(CommitError::Changed);
            }
            if self.count(counted.link.into()).is_none_or(|count| count.is_over(floor)) {
                new = new.saturating_add(1);
                let held = Capacity::counts(self, floor).map(|count| count.payer);
                has_room(COUNTS, new, Payer::of(counted.root, counted.issuer), held)?;
            }
        }
        if let Some(lane) = changes.lane() {
            let _unseen = self
                .counter(&lane.holder, lane.counter)
                .map_err(|_: CounterFault| CommitError::Changed)?;
            if self.lane(lane.holder.into()).is_none_or(|lane| lane.is_over(floor)) {
                let held = self.live_lanes(floor).map(|lane| lane.payer);
                has_room(LANES, 1, Payer::of(lane.root, lane.issuer), held)?;
            }
        }
        Ok(())
    }

    fn apply(&mut self, changes: &Changes, floor: Time) -> Result<(), CommitError> {
        for counted in changes.counted() {
            drop_if(&mut self.counts, |count| count.is_over(floor));
            let mut count = Count::of(&counted).ok_or(CommitError::Changed)?;
            if let Some(held) = self.count(count.link) {
                // Another link may have made it: none that it counts is forgotten before its end, nor
                // counted less, which only a log of the schema before could tell.
                count.spent = count.spent.max(held.spent);
                count.first = count.first.min(held.first);
                count.keep_until = count.keep_until.max(held.keep_until);
                count.payer = held.payer;
            }
            put(&mut self.counts, &count, |held| held.link == count.link)?;
        }
        if let Some(change) = changes.lane() {
            drop_if(&mut self.lanes, |lane| lane.is_over(floor));
            let holder = Prefix::from(change.holder);
            let lane = match self.lane(holder) {
                Some(mut lane) => {
                    let _unseen =
                        lane.window.mark(change.counter).map_err(|_| CommitError::Changed)?;
                    Lane { latest: lane.latest.max(change.time), ..lane }
                }
                None => Lane {
                    holder,
                    payer: Payer::of(change.root, change.issuer),
                    latest: change.time,
                    window: Window::starting(change.counter).map_err(|_| CommitError::Changed)?,
                },
            };
            put(&mut self.lanes, &lane, |held| held.holder == lane.holder)?;
        }
        Ok(())
    }

    fn counts(&self, floor: Time) -> impl Iterator<Item = Count> + Clone {
        self.counts.iter().filter_map(Slot::held).filter(move |count| !count.is_over(floor))
    }

    fn lanes(
        &self,
        floor: Time,
    ) -> impl Iterator<Item = LaneView<impl Iterator<Item = u64>>> + Clone {
        let live = self.lanes.iter().filter_map(LaneSlot::view);
        live.filter(move |lane| !is_late(lane.latest, floor))
    }

    fn restore_count(&mut self, count: Count, floor: Time) -> Result<(), CommitError> {
        if count.is_over(floor) {
            return Ok(());
        }
        if self.count(count.link).is_some() {
            return Err(CommitError::Changed);
        }
        put(&mut self.counts, &count, |held| held.link == count.link)
    }

    fn restore_lane(
        &mut self,
        lane: LaneView<impl Iterator<Item = u64>>,
        floor: Time,
    ) -> Result<(), CommitError> {
        let LaneView { holder, payer, latest, highest, seen } = lane;
        let lane = Lane { holder, payer, latest, window: Window::from_parts(highest, seen) };
        if lane.is_over(floor) {
            return Ok(());
        }
        if self.lane(holder).is_some() {
            return Err(CommitError::Changed);
        }
        put(&mut self.lanes, &lane, |held| held.holder == holder)
    }
}

impl<const COUNTS: usize, const LANES: usize, const BLOCKS: usize> sealed::Sealed
    for Tables<COUNTS, LANES, BLOCKS>
{
}

/// Whether a table has room for so many new entries of one payer, beside the live ones: one link 0
/// holds at most a quarter (rounded up), one issuer at most half.
fn has_room(
    capacity: usize,
    new: usize,
    payer: Payer,
    held: impl Iterator<Item = Payer>,
) -> Result<(), CommitError> {
    let (mut all, mut of_root, mut of_issuer) = (new, new, new);
    for other in held {
        all = all.saturating_add(1);
        of_root = of_root.saturating_add((other.root == payer.root).into());
        of_issuer = of_issuer.saturating_add((other.issuer == payer.issuer).into());
    }
    let fits = all <= capacity && of_root <= capacity.div_ceil(4) && of_issuer <= capacity >> 1;
    if fits { Ok(()) } else { Err(CommitError::Full) }
}

fn drop_if<S: Slot>(table: &mut [S], over: impl Fn(&S::Entry) -> bool) {
    for slot in table {
        if slot.held().as_ref().is_some_and(&over) {
            *slot = S::FREE;
        }
    }
}

/// Replaces the entry that matches, or takes a free place.
fn put<S: Slot>(
    table: &mut [S],
    entry: &S::Entry,
    same: impl Fn(&S::Entry) -> bool,
) -> Result<(), CommitError> {
    let held = table.iter().position(|slot| slot.held().as_ref().is_some_and(&same));
    let place = held.or_else(|| table.iter().position(|slot| slot.held().is_none()));
    let slot = place.and_then(|place| table.get_mut(place)).ok_or(CommitError::Full)?;
    *slot = S::of(entry);
    Ok(())
}
