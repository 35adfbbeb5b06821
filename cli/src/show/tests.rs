//! Whatever the bytes are: nothing panics, and nothing that a terminal obeys is written.

use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
use clap::Parser;
use keyward::{
    Ask, Caveats, Challenge, Channel, Narrowing, Request, Right, Rights, Seconds, Target, Valid,
    WitnessStatement, recording::Closed, text, wire::Kind,
};
use keyward_testkit::{
    objects::Draw,
    oracle::encode,
    world::{START, World},
};
use proptest::prelude::*;
use serde_json::Value;

use super::{Account, Asked, accounts, piece};
use crate::{app::App, caveats::unhex, object};

/// One valid object of each kind, as the vectors have them.
fn valid() -> Vec<(String, Vec<u8>)> {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../tests/vectors/text.json")).unwrap();
    let kinds = Kind::ALL.map(|(_, name)| {
        let all = vectors["vectors"].as_array().unwrap();
        let vector = all.iter().find(|vector| vector["name"] == name).unwrap();
        (name.to_owned(), unhex(vector["bytes"].as_str().unwrap()).unwrap())
    });
    kinds.into()
}

fn app() -> App {
    let arguments = ["keyward", "--domain", "/nowhere/domain.kw", "--zone", "UTC", "times"];
    App::new(crate::Cli::parse_from(arguments).common).unwrap()
}

/// Explains texts; gives the text and the JSON of each object.
fn explained(texts: &[String], asked: &Asked) -> Vec<(String, String)> {
    let pieces = piece::of_texts(texts);
    let mut told = Vec::new();
    let then = |account: Account| told.push((account.text(), account.json().to_string()));
    accounts(&app(), &pieces, asked, |_| true, then).unwrap();
    told
}

fn asked() -> Asked {
    Asked { at: Some("2026-11-24 09:30".into()), ..Asked::default() }
}

/// The text form of any bytes, also of those that are no object.
fn text_of(kind: &str, bytes: &[u8]) -> String {
    let mut framed = [0; text::MAX_TEXT];
    match text::encode(bytes, &mut framed) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("kw1.{kind}.not-an-object"),
    }
}

fn check(told: &[(String, String)]) {
    for (text, json) in told {
        let bad = |letter: char| letter.is_control() && letter != '\n';
        assert!(!text.contains(bad), "{text:?}");
        assert!(!json.contains(char::is_control), "{json:?}");
        serde_json::from_str::<Value>(json).unwrap();
    }
}

/// A world's statements, to stand beside what is mutated.
fn statements(world: &World) -> Vec<Vec<u8>> {
    let library = &world.owner.library;
    let mut objects = library.epochs.clone();
    objects.push(library.keyset.clone());
    objects.extend(library.cards.values().cloned());
    objects
}

fn texts_of(objects: &[Vec<u8>]) -> Vec<String> {
    objects.iter().map(|bytes| object::of(bytes).unwrap()).collect()
}

type Objects = Vec<Vec<u8>>;

/// Objects that are genuine beside the statements of their world, with what else each needs.
fn genuine() -> (Objects, Vec<(Objects, Vec<u8>)>) {
    let mut world = World::new(1);
    let statements = statements(&world);
    let flat = Target::Lock(world.flat.id);
    let valid = Valid { from: START, lasts: Seconds::days(1) };
    let grant = Caveats::grant(Rights::of(Right::UNLOCK), &[flat], valid).unwrap();
    let held = world.owner.grant(&world.company.public(), 1, &grant);
    let held = world.company.delegate(&held, &world.courier.public(), 0, &Narrowing::narrowing());
    let (now, lock) = (world.now(), world.flat.id);
    let challenge = world.flat.connect(Channel::Radio, now);
    let ask = Ask { lock, right: Right::UNLOCK, parameter: b"" };
    let request = world.courier.request(&held, ask, &challenge, Channel::Radio, &mut world.rng);
    let agreed = world.camera.agree(&request).unwrap();
    let nonce = Challenge::decode(&challenge).unwrap().nonce;
    let status = world.owner.attest(now.time.lo(), Some(&nonce));
    let presented = world.courier.present(&request, std::slice::from_ref(&agreed), Some(&status));
    let recorded = world.flat.present(&presented, now).1.unwrap();
    let receipt = world.flat.receipt(&recorded);
    let entry = world.flat.log(now).pop().unwrap();
    let witness = WitnessStatement::decode(&agreed).unwrap();
    let closed = Closed {
        core: *Request::decode(&request).unwrap().core().unwrap().as_bytes(),
        evidence: witness.unverified_evidence(),
        hash: [3; 32],
        from: START,
        until: START,
    };
    let key = &world.camera.key;
    let recording = closed.draft(&key.public()).unwrap().sign(key).unwrap().as_bytes().to_vec();
    world.owner.publish_list(START);
    let list = world.owner.library.list.clone().unwrap();
    let alone = |bytes: &Vec<u8>| (Vec::new(), bytes.clone());
    let mut all = vec![
        alone(&held.origin),
        alone(&held.token),
        (vec![challenge.clone()], status),
        (vec![challenge], presented),
        (vec![request], agreed),
        alone(&receipt),
        (Vec::new(), entry.clone()),
        (vec![entry], recording),
        alone(&list),
    ];
    // The epoch, the keyset and a card stand among the statements already.
    all.extend([0, 1, 2].map(|index| (Vec::new(), statements[index].clone())));
    (statements, all)
}

/// Whether the last of some objects is told to be genuine.
fn is_genuine(objects: &[Vec<u8>]) -> bool {
    let mut texts = texts_of(&objects[..objects.len() - 1]);
    texts.push(text_of("damaged", objects.last().unwrap()));
    let told = explained(&texts, &asked());
    told.len() == texts.len()
        && told.last().is_some_and(|(_, json)| json.contains("\"genuine\":true"))
}

#[test]
fn no_changed_byte_passes_for_genuine() {
    let (statements, all) = genuine();
    for (beside, object) in all {
        let mut objects = [statements.clone(), beside].concat();
        objects.retain(|known| *known != object);
        objects.push(object.clone());
        assert!(is_genuine(&objects), "{:?}", object.get(..2));
        // Every byte of the fields in front, then some of each field.
        for at in (2..object.len()).filter(|at| *at < 60 || at % 5 == 0) {
            let mut changed = object.clone();
            changed[at] ^= 1;
            *objects.last_mut().unwrap() = changed;
            assert!(!is_genuine(&objects), "byte {at} of {:?}", object.get(..2));
        }
    }
}

#[test]
fn every_kind_is_explained_within_80_columns() {
    for (kind, bytes) in valid() {
        let told = explained(&[text_of(&kind, &bytes)], &asked());
        let [(text, json)] = told.as_slice() else { panic!("{kind}: {told:?}") };
        assert!(text.starts_with(&format!("{kind}, ")), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let json: Value = serde_json::from_str(json).unwrap();
        assert_eq!(json["kind"], kind.as_str());
        assert!(json["fields"].as_object().is_some_and(|fields| !fields.is_empty()), "{json}");
        check(&told);
    }
}

#[test]
fn a_truncated_object_is_told_up_to_each_byte() {
    for (kind, bytes) in valid() {
        for length in 2..bytes.len() {
            let told = explained(&[text_of(&kind, &bytes[..length])], &asked());
            let json: Value = serde_json::from_str(&told[0].1).unwrap();
            // An answer, a claim or a sealed object may be whole at more than one length.
            if let Some(damaged) = json["damaged"].as_object() {
                let at = usize::try_from(damaged["byte"].as_u64().unwrap()).unwrap();
                assert!(at <= length, "{kind} of {length}: {damaged:?}");
                assert_eq!(damaged["error"], "Truncated", "{kind} of {length}");
                assert!(damaged["field"].is_string(), "{kind} of {length}: {damaged:?}");
            }
        }
    }
}

#[test]
fn each_field_of_a_whole_object_is_walked_over() {
    for (kind, mut bytes) in valid().into_iter().filter(|(kind, _)| kind != "sealed") {
        let length = bytes.len();
        bytes.push(0);
        let told = explained(&[text_of(&kind, &bytes)], &asked());
        let json: Value = serde_json::from_str(&told[0].1).unwrap();
        let damaged = &json["damaged"];
        if damaged["error"] == "TrailingBytes(1)" {
            assert_eq!(
                (&damaged["byte"], &damaged["field"]),
                (&length.into(), &Value::Null),
                "{kind}"
            );
        } else {
            assert_eq!(damaged["error"], "OverLimit(Object)", "{kind}");
        }
    }
}

#[test]
fn a_label_that_a_terminal_would_obey_is_written_out() {
    let told = super::words::plain("anna\u{1b}[2J\u{202e}\r\nb");
    assert_eq!(told, "anna\\u{1b}[2J\\u{202e}\\u{d}\\u{a}b");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn mutated_objects_are_told_without_panic(
        kind in 0..Kind::ALL.len(),
        changes in proptest::collection::vec((any::<u16>(), any::<u8>()), 0..4),
        cut in proptest::option::of(any::<u16>()),
        tail in proptest::collection::vec(any::<u8>(), 0..3),
        beside in any::<bool>(),
    ) {
        let (kind, mut bytes) = valid().swap_remove(kind);
        let place = |part: u16, length: usize| usize::from(part) * length / 65_536;
        for (at, value) in changes {
            let at = place(at, bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(place(cut, bytes.len()));
        }
        bytes.extend(tail);
        let mut texts = if beside { texts_of(&statements(&World::new(1))) } else { Vec::new() };
        texts.push(text_of(&kind, &bytes));
        check(&explained(&texts, &asked()));
    }

    #[test]
    fn garbled_texts_are_told_without_panic(
        text in "kw1\\.(token|entry|keyset|x)\\.[A-Za-z0-9_ !-]{0,200}",
    ) {
        check(&explained(&[text], &asked()));
    }

    #[test]
    fn random_tokens_are_told_within_80_columns(seed in any::<u64>()) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut draw = Draw::valid(&mut rng);
        let (token, request) = (encode(&draw.token()), encode(&draw.request()));
        let (presented, status) = (encode(&draw.presentation()), encode(&draw.status()));
        let mut texts = Vec::new();
        for bytes in [token, request, presented, status] {
            texts.push(text_of("valid", &bytes));
        }
        let told = explained(&texts, &asked());
        check(&told);
        for (text, _) in &told {
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        }
    }
}
