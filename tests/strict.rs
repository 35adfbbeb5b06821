//! keyward takes exactly the signatures that `verify_strict` takes, under exactly the keys whose
//! encoding is canonical.

use ed25519_dalek::Signer;
use keyward::{SignatureFault, seam};
use keyward_testkit::{
    strict::{self, Report},
    suites::{Tally, signatures},
};

#[test]
fn random_mutated_and_crafted_signatures() {
    let report = strict::run(20_000, 1, |_| {});
    println!("{report:?}");
    assert_eq!(report.disagreements, 0);
    assert!(report.accepted > 1_000 && report.lenient > 300, "{report:?}");
}

/// Nothing is lost on the way of a suite: so many cases, so many of them stricter, none that failed.
fn holds(tally: &Tally, cases: u64, stricter: u64) {
    println!("{tally}");
    assert!(tally.failures.is_empty(), "{tally}");
    assert_eq!((tally.cases, tally.stricter.values().sum()), (cases, stricter), "{tally}");
}

#[test]
fn rfc_8032() {
    holds(&signatures::rfc_8032(), 5, 0);
}

#[test]
fn wycheproof() {
    holds(&signatures::wycheproof(), 151, 0);
}

#[test]
fn the_published_edge_cases() {
    holds(&signatures::speccheck(), 12, 8);
    holds(&signatures::small_orders(), 196, 196);
}

fn hex<const N: usize>(text: &str) -> [u8; N] {
    let byte = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
    assert_eq!(text.len(), 2 * N);
    std::array::from_fn(byte)
}

/// A key, a message and a signature that holds.
fn genuine() -> ([u8; 32], &'static [u8], [u8; 64]) {
    let signer = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let message = b"the door";
    (signer.verifying_key().to_bytes(), message, signer.sign(message).to_bytes())
}

#[test]
fn a_scalar_of_l_or_more_is_not_canonical() {
    let (key, message, signature) = genuine();
    assert_eq!(seam::verify(&key, &[message], &signature), Ok(()));
    let order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let below = "ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let above = "eed3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let with = |scalar: [u8; 32]| {
        let mut changed = signature;
        changed[32..].copy_from_slice(&scalar);
        let mut report = Report::default();
        report.compare(&key, message, &changed);
        assert_eq!((report.accepted, report.disagreements), (0, 0));
        seam::verify(&key, &[message], &changed)
    };
    assert_eq!(with(hex(below)), Err(SignatureFault::Mismatch));
    assert_eq!(with(hex(order)), Err(SignatureFault::NonCanonicalScalar));
    assert_eq!(with(hex(above)), Err(SignatureFault::NonCanonicalScalar));
    for power in 253..256 {
        let (mut lone, mut added) = ([0; 32], [0; 32]);
        added.copy_from_slice(&signature[32..]);
        lone[power / 8] |= 1 << (power % 8);
        added[power / 8] |= 1 << (power % 8);
        assert_eq!(with(lone), Err(SignatureFault::NonCanonicalScalar));
        assert_eq!(with(added), Err(SignatureFault::NonCanonicalScalar));
    }
    assert_eq!(with([0xff; 32]), Err(SignatureFault::NonCanonicalScalar));
}

#[test]
fn a_point_of_small_order_is_refused_as_r_and_as_key() {
    let (key, message, signature) = genuine();
    for point in curve25519_dalek::constants::EIGHT_TORSION {
        for sign in [0, 0x80] {
            let mut weak = point.compress().to_bytes();
            weak[31] ^= sign;
            let mut changed = signature;
            changed[..32].copy_from_slice(&weak);
            let refused = seam::verify(&key, &[message], &changed);
            assert_eq!(refused, Err(SignatureFault::SmallOrderPoint));
            let refused = seam::verify(&weak, &[message], &signature);
            assert_eq!(refused, Err(SignatureFault::WeakKey));
        }
    }
}

#[test]
fn keys_beyond_the_prime_are_all_that_keyward_refuses_more() {
    let (_, message, signature) = genuine();
    let (mut on_curve, mut weak) = (0, 0);
    for low in 0xed..=0xff_u8 {
        for top in [0x7f, 0xff] {
            let mut key = [0xff; 32];
            (key[0], key[31]) = (low, top);
            let refused = seam::verify(&key, &[message], &signature);
            assert_eq!(refused, Err(SignatureFault::KeyNotOnCurve));
            if let Ok(read) = ed25519_dalek::VerifyingKey::from_bytes(&key) {
                on_curve += 1;
                weak += u32::from(read.is_weak());
            }
        }
    }
    // Nobody knows the logarithm of those of large order, so no signature tells the sets apart.
    println!("{on_curve} of 38 on the curve, {weak} of small order");
    assert!(on_curve > weak && weak > 0);
}
