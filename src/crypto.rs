//! The only file that touches cryptography: one hash, its HMAC, one signature scheme, one way to
//! seal (SPEC.md sections 4 and 23).
//!
//! Nothing here is home-made. SHA-512 is the `sha2` crate's, HMAC the `hmac` crate's, HPKE (RFC 9180)
//! the `hpke` crate's, Ed25519 (RFC 8032) is `ed25519-dalek`'s. [`verify`] accepts exactly what `VerifyingKey::verify_strict` accepts, and
//! `tests/strict.rs` holds the two equal.

use ed25519_dalek as dalek;
use hmac::{Hmac, KeyInit, Mac};
use hpke::{
    Deserializable, Kem, OpModeR, OpModeS, Serializable,
    aead::{AeadTag, ChaCha20Poly1305},
    kdf::HkdfSha256,
    kem::X25519HkdfSha256,
};
use sha2::{Digest, Sha512};
use signature::{MultipartVerifier, Signer};

/// The first 32 bytes of the SHA-512 of all parts, one after the other.
pub(crate) fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut state = Sha512::new();
    for part in parts {
        state.update(part);
    }
    truncated(&state.finalize())
}

/// The first `N` bytes of a longer string; a shorter one is padded with zeros.
pub(crate) fn truncated<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(bytes) {
        *to = *from;
    }
    out
}

/// HMAC-SHA-512 (RFC 2104) of all parts, one after the other.
fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> Hmac<Sha512> {
    // A short key is filled up with zeros to the hash's block.
    let block = zeroize::Zeroizing::new(truncated::<128>(key));
    let mut mac = Hmac::<Sha512>::new((&*block).into());
    for part in parts {
        mac.update(part);
    }
    mac
}

/// The first `N` bytes of an HMAC, at most 64: a pseudo-random function of the parts.
pub(crate) fn mac<const N: usize>(key: &[u8; 32], parts: &[&[u8]]) -> [u8; N] {
    apart(|| truncated(&hmac(key, parts).finalize().into_bytes()))
}

/// Whether a tag is the truncated HMAC of the parts, compared in constant time.
pub(crate) fn mac_holds(key: &[u8; 32], parts: &[&[u8]], tag: &[u8; 16]) -> bool {
    apart(|| hmac(key, parts).verify_truncated_left(tag).is_ok())
}

/// Runs what handles a secret, and overwrites the stack that it took. All crates here zero what they
/// drop, but nothing zeroes what a value was moved from, nor most of what is in between.
pub(crate) fn apart<T>(work: impl FnOnce() -> T) -> T {
    #[inline(never)]
    fn frame<T>(work: impl FnOnce() -> T) -> T {
        work()
    }
    #[inline(never)]
    fn wipe() {
        zeroize::Zeroize::zeroize(&mut [0_u64; WIPED]);
    }
    let done = frame(work);
    wipe();
    done
}

/// Words of the stack that are overwritten, which is more than what is left in them lies deep.
const WIPED: usize = 256;

/// Shows that one signature was checked and holds; only [`verify`] makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "it is the proof that a signature holds"]
pub(crate) struct Genuine(());

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureFault {
    /// The key's bytes name no point of the curve.
    KeyNotOnCurve,
    /// The key has small order; where keys are decoded it is refused already.
    WeakKey,
    /// The scalar S is not below the group order L (RFC 8032, section 5.1.7).
    NonCanonicalScalar,
    /// The point R has small order: a signature that holds for more than one message.
    SmallOrderPoint,
    /// The equation of RFC 8032, section 5.1.7, does not hold: another key, another message.
    Mismatch,
}

/// Checks one Ed25519 signature over the message that the parts make when put together.
///
/// `verify` of `ed25519-dalek` compares the bytes of R with the canonical encoding of the R that
/// it computes. Where R is none of the canonical encodings of small order, and the key none
/// either (refused where it is decoded, and again here), what it accepts is exactly what
/// `verify_strict` accepts, without decompressing R only to learn its order.
pub(crate) fn verify(
    key: &[u8; 32],
    message: &[&[u8]],
    signature: &[u8; 64],
) -> Result<Genuine, SignatureFault> {
    let (point, scalar) = signature.split_at(32);
    // An embedder's tree may switch on `legacy_compatibility`, which drops this check of dalek's.
    if !scalar.iter().rev().lt(GROUP_ORDER.iter().rev()) {
        return Err(SignatureFault::NonCanonicalScalar);
    }
    if is_small_order(&truncated(point)) {
        return Err(SignatureFault::SmallOrderPoint);
    }
    if is_small_order(key) {
        return Err(SignatureFault::WeakKey);
    }
    let Ok(key) = dalek::VerifyingKey::from_bytes(key) else {
        return Err(SignatureFault::KeyNotOnCurve);
    };
    match key.multipart_verify(message, &dalek::Signature::from_bytes(signature)) {
        Ok(()) => Ok(Genuine(())),
        Err(_) => Err(SignatureFault::Mismatch),
    }
}

/// A secret key and its public half; zeroed when dropped, by `ed25519-dalek`.
pub(crate) struct Secret(dalek::SigningKey);

impl Secret {
    pub(crate) fn new(seed: &[u8; 32]) -> Self {
        apart(|| Self(dalek::SigningKey::from_bytes(seed)))
    }

    pub(crate) fn seed(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    pub(crate) fn public(&self) -> [u8; 32] {
        self.0.as_ref().to_bytes()
    }

    /// Signs a message (RFC 8032, section 5.1.6).
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        apart(|| self.0.sign(message).to_bytes())
    }
}

/// The public half of an X25519 key (RFC 7748, section 6.1).
pub(crate) fn x25519_public(secret: &[u8; 32]) -> [u8; 32] {
    match <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(secret) {
        Ok(secret) => truncated(&X25519HkdfSha256::sk_to_pk(&secret).to_bytes()),
        // Any 32 bytes are a key; if they weren't, nobody could seal to this.
        Err(_) => [0; 32],
    }
}

/// Encrypts in place to a public key (RFC 9180, section 6.1, `SealBase`); returns the sender's
/// one-time key and the tag, and none for a recipient's key of small order.
// Apart from what a caller takes of the stack.
#[inline(never)]
pub(crate) fn hpke_seal(
    key: &[u8; 32],
    info: &[u8],
    aad: &[u8],
    text: &mut [u8],
    rng: &mut impl rand_core::CryptoRng,
) -> Option<([u8; 32], [u8; 16])> {
    let key = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(key).ok()?;
    let sealed = hpke::single_shot_seal_inout_detached_with_rng::<
        ChaCha20Poly1305,
        HkdfSha256,
        X25519HkdfSha256,
    >(&OpModeS::Base, &key, info, text.into(), aad, rng);
    let (enc, tag) = sealed.ok()?;
    Some((truncated(&enc.to_bytes()), truncated(&tag.to_bytes())))
}

/// Decrypts in place with a secret key (RFC 9180, section 6.1, `OpenBase`), and says whether it
/// did. If it didn't, the text is as it was.
pub(crate) fn hpke_open(
    secret: &[u8; 32],
    info: &[u8],
    aad: &[u8],
    enc: &[u8; 32],
    text: &mut [u8],
    tag: &[u8; 16],
) -> bool {
    let secret = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(secret);
    let enc = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(enc);
    let tag = AeadTag::<ChaCha20Poly1305>::from_bytes(tag);
    // Borrowed: a key that is moved leaves a copy, which nobody zeroes.
    let (Ok(secret), Ok(enc), Ok(tag)) = (&secret, &enc, &tag) else {
        return false;
    };
    hpke::single_shot_open_inout_detached::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        secret,
        enc,
        info,
        text.into(),
        aad,
        tag,
    )
    .is_ok()
}

/// Whether the bytes encode a point of order 1, 2, 4 or 8; the sign bit doesn't matter.
pub(crate) fn is_small_order(point: &[u8; 32]) -> bool {
    let y = without_sign(point);
    SMALL_ORDER.contains(&y)
}

/// Whether the y coordinate is below the field's prime (RFC 8032, section 5.1.3).
pub(crate) fn is_canonical(point: &[u8; 32]) -> bool {
    without_sign(point).iter().rev().lt(FIELD_PRIME.iter().rev())
}

fn without_sign(point: &[u8; 32]) -> [u8; 32] {
    let mut y = *point;
    if let Some(top) = y.last_mut() {
        *top &= 0x7f;
    }
    y
}

const fn hex(text: &[u8; 64]) -> [u8; 32] {
    let mut out = [0; 32];
    let (mut i, mut rest) = (0, text.as_slice());
    while let [high, low, tail @ ..] = rest {
        #[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "const")]
        {
            out[i] = nibble(*high) << 4 | nibble(*low);
            i += 1;
        }
        rest = tail;
    }
    out
}

const fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit.wrapping_sub(b'0'),
        _ => digit.wrapping_sub(b'a').wrapping_add(10),
    }
}

/// L = 2^252 + 27742317777372353535851937790883648493, little-endian.
const GROUP_ORDER: [u8; 32] =
    hex(b"edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");

/// p = 2^255 - 19, little-endian.
const FIELD_PRIME: [u8; 32] =
    hex(b"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");

/// The y coordinates of all points of small order.
const SMALL_ORDER: [[u8; 32]; 5] = [
    hex(b"0000000000000000000000000000000000000000000000000000000000000000"),
    hex(b"0100000000000000000000000000000000000000000000000000000000000000"),
    hex(b"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    hex(b"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    hex(b"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_small_orders_is_the_curves() {
        for point in curve25519_dalek::constants::EIGHT_TORSION {
            assert!(is_small_order(&point.compress().to_bytes()));
        }
        let base = curve25519_dalek::constants::ED25519_BASEPOINT_COMPRESSED;
        assert!(!is_small_order(&base.to_bytes()));
    }

    #[test]
    fn a_non_canonical_y_is_told() {
        assert!(is_canonical(&hex(
            b"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
        )));
        let mut top = [0xff; 32];
        for low in 0xed..=0xff {
            for high in [0x7f, 0xff] {
                (top[0], top[31]) = (low, high);
                assert!(!is_canonical(&top));
            }
        }
    }
}
