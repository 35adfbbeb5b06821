//! How a lock's records become the entries of its logs (SPEC.md sections 22.4 and 24.1).

use super::record::{Decision, Kept, Record, Rows, kept_bytes};
use crate::{
    card::Card,
    caveat::Right,
    id::{Epoch, LockId, Sequence},
    ledger::Outcome,
    limits::{MAX_PRIVATE, MAX_PUBLIC},
    lock::state::Damaged,
    receipt::{self, Event, Head, Log, Public, StatementKind},
    secret::DeviceSecret,
    time::Interval,
    wire::{DecodeError, EncodeError, Encoded},
};

/// The ends of a lock's logs, and the decision whose outcome isn't known yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    pub(super) lock: LockId,
    pub(super) epoch: Epoch,
    /// The key that signs.
    pub(super) device: [u8; 32],
    /// How often the lock has started.
    pub(super) starts: u64,
    /// The owner has the events before this one.
    pub(super) acknowledged: u64,
    pub(super) events: End,
    pub(super) denials: End,
    pub(super) open: Option<Opened>,
}

/// The end of a log, and what the store holds of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) head: Head,
    /// The oldest entry that is held; where none is, the next.
    pub(super) oldest: u64,
    /// What the entries take as bodies of records of their own.
    pub(super) bytes: usize,
}

/// A decision whose outcome isn't known yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opened {
    /// The number of its write: no other decision has it.
    pub(super) number: u64,
    pub(super) core: [u8; 32],
    pub(super) right: Right,
    pub(super) time: Interval,
    /// The hash and the length of its private part.
    pub(super) private: Option<([u8; 32], usize)>,
}

/// An entry's two parts; the private one may be empty.
pub(super) struct Finished {
    pub(super) public: Encoded<MAX_PUBLIC>,
    pub(super) private: Encoded<MAX_PRIVATE>,
}

impl End {
    const NONE: Self = Self { head: Head::START, oldest: 0, bytes: 0 };

    /// How many entries are held.
    pub(super) fn held(&self) -> usize {
        usize::try_from(self.head.next.0.saturating_sub(self.oldest)).unwrap_or(usize::MAX)
    }
}

impl Chain {
    pub(super) const fn empty() -> Self {
        Self {
            lock: LockId([0; 8]),
            epoch: Epoch(0),
            device: [0; 32],
            starts: 0,
            acknowledged: 0,
            events: End::NONE,
            denials: End::NONE,
            open: None,
        }
    }

    /// The right of the decision whose outcome isn't known yet.
    pub(super) fn open_right(&self) -> Option<Right> {
        self.open.as_ref().map(|open| open.right)
    }

    /// Takes the next record of a log with entries; returns the entry that it ends. `number` is that
    /// of its write, and `open` holds the private part of the open decision.
    pub(super) fn take(
        &mut self,
        number: u64,
        secret: &DeviceSecret,
        record: &Record<'_>,
        open: &mut Encoded<MAX_PRIVATE>,
    ) -> Result<Option<Finished>, Damaged> {
        let ended = match record {
            Record::Decision(decision) => return self.decided(number, secret, decision, open),
            Record::Outcome(outcome) => self.closed(*outcome)?,
            Record::Boot => {
                self.starts = self.starts.saturating_add(1);
                self.closed(Outcome::Interrupted)?
            }
            Record::Change { time, object } => {
                let (kind, hash) = receipt::stated(object)?;
                return Ok(Some(Finished::of_nobody(self.stated(*time, kind, &hash)?)));
            }
            Record::Device { time, rotation } => {
                let public = self.add(*time, None, Event::Device(*rotation))?;
                self.device = *rotation.new;
                return Ok(Some(Finished::of_nobody(public)));
            }
            Record::Denied { time, rows } => return self.denied(secret, *time, rows).map(Some),
            Record::Card(card) => {
                // The lock's name is that of all entries.
                self.lock = Card::decode(card)?.lock;
                None
            }
            Record::Beginning(log, head) => {
                *self.end_mut(*log) = End { head: *head, oldest: head.next.0, bytes: 0 };
                None
            }
            Record::Kept(kept) => return self.kept(secret, kept).map(Some),
            Record::Ends(ends) => {
                self.ends(ends)?;
                None
            }
            Record::Open(decision) => {
                *open = decision.private(secret)?;
                self.open = Some(decision.opened(open.as_bytes()));
                None
            }
            Record::Acknowledged(next) => {
                self.acknowledged = *next;
                None
            }
            _ => None,
        };
        // What ends a decision tells what was kept of its persons.
        Ok(ended.map(|public| {
            let private = core::mem::replace(open, Encoded::empty());
            Finished { public, private }
        }))
    }

    // Each apart, for the stack.

    /// Takes a decision. One before it whose outcome was never told is closed by that.
    #[inline(never)]
    fn decided(
        &mut self,
        number: u64,
        secret: &DeviceSecret,
        decision: &Decision<'_>,
        open: &mut Encoded<MAX_PRIVATE>,
    ) -> Result<Option<Finished>, Damaged> {
        let private = decision.private(secret)?;
        let ended = self.closed(Outcome::Unknown)?;
        self.open = Some(decision.opened(number, private.as_bytes()));
        let before = core::mem::replace(open, private);
        Ok(ended.map(|public| Finished { public, private: before }))
    }

    /// Takes denials, which are an entry at once.
    #[inline(never)]
    fn denied(
        &mut self,
        secret: &DeviceSecret,
        time: Interval,
        rows: &Rows<'_>,
    ) -> Result<Finished, Damaged> {
        let private = rows.private(secret, &self.denials.head.hash)?;
        let (bytes, event) = (private.as_bytes(), Event::Denials { count: rows.count });
        let hash = receipt::hash(bytes);
        let public = self.add(time, Some((&hash, bytes.len())), event)?;
        Ok(Finished { public, private })
    }

    /// Closes the open decision, if there is one.
    pub(super) fn closed(
        &mut self,
        outcome: Outcome,
    ) -> Result<Option<Encoded<MAX_PUBLIC>>, EncodeError> {
        let Some(Opened { core, right, time, private, .. }) = self.open.take() else {
            return Ok(None);
        };
        let event = Event::Opening { core: &core, right, outcome };
        self.add(time, private.as_ref().map(|(hash, length)| (hash, *length)), event).map(Some)
    }

    /// A statement was taken in.
    pub(super) fn stated(
        &mut self,
        time: Interval,
        kind: StatementKind,
        hash: &[u8; 32],
    ) -> Result<Encoded<MAX_PUBLIC>, EncodeError> {
        self.add(time, None, Event::Statement { kind, hash })
    }

    /// The end of a log.
    pub(super) const fn end(&self, log: Log) -> &End {
        match log {
            Log::Events => &self.events,
            Log::Denials => &self.denials,
        }
    }

    pub(super) fn end_mut(&mut self, log: Log) -> &mut End {
        match log {
            Log::Events => &mut self.events,
            Log::Denials => &mut self.denials,
        }
    }

    /// Adds an entry to the log of its event.
    fn add(
        &mut self,
        time: Interval,
        private: Option<(&[u8; 32], usize)>,
        event: Event<'_>,
    ) -> Result<Encoded<MAX_PUBLIC>, EncodeError> {
        let Self { epoch, starts, .. } = *self;
        let oldest = self.end(event.log()).oldest;
        self.stamped(epoch, oldest, starts, time, private, event)
    }

    fn stamped(
        &mut self,
        epoch: Epoch,
        oldest: u64,
        starts: u64,
        time: Interval,
        private: Option<(&[u8; 32], usize)>,
        event: Event<'_>,
    ) -> Result<Encoded<MAX_PUBLIC>, EncodeError> {
        let (log, lock) = (event.log(), self.lock);
        let End { head: last, bytes, oldest: held } = *self.end(log);
        let (sequence, length) = (last.next, private.map_or(0, |(_, length)| length));
        let (before, oldest) = (&last.hash, Sequence(oldest));
        let private = private.map(|(hash, _)| hash);
        let public = Public { lock, epoch, sequence, before, oldest, starts, time, private, event };
        let bytes = bytes.saturating_add(kept_bytes(&public, length));
        let public = public.encode()?;
        let next = Sequence(sequence.0.saturating_add(1));
        let hash = receipt::entry_hash(public.as_bytes());
        *self.end_mut(log) = End { head: Head { next, hash }, oldest: held, bytes };
        Ok(public)
    }

    /// Takes an entry that was kept when the log was written.
    #[inline(never)]
    fn kept(&mut self, secret: &DeviceSecret, kept: &Kept<'_>) -> Result<Finished, Damaged> {
        let Kept { epoch, oldest, starts, time, event, .. } = *kept;
        let before = self.end(event.log()).head.hash;
        let private = kept.private(secret, &before)?;
        let hash = receipt::hash(private.as_bytes());
        let named = Some((&hash, private.as_bytes().len())).filter(|(_, length)| *length > 0);
        let public = self.stamped(epoch, oldest, starts, time, named, event)?;
        Ok(Finished { public, private })
    }

    /// Takes the ends behind the entries that were kept.
    fn ends(&mut self, ends: &Self) -> Result<(), Damaged> {
        let Self { lock, epoch, starts, acknowledged, .. } = *ends;
        if self.lock != lock {
            return Err(Damaged::Wrong);
        }
        (self.epoch, self.starts, self.acknowledged) = (epoch, starts, acknowledged);
        for log in [Log::Events, Log::Denials] {
            let (head, end) = (ends.end(log).head, self.end_mut(log));
            if end.bytes == 0 {
                *end = End { head, oldest: head.next.0, bytes: 0 };
            } else if end.head != head {
                return Err(Damaged::Wrong);
            }
        }
        Ok(())
    }
}

/// Reads records, one after the other, and says which entries they make.
#[derive(Clone)]
pub(super) struct Walk {
    pub(super) chain: Chain,
    /// The private part of the open decision.
    open_private: Encoded<MAX_PRIVATE>,
    /// The number of the last write that was read.
    pub(super) number: u64,
}

impl Walk {
    pub(super) const fn unread() -> Self {
        Self { chain: Chain::empty(), open_private: Encoded::empty(), number: 0 }
    }

    /// The private part of the open decision.
    pub(super) fn open_private(&self) -> &[u8] {
        self.open_private.as_bytes()
    }

    /// Takes the next record; returns the entry that it ends.
    pub(super) fn take(
        &mut self,
        secret: &DeviceSecret,
        record: &Record<'_>,
    ) -> Result<Option<Finished>, Damaged> {
        if record.is_event() {
            self.number = self.number.saturating_add(1);
        }
        match record {
            Record::Start(start) => {
                (self.number, self.chain.device) = (start.number, start.device);
                Ok(None)
            }
            _ => self.chain.take(self.number, secret, record, &mut self.open_private),
        }
    }
}

impl Opened {
    pub(super) fn of(
        number: u64,
        core: &[u8; 32],
        right: Right,
        time: Interval,
        private: &[u8],
    ) -> Self {
        let named = Some((receipt::hash(private), private.len()));
        let private = named.filter(|_| !private.is_empty());
        Self { number, core: *core, right, time, private }
    }
}

impl Finished {
    /// An entry without a private part.
    pub(super) const fn of_nobody(public: Encoded<MAX_PUBLIC>) -> Self {
        Self { public, private: Encoded::empty() }
    }

    /// What the public part says.
    pub(super) fn public(&self) -> Result<Public<'_>, DecodeError> {
        Public::whole(self.public.as_bytes())
    }
}
