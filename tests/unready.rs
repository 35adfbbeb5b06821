//! A lock that nobody owns, that has not read its store or may not trust what it read: each call
//! says so, those that await too, and nothing moves (SPEC.md sections 18, 22 and 25).

#[path = "restart/common.rs"]
mod common;

use common::{committed, counted};
use keyward::{
    Card, Channel, Denial, Keyset, Lock, Presentation, Refusal, Right, Seconds, SigningKey, Status,
    id::LockId,
    ledger::Outcome,
    lock::{Order, Rejected},
    role,
};
use keyward_testkit::{
    stores::done,
    world::{
        Door, World, bundle,
        door::{Memory, secret},
        drawn,
    },
};

fn still(_order: &Order<'_>) -> Outcome {
    unreachable!("nothing moves")
}

async fn waits(_order: &Order<'_>) -> Outcome {
    unreachable!("nothing moves")
}

/// What a denial and a refusal of one fault are called.
fn said<T>(result: Result<T, impl Into<Rejected>>) -> Option<String> {
    Some(match result.err()?.into() {
        Rejected::Denial(denial) => denial.name().to_owned(),
        Rejected::Refusal(refusal) => refusal.name().to_owned(),
    })
}

/// What a lock that has no life says to each call that needs one.
fn all_calls(lock: &mut Lock<'static, Memory>, world: &mut World) -> Vec<Option<String>> {
    let (now, id) = (world.now(), world.flat.id);
    let held = counted(world, 99, None);
    let challenge = world.flat.connect(Channel::Radio, now);
    let ask = keyward::Ask { lock: id, right: Right::UNLOCK, parameter: b"" };
    let request = world.courier.request(&held, ask, &challenge, Channel::Radio, &mut world.rng);
    let mut bytes = world.courier.present(&request, &[], None);
    let mut session = world.flat.lock.challenge([1; 16], Channel::Radio, now).unwrap();
    let mut reader = world.flat.lock.read_log(now).unwrap();
    let key = SigningKey::<role::Device>::from_secret(&[7; 32]).public();
    let label = world.flat.label.public();
    let library = &world.owner.library;
    let (epoch, keyset) = (library.epochs[0].clone(), library.keyset.clone());
    let (card, status) = (library.cards[&id].clone(), world.owner.attest(world.now, None));
    let mut all = vec![
        said(lock.trust()),
        said(lock.present(now)),
        said(lock.challenge([0; 16], Channel::Radio, now)),
        said(lock.unseal(Some(&session), &mut [1, 15])),
        said(lock.anchor()),
        said(lock.rotation(&key)),
        said(lock.claimed(&label)),
        said(lock.walk()),
        said(lock.log_to()),
        said(lock.read_log(now)),
        said(done(lock.read_log_async(now))),
        said(lock.next_entry(&mut reader)),
        said(done(lock.next_entry_async(&mut reader))),
        said(lock.write_denials(now)),
        said(done(lock.write_denials_async(now))),
        said(lock.verify_keyset(&Keyset::decode(&keyset).unwrap(), now)),
        said(lock.verify_status(&Status::decode(&status).unwrap(), None, now)),
        said(lock.verify_card(&Card::decode(&card).unwrap(), now)),
    ];
    let walk = world.flat.lock.walk().unwrap();
    all.push(said(lock.verify_epoch(walk, &Keyset::decode(&keyset).unwrap(), now)));
    for message in [&epoch, &keyset, &card, &status] {
        let mut message = message.clone();
        all.push(said(lock.handle(&mut session, &mut message, || now, still)));
        all.push(said(done(lock.handle_async(&mut session, &mut message, || now, waits))));
    }
    all.push(said(lock.handle(&mut session, &mut bytes, || now, still)));
    all.push(said(lock.handle_unchallenged(&mut bytes, || now, still)));
    all.push(said(done(lock.handle_unchallenged_async(&mut bytes, || now, waits))));
    let presentation = Presentation::decode(&bytes).unwrap();
    all.push(said(lock.verify(&mut session, &presentation, now)));
    all.push(said(lock.verify_unchallenged(&presentation, now)));
    // What another lock has decided.
    let mut permit = || committed(&mut world.flat, &held, &world.courier, Right::UNLOCK, now);
    all.push(said(lock.act(permit().unwrap(), now, still)));
    all.push(said(done(lock.act_async(permit().unwrap(), now, waits))));
    let identity = drawn(&world.flat.claim_key.public(), &mut world.rng);
    let mut acted = || {
        let permit = committed(&mut world.flat, &held, &world.courier, Right::UNLOCK, now);
        world.flat.lock.act(permit.unwrap(), now, |_order| Outcome::Done).unwrap()
    };
    all.push(said(lock.record(acted())));
    all.push(said(done(lock.record_async(acted()))));
    all.push(said(lock.release(acted(), identity, secret(&identity))));
    all.push(said(done(lock.release_async(acted(), identity, secret(&identity)))));
    all
}

#[test]
fn without_a_life_each_call_says_why() {
    let mut world = World::new(1);
    let unclaimed = Door::new(LockId([1; 8]), &mut world.rng);
    let identity = unclaimed.identity();
    let mut unclaimed = unclaimed.lock;
    let not_restored = Lock::new(identity, secret(&identity), Memory::new());
    // Of another lock: nothing in it is this one's.
    let store = world.flat.lock.store().clone();
    let mut corrupt = Lock::new(identity, secret(&identity), store);
    assert_eq!(corrupt.restore(None), Err(Denial::StateCorrupt));
    let claim = world.flat.claim(&world.owner);
    let library = world.owner.library.clone();
    let bundle = bundle(&library, world.flat.id, &claim);
    for (mut lock, name) in [(not_restored, "NotRestored"), (corrupt, "StateCorrupt")] {
        for (index, said) in all_calls(&mut lock, &mut world).into_iter().enumerate() {
            assert_eq!(said.as_deref(), Some(name), "{index}");
        }
        assert_eq!(said(lock.verify_claim(&bundle, true, world.now())).as_deref(), Some(name));
        assert_eq!(lock.relock_within(world.now()), Some(Seconds(0)), "the door is due");
    }
    for (index, said) in all_calls(&mut unclaimed, &mut world).into_iter().enumerate() {
        assert_eq!(said.as_deref(), Some("Unclaimed"), "{index}");
    }
    let other = unclaimed.verify_claim(&bundle, true, world.now()).map(drop);
    assert_eq!(other, Err(Refusal::OtherLife));
}
