//! Runs any store through the contract of [`keyward::store::Store`].
//!
//! A [`Harness`] says how a store is opened and what can be done to its medium; [`run`] draws a
//! life of it from a seed and compares all that it reads with a list of records.

mod async_calls;
mod model;

use keyward::{
    limits::MAX_RECORD,
    store::{AsyncStore, Cursor, StoreError},
};

use crate::random::Random;
pub use async_calls::{Dropped, drive, drop_after};
use model::Model;

/// A store, and what can be done to its medium.
pub trait Harness {
    /// The store; a `Store` is one too.
    type Store: AsyncStore;

    /// Opens the store on an empty medium, and forgets any other.
    ///
    /// # Errors
    /// Those of the store.
    fn fresh(&mut self) -> Result<(), StoreError>;

    /// Closes the store, lets power fail and come back, and opens it again.
    ///
    /// # Errors
    /// Those of the store.
    fn reopen(&mut self) -> Result<(), StoreError>;

    /// The open store.
    fn store(&mut self) -> &mut Self::Store;

    /// Whether the store remembers over a [`reopen`](Self::reopen).
    fn remembers(&self) -> bool {
        true
    }

    /// Whether a future of the store may be pending, so that it can be dropped.
    fn pends(&self) -> bool {
        false
    }

    /// Lets power fail in the n-th operation of the medium from here; `false` if it can't.
    fn cut(&mut self, operations: u64) -> bool {
        let _ = operations;
        false
    }

    /// Whether power has failed since it was last [reopened](Self::reopen).
    fn is_cut(&mut self) -> bool {
        false
    }

    /// Damages one bit of these bytes where they are stored; `false` if it can't.
    fn damage(&mut self, bytes: &[u8]) -> bool {
        let _ = bytes;
        false
    }

    /// Whether the medium holds these bytes, if that can be told.
    fn holds(&mut self, bytes: &[u8]) -> Option<bool> {
        let _ = bytes;
        None
    }
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Calls that succeeded.
    pub done: u64,
    /// Calls that found no room.
    pub full: u64,
    /// Calls that power failed in.
    pub cut: u64,
    /// Futures that were dropped.
    pub dropped: u64,
    /// Openings.
    pub opened: u64,
    /// Damages that were told.
    pub damaged: u64,
}

/// Lives a random life of so many steps.
///
/// # Errors
/// What the store did that the contract rules out.
pub fn run<H: Harness>(harness: &mut H, seed: u64, steps: usize) -> Result<Summary, String> {
    harness.fresh().map_err(|error| format!("opening an empty store: {error:?}"))?;
    let mut life = Life {
        harness,
        random: Random::new(seed),
        model: Model::new(),
        summary: Summary::default(),
    };
    life.verify("an empty store")?;
    for step in 0..steps {
        life.step().map_err(|fault| format!("seed {seed}, step {step}: {fault}"))?;
    }
    life.empty()?;
    life.damage()?;
    Ok(life.summary)
}

struct Life<'a, H> {
    harness: &'a mut H,
    random: Random,
    model: Model,
    summary: Summary,
}

impl<H: Harness> Life<'_, H> {
    fn step(&mut self) -> Result<(), String> {
        let kind = self.random.below(12);
        if !self.harness.remembers() && kind != 2 && kind != 3 && self.random.below(16) != 0 {
            // Otherwise it would forget before it is full.
            self.append()?;
            return self.verify("after an append");
        }
        match kind {
            0 => self.reopen("power failed between calls")?,
            1 => self.replace(true)?,
            2 => self.replace(false)?,
            3 => self.odd_lengths()?,
            4 | 5 => {
                let operations = self.random.number() % 24;
                self.harness.cut(operations);
                let done =
                    if self.random.below(3) == 0 { self.replace(true) } else { self.append() };
                done?;
                if self.harness.is_cut() {
                    self.summary.cut += 1;
                }
                self.reopen("power failed in a call")?;
            }
            6 if self.harness.pends() => self.dropped()?,
            _ => self.append()?,
        }
        self.verify("after a step")
    }

    fn record(&mut self) -> Vec<u8> {
        let length = match self.random.below(24) {
            0 => MAX_RECORD,
            1 => 1,
            _ => 1 + self.random.below(60),
        };
        self.random.bytes(length)
    }

    fn append(&mut self) -> Result<(), String> {
        let record = self.record();
        let result = drive(self.harness.store().append(&record));
        match result {
            Ok(()) => {
                self.summary.done += 1;
                self.model.append(record);
                Ok(())
            }
            Err(_) if self.harness.is_cut() => {
                self.model.maybe_append(record);
                Ok(())
            }
            Err(StoreError::Full) => {
                self.summary.full += 1;
                roomless::<H::Store>(self.model.used::<H::Store>(), &record)?;
                // A log that is full is replaced, as a lock does.
                self.replace(true)
            }
            Err(error) => Err(format!("append: {error:?}")),
        }
    }

    /// Stages a log, and publishes it or leaves it.
    fn replace(&mut self, publish: bool) -> Result<(), String> {
        match drive(self.harness.store().begin()) {
            Err(_) if self.harness.is_cut() => return Ok(()),
            result => result.map_err(|error| format!("begin: {error:?}"))?,
        }
        let mut staged = Vec::new();
        let mut used = 0;
        for _ in 0..self.random.below(6) {
            let record = self.record();
            match drive(self.harness.store().stage(&record)) {
                Ok(()) => {
                    used += record.len() + H::Store::OVERHEAD;
                    staged.push(record);
                }
                Err(_) if self.harness.is_cut() => return Ok(()),
                Err(StoreError::Full) => roomless::<H::Store>(used, &record)?,
                Err(error) => return Err(format!("stage: {error:?}")),
            }
            if self.random.below(4) == 0 && !self.harness.is_cut() {
                self.verify("while staging")?;
            }
        }
        if !publish {
            return Ok(());
        }
        match drive(self.harness.store().publish()) {
            Ok(()) => {
                self.summary.done += 1;
                self.model.replace(staged);
                Ok(())
            }
            Err(_) if self.harness.is_cut() => {
                self.model.maybe_replace(staged);
                Ok(())
            }
            Err(error) => Err(format!("publish: {error:?}")),
        }
    }

    fn odd_lengths(&mut self) -> Result<(), String> {
        let long = vec![7; MAX_RECORD + 1];
        for record in [&[][..], &long] {
            let appended = drive(self.harness.store().append(record));
            if appended != Err(StoreError::Full) {
                return Err(format!("append of {} bytes: {appended:?}", record.len()));
            }
        }
        self.verify("records that aren't")?;
        drive(self.harness.store().begin()).map_err(|error| format!("begin: {error:?}"))?;
        for record in [&[][..], &long] {
            let staged = drive(self.harness.store().stage(record));
            if staged != Err(StoreError::Full) {
                return Err(format!("stage of {} bytes: {staged:?}", record.len()));
            }
        }
        Ok(())
    }

    /// Drops a future after some polls: the log is as it was, or the call was done.
    fn dropped(&mut self) -> Result<(), String> {
        let polls = self.random.below(40);
        let record = self.record();
        let used = self.model.used::<H::Store>();
        if self.random.below(2) == 0 {
            match drop_after(self.harness.store().append(&record), polls) {
                Dropped::Done(Ok(())) => self.model.append(record),
                Dropped::Done(Err(StoreError::Full)) => roomless::<H::Store>(used, &record)?,
                Dropped::Done(Err(error)) => return Err(format!("append: {error:?}")),
                Dropped::Pending => {
                    self.summary.dropped += 1;
                    self.verify("after a dropped append")?;
                    self.model.maybe_append(record);
                }
            }
        } else {
            drive(self.harness.store().begin()).map_err(|error| format!("begin: {error:?}"))?;
            let staged = drive(self.harness.store().stage(&record));
            staged.map_err(|error| format!("stage: {error:?}"))?;
            match drop_after(self.harness.store().publish(), polls) {
                Dropped::Done(Ok(())) => self.model.replace(vec![record]),
                Dropped::Done(Err(error)) => return Err(format!("publish: {error:?}")),
                Dropped::Pending => {
                    self.summary.dropped += 1;
                    self.verify("after a dropped publication")?;
                    self.model.maybe_replace(vec![record]);
                }
            }
        }
        if self.random.below(2) == 0 {
            return self.reopen("power failed after a future was dropped");
        }
        self.append()
    }

    fn reopen(&mut self, when: &str) -> Result<(), String> {
        self.summary.opened += 1;
        self.harness.reopen().map_err(|error| format!("opening, {when}: {error:?}"))?;
        if !self.harness.remembers() {
            self.model = Model::new();
        }
        let found = self.read_all().map_err(|error| format!("reading, {when}: {error:?}"))?;
        self.model.found(found).map_err(|fault| format!("{when}: {fault}"))?;
        let boot = drive(self.harness.store().append(b"boot"));
        match boot {
            Ok(()) => self.model.append(b"boot".to_vec()),
            Err(StoreError::Full) => {
                roomless::<H::Store>(self.model.used::<H::Store>(), b"boot")?;
                self.replace(true)?;
            }
            Err(error) => return Err(format!("append, {when}: {error:?}")),
        }
        Ok(())
    }

    fn verify(&mut self, when: &str) -> Result<(), String> {
        let found = self.read_all().map_err(|error| format!("reading {when}: {error:?}"))?;
        self.model.is(&found).map_err(|fault| format!("{when}: {fault}"))
    }

    fn read_all(&mut self) -> Result<Vec<Vec<u8>>, StoreError> {
        read_all(self.harness.store())
    }

    /// An empty log leaves no bytes of the old one, at the next opening at the latest.
    fn empty(&mut self) -> Result<(), String> {
        let mark = self.random.bytes(16);
        self.replace(true)?;
        if drive(self.harness.store().append(&mark)) != Ok(()) {
            return Err("append to a short log".into());
        }
        self.model.append(mark.clone());
        drive(self.harness.store().begin()).map_err(|error| format!("begin: {error:?}"))?;
        drive(self.harness.store().publish()).map_err(|error| format!("publish: {error:?}"))?;
        self.model.replace(Vec::new());
        self.verify("an empty log")?;
        self.reopen("after an empty log")?;
        match self.harness.holds(&mark) {
            Some(true) => Err("an empty log left the old bytes".into()),
            _ => Ok(()),
        }
    }

    /// Damage to the newest record, the first and one between is told.
    fn damage(&mut self) -> Result<(), String> {
        for victim in [2, 0, 1] {
            let records: Vec<_> = (0..3).map(|_| self.random.bytes(24)).collect();
            self.replace(true)?;
            for record in &records {
                if drive(self.harness.store().append(record)) != Ok(()) {
                    self.replace(true)?;
                    return Ok(());
                }
                self.model.append(record.clone());
            }
            if !self.harness.damage(&records[victim]) {
                return Ok(());
            }
            let told = match self.harness.reopen() {
                Err(error) => Err(error),
                Ok(()) => self.read_all(),
            };
            if told != Err(StoreError::Corrupt) {
                return Err(format!("record {victim} of 3 was damaged: {told:?}"));
            }
            self.summary.damaged += 1;
            self.harness.fresh().map_err(|error| format!("opening anew: {error:?}"))?;
            self.model = Model::new();
        }
        Ok(())
    }
}

/// Checks that a record is refused only where it may be.
fn roomless<S: AsyncStore>(used: usize, record: &[u8]) -> Result<(), String> {
    let room = S::CAPACITY.saturating_sub(used);
    match record.len() + S::OVERHEAD > room {
        true => Ok(()),
        false => Err(format!("{} bytes don't fit the {room} that are free", record.len())),
    }
}

/// Reads a whole log.
///
/// # Errors
/// Those of the store.
pub fn read_all(store: &mut impl AsyncStore) -> Result<Vec<Vec<u8>>, StoreError> {
    let (mut at, mut log, mut buffer) = (Cursor::START, Vec::new(), [0; MAX_RECORD]);
    while let Some((length, behind)) = drive(store.read(at, &mut buffer))? {
        log.push(buffer[..length].to_vec());
        at = behind;
    }
    Ok(log)
}
