//! What is tried on what a lock remembers: time, lists, counters, tables, flash.

use std::collections::BTreeSet;

use keyward::{
    DecodeError, Denial, EncodeError, Now, Presentation, Refusal, Right, Rights, Seconds, State,
    Status, Taken, Time, Token,
    id::{Counter, Epoch, KeysetVersion, ListNumber, LockId},
    replay::{self, CounterFault},
    schedule::{Dates, Weekdays, Window},
    status::{ListOrder, Revoked, SerialFloor},
    tables::Tables,
    time::Uptime,
    wire::Part,
    zone::Transition,
};
use keyward_testkit::{
    malformed,
    scene::{Link, Scene, minute},
    stores::Hardware,
    world::{Capability, Door, Holder, START, Settings, World, door::Memory},
};

use crate::common::{
    DAY, code, counted, counting, denied, grant, judged, orders, uncounted, unlock, visit,
};

#[test]
fn a05_whatever_the_order_of_lists_the_newest_rules() {
    let mut world = World::new(105);
    let (id, now) = (LockId(*b"any-door"), world.now());
    let claimed = orders(4).into_iter().map(|order| {
        let World { owner, rng, .. } = &mut world;
        (order, Door::claimed(id, owner, Settings::default(), now, rng))
    });
    let claimed: Vec<_> = claimed.collect();
    let guests = [(), (), ()].map(|()| Holder::new(&mut world.rng));
    let granted = |world: &mut World| {
        let grant = grant(id, Rights::of(Right::UNLOCK), DAY);
        guests.each_ref().map(|guest| world.owner.grant(&guest.public(), 0, &grant))
    };
    let come = |world: &mut World, door: &mut Door, held: &[Capability; 3]| {
        let mut came = held.iter().zip(&guests);
        [(); 3]
            .map(|()| code(visit(door, came.next().unwrap(), Right::UNLOCK, now, &mut world.rng)))
    };
    let holds = |door: &Door| {
        let trust = door.lock.trust().unwrap();
        (trust.scope().epoch, trust.keyset(), trust.list())
    };
    // Each list is whole, and names one guest: two under a keyset, one under the next.
    let named = |guest: usize| BTreeSet::from([Revoked::from(guests[guest].public().name())]);
    let mut statements = Vec::new();
    for guest in [0, 1] {
        world.owner.revoked = named(guest);
        world.owner.publish_list(world.now);
        statements.push(world.owner.library.list.clone().unwrap());
    }
    world.owner.revoked = named(2);
    world.owner.publish_keyset(world.now);
    statements.push(world.owner.library.keyset.clone());
    statements.push(world.owner.library.list.clone().unwrap());
    let newest = ListOrder { keyset: KeysetVersion(2), number: ListNumber(1) };
    let held = granted(&mut world);
    let mut doors = Vec::new();
    for (order, mut door) in claimed {
        for which in order.iter().chain(&order) {
            let before = holds(&door);
            let _taken_or_refused = door.deliver(&statements[*which], now);
            let after = holds(&door);
            assert!(after.1 >= before.1 && after.2 >= before.2, "{order:?}");
            door = door.restarted(None, |store| store).0;
            assert_eq!(holds(&door), after, "{order:?}: behind a power cut");
        }
        assert_eq!(holds(&door), (Epoch(0), KeysetVersion(2), newest), "{order:?}");
        // Whom only an older list named comes in again.
        assert_eq!(come(&mut world, &mut door, &held), [0, 0, 402], "{order:?}");
        let again = statements.iter().map(|bytes| door.deliver(bytes, now)).collect::<Vec<_>>();
        let unchanged = Ok(Taken::Unchanged);
        assert_eq!(again, [Err(Refusal::Older), Err(Refusal::Older), unchanged, unchanged]);
        doors.push(door);
    }
    // The next epoch counts its keysets and lists anew: none of before is a newer one.
    world.owner.new_epoch(world.now, &mut world.rng);
    world.owner.revoke(named(0), world.now);
    let held = granted(&mut world);
    let newest = ListOrder { keyset: KeysetVersion(1), number: ListNumber(1) };
    let other = Refusal::OtherEpoch { held: Epoch(1), got: Epoch(0) };
    for mut door in doors {
        door.visit(&world.owner.library, now);
        for bytes in &statements {
            assert_eq!(door.deliver(bytes, now), Err(other));
            door = door.restarted(None, |store| store).0;
            assert_eq!(holds(&door), (Epoch(1), KeysetVersion(1), newest));
        }
        assert_eq!(come(&mut world, &mut door, &held), [402, 0, 0]);
    }
}

#[test]
fn a06_a_list_over_its_limit_is_no_list_and_a_floor_takes_the_surplus() {
    let mut world = World::new(106);
    let entries: Vec<_> = (0..=64_u8).map(|name| Revoked([name; 8])).collect();
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
    // One more than a list has room for, and in the end ten times as many: the newest 64 of those
    // that are revoked stand in the list, and all before are below a floor.
    let held: Vec<_> = (0..641).map(|_| uncounted(&mut world)).collect();
    let (issuer, origin) = (world.owner.issuer.public().id(), world.owner.origin());
    let named = held.iter().map(|held| {
        let token = Token::decode(&held.token).unwrap().check(&origin).unwrap();
        (Revoked::from(token.links().next().unwrap().id()), token.serial())
    });
    let named: Vec<_> = named.collect();
    let mut lists = Vec::new();
    for (number, revoked) in (1..).zip([1, 64, 65, 128, 640]) {
        let folded = usize::saturating_sub(revoked, 64);
        let floor = SerialFloor { issuer, first: named[folded].1 };
        world.owner.floors = if folded == 0 { Vec::new() } else { vec![floor] };
        world.owner.revoked = named[folded..revoked].iter().map(|(link, _)| *link).collect();
        world.owner.publish_list(world.now);
        lists.push(world.owner.library.list.clone().unwrap());
        let now = world.now();
        world.flat.visit(&world.owner.library, now);
        assert_eq!(world.flat.lock.trust().unwrap().list().number, ListNumber(number));
        for older in &lists[..lists.len() - 1] {
            assert_eq!(world.flat.deliver(older, now), Err(Refusal::Older));
        }
        for (place, held) in held.iter().enumerate() {
            let expected = match place {
                place if place < folded => 400,
                place if place < revoked => 401,
                _ => 0,
            };
            assert_eq!(code(unlock(&mut world, held)), expected, "{place} of {revoked} revoked");
        }
    }
}

#[test]
fn a07_a_clock_that_is_pushed_on_and_back_makes_a_lock_forget_nothing() {
    let mut world = World::new(107);
    let once = counted(&mut world, 1);
    let revoked = uncounted(&mut world);
    let token = Token::decode(&revoked.token).unwrap();
    let id = token.check(&world.owner.origin()).unwrap().links().next().unwrap().id();
    world.owner.revoke([Revoked::from(id)], world.now);
    let now = world.now();
    world.flat.visit(&world.owner.library, now);
    unlock(&mut world, &once).unwrap();
    // Longer tokens are used meanwhile, so that tables change, with what is over by such a clock.
    let month = (START, Seconds::days(30));
    let day = 86_400;
    let before = Time(START.0 - 3_600);
    // Whose day is over by the clock alone is told so; and when it is set back, that he was here.
    let (far, later) = (START.after(20 * day), START.after(3 * day));
    let clocks =
        [(START, 430), (far, 421), (Time(0), 430), (before, 430), (later, 421), (START, 430)];
    for (at, told) in clocks {
        world.now = at;
        let grant = grant(world.flat.id, Rights::of(Right::UNLOCK), month).uses(1).unwrap();
        let longer = world.owner.grant(&world.courier.public(), 0, &grant);
        assert_eq!(code(unlock(&mut world, &longer)), 0, "{at:?}");
        let codes = [&once, &revoked].map(|held| code(unlock(&mut world, held)));
        assert_eq!(codes, [told, 401], "{at:?}");
    }
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
fn a08_without_a_clock_the_floor_alone_knows_what_has_ended() {
    // Break-glass is valid unless it is proven to have ended: by ticks, only the floor proves it.
    let mut world = World::new(208);
    let (phone, now) = (Holder::new(&mut world.rng), Now::ticks(Uptime(5000), 100));
    let unlocking = |days| {
        let valid = (START, Seconds::days(days));
        grant(world.flat.id, Rights::of(Right::UNLOCK), valid)
    };
    let held =
        [1, 3].map(unlocking).map(|grant| world.owner.grant_emergency(&phone.public(), &grant));
    let World { flat, owner, mut rng, .. } = world;
    let mut opens = |door: &mut Door, now| {
        held.each_ref().map(|held| code(visit(door, (held, &phone), Right::UNLOCK, now, &mut rng)))
    };
    let (mut flat, _) = flat.restarted(None, |store| store);
    assert_eq!(opens(&mut flat, now), [0, 0], "nobody has told the lock of a later time");
    let status = owner.attest(START.after(2 * 86_400), None);
    let _challenge = flat.connect(keyward::Channel::Radio, now);
    assert_eq!(flat.deliver(&status, now), Ok(Taken::Time));
    for _ in 0..2 {
        assert_eq!(opens(&mut flat, now), [421, 0]);
        flat = flat.restarted(None, |store| store).0;
    }
}

#[test]
fn a08_no_date_is_a_boundary_but_those_that_are_signed() {
    let day = |number: u64| number * 86_400;
    // 2027-12-31, 2028-01-01, 2028-02-29, 2028-03-01 and the ends of 31 and of 32 bits.
    let (last, first, leap, march) = (day(21_183), day(21_184), day(21_243), day(21_244));
    let scene = |from: u64, until: u64, at: (u64, Option<u64>)| {
        let lasts = u32::try_from(until - from).unwrap();
        Scene::with(|scene| {
            scene.links = vec![Link { valid: Some((from, lasts)), ..Link::grant(0) }];
            (scene.lo, scene.hi) = at;
            let span = (from - 86_400, until + 86_400);
            scene.entries.iter_mut().for_each(|entry| (entry.from, entry.until) = span);
            scene.zone = Some((vec![Transition { at: 0, offset: 60 }], minute(span.1)));
        })
    };
    for edge in [last, first, leap, march, 1 << 31, 1 << 32] {
        let (from, until) = (edge - 900, edge + 900);
        let exactly = |at| judged(&scene(from, until, (at, Some(at))));
        let codes = [from - 1, from, edge - 1, edge, until - 1, until].map(exactly);
        assert_eq!(codes, [420, 0, 0, 0, 0, 421], "around {edge}");
        assert_eq!(judged(&scene(from, edge, (edge, Some(edge)))), 421);
        assert_eq!(judged(&scene(from, edge, (edge - 1, Some(edge)))), 422);
        assert_eq!(judged(&scene(edge, until, (edge - 1, Some(edge)))), 420);
    }
    // An hour ahead of UTC, those dates end and begin an hour before.
    for except in [last, first, leap, march] {
        let except = Dates { first: u32::try_from(except / 86_400).unwrap(), days: 1 };
        let midnight = u64::from(except.first) * 86_400 - 3_600;
        let at = |at| {
            let mut scene = scene(midnight - 86_400, midnight + day(2), (at, Some(at)));
            let all = Window::weekly(Weekdays::ALL, 0, 1_440);
            scene.links[0].schedule = Some((vec![all], vec![except]));
            judged(&scene)
        };
        let edges = [midnight - 1, midnight, midnight + day(1) - 1, midnight + day(1)];
        assert_eq!(edges.map(at), [0, 424, 424, 0], "{except:?}");
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
    let mut window = replay::Window::<1>::restored(Counter(1_000));
    for counter in 900..=1_000 {
        let fault = if counter <= 936 { CounterFault::TooOld } else { CounterFault::Seen };
        assert_eq!(window.mark(Counter(counter)).map(drop), Err(fault), "{counter}");
    }
    assert_eq!(window.mark(Counter(1_001)).map(drop), Ok(()));
}

#[test]
fn a12_no_counter_and_no_distance_rolls_over() {
    let edges = [0, 1, 62, 63, 64, 65, 127, 128, 1 << 31, (1 << 32) - 1, 1 << 63, u64::MAX - 1];
    for first in edges {
        let mut window = replay::Window::<1>::starting(Counter(first)).unwrap();
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
