//! Caveats by their raw bytes.

use keyward::{DecodeError, role, wire::Part};

use super::{Case, curve_identity};
use crate::scene::key;

/// Caveats of a second link, bitmap first. What is refused mends to what is accepted above it.
pub(super) fn cases() -> Vec<Case> {
    use DecodeError as E;
    let witness = |number: u8| *key::<role::Witness>(number).public().as_bytes();
    let mut keys = [witness(20), witness(21), witness(22)];
    keys.sort_unstable();
    let [a, b, c] = keys;
    let weak = *curve_identity();
    let entry = |tag: u8, byte: u8| [&[tag][..], &[byte; 8]].concat();
    let window = [1, 0, 10, 1, 0];
    let last = [0xff, 0xff, 0xff, 0xff, 0x0f];
    vec![
        ("no_caveats", vec![0], None),
        ("unknown_bit_11", vec![0x80, 0x10], Some(E::UnknownCaveat(11))),
        ("unknown_bit_12", vec![0x80, 0x20], Some(E::UnknownCaveat(12))),
        ("unknown_bit_13", vec![0x80, 0x40], Some(E::UnknownCaveat(13))),
        ("unknown_bit_14", vec![0x80, 0x80, 1], Some(E::UnknownCaveat(14))),
        ("unknown_bit_15", vec![0x80, 0x80, 2], Some(E::UnknownCaveat(15))),
        ("bitmap_over_16_bits", vec![0x80, 0x80, 4], Some(E::IntegerOverflow)),
        ("bitmap_over_long", vec![0x81, 0], Some(E::OverlongInteger)),
        ("rights_all", vec![1, 0xff, 0xff, 0xff, 0xff, 0x0f], None),
        ("rights_over_32_bits", vec![1, 0xff, 0xff, 0xff, 0xff, 0x1f], Some(E::IntegerOverflow)),
        ("rights_one", vec![1, 1], None),
        ("rights_none", vec![1, 0], Some(E::Empty(Part::Rights))),
        ("rights_over_long", vec![1, 0x81, 0], Some(E::OverlongInteger)),
        ("targets_two", [&[2, 2][..], &entry(0, 1), &entry(1, 0)].concat(), None),
        ("targets_none", vec![2, 0], Some(E::Empty(Part::Targets))),
        (
            "targets_unsorted",
            [&[2, 2][..], &entry(1, 0), &entry(0, 1)].concat(),
            Some(E::Unsorted(Part::Targets)),
        ),
        (
            "targets_doubled",
            [&[2, 2][..], &entry(0, 1), &entry(0, 1)].concat(),
            Some(E::Doubled(Part::Targets)),
        ),
        ("targets_one", [&[2, 1][..], &entry(1, 1)].concat(), None),
        (
            "targets_unknown_tag",
            [&[2, 1][..], &entry(2, 1)].concat(),
            Some(E::OutOfRange(Part::Tag)),
        ),
        ("targets_tag_255", [&[2, 1][..], &entry(255, 1)].concat(), Some(E::OutOfRange(Part::Tag))),
        ("valid_the_last_time", vec![4, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 5], None),
        (
            "valid_beyond_the_last_time",
            vec![4, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 5],
            Some(E::OutOfRange(Part::Time)),
        ),
        ("valid", vec![4, 5, 5], None),
        ("valid_for_no_time", vec![4, 5, 0], Some(E::OutOfRange(Part::Duration))),
        (
            "valid_for_over_32_bits",
            vec![4, 5, 0xff, 0xff, 0xff, 0xff, 0x1f],
            Some(E::IntegerOverflow),
        ),
        ("uses_one", vec![8, 1], None),
        ("uses_none", vec![8, 0], Some(E::OutOfRange(Part::Uses))),
        ("uses_the_most", vec![8, 0xff, 0xff, 0xff, 0xff, 0x0f], None),
        ("uses_over_32_bits", vec![8, 0xff, 0xff, 0xff, 0xff, 0x1f], Some(E::IntegerOverflow)),
        ("witness_two_of_two", [&[16, 2, 2][..], &a, &b].concat(), None),
        (
            "witness_keys_unsorted",
            [&[16, 1, 2][..], &b, &a].concat(),
            Some(E::Unsorted(Part::WitnessKeys)),
        ),
        (
            "witness_keys_doubled",
            [&[16, 1, 2][..], &a, &a].concat(),
            Some(E::Doubled(Part::WitnessKeys)),
        ),
        ("witness_one_of_one", [&[16, 1, 1][..], &a].concat(), None),
        (
            "witness_none_of_one",
            [&[16, 0, 1][..], &a].concat(),
            Some(E::OutOfRange(Part::WitnessCount)),
        ),
        (
            "witness_two_of_one",
            [&[16, 2, 1][..], &a].concat(),
            Some(E::OutOfRange(Part::WitnessCount)),
        ),
        ("witness_weak_key", [&[16, 1, 1][..], &weak].concat(), Some(E::WeakKey)),
        (
            "witness_key_not_canonical",
            [&[16, 1, 1][..], &[0xff; 32]].concat(),
            Some(E::NonCanonicalKey),
        ),
        ("witness_two_of_three", [&[16, 2, 3][..], &a, &b, &c].concat(), None),
        (
            "witness_three_of_three",
            [&[16, 3, 3][..], &a, &b, &c].concat(),
            Some(E::OutOfRange(Part::WitnessCount)),
        ),
        ("witness_no_keys", vec![16, 1, 0], Some(E::Empty(Part::WitnessKeys))),
        ("witness_none_of_none", vec![16, 0, 0], Some(E::Empty(Part::WitnessKeys))),
        ("max_open", vec![32, 30], None),
        ("max_open_none", vec![32, 0], Some(E::OutOfRange(Part::Duration))),
        ("max_open_over_long", vec![32, 0x9e, 0], Some(E::OverlongInteger)),
        ("max_open_the_longest", vec![32, 0xff, 0xff, 0xff, 0xff, 0x0f], None),
        ("max_open_over_32_bits", vec![32, 0xff, 0xff, 0xff, 0xff, 0x1f], Some(E::IntegerOverflow)),
        ("fresh", vec![64, 60], None),
        ("fresh_none", vec![64, 0], Some(E::OutOfRange(Part::Duration))),
        ("fresh_over_long", vec![64, 0xbc, 0], Some(E::OverlongInteger)),
        ("schedule", [&[0x80, 1, 1][..], &window, &[0]].concat(), None),
        ("schedule_no_windows", vec![0x80, 1, 0, 0], Some(E::Empty(Part::Windows))),
        (
            "schedule_no_days",
            vec![0x80, 1, 1, 0, 0, 10, 1, 0, 0],
            Some(E::OutOfRange(Part::Window)),
        ),
        (
            "schedule_eighth_day",
            vec![0x80, 1, 1, 0x80, 0, 10, 1, 0, 0],
            Some(E::OutOfRange(Part::Window)),
        ),
        (
            "schedule_start_at_1440",
            vec![0x80, 1, 1, 1, 0xa0, 0x0b, 10, 1, 0, 0],
            Some(E::OutOfRange(Part::Window)),
        ),
        (
            "schedule_no_length",
            vec![0x80, 1, 1, 1, 0, 0, 1, 0, 0],
            Some(E::OutOfRange(Part::Window)),
        ),
        (
            "schedule_longer_than_a_day",
            vec![0x80, 1, 1, 1, 0, 0xa1, 0x0b, 1, 0, 0],
            Some(E::OutOfRange(Part::Window)),
        ),
        (
            "schedule_every_0_weeks",
            vec![0x80, 1, 1, 1, 0, 10, 0, 0, 0],
            Some(E::OutOfRange(Part::Window)),
        ),
        (
            "schedule_every_53_weeks",
            vec![0x80, 1, 1, 1, 0, 10, 53, 0, 0],
            Some(E::OutOfRange(Part::Window)),
        ),
        (
            "schedule_phase_of_every",
            vec![0x80, 1, 1, 1, 0, 10, 2, 2, 0],
            Some(E::OutOfRange(Part::Window)),
        ),
        ("schedule_at_its_limits", vec![0x80, 1, 1, 127, 0x9f, 0x0b, 0xa0, 0x0b, 52, 51, 0], None),
        (
            "schedule_length_over_16_bits",
            vec![0x80, 1, 1, 127, 0x9f, 0x0b, 0xa0, 0x8b, 4, 52, 51, 0],
            Some(E::IntegerOverflow),
        ),
        ("schedule_two_windows", vec![0x80, 1, 2, 1, 0, 10, 1, 0, 2, 0, 10, 1, 0, 0], None),
        (
            "schedule_windows_unsorted",
            vec![0x80, 1, 2, 2, 0, 10, 1, 0, 1, 0, 10, 1, 0, 0],
            Some(E::Unsorted(Part::Windows)),
        ),
        (
            "schedule_windows_doubled",
            vec![0x80, 1, 2, 1, 0, 10, 1, 0, 1, 0, 10, 1, 0, 0],
            Some(E::Doubled(Part::Windows)),
        ),
        ("schedule_exceptions", [&[0x80, 1, 1][..], &window, &[2, 5, 2, 7, 1]].concat(), None),
        (
            "schedule_exceptions_overlap",
            [&[0x80, 1, 1][..], &window, &[2, 5, 2, 6, 1]].concat(),
            Some(E::Unsorted(Part::Exceptions)),
        ),
        (
            "schedule_exceptions_equal",
            [&[0x80, 1, 1][..], &window, &[2, 5, 2, 5, 2]].concat(),
            Some(E::Unsorted(Part::Exceptions)),
        ),
        (
            "schedule_exceptions_that_meet",
            [&[0x80, 1, 1][..], &window, &[2, 5, 2, 7, 2]].concat(),
            None,
        ),
        (
            "schedule_exceptions_unsorted",
            [&[0x80, 1, 1][..], &window, &[2, 7, 2, 5, 2]].concat(),
            Some(E::Unsorted(Part::Exceptions)),
        ),
        (
            "schedule_exception_of_366_days",
            [&[0x80, 1, 1][..], &window, &[1, 5, 0xee, 2]].concat(),
            None,
        ),
        (
            "schedule_exception_of_no_days",
            [&[0x80, 1, 1][..], &window, &[1, 5, 0]].concat(),
            Some(E::OutOfRange(Part::Exception)),
        ),
        (
            "schedule_exception_of_367_days",
            [&[0x80, 1, 1][..], &window, &[1, 5, 0xef, 2]].concat(),
            Some(E::OutOfRange(Part::Exception)),
        ),
        (
            "schedule_exception_of_the_last_date",
            [&[0x80, 1, 1][..], &window, &[1], &last, &[1]].concat(),
            None,
        ),
        // first + days is 2^32; were it 0, a date of 1970 could follow.
        (
            "schedule_exceptions_around_the_end",
            [&[0x80, 1, 1][..], &window, &[2], &last, &[1, 0, 1]].concat(),
            Some(E::Unsorted(Part::Exceptions)),
        ),
        ("first_use", vec![0x80, 2, 5, 5], None),
        ("first_use_for_no_time", vec![0x80, 2, 5, 0], Some(E::OutOfRange(Part::Duration))),
        (
            "first_use_beyond_the_last_time",
            vec![0x80, 2, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 5],
            Some(E::OutOfRange(Part::Time)),
        ),
        ("first_use_by_the_last_time", vec![0x80, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 5], None),
        ("channels", vec![0x80, 4, 0b1111], None),
        ("channels_none", vec![0x80, 4, 0], Some(E::Empty(Part::Channels))),
        ("channels_a_fifth", vec![0x80, 4, 0b1_0000], Some(E::OutOfRange(Part::Channels))),
        ("channels_all_bits", vec![0x80, 4, 0xff], Some(E::OutOfRange(Part::Channels))),
        ("app", [&[0x80, 8, 9, 32][..], &[7; 32]].concat(), None),
        (
            "app_tag_over_32_bits",
            [&[0x80, 8, 0xff, 0xff, 0xff, 0xff, 0x1f, 32][..], &[7; 32]].concat(),
            Some(E::IntegerOverflow),
        ),
        (
            "app_length_over_long",
            [&[0x80, 8, 9, 0xa0, 0][..], &[7; 32]].concat(),
            Some(E::OverlongInteger),
        ),
        ("app_without_data", vec![0x80, 8, 9, 0], None),
    ]
}
