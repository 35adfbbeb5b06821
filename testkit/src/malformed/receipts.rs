//! Receipts, entries and recordings, by their raw bytes (SPEC.md section 24).

use keyward::{DecodeError, role, wire::Part};

use super::{
    Case, OVERFLOW, curve_identity,
    statements::{BEYOND, LAST, LONG, MOST},
};
use crate::scene::{DEVICE, WITNESS, key};

const CORE: [u8; 32] = [0xc0; 32];

/// An object of each kind.
pub(super) fn valid() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("receipt", receipt(&public(&[5, 2, 1, 9, 0, 0], &[0], &opening(0, 0)))),
        (
            "entry",
            entry(&public(&[5, 2, 1, 9, 0, 0], &hash(), &opening(0, 0)), &[1], &persons(1, 1)),
        ),
        ("recording", recording(&witness(), &[7], &[9])),
    ]
}

/// All cases.
pub(super) fn cases() -> Vec<Case> {
    [numbers(), events(), entries(), recordings()].concat()
}

/// The public part of number 5, whose oldest is 2.
fn public(numbers: &[u8], private: &[u8], event: &[u8]) -> Vec<u8> {
    let (sequence, rest) = numbers.split_at(1);
    [&[8; 8][..], &[1], sequence, &[0xb0; 32], rest, private, event].concat()
}

fn receipt(public: &[u8]) -> Vec<u8> {
    [&[1, 16][..], public, &[0; 64]].concat()
}

fn entry(public: &[u8], flag: &[u8], private: &[u8]) -> Vec<u8> {
    [&[1, 17][..], public, &[0; 64], flag, private].concat()
}

fn hash() -> Vec<u8> {
    [&[1][..], &[0xa0; 32]].concat()
}

fn opening(right: u8, outcome: u8) -> Vec<u8> {
    [&[0][..], &CORE, &[right, outcome]].concat()
}

/// A private part on an opening by so many links, with so many witnesses.
fn persons(links: u8, witnesses: u8) -> Vec<u8> {
    let (of_links, of_witnesses) = (usize::from(links) * 16, usize::from(witnesses) * 32);
    [
        &[0x5a; 16][..],
        &[0],
        &[7; 8],
        &[6; 16],
        &[links],
        &vec![3; of_links],
        &[witnesses],
        &vec![4; of_witnesses],
    ]
    .concat()
}

/// A private part on denials.
fn rows(count: u8, row: &[u8]) -> Vec<u8> {
    [&[0x5a; 16][..], &[1, count], &row.repeat(count.into())].concat()
}

fn witness() -> [u8; 32] {
    *key::<role::Witness>(WITNESS).public().as_bytes()
}

fn recording(key: &[u8; 32], from: &[u8], until: &[u8]) -> Vec<u8> {
    [&[1, 18][..], key, &CORE, &[0xe0; 16], &[0xf0; 32], from, until, &[0; 64]].concat()
}

fn numbers() -> Vec<Case> {
    use DecodeError as E;
    let of = |epoch: &[u8], sequence: &[u8], tail: &[u8]| {
        let head = [&[1, 16][..], &[8; 8], epoch, sequence, &[0xb0; 32], tail].concat();
        [&head[..], &[0], &opening(0, 0), &[0; 64]].concat()
    };
    let usual = [2, 1, 9, 0, 0];
    let tail = |parts: &[&[u8]]| of(&[1], &[5], &parts.concat());
    let greatest = [&MOST[..], &MOST, &MOST, &[1], &MOST, &[2]].concat();
    vec![
        ("receipt/all_numbers_the_greatest", of(&MOST, &MOST, &greatest), None),
        ("receipt/epoch_over_64_bits", of(&OVERFLOW, &[5], &usual), Some(E::IntegerOverflow)),
        ("receipt/epoch_over_long", of(&LONG, &[5], &usual), Some(E::OverlongInteger)),
        ("receipt/sequence_over_64_bits", of(&[1], &OVERFLOW, &usual), Some(E::IntegerOverflow)),
        ("receipt/sequence_over_long", of(&[1], &LONG, &usual), Some(E::OverlongInteger)),
        ("receipt/oldest_is_itself", tail(&[&[5, 1, 9, 0, 0]]), None),
        (
            "receipt/oldest_is_the_next",
            tail(&[&[6, 1, 9, 0, 0]]),
            Some(E::OutOfRange(Part::Sequence)),
        ),
        (
            "receipt/starts_before_the_oldest",
            tail(&[&[6], &LONG, &[9, 0, 0]]),
            Some(E::OverlongInteger),
        ),
        ("receipt/starts_over_long", tail(&[&[2], &LONG, &[9, 0, 0]]), Some(E::OverlongInteger)),
        ("receipt/lo_over_long", tail(&[&[2, 1], &LONG, &[0, 0]]), Some(E::OverlongInteger)),
        ("receipt/hi_is_lo", tail(&[&[2, 1, 9, 1, 9, 2]]), None),
        ("receipt/hi_below_lo", tail(&[&[2, 1, 9, 1, 8, 2]]), Some(E::OutOfRange(Part::Time))),
        ("receipt/hi_flag_2", tail(&[&[2, 1, 9, 2, 9, 2]]), Some(E::OutOfRange(Part::Tag))),
        ("receipt/quality_2", tail(&[&[2, 1, 9, 0, 2]]), None),
        ("receipt/quality_3", tail(&[&[2, 1, 9, 0, 3]]), Some(E::OutOfRange(Part::Tag))),
        ("receipt/quality_before_hi", tail(&[&[2, 1, 9, 1, 8, 3]]), Some(E::OutOfRange(Part::Tag))),
    ]
}

fn events() -> Vec<Case> {
    use DecodeError as E;
    let of = |private: &[u8], event: &[u8]| receipt(&public(&[5, 2, 1, 9, 0, 0], private, event));
    let event = |event: &[u8]| of(&[0], event);
    let stated = |kind: u8| event(&[&[1, kind][..], &[0x50; 32]].concat());
    let device = *key::<role::Device>(DEVICE).public().as_bytes();
    let change =
        |old: &[u8; 32], new: &[u8; 32]| event(&[&[2][..], old, new, &[1; 64], &[2; 64]].concat());
    let denials = |count: &[u8]| of(&hash(), &[&[3][..], count].concat());
    vec![
        ("receipt/names_a_private_part", of(&hash(), &opening(0, 0)), None),
        ("receipt/private_flag_2", of(&[2], &opening(0, 0)), Some(E::OutOfRange(Part::Tag))),
        ("receipt/right_31", event(&opening(31, 0)), None),
        ("receipt/right_32", event(&opening(32, 0)), Some(E::OutOfRange(Part::Right))),
        ("receipt/interrupted", event(&opening(0, 4)), None),
        ("receipt/outcome_5", event(&opening(0, 5)), Some(E::OutOfRange(Part::Outcome))),
        ("receipt/an_epoch", stated(9), None),
        (
            "receipt/an_epoch_with_a_private_part",
            of(&hash(), &[&[1, 9][..], &[0x50; 32]].concat()),
            Some(E::OutOfRange(Part::Private)),
        ),
        ("receipt/a_keyset", stated(10), None),
        ("receipt/a_list", stated(3), None),
        ("receipt/a_card", stated(11), None),
        ("receipt/a_claim", stated(13), Some(E::OutOfRange(Part::Tag))),
        ("receipt/a_token", stated(1), Some(E::OutOfRange(Part::Tag))),
        ("receipt/a_new_device_key", change(&device, &witness()), None),
        ("receipt/weak_old_key", change(curve_identity(), &witness()), Some(E::WeakKey)),
        ("receipt/weak_new_key", change(&device, curve_identity()), Some(E::WeakKey)),
        ("receipt/new_key_not_canonical", change(&device, &[255; 32]), Some(E::NonCanonicalKey)),
        ("receipt/one_denial", denials(&[1]), None),
        ("receipt/no_denial", denials(&[0]), Some(E::OutOfRange(Part::Count))),
        (
            "receipt/denials_over_32_bits",
            denials(&[0x80, 0x80, 0x80, 0x80, 0x10]),
            Some(E::IntegerOverflow),
        ),
        ("receipt/event_4", event(&[4]), Some(E::OutOfRange(Part::Tag))),
    ]
}

fn entries() -> Vec<Case> {
    use DecodeError as E;
    let of = |named: &[u8], event: &[u8], flag: &[u8], private: &[u8]| {
        entry(&public(&[5, 2, 1, 9, 0, 0], named, event), flag, private)
    };
    let opened = |private: &[u8]| of(&hash(), &opening(0, 0), &[1], private);
    let denied = |private: &[u8]| of(&hash(), &[3, 4], &[1], private);
    let row = [&[0xae, 3, 1][..], &[6; 16], &[2, 7, 9]].concat();
    let longest = [
        &[1, 17][..],
        &[8; 8],
        &MOST,
        &MOST,
        &[0xb0; 32],
        &MOST,
        &MOST,
        &MOST,
        &[1],
        &MOST,
        &[2],
        &hash(),
        &opening(31, 4),
        &[0; 64],
        &[1],
        &persons(4, 2),
    ]
    .concat();
    vec![
        ("entry/without_a_private_part", of(&[0], &opening(0, 0), &[0], &[]), None),
        (
            "entry/private_part_that_is_not_named",
            of(&[0], &opening(0, 0), &[1], &persons(1, 0)),
            Some(E::OutOfRange(Part::Private)),
        ),
        ("entry/erased", of(&hash(), &opening(0, 0), &[0], &[]), None),
        (
            "entry/private_flag_2",
            of(&hash(), &opening(0, 0), &[2], &[]),
            Some(E::OutOfRange(Part::Tag)),
        ),
        ("entry/four_links", opened(&persons(4, 2)), None),
        ("entry/no_links", opened(&persons(0, 0)), Some(E::Empty(Part::Links))),
        ("entry/five_links", opened(&persons(5, 0)), Some(E::OverLimit(Part::Links))),
        ("entry/three_witnesses", opened(&persons(1, 3)), Some(E::OverLimit(Part::Witnesses))),
        ("entry/four_rows", denied(&rows(4, &row)), None),
        ("entry/no_rows", denied(&rows(0, &row)), Some(E::Empty(Part::Rows))),
        ("entry/five_rows", denied(&rows(5, &row)), Some(E::OverLimit(Part::Rows))),
        ("entry/a_row_of_nobody", denied(&rows(1, &[100, 0, 1, 7, 9])), None),
        (
            "entry/a_row_of_none",
            denied(&rows(1, &[100, 0, 0, 7, 9])),
            Some(E::OutOfRange(Part::Count)),
        ),
        (
            "entry/a_row_with_flag_2",
            denied(&rows(1, &[100, 2, 1, 7, 9])),
            Some(E::OutOfRange(Part::Tag)),
        ),
        (
            "entry/private_tag_2",
            denied(&[&[0x5a; 16][..], &[2, 1, 100, 0, 1, 7, 9]].concat()),
            Some(E::OutOfRange(Part::Tag)),
        ),
        ("entry/of_408_bytes", longest.clone(), None),
        ("entry/of_409_bytes", [&longest[..], &[0]].concat(), Some(E::OverLimit(Part::Object))),
    ]
}

fn recordings() -> Vec<Case> {
    use DecodeError as E;
    let times = |from: &[u8], until: &[u8]| recording(&witness(), from, until);
    vec![
        ("recording/of_an_instant", times(&[7], &[7]), None),
        ("recording/ends_before_it_begins", times(&[7], &[6]), Some(E::OutOfRange(Part::Time))),
        ("recording/to_the_last_time", times(&LAST, &LAST), None),
        ("recording/until_out_of_range", times(&LAST, &BEYOND), Some(E::OutOfRange(Part::Time))),
        ("recording/from_over_long", times(&LONG, &LAST), Some(E::OverlongInteger)),
        ("recording/weak_key", recording(curve_identity(), &[7], &[7]), Some(E::WeakKey)),
        (
            "recording/key_not_canonical",
            recording(&[255; 32], &[7], &[7]),
            Some(E::NonCanonicalKey),
        ),
    ]
}
