//! One random history: tokens that a few issuers sign, requests with them, floors that rise, and
//! tables that are stored and read again.

use keyward::{
    Time,
    id::{Counter, KeyId, KeyName, LinkId},
    ledger::{Changes, CommitError, Counted, Heard, Lane, Uses},
    limits::{MAX_LINKS, UNCHALLENGED_HORIZON},
    seam,
    tables::{Capacity, Count},
};

use super::{Report, Tallies};
use crate::{random::Dice, world::START};

/// A token, as far as tables care.
#[derive(Clone, Debug)]
struct Token {
    issuer: KeyId,
    holder: KeyName,
    links: Vec<Link>,
}

/// A link of a token.
#[derive(Clone, Copy, Debug)]
struct Link {
    id: LinkId,
    counts: bool,
    /// The least end of the validities up to this link.
    until: Time,
}

impl Token {
    fn until(&self) -> Time {
        self.links.last().unwrap().until
    }
}

pub(super) struct History<'h, T> {
    tables: T,
    naive: Tallies,
    floor: Time,
    tokens: Vec<Token>,
    /// What the next link, and the holder, are named after.
    named: u64,
    dice: Dice<'h>,
    report: &'h mut Report,
    steps: Option<&'h mut Vec<String>>,
}

impl<'h, T: Capacity> History<'h, T> {
    pub(super) fn new(
        dice: Dice<'h>,
        report: &'h mut Report,
        steps: Option<&'h mut Vec<String>>,
    ) -> Self {
        let (tables, naive, tokens) = (T::EMPTY, Tallies::default(), Vec::new());
        Self { tables, naive, floor: START, tokens, named: 0, dice, report, steps }
    }

    pub(super) fn run(mut self) -> Result<(), String> {
        (0..3).for_each(|_| self.token());
        let often = if T::COUNTS > 16 { 2 } else { 4 };
        for _ in 0..30 + self.dice.below(31) {
            if self.dice.once_in(often) {
                self.token();
            }
            if self.dice.once_in(6) {
                self.floor = self.floor.max(self.instant());
                let floor = self.floor;
                self.note(|| format!("a statement raises the floor to {}", floor.0));
            }
            self.request()?;
            self.holds()?;
            if self.dice.once_in(8) {
                self.stored()?;
                self.holds()?;
            }
        }
        self.stored()
    }

    fn note(&mut self, what: impl FnOnce() -> String) {
        if let Some(steps) = &mut self.steps {
            steps.push(what());
        }
    }

    /// One link more, which now and then begins like another: with the four bytes that quotas know
    /// it by, or the eight that counts do.
    fn link(&mut self, until: Time) -> Link {
        let mut id = [0; 16];
        let begin = |number: u64| u32::try_from(number).unwrap().to_be_bytes();
        id[8..].copy_from_slice(&self.named.to_be_bytes());
        let mut begins = [self.named; 2];
        if self.dice.once_in(6) {
            let other = self.dice.below(self.named + 1);
            begins = self.dice.pick(&[[other, self.named], [other; 2]]);
        }
        id[..4].copy_from_slice(&begin(begins[0]));
        id[4..8].copy_from_slice(&begin(begins[1]));
        self.named += 1;
        let lasts = self.dice.pick(&[1, 60, 900, 901, 5_000, 100_000, 100_000]);
        let until = until.min(self.floor.after(lasts));
        Link { id: LinkId(id), counts: !self.dice.once_in(3), until }
    }

    /// A new token: an issuer's, or one that is handed on by a holder of the links above.
    fn token(&mut self) {
        let mut token = match self.dice.below(1 + self.tokens.len() as u64) {
            0 => Token { issuer: KeyId([0; 8]), holder: KeyName([0; 16]), links: Vec::new() },
            _ => self.dice.pick(&self.tokens),
        };
        let kept = self.dice.below(MAX_LINKS as u64) as usize;
        token.links.truncate(kept);
        if token.links.is_empty() {
            token.issuer = KeyId([self.dice.pick(&[1, 1, 2, 3]); 8]);
            token.issuer.0[7] = self.dice.below(2) as u8;
        }
        token.holder = KeyName([self.dice.below(3 + T::LANES as u64) as u8; 16]);
        token.holder.0[15] = self.dice.below(2) as u8;
        for _ in 0..1 + self.dice.below((MAX_LINKS - token.links.len()) as u64) {
            let until = token.links.last().map_or(Time(u64::MAX), |link| link.until);
            token.links.push(self.link(until));
        }
        self.tokens.push(token);
    }

    /// An instant at which something ends, or one in between.
    fn instant(&mut self) -> Time {
        let lanes: Vec<_> = self.naive.lanes.values().map(|lane| lane.latest).collect();
        let mut ends: Vec<_> =
            lanes.iter().map(|latest| latest.after(UNCHALLENGED_HORIZON)).collect();
        // A map has no order of its own.
        ends.sort();
        ends.extend(self.tokens.iter().flat_map(|token| &token.links).map(|link| link.until));
        ends.retain(|end| end.after(1) >= self.floor);
        match self.dice.below(3) {
            0 if !ends.is_empty() => {
                let end = self.dice.pick(&ends).0 - 1 + self.dice.below(3);
                // What ends much later would end all before.
                Time(end.min(self.floor.0 + 2_000))
            }
            1 => self.floor.after(self.dice.below(300)),
            _ => Time(self.floor.0 - self.dice.below(300)),
        }
    }

    /// A request as verification accepts them: with a token that is not over once its status has
    /// raised the floor.
    fn request(&mut self) -> Result<(), String> {
        let heard = self.dice.once_in(4).then(|| self.instant());
        let raised = heard.map_or(self.floor, |at| self.floor.max(at));
        let is_live = |token: &&Token| token.until() > raised;
        let live: Vec<_> = self.tokens.iter().filter(is_live).cloned().collect();
        if live.is_empty() {
            self.token();
            return Ok(());
        }
        let token = self.dice.pick(&live);
        let counted = self.counted(&token, raised);
        let lane = self.dice.once_in(3).then(|| self.lane(&token, raised));
        let heard = heard.map(|at| Heard { at, issued: None });
        let changes = seam::changes(&counted, lane, heard);
        self.commit(&changes, raised)
    }

    fn counted(&mut self, token: &Token, raised: Time) -> Vec<Counted> {
        let (root, issuer) = (token.links[0].id, token.issuer);
        let lo = raised.after(self.dice.below(500));
        let mut counted = Vec::new();
        for link in token.links.iter().filter(|link| link.counts) {
            let mut before = self.tables.uses(&link.id);
            if self.dice.once_in(25) {
                // Another request came between.
                let (spent, first) = (before.spent, before.first);
                before = self.dice.pick(&[
                    Uses { spent: spent + 1, first: first.or(Some(lo)) },
                    Uses { spent: spent.saturating_sub(1), first },
                    Uses { spent, first: first.map(|first| first.after(1)) },
                    Uses::default(),
                ]);
            }
            let after = Uses { spent: before.spent + 1, first: Some(before.first.unwrap_or(lo)) };
            let keep_until = link.until;
            counted.push(Counted { link: link.id, root, issuer, before, after, keep_until });
        }
        counted
    }

    fn lane(&mut self, token: &Token, raised: Time) -> Lane {
        let held = self.naive.lanes.get(&token.holder.into());
        let highest = held.map_or(1_000, |lane| lane.window.highest());
        let width = 64 * T::BLOCKS as u64;
        let counter = match self.dice.below(12) {
            0..5 => highest.saturating_add(1 + self.dice.below(3)),
            5 => highest.saturating_add(width - 1 + self.dice.below(3)),
            6 => highest.saturating_sub(self.dice.below(4)),
            7 => highest.saturating_sub(width + 1 - self.dice.below(3)),
            8 => highest.saturating_sub(self.dice.below(2 * width)),
            9 => self.dice.below(50),
            10 if self.dice.once_in(8) => self.dice.pick(&[u64::MAX, u64::MAX - 1]),
            _ => highest.saturating_add(self.dice.below(width)),
        };
        // The host's clock may be far ahead of the floor.
        let back = self.dice.pick(&[0, 1, 500, UNCHALLENGED_HORIZON - 1, UNCHALLENGED_HORIZON]);
        let ahead = self.dice.pick(&[0, 0, 0, 1, 400, 1_000]);
        let time = Time(raised.0 - back + ahead);
        let (root, issuer) = (token.links[0].id, token.issuer);
        Lane { holder: token.holder, root, issuer, counter: Counter(counter), time }
    }

    fn commit(&mut self, changes: &Changes, raised: Time) -> Result<(), String> {
        self.report.requests += 1;
        let lane_holds = changes
            .lane()
            .is_none_or(|lane| self.tables.counter(&lane.holder, lane.counter).is_ok());
        let counts_hold = |counted: &Counted| self.tables.uses(&counted.link) == counted.before;
        let expected = self.naive.admits::<T>(changes, raised, counts_hold, lane_holds);
        let got = self.tables.admits(changes, raised);
        self.note(|| format!("{got:?} at {} for {}", raised.0, told(changes)));
        same("a commit", &got, &expected)?;
        match got {
            Err(CommitError::Full) => self.report.full += 1,
            Err(CommitError::Changed) => self.report.changed += 1,
            Err(other) => return Err(format!("{other:?}")),
            Ok(()) if self.dice.once_in(20) => self.note(|| "which is dropped".into()),
            Ok(()) => {
                self.report.admitted += 1;
                same("what was admitted", &self.tables.apply(changes, raised), &Ok(()))?;
                self.naive.apply::<T>(changes, raised);
                self.floor = raised;
            }
        }
        Ok(())
    }

    /// The tables say what the model does.
    fn holds(&mut self) -> Result<(), String> {
        let (naive, tables, floor) = (&self.naive, &self.tables, self.floor);
        for link in self.tokens.iter().flat_map(|token| &token.links) {
            let (got, may) = (tables.uses(&link.id), naive.uses(&link.id, floor));
            if !may.contains(&got) {
                return Err(format!("uses of {:?}: {got:?}, not {may:?}", link.id));
            }
        }
        for count in tables.counts(floor) {
            let Some(tally) = naive.counts.get(&count.link) else {
                return Err(format!("{count:?} was never used"));
            };
            let Uses { spent, first } = tally.uses;
            let (spent, first) = (spent.try_into().unwrap(), first.unwrap());
            let (link, payer, keep_until) = (count.link, tally.payer, tally.keep_until);
            same("a count", &count, &Count { link, payer, spent, first, keep_until })?;
        }
        let live = naive.counts.values().filter(|tally| tally.is_live(floor)).count();
        same("live counts", &tables.counts(floor).count(), &live)?;
        let live = naive.lanes.values().filter(|lane| lane.is_live(floor)).count();
        same("live lanes", &tables.lanes(floor).count(), &live)?;
        for (holder, lane) in &naive.lanes {
            let (highest, width) = (lane.window.highest(), 64 * T::BLOCKS as u64);
            let probes = [0, 1, 2, width - 1, width, width + 1].map(|n| highest.saturating_sub(n));
            for counter in probes.into_iter().chain([highest.saturating_add(1), u64::MAX]) {
                let name = [holder.0, [9; 8]].concat().try_into().unwrap();
                let got = tables.counter(&KeyName(name), Counter(counter)).map(drop);
                let may = naive.counter(*holder, counter, floor);
                if !may.contains(&got) {
                    return Err(format!("{counter} of {holder:?}: {got:?}, not {may:?}"));
                }
            }
        }
        for (holder, counter, time) in &naive.accepted {
            let is_late = floor > time.after(UNCHALLENGED_HORIZON);
            if !is_late && tables.counter(holder, *counter).is_ok() {
                return Err(format!("{counter:?} of {holder:?} at {time:?} is good again"));
            }
        }
        Ok(())
    }

    /// The tables are stored and read again; those that were read go on.
    fn stored(&mut self) -> Result<(), String> {
        self.report.restored += 1;
        let floor = self.floor;
        self.note(|| format!("stored and read at {}", floor.0));
        let mut again = T::EMPTY;
        for count in self.tables.counts(floor) {
            same("a count", &again.restore_count(count, floor), &Ok(()))?;
        }
        for lane in self.tables.lanes(floor) {
            let held = self.naive.lanes.get(&lane.holder);
            let held = held.ok_or_else(|| format!("{:?} was never used", lane.holder))?;
            let got = (lane.payer, lane.latest, lane.highest.0);
            same("a lane", &got, &(held.payer, held.latest, held.window.highest()))?;
            let words: Vec<_> = lane.seen.collect();
            same("a window", &words, &held.window.words().collect())?;
            let seen = words.into_iter();
            let lane = keyward::tables::LaneView {
                seen,
                holder: lane.holder,
                payer: lane.payer,
                latest: lane.latest,
                highest: lane.highest,
            };
            same("a lane", &again.restore_lane(lane, floor), &Ok(()))?;
        }
        self.tables = again;
        Ok(())
    }
}

/// Changes in one line.
fn told(changes: &Changes) -> String {
    let (mut told, end) = (String::new(), |id: LinkId| (id.0[7], id.0[15]));
    for Counted { link, root, issuer, before, keep_until, .. } in changes.counted() {
        let (link, root, issuer, until) = (end(link), end(root), issuer.0[0], keep_until.0);
        told += &format!("link {link:?} of {root:?} by {issuer}, {before:?}, until {until}; ");
    }
    if let Some(Lane { holder, root, issuer, counter, time }) = changes.lane() {
        let (holder, root, issuer) = (holder.0[0], end(root), issuer.0[0]);
        let (counter, time) = (counter.0, time.0);
        told += &format!("{counter} of holder {holder}, {root:?} by {issuer}, at {time}; ");
    }
    told + &changes.heard().map_or(String::new(), |heard| format!("heard {}", heard.at.0))
}

fn same<V: PartialEq + std::fmt::Debug>(what: &str, got: &V, expected: &V) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("{what}: {got:?}, not {expected:?}")) }
}
