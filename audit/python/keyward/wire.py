"""Values on the wire (SPEC 3.1) and decode errors (SPEC 3.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from .limits import MAX_LENGTH, MAX_TIME, MAX_U16, MAX_U32, MAX_U64, VERSION


class DecodeError(Exception):
    """The first rule that the bytes break: a name, and a part or number (SPEC 3.4)."""

    def __init__(self, name: str, part: str | int | None = None) -> None:
        self.name = name
        self.part = part
        super().__init__(str(self))

    def __str__(self) -> str:
        return self.name if self.part is None else f"{self.name}({self.part})"


class Reader:
    """Takes values off the front of a byte string."""

    __slots__ = ("data", "at")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, n: int) -> bytes:
        """`[n]`: n raw bytes."""
        end = self.at + n
        if end > len(self.data):
            raise DecodeError("Truncated")
        taken = self.data[self.at:end]
        self.at = end
        return taken

    def u8(self) -> int:
        at = self.at
        if at >= len(self.data):
            raise DecodeError("Truncated")
        self.at = at + 1
        return self.data[at]

    def flag(self) -> bool:
        byte = self.u8()
        if byte > 1:
            raise DecodeError("OutOfRange", "Tag")
        return byte == 1

    def varint(self) -> int:
        """The five steps of SPEC 3.1, but for the last."""
        value = 0
        for n in range(10):
            byte = self.u8()
            if n == 9 and byte & 0x7F > 1:
                raise DecodeError("IntegerOverflow")
            value |= (byte & 0x7F) << (7 * n)
            if byte < 0x80:
                if byte == 0 and n > 0:
                    raise DecodeError("OverlongInteger")
                return value
        raise DecodeError("IntegerOverflow")

    u64 = varint

    def u32(self) -> int:
        value = self.varint()
        if value > MAX_U32:
            raise DecodeError("IntegerOverflow")
        return value

    def u16(self) -> int:
        value = self.varint()
        if value > MAX_U16:
            raise DecodeError("IntegerOverflow")
        return value

    def i16(self) -> int:
        value = self.u16()
        return -(value + 1 >> 1) if value & 1 else value >> 1

    def count(self, most: int, part: str) -> int:
        """A count or length of at most `most`."""
        value = self.varint()
        if value > most:
            raise DecodeError("OverLimit", part)
        return value

    def count_from_one(self, most: int, part: str) -> int:
        value = self.count(most, part)
        if value == 0:
            raise DecodeError("Empty", part)
        return value

    def sized(self, most: int, part: str) -> bytes:
        """`bytes` of at most `most`."""
        return self.take(self.count(most, part))

    def time(self) -> int:
        value = self.varint()
        if value > MAX_TIME:
            raise DecodeError("OutOfRange", "Time")
        return value

    def duration(self, part: str = "Duration") -> int:
        value = self.u32()
        if value == 0:
            raise DecodeError("OutOfRange", part)
        return value

    def right(self) -> int:
        value = self.u8()
        if value > 31:
            raise DecodeError("OutOfRange", "Right")
        return value

    def end(self) -> None:
        left = len(self.data) - self.at
        if left:
            raise DecodeError("TrailingBytes", left)


def check_ascending(entries: Sequence[bytes], part: str) -> None:
    """Neighbours ascend strictly, bytewise (SPEC 3.3)."""
    for before, entry in zip(entries, entries[1:]):
        check_pair(before, entry, part)


def check_pair(before: object, entry: object, part: str) -> None:
    if before == entry:
        raise DecodeError("Doubled", part)
    if entry < before:  # type: ignore[operator]
        raise DecodeError("Unsorted", part)


T = TypeVar("T")


def decode_object(data: bytes, kind: int, fields: Callable[[Reader], T]) -> T:
    """A whole object of one kind, in the order of SPEC 3.2."""
    if len(data) > MAX_LENGTH[kind]:
        raise DecodeError("OverLimit", "Object")
    reader = Reader(data)
    version = reader.u8()
    if version != VERSION:
        raise DecodeError("WrongVersion", version)
    actual = reader.u8()
    if actual != kind:
        raise DecodeError("WrongKind", actual)
    decoded = fields(reader)
    reader.end()
    return decoded


def varint(value: int) -> bytes:
    """The shortest encoding of an integer (SPEC 3.1)."""
    if not 0 <= value <= MAX_U64:
        raise ValueError("not an unsigned 64-bit integer")
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def signed_varint(value: int) -> bytes:
    """An `i16` (SPEC 3.1)."""
    if not -(1 << 15) <= value < 1 << 15:
        raise ValueError("not a signed 16-bit integer")
    return varint(2 * value if value >= 0 else -2 * value - 1)


def option(value: bytes | None) -> bytes:
    """A flag, then the value if there is one."""
    return b"\0" if value is None else b"\1" + value


def sized(data: bytes) -> bytes:
    return varint(len(data)) + data


def header(kind: int) -> bytes:
    return bytes((VERSION, kind))
