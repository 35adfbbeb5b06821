//! What a host keeps for its lock: an anchor, and a store in memory (SPEC.md sections 18.3 and 22.1).

use std::cell::Cell;

use hmac::{Hmac, KeyInit, Mac};
use keyward::{
    Denial, Lock, SigningKey,
    lock::{Anchor, Identity},
    store::{Cursor, Ram, Store, StoreError},
};
use keyward_testkit::{
    stores::done,
    world::{
        World,
        door::{Memory, secret, secret_bytes},
        drawn,
    },
};
use sha2::Sha512;

/// A store that can't be read, or whose counter can't.
#[derive(Default)]
struct Broken {
    store: Memory,
    read: Cell<Option<StoreError>>,
    counter: Option<StoreError>,
}

impl Store for Broken {
    const CAPACITY: usize = <Memory as Store>::CAPACITY;
    const OVERHEAD: usize = <Memory as Store>::OVERHEAD;

    fn read(&mut self, at: Cursor, out: &mut [u8]) -> Result<Option<(usize, Cursor)>, StoreError> {
        self.read.get().map_or_else(|| Store::read(&mut self.store, at, out), Err)
    }

    keyward_testkit::through!(append begin stage publish);

    fn counter(&mut self) -> Result<Option<u64>, StoreError> {
        self.counter.map_or(Ok(None), Err)
    }
}

#[test]
fn a_store_that_is_not_read_gives_no_state_and_no_next_life() {
    let mut world = World::new(3);
    let identity = world.flat.identity();
    let claimed = world.flat.lock.store().clone();
    let over = |broken| -> Lock<'static, Broken> { Lock::new(identity, secret(&identity), broken) };
    for (error, denial) in [
        (StoreError::Corrupt, Denial::StateCorrupt),
        (StoreError::Failed, Denial::StoreFailed),
        (StoreError::Full, Denial::StoreFailed),
    ] {
        let (store, fails) = (claimed.clone(), Some(error));
        let mut lock = over(Broken { store: store.clone(), read: Cell::new(fails), counter: None });
        assert_eq!(lock.restore(None), Err(denial));
        // Nor is a log told that can't be read any more.
        lock.store().read.set(None);
        assert!(lock.restore(None).is_ok());
        let mut reader = lock.read_log(world.now()).unwrap();
        assert!(lock.next_entry(&mut reader).unwrap().is_some());
        lock.store().read.set(fails);
        assert_eq!(lock.next_entry(&mut reader).map(drop), Err(Denial::StoreFailed));
        assert_eq!(done(lock.next_entry_async(&mut reader)).map(drop), Err(Denial::StoreFailed));
        let mut lock = over(Broken { store, read: Cell::new(None), counter: fails });
        assert_eq!(lock.restore(None).map(drop), Err(denial));
        let next = drawn(&world.flat.claim_key.public(), &mut world.rng);
        assert_eq!(lock.reset(next, secret(&next)), Err(Denial::StoreFailed));
        assert_eq!(done(lock.reset_async(next, secret(&next))), Err(Denial::StoreFailed));
    }
}

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
