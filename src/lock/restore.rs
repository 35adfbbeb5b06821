//! A start: what the store holds, and whether the lock may act on it (SPEC.md section 22.5).

use core::marker::PhantomData;

use super::{
    Anchor, Lock, Tally,
    chain::{Chain, Walk},
    journal::{Pending, Writing, write, write_async},
    keep,
    record::{self, Form, Record, SCHEMA},
    state::{Damaged, Relock},
};
use crate::{
    caveat::Right,
    denial::Denial,
    id::Sequence,
    limits::{MAX_CARD, MAX_EPOCH, MAX_KEYSET, MAX_RECORD, MAX_STATUS},
    secret::Tag,
    store::{AsyncStore, Cursor, Store, StoreError},
    tables::Capacity,
    time::Now,
};

/// Why a lock does nothing: it denies all requests and refuses all statements. Break-glass by an
/// [`Anchor`] still opens; [`Lock::reset`] begins a new life. Nothing else is destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It has not read its store yet, or the store couldn't be read.
    NotRestored,
    /// The state is a newer firmware's, or of one with larger tables.
    TooNew,
    /// The state is damaged, or another lock's, or another life's.
    Corrupt,
    /// The state is older than the lock's last: by the hardware's counter, or by the anchor.
    RolledBack,
    /// A release was committed before power failed: the door must be secured, and the lock reset.
    Releasing,
}

/// What a start has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restored {
    /// Nobody has claimed the lock. A host that doesn't know whether its reset was cut off draws
    /// the identity and the secret anew.
    Unclaimed,
    /// The lock is as it was.
    Claimed {
        /// The entry of a decision whose outcome nobody knows: power failed before it was recorded.
        interrupted: Option<Sequence>,
    },
}

/// Reads all records of a store, judges the state, and makes the start durable; `await` behind
/// each, or nothing.
macro_rules! restore {
    ($lock:ident, $anchor:ident, $write:ident $(, $wait:tt)?) => {{
        $lock.forget();
        let (mut log, mut buffer) = (Log::unread(), [0; MAX_RECORD]);
        loop {
            match $lock.journal.store.read(log.at, &mut buffer)$(.$wait)? {
                Ok(Some((length, next))) => {
                    log.at = next;
                    let record = buffer.get(..length);
                    log.take($lock, record).map_err(|trouble| $lock.fail(trouble))?;
                }
                Ok(None) => break,
                Err(error) => return Err($lock.fail(error.into())),
            }
        }
        let counter = $lock.journal.store.counter()$(.$wait)?;
        let counter = counter.map_err(|error| $lock.fail(error.into()))?;
        let restored = $lock.judge(&log, counter, $anchor);
        let restored = restored.map_err(|trouble| $lock.fail(trouble))?;
        if let Restored::Claimed { .. } = restored {
            let body = record::boot()?;
            let written = match $lock.starting(&log, body.as_bytes()) {
                Some((journal, writing)) => $write(journal, writing)$(.$wait)?,
                None => Err(StoreError::Failed),
            };
            let started = written.and_then(|()| $lock.apply(body.as_bytes(), &Now::UNTOLD));
            started.map_err(|error| $lock.fail(error.into()))?;
        }
        $lock.fault = None;
        Ok(restored)
    }};
}

impl<S, T: Capacity> Lock<'_, S, T> {
    /// Reads the store, at each start and before anything else. `anchor` is the one that the host
    /// keeps, if it keeps one.
    ///
    /// The start is durable when it returns; an open door is then
    /// [due to be secured](Self::relock_within).
    ///
    /// # Errors
    /// [`Denial::StoreFailed`], to be tried again, or the denial of a [`Fault`], which stays.
    pub fn restore(&mut self, anchor: Option<&Anchor>) -> Result<Restored, Denial>
    where
        S: Store,
    {
        let () = Fits::<S, T>::HOLDS;
        restore!(self, anchor, write)
    }

    /// [`restore`](Self::restore) for hosts that await.
    ///
    /// # Errors
    /// Those of `restore`.
    pub async fn restore_async(&mut self, anchor: Option<&Anchor>) -> Result<Restored, Denial>
    where
        S: AsyncStore,
    {
        let () = Fits::<S, T>::HOLDS;
        restore!(self, anchor, write_async, await)
    }

    fn forget(&mut self) {
        self.state.forget(Some(Relock::DUE));
        self.fault = Some(Fault::NotRestored);
        self.run = self.run.wrapping_add(1);
        self.journal.rewind();
        (self.journal.chain, self.denied) = (Chain::empty(), Tally::empty());
    }

    /// Keeps why the lock does nothing; whether the door was open nobody knows.
    fn fail(&mut self, trouble: Trouble) -> Denial {
        self.state.relock = Some(Relock::DUE);
        match trouble {
            Trouble::Store => Denial::StoreFailed,
            Trouble::Fault(fault) => {
                self.fault = Some(fault);
                fault.into()
            }
        }
    }

    /// Whether the lock may act on what it has read.
    fn judge(
        &mut self,
        log: &Log,
        counter: Option<u64>,
        anchor: Option<&Anchor>,
    ) -> Result<Restored, Trouble> {
        if log.schema.is_none() {
            // A life's writes are counted on from those before it.
            self.journal.counted(counter.unwrap_or(0));
            if anchor.is_some() {
                return Err(Fault::RolledBack.into());
            }
            self.state.forget(None);
            return Ok(Restored::Unclaimed);
        }
        log.is_whole()?;
        self.state.restart();
        let life = self.state.life.as_ref().ok_or(Damaged::Wrong)?;
        if let Some(anchor) = anchor {
            let (scope, lock) = (life.scope().map_err(|_| Damaged::Wrong)?, life.lock());
            let is_older = scope.domain != anchor.scope.domain || scope.epoch < anchor.scope.epoch;
            if is_older || lock != Ok(anchor.lock) {
                return Err(Fault::RolledBack.into());
            }
        }
        if counter.is_some_and(|counter| counter > self.journal.number()) {
            return Err(Fault::RolledBack.into());
        }
        let chain = &self.journal.chain;
        if chain.device != *self.identity.device.as_bytes() {
            return Err(Fault::Corrupt.into());
        }
        let open = chain.open_right();
        if open == Some(Right::RELEASE) {
            return Err(Fault::Releasing.into());
        }
        Ok(Restored::Claimed { interrupted: open.map(|_| chain.events.head.next) })
    }

    /// The start as an event; behind a new log, where the old one is of the schema before.
    fn starting<'w>(&'w mut self, log: &Log, body: &'w [u8]) -> Option<Pending<'w, S, T>> {
        let Self { identity, state, secret, journal, .. } = self;
        let event = Writing::event(secret, body, state.snapshot(identity)?);
        let is_old = log.schema.is_some_and(|schema| schema < SCHEMA);
        Some((journal, if is_old { event.behind_a_new_log() } else { event }))
    }
}

/// Bytes that a store must hold for a lock with these tables, where each record takes `overhead`
/// more than itself: a full lock, its last entries, and two more openings or a statement. Over a
/// store of a smaller [`CAPACITY`](Store::CAPACITY), [`Lock::restore`] doesn't compile.
#[must_use]
pub const fn least_capacity<T: Capacity>(overhead: usize) -> usize {
    let (bytes, records) = record::snapshot_size::<T>();
    let statements = MAX_EPOCH + MAX_KEYSET + MAX_STATUS + MAX_CARD + 4;
    let each = overhead.saturating_add(size_of::<Tag>());
    let tables = bytes.saturating_add(records.saturating_mul(each));
    let added = keep::statements(each);
    let tables = if tables > added { tables } else { added };
    let state = statements.saturating_add(each.saturating_mul(4)).saturating_add(tables);
    state.saturating_add(keep::least(each)).saturating_add(keep::reserve(each))
}

/// A store that is large enough.
struct Fits<S, T>(PhantomData<(S, T)>);

impl<S: AsyncStore, T: Capacity> Fits<S, T> {
    const HOLDS: () = {
        let is_large_enough = least_capacity::<T>(S::OVERHEAD) <= S::CAPACITY;
        assert!(is_large_enough, "the store is too small for these tables");
    };
}

/// A log, as far as it was read.
struct Log {
    at: Cursor,
    schema: Option<u8>,
    place: Place,
    /// The words of a lane's window.
    words: usize,
    walk: Walk,
}

impl Log {
    const fn unread() -> Self {
        Self {
            at: Cursor::START,
            schema: None,
            place: Place::Nothing,
            words: 0,
            walk: Walk::unread(),
        }
    }

    /// Whether all is there that a log begins with.
    const fn is_whole(&self) -> Result<(), Damaged> {
        match self.place {
            Place::Ends | Place::Events => Ok(()),
            _ => Err(Damaged::Wrong),
        }
    }

    /// Reads one record into the state.
    // Apart from what a start takes of the stack.
    #[inline(never)]
    fn take<S, T: Capacity>(
        &mut self,
        lock: &mut Lock<'_, S, T>,
        record: Option<&[u8]>,
    ) -> Result<(), Trouble> {
        let body = record.and_then(|record| lock.journal.open(&lock.secret, record));
        let body = body.ok_or(Damaged::Wrong)?;
        let schema = self.schema.or_else(|| Record::schema(body)).ok_or(Damaged::Wrong)?;
        match schema {
            OLDEST..=SCHEMA => self.schema = Some(schema),
            ..OLDEST => return Err(Damaged::Wrong.into()),
            _ => return Err(Fault::TooNew.into()),
        }
        let record = Record::read(body).map_err(|_| Damaged::Wrong)?;
        self.place = self.place.behind(&record)?;
        match &record {
            Record::Start(start) => {
                if start.nonce != lock.identity.nonce {
                    return Err(Damaged::Wrong.into());
                }
                // A wider window reads a narrower one: what isn't told was seen.
                self.words = usize::from(start.words);
                if self.words > T::BLOCKS {
                    return Err(Fault::TooNew.into());
                }
                lock.journal.counted(start.number);
            }
            _ if self.place == Place::Events && !matches!(record, Record::Open(_)) => {
                lock.journal.counted(lock.journal.number().saturating_add(1));
            }
            _ => {}
        }
        let form = Form { words: self.words, is_wide: schema < SCHEMA };
        lock.state.apply(&record, form, self.walk.chain.open_right(), &Now::UNTOLD)?;
        let _entry = self.walk.take(&lock.secret, &record)?;
        lock.journal.chain = self.walk.chain;
        Ok(())
    }
}

/// The oldest schema that is read.
const OLDEST: u8 = SCHEMA - 1;

/// How far a log was read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Nothing,
    Start,
    Epoch,
    Keyset,
    List,
    /// The statements, and perhaps tables.
    State,
    Entries,
    Ends,
    Events,
}

impl Place {
    /// The place behind a record, which must be one that can stand there.
    const fn behind(self, record: &Record<'_>) -> Result<Self, Damaged> {
        match (self, record) {
            (Self::Nothing, Record::Start(_)) => Ok(Self::Start),
            (Self::Start, Record::Epoch(_)) => Ok(Self::Epoch),
            (Self::Epoch, Record::Keyset(_)) => Ok(Self::Keyset),
            (Self::Keyset, Record::List(_)) => Ok(Self::List),
            (Self::Keyset | Self::List, Record::Card(_)) => Ok(Self::State),
            (Self::State, Record::Counts(_) | Record::Lanes(_)) => Ok(Self::State),
            (Self::State | Self::Entries, Record::Beginning(..) | Record::Kept(_)) => {
                Ok(Self::Entries)
            }
            (Self::State | Self::Entries, Record::Ends(_)) => Ok(Self::Ends),
            (Self::Ends, Record::Open(_)) => Ok(Self::Events),
            (Self::Ends | Self::Events, record) if record.is_event() => Ok(Self::Events),
            _ => Err(Damaged::Wrong),
        }
    }
}

enum Trouble {
    Store,
    Fault(Fault),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Damaged> for Trouble {
    fn from(damaged: Damaged) -> Self {
        Self::Fault(match damaged {
            Damaged::Wrong => Fault::Corrupt,
            Damaged::TooLarge => Fault::TooNew,
        })
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt => Self::Fault(Fault::Corrupt),
            StoreError::Full | StoreError::Failed => Self::Store,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::Tables;

    /// As added up by hand from SPEC.md sections 3.3 and 22.2.
    #[test]
    fn a_store_s_least_capacity_is_the_sum_of_its_largest_records() {
        assert_eq!(least_capacity::<Tables<16, 4>>(2), 6612);
        assert_eq!(least_capacity::<Tables<16, 4>>(2 + 16), 6884);
        // What a claim adds takes more than tables of one count and no lane.
        assert_eq!(least_capacity::<Tables<1, 0>>(2), 6037);
        // Where a record takes much beside itself, two openings take more than a statement.
        assert_eq!(least_capacity::<Tables<1, 0>>(300), 12_002);
    }
}
