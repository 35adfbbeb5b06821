//! keyward's signature check against `verify_strict` of `ed25519-dalek`, over signatures that are
//! random, mutated, or crafted from torsion points and non-canonical encodings.

use chacha20::ChaCha20Rng;
use curve25519_dalek::{EdwardsPoint, Scalar, constants::EIGHT_TORSION};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use keyward::seam;
use rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha512};

/// What a comparison saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Signatures that were compared.
    pub signatures: u64,
    /// Those that `verify_strict` takes.
    pub accepted: u64,
    /// Those that plain `verify` takes and `verify_strict` doesn't.
    pub lenient: u64,
    /// Those on which keyward and `verify_strict` differ, beside the next.
    pub disagreements: u64,
    /// Those that `verify_strict` takes under a key whose y is not canonical, which keyward refuses
    /// where it decodes the key.
    pub refused_keys: u64,
}

impl Report {
    /// Compares one signature.
    pub fn compare(&mut self, key: &[u8; 32], message: &[u8], signature: &[u8; 64]) {
        let parts = message.split_at(message.len() / 2);
        let ours = seam::verify(key, &[parts.0, parts.1], signature).is_ok();
        let dalek = VerifyingKey::from_bytes(key).ok();
        let theirs = Signature::from_bytes(signature);
        let strict = dalek.is_some_and(|dalek| dalek.verify_strict(message, &theirs).is_ok());
        let lenient = dalek.is_some_and(|dalek| {
            use ed25519_dalek::Verifier;
            dalek.verify(message, &theirs).is_ok()
        });
        self.signatures += 1;
        self.accepted += u64::from(strict);
        self.lenient += u64::from(lenient && !strict);
        if strict && !ours && !is_canonical(key) {
            self.refused_keys += 1;
        } else if strict != ours {
            self.disagreements += 1;
        }
    }
}

/// Whether a point's encoding is the one that compressing it gives.
fn is_canonical(key: &[u8; 32]) -> bool {
    let point = curve25519_dalek::edwards::CompressedEdwardsY(*key).decompress();
    point.is_some_and(|point| point.compress().to_bytes() == *key)
}

/// Compares so many signatures, of every sort in turn.
pub fn run(signatures: u64, seed: u64, mut progress: impl FnMut(u64)) -> Report {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut report = Report::default();
    while report.signatures < signatures {
        progress(report.signatures);
        for _ in 0..400 {
            random(&mut rng, &mut report);
        }
        crafted(&mut rng, &mut report);
    }
    report
}

/// A valid signature, and mutations of it, its key and its message.
fn random(rng: &mut ChaCha20Rng, report: &mut Report) {
    let (mut seed, mut message) = ([0; 32], [0; 96]);
    rng.fill_bytes(&mut seed);
    rng.fill_bytes(&mut message);
    let signer = SigningKey::from_bytes(&seed);
    let key = signer.verifying_key().to_bytes();
    let signature = signer.sign(&message).to_bytes();
    report.compare(&key, &message, &signature);
    let bit = |rng: &mut ChaCha20Rng, bytes: &mut [u8]| {
        let at = usize::try_from(rng.next_u32()).unwrap() % (bytes.len() * 8);
        bytes[at / 8] ^= 1 << (at % 8);
    };
    let mut mutated = signature;
    bit(rng, &mut mutated);
    report.compare(&key, &message, &mutated);
    let mut other = key;
    bit(rng, &mut other);
    report.compare(&other, &message, &signature);
    bit(rng, &mut message);
    report.compare(&key, &message, &signature);
}

/// Signatures whose equation holds with torsion in the key, in R or in both, and R or the key of
/// small order alone, each also with S + L and in encodings that aren't canonical.
fn crafted(rng: &mut ChaCha20Rng, report: &mut Report) {
    let mut scalar = || {
        let mut wide = [0; 64];
        rng.fill_bytes(&mut wide);
        Scalar::from_bytes_mod_order_wide(&wide)
    };
    let (a, r) = (scalar(), scalar());
    for torsion_key in EIGHT_TORSION {
        for torsion_point in EIGHT_TORSION {
            for (a, r) in
                [(a, r), (Scalar::ZERO, r), (a, Scalar::ZERO), (Scalar::ZERO, Scalar::ZERO)]
            {
                let key = EdwardsPoint::mul_base(&a) + torsion_key;
                let point = EdwardsPoint::mul_base(&r) + torsion_point;
                for key in encodings(&key) {
                    for point in encodings(&point) {
                        one(report, &key, &point, a, r);
                    }
                }
            }
        }
    }
    // Keys whose y is p + 1 to p + 18, where on the curve: their logarithms aren't known, so no
    // signature of large order is; those of zeros and of the base point's R are tried.
    for low in 0xed..=0xff {
        for top in [0x7f, 0xff] {
            let mut key = [0xff; 32];
            (key[0], key[31]) = (low, top);
            report.compare(&key, b"message", &[0; 64]);
        }
    }
}

/// The signature (R, r + k a) for messages until one has the torsion cancel, or a few have not.
fn one(report: &mut Report, key: &[u8; 32], point: &[u8; 32], a: Scalar, r: Scalar) {
    for attempt in 0..2_u8 {
        let message = [attempt; 40];
        let hash = Sha512::new().chain_update(point).chain_update(key).chain_update(message);
        let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
        let s = (r + k * a).to_bytes();
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(point);
        signature[32..].copy_from_slice(&s);
        report.compare(key, &message, &signature);
        signature[32..].copy_from_slice(&plus_order(&s));
        report.compare(key, &message, &signature);
    }
}

/// A signature with R of small order, whose S cancels all but R: a check that takes any such R, or
/// multiplies its equation by the cofactor, takes it.
pub fn with_small_order(seed: &[u8; 32], message: &[u8], point: &[u8; 32]) -> [u8; 64] {
    let key = SigningKey::from_bytes(seed);
    let hash = Sha512::new()
        .chain_update(point)
        .chain_update(key.verifying_key().as_bytes())
        .chain_update(message);
    let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(point);
    signature[32..].copy_from_slice(&(k * key.to_scalar()).to_bytes());
    signature
}

/// The points of order 1, 2, 4 and 8, one each.
pub fn small_orders() -> [[u8; 32]; 4] {
    [0, 4, 2, 1].map(|multiple: usize| EIGHT_TORSION[multiple].compress().to_bytes())
}

/// S + L, which a check of the equation alone would take.
pub fn plus_order(s: &[u8; 32]) -> [u8; 32] {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let (mut out, mut carry) = ([0; 32], 0_u16);
    for ((out, a), b) in out.iter_mut().zip(s).zip(ORDER) {
        carry += u16::from(*a) + u16::from(b);
        *out = carry.to_le_bytes()[0];
        carry >>= 8;
    }
    out
}

/// The canonical encoding of a point, and those beside it that decode to it.
pub(crate) fn encodings(point: &EdwardsPoint) -> Vec<[u8; 32]> {
    let canonical = point.compress().to_bytes();
    let mut all = vec![canonical];
    let mut y = canonical;
    y[31] &= 0x7f;
    // x = 0 has two signs.
    if y == canonical && (y == one_y() || y == minus_one_y()) {
        let mut signed = canonical;
        signed[31] |= 0x80;
        all.push(signed);
    }
    // y below 19 has a second encoding, y + p.
    if y[0] < 19 && y[1..].iter().all(|byte| *byte == 0) {
        let mut beyond = [0xff; 32];
        beyond[0] = 0xed + y[0];
        beyond[31] = 0x7f | (canonical[31] & 0x80);
        all.push(beyond);
        beyond[31] ^= 0x80;
        all.push(beyond);
    }
    all
}

fn one_y() -> [u8; 32] {
    let mut y = [0; 32];
    y[0] = 1;
    y
}

fn minus_one_y() -> [u8; 32] {
    let mut y = [0xff; 32];
    (y[0], y[31]) = (0xec, 0x7f);
    y
}
