//! What a thief of an issuer of the keyset can do: one that grants, attests, revokes or enrols.

use keyward::{
    Ask, Caveats, Channel, Now, Origin, Presentation, Refusal, Request, Right, Rights, Seconds,
    SigningKey, Taken, Target, Time, Token, Valid, card,
    id::{ClaimNonce, Counter, Nonce, Serial},
    ledger::Outcome,
    lock::Anchor,
    schedule::{Weekdays, Window},
    seal::OpeningKey,
    status::{Revoked, SerialFloor},
    time::Uptime,
};
use keyward_testkit::world::{Capability, Door, Holder, START, Settings, WAY_IN, World};

use crate::{
    Answer, CELLARS, DAY, UNTIL, asks, asks_at, brings, courier,
    forged::{self, card, granted, list, status},
    glass, lo, unlock, visited,
};

#[test]
fn a_thief_of_an_issuer_grants_and_releases_until_a_keyset_drops_it() {
    let mut world = World::new(104);
    let stolen = SigningKey::from_secret(world.owner.issuer.expose_secret());
    let thief = Holder::new(&mut world.rng);
    let held = granted(&world, &stolen, u64::MAX, &thief, Rights(u32::MAX));
    assert_eq!(asks(&mut world, &held, &thief, Right::UNLOCK), Ok(()));
    // What isn't of his role.
    let list = list(&world, &stolen, ((1, 1), START.0), &[], &[]);
    assert_eq!(brings(&mut world, &list), Err("WrongRole"));
    let status = status(&world, &stolen, START.0 + 60, None);
    assert_eq!(brings(&mut world, &status), Err("WrongRole"));
    let card = card(&world, &stolen, (1, 9), |_| {});
    assert_eq!(brings(&mut world, &card), Err("WrongRole"));
    // No floor is above the last serial.
    let issuer = stolen.public().id();
    world.owner.floors = vec![SerialFloor { issuer, first: Serial(u64::MAX) }];
    world.owner.publish_list(world.now);
    assert_eq!(visited(&mut world), [Taken::List]);
    assert_eq!(asks(&mut world, &held, &thief, Right::UNLOCK), Ok(()));
    // He may give a lock up: it opens for nobody then, until it is claimed by the key in its box.
    let mut other = World::new(104);
    assert_eq!(asks(&mut other, &held, &thief, Right::RELEASE), Ok(()));
    assert_eq!(other.flat.lock.trust().err(), Some(keyward::Denial::Unclaimed));

    world.owner.issuer = SigningKey::generate(&mut world.rng);
    world.owner.publish_keyset(world.now);
    assert_eq!(visited(&mut world), [Taken::Keyset, Taken::List]);
    assert_eq!(asks(&mut world, &held, &thief, Right::UNLOCK), Err("UnknownIssuer"));
}

#[test]
fn a_thief_of_an_attester_drives_time_on_until_the_next_epoch() {
    let mut world = World::new(105);
    let stolen = SigningKey::from_secret(world.owner.attester.expose_secret());
    let (courier, held) = courier(&mut world);
    let beyond = status(&world, &stolen, UNTIL, None);
    assert_eq!(brings(&mut world, &beyond), Err("TimeOutside"));
    let latest = status(&world, &stolen, UNTIL - 1, None);
    assert_eq!(brings(&mut world, &latest), Ok(Taken::Time));
    assert_eq!(lo(&world), UNTIL - 1, "ahead of the lock's own clock");
    assert_eq!(asks(&mut world, &held, &courier, Right::UNLOCK), Err("Expired"));
    // Whoever needs a fresh status finds each honest one too old, whatever his own time.
    let guest = Holder::new(&mut world.rng);
    let valid = Valid { from: START, lasts: Seconds::days(3650) };
    let grant = Caveats::grant(unlock(), &[Target::Lock(world.flat.id)], valid).unwrap();
    let grant = grant.fresh(Seconds(60)).unwrap();
    let held_fresh = world.owner.grant(&guest.public(), 0, &grant);
    let honest = world.owner.attest(world.now, None);
    let now = world.now();
    let challenge = world.flat.connect(Channel::Radio, now);
    let ask = Ask { lock: world.flat.id, right: Right::UNLOCK, parameter: b"" };
    let request = guest.request(&held_fresh, ask, &challenge, Channel::Radio, &mut world.rng);
    let refused = world.flat.present(&guest.present(&request, &[], Some(&honest)), now).1;
    assert_eq!(refused.map(drop).map_err(|denial| denial.name()), Err("StatusStale"));
    // He grants nothing and revokes nothing.
    let thief = Holder::new(&mut world.rng);
    let own = granted(&world, &stolen, 1, &thief, unlock());
    assert_eq!(asks(&mut world, &own, &thief, Right::UNLOCK), Err("NotAnIssuer"));
    let empty = list(&world, &stolen, ((1, 1), START.0), &[], &[]);
    assert_eq!(brings(&mut world, &empty), Err("WrongRole"));

    // A keyset without him stops him, and leaves the time where he drove it.
    world.owner.attester = SigningKey::generate(&mut world.rng);
    world.owner.publish_keyset(world.now);
    assert_eq!(visited(&mut world), [Taken::Keyset]);
    let again = status(&world, &stolen, UNTIL - 1, None);
    assert_eq!(brings(&mut world, &again), Err("UnknownIssuer"));
    assert_eq!(asks(&mut world, &held, &courier, Right::UNLOCK), Err("Expired"));
    world.owner.new_epoch(world.now, &mut world.rng);
    visited(&mut world);
    let (courier, held) = self::courier(&mut world);
    assert_eq!(asks(&mut world, &held, &courier, Right::UNLOCK), Ok(()));
}

#[test]
fn a_thief_of_an_attester_is_the_clock_of_a_lock_that_has_none_until_a_keyset_drops_it() {
    let mut world = World::new(106);
    let stolen = SigningKey::from_secret(world.owner.attester.expose_secret());
    let ticks = |seconds: u64| Now::ticks(Uptime(seconds * 1000), 0);
    let (id, rng) = (keyward::id::LockId(*b"no-clock"), &mut world.rng);
    let mut door = Door::claimed(id, &mut world.owner, Settings::default(), ticks(0), rng);
    door.lock.restart();
    let courier = Holder::new(rng);
    let valid = Valid { from: START, lasts: Seconds::minutes(15) };
    let grant = Caveats::grant(unlock(), &[Target::Lock(id)], valid).unwrap();
    let held = world.owner.grant(&courier.public(), 0, &grant);
    // A month later: it ended long ago, and the lock can't know.
    let rng = &mut world.rng;
    let denied = asks_at(&mut door, ticks(30), &held, &courier, Right::UNLOCK, rng);
    assert_eq!(denied, Err("MayHaveExpired"));
    let challenge = door.connect(Channel::Radio, ticks(30));
    let nonce = keyward::Challenge::decode(&challenge).unwrap().nonce;
    let lie = status(&world, &stolen, START.0 + 60, Some(&nonce));
    assert_eq!(door.deliver(&lie, ticks(30)), Ok(Taken::Time));
    let rng = &mut world.rng;
    assert_eq!(asks_at(&mut door, ticks(31), &held, &courier, Right::UNLOCK, rng), Ok(()));
    // The bound goes with him, and the lock knows no more than that the keyset is signed.
    world.owner.attester = SigningKey::generate(rng);
    world.owner.publish_keyset(START.after(30 * DAY));
    door.visit(&world.owner.library, ticks(32));
    let rng = &mut world.rng;
    let denied = asks_at(&mut door, ticks(33), &held, &courier, Right::UNLOCK, rng);
    assert_eq!(denied, Err("MayHaveExpired"));
    assert_eq!(door.deliver(&lie, ticks(33)), Err(Refusal::UnknownIssuer(stolen.public().id())));
}

#[test]
fn a_thief_of_an_attester_calls_an_old_list_new_until_a_keyset_drops_it() {
    let mut world = World::new(113);
    let stolen = SigningKey::from_secret(world.owner.attester.expose_secret());
    let dismissed = Holder::new(&mut world.rng);
    let valid = Valid { from: START, lasts: Seconds::days(1) };
    let grant = Caveats::grant(unlock(), &[Target::Lock(world.flat.id)], valid).unwrap();
    let grant = grant.fresh(Seconds(60)).unwrap();
    let held = world.owner.grant(&dismissed.public(), 0, &grant);
    let old = status(&world, &stolen, START.0, None);
    let asks = |world: &mut World, status: &[u8]| {
        let now = world.now();
        let challenge = world.flat.connect(Channel::Radio, now);
        let ask = Ask { lock: world.flat.id, right: Right::UNLOCK, parameter: b"" };
        let request = dismissed.request(&held, ask, &challenge, Channel::Radio, &mut world.rng);
        let presentation = dismissed.present(&request, &[], Some(status));
        world.flat.present(&presentation, now).1.map(drop).map_err(|denial| denial.name())
    };
    // The list that names him is kept from the lock.
    world.owner.revoke([Revoked::from(dismissed.public().name())], world.now);
    let honest = world.owner.attest(START, None);
    assert_eq!(asks(&mut world, &honest), Err("StatusAhead"));
    assert_eq!(asks(&mut world, &old), Ok(()));
    world.owner.attester = SigningKey::generate(&mut world.rng);
    world.owner.publish_keyset(world.now);
    let keyset = world.owner.library.keyset.clone();
    assert_eq!(brings(&mut world, &keyset), Ok(Taken::Keyset));
    assert_eq!(asks(&mut world, &old), Err("StatusUnknownIssuer"));
}

#[test]
fn a_thief_of_a_revoker_revokes_and_restores_until_a_keyset_and_its_list() {
    let mut world = World::new(107);
    let stolen = SigningKey::from_secret(world.owner.revoker.expose_secret());
    let ((courier, held), (owner, paper)) = (courier(&mut world), glass(&mut world));
    let (dismissed, old) = self::courier(&mut world);
    world.owner.revoke([Revoked::from(dismissed.public().name())], world.now);
    visited(&mut world);
    assert_eq!(asks(&mut world, &old, &dismissed, Right::UNLOCK), Err("KeyRevoked"));
    // He restores whom the owner revoked, and shuts out everybody else, break-glass too.
    let mut shut = [courier.public().name(), owner.public().name()].map(Revoked::from);
    shut.sort();
    let mine = list(&world, &stolen, ((1, u64::MAX), START.0), &shut, &[]);
    assert_eq!(brings(&mut world, &mine), Ok(Taken::List));
    assert_eq!(asks(&mut world, &old, &dismissed, Right::UNLOCK), Ok(()));
    assert_eq!(asks(&mut world, &held, &courier, Right::UNLOCK), Err("KeyRevoked"));
    assert_eq!(asks(&mut world, &paper, &owner, Right::UNLOCK), Err("KeyRevoked"));
    world.owner.publish_list(world.now);
    let newest = world.owner.library.list.clone().unwrap();
    assert_eq!(brings(&mut world, &newest), Err("Older"), "he has burned the numbers");
    // He grants nothing.
    let thief = Holder::new(&mut world.rng);
    let own = granted(&world, &stolen, 1, &thief, unlock());
    assert_eq!(asks(&mut world, &own, &thief, Right::UNLOCK), Err("NotAnIssuer"));

    world.owner.revoker = SigningKey::generate(&mut world.rng);
    world.owner.publish_keyset(world.now);
    // The keyset alone leaves his list in force.
    let keyset = world.owner.library.keyset.clone();
    assert_eq!(brings(&mut world, &keyset), Ok(Taken::Keyset));
    assert_eq!(asks(&mut world, &held, &courier, Right::UNLOCK), Err("KeyRevoked"));
    assert_eq!(visited(&mut world), [Taken::List]);
    assert_eq!(asks(&mut world, &held, &courier, Right::UNLOCK), Ok(()));
    assert_eq!(asks(&mut world, &paper, &owner, Right::UNLOCK), Ok(()));
    assert_eq!(asks(&mut world, &old, &dismissed, Right::UNLOCK), Err("KeyRevoked"));
    let again = list(&world, &stolen, ((2, u64::MAX), START.0), &[], &[]);
    assert_eq!(brings(&mut world, &again), Err("UnknownIssuer"));
}

#[test]
fn a_thief_of_a_revoker_drives_time_on_until_the_next_epoch() {
    let mut world = World::new(108);
    let stolen = SigningKey::from_secret(world.owner.revoker.expose_secret());
    let latest = list(&world, &stolen, ((1, 1), UNTIL - 1), &[], &[]);
    assert_eq!(brings(&mut world, &latest), Ok(Taken::List));
    assert_eq!(lo(&world), UNTIL - 1);
    world.owner.revoker = SigningKey::generate(&mut world.rng);
    world.owner.publish_keyset(world.now);
    visited(&mut world);
    assert_eq!(lo(&world), UNTIL - 1, "no keyset brings it back");
    world.owner.new_epoch(world.now, &mut world.rng);
    visited(&mut world);
    assert_eq!(lo(&world), START.0);
}

#[test]
fn a_thief_of_an_enroller_moves_a_lock_between_groups_until_a_keyset_and_its_card() {
    let mut world = World::new(109);
    let stolen = SigningKey::from_secret(world.owner.enroller.expose_secret());
    // He holds an honest token for a group that the flat isn't in.
    let cleaner = Holder::new(&mut world.rng);
    let valid = Valid { from: START, lasts: Seconds::days(1) };
    let grant = Caveats::grant(unlock(), &[Target::Group(CELLARS[0])], valid).unwrap();
    let held = world.owner.grant(&cleaner.public(), 0, &grant);
    let way_in = Caveats::grant(unlock(), &[Target::Group(WAY_IN)], valid).unwrap();
    let guest = Holder::new(&mut world.rng);
    let invited = world.owner.grant(&guest.public(), 0, &way_in);
    assert_eq!(asks(&mut world, &held, &cleaner, Right::UNLOCK), Err("OtherTarget"));
    let mine = card(&world, &stolen, (1, u64::MAX), |card| card.groups = CELLARS);
    assert_eq!(brings(&mut world, &mine), Ok(Taken::Card));
    assert_eq!(asks(&mut world, &held, &cleaner, Right::UNLOCK), Ok(()));
    assert_eq!(asks(&mut world, &invited, &guest, Right::UNLOCK), Err("OtherTarget"));
    // Neither name nor life nor key of the lock is his to change, nor the time.
    for (change, refusal) in [
        ((|card| card.lock.0[0] ^= 1) as fn(&mut card::Draft<'_>), "OtherLock"),
        (|card| card.nonce = ClaimNonce([0; 16]), "OtherLife"),
        (|card| card.at = Time(UNTIL), "TimeOutside"),
    ] {
        world.owner.publish_keyset(world.now);
        visited(&mut world);
        let keyset = world.flat.lock.trust().unwrap().keyset().0;
        let card = card(&world, &stolen, (keyset, u64::MAX), change);
        assert_eq!(brings(&mut world, &card), Err(refusal));
    }
    let before = lo(&world);
    let keyset = world.flat.lock.trust().unwrap().keyset().0;
    let ahead = card(&world, &stolen, (keyset, 1), |card| {
        (card.at, card.groups) = (Time(UNTIL - 1), CELLARS);
    });
    assert_eq!(brings(&mut world, &ahead), Ok(Taken::Card));
    assert_eq!(lo(&world), before);

    world.owner.enroller = SigningKey::generate(&mut world.rng);
    world.owner.publish_keyset(world.now);
    assert_eq!(visited(&mut world), [Taken::Keyset]);
    assert_eq!(asks(&mut world, &held, &cleaner, Right::UNLOCK), Ok(()), "the keyset alone");
    world.owner.publish_card(world.flat.id, world.now);
    assert_eq!(visited(&mut world), [Taken::Card]);
    assert_eq!(asks(&mut world, &held, &cleaner, Right::UNLOCK), Err("OtherTarget"));
    assert_eq!(asks(&mut world, &invited, &guest, Right::UNLOCK), Ok(()));
    assert_eq!(brings(&mut world, &mine), Err("Older"));
}

#[test]
fn a_thief_of_an_enroller_shuts_out_phones_that_do_not_seal_or_lets_them_in() {
    let mut world = World::new(114);
    let stolen = SigningKey::from_secret(world.owner.enroller.expose_secret());
    let (courier, held) = courier(&mut world);
    let now = world.now();
    world.flat.open_sealed(&mut world.owner, false, now);
    assert_eq!(asks(&mut world, &held, &courier, Right::UNLOCK), Ok(()));
    let honest = world.owner.library.cards[&world.flat.id].clone();
    let honest = world.owner.held().check_card(&card::Card::decode(&honest).unwrap()).unwrap();
    let (own, stranger) = (honest.sealing(), OpeningKey::generate(&mut world.rng).public());
    // Only by the lock's own key: with another nobody could open what is sealed.
    let foreign = forged::card(&world, &stolen, (1, u64::MAX), |card| {
        (card.sealing, card.sealed_only) = (Some(stranger), true);
    });
    assert_eq!(brings(&mut world, &foreign), Err("OtherSealing"));
    let demands = |world: &World, version, only| {
        forged::card(world, &stolen, (1, version), |card| {
            (card.sealing, card.sealed_only) = (own, only);
        })
    };
    let shut = demands(&world, u64::MAX - 1, true);
    assert_eq!(brings(&mut world, &shut), Ok(Taken::Card));
    assert_eq!(asks(&mut world, &held, &courier, Right::UNLOCK), Err("SealedOnly"));
    // An anchor that is written now demands it as well.
    let (owner, paper) = glass(&mut world);
    let anchor = world.flat.lock.anchor().unwrap();
    assert_eq!(breaks(&anchor, &mut world, &owner, &paper), Err("SealedOnly"));
    let open = demands(&world, u64::MAX, false);
    assert_eq!(brings(&mut world, &open), Ok(Taken::Card));
    assert_eq!(asks(&mut world, &held, &courier, Right::UNLOCK), Ok(()), "in the clear");
    let anchor = world.flat.lock.anchor().unwrap();
    assert_eq!(breaks(&anchor, &mut world, &owner, &paper), Ok(()));

    world.owner.enroller = SigningKey::generate(&mut world.rng);
    world.owner.publish_keyset(world.now);
    world.owner.publish_card(world.flat.id, world.now);
    assert_eq!(visited(&mut world), [Taken::Keyset, Taken::Card]);
    assert_eq!(brings(&mut world, &shut), Err("Older"));
}

#[test]
fn a_thief_of_an_enroller_takes_a_locks_local_time_and_lets_unchallenged_requests_in() {
    let mut world = World::new(115);
    let stolen = SigningKey::from_secret(world.owner.enroller.expose_secret());
    let courier = Holder::new(&mut world.rng);
    let valid = Valid { from: START, lasts: Seconds::days(1) };
    let grant = Caveats::grant(unlock(), &[Target::Lock(world.flat.id)], valid).unwrap();
    let all_day = [Window::weekly(Weekdays::ALL, 0, 1440)];
    let held =
        world.owner.grant(&courier.public(), 0, &grant.clone().schedule(&all_day, &[]).unwrap());
    assert_eq!(asks(&mut world, &held, &courier, Right::UNLOCK), Ok(()));
    let other = world.owner.grant(&courier.public(), 0, &grant);
    let queued = |world: &mut World, counter| {
        let (origin, token) = (Origin::decode(&other.origin), Token::decode(&other.token));
        let (origin, token) = (origin.unwrap(), token.unwrap());
        let ask = Ask { lock: world.flat.id, right: Right::UNLOCK, parameter: b"" };
        let (time, expires) = (world.now, world.now.after(60));
        let request =
            Request::unchallenged(&origin, &token, ask, Counter(counter), time, expires).unwrap();
        let bytes = request.present(&[], None).unwrap().sign(&courier.key).unwrap();
        let presentation = Presentation::decode(bytes.as_bytes()).unwrap();
        let verified = world.flat.lock.verify_unchallenged(&presentation, world.now());
        verified
            .and_then(|verified| verified.commit(Now::exactly(time)).map(drop))
            .map_err(|denial| denial.name())
    };
    assert_eq!(queued(&mut world, 1), Err("UnchallengedRefused"));
    let card = forged::card(&world, &stolen, (1, u64::MAX), |card| {
        (card.unchallenged, card.zone) = (true, None);
    });
    assert_eq!(brings(&mut world, &card), Ok(Taken::Card));
    assert_eq!(asks(&mut world, &held, &courier, Right::UNLOCK), Err("ZoneUnknown"));
    assert_eq!(queued(&mut world, 2), Ok(()));

    world.owner.enroller = SigningKey::generate(&mut world.rng);
    world.owner.publish_keyset(world.now);
    world.owner.publish_card(world.flat.id, world.now);
    assert_eq!(visited(&mut world), [Taken::Keyset, Taken::Card]);
    assert_eq!(asks(&mut world, &held, &courier, Right::UNLOCK), Ok(()));
    assert_eq!(queued(&mut world, 3), Err("UnchallengedRefused"));
}

/// Break-glass over a dead store.
fn breaks(anchor: &Anchor, world: &mut World, owner: &Holder, paper: &Capability) -> Answer {
    let now = world.now();
    let mut session = anchor.challenge(Nonce([3; 16]), Channel::Radio, now);
    let challenge = session.challenge().encode().unwrap();
    let ask = Ask { lock: world.flat.id, right: Right::UNLOCK, parameter: b"" };
    let (challenge, channel) = (challenge.as_bytes(), Channel::Radio);
    let request = owner.request(paper, ask, challenge, channel, &mut world.rng);
    let bytes = owner.present(&request, &[], None);
    let presentation = keyward::Presentation::decode(&bytes).unwrap();
    let opened = anchor.open(&mut session, &presentation, now, |_order| Outcome::Done);
    opened.map(drop).map_err(|denial| denial.name())
}
