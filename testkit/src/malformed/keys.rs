//! Public keys by their raw bytes, in every field that holds one; those of a `Witness` caveat are
//! with the caveats.

use keyward::DecodeError;

use super::{Case, curve_identity, root_caveats, token};
use crate::scene::{HOLDER, WITNESS, key};

/// p is 2^255 - 19: a key by the lowest byte of its y, all others of which are those of p.
fn near_p(low: u8, sign: u8) -> [u8; 32] {
    let mut y = [0xff; 32];
    (y[0], y[31]) = (low, 0x7f | sign);
    y
}

/// All cases.
pub(super) fn cases() -> Vec<Case> {
    use DecodeError as E;
    let hex = |text: &str| -> [u8; 32] {
        std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
    };
    let signed = |mut y: [u8; 32]| {
        y[31] |= 0x80;
        y
    };
    let eighth = hex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
    let other_eighth = hex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");
    let (mut two, identity) = ([0; 32], *curve_identity());
    two[0] = 2;
    let token = |grantee: &[u8]| token(1, &[grantee, &[0], &root_caveats(), &[0; 64]].concat());
    let holder = *key::<keyward::role::Holder>(HOLDER).public().as_bytes();
    let issuer = *key::<keyward::role::Issuer>(0).public().as_bytes();
    let witness = *key::<keyward::role::Witness>(WITNESS).public().as_bytes();
    let origin = |key: &[u8]| [&[1, 2][..], &[1; 32], &[1], key].concat();
    let statement = |key: &[u8]| [&[1, 6][..], key, &[0; 80]].concat();
    let one = token(&holder);
    let request = |key: &[u8]| {
        let moment = [&[0][..], &[9; 16], &[1], &[5; 16], &[0, 0]].concat();
        [&[1, 5][..], &[0xd0; 32], &[1], key, &[8; 8], &moment, &one[2..]].concat()
    };
    let presentation = |key: &[u8]| {
        [&[1, 7, 0][..], &[5; 16], &[0, 0, 1], key, &[0; 80], &[0], &one[2..], &[0; 64]].concat()
    };
    vec![
        ("token/grantee", token(&holder), None),
        ("token/grantee_of_order_1", token(&identity), Some(E::WeakKey)),
        ("token/grantee_of_order_1_signed", token(&signed(identity)), Some(E::WeakKey)),
        ("token/grantee_of_order_2", token(&near_p(0xec, 0)), Some(E::WeakKey)),
        ("token/grantee_of_order_4", token(&[0; 32]), Some(E::WeakKey)),
        ("token/grantee_of_order_4_signed", token(&signed([0; 32])), Some(E::WeakKey)),
        ("token/grantee_of_order_8", token(&eighth), Some(E::WeakKey)),
        ("token/grantee_of_order_8_signed", token(&signed(eighth)), Some(E::WeakKey)),
        ("token/grantee_of_order_8_too", token(&other_eighth), Some(E::WeakKey)),
        ("token/grantee_of_p", token(&near_p(0xed, 0)), Some(E::NonCanonicalKey)),
        ("token/grantee_of_p_signed", token(&near_p(0xed, 0x80)), Some(E::NonCanonicalKey)),
        ("token/grantee_beyond_p", token(&near_p(0xff, 0)), Some(E::NonCanonicalKey)),
        ("token/grantee_below_minus_1", token(&near_p(0xeb, 0)), None),
        ("token/grantee_off_the_curve", token(&two), None),
        ("origin/issuer", origin(&issuer), None),
        ("origin/weak_issuer", origin(&identity), Some(E::WeakKey)),
        ("origin/issuer_not_canonical", origin(&[0xff; 32]), Some(E::NonCanonicalKey)),
        ("witness/key", statement(&witness), None),
        ("witness/weak_key", statement(&identity), Some(E::WeakKey)),
        ("witness/key_not_canonical", statement(&[0xff; 32]), Some(E::NonCanonicalKey)),
        ("request/issuer", request(&issuer), None),
        ("request/weak_issuer", request(&identity), Some(E::WeakKey)),
        ("request/issuer_not_canonical", request(&[0xff; 32]), Some(E::NonCanonicalKey)),
        ("presentation/witness", presentation(&witness), None),
        ("presentation/weak_witness", presentation(&identity), Some(E::WeakKey)),
        ("presentation/witness_not_canonical", presentation(&[0xff; 32]), Some(E::NonCanonicalKey)),
    ]
}
