//! A store in memory that fails when it is told to, or forgets what it has confirmed.

use std::{cell::Cell, rc::Rc};

use keyward::store::{Cursor, Store, StoreError};
use keyward_testkit::world::door::Memory;

/// How a store answers the next writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// It does what it is asked.
    Works,
    /// Power fails before the write.
    CutBefore,
    /// Power fails behind the write, before it is confirmed.
    CutBehind,
    /// It confirms, and does nothing: no store may.
    Forgets,
}

/// A store with a mood.
pub struct Bench {
    pub mood: Rc<Cell<Mood>>,
    pub store: Memory,
}

impl Bench {
    fn write(
        &mut self,
        write: impl FnOnce(&mut Memory) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        match self.mood.get() {
            Mood::CutBefore => return Err(StoreError::Failed),
            Mood::Forgets => return Ok(()),
            Mood::Works | Mood::CutBehind => write(&mut self.store)?,
        }
        if self.mood.get() == Mood::Works { Ok(()) } else { Err(StoreError::Failed) }
    }
}

impl Store for Bench {
    const CAPACITY: usize = <Memory as Store>::CAPACITY;
    const OVERHEAD: usize = <Memory as Store>::OVERHEAD;

    fn read(&mut self, at: Cursor, out: &mut [u8]) -> Result<Option<(usize, Cursor)>, StoreError> {
        Store::read(&mut self.store, at, out)
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
