//! The naive model: what a lock must hold and say, in plain numbers and the order of SPEC.md
//! sections 13 and 17. It reads no bytes and shares no code with the lock.

use std::collections::BTreeMap;

use keyward::Taken;

use crate::interleave::{
    rules::valid,
    story::{ATTEST, ENROL, Granted, Grantor, Named, REVOKE, Side, Statement, Story, What},
};

/// What the host says: its interval, its uptime in milliseconds, its drift.
#[derive(Clone, Copy, Debug)]
pub(super) struct Host {
    pub(super) time: Option<(u64, u64)>,
    pub(super) uptime: u64,
    pub(super) drift: u32,
}

impl Host {
    fn off(&self, ticks: u64) -> u128 {
        (u128::from(ticks) * u128::from(self.drift)).div_ceil(1_000_000)
    }

    pub(super) fn most(&self, since: u64) -> Option<u64> {
        let ticks = self.uptime.checked_sub(since)?;
        Some(u64::try_from((u128::from(ticks) + self.off(ticks)).div_ceil(1000)).unwrap())
    }

    fn least(&self, since: u64) -> u64 {
        let ticks = self.uptime.saturating_sub(since);
        u64::try_from(u128::from(ticks).saturating_sub(self.off(ticks)) / 1000).unwrap()
    }
}

/// A challenge that was given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) given: u64,
    /// The epoch and the restart in which it was given.
    pub(super) epoch: u64,
    pub(super) run: u64,
    pub(super) spent: bool,
}

/// A status as it comes over a session or within a presentation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) by: usize,
    pub(super) epoch: u64,
    pub(super) at: u64,
    pub(super) keyset: u64,
    pub(super) list: (u64, u64),
    /// Over a nonce; and whether it is the session's.
    pub(super) nonce: Option<bool>,
    pub(super) forged: bool,
}

/// A presentation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) token: &'a Granted,
    /// The epoch that the holder signed for.
    pub(super) claimed: u64,
    /// Whether the holder signed, and for the session's nonce.
    pub(super) signed: bool,
    pub(super) status: Option<Said>,
}

/// What the lock must hold.
#[derive(Clone, Debug)]
pub(super) struct Naive {
    pub(super) epoch: u64,
    /// By their places in the story; the card may be of an epoch before.
    pub(super) keyset: usize,
    pub(super) list: Option<usize>,
    pub(super) card: usize,
    pub(super) floor: u64,
    passed: Option<(u64, u64)>,
    pub(super) bound: Option<(u64, u64)>,
    pub(super) uses: BTreeMap<[u8; 16], (u32, Option<u64>)>,
    pub(super) open: Option<Open>,
    pub(super) run: u64,
    /// Whether a thief of this epoch's roots was believed: his word on the time stays until the
    /// next epoch, whatever keyset comes.
    pub(super) rooted: bool,
}

type Said16 = Result<Taken, u16>;

impl Naive {
    /// After a claim.
    pub(super) fn claimed(story: &Story, way: usize, host: &Host) -> Self {
        let (_, [keyset, card], list) = story.claims[way];
        let held = &story.statements[keyset];
        let listed = list.map_or(0, |list| story.statements[list].at);
        let epoch = held.epoch;
        let floor = held.at.max(listed).max(story.epochs[usize::try_from(epoch).unwrap()].1);
        let passed = Some((floor, host.uptime));
        let (uses, open, bound) = (BTreeMap::new(), None, None);
        let (run, rooted) = (0, false);
        Self { epoch, keyset, list, card, floor, passed, bound, uses, open, run, rooted }
    }

    /// The refined interval.
    pub(super) fn refined(&self, host: &Host) -> (u64, Option<u64>) {
        let lo = self.lo(host).max(host.time.map_or(0, |(lo, _)| lo));
        let mut hi = host.time.map(|(_, hi)| hi);
        if let Some((most, bound)) = self.bound.and_then(|(b, u)| Some((host.most(u)?, b))) {
            hi = Some(hi.map_or(bound + most, |hi| hi.min(bound + most)));
        }
        (lo, hi.map(|hi| hi.max(lo)))
    }

    fn lo(&self, host: &Host) -> u64 {
        let passed = self.passed.map_or(0, |(p, u)| p + host.least(u));
        self.floor.max(passed)
    }

    pub(super) fn heard(&mut self, at: u64, host: &Host) {
        if at > self.lo(host) {
            self.passed = Some((at, host.uptime));
        }
        self.floor = self.floor.max(at);
    }

    pub(super) fn restart(&mut self) {
        (self.passed, self.bound) = (None, None);
        self.run += 1;
    }

    pub(super) fn connect(&mut self, host: &Host) {
        let (epoch, run) = (self.epoch, self.run);
        self.open = Some(Open { given: host.uptime, epoch, run, spent: false });
    }

    pub(super) fn session(&self) -> Option<Open> {
        let here = |open: &Open| open.epoch == self.epoch && open.run == self.run && !open.spent;
        self.open.filter(here)
    }

    /// The keyset's version.
    pub(super) fn version(&self, story: &Story) -> u64 {
        version(&story.statements[self.keyset])
    }

    /// The list's place, or that of none.
    pub(super) fn list_order(&self, story: &Story) -> (u64, u64) {
        self.list.map_or((0, 0), |list| order(&story.statements[list]))
    }

    /// The card's place in this epoch, or that of none.
    pub(super) fn card_order(&self, story: &Story) -> (u64, u64) {
        let card = &story.statements[self.card];
        if card.epoch == self.epoch { order(card) } else { (0, 0) }
    }

    pub(super) fn named(&self, story: &Story, who: usize) -> Option<Named> {
        match &story.statements[self.keyset].what {
            What::Keyset { issuers, .. } => issuers.iter().find(|named| named.who == who).copied(),
            _ => None,
        }
    }

    fn signer(&self, story: &Story, who: usize, role: u8, at: u64) -> Result<Named, u16> {
        let named = self.named(story, who).ok_or(630_u16)?;
        if named.roles & role == 0 {
            return Err(631);
        }
        if at < named.from || at >= named.until { Err(633) } else { Ok(named) }
    }

    /// A statement that comes alone.
    pub(super) fn take(&mut self, story: &Story, index: usize, host: &Host) -> Said16 {
        let got = &story.statements[index];
        if got.epoch != self.epoch {
            return Err(610);
        }
        match &got.what {
            What::Keyset { .. } => self.keyset(story, index, host),
            What::List { by, .. } => self.list(story, index, *by, host),
            What::Card { by, .. } => self.card(story, index, *by),
            What::Status { by, keyset, list } => {
                let (by, epoch, at, keyset, list) = (*by, got.epoch, got.at, *keyset, *list);
                let forged = got.fault != 0;
                self.hear(story, &Said { by, epoch, at, keyset, list, nonce: None, forged }, host)
            }
        }
    }

    fn keyset(&mut self, story: &Story, index: usize, host: &Host) -> Said16 {
        let (got, held) = (&story.statements[index], &story.statements[self.keyset]);
        if version(got) < version(held) {
            return Err(611);
        }
        if got.body == held.body {
            return Ok(Taken::Unchanged);
        }
        sound(got)?;
        if version(got) == version(held) {
            return Err(612);
        }
        self.keyset = index;
        self.rooted |= got.side == Side::Roots;
        self.heard(got.at, host);
        self.bound = None;
        Ok(Taken::Keyset)
    }

    fn list(&mut self, story: &Story, index: usize, by: usize, host: &Host) -> Said16 {
        let got = &story.statements[index];
        if order(got).0 > self.version(story) {
            return Err(614);
        }
        if let Some(held) = self.list.map(|held| &story.statements[held]) {
            if order(got) < order(held) {
                return Err(611);
            }
            if got.body == held.body {
                return Ok(Taken::Unchanged);
            }
        }
        self.signer(story, by, REVOKE, got.at)?;
        sound(got)?;
        if self.list.is_some_and(|held| order(got) == order(&story.statements[held])) {
            return Err(612);
        }
        self.list = Some(index);
        self.heard(got.at, host);
        Ok(Taken::List)
    }

    fn card(&mut self, story: &Story, index: usize, by: usize) -> Said16 {
        let (got, held) = (&story.statements[index], &story.statements[self.card]);
        if order(got).0 > self.version(story) {
            return Err(614);
        }
        let current = held.epoch == self.epoch;
        if current && order(got) < order(held) {
            return Err(611);
        }
        if current && got.body == held.body {
            return Ok(Taken::Unchanged);
        }
        if (650..=652).contains(&got.fault) {
            return Err(got.fault);
        }
        self.signer(story, by, ENROL, got.at)?;
        if matches!(story.statements[self.keyset].what, What::Keyset { names_device: true, .. }) {
            return Err(640);
        }
        sound(got)?;
        if current && order(got) == order(held) {
            return Err(612);
        }
        self.card = index;
        Ok(Taken::Card)
    }

    /// A status without a list that comes alone.
    pub(super) fn hear(&mut self, story: &Story, said: &Said, host: &Host) -> Said16 {
        if said.epoch != self.epoch {
            return Err(610);
        }
        let signer = self.signer(story, said.by, ATTEST, said.at)?;
        if said.nonce.is_some() && self.refined(host).0 >= signer.until {
            return Err(633);
        }
        let young = |open: &Open| host.most(open.given).is_some_and(|most| most <= 30);
        let open = self.session().filter(young);
        if said.forged || said.nonce.is_some_and(|own| !own || open.is_none()) {
            return Err(622);
        }
        let news = said.at > self.floor || said.nonce.is_some();
        self.heard(said.at, host);
        if let (Some(_), Some(open)) = (said.nonce, open) {
            self.bound = Some((said.at + 1, open.given));
        }
        Ok(if news { Taken::Time } else { Taken::Unchanged })
    }

    /// A walk that has come to an epoch, or to none, and its keyset.
    pub(super) fn walked(&mut self, story: &Story, last: u64, index: usize, host: &Host) -> Said16 {
        let got = &story.statements[index];
        if last == self.epoch {
            return self.take(story, index, host);
        }
        if got.epoch != last {
            return Err(610);
        }
        if !matches!(got.what, What::Keyset { .. }) {
            return Err(600);
        }
        sound(got)?;
        let floor = got.at.max(story.epochs[usize::try_from(last).unwrap()].1);
        (self.epoch, self.keyset, self.list) = (last, index, None);
        (self.floor, self.passed, self.bound) = (floor, Some((floor, host.uptime)), None);
        self.uses.clear();
        self.rooted = got.side == Side::Roots;
        Ok(Taken::Epoch)
    }

    /// A presentation.
    pub(super) fn judge(
        &mut self,
        story: &Story,
        asked: &Asked<'_>,
        host: &Host,
    ) -> Result<(), u16> {
        let verdict = self.verdict(story, asked, host);
        let spent = verdict.as_ref().map_or_else(|code| *code >= 400, |_| true);
        if let (true, Some(open)) = (spent, &mut self.open) {
            open.spent = true;
        }
        let (lo, given) = verdict?;
        let granted = asked.token;
        if granted.uses.is_some() {
            let entry = self.uses.entry(granted.link.0).or_default();
            *entry = (entry.0 + 1, entry.1.or(Some(lo)));
        }
        if let Some(said) = &asked.status {
            self.heard(said.at, host);
            if said.nonce.is_some() {
                self.bound = Some((said.at + 1, given));
            }
        }
        Ok(())
    }

    fn verdict(&self, story: &Story, asked: &Asked<'_>, host: &Host) -> Result<(u64, u64), u16> {
        let open = self.session().ok_or(210_u16)?;
        let most = host.most(open.given).filter(|most| *most <= 30).ok_or(211_u16)?;
        let granted = asked.token;
        let issuer = match granted.by {
            Grantor::Clerk(who) => Some(self.issuer(story, who)?),
            Grantor::Emergency if granted.epoch != self.epoch => return Err(200),
            Grantor::Emergency if granted.uses.is_some() => return Err(223),
            Grantor::Emergency => None,
        };
        let attester = self.attester(story, asked.status, true)?;
        self.genuine((asked.signed, asked.claimed), granted.epoch, asked.status)?;
        self.is_live(story, granted)?;
        let (lo, hi) = self.times(host, attester, most)?;
        if let Some(named) = issuer {
            valid(issuer, (lo, hi), (named.from, named.until))?;
        }
        if granted.group && !self.grouped(story) {
            return Err(411);
        }
        valid(issuer, (lo, hi), (granted.from, granted.until))?;
        let spent = self.uses.get(&granted.link.0).map_or(0, |(spent, _)| *spent);
        if granted.uses.is_some_and(|limit| spent >= limit) {
            return Err(430);
        }
        if let Some(seconds) = granted.fresh {
            self.fresh(story, (granted.by, seconds), asked.status, hi)?;
        }
        Ok((lo, open.given))
    }

    /// Whether the list that is held revokes a token.
    pub(super) fn is_live(&self, story: &Story, granted: &Granted) -> Result<(), u16> {
        let link = (granted.link.0, granted.holder);
        self.revoked(story, (granted.by, granted.serial), [link])
    }
}

/// Signatures, and what is wrong whoever signs.
fn sound(statement: &Statement) -> Result<(), u16> {
    if statement.fault == 0 { Ok(()) } else { Err(statement.fault) }
}

fn version(statement: &Statement) -> u64 {
    match statement.what {
        What::Keyset { version, .. } => version,
        _ => 0,
    }
}

fn order(statement: &Statement) -> (u64, u64) {
    match statement.what {
        What::List { order, .. } | What::Card { order, .. } => order,
        _ => (0, 0),
    }
}
