//! One call for whatever a phone brings, sessions that nobody can take from another, and futures
//! that are dropped on the way (SPEC.md sections 10.1, 14.1 and 22.1).

#[path = "life/visit.rs"]
mod visit;

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use keyward::{
    Answer, Ask, Caveats, Challenge, Channel, Denial, Lock, Now, Presentation, Refusal, Right,
    Rights, Seconds, Taken, Target, Valid,
    id::LockId,
    ledger::Outcome,
    lock::{Handled, Home, Rejected, Restored, Sessions},
    store::{AsyncStore, Cursor, Store, StoreError},
    tables::Capacity,
    time::Uptime,
};
use keyward_testkit::world::{
    Capability, Door, Holder, START, Settings, World, bundle,
    door::{Memory, secret},
    drawn,
};
use rand_core::SeedableRng;
use visit::{DAY, grant, unlock};

fn seconds(seconds: u64) -> Now {
    Now { uptime: Uptime((START.0 + seconds) * 1000), ..Now::exactly(START) }
}

/// What a holder presents in answer to a challenge.
fn presented(held: &Capability, holder: &Holder, right: Right, challenge: &Challenge) -> Vec<u8> {
    let ask = Ask { lock: challenge.lock, right, parameter: b"" };
    let challenge = challenge.encode().unwrap();
    let mut rng = chacha20::ChaCha20Rng::seed_from_u64(5);
    let request = holder.request(held, ask, challenge.as_bytes(), Channel::Radio, &mut rng);
    holder.present(&request, &[], None)
}

#[test]
fn a_full_set_of_sessions_is_busy_and_nobody_takes_anothers_place() {
    let mut world = World::new(1);
    let lock = &mut world.flat.lock;
    let mut sessions = Sessions::<2>::new();
    let open = |sessions: &mut Sessions, lock: &mut Lock<'_, Memory>, at| {
        sessions.open(lock, [0; 16], Channel::Radio, seconds(at))
    };
    let (first, one) = open(&mut sessions, lock, 0).unwrap();
    let (second, other) = open(&mut sessions, lock, 10).unwrap();
    assert_ne!(one.nonce, other.nonce, "though randomness repeats itself");
    assert_eq!(open(&mut sessions, lock, 30), Err(Answer::Busy));
    // The first challenge is dead, the second lives.
    let (third, _) = open(&mut sessions, lock, 31).unwrap();
    assert!(sessions.session(first).is_none() && sessions.session(second).is_some());
    assert_eq!(open(&mut sessions, lock, 31), Err(Answer::Busy));
    sessions.close(first);
    assert_eq!(open(&mut sessions, lock, 31), Err(Answer::Busy), "it is closed already");
    sessions.close(third);
    assert!(sessions.session(third).is_none());
    assert_eq!(sessions.turn(|_| true), Some(second), "an empty seat has no turn");
    open(&mut sessions, lock, 31).unwrap();
    // A set for nobody is always busy, and knows none of another's.
    let mut none = Sessions::<0>::new();
    let busy = none.open(lock, [0; 16], Channel::Radio, seconds(99));
    assert_eq!((busy.err(), none.session(first).is_none()), (Some(Answer::Busy), true));
    none.close(first);
    // An unclaimed lock opens none.
    let mut unclaimed = Door::new(LockId([1; 8]), &mut world.rng).lock;
    assert_eq!(open(&mut Sessions::new(), &mut unclaimed, 0), Err(Answer::Denied));
}

#[test]
fn a_session_whose_challenge_is_spent_makes_room() {
    let mut world = World::new(2);
    let held = grant(&mut world.owner, world.flat.id, &world.courier, Right::UNLOCK, DAY);
    let lock = &mut world.flat.lock;
    let mut sessions = Sessions::<1>::default();
    let (id, challenge) = sessions.open(lock, [0; 16], Channel::Radio, seconds(0)).unwrap();
    let bytes = presented(&held, &world.courier, Right::UNLOCK, &challenge);
    let mut garbled = bytes.clone();
    garbled[20] ^= 1;
    for (bytes, opens) in [(&garbled, false), (&garbled, false), (&bytes, true)] {
        let busy = sessions.open(lock, [0; 16], Channel::Radio, seconds(1));
        assert_eq!(busy.err(), Some(Answer::Busy));
        let session = sessions.session(id).unwrap();
        let handled =
            lock.handle(session, &mut bytes.clone(), || seconds(1), |_order| Outcome::Done);
        assert_eq!(handled.is_ok(), opens);
    }
    sessions.open(lock, [0; 16], Channel::Radio, seconds(1)).unwrap();
}

#[test]
fn a_session_that_a_restart_or_an_epoch_has_ended_takes_no_seat() {
    let mut world = World::new(11);
    let mut sessions = Sessions::<2>::new();
    let fill = |sessions: &mut Sessions, lock: &mut Lock<'_, Memory>, at| {
        let mut open = || sessions.open(lock, [0; 16], Channel::Radio, seconds(at));
        let opened = [open(), open()].map(|opened| opened.map(drop));
        assert_eq!(opened, [Ok(()), Ok(())], "both seats are free");
        assert_eq!(open().map(drop), Err(Answer::Busy));
    };
    fill(&mut sessions, &mut world.flat.lock, 0);
    world.flat.lock.restart();
    fill(&mut sessions, &mut world.flat.lock, 1);
    world.owner.new_epoch(world.now, &mut world.rng);
    world.flat.visit(&world.owner.library, seconds(2));
    assert_eq!(world.flat.lock.trust().unwrap().scope().epoch.0, 1);
    fill(&mut sessions, &mut world.flat.lock, 2);
    world.flat.reset();
    let unclaimed = sessions.open(&mut world.flat.lock, [0; 16], Channel::Radio, seconds(3));
    assert_eq!(unclaimed.map(drop), Err(Answer::Denied));
}

#[test]
fn what_lapsed_is_not_answered_as_done() {
    let mut world = World::new(10);
    let held = grant(&mut world.owner, world.flat.id, &world.courier, Right::UNLOCK, DAY);
    let lock = &mut world.flat.lock;
    for (last, outcome, answer) in
        [(20, Outcome::Done, Answer::Done), (22, Outcome::Lapsed, Answer::Denied)]
    {
        let mut session = lock.challenge([0; 16], Channel::Radio, seconds(0)).unwrap();
        let mut bytes = presented(&held, &world.courier, Right::UNLOCK, session.challenge());
        // It is asked for the time to read, to verify, to commit, and to act.
        let mut asked = 0;
        let clock = || {
            asked += 1;
            seconds(if asked < 4 { 0 } else { last })
        };
        let mut moved = false;
        let handled = lock.handle(&mut session, &mut bytes, clock, |_order| {
            moved = true;
            Outcome::Done
        });
        let handled = handled.unwrap();
        assert_eq!((handled.answer(), moved), (answer, outcome == Outcome::Done));
        let Handled::Recorded(recorded) = handled else { panic!("{handled:?}") };
        assert_eq!((recorded.outcome, recorded.answer()), (outcome, answer));
    }
}

#[test]
fn each_session_waits_for_at_most_one_message_of_each_other() {
    let mut world = World::new(3);
    let mut sessions = Sessions::<3>::new();
    let ids = [0, 1, 2].map(|_| {
        sessions.open(&mut world.flat.lock, [0; 16], Channel::Radio, seconds(0)).unwrap().0
    });
    assert_eq!(sessions.turn(|_| false), None);
    let turns: Vec<_> = (0..4).filter_map(|_| sessions.turn(|_| true)).collect();
    assert_eq!(turns, [ids[1], ids[2], ids[0], ids[1]]);
    // Whoever sends without end is served every other time where one more waits.
    let busy = |id| id == ids[1] || id == ids[0];
    let turns: Vec<_> = (0..4).filter_map(|_| sessions.turn(busy)).collect();
    assert_eq!(turns, [ids[0], ids[1], ids[0], ids[1]]);
}

#[test]
fn one_call_takes_whatever_a_phone_brings() {
    let mut world = World::new(4);
    let old = world.flat.lock.trust().unwrap().keyset();
    world.owner.publish_keyset(world.now);
    let (keyset, lock) = (world.owner.library.keyset.clone(), &mut world.flat.lock);
    let mut session = lock.challenge([0; 16], Channel::Radio, seconds(0)).unwrap();
    let mut handle = |lock: &mut Lock<'_, Memory>, message: &[u8]| {
        lock.handle(&mut session, &mut message.to_vec(), || seconds(1), |_order| Outcome::Done)
    };
    let taken = |handled: Result<Handled, Rejected>| match handled {
        Ok(Handled::Taken(taken)) => taken,
        other => panic!("{other:?}"),
    };
    let fresh = handle(lock, &keyset);
    assert_eq!(fresh.as_ref().map(Handled::answer).ok(), Some(Answer::Applied));
    assert_eq!(taken(fresh), Taken::Keyset);
    assert_eq!(taken(handle(lock, &keyset)), Taken::Unchanged);
    assert!(lock.trust().unwrap().keyset() > old);
    world.owner.revoke([], world.now);
    assert_eq!(taken(handle(lock, world.owner.library.list.as_ref().unwrap())), Taken::List);
    let status = world.owner.attest(START.after(5), None);
    assert_eq!(taken(handle(lock, &status)), Taken::Time);
    world.owner.publish_card(world.flat.id, world.now);
    assert_eq!(taken(handle(lock, &world.owner.library.cards[&world.flat.id])), Taken::Card);
    // Two epochs, and the keyset of the last.
    world.owner.new_epoch(world.now, &mut world.rng);
    world.owner.new_epoch(world.now, &mut world.rng);
    let library = &world.owner.library;
    for epoch in &library.epochs[1..] {
        assert!(matches!(handle(lock, epoch), Ok(Handled::Walked)));
    }
    assert_eq!(lock.trust().unwrap().scope().epoch.0, 0);
    assert_eq!(taken(handle(lock, &library.keyset)), Taken::Epoch);
    assert_eq!(lock.trust().unwrap().scope().epoch.0, 2);
    for (message, rejected, answer) in [
        (&[][..], 100, Answer::Denied),
        (&[1], 100, Answer::Denied),
        (&[1, 7], 100, Answer::Denied),
        (&[1, 12], 100, Answer::Denied),
        (&[1, 9], 600, Answer::Denied),
        (&[1, 10], 600, Answer::Denied),
        (&[1, 11], 600, Answer::Denied),
        (&[1, 3], 600, Answer::Denied),
    ] {
        let fault = handle(lock, message).unwrap_err();
        let code = match fault {
            Rejected::Denial(denial) => denial.code(),
            Rejected::Refusal(refusal) => refusal.code(),
        };
        assert_eq!((code, fault.answer()), (rejected, answer), "{message:?}");
    }
    let mut unclaimed = Door::new(LockId([1; 8]), &mut world.rng).lock;
    let mut refused = |message: &[u8]| match handle(&mut unclaimed, message) {
        Err(Rejected::Refusal(refusal)) => refusal,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&[1, 9]), Refusal::Unclaimed);
    assert_eq!(refused(&keyset), Refusal::Unclaimed);
}

#[test]
fn a_keyset_of_the_epoch_that_is_held_is_taken_in_though_the_session_has_walked_on() {
    let mut world = World::new(9);
    let mut session = world.flat.lock.challenge([0; 16], Channel::Radio, seconds(0)).unwrap();
    world.owner.publish_keyset(world.now);
    let newer = world.owner.library.keyset.clone();
    world.owner.new_epoch(world.now, &mut world.rng);
    let (library, lock) = (&world.owner.library, &mut world.flat.lock);
    let mut handle = |message: &[u8]| {
        lock.handle(&mut session, &mut message.to_vec(), || seconds(1), |_order| Outcome::Done)
    };
    assert!(matches!(handle(&library.epochs[1]), Ok(Handled::Walked)));
    assert!(matches!(handle(&newer), Ok(Handled::Taken(Taken::Keyset))));
    assert!(matches!(handle(&library.keyset), Ok(Handled::Taken(Taken::Epoch))));
}

#[test]
fn a_request_is_verified_committed_acted_on_and_recorded_by_one_call() {
    let mut world = World::new(5);
    let held = grant(&mut world.owner, world.flat.id, &world.courier, Right::UNLOCK, DAY);
    let release = grant(&mut world.owner, world.flat.id, &world.courier, Right::RELEASE, DAY);
    let Door { lock, claim_key, .. } = &mut world.flat;
    let mut session = lock.challenge([0; 16], Channel::Radio, seconds(0)).unwrap();
    let mut bytes = presented(&held, &world.courier, Right::UNLOCK, session.challenge());
    let next = lock.head(keyward::receipt::Log::Events).next;
    let mut moved = 0;
    let handled = lock.handle(
        &mut session,
        &mut bytes,
        || seconds(1),
        |order| {
            assert_eq!(order.right(), Right::UNLOCK);
            moved += 1;
            Outcome::Jammed
        },
    );
    assert_eq!(handled.as_ref().map(Handled::answer).ok(), Some(Answer::Done));
    match handled {
        Ok(Handled::Recorded(recorded)) => {
            assert_eq!((recorded.sequence, recorded.outcome), (next, Outcome::Jammed));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!((moved, lock.has_open_decision()), (1, false));
    let again = lock.handle(&mut session, &mut bytes, || seconds(1), |_order| unreachable!());
    assert_eq!(again.map(drop), Err(Rejected::Denial(Denial::NoChallenge)));

    let mut session = lock.challenge([0; 16], Channel::Radio, seconds(0)).unwrap();
    let mut bytes = presented(&release, &world.courier, Right::RELEASE, session.challenge());
    let handled = lock.handle(&mut session, &mut bytes, || seconds(1), |_order| Outcome::Done);
    assert_eq!(handled.as_ref().map(Handled::answer).ok(), Some(Answer::Done));
    match handled {
        Ok(Handled::Released(acted)) => {
            let identity = drawn(&claim_key.public(), &mut world.rng);
            lock.release(acted, identity, secret(&identity)).unwrap();
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(lock.trust().err(), Some(Denial::Unclaimed));
}

/// A store that makes its callers wait: it pends some times before it acts, and some times after.
struct Slow {
    store: Memory,
    before: u32,
    after: u32,
}

/// Is ready when it was polled so often.
async fn pending(times: u32) {
    for _ in 0..times {
        let mut is_first = true;
        std::future::poll_fn(|_context| match std::mem::take(&mut is_first) {
            true => Poll::Pending,
            false => Poll::Ready(()),
        })
        .await;
    }
}

impl Slow {
    async fn slowly<T>(&mut self, act: impl FnOnce(&mut Memory) -> T) -> T {
        pending(self.before).await;
        let done = act(&mut self.store);
        pending(self.after).await;
        done
    }
}

impl AsyncStore for Slow {
    const CAPACITY: usize = <Memory as Store>::CAPACITY;
    const OVERHEAD: usize = <Memory as Store>::OVERHEAD;

    async fn read(
        &mut self,
        at: Cursor,
        out: &mut [u8],
    ) -> Result<Option<(usize, Cursor)>, StoreError> {
        self.slowly(|store| Store::read(store, at, out)).await
    }

    async fn append(&mut self, record: &[u8]) -> Result<(), StoreError> {
        self.slowly(|store| Store::append(store, record)).await
    }

    async fn begin(&mut self) -> Result<(), StoreError> {
        self.slowly(Store::begin).await
    }

    async fn stage(&mut self, record: &[u8]) -> Result<(), StoreError> {
        self.slowly(|store| Store::stage(store, record)).await
    }

    async fn publish(&mut self) -> Result<(), StoreError> {
        self.slowly(Store::publish).await
    }
}

/// Polls a future so often, then drops it; whether it was ready, and with what.
fn polled<T>(future: impl Future<Output = T>, times: u32) -> Option<T> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..times).find_map(|_| match future.as_mut().poll(&mut context) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    })
}

fn done<T>(future: impl Future<Output = T>) -> T {
    polled(future, 10_000).unwrap()
}

#[test]
fn a_future_that_is_dropped_leaves_the_old_state_or_the_new_and_no_permit() {
    let mut world = World::new(6);
    let now = seconds(1);
    let grant = Caveats::grant(
        Rights::of(Right::UNLOCK),
        &[Target::Lock(world.flat.id)],
        Valid { from: START, lasts: Seconds::days(1) },
    );
    let grant = grant.and_then(|grant| grant.uses(2)).unwrap();
    let held = world.owner.grant(&world.courier.public(), 1, &grant);
    let (identity, store) = (world.flat.identity(), world.flat.lock.store().clone());
    world.owner.publish_keyset(world.now);
    let (mut dropped, mut completed) = (0, 0);
    for times in 0..40 {
        for (before, after) in [(1, 0), (0, 1), (1, 1)] {
            let slow = Slow { store: store.clone(), before, after };
            let mut lock: Lock<'_, _, Home> = Lock::new(identity, secret(&identity), slow);
            let restored = done(lock.restore_async(None)).unwrap();
            assert_eq!(restored, Restored::Claimed { interrupted: None });
            let commits = |lock: &mut Lock<'_, Slow>, times| {
                let mut session = lock.challenge([0; 16], Channel::Radio, now).unwrap();
                let bytes = presented(&held, &world.courier, Right::UNLOCK, session.challenge());
                let presentation = Presentation::decode(&bytes).unwrap();
                let verified = lock.verify(&mut session, &presentation, now)?;
                match polled(verified.commit_async(now), times) {
                    Some(permit) => {
                        permit.map(|_permit| Some(lock.head(keyward::receipt::Log::Events).next))
                    }
                    None => Ok(None),
                }
            };
            let first = commits(&mut lock, times).unwrap();
            if first.is_some() {
                completed += 1
            } else {
                dropped += 1
            }
            // A statement whose commit is dropped, too; then both once more.
            let keyset = keyward::Keyset::decode(&world.owner.library.keyset).unwrap();
            let update = lock.verify_keyset(&keyset, now).unwrap();
            let taken = polled(update.commit_async(), times);
            assert!(taken.is_none_or(|taken| taken == Ok(Taken::Keyset)));
            let second = commits(&mut lock, 10_000).unwrap();
            assert!(second.is_some());
            let update = lock.verify_keyset(&keyset, now).unwrap();
            assert!(done(update.commit_async()).is_ok());
            let spent = lock.memory().counts(START).map(|count| count.uses().spent).next();
            // What the store holds is what the lock knows.
            let Slow { store, .. } = lock.into_store();
            let mut lock: Lock<'_, _, Home> = Lock::new(identity, secret(&identity), store);
            lock.restore(None).unwrap();
            assert_eq!(lock.memory().counts(START).map(|count| count.uses().spent).next(), spent);
            assert_eq!(spent, Some(1 + u32::from(first.is_some())));
            assert_eq!(lock.trust().unwrap().keyset(), keyset.unverified_version());
        }
    }
    assert!(dropped > 5 && completed > 5);
}

#[test]
fn a_claim_that_is_dropped_leaves_the_lock_unclaimed_or_claimed() {
    let mut world = World::new(7);
    let mut door = Door::new(LockId(*b"new-door"), &mut world.rng);
    world.owner.enrol(door.unclaimed(), door.id, Settings::default(), world.now);
    let claim = door.claim(&world.owner);
    let bundle = bundle(&world.owner.library, door.id, &claim);
    let identity = door.identity();
    for times in 0..30 {
        for (before, after) in [(1, 0), (0, 1)] {
            let slow = Slow { store: Memory::new(), before, after };
            let mut lock: Lock<'_, _, Home> = Lock::new(identity, secret(&identity), slow);
            assert_eq!(done(lock.restore_async(None)), Ok(Restored::Unclaimed));
            let update = lock.verify_claim(&bundle, false, seconds(0)).unwrap();
            let taken = polled(update.commit_async(), times);
            assert_eq!(taken.is_some(), lock.trust().is_ok());
            if taken.is_none() {
                let update = lock.verify_claim(&bundle, false, seconds(0)).unwrap();
                assert_eq!(done(update.commit_async()), Ok(Taken::Claim));
            }
            let Slow { store, .. } = lock.into_store();
            let mut lock: Lock<'_, _, Home> = Lock::new(identity, secret(&identity), store);
            assert_eq!(lock.restore(None), Ok(Restored::Claimed { interrupted: None }));
        }
    }
    let held = grant(&mut world.owner, world.flat.id, &world.courier, Right::UNLOCK, DAY);
    unlock(&held, &world.courier).at(&mut world.flat, seconds(0), &mut world.rng).unwrap();
    let _ = &mut door;
}
