//! What is tried with a phone, a radio or a battery pull before the door.

use keyward::{
    Answer, Ask, Caveats, Channel, Denial, Now, Presentation, Receipt, Request, Right, Rights,
    Seconds, SignatureFault, Target, Time, Valid,
    denial::Place,
    id::{LockId, Nonce},
    ledger::Outcome,
    receipt::{Break, Event, Head, Log},
    time::Uptime,
};
use keyward_testkit::{
    scene::{Link, Mode, Scene},
    stores::{Mood, Moody},
    world::{Door, Holder, START, Settings, World},
};

use crate::common::{
    DAY, asked, code, counted, counting, denied, grant, orders, uncounted, unlock, unlocking, visit,
};

#[test]
fn a01_a_second_entry_behind_a_frozen_camera_is_denied_and_told() {
    let mut world = World::new(101);
    let camera = world.camera.key.public();
    let grant = unlocking(&world).witness(1, &[camera]).unwrap();
    let unspent = world.owner.grant(&world.courier.public(), 1, &grant);
    let held = world.owner.grant(&world.courier.public(), 1, &grant.uses(1).unwrap());
    let now = world.now();
    let World { flat, courier, camera, rng, .. } = &mut world;
    let request = asked(flat, (&held, courier), Right::UNLOCK, now, rng);
    let seen = camera.agree(&request).unwrap();
    flat.present(&courier.present(&request, std::slice::from_ref(&seen), None), now).1.unwrap();

    camera.recording = false;
    let request = asked(flat, (&unspent, courier), Right::UNLOCK, now, rng);
    assert_eq!(camera.agree(&request), None);
    let unseen = flat.present(&courier.present(&request, &[], None), now).1;
    assert_eq!(code(unseen), 441, "nobody enters unseen, though nothing is used up");
    let request = asked(flat, (&unspent, courier), Right::UNLOCK, now, rng);
    let replayed = flat.present(&courier.present(&request, &[seen], None), now).1;
    assert_eq!(code(replayed), 302, "what the camera said was of another request");
    camera.recording = true;
    let request = asked(flat, (&held, courier), Right::UNLOCK, now, rng);
    let seen = camera.agree(&request).unwrap();
    let again = flat.present(&courier.present(&request, &[seen], None), now).1;
    assert_eq!(code(again), 430, "nor twice before it");
    flat.secure();
    let log = flat.log(now);
    let receipts: Vec<_> =
        log.iter().map(|entry| keyward::Entry::decode(entry).unwrap().receipt).collect();
    let of = |log| receipts.iter().filter(move |receipt| receipt.unverified().event.log() == log);
    for log in [Log::Events, Log::Denials] {
        let walked = of(log).try_fold(Head::START, |head, receipt| head.step(receipt));
        assert_eq!(walked, Ok(flat.lock.head(log)), "no entry is missing");
    }
    let opened =
        |receipt: &&Receipt<'_>| matches!(receipt.unverified().event, Event::Opening { .. });
    assert_eq!(of(Log::Events).filter(opened).count(), 1);
    let denied = of(Log::Denials).map(|receipt| receipt.unverified().event).collect::<Vec<_>>();
    assert_eq!(denied, [Event::Denials { count: 3 }], "nor are the denials unsaid");
}

#[test]
fn a02_a_door_relocks_without_a_network_and_silence_proves_nothing() {
    let mut world = World::new(102);
    let grant = unlocking(&world).max_open(Seconds(30)).unwrap();
    let held = world.owner.grant(&world.courier.public(), 0, &grant);
    // What the phone brings home of the opening says nothing of whether the door was locked.
    let now = world.now();
    let World { flat, courier, owner, rng, .. } = &mut world;
    let opening = asked(flat, (&held, courier), Right::UNLOCK, now, rng);
    let recorded = flat.present(&courier.present(&opening, &[], None), now).1.unwrap();
    let receipt = flat.receipt(&recorded);
    let locking = asked(flat, (&held, courier), Right::LOCK, now, rng);
    let (domain, card) = (owner.held(), keyward::Card::decode(&owner.library.cards[&flat.id]));
    let card = domain.check_card(card.as_ref().unwrap()).unwrap();
    let told = [&opening, &locking].map(|request| {
        let core = Request::decode(request).unwrap().core().unwrap();
        Receipt::decode(&receipt).unwrap().outcome_of(&core, &card).ok()
    });
    assert_eq!(told, [Some(Outcome::Done), None], "no receipt, no state");
    assert_eq!(world.flat.lock.relock_within(world.now()), Some(Seconds(30)));
    world.wait(31);
    assert_eq!(world.flat.lock.relock_within(world.now()), Some(Seconds(0)), "due");
    let now = world.now();
    let (mut flat, _) = world.flat.restarted(None, |store| store);
    assert_eq!(flat.lock.relock_within(now), Some(Seconds(0)), "a battery pull ends no duty");
    flat.secure();
    assert_eq!((flat.is_open, flat.lock.relock_within(now)), (false, None));
}

#[test]
fn a03_who_keeps_a_revocation_from_the_lock_is_stopped_by_the_next_visitor_or_by_fresh() {
    let mut world = World::new(103);
    let held = uncounted(&mut world);
    world.owner.revoke([world.courier.public().name().into()], world.now);
    unlock(&mut world, &held).expect("the lock can't know yet");
    let now = world.now();
    world.flat.visit(&world.owner.library, now);
    assert_eq!(code(unlock(&mut world, &held)), 402, "any other phone has brought the list");
    // Who demands a status needs no other visitor.
    let grant = grant(world.street.id, Rights::of(Right::UNLOCK), DAY).fresh(Seconds(60)).unwrap();
    let other = Holder::new(&mut world.rng);
    let held = world.owner.grant(&other.public(), 0, &grant);
    let World { street, rng, .. } = &mut world;
    assert_eq!(code(visit(street, (&held, &other), Right::UNLOCK, now, rng)), 450);
    denied(&["status_missing", "status_too_old", "status_self_attested"]);
}

#[test]
fn a04_every_subset_of_a_log_that_is_left_out_is_noticed() {
    let mut world = World::new(104);
    let held = counted(&mut world, 9);
    for _ in 0..3 {
        unlock(&mut world, &held).unwrap();
    }
    let now = world.now();
    let log = world.flat.log(now);
    let head = world.flat.lock.head(Log::Events);
    let receipts: Vec<_> =
        log.iter().map(|entry| keyward::Entry::decode(entry).unwrap().receipt).collect();
    let walk = |which: &dyn Fn(usize) -> bool| {
        let kept = receipts.iter().enumerate().filter(|(place, _)| which(*place));
        kept.map(|(_, receipt)| receipt).try_fold(Head::START, |head, receipt| head.step(receipt))
    };
    assert_eq!(walk(&|_| true), Ok(head));
    for subset in 0..(1 << receipts.len()) - 1 {
        let which = |place: usize| subset >> place & 1 == 1;
        assert_ne!(walk(&which), Ok(head), "{subset:b}");
    }
    for place in 1..receipts.len() {
        let (one, other) = (&receipts[place - 1], &receipts[place]);
        assert_eq!(Head::behind(other).step(one), Err(Break::Behind), "another order");
        if let Some(next) = receipts.get(place + 1) {
            assert_eq!(Head::behind(one).step(next), Err(Break::Gap), "one is left out");
        }
    }
    // The same entries of another life, each with its number: none fits, and none fits behind it.
    let mut other = World::new(204);
    let held = counted(&mut other, 9);
    for _ in 0..3 {
        unlock(&mut other, &held).unwrap();
    }
    let forged = other.flat.log(now);
    assert_eq!(forged.len(), log.len());
    for (place, forged) in forged.iter().enumerate().skip(1) {
        let forged = keyward::Entry::decode(forged).unwrap().receipt;
        let before = Head::behind(&receipts[place - 1]);
        assert_eq!(before.step(&forged), Err(Break::Hash), "a foreign entry at {place}");
        if let Some(next) = receipts.get(place + 1) {
            assert_eq!(Head::behind(&forged).step(next), Err(Break::Hash));
        }
    }
}

#[test]
fn a09_time_that_stood_still_opens_nothing_once_the_host_says_so() {
    let mut world = World::new(109);
    let ticks = |seconds: u64| Now::ticks(Uptime(seconds * 1000), 100);
    let (id, rng) = (LockId(*b"no-clock"), &mut world.rng);
    let mut door = Door::claimed(id, &mut world.owner, Settings::default(), ticks(0), rng);
    let valid = (START, Seconds::minutes(15));
    let grant = grant(id, Rights::of(Right::UNLOCK), valid);
    let held = world.owner.grant(&world.courier.public(), 0, &grant);
    let challenge = door.connect(Channel::Radio, ticks(1));
    let nonce = keyward::Challenge::decode(&challenge).unwrap().nonce;
    door.deliver(&world.owner.attest(START.after(10), Some(&nonce)), ticks(2)).unwrap();
    let mut opens = |door: &mut Door, now| {
        code(visit(door, (&held, &world.courier), Right::UNLOCK, now, &mut world.rng))
    };
    assert_eq!(opens(&mut door, ticks(3)), 0);
    assert_eq!(opens(&mut door, ticks(890)), 422, "by then it may have ended");
    // The limitation: ticks that stood still while it slept are believed until its host says so.
    assert_eq!(opens(&mut door, ticks(3)), 0);
    // Then nothing bounds the present any more.
    door.lock.restart();
    assert_eq!(opens(&mut door, ticks(3)), 422);
    denied(&["challenge_of_thirty_seconds_and_a_bit"]);
}

#[test]
fn a13_power_cut_between_accept_and_persist() {
    let mut world = World::new(113);
    let held = counted(&mut world, 1);
    let now = world.now();
    let World { mut flat, courier, mut rng, .. } = world;
    // Before the commit: nothing is spent, and nothing can move.
    let mut session = flat.lock.challenge([1; 16], Channel::Radio, now).unwrap();
    let challenge = session.challenge().encode().unwrap();
    let ask = Ask { lock: flat.id, right: Right::UNLOCK, parameter: b"" };
    let request = courier.request(&held, ask, challenge.as_bytes(), Channel::Radio, &mut rng);
    let bytes = courier.present(&request, &[], None);
    let presentation = Presentation::decode(&bytes).unwrap();
    drop(flat.lock.verify(&mut session, &presentation, now).unwrap());
    let (mut flat, _) = flat.restarted(None, |store| store);
    // Behind it: the use is spent, though the bolt never moved.
    let mut session = flat.lock.challenge([2; 16], Channel::Radio, now).unwrap();
    let challenge = session.challenge().encode().unwrap();
    let request = courier.request(&held, ask, challenge.as_bytes(), Channel::Radio, &mut rng);
    let bytes = courier.present(&request, &[], None);
    let presentation = Presentation::decode(&bytes).unwrap();
    drop(flat.lock.verify(&mut session, &presentation, now).unwrap().commit(now).unwrap());
    let (mut flat, _) = flat.restarted(None, |store| store);
    assert!(!flat.is_open);
    let again = visit(&mut flat, (&held, &courier), Right::UNLOCK, now, &mut rng);
    assert_eq!(again, Err(Denial::UsesSpent { link: 0, spent: 1, limit: 1 }));
}

#[test]
fn a15_what_was_jammed_and_recorded_opens_nothing_later() {
    let mut world = World::new(115);
    let held = uncounted(&mut world);
    let now = world.now();
    let World { flat, courier, rng, .. } = &mut world;
    let recorded: Vec<_> = (0..4)
        .map(|_| {
            let request = asked(flat, (&held, courier), Right::UNLOCK, now, rng);
            courier.present(&request, &[], None)
        })
        .collect();
    // The last got through, and was recorded as well: it opens once.
    assert_eq!(code(flat.present(&recorded[3], now).1), 0);
    assert_eq!(code(flat.present(&recorded[3], now).1), 210, "its challenge is spent");
    flat.secure();
    // In every order, at every time, by a clock that is set back too; a session for all, or each.
    let wrong = Err(Denial::HolderSignature(SignatureFault::Mismatch));
    let later = [0, 29, 31, 3_600, 40 * 86_400].map(|seconds| START.after(seconds));
    for at in later.into_iter().chain([Time(0), START]) {
        let now = Now::exactly(at);
        for (order, each) in orders(4).iter().flat_map(|order| [(order, false), (order, true)]) {
            let _challenge = flat.connect(Channel::Radio, now);
            for which in order {
                if each {
                    let _challenge = flat.connect(Channel::Radio, now);
                }
                let replayed = flat.present(&recorded[*which], now).1;
                assert_eq!(replayed, wrong, "{which} of {order:?} at {at:?}");
            }
        }
    }
    assert!(!flat.is_open);
    // Nor do they spend the challenge of whoever stands there.
    let request = asked(flat, (&held, courier), Right::UNLOCK, now, rng);
    for bytes in &recorded {
        assert_eq!(flat.present(bytes, now).1, wrong);
    }
    assert_eq!(code(flat.present(&courier.present(&request, &[], None), now).1), 0);
}

#[test]
fn a15_what_was_jammed_without_a_challenge_opens_once_until_it_is_late() {
    let mut world = World::new(116);
    let now = world.now();
    let World { owner, courier, rng, .. } = &mut world;
    let settings = Settings { unchallenged: true, ..Settings::default() };
    let mut door = Door::claimed(LockId(*b"overhear"), owner, settings, now, rng);
    let held = owner.grant(&courier.public(), 0, &grant(door.id, Rights::of(Right::UNLOCK), DAY));
    let recorded = [1, 2, 3, 4].map(|counter| counting(door.id, &held, counter, START, courier));
    let plays = |door: &mut Door, which: usize, at: Time| {
        let presentation = Presentation::decode(&recorded[which]).unwrap();
        let verified = door.lock.verify_unchallenged(&presentation, Now::exactly(at));
        let committed = verified.and_then(|verified| verified.commit(Now::exactly(at)).map(drop));
        committed.map_or_else(|denial| denial.code(), |()| 0)
    };
    // The last got through; so does one that was jammed before it, once: SECURITY.md says so.
    assert_eq!([3, 1].map(|which| plays(&mut door, which, START.after(1))), [0, 0]);
    // In every order what opened is spent, and no run of older counters brings the lock back.
    for order in orders(4) {
        for which in order.into_iter().filter(|which| [1, 3].contains(which)) {
            assert_eq!(plays(&mut door, which, START.after(2)), 470, "{which}");
        }
    }
    // What is still jammed when its minute is over opens nothing more.
    for (seconds, denied) in [(60, 473), (900, 473), (901, 472), (3_600, 472), (61, 473)] {
        let at = START.after(seconds);
        assert_eq!([0, 2].map(|which| plays(&mut door, which, at)), [denied; 2], "{at:?}");
    }
}

#[test]
fn a16_a_token_that_demands_ranging_is_not_served_by_radio() {
    denied(&["ranged_demanded_and_radio_asserted"]);
    // What was signed for one channel is nothing on another.
    let scene = Scene::default();
    let bytes = scene.presentation();
    for channel in [Channel::Remote, Channel::Contact, Channel::Ranged] {
        let moved = Scene::with(|scene| scene.mode = Mode::Challenged { age: Some(0), channel });
        assert_eq!(moved.judge(&bytes).unwrap_err().code(), 300);
    }
}

#[test]
fn a17_one_request_does_one_thing() {
    let rights = [0, 1, 2, 3, 4, 5].map(|bit| Right::new(bit).unwrap());
    for granted in rights {
        for asked in rights {
            let scene = Scene::with(|scene| {
                scene.links = vec![Link { rights: Some(1 << granted.bit()), ..Link::grant(0) }];
                scene.right = asked;
            });
            let denied = Denial::RightNotGranted(Place::Link(0));
            let expected = if granted == asked { Ok(()) } else { Err(denied) };
            assert_eq!(scene.verdict().map(drop), expected, "{granted:?}, {asked:?}");
        }
    }
    // Nothing is left open behind an opening.
    let mut world = World::new(117);
    let held = uncounted(&mut world);
    unlock(&mut world, &held).unwrap();
    let now = world.now();
    let World { flat, courier, rng, .. } = &mut world;
    for right in [Right::LOCK, Right::HOLD_OPEN, Right::READ_LOG, Right::RELEASE] {
        assert_eq!(code(visit(flat, (&held, courier), right, now, rng)), 410);
    }
}

#[test]
fn a31_strangers_burn_nothing_and_two_phones_go_side_by_side() {
    let mut world = World::new(131);
    let held = counted(&mut world, 3);
    let stranger = Holder::new(&mut world.rng);
    let now = world.now();
    let World { owner, flat, courier, rng, .. } = &mut world;
    let before = format!("{:?} {:?}", flat.lock.memory(), flat.lock.head(Log::Events));
    let request = asked(flat, (&held, courier), Right::UNLOCK, now, rng);
    for _ in 0..100 {
        assert_eq!(code(flat.present(&stranger.forge(&request, &[], None), now).1), 300);
    }
    assert_eq!(before, format!("{:?} {:?}", flat.lock.memory(), flat.lock.head(Log::Events)));
    flat.present(&courier.present(&request, &[], None), now).1.expect("the session is still his");
    // Two phones of one token's holder have a chain each, and lock each other out of nothing.
    let phones = [Holder::new(rng), Holder::new(rng)];
    let child = |phone: &Holder| courier.delegate(&held, &phone.public(), 0, &Caveats::narrowing());
    let held = [child(&phones[0]), child(&phones[1])];
    assert_eq!(code(visit(flat, (&held[0], &phones[0]), Right::UNLOCK, now, rng)), 0);
    assert_eq!(code(visit(flat, (&held[1], &phones[1]), Right::UNLOCK, now, rng)), 0);
    assert_eq!(code(visit(flat, (&held[0], &phones[0]), Right::UNLOCK, now, rng)), 430, "of 3");
    // Nor do their counters, whoever forges higher ones in between.
    let settings = Settings { unchallenged: true, ..Settings::default() };
    let mut door = Door::claimed(LockId(*b"counting"), owner, settings, now, rng);
    let grant = grant(door.id, Rights::of(Right::UNLOCK), DAY);
    let held = owner.grant(&courier.public(), 1, &grant);
    let child = |phone: &Holder| courier.delegate(&held, &phone.public(), 0, &Caveats::narrowing());
    let held = [child(&phones[0]), child(&phones[1])];
    let counts = |door: &mut Door, which: usize, counter: u64, key: &Holder| {
        let bytes = counting(door.id, &held[which], counter, START, key);
        let presentation = Presentation::decode(&bytes).unwrap();
        let verified = door.lock.verify_unchallenged(&presentation, now);
        let committed = verified.and_then(|verified| verified.commit(now).map(drop));
        committed.map_or_else(|denial| denial.code(), |()| 0)
    };
    for counter in [7, 3, 500, 499] {
        for which in [0, 1] {
            assert_eq!(counts(&mut door, which, u64::MAX - 1, &stranger), 300, "forged");
            assert_eq!(counts(&mut door, which, counter, &phones[which]), 0, "{counter}");
            assert_eq!(counts(&mut door, which, counter, &phones[which]), 470, "again");
        }
    }
}

#[test]
fn a34_a_receipt_is_believed_whole_or_not_at_all() {
    let mut world = World::new(134);
    let held = uncounted(&mut world);
    let now = world.now();
    let World { flat, courier, rng, owner, .. } = &mut world;
    let request = asked(flat, (&held, courier), Right::UNLOCK, now, rng);
    let recorded = flat.present(&courier.present(&request, &[], None), now).1.unwrap();
    let receipt = flat.receipt(&recorded);
    let core = Request::decode(&request).unwrap().core().unwrap();
    // A third party has what is public: the domain's statements and the card.
    let domain = owner.held();
    let card = keyward::Card::decode(&owner.library.cards[&flat.id]).unwrap();
    let card = domain.check_card(&card).unwrap();
    let believed = |bytes: &[u8]| {
        Receipt::decode(bytes).ok().and_then(|receipt| receipt.outcome_of(&core, &card).ok())
    };
    assert_eq!(believed(&receipt), Some(Outcome::Done));
    for bit in 0..receipt.len() * 8 {
        let mut forged = receipt.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(believed(&forged), None, "bit {bit}");
    }
}

#[test]
fn a36_with_clock_and_store_dead_the_owner_opens_and_the_guest_does_not() {
    let mut world = World::new(136);
    let (now, phone) = (Now::ticks(Uptime(5000), 100), Holder::new(&mut world.rng));
    let id = LockId(*b"dead-one");
    let mut door: Door<Moody> = Door::over(id, Moody::new(), &mut world.rng);
    door.move_in(&mut world.owner, Settings::default(), now);
    let valid = Valid { from: START, lasts: Seconds::days(3650) };
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Lock(id)], valid).unwrap();
    let glass = world.owner.grant_emergency(&phone.public(), &grant);
    let guest = world.owner.grant(&world.courier.public(), 0, &grant);
    let ended = self::grant(id, Rights::of(Right::UNLOCK), DAY);
    let ended = world.owner.grant_emergency(&phone.public(), &ended);
    door.deliver(&world.owner.attest(START.after(2 * 86_400), None), now).unwrap();
    let denied = visit(&mut door, (&ended, &phone), Right::UNLOCK, now, &mut world.rng);
    assert_eq!(code(denied), 421);
    let anchor = door.lock.anchor().unwrap();
    // The store dies under the lock: with it nobody comes in, and at the next start neither.
    door.lock.store().mood.set(Mood::Fails);
    for (held, holder) in [(&glass, &phone), (&guest, &world.courier)] {
        let told = Now { uptime: now.uptime, ..Now::exactly(START.after(2 * 86_400)) };
        let came = visit(&mut door, (held, holder), Right::UNLOCK, told, &mut world.rng);
        assert_eq!(came, Err(Denial::StoreFailed));
        assert!(!door.is_open);
    }
    door.lock.store().mood.set(Mood::Dead);
    let (mut door, restored) = door.restarted(None, |store| store);
    assert_eq!(restored, Err(Denial::StoreFailed));
    let challenge = door.lock.challenge([0; 16], Channel::Radio, now);
    assert_eq!(challenge.err(), Some(Denial::NotRestored));
    // What the host keeps apart knows the emergency key, no issuer, and not what has ended.
    let cases = [
        (&glass, &phone, Ok(Outcome::Done)),
        (&ended, &phone, Ok(Outcome::Done)),
        (&guest, &world.courier, Err(200)),
    ];
    for (held, holder, opens) in cases {
        let mut session = anchor.challenge(Nonce([3; 16]), Channel::Radio, now);
        let challenge = session.challenge().encode().unwrap();
        let ask = Ask { lock: id, right: Right::UNLOCK, parameter: b"" };
        let (challenge, channel) = (challenge.as_bytes(), Channel::Radio);
        let request = holder.request(held, ask, challenge, channel, &mut world.rng);
        let bytes = holder.present(&request, &[], None);
        let presentation = Presentation::decode(&bytes).unwrap();
        let opened = anchor.open(&mut session, &presentation, now, |_order| Outcome::Done);
        assert_eq!(opened.map_err(|denial| denial.code()), opens);
    }
    assert_eq!(Denial::StoreFailed.answer(), Answer::Denied, "strangers learn nothing of it");
}
