//! Cards, and the objects of a claim, by their raw bytes.

use keyward::{DecodeError, role, wire::Part};

use super::{
    Case, OVERFLOW, curve_identity,
    statements::{BEYOND, LAST, LONG, MOST},
};
use crate::{
    scene::{DEVICE, key},
    world::World,
};

/// What an owner publishes, and what a lock of his shows, is claimed with and answers.
pub(super) fn valid() -> Vec<(&'static str, Vec<u8>)> {
    let World { owner, flat, .. } = World::new(1);
    let answer = flat.lock.claimed(&flat.label.public()).unwrap().sign(&flat.label).unwrap();
    vec![
        ("epoch", owner.library.epochs[0].clone()),
        ("keyset", owner.library.keyset.clone()),
        ("card", owner.library.cards[&flat.id].clone()),
        ("unclaimed", flat.unclaimed().encode().unwrap().as_bytes().to_vec()),
        ("claim", flat.claim(&owner)),
        ("claimed", answer.as_bytes().to_vec()),
    ]
}

/// All cases.
pub(super) fn cases() -> Vec<Case> {
    [heads(), tails(), claims()].concat()
}

fn device() -> [u8; 32] {
    *key::<role::Device>(DEVICE).public().as_bytes()
}

fn card(numbers: &[u8], groups: &[u8], device: &[u8; 32], settings: &[u8]) -> Vec<u8> {
    [&[1, 11][..], &[7; 8], numbers, &[8; 8], groups, device, settings, &[9; 16], &[0; 64]].concat()
}

/// From the epoch to the device key.
fn heads() -> Vec<Case> {
    use DecodeError as E;
    let numbers = |parts: &[&[u8]]| card(&parts.concat(), &[0], &device(), &[0, 0, 0]);
    let epoch = |number: &[u8]| numbers(&[number, &[1, 1, 5]]);
    let keyset = |number: &[u8]| numbers(&[&[1], number, &[1, 5]]);
    let version = |number: &[u8]| numbers(&[&[1, 1], number, &[5]]);
    let at = |at: &[u8]| numbers(&[&[1, 1, 1], at]);
    let groups = |groups: &[u8]| card(&[1, 1, 1, 5], groups, &device(), &[0, 0, 0]);
    let list = |ids: std::ops::Range<u8>| {
        let count = [ids.end - ids.start];
        groups(&[&count[..], &ids.flat_map(|id| [id; 8]).collect::<Vec<_>>()].concat())
    };
    let (one, other) = ([3; 8], [4; 8]);
    let two = |one: &[u8], other: &[u8]| groups(&[&[2], one, other].concat());
    // Nothing behind the groups.
    let cut = |groups: &[u8]| [&[1, 11][..], &[7; 8], &[1, 1, 1, 5], &[8; 8], groups].concat();
    let device = |device: &[u8; 32]| card(&[1, 1, 1, 5], &[0], device, &[0, 0, 0]);
    vec![
        ("card/epoch_the_greatest", epoch(&MOST), None),
        ("card/epoch_over_64_bits", epoch(&OVERFLOW), Some(E::IntegerOverflow)),
        ("card/epoch_over_long", epoch(&LONG), Some(E::OverlongInteger)),
        ("card/keyset_the_greatest", keyset(&MOST), None),
        ("card/keyset_over_64_bits", keyset(&OVERFLOW), Some(E::IntegerOverflow)),
        ("card/keyset_over_long", keyset(&LONG), Some(E::OverlongInteger)),
        ("card/version_the_greatest", version(&MOST), None),
        ("card/version_1", version(&[1]), None),
        ("card/version_0", version(&[0]), Some(E::OutOfRange(Part::CardVersion))),
        ("card/version_over_64_bits", version(&OVERFLOW), Some(E::IntegerOverflow)),
        ("card/version_over_long", version(&LONG), Some(E::OverlongInteger)),
        ("card/at_the_last_time", at(&LAST), None),
        ("card/time_out_of_range", at(&BEYOND), Some(E::OutOfRange(Part::Time))),
        ("card/time_over_64_bits", at(&OVERFLOW), Some(E::IntegerOverflow)),
        ("card/time_over_long", at(&LONG), Some(E::OverlongInteger)),
        ("card/no_groups", groups(&[0]), None),
        ("card/groups_count_over_long", groups(&[0x80, 0]), Some(E::OverlongInteger)),
        ("card/groups_eight", list(1..9), None),
        ("card/groups_nine", list(0..9), Some(E::OverLimit(Part::Groups))),
        (
            "card/groups_count_over_32_bits",
            groups(&[&[0x88, 0x80, 0x80, 0x80, 0x10][..], &[0; 64]].concat()),
            Some(E::OverLimit(Part::Groups)),
        ),
        ("card/groups_two", two(&one, &other), None),
        ("card/groups_unsorted", two(&other, &one), Some(E::Unsorted(Part::Groups))),
        ("card/groups_doubled", two(&one, &one), Some(E::Doubled(Part::Groups))),
        (
            "card/all_groups_before_their_order",
            cut(&[&[3][..], &other, &one, &[4; 7]].concat()),
            Some(E::Truncated),
        ),
        (
            "card/groups_before_the_device",
            cut(&[&[2][..], &other, &one].concat()),
            Some(E::Unsorted(Part::Groups)),
        ),
        ("card/device", device(&self::device()), None),
        ("card/weak_device", device(curve_identity()), Some(E::WeakKey)),
        ("card/device_not_canonical", device(&[0xff; 32]), Some(E::NonCanonicalKey)),
    ]
}

/// Sealing key, flags and zone.
fn tails() -> Vec<Case> {
    use DecodeError as E;
    let settings = |parts: &[&[u8]]| card(&[1, 1, 1, 5], &[0], &device(), &parts.concat());
    let sealing = |key: u8, flags: u8| settings(&[&[1], &[key; 32], &[flags, 0]]);
    let open = |flags: u8| settings(&[&[0, flags, 0]]);
    let zone = |zone: &[u8]| settings(&[&[0, 2], zone]);
    let numbers = [&MOST[..], &MOST, &MOST, &LAST].concat();
    let groups = [&[8][..], &(0..8).flat_map(|id| [id; 8]).collect::<Vec<_>>()].concat();
    let longest = card(&numbers, &groups, &device(), &[&[1][..], &[5; 32], &[3, 1, 255]].concat());
    let flags = Some(E::OutOfRange(Part::Flags));
    vec![
        ("card/open", open(0), None),
        ("card/sealing_flag_2", settings(&[&[2, 0, 0]]), Some(E::OutOfRange(Part::Tag))),
        ("card/sealing_flag_255", settings(&[&[255, 0, 0]]), Some(E::OutOfRange(Part::Tag))),
        ("card/sealed_only_without_a_key", open(1), flags),
        ("card/unchallenged", open(2), None),
        ("card/unchallenged_and_sealed_only_without_a_key", open(3), flags),
        ("card/flags_4_without_a_key", open(4), flags),
        // It is no Ed25519 key: no rule of those is its.
        ("card/sealing_key_of_zeros", sealing(0, 0), None),
        ("card/sealing_key_of_ones", sealing(255, 0), None),
        ("card/sealed_only", sealing(5, 1), None),
        ("card/unchallenged_with_a_sealing_key", sealing(5, 2), None),
        ("card/unchallenged_and_sealed_only", sealing(5, 3), None),
        ("card/flags_4", sealing(5, 4), flags),
        ("card/flags_5", sealing(5, 5), flags),
        ("card/flags_128", sealing(5, 128), flags),
        ("card/flags_255", sealing(5, 255), flags),
        ("card/without_a_zone", zone(&[0]), None),
        ("card/zone_flag_2", zone(&[2]), Some(E::OutOfRange(Part::Tag))),
        ("card/zone_flag_255", zone(&[255]), Some(E::OutOfRange(Part::Tag))),
        ("card/flags_before_the_zone", settings(&[&[0, 1, 2]]), flags),
        ("card/zone_0", zone(&[1, 0]), None),
        // The id is a byte and no integer of 7 bits a byte.
        ("card/zone_255", zone(&[1, 255]), None),
        ("card/zone_of_two_bytes", zone(&[1, 0x81, 1]), Some(E::TrailingBytes(1))),
        ("card/of_267_bytes", longest.clone(), None),
        ("card/of_268_bytes", [&longest[..], &[0]].concat(), Some(E::OverLimit(Part::Object))),
    ]
}

/// What an unclaimed lock shows, claims and answers.
fn claims() -> Vec<Case> {
    use DecodeError as E;
    let shown = |key: &[u8; 32]| [&[1, 12][..], key, &[9; 16]].concat();
    let answer = |key: &[u8; 32]| [&[1, 14][..], key, &[9; 16], &[0; 64]].concat();
    let claim = |signature: &[u8]| [&[1, 13][..], &[0xd0; 32], signature].concat();
    let signed = |flag: u8| claim(&[&[flag][..], &[0; 64]].concat());
    vec![
        ("unclaimed/device", shown(&device()), None),
        ("unclaimed/weak_device", shown(curve_identity()), Some(E::WeakKey)),
        ("unclaimed/device_not_canonical", shown(&[0xff; 32]), Some(E::NonCanonicalKey)),
        ("claim/signed", signed(1), None),
        ("claim/signature_behind_flag_0", signed(0), Some(E::TrailingBytes(64))),
        ("claim/signature_behind_flag_2", signed(2), Some(E::OutOfRange(Part::Tag))),
        ("claim/by_contact", claim(&[0]), None),
        ("claim/signature_flag_2", claim(&[2]), Some(E::OutOfRange(Part::Tag))),
        ("claim/signature_flag_255", claim(&[255]), Some(E::OutOfRange(Part::Tag))),
        ("claim/without_its_signature", claim(&[1]), Some(E::Truncated)),
        // Shorter than a claim may be: here a byte more is no matter of the limit.
        ("claim/by_contact_and_a_byte", claim(&[0, 0]), Some(E::TrailingBytes(1))),
        ("claimed/device", answer(&device()), None),
        ("claimed/weak_device", answer(curve_identity()), Some(E::WeakKey)),
        ("claimed/device_not_canonical", answer(&[0xff; 32]), Some(E::NonCanonicalKey)),
    ]
}
