"""Records of a journal: tags, and bodies of all kinds (SPEC 22.2); anchor and nonce."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from .audit_records import READERS, AuditBody, Change
from .keys import LABEL_ANCHOR, LABEL_JOURNAL, LABEL_NONCE, check_key, device_mac
from .limits import MAX_ANCHOR, MAX_RECORD, MAX_U64, WORD
from .lock import Anchor
from .memory import ReplayWindow, Use
from .objects import Status, decode_status
from .receipts import LAPSED, Interval, Persons, read_interval, read_persons
from .statements import (
    Card,
    Epoch,
    Keyset,
    decode_card,
    decode_epoch,
    decode_keyset,
)
from .tables import Count, Lane, Payer
from .token import u64
from .wire import DecodeError, Reader, option, varint

LOG, EPOCH, KEYSET, LIST, CARD, COUNTS, LANES, START, DECISION, OUTCOME, SECURED, TIME = range(12)
SCHEMA, OLDER_SCHEMA = 4, 3
TAG = 16


@dataclass(slots=True)
class LogStart:
    """Kind 0."""

    schema: int
    device: bytes
    nonce: bytes
    domain: bytes
    number: int
    floor: int
    words: int
    """Of a window."""
    relock: bool

    def encode(self) -> bytes:
        out = bytes((LOG, self.schema)) + self.device + self.nonce + self.domain
        out += varint(self.number) + varint(self.floor) + varint(self.words)
        return out + bytes((self.relock,))


@dataclass(slots=True)
class Statement:
    """Kinds 1 to 4."""

    kind: int
    held: Epoch | Keyset | Status | Card

    def encode(self) -> bytes:
        return bytes((self.kind,)) + self.held.encode()


@dataclass(slots=True)
class Counts:
    """Kind 5, by link; names as they stand in the log, of schema 3 in twice their length."""

    entries: list[tuple[bytes, Count]]

    def encode(self) -> bytes:
        return bytes((COUNTS,)) + b"".join(
            link
            + _encode_payer(count.payer)
            + _encode_count(count.use, count.keep_until)
            for link, count in self.entries
        )


@dataclass(slots=True)
class Lanes:
    """Kind 6, by holder; names as of kind 5."""

    entries: list[tuple[bytes, Lane]]

    def encode(self) -> bytes:
        return bytes((LANES,)) + b"".join(
            holder
            + _encode_payer(lane.payer)
            + varint(lane.latest)
            + varint(lane.window.highest)
            + lane.window.seen.to_bytes(lane.window.width // 8, "little")
            for holder, lane in self.entries
        )


@dataclass(slots=True)
class Started:
    """Kind 7."""

    def encode(self) -> bytes:
        return bytes((START,))


@dataclass(slots=True)
class Decision:
    """Kind 8."""

    core: bytes
    right: int
    interval: Interval
    max_open: int | None
    persons: Persons
    counts: list[tuple[Use, int] | None]
    """For each link what holds from now on, and until when it is kept."""
    lane: tuple[int, int] | None
    """Counter and time."""
    heard: int | None

    def encode(self) -> bytes:
        lane = self.lane
        out = bytes((DECISION,)) + self.core + bytes((self.right,)) + self.interval.encode()
        out += _option_of(self.max_open) + self.persons.encode()
        for count in self.counts:
            out += option(None if count is None else _encode_count(*count))
        out += option(None if lane is None else varint(lane[0]) + varint(lane[1]))
        return out + _option_of(self.heard)


@dataclass(slots=True)
class Outcome:
    """Kind 9."""

    what: int

    def encode(self) -> bytes:
        return bytes((OUTCOME, self.what))


@dataclass(slots=True)
class Secured:
    """Kind 10."""

    def encode(self) -> bytes:
        return bytes((SECURED,))


@dataclass(slots=True)
class Passed:
    """Kind 11."""

    time: int

    def encode(self) -> bytes:
        return bytes((TIME,)) + varint(self.time)


Body = (
    LogStart
    | Statement
    | Counts
    | Lanes
    | Started
    | Decision
    | Outcome
    | Secured
    | Passed
    | AuditBody
)


def _option_of(value: int | None) -> bytes:
    return option(None if value is None else varint(value))


def _encode_payer(payer: Payer) -> bytes:
    return payer.root + payer.issuer


def _encode_count(use: Use, keep_until: int) -> bytes:
    return varint(use.spent) + varint(use.first or 0) + varint(keep_until)


def _read_count(reader: Reader) -> tuple[Use, int]:
    spent = reader.u32()
    if spent == 0:
        raise DecodeError("OutOfRange", "Uses")
    first = reader.u64()
    return Use(spent, first), reader.u64()


def _read_log_start(reader: Reader) -> LogStart:
    schema = reader.u8()
    device, nonce, domain = reader.take(32), reader.take(16), reader.take(32)
    number, floor = reader.u64(), reader.time()
    return LogStart(schema, device, nonce, domain, number, floor, reader.u16(), reader.flag())


def _read_names(reader: Reader, times: int) -> tuple[bytes, Payer]:
    """Link or holder, and who pays, in so many times their length (SPEC 22.5)."""
    name = reader.take(8 * times)
    return name, Payer(reader.take(4 * times), reader.take(4 * times))


def _read_counts(reader: Reader, times: int) -> Counts:
    entries = []
    while reader.at < len(reader.data):
        link, payer = _read_names(reader, times)
        entries.append((link, Count(payer, *_read_count(reader))))
    return Counts(entries)


def _read_lanes(reader: Reader, times: int, words: int) -> Lanes:
    entries = []
    while reader.at < len(reader.data):
        holder, payer = _read_names(reader, times)
        latest, highest = reader.time(), reader.u64()
        seen = int.from_bytes(reader.take(words * WORD // 8), "little")
        if highest == MAX_U64 or not seen & 1:
            raise DecodeError("OutOfRange", "Lanes")
        window = ReplayWindow(highest, seen, words * WORD)
        entries.append((holder, Lane(payer, latest, window)))
    return Lanes(entries)


def _read_decision(reader: Reader) -> Decision:
    core, right, interval = reader.take(32), reader.right(), read_interval(reader)
    max_open = reader.u32() if reader.flag() else None
    persons = read_persons(reader)
    counts = [_read_count(reader) if reader.flag() else None for _ in persons.links]
    lane = (reader.u64(), reader.time()) if reader.flag() else None
    heard = reader.time() if reader.flag() else None
    return Decision(core, right, interval, max_open, persons, counts, lane, heard)


def _read_outcome(reader: Reader) -> Outcome:
    what = reader.u8()
    if what > LAPSED:
        raise DecodeError("OutOfRange", "Outcome")
    return Outcome(what)


def _statement(kind: int, data: bytes) -> Statement:
    if kind == EPOCH:
        return Statement(kind, decode_epoch(data))
    if kind == KEYSET:
        return Statement(kind, decode_keyset(data))
    if kind == CARD:
        return Statement(kind, decode_card(data))
    status = decode_status(data)
    if status.list is None:
        raise DecodeError("OutOfRange", "List")
    return Statement(kind, status)


def decode_body(body: bytes, words: int, schema: int = SCHEMA) -> Body:
    """A body; `words` are those of a window. There are no lists of schema 3 (SPEC 22.5)."""
    decoded = _decoded(body, words, 2 if schema == OLDER_SCHEMA else 1)
    taken = decoded.held if isinstance(decoded, (Statement, Change)) else None
    if schema == OLDER_SCHEMA and isinstance(taken, Status):
        raise DecodeError("OutOfRange", "List")
    return decoded


def _decoded(body: bytes, words: int, times: int) -> Body:
    """Names in kinds 5 and 6 have so many times their length."""
    if not body:
        raise DecodeError("Truncated")
    kind, data = body[0], body[1:]
    if EPOCH <= kind <= CARD:
        return _statement(kind, data)
    readers: dict[int, Callable[[Reader], Body]] = {
        LOG: _read_log_start,
        COUNTS: lambda reader: _read_counts(reader, times),
        LANES: lambda reader: _read_lanes(reader, times, words),
        START: lambda reader: Started(),
        DECISION: _read_decision,
        OUTCOME: _read_outcome,
        SECURED: lambda reader: Secured(),
        TIME: lambda reader: Passed(reader.time()),
        **READERS,
    }
    if kind not in readers:
        raise DecodeError("WrongKind", kind)
    reader = Reader(data)
    decoded = readers[kind](reader)
    reader.end()
    return decoded


# --- Tags -----------------------------------------------------------------------------


def _tag(secret: bytes, before: bytes, body: bytes) -> bytes:
    return device_mac(secret, LABEL_JOURNAL + before + body)


def tagged(secret: bytes, bodies: Iterable[bytes]) -> list[bytes]:
    """The records of a log."""
    records, tag = [], bytes(TAG)
    for body in bodies:
        tag = _tag(secret, tag, body)
        records.append(body + tag)
    return records


def untagged(secret: bytes, records: Iterable[bytes]) -> Iterator[bytes | None]:
    """The bodies of a log, one after the other; None, and no more, where a tag does not hold."""
    before = bytes(TAG)
    for record in records:
        body, tag = record[:-TAG], record[-TAG:]
        if not TAG < len(record) <= MAX_RECORD or tag != _tag(secret, before, body):
            yield None
            return
        yield body
        before = tag


# --- Anchor and nonce -----------------------------------------------------------------


def encode_anchor(anchor: Anchor, secret: bytes) -> bytes:
    """SPEC 18.3."""
    out = b"\1" + anchor.domain + varint(anchor.epoch) + anchor.lock
    out += option(anchor.emergency) + bytes((anchor.sealed_only,))
    return out + device_mac(secret, LABEL_ANCHOR + out)


def decode_anchor(data: bytes, secret: bytes) -> Anchor | None:
    """None for bytes that are no anchor of this lock's present life."""
    fields, tag = data[:-TAG], data[-TAG:]
    if len(data) > MAX_ANCHOR or tag != device_mac(secret, LABEL_ANCHOR + fields):
        return None
    reader = Reader(fields)
    try:
        if reader.u8() != 1:
            return None
        domain, epoch, lock = reader.take(32), reader.u64(), reader.take(8)
        emergency = reader.take(32) if reader.flag() else None
        if emergency is not None:
            check_key(emergency)
        anchor = Anchor(domain, epoch, emergency, lock, reader.flag())
        reader.end()
        return anchor
    except DecodeError:
        return None


def challenge_nonce(secret: bytes, starts: int, session: int, random: bytes) -> bytes:
    """SPEC 10.1; sessions since the start are counted from 0."""
    return device_mac(secret, LABEL_NONCE + u64(starts) + u64(session) + random)
