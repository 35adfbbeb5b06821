//! Drafts of epochs, keysets and cards that would not decode: each is refused as its decoder would.

use keyward::{
    DecodeError, EncodeError, Issuer, PublicKey, Roles, Scope, Seconds, Threshold, Time, card,
    card::CardOrder,
    epoch::{self, Commitment},
    id::{CardVersion, ClaimNonce, DomainId, Epoch, GroupId, KeysetVersion, LockId},
    keyset,
    role::{self, Role},
    wire::Part,
    zone::{Transition, Zone, ZoneId},
};

use super::key;

fn invalid(error: DecodeError) -> Option<EncodeError> {
    Some(EncodeError::Invalid(error))
}

/// So many keys, ascending.
fn keys<R: Role>(count: u8) -> Vec<PublicKey<R>> {
    keys_from(60, count)
}

/// So many other keys.
fn cold_keys(count: u8) -> Vec<PublicKey<role::Cold>> {
    keys_from(90, count)
}

fn keys_from<R: Role>(first: u8, count: u8) -> Vec<PublicKey<R>> {
    let mut keys: Vec<_> = (first..first + count).map(key).collect();
    keys.sort_unstable();
    keys
}

fn reversed<T: Clone>(list: &[T]) -> Vec<T> {
    list.iter().rev().cloned().collect()
}

#[test]
fn an_epoch_that_no_lock_would_take_is_not_drafted() {
    let (roots, cold, both) = (keys(1), cold_keys(1), keys(1));
    let draft = epoch::Draft {
        number: Epoch(0),
        issued_at: Time(5),
        roots: Threshold { needed: 1, keys: &roots },
        emergency: None,
        next: Commitment([7; 32]),
        cold: Threshold { needed: 1, keys: &cold },
    };
    assert_eq!(draft.encode().err(), None);
    let twice = epoch::Draft { cold: Threshold { needed: 1, keys: &both }, ..draft };
    assert_eq!(twice.encode().err(), Some(EncodeError::KeyTwice));
    let emergency = PublicKey::from_bytes(roots[0].as_bytes()).ok();
    let twice = epoch::Draft { emergency, ..draft };
    assert_eq!(twice.encode().err(), Some(EncodeError::KeyTwice));
    let itself = epoch::Draft { next: Commitment::new(&draft.cold).unwrap(), ..draft };
    assert_eq!(itself.encode().err(), Some(EncodeError::KeyTwice));
    // Nor is one signed that somebody else has drafted.
    let mut bytes = draft.encode().unwrap().as_bytes().to_vec();
    let next = bytes.windows(32).position(|window| window == [7; 32]).unwrap();
    bytes[next..next + 32].copy_from_slice(&Commitment::new(&draft.cold).unwrap().0);
    let epoch = keyward::Epoch::decode(&bytes).unwrap();
    let key = keyward::SigningKey::from_secret(&[90; 32]);
    let signed = epoch.cosign(epoch.domain().unwrap(), &key).err();
    assert_eq!(signed, Some(keyward::unsigned::SignError::Encode(EncodeError::KeyTwice)));
}

#[test]
fn an_epoch_of_keys_that_can_not_sign_it() {
    use DecodeError as E;
    let (one, cold) = (keys(1), cold_keys(1));
    let draft = epoch::Draft {
        number: Epoch(0),
        issued_at: Time(5),
        roots: Threshold { needed: 1, keys: &one },
        emergency: None,
        next: Commitment([7; 32]),
        cold: Threshold { needed: 1, keys: &cold },
    };
    assert_eq!(draft.encode().err(), None);
    let late = epoch::Draft { issued_at: Time(1 << 40), ..draft };
    assert_eq!(late.encode().err(), invalid(E::OutOfRange(Part::Time)));
    let [two, four, five] = [2, 4, 5].map(keys::<role::Root>);
    let [cold_two, cold_four, cold_five] = [2, 4, 5].map(cold_keys);
    for (needed, roots, cold, error) in [
        (4, four.clone(), cold_four.clone(), None),
        (2, two.clone(), cold_two.clone(), None),
        (0, two.clone(), cold_two.clone(), invalid(E::OutOfRange(Part::Threshold))),
        (3, two.clone(), cold_two.clone(), invalid(E::OutOfRange(Part::Threshold))),
        (1, vec![], vec![], invalid(E::Empty(Part::Keys))),
        (1, five, cold_five.clone(), invalid(E::OverLimit(Part::Keys))),
        (2, reversed(&two), reversed(&cold_two), invalid(E::Unsorted(Part::Keys))),
        (2, vec![two[0]; 2], vec![cold_two[0]; 2], invalid(E::Doubled(Part::Keys))),
        (1, keys(20), cold_keys(20), Some(EncodeError::TooLong(604))),
    ] {
        let roots = epoch::Draft { roots: Threshold { needed, keys: &roots }, ..draft };
        assert_eq!(roots.encode().err(), error, "roots");
        let keys = Threshold { needed, keys: &cold };
        assert_eq!(epoch::Draft { cold: keys, ..draft }.encode().err(), error, "cold");
        // A commitment has room for four keys.
        let room = if cold.len() > 4 { Some(EncodeError::TooLong(130)) } else { error };
        assert_eq!(Commitment::new(&keys).err(), room);
    }
}

#[test]
fn a_keyset_of_lists_out_of_order_or_over_their_limits() {
    use DecodeError as E;
    let keys = keys::<role::Issuer>(9);
    let issuers: Vec<_> =
        keys.iter().map(|key| Issuer::new(key, Roles::ISSUE, Time(5), Seconds(5))).collect();
    let steps = [Transition { at: 5, offset: 60 }];
    let encoded = [1, 2, 3, 4, 5].map(|id| Zone::encode(ZoneId(id), &steps, 9).unwrap());
    let zones = encoded.each_ref().map(|zone| Zone::decode(zone.as_bytes()).unwrap());
    let draft = keyset::Draft {
        epoch: Epoch(1),
        version: KeysetVersion(1),
        issued_at: Time(5),
        log_to: None,
        issuers: &issuers[..8],
        zones: &zones[..4],
    };
    assert_eq!(draft.encode().err(), None);
    let late = keyset::Draft { issued_at: Time(1 << 40), ..draft };
    assert_eq!(late.encode().err(), invalid(E::OutOfRange(Part::Time)));
    let key = &keys[0];
    let issuer = |from, lasts| Issuer::new(key, Roles::ISSUE, Time(from), Seconds(lasts));
    let long = issuer(5, 5).with_limits(&[7; 457]);
    for (issuers, error) in [
        (vec![], None),
        (vec![issuer(5, 5).with_limits(&[7; 456])], None),
        (vec![long], invalid(E::OverLimit(Part::Limits))),
        (vec![issuer((1 << 40) - 1, u32::MAX)], None),
        (vec![issuer(1 << 40, 5)], invalid(E::OutOfRange(Part::Time))),
        (vec![issuer(5, 0)], invalid(E::OutOfRange(Part::Duration))),
        (issuers.clone(), invalid(E::OverLimit(Part::Issuers))),
        (reversed(&issuers[..2]), invalid(E::Unsorted(Part::Issuers))),
        (vec![issuer(5, 5), issuer(6, 6)], invalid(E::Doubled(Part::Issuers))),
        (vec![issuer(5, 5).with_limits(&[7; 1000])], Some(EncodeError::TooLong(1024))),
    ] {
        assert_eq!(keyset::Draft { issuers: &issuers, ..draft }.encode().err(), error);
    }
    for (zones, error) in [
        (vec![], None),
        (zones.to_vec(), invalid(E::OverLimit(Part::Zones))),
        (reversed(&zones[..2]), invalid(E::Unsorted(Part::Zones))),
        (vec![zones[0]; 2], invalid(E::Doubled(Part::Zones))),
    ] {
        assert_eq!(keyset::Draft { zones: &zones, ..draft }.encode().err(), error);
    }
}

#[test]
fn a_zone_of_transitions_that_no_lock_reads() {
    use DecodeError as E;
    let zone = |steps: &[(u32, i16)]| {
        let steps: Vec<_> = steps.iter().map(|&(at, offset)| Transition { at, offset }).collect();
        Zone::encode(ZoneId(1), &steps, 9).err()
    };
    let many: Vec<_> = (0..17).map(|at| (at, 0)).collect();
    assert_eq!(zone(&many[..16]), None);
    assert_eq!(zone(&many), invalid(E::OverLimit(Part::Transitions)));
    assert_eq!(zone(&[]), invalid(E::Empty(Part::Transitions)));
    assert_eq!(zone(&[(6, 0), (5, 0)]), invalid(E::Unsorted(Part::Transitions)));
    assert_eq!(zone(&[(5, 0), (5, 1)]), invalid(E::Doubled(Part::Transitions)));
    assert_eq!(zone(&[(5, 1439), (6, -1439)]), None);
    for offset in [1440, -1440, i16::MAX, i16::MIN] {
        assert_eq!(zone(&[(5, offset)]), invalid(E::OutOfRange(Part::Offset)), "{offset}");
    }
}

#[test]
fn a_card_of_groups_out_of_order_or_of_settings_that_do_not_fit() {
    use DecodeError as E;
    let groups: Vec<_> = (0..40).map(|id| GroupId([id; 8])).collect();
    let draft = card::Draft {
        scope: Scope { domain: DomainId([7; 32]), epoch: Epoch(1) },
        order: CardOrder { keyset: KeysetVersion(1), version: CardVersion(1) },
        at: Time(5),
        lock: LockId([8; 8]),
        groups: &groups[..8],
        device: key(8),
        sealing: Some(keyward::SealingKey::from_bytes([9; 32])),
        sealed_only: true,
        unchallenged: true,
        zone: Some(ZoneId(1)),
        nonce: ClaimNonce([5; 16]),
    };
    let refused = |draft: card::Draft<'_>| draft.by(&key(1)).err();
    assert_eq!(refused(draft), None);
    let late = card::Draft { at: Time(1 << 40), ..draft };
    assert_eq!(refused(late), invalid(E::OutOfRange(Part::Time)));
    let unsealed = card::Draft { sealing: None, ..draft };
    assert_eq!(refused(unsealed), invalid(E::OutOfRange(Part::Flags)));
    assert_eq!(refused(card::Draft { sealed_only: false, ..unsealed }), None);
    for (groups, error) in [
        (vec![], None),
        (groups[..9].to_vec(), invalid(E::OverLimit(Part::Groups))),
        (reversed(&groups[..2]), invalid(E::Unsorted(Part::Groups))),
        (vec![groups[0]; 2], invalid(E::Doubled(Part::Groups))),
    ] {
        assert_eq!(refused(card::Draft { groups: &groups, ..draft }), error);
    }
    assert_eq!(refused(card::Draft { groups: &groups, ..draft }), Some(EncodeError::TooLong(267)));
}
