//! Lives in which any call of a lock's store fails or is dropped (SPEC.md sections 14, 22 and 24).
//!
//! A life is taken step by step from its image behind the step before: with one fault, or the same
//! three times, at each call of a start and the step. The host goes on, or power fails. What the
//! lock has told, and what it has given away, must then be as it was.

mod author;
mod case;
mod known;
pub mod store;

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Card, Caveats, Channel, Denial, Epoch, Keyset, Lock, Presentation, Refusal, Right, Rights,
    Seconds, SigningKey, Status, Taken, Target, Unclaimed, Valid,
    id::{ClaimNonce, LinkId, LockId},
    ledger::Outcome,
    lock::{Acted, Bundle, Identity, Recorded, Restored},
    receipt::{Draft, Entry, Event, Head, Log, Receipt},
    role,
    tables::{Capacity, Tables},
};
use rand_core::SeedableRng;

use crate::{
    lives::{now, unchallenged},
    world::{Capability, Holder, Owner, START, Settings, device_key, secret},
};
use author::Author;
use case::Case;
use known::Known;
use store::{Call, Fault, Faulty, Plan, once};

/// The lock's tables.
pub type Tiny = Tables<6, 4>;
type Door = Lock<'static, Faulty, Tiny>;

/// How many events a lock with this store and these statements holds at least.
const HELD: u64 = 7;

/// One thing that happens to a lock.
#[derive(Clone)]
enum Step {
    Claim,
    Epoch,
    Statement(Vec<u8>),
    /// Somebody asks for a right; whether the outcome is recorded.
    Ask(Capability, Rc<Holder>, Right, bool),
    Unchallenged(Vec<u8>),
    /// Somebody is denied, and that is written down.
    Deny(Capability, Rc<Holder>),
    /// The owner reads the log, and acknowledges it up to so many entries before its end.
    Acknowledge(Capability, Rc<Holder>, usize),
    Read,
    Rotate([u8; 32]),
    Secure,
    Release(Capability, Rc<Holder>),
}

/// A life.
pub struct Life {
    identity: Identity,
    steps: Vec<Step>,
    visitors: Vec<(Capability, Rc<Holder>)>,
    /// Claim, epoch, keyset, card, list; the next epoch and its keyset.
    claim: [Vec<u8>; 5],
    next: [Vec<u8>; 2],
}

/// Why a step wasn't taken.
enum Stop {
    /// The store failed, or the future was dropped: it may be tried again.
    Store,
    /// The lock refuses it, since a step before was left out.
    Refused,
}

/// What was tried, and what was found to be wrong.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Calls at which something went wrong, in all ways.
    pub cases: u64,
    /// Entries that were compared with what was told of them.
    pub compared: u64,
    /// What must not be, the first of them.
    pub violations: Vec<String>,
}

impl Report {
    /// Adds another's findings.
    pub fn add(&mut self, other: Self) {
        self.cases += other.cases;
        self.compared += other.compared;
        self.violations.extend(other.violations);
    }
}

impl Life {
    /// A life in two epochs.
    pub fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut owner = Owner::new(START, &mut rng);
        let lock = LockId(*b"faulty-1");
        let claim_key = SigningKey::<role::Claim>::generate(&mut rng);
        let nonce = ClaimNonce([seed.to_le_bytes()[0]; 16]);
        let device = device_key(&nonce).public();
        let identity = Identity { device, nonce, claim_key: Some(claim_key.public()) };
        let settings = Settings { unchallenged: true, ..Settings::default() };
        owner.revoke([], START);
        let unclaimed = Unclaimed { device, nonce };
        owner.enrol(unclaimed, lock, settings.clone(), START);
        let epoch = owner.library.epochs[0].clone();
        let card = owner.library.cards[&lock].clone();
        let claim = unclaimed
            .claim(
                owner.domain,
                &Epoch::decode(&epoch).unwrap(),
                &Card::decode(&card).unwrap(),
                &claim_key.public(),
            )
            .unwrap();
        let claim = claim.sign(&claim_key).unwrap().as_bytes().to_vec();
        let (keyset, list) = (owner.library.keyset.clone(), owner.library.list.clone().unwrap());
        let claim = [claim, epoch, keyset, card, list];
        let holders: Vec<_> = (0..4).map(|_| Rc::new(Holder::new(&mut rng))).collect();
        let mut author = Author { lock, holders, steps: vec![Step::Claim], visitors: Vec::new() };
        author.visits(&mut owner, 0);
        owner.publish_list(START.after(1));
        author.statement(owner.library.list.clone().unwrap());
        owner.publish_keyset(START.after(2));
        author.statement(owner.library.keyset.clone());
        author.statement(owner.attest(START.after(30), None));
        let new = [seed.to_le_bytes()[0].wrapping_add(77); 32];
        author.steps.push(Step::Rotate(new));
        let device = SigningKey::<role::Device>::from_secret(&new).public();
        owner.enrol(Unclaimed { device, nonce }, lock, settings, START.after(3));
        author.statement(owner.library.cards[&lock].clone());
        owner.new_epoch(START.after(4), &mut rng);
        let next = [owner.library.epochs[1].clone(), owner.library.keyset.clone()];
        author.steps.push(Step::Epoch);
        author.statement(owner.library.cards[&lock].clone());
        author.visits(&mut owner, 1);
        let release = author.grant(&mut owner, 3, Right::RELEASE, 0, 0);
        author.steps.push(Step::Release(release, Rc::clone(&author.holders[3])));
        let Author { steps, visitors, .. } = author;
        Self { identity, steps, visitors, claim, next }
    }

    /// How many steps there are.
    pub const fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether nothing happens.
    pub const fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Lives it, with a fault at every `stride`-th call of every step in turn.
    pub fn run(&self, stride: usize, from: usize) -> Report {
        let mut report = Report::default();
        let mut known = Known::new(self.identity);
        let mut image = Faulty::new();
        let mut count = from;
        for (index, step) in self.steps.iter().enumerate() {
            // Once without a fault: its calls are those at which something goes wrong.
            let mut after = known.clone();
            let (mut lock, restored) = self.start(&mut after, image.clone().powered(None));
            assert!(restored.is_ok(), "step {index}: {restored:?}");
            let taken = self.take(&mut lock, &mut after, step, 0);
            assert!(taken.is_ok(), "step {index}");
            let checked = self.check(&mut lock, &mut after, &mut report);
            assert_eq!(checked, Ok(()), "step {index}");
            let calls = lock.store().calls.clone();
            for (at, call) in calls.iter().enumerate() {
                let faults = match call {
                    Call::Read | Call::Counter => &Fault::READS[..],
                    _ => &Fault::ALL[..],
                };
                for fault in faults {
                    for times in [1, 3] {
                        for goes_on in [false, true] {
                            count += 1;
                            if !count.is_multiple_of(stride) {
                                continue;
                            }
                            let plan = Plan { at, fault: *fault, times };
                            let case = Case { life: self, index, plan, goes_on };
                            let image = image.clone().powered(Some(plan));
                            case.play(image, known.clone(), &mut report);
                        }
                    }
                }
            }
            known = after;
            image = lock.into_store();
        }
        report
    }

    /// Power comes back.
    fn start(&self, known: &mut Known, store: Faulty) -> (Door, Result<Restored, Denial>) {
        let mut lock = Door::new(known.identity, secret(&known.identity), store);
        let restored = self.restore(&mut lock);
        if restored != Err(Denial::StateCorrupt) {
            return (lock, restored);
        }
        // A host that was cut off within a change of its key has both.
        let mut store = Some(lock.into_store());
        for key in known.keys.clone().iter().rev() {
            let device = SigningKey::<role::Device>::from_secret(key).public();
            known.identity.device = device;
            let again = store.take().unwrap();
            let mut lock = Door::new(known.identity, secret(&known.identity), again);
            let restored = self.restore(&mut lock);
            if restored != Err(Denial::StateCorrupt) {
                return (lock, restored);
            }
            store = Some(lock.into_store());
        }
        let lock = Door::new(known.identity, secret(&known.identity), store.unwrap());
        (lock, Err(Denial::StateCorrupt))
    }

    /// A start that fails is tried again.
    fn restore(&self, lock: &mut Door) -> Result<Restored, Denial> {
        for _ in 0..5 {
            match once(lock.restore_async(None)) {
                None | Some(Err(Denial::StoreFailed)) => {}
                Some(restored) => return restored,
            }
        }
        Err(Denial::StoreFailed)
    }

    fn take(
        &self,
        lock: &mut Door,
        known: &mut Known,
        step: &Step,
        attempt: u8,
    ) -> Result<(), Stop> {
        let now = now();
        match step {
            Step::Claim => {
                if lock.trust().is_ok() {
                    return Ok(());
                }
                let [claim, epoch, keyset, card, list] = &self.claim;
                let list = Some(list.as_slice());
                let bundle = Bundle { claim, epoch, keyset, card, list };
                let update = lock.verify_claim(&bundle, false, now).map_err(refused)?;
                taken(once(update.commit_async())).map(drop)
            }
            Step::Epoch => {
                let mut walk = lock.walk().map_err(refused)?;
                let [epoch, keyset] = &self.next;
                walk.step(&Epoch::decode(epoch).unwrap()).map_err(refused)?;
                let keyset = Keyset::decode(keyset).unwrap();
                let update = lock.verify_epoch(walk, &keyset, now).map_err(refused)?;
                taken(once(update.commit_async()))?;
                known.epoch = 1;
                known.spent.clear();
                Ok(())
            }
            Step::Statement(bytes) => {
                let update = match bytes[1] {
                    10 => lock.verify_keyset(&Keyset::decode(bytes).unwrap(), now),
                    11 => lock.verify_card(&Card::decode(bytes).unwrap(), now),
                    _ => lock.verify_status(&Status::decode(bytes).unwrap(), None, now),
                };
                taken(once(update.map_err(refused)?.commit_async())).map(drop)
            }
            Step::Ask(held, holder, right, is_recorded) => {
                let acted = self.ask(lock, known, (held, holder), (*right, b""), attempt)?;
                match is_recorded {
                    true => self.record(lock, known, acted).map(drop),
                    false => Ok(()),
                }
            }
            Step::Unchallenged(bytes) => {
                let presentation = Presentation::decode(bytes).unwrap();
                let verified = lock.verify_unchallenged(&presentation, now).map_err(denied)?;
                let core = *verified.accepted().core().as_bytes();
                let permit = permitted(once(verified.commit_async(now)))?;
                let is_new = known.permits.insert(core);
                assert!(is_new, "a counter is spent once");
                let acted = lock.act(permit, now, |_order| Outcome::Done).unwrap();
                self.record(lock, known, (acted, core)).map(drop)
            }
            Step::Deny(held, holder) => {
                for _ in 0..2 {
                    let mut asked = |right| {
                        let (bytes, mut session) =
                            presented(lock, held, holder, (right, b""), attempt)?;
                        let presentation = Presentation::decode(&bytes).unwrap();
                        let verified = lock.verify(&mut session, &presentation, now);
                        verified.map(drop).map_err(denied)
                    };
                    match asked(Right::HOLD_OPEN) {
                        Err(Stop::Refused) => {}
                        _ => return Err(Stop::Store),
                    }
                }
                match once(lock.write_denials_async(now)) {
                    Some(Ok(())) => Ok(()),
                    None | Some(Err(Denial::StoreFailed)) => Err(Stop::Store),
                    Some(Err(other)) => Err(denied(other)),
                }
            }
            Step::Read => match self.read(lock)? {
                Ok(log) => {
                    for draft in log {
                        known.tell(&draft);
                    }
                    Ok(())
                }
                Err(what) => panic!("{what}"),
            },
            Step::Acknowledge(held, holder, before) => {
                let log = match self.read(lock)? {
                    Ok(log) => log,
                    Err(what) => panic!("{what}"),
                };
                log.iter().for_each(|draft| known.tell(draft));
                let events: Vec<_> = log
                    .iter()
                    .map(|draft| draft.head().unwrap())
                    .filter(|(log, _)| *log == Log::Events)
                    .collect();
                let Some(index) = events.len().checked_sub(1 + before) else { return Ok(()) };
                let head = events[index].1;
                known.acknowledged = known.acknowledged.max(head.next.0);
                let parameter = head.acknowledgement();
                let asked = (Right::READ_LOG, &parameter[..]);
                let acted = self.ask(lock, known, (held, holder), asked, attempt)?;
                self.record(lock, known, acted).map(drop)
            }
            Step::Rotate(new) => {
                let key = SigningKey::<role::Device>::from_secret(new);
                if known.identity.device == key.public() {
                    return Ok(());
                }
                let old = known.key();
                if !known.keys.contains(new) {
                    known.keys.push(*new);
                }
                let [by_old, by_new] = lock.rotation(&key.public()).map_err(denied)?;
                let signatures = [by_old.sign(&old).unwrap(), by_new.sign(&key).unwrap()];
                match once(lock.rotate_async(&key.public(), &signatures, now)) {
                    Some(Ok(draft)) => {
                        known.identity.device = key.public();
                        known.tell(&draft);
                        Ok(())
                    }
                    None | Some(Err(Denial::StoreFailed)) => Err(Stop::Store),
                    Some(Err(other)) => Err(denied(other)),
                }
            }
            Step::Secure => {
                // Whether that was confirmed the lock doesn't tell.
                let _outcome = once(lock.secure_async(async || Outcome::Done));
                known.relock = lock.relock_within(now).is_some();
                Ok(())
            }
            Step::Release(held, holder) => {
                let asked = (Right::RELEASE, &b""[..]);
                known.released = true;
                let (acted, _core) = self.ask(lock, known, (held, holder), asked, attempt)?;
                let nonce = ClaimNonce([0xee; 16]);
                let device = device_key(&nonce).public();
                let identity = Identity { device, nonce, ..known.identity };
                match once(lock.release_async(acted, identity, secret(&identity))) {
                    Some(Ok(recorded)) => {
                        assert_eq!(recorded.outcome, Outcome::Done);
                        *known = Known { released: true, ..Known::new(identity) };
                        Ok(())
                    }
                    _ => Err(Stop::Store),
                }
            }
        }
    }

    /// Asks, commits and acts.
    fn ask(
        &self,
        lock: &mut Door,
        known: &mut Known,
        (held, holder): (&Capability, &Holder),
        (right, parameter): (Right, &[u8]),
        attempt: u8,
    ) -> Result<(Acted, [u8; 32]), Stop> {
        let now = now();
        let (bytes, mut session) = presented(lock, held, holder, (right, parameter), attempt)?;
        let presentation = Presentation::decode(&bytes).unwrap();
        let verified = lock.verify(&mut session, &presentation, now).map_err(denied)?;
        let core = *verified.accepted().core().as_bytes();
        let counted: Vec<_> = verified.accepted().changes().counted().map(|it| it.link).collect();
        let relock = verified.accepted().relock_within().is_some();
        let permit = permitted(once(verified.commit_async(now)))?;
        assert!(known.permits.insert(core), "a challenge is spent once");
        for link in counted {
            *known.spent.entry(link).or_default() += 1;
        }
        known.relock |= relock;
        let acted = lock.act(permit, now, |_order| Outcome::Done).unwrap();
        Ok((acted, core))
    }

    fn record(
        &self,
        lock: &mut Door,
        known: &mut Known,
        (acted, core): (Acted, [u8; 32]),
    ) -> Result<Recorded, Stop> {
        let right = acted.right();
        match once(lock.record_async(acted)) {
            Some(Ok(recorded)) => {
                known.recorded.insert(core);
                known.relock &= right != Right::LOCK;
                let receipt = recorded.receipt().unwrap().sign(&known.key()).unwrap();
                known.tell_receipt(receipt.as_bytes());
                Ok(recorded)
            }
            None | Some(Err(Denial::StoreFailed)) => Err(Stop::Store),
            Some(Err(other)) => panic!("{other}"),
        }
    }

    /// Reads all that the lock holds.
    fn read(&self, lock: &mut Door) -> Result<Result<Vec<Draft>, String>, Stop> {
        let mut reader = match once(lock.read_log_async(now())) {
            Some(Ok(reader)) => reader,
            None | Some(Err(Denial::StoreFailed)) => return Err(Stop::Store),
            Some(Err(other)) => return Err(denied(other)),
        };
        let mut log = Vec::new();
        loop {
            match once(lock.next_entry_async(&mut reader)) {
                Some(Ok(Some(draft))) => log.push(draft),
                Some(Ok(None)) => return Ok(Ok(log)),
                None | Some(Err(Denial::StoreFailed)) => return Err(Stop::Store),
                other => return Ok(Err(format!("the log can't be read: {other:?}"))),
            }
        }
    }
}

fn presented(
    lock: &mut Door,
    held: &Capability,
    holder: &Holder,
    (right, parameter): (Right, &[u8]),
    attempt: u8,
) -> Result<(Vec<u8>, keyward::lock::Session), Stop> {
    let session = lock.challenge([attempt; 16], Channel::Radio, now()).map_err(denied)?;
    let challenge = session.challenge().encode().unwrap().as_bytes().to_vec();
    let origin = keyward::Origin::decode(&held.origin).unwrap();
    if session.challenge().epoch != origin.scope.epoch {
        return Err(Stop::Refused);
    }
    let ask = Ask { lock: session.challenge().lock, right, parameter };
    let mut rng = ChaCha20Rng::seed_from_u64(attempt.into());
    let request = holder.request(held, ask, &challenge, Channel::Radio, &mut rng);
    Ok((holder.present(&request, &[], None), session))
}

fn taken(taken: Option<Result<Taken, Refusal>>) -> Result<Taken, Stop> {
    match taken {
        Some(Ok(taken)) => Ok(taken),
        None | Some(Err(Refusal::StoreFailed)) => Err(Stop::Store),
        Some(Err(other)) => panic!("{other}"),
    }
}

fn permitted(
    permit: Option<Result<keyward::lock::Permit, Denial>>,
) -> Result<keyward::lock::Permit, Stop> {
    match permit {
        Some(Ok(permit)) => Ok(permit),
        None | Some(Err(Denial::StoreFailed)) => Err(Stop::Store),
        Some(Err(other)) => Err(denied(other)),
    }
}

fn refused(_refusal: Refusal) -> Stop {
    Stop::Refused
}

fn denied(_denial: Denial) -> Stop {
    Stop::Refused
}
