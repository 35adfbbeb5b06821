//! The journal: records that nobody but the lock can have written, in this order (SPEC.md section
//! 22.2).
//!
//! What is written, and when, is decided here without touching the store: [`Steps`] says what the
//! store is to do next. Only the two loops at the end, one that waits and one that awaits, hand it
//! to a store.

use super::{
    chain::Chain,
    keep::{Keep, Next},
    record::Room,
    state::{Part, Snapshot},
};
use crate::{
    secret::{DeviceSecret, Tag},
    store::{AsyncStore, Cursor, Store, StoreError},
    tables::Capacity,
    wire::Encoded,
};

/// A log of records, each tagged over itself and all before.
#[derive(Debug)]
pub(super) struct Journal<S> {
    pub(super) store: S,
    /// The ends of the lock's logs, as the store has them.
    pub(super) chain: Chain,
    /// Counts the logs that took the place of another: what was read of one is worth nothing then.
    pub(super) replaced: u64,
    head: Head,
    /// The number of the last write that was confirmed, or read.
    settled: u64,
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
        let (chain, head) = (Chain::empty(), Head::NONE);
        Self { store, chain, replaced: 0, head, settled: 0, is_unsettled: false }
    }

    /// Goes back to the start of the log. Writes are counted on.
    pub(super) const fn rewind(&mut self) {
        (self.head.tag, self.is_unsettled) = (Head::NONE.tag, false);
    }

    /// The body of the next record that is read, if its tag holds.
    pub(super) fn open<'r>(&mut self, secret: &DeviceSecret, record: &'r [u8]) -> Option<&'r [u8]> {
        opened(secret, &mut self.head.tag, record)
    }

    /// How many durable writes there were.
    pub(super) const fn number(&self) -> u64 {
        self.head.number
    }

    /// Counts a write that was read: a new log, by its start, or an event behind it.
    pub(super) const fn counted(&mut self, number: u64) {
        (self.head.number, self.settled) = (number, number);
    }

    /// The number of the last write that was confirmed, or read. What the store holds behind it the
    /// lock doesn't know of.
    pub(super) const fn settled(&self) -> u64 {
        self.settled
    }

    /// Whether the store may hold what the lock doesn't know of.
    pub(super) const fn is_unsettled(&self) -> bool {
        self.is_unsettled
    }
}

/// The body of a record behind the one with this tag, if its own tag holds.
pub(super) fn opened<'r>(
    secret: &DeviceSecret,
    before: &mut Tag,
    record: &'r [u8],
) -> Option<&'r [u8]> {
    let (body, tag) = record.split_last_chunk()?;
    secret.tag_holds(before, body, tag).then_some(())?;
    *before = *tag;
    Some(body)
}

/// One durable change: an event that is appended, a new log, or both.
pub(super) struct Writing<'w, T> {
    secret: &'w DeviceSecret,
    event: Option<&'w [u8]>,
    /// Without, a new log is empty.
    snapshot: Option<Snapshot<'w, T>>,
    phase: Phase,
}

/// A change that is made, step by step.
struct Steps<'w, T> {
    writing: Writing<'w, T>,
    /// The end of the log that the next step makes.
    head: Head,
    record: Room,
    keep: Keep,
}

/// A change, and the journal that is to take it.
pub(super) type Pending<'w, S, T> = (&'w mut Journal<S>, Writing<'w, T>);

#[derive(Clone, Copy)]
enum Phase {
    Append,
    Begin,
    Stage(Part),
    /// The entries of the old log are read, and copied as long as there is room.
    Keep(Cursor),
    Copied(Cursor),
    /// What a claim or epoch adds, and the ends of the logs.
    Ends(usize),
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
    Read(Cursor, &'r mut [u8]),
    Publish,
    Advance(u64),
}

/// What the store has done.
enum Took {
    Done,
    /// A record of this length, and the place behind it.
    Read(Option<(usize, Cursor)>),
}

impl<'w, T: Capacity> Writing<'w, T> {
    /// An event behind the log; behind a new one with the state, if the log is full.
    pub(super) const fn event(
        secret: &'w DeviceSecret,
        event: &'w [u8],
        snapshot: Snapshot<'w, T>,
    ) -> Self {
        Self { secret, event: Some(event), snapshot: Some(snapshot), phase: Phase::Append }
    }

    /// The same behind a new log in any case.
    pub(super) fn behind_a_new_log(self) -> Self {
        Self { phase: Phase::Begin, ..self }
    }

    /// A new log; without a state, an empty one.
    pub(super) const fn log(secret: &'w DeviceSecret, snapshot: Option<Snapshot<'w, T>>) -> Self {
        Self { secret, event: None, snapshot, phase: Phase::Begin }
    }
}

impl<'w, T: Capacity> Steps<'w, T> {
    const fn of(writing: Writing<'w, T>) -> Self {
        Self { writing, head: Head::NONE, record: Encoded::empty(), keep: Keep::nothing() }
    }

    /// Decides on the next step.
    fn step<S: AsyncStore>(
        &mut self,
        journal: &mut Journal<S>,
    ) -> Result<Option<Step<'_>>, StoreError> {
        if journal.is_unsettled && matches!(self.writing.phase, Phase::Append) {
            self.writing.phase = Phase::Begin;
        }
        let number = journal.head.number.saturating_add(1);
        match self.writing.phase {
            Phase::Append => {
                let event = self.writing.event.ok_or(StoreError::Failed)?;
                // A write that fails may be there all the same: no other has its number.
                journal.head.number = number;
                self.head = journal.head;
                self.record.hold(event);
                self.tagged()?;
                journal.is_unsettled = true;
                Ok(Some(Step::Append(self.record.as_bytes())))
            }
            Phase::Begin => {
                journal.head.number = number;
                self.head = Head { number, ..Head::NONE };
                self.keep.is_uncertain(journal.is_unsettled);
                journal.is_unsettled = true;
                Ok(Some(Step::Begin))
            }
            Phase::Stage(_) | Phase::Copied(_) | Phase::Ends(_) => self.stage::<S>(),
            Phase::Keep(at) => Ok(Some(Step::Read(at, self.record.room()))),
            Phase::Publish => Ok(Some(Step::Publish)),
            Phase::Count { .. } => Ok(Some(Step::Advance(journal.head.number))),
            Phase::End => Ok(None),
        }
    }

    /// Puts a record into the new log; without one the log is whole.
    fn stage<S: AsyncStore>(&mut self) -> Result<Option<Step<'_>>, StoreError> {
        if !self.body()? {
            self.writing.phase = Phase::Publish;
            return Ok(Some(Step::Publish));
        }
        self.keep.staged(self.record.as_bytes().len(), S::OVERHEAD);
        Ok(Some(Step::Stage(self.record.as_bytes())))
    }

    /// Makes the record of a phase, if it has one.
    #[inline(never)]
    fn body(&mut self) -> Result<bool, StoreError> {
        let out = &mut self.record;
        let is_there = match (&self.writing.snapshot, self.writing.phase) {
            (Some(snapshot), Phase::Stage(part)) => snapshot.body(part, self.head.number, out)?,
            (Some(snapshot), Phase::Ends(index)) => {
                self.keep.ends(index, snapshot.stated(), out)?
            }
            (_, Phase::Copied(_)) => self.keep.copied(out)?,
            _ => false,
        };
        if is_there {
            self.tagged()?;
        }
        Ok(is_there)
    }

    /// Goes on from a step that the store has taken.
    fn took<S: AsyncStore>(
        &mut self,
        journal: &mut Journal<S>,
        result: Result<Took, StoreError>,
    ) -> Result<(), StoreError> {
        self.writing.phase = match (self.writing.phase, result) {
            // A log that is full is as it was. What is appended has the state with it; behind a new
            // log it has none, and a store that is full there holds less than it has promised.
            (Phase::Append, Err(StoreError::Full)) if self.writing.snapshot.is_some() => {
                journal.is_unsettled = false;
                Phase::Begin
            }
            (_, Err(error)) => return Err(error),
            (Phase::Append, Ok(_)) => {
                journal.head = self.head;
                Phase::Count { appended: true }
            }
            (Phase::Begin, Ok(_)) => Phase::Stage(Part::FIRST),
            (Phase::Stage(part), Ok(_)) => {
                let next =
                    self.writing.snapshot.as_ref().and_then(|snapshot| snapshot.part_behind(part));
                if let Some(part) = next {
                    Phase::Stage(part)
                } else {
                    self.keep.begin(journal, S::CAPACITY, S::OVERHEAD);
                    Phase::Keep(Cursor::START)
                }
            }
            (Phase::Keep(_), Ok(Took::Read(Some((length, next))))) => {
                let record = self.record.room().get(..length).ok_or(StoreError::Failed)?;
                match self.keep.take(self.writing.secret, record)? {
                    Next::Copied => Phase::Copied(next),
                    Next::Nothing => Phase::Keep(next),
                    Next::End => self.kept(&journal.chain)?,
                }
            }
            (Phase::Keep(_), Ok(_)) => self.kept(&journal.chain)?,
            (Phase::Copied(next), Ok(_)) if self.keep.is_copying() => Phase::Copied(next),
            (Phase::Copied(next), Ok(_)) => Phase::Keep(next),
            (Phase::Ends(index), Ok(_)) => Phase::Ends(index.saturating_add(1)),
            (Phase::Publish, Ok(_)) => {
                journal.head = self.head;
                journal.replaced = journal.replaced.wrapping_add(1);
                Phase::Count { appended: false }
            }
            (Phase::Count { appended }, Ok(_)) => {
                // What the counter has not confirmed the lock doesn't know of.
                if !appended {
                    journal.chain = self.keep.chain();
                }
                (journal.is_unsettled, journal.settled) = (false, journal.head.number);
                // What made the log too full goes behind the new one, once.
                match self.writing.event {
                    Some(_) if !appended => {
                        self.writing.snapshot = None;
                        Phase::Append
                    }
                    _ => Phase::End,
                }
            }
            (Phase::End, Ok(_)) => Phase::End,
        };
        Ok(())
    }

    /// The old log is read; one of which the lock didn't know what it holds is read once more.
    fn kept(&mut self, known: &Chain) -> Result<Phase, StoreError> {
        if self.keep.was_measured() {
            return Ok(Phase::Keep(Cursor::START));
        }
        let place = self.writing.snapshot.as_ref().ok_or(StoreError::Failed)?.place()?;
        self.keep.end(known, place)?;
        Ok(Phase::Ends(0))
    }

    /// Makes a record of the body that stands there.
    fn tagged(&mut self) -> Result<(), StoreError> {
        let tag = self.writing.secret.tag(&self.head.tag, self.record.as_bytes());
        self.record.raw(&tag)?;
        self.head.tag = tag;
        Ok(())
    }
}

/// Lets a store take all steps of a change; `await` behind each, or nothing.
macro_rules! take_steps {
    ($journal:ident, $steps:ident $(, $wait:tt)?) => {{
        while let Some(step) = $steps.step($journal)? {
            let store = &mut $journal.store;
            let result = match step {
                Step::Append(record) => store.append(record)$(.$wait)?.map(|()| Took::Done),
                Step::Begin => store.begin()$(.$wait)?.map(|()| Took::Done),
                Step::Stage(record) => store.stage(record)$(.$wait)?.map(|()| Took::Done),
                Step::Read(at, room) => store.read(at, room)$(.$wait)?.map(Took::Read),
                Step::Publish => store.publish()$(.$wait)?.map(|()| Took::Done),
                Step::Advance(number) => store.advance(number)$(.$wait)?.map(|()| Took::Done),
            };
            $steps.took($journal, result)?;
        }
        Ok(())
    }};
}

/// Makes a change durable.
pub(super) fn write<S: Store, T: Capacity>(
    journal: &mut Journal<S>,
    writing: Writing<'_, T>,
) -> Result<(), StoreError> {
    let mut steps = Steps::of(writing);
    take_steps!(journal, steps)
}

/// Makes a change durable.
pub(super) async fn write_async<S: AsyncStore, T: Capacity>(
    journal: &mut Journal<S>,
    writing: Writing<'_, T>,
) -> Result<(), StoreError> {
    let mut steps = Steps::of(writing);
    take_steps!(journal, steps, await)
}
