//! What a new log of the journal keeps of the old one's entries (SPEC.md section 24.4).

use super::{
    chain::{Chain, End, Finished, Walk},
    journal::{Journal, opened},
    record::{
        self, BEGINNING_BYTES, CHANGE_BYTES, ENDS_BYTES, KEPT_DENIALS_BYTES, KEPT_OPENING_BYTES,
        KEPT_STATEMENT_BYTES, OPEN_BYTES, OPENING_BYTES, Record, Room,
    },
    state::Stated,
};
use crate::{
    id::{Epoch, LockId},
    receipt::{self, Head, Log},
    secret::{DeviceSecret, Tag},
    store::StoreError,
};

/// How many events of the largest are kept at least.
const EVENTS: usize = 4;

/// How many entries of denials of the largest are kept at least.
const DENIALS: usize = 1;

/// How many openings of the largest have room behind a new log.
const OPENINGS: usize = 2;

/// Copies entries from an old log to a new one, the oldest first, as many of the newest as there is
/// room for.
pub(super) struct Keep {
    walk: Walk,
    tag: Tag,
    /// Bytes of the new log.
    staged: usize,
    /// What a record takes beside its body.
    each: usize,
    acknowledged: u64,
    /// The number of the last write of which the lock knows.
    settled: u64,
    /// Whether the old log may be one of which the lock doesn't know how much it holds: then it is
    /// measured before anything is dropped.
    measures: bool,
    /// An entry that is to be copied.
    next: Option<Finished>,
    /// Whether it is the first of its log, and what it hangs from is still to be told.
    is_first: bool,
    events: Share,
    denials: Share,
}

/// What a record of the old log gives.
pub(super) enum Next {
    /// An entry that is to be copied.
    Copied,
    Nothing,
    /// All that the lock knows of was read.
    End,
}

/// One log's share of a new log.
#[derive(Clone, Copy)]
struct Share {
    /// The number behind its last entry of which the lock knows.
    next: u64,
    /// What its entries may take.
    room: usize,
    /// What those take that were not dropped.
    held: usize,
    /// The oldest entry that is kept, and the bodies of all.
    kept: Option<(u64, usize)>,
}

impl Keep {
    pub(super) const fn nothing() -> Self {
        Self {
            walk: Walk::unread(),
            tag: [0; 16],
            staged: 0,
            each: 0,
            acknowledged: 0,
            settled: 0,
            measures: false,
            next: None,
            is_first: false,
            events: Share::NONE,
            denials: Share::NONE,
        }
    }

    /// Says whether a write whose end is unknown may have put another log into the old one's place.
    pub(super) const fn is_uncertain(&mut self, is_unsettled: bool) {
        self.measures = is_unsettled;
    }

    /// A record was put into the new log.
    pub(super) fn staged(&mut self, record: usize, overhead: usize) {
        self.staged = self.staged.saturating_add(record).saturating_add(overhead);
    }

    /// The state is written: what is left is for the entries, and as much for what comes behind.
    pub(super) fn begin<S>(&mut self, journal: &Journal<S>, capacity: usize, overhead: usize) {
        let chain = &journal.chain;
        self.each = size_of::<Tag>().saturating_add(overhead);
        let free = capacity.saturating_sub(self.staged);
        let most = free.saturating_sub(reserve(self.each));
        let room = free.div_euclid(2).max(least(self.each)).min(most);
        let events = least_events(self.each).max(room.saturating_sub(room.div_euclid(4)));
        self.events = Share::new(events, &chain.events, self.each);
        self.denials = Share::new(room.saturating_sub(events), &chain.denials, self.each);
        (self.acknowledged, self.settled) = (chain.acknowledged, journal.settled());
        if self.measures {
            (self.events.held, self.denials.held) = (0, 0);
        }
    }

    /// Whether the old log was read only to be measured; it is read from its start on then.
    pub(super) fn was_measured(&mut self) -> bool {
        if self.measures {
            (self.walk, self.tag) = (Walk::unread(), [0; 16]);
        }
        core::mem::take(&mut self.measures)
    }

    /// Reads a record of the old log. A write whose end is unknown may be there, an event or even a
    /// whole log: the lock knows nothing of it, and passes over what it added.
    #[inline(never)]
    pub(super) fn take(
        &mut self,
        secret: &DeviceSecret,
        record: &[u8],
    ) -> Result<Next, StoreError> {
        let body = opened(secret, &mut self.tag, record).ok_or(StoreError::Corrupt)?;
        let Ok(record) = &Record::read(body) else {
            return Err(StoreError::Corrupt);
        };
        if record.is_event() && self.walk.number >= self.settled {
            return Ok(Next::End);
        }
        self.next = match self.walk.take(secret, record) {
            Ok(entry) => entry,
            Err(_) => return Err(StoreError::Corrupt),
        };
        if let Some(is_first) = self.kept()? {
            self.is_first = is_first;
            return Ok(Next::Copied);
        }
        self.next = None;
        Ok(Next::Nothing)
    }

    /// Whether the entry that was read, if there is one, is kept, and as the first of its log.
    fn kept(&mut self) -> Result<Option<bool>, StoreError> {
        let Some(entry) = &self.next else { return Ok(None) };
        let public = entry.public().map_err(|_| StoreError::Corrupt)?;
        let bytes = record::kept_bytes(&public, entry.private.as_bytes().len());
        let sequence = public.sequence.0;
        let (share, is_known) = match public.log() {
            Log::Events => (&mut self.events, sequence < self.acknowledged),
            Log::Denials => (&mut self.denials, false),
        };
        if sequence >= share.next {
            return Ok(None);
        }
        let taken = bytes.saturating_add(self.each);
        if self.measures {
            share.held = share.held.saturating_add(taken);
            return Ok(None);
        }
        if is_known || share.held > share.room {
            share.held = share.held.saturating_sub(taken);
            return Ok(None);
        }
        let (is_first, (oldest, before)) =
            (share.kept.is_none(), share.kept.unwrap_or((sequence, 0)));
        share.kept = Some((oldest, before.saturating_add(bytes)));
        Ok(Some(is_first))
    }

    /// Makes the next record of an entry that is to be copied.
    #[inline(never)]
    pub(super) fn copied(&mut self, out: &mut Room) -> Result<bool, StoreError> {
        let entry = self.next.as_ref().ok_or(StoreError::Failed)?;
        if core::mem::take(&mut self.is_first) {
            let public = entry.public().map_err(|_| StoreError::Corrupt)?;
            let head = Head { next: public.sequence, hash: *public.before };
            record::beginning(out, public.log(), &head)?;
        } else {
            record::kept(out, entry.public.as_bytes(), entry.private.as_bytes())?;
            self.next = None;
        }
        Ok(true)
    }

    /// Whether a record of an entry is still to be copied.
    pub(super) const fn is_copying(&self) -> bool {
        self.next.is_some()
    }

    /// The old log is read. Its ends must be those that the lock knows; what comes now is of this
    /// lock and epoch.
    pub(super) fn end(
        &mut self,
        known: &Chain,
        (lock, epoch, device): (LockId, Epoch, [u8; 32]),
    ) -> Result<(), StoreError> {
        let chain = &mut self.walk.chain;
        let number = |chain: &Chain| chain.open.as_ref().map(|open| open.number);
        for log in [Log::Events, Log::Denials] {
            let (read, head) = (chain.end(log).head, known.end(log).head);
            if read.next < head.next || (read.next == head.next && read.hash != head.hash) {
                return Err(StoreError::Corrupt);
            }
            chain.end_mut(log).head = head;
        }
        if known.open.is_some() && number(known) != number(chain) {
            return Err(StoreError::Corrupt);
        }
        chain.open = known.open;
        (chain.lock, chain.epoch, chain.device) = (lock, epoch, device);
        (chain.starts, chain.acknowledged) = (known.starts, known.acknowledged);
        for (log, share) in [(Log::Events, self.events), (Log::Denials, self.denials)] {
            let end = chain.end_mut(log);
            (end.oldest, end.bytes) = share.kept.unwrap_or((end.head.next.0, 0));
        }
        Ok(())
    }

    /// Makes a record behind the entries that were copied, if there is one: what a claim or epoch
    /// adds, the ends, the open decision.
    #[inline(never)]
    pub(super) fn ends(
        &mut self,
        index: usize,
        stated: Stated<'_>,
        out: &mut Room,
    ) -> Result<bool, StoreError> {
        let statements = stated.objects.iter().flatten();
        if let Some(object) = statements.clone().nth(index) {
            let (kind, hash) = receipt::stated(object).map_err(|_| StoreError::Failed)?;
            let public = self.walk.chain.stated(stated.time, kind, &hash)?;
            record::kept(out, public.as_bytes(), &[])?;
            return Ok(true);
        }
        match index.checked_sub(statements.count()) {
            Some(0) => record::ends(out, &self.walk.chain)?,
            Some(1) => match &self.walk.chain.open {
                Some(open) => record::open(out, open, self.walk.open_private())?,
                None => return Ok(false),
            },
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The ends of the logs, as the new log has them.
    pub(super) fn chain(&self) -> Chain {
        self.walk.chain
    }
}

impl Share {
    const NONE: Self = Self { next: 0, room: 0, held: 0, kept: None };

    fn new(room: usize, end: &End, each: usize) -> Self {
        let records = end.held().saturating_mul(each);
        let held = end.bytes.saturating_add(records);
        Self { next: end.head.next.0, room, held, kept: None }
    }
}

/// What a new log must have room for behind the entries that it keeps: its ends, and some openings
/// or the largest statement.
pub(super) const fn reserve(each: usize) -> usize {
    let ends = records(ENDS_BYTES + OPEN_BYTES + 2 * BEGINNING_BYTES, 4, each);
    let (openings, statement) = (records(OPENING_BYTES, 2, each), records(CHANGE_BYTES, 1, each));
    let openings = openings.saturating_mul(OPENINGS);
    ends.saturating_add(if openings > statement { openings } else { statement })
}

/// The least that a new log must have room for in entries.
pub(super) const fn least(each: usize) -> usize {
    least_events(each).saturating_add(records(KEPT_DENIALS_BYTES, 1, each).saturating_mul(DENIALS))
}

const fn least_events(each: usize) -> usize {
    records(KEPT_OPENING_BYTES, 1, each).saturating_mul(EVENTS)
}

/// The entries that a claim adds, when the tables are empty.
pub(super) const fn statements(each: usize) -> usize {
    records(KEPT_STATEMENT_BYTES, 1, each).saturating_mul(4)
}

const fn records(bytes: usize, count: usize, each: usize) -> usize {
    bytes.saturating_add(count.saturating_mul(each))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::Sequence,
        limits::MAX_TIME,
        receipt::{Event, Public, StatementKind},
        time::{Interval, Time},
    };

    #[test]
    fn a_store_is_checked_for_the_largest_entries_that_a_claim_adds() {
        let (last, most) = (Time(MAX_TIME), Sequence(u64::MAX));
        let public = Public {
            lock: LockId([1; 8]),
            epoch: Epoch(u64::MAX),
            sequence: most,
            before: &[2; 32],
            oldest: most,
            starts: u64::MAX,
            time: Interval::between(last, last),
            private: None,
            event: Event::Statement { kind: StatementKind::Card, hash: &[3; 32] },
        };
        let (public, mut out) = (public.encode().unwrap(), Room::empty());
        record::kept(&mut out, public.as_bytes(), &[]).unwrap();
        let largest = out.as_bytes().len();
        for each in [0, 2, 18] {
            // A time may have been of ten bytes; those that are signed have six.
            let room = statements(each) - 4 * (largest + each);
            assert!(room <= 4 * 8, "{room}");
        }
    }

    #[test]
    fn entries_that_fill_their_share_to_the_last_byte_are_kept() {
        let time = Interval::between(Time(1), Time(2));
        let public = Public {
            lock: LockId([1; 8]),
            epoch: Epoch(0),
            sequence: Sequence(6),
            before: &[2; 32],
            oldest: Sequence(0),
            starts: 1,
            time,
            private: None,
            event: Event::Statement { kind: StatementKind::Card, hash: &[3; 32] },
        };
        let taken = record::kept_bytes(&public, 0) + 18;
        let kept = |room: usize| {
            let public = public.encode().unwrap();
            let mut keep = Keep::nothing();
            keep.each = 18;
            keep.events = Share { next: 9, room, held: 3 * taken, kept: None };
            keep.next = Some(Finished::of_nobody(public));
            (keep.kept(), keep.events.held)
        };
        assert_eq!(kept(3 * taken), (Ok(Some(true)), 3 * taken));
        assert_eq!(kept(3 * taken - 1), (Ok(None), 2 * taken));
    }
}
