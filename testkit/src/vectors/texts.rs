//! Vectors of text forms: of objects, and of public keys.

use keyward::{
    OpeningKey, SealingKey, role,
    text::{self, TextError},
};
use serde_json::{Value, json};

use super::hex;
use crate::{malformed, strict};

const THREE: [(&str, &str); 19] = [
    ("no_prefix", "answer.AQgD"),
    ("another_version_of_the_form", "kw2.answer.AQgD"),
    ("upper_case_prefix", "KW1.answer.AQgD"),
    ("no_kind", "kw1.AQgD"),
    ("empty_kind", "kw1..AQgD"),
    ("unknown_kind", "kw1.reply.AQgD"),
    ("upper_case_kind", "kw1.Answer.AQgD"),
    ("another_kind", "kw1.token.AQgD"),
    ("another_version_of_the_object", "kw1.answer.AggD"),
    ("another_kind_of_the_object", "kw1.answer.AQkD"),
    ("one_byte", "kw1.answer.AQ"),
    ("nothing", "kw1.answer."),
    ("length_1_modulo_4", "kw1.answer.AQgDA"),
    ("plus_of_another_alphabet", "kw1.answer.AQg+"),
    ("slash_of_another_alphabet", "kw1.answer.AQg/"),
    ("second_point", "kw1.answer.AQ.gD"),
    ("white_space_behind", "kw1.answer.AQgD "),
    ("white_space_within", "kw1.answer.AQ gD"),
    ("new_line_behind", "kw1.answer.AQgD\n"),
];

const FOUR: [(&str, &str); 3] = [
    ("padding_of_two", "kw1.answer.AQgDBA=="),
    ("lowest_of_four_spare_bits", "kw1.answer.AQgDBB"),
    ("highest_of_four_spare_bits", "kw1.answer.AQgDBI"),
];

const FIVE: [(&str, &str); 3] = [
    ("padding_of_one", "kw1.answer.AQgDBAU="),
    ("lower_of_two_spare_bits", "kw1.answer.AQgDBAV"),
    ("higher_of_two_spare_bits", "kw1.answer.AQgDBAW"),
];

/// The vectors of text forms, as the file `tests/vectors/text.json` holds them.
pub fn texts() -> Value {
    let mut vectors = Vec::new();
    let mut add = |name: &str, text: &str| {
        let mut buffer = [0; 2048];
        let read = text::decode(text, &mut buffer);
        let accepted = read.is_ok();
        vectors.push(json!({
            "name": name,
            "text": text,
            "bytes": read.ok().map(hex),
            "error": read.err().map(|error| format!("{error:?}")),
        }));
        accepted
    };
    let mut buffer = [0; text::MAX_TEXT];
    for (kind, bytes) in malformed::valid() {
        assert!(add(kind, text::encode(&bytes, &mut buffer).unwrap()), "{kind}");
    }
    // Each is one of these three with one rule broken.
    for (mended, name, broken) in [
        ("three_bytes", "kw1.answer.AQgD", &THREE[..]),
        ("four_bytes", "kw1.answer.AQgDBA", &FOUR[..]),
        ("five_bytes", "kw1.answer.AQgDBAU", &FIVE[..]),
    ]
    .map(|(name, text, broken)| (add(name, text), name, broken))
    {
        assert!(mended, "{name}");
        for (name, text) in broken {
            assert!(!add(name, text), "{name}");
        }
    }
    vectors.extend(public_keys());
    json!({
        "about": "SPEC.md section 3.5: a text, and its bytes or the error; with a class, the text \
                  of a public key.",
        "format_version": 1,
        "vectors": vectors,
    })
}

/// What is no text of a holder's key. `{43}` stands for the base64url of 32 bytes `0x09`, `{40}` for
/// its first characters.
const KEYS: [(&str, &str); 17] = [
    ("no_prefix", "holder.{43}"),
    ("prefix_of_an_object", "kw1.holder.{43}"),
    ("prefix_of_a_secret", "kw1secret.holder.{43}"),
    ("upper_case_prefix", "KW1PUBLIC.holder.{43}"),
    ("no_point_behind_the_prefix", "kw1publicholder.{43}"),
    ("no_class", "kw1public.{43}"),
    ("empty_class", "kw1public..{43}"),
    ("another_class", "kw1public.issuer.{43}"),
    ("upper_case_class", "kw1public.Holder.{43}"),
    ("nothing", "kw1public.holder."),
    ("a_byte_too_few", "kw1public.holder.{40}CQ"),
    ("a_byte_too_many", "kw1public.holder.{40}CQkJ"),
    ("length_1_modulo_4", "kw1public.holder.{40}CQkJC"),
    ("padding", "kw1public.holder.{43}="),
    ("lower_of_two_spare_bits", "kw1public.holder.{40}CQl"),
    ("higher_of_two_spare_bits", "kw1public.holder.{40}CQm"),
    ("new_line_behind", "kw1public.holder.{43}\n"),
];

/// One public key of each class, and a holder's in all forms but the only one.
fn public_keys() -> Vec<Value> {
    let forty = "CQkJ".repeat(10);
    let written = |form: &str| form.replace("{43}", "{40}CQk").replace("{40}", &forty);
    let mut vectors = Vec::new();
    let mut add = |name: &str, class: &str, text: &str| {
        let read = public(class, text);
        vectors.push(json!({
            "name": format!("public/{name}"),
            "class": class,
            "text": text,
            "bytes": read.ok().map(|key| hex(&key)),
            "error": read.err().map(|error| format!("{error:?}")),
        }));
        read.err()
    };
    for class in CLASSES {
        assert_eq!(add(class, class, &written(&format!("kw1public.{class}.{{43}}"))), None);
    }
    // Any 32 bytes are a key to seal to, and no key that signs is of small order.
    let zeros = "A".repeat(43);
    assert_eq!(add("sealing_of_zeros", "sealing", &format!("kw1public.sealing.{zeros}")), None);
    assert_eq!(add("a_holder_s", "holder", &written("kw1public.holder.{43}")), None);
    for (name, form) in KEYS {
        assert!(add(name, "holder", &written(form)).is_some(), "{name}");
    }
    let orders = [1, 2, 4, 8].map(|order| format!("point_of_order_{order}"));
    let weak = orders.into_iter().zip(strict::small_orders());
    let [mut prime, mut signed] = [[0xff; 32]; 2];
    (prime[0], prime[31]) = (0xed, 0x7f);
    signed[0] = 0xed;
    let beyond = [("prime", prime), ("prime_and_sign", signed), ("all_ones", [0xff; 32])];
    let beyond = beyond.map(|(name, bytes)| (name.to_owned(), bytes));
    for (name, bytes) in weak.chain(beyond) {
        // Of a key to seal to the core writes any bytes.
        let mut buffer = [0; 99];
        let text = text::encode_sealing(&SealingKey::from_bytes(bytes), &mut buffer).unwrap();
        let text = text.replace("sealing", "holder");
        assert!(matches!(add(&name, "holder", &text), Some(TextError::Key(_))), "{name}");
    }
    vectors
}

const CLASSES: [&str; 10] = [
    "cold",
    "root",
    "emergency",
    "issuer",
    "holder",
    "witness",
    "device",
    "sealing",
    "claim",
    "label",
];

/// What is read of a public key's text, if it is also what is written.
fn public(class: &str, text: &str) -> Result<[u8; 32], TextError> {
    fn read<R: role::Role>(text: &str) -> Result<[u8; 32], TextError> {
        let key = text::decode_public::<R>(text)?;
        assert_eq!(text::encode_public(&key, &mut [0; 99]), Ok(text));
        Ok(*key.as_bytes())
    }
    match class {
        "cold" => read::<role::Cold>(text),
        "root" => read::<role::Root>(text),
        "emergency" => read::<role::Emergency>(text),
        "issuer" => read::<role::Issuer>(text),
        "holder" => read::<role::Holder>(text),
        "witness" => read::<role::Witness>(text),
        "device" => read::<role::Device>(text),
        "claim" => read::<role::Claim>(text),
        "label" => read::<role::Label>(text),
        _ => {
            assert_eq!(class, OpeningKey::NAME);
            let key = text::decode_sealing(text)?;
            assert_eq!(text::encode_sealing(&key, &mut [0; 99]), Ok(text));
            Ok(*key.as_bytes())
        }
    }
}
