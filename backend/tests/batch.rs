//! Why signatures aren't checked in batches: the answer is another one, both ways (see `many`).

use curve25519_dalek::{EdwardsPoint, Scalar, constants::EIGHT_TORSION};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey, verify_batch};
use keyward::{SignatureFault, seam};
use sha2::{Digest, Sha512};

/// A message, its signature, and the key.
type Signed = ([u8; 8], Signature, VerifyingKey);

/// A signature whose equation holds but for what of small order is added to the key and to R.
fn crafted(number: u64, key_part: usize, point_part: usize) -> (Signed, Scalar) {
    let secret = |label: &str| {
        let hash = Sha512::new().chain_update(label).chain_update(number.to_le_bytes());
        Scalar::from_bytes_mod_order_wide(&hash.finalize().into())
    };
    let (a, r, message) = (secret("key"), secret("point"), number.to_le_bytes());
    let key = (EdwardsPoint::mul_base(&a) + EIGHT_TORSION[key_part]).compress().to_bytes();
    let point = (EdwardsPoint::mul_base(&r) + EIGHT_TORSION[point_part]).compress().to_bytes();
    let hash = Sha512::new().chain_update(point).chain_update(key).chain_update(message);
    let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
    let signature = Signature::from_components(point, (r + k * a).to_bytes());
    ((message, signature, VerifyingKey::from_bytes(&key).unwrap()), k)
}

/// What keyward says, which is what `verify_strict` says.
fn single((message, signature, key): &Signed) -> Result<(), SignatureFault> {
    let ours = seam::verify(key.as_bytes(), &[message], &signature.to_bytes());
    assert_eq!(ours.is_ok(), key.verify_strict(message, signature).is_ok());
    ours
}

/// A batch of three, two of which are honest.
fn batch((message, signature, key): &Signed) -> bool {
    let honest = SigningKey::from_bytes(&[7; 32]);
    let (first, second): (&[u8], &[u8]) = (b"first", b"second");
    verify_batch(
        &[first, message, second],
        &[honest.sign(first), *signature, honest.sign(second)],
        &[honest.verifying_key(), *key, honest.verifying_key()],
    )
    .is_ok()
}

#[test]
fn a_batch_takes_one_in_two_that_every_lock_refuses() {
    const HALF: usize = 4; // The point of order 2.
    let mut taken = 0;
    for number in 0..200 {
        let (signed, _) = crafted(number, 0, HALF);
        assert_eq!(single(&signed), Err(SignatureFault::Mismatch));
        taken += usize::from(batch(&signed));
    }
    println!("a batch takes {taken} of 200 that are refused one by one");
    assert!((60..140).contains(&taken), "{taken}");
}

#[test]
fn a_batch_refuses_most_that_every_lock_takes() {
    const EIGHTH: usize = 1; // A point of order 8.
    let (mut refused, mut good) = (0, 0);
    for number in 0..1600 {
        let (signed, k) = crafted(number, EIGHTH, 0);
        // Where k is a multiple of 8 the key's small part vanishes.
        let held = single(&signed).is_ok();
        assert_eq!(held, k.as_bytes()[0] % 8 == 0);
        good += usize::from(held);
        refused += usize::from(held && !batch(&signed));
    }
    println!("a batch refuses {refused} of {good} that are taken one by one");
    assert!(good > 100 && refused * 2 > good, "{refused} of {good}");
}

#[test]
fn on_honest_signatures_they_agree() {
    for number in 0..50 {
        let (signed, _) = crafted(number, 0, 0);
        assert_eq!(single(&signed), Ok(()));
        assert!(batch(&signed));
    }
}
