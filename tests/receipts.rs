//! What a lock says afterwards: entries, receipts, the ring, denials, a new device key (SPEC.md
//! section 24).

#[path = "receipts/acknowledged.rs"]
mod acknowledged;
#[path = "restart/common.rs"]
mod common;
#[path = "receipts/told.rs"]
mod told;
#[path = "life/visit.rs"]
mod visit;

use common::{committed, counted};
use keyward::{
    Ask, Card, Caveats, Challenge, Channel, Denial, Now, PublicKey, Refusal, Request, Right,
    Rights, SigningKey, Target, Token, Valid,
    ledger::Outcome,
    limits::DENIALS_EVERY,
    lock::{Handled, Order, Rejected, Restored},
    receipt::{
        About, Break, Disclosed, Entry, Event, Head, Log, OtherPrivate, Receipt, ReceiptFault,
        StatementKind,
    },
    role,
    time::Uptime,
};
use keyward_testkit::{
    stores::{Mood, Moody},
    world::{Door, Holder, START, Settings, World, secret},
};
use told::{chained, entries, opened_often, outcomes};
use visit::{DAY, Visit, grant, unlock};

#[test]
fn a_claim_and_an_opening_are_told_one_by_one() {
    let mut world = World::new(31);
    let held = counted(&mut world, 5, None);
    let now = world.now();
    let World { flat, courier, rng, .. } = &mut world;
    let recorded = unlock(&held, courier).at(flat, now, rng).unwrap();
    assert_eq!(recorded.sequence.0, 3);
    let log = world.flat.log(now);
    let told = chained(&log, Log::Events, &world);
    let kinds: Vec<_> = told.iter().map(|entry| entry.receipt.unverified().event).collect();
    let keyset = keyward::Keyset::decode(&world.owner.library.keyset).unwrap();
    assert!(matches!(kinds[0], Event::Statement { kind: StatementKind::Epoch, .. }));
    assert_eq!(
        kinds[1],
        Event::Statement { kind: StatementKind::Keyset, hash: keyset.body_hash().as_bytes() }
    );
    assert!(matches!(kinds[2], Event::Statement { kind: StatementKind::Card, .. }));
    assert!(matches!(
        kinds[3],
        Event::Opening { right: Right::UNLOCK, outcome: Outcome::Done, .. }
    ));
    assert_eq!(kinds.len(), 4);
    let Ok(Disclosed::Told(private)) = told[3].disclosed() else { panic!("it is told") };
    let About::Opening(opening) = private.about else { panic!("of an opening") };
    assert_eq!(opening.holder, world.courier.public().name());
    let token = Token::decode(&held.token).unwrap();
    assert_eq!(opening.issuer, token.unverified_issuer());
    assert_eq!(opening.links().count(), 1);
    // Erased, it is the same entry still.
    let erased = told[3].erased().unwrap();
    let erased = Entry::decode(erased.as_bytes()).unwrap();
    assert!(matches!(erased.disclosed(), Ok(Disclosed::Erased)));
    assert_eq!(erased.receipt.hash(), told[3].receipt.hash());
    let holder = world.courier.public().name();
    assert!(!told[3].erased().unwrap().as_bytes().windows(16).any(|part| part == holder.0));
}

#[test]
fn a_private_part_is_its_entry_s_alone_and_its_salt_nobody_can_guess() {
    let mut world = World::new(43);
    let held = counted(&mut world, 5, None);
    let now = world.now();
    let World { flat, courier, rng, .. } = &mut world;
    for _ in 0..2 {
        unlock(&held, courier).at(flat, now, rng).unwrap();
    }
    let log = flat.log(now);
    let told = chained(&log, Log::Events, &world);
    assert!(matches!(told[0].disclosed(), Ok(Disclosed::Nothing)), "a statement has none");
    // Behind the receipt a flag and the private part, which begins with its salt.
    let parts = |entry: usize| log[entry].split_at(told[entry].erased().unwrap().as_bytes().len());
    let ((first, own), (_, other)) = (parts(3), parts(4));
    assert_eq!(own.len(), other.len());
    let swapped = [first, other].concat();
    assert!(matches!(Entry::decode(&swapped).unwrap().disclosed(), Err(OtherPrivate)));
    let salt = |part: &[u8]| part[..16].to_vec();
    let salts = [salt(own), salt(other), vec![0; 16], vec![1; 16]];
    let differ = |(i, one): (usize, &Vec<u8>)| salts[..i].iter().all(|before| before != one);
    assert!(salts.iter().enumerate().all(differ));
}

#[test]
fn a_phone_believes_a_receipt_over_its_own_request_alone() {
    let mut world = World::new(32);
    let held = counted(&mut world, 5, None);
    let now = world.now();
    let mut opened = || {
        let challenge = world.flat.connect(Channel::Radio, now);
        let ask = Ask { lock: world.flat.id, right: Right::UNLOCK, parameter: b"" };
        let request = world.courier.request(&held, ask, &challenge, Channel::Radio, &mut world.rng);
        let presentation = world.courier.present(&request, &[], None);
        let recorded = world.flat.present(&presentation, now).1.unwrap();
        let core = Request::decode(&request).unwrap().core().unwrap();
        (core, world.flat.receipt(&recorded))
    };
    let ((first, receipt), (second, _)) = (opened(), opened());
    let domain = world.owner.held();
    let card = |lock| {
        let card = Card::decode(&world.owner.library.cards[&lock]).unwrap();
        domain.check_card(&card).unwrap()
    };
    let (flat, street) = (card(world.flat.id), card(world.street.id));
    let told = Receipt::decode(&receipt).unwrap();
    assert_eq!(told.outcome_of(&first, &flat), Ok(Outcome::Done));
    assert_eq!(told.unverified().core(), Some(first));
    assert_eq!(told.outcome_of(&second, &flat), Err(ReceiptFault::OtherRequest));
    let fault = told.outcome_of(&first, &street).unwrap_err();
    assert!(matches!(fault, ReceiptFault::Signature(_)));
    for at in 2..receipt.len() {
        let mut forged = receipt.clone();
        forged[at] ^= 1;
        let told = Receipt::decode(&forged).map(|told| told.outcome_of(&first, &flat));
        assert!(!matches!(told, Ok(Ok(_))), "byte {at}");
    }
}

#[test]
fn whatever_the_bolt_did_is_told_and_the_use_is_spent() {
    let mut world = World::new(33);
    let held = counted(&mut world, 6, None);
    let now = world.now();
    let late = Now { uptime: Uptime(now.uptime.0 + 20_001), ..now };
    let mut seen = Vec::new();
    for reported in [Outcome::Done, Outcome::Jammed, Outcome::Unknown, Outcome::Interrupted] {
        let permit = committed(&mut world.flat, &held, &world.courier, Right::UNLOCK, now).unwrap();
        let acted = world.flat.lock.act(permit, now, |_order| reported).unwrap();
        seen.push(world.flat.lock.record(acted).unwrap().outcome);
    }
    let permit = committed(&mut world.flat, &held, &world.courier, Right::UNLOCK, now).unwrap();
    let acted = world.flat.lock.act(permit, late, |_order| unreachable!()).unwrap();
    seen.push(world.flat.lock.record(acted).unwrap().outcome);
    let expected =
        [Outcome::Done, Outcome::Jammed, Outcome::Unknown, Outcome::Unknown, Outcome::Lapsed];
    assert_eq!(seen, expected);
    let log = world.flat.log(now);
    assert_eq!(outcomes(&chained(&log, Log::Events, &world)), expected);
    let counts = world.flat.lock.memory();
    assert_eq!(
        keyward::tables::Capacity::counts(counts, START).map(|it| it.uses().spent).sum::<u32>(),
        5
    );
}

#[test]
fn a_power_cut_between_commit_and_act_is_told_by_the_next_start() {
    let mut world = World::new(34);
    let held = counted(&mut world, 6, None);
    let now = world.now();
    let permit = committed(&mut world.flat, &held, &world.courier, Right::UNLOCK, now).unwrap();
    drop(permit);
    let next = world.flat.lock.head(Log::Events).next;
    let World { flat, owner, company, courier, camera, street, cellar, rng, now: present } = world;
    let (flat, restored) = flat.restarted(None, |store| store);
    assert_eq!(restored, Ok(Restored::Claimed { interrupted: Some(next) }));
    let mut world =
        World { flat, owner, company, courier, camera, street, cellar, rng, now: present };
    let log = world.flat.log(now);
    let told = chained(&log, Log::Events, &world);
    assert_eq!(outcomes(&told), [Outcome::Interrupted]);
    let last = told.last().unwrap().receipt.unverified();
    assert_eq!((last.sequence, last.starts), (next, 1));
    assert!(matches!(told.last().unwrap().disclosed(), Ok(Disclosed::Told(_))), "who, too");
}

#[test]
fn a_decision_that_was_never_recorded_is_closed_by_the_next() {
    let mut world = World::new(35);
    let held = counted(&mut world, 6, None);
    let now = world.now();
    for _ in 0..2 {
        let _permit = committed(&mut world.flat, &held, &world.courier, Right::UNLOCK, now);
    }
    let log = world.flat.log(now);
    assert_eq!(outcomes(&chained(&log, Log::Events, &world)), [Outcome::Unknown]);
    assert!(world.flat.lock.has_open_decision());
}

#[test]
fn the_ring_drops_its_oldest_and_the_numbers_show_it() {
    let mut world = World::new(36);
    let held = counted(&mut world, 1_000, None);
    opened_often(&mut world, &held, 300);
    let now = world.now();
    let log = world.flat.log(now);
    let told = chained(&log, Log::Events, &world);
    let (first, last) = (told[0].receipt.unverified(), told.last().unwrap().receipt.unverified());
    assert!(told.len() >= 8 && first.sequence.0 > 200, "{} of 303", told.len());
    assert_eq!(last.sequence.0, 302);
    assert_eq!(last.oldest, first.sequence, "it says itself what it holds");
    assert!(told.iter().all(|entry| matches!(entry.disclosed(), Ok(Disclosed::Told(_)))));
    // A start finds the same.
    let World { flat, owner, company, courier, camera, street, cellar, rng, now: present } = world;
    let (flat, _) = flat.restarted(None, |store| store);
    let mut world =
        World { flat, owner, company, courier, camera, street, cellar, rng, now: present };
    assert_eq!(world.flat.log(now), log);
}

#[test]
fn denials_are_put_together_and_flush_no_opening() {
    let mut world = World::new(38);
    let held = counted(&mut world, 1, None);
    opened_often(&mut world, &held, 1);
    let now = world.now();
    let before = world.flat.lock.head(Log::Events);
    for _ in 0..2_000 {
        let World { flat, courier, rng, .. } = &mut world;
        let denied = unlock(&held, courier).at(flat, now, rng).unwrap_err();
        assert_eq!(denied, Denial::UsesSpent { link: 0, spent: 1, limit: 1 });
    }
    let mut session = world.flat.lock.challenge([1; 16], Channel::Radio, now).unwrap();
    let stranger =
        world.flat.lock.handle(&mut session, &mut [1, 7, 9], || now, |_order| Outcome::Done);
    let Err(Rejected::Denial(denial)) = stranger else { panic!("{stranger:?}") };
    assert_eq!(denial.code(), 100);
    let log = world.flat.log(now);
    assert_eq!(world.flat.lock.head(Log::Events), before);
    let told = chained(&log, Log::Denials, &world);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].receipt.unverified().event, Event::Denials { count: 2_001 });
    let Ok(Disclosed::Told(private)) = told[0].disclosed() else { panic!("it is told") };
    let About::Denials(rows) = private.about else { panic!("of denials") };
    let rows: Vec<_> = rows.rows().map(|row| (row.code, row.holder, row.count)).collect();
    let courier = Some(world.courier.public().name());
    assert_eq!(rows, [(100, None, 1), (430, courier, 2_000)]);
}

#[test]
fn denials_of_many_kinds_share_a_row_and_are_written_every_quarter_of_an_hour() {
    let mut world = World::new(39);
    let held = counted(&mut world, 1, None);
    let now = world.now();
    let written = |world: &World| world.flat.lock.head(Log::Denials).next.0;
    let handled = |world: &mut World, now: Now| {
        let mut session = world.flat.lock.challenge([1; 16], Channel::Radio, now).unwrap();
        let opened = |_order: &Order<'_>| Outcome::Done;
        world.flat.lock.handle(&mut session, &mut [0; 3], || now, opened).unwrap_err()
    };
    let _first_at_once = handled(&mut world, now);
    assert_eq!(written(&world), 1);
    let soon = Now { uptime: Uptime(now.uptime.0 + (DENIALS_EVERY - 1) * 1000), ..now };
    let _later = handled(&mut world, soon);
    assert_eq!(written(&world), 1);
    let late = Now { uptime: Uptime(now.uptime.0 + DENIALS_EVERY * 1000), ..now };
    let _due = handled(&mut world, late);
    assert_eq!(written(&world), 2);
    // Two rows for persons, and all others.
    for right in [Right::LOCK, Right::STATUS, Right::RELEASE, Right::HOLD_OPEN] {
        let visit = Visit { held: &held, holder: &world.courier, right, status: None };
        assert_eq!(visit.at(&mut world.flat, now, &mut world.rng).unwrap_err().code(), 410);
    }
    for _ in 0..3 {
        let other = Holder::new(&mut world.rng);
        let valid = Valid { from: START, lasts: DAY.1 };
        let targets = [Target::Lock(world.street.id)];
        let elsewhere = Caveats::grant(Rights::of(Right::UNLOCK), &targets, valid).unwrap();
        let elsewhere = world.owner.grant(&other.public(), 0, &elsewhere);
        let visit = unlock(&elsewhere, &other);
        assert_eq!(visit.at(&mut world.flat, now, &mut world.rng).unwrap_err().code(), 411);
    }
    let log = world.flat.log(now);
    let told = chained(&log, Log::Denials, &world);
    let Ok(Disclosed::Told(private)) = told[2].disclosed() else { panic!("it is told") };
    let About::Denials(rows) = private.about else { panic!("of denials") };
    let rows: Vec<_> = rows.rows().map(|row| (row.code, row.count)).collect();
    assert_eq!(rows, [(410, 4), (411, 1), (0, 2)]);
    // The ticks start anew: no time has passed for certain, however often they do.
    let before = written(&world);
    for _ in 0..3 {
        world.flat.lock.restart();
        let _woken = handled(&mut world, Now { uptime: Uptime(5_000), ..now });
        assert_eq!(written(&world), before);
    }
    let late = Now { uptime: Uptime(5_000 + DENIALS_EVERY * 1000), ..now };
    let _due = handled(&mut world, late);
    assert_eq!(written(&world), before + 1);
}

#[test]
fn statements_are_told_when_they_are_taken_in() {
    let mut world = World::new(40);
    let now = world.now();
    world.owner.publish_keyset(world.now);
    world.owner.publish_list(world.now);
    world.owner.publish_card(world.flat.id, world.now);
    let library = world.owner.library.clone();
    let _taken = world.flat.visit(&library, now);
    world.owner.new_epoch(world.now, &mut world.rng);
    let library = world.owner.library.clone();
    let _taken = world.flat.visit(&library, now);
    let log = world.flat.log(now);
    let told = chained(&log, Log::Events, &world);
    let kind = |entry: &Entry<'_>| match entry.receipt.unverified().event {
        Event::Statement { kind, .. } => (kind, entry.receipt.unverified().epoch.0),
        other => panic!("{other:?}"),
    };
    let kinds: Vec<_> = told.iter().skip(3).map(kind).collect();
    use StatementKind::{Card, Epoch, Keyset, List};
    assert!(kinds.contains(&(Keyset, 0)) && kinds.contains(&(List, 0)));
    assert!(kinds.contains(&(Card, 0)) && kinds.contains(&(Epoch, 1)));
    assert!(kinds.contains(&(Keyset, 1)));
}

#[test]
fn a_new_device_key_is_named_by_both_keys_and_signs_from_then_on() {
    let mut world = World::new(41);
    let held = counted(&mut world, 9, None);
    opened_often(&mut world, &held, 1);
    let (now, old) = (world.now(), world.flat.device_key().public());
    let receipt = world.flat.rotate(now).unwrap();
    let new = world.flat.device_key().public();
    let told = Receipt::decode(&receipt).unwrap();
    told.verify(&world.owner.domain, &new).unwrap();
    assert_eq!(told.rotation(&world.owner.domain), Ok(Some([old, new])));
    let elsewhere = told.rotation(&keyward::id::DomainId([9; 32]));
    assert_eq!(elsewhere, Err(keyward::SignatureFault::Mismatch));
    opened_often(&mut world, &held, 1);
    let log = world.flat.log(now);
    let told = chained(&log, Log::Events, &world);
    assert_eq!(told.len(), 6);
    // A card of the old key is another device's now; the new one is this one's.
    world.owner.publish_card(world.flat.id, world.now);
    let card = world.owner.library.cards[&world.flat.id].clone();
    let card = keyward::Card::decode(&card).unwrap();
    assert_eq!(world.flat.lock.verify_card(&card, now).map(drop), Err(Refusal::OtherDevice));
    let unclaimed = world.flat.unclaimed();
    world.owner.enrol(unclaimed, world.flat.id, Settings::default(), world.now);
    let card = world.owner.library.cards[&world.flat.id].clone();
    let card = keyward::Card::decode(&card).unwrap();
    world.flat.lock.verify_card(&card, now).unwrap().commit().unwrap();
    // The next start is with the new key alone.
    let (mut identity, store) = (world.flat.identity(), world.flat.lock.store().clone());
    let mut lock: keyward::Lock<'_, _> = keyward::Lock::new(identity, secret(&identity), store);
    assert!(lock.restore(None).is_ok());
    identity.device = old;
    let store = lock.into_store();
    let mut lock: keyward::Lock<'_, _> = keyward::Lock::new(identity, secret(&identity), store);
    assert_eq!(lock.restore(None), Err(Denial::StateCorrupt));
}

#[test]
fn a_device_key_is_not_changed_by_one_of_the_keys_alone_or_to_itself() {
    let mut world = World::new(42);
    let (now, old) = (world.now(), world.flat.device_key());
    let (new, thief): (SigningKey<role::Device>, SigningKey<role::Device>) =
        (SigningKey::from_secret(&[8; 32]), SigningKey::from_secret(&[9; 32]));
    let lock = &mut world.flat.lock;
    assert_eq!(lock.rotation(&old.public()).map(drop), Err(Denial::SameLife));
    let sign = |lock: &keyward::Lock<'static, _>, key: &SigningKey<role::Device>| {
        let [by_old, by_new] = lock.rotation(&key.public()).unwrap();
        [by_old.sign(&old).unwrap(), by_new.sign(key).unwrap()]
    };
    let [by_old, by_new] = sign(lock, &new);
    let [_, by_thief] = sign(lock, &thief);
    let mut refused = |new: &PublicKey<role::Device>, signatures: &[_; 2]| {
        lock.rotate(new, signatures, now).map(drop).unwrap_err()
    };
    let code = |denial: Denial| denial.code();
    assert_eq!(code(refused(&thief.public(), &[by_old.clone(), by_thief.clone()])), 507);
    assert_eq!(code(refused(&new.public(), &[by_thief, by_new.clone()])), 507);
    assert_eq!(code(refused(&new.public(), &[by_old.clone(), by_old.clone()])), 507);
    assert_eq!(refused(&old.public(), &[by_old.clone(), by_old.clone()]), Denial::SameLife);
    // Signatures are for one place of the log.
    let held = counted(&mut world, 9, None);
    opened_often(&mut world, &held, 1);
    let moved = world.flat.lock.rotate(&new.public(), &[by_old, by_new], now);
    assert_eq!(moved.map(drop).unwrap_err().code(), 507);
    assert_eq!(world.flat.device_key().public(), old.public());
}

#[test]
fn an_entry_follows_the_one_before_and_no_other() {
    let mut world = World::new(43);
    let held = counted(&mut world, 9, None);
    opened_often(&mut world, &held, 3);
    let now = world.now();
    let log = world.flat.log(now);
    let told = chained(&log, Log::Events, &world);
    let head = Head::behind(&told[3].receipt);
    assert_eq!(head.step(&told[4].receipt), Ok(Head::behind(&told[4].receipt)));
    assert_eq!(head.step(&told[5].receipt), Err(Break::Gap));
    assert_eq!(head.step(&told[3].receipt), Err(Break::Behind));
    let other = Head { hash: [1; 32], ..head };
    assert_eq!(other.step(&told[4].receipt), Err(Break::Hash));
}

#[test]
fn what_the_store_never_confirmed_is_not_told() {
    let mut world = World::new(44);
    let now = world.now();
    for mood in [Mood::Fails, Mood::FailsLate] {
        let mut door: Door<Moody> =
            Door::over(keyward::id::LockId(*b"moody..."), Moody::new(), &mut world.rng);
        door.move_in(&mut world.owner, Settings::default(), now);
        let held = grant(&mut world.owner, door.id, &world.courier, Right::UNLOCK, DAY);
        let permit = committed(&mut door, &held, &world.courier, Right::UNLOCK, now).unwrap();
        let acted = door.lock.act(permit, now, |_order| Outcome::Done).unwrap();
        door.lock.store().mood.set(mood);
        assert_eq!(door.lock.record(acted).map(drop), Err(Denial::StoreFailed));
        door.lock.store().mood.set(Mood::Works);
        // The outcome may be in the store: nobody is told of it before a start, or the next write,
        // says what it is.
        let log = door.log(now);
        assert_eq!(outcomes(&entries(&log)), []);
        assert!(door.lock.has_open_decision());
        let (mut door, _) = door.restarted(None, |store| store);
        let log = door.log(now);
        assert_eq!(outcomes(&entries(&log)), [Outcome::Interrupted]);
    }
}

#[test]
fn an_outcome_that_the_store_did_not_take_may_be_recorded_once_more() {
    let mut world = World::new(45);
    let now = world.now();
    let mut door: Door<Moody> =
        Door::over(keyward::id::LockId(*b"moody..."), Moody::new(), &mut world.rng);
    door.move_in(&mut world.owner, Settings::default(), now);
    let held = grant(&mut world.owner, door.id, &world.courier, Right::UNLOCK, DAY);
    let mut session = door.lock.challenge([7; 16], Channel::Radio, now).unwrap();
    let challenge = session.challenge().encode().unwrap().as_bytes().to_vec();
    let _read = Challenge::decode(&challenge).unwrap();
    let ask = Ask { lock: door.id, right: Right::UNLOCK, parameter: b"" };
    let request = world.courier.request(&held, ask, &challenge, Channel::Radio, &mut world.rng);
    let mut bytes = world.courier.present(&request, &[], None);
    let mood = std::rc::Rc::clone(&door.lock.store().mood);
    let fails = |_order: &Order<'_>| {
        mood.set(Mood::Fails);
        Outcome::Jammed
    };
    let handled = door.lock.handle(&mut session, &mut bytes, || now, fails);
    let Ok(Handled::Unrecorded(acted)) = handled else { panic!("{handled:?}") };
    mood.set(Mood::Works);
    assert_eq!(door.lock.record(acted).unwrap().outcome, Outcome::Jammed);
    let log = door.log(now);
    assert_eq!(outcomes(&entries(&log)), [Outcome::Jammed]);
}
