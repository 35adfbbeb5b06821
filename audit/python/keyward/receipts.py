"""Receipts, entries, recordings (SPEC 24): bytes, hashes, who signed, what is disclosed."""

from __future__ import annotations

from dataclasses import dataclass

from .keys import (
    LABEL_DEVICE,
    LABEL_PRIVATE,
    LABEL_RECEIPT,
    LABEL_RECEIPT_SIGN,
    LABEL_RECORDING,
    digest,
    key_name,
    read_key,
    signature_fault,
)
from .limits import (
    CARD,
    ENTRY,
    EPOCH,
    KEYSET,
    MAX_DENIED,
    MAX_LINKS,
    MAX_WITNESSES,
    RECEIPT,
    RECORDING,
    STATUS,
)
from .token import u64
from .wire import DecodeError, Reader, decode_object, header, option, varint

DONE, JAMMED, UNKNOWN, LAPSED, INTERRUPTED = range(5)
"""Outcomes of an opening."""
OPENING, STATEMENT, DEVICE, DENIALS = range(4)
"""Events."""


# --- Public part ----------------------------------------------------------------------


@dataclass(slots=True, frozen=True)
class Interval:
    """lo, hi and quality (SPEC 24.2); `lower` without a `hi` unless told otherwise."""

    lo: int = 0
    hi: int | None = None
    quality: int = 0

    def encode(self) -> bytes:
        hi = None if self.hi is None else varint(self.hi)
        return varint(self.lo) + option(hi) + bytes((self.quality,))


def read_interval(reader: Reader) -> Interval:
    """`hi` is compared with `lo` after the quality has been read and checked."""
    lo = reader.u64()
    hi = reader.u64() if reader.flag() else None
    quality = reader.u8()
    if quality > 2:
        raise DecodeError("OutOfRange", "Tag")
    if hi is not None and hi < lo:
        raise DecodeError("OutOfRange", "Time")
    return Interval(lo, hi, quality)


@dataclass(slots=True, frozen=True)
class Opening:
    core: bytes
    right: int
    outcome: int

    def encode(self) -> bytes:
        return bytes((OPENING,)) + self.core + bytes((self.right, self.outcome))


@dataclass(slots=True, frozen=True)
class Taken:
    """A statement that was taken in."""

    kind: int
    hash: bytes

    def encode(self) -> bytes:
        return bytes((STATEMENT, self.kind)) + self.hash


@dataclass(slots=True, frozen=True)
class DeviceChange:
    """The change of the device key (SPEC 24.6)."""

    old: bytes
    new: bytes
    by_old: bytes
    by_new: bytes

    def fields(self) -> bytes:
        return self.old + self.new + self.by_old + self.by_new

    def encode(self) -> bytes:
        return bytes((DEVICE,)) + self.fields()


@dataclass(slots=True, frozen=True)
class Denials:
    count: int

    def encode(self) -> bytes:
        return bytes((DENIALS,)) + varint(self.count)


Event = Opening | Taken | DeviceChange | Denials


def read_change(reader: Reader) -> DeviceChange:
    return DeviceChange(read_key(reader), read_key(reader), reader.take(64), reader.take(64))


def _count(reader: Reader) -> int:
    count = reader.u32()
    if count == 0:
        raise DecodeError("OutOfRange", "Count")
    return count


def read_event(reader: Reader) -> Event:
    event = reader.u8()
    if event == OPENING:
        core, right, outcome = reader.take(32), reader.right(), reader.u8()
        if outcome > INTERRUPTED:
            raise DecodeError("OutOfRange", "Outcome")
        return Opening(core, right, outcome)
    if event == STATEMENT:
        kind = reader.u8()
        if kind not in (EPOCH, KEYSET, STATUS, CARD):
            raise DecodeError("OutOfRange", "Tag")
        return Taken(kind, reader.take(32))
    if event == DEVICE:
        return read_change(reader)
    if event == DENIALS:
        return Denials(_count(reader))
    raise DecodeError("OutOfRange", "Tag")


@dataclass(slots=True)
class PublicPart:
    """What all may know of an entry (SPEC 24.2)."""

    lock: bytes
    epoch: int
    sequence: int
    before: bytes
    oldest: int
    starts: int
    interval: Interval
    private: bytes | None
    """The hash of the private part."""
    event: Event
    raw: bytes = b""
    """As received."""

    def encode(self) -> bytes:
        out = self.lock + varint(self.epoch) + varint(self.sequence) + self.before
        out += varint(self.oldest) + varint(self.starts) + self.interval.encode()
        return out + option(self.private) + self.event.encode()

    @property
    def hash(self) -> bytes:
        return digest(LABEL_RECEIPT + (self.raw or self.encode()))


def _read_public(reader: Reader) -> PublicPart:
    """Reads a public part (SPEC 24.2)."""
    start = reader.at
    lock, epoch, sequence = reader.take(8), reader.u64(), reader.u64()
    before, oldest, starts = reader.take(32), reader.u64(), reader.u64()
    if oldest > sequence:
        raise DecodeError("OutOfRange", "Sequence")
    interval = read_interval(reader)
    private = reader.take(32) if reader.flag() else None
    event = read_event(reader)
    if private is not None and not isinstance(event, Opening | Denials):
        raise DecodeError("OutOfRange", "Private")
    raw = reader.data[start:reader.at]
    return PublicPart(
        lock, epoch, sequence, before, oldest, starts, interval, private, event, raw
    )


@dataclass(slots=True)
class Receipt:
    public: PublicPart
    signature: bytes

    def fields(self) -> bytes:
        return self.public.encode() + self.signature

    def encode(self) -> bytes:
        return header(RECEIPT) + self.fields()

    def message(self, domain: bytes) -> bytes:
        """The 88 bytes that the device key signs."""
        return LABEL_RECEIPT_SIGN + domain + u64(self.public.epoch) + self.public.hash

    def fault(self, domain: bytes, device: bytes) -> str | None:
        return signature_fault(device, self.message(domain), self.signature)


def _read_receipt(reader: Reader) -> Receipt:
    return Receipt(_read_public(reader), reader.take(64))


def decode_receipt(data: bytes) -> Receipt:
    return decode_object(data, RECEIPT, _read_receipt)


# --- Private part ---------------------------------------------------------------------


@dataclass(slots=True, frozen=True)
class Persons:
    """Who opened: of the private part of an opening (SPEC 24.3)."""

    issuer: bytes
    holder: bytes
    links: list[bytes]
    witnesses: list[tuple[bytes, bytes]]
    """`KeyName` and evidence."""

    tag = 0

    def encode(self) -> bytes:
        out = self.issuer + self.holder + varint(len(self.links)) + b"".join(self.links)
        out += varint(len(self.witnesses))
        return out + b"".join(name + evidence for name, evidence in self.witnesses)


def read_persons(reader: Reader) -> Persons:
    """In the order of delegation, and as presented: neither list is sorted."""
    issuer, holder = reader.take(8), reader.take(16)
    links = [reader.take(16) for _ in range(reader.count_from_one(MAX_LINKS, "Links"))]
    count = reader.count(MAX_WITNESSES, "Witnesses")
    witnesses = [(reader.take(16), reader.take(16)) for _ in range(count)]
    return Persons(issuer, holder, links, witnesses)


@dataclass(slots=True, frozen=True)
class Row:
    """Denials of one code and holder."""

    code: int
    holder: bytes | None
    count: int
    first: int
    last: int

    def encode(self) -> bytes:
        numbers = self.count, self.first, self.last
        return varint(self.code) + option(self.holder) + b"".join(map(varint, numbers))


@dataclass(slots=True, frozen=True)
class Rows:
    rows: list[Row]

    tag = 1

    @property
    def count(self) -> int:
        return sum(row.count for row in self.rows)

    def encode(self) -> bytes:
        return varint(len(self.rows)) + b"".join(row.encode() for row in self.rows)


def _read_row(reader: Reader) -> Row:
    code, holder = reader.u16(), reader.take(16) if reader.flag() else None
    return Row(code, holder, _count(reader), reader.u64(), reader.u64())


def read_rows(reader: Reader) -> Rows:
    count = reader.count_from_one(MAX_DENIED, "Rows")
    return Rows([_read_row(reader) for _ in range(count)])


@dataclass(slots=True)
class PrivatePart:
    salt: bytes
    fields: Persons | Rows
    raw: bytes = b""

    def encode(self) -> bytes:
        return self.salt + bytes((self.fields.tag,)) + self.fields.encode()

    @property
    def hash(self) -> bytes:
        return digest(LABEL_PRIVATE + (self.raw or self.encode()))


def _read_private(reader: Reader) -> PrivatePart:
    start = reader.at
    salt, tag = reader.take(16), reader.u8()
    if tag > Rows.tag:
        raise DecodeError("OutOfRange", "Tag")
    fields = read_rows(reader) if tag == Rows.tag else read_persons(reader)
    return PrivatePart(salt, fields, reader.data[start:reader.at])


# --- Entry ----------------------------------------------------------------------------


@dataclass(slots=True)
class Entry:
    receipt: Receipt
    private: PrivatePart | None

    def encode(self) -> bytes:
        private = None if self.private is None else self.private.encode()
        return header(ENTRY) + self.receipt.fields() + option(private)

    def disclosed(self) -> str | Persons | Rows:
        """`nothing` is to be known, it is `erased`, it is `other`'s, or what it is."""
        public, private = self.receipt.public, self.private
        if public.private is None:
            return "nothing"
        if private is None:
            return "erased"
        owner = {Persons.tag: Opening, Rows.tag: Denials}[private.fields.tag]
        if private.hash != public.private or not isinstance(public.event, owner):
            return "other"
        return private.fields


def _read_entry(reader: Reader) -> Entry:
    receipt = _read_receipt(reader)
    if not reader.flag():
        return Entry(receipt, None)
    private = _read_private(reader)
    if receipt.public.private is None:
        raise DecodeError("OutOfRange", "Private")
    return Entry(receipt, private)


def decode_entry(data: bytes) -> Entry:
    return decode_object(data, ENTRY, _read_entry)


# --- The device key -------------------------------------------------------------------


def change_message(public: PublicPart, domain: bytes, old: bytes, new: bytes) -> bytes:
    """The 168 bytes that both keys sign (SPEC 24.6)."""
    place = u64(public.epoch) + public.lock + u64(public.sequence) + public.before
    return LABEL_DEVICE + domain + place + old + new


def change_fault(public: PublicPart, domain: bytes) -> str | None:
    """That of the old key's signature, then that of the new one's."""
    change = public.event
    if not isinstance(change, DeviceChange):
        raise ValueError("no change of the device key")
    message = change_message(public, domain, change.old, change.new)
    return signature_fault(change.old, message, change.by_old) or signature_fault(
        change.new, message, change.by_new
    )


# --- Recording ------------------------------------------------------------------------


@dataclass(slots=True)
class Recording:
    """What a witness says of its evidence after the visit (SPEC 24.7)."""

    key: bytes
    core: bytes
    evidence: bytes
    hash: bytes
    start: int
    until: int
    signature: bytes

    def encode(self) -> bytes:
        out = header(RECORDING) + self.key + self.core + self.evidence + self.hash
        return out + varint(self.start) + varint(self.until) + self.signature

    def message(self) -> bytes:
        """The 112 bytes that the witness signs."""
        times = u64(self.start) + u64(self.until)
        return LABEL_RECORDING + self.core + self.evidence + self.hash + times

    def fault(self, core: bytes, witness: bytes, evidence: bytes) -> str | None:
        """Of an opening with this core whose private part names witness and evidence."""
        if (self.core, self.evidence) != (core, evidence):
            return "OtherEvidence"
        if key_name(self.key) != witness:
            return "OtherWitness"
        return signature_fault(self.key, self.message(), self.signature)


def _read_recording(reader: Reader) -> Recording:
    key, core, evidence, of = read_key(reader), *map(reader.take, (32, 16, 32))
    start, until = reader.time(), reader.time()
    if until < start:
        raise DecodeError("OutOfRange", "Time")
    return Recording(key, core, evidence, of, start, until, reader.take(64))


def decode_recording(data: bytes) -> Recording:
    return decode_object(data, RECORDING, _read_recording)
