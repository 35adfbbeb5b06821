//! A store that fails when it is told to, and one whose hardware counts its writes.

use std::{
    cell::Cell,
    future::Future,
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use keyward::store::{Cursor, Store, StoreError};

use crate::world::door::Memory;

/// Calls of a [`Store`] that go to the field `store` as they come.
#[macro_export]
macro_rules! through {
    ($($call:ident)*) => {
        $($crate::through!(@ $call);)*
    };
    (@ append) => {
        fn append(&mut self, record: &[u8]) -> Result<(), ::keyward::store::StoreError> {
            ::keyward::store::Store::append(&mut self.store, record)
        }
    };
    (@ begin) => {
        fn begin(&mut self) -> Result<(), ::keyward::store::StoreError> {
            ::keyward::store::Store::begin(&mut self.store)
        }
    };
    (@ stage) => {
        fn stage(&mut self, record: &[u8]) -> Result<(), ::keyward::store::StoreError> {
            ::keyward::store::Store::stage(&mut self.store, record)
        }
    };
    (@ publish) => {
        fn publish(&mut self) -> Result<(), ::keyward::store::StoreError> {
            ::keyward::store::Store::publish(&mut self.store)
        }
    };
}

/// What a future comes to over a store that makes nobody wait.
pub fn done<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("it waits"),
    }
}

/// How a store answers the next writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// It does what it is asked.
    Works,
    /// It writes nothing, and says so.
    Fails,
    /// Nor does it read anything.
    Dead,
    /// It does what it is asked, and says that it failed.
    FailsLate,
}

/// A store with a mood.
#[derive(Clone, Debug)]
pub struct Moody {
    /// The mood, which whoever holds it can change while the lock works.
    pub mood: Rc<Cell<Mood>>,
    /// How many writes reached the store.
    pub writes: Cell<u32>,
    store: Memory,
}

impl Moody {
    /// An empty store that works.
    pub fn new() -> Self {
        Self { mood: Rc::new(Cell::new(Mood::Works)), writes: Cell::new(0), store: Memory::new() }
    }

    /// What the store holds.
    pub const fn inner(&self) -> &Memory {
        &self.store
    }

    fn write(
        &mut self,
        write: impl FnOnce(&mut Memory) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        match self.mood.get() {
            Mood::Fails | Mood::Dead => return Err(StoreError::Failed),
            Mood::Works | Mood::FailsLate => write(&mut self.store)?,
        }
        self.writes.set(self.writes.get() + 1);
        if self.mood.get() == Mood::Works { Ok(()) } else { Err(StoreError::Failed) }
    }
}

impl Default for Moody {
    fn default() -> Self {
        Self::new()
    }
}

impl Store for Moody {
    const CAPACITY: usize = <Memory as Store>::CAPACITY;
    const OVERHEAD: usize = <Memory as Store>::OVERHEAD;

    fn read(&mut self, at: Cursor, out: &mut [u8]) -> Result<Option<(usize, Cursor)>, StoreError> {
        match self.mood.get() {
            Mood::Dead => Err(StoreError::Failed),
            _ => Store::read(&mut self.store, at, out),
        }
    }

    fn append(&mut self, record: &[u8]) -> Result<(), StoreError> {
        self.write(|store| Store::append(store, record))
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.write(Store::begin)
    }

    fn stage(&mut self, record: &[u8]) -> Result<(), StoreError> {
        self.write(|store| Store::stage(store, record))
    }

    fn publish(&mut self) -> Result<(), StoreError> {
        self.write(Store::publish)
    }
}

/// A store beside hardware that counts its writes and never goes back.
#[derive(Clone, Debug)]
pub struct Hardware<S> {
    /// The store.
    pub store: S,
    /// The counter.
    pub counter: u64,
}

impl<S: Store> Store for Hardware<S> {
    const CAPACITY: usize = S::CAPACITY;
    const OVERHEAD: usize = S::OVERHEAD;

    fn read(&mut self, at: Cursor, out: &mut [u8]) -> Result<Option<(usize, Cursor)>, StoreError> {
        self.store.read(at, out)
    }

    fn append(&mut self, record: &[u8]) -> Result<(), StoreError> {
        self.store.append(record)
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.store.begin()
    }

    fn stage(&mut self, record: &[u8]) -> Result<(), StoreError> {
        self.store.stage(record)
    }

    fn publish(&mut self) -> Result<(), StoreError> {
        self.store.publish()
    }

    fn counter(&mut self) -> Result<Option<u64>, StoreError> {
        Ok(Some(self.counter))
    }

    fn advance(&mut self, to: u64) -> Result<(), StoreError> {
        assert!(to >= self.counter, "it never goes back");
        self.counter = to;
        Ok(())
    }
}
