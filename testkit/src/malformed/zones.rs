//! The zones of a keyset by their raw bytes.

use keyward::{DecodeError, wire::Part};

use super::{
    Case,
    statements::{LAST_U32, LONG, OVER_U32, keyset},
};

/// So many transitions, all to UTC.
pub(super) fn transitions(count: u8) -> Vec<u8> {
    (17 - count..17).flat_map(|at| [at, 0]).collect()
}

/// All cases.
pub(super) fn zones() -> Vec<Case> {
    use DecodeError as E;
    let list = |zones: &[&[u8]]| {
        let list = [&[zones.len().to_le_bytes()[0]][..], &zones.concat()].concat();
        keyset(&[1, 1, 5, 0], &[0], &list, &[0])
    };
    let ids = |ids: &[u8]| {
        let zones: Vec<_> = ids.iter().map(|id| [*id, 9, 1, 1, 0]).collect();
        list(&zones.iter().map(|zone| &zone[..]).collect::<Vec<_>>())
    };
    let ends = |end: &[u8]| list(&[&[&[1][..], end, &[1, 1, 0]].concat()]);
    let steps = |count: u8, steps: &[u8]| list(&[&[&[1, 9, count][..], steps].concat()]);
    let offset = |offset: &[u8]| steps(1, &[&[1][..], offset].concat());
    // Nothing behind the zones.
    let cut = |zones: &[u8]| [&[1, 10, 1, 1, 5, 0, 0][..], zones].concat();
    vec![
        ("keyset/zones_four", ids(&[1, 2, 3, 4]), None),
        ("keyset/zones_five", ids(&[0, 0, 1, 2, 3]), Some(E::OverLimit(Part::Zones))),
        ("keyset/zone_255", ids(&[255]), None),
        (
            "keyset/zones_count_over_long",
            cut(&[0x81, 0, 255, 9, 1, 1, 0, 0]),
            Some(E::OverlongInteger),
        ),
        ("keyset/zones_two", ids(&[0, 255]), None),
        ("keyset/zones_unsorted", ids(&[255, 0]), Some(E::Unsorted(Part::Zones))),
        ("keyset/zones_doubled", ids(&[255, 255]), Some(E::Doubled(Part::Zones))),
        (
            "keyset/zones_of_one_id",
            list(&[&[1, 9, 1, 1, 0], &[1, 8, 1, 1, 0]]),
            Some(E::Doubled(Part::Zones)),
        ),
        (
            "keyset/a_zone_before_its_place",
            list(&[&[1, 9, 1, 1, 0], &[0, 9, 0]]),
            Some(E::Empty(Part::Transitions)),
        ),
        (
            "keyset/all_of_a_zone_before_its_place",
            cut(&[2, 1, 9, 1, 1, 0, 0, 9, 1, 1]),
            Some(E::Truncated),
        ),
        // A table that ends before it begins says nothing, and breaks no rule.
        ("keyset/zone_that_ends_at_once", ends(&[0]), None),
        ("keyset/zone_that_ends_last", ends(&LAST_U32), None),
        ("keyset/zone_end_over_32_bits", ends(&OVER_U32), Some(E::IntegerOverflow)),
        ("keyset/zone_end_over_long", ends(&LONG), Some(E::OverlongInteger)),
        ("keyset/transitions_16", steps(16, &transitions(16)), None),
        (
            "keyset/transitions_17",
            steps(17, &transitions(17)),
            Some(E::OverLimit(Part::Transitions)),
        ),
        ("keyset/transitions_one", steps(1, &transitions(1)), None),
        ("keyset/transitions_none", steps(0, &[]), Some(E::Empty(Part::Transitions))),
        (
            "keyset/transitions_count_over_long",
            list(&[&[1, 9, 0x81, 0, 16, 0]]),
            Some(E::OverlongInteger),
        ),
        ("keyset/transitions_two", steps(2, &[5, 0, 6, 1]), None),
        (
            "keyset/transitions_unsorted",
            steps(2, &[6, 1, 5, 0]),
            Some(E::Unsorted(Part::Transitions)),
        ),
        (
            "keyset/transitions_doubled",
            steps(2, &[5, 0, 5, 0]),
            Some(E::Doubled(Part::Transitions)),
        ),
        (
            "keyset/transitions_at_one_minute",
            steps(2, &[5, 1, 5, 0]),
            Some(E::Doubled(Part::Transitions)),
        ),
        (
            "keyset/an_offset_before_its_place",
            steps(2, &[6, 1, 5, 0xc0, 0x16]),
            Some(E::OutOfRange(Part::Offset)),
        ),
        ("keyset/transition_at_the_last_minute", steps(1, &[&LAST_U32[..], &[0]].concat()), None),
        (
            "keyset/transition_over_32_bits",
            steps(1, &[&OVER_U32[..], &[0]].concat()),
            Some(E::IntegerOverflow),
        ),
        // 2n for n from 0 on, -2n - 1 below.
        ("keyset/offset_of_1439", offset(&[0xbe, 0x16]), None),
        ("keyset/offset_of_1440", offset(&[0xc0, 0x16]), Some(E::OutOfRange(Part::Offset))),
        ("keyset/offset_the_greatest", offset(&[0xfe, 0xff, 3]), Some(E::OutOfRange(Part::Offset))),
        ("keyset/offset_of_minus_1439", offset(&[0xbd, 0x16]), None),
        ("keyset/offset_of_minus_1440", offset(&[0xbf, 0x16]), Some(E::OutOfRange(Part::Offset))),
        ("keyset/offset_the_least", offset(&[0xff, 0xff, 3]), Some(E::OutOfRange(Part::Offset))),
        ("keyset/offset_over_16_bits", offset(&[0x80, 0x80, 4]), Some(E::IntegerOverflow)),
        ("keyset/offset_over_long", offset(&[0xbd, 0x96, 0]), Some(E::OverlongInteger)),
    ]
}
