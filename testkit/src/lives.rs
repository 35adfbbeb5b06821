//! Whole lives of a lock over flash, power cut anywhere (SPEC.md section 22).
//!
//! A script is what happens to a lock: a claim, statements, openings, an epoch. Each step is taken
//! behind a start of its own, so that it can be taken again from the same flash, cut at any byte.

pub mod corrupt;
pub mod cut;
mod seen;

use std::{collections::BTreeMap, rc::Rc};

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Caveats, Channel, Denial, Epoch, Keyset, Lock, Now, Origin, Presentation, Refusal,
    Request, Right, Rights, Seconds, Status, Target, Token, Valid,
    caveat::FirstUse,
    id::{Counter, Fresh, LockId, Prefix},
    ledger::Outcome,
    lock::{Anchor, Identity, Restored},
    receipt::{Event, Head, Receipt},
    status::{ListOrder, Revoked},
    store::{Store, StoreError},
    tables::{Capacity, Tables},
    time::Uptime,
};
use keyward_store::{
    flash::BlockingFlashLog,
    sim::{Flash, Logged},
};
use rand_core::SeedableRng;

pub use seen::{Told, View, told, view};

use crate::world::{Capability, Door, Holder, Owner, START, Settings, bundle, door::secret};

/// Nine pages of 1 KiB a half.
pub const HALF: usize = 9216;
/// Bytes of a page.
pub const PAGE: usize = 1024;
/// A flash of two halves.
pub type Medium<const WRITE: usize> = Flash<WRITE, PAGE>;
/// The log on it.
pub type Log<const WRITE: usize> = BlockingFlashLog<Medium<WRITE>, HALF>;
/// The lock's tables.
pub type Small = Tables<16, 8>;
/// A lock over flash.
pub type FlashLock<const WRITE: usize> = Lock<'static, Log<WRITE>, Small>;

/// One thing that happens to a lock.
#[derive(Clone)]
pub enum Step {
    /// It is claimed.
    Claim,
    /// It is given a keyset, card, list or status.
    Statement(Vec<u8>),
    /// It is given epochs and the keyset of the last.
    Epochs(Vec<Vec<u8>>, Vec<u8>),
    /// Somebody asks for a right.
    Ask(Capability, Rc<Holder>, Right),
    /// A request that needs no challenge.
    Unchallenged(Vec<u8>),
    /// Its door is secured.
    Secure,
    /// Somebody asks for what he may not, and that is written down.
    Deny(Capability, Rc<Holder>),
    /// The owner acknowledges all events.
    Acknowledge(Capability, Rc<Holder>),
}

/// What happens to a lock, in order, and who may open it always.
pub struct Script {
    /// What the lock is.
    pub identity: Identity,
    /// The steps.
    pub steps: Vec<Step>,
    /// For each epoch: a token that isn't counted.
    pub visitors: Vec<(Capability, Rc<Holder>)>,
    singles: Vec<Vec<u8>>,
    /// The objects of the claim: claim, epoch, keyset, card, list.
    claim: [Vec<u8>; 5],
}

/// How far a step came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// Nothing was confirmed.
    Nowhere,
    /// A permit was given.
    Permitted,
    /// All was confirmed.
    Through,
}

/// How far a step is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// A request is committed, and nothing more.
    Commit,
    /// To its end.
    End,
}

/// What a start found.
pub type Found = Result<Option<View>, Denial>;

impl Script {
    /// A life with so many openings before and behind a new epoch, and revocations.
    pub fn new(seed: u64, openings: usize) -> Self {
        Author::new(seed).write(openings, false)
    }

    /// The same, in which somebody is denied, too, and the owner acknowledges what he has read.
    pub fn audited(seed: u64, openings: usize) -> Self {
        Author::new(seed).write(openings, true)
    }

    /// Takes a step at a lock.
    pub fn take<S: Store>(
        &self,
        lock: &mut Lock<'static, S, Small>,
        step: &Step,
        until: Until,
    ) -> Came {
        match self.try_step(lock, step, until) {
            Ok(()) => Came::Through,
            Err(came) => came,
        }
    }

    fn try_step<S: Store>(
        &self,
        lock: &mut Lock<'static, S, Small>,
        step: &Step,
        until: Until,
    ) -> Result<(), Came> {
        let now = now();
        let taken = |taken: Result<keyward::Taken, Refusal>| match taken {
            Ok(_) => Ok(()),
            Err(Refusal::StoreFailed | Refusal::Unclaimed) => Err(Came::Nowhere),
            Err(other) => panic!("{other}"),
        };
        match step {
            Step::Claim => {
                let [claim, epoch, keyset, card, list] = &self.claim;
                let list = Some(list.as_slice());
                let bundle = keyward::lock::Bundle { claim, epoch, keyset, card, list };
                taken(lock.verify_claim(&bundle, false, now).and_then(|update| update.commit()))
            }
            Step::Statement(bytes) => taken(match bytes[1] {
                10 => {
                    let keyset = Keyset::decode(bytes).unwrap();
                    lock.verify_keyset(&keyset, now).and_then(|update| update.commit())
                }
                11 => {
                    let card = keyward::Card::decode(bytes).unwrap();
                    lock.verify_card(&card, now).and_then(|update| update.commit())
                }
                _ => {
                    let status = Status::decode(bytes).unwrap();
                    lock.verify_status(&status, None, now).and_then(|update| update.commit())
                }
            }),
            Step::Epochs(epochs, keyset) => {
                let Ok(mut walk) = lock.walk() else { return Err(Came::Nowhere) };
                for epoch in epochs {
                    walk.step(&Epoch::decode(epoch).unwrap()).unwrap();
                }
                let keyset = Keyset::decode(keyset).unwrap();
                taken(lock.verify_epoch(walk, &keyset, now).and_then(|update| update.commit()))
            }
            Step::Ask(held, holder, right) => {
                let presented = self.presented(lock, (held, holder), (*right, b""));
                let Some((bytes, mut session)) = presented else { return Err(Came::Nowhere) };
                let presentation = Presentation::decode(&bytes).unwrap();
                let verified = lock.verify(&mut session, &presentation, now);
                let permit = verified.and_then(|verified| verified.commit(now));
                self.carry_on(lock, permit, until)
            }
            Step::Unchallenged(bytes) => {
                let presentation = Presentation::decode(bytes).unwrap();
                let verified = lock.verify_unchallenged(&presentation, now);
                let permit = verified.and_then(|verified| verified.commit(now));
                self.carry_on(lock, permit, until)
            }
            Step::Deny(held, holder) => {
                let presented = self.presented(lock, (held, holder), (Right::RELEASE, b""));
                let Some((bytes, mut session)) = presented else { return Err(Came::Nowhere) };
                let presentation = Presentation::decode(&bytes).unwrap();
                let verified = lock.verify(&mut session, &presentation, now);
                assert_eq!(verified.map(drop).map_err(|denial| denial.code()), Err(410));
                lock.write_denials(now).map_err(|_| Came::Nowhere)
            }
            Step::Acknowledge(held, holder) => {
                let head = lock.head(keyward::receipt::Log::Events).acknowledgement();
                let presented = self.presented(lock, (held, holder), (Right::READ_LOG, &head));
                let Some((bytes, mut session)) = presented else { return Err(Came::Nowhere) };
                let presentation = Presentation::decode(&bytes).unwrap();
                let verified = lock.verify(&mut session, &presentation, now);
                let permit = verified.and_then(|verified| verified.commit(now));
                self.carry_on(lock, permit, until)
            }
            Step::Secure => {
                // Whether that was confirmed the lock doesn't tell; it needs not be.
                lock.secure(|| Outcome::Done);
                Ok(())
            }
        }
    }

    /// What a holder presents in answer to a lock's challenge, which is always the same.
    fn presented<S: Store>(
        &self,
        lock: &mut Lock<'static, S, Small>,
        (held, holder): (&Capability, &Holder),
        (right, parameter): (Right, &[u8]),
    ) -> Option<(Vec<u8>, keyward::lock::Session)> {
        let session = lock.challenge([1; 16], Channel::Radio, now()).ok()?;
        let challenge = session.challenge().encode().unwrap().as_bytes().to_vec();
        let ask = Ask { lock: session.challenge().lock, right, parameter };
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let request = holder.request(held, ask, &challenge, Channel::Radio, &mut rng);
        Some((holder.present(&request, &[], None), session))
    }

    fn carry_on<S: Store>(
        &self,
        lock: &mut Lock<'static, S, Small>,
        permit: Result<keyward::lock::Permit, Denial>,
        until: Until,
    ) -> Result<(), Came> {
        let permit = permit.map_err(|denial| match denial {
            Denial::StoreFailed => Came::Nowhere,
            other => panic!("{other}"),
        })?;
        if until == Until::Commit {
            return Err(Came::Permitted);
        }
        let acted = lock.act(permit, now(), |_order| Outcome::Done).unwrap();
        match lock.record(acted) {
            Ok(_) => Ok(()),
            Err(Denial::StoreFailed) => Err(Came::Permitted),
            Err(other) => panic!("{other}"),
        }
    }

    /// Whether a token is good for one use.
    pub fn is_single(&self, held: &Capability) -> bool {
        self.singles.contains(&held.token)
    }

    /// Whether a token that isn't counted opens.
    pub fn visits<S: Store>(&self, lock: &mut Lock<'static, S, Small>, epoch: usize) -> bool {
        let (held, holder) = &self.visitors[epoch];
        let step = Step::Ask(held.clone(), Rc::clone(holder), Right::UNLOCK);
        self.take(lock, &step, Until::End) == Came::Through
    }

    /// Whether somebody would be let in by a token now; not by one of another epoch.
    pub fn is_let_in<S: Store>(
        &self,
        lock: &mut Lock<'static, S, Small>,
        (held, holder): (&Capability, &Holder),
    ) -> bool {
        let Ok(mut session) = lock.challenge([1; 16], Channel::Radio, now()) else {
            return false;
        };
        let (origin, token) = (Origin::decode(&held.origin), Token::decode(&held.token));
        let (origin, token, challenge) = (origin.unwrap(), token.unwrap(), session.challenge());
        let ask = Ask { lock: challenge.lock, right: Right::UNLOCK, parameter: b"" };
        let (channel, fresh) = (Channel::Radio, Fresh([1; 16]));
        let request = Request::challenged(&origin, &token, ask, challenge, channel, fresh);
        let Ok(request) = request else { return false };
        let bytes = request.present(&[], None).unwrap().sign(&holder.key).unwrap();
        let presentation = Presentation::decode(bytes.as_bytes()).unwrap();
        lock.verify(&mut session, &presentation, now()).is_ok()
    }

    /// A lock over a store, started; what it found, and the lock where there is one to go on with.
    pub fn start<S: Store>(
        &self,
        store: S,
        anchor: Option<&Anchor>,
    ) -> (Lock<'static, S, Small>, Found) {
        let mut lock = Lock::new(self.identity, secret(&self.identity), store);
        let found = lock.restore(anchor).map(|restored| match restored {
            Restored::Unclaimed => None,
            Restored::Claimed { .. } => Some(view(&lock)),
        });
        (lock, found)
    }

    /// Starts a lock over flash.
    ///
    /// # Errors
    /// The store's, with the flash.
    pub fn power_up<const WRITE: usize>(
        &self,
        flash: Medium<WRITE>,
    ) -> Result<(FlashLock<WRITE>, Found), (StoreError, Box<Medium<WRITE>>)> {
        let log = <Log<WRITE> as Logged<WRITE, PAGE>>::open(flash)?;
        Ok(self.start(log, None))
    }
}

/// The host's clock: always a second behind the start.
pub fn now() -> Now {
    Now { uptime: Uptime(1000), ..Now::exactly(START.after(1)) }
}

/// Writes a script.
struct Author {
    owner: Owner,
    door: Door,
    couriers: Vec<Rc<Holder>>,
    rng: ChaCha20Rng,
    steps: Vec<Step>,
    visitors: Vec<(Capability, Rc<Holder>)>,
    singles: Vec<Vec<u8>>,
}

impl Author {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let owner = Owner::new(START, &mut rng);
        let door = Door::new(LockId(*b"in-flash"), &mut rng);
        let couriers = (0..3).map(|_| Rc::new(Holder::new(&mut rng))).collect();
        let (steps, visitors, singles) = (vec![Step::Claim], Vec::new(), Vec::new());
        Self { owner, door, couriers, rng, steps, visitors, singles }
    }

    fn write(mut self, openings: usize, is_audited: bool) -> Script {
        let settings = Settings { unchallenged: true, ..Settings::default() };
        self.owner.revoke([], START);
        self.owner.enrol(self.door.unclaimed(), self.door.id, settings, START);
        let claim = self.door.claim(&self.owner);
        let bundle = bundle(&self.owner.library, self.door.id, &claim);
        let claim = [bundle.claim, bundle.epoch, bundle.keyset, bundle.card];
        let [claim, epoch, keyset, card] = claim.map(<[u8]>::to_vec);
        let claim = [claim, epoch, keyset, card, bundle.list.unwrap().to_vec()];
        for epoch in 0..2 {
            self.visitor();
            self.openings(openings / 2);
            if is_audited {
                self.log();
            }
            self.statements();
            if epoch == 0 {
                self.epoch();
            }
        }
        let Self { door, steps, visitors, singles, .. } = self;
        Script { identity: door.identity(), steps, visitors, singles, claim }
    }

    fn grant(&mut self, to: &Holder, uses: u32, max_open: u32) -> Capability {
        let valid = Valid { from: START, lasts: Seconds::days(30) };
        let rights = Rights(0b111);
        let grant = Caveats::grant(rights, &[Target::Lock(self.door.id)], valid).unwrap();
        let grant = if uses > 0 { grant.uses(uses).unwrap() } else { grant };
        let grant = if max_open > 0 { grant.max_open(Seconds(max_open)).unwrap() } else { grant };
        let first = FirstUse { by: START.after(1000), lasts: Seconds(5000) };
        let grant = if uses == 3 { grant.first_use(first).unwrap() } else { grant };
        let held = self.owner.grant(&to.public(), 1, &grant);
        if uses == 1 {
            self.singles.push(held.token.clone());
        }
        held
    }

    fn visitor(&mut self) {
        let holder = Rc::new(Holder::new(&mut self.rng));
        let held = self.grant(&holder, 0, 0);
        self.visitors.push((held, holder));
    }

    fn openings(&mut self, count: usize) {
        let mut shared = None;
        for index in 0..count {
            let courier = Rc::clone(&self.couriers[index % 3]);
            match index % 5 {
                // One use, a door that must be secured, and a remote command that does.
                0 => {
                    let held = self.grant(&courier, if index % 10 == 0 { 1 } else { 3 }, 60);
                    self.steps.push(Step::Ask(held.clone(), Rc::clone(&courier), Right::UNLOCK));
                    if index % 10 == 0 {
                        let held = self.grant(&courier, 0, 0);
                        self.steps.push(Step::Ask(held, courier, Right::LOCK));
                    } else {
                        self.steps.push(Step::Secure);
                    }
                }
                // Counters, some of them late.
                1 | 2 => {
                    let held = self.grant(&courier, 0, 0);
                    let late = if index % 4 == 2 { 7 } else { 0 };
                    let counter = 1000 + 3 * index as u64 - late;
                    let bytes = unchallenged(&held, &courier, self.door.id, counter);
                    self.steps.push(Step::Unchallenged(bytes));
                }
                _ => {
                    if shared.is_none() {
                        shared = Some((self.grant(&courier, 1000, 0), Rc::clone(&courier)));
                    }
                    let (held, courier) = shared.clone().unwrap();
                    self.steps.push(Step::Ask(held, courier, Right::UNLOCK));
                }
            }
        }
    }

    /// Somebody is denied, the owner has the log, somebody is denied once more.
    fn log(&mut self) {
        let courier = Rc::clone(&self.couriers[0]);
        let held = self.grant(&courier, 0, 0);
        let denied = Step::Deny(held, Rc::clone(&courier));
        let valid = Valid { from: START, lasts: Seconds::days(30) };
        let targets = [Target::Lock(self.door.id)];
        let reads = Caveats::grant(Rights::of(Right::READ_LOG), &targets, valid).unwrap();
        let reads = self.owner.grant(&courier.public(), 0, &reads);
        self.steps.extend([denied.clone(), Step::Acknowledge(reads, courier), denied]);
    }

    fn statements(&mut self) {
        let revoked = Revoked::from(keyward::id::KeyName([9; 16]));
        self.owner.revoke([revoked], START.after(1));
        let list = self.owner.library.list.clone().unwrap();
        self.owner.publish_keyset(START.after(2));
        let keyset = self.owner.library.keyset.clone();
        self.owner.publish_card(self.door.id, START.after(2));
        let card = self.owner.library.cards[&self.door.id].clone();
        let status = self.owner.attest(START.after(60), None);
        self.steps.extend([list, keyset, card, status].map(Step::Statement));
    }

    fn epoch(&mut self) {
        self.owner.new_epoch(START.after(3), &mut self.rng);
        let epoch = self.owner.library.epochs.last().unwrap().clone();
        let keyset = self.owner.library.keyset.clone();
        self.steps.push(Step::Epochs(vec![epoch], keyset));
        let card = self.owner.library.cards[&self.door.id].clone();
        self.steps.push(Step::Statement(card));
    }
}

pub(crate) fn unchallenged(
    held: &Capability,
    holder: &Holder,
    lock: LockId,
    counter: u64,
) -> Vec<u8> {
    let origin = Origin::decode(&held.origin).unwrap();
    let token = Token::decode(&held.token).unwrap();
    let ask = Ask { lock, right: Right::UNLOCK, parameter: b"" };
    let (counter, expires) = (Counter(counter), START.after(600));
    let request = Request::unchallenged(&origin, &token, ask, counter, START, expires).unwrap();
    let draft = request.present(&[], None).unwrap();
    draft.sign(&holder.key).unwrap().as_bytes().to_vec()
}
