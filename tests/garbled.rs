//! A store that hands out other bytes than it holds, now and then, while a lock makes a new log: the
//! lock makes none of them its own (SPEC.md section 22.5).

#[path = "restart/common.rs"]
mod common;

use std::{cell::Cell, rc::Rc};

use chacha20::ChaCha20Rng;
use common::{committed, counted};
use keyward::{
    Ask, Caveats, Channel, Denial, Lock, Presentation, Right, Rights, Seconds, Target, Valid,
    id::LockId,
    ledger::Outcome,
    lock::Restored,
    receipt::Log,
    store::{Cursor, Store, StoreError},
};
use keyward_testkit::world::{
    Capability, Door, START, Settings, World,
    door::{Memory, secret},
};
use rand_core::SeedableRng;

/// What the next reads come to.
#[derive(Clone, Copy, Debug, Default)]
struct Reads {
    /// How many there were.
    count: u32,
    /// Which of them is garbled, and how.
    garbled: Option<(u32, Garbled)>,
}

#[derive(Clone, Copy, Debug)]
enum Garbled {
    /// A bit of a byte, counted from the end.
    Byte(usize),
    /// The last byte is missing.
    Short,
    /// There is nothing.
    Gone,
}

/// A store whose reads may be garbled.
#[derive(Clone, Default)]
struct Noisy {
    reads: Rc<Cell<Reads>>,
    store: Memory,
}

impl Store for Noisy {
    const CAPACITY: usize = <Memory as Store>::CAPACITY;
    const OVERHEAD: usize = <Memory as Store>::OVERHEAD;

    fn read(&mut self, at: Cursor, out: &mut [u8]) -> Result<Option<(usize, Cursor)>, StoreError> {
        let Some((length, next)) = Store::read(&mut self.store, at, out)? else { return Ok(None) };
        let mut reads = self.reads.get();
        reads.count += 1;
        self.reads.set(reads);
        let garbled = reads.garbled.filter(|(number, _)| *number == reads.count);
        match garbled.map(|(_, how)| how) {
            None => Ok(Some((length, next))),
            Some(Garbled::Byte(place)) => {
                out[length - 1 - place % length] ^= 0x10;
                Ok(Some((length, next)))
            }
            Some(Garbled::Short) => Ok(Some((length - 1, next))),
            Some(Garbled::Gone) => Ok(None),
        }
    }

    keyward_testkit::through!(append begin stage publish);
}

/// An opening, recorded.
fn opens(door: &mut Door<Noisy>, held: &Capability, world: &World) -> Result<(), Denial> {
    let now = world.now();
    let permit = committed(door, held, &world.courier, Right::UNLOCK, now)?;
    let acted = door.lock.act(permit, now, |_order| Outcome::Done)?;
    door.lock.record(acted).map(drop)
}

#[test]
fn a_new_log_holds_nothing_that_was_read_wrongly() {
    let mut world = World::new(81);
    let now = world.now();
    let id = LockId(*b"garbled.");
    let mut door: Door<Noisy> = Door::over(id, Noisy::default(), &mut world.rng);
    door.move_in(&mut world.owner, Settings::default(), now);
    world.flat.id = id;
    let held = counted(&mut world, 10_000, None);
    // More counts than one record holds.
    for _ in 0..30 {
        let other = counted(&mut world, 2, None);
        opens(&mut door, &other, &world).unwrap();
    }
    // Openings, until the next one makes a new log.
    let identity = door.identity();
    let reads = door.lock.store().reads.clone();
    let before = loop {
        let before = door.lock.store().store.clone();
        reads.set(Reads::default());
        opens(&mut door, &held, &world).unwrap();
        if reads.get().count > 0 {
            break before;
        }
    };
    let all = reads.get().count;
    let start = |store: Memory| {
        let store = Noisy { store, reads: Rc::new(Cell::new(Reads::default())) };
        let mut lock: Lock<'static, Noisy> = Lock::new(identity, secret(&identity), store);
        let restored = lock.restore(None);
        (lock, restored)
    };
    assert!(all > 100);
    for number in 1..=all {
        for how in
            [0, 1, 20, 40].map(Garbled::Byte).into_iter().chain([Garbled::Short, Garbled::Gone])
        {
            let (lock, restored) = start(before.clone());
            assert!(matches!(restored, Ok(Restored::Claimed { .. })));
            door.lock = lock;
            let reads = door.lock.store().reads.clone();
            reads.set(Reads { count: 0, garbled: Some((number, how)) });
            let opened = opens(&mut door, &held, &world);
            assert_eq!(opened, Err(Denial::StoreFailed), "{number} {how:?}");
            // What the store holds starts the lock.
            let (_, restored) = start(door.lock.store().store.clone());
            assert!(
                matches!(restored, Ok(Restored::Claimed { .. })),
                "{number} {how:?}: {restored:?}"
            );
            // And the lock goes on.
            reads.set(Reads::default());
            opens(&mut door, &held, &world).unwrap();
        }
    }
}

#[test]
fn a_log_that_is_read_wrongly_is_neither_told_nor_acknowledged() {
    let mut world = World::new(82);
    let now = world.now();
    world.flat.id = LockId(*b"garbled.");
    let mut door: Door<Noisy> = Door::over(world.flat.id, Noisy::default(), &mut world.rng);
    door.move_in(&mut world.owner, Settings::default(), now);
    let held = counted(&mut world, 10_000, None);
    for _ in 0..5 {
        opens(&mut door, &held, &world).unwrap();
    }
    let reads = door.lock.store().reads.clone();
    let tell = |door: &mut Door<Noisy>| {
        let mut reader = door.lock.read_log(now)?;
        let mut told = 0;
        while door.lock.next_entry(&mut reader)?.is_some() {
            told += 1;
        }
        Ok(told)
    };
    reads.set(Reads::default());
    let whole = tell(&mut door);
    assert!(whole.is_ok_and(|told| told > 5));
    for number in 1..=reads.get().count {
        for how in [0, 1, 20, 40].map(Garbled::Byte).into_iter().chain([Garbled::Short]) {
            reads.set(Reads { count: 0, garbled: Some((number, how)) });
            assert_eq!(tell(&mut door), Err(Denial::StoreFailed), "{number} {how:?}");
        }
    }
    reads.set(Reads::default());
    assert_eq!(tell(&mut door), whole);
    // Who has read it says so, over a store that garbles the same.
    let valid = Valid { from: START, lasts: Seconds::days(1) };
    let targets = [Target::Lock(door.id)];
    let grant = Caveats::grant(Rights::of(Right::READ_LOG), &targets, valid).unwrap();
    let reader = world.owner.grant(&world.courier.public(), 1, &grant);
    let acknowledges = |door: &mut Door<Noisy>, garbled: Option<(u32, Garbled)>| {
        let head = door.lock.head(Log::Events).acknowledgement();
        let mut session = door.lock.challenge([8; 16], Channel::Radio, now).unwrap();
        let challenge = session.challenge().encode().unwrap();
        let ask = Ask { lock: door.id, right: Right::READ_LOG, parameter: &head };
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let (courier, challenge) = (&world.courier, challenge.as_bytes());
        let request = courier.request(&reader, ask, challenge, Channel::Radio, &mut rng);
        let bytes = courier.present(&request, &[], None);
        let presentation = Presentation::decode(&bytes).unwrap();
        let permit = door.lock.verify(&mut session, &presentation, now).unwrap().commit(now);
        let acted = door.lock.act(permit.unwrap(), now, |_order| Outcome::Done).unwrap();
        reads.set(Reads { count: 0, garbled });
        let recorded = door.lock.record(acted).unwrap();
        (recorded.acknowledged(), reads.get().count)
    };
    let byte = Some((1, Garbled::Byte(0)));
    assert_eq!(acknowledges(&mut door, byte), (false, 1), "though the opening is recorded");
    assert!(acknowledges(&mut door, None).0);
}
