//! What seals, against other people's test suites: RFC 9180's, and Wycheproof's for the cipher and
//! the key agreement within.

use keyward::{OpeningKey, SealingKey, seam};
use keyward_testkit::{
    seal::Once,
    suites::{cipher, x25519},
};

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn array<const N: usize>(hex: &str) -> [u8; N] {
    bytes(hex).try_into().unwrap()
}

// RFC 9180, appendix A.2.1: mode base, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305;
// the first message.
const INFO: &str = "4f6465206f6e2061204772656369616e2055726e";
const AAD: &str = "436f756e742d30";
const ONE_TIME: &str = "909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b";
const ENC: &str = "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a";
const PUBLIC: &str = "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a";
const SECRET: &str = "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb";
const TEXT: &str = "4265617574792069732074727574682c20747275746820626561757479";
const CIPHERTEXT: &str = "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b";
const TAG: &str = "60b4db21993c62ce81883d2dd1b51a28";

#[test]
fn rfc_9180_a_2_1_is_opened() {
    let key = OpeningKey::from_secret(&array(SECRET));
    assert_eq!(key.public().as_bytes(), &array::<32>(PUBLIC));
    let open = |info: &str, aad: &str, enc: &str, text: &mut [u8], tag: &str| {
        seam::hpke_open(&key, &bytes(info), &bytes(aad), &array(enc), text, &array(tag))
    };
    let mut text = bytes(CIPHERTEXT);
    for (info, aad, enc, tag) in [
        (AAD, AAD, ENC, TAG),
        (INFO, INFO, ENC, TAG),
        (INFO, AAD, PUBLIC, TAG),
        (INFO, AAD, ENC, ONE_TIME.get(..32).unwrap()),
    ] {
        assert!(!open(info, aad, enc, &mut text, tag));
        assert_eq!(text, bytes(CIPHERTEXT), "what isn't opened is as it was");
    }
    assert!(open(INFO, AAD, ENC, &mut text, TAG));
    assert_eq!(text, bytes(TEXT));
}

#[test]
fn rfc_9180_a_2_1_is_sealed() {
    let (key, mut text) = (SealingKey::from_bytes(array(PUBLIC)), bytes(TEXT));
    let mut rng = Once::new(array(ONE_TIME));
    let sealed = seam::hpke_seal(&key, &bytes(INFO), &bytes(AAD), &mut text, &mut rng);
    assert_eq!(sealed, Some((array(ENC), array(TAG))));
    assert_eq!(text, bytes(CIPHERTEXT));
}

#[test]
fn wycheproof_chacha20_poly1305() {
    let tally = cipher::wycheproof();
    println!("{tally}");
    assert!(tally.failures.is_empty() && tally.cases == 325, "{tally}");
}

#[test]
fn wycheproof_x25519() {
    let tally = x25519::wycheproof();
    println!("{tally}");
    assert!(tally.failures.is_empty() && tally.cases == 518, "{tally}");
    assert_eq!(tally.stricter.values().sum::<u64>(), 31);
}
