//! Epochs and keysets by their raw bytes, and what the header of a status says of its list.

use keyward::{DecodeError, role, wire::Part};

use super::{
    Case, OVERFLOW, curve_identity,
    zones::{transitions, zones},
};
use crate::scene::key;

/// The time that is the last, and the one behind it.
pub(super) const LAST: [u8; 6] = [0xff, 0xff, 0xff, 0xff, 0xff, 0x1f];
pub(super) const BEYOND: [u8; 6] = [0x80, 0x80, 0x80, 0x80, 0x80, 0x20];
/// 2^64 - 1.
pub(super) const MOST: [u8; 10] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
/// A 5 and a 0 behind it.
pub(super) const LONG: [u8; 2] = [0x85, 0];
pub(super) const LAST_U32: [u8; 5] = [0xff, 0xff, 0xff, 0xff, 0x0f];
pub(super) const OVER_U32: [u8; 5] = [0xff, 0xff, 0xff, 0xff, 0x1f];

/// Five keys, ascending.
fn keys() -> [[u8; 32]; 5] {
    let mut keys = [30, 31, 32, 33, 34].map(|n| *key::<role::Cold>(n).public().as_bytes());
    keys.sort_unstable();
    keys
}

/// Threshold, count and keys.
fn quorum(threshold: u8, keys: &[[u8; 32]]) -> Vec<u8> {
    [&[threshold, keys.len().to_le_bytes()[0]][..], &keys.concat()].concat()
}

/// Signatures by the keys of these indices.
fn signatures(signers: &[u8]) -> Vec<u8> {
    let signed = signers.iter().flat_map(|signer| [&[*signer][..], &[0; 64]].concat());
    std::iter::once(signers.len().to_le_bytes()[0]).chain(signed).collect()
}

/// All cases.
pub(super) fn cases() -> Vec<Case> {
    [epochs(), quorums(), keysets(), issuers(), zones(), signed(), statuses()].concat()
}

/// An epoch by its parts.
fn epoch(head: &[u8], roots: &[u8], emergency: &[u8], cold: &[u8], signatures: &[u8]) -> Vec<u8> {
    [&[1, 9][..], head, roots, emergency, &[7; 32], cold, signatures].concat()
}

fn epochs() -> Vec<Case> {
    use DecodeError as E;
    let [a, b, c, d, _] = keys();
    let one = quorum(1, &[a]);
    let head = |number: &[u8], at: &[u8]| epoch(&[number, at].concat(), &one, &[0], &one, &[0]);
    let emergency = |emergency: &[u8]| epoch(&[1, 5], &one, emergency, &one, &[0]);
    let with = |key: &[u8; 32]| emergency(&[&[1][..], key].concat());
    let four = quorum(4, &[a, b, c, d]);
    let longest = epoch(
        &[&MOST[..], &LAST].concat(),
        &four,
        &[&[1][..], &a].concat(),
        &four,
        &signatures(&[0, 1, 2, 3]),
    );
    vec![
        ("epoch/the_first", head(&[0], &[5]), None),
        ("epoch/number_over_long", head(&[0x80, 0], &[5]), Some(E::OverlongInteger)),
        ("epoch/number_the_greatest", head(&MOST, &[5]), None),
        ("epoch/number_over_64_bits", head(&OVERFLOW, &[5]), Some(E::IntegerOverflow)),
        ("epoch/issued_at_the_last_time", head(&[1], &LAST), None),
        ("epoch/issued_beyond_it", head(&[1], &BEYOND), Some(E::OutOfRange(Part::Time))),
        ("epoch/issued_at_over_64_bits", head(&[1], &OVERFLOW), Some(E::IntegerOverflow)),
        ("epoch/issued_at_over_long", head(&[1], &LONG), Some(E::OverlongInteger)),
        ("epoch/without_an_emergency_key", emergency(&[0]), None),
        ("epoch/emergency_flag_2", emergency(&[2]), Some(E::OutOfRange(Part::Tag))),
        ("epoch/emergency_flag_255", emergency(&[255]), Some(E::OutOfRange(Part::Tag))),
        ("epoch/emergency", with(&a), None),
        ("epoch/weak_emergency", with(curve_identity()), Some(E::WeakKey)),
        ("epoch/emergency_not_canonical", with(&[0xff; 32]), Some(E::NonCanonicalKey)),
        ("epoch/of_604_bytes", longest.clone(), None),
        ("epoch/of_605_bytes", [&longest[..], &[0]].concat(), Some(E::OverLimit(Part::Object))),
    ]
}

/// Roots and cold keys.
fn quorums() -> Vec<Case> {
    use DecodeError as E;
    let all = keys();
    let [a, b, c, _, _] = all;
    let weak = *curve_identity();
    let one = quorum(1, &[a]);
    let roots = |roots: &[u8]| epoch(&[1, 5], roots, &[0], &one, &[0]);
    let cold = |cold: &[u8]| epoch(&[1, 5], &one, &[0], cold, &[0]);
    // Nothing behind the cold keys.
    let cut = |cold: &[u8]| epoch(&[1, 5], &one, &[0], cold, &[]);
    vec![
        ("epoch/roots_four", roots(&quorum(1, &all[1..])), None),
        ("epoch/roots_five", roots(&quorum(1, &all)), Some(E::OverLimit(Part::Keys))),
        ("epoch/roots_one", roots(&quorum(1, &[a])), None),
        ("epoch/roots_none", roots(&quorum(1, &[])), Some(E::Empty(Part::Keys))),
        ("epoch/roots_none_of_none", roots(&quorum(0, &[])), Some(E::Empty(Part::Keys))),
        ("epoch/roots_0_of_1", roots(&quorum(0, &[a])), Some(E::OutOfRange(Part::Threshold))),
        ("epoch/roots_2_of_1", roots(&quorum(2, &[a])), Some(E::OutOfRange(Part::Threshold))),
        ("epoch/roots_255_of_1", roots(&quorum(255, &[a])), Some(E::OutOfRange(Part::Threshold))),
        // The threshold is a byte and no integer of 7 bits a byte.
        (
            "epoch/roots_129_of_1",
            roots(&[&[0x81, 0, 1][..], &a].concat()),
            Some(E::Empty(Part::Keys)),
        ),
        (
            "epoch/roots_count_over_long",
            roots(&[&[1, 0x81, 0][..], &a].concat()),
            Some(E::OverlongInteger),
        ),
        (
            "epoch/roots_count_over_32_bits",
            roots(&[&[1, 0x81, 0x80, 0x80, 0x80, 0x10][..], &a].concat()),
            Some(E::OverLimit(Part::Keys)),
        ),
        ("epoch/root_weak", roots(&quorum(1, &[weak])), Some(E::WeakKey)),
        ("epoch/root_not_canonical", roots(&quorum(1, &[[0xff; 32]])), Some(E::NonCanonicalKey)),
        ("epoch/roots_2_of_2", roots(&quorum(2, &[a, b])), None),
        ("epoch/roots_unsorted", roots(&quorum(2, &[b, a])), Some(E::Unsorted(Part::Keys))),
        ("epoch/roots_doubled", roots(&quorum(2, &[a, a])), Some(E::Doubled(Part::Keys))),
        ("epoch/roots_4_of_4", roots(&quorum(4, &all[..4])), None),
        ("epoch/roots_5_of_4", roots(&quorum(5, &all[..4])), Some(E::OutOfRange(Part::Threshold))),
        // Count, threshold, all keys, their order, each key: in this order.
        ("epoch/cold_3_of_3", cold(&quorum(3, &[a, b, c])), None),
        ("epoch/count_before_threshold", cut(&[0, 5]), Some(E::OverLimit(Part::Keys))),
        ("epoch/threshold_before_keys", cut(&[4, 3]), Some(E::OutOfRange(Part::Threshold))),
        (
            "epoch/threshold_before_the_keys_order",
            cold(&quorum(4, &[b, a, c])),
            Some(E::OutOfRange(Part::Threshold)),
        ),
        (
            "epoch/all_keys_before_their_order",
            cut(&[&[3, 3][..], &b, &a, &[0; 31]].concat()),
            Some(E::Truncated),
        ),
        (
            "epoch/all_keys_before_the_first",
            cut(&[&[3, 3][..], &weak, &a, &[0; 31]].concat()),
            Some(E::Truncated),
        ),
        (
            "epoch/the_keys_order_before_a_key",
            cold(&quorum(3, &[weak, b, a])),
            Some(E::Unsorted(Part::Keys)),
        ),
        (
            "epoch/the_first_pair_before_the_second",
            cold(&quorum(3, &[b, b, a])),
            Some(E::Doubled(Part::Keys)),
        ),
        (
            "epoch/the_first_key_before_the_last",
            cold(&quorum(3, &[weak, a, [0xff; 32]])),
            Some(E::WeakKey),
        ),
        ("epoch/cold_four", cold(&quorum(4, &all[1..])), None),
        ("epoch/cold_five", cold(&quorum(4, &all)), Some(E::OverLimit(Part::Keys))),
        ("epoch/cold_one", cold(&quorum(1, &[a])), None),
        ("epoch/cold_none", cold(&quorum(1, &[])), Some(E::Empty(Part::Keys))),
        ("epoch/cold_0_of_1", cold(&quorum(0, &[a])), Some(E::OutOfRange(Part::Threshold))),
        ("epoch/cold_2_of_1", cold(&quorum(2, &[a])), Some(E::OutOfRange(Part::Threshold))),
        ("epoch/cold_weak", cold(&quorum(1, &[weak])), Some(E::WeakKey)),
        ("epoch/cold_not_canonical", cold(&quorum(1, &[[0xff; 32]])), Some(E::NonCanonicalKey)),
        ("epoch/cold_1_of_2", cold(&quorum(1, &[a, b])), None),
        ("epoch/cold_unsorted", cold(&quorum(1, &[b, a])), Some(E::Unsorted(Part::Keys))),
        ("epoch/cold_doubled", cold(&quorum(1, &[b, b])), Some(E::Doubled(Part::Keys))),
        // Roots and cold keys are compared where the keyset is taken in, not here.
        ("epoch/cold_keys_that_are_roots", cold(&one), None),
    ]
}

/// Signatures, at the end of an epoch and of a keyset.
fn signed() -> Vec<Case> {
    use DecodeError as E;
    let one = quorum(1, &keys()[..1]);
    let epoch = |signatures: &[u8]| epoch(&[1, 5], &one, &[0], &one, signatures);
    let set = |signatures: &[u8]| keyset(&[1, 1, 5, 0], &[0], &[0], signatures);
    let two = |one: u8, other: u8| [&[2, one][..], &[0; 64], &[other], &[1; 64]].concat();
    vec![
        ("epoch/no_signatures", epoch(&signatures(&[])), None),
        // The fifth stands in front: the number is refused before any of them.
        ("epoch/signatures_four", epoch(&signatures(&[0, 1, 2, 3])), None),
        (
            "epoch/signatures_five",
            epoch(&signatures(&[0, 0, 1, 2, 3])),
            Some(E::OverLimit(Part::Signatures)),
        ),
        // Whether a key has the index is told where the signature is verified.
        ("epoch/signer_3_of_1", epoch(&signatures(&[3])), None),
        ("epoch/signer_4", epoch(&signatures(&[4])), Some(E::OutOfRange(Part::Signer))),
        ("epoch/signer_255", epoch(&signatures(&[255])), Some(E::OutOfRange(Part::Signer))),
        ("epoch/signer_before_signature", epoch(&[1, 4]), Some(E::OutOfRange(Part::Signer))),
        (
            "epoch/signatures_count_over_long",
            epoch(&[&[0x81, 0, 3][..], &[0; 64]].concat()),
            Some(E::OverlongInteger),
        ),
        (
            "epoch/signatures_count_over_32_bits",
            epoch(&[&[0x81, 0x80, 0x80, 0x80, 0x10, 3][..], &[0; 64]].concat()),
            Some(E::OverLimit(Part::Signatures)),
        ),
        ("epoch/signatures_two", epoch(&two(1, 2)), None),
        ("epoch/signatures_unsorted", epoch(&two(2, 1)), Some(E::Unsorted(Part::Signatures))),
        ("epoch/signatures_doubled", epoch(&two(1, 1)), Some(E::Doubled(Part::Signatures))),
        ("epoch/all_of_a_signature_before_its_place", epoch(&two(2, 1)[..130]), Some(E::Truncated)),
        ("keyset/no_signatures", set(&signatures(&[])), None),
        ("keyset/signatures_four", set(&signatures(&[0, 1, 2, 3])), None),
        (
            "keyset/signatures_five",
            set(&signatures(&[0, 0, 1, 2, 3])),
            Some(E::OverLimit(Part::Signatures)),
        ),
        ("keyset/signer_3", set(&signatures(&[3])), None),
        ("keyset/signer_4", set(&signatures(&[4])), Some(E::OutOfRange(Part::Signer))),
        ("keyset/signatures_two", set(&two(0, 3)), None),
        ("keyset/signatures_unsorted", set(&two(3, 0)), Some(E::Unsorted(Part::Signatures))),
        ("keyset/signatures_doubled", set(&two(3, 3)), Some(E::Doubled(Part::Signatures))),
    ]
}

/// A keyset by its parts.
pub(super) fn keyset(head: &[u8], issuers: &[u8], zones: &[u8], signatures: &[u8]) -> Vec<u8> {
    [&[1, 10][..], head, issuers, zones, signatures].concat()
}

fn keysets() -> Vec<Case> {
    use DecodeError as E;
    let head = |parts: &[&[u8]]| keyset(&parts.concat(), &[0], &[0], &[0]);
    let epoch = |epoch: &[u8]| head(&[epoch, &[3, 5, 0]]);
    let version = |version: &[u8]| head(&[&[1], version, &[5, 0]]);
    let issued = |at: &[u8]| head(&[&[1, 3], at, &[0]]);
    let log_to = |log_to: &[u8]| head(&[&[1, 3, 5], log_to]);
    let log_key = |byte: u8| log_to(&[&[1][..], &[byte; 32]].concat());
    let key = &keys()[0];
    let filled = |bytes: usize| {
        let limits = [&[0xc8, 3][..], &[7; 456]].concat();
        let one = issuer(key, 1, &[5], &[5], &limits);
        // From 128 on: the low byte has its bit 7 set as it stands.
        let rest = u8::try_from(bytes - 866).unwrap();
        let limits = [&[rest, 1][..], &vec![7; rest.into()]].concat();
        let other = issuer(&keys()[1], 1, &[5], &[5], &limits);
        let all = signatures(&[0, 1, 2, 3]);
        let zone = [&[1, 1, 9, 16][..], &transitions(16)].concat();
        let log_to = [&[1, 3, 5, 1][..], &[9; 32]].concat();
        keyset(&log_to, &[&[2][..], &one, &other].concat(), &zone, &all)
    };
    vec![
        ("keyset/epoch_the_greatest", epoch(&MOST), None),
        ("keyset/epoch_over_64_bits", epoch(&OVERFLOW), Some(E::IntegerOverflow)),
        ("keyset/epoch_over_long", epoch(&LONG), Some(E::OverlongInteger)),
        ("keyset/version_the_greatest", version(&MOST), None),
        ("keyset/version_over_64_bits", version(&OVERFLOW), Some(E::IntegerOverflow)),
        ("keyset/version_over_long", version(&LONG), Some(E::OverlongInteger)),
        ("keyset/issued_at_the_last_time", issued(&LAST), None),
        ("keyset/issued_beyond_it", issued(&BEYOND), Some(E::OutOfRange(Part::Time))),
        ("keyset/issued_at_over_long", issued(&LONG), Some(E::OverlongInteger)),
        ("keyset/without_issuers", log_to(&[0]), None),
        ("keyset/log_flag_2", log_to(&[2]), Some(E::OutOfRange(Part::Tag))),
        ("keyset/log_flag_255", log_to(&[255]), Some(E::OutOfRange(Part::Tag))),
        // It is no Ed25519 key: no rule of those is its.
        ("keyset/log_key", log_key(9), None),
        ("keyset/log_key_of_zeros", log_key(0), None),
        ("keyset/log_key_of_ones", log_key(255), None),
        ("keyset/of_1024_bytes", filled(1024), None),
        ("keyset/of_1025_bytes", filled(1025), Some(E::OverLimit(Part::Object))),
    ]
}

fn issuer(key: &[u8; 32], roles: u8, from: &[u8], lasts: &[u8], limits: &[u8]) -> Vec<u8> {
    [&key[..], &[roles], from, lasts, limits].concat()
}

fn issuers() -> Vec<Case> {
    use DecodeError as E;
    let list = |issuers: &[Vec<u8>]| {
        let list = [&[issuers.len().to_le_bytes()[0]][..], &issuers.concat()].concat();
        keyset(&[1, 1, 5, 0], &list, &[0], &[0])
    };
    let plain = |key: &[u8; 32], roles: u8| issuer(key, roles, &[5], &[5], &[0]);
    let mut nine: Vec<_> = (0..9).map(|n| *key::<role::Issuer>(n).public().as_bytes()).collect();
    nine.sort_unstable();
    let nine: Vec<_> = nine.iter().map(|key| plain(key, 15)).collect();
    let [a, b, c, _, _] = keys();
    let one = |roles: u8, from: &[u8], lasts: &[u8], limits: &[u8]| {
        list(&[issuer(&a, roles, from, lasts, limits)])
    };
    let limits =
        |length: &[u8], bytes: usize| one(1, &[5], &[5], &[length, &vec![0xff; bytes]].concat());
    // Nothing behind the issuers.
    let cut = |issuers: &[&[u8]]| [&[1, 10, 1, 1, 5, 0][..], &issuers.concat()].concat();
    let (two, small) = (plain(&b, 1), plain(&a, 1));
    vec![
        ("keyset/issuers_eight", list(&nine[1..]), None),
        ("keyset/issuers_nine", list(&nine), Some(E::OverLimit(Part::Issuers))),
        ("keyset/issuer_of_all_roles", list(&[plain(&a, 15)]), None),
        (
            "keyset/issuers_count_over_32_bits",
            cut(&[&[0x81, 0x80, 0x80, 0x80, 0x10], &plain(&a, 15), &[0, 0]]),
            Some(E::OverLimit(Part::Issuers)),
        ),
        (
            "keyset/issuers_count_over_long",
            cut(&[&[0x81, 0], &plain(&a, 15), &[0, 0]]),
            Some(E::OverlongInteger),
        ),
        ("keyset/issuer_of_a_fifth_role", list(&[plain(&a, 16)]), Some(E::OutOfRange(Part::Roles))),
        ("keyset/issuer_of_all_bits", list(&[plain(&a, 255)]), Some(E::OutOfRange(Part::Roles))),
        ("keyset/issuer_of_no_role", list(&[plain(&a, 0)]), Some(E::OutOfRange(Part::Roles))),
        ("keyset/issuer_of_one_role", list(&[plain(&a, 1)]), None),
        ("keyset/weak_issuer", list(&[plain(curve_identity(), 1)]), Some(E::WeakKey)),
        ("keyset/issuer_not_canonical", list(&[plain(&[0xff; 32], 1)]), Some(E::NonCanonicalKey)),
        (
            "keyset/issuer_key_before_roles",
            list(&[plain(&[0xff; 32], 0)]),
            Some(E::NonCanonicalKey),
        ),
        (
            "keyset/issuer_roles_before_times",
            cut(&[&[1], &a, &[16]]),
            Some(E::OutOfRange(Part::Roles)),
        ),
        ("keyset/issuer_from_the_last_time", one(1, &LAST, &[5], &[0]), None),
        (
            "keyset/issuer_from_beyond_it",
            one(1, &BEYOND, &[5], &[0]),
            Some(E::OutOfRange(Part::Time)),
        ),
        ("keyset/issuer_from_over_long", one(1, &LONG, &[5], &[0]), Some(E::OverlongInteger)),
        ("keyset/issuer_for_a_second", one(1, &[5], &[1], &[0]), None),
        (
            "keyset/issuer_for_no_time",
            one(1, &[5], &[0], &[0]),
            Some(E::OutOfRange(Part::Duration)),
        ),
        ("keyset/issuer_for_the_longest", one(1, &LAST, &LAST_U32, &[0]), None),
        (
            "keyset/issuer_for_over_32_bits",
            one(1, &LAST, &OVER_U32, &[0]),
            Some(E::IntegerOverflow),
        ),
        // What limits say is not read here: this one has a caveat that nobody knows.
        ("keyset/limits_that_are_no_caveats", limits(&[2], 2), None),
        ("keyset/limits_over_long", limits(&[0x82, 0], 2), Some(E::OverlongInteger)),
        (
            "keyset/limits_over_32_bits",
            limits(&[0x82, 0x80, 0x80, 0x80, 0x10], 2),
            Some(E::OverLimit(Part::Limits)),
        ),
        (
            "keyset/limits_length_before_bytes",
            cut(&[&[1], &a, &[1, 5, 5, 0xc9, 3]]),
            Some(E::OverLimit(Part::Limits)),
        ),
        ("keyset/limits_456_bytes", limits(&[0xc8, 3], 456), None),
        ("keyset/limits_457_bytes", limits(&[0xc9, 3], 457), Some(E::OverLimit(Part::Limits))),
        ("keyset/issuers_two", list(&[small.clone(), two.clone()]), None),
        (
            "keyset/issuers_unsorted",
            list(&[two.clone(), small.clone()]),
            Some(E::Unsorted(Part::Issuers)),
        ),
        (
            "keyset/issuers_doubled",
            list(&[small.clone(), small.clone()]),
            Some(E::Doubled(Part::Issuers)),
        ),
        (
            "keyset/issuers_of_one_key",
            list(&[small.clone(), plain(&a, 2)]),
            Some(E::Doubled(Part::Issuers)),
        ),
        (
            "keyset/an_issuer_before_its_place",
            list(&[two.clone(), plain(&a, 0)]),
            Some(E::OutOfRange(Part::Roles)),
        ),
        (
            "keyset/all_of_an_issuer_before_its_place",
            cut(&[&[2], &two, &a, &[1]]),
            Some(E::Truncated),
        ),
        ("keyset/issuers_three", list(&[small.clone(), two.clone(), plain(&c, 1)]), None),
        (
            "keyset/the_second_issuers_place_before_the_third",
            list(&[two, small, plain(&c, 0)]),
            Some(E::Unsorted(Part::Issuers)),
        ),
    ]
}

/// The keyset of the list that a status names or carries, and what is checked when.
fn statuses() -> Vec<Case> {
    use DecodeError as E;
    let status = |keyset: u8, listed: u8, list: &[u8]| {
        [&[1, 3][..], &[7; 8], &[1, keyset, listed, 7, 9, 0], list, &[0; 64]].concat()
    };
    let numbered = |number: u8, list: &[u8]| {
        [&[1, 3][..], &[7; 8], &[1, 3, 3, number, 9, 0], list, &[0; 64]].concat()
    };
    let refused = Some(E::OutOfRange(Part::ListKeyset));
    vec![
        ("status/list_of_an_older_keyset", status(3, 2, &[0]), None),
        ("status/list_of_a_newer_keyset", status(3, 4, &[0]), refused),
        ("status/a_list_of_its_keyset", status(3, 3, &[1, 0, 0]), None),
        ("status/a_list_of_an_older_keyset", status(3, 2, &[1, 0, 0]), refused),
        ("status/that_names_list_0", numbered(0, &[0]), None),
        ("status/a_list_of_number_1", numbered(1, &[1, 0, 0]), None),
        (
            "status/a_list_of_number_0",
            numbered(0, &[1, 0, 0]),
            Some(E::OutOfRange(Part::ListNumber)),
        ),
        (
            "status/all_entries_before_their_order",
            [&status(3, 3, &[1, 3])[..18], &[2; 8], &[1; 8], &[0; 7]].concat(),
            Some(E::Truncated),
        ),
        (
            "status/a_floor_before_its_place",
            status(3, 3, &[&[1, 0, 2][..], &[4; 8], &[1], &[3; 8], &[0]].concat()),
            Some(E::OutOfRange(Part::Floors)),
        ),
        ("status/a_list_of_an_older_keyset", status(3, 2, &[1, 0, 0]), refused),
        ("status/a_list_of_a_newer_keyset", status(3, 4, &[1, 0, 0]), refused),
        ("status/list_flag_before_its_keyset", status(3, 4, &[2]), Some(E::OutOfRange(Part::Tag))),
        ("status/list_keyset_before_the_list", status(3, 2, &[1, 65]), refused),
    ]
}
