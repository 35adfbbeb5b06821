//! Sealing itself: who opens what, where, and how it is filled up (SPEC.md section 23).

use chacha20::ChaCha20Rng;
use keyward::{
    DecodeError, EncodeError, OpeningKey, OpeningKeys, SealingKey,
    id::{LockId, Nonce},
    limits::{MAX_SEALED, SEALED_PRESENTATION},
    seal::{Context, SealFault, Sealed, open, seal},
    text,
    wire::{Kind, Part},
};
use keyward_testkit::{
    scene::Scene,
    seal::{Once, Place, cases, crafted, padded},
    vectors,
};
use rand_core::SeedableRng;
use serde_json::Value;

const LOCK: LockId = LockId(*b"flat-12a");
const NONCE: Nonce = Nonce([7; 16]);

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

fn opening(secret: u8) -> OpeningKey {
    OpeningKey::from_secret(&[secret; 32])
}

fn here() -> Context {
    Context::presentation(LOCK, Some(&NONCE))
}

/// A presentation sealed to key 1, for this lock and nonce.
fn sealed() -> Vec<u8> {
    let object = Scene::default().presentation();
    seal(&opening(1).public(), &here(), &object, &mut rng()).unwrap().as_bytes().to_vec()
}

/// What becomes of some bytes.
fn opened(keys: &OpeningKeys, context: &Context, sealed: &[u8]) -> Result<Vec<u8>, SealFault> {
    let mut bytes = sealed.to_vec();
    open(keys, context, &mut bytes).map(|opened| opened.bytes().to_vec())
}

/// Any text, sealed to key 1 for this lock and nonce, as only a test does it.
fn text_of(text: &[u8]) -> Vec<u8> {
    let place = Place::Presentation { lock: LOCK, nonce: Some(NONCE) };
    crafted(&opening(1).public(), &place, [7; 32], text)
}

#[test]
fn what_is_sealed_opens_in_its_place_with_its_key_and_nowhere_else() {
    let (keys, object) = (OpeningKeys::new(opening(1)), Scene::default().presentation());
    assert_eq!(opened(&keys, &here(), &sealed()), Ok(object));
    let other = |context| opened(&keys, &context, &sealed());
    let nowhere = Err(SealFault::NotOpened);
    assert_eq!(other(Context::presentation(LockId(*b"flat-12b"), Some(&NONCE))), nowhere);
    assert_eq!(other(Context::presentation(LOCK, Some(&Nonce([8; 16])))), nowhere);
    assert_eq!(other(Context::presentation(LOCK, None)), nowhere);
    assert_eq!(opened(&OpeningKeys::new(opening(2)), &here(), &sealed()), nowhere);
    // An entry has a size of its own, and a presentation none of its sizes.
    assert_eq!(other(Context::entry(LOCK)), Err(SealFault::Size));
}

#[test]
fn every_byte_of_a_sealed_object_is_bound() {
    let (keys, bytes) = (OpeningKeys::new(opening(1)), sealed());
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x80;
        let fault = match at {
            0 => SealFault::Malformed(DecodeError::WrongVersion(0x81)),
            1 => SealFault::Malformed(DecodeError::WrongKind(0x8f)),
            _ => SealFault::NotOpened,
        };
        assert_eq!(opened(&keys, &here(), &changed), Err(fault), "byte {at}");
    }
    for (length, fault) in [
        (0, SealFault::Malformed(DecodeError::Truncated)),
        (2 + 32 + 15, SealFault::Malformed(DecodeError::Truncated)),
        (2 + 32 + 16, SealFault::Size),
        (bytes.len() - 1, SealFault::Size),
    ] {
        assert_eq!(opened(&keys, &here(), &bytes[..length]), Err(fault));
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(opened(&keys, &here(), &longer), Err(SealFault::Size));
    let over = [&bytes[..], &[0; MAX_SEALED]].concat();
    let over_limit = SealFault::Malformed(DecodeError::OverLimit(Part::Object));
    assert_eq!(opened(&keys, &here(), &over), Err(over_limit));
}

#[test]
fn what_no_key_opens_is_left_as_it_came() {
    let mut bytes = sealed();
    let strangers = OpeningKeys::new(opening(2)).with_before(opening(3));
    assert_eq!(open(&strangers, &here(), &mut bytes).map(drop), Err(SealFault::NotOpened));
    assert_eq!(bytes, sealed());
}

#[test]
fn a_key_opens_until_its_overlap_ends() {
    let (object, mut keys) = (Scene::default().presentation(), OpeningKeys::new(opening(1)));
    let is_opened = |keys: &OpeningKeys| opened(keys, &here(), &sealed());
    assert_eq!(is_opened(&keys), Ok(object.clone()));
    keys = keys.rotated(opening(2));
    assert_eq!(keys.public(), opening(2).public());
    assert!(keys.open_for(&opening(1).public()) && keys.open_for(&opening(2).public()));
    assert_eq!(is_opened(&keys), Ok(object), "by the key before");
    keys = keys.without_before();
    assert!(!keys.open_for(&opening(1).public()) && keys.open_for(&opening(2).public()));
    assert_eq!(is_opened(&keys), Err(SealFault::NotOpened));
    keys = OpeningKeys::new(opening(1)).rotated(opening(2)).rotated(opening(3));
    assert_eq!(is_opened(&keys), Err(SealFault::NotOpened), "a third key drops the first");
}

#[test]
fn an_object_fills_the_least_size_that_holds_it_and_its_mark() {
    for (length, size) in
        [(2, 512), (511, 512), (512, 1024), (1023, 1024), (1024, 1537), (1536, 1537)]
    {
        let mut object = vec![0xff; length];
        object[..2].copy_from_slice(&[1, 7]);
        let made = seal(&opening(1).public(), &here(), &object, &mut rng()).unwrap();
        assert_eq!(Sealed::decode(made.as_bytes()).unwrap().size(), size);
        assert_eq!(opened(&OpeningKeys::new(opening(1)), &here(), made.as_bytes()), Ok(object));
        assert!(SEALED_PRESENTATION.contains(&size));
    }
    let long = [&[1, 7][..], &[0; 1535]].concat();
    let refused = seal(&opening(1).public(), &here(), &long, &mut rng());
    assert_eq!(refused, Err(EncodeError::TooLong(MAX_SEALED)));
}

#[test]
fn every_case_comes_out_as_it_says_and_is_sealed_as_it_stands() {
    for case in cases() {
        let name = &case.name;
        assert_eq!(case.opened(), case.verdict, "{name}");
        let Ok(object) = &case.verdict else { continue };
        let key = OpeningKey::from_secret(&case.to).public();
        let made = seal(&key, &case.place.context(), object, &mut Once::new(case.ikm)).unwrap();
        // Unless it is opened where a twin of it was sealed.
        assert_eq!(made.as_bytes(), case.sealed, "{name}");
    }
}

#[test]
fn every_fault_has_a_case_below_one_that_opens() {
    let cases = cases();
    let mut names: Vec<_> = cases.iter().map(|case| case.name.as_str()).collect();
    names.sort_unstable();
    assert!(names.is_sorted_by(|a, b| a < b), "a name stands twice");
    for fault in ["Malformed", "Size", "NotOpened", "Padding", "OtherKind"] {
        let case = cases
            .iter()
            .position(|case| case.verdict.clone().err().is_some_and(|it| it.name() == fault));
        assert!(cases[..case.expect(fault)].iter().any(|case| case.verdict.is_ok()), "{fault}");
    }
}

/// As whoever has the file alone reads it.
#[test]
fn the_vectors_say_the_same() {
    let bytes = |value: &Value| -> Vec<u8> {
        let hex = value.as_str().unwrap();
        let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        (0..hex.len()).step_by(2).map(byte).collect()
    };
    let committed: Value = serde_json::from_str(include_str!("vectors/seal.json")).unwrap();
    let list = committed["vectors"].as_array().unwrap();
    assert_eq!(list.len(), vectors::seal()["vectors"].as_array().unwrap().len());
    for vector in list {
        let (name, context) = (&vector["name"], &vector["context"]);
        let secret = |at: usize| {
            let secret = vector["secrets"].get(at)?;
            Some(OpeningKey::from_secret(&bytes(secret).try_into().unwrap()))
        };
        let keys = OpeningKeys::new(secret(0).unwrap());
        let keys = match secret(1) {
            Some(before) => keys.with_before(before),
            None => keys,
        };
        let lock = LockId(bytes(&context["lock"]).try_into().unwrap());
        let context = match context["kind"].as_u64() {
            Some(0x07) => {
                let nonce = &context["nonce"];
                let nonce = nonce.is_string().then(|| Nonce(bytes(nonce).try_into().unwrap()));
                Context::presentation(lock, nonce.as_ref())
            }
            _ => Context::entry(lock),
        };
        match opened(&keys, &context, &bytes(&vector["sealed"])) {
            Ok(object) => assert_eq!(
                (object, &vector["fault"]),
                (bytes(&vector["object"]), &Value::Null),
                "{name}"
            ),
            Err(fault) => assert_eq!(
                (Some(fault.name()), &vector["object"]),
                (vector["fault"].as_str(), &Value::Null),
                "{name}"
            ),
        }
    }
}

#[test]
fn an_opening_key_has_a_text_of_its_own() {
    let mut buffer = [0; 99];
    let form = text::encode_opening(&opening(0xff), &mut buffer).unwrap();
    assert_eq!(form, format!("kw1secret.sealing.{}8", "_".repeat(42)));
    assert_eq!(text::decode_opening(form).unwrap().expose_secret(), &[0xff; 32]);
    let other = form.replace("sealing", "holder");
    assert_eq!(text::decode_opening(&other).map(drop), Err(text::TextError::Kind));
    assert_eq!(
        text::encode_opening(&opening(1), &mut [0; 60]),
        Err(text::TextError::BufferTooSmall)
    );
}

#[test]
fn a_sealed_object_in_a_sealed_one_is_neither_made_nor_read() {
    let (inner, key) = (sealed(), opening(1).public());
    let refused = seal(&key, &here(), &inner, &mut rng());
    let wrong = DecodeError::WrongKind(Kind::Sealed.byte());
    assert_eq!(refused, Err(EncodeError::Invalid(wrong)));
    let text = padded(&inner, 0x80, 1024);
    let read = opened(&OpeningKeys::new(opening(1)), &here(), &text_of(&text));
    assert_eq!(read, Err(SealFault::OtherKind));
}

#[test]
fn nothing_is_sealed_to_a_key_of_small_order() {
    let (mut one, object) = ([0; 32], Scene::default().presentation());
    one[0] = 1;
    let weak = Err(EncodeError::Invalid(DecodeError::WeakKey));
    for key in [[0; 32], one] {
        assert_eq!(seal(&SealingKey::from_bytes(key), &here(), &object, &mut rng()), weak);
        // Nor is what comes from one opened.
        let mut bytes = sealed();
        bytes[2..34].copy_from_slice(&key);
        let read = opened(&OpeningKeys::new(opening(1)), &here(), &bytes);
        assert_eq!(read, Err(SealFault::NotOpened));
    }
}

#[test]
fn a_secret_is_not_printed() {
    let keys = OpeningKeys::new(opening(0xab)).with_before(opening(0xcd));
    let printed = format!("{keys:?}").to_lowercase();
    assert!(!printed.contains("abab") && !printed.contains("cdcd"), "{printed}");
    assert!(!printed.contains("171") && !printed.contains("205"), "{printed}");
}
