//! What is done to a lock in odd orders, or reported by odd actuators and stores: nothing is
//! regained, no duty is lost, and it can always be gone on with (SPEC.md sections 14.5, 18.2, 22).

#[path = "restart/common.rs"]
mod common;
#[path = "life/visit.rs"]
mod visit;

use common::{committed, counted};
use keyward::{
    Denial, Keyset, Lock, Now, Right, Seconds,
    id::LockId,
    ledger::Outcome,
    lock::{Handled, Restored},
    tables::Tables,
    time::Uptime,
};
use keyward_testkit::{
    journal,
    stores::{Hardware, Mood, Moody},
    world::{
        Door, START, Settings, World,
        door::{Memory, secret},
        drawn,
    },
};
use visit::{DAY, Visit, grant, unlock};

type Counted = Door<Hardware<Moody>>;

fn with_hardware(world: &mut World) -> Counted {
    let (now, store) = (world.now(), Hardware { store: Moody::new(), counter: 0 });
    let mut door = Counted::over(LockId(*b"hardware"), store, &mut world.rng);
    door.move_in(&mut world.owner, Settings::default(), now);
    door
}

#[test]
fn a_lock_that_is_reset_whatever_its_fault_is_claimed_and_starts_again() {
    type Fault = fn(Hardware<Moody>) -> Hardware<Moody>;
    let faults: [(Fault, Result<(), Denial>); 3] = [
        (|store| store, Ok(())),
        (
            |mut store| {
                journal::write(&mut store, &[vec![1; 40]]);
                store
            },
            Err(Denial::StateCorrupt),
        ),
        (|store| Hardware { counter: store.counter + 9, ..store }, Err(Denial::StateRolledBack)),
    ];
    for (fault, expected) in faults {
        let mut world = World::new(1);
        let (now, mut door) = (world.now(), with_hardware(&mut world));
        for _ in 0..4 {
            door = door.restarted(None, |store| store).0;
        }
        let (mut door, restored) = door.restarted(None, fault);
        assert_eq!(restored.map(drop), expected);
        door.reset();
        door.id = LockId(*b"hardwar2");
        door.move_in(&mut world.owner, Settings::default(), now);
        let (_, restored) = door.restarted(None, |store| store);
        assert_eq!(restored, Ok(Restored::Claimed { interrupted: None }));
    }
}

#[test]
fn no_two_writes_have_one_number_though_the_first_was_said_to_fail() {
    let mut world = World::new(2);
    let (now, mut door) = (world.now(), with_hardware(&mut world));
    let visitor = grant(&mut world.owner, door.id, &world.courier, Right::UNLOCK, DAY);
    door.lock.store().store.mood.set(Mood::FailsLate);
    let denied = committed(&mut door, &visitor, &world.courier, Right::UNLOCK, now).map(drop);
    assert_eq!(denied, Err(Denial::StoreFailed));
    door.lock.store().store.mood.set(Mood::Works);
    let copy = door.lock.store().store.clone();
    world.owner.new_epoch(START, &mut world.rng);
    door.visit(&world.owner.library, now);
    assert_eq!(door.lock.trust().unwrap().scope().epoch.0, 1);
    let (_, restored) = door.restarted(None, |store| Hardware { store: copy, ..store });
    assert_eq!(restored, Err(Denial::StateRolledBack));
}

#[test]
fn a_permit_of_before_the_door_was_secured_opens_it_no_more() {
    let mut world = World::new(3);
    let (now, held) = (world.now(), counted(&mut world, 9, Some(60)));
    let World { mut flat, courier, .. } = world;
    let permit = committed(&mut flat, &held, &courier, Right::UNLOCK, now).unwrap();
    flat.secure();
    let acted = flat.lock.act(permit, now, |_order| unreachable!("nobody would close it"));
    assert_eq!(acted.map(drop), Err(Denial::Changed));
}

#[test]
fn a_reset_leaves_the_door_due_and_a_release_that_is_done_does_not() {
    let mut world = World::new(4);
    let (now, held) = (world.now(), counted(&mut world, 9, Some(60)));
    let release = grant(&mut world.owner, world.flat.id, &world.courier, Right::RELEASE, DAY);
    let World { mut flat, courier, mut rng, .. } = world;
    unlock(&held, &courier).at(&mut flat, now, &mut rng).unwrap();
    let (mut flat, _) = flat.restarted(None, |store| store);
    let due = Some(Seconds(0));
    assert_eq!(flat.lock.relock_within(now), due);
    let visit = Visit { right: Right::RELEASE, ..unlock(&release, &courier) };
    visit.at(&mut flat, now, &mut rng).unwrap();
    assert_eq!(flat.lock.relock_within(now), None, "the release has secured it");

    let mut world = World::new(4);
    let held = counted(&mut world, 9, Some(60));
    let World { mut flat, courier, mut rng, .. } = world;
    unlock(&held, &courier).at(&mut flat, now, &mut rng).unwrap();
    flat.reset();
    assert_eq!(flat.lock.relock_within(now), Some(Seconds(60)));
    flat.secure();
    assert_eq!(flat.lock.relock_within(now), None);
}

#[test]
fn before_it_is_restored_a_lock_says_that_the_door_is_due() {
    let world = World::new(5);
    let identity = world.flat.identity();
    let mut lock: Lock<'_, Memory> = Lock::new(identity, secret(&identity), Memory::new());
    assert_eq!(lock.relock_within(world.now()), Some(Seconds(0)));
    lock.restore(None).unwrap();
    assert_eq!(lock.relock_within(world.now()), None);
}

#[test]
fn a_release_that_was_done_and_not_erased_serves_nobody() {
    let mut world = World::new(6);
    let now = world.now();
    let mut door: Door<Moody> = Door::over(LockId(*b"moody..."), Moody::new(), &mut world.rng);
    door.move_in(&mut world.owner, Settings::default(), now);
    let release = grant(&mut world.owner, door.id, &world.courier, Right::RELEASE, DAY);
    let permit = committed(&mut door, &release, &world.courier, Right::RELEASE, now).unwrap();
    let acted = door.lock.act(permit, now, |_order| Outcome::Done).unwrap();
    let identity = drawn(&door.claim_key.public(), &mut world.rng);
    door.lock.store().mood.set(Mood::Fails);
    let released = door.lock.release(acted, identity, secret(&identity)).map(drop);
    assert_eq!(released, Err(Denial::StoreFailed));
    door.lock.store().mood.set(Mood::Works);
    assert_eq!(door.lock.trust().err(), Some(Denial::Releasing));
    door.lock.reset(identity, secret(&identity)).unwrap();
    assert_eq!(door.lock.trust().err(), Some(Denial::Unclaimed));
}

#[test]
fn what_was_done_is_recorded_after_a_restart_of_the_clock_too() {
    let mut world = World::new(7);
    let now = world.now();
    let release = grant(&mut world.owner, world.flat.id, &world.courier, Right::RELEASE, DAY);
    let World { mut flat, courier, .. } = world;
    let permit = committed(&mut flat, &release, &courier, Right::RELEASE, now).unwrap();
    let acted = flat.lock.act(permit, now, |_order| Outcome::Jammed).unwrap();
    flat.lock.restart();
    assert_eq!(flat.lock.record(acted).unwrap().outcome, Outcome::Jammed);
    let (_, restored) = flat.restarted(None, |store| store);
    assert_eq!(restored, Ok(Restored::Claimed { interrupted: None }));
}

#[test]
fn an_actuator_reports_what_it_can_know() {
    for (reported, recorded) in [
        (Outcome::Done, Outcome::Done),
        (Outcome::Jammed, Outcome::Jammed),
        (Outcome::Unknown, Outcome::Unknown),
        (Outcome::Lapsed, Outcome::Unknown),
        (Outcome::Interrupted, Outcome::Unknown),
    ] {
        let mut world = World::new(8);
        let (now, held) = (world.now(), counted(&mut world, 9, None));
        let World { mut flat, courier, .. } = world;
        let permit = committed(&mut flat, &held, &courier, Right::UNLOCK, now).unwrap();
        let acted = flat.lock.act(permit, now, |_order| reported).unwrap();
        assert_eq!(flat.lock.record(acted).unwrap().outcome, recorded);
        let (_, restored) = flat.restarted(None, |store| store);
        assert_eq!(restored, Ok(Restored::Claimed { interrupted: None }));
    }
}

#[test]
fn an_outcome_that_the_store_did_not_confirm_is_told_as_such() {
    let mut world = World::new(9);
    let now = world.now();
    let mut door: Door<Moody> = Door::over(LockId(*b"moody..."), Moody::new(), &mut world.rng);
    door.move_in(&mut world.owner, Settings::default(), now);
    let held = grant(&mut world.owner, door.id, &world.courier, Right::UNLOCK, DAY);
    let mut session = door.lock.challenge([7; 16], keyward::Channel::Radio, now).unwrap();
    let challenge = session.challenge().encode().unwrap().as_bytes().to_vec();
    let ask = keyward::Ask { lock: door.id, right: Right::UNLOCK, parameter: b"" };
    let channel = keyward::Channel::Radio;
    let request = world.courier.request(&held, ask, &challenge, channel, &mut world.rng);
    let mut bytes = world.courier.present(&request, &[], None);
    let mood = std::rc::Rc::clone(&door.lock.store().mood);
    let fails = |_order: &keyward::lock::Order<'_>| {
        mood.set(Mood::Fails);
        Outcome::Done
    };
    let handled = door.lock.handle(&mut session, &mut bytes, || now, fails);
    assert_eq!(handled.as_ref().map(Handled::answer).ok(), Some(keyward::Answer::Done));
    let Ok(Handled::Unrecorded(acted)) = handled else { panic!("{handled:?}") };
    assert_eq!((acted.outcome(), acted.answer()), (Outcome::Done, keyward::Answer::Done));
    assert!(door.lock.has_open_decision());
    let next = door.lock.head(keyward::receipt::Log::Events).next;
    mood.set(Mood::Works);
    let (_, restored) = door.restarted(None, |store| store);
    assert_eq!(restored, Ok(Restored::Claimed { interrupted: Some(next) }));
}

#[test]
fn a_wider_window_reads_a_narrower_one_and_not_the_other_way() {
    let world = World::new(10);
    let (now, identity) = (world.now(), world.flat.identity());
    let narrow: Lock<'_, _, Tables<64, 16, 1>> = world.flat.twin(&world.owner, Memory::new(), now);
    let mut wide: Lock<'_, _, Tables<64, 16, 4>> =
        Lock::new(identity, secret(&identity), narrow.into_store());
    assert_eq!(wide.restore(None), Ok(Restored::Claimed { interrupted: None }));
    let wide: Lock<'_, _, Tables<64, 16, 4>> = world.flat.twin(&world.owner, Memory::new(), now);
    let mut narrow: Lock<'_, _, Tables<64, 16, 1>> =
        Lock::new(identity, secret(&identity), wide.into_store());
    assert_eq!(narrow.restore(None), Err(Denial::StateTooNew));
}

#[test]
fn a_walk_goes_on_when_another_session_took_its_epoch_in() {
    let mut world = World::new(11);
    let seconds = Now { uptime: Uptime(START.0 * 1000), ..world.now() };
    world.owner.new_epoch(START, &mut world.rng);
    let first = world.owner.library.epochs.last().unwrap().clone();
    let keyset = world.owner.library.keyset.clone();
    world.owner.new_epoch(START, &mut world.rng);
    let second = world.owner.library.epochs.last().unwrap().clone();
    let last = world.owner.library.keyset.clone();
    let lock = &mut world.flat.lock;
    let open = |lock: &mut Lock<'_, Memory>| {
        lock.challenge([1; 16], keyward::Channel::Radio, seconds).unwrap()
    };
    let (mut one, mut other) = (open(lock), open(lock));
    let bring = |lock: &mut Lock<'_, Memory>, session: &mut _, bytes: &[u8]| {
        lock.handle(session, &mut bytes.to_vec(), || seconds, |_order| Outcome::Done)
    };
    assert!(matches!(bring(lock, &mut one, &first), Ok(Handled::Walked)));
    assert!(matches!(bring(lock, &mut other, &first), Ok(Handled::Walked)));
    assert!(matches!(bring(lock, &mut other, &keyset), Ok(Handled::Taken(_))));
    assert!(matches!(bring(lock, &mut one, &second), Ok(Handled::Walked)));
    assert!(matches!(bring(lock, &mut one, &last), Ok(Handled::Taken(_))));
    assert_eq!(lock.trust().unwrap().keyset(), Keyset::decode(&last).unwrap().unverified_version());
}
