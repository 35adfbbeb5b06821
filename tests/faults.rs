//! What a lock has told stays true, whatever its store and its host's clock do (SPEC.md sections 22
//! and 24).

#[path = "restart/common.rs"]
mod common;
#[path = "life/visit.rs"]
mod visit;

use std::{cell::Cell, rc::Rc};

use common::{committed, counted};
use keyward::{
    Channel, Denial, Interval, Now, Refusal, Right, Time,
    id::LockId,
    ledger::Outcome,
    limits::DENIALS_EVERY,
    lock::Restored,
    receipt::{About, Disclosed, Entry, Log},
    store::{Cursor, Store, StoreError},
    time::Uptime,
};
use keyward_testkit::{
    faults::Life,
    stores::{Mood, Moody},
    world::{
        Door, Holder, Settings, World, bundle,
        door::{Memory, secret},
        drawn,
    },
};
use visit::{DAY, grant, unlock};

#[test]
fn no_order_of_store_faults_makes_two_entries_of_one_number_or_gives_a_use_back() {
    let report = Life::new(3).run(97, 0);
    assert_eq!(report.violations, Vec::<String>::new(), "{}", report.cases);
    assert!(report.cases > 300 && report.compared > 1000, "{report:?}");
}

/// A store that publishes, or counts a write, or appends one, and says that it failed: so often.
#[derive(Clone, Default)]
struct Late {
    publish: Rc<Cell<u32>>,
    advance: Rc<Cell<u32>>,
    append: Rc<Cell<u32>>,
    store: Memory,
}

fn late(times: &Cell<u32>) -> Result<(), StoreError> {
    match times.get().checked_sub(1) {
        Some(left) => {
            times.set(left);
            Err(StoreError::Failed)
        }
        None => Ok(()),
    }
}

impl Store for Late {
    const CAPACITY: usize = <Memory as Store>::CAPACITY;
    const OVERHEAD: usize = <Memory as Store>::OVERHEAD;

    fn read(&mut self, at: Cursor, out: &mut [u8]) -> Result<Option<(usize, Cursor)>, StoreError> {
        Store::read(&mut self.store, at, out)
    }

    fn append(&mut self, record: &[u8]) -> Result<(), StoreError> {
        Store::append(&mut self.store, record)?;
        late(&self.append)
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        Store::begin(&mut self.store)
    }

    fn stage(&mut self, record: &[u8]) -> Result<(), StoreError> {
        Store::stage(&mut self.store, record)
    }

    fn publish(&mut self) -> Result<(), StoreError> {
        Store::publish(&mut self.store)?;
        late(&self.publish)
    }

    fn advance(&mut self, _to: u64) -> Result<(), StoreError> {
        late(&self.advance)
    }
}

/// How many events a lock holds behind an opening whose new log was there so often, and not told.
fn held_behind(publishes: u32, openings: u64) -> usize {
    let mut world = World::new(61);
    let now = world.now();
    let mut door: Door<Late> = Door::over(LockId(*b"late...."), Late::default(), &mut world.rng);
    door.move_in(&mut world.owner, Settings::default(), now);
    let held = grant(&mut world.owner, door.id, &world.courier, Right::UNLOCK, DAY);
    for _ in 0..openings {
        unlock(&held, &world.courier).at(&mut door, now, &mut world.rng).unwrap();
    }
    let store = door.lock.store().clone();
    store.append.set(1);
    store.publish.set(publishes);
    let mut denials = 0;
    while let Err(denial) = unlock(&held, &world.courier).at(&mut door, now, &mut world.rng) {
        assert_eq!(denial, Denial::StoreFailed);
        denials += 1;
    }
    assert_eq!(denials, 1 + publishes);
    door.log(now).len()
}

#[test]
fn a_new_log_that_is_there_and_was_not_told_drops_nothing_for_which_there_is_room() {
    for openings in [60, 110, 130] {
        let held = held_behind(0, openings);
        for publishes in [1, 2, 5] {
            assert_eq!(held_behind(publishes, openings), held, "{publishes} of {openings}");
        }
    }
}

#[test]
fn an_epoch_whose_new_log_was_not_told_is_taken_in_and_read_again() {
    let mut world = World::new(62);
    let now = world.now();
    let mut door: Door<Late> = Door::over(LockId(*b"late...."), Late::default(), &mut world.rng);
    door.move_in(&mut world.owner, Settings::default(), now);
    let held = grant(&mut world.owner, door.id, &world.courier, Right::UNLOCK, DAY);
    for _ in 0..130 {
        unlock(&held, &world.courier).at(&mut door, now, &mut world.rng).unwrap();
    }
    world.owner.new_epoch(world.now, &mut world.rng);
    let library = world.owner.library.clone();
    let times = Rc::clone(&door.lock.store().publish);
    times.set(5);
    for _ in 0..5 {
        assert_eq!(door.deliver(&library.epochs[1], now), Ok(keyward::Taken::Unchanged));
        assert_eq!(door.deliver(&library.keyset, now), Err(Refusal::StoreFailed));
    }
    assert_eq!(door.deliver(&library.epochs[1], now), Ok(keyward::Taken::Unchanged));
    assert_eq!(door.deliver(&library.keyset, now), Ok(keyward::Taken::Epoch));
    let (door, restored) = door.restarted(None, |store| store);
    assert_eq!(restored, Ok(Restored::Claimed { interrupted: None }));
    assert_eq!(door.lock.trust().unwrap().scope().epoch.0, 1);
}

#[test]
fn a_statement_that_the_hardwares_counter_did_not_confirm_makes_no_entry() {
    let mut world = World::new(63);
    let now = world.now();
    let mut door: Door<Late> = Door::over(LockId(*b"late...."), Late::default(), &mut world.rng);
    world.owner.enrol(door.unclaimed(), door.id, Settings::default(), world.now);
    let claim = door.claim(&world.owner);
    let bundle = bundle(&world.owner.library, door.id, &claim);
    let times = Rc::clone(&door.lock.store().advance);
    times.set(1);
    let claims = |door: &mut Door<Late>| {
        door.lock.verify_claim(&bundle, false, now).and_then(|update| update.commit())
    };
    assert_eq!(claims(&mut door), Err(Refusal::StoreFailed));
    assert_eq!(door.lock.head(Log::Events).next.0, 0, "nothing was taken in");
    assert_eq!(claims(&mut door), Ok(keyward::Taken::Claim));
    assert_eq!(door.lock.head(Log::Events).next.0, 3);
    // An epoch that wasn't taken in is not told to have been.
    world.owner.new_epoch(world.now, &mut world.rng);
    let library = world.owner.library.clone();
    times.set(1);
    door.deliver(&library.epochs[1], now).unwrap();
    assert_eq!(door.deliver(&library.keyset, now), Err(Refusal::StoreFailed));
    let log = door.log(now);
    let epochs = log.iter().map(|bytes| Entry::decode(bytes).unwrap().receipt.unverified().epoch);
    assert!(epochs.map(|epoch| epoch.0).eq([0; 3]));
}

#[test]
fn a_clock_behind_the_end_of_time_leaves_a_log_that_is_read_again() {
    let ends = Interval::between(Time((1 << 40) - 1), Time(1 << 40));
    for time in [Interval::exactly(Time(u64::MAX)), Interval::exactly(Time(1 << 40)), ends] {
        let mut world = World::new(64);
        let now = Now { time, ..world.now() };
        // Denials, a statement, a new device key: each says when.
        let mut session = world.flat.lock.challenge([1; 16], Channel::Radio, now).unwrap();
        let stranger =
            world.flat.lock.handle(&mut session, &mut [1, 7, 9], || now, |_order| Outcome::Done);
        assert!(
            matches!(stranger, Err(keyward::lock::Rejected::Denial(denial)) if denial.code() == 100)
        );
        assert_eq!(world.flat.lock.head(Log::Denials).next.0, 1);
        world.owner.publish_keyset(world.now);
        let keyset = world.owner.library.keyset.clone();
        assert_eq!(world.flat.deliver(&keyset, now), Ok(keyward::Taken::Keyset));
        world.flat.rotate(now).unwrap();
        let log = world.flat.log(now);
        assert_eq!(log.len(), 6);
        for bytes in &log[3..] {
            let told = Entry::decode(bytes).unwrap().receipt.unverified().time;
            assert!(told.lo() <= Time((1 << 40) - 1) && told.hi().is_none(), "{told:?}");
        }
        let (_, restored) = world.flat.restarted(None, |store| store);
        assert_eq!(restored, Ok(Restored::Claimed { interrupted: None }));
    }
}

#[test]
fn a_word_to_read_one_log_reads_no_other() {
    let mut world = World::new(65);
    let now = world.now();
    let phone = Holder::new(&mut world.rng);
    let reads = grant(&mut world.owner, world.flat.id, &phone, Right::READ_LOG, DAY);
    let permit = committed(&mut world.flat, &reads, &phone, Right::READ_LOG, now).unwrap();
    let acted = world.flat.lock.act(permit, now, |_order| Outcome::Done).unwrap();
    let mut recorded = world.flat.lock.record(acted).unwrap();
    let word = recorded.may_read().unwrap();
    let told = |door: &mut Door, word| {
        let mut reader = door.lock.read_log(now).unwrap();
        let draft = door.lock.next_entry(&mut reader).unwrap().unwrap();
        let receipt = draft.receipt().unwrap().sign(&door.device_key()).unwrap();
        draft.entry(receipt.as_bytes(), word).map(drop)
    };
    assert_eq!(told(&mut world.flat, &word), Ok(()));
    assert_eq!(told(&mut world.street, &word), Err(keyward::EncodeError::Mismatch));
    // Nor that of the lock's next life.
    world.flat.reset();
    world.flat.move_in(&mut world.owner, Settings::default(), now);
    assert_eq!(told(&mut world.flat, &word), Err(keyward::EncodeError::Mismatch));
    // What was jammed lets nobody read, whatever is made of its outcome afterwards.
    let held = grant(&mut world.owner, world.flat.id, &phone, Right::READ_LOG, DAY);
    let permit = committed(&mut world.flat, &held, &phone, Right::READ_LOG, now).unwrap();
    let acted = world.flat.lock.act(permit, now, |_order| Outcome::Jammed).unwrap();
    recorded = world.flat.lock.record(acted).unwrap();
    recorded.outcome = Outcome::Done;
    assert!(recorded.may_read().is_none());
}

/// Codes, persons and counts of the last entry of denials.
fn denied(door: &mut Door<Moody>, now: Now) -> Vec<(u16, bool, u32)> {
    let log = door.log(now);
    let mut entries = log.iter().map(|bytes| Entry::decode(bytes).unwrap());
    let last = entries.rfind(|entry| entry.receipt.unverified().log() == Log::Denials);
    let Some(Ok(Disclosed::Told(private))) = last.map(|entry| entry.disclosed()) else {
        return Vec::new();
    };
    let About::Denials(rows) = private.about else { panic!("of denials") };
    rows.rows().map(|row| (row.code, row.holder.is_some(), row.count)).collect()
}

#[test]
fn what_a_commit_denies_is_counted_like_any_denial() {
    let mut world = World::new(66);
    let now = world.now();
    let mut door: Door<Moody> = Door::over(LockId(*b"moody..."), Moody::new(), &mut world.rng);
    door.move_in(&mut world.owner, Settings::default(), now);
    let held = grant(&mut world.owner, door.id, &world.courier, Right::UNLOCK, DAY);
    door.lock.store().mood.set(Mood::Fails);
    let failed = committed(&mut door, &held, &world.courier, Right::UNLOCK, now).map(drop);
    assert_eq!(failed, Err(Denial::StoreFailed));
    door.lock.store().mood.set(Mood::Works);
    let mut session = door.lock.challenge([8; 16], Channel::Radio, now).unwrap();
    let challenge = session.challenge().encode().unwrap().as_bytes().to_vec();
    let ask = keyward::Ask { lock: door.id, right: Right::UNLOCK, parameter: b"" };
    let request = world.courier.request(&held, ask, &challenge, Channel::Radio, &mut world.rng);
    let bytes = world.courier.present(&request, &[], None);
    let presentation = keyward::Presentation::decode(&bytes).unwrap();
    let late = Now { uptime: Uptime(now.uptime.0 + 20_001), ..now };
    let verified = door.lock.verify(&mut session, &presentation, now).unwrap();
    assert_eq!(verified.commit(late).map(drop), Err(Denial::TooLate));
    assert_eq!(denied(&mut door, late), [(502, true, 1), (505, true, 1)]);
}

/// Whoever is denied wears out no store either that fails, or does what it says it did not.
#[test]
fn an_entry_of_denials_that_fails_is_tried_again_a_quarter_of_an_hour_later() {
    let mut world = World::new(69);
    let now = world.now();
    let mut door: Door<Moody> = Door::over(LockId(*b"moody..."), Moody::new(), &mut world.rng);
    door.move_in(&mut world.owner, Settings::default(), now);
    door.lock.store().mood.set(Mood::FailsLate);
    let after = |seconds: u64| Now { uptime: Uptime(now.uptime.0 + seconds * 1000), ..now };
    let stranger = |door: &mut Door<Moody>, seconds| {
        let before = door.lock.store().writes.get();
        let denied = door.lock.handle_unchallenged(
            &mut [1, 7, 9],
            || after(seconds),
            |_order| Outcome::Done,
        );
        assert!(denied.is_err_and(|denial| denial.code() == 100));
        door.lock.store().writes.get() - before
    };
    assert!(stranger(&mut door, 0) > 0);
    assert_eq!((stranger(&mut door, 1), stranger(&mut door, DENIALS_EVERY - 1)), (0, 0));
    assert!(stranger(&mut door, DENIALS_EVERY) > 0);
    door.lock.store().mood.set(Mood::Works);
    assert_eq!(denied(&mut door, after(DENIALS_EVERY)), [(100, false, 4)], "all of them count");
}

/// Whoever reads a log reads what was denied a quarter of an hour ago, or nothing.
#[test]
fn denials_that_are_due_are_written_before_a_log_is_read() {
    let mut world = World::new(71);
    let now = world.now();
    let mut door: Door<Moody> = Door::over(LockId(*b"moody..."), Moody::new(), &mut world.rng);
    door.move_in(&mut world.owner, Settings::default(), now);
    let after = |seconds: u64| Now { uptime: Uptime(now.uptime.0 + seconds * 1000), ..now };
    for seconds in [0, 1] {
        let opened = |_order: &keyward::lock::Order<'_>| Outcome::Done;
        let denied =
            door.lock.handle_unchallenged(&mut [1, 7, 9], || after(seconds), opened).map(drop);
        assert_eq!(denied.unwrap_err().code(), 100);
    }
    let written = |door: &Door<Moody>| door.lock.head(Log::Denials).next.0;
    assert_eq!(written(&door), 1, "the first one at once");
    door.lock.read_log(after(DENIALS_EVERY - 1)).unwrap();
    assert_eq!(written(&door), 1, "the second one isn't due");
    door.lock.store().mood.set(Mood::Fails);
    let failed = door.lock.read_log(after(DENIALS_EVERY)).map(drop);
    assert_eq!(failed, Err(Denial::StoreFailed));
    door.lock.store().mood.set(Mood::Works);
    door.lock.read_log(after(2 * DENIALS_EVERY)).unwrap();
    assert_eq!(written(&door), 2);
}

#[test]
fn what_was_denied_before_a_claim_is_not_told_in_the_life_behind_it() {
    let mut world = World::new(67);
    let now = world.now();
    let mut door: Door<Moody> = Door::over(LockId(*b"moody..."), Moody::new(), &mut world.rng);
    for _ in 0..3 {
        let stranger =
            door.lock.handle_unchallenged(&mut [1, 7, 9], || now, |_order| Outcome::Done);
        assert!(stranger.is_err_and(|denial| denial.code() == 100));
    }
    door.move_in(&mut world.owner, Settings::default(), now);
    assert_eq!(denied(&mut door, now), []);
    // Nor what a former owner's guests were denied.
    let held = counted(&mut world, 1, None);
    let guest = unlock(&held, &world.courier).at(&mut door, now, &mut world.rng);
    assert!(guest.is_err_and(|denial| denial.code() == 411));
    door.reset();
    door.move_in(&mut world.owner, Settings::default(), now);
    assert_eq!(denied(&mut door, now), []);
}

#[test]
fn a_release_whose_reset_failed_has_no_entry() {
    let mut world = World::new(68);
    let now = world.now();
    let mut door: Door<Moody> = Door::over(LockId(*b"moody..."), Moody::new(), &mut world.rng);
    door.move_in(&mut world.owner, Settings::default(), now);
    let held = grant(&mut world.owner, door.id, &world.courier, Right::RELEASE, DAY);
    let permit = committed(&mut door, &held, &world.courier, Right::RELEASE, now).unwrap();
    let acted = door.lock.act(permit, now, |_order| Outcome::Done).unwrap();
    let before = door.lock.head(Log::Events);
    door.lock.store().mood.set(Mood::Fails);
    let identity = drawn(&door.claim_key.public(), &mut world.rng);
    let released = door.lock.release(acted, identity, secret(&identity)).map(drop);
    assert_eq!(released, Err(Denial::StoreFailed));
    assert_eq!(door.lock.head(Log::Events), before);
    door.lock.store().mood.set(Mood::Works);
    let (_, restored) = door.restarted(None, |store| store);
    assert_eq!(restored, Err(Denial::Releasing));
}

#[test]
fn a_log_that_gave_way_while_it_was_read_is_read_anew() {
    let mut world = World::new(46);
    let held = counted(&mut world, 1_000, None);
    let now = world.now();
    let World { flat, courier, rng, .. } = &mut world;
    let mut reader = flat.lock.read_log(now).unwrap();
    assert!(flat.lock.next_entry(&mut reader).unwrap().is_some());
    for _ in 0..200 {
        unlock(&held, courier).at(flat, now, rng).unwrap();
    }
    assert_eq!(flat.lock.next_entry(&mut reader).err(), Some(Denial::Changed));
}
