//! Power fails: what a lock still knows, what it refuses to believe, and what it never does
//! (SPEC.md sections 14.5 and 22).

#[path = "restart/common.rs"]
mod common;
#[path = "life/visit.rs"]
mod visit;

use common::{committed, counted};
use keyward::{
    Ask, Caveats, Channel, Denial, Lock, Now, Presentation, Refusal, Right, Rights, Seconds,
    Target, Valid,
    id::{LockId, Sequence},
    ledger::Outcome,
    lock::Restored,
    receipt::Log,
    tables::Capacity,
    time::Uptime,
};
use keyward_testkit::{
    journal,
    stores::{Hardware, Mood, Moody},
    world::{
        Capability, Door, Holder, Owner, START, Settings, World,
        door::{Memory, secret},
        drawn,
    },
};
use visit::{DAY, grant, unlock};

fn claimed_again(restored: Result<Restored, Denial>) -> Option<Sequence> {
    match restored {
        Ok(Restored::Claimed { interrupted }) => interrupted,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_lock_does_nothing_before_it_has_read_its_store() {
    let world = World::new(1);
    let now = world.now();
    let identity = world.flat.identity();
    let mut lock: Lock<'_, Memory> = Lock::new(identity, secret(&identity), Memory::new());
    assert_eq!(lock.challenge([0; 16], Channel::Radio, now).err(), Some(Denial::NotRestored));
    assert_eq!(lock.walk().err(), Some(Refusal::NotRestored));
    let claim = world.flat.claim(&world.owner);
    let bundle = keyward_testkit::world::bundle(&world.owner.library, world.flat.id, &claim);
    assert_eq!(lock.verify_claim(&bundle, true, now).map(drop), Err(Refusal::NotRestored));
    assert_eq!(lock.restore(None), Ok(Restored::Unclaimed));
    assert_eq!(lock.challenge([0; 16], Channel::Radio, now).err(), Some(Denial::Unclaimed));
}

#[test]
fn a_restart_loses_nothing_that_was_committed() {
    let mut world = World::new(2);
    let held = counted(&mut world, 2, None);
    let World { flat, courier, rng, .. } = &mut world;
    let now = Now::exactly(START);
    let first = flat.lock.head(Log::Events).next;
    assert_eq!(unlock(&held, courier).at(flat, now, rng).unwrap().sequence, first);
    let (scope, present) = (flat.lock.trust().unwrap().scope(), flat.lock.present(now).unwrap());
    let old = flat.lock.challenge([7; 16], Channel::Radio, now).unwrap();
    let World { flat, .. } = world;
    let (mut flat, restored) = flat.restarted(None, |store| store);
    assert_eq!(claimed_again(restored), None);
    assert_eq!(flat.lock.trust().unwrap().scope(), scope);
    assert_eq!(flat.lock.present(now).unwrap(), present);
    let new = flat.lock.challenge([7; 16], Channel::Radio, now).unwrap();
    assert_ne!(old.challenge().nonce, new.challenge().nonce, "though randomness repeats itself");
    let (courier, rng) = (&world.courier, &mut world.rng);
    assert_eq!(unlock(&held, courier).at(&mut flat, now, rng).unwrap().sequence.0, first.0 + 1);
    let spent = Denial::UsesSpent { link: 0, spent: 2, limit: 2 };
    assert_eq!(unlock(&held, courier).at(&mut flat, now, rng), Err(spent));
    let (mut flat, _) = flat.restarted(None, |store| store);
    assert_eq!(unlock(&held, courier).at(&mut flat, now, rng), Err(spent));
}

#[test]
fn a_session_and_a_permit_of_before_a_restart_are_worth_nothing() {
    let mut world = World::new(3);
    let held = counted(&mut world, 9, None);
    let now = world.now();
    let World { mut flat, courier, .. } = world;
    let permit = committed(&mut flat, &held, &courier, Right::UNLOCK, now).unwrap();
    let mut session = flat.lock.challenge([7; 16], Channel::Radio, now).unwrap();
    let challenge = session.challenge().encode().unwrap().as_bytes().to_vec();
    let ask = Ask { lock: flat.id, right: Right::UNLOCK, parameter: b"" };
    let request = courier.request(&held, ask, &challenge, Channel::Radio, &mut world.rng);
    let bytes = courier.present(&request, &[], None);
    let presentation = Presentation::decode(&bytes).unwrap();
    let (mut flat, restored) = flat.restarted(None, |store| store);
    assert_eq!(claimed_again(restored), Some(Sequence(3)));
    let denied = flat.lock.verify(&mut session, &presentation, now).map(drop);
    assert_eq!(denied, Err(Denial::NoChallenge));
    let acted = flat.lock.act(permit, now, |_order| unreachable!("the bolt stays where it is"));
    assert_eq!(acted.map(drop), Err(Denial::Changed));
}

#[test]
fn an_act_comes_soon_after_its_verification_or_never() {
    let mut world = World::new(4);
    let held = counted(&mut world, 9, None);
    let later =
        |seconds: u64| Now { uptime: Uptime((START.0 + seconds) * 1000), ..Now::exactly(START) };
    let now = later(0);
    let World { mut flat, courier, mut rng, .. } = world;
    let mut session = flat.lock.challenge([7; 16], Channel::Radio, now).unwrap();
    let challenge = session.challenge().encode().unwrap().as_bytes().to_vec();
    let ask = Ask { lock: flat.id, right: Right::UNLOCK, parameter: b"" };
    let request = courier.request(&held, ask, &challenge, Channel::Radio, &mut rng);
    let bytes = courier.present(&request, &[], None);
    let presentation = Presentation::decode(&bytes).unwrap();
    let verified = flat.lock.verify(&mut session, &presentation, now).unwrap();
    assert_eq!(verified.commit(later(21)).map(drop), Err(Denial::TooLate));
    assert!(!flat.lock.has_open_decision(), "nothing was spent");
    for (seconds, outcome) in [(20, Outcome::Done), (21, Outcome::Lapsed)] {
        let permit = committed(&mut flat, &held, &courier, Right::UNLOCK, now).unwrap();
        let acted = flat.lock.act(permit, later(seconds), |_order| Outcome::Done).unwrap();
        assert_eq!(acted.outcome(), outcome);
        assert_eq!(flat.lock.record(acted).unwrap().outcome, outcome);
    }
}

#[test]
fn a_permit_behind_which_another_decision_was_committed_moves_nothing() {
    let mut world = World::new(5);
    let held = counted(&mut world, 9, None);
    let now = world.now();
    let World { mut flat, courier, .. } = world;
    let first = committed(&mut flat, &held, &courier, Right::UNLOCK, now).unwrap();
    let second = committed(&mut flat, &held, &courier, Right::UNLOCK, now).unwrap();
    let acted = flat.lock.act(first, now, |_order| unreachable!("the bolt stays where it is"));
    assert_eq!(acted.map(drop), Err(Denial::Changed));
    let acted = flat.lock.act(second, now, |_order| Outcome::Done).unwrap();
    flat.lock.record(acted).unwrap();
}

#[test]
fn an_open_door_is_due_to_be_secured_whatever_happens() {
    let mut world = World::new(6);
    let held = counted(&mut world, 9, Some(60));
    let at =
        |seconds: u64| Now { uptime: Uptime((START.0 + seconds) * 1000), ..Now::exactly(START) };
    let left = |door: &Door, seconds| door.lock.relock_within(at(seconds)).map(|left| left.0);
    let World { mut flat, courier, mut rng, mut owner, .. } = world;
    assert_eq!(left(&flat, 0), None);
    unlock(&held, &courier).at(&mut flat, at(0), &mut rng).unwrap();
    assert_eq!([left(&flat, 0), left(&flat, 59), left(&flat, 61)], [Some(60), Some(1), Some(0)]);
    // A second visitor shortens nothing and prolongs nothing.
    unlock(&held, &courier).at(&mut flat, at(30), &mut rng).unwrap();
    assert_eq!(left(&flat, 30), Some(30));
    // Nor does an epoch end it, nor a restart, nor a clock that stood still.
    owner.new_epoch(START, &mut rng);
    flat.visit(&owner.library, at(31));
    assert_eq!(left(&flat, 31), Some(29));
    let (mut flat, restored) = flat.restarted(None, |store| store);
    assert_eq!(claimed_again(restored), None);
    assert_eq!(left(&flat, 0), Some(0));
    let jammed = flat.lock.secure(|| Outcome::Jammed);
    assert_eq!((jammed, left(&flat, 0)), (Outcome::Jammed, Some(0)));
    flat.secure();
    assert_eq!(left(&flat, 0), None);
    let (mut flat, _) = flat.restarted(None, |store| store);
    assert_eq!(left(&flat, 0), None);
    flat.lock.restart();
    assert_eq!(left(&flat, 0), None);
    // A clock that starts anew knows nothing of what was left.
    let held = renewed(&mut owner, flat.id, &courier);
    unlock(&held, &courier).at(&mut flat, at(40), &mut rng).unwrap();
    assert_eq!(left(&flat, 41), Some(59));
    flat.lock.restart();
    assert_eq!(left(&flat, 41), Some(0));
}

/// A token of the present epoch, each use of which leaves the door open for a minute.
fn renewed(owner: &mut Owner, door: LockId, to: &Holder) -> Capability {
    let valid = Valid { from: START, lasts: Seconds::days(1) };
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Lock(door)], valid);
    let grant = grant.and_then(|grant| grant.max_open(Seconds(60))).unwrap();
    owner.grant(&to.public(), 1, &grant)
}

#[test]
fn a_remote_lock_command_secures_the_door() {
    let mut world = World::new(7);
    let held = counted(&mut world, 9, Some(60));
    let now = world.now();
    let locks = grant(&mut world.owner, world.flat.id, &world.courier, Right::LOCK, DAY);
    let World { mut flat, courier, mut rng, .. } = world;
    unlock(&held, &courier).at(&mut flat, now, &mut rng).unwrap();
    assert!(flat.lock.relock_within(now).is_some());
    let visit = visit::Visit { right: Right::LOCK, ..unlock(&locks, &courier) };
    visit.at(&mut flat, now, &mut rng).unwrap();
    assert_eq!(flat.lock.relock_within(now), None);
}

#[test]
fn a_release_that_power_cut_off_is_finished_at_the_next_start() {
    let mut world = World::new(8);
    let now = world.now();
    let release = grant(&mut world.owner, world.flat.id, &world.courier, Right::RELEASE, DAY);
    let World { mut flat, courier, mut rng, .. } = world;
    let permit = committed(&mut flat, &release, &courier, Right::RELEASE, now).unwrap();
    let acted = flat.lock.act(permit, now, |_order| Outcome::Done).unwrap();
    assert_eq!(flat.lock.record(acted), Err(Denial::ReleaseDue));
    let (flat, restored) = flat.restarted(None, |store| store);
    assert_eq!(restored, Err(Denial::Releasing));
    let (mut flat, restored) = flat.restarted(None, |store| store);
    assert_eq!(restored, Err(Denial::Releasing), "until it is done");
    assert_eq!(flat.lock.trust().err(), Some(Denial::Releasing));
    assert_eq!(flat.lock.walk().err(), Some(Refusal::Releasing));
    assert_eq!(flat.lock.relock_within(now), Some(Seconds(0)));
    flat.secure();
    let identity = drawn(&flat.claim_key.public(), &mut rng);
    flat.lock.reset(identity, secret(&identity)).unwrap();
    assert_eq!(flat.lock.trust().err(), Some(Denial::Unclaimed));
    assert!(journal::records(&mut flat.lock.into_store()).is_empty());
}

#[test]
fn what_an_epoch_leaves_behind_does_not_come_back_with_a_start() {
    let mut world = World::new(30);
    let now = world.now();
    world.owner.revoke([keyward::status::Revoked([7; 8])], world.now);
    world.flat.visit(&world.owner.library, now);
    // A stolen attester ran ahead; the new epoch sets the floor anew.
    let ahead = world.owner.attest(START.after(86_400 * 100), None);
    world.flat.deliver(&ahead, now).unwrap();
    world.owner.new_epoch(world.now, &mut world.rng);
    world.flat.visit(&world.owner.library, now);
    let held = |door: &Door| {
        let trust = door.lock.trust().unwrap();
        let floor = door.lock.present(Now::ticks(Uptime(0), 0)).unwrap().lo();
        (trust.scope().epoch.0, trust.list(), floor)
    };
    let before = held(&world.flat);
    assert_eq!(before, (1, keyward::status::ListOrder::NONE, world.now));
    let (flat, restored) = world.flat.restarted(None, |store| store);
    assert_eq!(claimed_again(restored), None);
    assert_eq!(held(&flat), before);
}

#[test]
fn a_store_is_read_a_second_time_as_the_first() {
    let mut world = World::new(25);
    let held = counted(&mut world, 2, None);
    let now = world.now();
    let World { mut flat, courier, mut rng, .. } = world;
    unlock(&held, &courier).at(&mut flat, now, &mut rng).unwrap();
    let (mut flat, restored) = flat.restarted(None, |store| store);
    assert_eq!(claimed_again(restored), None);
    let told = flat.log(now);
    assert_eq!(claimed_again(flat.lock.restore(None)), None);
    assert_eq!(flat.log(now), told);
    unlock(&held, &courier).at(&mut flat, now, &mut rng).unwrap();
    let spent = Denial::UsesSpent { link: 0, spent: 2, limit: 2 };
    assert_eq!(unlock(&held, &courier).at(&mut flat, now, &mut rng), Err(spent));
}

#[test]
fn an_act_is_recorded_by_the_lock_that_decided_it_in_the_life_that_did() {
    let world = World::new(26);
    let now = world.now();
    let World { mut flat, street, mut owner, courier, mut rng, .. } = world;
    let decided = |door: &mut Door, owner: &mut Owner| {
        let held = grant(owner, door.id, &courier, Right::UNLOCK, DAY);
        let permit = committed(door, &held, &courier, Right::UNLOCK, now).unwrap();
        door.lock.act(permit, now, |_order| Outcome::Done).unwrap()
    };
    // One of its name in another life, and one of another name: each with a decision of that number.
    for id in [flat.id, street.id] {
        let mut other = Door::claimed(id, &mut owner, Settings::default(), now, &mut rng);
        let own = decided(&mut other, &mut owner);
        let before = decided(&mut flat, &mut owner);
        assert_eq!(other.lock.record(before), Err(Denial::Changed));
        let own = other.lock.record(own).unwrap();
        assert_eq!(own.outcome, Outcome::Done);
        flat = Door::claimed(flat.id, &mut owner, Settings::default(), now, &mut rng);
    }
}

#[test]
fn a_state_that_was_rolled_back_is_not_believed() {
    let mut world = World::new(12);
    let now = world.now();
    let store = Hardware { store: Memory::new(), counter: 0 };
    let mut door: Door<Hardware<Memory>> = Door::over(LockId(*b"hardware"), store, &mut world.rng);
    door.move_in(&mut world.owner, Settings::default(), now);
    let older = door.lock.store().store.clone();
    let (door, restored) = door.restarted(None, |store| store);
    assert_eq!(claimed_again(restored), None);
    let (door, restored) = door.restarted(None, |store| Hardware { store: older.clone(), ..store });
    assert_eq!(restored, Err(Denial::StateRolledBack));
    assert_eq!(door.lock.walk().err(), Some(Refusal::StateRolledBack));

    // Without such hardware the anchor tells an epoch from the one before, and a lock from none.
    let older = world.flat.lock.store().clone();
    world.owner.new_epoch(world.now, &mut world.rng);
    world.flat.visit(&world.owner.library, now);
    let anchor = world.flat.lock.anchor().unwrap();
    let (flat, restored) = world.flat.restarted(Some(&anchor), |store| store);
    assert_eq!(claimed_again(restored), None);
    let (flat, restored) = flat.restarted(Some(&anchor), |_store| older);
    assert_eq!(restored, Err(Denial::StateRolledBack));
    let (_, restored) = flat.restarted(Some(&anchor), |_store| Memory::new());
    assert_eq!(restored, Err(Denial::StateRolledBack));
}

#[test]
fn an_anchor_is_its_locks_own() {
    let world = World::new(13);
    let anchor = world.flat.lock.anchor().unwrap();
    let own = secret(&world.flat.identity());
    let bytes = anchor.encode(&own).unwrap();
    assert_eq!(keyward::lock::Anchor::decode(bytes.as_bytes(), &own), Some(anchor));
    let other = secret(&world.street.identity());
    assert_eq!(keyward::lock::Anchor::decode(bytes.as_bytes(), &other), None);
    for at in 0..bytes.as_bytes().len() {
        let mut damaged = bytes.as_bytes().to_vec();
        damaged[at] ^= 4;
        assert_eq!(keyward::lock::Anchor::decode(&damaged, &own), None);
        assert_eq!(keyward::lock::Anchor::decode(&bytes.as_bytes()[..at], &own), None);
    }
}

#[test]
fn without_a_durable_commit_there_is_no_permit_and_nothing_is_regained() {
    for mood in [Mood::Fails, Mood::FailsLate] {
        let mut world = World::new(14);
        let now = world.now();
        let mut door: Door<Moody> = Door::over(LockId(*b"moody..."), Moody::new(), &mut world.rng);
        door.move_in(&mut world.owner, Settings::default(), now);
        let valid = Valid { from: START, lasts: Seconds::days(1) };
        let grant = Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Lock(door.id)], valid)
            .and_then(|grant| grant.uses(2))
            .unwrap();
        let held = world.owner.grant(&world.courier.public(), 1, &grant);
        let courier = &world.courier;
        door.lock.store().mood.set(mood);
        let denied = committed(&mut door, &held, courier, Right::UNLOCK, now).map(drop);
        assert_eq!(denied, Err(Denial::StoreFailed));
        assert!(!door.lock.has_open_decision());
        door.lock.store().mood.set(Mood::Works);
        // What the store made of it is written over by what the lock knows.
        let first = door.lock.head(Log::Events).next;
        for _ in 0..2 {
            let _permit = committed(&mut door, &held, courier, Right::UNLOCK, now).unwrap();
        }
        let (mut door, restored) = door.restarted(None, |store| store);
        assert_eq!(claimed_again(restored), Some(Sequence(first.0 + 1)));
        let spent = committed(&mut door, &held, courier, Right::UNLOCK, now).map(drop);
        assert_eq!(spent, Err(Denial::UsesSpent { link: 0, spent: 2, limit: 2 }));
    }
}

#[test]
fn a_log_that_is_full_gives_way_to_a_new_one() {
    let mut world = World::new(15);
    let held = counted(&mut world, 1_000, Some(60));
    let now = world.now();
    let World { mut flat, courier, mut rng, .. } = world;
    let first = flat.lock.head(Log::Events).next.0;
    for sequence in first..first + 300 {
        let opened = unlock(&held, &courier).at(&mut flat, now, &mut rng).unwrap();
        assert_eq!(opened.sequence, Sequence(sequence));
    }
    let (flat, restored) = flat.restarted(None, |store| store);
    assert_eq!(claimed_again(restored), None);
    let spent: Vec<_> = flat.lock.memory().counts(START).map(|count| count.uses().spent).collect();
    assert_eq!(spent, [300]);
}

#[test]
fn a_store_without_a_counter_in_hardware_says_so() {
    let mut store = keyward::store::Ram::<64>::new();
    assert_eq!(keyward::store::Store::counter(&mut store), Ok(None));
}
