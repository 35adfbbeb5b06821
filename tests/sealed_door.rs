//! A lock to which presentations come sealed: what it opens for, what it denies, which cards it
//! takes (SPEC.md sections 13.2, 17.6, 18 and 23).

use std::collections::BTreeSet;

use chacha20::ChaCha20Rng;
use keyward::{
    Answer, Ask, Card, Caveats, Challenge, Channel, DecodeError, Denial, EncodeError, Lock, Now,
    OpeningKey, OpeningKeys, Origin, Presentation, Refusal, Request, Right, Rights, Seconds, Taken,
    Target, Time, Token, Valid,
    id::{Counter, LockId, Nonce},
    ledger::Outcome,
    lock::{Handled, Order, Rejected},
    seal::{Context, SealFault, seal},
    wire::Part,
};
use keyward_testkit::{
    stores::done,
    world::{Capability, Door, Holder, Owner, START, Settings, WAY_IN, World, bundle},
};
use rand_core::SeedableRng;

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

/// A token for the way in, for a day, by so many links, and whose phone it is.
fn way_in(world: &mut World, links: u8) -> (Capability, Holder) {
    let valid = Valid { from: START, lasts: Seconds::days(1) };
    let targets = [Target::Group(WAY_IN)];
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &targets, valid).unwrap();
    let mut phone = Holder::new(&mut world.rng);
    let mut held = world.owner.grant(&phone.public(), links - 1, &grant);
    for depth in (0..links - 1).rev() {
        let next = Holder::new(&mut world.rng);
        held = phone.delegate(&held, &next.public(), depth, &Caveats::narrowing());
        phone = next;
    }
    (held, phone)
}

/// A request of a phone before a door, and its presentation in the clear.
fn asked(
    (held, phone): &(Capability, Holder),
    door: &mut Door,
    now: Now,
    rng: &mut ChaCha20Rng,
) -> (Vec<u8>, Vec<u8>) {
    let challenge = door.connect(Channel::Radio, now);
    let ask = Ask { lock: door.id(), right: Right::UNLOCK, parameter: b"" };
    let request = phone.request(held, ask, &challenge, Channel::Radio, rng);
    let presentation = phone.present(&request, &[], None);
    (request, presentation)
}

#[test]
fn a_door_that_demands_seals_opens_for_a_sealed_presentation_alone() {
    let mut world = World::new(1);
    world.seal_doors();
    let visitor = way_in(&mut world, 1);
    let now = world.now();
    let World { flat, owner, rng, .. } = &mut world;
    let (request, clear) = asked(&visitor, flat, now, rng);
    let sealed = visitor.1.seal(&request, &clear, owner, rng);
    assert_eq!(flat.present(&clear, now).1.unwrap_err(), Denial::SealedOnly);
    let mut changed = sealed.clone();
    changed[99] ^= 1;
    let (answer, denial) = flat.present(&changed, now);
    assert_eq!(denial.unwrap_err(), Denial::NotOpened(SealFault::NotOpened));
    assert_eq!(answer, Answer::Denied.encode());
    assert!(!flat.is_open);
    flat.present(&sealed, now).1.expect("no denial before the signatures spends a challenge");
    assert!(flat.is_open);
    assert_eq!(flat.present(&sealed, now).1.unwrap_err(), Denial::NoChallenge, "once");
    // To another session it is sealed no more than to another door.
    let _challenge = flat.connect(Channel::Radio, now);
    let elsewhere = Denial::NotOpened(SealFault::NotOpened);
    assert_eq!(flat.present(&sealed, now).1.unwrap_err(), elsewhere);
}

#[test]
fn a_door_that_knows_seals_opens_for_both() {
    let mut world = World::new(2);
    let visitor = way_in(&mut world, 1);
    let now = world.now();
    let World { flat, owner, rng, .. } = &mut world;
    flat.open_sealed(owner, false, now);
    let (request, clear) = asked(&visitor, flat, now, rng);
    let sealed = visitor.1.seal(&request, &clear, owner, rng);
    flat.present(&sealed, now).1.unwrap();
    let (_, clear) = asked(&visitor, flat, now, rng);
    flat.present(&clear, now).1.unwrap();
}

/// The stretches of 8 bytes of a sealed object, behind version and kind.
fn stretches(sealed: &[u8]) -> BTreeSet<&[u8]> {
    sealed[2..].windows(8).collect()
}

#[test]
fn two_visits_of_one_person_have_nothing_in_common() {
    let mut world = World::new(3);
    world.seal_doors();
    let visitor = way_in(&mut world, 2);
    let now = world.now();
    let World { flat, street, owner, rng, .. } = &mut world;
    let mut visit = |door: &mut Door| {
        let (request, clear) = asked(&visitor, door, now, rng);
        (visitor.1.seal(&request, &clear, owner, rng), clear)
    };
    let (at_home, clear_at_home) = visit(flat);
    let (at_home_again, clear_again) = visit(flat);
    let (below, clear_below) = visit(street);
    for (one, other) in [(&at_home, &at_home_again), (&at_home, &below), (&at_home_again, &below)] {
        assert!(stretches(one).is_disjoint(&stretches(other)));
    }
    // In the clear they have: the test could fail.
    for other in [&clear_again, &clear_below] {
        assert!(!stretches(&clear_at_home).is_disjoint(&stretches(other)));
    }
    // Nor has what is sealed anything of what is in it.
    assert!(stretches(&at_home).is_disjoint(&stretches(&clear_at_home)));
}

#[test]
fn the_size_does_not_tell_a_chain_of_three_from_a_single_link() {
    let mut world = World::new(4);
    world.seal_doors();
    let visitors = [1, 2, 3].map(|links| way_in(&mut world, links));
    let now = world.now();
    let World { flat, owner, rng, .. } = &mut world;
    let sizes = visitors.map(|visitor| {
        let (request, clear) = asked(&visitor, flat, now, rng);
        let sealed = visitor.1.seal(&request, &clear, owner, rng);
        flat.present(&sealed, now).1.unwrap();
        (clear.len(), sealed.len())
    });
    assert!(sizes[0].0 < sizes[1].0 && sizes[1].0 < sizes[2].0, "{sizes:?}");
    assert!(sizes.iter().all(|(_, sealed)| *sealed == 2 + 32 + 512 + 16), "{sizes:?}");
}

#[test]
fn a_request_is_sealed_by_the_card_of_the_lock_that_is_meant() {
    let mut world = World::new(5);
    let visitor = way_in(&mut world, 1);
    let now = world.now();
    let mut other = World::new(6);
    other.seal_doors();
    let World { flat, street, owner, rng, .. } = &mut world;
    let (request, clear) = asked(&visitor, flat, now, rng);
    let seal_by = |owner: &Owner, lock: LockId, bytes: &[u8]| {
        let (request, domain) = (Request::decode(&request).unwrap(), owner.held());
        let card = Card::decode(&owner.library.cards[&lock]).unwrap();
        let card = domain.check_card(&card).unwrap();
        request.seal(bytes, &card, &mut self::rng()).map(drop)
    };
    assert_eq!(seal_by(owner, flat.id, &clear), Err(EncodeError::NoSealingKey));
    flat.open_sealed(owner, false, now);
    street.open_sealed(owner, false, now);
    assert_eq!(seal_by(owner, flat.id, &clear), Ok(()));
    assert_eq!(seal_by(owner, street.id, &clear), Err(EncodeError::Mismatch));
    assert_eq!(seal_by(&other.owner, flat.id, &clear), Err(EncodeError::Mismatch));
    let invalid = Err(EncodeError::Invalid(DecodeError::WrongKind(5)));
    assert_eq!(seal_by(owner, flat.id, &request), invalid);
}

#[test]
fn a_lock_without_keys_opens_nothing_that_is_sealed() {
    let mut world = World::new(7);
    world.seal_doors();
    let visitor = way_in(&mut world, 1);
    let now = world.now();
    let World { flat, owner, rng, .. } = &mut world;
    let (request, clear) = asked(&visitor, flat, now, rng);
    let sealed = visitor.1.seal(&request, &clear, owner, rng);
    let keys = flat.lock.take_opening_keys().unwrap();
    let no_key = Denial::NotOpened(SealFault::NoKey);
    assert_eq!(flat.present(&sealed, now).1.unwrap_err(), no_key);
    flat.lock.set_opening_keys(keys);
    flat.present(&sealed, now).1.unwrap();
    // An unclaimed lock says that first.
    let unclaimed = Door::new(LockId([1; 8]), rng).lock;
    let denial = unclaimed.unseal(None, &mut sealed.clone()).unwrap_err();
    assert_eq!(denial, Denial::Unclaimed);
}

#[test]
fn what_is_in_a_sealed_object_is_judged_like_any_presentation() {
    let mut world = World::new(8);
    world.seal_doors();
    let (key, flat) = (OpeningKey::generate(&mut world.rng), &mut world.flat);
    let public = key.public();
    flat.lock.set_opening_keys(OpeningKeys::new(key));
    let nonce =
        Challenge::decode(&flat.connect(Channel::Radio, Now::exactly(START))).unwrap().nonce;
    let context = Context::presentation(flat.id, Some(&nonce));
    let made = seal(&public, &context, &[1, 7, 2], &mut world.rng).unwrap();
    let denial = flat.present(made.as_bytes(), Now::exactly(START)).1.unwrap_err();
    assert_eq!(denial, Denial::Malformed(DecodeError::OutOfRange(Part::Tag)));
    let thief = Holder::new(&mut world.rng);
    let visitor = way_in(&mut world, 1);
    let World { flat, owner, rng, .. } = &mut world;
    flat.open_sealed(owner, true, Now::exactly(START));
    let (request, _) = asked(&visitor, flat, Now::exactly(START), rng);
    let forged = thief.forge(&request, &[], None);
    let sealed = visitor.1.seal(&request, &forged, owner, rng);
    let denial = flat.present(&sealed, Now::exactly(START)).1.unwrap_err();
    assert_eq!(denial.code(), 300);
}

/// The bolt turns.
fn turns(_order: &Order<'_>) -> Outcome {
    Outcome::Done
}

async fn turns_async(_order: &Order<'_>) -> Outcome {
    Outcome::Done
}

#[test]
fn every_way_to_handle_a_message_takes_a_sealed_one() {
    let mut world = World::new(9);
    let settings = Settings { groups: vec![WAY_IN], unchallenged: true };
    let now = world.now();
    let id = LockId(*b"garage-1");
    let mut garage = Door::claimed(id, &mut world.owner, settings, now, &mut world.rng);
    garage.open_sealed(&mut world.owner, true, now);
    let (held, phone) = way_in(&mut world, 1);
    let World { owner, rng, .. } = &mut world;
    let recorded = |handled: Result<Handled, Rejected>| {
        assert!(matches!(handled, Ok(Handled::Recorded(_))), "{handled:?}");
    };
    for awaits in [false, true] {
        let lock = &mut garage.lock;
        let mut session = lock.challenge([0; 16], Channel::Radio, now).unwrap();
        let challenge = session.challenge().encode().unwrap();
        let ask = Ask { lock: id, right: Right::UNLOCK, parameter: b"" };
        let request = phone.request(&held, ask, challenge.as_bytes(), Channel::Radio, rng);
        let mut clear = phone.present(&request, &[], None);
        let mut sealed = phone.seal(&request, &clear, owner, rng);
        let denied = Some(Rejected::Denial(Denial::SealedOnly));
        if awaits {
            assert_eq!(
                done(lock.handle_async(&mut session, &mut clear, || now, turns_async)).err(),
                denied
            );
            recorded(done(lock.handle_async(&mut session, &mut sealed, || now, turns_async)));
        } else {
            assert_eq!(lock.handle(&mut session, &mut clear, || now, turns).err(), denied);
            recorded(lock.handle(&mut session, &mut sealed, || now, turns));
        }
        // Without a challenge; sealed for a session it would not open, nor the other way round.
        let (origin, token) =
            (Origin::decode(&held.origin).unwrap(), Token::decode(&held.token).unwrap());
        let (counter, expires) = (Counter(START.0 + u64::from(awaits)), Time(START.0 + 60));
        let request = Request::unchallenged(&origin, &token, ask, counter, START, expires).unwrap();
        let bytes = request.encode().unwrap().as_bytes().to_vec();
        let mut clear = phone.present(&bytes, &[], None);
        let sealed = phone.seal(&bytes, &clear, owner, rng);
        let in_session = lock.handle(&mut session, &mut sealed.clone(), || now, |_| Outcome::Done);
        let nowhere = Rejected::Denial(Denial::NotOpened(SealFault::NotOpened));
        assert_eq!(in_session.err(), Some(nowhere));
        let mut sealed = sealed;
        if awaits {
            let denial =
                done(lock.handle_unchallenged_async(&mut clear, || now, turns_async)).err();
            assert_eq!(denial, Some(Denial::SealedOnly));
            recorded(Ok(
                done(lock.handle_unchallenged_async(&mut sealed, || now, turns_async)).unwrap()
            ));
        } else {
            let denial = lock.handle_unchallenged(&mut clear, || now, turns).err();
            assert_eq!(denial, Some(Denial::SealedOnly));
            recorded(Ok(lock.handle_unchallenged(&mut sealed, || now, turns).unwrap()));
        }
    }
}

#[test]
fn break_glass_at_a_door_that_demands_seals_is_sealed_too() {
    let mut world = World::new(10);
    world.seal_doors();
    let (now, owner_phone) = (world.now(), Holder::new(&mut world.rng));
    let World { flat, owner, rng, .. } = &mut world;
    let valid = Valid { from: START, lasts: Seconds::days(3650) };
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Lock(flat.id)], valid).unwrap();
    let glass = owner.grant_emergency(&owner_phone.public(), &grant);
    let anchor = flat.lock.anchor().unwrap();
    assert!(anchor.sealed_only);
    let mut session = anchor.challenge(Nonce([3; 16]), Channel::Radio, now);
    let challenge = session.challenge().encode().unwrap();
    let ask = Ask { lock: flat.id, right: Right::UNLOCK, parameter: b"" };
    let request = owner_phone.request(&glass, ask, challenge.as_bytes(), Channel::Radio, rng);
    let clear = owner_phone.present(&request, &[], None);
    let mut sealed = owner_phone.seal(&request, &clear, owner, rng);
    let clear = Presentation::decode(&clear).unwrap();
    let denied = anchor.open(&mut session, &clear, now, |_order| unreachable!());
    assert_eq!(denied, Err(Denial::SealedOnly));
    // The host has the keys, not the lock whose store is dead.
    let keys = flat.lock.take_opening_keys().unwrap();
    let stranger = OpeningKeys::new(OpeningKey::from_secret(&[9; 32]));
    let denied = anchor.unseal(&stranger, &session, &mut sealed.clone()).map(drop);
    assert_eq!(denied, Err(Denial::NotOpened(SealFault::NotOpened)));
    let presentation = anchor.unseal(&keys, &session, &mut sealed).unwrap();
    let done = anchor.open(&mut session, &presentation, now, |_order| Outcome::Done);
    assert_eq!(done, Ok(Outcome::Done));
}

#[test]
fn a_lock_takes_no_card_that_it_could_not_open_by() {
    let mut world = World::new(11);
    let now = world.now();
    let World { flat, owner, rng, .. } = &mut world;
    let stranger = OpeningKey::generate(rng).public();
    let refused = Err(Refusal::OtherSealing);
    // A lock without keys takes a card that names one, but none that demands it.
    owner.seal(flat.id, stranger, true, START);
    assert_eq!(flat.deliver(&owner.library.cards[&flat.id], now), refused);
    assert_eq!(Refusal::OtherSealing.answer(), Answer::Denied);
    owner.seal(flat.id, stranger, false, START);
    assert_eq!(flat.deliver(&owner.library.cards[&flat.id], now), Ok(Taken::Card));
    // One with keys takes neither.
    flat.open_sealed(owner, true, now);
    for only in [false, true] {
        owner.seal(flat.id, stranger, only, START);
        assert_eq!(flat.deliver(&owner.library.cards[&flat.id], now), refused);
    }
    // Nor does it in a claim.
    let mut door = Door::new(LockId(*b"new-door"), rng);
    let key = OpeningKey::generate(rng);
    let public = key.public();
    door.lock.set_opening_keys(OpeningKeys::new(key));
    owner.enrol(door.unclaimed(), door.id, Settings::default(), START);
    for (sealing, taken) in [(stranger, refused), (public, Ok(Taken::Claim))] {
        owner.seal(door.id, sealing, true, START);
        let claim = door.claim(owner);
        let bundle = bundle(&owner.library, door.id, &claim);
        let claimed = door.lock.verify_claim(&bundle, false, now);
        assert_eq!(claimed.and_then(|update| update.commit()), taken);
    }
}

#[test]
fn keys_rotate_by_cards_and_phones_with_the_old_card_are_understood_meanwhile() {
    let mut world = World::new(12);
    world.seal_doors();
    let visitor = way_in(&mut world, 1);
    let now = world.now();
    let World { flat, owner, rng, .. } = &mut world;
    let mut visit = |flat: &mut Door, card: &[u8], owner: &Owner| {
        let (request, clear) = asked(&visitor, flat, now, rng);
        let (request, domain) = (Request::decode(&request).unwrap(), owner.held());
        let card = domain.check_card(&Card::decode(card).unwrap()).unwrap();
        let sealed = request.seal(&clear, &card, rng).unwrap();
        flat.present(sealed.as_bytes(), now).1.map(drop)
    };
    let old = owner.library.cards[&flat.id].clone();
    flat.open_sealed(owner, true, now);
    let new = owner.library.cards[&flat.id].clone();
    assert_eq!(visit(flat, &old, owner), Ok(()));
    assert_eq!(visit(flat, &new, owner), Ok(()));
    let keys = flat.lock.take_opening_keys().unwrap().without_before();
    flat.lock.set_opening_keys(keys);
    assert_eq!(visit(flat, &old, owner), Err(Denial::NotOpened(SealFault::NotOpened)));
    assert_eq!(visit(flat, &new, owner), Ok(()));
}

#[test]
fn a_reset_drops_the_keys_of_the_life_before() {
    let mut world = World::new(13);
    world.seal_doors();
    world.flat.reset();
    assert!(world.flat.lock.take_opening_keys().is_none());
    // A start keeps what its host gives it, before and after it has read its store.
    let (identity, now) = (world.street.identity(), world.now());
    let keys = world.street.lock.take_opening_keys().unwrap();
    let secret = keyward_testkit::world::door::secret(&identity);
    let store = world.street.lock.into_store();
    let mut lock: Lock<'_, _> = Lock::new(identity, secret, store).with_opening_keys(keys);
    lock.restore(None).unwrap();
    let card = world.owner.library.cards[&world.street.id].clone();
    let again = lock.verify_card(&Card::decode(&card).unwrap(), now).unwrap();
    assert_eq!(again.commit(), Ok(Taken::Unchanged));
    assert!(lock.take_opening_keys().is_some());
}

#[test]
fn typed_keys_stand_on_cards_and_in_keysets() {
    let mut world = World::new(14);
    let id = world.flat.id;
    let sealing = |world: &World| {
        let (domain, card) = (world.owner.held(), Card::decode(&world.owner.library.cards[&id]));
        let card = card.unwrap();
        let checked = domain.check_card(&card).unwrap();
        (checked.sealing(), checked.sealed_only(), domain.log_to())
    };
    assert_eq!(sealing(&world), (None, false, Ok(None)));
    world.seal_doors();
    let keys = world.flat.lock.take_opening_keys().unwrap();
    assert_eq!(sealing(&world), (Some(keys.public()), true, Ok(None)));
    let draft = keyward::keyset::Draft {
        epoch: keyward::id::Epoch(0),
        version: keyward::id::KeysetVersion(9),
        issued_at: START,
        log_to: Some(keys.public()),
        issuers: &[],
        zones: &[],
    };
    let bytes = draft.encode().unwrap();
    let keyset = keyward::Keyset::decode(bytes.as_bytes()).unwrap();
    assert_eq!(keyset.unverified_log_to(), Some(keys.public()));
}
