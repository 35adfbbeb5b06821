//! A lock's tables as one would write them first: all that was ever used, in maps without end; and
//! random histories in which the fixed tables must decide and remember what those do (SPEC.md
//! sections 14.2 to 14.4).

mod history;

use std::collections::HashMap;

use chacha20::ChaCha20Rng;
use keyward::{
    Time,
    id::{Counter, KeyName, LinkId, Prefix},
    ledger::{Changes, CommitError, Counted, Uses},
    limits::UNCHALLENGED_HORIZON,
    replay::CounterFault,
    tables::{Capacity, Payer, Tables},
};
use rand_core::SeedableRng;

use crate::{random::Dice, window};
use history::History;

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Histories that were run to their end.
    pub histories: u64,
    /// Requests within them that asked to be committed.
    pub requests: u64,
    /// Requests that were.
    pub admitted: u64,
    /// Requests for which there was no room.
    pub full: u64,
    /// Requests that another one had overtaken.
    pub changed: u64,
    /// How often the tables were stored and read again.
    pub restored: u64,
    /// Where tables and model part.
    pub violations: Vec<Violation>,
}

/// Where tables and model part.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The seed of the run.
    pub seed: u64,
    /// The history's number in it.
    pub history: u64,
    /// What was expected.
    pub what: String,
    /// What was done until then.
    pub steps: Vec<String>,
}

impl Report {
    /// Adds what another thread saw.
    pub fn add(&mut self, other: Self) {
        self.histories += other.histories;
        self.requests += other.requests;
        self.admitted += other.admitted;
        self.full += other.full;
        self.changed += other.changed;
        self.restored += other.restored;
        self.violations.extend(other.violations);
    }
}

/// Runs the histories of these numbers; the same for the same seed, whatever the range.
pub fn run(seed: u64, numbers: std::ops::Range<u64>, mut progress: impl FnMut(u64)) -> Report {
    let mut report = Report::default();
    for number in numbers {
        progress(number);
        let outcome = one(seed, number, &mut report, None);
        report.histories += 1;
        if let Err(what) = outcome {
            // Only a history that fails is told step by step.
            let mut steps = Vec::new();
            let again = one(seed, number, &mut Report::default(), Some(&mut steps));
            assert_eq!(again.as_ref(), Err(&what), "the same history");
            report.violations.push(Violation { seed, history: number, what, steps });
        }
    }
    report
}

fn one(
    seed: u64,
    number: u64,
    report: &mut Report,
    steps: Option<&mut Vec<String>>,
) -> Result<(), String> {
    let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd134_2543);
    let mut rng = ChaCha20Rng::seed_from_u64(mixed);
    let dice = Dice(&mut rng);
    match number % 6 {
        0 => History::<Tables<4, 4, 1>>::new(dice, report, steps).run(),
        1 => History::<Tables<8, 4, 1>>::new(dice, report, steps).run(),
        2 => History::<Tables<16, 8, 2>>::new(dice, report, steps).run(),
        3 => History::<Tables<5, 7, 1>>::new(dice, report, steps).run(),
        4 => History::<Tables<0, 4, 1>>::new(dice, report, steps).run(),
        _ => History::<Tables<64, 16, 1>>::new(dice, report, steps).run(),
    }
}

/// All that was ever used. What is over is kept as well: tables may have it still, or not.
#[derive(Clone, Debug, Default)]
struct Tallies {
    counts: HashMap<Prefix, Tally>,
    lanes: HashMap<Prefix, Lane>,
    /// Every counter that was ever accepted, and the time that its request named.
    accepted: Vec<(KeyName, Counter, Time)>,
}

/// How often links of one prefix were used: one for each request that was admitted.
#[derive(Clone, Copy, Debug)]
struct Tally {
    payer: Payer,
    uses: Uses,
    keep_until: Time,
}

/// The counters of holders of one prefix.
#[derive(Clone, Debug)]
struct Lane {
    payer: Payer,
    latest: Time,
    window: window::Naive,
}

impl Tally {
    fn is_live(&self, floor: Time) -> bool {
        floor < self.keep_until
    }
}

impl Lane {
    fn is_live(&self, floor: Time) -> bool {
        floor.0 <= self.latest.0 + UNCHALLENGED_HORIZON
    }
}

impl Tallies {
    /// What section 14.4 says of changes. `counts_hold` and `lane_holds` are what the tables say of
    /// counts and of the lane's counter: they decide only on what is over, which may be dropped or
    /// not.
    fn admits<T: Capacity>(
        &self,
        changes: &Changes,
        floor: Time,
        counts_hold: impl Fn(&Counted) -> bool,
        lane_holds: bool,
    ) -> Result<(), CommitError> {
        let live = self.counts.values().filter(|tally| tally.is_live(floor));
        let mut payers: Vec<_> = live.map(|tally| tally.payer).collect();
        for counted in changes.counted() {
            let held = self.counts.get(&counted.link.into());
            let live = held.filter(|tally| tally.is_live(floor));
            let is_as_found = match (live, held) {
                (Some(tally), _) => tally.uses == counted.before,
                (None, Some(_)) => counts_hold(&counted),
                (None, None) => counted.before == Uses::default(),
            };
            if !is_as_found {
                return Err(CommitError::Changed);
            }
            if live.is_none() {
                payers.push(payer(counted.root, counted.issuer));
                room(T::COUNTS, &payers)?;
            }
        }
        if let Some(change) = changes.lane() {
            let held = self.lanes.get(&change.holder.into());
            let live = held.filter(|lane| lane.is_live(floor));
            let is_new = match (live, held) {
                (Some(lane), _) => lane.window.check(change.counter.0).is_ok(),
                (None, Some(_)) => lane_holds,
                (None, None) => change.counter.0 != u64::MAX,
            };
            if !is_new {
                return Err(CommitError::Changed);
            }
            if live.is_none() {
                let live = self.lanes.values().filter(|lane| lane.is_live(floor));
                let mut payers: Vec<_> = live.map(|lane| lane.payer).collect();
                payers.push(payer(change.root, change.issuer));
                room(T::LANES, &payers)?;
            }
        }
        Ok(())
    }

    /// Notes a request that was admitted.
    fn apply<T: Capacity>(&mut self, changes: &Changes, floor: Time) {
        for counted in changes.counted() {
            let Counted { link, root, issuer, after, keep_until, .. } = counted;
            let payer = payer(root, issuer);
            let new = Tally { payer, uses: after, keep_until };
            let tally = self.counts.entry(link.into()).or_insert(new);
            if !tally.is_live(floor) {
                *tally = new;
            }
            // Two of one chain may have one prefix: each was used once.
            tally.uses = after;
            tally.keep_until = tally.keep_until.max(keep_until);
        }
        if let Some(change) = changes.lane() {
            let counter = change.counter.0;
            let own = change.holder.into();
            self.lanes.retain(|holder, lane| *holder != own || lane.is_live(floor));
            let started = || Lane {
                payer: payer(change.root, change.issuer),
                latest: change.time,
                window: window::Naive::starting(64 * T::BLOCKS as u64, counter).unwrap(),
            };
            match self.lanes.get_mut(&own) {
                Some(lane) => {
                    lane.window.mark(counter).unwrap();
                    lane.latest = lane.latest.max(change.time);
                }
                None => drop(self.lanes.insert(own, started())),
            }
            self.accepted.push((change.holder, change.counter, change.time));
        }
    }

    /// What tables may say of a link's uses.
    fn uses(&self, link: &LinkId, floor: Time) -> [Uses; 2] {
        let held = self.counts.get(&(*link).into());
        let uses = held.map(|tally| tally.uses).unwrap_or_default();
        match held {
            Some(tally) if !tally.is_live(floor) => [uses, Uses::default()],
            _ => [uses; 2],
        }
    }

    /// What tables may say of a counter.
    fn counter(&self, holder: Prefix, counter: u64, floor: Time) -> [Result<(), CounterFault>; 2] {
        let unheld = if counter == u64::MAX { Err(CounterFault::Reserved) } else { Ok(()) };
        match self.lanes.get(&holder) {
            None => [unheld; 2],
            Some(lane) if lane.is_live(floor) => [lane.window.check(counter); 2],
            Some(lane) => [lane.window.check(counter), unheld],
        }
    }
}

/// Whether a table of this size has room for the last of these payers' entries, beside the others.
fn room(size: usize, payers: &[Payer]) -> Result<(), CommitError> {
    let last = payers.last().unwrap();
    let of_root = payers.iter().filter(|payer| payer.root == last.root).count();
    let of_issuer = payers.iter().filter(|payer| payer.issuer == last.issuer).count();
    let quarter = size / 4 + usize::from(!size.is_multiple_of(4));
    match payers.len() > size || of_root > quarter || of_issuer > size / 2 {
        true => Err(CommitError::Full),
        false => Ok(()),
    }
}

fn payer(root: LinkId, issuer: keyward::id::KeyId) -> Payer {
    let [root, issuer] = [&root.0[..4], &issuer.0[..4]].map(|begin| begin.try_into().unwrap());
    Payer { root, issuer }
}
