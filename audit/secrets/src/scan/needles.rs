//! What is as good as a secret key, in the forms in which the crates hold it.

use curve25519_dalek::{Scalar, scalar::clamp_integer};
use sha2::{Digest, Sha512, block_api::compress512};

/// A string of bytes that must not be left.
pub struct Needle {
    pub name: &'static str,
    pub bytes: Vec<u8>,
}

/// The name of the secret itself.
pub const SECRET: &str = "the secret";
// Those of its forms that a value of the crates has.
pub const FIRST: &str = "the secret's hash, first half";
pub const PREFIX: &str = "the prefix of nonces";
pub const REDUCED: &str = "the scalar, reduced";
/// Those of the curve's arithmetic as it was built.
pub const LIMBS: &str = if cfg!(curve25519_dalek_bits = "32") { LIMBS_29 } else { LIMBS_52 };
const LIMBS_52: &str = "the scalar in limbs of 52 bits";
const LIMBS_29: &str = "the scalar in limbs of 29 bits";
pub const INNER: &str = "the inner state of HMAC";
pub const OUTER: &str = "the outer state of HMAC";

/// All forms of a secret of 32 bytes, whatever it is the secret of.
pub fn of(secret: &[u8; 32]) -> Vec<Needle> {
    let hash: [u8; 64] = Sha512::digest(secret).into();
    let (first, prefix) = hash.split_first_chunk::<32>().expect("64 bytes");
    let clamped = clamp_integer(*first);
    let scalar = Scalar::from_bytes_mod_order(clamped).to_bytes();
    let [inner, outer] = [0x36, 0x5c].map(|pad| secret.map(|byte| byte ^ pad));
    let needle = |name, bytes: &[u8]| Needle { name, bytes: bytes.to_vec() };
    let mut all = vec![
        needle(SECRET, secret),
        // Ed25519 (RFC 8032, section 5.1.5).
        needle(FIRST, first),
        needle("the scalar, clamped", &clamped),
        needle(REDUCED, &scalar),
        needle(LIMBS_52, &limbs52(&scalar)),
        needle(LIMBS_29, &limbs29(&scalar)),
        needle(PREFIX, prefix),
        needle("the secret as words of SHA-512", &words(secret)),
        // HMAC (RFC 2104): a state behind the key's block makes any tag.
        needle("the inner key of HMAC", &inner),
        needle("the outer key of HMAC", &outer),
        needle(INNER, &state(&inner, 0x36)),
        needle(OUTER, &state(&outer, 0x5c)),
        // X25519 (RFC 7748, section 5).
        needle("the opening key, clamped", &clamp_integer(*secret)),
    ];
    // Of 32 secrets one is clamped already, and would be found twice.
    let mut seen = Vec::new();
    all.retain(|needle| {
        let is_new = !seen.contains(&needle.bytes);
        seen.push(needle.bytes.clone());
        is_new
    });
    all
}

fn limbs52(scalar: &[u8; 32]) -> Vec<u8> {
    (0..5).flat_map(|limb| bits(scalar, 52 * limb, 52).to_le_bytes()).collect()
}

fn limbs29(scalar: &[u8; 32]) -> Vec<u8> {
    let limb = |limb: usize| u32::try_from(bits(scalar, 29 * limb, 29)).expect("29 bits");
    (0..9).flat_map(|at| limb(at).to_le_bytes()).collect()
}

/// So many bits of a number from this one on.
fn bits(number: &[u8; 32], from: usize, count: usize) -> u64 {
    let bit = |at: usize| number.get(at / 8).map_or(0, |byte| u64::from(byte >> (at % 8) & 1));
    (0..count).map(|at| bit(from + at) << at).sum()
}

fn words(secret: &[u8; 32]) -> Vec<u8> {
    secret.chunks(8).flat_map(|word| word.iter().rev().copied()).collect()
}

/// SHA-512's state behind one block: a key with this padding, and the padding.
fn state(key: &[u8; 32], pad: u8) -> Vec<u8> {
    let mut block = [pad; 128];
    block[..32].copy_from_slice(key);
    let mut state = INITIAL;
    compress512(&mut state, &[block]);
    state.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

/// SHA-512's initial state (FIPS 180-4, section 5.3.5).
const INITIAL: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_that_of_the_hash() {
        // A hash of one block is the state behind the padding of no message.
        let mut block = [0; 128];
        block[0] = 0x80;
        let mut state = INITIAL;
        compress512(&mut state, &[block]);
        let bytes: Vec<u8> = state.iter().flat_map(|word| word.to_be_bytes()).collect();
        assert_eq!(bytes, Sha512::digest([]).to_vec());
    }

    #[test]
    fn limbs_add_up() {
        let scalar = [0xa5; 32];
        let sum: u64 = limbs52(&scalar).iter().map(|byte| u64::from(byte.count_ones())).sum();
        assert_eq!(sum, 128);
        let sum: u64 = limbs29(&scalar).iter().map(|byte| u64::from(byte.count_ones())).sum();
        assert_eq!(sum, 128);
    }
}
