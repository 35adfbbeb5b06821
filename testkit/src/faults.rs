//! Lives in which any call of a lock's store fails or is dropped (SPEC.md sections 14, 22 and 24).
//!
//! A life is taken step by step from its image behind the step before: with one fault, or the same
//! three times, at each call of a start and the step. The host goes on, or power fails. What the
//! lock has told, and what it has given away, must then be as it was.

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

/// What the host and the world know of a lock.
#[derive(Clone)]
struct Known {
    identity: Identity,
    /// The device keys that the host keeps, the newest last.
    keys: Vec<[u8; 32]>,
    /// What an entry was that somebody was told.
    told: BTreeMap<(Log, u64), Vec<u8>>,
    /// The cores of requests for which a permit was given.
    permits: BTreeSet<[u8; 32]>,
    /// Those of which the outcome was told.
    recorded: BTreeSet<[u8; 32]>,
    /// The uses for which a permit was given, in this epoch.
    spent: BTreeMap<LinkId, u32>,
    epoch: u64,
    relock: bool,
    released: bool,
    /// What was acknowledged at most.
    acknowledged: u64,
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

    /// Compares what a lock says with what is known.
    fn check(&self, lock: &mut Door, known: &mut Known, report: &mut Report) -> Result<(), String> {
        if lock.trust().err() == Some(Denial::Unclaimed) {
            let is_lost = !known.released && !known.told.is_empty();
            return if is_lost { Err("the life is gone".into()) } else { Ok(()) };
        }
        if known.released && lock.trust().is_err() {
            return Ok(());
        }
        let mut log = None;
        for _ in 0..8 {
            if let Ok(read) = self.read(lock) {
                log = Some(read?);
                break;
            }
        }
        let log = log.ok_or("the log can't be read at all")?;
        let key = known.key();
        let entries: Vec<Vec<u8>> = log
            .iter()
            .map(|draft| {
                let receipt = draft.receipt().unwrap().sign(&key).map_err(|_| "another key")?;
                let entry = keyward::seam::whole_entry(draft, receipt.as_bytes());
                Ok(entry.map_err(|_| "no entry")?.as_bytes().to_vec())
            })
            .collect::<Result<_, &str>>()?;
        let entries: Vec<_> = entries.iter().map(|bytes| Entry::decode(bytes).unwrap()).collect();
        for log in [Log::Events, Log::Denials] {
            let own = entries.iter().filter(|it| it.receipt.unverified().log() == log);
            let own: Vec<_> = own.map(|entry| entry.receipt).collect();
            self.check_log(lock, known, log, &own, report)?;
        }
        entries
            .iter()
            .try_for_each(|entry| entry.disclosed().map(drop))
            .map_err(|_| "another private part")?;
        log.iter().for_each(|draft| known.tell(draft));
        if known.relock && lock.relock_within(now()).is_none() {
            return Err("the door must be secured, and nobody knows".into());
        }
        let trust = lock.trust().map_err(|denial| denial.to_string())?;
        let epoch = trust.scope().epoch.0;
        if epoch < known.epoch {
            return Err("the epoch is gone".into());
        }
        if epoch > known.epoch {
            // The store had it all the same.
            (known.epoch, known.spent) = (epoch, BTreeMap::new());
        }
        for (link, spent) in &known.spent {
            let counts = lock.memory().counts(START).find(|count| count.link == *link);
            let held = counts.map_or(0, |count| count.uses().spent);
            if held < *spent {
                return Err(format!("{spent} uses were given, and {held} are spent"));
            }
        }
        Ok(())
    }

    fn check_log(
        &self,
        lock: &Door,
        known: &Known,
        log: Log,
        own: &[Receipt<'_>],
        report: &mut Report,
    ) -> Result<(), String> {
        let mut head = own.first().map_or(lock.head(log), |first| {
            let first = first.unverified();
            Head { next: first.sequence, hash: *first.before }
        });
        let first = head.next.0;
        if first == 0 && head != Head::START {
            return Err("the first entry hangs from another".into());
        }
        let (mut cores, mut statements) = (BTreeSet::new(), BTreeSet::new());
        for receipt in own {
            head = head.step(receipt).map_err(|fault| format!("{log:?}: {fault:?}"))?;
            let public = receipt.unverified();
            if public.oldest.0 > first {
                return Err(format!("{log:?}: {first} is held, and said to be gone"));
            }
            let number = public.sequence.0;
            if let Some(told) = known.told.get(&(log, number)) {
                report.compared += 1;
                if told != receipt.hash().as_bytes() {
                    return Err(format!("{log:?}: two entries have the number {number}"));
                }
            }
            match public.event {
                Event::Opening { core, outcome, .. } => {
                    if !cores.insert(*core) {
                        return Err(format!("a request is told twice, at {number}"));
                    }
                    if known.recorded.contains(core) && outcome != Outcome::Done {
                        return Err(format!("{number} was done, and is {outcome:?}"));
                    }
                }
                Event::Statement { kind, hash }
                    if !statements.insert((kind.kind().byte(), *hash)) =>
                {
                    return Err(format!("a statement is told twice, at {number}"));
                }
                _ => {}
            }
        }
        if head != lock.head(log) {
            return Err(format!("{log:?} ends at {head:?}, and not at {:?}", lock.head(log)));
        }
        if let Some(((_, number), _)) =
            known.told.iter().rfind(|((of, number), _)| *of == log && *number >= head.next.0)
        {
            return Err(format!("{log:?}: {number} was told, and is gone"));
        }
        let held = head.next.0 - first;
        let least = match log {
            Log::Events => HELD.min(head.next.0.saturating_sub(known.acknowledged)),
            Log::Denials => head.next.0.min(1),
        };
        if held < least {
            return Err(format!("{log:?}: {held} of {} are held", head.next.0));
        }
        if log == Log::Events && first == 0 {
            let open = usize::from(lock.has_open_decision());
            let missing = known.permits.difference(&cores).count();
            if missing > open {
                return Err(format!("{missing} permits were given, and are not told"));
            }
        }
        Ok(())
    }

    /// Whether the next lawful visitor gets in.
    fn visited(&self, lock: &mut Door, known: &mut Known) -> Result<(), String> {
        let Ok(trust) = lock.trust() else { return Ok(()) };
        let (held, holder) = &self.visitors[usize::try_from(trust.scope().epoch.0).unwrap()];
        let asked = (Right::UNLOCK, &b""[..]);
        let acted = self
            .ask(lock, known, (held, holder), asked, 9)
            .map_err(|_| "the next lawful visitor stands outside")?;
        self.record(lock, known, acted).map_err(|_| "who came in is not told")?;
        Ok(())
    }
}

/// One plan at one step.
struct Case<'l> {
    life: &'l Life,
    index: usize,
    plan: Plan,
    goes_on: bool,
}

impl Case<'_> {
    fn play(&self, image: Faulty, mut known: Known, report: &mut Report) {
        report.cases += 1;
        let played = self.played(image, &mut known, report);
        if let Err(what) = played
            && report.violations.len() < 100
        {
            let Self { index, plan, goes_on, .. } = self;
            report.violations.push(format!("step {index}, {plan:?}, goes on {goes_on}: {what}"));
        }
    }

    fn played(&self, image: Faulty, known: &mut Known, report: &mut Report) -> Result<(), String> {
        let life = self.life;
        let (mut lock, restored) = life.start(known, image);
        restored.map_err(|denial| format!("at the start: {denial}"))?;
        let mut steps = life.steps[self.index..].iter();
        let step = steps.next();
        let mut attempt = 0;
        while let Some(step) = step
            && let Err(Stop::Store) = life.take(&mut lock, known, step, attempt)
            && self.goes_on
            && !known.released
            && attempt < 5
        {
            attempt += 1;
        }
        if self.goes_on && !known.released {
            life.check(&mut lock, known, report).map_err(|what| format!("before: {what}"))?;
            for step in steps.by_ref().take(3) {
                if matches!(step, Step::Release(..)) {
                    break;
                }
                let _refused = life.take(&mut lock, known, step, 7);
            }
            life.check(&mut lock, known, report).map_err(|what| format!("then: {what}"))?;
        }
        let open = lock.has_open_decision();
        let next = lock.head(Log::Events).next.0;
        let (mut lock, restored) = life.start(known, lock.into_store().powered(None));
        match restored {
            Err(Denial::Releasing) if known.released => return Ok(()),
            Ok(_) => {}
            Err(denial) => return Err(format!("at the next start: {denial}")),
        }
        // What is interrupted is told once, and what the store had beside at most.
        let more = lock.head(Log::Events).next.0.saturating_sub(next);
        if self.goes_on && lock.trust().is_ok() && more != u64::from(open) && !known.released {
            return Err(format!("{more} entries more, and a decision was open: {open}"));
        }
        life.check(&mut lock, known, report).map_err(|what| format!("behind: {what}"))?;
        if lock.trust().is_err() {
            return Ok(());
        }
        life.visited(&mut lock, known)?;
        let (mut lock, restored) = life.start(known, lock.into_store().powered(None));
        restored.map_err(|denial| format!("at the last start: {denial}"))?;
        life.check(&mut lock, known, report).map_err(|what| format!("at last: {what}"))
    }
}

impl Known {
    fn new(identity: Identity) -> Self {
        let first = *device_key(&identity.nonce).expose_secret();
        Self {
            identity,
            keys: vec![first],
            told: BTreeMap::new(),
            permits: BTreeSet::new(),
            recorded: BTreeSet::new(),
            spent: BTreeMap::new(),
            epoch: 0,
            relock: false,
            released: false,
            acknowledged: 0,
        }
    }

    /// The key that signs.
    fn key(&self) -> SigningKey<role::Device> {
        let keys = self.keys.iter().map(SigningKey::from_secret);
        keys.into_iter().find(|key| key.public() == self.identity.device).unwrap()
    }

    fn tell(&mut self, draft: &Draft) {
        let receipt = draft.receipt().unwrap().sign(&self.key());
        // An entry that was drafted before a change of the key is not signed behind it.
        if let Ok(receipt) = receipt {
            self.tell_receipt(receipt.as_bytes());
        }
    }

    fn tell_receipt(&mut self, receipt: &[u8]) {
        let receipt = Receipt::decode(receipt).unwrap();
        let public = receipt.unverified();
        let place = (public.log(), public.sequence.0);
        self.told.entry(place).or_insert_with(|| receipt.hash().as_bytes().to_vec());
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

/// Writes a life.
struct Author {
    lock: LockId,
    holders: Vec<Rc<Holder>>,
    steps: Vec<Step>,
    visitors: Vec<(Capability, Rc<Holder>)>,
}

impl Author {
    fn grant(
        &self,
        owner: &mut Owner,
        to: usize,
        right: Right,
        uses: u32,
        max_open: u32,
    ) -> Capability {
        let valid = Valid { from: START, lasts: Seconds::days(30) };
        let grant = Caveats::grant(Rights::of(right), &[Target::Lock(self.lock)], valid).unwrap();
        let grant = if uses > 0 { grant.uses(uses).unwrap() } else { grant };
        let grant = if max_open > 0 { grant.max_open(Seconds(max_open)).unwrap() } else { grant };
        owner.grant(&self.holders[to].public(), 1, &grant)
    }

    fn statement(&mut self, bytes: Vec<u8>) {
        self.steps.push(Step::Statement(bytes));
    }

    /// What happens at a door in an epoch.
    fn visits(&mut self, owner: &mut Owner, epoch: u64) {
        let visitor = self.grant(owner, 0, Right::UNLOCK, 0, 0);
        self.visitors.push((visitor.clone(), Rc::clone(&self.holders[0])));
        let counted = self.grant(owner, 1, Right::UNLOCK, 100, 0);
        let relocks = self.grant(owner, 2, Right::UNLOCK, 2, 60);
        let reads = self.grant(owner, 3, Right::READ_LOG, 0, 0);
        let holder = |index: usize| Rc::clone(&self.holders[index]);
        let (zero, one, two, three) = (holder(0), holder(1), holder(2), holder(3));
        let opens = |recorded| Step::Ask(counted.clone(), Rc::clone(&one), Right::UNLOCK, recorded);
        let late = |counter| {
            let counter = 100 * (epoch + 1) + counter;
            Step::Unchallenged(unchallenged(&visitor, &zero, self.lock, counter))
        };
        let acknowledges = |before| Step::Acknowledge(reads.clone(), Rc::clone(&three), before);
        let denies = || Step::Deny(counted.clone(), Rc::clone(&one));
        self.steps.extend([
            opens(true),
            Step::Ask(relocks.clone(), Rc::clone(&two), Right::UNLOCK, true),
            denies(),
            opens(false),
            opens(true),
            Step::Secure,
            late(5),
            Step::Read,
            opens(false),
            late(3),
            denies(),
            acknowledges(2),
        ]);
        for _ in 0..9 {
            self.steps.push(opens(true));
        }
        self.steps.extend([
            Step::Ask(relocks.clone(), Rc::clone(&two), Right::UNLOCK, false),
            opens(true),
            denies(),
            acknowledges(0),
        ]);
    }
}
