"""The caveats of a link, and the limits of an issuer (SPEC 7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .keys import check_key
from .limits import MAX_APP_DATA, MAX_TARGETS, MAX_WITNESS_KEYS
from .schedule import Schedule, read_schedule
from .wire import DecodeError, Reader, check_ascending, sized, varint

RIGHTS, TARGET, VALID, USES, WITNESS, MAX_OPEN, FRESH, SCHEDULE, FIRST_USE, CHANNEL, APP = range(11)


class Valid(NamedTuple):
    start: int
    lasts: int

    @property
    def until(self) -> int:
        return self.start + self.lasts


class WitnessRule(NamedTuple):
    of: int
    keys: tuple[bytes, ...]


class FirstUse(NamedTuple):
    by: int
    lasts: int


class App(NamedTuple):
    tag: int
    data: bytes


@dataclass(slots=True)
class Caveats:
    """What is not None is present. The fields stand in the order of the bits."""

    rights: int | None = None
    targets: tuple[bytes, ...] | None = None
    valid: Valid | None = None
    uses: int | None = None
    witness: WitnessRule | None = None
    max_open: int | None = None
    fresh: int | None = None
    schedule: Schedule | None = None
    first_use: FirstUse | None = None
    channels: int | None = None
    app: App | None = None

    @property
    def counted(self) -> bool:
        return self.uses is not None or self.first_use is not None

    def encode(self) -> bytes:
        """The bitmap, then the bodies, lowest bit first."""
        bitmap, bodies = 0, b""

        def put(bit: int, body: bytes) -> None:
            nonlocal bitmap, bodies
            bitmap |= 1 << bit
            bodies += body

        if self.rights is not None:
            put(RIGHTS, varint(self.rights))
        if self.targets is not None:
            put(TARGET, varint(len(self.targets)) + b"".join(self.targets))
        if self.valid is not None:
            put(VALID, varint(self.valid.start) + varint(self.valid.lasts))
        if self.uses is not None:
            put(USES, varint(self.uses))
        if self.witness is not None:
            keys = self.witness.keys
            put(WITNESS, bytes((self.witness.of,)) + varint(len(keys)) + b"".join(keys))
        if self.max_open is not None:
            put(MAX_OPEN, varint(self.max_open))
        if self.fresh is not None:
            put(FRESH, varint(self.fresh))
        if self.schedule is not None:
            put(SCHEDULE, self.schedule.encode())
        if self.first_use is not None:
            put(FIRST_USE, varint(self.first_use.by) + varint(self.first_use.lasts))
        if self.channels is not None:
            put(CHANNEL, bytes((self.channels,)))
        if self.app is not None:
            put(APP, varint(self.app.tag) + sized(self.app.data))
        return varint(bitmap) + bodies


def _read_targets(reader: Reader) -> tuple[bytes, ...]:
    """All entries are taken, then their order is checked, then their tags (SPEC 3.4)."""
    count = reader.count_from_one(MAX_TARGETS, "Targets")
    targets = tuple(reader.take(9) for _ in range(count))
    check_ascending(targets, "Targets")
    if any(target[0] > 1 for target in targets):
        raise DecodeError("OutOfRange", "Tag")
    return targets


def _read_witness(reader: Reader) -> WitnessRule:
    """`of` is checked once the number of keys is known (SPEC 3.4)."""
    of = reader.u8()
    count = reader.count_from_one(MAX_WITNESS_KEYS, "WitnessKeys")
    if not 1 <= of <= min(2, count):
        raise DecodeError("OutOfRange", "WitnessCount")
    keys = tuple(reader.take(32) for _ in range(count))
    check_ascending(keys, "WitnessKeys")
    for key in keys:
        check_key(key)
    return WitnessRule(of, keys)


def read_caveats(reader: Reader) -> Caveats:
    bitmap = reader.u16()
    unknown = bitmap >> 11
    if unknown:
        raise DecodeError("UnknownCaveat", 11 + (unknown & -unknown).bit_length() - 1)
    caveats = Caveats()
    if bitmap >> RIGHTS & 1:
        caveats.rights = reader.u32()
        if caveats.rights == 0:
            raise DecodeError("Empty", "Rights")
    if bitmap >> TARGET & 1:
        caveats.targets = _read_targets(reader)
    if bitmap >> VALID & 1:
        caveats.valid = Valid(reader.time(), reader.duration())
    if bitmap >> USES & 1:
        caveats.uses = reader.duration("Uses")
    if bitmap >> WITNESS & 1:
        caveats.witness = _read_witness(reader)
    if bitmap >> MAX_OPEN & 1:
        caveats.max_open = reader.duration()
    if bitmap >> FRESH & 1:
        caveats.fresh = reader.duration()
    if bitmap >> SCHEDULE & 1:
        caveats.schedule = read_schedule(reader)
    if bitmap >> FIRST_USE & 1:
        caveats.first_use = FirstUse(reader.time(), reader.duration())
    if bitmap >> CHANNEL & 1:
        caveats.channels = reader.u8()
        if caveats.channels == 0:
            raise DecodeError("Empty", "Channels")
        if caveats.channels > 15:
            raise DecodeError("OutOfRange", "Channels")
    if bitmap >> APP & 1:
        caveats.app = App(reader.u32(), reader.sized(MAX_APP_DATA, "AppData"))
    return caveats


def decode_limits(data: bytes) -> Caveats:
    """The limits of an issuer: caveats that stand alone; no bytes mean no limits (SPEC 7)."""
    if not data:
        return Caveats()
    reader = Reader(data)
    caveats = read_caveats(reader)
    reader.end()
    return caveats
