//! One life of the real lock, step by step, and what must hold of it.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use keyward::{
    Ask, Card, Channel, Denial, Epoch, Interval, Keyset, Lock, Now, Origin, Presentation, Refusal,
    Request, Right, State, Status, Taken, Time, Token,
    id::{Fresh, Nonce},
    ledger::Outcome,
    lock::Session,
    time::Uptime,
};
use keyward_testkit::{
    lives::{Small, View, view},
    world::{START, door::Memory},
};

use crate::{
    bench::{Bench, Mood},
    cast::{Cast, FRESH},
    clock::{self, Clock, Heard},
    control::{Control, Fault},
    rule,
    step::{Power, Said, Step},
};

type Real = Lock<'static, Bench, Small>;

/// What never goes back within an epoch: keyset, list, card and floor.
type Orders = (u64, (u64, u64), (u64, u64), u64);

/// What a lock knows; nothing where it isn't looked at.
type Look = Option<View>;

/// What is presented: of which token, with which status.
pub type Kind = (usize, Option<Said>);

/// What was presented over which nonce, if over one, and what the time of its status adds.
#[derive(Clone)]
struct Shown {
    bytes: Vec<u8>,
    kind: Kind,
    nonce: Option<Nonce>,
    heard: Option<Heard>,
}

/// The lock, the world around it, and what was seen.
pub struct Life<'c> {
    cast: &'c Cast,
    lock: Option<Real>,
    mood: Rc<Cell<Mood>>,
    /// The session, when it began, and whether it is spent.
    session: Option<(Session, u64, bool)>,
    /// What was presented last over a session.
    last: Option<Shown>,
    /// The host's clock.
    clock: Option<i64>,
    /// The uptime.
    seconds: u64,
    /// What the lock may take for the present, and whether it starts anew in this step.
    trusted: Clock,
    starts: bool,
    /// How often each presentation opened, and each kind.
    acts: BTreeMap<Vec<u8>, u32>,
    opened: BTreeMap<Kind, u32>,
    /// The list that names the second holder was taken in.
    revoked: bool,
    control: Option<Control>,
    /// How the store answers while power stays: from a forgotten decision on it forgets, until the
    /// next start.
    rest: Mood,
    /// Epoch and orders behind the last step.
    held: (u64, Orders),
    /// Power failed behind the last step's write, and the start found another state than before it.
    has_changed_unconfirmed: bool,
    /// Whether this step is looked at: those before were, in lives that are a part of this one.
    looks: bool,
    /// What doesn't hold.
    pub broken: Option<&'static str>,
}

impl<'c> Life<'c> {
    /// The life of so many steps, in which the last one is looked at.
    pub fn lived(cast: &'c Cast, control: Option<Control>, way: &[Step]) -> Self {
        let mut life = Self::new(cast, control);
        for (left, step) in (0..way.len()).rev().zip(way) {
            life.looks = left == 0;
            life.step(*step);
        }
        life.found_what_was_written(way);
        life
    }

    /// What a start finds behind a write that was not confirmed is what it finds behind one that
    /// was, where it isn't what was there before.
    fn found_what_was_written(&mut self, way: &[Step]) {
        let Some((last, before)) = way.split_last().filter(|_| self.has_changed_unconfirmed) else {
            return;
        };
        let mut twin = Self::new(self.cast, self.control);
        twin.looks = false;
        before.iter().copied().chain(last.confirmed()).for_each(|step| twin.step(step));
        self.must(self.view() == twin.view(), rule::START);
    }

    fn new(cast: &'c Cast, control: Option<Control>) -> Self {
        let mood = Rc::new(Cell::new(Mood::Works));
        let mut life = Self {
            cast,
            lock: None,
            mood,
            session: None,
            last: None,
            clock: Some(0),
            seconds: 1,
            trusted: Clock::new(START.0),
            starts: false,
            acts: BTreeMap::new(),
            opened: BTreeMap::new(),
            revoked: false,
            control,
            rest: Mood::Works,
            held: (0, (0, (0, 0), (0, 0), 0)),
            has_changed_unconfirmed: false,
            looks: true,
            broken: None,
        };
        life.lock = Some(life.started(cast.claimed.clone()));
        life.held = life.holds();
        life
    }

    /// All that tells two lives apart for what may come.
    ///
    /// A nonce is a name: what is over another than the session's is over one that is gone.
    pub fn seen(&self) -> String {
        let nonce = self.session.as_ref().map(|(session, ..)| session.challenge().nonce);
        // A session that is kept is of this start: it lives in the epoch that gave it, alone.
        let session = self
            .session
            .as_ref()
            .map(|(session, at, spent)| (session.challenge().epoch.0, self.seconds - at, *spent));
        let last = self.last.as_ref().map(|shown| {
            let acts = self.acts.get(&shown.bytes);
            (shown.kind, shown.heard, shown.nonce == nonce, acts)
        });
        let time = (self.clock, self.seconds, self.trusted);
        let facts = (session, last, time, &self.opened, self.revoked, self.rest);
        format!("{:?} {facts:?} {:?}", self.view(), self.broken)
    }

    /// What has opened so far.
    pub fn opened(&self) -> BTreeSet<Kind> {
        self.opened.keys().copied().collect()
    }

    fn step(&mut self, step: Step) {
        let now = self.told();
        match step {
            Step::Connect => {
                let session = self.lock().challenge([1; 16], Channel::Radio, now);
                self.session = session.ok().map(|session| (session, self.seconds, false));
            }
            Step::Present(which, power) => self.present(which, None, power),
            Step::Attested(said) => self.present(CHECKED, Some(said), Power::Stays),
            Step::Again => {
                if let Some(shown) = self.last.clone() {
                    self.decide(&shown, Power::Stays);
                }
            }
            Step::Unchallenged(power) => {
                let (bytes, kind) = (self.cast.unchallenged.bytes.clone(), (UNCHALLENGED, None));
                self.decide(&Shown { bytes, kind, nonce: None, heard: None }, power);
            }
            Step::Deliver(LIST, _) if self.has(Fault::List) => self.revoked = true,
            Step::Deliver(which, power) => {
                let mut taken = Ok(Taken::Unchanged);
                self.written(power, |lock, cast| {
                    taken = deliver(lock, &cast.statements[which], now);
                });
                self.revoked |= which == LIST && taken == Ok(Taken::List);
                if taken == Ok(Taken::Time) {
                    self.trusted.told((self.cast.times[2].0, None), self.seconds);
                }
            }
            Step::Walk(power) => self.written(power, |lock, cast| {
                let Ok(mut walk) = lock.walk() else { return };
                let [epoch, keyset] = &cast.epoch;
                let (epoch, keyset) = (Epoch::decode(epoch), Keyset::decode(keyset));
                if walk.step(&epoch.unwrap()).is_ok() {
                    let update = lock.verify_epoch(walk, &keyset.unwrap(), now);
                    let _taken = update.and_then(|update| update.commit());
                }
            }),
            Step::Cut => self.cut(),
            Step::Clock(off) => self.clock = off,
            Step::Wait(seconds) => self.seconds += seconds,
        }
        let (epoch, orders) = self.held;
        self.held = self.holds();
        let (later, now) = self.held;
        let kept = orders.0 <= now.0 && orders.1 <= now.1 && orders.2 <= now.2 && orders.3 <= now.3;
        self.must(later > epoch || later == epoch && kept, rule::TRUST);
        self.follow(later > epoch, now.1 > orders.1, now.0 > orders.0);
    }

    /// The time of what was taken in in a step is heard, and the lock has no other.
    fn follow(&mut self, epoch: bool, list: bool, keyset: bool) {
        let (cast, uptime) = (self.cast, self.seconds);
        if epoch {
            self.trusted.reset(cast.epoch_at.0, uptime);
        } else if list {
            self.trusted.heard(cast.times[0].0, uptime);
        } else if keyset {
            self.trusted.heard(cast.times[1].0, uptime);
            self.trusted.unbounded();
        }
        if self.starts {
            self.trusted.restart();
        }
        self.starts = false;
        if !self.looks {
            return;
        }
        let told = self.told();
        let now = [told, Now { time: Interval::UNKNOWN, ..told }];
        // What rests on ticks shows where more of them have run.
        let later = now.map(|now| Now { uptime: Uptime(now.uptime.0 + HOUR * 1000), ..now });
        let host = [self.host().map(|time| time.0), None];
        for (now, ahead) in [(now, 0), (later, HOUR)] {
            for (now, host) in now.into_iter().zip(host) {
                let present = self.lock().present(now).unwrap();
                let present = (present.lo().0, present.hi().map(|hi| hi.0));
                let ours = self.trusted.present(host, uptime + ahead);
                self.must(present == ours, rule::PRESENT);
            }
        }
    }

    /// What is said, as bytes, and its time: nothing without a session that it could be said over.
    fn status(&self, said: Said) -> Option<(Vec<u8>, Heard)> {
        let (session, issued, _) = self.session.as_ref()?;
        let bytes = match said {
            Said::Earlier => self.cast.statuses[0].clone(),
            Said::Later => self.cast.statuses[1].clone(),
            Said::OverNonce => {
                let (scope, key) = (self.cast.scope, &self.cast.attester);
                let state = State { at: START.after(self.seconds), ..self.cast.newest };
                let nonce = session.challenge().nonce;
                let draft = Status::attest(scope, &key.public(), state, Some(&nonce)).unwrap();
                draft.sign(key).unwrap().as_bytes().to_vec()
            }
        };
        let at = Status::decode(&bytes).unwrap().unverified_state().at;
        Some((bytes, (at.0, (said == Said::OverNonce).then_some(*issued))))
    }

    fn present(&mut self, which: usize, said: Option<Said>, power: Power) {
        let status = said.and_then(|said| self.status(said));
        let heard = status.as_ref().map(|(_, heard)| *heard);
        let status = status.as_ref().map(|(bytes, _)| Status::decode(bytes).unwrap());
        let Some((session, ..)) = &self.session else { return };
        let (held, challenge) = (&self.cast.held[which], session.challenge());
        let ask = Ask { lock: challenge.lock, right: Right::UNLOCK, parameter: b"" };
        let (origin, token) =
            (Origin::decode(&held.token.origin), Token::decode(&held.token.token));
        let (origin, token) = (origin.unwrap(), token.unwrap());
        let channel = Channel::Radio;
        // A phone makes no request for another epoch than its token's.
        let request = Request::challenged(&origin, &token, ask, challenge, channel, Fresh([1; 16]));
        let Ok(request) = request else { return };
        let draft = request.present(&[], status.as_ref()).unwrap();
        let bytes = draft.sign(&held.holder.key).unwrap();
        let (bytes, nonce) = (bytes.as_bytes().to_vec(), Some(challenge.nonce));
        let shown = Shown { bytes, kind: (which, said), nonce, heard };
        self.last = Some(shown.clone());
        self.decide(&shown, power);
    }

    fn decide(&mut self, shown: &Shown, power: Power) {
        let (before, now, forgets) = (self.look(), self.told(), self.has(Fault::Forgets));
        let presentation = Presentation::decode(&shown.bytes).unwrap();
        let which = shown.kind.0;
        let (lock, mood) = (self.lock.as_mut().unwrap(), &self.mood);
        let verified = match &mut self.session {
            _ if which == UNCHALLENGED => lock.verify_unchallenged(&presentation, now),
            None => return,
            Some((session, _, spent)) => {
                let verified = lock.verify(session, &presentation, now);
                *spent |= verified.as_ref().map_or_else(Denial::is_evidence, |_| true);
                verified
            }
        };
        let permit = match verified {
            Err(_) => return self.must(self.look() == before, rule::DENIAL),
            Ok(verified) => {
                if forgets {
                    self.rest = Mood::Forgets;
                }
                mood.set(power.mood(self.rest));
                let permit = verified.commit(now);
                mood.set(self.rest);
                permit
            }
        };
        let Ok(permit) = permit else {
            self.must(self.look() == before, rule::COMMIT);
            if power != Power::Stays {
                self.cut_from(&before, power);
            }
            return;
        };
        let committed = self.look();
        if power == Power::Committed {
            return self.cut_from(&committed, Power::Before);
        }
        // The act rests on what a start would find at this instant.
        if self.looks {
            let durable = self.lock().store().store.clone();
            let twin = self.started(durable);
            self.must(Some(view(&twin)) == committed, rule::DURABLE);
        }
        let acted = self.lock().act(permit, now, |_order| Outcome::Done).unwrap();
        *self.opened.entry(shown.kind).or_default() += 1;
        let acts = self.acts.entry(shown.bytes.clone()).or_default();
        *acts += 1;
        let twice = *acts > 1;
        self.must(!twice, rule::TWICE);
        let uses = |which| self.opened.get(&(which, None)).copied().unwrap_or(0);
        let uses = (uses(0), uses(2));
        self.must(uses.0 < 2 && uses.1 < 2, rule::USES);
        self.must(!(which == 1 && self.revoked), rule::REVOKED);
        self.timely(shown);
        self.must(which != CHECKED || self.is_told(&presentation, shown), rule::STATUS);
        self.must(self.held.0 == u64::from(which == 2), rule::EPOCH);
        if let Some(heard) = shown.heard {
            self.trusted.told(heard, self.seconds);
        }
        let _recorded = self.lock().record(acted);
    }

    /// An act is within its token's term and its request's life, by the time that the lock may
    /// trust.
    fn timely(&mut self, shown: &Shown) {
        let (which, (lo, hi)) = (shown.kind.0, self.known(shown));
        let request = &self.cast.unchallenged;
        let valid = self.cast.held.get(which).map_or(request.valid, |held| held.valid);
        let until = valid.until().0;
        self.must(lo >= valid.from.0 && hi.is_some_and(|hi| hi < until), rule::TERM);
        if which == UNCHALLENGED {
            let (time, expires) = (request.time.0, request.expires.0);
            let lives = |hi| time <= hi && hi - time <= LATE && hi < expires;
            self.must(hi.is_some_and(lives), rule::EXPIRES);
        } else {
            let given = self.session.as_ref().map(|(_, at, _)| *at);
            let lives = given.is_some_and(|at| self.seconds - at <= ANSWERED);
            self.must(lives, rule::CHALLENGE);
        }
    }

    /// Whether a status came along that names nothing newer than the lock has, and is as young as
    /// the token demands, by the time that the lock may trust.
    fn is_told(&self, presentation: &Presentation<'_>, shown: &Shown) -> bool {
        let Some(status) = presentation.unverified_status() else { return false };
        let (state, (keyset, list, ..)) = (status.unverified_state(), self.held.1);
        let here = state.keyset.0 <= keyset && (state.list.keyset.0, state.list.number.0) <= list;
        let (_, hi) = self.known(shown);
        here && hi.is_some_and(|hi| hi.saturating_sub(state.at.0) <= FRESH.into())
    }

    /// The present, as the lock may know it, with what is presented.
    fn known(&self, shown: &Shown) -> clock::Present {
        let host = self.host().map(|time| time.0);
        clock::with(self.trusted.present(host, self.seconds), shown.heard, self.seconds)
    }

    /// Delivers under a mood.
    fn written(&mut self, power: Power, deliver: impl FnOnce(&mut Real, &Cast)) {
        let before = self.look();
        self.mood.set(power.mood(self.rest));
        let cast = self.cast;
        deliver(self.lock(), cast);
        self.mood.set(self.rest);
        if power != Power::Stays {
            self.must(self.look() == before, rule::STATEMENT);
            self.cut_from(&before, power);
        }
    }

    fn cut(&mut self) {
        let before = self.look();
        self.cut_from(&before, Power::Before);
    }

    /// Power fails: what the store holds is all that is left. Where nothing was being written that
    /// is what the lock knew.
    fn cut_from(&mut self, before: &Look, power: Power) {
        let mut store = self.lock.take().unwrap().into_store().store;
        if power == Power::Behind && self.has(Fault::Reverts) {
            store = self.cast.claimed.clone();
        }
        self.rest = Mood::Works;
        self.mood.set(Mood::Works);
        self.lock = Some(self.started(store));
        self.session = None;
        self.starts = true;
        let same = self.look() == *before;
        self.has_changed_unconfirmed = self.looks && power == Power::Behind && !same;
        self.must(power == Power::Behind || same, rule::START);
    }

    fn started(&mut self, store: Memory) -> Real {
        let store = Bench { mood: Rc::clone(&self.mood), store };
        let mut lock = Lock::new(self.cast.identity, self.cast.secret(), store);
        self.must(lock.restore(None).is_ok(), rule::RESTORE);
        lock
    }

    fn must(&mut self, holds: bool, otherwise: &'static str) {
        let counts = self.control.is_none_or(|control| control.breaks == otherwise);
        if !holds && counts && self.looks && self.broken.is_none() {
            self.broken = Some(otherwise);
        }
    }

    fn lock(&mut self) -> &mut Real {
        self.lock.as_mut().unwrap()
    }

    fn view(&self) -> View {
        view(self.lock.as_ref().unwrap())
    }

    fn look(&self) -> Look {
        self.looks.then(|| self.view())
    }

    /// Epoch and orders, by the lock.
    fn holds(&self) -> (u64, Orders) {
        let lock = self.lock.as_ref().unwrap();
        let trust = lock.trust().unwrap();
        let (list, card) = (trust.list(), trust.card());
        let floor = lock.present(Now::ticks(Uptime(0), 0)).unwrap().lo();
        let list = (list.keyset.0, list.number.0);
        let orders = (trust.keyset().0, list, (card.keyset.0, card.version.0), floor.0);
        (trust.scope().epoch.0, orders)
    }

    /// What the host's clock shows.
    fn host(&self) -> Option<Time> {
        let years = 365 * 86_400 * self.clock?;
        Some(Time(START.after(self.seconds).0.checked_add_signed(years).unwrap()))
    }

    /// What the host tells the lock.
    fn told(&self) -> Now {
        let stands = |time| if self.has(Fault::Clock) { START.after(1) } else { time };
        let host = self.host().map(stands);
        let uptime = if self.has(Fault::Ticks) { 1 } else { self.seconds };
        let time = host.map_or(Interval::UNKNOWN, Interval::exactly);
        Now { time, ..Now::ticks(Uptime(uptime * 1000), 0) }
    }

    fn has(&self, fault: Fault) -> bool {
        self.control.is_some_and(|control| control.fault == fault)
    }
}

fn deliver(lock: &mut Real, bytes: &[u8], now: Now) -> Result<Taken, Refusal> {
    match bytes[1] {
        10 => lock.verify_keyset(&Keyset::decode(bytes)?, now)?.commit(),
        11 => lock.verify_card(&Card::decode(bytes)?, now)?.commit(),
        _ => lock.verify_status(&Status::decode(bytes)?, None, now)?.commit(),
    }
}

/// The place of the list among the statements.
pub const LIST: usize = 0;
/// The token that demands a status.
pub const CHECKED: usize = 3;
/// The place of the unchallenged request among what opened.
pub const UNCHALLENGED: usize = 4;
/// Seconds that a challenge lives (SPEC.md section 10.1).
const ANSWERED: u64 = 30;
/// Seconds that an unchallenged request may be late by (SPEC.md section 13.5, step 13).
const LATE: u64 = 900;
/// Seconds.
const HOUR: u64 = 3600;
