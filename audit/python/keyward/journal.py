"""A lock's state as a fold over its log, and its start (SPEC 22.3 to 22.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .denials import Denied
from .limits import WORD
from .lock import Anchor, HeldList, Identity, TrustState
from .memory import Use, UseChange
from .objects import Status
from .records import (
    CARD,
    DONE,
    EPOCH,
    KEYSET,
    LIST,
    LOG,
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
from .tables import TABLE_FULL, Changes, LaneChange, Tables, payer_of
from .wire import DecodeError

TOO_NEW, CORRUPT, ROLLED_BACK, RELEASING = 192, 193, 194, 195
LOCK, RELEASE = 1, 5


@dataclass(slots=True)
class Journal:
    """What follows from a log."""

    trust: TrustState
    tables: Tables
    number: int
    floor: int
    next: int
    boots: int
    open: int | None
    """The right of the last decision, while its outcome is not known."""
    relock: bool

    # SPEC 22.4

    def fold(self, event: Body) -> None:
        if isinstance(event, Statement):
            self._take(event.held)
        elif isinstance(event, Started):
            _demand(self.open != RELEASE)
            self.boots += 1
            self.open = None
        elif isinstance(event, Decision):
            self._decide(event)
        elif isinstance(event, Outcome):
            self._close(event)
        elif isinstance(event, Secured):
            self.relock = False
        elif isinstance(event, Passed):
            self._rise(event.time)
        else:
            raise Denied(CORRUPT)
        self.number += 1

    def _rise(self, t: int) -> None:
        self.floor = max(self.floor, t)

    def _take(self, held: Epoch | Keyset | Status | Card) -> None:
        """Signatures, order and epoch were judged before it was written."""
        if isinstance(held, Epoch):
            raise Denied(CORRUPT)
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
        self.next += 1
        self.open = decision.right
        self.relock |= decision.max_open is not None

    def _changes(self, decision: Decision) -> Changes:
        """A record has no *before*, and none is judged."""
        root, issuer = decision.links[0], decision.issuer
        uses = [
            UseChange(link, root, issuer, Use(), *count)
            for link, count in zip(decision.links, decision.counts)
            if count is not None
        ]
        if decision.lane is None:
            return Changes(uses)
        payer = payer_of(root, issuer)
        return Changes(uses, LaneChange(decision.holder, payer, *decision.lane))

    def _close(self, outcome: Outcome) -> None:
        if outcome.what == DONE:
            _demand(self.open != RELEASE)
            self.relock &= self.open != LOCK
        self.open = None


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


def _decoded(body: bytes, words: int) -> Body:
    try:
        return decode_body(body, words)
    except DecodeError:
        raise Denied(CORRUPT) from None


class _Log:
    """The bodies of a log, taken from the front (SPEC 22.3)."""

    def __init__(self, bodies: Sequence[bytes], words: int) -> None:
        self.bodies = bodies
        self.words = words
        self.at = 0

    def kind(self) -> int | None:
        """That of the next body; its decoding finds one that is empty."""
        return self.bodies[self.at][0] if self.at < len(self.bodies) else None

    def take(self) -> Body:
        body = _decoded(self.bodies[self.at], self.words)
        self.at += 1
        return body

    def statement(self, kind: int) -> Epoch | Keyset | Status | Card:
        _demand(self.kind() == kind)
        taken = self.take()
        assert isinstance(taken, Statement)
        return taken.held


def _read_trust(log: _Log, domain: bytes) -> TrustState:
    """Kinds 1, 2, perhaps 3, and 4."""
    epoch = log.statement(EPOCH)
    keyset = log.statement(KEYSET)
    listed = log.statement(LIST) if log.kind() == LIST else None
    card = log.statement(CARD)
    assert isinstance(epoch, Epoch) and isinstance(keyset, Keyset) and isinstance(card, Card)
    trust = TrustState(domain, epoch, keyset, card)
    return replace(trust, list=_held_list(listed)) if isinstance(listed, Status) else trust


def _read_tables(log: _Log, tables: Tables, floor: int) -> None:
    """Any number of kinds 5 and 6."""
    while log.at < len(log.bodies):
        before = log.at
        body = log.take()
        if isinstance(body, Counts):
            for link, count in body.entries:
                _demand_restored(tables.restore_count(link, count, floor))
        elif isinstance(body, Lanes):
            for holder, lane in body.entries:
                lane.window.widen(tables.words * WORD)
                _demand_restored(tables.restore_lane(holder, lane, floor))
        else:
            log.at = before
            return


def _check_schema(body: bytes) -> None:
    """It stands at the same place in all schemas to come (SPEC 22.5, step 2)."""
    _demand(len(body) > 1 and 1 <= body[1])
    if body[1] > SCHEMA:
        raise Denied(TOO_NEW)


def read_log(bodies: Sequence[bytes], identity: Identity, tables: Tables) -> Journal:
    """The state that a log says; `tables` are empty, and of the lock's capacity."""
    log = _Log(bodies, tables.words)
    start = log.take()
    assert isinstance(start, LogStart)
    _demand(start.device == identity.device and start.nonce == identity.nonce)
    if start.words > tables.words:
        raise Denied(TOO_NEW)
    log.words = start.words
    _demand(start.open is None or start.next > 0)
    trust = _read_trust(log, start.domain)
    _read_tables(log, tables, start.floor)
    journal = Journal(
        trust=trust,
        tables=tables,
        number=start.number,
        floor=start.floor,
        next=start.next,
        boots=start.boots,
        open=start.open,
        relock=start.relock,
    )
    while log.at < len(bodies):
        journal.fold(log.take())
    return journal


@dataclass(slots=True)
class Restored:
    """A claimed lock after its start was made durable."""

    journal: Journal
    interrupted: int | None
    """The sequence number of the decision that the start closed."""
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
    bodies = untagged(secret, records)
    if bodies is None or bodies[0][0] != LOG:
        raise Denied(CORRUPT)
    _check_schema(bodies[0])
    journal = read_log(bodies, identity, tables)
    if anchor is not None and _is_ahead(anchor, journal.trust):
        raise Denied(ROLLED_BACK)
    if counter is not None and counter > journal.number:
        raise Denied(ROLLED_BACK)
    if journal.open == RELEASE:
        raise Denied(RELEASING)
    interrupted = None if journal.open is None else journal.next - 1
    anew = bodies[0][1] != SCHEMA
    journal.number += anew
    journal.fold(Started())
    return Restored(journal, interrupted, anew)
