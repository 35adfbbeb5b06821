//! The text forms: one of each object and of each key, and every other refused by name.

use keyward::{
    Answer, PublicKey, SealingKey, SigningKey,
    key::KeyError,
    role,
    text::{self, MAX_TEXT, TextError},
    wire::Kind,
};
use keyward_testkit::malformed;

/// Reads a text whose bytes fit.
fn decoded(text: &str) -> Result<Vec<u8>, TextError> {
    text::decode(text, &mut [0; 1600]).map(<[u8]>::to_vec)
}

fn secret(text: &str) -> Result<[u8; 32], TextError> {
    text::decode_secret::<role::Holder>(text).map(|key| *key.expose_secret())
}

#[test]
fn an_answer_as_text() {
    assert_eq!(text::encode(&Answer::Busy.encode(), &mut [0; 99]), Ok("kw1.answer.AQgH"));
    assert_eq!(decoded("kw1.answer.AQgH"), Ok(vec![1, 8, 7]));
}

#[test]
fn every_kind_has_a_text_by_its_name() {
    let objects = malformed::valid();
    assert_eq!(objects.len(), Kind::ALL.len());
    for ((kind, bytes), (known, name)) in objects.iter().zip(Kind::ALL) {
        assert_eq!((*kind, bytes[1]), (name, known.byte()));
        let mut buffer = [0; MAX_TEXT];
        let form = text::encode(bytes, &mut buffer).unwrap();
        assert!(form.starts_with(&format!("kw1.{kind}.")), "{form}");
        assert_eq!(decoded(form).as_ref(), Ok(bytes));
    }
}

#[test]
fn a_text_without_its_prefix() {
    for text in ["", "kw1", "KW1.answer.AQgH", "kw2.answer.AQgH", " kw1.answer.AQgH"] {
        assert_eq!(decoded(text), Err(TextError::Prefix), "{text:?}");
    }
    // A secret key is no object.
    assert_eq!(decoded("kw1secret.holder.AQgH"), Err(TextError::Prefix));
}

#[test]
fn a_text_of_another_kind_than_its_bytes() {
    for text in [
        "kw1.",
        "kw1.answer",
        "kw1.token.AQgH",
        "kw1.Answer.AQgH",
        "kw1..AQgH",
        // No bytes, one, another version, a kind that there isn't.
        "kw1.answer.",
        "kw1.answer.AQ",
        "kw1.answer.AggH",
        "kw1.answer.AWMH",
        // An epoch's bytes, an epoch's name.
        "kw1.answer.AQkH",
        "kw1.epoch.AQgH",
    ] {
        assert_eq!(decoded(text), Err(TextError::Kind), "{text:?}");
    }
}

#[test]
fn base64_in_another_form_than_its_only_one() {
    for text in [
        "kw1.answer.AQgH=",
        "kw1.answer.AQ==",
        "kw1.answer.AQgHA",
        // Spare bits that are not zero.
        "kw1.answer.AR",
        "kw1.answer.AQh",
        // The other alphabet, whitespace, a second point.
        "kw1.answer.AQ+/",
        "kw1.answer.AQgH\n",
        "kw1.answer. AQgH",
        "kw1.answer.AQ.gH",
        "kw1.answer.AQgé",
    ] {
        assert_eq!(decoded(text), Err(TextError::Base64), "{text:?}");
    }
}

#[test]
fn a_buffer_that_is_too_small() {
    assert_eq!(text::decode("kw1.answer.AQgH", &mut [0; 2]), Err(TextError::BufferTooSmall));
    let key = SigningKey::<role::Holder>::from_secret(&[7; 32]);
    for room in 0..15 {
        let mut buffer = vec![0; room];
        let written = text::encode(&Answer::Busy.encode(), &mut buffer);
        assert_eq!(written, Err(TextError::BufferTooSmall));
        assert_eq!(text::encode_secret(&key, &mut buffer), Err(TextError::BufferTooSmall));
    }
}

#[test]
fn bytes_that_are_no_object_have_no_text() {
    for bytes in [&[][..], &[1], &[2, 1, 0], &[1, 0, 0], &[1, 99, 0]] {
        assert_eq!(text::encode(bytes, &mut [0; 99]), Err(TextError::Kind), "{bytes:?}");
    }
}

#[test]
fn a_secret_key_as_text() {
    let key = SigningKey::<role::Holder>::from_secret(&[0xff; 32]);
    let mut buffer = [0; 99];
    let form = text::encode_secret(&key, &mut buffer).unwrap();
    assert_eq!(form, format!("kw1secret.holder.{}8", "_".repeat(42)));
    assert_eq!(secret(form), Ok([0xff; 32]));
}

#[test]
fn a_secret_key_in_another_form_than_its_only_one() {
    let zeros = "A".repeat(43);
    assert_eq!(secret(&format!("kw1secret.holder.{zeros}")), Ok([0; 32]));
    for (text, error) in [
        (format!("kw1.holder.{zeros}"), TextError::Prefix),
        (format!("kw1secret{zeros}"), TextError::Prefix),
        (format!("kw1secret.{zeros}"), TextError::Kind),
        (format!("kw1secret.issuer.{zeros}"), TextError::Kind),
        (format!("kw1secret.Holder.{zeros}"), TextError::Kind),
        (format!("kw1secret.holder.{zeros}="), TextError::Base64),
        (format!("kw1secret.holder.{}B", &zeros[..42]), TextError::Base64),
        // 31 and 33 bytes, and none.
        (format!("kw1secret.holder.{}", &zeros[..42]), TextError::Base64),
        (format!("kw1secret.holder.{zeros}A"), TextError::Base64),
        ("kw1secret.holder.".into(), TextError::Base64),
    ] {
        assert_eq!(secret(&text), Err(error), "{text}");
    }
}

fn public(text: &str) -> Result<[u8; 32], TextError> {
    text::decode_public::<role::Holder>(text).map(|key| *key.as_bytes())
}

#[test]
fn a_public_key_as_text() {
    let key = PublicKey::<role::Holder>::from_bytes(&[9; 32]).unwrap();
    let mut buffer = [0; 99];
    let form = text::encode_public(&key, &mut buffer).unwrap();
    assert_eq!(form, format!("kw1public.holder.{}CQk", "CQkJ".repeat(10)));
    assert_eq!(public(form), Ok([9; 32]));
    let issuer = PublicKey::<role::Issuer>::from_bytes(&[9; 32]).unwrap();
    let other = text::encode_public(&issuer, &mut [0; 99]).map(str::to_owned);
    assert_eq!(other, Ok(form.replace("holder", "issuer")));
    // A public key is no object, no secret, and of one class.
    assert_eq!(decoded(form), Err(TextError::Prefix));
    assert_eq!(secret(form), Err(TextError::Prefix));
    assert_eq!(text::decode_public::<role::Issuer>(form), Err(TextError::Kind));
    assert_eq!(text::decode_sealing(form), Err(TextError::Kind));
    for room in 0..form.len() {
        let mut buffer = vec![0; room];
        assert_eq!(text::encode_public(&key, &mut buffer), Err(TextError::BufferTooSmall));
    }
}

#[test]
fn a_key_to_seal_to_as_text() {
    // X25519 has no encoding to refuse: these are of small order, or no field element.
    for bytes in [[0; 32], [0xff; 32]] {
        let key = SealingKey::from_bytes(bytes);
        let mut buffer = [0; 99];
        let form = text::encode_sealing(&key, &mut buffer).unwrap();
        assert!(form.starts_with("kw1public.sealing."), "{form}");
        assert_eq!(text::decode_sealing(form), Ok(key));
        assert_eq!(public(form), Err(TextError::Kind));
    }
}

#[test]
fn a_public_key_that_is_none() {
    // y is 0, of order 4; and 2^255 - 1, not below the prime.
    let zeros = format!("kw1public.holder.{}", "A".repeat(43));
    assert_eq!(public(&zeros), Err(TextError::Key(KeyError::Weak)));
    let ones = format!("kw1public.holder.{}8", "_".repeat(42));
    assert_eq!(public(&ones), Err(TextError::Key(KeyError::NonCanonical)));
    assert_eq!(TextError::Key(KeyError::Weak).to_string(), "the public key has small order");
}

#[test]
fn a_public_key_in_another_form_than_its_only_one() {
    let nines = format!("{}CQk", "CQkJ".repeat(10));
    assert_eq!(public(&format!("kw1public.holder.{nines}")), Ok([9; 32]));
    for (text, error) in [
        (format!("kw1secret.holder.{nines}"), TextError::Prefix),
        (format!("kw1.holder.{nines}"), TextError::Prefix),
        (format!("kw1public{nines}"), TextError::Prefix),
        (format!("kw1public.{nines}"), TextError::Kind),
        (format!("kw1public.issuer.{nines}"), TextError::Kind),
        (format!("kw1public.holder.{nines}="), TextError::Base64),
        (format!("kw1public.holder.{}l", &nines[..42]), TextError::Base64),
        // 31 and 33 bytes, and none.
        (format!("kw1public.holder.{}Q", &nines[..41]), TextError::Base64),
        (format!("kw1public.holder.{nines}J"), TextError::Base64),
        ("kw1public.holder.".into(), TextError::Base64),
    ] {
        assert_eq!(public(&text), Err(error), "{text}");
    }
}
