//! RFC 9180: its vectors with X25519, and its key schedule laid out once more.

use chacha20poly1305::{AeadInOut, KeyInit};
use hmac::{Hmac, Mac};
use keyward::{OpeningKey, SealingKey, seam};
use serde_json::Value;
use sha2::Sha256;

use super::{
    Tally, array, bytes,
    cipher::Cipher,
    x25519::{AAD, INFO},
};
use crate::seal::Once;

/// The vectors of RFC 9180 (`test-vectors.json`), all that are with DHKEM(X25519, HKDF-SHA256).
///
/// keyward seals single messages in mode base with HKDF-SHA256 and ChaCha20-Poly1305 (appendix
/// A.2.1), so of all other contexts, and of all later messages of this one, it opens none.
pub fn rfc_9180(json: &str) -> Tally {
    let mut tally = Tally::new("RFC 9180 with X25519");
    let all: Vec<Value> = serde_json::from_str(json).expect("the vectors");
    for vector in all.iter().filter(|vector| vector["kem_id"] == 0x20) {
        let text = |name: &str| vector[name].as_str().expect("a field").to_owned();
        let ids = ["mode", "kdf_id", "aead_id"].map(|name| vector[name].as_u64().expect("an id"));
        let name = || format!("mode, kdf and aead {ids:?}");
        let key = OpeningKey::from_secret(&array(&text("skRm")));
        tally.case(key.public().as_bytes()[..] == bytes(&text("pkRm")), name);
        let own = ids == [0, 1, 3];
        if own {
            tally.case(sealed(vector), name);
        }
        let (info, enc) = (bytes(&text("info")), array(&text("enc")));
        for (at, message) in vector["encryptions"].as_array().expect("a list").iter().enumerate() {
            let field = |name: &str| bytes(message[name].as_str().expect("a field"));
            let sealed = field("ct");
            let (ciphertext, tag) = sealed.split_last_chunk().expect("a tag");
            let mut text = ciphertext.to_vec();
            let opened = seam::hpke_open(&key, &info, &field("aad"), &enc, &mut text, tag);
            let name = || format!("{}, message {at}", name());
            let refused = !opened && text == ciphertext;
            match (own, at) {
                (true, 0) => tally.case(opened && text == field("pt"), name),
                (true, _) => tally.refused("not the first message of its context", refused, name),
                _ => tally.refused("another mode, KDF or cipher", refused, name),
            }
        }
    }
    tally
}

/// Whether sealing with the vector's one-time key gives its first message.
fn sealed(vector: &Value) -> bool {
    let text = |value: &Value| value.as_str().expect("a field").to_owned();
    let first = &vector["encryptions"][0];
    let (to, mut message) = (array(&text(&vector["pkRm"])), bytes(&text(&first["pt"])));
    let (info, aad) = (bytes(&text(&vector["info"])), bytes(&text(&first["aad"])));
    let mut rng = Once::new(array(&text(&vector["ikmE"])));
    let to = SealingKey::from_bytes(to);
    let sealed = seam::hpke_seal(&to, &info, &aad, &mut message, &mut rng);
    sealed.is_some_and(|(enc, tag)| {
        enc[..] == bytes(&text(&vector["enc"]))
            && [&message[..], &tag].concat() == bytes(&text(&first["ct"]))
    })
}

/// A text under a shared X25519 secret, by RFC 9180's sections 4.1 and 5.1 and nothing of `hpke`'s
/// but the cipher: the ciphertext and the tag.
pub(super) fn sealed_under(
    dh: &[u8; 32],
    enc: &[u8; 32],
    public: &[u8; 32],
    text: &[u8],
) -> (Vec<u8>, [u8; 16]) {
    const KEM: &[u8] = b"KEM\0\x20";
    const SUITE: &[u8] = b"HPKE\0\x20\0\x01\0\x03";
    let secret = extract(KEM, &[], b"eae_prk", dh);
    let secret = expand(KEM, &secret, b"shared_secret", &[&enc[..], public].concat(), 32);
    let (id, info) =
        (extract(SUITE, &[], b"psk_id_hash", &[]), extract(SUITE, &[], b"info_hash", INFO));
    let context = [&[0][..], &id, &info].concat();
    let secret = extract(SUITE, &secret, b"secret", &[]);
    let key = expand(SUITE, &secret, b"key", &context, 32);
    let nonce = expand(SUITE, &secret, b"base_nonce", &context, 12);
    let (cipher, mut text) = (Cipher::new_from_slice(&key).expect("32 bytes"), text.to_vec());
    let nonce = nonce[..].try_into().expect("12 bytes");
    let tag = cipher.encrypt_inout_detached(&nonce, AAD, (&mut text[..]).into());
    (text, tag.expect("a short text").into())
}

/// `LabeledExtract` (RFC 9180, section 4).
fn extract(suite: &[u8], salt: &[u8], label: &[u8], ikm: &[u8]) -> Vec<u8> {
    mac(salt, &[b"HPKE-v1", suite, label, ikm])
}

/// `LabeledExpand` to at most 32 bytes (RFC 9180, section 4; RFC 5869, section 2.3).
fn expand(suite: &[u8], prk: &[u8], label: &[u8], info: &[u8], length: u8) -> Vec<u8> {
    let mut out = mac(prk, &[&[0, length], b"HPKE-v1", suite, label, info, &[1]]);
    out.truncate(length.into());
    out
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}
