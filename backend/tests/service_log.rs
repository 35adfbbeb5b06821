//! What locks have told: entries that come over real HTTP, in any order, whole or erased.

#[path = "service/rig.rs"]
#[allow(dead_code)]
mod rig;

use keyward::{
    Ask, Caveats, Channel, Entry, PublicKey, Right, Rights, Scope, Seconds, SignatureFault,
    SigningKey, Target, Valid,
    id::{DomainId, Epoch, KeyId, KeyName, LockId, Serial},
    ledger::Outcome,
    receipt::{Denied, Disclosed, Log},
    role,
    status::Revoked,
};
use keyward_backend::{
    directory::Door,
    fold,
    service::{
        Limits,
        records::{Kept, Records},
    },
    state::StateError,
};
use keyward_testkit::{
    logs::{Scribe, Who},
    world::{START, World},
};
use redb::TableDefinition;
use rig::{Rig, opened};

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

/// Whoever has stolen the old key finds it worthless once its change is held.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_changed_signs_no_later_entry() {
    let rig = Rig::new(12, Limits::default()).await;
    let (flat, owner) = (&rig.world.flat, &rig.world.owner);
    let path = rig.door(flat.id(), "receipts");
    let mut scribe = Scribe::new(owner.scope(), flat.id(), flat.device_key());
    let (first, late) = (open(&mut scribe), open(&mut scribe));
    let row =
        Denied { code: 401, holder: Some(KeyName([1; 16])), count: 1, first: START, last: START };
    let denied = scribe.denied(&[2; 16], &[row]);
    let change = scribe.rotate(SigningKey::from_secret(&[8; 32]));
    for entry in [&first, &change] {
        assert_eq!(rig.post(&path, entry).await.status, 201);
    }
    let thief = || Scribe { device: flat.device_key(), ..scribe.copy() };
    for forged in [open(&mut thief()), thief().rotate(SigningKey::from_secret(&[9; 32]))] {
        assert_eq!(rig.post(&path, &forged).await.problem(), (401, "622".into()));
    }
    // The same in a gap before the change, for a card that names the old key yet.
    let mut before = Scribe::new(owner.scope(), flat.id(), flat.device_key());
    open(&mut before);
    let forged = before.rotate(SigningKey::from_secret(&[9; 32]));
    assert_eq!(rig.post(&path, &forged).await.problem(), (401, "622".into()));
    // Copies of what the old key has signed in its time; and the log of denials has its own numbers.
    for entry in [&late, &denied, &open(&mut scribe)] {
        let kept = rig.post(&path, entry).await;
        assert_eq!(kept.status, 201, "{kept:?}");
    }
}

#[tokio::test]
async fn from_either_card_all_keys_follow() {
    let (log, keys) = changed_log();
    let folder = tempfile::tempdir().unwrap();
    let unsigned = Kept::Unsigned(SignatureFault::Mismatch);
    let orders = [[0, 1, 2, 3, 4, 5], [3, 2, 4, 0, 5, 1], [5, 4, 3, 2, 1, 0]];
    for (card, order) in orders.into_iter().enumerate() {
        let records = Records::open(folder.path().join(format!("{card}")), SCOPE).unwrap();
        for place in order {
            let kept = records.keep(DOOR, keys[card], &log[place]).await;
            assert_eq!(kept, Ok(Kept::New), "{place} by card {card}");
        }
        for (place, entry) in log.iter().enumerate() {
            for key in keys {
                let kept = records.keep(DOOR, key, entry).await;
                assert_eq!(kept, Ok(Kept::Already), "{place} by card {card}");
            }
        }
    }
    // Without the change nothing ties the keys to one another.
    let records = Records::open(folder.path().join("none"), SCOPE).unwrap();
    for (card, place) in [(0, 3), (1, 1), (0, 4), (2, 2)] {
        assert_eq!(records.keep(DOOR, keys[card], &log[place]).await, Ok(unsigned));
    }
}

/// A file that named the new key of each change and not its number, and no domain or epoch of what is
/// denied.
#[tokio::test]
async fn a_file_of_an_older_form_is_brought_up_to_date() {
    let (log, keys) = changed_log();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.redb");
    let records = Records::open(&path, SCOPE).unwrap();
    for place in [0, 2, 4] {
        assert_eq!(records.keep(DOOR, keys[0], &log[place]).await, Ok(Kept::New));
    }
    drop(records);
    let base = opened(|| {
        redb::Database::open(&path).map_err(|error| StateError::Unavailable(error.to_string()))
    });
    let base = base.await;
    let transaction = base.begin_write().unwrap();
    let changes = TableDefinition::<[u8; 48], [u8; 64]>::new("changes");
    assert!(transaction.delete_table(changes).unwrap());
    let devices = TableDefinition::<[u8; 72], ()>::new("devices");
    drop(transaction.open_table(devices).unwrap());
    let denied = TableDefinition::<[u8; 16], &[u8]>::new("denied");
    let token = [&[2; 8][..], &3_u64.to_be_bytes()].concat();
    transaction.open_table(denied).unwrap().insert([1; 16], &token[..]).unwrap();
    let list = TableDefinition::<(), &[u8]>::new("list");
    transaction.open_table(list).unwrap().insert((), &b"list"[..]).unwrap();
    transaction.commit().unwrap();
    drop(base);
    let records = Records::open(&path, SCOPE).unwrap();
    let token = Some((KeyId([2; 8]), Serial(3)));
    let entry = Revoked([1; 8]);
    assert_eq!(records.denied(), [fold::Denied { entry, token }]);
    assert_eq!(records.list(), Ok(Some(b"list".to_vec())));
    for place in [1, 3, 5] {
        assert_eq!(records.keep(DOOR, keys[2], &log[place]).await, Ok(Kept::New));
    }
}

#[tokio::test]
async fn what_begins_alike_is_denied_by_one_entry_that_no_floor_replaces() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.redb");
    let entry = Revoked([1; 8]);
    let token = Some((KeyId([2; 8]), Serial(3)));
    let records = Records::open(&path, SCOPE).unwrap();
    records.deny(fold::Denied { entry, token }).await.unwrap();
    records.deny(fold::Denied { entry, token }).await.unwrap();
    assert_eq!(records.denied(), [fold::Denied { entry, token }]);
    records.deny(fold::Denied { entry, token: None }).await.unwrap();
    assert_eq!(records.denied(), [fold::Denied { entry, token: None }]);
    drop(records);
    let records = opened(|| Records::open(&path, SCOPE)).await;
    assert_eq!(records.denied(), [fold::Denied { entry, token: None }]);
    records.deny(fold::Denied { entry, token }).await.unwrap();
    assert_eq!(records.denied(), [fold::Denied { entry, token: None }]);
}

const SCOPE: Scope = Scope { domain: DomainId([7; 32]), epoch: Epoch(0) };
const DOOR: Door = Door { domain: SCOPE.domain, lock: LockId(*b"flat-12a") };

/// A log whose entries 2 and 4 change the key; and the three keys.
fn changed_log() -> (Vec<Vec<u8>>, [PublicKey<role::Device>; 3]) {
    let [first, second, third] =
        [8, 9, 10].map(|seed| SigningKey::<role::Device>::from_secret(&[seed; 32]));
    let keys = [first.public(), second.public(), third.public()];
    let mut scribe = Scribe::new(SCOPE, DOOR.lock, first);
    let mut log = vec![open(&mut scribe), open(&mut scribe), scribe.rotate(second)];
    log.extend([open(&mut scribe), scribe.rotate(third)]);
    log.push(open(&mut scribe));
    (log, keys)
}

/// Somebody opens, a minute later.
fn open(scribe: &mut Scribe) -> Vec<u8> {
    scribe.wait(60);
    scribe.opening(&[3; 32], Outcome::Done, &Who::number(1))
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
