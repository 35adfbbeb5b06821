"""Schedules (SPEC 7.8) and tables of time zones (SPEC 9.3)."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import NamedTuple

from .limits import (
    MAX_EVERY_WEEKS,
    MAX_EXCEPTION_DAYS,
    MAX_EXCEPTIONS,
    MAX_SCHEDULE_SPAN,
    MAX_WINDOWS,
)
from .wire import DecodeError, Reader, check_pair, varint


class Window(NamedTuple):
    """A weekly window; the order of its fields is its order in a schedule."""

    days: int
    start: int
    length: int
    every: int
    phase: int

    def on(self, day: int) -> bool:
        return bool(self.days >> ((day + 3) % 7) & 1) and (day + 3) // 7 % self.every == self.phase

    def covers(self, day: int, minute: int) -> bool:
        start, length = self.start, self.length
        if minute >= start and minute - start < length and self.on(day):
            return True
        return minute + 1440 - start < length and day >= 1 and self.on(day - 1)


class Excepted(NamedTuple):
    """A range of excepted dates."""

    first: int
    days: int

    def covers(self, day: int) -> bool:
        return self.first <= day < self.first + self.days


@dataclass(slots=True)
class Zone:
    """Transitions (at, offset), ascending, and the end; all in minutes (SPEC 9.3)."""

    transitions: list[tuple[int, int]]
    end: int

    def local(self, t: int) -> tuple[int, int] | None:
        """The local day and minute of the day of an instant, or None if unknown."""
        m = t // 60
        if m >= self.end:
            return None
        index = bisect_right(self.transitions, m, key=lambda transition: transition[0])
        if index == 0:
            return None
        n = m + self.transitions[index - 1][1]
        return None if n < 0 else divmod(n, 1440)


class Schedule(NamedTuple):
    windows: tuple[Window, ...]
    exceptions: tuple[Excepted, ...]

    def judge(self, lo: int, hi: int | None, zone: Zone | None) -> int | None:
        """The code of the denial, or None where the schedule holds."""
        if hi is None or hi - lo > MAX_SCHEDULE_SPAN:
            return 426
        for t in [*range(lo, hi, 60), hi]:
            local = zone.local(t) if zone is not None else None
            if local is None:
                return 425
            day, minute = local
            if any(excepted.covers(day) for excepted in self.exceptions):
                return 424
            if not any(window.covers(day, minute) for window in self.windows):
                return 423
        return None

    def encode(self) -> bytes:
        out = varint(len(self.windows))
        for w in self.windows:
            out += bytes((w.days,)) + varint(w.start) + varint(w.length) + bytes((w.every, w.phase))
        out += varint(len(self.exceptions))
        for e in self.exceptions:
            out += varint(e.first) + varint(e.days)
        return out


def _read_window(reader: Reader) -> Window:
    window = Window(reader.u8(), reader.u16(), reader.u16(), reader.u8(), reader.u8())
    if not (
        1 <= window.days <= 127
        and window.start <= 1439
        and 1 <= window.length <= 1440
        and 1 <= window.every <= MAX_EVERY_WEEKS
        and window.phase < window.every
    ):
        raise DecodeError("OutOfRange", "Window")
    return window


def _read_excepted(reader: Reader) -> Excepted:
    excepted = Excepted(reader.u32(), reader.u16())
    if not 1 <= excepted.days <= MAX_EXCEPTION_DAYS:
        raise DecodeError("OutOfRange", "Exception")
    return excepted


def read_schedule(reader: Reader) -> Schedule:
    """Each entry is read and checked, then compared with the one before (SPEC 3.4)."""
    windows: list[Window] = []
    for _ in range(reader.count_from_one(MAX_WINDOWS, "Windows")):
        window = _read_window(reader)
        if windows:
            check_pair(windows[-1], window, "Windows")
        windows.append(window)
    exceptions: list[Excepted] = []
    for _ in range(reader.count(MAX_EXCEPTIONS, "Exceptions")):
        excepted = _read_excepted(reader)
        if exceptions and excepted.first < exceptions[-1].first + exceptions[-1].days:
            raise DecodeError("Unsorted", "Exceptions")
        exceptions.append(excepted)
    return Schedule(tuple(windows), tuple(exceptions))
