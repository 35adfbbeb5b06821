//! Objects by their raw bytes, and the decode error of each: one rule of SPEC.md broken in each.

use keyward::{
    Answer, Challenge, DecodeError, Origin, Presentation, Request, Status, Token, WitnessStatement,
    role, wire::Part,
};

use crate::scene::{HOLDER, Scene, WITNESS, key};

/// One object as bytes, and what its decoder says.
#[derive(Clone, Debug)]
pub struct Raw {
    /// The rule that is broken, or kept.
    pub name: String,
    /// The kind that is decoded, by its name in text forms.
    pub kind: &'static str,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The error, or none.
    pub error: Option<DecodeError>,
}

/// What the decoder of a kind says of some bytes.
pub fn decode(kind: &str, bytes: &[u8]) -> Option<DecodeError> {
    match kind {
        "token" => Token::decode(bytes).err(),
        "origin" => Origin::decode(bytes).err(),
        "status" => Status::decode(bytes).err(),
        "challenge" => Challenge::decode(bytes).err(),
        "request" => Request::decode(bytes).err(),
        "witness" => WitnessStatement::decode(bytes).err(),
        "presentation" => Presentation::decode(bytes).err(),
        _ => Answer::decode(bytes).err(),
    }
}

/// All cases.
pub fn cases() -> Vec<Raw> {
    let mut cases = Vec::new();
    let mut add = |kind, name: &str, bytes: Vec<u8>, error| {
        let name = format!("{kind}/{name}");
        cases.push(Raw { name, kind, bytes, error });
    };
    for (kind, bytes) in valid() {
        add(kind, "valid", bytes.clone(), None);
        add(kind, "wrong_version", edit(&bytes, 0, 2), Some(DecodeError::WrongVersion(2)));
        add(kind, "version_zero", edit(&bytes, 0, 0), Some(DecodeError::WrongVersion(0)));
        add(kind, "wrong_kind", edit(&bytes, 1, 99), Some(DecodeError::WrongKind(99)));
        // An object of fixed length with a byte more is over its limit before anything is read.
        let trailing = match kind {
            "answer" | "witness" => DecodeError::OverLimit(Part::Object),
            _ => DecodeError::TrailingBytes(1),
        };
        let trailing = Some(trailing);
        add(kind, "trailing_byte", [&bytes[..], &[0]].concat(), trailing);
        let shorter = bytes[..bytes.len() - 1].to_vec();
        add(kind, "truncated", shorter, Some(DecodeError::Truncated));
        add(kind, "empty", Vec::new(), Some(DecodeError::Truncated));
        let long = vec![1; 2000];
        add(kind, "over_its_limit", long, Some(DecodeError::OverLimit(Part::Object)));
    }
    for (name, caveats, error) in caveats() {
        add("token", name, token_with(&caveats), error);
    }
    for (name, bytes, error) in tokens() {
        add("token", name, bytes, error);
    }
    for (name, bytes, error) in others() {
        let (kind, name) = name.split_once('/').unwrap();
        let kind = valid().into_iter().find(|(known, _)| *known == kind).unwrap().0;
        add(kind, name, bytes, error);
    }
    cases
}

/// A valid object of each kind.
pub fn valid() -> Vec<(&'static str, Vec<u8>)> {
    let scene = Scene::full();
    let token = scene.token().unwrap();
    let parsed = Token::decode(&token).unwrap();
    let request = scene.request(&parsed);
    let challenge = Challenge {
        lock: crate::scene::LOCK,
        nonce: crate::scene::NONCE,
        epoch: keyward::id::Epoch(1),
        keyset: keyward::id::KeysetVersion(3),
        list: keyward::id::ListNumber(300),
    };
    vec![
        ("token", token.clone()),
        ("origin", scene.origin().encode().unwrap().as_bytes().to_vec()),
        ("status", scene.attestation().unwrap()),
        ("challenge", challenge.encode().unwrap().as_bytes().to_vec()),
        ("request", request.encode().unwrap().as_bytes().to_vec()),
        ("witness", scene.statement(&request, WITNESS)),
        ("presentation", scene.presentation()),
        ("answer", Answer::NeedTime.encode().to_vec()),
    ]
}

type Case = (&'static str, Vec<u8>, Option<DecodeError>);

/// Caveats of a second link, bitmap first.
fn caveats() -> Vec<Case> {
    use DecodeError as E;
    let witness = |number: u8| *key::<role::Witness>(number).public().as_bytes();
    let mut keys = [witness(20), witness(21), witness(22), witness(23)];
    keys.sort_unstable();
    let [a, b, c, d] = keys;
    let weak = *curve_identity();
    let entry = |tag: u8, byte: u8| [&[tag][..], &[byte; 8]].concat();
    let window = [1, 0, 10, 1, 0];
    vec![
        ("no_caveats", vec![0], None),
        ("unknown_bit_11", vec![0x80, 0x10], Some(E::UnknownCaveat(11))),
        ("unknown_bit_12", vec![0x80, 0x20], Some(E::UnknownCaveat(12))),
        ("unknown_bit_13", vec![0x80, 0x40], Some(E::UnknownCaveat(13))),
        ("unknown_bit_14", vec![0x80, 0x80, 1], Some(E::UnknownCaveat(14))),
        ("unknown_bit_15", vec![0x80, 0x80, 2], Some(E::UnknownCaveat(15))),
        ("bitmap_over_16_bits", vec![0x80, 0x80, 4], Some(E::IntegerOverflow)),
        ("bitmap_over_long", vec![0x81, 0], Some(E::OverlongInteger)),
        ("rights_one", vec![1, 1], None),
        ("rights_all", vec![1, 0xff, 0xff, 0xff, 0xff, 0x0f], None),
        ("rights_none", vec![1, 0], Some(E::Empty(Part::Rights))),
        ("rights_over_32_bits", vec![1, 0xff, 0xff, 0xff, 0xff, 0x1f], Some(E::IntegerOverflow)),
        ("rights_over_long", vec![1, 0x81, 0], Some(E::OverlongInteger)),
        ("targets_two", [&[2, 2][..], &entry(0, 1), &entry(1, 0)].concat(), None),
        ("targets_none", vec![2, 0], Some(E::Empty(Part::Targets))),
        ("targets_nine", [&[2, 9][..], &[0; 81]].concat(), Some(E::OverLimit(Part::Targets))),
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
        (
            "targets_unknown_tag",
            [&[2, 1][..], &entry(2, 1)].concat(),
            Some(E::OutOfRange(Part::Tag)),
        ),
        ("valid", vec![4, 5, 5], None),
        ("valid_the_last_time", vec![4, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 5], None),
        (
            "valid_beyond_the_last_time",
            vec![4, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 5],
            Some(E::OutOfRange(Part::Time)),
        ),
        ("valid_for_no_time", vec![4, 5, 0], Some(E::OutOfRange(Part::Duration))),
        (
            "valid_for_over_32_bits",
            vec![4, 5, 0xff, 0xff, 0xff, 0xff, 0x1f],
            Some(E::IntegerOverflow),
        ),
        ("uses_one", vec![8, 1], None),
        ("uses_none", vec![8, 0], Some(E::OutOfRange(Part::Uses))),
        ("witness_two_of_two", [&[16, 2, 2][..], &a, &b].concat(), None),
        ("witness_four_keys", [&[16, 1, 4][..], &a, &b, &c, &d].concat(), None),
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
        (
            "witness_three_of_three",
            [&[16, 3, 3][..], &a, &b, &c].concat(),
            Some(E::OutOfRange(Part::WitnessCount)),
        ),
        ("witness_no_keys", vec![16, 1, 0], Some(E::Empty(Part::WitnessKeys))),
        (
            "witness_five_keys",
            [&[16, 1, 5][..], &[7; 160]].concat(),
            Some(E::OverLimit(Part::WitnessKeys)),
        ),
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
        ("witness_weak_key", [&[16, 1, 1][..], &weak].concat(), Some(E::WeakKey)),
        (
            "witness_key_not_canonical",
            [&[16, 1, 1][..], &[0xff; 32]].concat(),
            Some(E::NonCanonicalKey),
        ),
        ("max_open", vec![32, 30], None),
        ("max_open_none", vec![32, 0], Some(E::OutOfRange(Part::Duration))),
        ("max_open_over_long", vec![32, 0x9e, 0], Some(E::OverlongInteger)),
        ("fresh", vec![64, 60], None),
        ("fresh_none", vec![64, 0], Some(E::OutOfRange(Part::Duration))),
        ("schedule", [&[0x80, 1, 1][..], &window, &[0]].concat(), None),
        ("schedule_no_windows", vec![0x80, 1, 0, 0], Some(E::Empty(Part::Windows))),
        (
            "schedule_nine_windows",
            [&[0x80, 1, 9][..], &[1; 45]].concat(),
            Some(E::OverLimit(Part::Windows)),
        ),
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
            "schedule_17_exceptions",
            [&[0x80, 1, 1][..], &window, &[17], &[1; 34]].concat(),
            Some(E::OverLimit(Part::Exceptions)),
        ),
        ("first_use", vec![0x80, 2, 5, 5], None),
        ("first_use_for_no_time", vec![0x80, 2, 5, 0], Some(E::OutOfRange(Part::Duration))),
        (
            "first_use_beyond_the_last_time",
            vec![0x80, 2, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 5],
            Some(E::OutOfRange(Part::Time)),
        ),
        ("channels", vec![0x80, 4, 0b1111], None),
        ("channels_none", vec![0x80, 4, 0], Some(E::Empty(Part::Channels))),
        ("channels_a_fifth", vec![0x80, 4, 0b1_0000], Some(E::OutOfRange(Part::Channels))),
        ("app", [&[0x80, 8, 9, 32][..], &[7; 32]].concat(), None),
        (
            "app_33_bytes",
            [&[0x80, 8, 9, 33][..], &[7; 33]].concat(),
            Some(E::OverLimit(Part::AppData)),
        ),
    ]
}

fn tokens() -> Vec<Case> {
    use DecodeError as E;
    let root = root_caveats();
    let link = |depth: u8, caveats: &[u8]| link(HOLDER, depth, caveats);
    let four: Vec<_> =
        (0..4).rev().map(|depth| link(depth, if depth == 3 { &root } else { &[0] })).collect();
    let five = [four.concat(), link(0, &[0])].concat();
    let without = |bit: u8| match bit {
        0 => [&[6, 1][..], &[0; 9], &[5, 5]].concat(),
        1 => vec![5, 1, 5, 5],
        _ => [&[3, 1, 1][..], &[0; 9]].concat(),
    };
    let weak = [&curve_identity()[..], &[0], &root, &[0; 64]].concat();
    let not_canonical = [&[0xff; 32][..], &[0], &root, &[0; 64]].concat();
    vec![
        ("four_links", token(4, &four.concat()), None),
        ("no_links", token(0, &[]), Some(E::Empty(Part::Links))),
        ("five_links", token(5, &five), Some(E::OverLimit(Part::Links))),
        ("depth_four", token(1, &link(4, &root)), Some(E::OutOfRange(Part::Depth))),
        (
            "depth_does_not_fall",
            token(2, &[link(1, &root), link(1, &[0])].concat()),
            Some(E::OutOfRange(Part::Depth)),
        ),
        (
            "depth_is_spent",
            token(2, &[link(0, &root), link(0, &[0])].concat()),
            Some(E::OutOfRange(Part::Depth)),
        ),
        ("link_0_without_rights", token(1, &link(0, &without(0))), Some(E::MissingCaveat(0))),
        ("link_0_without_target", token(1, &link(0, &without(1))), Some(E::MissingCaveat(1))),
        ("link_0_without_valid", token(1, &link(0, &without(2))), Some(E::MissingCaveat(2))),
        ("grantee_weak", token(1, &weak), Some(E::WeakKey)),
        ("grantee_not_canonical", token(1, &not_canonical), Some(E::NonCanonicalKey)),
        (
            "serial_over_64_bits",
            [&[1, 1][..], &[0; 8], &[0xff; 9], &[2, 1], &link(0, &root)].concat(),
            Some(E::IntegerOverflow),
        ),
        (
            "serial_over_long",
            [&[1, 1][..], &[0; 8], &[0x81, 0x80, 0, 1], &link(0, &root)].concat(),
            Some(E::OverlongInteger),
        ),
        (
            "count_of_links_over_long",
            [&[1, 1][..], &[0; 8], &[5, 0x81, 0], &link(0, &root)].concat(),
            Some(E::OverlongInteger),
        ),
    ]
}

fn others() -> Vec<Case> {
    use DecodeError as E;
    let status = |flags: &[u8], list: &[u8]| {
        [&[1, 3][..], &[7; 8], &[1, 3, 7, 9], flags, list, &[0; 64]].concat()
    };
    let listed = |list: &[u8]| status(&[0, 1], list);
    let entries = [[1; 16], [2; 16]];
    let presentation = |mode: &[u8], middle: &[u8]| {
        [&[1, 7][..], mode, middle, &token(1, &link(HOLDER, 0, &root_caveats()))[2..], &[0; 64]]
            .concat()
    };
    let challenged = [&[0][..], &[5; 16]].concat();
    let mut witnesses: Vec<_> = [20, 21]
        .map(|number| {
            [&key::<role::Witness>(number).public().as_bytes()[..], &[1; 16], &[0; 64]].concat()
        })
        .to_vec();
    witnesses.sort();
    let [first, second] = [&witnesses[0], &witnesses[1]];
    let two = |one: &[u8], other: &[u8]| {
        presentation(&challenged, &[&[0, 0, 2], one, other, &[0]].concat())
    };
    let list_status = [&[7; 8][..], &[1, 3, 7, 9, 0, 1, 0, 0], &[0; 64]].concat();
    vec![
        ("status/with_an_empty_list", listed(&[0, 0]), None),
        ("status/over_a_nonce", status(&[1, 0], &[]), None),
        ("status/list", listed(&[&[2][..], &entries.concat(), &[1], &[3; 8], &[9]].concat()), None),
        ("status/nonce_flag_2", status(&[2, 0], &[]), Some(E::OutOfRange(Part::Tag))),
        ("status/list_flag_2", status(&[0, 2], &[]), Some(E::OutOfRange(Part::Tag))),
        (
            "status/65_entries",
            listed(&[&[65][..], &[1; 65 * 16], &[0]].concat()),
            Some(E::OverLimit(Part::Revocations)),
        ),
        (
            "status/entries_unsorted",
            listed(&[&[2][..], &entries[1], &entries[0], &[0]].concat()),
            Some(E::Unsorted(Part::Revocations)),
        ),
        (
            "status/entries_doubled",
            listed(&[&[2][..], &entries[0], &entries[0], &[0]].concat()),
            Some(E::Doubled(Part::Revocations)),
        ),
        (
            "status/nine_floors",
            listed(&[&[0, 9][..], &[1; 81]].concat()),
            Some(E::OverLimit(Part::Floors)),
        ),
        (
            "status/floors_unsorted",
            listed(&[&[0, 2][..], &[4; 8], &[1], &[3; 8], &[1]].concat()),
            Some(E::Unsorted(Part::Floors)),
        ),
        (
            "status/floors_doubled",
            listed(&[&[0, 2][..], &[4; 8], &[1], &[4; 8], &[2]].concat()),
            Some(E::Doubled(Part::Floors)),
        ),
        (
            "status/floor_of_0",
            listed(&[&[0, 1][..], &[4; 8], &[0]].concat()),
            Some(E::OutOfRange(Part::Floors)),
        ),
        (
            "status/time_out_of_range",
            [&[1, 3][..], &[7; 8], &[1, 3, 7, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0, 0], &[0; 64]]
                .concat(),
            Some(E::OutOfRange(Part::Time)),
        ),
        ("presentation/plain", presentation(&challenged, &[0, 0, 0, 0]), None),
        ("presentation/unchallenged", presentation(&[1, 5, 6, 7], &[0, 0, 0, 0]), None),
        ("presentation/mode_2", presentation(&[2], &[0; 20]), Some(E::OutOfRange(Part::Tag))),
        (
            "presentation/right_32",
            presentation(&challenged, &[32, 0, 0, 0]),
            Some(E::OutOfRange(Part::Right)),
        ),
        (
            "presentation/parameter_of_65_bytes",
            presentation(&challenged, &[&[0, 65][..], &[1; 65], &[0, 0]].concat()),
            Some(E::OverLimit(Part::Parameter)),
        ),
        ("presentation/two_witnesses", two(first, second), None),
        ("presentation/witnesses_unsorted", two(second, first), Some(E::Unsorted(Part::Witnesses))),
        ("presentation/witness_twice", two(first, first), Some(E::Doubled(Part::Witnesses))),
        (
            "presentation/three_witnesses",
            presentation(&challenged, &[&[0, 0, 3][..], &[1; 336], &[0]].concat()),
            Some(E::OverLimit(Part::Witnesses)),
        ),
        (
            "presentation/status_flag_2",
            presentation(&challenged, &[0, 0, 0, 2]),
            Some(E::OutOfRange(Part::Tag)),
        ),
        (
            "presentation/status_with_a_list",
            presentation(&challenged, &[&[0, 0, 0, 1][..], &list_status].concat()),
            Some(E::ListInPresentation),
        ),
        ("answer/busy", vec![1, 8, 7], None),
        ("answer/an_eighth", vec![1, 8, 8], Some(E::OutOfRange(Part::Answer))),
        (
            "challenge/epoch_over_long",
            [&[1, 4][..], &[1; 8], &[2; 16], &[0x80, 0, 1, 1]].concat(),
            Some(E::OverlongInteger),
        ),
        (
            "origin/weak_issuer",
            [&[1, 2][..], &[1; 32], &[1], curve_identity()].concat(),
            Some(E::WeakKey),
        ),
        ("witness/weak_key", [&[1, 6][..], curve_identity(), &[0; 80]].concat(), Some(E::WeakKey)),
        ("request/channel_4", request(4), Some(E::OutOfRange(Part::Channel))),
        ("request/channel_3", request(3), None),
    ]
}

fn request(channel: u8) -> Vec<u8> {
    let issuer = key::<role::Issuer>(0).public();
    [
        &[1, 5][..],
        &[0xd0; 32],
        &[1],
        issuer.as_bytes(),
        &[8; 8],
        &[0],
        &[9; 16],
        &[channel],
        &[5; 16],
        &[0, 0],
        &token(1, &link(HOLDER, 0, &root_caveats()))[2..],
    ]
    .concat()
}

/// A token of two links, the second with these caveats.
fn token_with(caveats: &[u8]) -> Vec<u8> {
    token(2, &[link(HOLDER, 1, &root_caveats()), link(HOLDER + 1, 0, caveats)].concat())
}

fn token(count: u8, links: &[u8]) -> Vec<u8> {
    [&[1, 1][..], &[7; 8], &[5], &[count], links].concat()
}

fn link(holder: u8, depth: u8, caveats: &[u8]) -> Vec<u8> {
    let grantee = key::<role::Holder>(holder).public();
    [&grantee.as_bytes()[..], &[depth], caveats, &[0; 64]].concat()
}

/// Rights, Target, Valid.
fn root_caveats() -> Vec<u8> {
    [&[7, 1, 1][..], &[0; 9], &[5, 5]].concat()
}

fn curve_identity() -> &'static [u8; 32] {
    const IDENTITY: [u8; 32] = {
        let mut bytes = [0; 32];
        bytes[0] = 1;
        bytes
    };
    &IDENTITY
}

fn edit(bytes: &[u8], at: usize, byte: u8) -> Vec<u8> {
    let mut edited = bytes.to_vec();
    edited[at] = byte;
    edited
}
