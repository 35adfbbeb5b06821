//! A store in memory, for tests: it remembers nothing over a restart.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use keyward::{Scope, id::KeyId};

use super::{
    Mark, Millis, Name, State, StateError, Value, Verdict,
    clock::Clock,
    rules::{self, Counter, DROPPED_AT_ONCE, Floors},
};
use crate::serials::Serials;

/// A store in memory. Clones share it.
#[derive(Clone)]
pub struct Ram {
    clock: Arc<dyn Clock>,
    table: Arc<Mutex<Table>>,
}

#[derive(Debug, Default)]
struct Table {
    floors: Floors,
    nonces: BTreeSet<(Millis, Name)>,
    cells: BTreeMap<Name, (Value, Millis)>,
    ends: BTreeSet<(Millis, Name)>,
    serials: BTreeMap<Name, Counter>,
    first_serial: u64,
}

impl Ram {
    /// An empty store.
    pub fn new(clock: impl Clock) -> Self {
        let present = clock.present();
        let (floors, first_serial) = (Floors::born(&present), rules::first_serial(&present));
        let table = Table { floors, first_serial, ..Table::default() };
        Self { clock: Arc::new(clock), table: Arc::new(Mutex::new(table)) }
    }

    /// How many nonces and cells it holds.
    pub fn size(&self) -> (usize, usize) {
        let table = self.table();
        (table.nonces.len(), table.cells.len())
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // A panic can't leave the table half changed: nothing in `mark` panics.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State for Ram {
    async fn read(&self, names: &[Name]) -> Result<Vec<Value>, StateError> {
        let table = self.table();
        Ok(names.iter().map(|name| table.value(name)).collect())
    }

    async fn mark(&self, mark: &Mark) -> Result<Verdict, StateError> {
        rules::check(mark)?;
        Ok(self.table().mark(mark))
    }
}

impl Serials for Ram {
    async fn reserve(
        &self,
        scope: &Scope,
        issuer: KeyId,
        count: u32,
    ) -> Result<Range<u64>, StateError> {
        let present = self.clock.present();
        let mut table = self.table();
        let least = table.first_serial;
        let counter = table.serials.entry(rules::serials(scope, issuer)).or_default();
        counter.reserve(0, least, count, &present)
    }
}

impl Table {
    fn value(&self, name: &Name) -> Value {
        self.cells.get(name).map(|(value, _)| value.clone()).unwrap_or_default()
    }

    fn mark(&mut self, mark: &Mark) -> Verdict {
        if let Some(refused) = self.floors.refuse(mark) {
            return refused;
        }
        if mark.nonce.is_some_and(|nonce| self.nonces.contains(&(nonce.given, nonce.name))) {
            return Verdict::Spent;
        }
        let held: Vec<_> = mark.cells.iter().map(|cell| self.value(&cell.name)).collect();
        if mark.cells.iter().zip(&held).any(|(cell, held)| cell.before != *held) {
            return Verdict::Changed(held);
        }
        self.nonces.extend(mark.nonce.map(|nonce| (nonce.given, nonce.name)));
        for cell in &mark.cells {
            let (name, until) = (cell.name, cell.keep_until);
            if let Some((_, before)) = self.cells.insert(name, (cell.after.clone(), until)) {
                self.ends.remove(&(before, name));
            }
            self.ends.insert((until, name));
        }
        self.drop_some(mark.now);
        Verdict::Marked
    }

    fn drop_some(&mut self, now: Millis) {
        for _ in 0..DROPPED_AT_ONCE {
            let over = self.nonces.first().filter(|(given, _)| *given <= rules::nonces_over(now));
            if let Some((given, _)) = over {
                self.floors.nonces = *given;
                self.nonces.pop_first();
            }
            let over = self.ends.first().filter(|(until, _)| *until <= now);
            if let Some((until, name)) = over.copied() {
                self.floors.cells = until;
                self.cells.remove(&name);
                self.ends.pop_first();
            }
        }
    }
}
