//! The tables in the file.

use std::{ops::Range, path::Path};

use redb::{
    Database, DatabaseError, Durability, ReadableTable, Table, TableDefinition, WriteTransaction,
};

use crate::state::{
    Mark, Millis, Name, StateError, Value, Verdict,
    clock::{Clock, Present},
    rules::{self, Counter, DROPPED_AT_ONCE, Floors},
};

/// Spent nonces, by when they were given.
const NONCES: TableDefinition<'_, (u64, [u8; 16]), ()> = TableDefinition::new("nonces");
/// Cells: value, and until when it is kept.
const CELLS: TableDefinition<'_, [u8; 16], (&[u8], u64)> = TableDefinition::new("cells");
/// Cells by until when they are kept.
const ENDS: TableDefinition<'_, (u64, [u8; 16]), ()> = TableDefinition::new("ends");
/// Serials: how often the file was opened when they were last used, and the next.
const SERIALS: TableDefinition<'_, [u8; 16], (u64, u64)> = TableDefinition::new("serials");
/// Floors, and how often the file was opened.
const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");

/// What the file was written by.
const FORMAT: u64 = 1;

/// An open file.
pub(super) struct File {
    base: Database,
    opened: u64,
    first_serial: u64,
}

/// Any of redb's errors; each of them leaves the file to be opened anew.
pub(super) type Error = redb::Error;

impl File {
    pub(super) fn open(path: &Path, clock: &dyn Clock) -> Result<Self, StateError> {
        let base = Database::create(path).map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => {
                StateError::Unavailable("another process holds the file".into())
            }
            error => StateError::from(Error::from(error)),
        })?;
        let present = clock.present();
        let first_serial = rules::first_serial(&present);
        let mut file = Self { base, opened: 0, first_serial };
        let opened = file.commit(|tables| tables.open(&present));
        file.opened = opened.map_err(StateError::from)?.ok_or_else(|| {
            StateError::Corrupt("the file is of another format, perhaps a newer one".into())
        })?;
        Ok(file)
    }

    /// Does something in one commit, which is durable when this returns.
    pub(super) fn commit<T>(
        &self,
        work: impl FnOnce(&mut Tables<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut transaction = self.base.begin_write()?;
        transaction.set_durability(Durability::Immediate).map_err(Error::from)?;
        let done = work(&mut Tables::of(&transaction, self)?)?;
        transaction.commit()?;
        Ok(done)
    }
}

/// The tables within one commit.
pub(super) struct Tables<'t> {
    nonces: Table<'t, (u64, [u8; 16]), ()>,
    cells: Table<'t, [u8; 16], (&'static [u8], u64)>,
    ends: Table<'t, (u64, [u8; 16]), ()>,
    serials: Table<'t, [u8; 16], (u64, u64)>,
    numbers: Table<'t, &'static str, u64>,
    floors: Floors,
    opened: u64,
    first_serial: u64,
}

impl<'t> Tables<'t> {
    fn of(transaction: &'t WriteTransaction, file: &File) -> Result<Self, Error> {
        let numbers = transaction.open_table(NUMBERS)?;
        let number = |name: &str| -> Result<Millis, Error> {
            Ok(Millis::new(numbers.get(name)?.map_or(0, |number| number.value())))
        };
        let floors = Floors {
            lost: number("lost")?,
            counts: number("counts")?,
            nonces: number("nonces")?,
            cells: number("cells")?,
        };
        Ok(Self {
            nonces: transaction.open_table(NONCES)?,
            cells: transaction.open_table(CELLS)?,
            ends: transaction.open_table(ENDS)?,
            serials: transaction.open_table(SERIALS)?,
            numbers,
            floors,
            opened: file.opened,
            first_serial: file.first_serial,
        })
    }

    /// How often the file was opened by now; none for a file of another format.
    fn open(&mut self, present: &Present) -> Result<Option<u64>, Error> {
        let format = self.numbers.get("format")?.map(|format| format.value());
        match format {
            Some(FORMAT) => {}
            Some(_) => return Ok(None),
            None => {
                self.numbers.insert("format", FORMAT)?;
                self.numbers.insert("lost", Floors::born(present).lost.get())?;
            }
        }
        let opened = self.numbers.get("opened")?.map_or(0, |opened| opened.value());
        let opened = opened.saturating_add(1);
        self.numbers.insert("opened", opened)?;
        Ok(Some(opened))
    }

    pub(super) fn read(&self, names: &[Name]) -> Result<Vec<Value>, Error> {
        names.iter().map(|name| Ok(self.cell(name)?.0)).collect()
    }

    fn cell(&self, name: &Name) -> Result<(Value, Option<u64>), Error> {
        let Some(cell) = self.cells.get(name.0)? else {
            return Ok((Value::default(), None));
        };
        let (value, until) = cell.value();
        let value = Value::new(value).ok_or_else(|| Error::Corrupted("a cell's value".into()))?;
        Ok((value, Some(until)))
    }

    pub(super) fn mark(&mut self, mark: &Mark) -> Result<Verdict, Error> {
        if let Some(refused) = self.floors.refuse(mark) {
            return Ok(refused);
        }
        let nonce = mark.nonce.map(|nonce| (nonce.given.get(), nonce.name.0));
        if let Some(nonce) = nonce
            && self.nonces.get(nonce)?.is_some()
        {
            return Ok(Verdict::Spent);
        }
        let held = mark.cells.iter().map(|cell| self.cell(&cell.name));
        let held = held.collect::<Result<Vec<_>, Error>>()?;
        if mark.cells.iter().zip(&held).any(|(cell, (held, _))| cell.before != *held) {
            return Ok(Verdict::Changed(held.into_iter().map(|(value, _)| value).collect()));
        }
        if let Some(nonce) = nonce {
            self.nonces.insert(nonce, ())?;
        }
        for (cell, (_, before)) in mark.cells.iter().zip(held) {
            let (name, until) = (cell.name.0, cell.keep_until.get());
            if let Some(before) = before {
                self.ends.remove((before, name))?;
            }
            self.cells.insert(name, (cell.after.as_bytes(), until))?;
            self.ends.insert((until, name), ())?;
        }
        self.drop_some(mark.now)?;
        Ok(Verdict::Marked)
    }

    fn drop_some(&mut self, now: Millis) -> Result<(), Error> {
        let over = rules::nonces_over(now);
        for _ in 0..DROPPED_AT_ONCE {
            let first = self.nonces.first()?.map(|(key, _)| key.value());
            let Some((given, name)) = first.filter(|(given, _)| *given <= over.get()) else {
                break;
            };
            self.floors.nonces = Millis::new(given);
            self.numbers.insert("nonces", given)?;
            self.nonces.remove((given, name))?;
        }
        for _ in 0..DROPPED_AT_ONCE {
            let first = self.ends.first()?.map(|(key, _)| key.value());
            let Some((until, name)) = first.filter(|(until, _)| *until <= now.get()) else {
                break;
            };
            self.floors.cells = Millis::new(until);
            self.numbers.insert("cells", until)?;
            self.cells.remove(name)?;
            self.ends.remove((until, name))?;
        }
        Ok(())
    }

    pub(super) fn reserve(
        &mut self,
        name: &Name,
        count: u32,
        present: &Present,
    ) -> Result<Result<Range<u64>, StateError>, Error> {
        let held = self.serials.get(name.0)?.map(|counter| counter.value());
        let (servers, next) = held.unwrap_or_default();
        let mut counter = Counter { servers, next };
        let range = counter.reserve(self.opened, self.first_serial, count, present);
        if range.is_ok() {
            self.serials.insert(name.0, (counter.servers, counter.next))?;
        }
        Ok(range)
    }
}

impl From<Error> for StateError {
    fn from(error: Error) -> Self {
        match error {
            Error::Corrupted(what) => Self::Corrupt(what),
            error => Self::Unavailable(error.to_string()),
        }
    }
}
