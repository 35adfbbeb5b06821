//! What a host keeps for its lock: an anchor, and a store in memory (SPEC.md sections 18.3 and 22.1).

use hmac::{Hmac, KeyInit, Mac};
use keyward::{
    SigningKey,
    lock::{Anchor, Identity},
    store::{Cursor, Ram, Store, StoreError},
};
use keyward_testkit::world::{
    World,
    door::{secret, secret_bytes},
};
use sha2::Sha512;

/// An anchor of these bytes, as whoever knows the secret tags it.
fn anchor(identity: &Identity, bytes: &[u8]) -> Option<Anchor> {
    let mut mac = Hmac::<Sha512>::new_from_slice(&secret_bytes(identity)).unwrap();
    mac.update(b"keyward-1/anchor");
    mac.update(bytes);
    let tagged = [bytes, &mac.finalize().into_bytes()[..16]].concat();
    Anchor::decode(&tagged, &secret(identity))
}

#[test]
fn an_anchor_that_is_not_whole_is_none_though_its_tag_is_right() {
    let world = World::new(2);
    let identity = world.flat.identity();
    for emergency in [None, Some(SigningKey::from_secret(&[4; 32]).public())] {
        let whole = Anchor { emergency, ..world.flat.lock.anchor().unwrap() };
        let bytes = whole.encode(&secret(&identity)).unwrap();
        let (bytes, _tag) = bytes.as_bytes().split_last_chunk::<16>().unwrap();
        assert_eq!(anchor(&identity, bytes), Some(whole));
        for at in 0..bytes.len() {
            assert_eq!(anchor(&identity, &bytes[..at]), None, "{at}");
        }
        assert_eq!(anchor(&identity, &[bytes, &[0]].concat()), None);
        let version = [&[2], &bytes[1..]].concat();
        assert_eq!(anchor(&identity, &version), None);
        let flag = [&bytes[..bytes.len() - 1], &[2]].concat();
        assert_eq!(anchor(&identity, &flag), None);
        if emergency.is_some() {
            // A key of small order, before the flag.
            let mut weak = bytes.to_vec();
            let key = bytes.len() - 33;
            weak[key..key + 32].copy_from_slice(&[&[1][..], &[0; 31]].concat());
            assert_eq!(anchor(&identity, &weak), None);
        }
    }
}

#[test]
fn a_store_in_memory_says_when_it_is_full_and_keeps_what_it_has() {
    let mut store = Ram::<20>::new();
    let mut out = [0; 20];
    for bytes in [&[][..], &[1; 19], &[1; 1000]] {
        assert_eq!(Store::append(&mut store, bytes), Err(StoreError::Full));
        assert_eq!(Store::stage(&mut store, bytes), Err(StoreError::Full));
    }
    assert_eq!(Store::append(&mut store, &[1; 8]), Ok(()));
    assert_eq!(Store::append(&mut store, &[2; 9]), Err(StoreError::Full));
    assert_eq!(Store::append(&mut store, &[2; 8]), Ok(()));
    assert_eq!(Store::append(&mut store, &[3]), Err(StoreError::Full));
    let (length, next) = Store::read(&mut store, Cursor::START, &mut out).unwrap().unwrap();
    assert_eq!(out[..length], [1; 8]);
    assert_eq!(Store::read(&mut store, next, &mut out[..7]), Err(StoreError::Corrupt));
    let (length, end) = Store::read(&mut store, next, &mut out).unwrap().unwrap();
    assert_eq!(out[..length], [2; 8]);
    assert_eq!(Store::read(&mut store, end, &mut out), Ok(None));
    assert_eq!(Store::read(&mut store, Cursor(u32::MAX), &mut out), Ok(None));
}
