"""Records of a journal's audit logs: kinds 12 to 19 (SPEC 22.2)."""

from __future__ import annotations

from dataclasses import dataclass

from .limits import CARD, KEYSET, STATUS
from .objects import Status, decode_status
from .receipts import (
    Denials,
    DeviceChange,
    Event,
    Interval,
    Opening,
    Persons,
    Rows,
    read_change,
    read_event,
    read_interval,
    read_persons,
    read_rows,
)
from .statements import Card, Keyset, decode_card, decode_keyset
from .wire import DecodeError, Reader, varint

CHANGE, KEPT, ENDS, OPEN, DENIED, ACKNOWLEDGED, NEW_DEVICE, BEGINNING = range(12, 20)


@dataclass(slots=True)
class Change:
    """Kind 12."""

    interval: Interval
    held: Keyset | Status | Card

    def encode(self) -> bytes:
        return bytes((CHANGE,)) + self.interval.encode() + self.held.encode()


@dataclass(slots=True)
class Kept:
    """Kind 13; `rest` is the private part without salt and tag, of which there may be none."""

    epoch: int
    oldest: int
    starts: int
    interval: Interval
    event: Event
    rest: Persons | Rows | None

    def encode(self) -> bytes:
        out = bytes((KEPT,)) + b"".join(map(varint, (self.epoch, self.oldest, self.starts)))
        out += self.interval.encode() + self.event.encode()
        return out if self.rest is None else out + self.rest.encode()


@dataclass(slots=True)
class Ends:
    """Kind 14; number and hash of each audit log, events first."""

    lock: bytes
    epoch: int
    starts: int
    acknowledged: int
    logs: tuple[tuple[int, bytes], tuple[int, bytes]]

    def encode(self) -> bytes:
        numbers = self.epoch, self.starts, self.acknowledged
        out = bytes((ENDS,)) + self.lock + b"".join(map(varint, numbers))
        return out + b"".join(varint(following) + last for following, last in self.logs)


@dataclass(slots=True)
class OpenDecision:
    """Kind 15."""

    number: int
    core: bytes
    right: int
    interval: Interval
    persons: Persons | None

    def encode(self) -> bytes:
        out = bytes((OPEN,)) + varint(self.number) + self.core + bytes((self.right,))
        out += self.interval.encode()
        return out if self.persons is None else out + self.persons.encode()


@dataclass(slots=True)
class Told:
    """Kind 16."""

    interval: Interval
    rows: Rows

    def encode(self) -> bytes:
        return bytes((DENIED,)) + self.interval.encode() + self.rows.encode()


@dataclass(slots=True)
class Acknowledged:
    """Kind 17."""

    number: int

    def encode(self) -> bytes:
        return bytes((ACKNOWLEDGED,)) + varint(self.number)


@dataclass(slots=True)
class NewDevice:
    """Kind 18."""

    interval: Interval
    change: DeviceChange

    def encode(self) -> bytes:
        return bytes((NEW_DEVICE,)) + self.interval.encode() + self.change.fields()


@dataclass(slots=True)
class Beginning:
    """Kind 19."""

    denials: bool
    number: int
    before: bytes

    def encode(self) -> bytes:
        return bytes((BEGINNING, self.denials)) + varint(self.number) + self.before


AuditBody = (
    Change | Kept | Ends | OpenDecision | Told | Acknowledged | NewDevice | Beginning
)


def _persons_if_any(reader: Reader) -> Persons | None:
    return read_persons(reader) if reader.at < len(reader.data) else None


def _read_held(data: bytes) -> Keyset | Status | Card:
    kind = data[1] if len(data) > 1 else None
    if kind == KEYSET:
        return decode_keyset(data)
    if kind == CARD:
        return decode_card(data)
    if kind != STATUS:
        raise DecodeError("OutOfRange", "Tag")
    status = decode_status(data)
    if status.list is None:
        raise DecodeError("OutOfRange", "List")
    return status


def _read_change(reader: Reader) -> Change:
    interval = read_interval(reader)
    return Change(interval, _read_held(reader.take(len(reader.data) - reader.at)))


def _read_kept(reader: Reader) -> Kept:
    numbers = reader.u64(), reader.u64(), reader.u64()
    interval, event = read_interval(reader), read_event(reader)
    rest: Persons | Rows | None = None
    if isinstance(event, Opening):
        rest = _persons_if_any(reader)
    elif isinstance(event, Denials):
        rest = read_rows(reader)
    return Kept(*numbers, interval, event, rest)


def _read_ends(reader: Reader) -> Ends:
    lock, numbers = reader.take(8), (reader.u64(), reader.u64(), reader.u64())
    events, denials = ((reader.u64(), reader.take(32)) for _ in range(2))
    return Ends(lock, *numbers, (events, denials))


def _read_open(reader: Reader) -> OpenDecision:
    number, core, right = reader.u64(), reader.take(32), reader.right()
    return OpenDecision(number, core, right, read_interval(reader), _persons_if_any(reader))


READERS = {
    CHANGE: _read_change,
    KEPT: _read_kept,
    ENDS: _read_ends,
    OPEN: _read_open,
    DENIED: lambda reader: Told(read_interval(reader), read_rows(reader)),
    ACKNOWLEDGED: lambda reader: Acknowledged(reader.u64()),
    NEW_DEVICE: lambda reader: NewDevice(read_interval(reader), read_change(reader)),
    BEGINNING: lambda reader: Beginning(reader.flag(), reader.u64(), reader.take(32)),
}
