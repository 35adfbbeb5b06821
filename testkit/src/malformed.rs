//! Objects by their raw bytes, and the decode error of each: one rule of SPEC.md broken in each.
//!
//! In every list below, a refused object is the accepted one next above it with its rule broken.

mod cards;
mod caveats;
mod keys;
mod limits;
mod receipts;
mod statements;
mod zones;

use keyward::{
    Answer, Card, Challenge, Claim, Claimed, DecodeError, Epoch, Keyset, Origin, Presentation,
    Request, Status, Token, Unclaimed, WitnessStatement,
    receipt::{Entry, Receipt},
    recording::Recording,
    role,
    seal::Sealed,
    wire::{Kind, Part},
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
    /// Where it is refused: the name and the bytes of the same with its one rule mended.
    pub mended: Option<(String, Vec<u8>)>,
}

/// What the decoder of a kind says of some bytes.
///
/// # Panics
/// If the kind has no name in text forms.
pub fn decode(kind: &str, bytes: &[u8]) -> Option<DecodeError> {
    match kind {
        "token" => Token::decode(bytes).err(),
        "origin" => Origin::decode(bytes).err(),
        "status" => Status::decode(bytes).err(),
        "challenge" => Challenge::decode(bytes).err(),
        "request" => Request::decode(bytes).err(),
        "witness" => WitnessStatement::decode(bytes).err(),
        "presentation" => Presentation::decode(bytes).err(),
        "answer" => Answer::decode(bytes).err(),
        "epoch" => Epoch::decode(bytes).err(),
        "keyset" => Keyset::decode(bytes).err(),
        "card" => Card::decode(bytes).err(),
        "unclaimed" => Unclaimed::decode(bytes).err(),
        "claim" => Claim::decode(bytes).err(),
        "claimed" => Claimed::decode(bytes).err(),
        "sealed" => Sealed::decode(bytes).err(),
        "receipt" => Receipt::decode(bytes).err(),
        "entry" => Entry::decode(bytes).err(),
        "recording" => Recording::decode(bytes).err(),
        other => panic!("{other} has no decoder here"),
    }
}

/// All cases.
pub fn cases() -> Vec<Raw> {
    let mut cases: Vec<Raw> = Vec::new();
    let mut add = |kind, name: &str, bytes: Vec<u8>, error: Option<DecodeError>| {
        let name = format!("{kind}/{name}");
        let above = cases.iter().rfind(|case| case.kind == kind && case.error.is_none());
        let above = above.filter(|_| error.is_some());
        let mended = above.map(|case| (case.name.clone(), case.bytes.clone()));
        cases.push(Raw { name, kind, bytes, error, mended });
    };
    let valid = valid();
    for (kind, bytes) in &valid {
        let kind = *kind;
        add(kind, "valid", bytes.clone(), None);
        add(kind, "wrong_version", edit(bytes, 0, 2), Some(DecodeError::WrongVersion(2)));
        add(kind, "version_zero", edit(bytes, 0, 0), Some(DecodeError::WrongVersion(0)));
        add(kind, "wrong_kind", edit(bytes, 1, 99), Some(DecodeError::WrongKind(99)));
        let next = bytes[1] % Kind::ALL.len().to_le_bytes()[0] + 1;
        add(kind, "kind_of_another", edit(bytes, 1, next), Some(DecodeError::WrongKind(next)));
        // An object as long as its limit, with a byte more, is over it before anything is read.
        let trailing = match kind {
            "answer" | "witness" | "unclaimed" | "claim" | "claimed" | "sealed" => {
                DecodeError::OverLimit(Part::Object)
            }
            _ => DecodeError::TrailingBytes(1),
        };
        let trailing = Some(trailing);
        add(kind, "trailing_byte", [&bytes[..], &[0]].concat(), trailing);
        // A sealed object ends where it ends, but for its tag.
        let whole = if kind == "sealed" { 50 } else { bytes.len() };
        let shorter = bytes[..whole - 1].to_vec();
        add(kind, "truncated", shorter, Some(DecodeError::Truncated));
        add(kind, "empty", Vec::new(), Some(DecodeError::Truncated));
        let long = [&bytes[..], &[0; 2000]].concat();
        add(kind, "over_its_limit", long, Some(DecodeError::OverLimit(Part::Object)));
    }
    for (name, caveats, error) in caveats::cases().into_iter().chain(limits::caveats()) {
        add("token", name, token_with(&caveats), error);
    }
    for (name, bytes, error) in tokens().into_iter().chain(limits::tokens()) {
        add("token", name, bytes, error);
    }
    let others = [
        others(),
        keys::cases(),
        limits::others(),
        statements::cases(),
        cards::cases(),
        receipts::cases(),
    ];
    for (name, bytes, error) in others.concat() {
        let (kind, name) = name.split_once('/').unwrap();
        let kind = valid.iter().find(|(known, _)| *known == kind).unwrap().0;
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
        list: crate::scene::order((3, 300)),
        card: crate::scene::CARD,
    };
    let requests = [
        ("token", token.clone()),
        ("origin", scene.origin().encode().unwrap().as_bytes().to_vec()),
        ("status", scene.attestation().unwrap()),
        ("challenge", challenge.encode().unwrap().as_bytes().to_vec()),
        ("request", request.encode().unwrap().as_bytes().to_vec()),
        ("witness", scene.statement(&request, WITNESS)),
        ("presentation", scene.presentation()),
        ("answer", Answer::NeedTime.encode().to_vec()),
    ];
    let others = [("sealed", sealed())].into_iter().chain(receipts::valid());
    requests.into_iter().chain(cards::valid()).chain(others).collect()
}

/// A sealed object of the greatest size, which nobody opens.
fn sealed() -> Vec<u8> {
    let (enc, text, tag) = ([9; 32], [0x5a; 1537], [0x77; 16]);
    [&[1, Kind::Sealed.byte()][..], &enc, &text, &tag].concat()
}

type Case = (&'static str, Vec<u8>, Option<DecodeError>);

fn tokens() -> Vec<Case> {
    use DecodeError as E;
    let root = root_caveats();
    let link = |depth: u8, caveats: &[u8]| link(HOLDER, depth, caveats);
    let one = link(0, &root);
    let four: Vec<_> =
        (0..4).rev().map(|depth| link(depth, if depth == 3 { &root } else { &[0] })).collect();
    let five = [&four[0], &four.concat()[..]].concat();
    let two = |depths: [u8; 2]| token(2, &[link(depths[0], &root), link(depths[1], &[0])].concat());
    let without = |bit: u8| match bit {
        0 => [&[6, 1][..], &[0; 9], &[5, 5]].concat(),
        1 => vec![5, 1, 5, 5],
        _ => [&[3, 1, 1][..], &[0; 9]].concat(),
    };
    let serial = |serial: &[u8]| [&[1, 1][..], &[7; 8], serial, &[1], &one].concat();
    let most = [&[0xff; 9][..], &[1]].concat();
    vec![
        ("one_link", token(1, &one), None),
        ("no_links", token(0, &[]), Some(E::Empty(Part::Links))),
        ("depth_four", token(1, &link(4, &root)), Some(E::OutOfRange(Part::Depth))),
        ("depth_255", token(1, &link(255, &root)), Some(E::OutOfRange(Part::Depth))),
        ("link_0_without_rights", token(1, &link(0, &without(0))), Some(E::MissingCaveat(0))),
        ("link_0_without_target", token(1, &link(0, &without(1))), Some(E::MissingCaveat(1))),
        ("link_0_without_valid", token(1, &link(0, &without(2))), Some(E::MissingCaveat(2))),
        ("link_0_without_caveats", token(1, &link(0, &[0])), Some(E::MissingCaveat(0))),
        ("serial_over_long", serial(&[0x85, 0]), Some(E::OverlongInteger)),
        (
            "count_of_links_over_long",
            [&[1, 1][..], &[7; 8], &[5, 0x81, 0], &one].concat(),
            Some(E::OverlongInteger),
        ),
        (
            "count_of_links_over_32_bits",
            [&[1, 1][..], &[7; 8], &[5, 0x81, 0x80, 0x80, 0x80, 0x10], &one].concat(),
            Some(E::OverLimit(Part::Links)),
        ),
        ("serial_of_two_bytes", serial(&[0xac, 2]), None),
        ("serial_with_a_zero_behind", serial(&[0xac, 0x82, 0]), Some(E::OverlongInteger)),
        ("serial_of_nine_bytes", serial(&[&[0xff; 8][..], &[0x7f]].concat()), None),
        (
            "serial_with_a_tenth_byte_of_0",
            serial(&[&[0xff; 9][..], &[0]].concat()),
            Some(E::OverlongInteger),
        ),
        ("serial_the_greatest", serial(&most), None),
        ("serial_over_64_bits", serial(&[&[0xff; 9][..], &[2]].concat()), Some(E::IntegerOverflow)),
        (
            "serial_of_eleven_bytes",
            serial(&[&[0xff; 9][..], &[0x81, 0]].concat()),
            Some(E::IntegerOverflow),
        ),
        ("two_links", two([1, 0]), None),
        ("depth_does_not_fall", two([1, 1]), Some(E::OutOfRange(Part::Depth))),
        ("depth_rises", two([1, 2]), Some(E::OutOfRange(Part::Depth))),
        ("depth_is_spent", two([0, 0]), Some(E::OutOfRange(Part::Depth))),
        ("leaf_that_may_pass_on", token(1, &link(3, &root)), None),
        ("four_links", token(4, &four.concat()), None),
        ("five_links", token(5, &five), Some(E::OverLimit(Part::Links))),
    ]
}

fn others() -> Vec<Case> {
    use DecodeError as E;
    let status = |flags: &[u8], list: &[u8]| {
        [&[1, 3][..], &[7; 8], &[1, 3, 3, 7, 9], flags, list, &[0; 64]].concat()
    };
    let listed = |list: &[u8]| status(&[0, 1], list);
    let entries = [[1; 8], [2; 8]];
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
    let timed = |at: &[u8]| [&[1, 3][..], &[7; 8], &[1, 3, 3, 7], at, &[0, 0], &[0; 64]].concat();
    let header = [&[7; 8][..], &[1, 3, 3, 7, 9, 0]].concat();
    let list_status = [&header[..], &[1, 0, 0], &[0; 64]].concat();
    vec![
        ("status/over_a_nonce", status(&[1, 0], &[]), None),
        ("status/nonce_flag_2", status(&[2, 0], &[]), Some(E::OutOfRange(Part::Tag))),
        ("status/nonce_flag_255", status(&[255, 0], &[]), Some(E::OutOfRange(Part::Tag))),
        ("status/with_an_empty_list", listed(&[0, 0]), None),
        ("status/list_flag_2", status(&[0, 2], &[]), Some(E::OutOfRange(Part::Tag))),
        ("status/list", listed(&[&[2][..], &entries.concat(), &[1], &[3; 8], &[9]].concat()), None),
        ("status/entries_two", listed(&[&[2][..], &entries.concat(), &[0]].concat()), None),
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
        ("status/floors_two", listed(&[&[0, 2][..], &[3; 8], &[1], &[4; 8], &[1]].concat()), None),
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
            "status/floors_of_one_issuer",
            listed(&[&[0, 2][..], &[4; 8], &[9], &[4; 8], &[1]].concat()),
            Some(E::Doubled(Part::Floors)),
        ),
        ("status/floor_of_1", listed(&[&[0, 1][..], &[4; 8], &[1]].concat()), None),
        (
            "status/floor_of_0",
            listed(&[&[0, 1][..], &[4; 8], &[0]].concat()),
            Some(E::OutOfRange(Part::Floors)),
        ),
        (
            "status/floor_over_long",
            listed(&[&[0, 1][..], &[4; 8], &[0x81, 0]].concat()),
            Some(E::OverlongInteger),
        ),
        ("status/at_the_last_time", timed(&[0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]), None),
        (
            "status/time_out_of_range",
            timed(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x20]),
            Some(E::OutOfRange(Part::Time)),
        ),
        (
            "status/time_over_long",
            timed(&[0xff, 0xff, 0xff, 0xff, 0xff, 0x9f, 0]),
            Some(E::OverlongInteger),
        ),
        ("presentation/unchallenged", presentation(&[1, 5, 6, 7], &[0, 0, 0, 0]), None),
        (
            "presentation/time_out_of_range",
            presentation(&[1, 5, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 7], &[0, 0, 0, 0]),
            Some(E::OutOfRange(Part::Time)),
        ),
        (
            "presentation/expires_out_of_range",
            presentation(&[1, 5, 6, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20], &[0, 0, 0, 0]),
            Some(E::OutOfRange(Part::Time)),
        ),
        (
            "presentation/counter_over_64_bits",
            presentation(&[&[1][..], &[0xff; 9], &[2, 6, 7]].concat(), &[0, 0, 0, 0]),
            Some(E::IntegerOverflow),
        ),
        ("presentation/plain", presentation(&challenged, &[0, 0, 0, 0]), None),
        (
            "presentation/mode_2",
            presentation(&[&[2][..], &[5; 16]].concat(), &[0, 0, 0, 0]),
            Some(E::OutOfRange(Part::Tag)),
        ),
        (
            "presentation/mode_255",
            presentation(&[&[255][..], &[5; 16]].concat(), &[0, 0, 0, 0]),
            Some(E::OutOfRange(Part::Tag)),
        ),
        (
            "presentation/right_255",
            presentation(&challenged, &[255, 0, 0, 0]),
            Some(E::OutOfRange(Part::Right)),
        ),
        (
            "presentation/right_32",
            presentation(&challenged, &[32, 0, 0, 0]),
            Some(E::OutOfRange(Part::Right)),
        ),
        (
            "presentation/status_flag_2",
            presentation(&challenged, &[0, 0, 0, 2]),
            Some(E::OutOfRange(Part::Tag)),
        ),
        (
            "presentation/status",
            presentation(&challenged, &[&[0, 0, 0, 1][..], &header, &[0], &[0; 64]].concat()),
            None,
        ),
        (
            "presentation/status_with_a_list",
            presentation(&challenged, &[&[0, 0, 0, 1][..], &list_status].concat()),
            Some(E::ListInPresentation),
        ),
        (
            "presentation/status_with_an_entry",
            presentation(
                &challenged,
                &[&[0, 0, 0, 1][..], &header, &[1, 1], &[1; 8], &[0], &[0; 64]].concat(),
            ),
            Some(E::ListInPresentation),
        ),
        ("presentation/two_witnesses", two(first, second), None),
        ("presentation/witnesses_unsorted", two(second, first), Some(E::Unsorted(Part::Witnesses))),
        ("presentation/witness_twice", two(first, first), Some(E::Doubled(Part::Witnesses))),
        ("answer/busy", vec![1, 8, 7], None),
        ("answer/an_eighth", vec![1, 8, 8], Some(E::OutOfRange(Part::Answer))),
        ("answer/the_last_byte", vec![1, 8, 255], Some(E::OutOfRange(Part::Answer))),
        ("challenge/epoch_0", challenge(0, &[0]), None),
        ("challenge/epoch_over_64_bits", challenge(0, &OVERFLOW), Some(E::IntegerOverflow)),
        ("challenge/epoch_over_long", challenge(0, &[0x80, 0]), Some(E::OverlongInteger)),
        ("challenge/card_version_0", challenge(5, &[0]), None),
        ("challenge/card_version_over_64_bits", challenge(5, &OVERFLOW), Some(E::IntegerOverflow)),
        ("challenge/card_version_over_long", challenge(5, &[0x80, 0]), Some(E::OverlongInteger)),
        ("request/channel_3", request(3), None),
        ("request/channel_4", request(4), Some(E::OutOfRange(Part::Channel))),
        ("request/channel_255", request(255), Some(E::OutOfRange(Part::Channel))),
    ]
}

/// A number of 64 bits whose tenth byte is one too high.
const OVERFLOW: [u8; 10] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2];

/// A challenge with one of its six numbers in another form.
fn challenge(at: usize, number: &[u8]) -> Vec<u8> {
    let mut numbers = vec![vec![1]; 6];
    numbers[at] = number.to_vec();
    [&[1, 4][..], &[1; 8], &[2; 16], &numbers.concat()].concat()
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
