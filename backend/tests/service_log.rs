//! What locks have told: entries that come over real HTTP, in any order, whole or erased.

#[path = "service/rig.rs"]
#[allow(dead_code)]
mod rig;

use keyward::{
    Ask, Caveats, Channel, Entry, Right, Rights, Seconds, Target, Valid,
    receipt::{Disclosed, Log},
};
use keyward_backend::{directory::Door, service::Limits};
use keyward_testkit::world::{START, World};
use rig::Rig;

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_taken_in_any_order_and_never_two_histories() {
    let entries = |visits: u64| {
        let mut world = Box::new(World::new(9));
        visit_flat(&mut world, visits);
        let now = world.now();
        (world.flat.log(now), world)
    };
    let ((log, world), (other, _)) = (entries(3), entries(4));
    let same = log.iter().zip(&other).take_while(|(one, other)| one == other).count();
    assert!(same < log.len(), "the fourth visit was the first");
    let rig = Rig::over(world, Limits::default()).await;
    let path = rig.door(rig.world.flat.id(), "receipts");
    // Later ones first: phones come when they come.
    assert!(same + 1 < log.len());
    for (place, entry) in log.iter().enumerate().rev() {
        if place == same {
            // From this one the entry behind doesn't hang.
            let other = rig.post(&path, &other[same]).await;
            assert_eq!(other.problem(), (409, "fork".into()));
        }
        let kept = rig.post(&path, entry).await;
        assert_eq!(kept.status, 201, "{kept:?}");
    }
    assert_eq!(rig.post(&path, &log[0]).await.status, 200);
    let door = Door { domain: rig.world.owner.domain, lock: rig.world.flat.id() };
    let extent = rig.records.extent(&door, Log::Events).unwrap();
    assert_eq!(extent, (log.len() as u64, Some(log.len() as u64 - 1)));
    // Another history of the same lock, signed by its key.
    assert_eq!(rig.post(&path, &other[same]).await.problem(), (409, "fork".into()));
    // What hangs from nothing that is held.
    let behind = other.last().unwrap();
    assert_eq!(rig.post(&path, behind).await.problem(), (409, "fork".into()));
    let mut forged = log[1].clone();
    let place = forged.len() / 2;
    forged[place] ^= 1;
    assert!(matches!(rig.post(&path, &forged).await.status, 400 | 401));
    let street = rig.door(rig.world.street.id(), "receipts");
    assert_eq!(rig.post(&street, &log[1]).await.problem(), (400, "malformed".into()));
}

/// Whoever carries an entry may leave its private part out, and come before the owner does.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_came_erased_is_completed_by_whoever_brings_the_whole() {
    let mut world = Box::new(World::new(11));
    visit_flat(&mut world, 1);
    let now = world.now();
    let log = world.flat.log(now);
    let rig = Rig::over(world, Limits::default()).await;
    let door = Door { domain: rig.world.owner.domain, lock: rig.world.flat.id() };
    let path = rig.door(door.lock, "receipts");
    let told = |entry: &&Vec<u8>| matches!(entry_of(entry).disclosed(), Ok(Disclosed::Told(_)));
    let whole = log.iter().find(told).expect("an opening tells who");
    let erased = entry_of(whole).erased().unwrap().as_bytes().to_vec();
    let sequence = entry_of(whole).receipt.unverified().sequence.0;
    let held = || rig.records.entry(&door, Log::Events, sequence).unwrap();
    assert_eq!(held(), None);

    for (bytes, status, already, must) in [
        (&erased, 201, false, &erased),
        (&erased, 200, true, &erased),
        (whole, 201, false, whole),
        (whole, 200, true, whole),
        (&erased, 200, true, whole),
    ] {
        let answer = rig.post(&path, bytes).await;
        assert_eq!((answer.status, &answer.json()["held_already"]), (status, &already.into()));
        assert_eq!(held().as_ref(), Some(must));
    }
}

fn entry_of(bytes: &[u8]) -> Entry<'_> {
    Entry::decode(bytes).unwrap()
}

/// The owner opens the flat some times; with a fourth visit before the others.
fn visit_flat(world: &mut World, visits: u64) {
    let valid = Valid { from: START, lasts: Seconds::days(1) };
    let target = [Target::Lock(world.flat.id())];
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &target, valid).unwrap();
    let to = world.courier.public();
    let held = world.owner.grant(&to, 0, &grant);
    // So that all differs from the first entry on that an opening makes.
    world.wait(visits);
    for _ in 0..visits {
        let now = world.now();
        let challenge = world.flat.connect(Channel::Radio, now);
        let ask = Ask { lock: world.flat.id(), right: Right::UNLOCK, parameter: b"" };
        let request = world.courier.request(&held, ask, &challenge, Channel::Radio, &mut world.rng);
        let presentation = world.courier.present(&request, &[], None);
        world.flat.present(&presentation, now).1.unwrap();
        world.flat.secure();
        world.wait(60);
    }
}
