"""What a lock remembers: counts of uses and the replay window (SPEC 14.2 and 14.3)."""

from __future__ import annotations

from dataclasses import dataclass, field

from .keys import prefix
from .limits import MAX_U32, MAX_U64, REPLAY_WINDOW


@dataclass(slots=True, frozen=True)
class Use:
    """An absent entry is (0, None)."""

    spent: int = 0
    first: int | None = None

    def used_at(self, lo: int) -> Use:
        return Use(min(self.spent + 1, MAX_U32), lo if self.first is None else self.first)


@dataclass(slots=True)
class ReplayWindow:
    """`seen` has bit i set where the counter `highest - i` was seen."""

    highest: int
    seen: int = 1
    width: int = REPLAY_WINDOW
    """W of SPEC 14.2."""

    @classmethod
    def restored(cls, highest: int) -> ReplayWindow:
        """From the highest counter alone: all below counts as seen."""
        return cls(highest, (1 << REPLAY_WINDOW) - 1)

    def widen(self, width: int) -> None:
        """What a narrower window does not tell was seen."""
        self.seen |= ((1 << width) - 1) >> self.width << self.width
        self.width = width

    def is_new(self, counter: int) -> bool:
        if counter == MAX_U64:
            return False
        if counter > self.highest:
            return True
        behind = self.highest - counter
        return behind < self.width and not self.seen >> behind & 1

    def take(self, counter: int) -> None:
        """Marks a new counter as seen."""
        if counter > self.highest:
            ahead = min(counter - self.highest, self.width)
            self.seen = (self.seen << ahead | 1) & (1 << self.width) - 1
            self.highest = counter
        else:
            self.seen |= 1 << self.highest - counter


@dataclass(slots=True)
class Memory:
    """Links and holders by their prefix."""

    uses: dict[bytes, Use] = field(default_factory=dict)
    windows: dict[bytes, ReplayWindow] = field(default_factory=dict)

    def use(self, link_id: bytes) -> Use:
        return self.uses.get(prefix(link_id), Use())

    def is_new(self, holder: bytes, counter: int) -> bool:
        window = self.windows.get(prefix(holder))
        return counter != MAX_U64 if window is None else window.is_new(counter)


@dataclass(slots=True, frozen=True)
class UseChange:
    """The change of a counted link (SPEC 14.3)."""

    link: bytes
    root: bytes
    issuer: bytes
    before: Use
    after: Use
    keep_until: int
