//! What is tried on keys, owners and privacy.

use std::collections::BTreeSet;

use ed25519_dalek::Signer;
use keyward::{
    Denial, Now, Refusal, Request, Right, Rights, Roles, Seconds, SigningKey, Taken, Time,
    id::LockId, lock::Restored, role, time::Uptime,
};
use keyward_testkit::{
    bound,
    world::{Clerk, Door, Holder, START, Settings, World, bundle},
};

use crate::common::{DAY, asked, code, counted, grant, judged, uncounted, unlock, visit};

#[test]
fn a20_keys_follow_from_no_name_and_can_be_changed_without_a_network() {
    let mut world = World::new(120);
    let before = uncounted(&mut world);
    let now = world.now();
    let World { flat, courier, rng, .. } = &mut world;
    let request = asked(flat, (&before, courier), Right::UNLOCK, now, rng);
    let before = courier.present(&request, &[], None);
    flat.present(&before, now).1.unwrap();
    // Roots, issuers and cold keys all change; a visitor's phone brings it.
    world.owner.new_epoch(world.now, &mut world.rng);
    assert!(world.flat.visit(&world.owner.library, now).0.contains(&Taken::Epoch));
    assert_eq!(code(world.flat.present(&before, now).1), 200, "nobody knows the old issuer");
    let after = uncounted(&mut world);
    unlock(&mut world, &after).unwrap();
    // The suite and the purpose are in what is signed: for others the same key's word is none.
    let World { flat, courier, rng, .. } = &mut world;
    let request = asked(flat, (&after, courier), Right::UNLOCK, now, rng);
    let draft = Request::decode(&request).unwrap().present(&[], None).unwrap();
    let key = ed25519_dalek::SigningKey::from_bytes(courier.key.expose_secret());
    let (own, signed) = draft.to_sign().as_bytes().split_at(16);
    assert_eq!(own, b"keyward-1/holds\0");
    let mut by = |label: &[u8]| {
        let signature = key.sign(&[label, signed].concat()).to_bytes();
        code(flat.present(&[draft.unsigned_bytes(), &signature].concat(), now).1)
    };
    let others = [b"keyward-0/holds\0", b"keyward-2/holds\0", b"keyward-1/agree\0", &[0; 16]];
    assert_eq!(others.map(|label| by(label)), [300; 4]);
    assert_eq!((by(b""), by(own)), (300, 0), "and nobody's unless it is said what for");
    for borrowed in bound::cases() {
        assert_eq!(judged(&borrowed.scene), 0, "{}", borrowed.name);
        let denied = borrowed.scene.judge(&borrowed.bytes).unwrap_err();
        assert_eq!(denied.code(), borrowed.code, "{}", borrowed.name);
    }
    // Nothing of a lock follows from its name: another of that name can't read what it wrote.
    let (now, World { flat, mut owner, mut rng, .. }) = (world.now(), world);
    let other = Door::claimed(flat.id, &mut owner, Settings::default(), now, &mut rng);
    let (flat, own) = flat.restarted(None, |store| store);
    assert_eq!(own.err(), None);
    let (_, restored) = other.restarted(None, |_| flat.lock.into_store());
    assert_eq!(restored.err(), Some(Denial::StateCorrupt));
}

#[test]
fn a21_a_guests_token_changes_no_trust() {
    let mut world = World::new(121);
    let id = world.flat.id;
    // Every right but `release`, which ends the life.
    let all = Rights(0b1_1111);
    let held = world.owner.grant(&world.courier.public(), 0, &grant(id, all, DAY));
    let floor = |door: &Door| door.lock.present(Now::ticks(Uptime(0), 0)).unwrap().lo();
    let trust = format!("{:?}", world.flat.lock.trust().unwrap());
    let memory = format!("{:?}", world.flat.lock.memory());
    let passed = floor(&world.flat);
    for right in [Right::UNLOCK, Right::LOCK, Right::HOLD_OPEN, Right::STATUS, Right::READ_LOG] {
        let now = world.now();
        let World { flat, courier, rng, .. } = &mut world;
        visit(flat, (&held, courier), right, now, rng).unwrap();
        assert_eq!(trust, format!("{:?}", world.flat.lock.trust().unwrap()), "{right:?}");
        assert_eq!(memory, format!("{:?}", world.flat.lock.memory()), "{right:?}");
    }
    // One that counts changes its own count, and nothing else.
    let held = counted(&mut world, 2);
    unlock(&mut world, &held).unwrap();
    assert_eq!(trust, format!("{:?}", world.flat.lock.trust().unwrap()));
    assert_ne!(memory, format!("{:?}", world.flat.lock.memory()));
    // Nor does any of it stand in the store, for the next start.
    let (flat, restored) = world.flat.restarted(None, |store| store);
    assert_eq!(restored, Ok(Restored::Claimed { interrupted: None }));
    assert_eq!(trust, format!("{:?}", flat.lock.trust().unwrap()));
    assert_eq!(passed, floor(&flat));
}

#[test]
fn a22_a_lock_is_claimed_once_and_new_it_takes_nothing_else() {
    let mut world = World::new(122);
    let now = world.now();
    let mut door = Door::new(LockId(*b"new-door"), &mut world.rng);
    let library = &world.owner.library;
    for statement in [&library.epochs[0], &library.keyset, &library.cards[&world.flat.id]] {
        assert_eq!(door.deliver(statement, now), Err(Refusal::Unclaimed));
    }
    let denied = door.lock.challenge([0; 16], keyward::Channel::Radio, now);
    assert_eq!(denied.err(), Some(Denial::Unclaimed));
    door.move_in(&mut world.owner, Settings::default(), now);
    let claim = door.claim(&world.owner);
    let again = bundle(&world.owner.library, door.id, &claim);
    assert_eq!(
        door.lock.verify_claim(&again, true, now).map(drop),
        Err(Refusal::AlreadyClaimed),
        "by its own owner, by contact, whoever asks"
    );
}

#[test]
fn a33_a_stolen_issuer_ends_with_a_keyset_and_stolen_roots_with_an_epoch() {
    let mut world = World::new(133);
    let valid = (Time(START.0 - 86_400), Seconds::days(300));
    let key = SigningKey::<role::Issuer>::generate(&mut world.rng);
    let seed = *key.expose_secret();
    world.owner.others.push(Clerk { key, roles: Roles::ISSUE, valid });
    world.owner.publish_keyset(world.now);
    let now = world.now();
    world.flat.visit(&world.owner.library, now);
    // The thief grants himself what he likes, with the stolen key.
    let thief = Holder::new(&mut world.rng);
    let forge = |world: &mut World| {
        let own = std::mem::replace(&mut world.owner.issuer, SigningKey::from_secret(&seed));
        let all = grant(world.flat.id, Rights::of(Right::UNLOCK), (START, Seconds::days(200)));
        let held = world.owner.grant(&thief.public(), 0, &all);
        world.owner.issuer = own;
        let now = world.now();
        let World { flat, rng, .. } = world;
        code(visit(flat, (&held, &thief), Right::UNLOCK, now, rng))
    };
    assert_eq!(forge(&mut world), 0);
    world.owner.others.clear();
    world.owner.publish_keyset(world.now);
    world.flat.visit(&world.owner.library, now);
    assert_eq!(forge(&mut world), 200);
    let honest = uncounted(&mut world);
    unlock(&mut world, &honest).expect("all others go on");
    // Whoever has the roots signs any keyset, until the cold keys speak.
    let mut clerks =
        [(SigningKey::<role::Issuer>::from_secret(&seed).public(), Roles::ISSUE, valid)];
    let forged = world.owner.sign_keyset(u64::MAX, world.now, &mut clerks);
    assert_eq!(world.flat.deliver(&forged, now), Ok(Taken::Keyset));
    assert_eq!(forge(&mut world), 0);
    world.owner.new_epoch(world.now, &mut world.rng);
    world.flat.visit(&world.owner.library, now);
    assert_eq!(forge(&mut world), 200);
    let honest = uncounted(&mut world);
    unlock(&mut world, &honest).expect("and what is granted anew opens");
}

#[test]
fn a35_two_sealed_visits_have_no_bytes_in_common() {
    let mut world = World::new(135);
    world.seal_doors();
    let held = uncounted(&mut world);
    let now = world.now();
    let World { flat, owner, courier, rng, .. } = &mut world;
    let mut visits = [(), ()].map(|()| {
        let request = asked(flat, (&held, courier), Right::UNLOCK, now, rng);
        let clear = courier.present(&request, &[], None);
        let sealed = courier.seal(&request, &clear, owner, rng);
        (sealed, clear, request)
    });
    let stretches =
        |bytes: &[u8]| -> BTreeSet<Vec<u8>> { bytes[2..].windows(8).map(<[u8]>::to_vec).collect() };
    let [(one, clear_one, _), (other, clear_other, _)] = &visits;
    assert!(stretches(one).is_disjoint(&stretches(other)));
    assert!(!stretches(clear_one).is_disjoint(&stretches(clear_other)), "in the clear they have");
    assert_eq!(one.len(), other.len());
    // A clear one is not taken, so none can be asked for.
    let (_, clear, _) = &mut visits[1];
    assert_eq!(code(flat.present(clear, now).1), 214);
}
