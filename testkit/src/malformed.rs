//! Objects by their raw bytes, and the decode error of each: one rule of SPEC.md broken in each.

mod caveats;

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
    for (name, caveats, error) in caveats::cases() {
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
    // Four links, each with four witness keys: 932 bytes.
    let mut keys: Vec<_> = (20..24).map(|n| *key::<role::Witness>(n).public().as_bytes()).collect();
    keys.sort_unstable();
    let witness = [&[1, 4][..], &keys.concat()].concat();
    let wide = |head: &[u8], tail: &[u8]| [head, tail, &witness].concat();
    let root = wide(&[0x17, 1, 1], &[&[0; 9][..], &[5, 5]].concat());
    let plain = wide(&[0x10], &[]);
    let links: Vec<_> =
        (0..4).map(|n| link(HOLDER + n, 3 - n, if n == 0 { &root } else { &plain })).collect();
    let long = token(4, &links.concat());
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
        (
            "presentation/token_over_its_limit",
            [&[1, 7, 0][..], &[5; 16], &[0, 0, 0, 0], &long[2..], &[0; 64]].concat(),
            Some(E::OverLimit(Part::Object)),
        ),
        (
            "status/floors_of_one_issuer",
            listed(&[&[0, 2][..], &[4; 8], &[9], &[4; 8], &[1]].concat()),
            Some(E::Doubled(Part::Floors)),
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
