"""The durable floor, the bound, and the refined interval (SPEC 9.2)."""

from __future__ import annotations

from dataclasses import dataclass


def _off(ticks: int, drift: int) -> int:
    """How many milliseconds of so many may be drift, rounded up."""
    return -(-ticks * drift // 1_000_000)


def most_elapsed(ticks: int, drift: int) -> int | None:
    """Seconds, rounded up; unknown where the uptime went back."""
    return None if ticks < 0 else -(-(ticks + _off(ticks, drift)) // 1000)


def least_elapsed(ticks: int, drift: int) -> int:
    """Seconds, rounded down; 0 where the uptime went back."""
    return 0 if ticks < 0 else max(ticks - _off(ticks, drift), 0) // 1000


@dataclass(slots=True)
class Clock:
    """What a lock knows of the time, beside what its host says."""

    floor: int = 0
    passed: tuple[int, int] | None = None
    """(P, u): P had passed at uptime u."""
    bound: tuple[int, int] | None = None
    """(B, u): the present was at most B at uptime u."""
    uptime: int = 0
    drift: int = 0

    @property
    def lowest(self) -> int:
        """What has passed by the floor and the ticks."""
        if self.passed is None:
            return self.floor
        past, since = self.passed
        return max(self.floor, past + least_elapsed(self.uptime - since, self.drift))

    def rise(self, t: int) -> None:
        """The floor rises to a time that has passed; ticks start anew if none is lost."""
        if t > self.lowest:
            self.passed = t, self.uptime
        self.floor = max(self.floor, t)

    def begin(self, t: int) -> None:
        """An epoch or a claim sets the floor, also where that is lower."""
        self.floor, self.passed, self.bound = t, (t, self.uptime), None

    def restart(self) -> None:
        self.passed = self.bound = None

    def refined(self, lo: int, hi: int | None) -> tuple[int, int | None]:
        """The host's interval, refined."""
        lo = max(lo, self.lowest)
        known = [] if hi is None else [hi]
        if self.bound is not None:
            most = most_elapsed(self.uptime - self.bound[1], self.drift)
            known += [] if most is None else [self.bound[0] + most]
        return lo, max(min(known), lo) if known else None
