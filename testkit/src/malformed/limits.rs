//! Lists and objects that are as long as they may be, and one entry or byte longer.

use keyward::{DecodeError, role, wire::Part};

use super::{Case, link, root_caveats, token};
use crate::scene::{HOLDER, key};

/// Caveats of a second link, bitmap first.
pub(super) fn caveats() -> Vec<Case> {
    use DecodeError as E;
    // The longer list has one entry more in front.
    let list = |head: &[u8], entries: &[Vec<u8>], tail: &[u8]| {
        [head, &[entries.len().to_le_bytes()[0]], &entries.concat(), tail].concat()
    };
    let targets: Vec<_> = (0..9).map(|n| [&[0][..], &[n; 8]].concat()).collect();
    let mut keys: Vec<_> =
        (20..25).map(|n| key::<role::Witness>(n).public().as_bytes().to_vec()).collect();
    keys.sort_unstable();
    let windows: Vec<_> = (1..10).map(|days| vec![days, 0, 10, 1, 0]).collect();
    let window = [0x80, 1, 1, 1, 0, 10, 1, 0];
    let dates: Vec<_> = (0..17).map(|n| vec![n, 1]).collect();
    let app = |length: u8| [&[0x80, 8, 9, length][..], &vec![7; length.into()]].concat();
    let count = |count: &[u8]| [&[2][..], count, &targets[..8].concat()].concat();
    vec![
        ("targets_eight", list(&[2], &targets[1..], &[]), None),
        ("targets_nine", list(&[2], &targets, &[]), Some(E::OverLimit(Part::Targets))),
        ("targets_the_first_eight", count(&[8]), None),
        (
            "targets_count_over_32_bits",
            count(&[0x88, 0x80, 0x80, 0x80, 0x10]),
            Some(E::OverLimit(Part::Targets)),
        ),
        ("targets_count_over_long", count(&[0x88, 0]), Some(E::OverlongInteger)),
        ("witness_four_keys", list(&[16, 1], &keys[1..], &[]), None),
        ("witness_five_keys", list(&[16, 1], &keys, &[]), Some(E::OverLimit(Part::WitnessKeys))),
        ("schedule_eight_windows", list(&[0x80, 1], &windows[1..], &[0]), None),
        (
            "schedule_nine_windows",
            list(&[0x80, 1], &windows, &[0]),
            Some(E::OverLimit(Part::Windows)),
        ),
        ("schedule_16_exceptions", list(&window, &dates[1..], &[]), None),
        (
            "schedule_17_exceptions",
            list(&window, &dates, &[]),
            Some(E::OverLimit(Part::Exceptions)),
        ),
        ("app_32_bytes", app(32), None),
        ("app_33_bytes", app(33), Some(E::OverLimit(Part::AppData))),
    ]
}

/// Tokens of four links, which witnesses' keys and app data fill up.
pub(super) fn tokens() -> Vec<Case> {
    vec![
        ("of_768_bytes", filled(768), None),
        ("of_769_bytes", filled(769), Some(DecodeError::OverLimit(Part::Object))),
    ]
}

fn filled(length: usize) -> Vec<u8> {
    let mut keys: Vec<_> = (20..24).map(|n| *key::<role::Witness>(n).public().as_bytes()).collect();
    keys.sort_unstable();
    let keys = |count: u8| [&[1, count][..], &keys[..count.into()].concat()].concat();
    let root = [&[0x17][..], &root_caveats()[1..], &keys(4)].concat();
    let fill = |app: u8| {
        let app = [&[0x80, 8, 9, app][..], &vec![7; app.into()]].concat();
        let links = [
            link(HOLDER, 3, &root),
            link(HOLDER + 1, 2, &[&[16][..], &keys(4)].concat()),
            link(HOLDER + 2, 1, &[&[16][..], &keys(2)].concat()),
            link(HOLDER + 3, 0, &app),
        ];
        token(4, &links.concat())
    };
    (0..32).map(fill).find(|token| token.len() == length).unwrap()
}

/// Statuses, requests and presentations.
pub(super) fn others() -> Vec<Case> {
    use DecodeError as E;
    let over = |part| Some(E::OverLimit(part));
    let status = |entries: u8, floors: u8| {
        let mut bytes = [&[1, 3][..], &[7; 8], &[1, 3, 3, 7, 9, 0, 1, entries]].concat();
        bytes.extend((65 - entries..65).flat_map(|n| [n; 8]));
        bytes.push(floors);
        bytes.extend((9 - floors..9).flat_map(|n| [n, n, n, n, n, n, n, n, 1]));
        [&bytes[..], &[0; 64]].concat()
    };
    let small = token(1, &link(HOLDER, 0, &root_caveats()));
    let statement = |number: u8| {
        [&key::<role::Witness>(number).public().as_bytes()[..], &[1; 16], &[0; 64]].concat()
    };
    let mut statements: Vec<_> = (20..23).map(statement).collect();
    statements.sort_unstable();
    let presentation = |parameter: u8, statements: &[Vec<u8>], token: &[u8]| {
        let count = statements.len().to_le_bytes()[0];
        [&[1, 7, 0][..], &[5; 16], &[0, parameter], &vec![1; parameter.into()], &[count]]
            .into_iter()
            .chain([&statements.concat()[..], &[0], &token[2..], &[0; 64]])
            .collect::<Vec<_>>()
            .concat()
    };
    let issuer = key::<role::Issuer>(0).public();
    let request = |parameter: u8, token: &[u8]| {
        [&[1, 5][..], &[0xd0; 32], &[1], issuer.as_bytes(), &[8; 8], &[0], &[9; 16], &[1], &[5; 16]]
            .into_iter()
            .chain([&[0, parameter][..], &vec![1; parameter.into()], &token[2..]])
            .collect::<Vec<_>>()
            .concat()
    };
    vec![
        ("status/64_entries", status(64, 0), None),
        ("status/65_entries", status(65, 0), over(Part::Revocations)),
        ("status/eight_floors", status(0, 8), None),
        ("status/nine_floors", status(0, 9), over(Part::Floors)),
        ("status/64_entries_and_eight_floors", status(64, 8), None),
        ("presentation/parameter_of_64_bytes", presentation(64, &[], &small), None),
        (
            "presentation/parameter_of_65_bytes",
            presentation(65, &[], &small),
            over(Part::Parameter),
        ),
        ("presentation/the_second_and_third", presentation(0, &statements[1..], &small), None),
        (
            "presentation/three_witnesses",
            presentation(0, &statements, &small),
            over(Part::Witnesses),
        ),
        ("presentation/token_of_768_bytes", presentation(0, &[], &filled(768)), None),
        ("presentation/token_of_769_bytes", presentation(0, &[], &filled(769)), over(Part::Object)),
        ("request/parameter_of_64_bytes", request(64, &small), None),
        ("request/parameter_of_65_bytes", request(65, &small), over(Part::Parameter)),
        ("request/token_of_768_bytes", request(0, &filled(768)), None),
        ("request/token_of_769_bytes", request(0, &filled(769)), over(Part::Object)),
    ]
}
