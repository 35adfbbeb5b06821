//! Power fails at random instructions, again and again; what the flash holds is kept.
//!
//! A life is a lock that is claimed, opened by tokens for one use, and told of revocations. The
//! next start is held to all that was heard before: no token opens twice, nothing that was told is
//! lost, no nonce comes again, an open door is due, and who comes lawfully gets in.

use std::collections::BTreeSet;

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Caveats, Challenge, Channel, Denial, Receipt, Right, Rights, Seconds, Target, Time,
    Unclaimed, Valid,
    receipt::{Head, Log, Public},
};
use keyward_store::random::Random;
use keyward_testkit::world::{Capability, Holder, Owner, START, Settings};
use rand_core::{Rng, SeedableRng};

use super::{
    machine::{Cut, Off},
    silicon::{DOOR, Found, Hello, Powered, Silicon, Told, same},
};

/// Visits of a life, one an hour.
const VISITS: u64 = 24;

/// Changes of the flash that lie between two cuts, at most: a few openings.
const CHANGES: usize = 60;

/// Instructions behind such a change: within it, or what follows.
const BEHIND: usize = 4000;

/// The last receipts that a full lock still has the entries of.
const KEPT: usize = 4;

/// What the lives have shown.
#[derive(Debug, Default)]
pub struct Report {
    pub kills: u64,
    /// Of these: in the middle of what isn't durable yet, by the next start's word.
    pub interrupted: u64,
    pub openings: u64,
    /// Uses that were spent, and nobody heard of it.
    pub spent_unsaid: u64,
    pub tried_again: u64,
    pub violations: Vec<String>,
}

/// Lives on boards until power has failed so many times. A session that is cut anywhere has this
/// many instructions, at most.
///
/// # Errors
/// Where QEMU doesn't start, or an image ends otherwise.
pub fn kill<'e>(
    board: &impl Fn() -> Result<Silicon<'e>, String>,
    times: u64,
    seed: u64,
    anywhere: u64,
) -> Result<Report, String> {
    let mut random = Random::new(seed);
    let mut report = Report::default();
    let mut lives = 0;
    while report.kills < times && report.violations.is_empty() {
        lives += 1;
        let mut life = Life::new(board()?, seed.wrapping_mul(1000).wrapping_add(lives));
        while life.visit <= VISITS && report.kills < times && report.violations.is_empty() {
            let cut = cut(&mut random, anywhere);
            let visit = life.visit;
            if let Err(violation) = life.session(cut, &mut report)? {
                let place = format!("seed {seed}, life {lives}, visit {visit}, {cut:?}");
                report.violations.push(format!("{violation}: {place}"));
            }
        }
    }
    Ok(report)
}

/// Three of four lie close behind a change of the flash, one anywhere.
fn cut(random: &mut Random, anywhere: u64) -> Cut {
    let below = |random: &mut Random, most| random.below(most) as u64;
    if random.below(4) == 0 {
        Cut { flash: 0, instruction: 1 + random.number() % anywhere }
    } else {
        Cut { flash: 1 + below(random, CHANGES), instruction: 1 + below(random, BEHIND) }
    }
}

/// How the door is, by what was heard.
#[derive(Clone, Copy, PartialEq)]
enum Door {
    Open,
    Closed,
    /// Something was tried and not confirmed.
    Unsure,
}

/// One lock's life, by what was heard of it.
struct Life<'e> {
    board: Silicon<'e>,
    owner: Owner,
    guest: Holder,
    rng: ChaCha20Rng,
    /// The visit that isn't over.
    visit: u64,
    claimed: bool,
    /// Tokens by which the bolt has moved.
    moved: Vec<(u64, Capability)>,
    /// The token of this visit, which may be spent already.
    tried: Option<Capability>,
    receipts: Vec<Vec<u8>>,
    trust: Option<[u64; 6]>,
    nonces: BTreeSet<[u8; 16]>,
    door: Door,
    /// Whether an opening was begun and its end not heard.
    pending: bool,
}

/// A session ends: power fails, or something is wrong.
enum End {
    Off,
    Wrong(String),
}

impl From<Off> for End {
    fn from(_off: Off) -> Self {
        Self::Off
    }
}

impl<'e> Life<'e> {
    fn new(board: Silicon<'e>, seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut owner = Owner::new(START, &mut rng);
        owner.enrol(board.unclaimed(), DOOR, Settings::default(), START);
        let guest = Holder::new(&mut rng);
        Self {
            board,
            owner,
            guest,
            rng,
            visit: 1,
            claimed: false,
            moved: Vec::new(),
            tried: None,
            receipts: Vec::new(),
            trust: None,
            nonces: BTreeSet::new(),
            door: Door::Closed,
            pending: false,
        }
    }

    /// Power comes, and fails. The inner error is a violation.
    fn session(&mut self, cut: Cut, report: &mut Report) -> Result<Result<(), String>, String> {
        let mut on = self.board.power(Some(cut))?;
        match self.live(&mut on, report) {
            Err(End::Wrong(violation)) => {
                on.fail();
                Ok(Err(violation))
            }
            Err(End::Off) => {
                on.failed()?;
                report.kills += 1;
                Ok(Ok(()))
            }
            Ok(()) => {
                on.fail();
                Ok(Ok(()))
            }
        }
    }

    fn live(&mut self, on: &mut Powered, report: &mut Report) -> Result<(), End> {
        self.starts(on, report)?;
        // Those of before are over, by the time of this visit.
        self.moved.retain(|(visit, _)| visit + 2 >= self.visit);
        for (token, held) in self.moved.clone() {
            report.tried_again += 1;
            match self.presents(on, &held, &mut false)? {
                Told::Denied(code) if is(code, "UsesSpent") => {}
                told => return wrong(format!("token {token}, spent, is told {told:?}")),
            }
        }
        while self.visit <= VISITS {
            if self.visit.is_multiple_of(5) {
                self.news(on)?;
            }
            self.comes(on, report)?;
            self.visit += 1;
        }
        Ok(())
    }

    /// What the start finds is what was heard.
    fn starts(&mut self, on: &mut Powered, report: &mut Report) -> Result<(), End> {
        let Hello { found, due, .. } = on.hello(&self.board)?;
        let fits = match found {
            Found::Nothing => !self.claimed,
            Found::Lock => true,
            Found::Interrupted(_) => self.pending,
            Found::Fault(_) => false,
        };
        if !fits {
            return wrong(format!("finds {found:?}, an opening begun: {}", self.pending));
        }
        report.interrupted += u64::from(matches!(found, Found::Interrupted(_)));
        self.pending = false;
        match (self.door, due) {
            (Door::Open, false) => return wrong("an open door isn't due"),
            (Door::Closed, true) => return wrong("a closed door is due"),
            _ => {}
        }
        self.now(on)?;
        if found == Found::Nothing {
            self.claims(on)?;
        }
        self.claimed = true;
        self.challenged(on)?;
        self.secures(on)?;
        self.reads(on)
    }

    fn claims(&mut self, on: &mut Powered) -> Result<(), End> {
        let library = &self.owner.library;
        let (epoch, card) = (library.epochs[0].clone(), library.cards[&DOOR].clone());
        let shown: Unclaimed = self.board.unclaimed();
        let key = &self.board.claim_key;
        let claim = shown.claim(
            self.owner.domain,
            &keyward::Epoch::decode(&epoch).expect("an epoch"),
            &keyward::Card::decode(&card).expect("a card"),
            &key.public(),
        );
        let claim = claim.expect("a claim").sign(key).expect("signed").as_bytes().to_vec();
        match on.claim(&[claim, epoch, library.keyset.clone(), card])? {
            Told::Taken => Ok(()),
            told => wrong(format!("the claim is told {told:?}")),
        }
    }

    /// The lock's challenge: nothing that it trusted is forgotten, and no nonce comes again.
    fn challenged(&mut self, on: &mut Powered) -> Result<Vec<u8>, End> {
        let bytes = on.connect()?;
        let Ok(held) = Challenge::decode(&bytes) else { return wrong("no challenge") };
        let (list, card) = (held.list, held.card);
        let (epoch, keyset) = (held.epoch.0, held.keyset.0);
        let trust = [epoch, keyset, list.keyset.0, list.number.0, card.keyset.0, card.version.0];
        if self.trust.is_some_and(|before| trust < before) {
            return wrong(format!("holds {trust:?} after {:?}", self.trust));
        }
        self.trust = Some(trust);
        match self.nonces.insert(held.nonce.0) {
            true => Ok(bytes),
            false => wrong("a nonce comes again"),
        }
    }

    /// The log is whole from its oldest entry on, and all that was told of it since is in it. A
    /// lock whose owner acknowledges nothing gives the oldest entries up when its flash is full.
    fn reads(&mut self, on: &mut Powered) -> Result<(), End> {
        let entries = on.log()?;
        let (mut heads, mut oldest) = ([None, None], None);
        for (index, entry) in entries.iter().enumerate() {
            let Ok(receipt) = Receipt::decode(entry) else { return wrong("no entry") };
            let Public { sequence, before, .. } = receipt.unverified();
            let log = receipt.unverified().log();
            if log == Log::Events {
                oldest.get_or_insert(*sequence);
            }
            let head = &mut heads[usize::from(log == Log::Denials)];
            let from = head.unwrap_or(Head { next: *sequence, hash: **before });
            match from.step(&receipt) {
                Ok(next) => *head = Some(next),
                Err(broken) => return wrong(format!("entry {index} breaks the log: {broken:?}")),
            }
        }
        let is_kept = |receipt: &Vec<u8>| {
            let receipt = Receipt::decode(receipt).ok();
            receipt.is_none_or(|receipt| Some(receipt.unverified().sequence) >= oldest)
        };
        let is_in = |receipt: &Vec<u8>| entries.iter().any(|entry| same(entry, receipt));
        let last = self.receipts.len().saturating_sub(KEPT);
        let lost = |(index, receipt): &(usize, &Vec<u8>)| {
            !is_in(receipt) && (is_kept(receipt) || *index >= last)
        };
        match self.receipts.iter().enumerate().find(lost) {
            None => Ok(()),
            Some((lost, _)) => wrong(format!("receipt {lost} of {} is lost", self.receipts.len())),
        }
    }

    /// A revocation is published and carried in.
    fn news(&mut self, on: &mut Powered) -> Result<(), End> {
        let lost = Holder::new(&mut self.rng).public().name();
        self.owner.revoke([lost.into()], present(self.visit));
        self.now(on)?;
        let challenge = self.challenged(on)?;
        let Ok(challenge) = Challenge::decode(&challenge) else { return wrong("no challenge") };
        for statement in self.owner.library.missing(&challenge) {
            match on.message(&statement, || ())? {
                Told::Taken => {}
                told => return wrong(format!("a statement is told {told:?}")),
            }
        }
        self.challenged(on).map(drop)
    }

    /// A guest comes with a token for one use, which a cut may have spent; then with another.
    fn comes(&mut self, on: &mut Powered, report: &mut Report) -> Result<(), End> {
        self.now(on)?;
        if let Some(held) = self.tried.take() {
            let mut moved = false;
            self.pending = true;
            match self.presents(on, &held, &mut moved) {
                Ok(Told::Denied(code)) if is(code, "UsesSpent") && !moved => {
                    self.pending = false;
                    report.spent_unsaid += 1;
                }
                told => {
                    if !moved {
                        // It may be spent now, or not.
                        self.tried = Some(held);
                        return self.opened(told?).map(drop);
                    }
                    self.moved.push((self.visit, held));
                    report.openings += 1;
                    self.opened(told?)?;
                }
            }
        }
        let held = self.token();
        self.tried = Some(held.clone());
        let mut moved = false;
        self.pending = true;
        let told = self.presents(on, &held, &mut moved);
        if moved {
            self.tried = None;
            self.moved.push((self.visit, held));
            report.openings += 1;
        }
        self.opened(told?)?;
        self.secures(on)
    }

    /// The end of an opening was heard, and it is one.
    fn opened(&mut self, told: Told) -> Result<(), End> {
        match told {
            Told::Receipt(receipt) => {
                self.pending = false;
                self.receipts.push(receipt);
                Ok(())
            }
            told => wrong(format!("who comes lawfully is told {told:?}")),
        }
    }

    fn presents(
        &mut self,
        on: &mut Powered,
        held: &Capability,
        moved: &mut bool,
    ) -> Result<Told, End> {
        let challenge = self.challenged(on)?;
        let ask = Ask { lock: DOOR, right: Right::UNLOCK, parameter: b"" };
        let request = self.guest.request(held, ask, &challenge, Channel::Radio, &mut self.rng);
        // The owner's word on the time, by which the lock forgets tokens that are over.
        let status = self.owner.attest(present(self.visit), None);
        let presentation = self.guest.present(&request, &[], Some(&status));
        if self.pending && self.door == Door::Closed {
            self.door = Door::Unsure;
        }
        let told = on.message(&presentation, || *moved = true);
        if *moved {
            self.door = Door::Open;
        }
        Ok(told?)
    }

    fn secures(&mut self, on: &mut Powered) -> Result<(), End> {
        if self.door == Door::Open {
            self.door = Door::Unsure;
        }
        on.secure()?;
        self.door = Door::Closed;
        Ok(())
    }

    fn token(&mut self) -> Capability {
        let valid = Valid { from: present(self.visit), lasts: Seconds::minutes(180) };
        let grant = Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Lock(DOOR)], valid)
            .and_then(|grant| grant.max_open(Seconds(30))?.uses(1));
        self.owner.grant(&self.guest.public(), 0, &grant.expect("a grant"))
    }

    fn now(&mut self, on: &mut Powered) -> Result<(), End> {
        let mut random = [0; 16];
        self.rng.fill_bytes(&mut random);
        Ok(on.now(present(self.visit), random)?)
    }
}

/// The present at a visit: an hour later than at the last.
fn present(visit: u64) -> Time {
    START.after(visit * 3600)
}

fn is(code: u16, name: &str) -> bool {
    Denial::ALL.contains(&(code, name))
}

fn wrong<T>(what: impl Into<String>) -> Result<T, End> {
    Err(End::Wrong(what.into()))
}
