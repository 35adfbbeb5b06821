//! Stores that don't keep what they have promised: the lock tells it, and gives nothing up.

#[path = "restart/common.rs"]
mod common;

use std::cell::Cell;

use common::{committed, counted};
use keyward::{
    Channel, Denial, Keyset, Refusal, Right,
    id::LockId,
    lock::Restored,
    store::{Cursor, Store, StoreError},
};
use keyward_testkit::world::{Door, Settings, World, door::Memory, drawn, secret};

/// A store that says so often, however new its log is, that it has no room; beside a hardware
/// counter that fails when it is told so.
#[derive(Default)]
struct Wayward {
    store: Memory,
    full: Cell<u32>,
    counter: u64,
    is_stuck: Cell<bool>,
}

impl Store for Wayward {
    const CAPACITY: usize = <Memory as Store>::CAPACITY;
    const OVERHEAD: usize = <Memory as Store>::OVERHEAD;

    fn read(&mut self, at: Cursor, out: &mut [u8]) -> Result<Option<(usize, Cursor)>, StoreError> {
        Store::read(&mut self.store, at, out)
    }
    fn append(&mut self, record: &[u8]) -> Result<(), StoreError> {
        let left = self.full.get();
        self.full.set(left.saturating_sub(1));
        if left > 0 { Err(StoreError::Full) } else { self.store.append(record) }
    }
    fn counter(&mut self) -> Result<Option<u64>, StoreError> {
        Ok(Some(self.counter))
    }
    fn advance(&mut self, to: u64) -> Result<(), StoreError> {
        if self.is_stuck.get() {
            return Err(StoreError::Failed);
        }
        self.counter = to;
        Ok(())
    }
    keyward_testkit::through!(begin stage publish);
}

#[test]
fn a_log_that_is_full_though_it_is_new_is_told_and_keeps_its_state() {
    for full in [2, 3, u32::MAX] {
        let mut world = World::new(31);
        let now = world.now();
        let mut door: Door<Wayward> = Door::over(world.flat.id, Wayward::default(), &mut world.rng);
        door.move_in(&mut world.owner, Settings::default(), now);
        let once = counted(&mut world, 1, None);
        door.lock.store().full.set(full);
        let permit = committed(&mut door, &once, &world.courier, Right::UNLOCK, now);
        assert_eq!(permit.err(), Some(Denial::StoreFailed), "{full}");
        // Nothing is lost: neither the owner nor, the next time, the use.
        door.lock.store().full.set(0);
        let (mut door, restored) = door.restarted(None, |store| store);
        assert!(matches!(restored, Ok(Restored::Claimed { .. })), "{full}: {restored:?}");
        assert!(committed(&mut door, &once, &world.courier, Right::UNLOCK, now).is_ok(), "{full}");
    }
}

#[test]
fn a_reset_that_only_the_counter_did_not_confirm_serves_nobody_until_it_is_reset_again() {
    let mut world = World::new(32);
    let now = world.now();
    let mut door: Door<Wayward> =
        Door::over(LockId(*b"stuck..."), Wayward::default(), &mut world.rng);
    door.move_in(&mut world.owner, Settings::default(), now);
    let next = drawn(&door.claim_key.public(), &mut world.rng);
    door.lock.store().is_stuck.set(true);
    assert_eq!(door.lock.reset(next, secret(&next)), Err(Denial::StoreFailed));
    door.lock.store().is_stuck.set(false);
    let challenge = door.lock.challenge([1; 16], Channel::Radio, now);
    assert_eq!(challenge.err(), Some(Denial::Releasing), "the old life is erased");
    let keyset = Keyset::decode(&world.owner.library.keyset).unwrap();
    let refused = door.lock.verify_keyset(&keyset, now).map(drop);
    assert_eq!(refused, Err(Refusal::Releasing));
    assert_eq!(door.lock.reset(next, secret(&next)), Ok(()));
    assert_eq!(door.lock.trust().err(), Some(Denial::Unclaimed));
}
