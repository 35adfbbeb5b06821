//! The journal: records that nobody but the lock can have written, in this order (SPEC.md section
//! 22.2).
//!
//! What is written, and when, is decided here without touching the store: [`Writing`] says what the
//! store is to do next. Only the two loops at the end, one that waits and one that awaits, hand it
//! to a store.

use super::{
    record::Body,
    state::{Part, Snapshot},
};
use crate::{
    limits::MAX_RECORD,
    secret::{DeviceSecret, Tag},
    store::{AsyncStore, Store, StoreError},
    tables::Capacity,
    wire::Encoded,
};

/// A log of records, each tagged over itself and all before.
#[derive(Debug)]
pub(super) struct Journal<S> {
    pub(super) store: S,
    head: Head,
    /// Whether a write was begun whose end is unknown: then only a new log is certain.
    is_unsettled: bool,
}

/// The end of a log.
#[derive(Clone, Copy, Debug)]
struct Head {
    /// The tag of the last record.
    tag: Tag,
    /// How many durable writes there were, over the lock's whole life.
    number: u64,
}

impl Head {
    const NONE: Self = Self { tag: [0; 16], number: 0 };
}

impl<S> Journal<S> {
    pub(super) const fn new(store: S) -> Self {
        Self { store, head: Head::NONE, is_unsettled: false }
    }

    /// Goes back to the start of the log. Writes are counted on.
    pub(super) const fn rewind(&mut self) {
        (self.head.tag, self.is_unsettled) = (Head::NONE.tag, false);
    }

    /// The body of the next record that is read, if its tag holds.
    pub(super) fn open<'r>(&mut self, secret: &DeviceSecret, record: &'r [u8]) -> Option<&'r [u8]> {
        let (body, tag) = record.split_last_chunk()?;
        secret.tag_holds(&self.head.tag, body, tag).then_some(())?;
        self.head.tag = *tag;
        Some(body)
    }

    /// How many durable writes there were.
    pub(super) const fn number(&self) -> u64 {
        self.head.number
    }

    /// Counts a write that was read: a new log, by its start, or an event behind it.
    pub(super) const fn counted(&mut self, number: u64) {
        self.head.number = number;
    }
}

/// One durable change, step by step: an event that is appended, a new log, or both.
pub(super) struct Writing<'w, T> {
    secret: &'w DeviceSecret,
    event: Option<&'w Body>,
    /// Without, a new log is empty.
    snapshot: Option<Snapshot<'w, T>>,
    phase: Phase,
    /// The end of the log that the next step makes.
    head: Head,
    record: Encoded<MAX_RECORD>,
}

/// A change, and the journal that is to take it.
pub(super) type Pending<'w, S, T> = (&'w mut Journal<S>, Writing<'w, T>);

#[derive(Clone, Copy)]
enum Phase {
    Append,
    Begin,
    Stage(Part),
    Publish,
    /// The hardware's counter, if there is one, learns of the write before anything rests on it.
    Count {
        appended: bool,
    },
    End,
}

/// What the store is to do.
enum Step<'r> {
    Append(&'r [u8]),
    Begin,
    Stage(&'r [u8]),
    Publish,
    Advance(u64),
}

impl<'w, T: Capacity> Writing<'w, T> {
    /// An event behind the log; behind a new one with the state, if the log is full.
    pub(super) fn event(
        secret: &'w DeviceSecret,
        event: &'w Body,
        snapshot: Snapshot<'w, T>,
    ) -> Self {
        let (head, record) = (Head::NONE, Encoded::empty());
        let (event, snapshot) = (Some(event), Some(snapshot));
        Self { secret, event, snapshot, phase: Phase::Append, head, record }
    }

    /// The same behind a new log in any case.
    pub(super) fn behind_a_new_log(self) -> Self {
        Self { phase: Phase::Begin, ..self }
    }

    /// A new log; without a state, an empty one.
    pub(super) fn log(secret: &'w DeviceSecret, snapshot: Option<Snapshot<'w, T>>) -> Self {
        let (head, record) = (Head::NONE, Encoded::empty());
        Self { secret, event: None, snapshot, phase: Phase::Begin, head, record }
    }

    /// Decides on the next step.
    fn step<S>(&mut self, journal: &mut Journal<S>) -> Result<Option<Step<'_>>, StoreError> {
        if journal.is_unsettled && matches!(self.phase, Phase::Append) {
            self.phase = Phase::Begin;
        }
        let number = journal.head.number.saturating_add(1);
        match self.phase {
            Phase::Append => {
                let event = self.event.ok_or(StoreError::Failed)?;
                // A write that fails may be there all the same: no other has its number.
                journal.head.number = number;
                self.head = journal.head;
                self.tagged(event)?;
                journal.is_unsettled = true;
                Ok(Some(Step::Append(self.record.as_bytes())))
            }
            Phase::Begin => {
                journal.head.number = number;
                self.head = Head { number, ..Head::NONE };
                journal.is_unsettled = true;
                Ok(Some(Step::Begin))
            }
            Phase::Stage(part) => {
                let body = match &self.snapshot {
                    Some(snapshot) => snapshot.body(part, self.head.number)?,
                    None => None,
                };
                match body {
                    Some(body) => self.tagged(&body)?,
                    None => self.phase = Phase::Publish,
                }
                Ok(Some(match self.phase {
                    Phase::Publish => Step::Publish,
                    _ => Step::Stage(self.record.as_bytes()),
                }))
            }
            Phase::Publish => Ok(Some(Step::Publish)),
            Phase::Count { .. } => Ok(Some(Step::Advance(journal.head.number))),
            Phase::End => Ok(None),
        }
    }

    /// Goes on from a step that the store has taken.
    fn took<S>(
        &mut self,
        journal: &mut Journal<S>,
        result: Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.phase = match (self.phase, result) {
            // A log that is full is as it was.
            (Phase::Append, Err(StoreError::Full)) if self.snapshot.is_some() => Phase::Begin,
            (_, Err(error)) => return Err(error),
            (Phase::Append, Ok(())) => {
                journal.head = self.head;
                Phase::Count { appended: true }
            }
            (Phase::Begin, Ok(())) => Phase::Stage(Part::FIRST),
            (Phase::Stage(part), Ok(())) => {
                let next = self.snapshot.as_ref().and_then(|snapshot| snapshot.part_behind(part));
                next.map_or(Phase::Publish, Phase::Stage)
            }
            (Phase::Publish, Ok(())) => {
                journal.head = self.head;
                Phase::Count { appended: false }
            }
            (Phase::Count { appended }, Ok(())) => {
                journal.is_unsettled = false;
                // What made the log too full goes behind the new one, once.
                match self.event {
                    Some(_) if !appended => {
                        self.snapshot = None;
                        Phase::Append
                    }
                    _ => Phase::End,
                }
            }
            (Phase::End, Ok(())) => Phase::End,
        };
        Ok(())
    }

    /// Makes a record of a body.
    fn tagged(&mut self, body: &Body) -> Result<(), StoreError> {
        let tag = self.secret.tag(&self.head.tag, body.as_bytes());
        self.record = Encoded::empty();
        self.record.raw(body.as_bytes())?;
        self.record.raw(&tag)?;
        self.head.tag = tag;
        Ok(())
    }
}

/// Lets a store take all steps of a change; `await` behind each, or nothing.
macro_rules! take_steps {
    ($journal:ident, $writing:ident $(, $wait:tt)?) => {{
        while let Some(step) = $writing.step($journal)? {
            let store = &mut $journal.store;
            let result = match step {
                Step::Append(record) => store.append(record)$(.$wait)?,
                Step::Begin => store.begin()$(.$wait)?,
                Step::Stage(record) => store.stage(record)$(.$wait)?,
                Step::Publish => store.publish()$(.$wait)?,
                Step::Advance(number) => store.advance(number)$(.$wait)?,
            };
            $writing.took($journal, result)?;
        }
        Ok(())
    }};
}

/// Makes a change durable.
pub(super) fn write<S: Store, T: Capacity>(
    journal: &mut Journal<S>,
    mut writing: Writing<'_, T>,
) -> Result<(), StoreError> {
    take_steps!(journal, writing)
}

/// Makes a change durable.
pub(super) async fn write_async<S: AsyncStore, T: Capacity>(
    journal: &mut Journal<S>,
    mut writing: Writing<'_, T>,
) -> Result<(), StoreError> {
    take_steps!(journal, writing, await)
}
