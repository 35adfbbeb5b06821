//! The naive model of a whole lock: beside what [`Naive`] holds of statements and time, what only
//! commits, acts and starts change. It reads no bytes and shares no code with the lock.

use std::collections::BTreeMap;

use keyward::ledger::Outcome;

use super::pool::{Chain, Link, Pool};
use crate::{
    interleave::{
        naive::{Host, Naive, Said},
        rules::valid,
        story::{Grantor, Story},
    },
    window,
};

/// The tables' sizes.
pub(super) const COUNTS: usize = 16;
pub(super) const LANES: usize = 8;

/// The rights that matter here.
pub(super) const UNLOCK: u8 = 0;
pub(super) const LOCKS: u8 = 1;
pub(super) const READ_LOG: u8 = 4;
pub(super) const RELEASE: u8 = 5;

/// What binds a request to its moment.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moment {
    Challenged,
    Unchallenged { counter: u64, time: u64, expires: u64 },
}

/// A presentation.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) token: &'static Chain,
    pub(super) right: u8,
    pub(super) moment: Moment,
    /// The epoch that the holder signed for.
    pub(super) claimed: u64,
    /// Whether the holder signed, for this lock, and for the session's nonce.
    pub(super) signed: bool,
    pub(super) status: Option<Said>,
}

/// What is known of a request that is accepted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Accepted {
    lo: u64,
    given: u64,
}

/// A decision whose outcome isn't recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) right: u8,
    pub(super) number: u64,
}

/// On whose account an entry of a table goes: the first link, and the issuer.
type Payer = ([u8; 16], [u8; 32]);

#[derive(Clone, Debug)]
pub(super) struct Count {
    pub(super) spent: u32,
    pub(super) first: u64,
    pub(super) until: u64,
    payer: Payer,
}

#[derive(Clone, Debug)]
pub(super) struct Lane {
    pub(super) latest: u64,
    pub(super) window: window::Naive,
    payer: Payer,
}

/// What the lock must hold.
#[derive(Clone, Debug)]
pub(super) struct Model {
    /// The number of its life.
    pub(super) life: usize,
    /// None while nobody has claimed it.
    pub(super) trust: Option<Naive>,
    pub(super) counts: BTreeMap<[u8; 16], Count>,
    pub(super) lanes: BTreeMap<[u8; 16], Lane>,
    /// Whether the door must be secured.
    pub(super) relock: bool,
    pub(super) open: Option<Open>,
    /// Decisions so far, and how often the door was secured.
    pub(super) decided: u64,
    pub(super) secured: u64,
    /// The outcomes of all decisions of this life that have one.
    pub(super) outcomes: Vec<Outcome>,
    /// A release was committed, and power failed.
    pub(super) releasing: bool,
    /// Restarts, starts and resets.
    pub(super) run: u64,
}

impl Model {
    pub(super) const fn new() -> Self {
        Self {
            life: 0,
            trust: None,
            counts: BTreeMap::new(),
            lanes: BTreeMap::new(),
            relock: false,
            open: None,
            decided: 0,
            secured: 0,
            outcomes: Vec::new(),
            releasing: false,
            run: 0,
        }
    }

    /// Why the lock says no to all, if it does: the code to a request, and to a statement.
    pub(super) const fn silent(&self) -> Option<(u16, u16)> {
        match (self.releasing, &self.trust) {
            (true, _) => Some((195, 607)),
            (_, None) => Some((190, 601)),
            _ => None,
        }
    }

    /// After a claim of this life.
    pub(super) fn claim(&mut self, story: &Story, way: usize, host: &Host) {
        let trust = self.trust.insert(Naive::claimed(story, way, host));
        trust.run = self.run;
        self.outcomes.clear();
        self.forget();
    }

    /// A new epoch forgets what was used in the one before.
    pub(super) fn forget(&mut self) {
        (self.counts, self.lanes) = (BTreeMap::new(), BTreeMap::new());
    }

    /// The next life begins.
    pub(super) fn reset(&mut self) {
        let (life, run, relock) = (self.life + 1, self.run + 1, self.relock);
        let (decided, secured) = (self.decided, self.secured);
        *self = Self { life, run, relock, decided, secured, ..Self::new() };
    }

    /// The host's clock starts anew.
    pub(super) fn clock_restarts(&mut self) {
        self.run += 1;
        if let Some(trust) = &mut self.trust {
            trust.restart();
            trust.run = self.run;
        }
    }

    /// Power fails and comes back.
    pub(super) fn starts(&mut self) {
        self.clock_restarts();
        self.relock &= self.trust.is_some();
        self.releasing |= self.open.is_some_and(|open| open.right == RELEASE);
        // Whether the door was open when it was given up, nobody knows.
        self.relock |= self.releasing;
        if !self.releasing && self.open.take().is_some() {
            self.outcomes.push(Outcome::Interrupted);
        }
    }

    /// A decision ends.
    pub(super) fn ends(&mut self, outcome: Outcome) {
        let Some(open) = self.open.take() else { return };
        self.outcomes.push(outcome);
        self.relock &= open.right != LOCKS || outcome != Outcome::Done;
    }

    pub(super) fn secures(&mut self) {
        self.secured += 1;
        self.relock = false;
    }

    /// What a request is told, in the order of SPEC.md section 13.
    pub(super) fn judge(&self, pool: &Pool, asked: &Asked, host: &Host) -> Result<Accepted, u16> {
        let story = &pool.stories[self.life.min(pool.stories.len() - 1)];
        let trust = match (self.silent(), &self.trust) {
            (None, Some(trust)) => trust,
            (silent, _) => return Err(silent.map_or(190, |(code, _)| code)),
        };
        let Asked { token, right, moment, status, .. } = asked;
        let unchallenged = matches!(moment, Moment::Unchallenged { .. });
        let card = &story.statements[trust.card];
        let (mut most, mut given) = (0, 0);
        match moment {
            Moment::Challenged => {
                given = trust.session().ok_or(210_u16)?.given;
                most = host.most(given).filter(|most| *most <= 30).ok_or(211_u16)?;
            }
            _ if card.epoch != trust.epoch || !pool.admitting.contains(&trust.card) => {
                return Err(212);
            }
            _ if *right != UNLOCK => return Err(213),
            Moment::Unchallenged { .. } => {}
        }
        let issuer = match token.by {
            Grantor::Clerk(who) => Some(trust.issuer(story, who)?),
            Grantor::Emergency if token.epoch != trust.epoch => return Err(200),
            Grantor::Emergency if token.links.len() > 1 || token.deep => return Err(220),
            Grantor::Emergency if *right != UNLOCK => return Err(221),
            Grantor::Emergency if unchallenged => return Err(222),
            Grantor::Emergency if token.links[0].uses.is_some() => return Err(223),
            Grantor::Emergency => None,
        };
        let attester = trust.attester(story, *status, !unchallenged)?;
        trust.genuine((asked.signed, asked.claimed), token.epoch, *status)?;
        self.revoked(story, token)?;
        let (lo, hi) = trust.times(host, attester, most)?;
        if let Some(named) = issuer {
            valid(issuer, (lo, hi), (named.from, named.until))?;
        }
        for (index, link) in token.links.iter().enumerate() {
            if link.rights >> right & 1 == 0 {
                return Err(410);
            }
            if index == 0 && token.group && !trust.grouped(story) {
                return Err(411);
            }
            link.valid.map_or(Ok(()), |span| valid(issuer, (lo, hi), span))?;
            let spent = self.counts.get(&link.id).map_or(0, |count| count.spent);
            if link.uses.is_some_and(|limit| spent >= limit) {
                return Err(430);
            }
            if let Some(seconds) = link.fresh {
                trust.fresh(story, (token.by, seconds), *status, hi)?;
            }
        }
        if let Moment::Unchallenged { counter, time, expires } = *moment {
            let hi = hi.filter(|hi| time <= *hi).ok_or(471_u16)?;
            if hi - time > 900 {
                return Err(472);
            }
            if hi >= expires {
                return Err(473);
            }
            let lane = self.lanes.get(&holder(story, token));
            if counter == u64::MAX || lane.is_some_and(|lane| lane.window.check(counter).is_err()) {
                return Err(470);
            }
        }
        Ok(Accepted { lo, given })
    }

    /// Whether the holder's lane is over: then the lock may have dropped it, or not.
    pub(super) fn may_have_dropped(&self, story: &Story, asked: &Asked) -> bool {
        let floor = self.trust.as_ref().map_or(0, |trust| trust.floor);
        let lane = self.lanes.get(&holder(story, asked.token));
        lane.is_some_and(|lane| lane.latest + 900 < floor)
    }

    /// Drops the holder's lane.
    pub(super) fn drop_lane(&mut self, story: &Story, asked: &Asked) {
        self.lanes.remove(&holder(story, asked.token));
    }

    /// Spends what an accepted request spends, if there is room for it.
    pub(super) fn commit(
        &mut self,
        pool: &Pool,
        asked: &Asked,
        accepted: Accepted,
        host: &Host,
    ) -> Result<(), u16> {
        let Asked { token, right, moment, status, .. } = asked;
        let story = &pool.stories[self.life];
        let trust = self.trust.as_mut().unwrap();
        let floor = status.map_or(trust.floor, |said| trust.floor.max(said.at));
        let payer = (token.links[0].id, pool.issuer(token.by, token.epoch));
        let live = self.counts.values().filter(|count| floor < count.until);
        let mut payers: Vec<_> = live.map(|count| count.payer).collect();
        let counted = || token.links.iter().filter(|link| link.uses.is_some());
        for link in counted() {
            if self.counts.get(&link.id).is_none_or(|count| floor >= count.until) {
                payers.push(payer);
                room(COUNTS, &payers)?;
            }
        }
        if let Moment::Unchallenged { counter, time, .. } = *moment {
            let name = holder(story, token);
            let over = |lane: &Lane| lane.latest + 900 < floor;
            if self.lanes.get(&name).is_none_or(over) {
                let live = self.lanes.values().filter(|lane| !over(lane));
                let mut payers: Vec<_> = live.map(|lane| lane.payer).collect();
                payers.push(payer);
                room(LANES, &payers)?;
                let window = window::Naive::starting(64, counter).unwrap();
                self.lanes.insert(name, Lane { latest: time, window, payer });
            } else if let Some(lane) = self.lanes.get_mut(&name) {
                lane.window.mark(counter).unwrap();
                lane.latest = lane.latest.max(time);
            }
            self.lanes.retain(|of, lane| *of == name || !over(lane));
        }
        let mut until = u64::MAX;
        for Link { id, valid, uses, .. } in &token.links {
            until = until.min(valid.map_or(u64::MAX, |(_, until)| until));
            if uses.is_some() {
                let unused = Count { spent: 0, first: accepted.lo, until, payer };
                self.counts.entry(*id).or_insert(unused).spent += 1;
            }
        }
        if let Some(said) = status {
            trust.heard(said.at, host);
            if said.nonce.is_some() {
                trust.bound = Some((said.at + 1, accepted.given));
            }
        }
        self.ends(Outcome::Unknown);
        self.relock |= token.links.iter().any(|link| link.max_open);
        self.decided += 1;
        self.open = Some(Open { right: *right, number: self.decided });
        Ok(())
    }

    /// Whether the list that is held revokes a token.
    pub(super) fn revoked(&self, story: &Story, token: &Chain) -> Result<(), u16> {
        let links = token.links.iter().map(|link| (link.id, link.holder));
        match &self.trust {
            Some(trust) => trust.revoked(story, (token.by, token.serial), links),
            None => Ok(()),
        }
    }
}

fn holder(story: &Story, token: &Chain) -> [u8; 16] {
    story.holders[token.holder()].public().name().0
}

/// Whether a table of this size has room for the last of these payers' entries.
fn room(size: usize, payers: &[Payer]) -> Result<(), u16> {
    let last = payers.last().unwrap();
    let of_root = payers.iter().filter(|payer| payer.0 == last.0).count();
    let of_issuer = payers.iter().filter(|payer| payer.1 == last.1).count();
    let fits = payers.len() <= size && of_root <= size.div_ceil(4) && of_issuer <= size / 2;
    if fits { Ok(()) } else { Err(500) }
}
