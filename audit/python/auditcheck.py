"""Audit logs in a lock's journal (SPEC 22.2 to 22.4 and 24.1 to 24.5), on logs made here.

Called by `recordcheck.py`.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from journalparts import (
    CORRUPT,
    HOLDER,
    ISSUER,
    LINK,
    SECRET,
    Case,
    Piece,
    code_of,
    decision,
    ends,
    head,
    of_right,
    older,
    state,
    statements,
)
from keyward.audit import AuditLog
from keyward.audit_records import (
    Acknowledged,
    Beginning,
    Change,
    Ends,
    Kept,
    NewDevice,
    OpenDecision,
    Told,
)
from keyward.limits import MAX_U32, MAX_U64
from keyward.receipts import (
    Denials,
    DeviceChange,
    Entry,
    Event,
    Interval,
    Opening,
    Persons,
    PrivatePart,
    Receipt,
    Row,
    Rows,
    Taken,
    decode_entry,
)
from keyward.records import Outcome, Started, decode_body
from keyward.wire import varint
from trustcheck import DEVICE, LOCK, START, card, keyset, listed, public

ZEROS = bytes(32)
AT, LATER = Interval(START, START + 9, 1), Interval(START + 5)
PERSONS = Persons(ISSUER, HOLDER, [LINK], [(b"name-of-a-camera", b"what-it-recorded")])
ROWS = Rows([Row(430, HOLDER, 3, START, START + 2), Row(0, None, 2, START, START)])
CORE = b"core-of-a-request-that-was-made."


def sha(data: bytes) -> bytes:
    return hashlib.sha512(data).digest()[:32]


def kept(event: Event, rest: Persons | Rows | None = None, **other: Any) -> Kept:
    fields: dict[str, Any] = {"epoch": 0, "oldest": 0, "starts": 2, "interval": AT}
    return Kept(**(fields | other), event=event, rest=rest)


def whole(*entries: Piece) -> list[Piece]:
    """A head with entries, and with ends that follow from them as SPEC 24 says."""
    logs: list[tuple[int, bytes]] = [(0, ZEROS), (0, ZEROS)]
    for entry in entries:
        if isinstance(entry, Beginning):
            logs[entry.denials] = entry.number, entry.before
        elif isinstance(entry, Kept):
            of = isinstance(entry.event, Denials)
            number, before = logs[of]
            logs[of] = number + 1, sha(b"keyward-1/entry#" + public_of(entry, number, before))
    return [*statements(), *entries, ends(logs=tuple(logs))]


def ended_by(entry: Piece) -> Any:
    """The ends behind one entry."""
    end = whole(entry)[-1]
    assert isinstance(end, Ends)
    return end.logs


def private_of(event: Event, rest: Persons | Rows | None, before: bytes) -> bytes:
    """By plain HMAC, over bytes that are written out here."""
    if rest is None:
        return b""
    of = event.core if isinstance(event, Opening) else before
    salt = hmac.new(SECRET, b"keyward-1/salt\0\0" + of, "sha512").digest()[:16]
    return salt + (b"\1" if isinstance(rest, Rows) else b"\0") + rest.encode()


def public_of(entry: Kept, number: int, before: bytes) -> bytes:
    private = private_of(entry.event, entry.rest, before)
    out = LOCK + varint(entry.epoch) + varint(number) + before + varint(entry.oldest)
    out += varint(entry.starts) + entry.interval.encode()
    out += b"\1" + sha(b"keyward-1/priv#\0" + private) if private else b"\0"
    return out + entry.event.encode()


OPENED = kept(Opening(CORE, 0, 0), PERSONS)
NAMELESS = kept(Opening(CORE, 31, 4))
TAKEN = kept(Taken(0x0B, b"hash-of-a-card.." * 2))
DENIED = kept(Denials(5), ROWS)
CHANGED = kept(DeviceChange(public(63), DEVICE, bytes(64), bytes(64)))


def of_entries() -> list[Case]:
    begun = Beginning(False, 8, ZEROS[:31] + b"\1")
    late = kept(Opening(CORE, 0, 0), PERSONS, oldest=8)
    told = Beginning(True, 3, b"hash-of-denials." * 2)
    some = [begun, late, kept(Taken(9, ZEROS), oldest=8), told, DENIED]
    good: list[tuple[str, list[Piece]]] = [
        ("none", [*head()]),
        ("of all events", whole(OPENED, NAMELESS, TAKEN, DENIED, CHANGED)),
        ("behind beginnings", whole(*some)),
        ("both beginnings first", whole(begun, told, late, DENIED)),
        ("beginnings alone", whole(begun, told)),
        ("ends of anything without entries", [*statements(), ends(logs=((MAX_U64, ZEROS),) * 2)]),
        ("denials first", whole(DENIED, OPENED)),
        ("acknowledged beyond the last", [*head(), Acknowledged(MAX_U64)]),
        ("an open decision of no write", [*head(), OpenDecision(MAX_U64, CORE, 0, AT, None)]),
        ("in a log of schema 3", [*older(), Told(AT, ROWS)]),
        ("of a later epoch", whole(kept(Taken(9, ZEROS), epoch=9, starts=MAX_U64))),
    ]
    ended = whole(OPENED)
    other_hash = ends(logs=((1, ZEROS), (0, ZEROS)))
    other_number = ends(logs=((2, ended_by(OPENED)[0][1]), (0, ZEROS)))
    bad: list[tuple[str, list[Piece]]] = [
        ("ends of another lock", [*statements(), ends(lock=b"elsewher")]),
        ("ends with another hash", [*ended[:-1], other_hash]),
        ("ends with another number", [*ended[:-1], other_number]),
        ("ends that a beginning belies", [*statements(), begun, ends()]),
        ("ends twice", [*ended, ended[-1]]),
        ("a beginning twice", whole(begun, begun)),
        ("a beginning behind an entry", whole(OPENED, begun)),
        ("an entry behind the ends", [*head(), OPENED]),
        ("a beginning behind the ends", [*head(), begun]),
        ("oldest above the number", whole(kept(Taken(9, ZEROS), oldest=1))),
        ("an open decision in front", [*statements(), of_right(0), ends()]),
        ("two open decisions", [*head(), of_right(0), of_right(0)]),
        ("an outcome of 5", whole(kept(Opening(CORE, 0, 5), PERSONS))),
        ("a right of 32", whole(kept(Opening(CORE, 32, 0), PERSONS))),
        ("a claim taken", whole(kept(Taken(0x0D, ZEROS)))),
        ("event 4", [*statements(), b"\x0d\0\0\0" + AT.encode() + b"\4", ends()]),
        ("denials of none", whole(kept(Denials(0), ROWS))),
        ("denials without rows", whole(kept(Denials(5)))),
        ("more behind a statement", [*statements(), TAKEN.encode() + b"\0", ends()]),
        ("persons behind a statement", whole(kept(Taken(9, ZEROS), PERSONS))),
        ("more behind persons", [*statements(), OPENED.encode() + b"\0", ends()]),
        ("a beginning of log 2",
         [*statements(), b"\x13\2\0" + ZEROS, ends(logs=((0, ZEROS), (0, ZEROS)))]),
        ("five rows", [*head(), Told(AT, Rows([ROWS.rows[0]] * 5))]),
        ("no rows", [*head(), Told(AT, Rows([]))]),
        ("a row of none", [*head(), Told(AT, Rows([Row(1, None, 0, 0, 0)]))]),
        ("told with more", [*head(), Told(AT, ROWS).encode() + b"\0"]),
        ("acknowledged with more", [*head(), b"\x11\0\0"]),
        ("a weak new key", [*head(), new_device(bytes(32))]),
        ("hi below lo", [*head(), Told(Interval(2, 1), ROWS)]),
        ("kind 20", [*head(), b"\x14"]),
    ]
    cases: list[Case] = [(name, pieces, {}, None) for name, pieces in good]
    return cases + [(name, pieces, {}, CORRUPT) for name, pieces in bad]


def new_device(new: bytes, old: bytes = public(63)) -> NewDevice:
    return NewDevice(LATER, DeviceChange(old, new, bytes(64), bytes(64)))


def last_of(log: AuditLog) -> tuple[bytes, bytes] | None:
    if not log.held:
        return None
    public_part, private = log.held[-1]
    return public_part.encode(), b"" if private is None else private.encode()


def logs_of(pieces: list[Piece]) -> tuple[AuditLog, AuditLog]:
    """Before the start that is read here: without what it closes."""
    audit = state(pieces).journal.audit
    return audit.events, audit.denials


def check_events() -> list[str]:
    """What events make, against bytes that are put together here; `starts` were 7."""
    before = b"last-of-events.." * 2
    told_before = b"last-of-denials." * 2

    def entry(
        event: Event, rest: Persons | Rows | None = None, interval: Interval = AT, starts: int = 7
    ) -> tuple[bytes, bytes]:
        denied = isinstance(event, Denials)
        number, last = (2, told_before) if denied else (3, before)
        one = kept(event, rest, oldest=number, interval=interval, starts=starts)
        return public_of(one, number, last), private_of(event, rest, last)

    def events(*pieces: Piece) -> tuple[bytes, bytes] | None:
        return last_of(logs_of([*head(), *pieces])[0])

    def denials(*pieces: Piece) -> tuple[bytes, bytes] | None:
        return last_of(logs_of([*head(), *pieces])[1])

    made = decision(core=CORE, right=2, interval=AT, witnesses=PERSONS.witnesses)
    opened = OpenDecision(0, CORE, 2, AT, PERSONS)
    change, taken = new_device(DEVICE), listed(0, (1, 2))
    many = Rows([Row(1, None, MAX_U32, 0, 0)] * 2)
    none: Persons | None = None
    found: list[tuple[object, object]] = [
        (events(), None),
        (denials(), None),
        (events(made, Outcome(1)), entry(Opening(CORE, 2, 1), PERSONS)),
        (events(made), entry(Opening(CORE, 2, 4), PERSONS, starts=8)),
        (events(made, Started()), entry(Opening(CORE, 2, 4), PERSONS, starts=8)),
        (events(opened, Outcome(3)), entry(Opening(CORE, 2, 3), PERSONS)),
        (events(opened), entry(Opening(CORE, 2, 4), PERSONS, starts=8)),
        (events(of_right(9), Outcome(0)), entry(Opening(ZEROS, 9, 0), none, Interval())),
        (events(Outcome(0)), None),
        (events(Change(AT, keyset(0, 2))), entry(Taken(0x0A, keyset(0, 2).hash))),
        (events(Change(AT, card(0, 1, 2))), entry(Taken(0x0B, card(0, 1, 2).hash))),
        (events(Change(AT, taken)), entry(Taken(3, sha(b"keyward-1/state#" + taken.body())))),
        (events(change), entry(change.change, interval=LATER)),
        (events(Told(AT, ROWS)), None),
        (denials(Told(AT, ROWS)), entry(Denials(5), ROWS)),
        (denials(Told(AT, many)), entry(Denials(MAX_U32), many)),
        (denials(made, Outcome(0)), None),
    ]
    two = logs_of([*head(), made, decision(), Outcome(0), Change(AT, keyset(0, 2))])[0]
    numbers = [(one.sequence, one.oldest) for one, _ in two.held]
    first = entry(Opening(CORE, 2, 2), PERSONS)
    found += [
        ((two.held[0][0].encode(), two.next, numbers), (first[0], 6, [(3, 3), (4, 3), (5, 3)])),
        (two.held[1][0].before, sha(b"keyward-1/entry#" + first[0])),
        (two.hash, two.held[2][0].hash),
    ]
    found += [
        (last_of(logs_of([*older(), made])[0]), entry(Opening(CORE, 2, 4), PERSONS, starts=8)),
        (state([*head(), Acknowledged(2)]).journal.audit.acknowledged, 2),
        (state([*statements(), ends(acknowledged=3)]).journal.audit.acknowledged, 3),
        (state([*head(), new_device(DEVICE)]).journal.device, DEVICE),
        (code_of([*head(), new_device(public(63))]), CORRUPT),
        (code_of([*head(device=public(63)), new_device(DEVICE)]), None),
    ]
    kept_three = logs_of(whole(OPENED, TAKEN, DENIED, NAMELESS))
    found.append(([log.next for log in kept_three], [3, 1]))
    denied = public_of(DENIED, 0, ZEROS), private_of(DENIED.event, ROWS, ZEROS)
    found.append((last_of(kept_three[1]), denied))
    return [f"audit: events, {n}: {a!r} for {b!r}" for n, (a, b) in enumerate(found) if a != b]


def check_kept() -> list[str]:
    """Each kind there and back, and entries as an auditor reads them."""
    pieces: list[Any] = [OPENED, NAMELESS, TAKEN, DENIED, CHANGED, ends(), of_right(3)]
    pieces += [Told(AT, ROWS), Acknowledged(300), new_device(DEVICE), Change(AT, listed(0, (1, 2)))]
    pieces += [Beginning(True, 300, ZEROS), OpenDecision(7, CORE, 1, AT, PERSONS)]
    faults = [
        f"audit: bodies, {n}: encodes otherwise"
        for n, piece in enumerate(pieces)
        if decode_body(piece.encode(), 1) != piece
    ]
    for one in (OPENED, DENIED):
        log = logs_of(whole(one))[isinstance(one.event, Denials)]
        public_part, private = log.held[-1]
        assert isinstance(private, PrivatePart)
        entry = Entry(Receipt(public_part, bytes(64)), private)
        if decode_entry(entry.encode()).disclosed() != one.rest:
            faults.append("audit: a kept entry that discloses otherwise")
    return faults


def check_audit() -> list[str]:
    faults, cases = [], of_entries()
    for name, pieces, given, code in cases:
        found = code_of(pieces, **given)
        if found != code:
            faults.append(f"audit: {name}: {found} for {code}")
    print(f"audit: {len(cases)} logs")
    return faults + check_events() + check_kept()

