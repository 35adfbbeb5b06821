//! Sealing and opening.

use std::hint::black_box;

use keyward::{OpeningKey, SealingKey, seam};

use super::{leaves, secret_bytes};
use crate::{draw::Draw, taint};

/// What goes onto a card.
pub fn public_half() {
    let key = OpeningKey::from_secret(&secret_bytes(1));
    // The public half is what everybody gets.
    leaves(key.public().as_bytes());
}

/// By the right key, by another, and with a one-time key of small order.
pub fn open() {
    let plain = OpeningKey::from_secret(&black_box([1; 32]));
    let to = plain.public();
    for length in [0, 1, 64, 448, 1537] {
        let mut text = vec![0x5a; length];
        let mut rng = Draw(|| black_box([9; 32]));
        let (enc, tag) = seam::hpke_seal(&to, INFO, AAD, &mut text, &mut rng).expect("sealed");
        let other = OpeningKey::from_secret(&secret_bytes(2));
        assert!(!seam::hpke_open(&other, INFO, AAD, &enc, &mut text, &tag));
        assert!(!seam::hpke_open(&other, INFO, AAD, &[0; 32], &mut text, &tag));
        let key = OpeningKey::from_secret(&secret_bytes(1));
        assert!(seam::hpke_open(&key, INFO, AAD, &enc, &mut text, &tag));
        assert!(length == 0 || taint::is_secret(&text), "the marks were lost on the way");
        // What is opened is a presentation, which is judged by branches.
        taint::public(&text);
        assert!(black_box(&text).iter().all(|byte| *byte == 0x5a));
    }
}

/// With a secret one-time key, and a secret text.
pub fn seal() {
    let to: SealingKey = OpeningKey::from_secret(&black_box([1; 32])).public();
    for length in [0, 1, 64, 448, 1537] {
        let mut text = vec![0x5a; length];
        taint::secret(&text);
        let mut rng = Draw(|| secret_bytes(9));
        let sealed = seam::hpke_seal(&to, INFO, AAD, &mut text, &mut rng);
        let (enc, tag) = sealed.expect("sealed");
        // The one-time public key, the tag and the ciphertext are what is sent.
        leaves(&enc);
        leaves(&tag);
        assert!(length == 0 || taint::is_secret(&text), "the marks were lost on the way");
    }
}

const INFO: &[u8] = b"keyward: the place that it is sealed for";
const AAD: &[u8] = b"the moment";
