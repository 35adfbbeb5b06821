//! A lock's life: claimed, used, rotated, recovered, released, claimed by the next owner.

#[path = "life/visit.rs"]
mod visit;

use keyward::{
    Answer, Ask, Caveats, Challenge, Channel, Claimed, Denial, Keyset, Now, Presentation, Refusal,
    Right, Rights, Roles, Seconds, Status, Taken, Target, Time, Valid,
    clock::Quality,
    id::{LockId, Nonce},
    ledger::{Memory, Outcome, Uses},
    status::{ListOrder, Revoked, SerialFloor},
    time::Uptime,
};
use keyward_testkit::world::{
    Clerk, Door, Holder, Owner, START, Settings, World, bundle, door::secret, drawn,
};
use visit::{DAY, Visit, grant, unlock};

impl Visit<'_> {
    /// The same by a holder whose token is of another domain, and whose phone does not care.
    fn at_unknown(
        &self,
        door: &mut Door,
        now: Now,
        rng: &mut chacha20::ChaCha20Rng,
    ) -> Result<(), Answer> {
        let challenge = door.connect(Channel::Radio, now);
        let ask = Ask { lock: door.id(), right: self.right, parameter: b"" };
        let request = self.holder.request(self.held, ask, &challenge, Channel::Radio, rng);
        let (_, verdict) = door.present(&self.holder.present(&request, &[], None), now);
        verdict.map(drop).map_err(|denial| denial.answer())
    }
}

#[test]
fn an_unclaimed_lock_takes_nothing_but_a_claim() {
    let mut world = World::new(1);
    let mut door = Door::new(LockId(*b"new-door"), &mut world.rng);
    let now = world.now();
    let denied = door.lock.challenge([0; 16], Channel::Radio, now);
    assert_eq!(denied.map(drop), Err(Denial::Unclaimed));
    let held = grant(&mut world.owner, world.flat.id, &world.courier, Right::UNLOCK, DAY);
    let challenge = world.flat.connect(Channel::Radio, now);
    let ask = Ask { lock: world.flat.id, right: Right::UNLOCK, parameter: b"" };
    let request = world.courier.request(&held, ask, &challenge, Channel::Radio, &mut world.rng);
    let bytes = world.courier.present(&request, &[], None);
    let presentation = Presentation::decode(&bytes).unwrap();
    let denied = door.lock.verify_unchallenged(&presentation, now).map(drop);
    assert_eq!(denied, Err(Denial::Unclaimed));
    for statement in [&world.owner.library.keyset, &world.owner.library.cards[&world.flat.id]] {
        assert_eq!(door.deliver(statement, now), Err(Refusal::Unclaimed));
    }
    assert_eq!(door.deliver(&world.owner.library.epochs[0], now), Err(Refusal::Unclaimed));
    assert_eq!(door.deliver(&world.owner.attest(START, None), now), Err(Refusal::Unclaimed));
    door.move_in(&mut world.owner, Settings::default(), now);
    let held = grant(&mut world.owner, door.id, &world.courier, Right::UNLOCK, DAY);
    unlock(&held, &world.courier).at(&mut door, now, &mut world.rng).expect("opens");
}

#[test]
fn the_next_owner_sees_nothing_of_the_former() {
    let mut world = World::new(2);
    let now = world.now();
    let mut door = Door::claimed(
        LockId(*b"old-door"),
        &mut world.owner,
        Settings::default(),
        now,
        &mut world.rng,
    );
    let first = door.unclaimed();
    let guest = Holder::new(&mut world.rng);
    let entry = grant(&mut world.owner, door.id, &guest, Right::UNLOCK, DAY);
    let counted = Caveats::narrowing().uses(3).unwrap();
    let entry = guest.delegate(&entry, &guest.public(), 0, &counted);
    let recorded = unlock(&entry, &guest).at(&mut door, now, &mut world.rng).expect("opens");
    assert_eq!(recorded.sequence.0, 3, "behind epoch, keyset and card");
    let used = keyward::Token::decode(&entry.token).unwrap();
    let used = used.check(&world.owner.origin()).unwrap().links().nth(1).unwrap().id();
    assert_eq!(door.lock.memory().uses(&used).spent, 1);

    // Who may open may not give the lock up; who may, does it once.
    let leave = grant(&mut world.owner, door.id, &guest, Right::RELEASE, DAY);
    let release = |held| Visit { held, holder: &guest, right: Right::RELEASE, status: None };
    let denied = release(&entry).at(&mut door, now, &mut world.rng).unwrap_err();
    assert_eq!(denied.code(), 410);
    door.is_open = true;
    release(&leave).at(&mut door, now, &mut world.rng).expect("released");
    assert!(!door.is_open, "it is secured first");
    assert_eq!(door.lock.challenge([9; 16], Channel::Radio, now).err(), Some(Denial::Unclaimed));

    // Nothing is left: no use, no trust; and the lock is another one to everybody.
    assert_eq!(door.lock.memory().uses(&used), Uses::default());
    assert_eq!(door.lock.trust().err(), Some(Denial::Unclaimed));
    let second = door.unclaimed();
    assert!(first.device != second.device && first.nonce != second.nonce);

    // The former owner's public statements claim nothing.
    let claim = door.claim(&world.owner);
    let replayed = bundle(&world.owner.library, door.id, &claim);
    let refused = door.lock.verify_claim(&replayed, true, now).map(drop);
    assert_eq!(refused, Err(Refusal::OtherLife));

    let mut next = Owner::new(world.now, &mut world.rng);
    door.move_in(&mut next, Settings::default(), now);
    let denied = unlock(&entry, &guest).at_unknown(&mut door, now, &mut world.rng);
    assert_eq!(denied, Err(Answer::NeedKeyset));
    let held = grant(&mut next, door.id, &world.courier, Right::UNLOCK, DAY);
    let opened = unlock(&held, &world.courier).at(&mut door, now, &mut world.rng).expect("opens");
    assert_eq!(opened.sequence.0, 3, "the log starts anew, too");
}

#[test]
fn a_release_that_is_not_done_erases_nothing() {
    let mut world = World::new(3);
    let (now, guest) = (world.now(), Holder::new(&mut world.rng));
    let identity = drawn(&world.flat.claim_key.public(), &mut world.rng);
    for (right, outcome, expected) in [
        (Right::RELEASE, Outcome::Jammed, Err(Denial::NotReleased)),
        (Right::UNLOCK, Outcome::Done, Err(Denial::NotReleased)),
        (Right::RELEASE, Outcome::Done, Ok(())),
    ] {
        let held = grant(&mut world.owner, world.flat.id, &guest, right, DAY);
        let Door { lock, .. } = &mut world.flat;
        let mut session = lock.challenge([9; 16], Channel::Radio, now).unwrap();
        let challenge = session.challenge().encode().unwrap().as_bytes().to_vec();
        let ask = Ask { lock: session.challenge().lock, right, parameter: b"" };
        let request = guest.request(&held, ask, &challenge, Channel::Radio, &mut world.rng);
        let bytes = guest.present(&request, &[], None);
        let presentation = Presentation::decode(&bytes).unwrap();
        let permit = lock.verify(&mut session, &presentation, now).unwrap().commit(now).unwrap();
        let released = lock
            .act(permit, now, |_order| outcome)
            .and_then(|acted| lock.release(acted, identity, secret(&identity)).map(drop));
        assert_eq!(released, expected);
        assert_eq!(lock.trust().is_ok(), expected.is_err());
    }
}

#[test]
fn a_wiped_lock_does_not_pass_for_an_untouched_one() {
    let mut world = World::new(4);
    let (now, id) = (world.now(), world.flat.id);
    let card = world.owner.library.cards[&id].clone();
    let card = keyward::Card::decode(&card).unwrap();
    let label = world.flat.label.public();
    let answer = |door: &Door| {
        let draft = door.lock.claimed(&label).unwrap();
        draft.sign(&door.label).unwrap().as_bytes().to_vec()
    };
    let domain = world.owner.held();
    let card = domain.check_card(&card).unwrap();
    let before = answer(&world.flat);
    assert_eq!(Claimed::decode(&before).unwrap().verify(&domain, &card, &label), Ok(()));

    // A box in the middle that kept the list, or brought another keyset, does not pass.
    world.owner.revoke([Revoked([7; 8])], world.now);
    let newer = world.owner.held();
    let checked = Claimed::decode(&before).unwrap().verify(&newer, &card, &label);
    assert_eq!(checked.unwrap_err().code(), 622);

    // Whoever resets it can't keep what was public of this life.
    let same = world.flat.identity();
    let drawn_anew = drawn(&world.flat.claim_key.public(), &mut world.rng);
    for identity in [
        same,
        keyward::lock::Identity { device: same.device, ..drawn_anew },
        keyward::lock::Identity { nonce: same.nonce, ..drawn_anew },
    ] {
        assert_eq!(world.flat.lock.reset(identity, secret(&identity)), Err(Denial::SameLife));
        let other = secret(&drawn_anew);
        assert_eq!(world.flat.lock.reset(identity, other), Err(Denial::SameLife));
    }
    // Nor what was secret.
    assert_eq!(world.flat.lock.reset(drawn_anew, secret(&same)), Err(Denial::SameLife));

    // Somebody opens the housing, resets the lock, and claims it for a domain of his own.
    let identity = drawn(&world.flat.claim_key.public(), &mut world.rng);
    world.flat.lock.reset(identity, secret(&identity)).unwrap();
    let mut thief = Owner::new(world.now, &mut world.rng);
    world.flat.move_in(&mut thief, Settings::default(), now);
    let after = answer(&world.flat);
    let checked = Claimed::decode(&after).unwrap().verify(&domain, &card, &label);
    assert_eq!(checked, Err(Refusal::OtherDevice), "the owner's card names another device");
    let other = Door::new(id, &mut world.rng).label.public();
    let (theirs, card) = (thief.held(), thief.library.cards[&id].clone());
    let card = keyward::Card::decode(&card).unwrap();
    let card = theirs.check_card(&card).unwrap();
    let boxed = Claimed::decode(&after).unwrap().verify(&theirs, &card, &other);
    assert_eq!(boxed.unwrap_err().code(), 622, "a box in the middle has not the printed key");
    let elsewhere = Claimed::decode(&after).unwrap().verify(&domain, &card, &label);
    assert_eq!(elsewhere, Err(Refusal::OtherDomain), "the card is of one domain");
}

#[test]
fn keys_rotate_in_the_middle_of_a_day_and_tokens_live_on() {
    let mut world = World::new(5);
    let held = grant(&mut world.owner, world.flat.id, &world.courier, Right::UNLOCK, DAY);
    let old =
        std::mem::replace(&mut world.owner.issuer, keyward::SigningKey::generate(&mut world.rng));
    let valid = (Time(START.0 - 60), Seconds::days(2));
    world.owner.others.push(Clerk { key: old, roles: Roles::ISSUE, valid });
    world.wait(3600);
    world.owner.publish_keyset(world.now);
    let now = world.now();
    let (taken, challenge) = world.flat.visit(&world.owner.library, now);
    assert_eq!(taken, [Taken::Keyset]);
    assert!(world.owner.library.missing(&Challenge::decode(&challenge).unwrap()).is_empty());
    unlock(&held, &world.courier).at(&mut world.flat, now, &mut world.rng).expect("the old token");
    let fresh = grant(&mut world.owner, world.flat.id, &world.courier, Right::UNLOCK, DAY);
    unlock(&fresh, &world.courier).at(&mut world.flat, now, &mut world.rng).expect("a new one");

    // The next keyset goes without the old key; what it signed goes with it.
    world.owner.others.clear();
    world.owner.publish_keyset(world.now);
    world.flat.visit(&world.owner.library, now);
    let denied = unlock(&held, &world.courier).at(&mut world.flat, now, &mut world.rng);
    assert_eq!(denied.unwrap_err().name(), "UnknownIssuer");
    unlock(&fresh, &world.courier).at(&mut world.flat, now, &mut world.rng).expect("a new one");
}

#[test]
fn stolen_roots_are_recovered_from_by_any_visitor() {
    let mut world = World::new(6);
    let (now, id) = (world.now(), world.flat.id);
    let thief = Holder::new(&mut world.rng);
    // With both roots: a keyset of the top version, dated into the far future, of his own issuer.
    let own: keyward::SigningKey<keyward::role::Issuer> =
        keyward::SigningKey::generate(&mut world.rng);
    let roles = Roles::ISSUE.and(Roles::ATTEST).and(Roles::REVOKE).and(Roles::ENROL);
    let mut clerks = [(own.public(), roles, (Time(0), Seconds(u32::MAX)))];
    let future = Time(START.0 + 10 * 365 * 86_400);
    let forged = world.owner.sign_keyset(u64::MAX, future, &mut clerks);
    assert_eq!(world.flat.deliver(&forged, now), Ok(Taken::Keyset));
    let honest = std::mem::replace(&mut world.owner.issuer, own);
    let stolen = grant(&mut world.owner, id, &thief, Right::UNLOCK, (START, Seconds(u32::MAX)));
    unlock(&stolen, &thief).at(&mut world.flat, now, &mut world.rng).expect("the roots rule");
    world.owner.issuer = honest;
    let denied = grant(&mut world.owner, id, &world.courier, Right::UNLOCK, DAY);
    let denied = unlock(&denied, &world.courier).at(&mut world.flat, now, &mut world.rng);
    assert_eq!(denied.unwrap_err().name(), "UnknownIssuer");

    // The drawer with the cold keys opens; the next visitor carries it in.
    world.owner.new_epoch(world.now, &mut world.rng);
    let (taken, _) = world.flat.visit(&world.owner.library, now);
    assert_eq!(taken, [Taken::Unchanged, Taken::Epoch, Taken::Card]);
    assert_eq!(world.flat.lock.present(now).unwrap().lo(), START, "the floor fell back");
    let fresh = grant(&mut world.owner, id, &world.courier, Right::UNLOCK, DAY);
    unlock(&fresh, &world.courier).at(&mut world.flat, now, &mut world.rng).expect("opens");
    assert_eq!(world.flat.deliver(&forged, now).unwrap_err().name(), "OtherEpoch");
}

#[test]
fn a_lock_many_versions_and_epochs_behind_catches_up_in_one_visit() {
    let mut world = World::new(7);
    for _ in 0..20 {
        world.wait(60);
        world.owner.publish_keyset(world.now);
    }
    let now = world.now();
    assert_eq!(world.street.visit(&world.owner.library, now).0, [Taken::Keyset]);
    for _ in 0..5 {
        world.wait(60);
        world.owner.new_epoch(world.now, &mut world.rng);
    }
    world.owner.publish_keyset(world.now);
    world.owner.publish_card(world.flat.id, world.now);
    let now = world.now();
    let (taken, _) = world.flat.visit(&world.owner.library, now);
    let walked = [Taken::Unchanged; 5].into_iter().chain([Taken::Epoch, Taken::Card]);
    assert_eq!(taken, walked.collect::<Vec<_>>());
    let day = (world.now, Seconds::days(1));
    let held = grant(&mut world.owner, world.flat.id, &world.courier, Right::UNLOCK, day);
    unlock(&held, &world.courier).at(&mut world.flat, now, &mut world.rng).expect("opens");
}

#[test]
fn a_revoked_company_takes_its_couriers_with_it() {
    let mut world = World::new(8);
    let id = world.flat.id;
    let company = grant(&mut world.owner, id, &world.company, Right::UNLOCK, DAY);
    let courier =
        world.company.delegate(&company, &world.courier.public(), 0, &Caveats::narrowing());
    let now = world.now();
    unlock(&courier, &world.courier).at(&mut world.flat, now, &mut world.rng).expect("opens");
    world.owner.revoke([Revoked::from(world.company.public().name())], world.now);
    assert_eq!(world.flat.visit(&world.owner.library, now).0, [Taken::List]);
    let denied = unlock(&courier, &world.courier).at(&mut world.flat, now, &mut world.rng);
    assert_eq!(denied, Err(Denial::KeyRevoked(0)));

    // A serial floor revokes all that the issuer gave before it.
    let other = grant(&mut world.owner, id, &world.courier, Right::UNLOCK, DAY);
    unlock(&other, &world.courier).at(&mut world.flat, now, &mut world.rng).expect("opens");
    let issuer = world.owner.issuer.public().id();
    let first = keyward::id::Serial(2_000_000);
    world.owner.floors = vec![SerialFloor { issuer, first }];
    world.owner.publish_list(world.now);
    world.flat.visit(&world.owner.library, now);
    let denied = unlock(&other, &world.courier).at(&mut world.flat, now, &mut world.rng);
    assert_eq!(denied.unwrap_err().name(), "SerialRevoked");
}

/// A host without a clock: ticks since it was switched on.
fn ticks(seconds: u64) -> Now {
    Now::ticks(Uptime(seconds * 1000), 100)
}

#[test]
fn a_lock_without_a_clock_opens_by_a_status_over_its_nonce_and_not_after_the_window() {
    let mut world = World::new(9);
    let (id, rng) = (LockId(*b"no-clock"), &mut world.rng);
    let mut door = Door::claimed(id, &mut world.owner, Settings::default(), ticks(0), rng);
    let window = (START.after(3600), Seconds::minutes(15));
    let held = grant(&mut world.owner, id, &world.courier, Right::UNLOCK, window);
    let owner = &world.owner;
    let visit = |status| Visit { status: Some(status), ..unlock(&held, &world.courier) };
    let at = |instant: u64| move |nonce: &Nonce| owner.attest(START.after(instant), Some(nonce));
    let (early, within, late) = (at(3_500), at(3_700), at(4_500));
    let denied = visit(&early).at(&mut door, ticks(3_501), rng).unwrap_err();
    assert_eq!(denied.code(), 420, "before the window");
    let denied = unlock(&held, &world.courier).at(&mut door, ticks(3_660), rng).unwrap_err();
    assert_eq!((denied.code(), denied.answer()), (422, Answer::NeedTime));
    let stale = |_: &Nonce| owner.attest(START.after(3600), None);
    let denied = visit(&stale).at(&mut door, ticks(3_660), rng).unwrap_err();
    assert_eq!(denied.code(), 422, "a status over no nonce bounds nothing");
    visit(&within).at(&mut door, ticks(3_701), rng).expect("within it");
    assert_eq!(door.lock.present(ticks(3_701)).unwrap().quality(), Quality::Attested);
    // The ticks carry the time on: no status is needed until the window may have ended.
    unlock(&held, &world.courier).at(&mut door, ticks(4_490), rng).expect("by ticks alone");
    let denied = unlock(&held, &world.courier).at(&mut door, ticks(4_500), rng).unwrap_err();
    assert_eq!(denied.code(), 422);
    let denied = visit(&late).at(&mut door, ticks(4_501), rng).unwrap_err();
    assert_eq!(denied.code(), 421, "after it, by the status's own word");
}

#[test]
fn a_lock_that_slept_for_a_year_wakes_with_the_first_visitor() {
    let mut world = World::new(10);
    let (id, rng) = (LockId(*b"sleeper."), &mut world.rng);
    let mut door = Door::claimed(id, &mut world.owner, Settings::default(), ticks(0), rng);
    let expired = grant(&mut world.owner, id, &world.courier, Right::UNLOCK, DAY);
    let year = START.after(366 * 86_400);
    let fresh =
        grant(&mut world.owner, id, &world.courier, Right::UNLOCK, (year, Seconds::days(1)));
    door.lock.restart();
    let owner = &world.owner;
    let status = |nonce: &Nonce| owner.attest(year.after(60), Some(nonce));
    let visit = |held| Visit { status: Some(&status), ..unlock(held, &world.courier) };
    let denied = visit(&expired).at(&mut door, ticks(1), rng).unwrap_err();
    assert_eq!(denied.code(), 421);
    visit(&fresh).at(&mut door, ticks(2), rng).expect("opens");
    // The battery dies again: the floor stays, the upper bound doesn't.
    door.lock.restart();
    let present = door.lock.present(ticks(1)).unwrap();
    assert_eq!((present.lo(), present.hi()), (year.after(60), None));
    assert_eq!(
        unlock(&fresh, &world.courier).at(&mut door, ticks(1), rng).unwrap_err().code(),
        422
    );
}

#[test]
fn a_restart_ends_all_sessions() {
    let mut world = World::new(11);
    let held = grant(&mut world.owner, world.flat.id, &world.courier, Right::UNLOCK, DAY);
    let now = world.now();
    let challenge = world.flat.connect(Channel::Radio, now);
    let ask = Ask { lock: world.flat.id, right: Right::UNLOCK, parameter: b"" };
    let request = world.courier.request(&held, ask, &challenge, Channel::Radio, &mut world.rng);
    let bytes = world.courier.present(&request, &[], None);
    world.flat.lock.restart();
    assert_eq!(world.flat.present(&bytes, now).1, Err(Denial::NoChallenge));
}

#[test]
fn a_status_alone_brings_the_time_and_a_new_keyset_forgets_its_bound() {
    let mut world = World::new(12);
    let (id, rng) = (LockId(*b"no-clock"), &mut world.rng);
    let mut door = Door::claimed(id, &mut world.owner, Settings::default(), ticks(0), rng);
    let challenge = door.connect(Channel::Radio, ticks(10));
    let nonce = Challenge::decode(&challenge).unwrap().nonce;
    let status = world.owner.attest(START.after(500), Some(&nonce));
    assert_eq!(door.deliver(&status, ticks(12)), Ok(Taken::Time));
    let present = door.lock.present(ticks(12)).unwrap();
    assert_eq!(present.lo(), START.after(500));
    assert_eq!(present.hi(), Some(START.after(504)), "two ticks, drift, and the second after T");
    let present = door.lock.present(ticks(112)).unwrap();
    assert_eq!(present.lo(), START.after(599), "at least, by a clock that may be fast");
    assert_eq!(present.hi(), Some(START.after(604)));

    world.owner.publish_keyset(START.after(550));
    assert_eq!(door.deliver(&world.owner.library.keyset, ticks(112)), Ok(Taken::Keyset));
    let present = door.lock.present(ticks(112)).unwrap();
    assert_eq!((present.lo(), present.hi()), (START.after(599), None));
    // Repeating a status that the ticks have left behind holds no time up.
    let old = world.owner.attest(START.after(510), None);
    for second in 113..=212 {
        assert_eq!(door.deliver(&old, ticks(second)), Ok(Taken::Unchanged));
    }
    assert_eq!(door.lock.present(ticks(212)).unwrap().lo(), START.after(699));
}

#[test]
fn break_glass_needs_neither_clock_nor_store() {
    let mut world = World::new(13);
    let (id, rng) = (LockId(*b"no-clock"), &mut world.rng);
    let mut door = Door::claimed(id, &mut world.owner, Settings::default(), ticks(0), rng);
    let owner_phone = Holder::new(rng);
    let valid = Valid { from: START, lasts: Seconds::days(3650) };
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Lock(id)], valid).unwrap();
    let glass = world.owner.grant_emergency(&owner_phone.public(), &grant);
    unlock(&glass, &owner_phone).at(&mut door, ticks(5), rng).expect("without a clock");

    let anchor = door.lock.anchor().unwrap();
    let guest = self::grant(&mut world.owner, id, &world.courier, Right::UNLOCK, DAY);
    for (held, holder, expected) in
        [(&glass, &owner_phone, Ok(Outcome::Done)), (&guest, &world.courier, Err(200))]
    {
        let mut session = anchor.challenge(Nonce([3; 16]), Channel::Radio, ticks(6));
        let challenge = session.challenge().encode().unwrap().as_bytes().to_vec();
        let ask = Ask { lock: id, right: Right::UNLOCK, parameter: b"" };
        let request = holder.request(held, ask, &challenge, Channel::Radio, rng);
        let bytes = holder.present(&request, &[], None);
        let presentation = Presentation::decode(&bytes).unwrap();
        let open = |session: &mut _| {
            let opened = anchor.open(session, &presentation, ticks(7), |_order| Outcome::Done);
            opened.map_err(|denial| denial.code())
        };
        assert_eq!(open(&mut session), expected);
        if expected.is_ok() {
            assert_eq!(open(&mut session), Err(210), "once a challenge");
            // Nor is a lock's session an anchor's.
            let mut locks = door.lock.challenge([3; 16], Channel::Radio, ticks(6)).unwrap();
            assert_eq!(open(&mut locks), Err(210));
        }
    }
}

#[test]
fn after_an_epoch_a_lock_is_in_no_group_until_its_card_comes() {
    let mut world = World::new(14);
    world.owner.new_epoch(world.now, &mut world.rng);
    let now = world.now();
    let (epoch, keyset) =
        (world.owner.library.epochs.last().unwrap().clone(), world.owner.library.keyset.clone());
    world.flat.connect(Channel::Radio, now);
    assert_eq!(world.flat.deliver(&epoch, now), Ok(Taken::Unchanged), "not without a keyset");
    assert_eq!(world.flat.lock.trust().unwrap().scope().epoch.0, 0);
    assert_eq!(world.flat.deliver(&keyset, now), Ok(Taken::Epoch));
    let valid = Valid { from: START, lasts: Seconds::days(1) };
    let group = [Target::Group(keyward_testkit::world::WAY_IN)];
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &group, valid).unwrap();
    let held = world.owner.grant(&world.courier.public(), 0, &grant);
    let denied = unlock(&held, &world.courier).at(&mut world.flat, now, &mut world.rng);
    assert_eq!(denied.unwrap_err().name(), "OtherTarget");
    assert_eq!(world.flat.visit(&world.owner.library, now).0, [Taken::Card]);
    unlock(&held, &world.courier).at(&mut world.flat, now, &mut world.rng).expect("opens");
}

#[test]
fn a_challenge_tells_a_phone_what_to_bring() {
    let mut world = World::new(15);
    let now = world.now();
    let (taken, challenge) = world.flat.visit(&world.owner.library, now);
    assert!(taken.is_empty(), "nothing is missing");
    assert_eq!(Challenge::decode(&challenge).unwrap().list, ListOrder::NONE);
    world.owner.revoke([Revoked([7; 8])], world.now);
    world.owner.publish_keyset(world.now);
    world.owner.publish_card(world.flat.id, world.now);
    let (taken, challenge) = world.flat.visit(&world.owner.library, now);
    assert_eq!(taken, [Taken::Keyset, Taken::Card, Taken::List]);
    assert!(world.owner.library.missing(&Challenge::decode(&challenge).unwrap()).is_empty());
    // In the wrong order the list waits for its keyset, and says so.
    let list = world.owner.library.list.clone().unwrap();
    let refused = world.street.deliver(&list, now).unwrap_err();
    assert_eq!((refused.name(), refused.answer()), ("KeysetAhead", Answer::NeedKeyset));
    let keyset = Keyset::decode(&world.owner.library.keyset).unwrap();
    let update = world.street.lock.verify_keyset(&keyset, now).unwrap();
    assert_eq!(update.commit(), Ok(Taken::Keyset));
    let list = Status::decode(&list).unwrap();
    assert_eq!(
        world.street.lock.verify_status(&list, None, now).unwrap().commit(),
        Ok(Taken::List)
    );
}

#[test]
fn a_card_that_another_domain_has_checked_is_nothing_here() {
    let mut world = World::new(16);
    let mut other = Owner::new(world.now, &mut world.rng);
    let settings = Settings { groups: vec![keyward_testkit::world::WAY_IN], unchallenged: true };
    other.enrol(world.flat.unclaimed(), world.flat.id, settings, world.now);
    let (mine, theirs) = (world.owner.held(), other.held());
    let card = keyward::Card::decode(&other.library.cards[&world.flat.id]).unwrap();
    let checked = theirs.check_card(&card).unwrap();
    assert_eq!(mine.trust(&checked).err(), Some(Refusal::OtherDomain));
    assert!(theirs.trust(&checked).is_ok());
}
