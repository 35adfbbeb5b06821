"""A lock's state as a fold over its log, and its start (SPEC 22.3 to 22.5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .audit import Audit, AuditFault
from .audit_records import (
    BEGINNING,
    ENDS,
    KEPT,
    OPEN,
    Acknowledged,
    Beginning,
    Change,
    Ends,
    Kept,
    NewDevice,
    OpenDecision,
    Told,
)
from .denials import Denied
from .keys import prefix
from .limits import MAX_U64, WORD
from .lock import Anchor, HeldList, Identity, TrustState
from .memory import Use, UseChange
from .objects import Status
from .receipts import DONE, INTERRUPTED, UNKNOWN
from .records import (
    CARD,
    COUNTS,
    EPOCH,
    KEYSET,
    LANES,
    LIST,
    LOG,
    OLDER_SCHEMA,
    SCHEMA,
    Body,
    Counts,
    Decision,
    Lanes,
    LogStart,
    Outcome,
    Passed,
    Secured,
    Started,
    Statement,
    decode_body,
    untagged,
)
from .statements import Card, Epoch, Keyset
from .tables import TABLE_FULL, Changes, LaneChange, Payer, Tables, payer_of
from .wire import DecodeError

TOO_NEW, CORRUPT, ROLLED_BACK, RELEASING = 192, 193, 194, 195
LOCK, RELEASE = 1, 5


@dataclass(slots=True)
class Journal:
    """What follows from a log."""

    trust: TrustState
    tables: Tables
    audit: Audit
    device: bytes
    """The present device key."""
    number: int
    floor: int
    open: OpenDecision | None
    """The last decision, while its outcome is not known."""
    relock: bool
    schema: int
    """Of the log that it was read from."""

    @property
    def releases(self) -> bool:
        return self.open is not None and self.open.right == RELEASE

    # SPEC 22.4

    def fold(self, event: Body) -> None:
        self.number = min(self.number + 1, MAX_U64)
        if isinstance(event, Change):
            self._take(event.held)
            self.audit.take(event.interval, event.held)
        elif isinstance(event, Started):
            _demand(not self.releases)
            self.audit.starts = min(self.audit.starts + 1, MAX_U64)
            self._close(INTERRUPTED)
        elif isinstance(event, Decision):
            self._decide(event)
        elif isinstance(event, Outcome):
            self._record(event)
        elif isinstance(event, Secured):
            self.relock = False
        elif isinstance(event, Passed):
            self._rise(event.time)
        elif isinstance(event, Told):
            self.audit.tell(event.interval, event.rows)
        elif isinstance(event, Acknowledged):
            self.audit.acknowledged = event.number
        elif isinstance(event, NewDevice):
            self.device = event.change.new
            self.audit.change(event.interval, event.change)
        else:
            raise Denied(CORRUPT)

    def _rise(self, t: int) -> None:
        self.floor = max(self.floor, t)

    def _take(self, held: Keyset | Status | Card) -> None:
        """Signatures, order and epoch were judged before it was written."""
        if isinstance(held, Keyset):
            self.trust = replace(self.trust, keyset=held)
            self._rise(held.issued_at)
        elif isinstance(held, Status):
            self.trust = replace(self.trust, list=_held_list(held))
            self._rise(held.at)
        else:
            self.trust = replace(self.trust, card=held)

    def _decide(self, decision: Decision) -> None:
        """The floor first, then counts and lane, of which what is over goes first."""
        if decision.heard is not None:
            self._rise(decision.heard)
        _demand_restored(self.tables.repeat(self._changes(decision), self.floor))
        self._close(UNKNOWN)
        self.open = OpenDecision(
            self.number, decision.core, decision.right, decision.interval, decision.persons
        )
        self.relock |= decision.max_open is not None

    def _changes(self, decision: Decision) -> Changes:
        """A record has no *before*, and none is judged."""
        persons = decision.persons
        root, issuer = persons.links[0], persons.issuer
        uses = [
            UseChange(link, root, issuer, Use(), *count)
            for link, count in zip(persons.links, decision.counts)
            if count is not None
        ]
        if decision.lane is None:
            return Changes(uses)
        payer = payer_of(root, issuer)
        return Changes(uses, LaneChange(persons.holder, payer, *decision.lane))

    def _record(self, outcome: Outcome) -> None:
        if outcome.what == DONE and self.open is not None:
            _demand(not self.releases)
            self.relock &= self.open.right != LOCK
        self._close(outcome.what)

    def _close(self, outcome: int) -> int | None:
        """By an entry, whose number is answered; without an open decision by none."""
        decision, self.open = self.open, None
        return None if decision is None else self.audit.close(decision, outcome)

    def renew(self) -> None:
        """By a new log of this schema (SPEC 22.5, step 6)."""
        self.schema = SCHEMA
        self.number = min(self.number + 1, MAX_U64)


def _demand(holds: bool) -> None:
    if not holds:
        raise Denied(CORRUPT)


def _demand_restored(code: int | None) -> None:
    """A lock with larger tables can read what has no room here (SPEC 22.5, step 2)."""
    if code is not None:
        raise Denied(TOO_NEW if code == TABLE_FULL else CORRUPT)


def _held_list(status: Status) -> HeldList:
    assert status.list is not None
    return HeldList(status.order, status.list, status.body())


class _Log:
    """The records of a log, read one after the other (SPEC 22.5)."""

    def __init__(self, secret: bytes, records: Sequence[bytes], words: int) -> None:
        self.bodies: Iterator[bytes | None] = untagged(secret, records)
        self.schema = SCHEMA
        self.words = words
        self.body: bytes | None = None
        """The next one, if there is one."""
        self._advance()

    def _advance(self) -> None:
        end = object()
        self.body, self.ended = None, False
        body = next(self.bodies, end)
        if body is end:
            self.ended = True
        elif isinstance(body, bytes):
            self.body = body

    def kind(self) -> int | None:
        """That of the next body; None behind the last."""
        if self.ended:
            return None
        _demand(self.body is not None)
        assert self.body is not None
        return self.body[0]

    def take(self) -> Body:
        _demand(self.body is not None)
        assert self.body is not None
        try:
            taken = decode_body(self.body, self.words, self.schema)
        except DecodeError:
            raise Denied(CORRUPT) from None
        self._advance()
        return taken

    def statement(self, kind: int) -> Epoch | Keyset | Status | Card:
        _demand(self.kind() == kind)
        taken = self.take()
        assert isinstance(taken, Statement)
        return taken.held


def _read_start(log: _Log, identity: Identity, words: int) -> LogStart:
    """The schema stands at the same place in all schemas to come (SPEC 22.5, step 2)."""
    _demand(log.kind() == LOG)
    assert log.body is not None
    _demand(len(log.body) > 1)
    log.schema = log.body[1]
    if log.schema > SCHEMA:
        raise Denied(TOO_NEW)
    _demand(log.schema in (OLDER_SCHEMA, SCHEMA))
    start = log.take()
    assert isinstance(start, LogStart)
    _demand(start.nonce == identity.nonce)
    if start.words > words:
        raise Denied(TOO_NEW)
    log.words = start.words
    return start


def _read_trust(log: _Log, domain: bytes) -> TrustState:
    """Kinds 1, 2, perhaps 3, and 4."""
    epoch = log.statement(EPOCH)
    keyset = log.statement(KEYSET)
    listed = log.statement(LIST) if log.kind() == LIST else None
    card = log.statement(CARD)
    assert isinstance(epoch, Epoch) and isinstance(keyset, Keyset) and isinstance(card, Card)
    trust = TrustState(domain, epoch, keyset, card)
    return replace(trust, list=_held_list(listed)) if isinstance(listed, Status) else trust


def _halved(payer: Payer) -> Payer:
    """That of schema 3 as this schema has it (SPEC 22.5)."""
    return payer_of(payer.root, payer.issuer)


def _read_tables(log: _Log, tables: Tables, floor: int) -> None:
    """Any number of kinds 5 and 6."""
    while log.kind() in (COUNTS, LANES):
        body = log.take()
        if isinstance(body, Counts):
            for link, count in body.entries:
                count.payer = _halved(count.payer)
                _demand_restored(tables.restore_count(prefix(link), count, floor))
        elif isinstance(body, Lanes):
            for holder, lane in body.entries:
                lane.payer = _halved(lane.payer)
                lane.window.widen(tables.words * WORD)
                _demand_restored(tables.restore_lane(prefix(holder), lane, floor))


def _read_audit(log: _Log, audit: Audit) -> OpenDecision | None:
    """Any number of kinds 19 and 13, kind 14, perhaps kind 15."""
    while log.kind() in (BEGINNING, KEPT):
        body = log.take()
        if isinstance(body, Beginning):
            audit.begin(body)
        elif isinstance(body, Kept):
            audit.keep(body)
    _demand(log.kind() == ENDS)
    ends = log.take()
    assert isinstance(ends, Ends)
    audit.end(ends)
    opened = log.take() if log.kind() == OPEN else None
    return opened if isinstance(opened, OpenDecision) else None


def _read_head(log: _Log, identity: Identity, secret: bytes, tables: Tables) -> Journal:
    """The state when the log was written (SPEC 22.3)."""
    start = _read_start(log, identity, tables.words)
    trust = _read_trust(log, start.domain)
    _read_tables(log, tables, start.floor)
    audit = Audit(secret, trust.card.lock, trust.epoch.number)
    state = trust, tables, audit, start.device, start.number, start.floor
    return Journal(*state, _read_audit(log, audit), start.relock, start.schema)


def read_log(
    records: Sequence[bytes], identity: Identity, secret: bytes, tables: Tables
) -> Journal:
    """The state that a log says; `tables` are empty, and of the lock's capacity."""
    log = _Log(secret, records, tables.words)
    try:
        journal = _read_head(log, identity, secret, tables)
        while log.kind() is not None:
            journal.fold(log.take())
    except AuditFault:
        raise Denied(CORRUPT) from None
    _demand(journal.device == identity.device)
    return journal


@dataclass(slots=True)
class Restored:
    """A claimed lock after its start was made durable."""

    journal: Journal
    interrupted: int | None
    """The number of the entry that the start closed a decision by."""
    anew: bool
    """Whether a log of an older schema was replaced."""


def _is_ahead(anchor: Anchor, trust: TrustState) -> bool:
    """SPEC 22.5, step 3."""
    other = anchor.domain != trust.domain or anchor.lock != trust.card.lock
    return other or anchor.epoch > trust.epoch.number


def start(
    records: Sequence[bytes],
    identity: Identity,
    secret: bytes,
    tables: Tables,
    anchor: Anchor | None = None,
    counter: int | None = None,
) -> Restored | None:
    """SPEC 22.5; None for an unclaimed lock, or the denial of all that follows."""
    if not records:
        if anchor is not None:
            raise Denied(ROLLED_BACK)
        return None
    journal = read_log(records, identity, secret, tables)
    if anchor is not None and _is_ahead(anchor, journal.trust):
        raise Denied(ROLLED_BACK)
    if counter is not None and counter > journal.number:
        raise Denied(ROLLED_BACK)
    if journal.releases:
        raise Denied(RELEASING)
    anew = journal.schema == OLDER_SCHEMA
    if anew:
        journal.renew()
    interrupted = None if journal.open is None else journal.audit.events.next
    journal.fold(Started())
    return Restored(journal, interrupted, anew)
