//! An epoch and a claim start with empty tables, and with nobody's tokens.

use keyward::{
    Ask, Caveats, Channel, Denial, Right, Rights, Seconds, SignatureFault, Taken, Target, Valid,
    tables::Capacity,
};
use keyward_testkit::world::{Capability, Holder, Owner, START, Settings};

use crate::place::{Between, DAY, LONG, Place, always, clerk, spent};

type Home = keyward::lock::Home;

/// A single use, one that is uncounted and one by message; all of them open.
fn used(place: &mut Place<Home>, courier: &Holder) -> [Capability; 3] {
    let grant = place.grant(DAY);
    let once = grant.clone().uses(1).unwrap();
    let held = [&once, &grant, &grant].map(|grant| place.by_agency(courier, grant));
    assert_eq!(place.opens(&held[0], courier), Ok(()));
    assert_eq!(place.opens(&held[0], courier), spent(0, 1));
    assert_eq!(place.opens(&held[1], courier), Ok(()));
    assert_eq!(place.message(&held[2], courier, 5, START), Ok(()));
    assert_eq!(place.remembered(), (1, 1));
    held
}

/// The lock holds no entry, not even one that is over.
fn is_blank(place: &mut Place<Home>) -> bool {
    *place.step().lock.memory() == <Home as Capacity>::EMPTY
}

/// None opens; the agency's key is the same all the time.
fn all_are_worthless(place: &mut Place<Home>, held: &[Capability; 3], courier: &Holder) {
    let forged = Err(Denial::HolderSignature(SignatureFault::Mismatch));
    assert_eq!(place.opens(&held[0], courier), forged);
    assert_eq!(place.opens(&held[1], courier), forged);
    assert_eq!(place.message(&held[2], courier, 6, START), forged);
}

#[test]
fn an_epoch_drops_all_counts_and_all_tokens() {
    always(|between| {
        let mut place = Place::<Home>::new(between);
        let courier = place.holder();
        let held = used(&mut place, &courier);
        place.owner.new_epoch(START, &mut place.rng);
        place.owner.others = vec![clerk(&place.agency, LONG)];
        place.owner.publish_keyset(START);
        assert!(place.visit().contains(&Taken::Epoch));
        assert!(is_blank(&mut place));
        all_are_worthless(&mut place, &held, &courier);
        used(&mut place, &courier);
    });
}

/// The door is released by the courier.
fn release(place: &mut Place<Home>, courier: &Holder) {
    let valid = Valid { from: START, lasts: Seconds(DAY) };
    let targets = [Target::Lock(place.door().id)];
    let grant = Caveats::grant(Rights::of(Right::RELEASE), &targets, valid).unwrap();
    let held = place.by_owner(courier, &grant);
    let now = place.now();
    place.step();
    let challenge = place.door().connect(Channel::Radio, now);
    let ask = Ask { lock: place.door().id, right: Right::RELEASE, parameter: b"" };
    let request = courier.request(&held, ask, &challenge, Channel::Radio, &mut place.rng);
    let presentation = courier.present(&request, &[], None);
    place.door().present(&presentation, now).1.expect("is released");
    assert_eq!(place.step().lock.trust().err(), Some(Denial::Unclaimed));
}

/// The place's owner moves in.
fn move_in(place: &mut Place<Home>) {
    let now = place.now();
    let settings = Settings { unchallenged: true, ..Settings::default() };
    place.step();
    let mut owner = std::mem::replace(&mut place.owner, Owner::new(START, &mut place.rng));
    place.door().move_in(&mut owner, settings, now);
    place.owner = owner;
}

/// How a life ends: by a token, or by the button within the housing.
type End = fn(&mut Place<Home>, &Holder);

const ENDS: [End; 2] = [release, |place, _courier| {
    place.step().reset();
    assert!(is_blank(place));
}];

#[test]
fn another_owner_starts_with_empty_tables_and_none_of_the_tokens() {
    for end in ENDS {
        always(|between| {
            let mut place = Place::<Home>::new(between);
            let courier = place.holder();
            let held = used(&mut place, &courier);
            end(&mut place, &courier);
            place.owner = Owner::new(START, &mut place.rng);
            place.owner.others = vec![clerk(&place.agency, LONG)];
            place.owner.publish_keyset(START);
            move_in(&mut place);
            assert!(is_blank(&mut place));
            all_are_worthless(&mut place, &held, &courier);
            used(&mut place, &courier);
        });
    }
}

#[test]
fn an_owner_who_claims_his_lock_again_needs_a_new_epoch_to_end_what_was_spent() {
    for end in ENDS {
        for in_new_epoch in [false, true] {
            always(|between: Between| {
                let mut place = Place::<Home>::new(between);
                let courier = place.holder();
                let held = used(&mut place, &courier);
                end(&mut place, &courier);
                if in_new_epoch {
                    place.owner.new_epoch(START, &mut place.rng);
                    place.owner.others = vec![clerk(&place.agency, LONG)];
                    place.owner.publish_keyset(START);
                }
                move_in(&mut place);
                assert!(is_blank(&mut place));
                match in_new_epoch {
                    true => all_are_worthless(&mut place, &held, &courier),
                    // A lock that has forgotten all can't tell.
                    false => assert_eq!(place.opens(&held[0], &courier), Ok(())),
                }
            });
        }
    }
}
