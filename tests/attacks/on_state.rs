//! What is tried on what a lock remembers: time, lists, counters, tables, flash.

use std::collections::BTreeSet;

use keyward::{
    DecodeError, Denial, EncodeError, Now, Presentation, Right, Rights, Seconds, State, Status,
    Time,
    id::{Counter, KeysetVersion, ListNumber, LockId},
    replay::{CounterFault, Window},
    status::{ListOrder, Revoked, SerialFloor},
    tables::Tables,
    time::Uptime,
    wire::Part,
};
use keyward_testkit::{
    malformed,
    scene::Scene,
    stores::Hardware,
    world::{Door, Holder, START, Settings, World, door::Memory},
};

use crate::common::{DAY, code, counted, counting, denied, grant, uncounted, unlock, visit};

#[test]
fn a05_whatever_the_order_of_lists_the_newest_rules() {
    let mut world = World::new(105);
    let id = LockId(*b"any-door");
    let (mut lists, mut guests) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let guest = Holder::new(&mut world.rng);
        let held =
            world.owner.grant(&guest.public(), 0, &grant(id, Rights::of(Right::UNLOCK), DAY));
        world.owner.revoked.clear();
        world.owner.revoke([guest.public().name().into()], world.now);
        lists.push(world.owner.library.list.clone().unwrap());
        guests.push((held, guest));
    }
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for order in orders {
        let now = world.now();
        let library = std::mem::take(&mut world.owner.library.list);
        let mut door =
            Door::claimed(id, &mut world.owner, Settings::default(), now, &mut world.rng);
        world.owner.library.list = library;
        for list in order.iter().chain(&order) {
            let _taken_or_refused = door.deliver(&lists[*list], now);
        }
        assert_eq!(door.lock.trust().unwrap().list().number, ListNumber(3), "{order:?}");
        // Each list is whole: whom only an older one named comes in again.
        let mut came = |(held, guest): &(_, _)| {
            code(visit(&mut door, (held, guest), Right::UNLOCK, now, &mut world.rng))
        };
        assert_eq!(guests.iter().map(&mut came).collect::<Vec<_>>(), [0, 0, 402], "{order:?}");
    }
}

#[test]
fn a06_a_list_over_its_limit_is_no_list_and_a_floor_takes_the_surplus() {
    let mut world = World::new(106);
    let entries: Vec<_> = (0..=64_u8).map(|name| Revoked([name; 16])).collect();
    let list = ListOrder { keyset: KeysetVersion(1), number: ListNumber(1) };
    let state = State { keyset: KeysetVersion(1), list, at: START };
    let (scope, revoker) = (world.owner.scope(), world.owner.revoker.public());
    let draft = |entries: &[Revoked]| Status::revoke(scope, &revoker, state, entries, &[], None);
    let over = EncodeError::Invalid(DecodeError::OverLimit(Part::Revocations));
    assert_eq!(draft(&entries).err(), Some(over));
    assert!(draft(&entries[..64]).is_ok());
    let cases = malformed::cases();
    let written = cases.iter().find(|case| case.name == "status/65_entries").unwrap();
    let over = Some(DecodeError::OverLimit(Part::Revocations));
    assert_eq!(malformed::decode(written.kind, &written.bytes), over, "whoever wrote it");
    // Ten times as many tokens as a list has room for, by one floor.
    let held: Vec<_> = (0..640).map(|_| uncounted(&mut world)).collect();
    unlock(&mut world, &held[0]).unwrap();
    let first = keyward::id::Serial(2_000_000);
    world.owner.floors = vec![SerialFloor { issuer: world.owner.issuer.public().id(), first }];
    world.owner.publish_list(world.now);
    let now = world.now();
    world.flat.visit(&world.owner.library, now);
    for held in &held {
        assert_eq!(code(unlock(&mut world, held)), 400);
    }
}

#[test]
fn a07_a_clock_that_is_pushed_on_and_back_makes_a_lock_forget_nothing() {
    let mut world = World::new(107);
    let once = counted(&mut world, 1);
    let revoked = uncounted(&mut world);
    let token = keyward::Token::decode(&revoked.token).unwrap();
    let id = token.check(&world.owner.origin()).unwrap().links().next().unwrap().id();
    world.owner.revoke([Revoked::from(id)], world.now);
    let now = world.now();
    world.flat.visit(&world.owner.library, now);
    unlock(&mut world, &once).unwrap();
    // Longer tokens are used meanwhile, so that tables change, with what is over by such a clock.
    let month = (START, Seconds::days(30));
    let day = 86_400;
    let before = Time(START.0 - 3_600);
    for at in [START, START.after(20 * day), Time(0), before, START.after(3 * day), START] {
        world.now = at;
        let grant = grant(world.flat.id, Rights::of(Right::UNLOCK), month).uses(1).unwrap();
        let longer = world.owner.grant(&world.courier.public(), 0, &grant);
        assert_eq!(code(unlock(&mut world, &longer)), 0, "{at:?}");
        let (once, revoked) = (unlock(&mut world, &once), unlock(&mut world, &revoked));
        assert!(once.is_err() && revoked.is_err(), "{at:?}");
    }
    assert_eq!(code(unlock(&mut world, &once)), 430);
    assert_eq!(code(unlock(&mut world, &revoked)), 401);
}

#[test]
fn a08_a_clock_that_is_set_back_lets_no_expired_guest_in() {
    let until = START.0 + 900;
    let verdict = |lo: u64, hi: Option<u64>| {
        let scene = Scene::with(|scene| (scene.lo, scene.hi) = (lo, hi));
        scene.verdict().map_or_else(|denial| denial.code(), |_| 0)
    };
    assert_eq!(verdict(START.0, Some(START.0)), 0);
    assert_eq!(verdict(until - 1, Some(until - 1)), 0);
    assert_eq!(verdict(until, Some(until)), 421, "expired by the lower bound");
    assert_eq!(verdict(START.0, Some(until)), 422, "perhaps, by the upper");
    assert_eq!(verdict(START.0, None), 422, "no clock");
    assert_eq!(verdict(START.0 - 1, Some(START.0 + 1)), 420, "nor is it too early by a guess");
    // The floor is durable: whatever year a clock shows after a battery pull, and however its ticks
    // drift, who had ended by then stays out.
    let mut world = World::new(108);
    let held = uncounted(&mut world);
    world.wait(2 * 86_400);
    world.owner.publish_keyset(world.now);
    let now = world.now();
    world.flat.visit(&world.owner.library, now);
    let World { flat, courier, mut rng, .. } = world;
    let (mut flat, _) = flat.restarted(None, |store| store);
    let of_1970_2000_2038_and_2106 = [0, 946_684_800, 1 << 31, 1 << 32];
    let clocks = of_1970_2000_2038_and_2106.map(|time| Now::exactly(Time(time)));
    for now in clocks {
        let came = visit(&mut flat, (&held, &courier), Right::UNLOCK, now, &mut rng);
        assert_eq!(code(came), 421, "{now:?}");
    }
    for now in [0, 100, 1000].map(|drift| Now::ticks(Uptime(5000), drift)) {
        let came = visit(&mut flat, (&held, &courier), Right::UNLOCK, now, &mut rng);
        assert_eq!(code(came), 422, "without a clock its issuer may have ended, too: {now:?}");
    }
}

#[test]
fn a10_a_poisoned_time_is_bounded_by_its_signer_and_ended_by_an_epoch() {
    denied(&["status_before_its_signer_was_valid", "status_after_its_signer_was_valid"]);
    let mut world = World::new(110);
    let far = START.after(390 * 86_400);
    let status = world.owner.attest(far, None);
    let now = world.now();
    world.flat.connect(keyward::Channel::Radio, now);
    world.flat.deliver(&status, now).expect("within the attester's validity");
    let held = uncounted(&mut world);
    assert_eq!(code(unlock(&mut world, &held)), 421, "a thief of an attester shuts the door");
    world.owner.new_epoch(world.now, &mut world.rng);
    world.flat.visit(&world.owner.library, now);
    let held = uncounted(&mut world);
    unlock(&mut world, &held).expect("the cold keys open it again");
}

#[test]
fn a11_behind_a_restart_every_counter_is_seen_that_was_seen_before() {
    let mut world = World::new(111);
    let (now, rng) = (world.now(), &mut world.rng);
    let settings = Settings { unchallenged: true, ..Settings::default() };
    let id = LockId(*b"queueing");
    let mut door = Door::claimed(id, &mut world.owner, settings, now, rng);
    let held =
        world.owner.grant(&world.courier.public(), 0, &grant(id, Rights::of(Right::UNLOCK), DAY));
    let courier = &world.courier;
    let comes = |door: &mut Door, counter| {
        let bytes = counting(id, &held, counter, START, courier);
        let presentation = Presentation::decode(&bytes).unwrap();
        let verified = door.lock.verify_unchallenged(&presentation, now);
        let committed = verified.and_then(|verified| verified.commit(now).map(drop));
        committed.map_or_else(|denial| denial.code(), |()| 0)
    };
    let mut seen = Vec::new();
    for counter in [1_000, 990, 1_001, 940, 1_010] {
        assert_eq!(comes(&mut door, counter), 0, "{counter}");
        seen.push(counter);
        // Behind each power cut, and behind two.
        for _ in 0..2 {
            door = door.restarted(None, |store| store).0;
            for counter in &seen {
                assert_eq!(comes(&mut door, *counter), 470, "{counter}");
            }
        }
    }
    // What was not seen is taken, as long as the window reaches back to it.
    assert_eq!([946, 947, 1_009].map(|counter| comes(&mut door, counter)), [470, 0, 0]);
    // A window without its words, as an older schema has them, has seen all up to its highest.
    let mut window = Window::<1>::restored(Counter(1_000));
    for counter in 900..=1_000 {
        assert!(window.mark(Counter(counter)).is_err(), "{counter}");
    }
    assert!(window.mark(Counter(1_001)).is_ok());
}

#[test]
fn a12_no_counter_and_no_distance_rolls_over() {
    let edges = [0, 1, 62, 63, 64, 65, 127, 128, 1 << 31, (1 << 32) - 1, 1 << 63, u64::MAX - 1];
    for first in edges {
        let mut window = Window::<1>::starting(Counter(first)).unwrap();
        let (mut highest, mut seen) = (first, BTreeSet::from([first]));
        for base in edges {
            for counter in [base.saturating_sub(1), base, base.saturating_add(1)] {
                let expected = match counter {
                    u64::MAX => Err(CounterFault::Reserved),
                    _ if highest.saturating_sub(counter) >= 64 => Err(CounterFault::TooOld),
                    _ if seen.contains(&counter) => Err(CounterFault::Seen),
                    _ => Ok(()),
                };
                let marked = window.mark(Counter(counter)).map(drop);
                assert_eq!(marked, expected, "{counter} behind {first}");
                if expected.is_ok() {
                    seen.insert(counter);
                    highest = highest.max(counter);
                }
            }
        }
    }
    denied(&["counter_reserved"]);
}

#[test]
fn a14_an_older_image_of_the_flash_is_told() {
    let mut world = World::new(114);
    let now = world.now();
    let store = Hardware { store: Memory::new(), counter: 0 };
    let mut door: Door<Hardware<Memory>> = Door::over(LockId(*b"hardware"), store, &mut world.rng);
    door.move_in(&mut world.owner, Settings::default(), now);
    let once = grant(door.id, Rights::of(Right::UNLOCK), DAY).uses(1).unwrap();
    let held = world.owner.grant(&world.courier.public(), 0, &once);
    let older = door.lock.store().store.clone();
    let (courier, rng) = (&world.courier, &mut world.rng);
    visit(&mut door, (&held, courier), Right::UNLOCK, now, rng).unwrap();
    let (mut door, restored) = door.restarted(None, |store| Hardware { store: older, ..store });
    assert_eq!(restored, Err(Denial::StateRolledBack));
    let mut session = door.lock.challenge([0; 16], keyward::Channel::Radio, now);
    assert_eq!(session.as_mut().err(), Some(&mut Denial::StateRolledBack), "nobody comes in");
}

#[test]
fn a32_whoever_mints_tokens_fills_his_own_part_and_replays_none() {
    let mut world = World::new(132);
    let now = world.now();
    let (id, rng) = (LockId(*b"small-01"), &mut world.rng);
    let mut door: Door<Memory, Tables<8, 8>> = Door::over(id, Memory::new(), rng);
    door.move_in(&mut world.owner, Settings::default(), now);
    let company = Holder::new(rng);
    let all = grant(id, Rights::of(Right::UNLOCK), (START, Seconds::days(2)));
    let held = world.owner.grant(&company.public(), 2, &all);
    let once = keyward::Caveats::narrowing().uses(1).unwrap();
    let (mut opened, mut full) = (Vec::new(), 0);
    for _ in 0..100 {
        let courier = Holder::new(rng);
        let child = company.delegate(&held, &courier.public(), 0, &once);
        match code(visit(&mut door, (&child, &courier), Right::UNLOCK, now, rng)) {
            0 => opened.push((child, courier)),
            500 => full += 1,
            other => panic!("{other}"),
        }
    }
    assert_eq!((opened.len(), full), (2, 98), "a quarter of the table");
    for (child, courier) in &opened {
        let again = visit(&mut door, (child, courier), Right::UNLOCK, now, rng);
        assert_eq!(code(again), 430, "nothing was evicted");
    }
    let guest = Holder::new(rng);
    let family = world.owner.grant(&guest.public(), 0, &all.clone().uses(1).unwrap());
    assert_eq!(code(visit(&mut door, (&family, &guest), Right::UNLOCK, now, rng)), 0);
}
