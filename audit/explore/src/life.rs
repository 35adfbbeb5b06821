//! One life of the real lock, step by step, and what must hold of it.

use std::{cell::Cell, collections::BTreeMap, rc::Rc};

use keyward::{
    Ask, Card, Channel, Denial, Epoch, Keyset, Lock, Now, Origin, Presentation, Refusal, Request,
    Right, State, Status, Taken, Time, Token, id::Fresh, ledger::Outcome, lock::Session,
    time::Uptime,
};
use keyward_testkit::{
    lives::{Small, View, view},
    world::{START, door::Memory},
};

use crate::{
    bench::{Bench, Mood},
    cast::{Cast, FRESH},
};

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The lock gives a new challenge.
    Connect,
    /// The holder of a token answers it, and the lock acts, unless power fails.
    Present(usize, Power),
    /// The same with an attester's status.
    Attested(Said),
    /// What was presented last is presented again.
    Again,
    /// The unchallenged presentation.
    Unchallenged(Power),
    /// Somebody delivers a statement.
    Deliver(usize, Power),
    /// Somebody delivers the next epoch with its keyset.
    Walk(Power),
    /// Power fails while nothing is written.
    Cut,
    /// The host's clock shows so many years behind the present, or before it; or the present.
    Clock(i64),
    /// So many seconds pass.
    Wait(u64),
}

/// Which status comes with a presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Said {
    /// That of before the list.
    Earlier,
    /// The newest, from the present on.
    Later,
    /// One of now, over the session's nonce.
    OverNonce,
}

/// When power fails in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Power {
    /// It doesn't.
    Stays,
    /// Before the step's write.
    Before,
    /// Behind it, unconfirmed.
    Behind,
    /// Behind the commit, before the act.
    Committed,
}

type Real = Lock<'static, Bench, Small>;

/// What never goes back within an epoch: keyset, list, card and floor.
type Orders = (u64, (u64, u64), (u64, u64), u64);

/// The lock, the world around it, and what was seen.
pub struct Life<'c> {
    cast: &'c Cast,
    lock: Option<Real>,
    mood: Rc<Cell<Mood>>,
    /// The session, when it began, and whether it is spent.
    session: Option<(Session, u64, bool)>,
    /// What was presented last, and of which token.
    last: Option<(Vec<u8>, usize)>,
    clock: i64,
    seconds: u64,
    /// How often each presentation opened, and each token.
    acts: BTreeMap<Vec<u8>, u32>,
    opened: [u32; 5],
    /// The list that names the second holder was taken in.
    revoked: bool,
    /// Whether the store forgets decisions: no store may.
    forgets: bool,
    /// How the store answers while power stays: from a forgotten decision on it forgets, until the
    /// next start.
    rest: Mood,
    /// What doesn't hold.
    pub broken: Option<&'static str>,
}

impl<'c> Life<'c> {
    pub fn new(cast: &'c Cast, forgets: bool) -> Self {
        let mood = Rc::new(Cell::new(Mood::Works));
        let mut life = Self {
            cast,
            lock: None,
            mood,
            session: None,
            last: None,
            clock: 0,
            seconds: 1,
            acts: BTreeMap::new(),
            opened: [0; 5],
            revoked: false,
            forgets,
            rest: Mood::Works,
            broken: None,
        };
        life.lock = Some(life.started(cast.claimed.clone()));
        life
    }

    /// All that tells two lives apart for what may come.
    pub fn seen(&self) -> String {
        let session = self.session.as_ref().map(|(_, at, spent)| (self.seconds - at, *spent));
        let last = self.last.as_ref().map(|(bytes, which)| (self.acts.get(bytes), which));
        let facts = (session, last, self.clock, self.seconds, self.opened, self.revoked, self.rest);
        format!("{:?} {facts:?} {:?}", self.view(), self.broken)
    }

    pub fn step(&mut self, step: Step) {
        let (epoch, orders) = (self.view().epoch(), self.orders());
        let now = self.now();
        match step {
            Step::Connect => {
                let session = self.lock().challenge([1; 16], Channel::Radio, now);
                self.session = session.ok().map(|session| (session, self.seconds, false));
            }
            Step::Present(which, power) => self.present(which, None, power),
            Step::Attested(said) => self.present(CHECKED, Some(said), Power::Stays),
            Step::Again => {
                if let Some((bytes, which)) = self.last.clone() {
                    self.decide(&bytes, which, Power::Stays);
                }
            }
            Step::Unchallenged(power) => {
                let bytes = self.cast.unchallenged.clone();
                self.decide(&bytes, UNCHALLENGED, power);
            }
            Step::Deliver(which, power) => self.written(power, |lock, cast| {
                let taken = deliver(lock, &cast.statements[which], now);
                which == 0 && taken == Ok(Taken::List)
            }),
            Step::Walk(power) => self.written(power, |lock, cast| {
                let Ok(mut walk) = lock.walk() else { return false };
                let [epoch, keyset] = &cast.epoch;
                let (epoch, keyset) = (Epoch::decode(epoch), Keyset::decode(keyset));
                if walk.step(&epoch.unwrap()).is_ok() {
                    let update = lock.verify_epoch(walk, &keyset.unwrap(), now);
                    let _taken = update.and_then(|update| update.commit());
                }
                false
            }),
            Step::Cut => self.cut(),
            Step::Clock(off) => self.clock = off,
            Step::Wait(seconds) => self.seconds += seconds,
        }
        let (later, now) = (self.view().epoch(), self.orders());
        let kept = orders.0 <= now.0 && orders.1 <= now.1 && orders.2 <= now.2 && orders.3 <= now.3;
        self.must(later > epoch || later == epoch && kept, "what a lock trusts went back");
    }

    /// What is said, as bytes: nothing without a session that it could be said over.
    fn status(&self, said: Said) -> Option<Vec<u8>> {
        let (session, ..) = self.session.as_ref()?;
        Some(match said {
            Said::Earlier => self.cast.statuses[0].clone(),
            Said::Later => self.cast.statuses[1].clone(),
            Said::OverNonce => {
                let (scope, key) = (self.cast.scope, &self.cast.attester);
                let state = State { at: START.after(self.seconds), ..self.cast.newest };
                let nonce = session.challenge().nonce;
                let draft = Status::attest(scope, &key.public(), state, Some(&nonce)).unwrap();
                draft.sign(key).unwrap().as_bytes().to_vec()
            }
        })
    }

    fn present(&mut self, which: usize, said: Option<Said>, power: Power) {
        let status = said.and_then(|said| self.status(said));
        let status = status.as_ref().map(|bytes| Status::decode(bytes).unwrap());
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
        let bytes = bytes.as_bytes().to_vec();
        self.last = Some((bytes.clone(), which));
        self.decide(&bytes, which, power);
    }

    fn decide(&mut self, bytes: &[u8], which: usize, power: Power) {
        let (before, now, forgets) = (self.view(), self.now(), self.forgets);
        let presentation = Presentation::decode(bytes).unwrap();
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
            Err(_) => return self.must(self.view() == before, "a denial changed the lock"),
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
            self.must(self.view() == before, "a commit that failed changed the lock");
            if power != Power::Stays {
                self.cut_from(&before, power);
            }
            return;
        };
        let committed = self.view();
        if power == Power::Committed {
            return self.cut_from(&committed, Power::Before);
        }
        // The act rests on what a start would find at this instant.
        let durable = self.lock().store().store.clone();
        let twin = self.started(durable);
        self.must(forgets || view(&twin) == committed, "an act rests on nothing durable");
        let acted = self.lock().act(permit, now, |_order| Outcome::Done).unwrap();
        self.opened[which] += 1;
        let acts = self.acts.entry(bytes.to_vec()).or_default();
        *acts += 1;
        let twice = *acts > 1;
        self.must(!twice, "a presentation acts twice");
        self.must(self.opened[0] < 2 && self.opened[2] < 2, "a use too many");
        self.must(!(which == 1 && self.revoked), "a revoked holder opens");
        self.must(
            which != CHECKED || self.is_told(&presentation, now),
            "no fresh status, and open",
        );
        let epoch = self.view().epoch();
        self.must(epoch == usize::from(which == 2), "a token of another epoch opens");
        let _recorded = self.lock().record(acted);
    }

    /// Whether a status came along that names nothing newer than the lock has, and is as young as the
    /// token demands: one over the nonce in truth, another by the host's clock.
    fn is_told(&self, presentation: &Presentation<'_>, now: Now) -> bool {
        let Some(status) = presentation.unverified_status() else { return false };
        let (state, (keyset, list, ..)) = (status.unverified_state(), self.orders());
        let here = state.keyset.0 <= keyset && (state.list.keyset.0, state.list.number.0) <= list;
        let present = match status.unverified_over_nonce() {
            true => Some(START.after(self.seconds)),
            false => now.time.hi(),
        };
        let young = present.is_some_and(|at| at.0.saturating_sub(state.at.0) <= FRESH.into());
        here && young
    }

    /// Delivers under a mood; `listed` says whether the list was taken in.
    fn written(&mut self, power: Power, listed: impl FnOnce(&mut Real, &Cast) -> bool) {
        let before = self.view();
        self.mood.set(power.mood(self.rest));
        let cast = self.cast;
        self.revoked |= listed(self.lock(), cast);
        self.mood.set(self.rest);
        if power != Power::Stays {
            self.must(self.view() == before, "a statement that wasn't confirmed changed the lock");
            self.cut_from(&before, power);
        }
    }

    fn cut(&mut self) {
        let before = self.view();
        self.cut_from(&before, Power::Before);
    }

    /// Power fails: what the store holds is all that is left. Where nothing was being written that
    /// is what the lock knew.
    fn cut_from(&mut self, before: &View, power: Power) {
        let store = self.lock.take().unwrap().into_store().store;
        self.rest = Mood::Works;
        self.mood.set(Mood::Works);
        self.lock = Some(self.started(store));
        self.session = None;
        let same = self.view() == *before || self.forgets;
        self.must(power == Power::Behind || same, "a start found another state");
    }

    fn started(&mut self, store: Memory) -> Real {
        let store = Bench { mood: Rc::clone(&self.mood), store };
        let mut lock = Lock::new(self.cast.identity, self.cast.secret(), store);
        self.must(lock.restore(None).is_ok(), "a start failed");
        lock
    }

    fn must(&mut self, holds: bool, otherwise: &'static str) {
        if !holds && self.broken.is_none() {
            self.broken = Some(otherwise);
        }
    }

    fn lock(&mut self) -> &mut Real {
        self.lock.as_mut().unwrap()
    }

    fn view(&self) -> View {
        view(self.lock.as_ref().unwrap())
    }

    fn orders(&self) -> Orders {
        let lock = self.lock.as_ref().unwrap();
        let trust = lock.trust().unwrap();
        let (list, card) = (trust.list(), trust.card());
        let floor = lock.present(Now::ticks(Uptime(0), 0)).unwrap().lo();
        let list = (list.keyset.0, list.number.0);
        (trust.keyset().0, list, (card.keyset.0, card.version.0), floor.0)
    }

    fn now(&self) -> Now {
        let (year, uptime) = (365 * 86_400, Uptime(self.seconds * 1000));
        let time = START.after(self.seconds).0.checked_add_signed(self.clock * year).unwrap();
        Now { uptime, ..Now::exactly(Time(time)) }
    }
}

impl Power {
    fn mood(self, rest: Mood) -> Mood {
        match self {
            Self::Before => Mood::CutBefore,
            // What follows a record that isn't there is not written either.
            Self::Behind if rest == Mood::Forgets => Mood::CutBefore,
            Self::Behind => Mood::CutBehind,
            Self::Stays | Self::Committed => rest,
        }
    }
}

fn deliver(lock: &mut Real, bytes: &[u8], now: Now) -> Result<Taken, Refusal> {
    match bytes[1] {
        10 => lock.verify_keyset(&Keyset::decode(bytes)?, now)?.commit(),
        11 => lock.verify_card(&Card::decode(bytes)?, now)?.commit(),
        _ => lock.verify_status(&Status::decode(bytes)?, None, now)?.commit(),
    }
}

/// The token that demands a status.
const CHECKED: usize = 3;
/// The place of the unchallenged request among what opened.
const UNCHALLENGED: usize = 4;
