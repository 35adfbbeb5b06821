//! What a lock believes of its store: its own records alone, each where it can stand, of its schema or
//! the one before (SPEC.md sections 22.2, 22.3 and 22.5).

#[path = "restart/common.rs"]
mod common;
#[path = "life/visit.rs"]
mod visit;

use common::{committed, counted};
use keyward::{
    Ask, Caveats, Channel, Denial, Now, Presentation, Refusal, Right, Rights, Seconds, Target,
    Valid,
    id::{LockId, Nonce, Sequence},
    ledger::Outcome,
    lock::Restored,
    receipt::Log,
};
use keyward_testkit::{
    journal,
    world::{Door, Holder, START, World, door::secret_bytes},
};
use visit::{DAY, grant, unlock};

const SCHEMA: u8 = 4;

fn claimed_again(restored: Result<Restored, Denial>) -> Option<Sequence> {
    match restored {
        Ok(Restored::Claimed { interrupted }) => interrupted,
        other => panic!("{other:?}"),
    }
}

/// The door's records, and the bytes under which they are tagged.
fn written(door: Door) -> (Vec<Vec<u8>>, [u8; 32], Door) {
    let key = secret_bytes(&door.identity());
    let mut found = Vec::new();
    let (door, _) = door.restarted(None, |mut store| {
        found = journal::records(&mut store);
        store
    });
    (found, key, door)
}

/// A door that starts over these records.
fn over(door: Door, records: &[Vec<u8>]) -> (Door, Result<Restored, Denial>) {
    door.restarted(None, |mut store| {
        journal::write(&mut store, records);
        store
    })
}

#[test]
fn a_newer_state_is_left_alone_and_only_the_anchor_opens() {
    let World { flat, mut owner, courier, mut rng, .. } = World::new(9);
    let (id, phone) = (flat.id, Holder::new(&mut rng));
    let guest = grant(&mut owner, id, &courier, Right::UNLOCK, DAY);
    let glass = {
        let valid = Valid { from: START, lasts: DAY.1 };
        let grant = Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Lock(id)], valid).unwrap();
        owner.grant_emergency(&phone.public(), &grant)
    };
    let anchor = flat.lock.anchor().unwrap();
    let (records, key, flat) = written(flat);
    let mut bodies: Vec<_> = records.iter().map(|record| journal::body(record)).collect();
    bodies[0] = vec![0, SCHEMA + 1, 99];
    let newer = journal::tagged(&key, bodies);
    let (flat, restored) = over(flat, &newer);
    assert_eq!(restored, Err(Denial::StateTooNew));
    let now = Now::exactly(START);
    assert_eq!(flat.lock.trust().err(), Some(Denial::StateTooNew));
    assert_eq!(flat.lock.walk().err(), Some(Refusal::StateTooNew));
    let mut flat = flat;
    assert_eq!(flat.lock.relock_within(now), Some(Seconds(0)), "nobody knows");
    flat.secure();
    for (held, holder, opens) in [(&glass, &phone, Ok(Outcome::Done)), (&guest, &courier, Err(200))]
    {
        let mut session = anchor.challenge(Nonce([1; 16]), Channel::Radio, now);
        let challenge = session.challenge().encode().unwrap();
        let ask = Ask { lock: id, right: Right::UNLOCK, parameter: b"" };
        let request = holder.request(held, ask, challenge.as_bytes(), Channel::Radio, &mut rng);
        let bytes = holder.present(&request, &[], None);
        let presentation = Presentation::decode(&bytes).unwrap();
        let opened = anchor.open(&mut session, &presentation, now, |_order| Outcome::Done);
        assert_eq!(opened.map_err(|denial| denial.code()), opens);
    }
    assert_eq!(journal::records(&mut flat.lock.into_store()), newer, "nothing was destroyed");
}

#[test]
fn a_state_older_than_the_schema_before_is_nobody_s() {
    let world = World::new(23);
    let (records, key, flat) = written(world.flat);
    let mut bodies: Vec<_> = records.iter().map(|record| journal::body(record)).collect();
    bodies[0][1] = SCHEMA - 2;
    let (_, restored) = over(flat, &journal::tagged(&key, bodies));
    assert_eq!(restored, Err(Denial::StateCorrupt));
}

#[test]
fn a_door_is_secured_without_a_word_to_a_store_that_is_damaged() {
    let world = World::new(24);
    let (mut records, _, flat) = written(world.flat);
    // All of the state is read before.
    *records.last_mut().unwrap().last_mut().unwrap() ^= 1;
    let (mut flat, restored) = over(flat, &records);
    assert_eq!(restored, Err(Denial::StateCorrupt));
    assert_eq!(flat.lock.relock_within(Now::exactly(START)), Some(Seconds(0)));
    flat.secure();
    assert_eq!(flat.lock.relock_within(Now::exactly(START)), None);
    assert_eq!(journal::records(&mut flat.lock.into_store()), records);
}

#[test]
fn the_schema_before_is_read_and_written_anew() {
    let mut world = World::new(10);
    let held = counted(&mut world, 2, None);
    let now = world.now();
    unlock(&held, &world.courier).at(&mut world.flat, now, &mut world.rng).unwrap();
    // The use stands in the tables of a new log, behind which is another one.
    for _ in 0..80 {
        world.owner.publish_keyset(world.now);
        world.flat.visit(&world.owner.library, now);
    }
    unlock(&held, &world.courier).at(&mut world.flat, now, &mut world.rng).unwrap();
    let (head, log) = (world.flat.lock.head(Log::Events), world.flat.log(now));
    let (records, key, flat) = written(world.flat);
    let bodies: Vec<_> = records.iter().map(|record| journal::body(record)).collect();
    let counts = bodies.iter().position(|body| body[0] == 5).unwrap();
    let older = journal::of_schema_3(&bodies, 1);
    assert_eq!(older[counts].len(), bodies[counts].len() + 16);
    let (mut flat, restored) = over(flat, &journal::tagged(&key, older));
    assert_eq!(claimed_again(restored), None);
    // Its entries go on.
    assert_eq!(flat.lock.head(Log::Events), head);
    assert!(log.ends_with(&flat.log(now)));
    let spent = Denial::UsesSpent { link: 0, spent: 2, limit: 2 };
    assert_eq!(unlock(&held, &world.courier).at(&mut flat, now, &mut world.rng), Err(spent));
    let (records, _, mut flat) = written(flat);
    assert_eq!(records[0][..2], [0, SCHEMA]);
    // Link and payer, behind the kind.
    assert_eq!(records[counts][..17], bodies[counts][..17]);
    let opened = grant(&mut world.owner, flat.id, &world.courier, Right::UNLOCK, DAY);
    let next = unlock(&opened, &world.courier).at(&mut flat, now, &mut world.rng).unwrap();
    assert_eq!(next.sequence, head.next);
}

#[test]
fn a_list_of_the_schema_before_is_damage() {
    let mut world = World::new(27);
    world.owner.revoke([keyward::status::Revoked([7; 8])], world.now);
    let now = world.now();
    world.flat.visit(&world.owner.library, now);
    let (records, key, flat) = written(world.flat);
    let bodies: Vec<_> = records.iter().map(|record| journal::body(record)).collect();
    let mut flat = Some(flat);
    let mut read = |bodies: &[Vec<u8>]| {
        let (door, restored) = over(flat.take().unwrap(), &journal::tagged(&key, bodies.to_vec()));
        flat = Some(door);
        restored.map(drop)
    };
    let taken = bodies.iter().position(|body| body[0] == 12).unwrap();
    let older = journal::of_schema_3(&bodies[..=taken], 1);
    assert_eq!(read(&older), Err(Denial::StateCorrupt), "one that was taken in");
    assert_eq!(read(&older[..taken]), Ok(()));
    // Behind a list, the interval in which it was taken in.
    let object = bodies[taken].windows(2).position(|pair| pair == [1, 3]).unwrap();
    let card = older.iter().position(|body| body[0] == 4).unwrap();
    let mut held = bodies[..taken].to_vec();
    held.insert(card, [&[3], &bodies[taken][object..]].concat());
    assert_eq!(read(&held), Ok(()));
    assert_eq!(
        read(&journal::of_schema_3(&held, 1)),
        Err(Denial::StateCorrupt),
        "one that was held"
    );
}

#[test]
fn a_record_stands_where_it_can_alone() {
    let mut world = World::new(29);
    let now = world.now();
    let held = counted(&mut world, 5, None);
    world.owner.revoke([keyward::status::Revoked([7; 8])], world.now);
    world.flat.visit(&world.owner.library, now);
    unlock(&held, &world.courier).at(&mut world.flat, now, &mut world.rng).unwrap();
    // With a list, counts and entries in a log of its own.
    for _ in 0..80 {
        world.owner.publish_keyset(world.now);
        world.flat.visit(&world.owner.library, now);
    }
    let (records, key, flat) = written(world.flat);
    let bodies: Vec<_> = records.iter().map(|record| journal::body(record)).collect();
    let at = |kind: u8| bodies.iter().position(|body| body[0] == kind);
    let (Some(ends), true) = (at(14), at(3).and(at(5)).and(at(13)).and(at(19)).is_some()) else {
        panic!("not all kinds are there")
    };
    let state = [at(1), at(2), at(3), at(4), at(5), at(13), at(19), at(14)];
    let state: Vec<_> = state.into_iter().flatten().map(|at| bodies[at].clone()).collect();
    let events = [vec![7], vec![10], vec![11, 0], vec![17, 0], bodies[bodies.len() - 1].clone()];
    let mut flat = Some(flat);
    let mut refused = |front: usize, body: &[u8], behind: bool| {
        let mut all = bodies[..front].to_vec();
        all.push(body.to_vec());
        all.extend_from_slice(if behind { &bodies[front..] } else { &[] });
        let (door, restored) = over(flat.take().unwrap(), &journal::tagged(&key, all));
        assert_eq!(restored, Err(Denial::StateCorrupt), "{} behind {front}", body[0]);
        flat = Some(door);
    };
    for place in 1..=ends {
        events.iter().for_each(|body| refused(place, body, true));
        events.iter().for_each(|body| refused(place, body, false));
    }
    for place in [ends + 1, ends + 2, bodies.len()] {
        state.iter().for_each(|body| refused(place, body, true));
    }
    // What was taken in stands as an object in the state, once.
    let card = at(4).unwrap();
    for body in &state[..4] {
        refused(card + 1, body, true);
        refused(card + 1, body, false);
    }
}

#[test]
fn a_release_that_was_decided_is_followed_by_nothing_that_gives_the_lock_back() {
    let mut world = World::new(28);
    let now = world.now();
    let release = grant(&mut world.owner, world.flat.id, &world.courier, Right::RELEASE, DAY);
    let World { mut flat, courier, .. } = world;
    let _permit = committed(&mut flat, &release, &courier, Right::RELEASE, now).unwrap();
    let (records, key, mut flat) = written(flat);
    let bodies: Vec<_> = records.iter().map(|record| journal::body(record)).collect();
    // A start; done, which would have erased all.
    for (behind, why) in [
        (vec![], Denial::Releasing),
        (vec![7], Denial::StateCorrupt),
        (vec![9, 0], Denial::StateCorrupt),
    ] {
        let behind = [behind].into_iter().filter(|body| !body.is_empty());
        let bodies: Vec<_> = bodies.iter().cloned().chain(behind).collect();
        let (door, restored) = over(flat, &journal::tagged(&key, bodies));
        assert_eq!(restored, Err(why));
        flat = door;
    }
}

#[test]
fn a_damaged_or_foreign_state_is_never_believed() {
    let mut world = World::new(11);
    let held = counted(&mut world, 1, Some(60));
    let now = world.now();
    unlock(&held, &world.courier).at(&mut world.flat, now, &mut world.rng).unwrap();
    let (records, key, mut flat) = written(world.flat);
    let mut refused = |records: &[Vec<u8>], what: &str| {
        let door = std::mem::replace(&mut flat, Door::new(LockId([0; 8]), &mut world.rng));
        let (door, restored) = over(door, records);
        assert_eq!(restored, Err(Denial::StateCorrupt), "{what}");
        assert_eq!(door.lock.walk().err(), Some(Refusal::StateCorrupt));
        flat = door;
    };
    for (index, record) in records.iter().enumerate() {
        for at in (0..record.len()).step_by(if record.len() > 200 { 37 } else { 1 }) {
            let mut damaged = records.clone();
            damaged[index][at] ^= 1 << (at % 8);
            refused(&damaged, "a flipped bit");
        }
        let mut without = records.clone();
        without.remove(index);
        if index + 1 < records.len() {
            refused(&without, "a record that is missing");
            without.insert(index + 1, record.clone());
            refused(&without, "records in another order");
        }
        let mut twice = records.clone();
        twice.insert(index, record.clone());
        refused(&twice, "a record that stands twice");
    }
    let bodies: Vec<_> = records.iter().map(|record| journal::body(record)).collect();
    refused(&journal::tagged(&[1; 32], bodies.clone()), "another secret");
    let mut other = bodies.clone();
    other[0][2] ^= 1;
    refused(&journal::tagged(&key, other), "another device key");
    for length in 1..4 {
        refused(&journal::tagged(&key, bodies[..length].to_vec()), "statements that are missing");
    }
    let twice = [bodies.clone(), bodies.clone()].concat();
    refused(&journal::tagged(&key, twice), "two logs in one");
    let mut extra = bodies.clone();
    extra.push(vec![99]);
    refused(&journal::tagged(&key, extra), "a record of no known kind");
}
