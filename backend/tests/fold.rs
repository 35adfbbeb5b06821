//! What is folded stays denied, and what dies of it is told.

use std::collections::{BTreeMap, BTreeSet};

use keyward::{
    id::{KeyId, Serial},
    limits::{MAX_FLOORS, MAX_REVOCATIONS},
    status::{Revoked, SerialFloor},
};
use keyward_backend::fold::{Denied, FoldError, Folded, Live, fold};
use proptest::prelude::*;

fn issuer(number: u8) -> KeyId {
    KeyId([number; 8])
}

/// The link of a token, by issuer and serial.
fn link(number: u8, serial: u64) -> Denied {
    let mut entry = serial.to_be_bytes();
    entry[0] = number;
    Denied { entry: Revoked(entry), token: Some((issuer(number), Serial(serial))) }
}

fn key(number: u8) -> Denied {
    Denied { entry: Revoked([number; 8]), token: None }
}

fn is_denied(list: &Folded, one: &Denied) -> bool {
    let floor = |(issuer, serial)| {
        list.floors.iter().any(|floor| floor.issuer == issuer && serial < floor.first)
    };
    list.entries.contains(&one.entry) || one.token.is_some_and(floor)
}

#[test]
fn what_fits_is_left_alone() {
    let denied: Vec<_> = (0..64).map(|serial| link(1, serial)).collect();
    let live = [Live { issuer: issuer(1), serial: Serial(5) }];
    let folded = fold(&denied, &[], &live).unwrap();
    assert_eq!((folded.entries.len(), folded.floors.len()), (64, 0));
    assert!(folded.casualties.is_empty());
}

#[test]
fn the_surplus_costs_as_few_honest_tokens_as_there_are_below_it() {
    let denied: Vec<_> = (0..70).map(|number| link(1, 10 * number)).collect();
    let live: Vec<_> =
        (0..100).map(|n| Live { issuer: issuer(1), serial: Serial(10 * n + 5) }).collect();
    let folded = fold(&denied, &[], &live).unwrap();
    assert_eq!(folded.entries.len(), 64);
    assert_eq!(folded.floors, [SerialFloor { issuer: issuer(1), first: Serial(51) }]);
    let dead: Vec<_> = folded.casualties.iter().map(|one| one.serial.0).collect();
    assert_eq!(dead, [5, 15, 25, 35, 45]);
}

#[test]
fn keys_cannot_be_folded() {
    let keys: Vec<_> = (0..=64).map(key).collect();
    assert_eq!(fold(&keys, &[], &[]), Err(FoldError::TooManyKeys));
    let mixed: Vec<_> = (0..64).map(key).chain([link(200, 7)]).collect();
    let folded = fold(&mixed, &[], &[]).unwrap();
    assert_eq!((folded.entries.len(), folded.floors.len()), (64, 1));
    // The top serial has no floor above it.
    let top: Vec<_> = (0..64).map(key).chain([link(200, u64::MAX)]).collect();
    assert_eq!(fold(&top, &[], &[]), Err(FoldError::TooManyKeys));
}

proptest! {
    #[test]
    fn what_was_denied_stays_denied(
        links in prop::collection::btree_set((0..4_u8, 0..400_u64), 0..640),
        keys in prop::collection::btree_set(100..160_u8, 0..60),
        given in prop::collection::btree_map(0..4_u8, 1..100_u64, 0..3),
        honest in prop::collection::btree_set((0..4_u8, 0..400_u64), 0..200),
    ) {
        let denied: Vec<_> = links
            .iter()
            .map(|(number, serial)| link(*number, *serial))
            .chain(keys.iter().map(|number| key(*number)))
            .collect();
        let given: Vec<_> = given
            .iter()
            .map(|(number, first)| SerialFloor { issuer: issuer(*number), first: Serial(*first) })
            .collect();
        let live: Vec<_> = honest
            .difference(&links)
            .map(|(number, serial)| Live { issuer: issuer(*number), serial: Serial(*serial) })
            .collect();
        let folded = fold(&denied, &given, &live).unwrap();
        for one in &denied {
            prop_assert!(is_denied(&folded, one));
        }
        prop_assert!(folded.entries.len() <= MAX_REVOCATIONS);
        prop_assert!(folded.entries.is_sorted_by(|one, other| one < other));
        prop_assert!(folded.floors.len() <= MAX_FLOORS);
        let floors: BTreeMap<_, _> =
            folded.floors.iter().map(|floor| (floor.issuer, floor.first)).collect();
        prop_assert!(given.iter().all(|floor| floors[&floor.issuer] >= floor.first));
        // Whoever dies of the new floors, and had not died of the old ones, is told.
        let dead = |floors: &[SerialFloor], one: &Live| {
            floors.iter().any(|floor| floor.issuer == one.issuer && one.serial < floor.first)
        };
        let expected: BTreeSet<_> = live
            .iter()
            .copied()
            .filter(|one| dead(&folded.floors, one) && !dead(&given, one))
            .collect();
        prop_assert_eq!(folded.casualties.into_iter().collect::<BTreeSet<_>>(), expected);
    }
}
