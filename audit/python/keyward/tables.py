"""Tables of limited capacity: counts and lanes, quotas, what is over (SPEC 14.2 to 14.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .keys import prefix
from .limits import MAX_U64, UNCHALLENGED_HORIZON, WORD
from .memory import ReplayWindow, Use, UseChange

TABLE_FULL, CHANGED = 500, 501
LEAST_CAPACITY = 4


@dataclass(slots=True, frozen=True)
class Payer:
    """Whose quotas a new entry counts against (SPEC 14.4)."""

    root: bytes
    """The first 4 bytes of the `LinkId` of link 0."""
    issuer: bytes
    """The first 4 of the issuer's `KeyId`."""


@dataclass(slots=True)
class Count:
    payer: Payer
    use: Use
    keep_until: int

    def is_over(self, floor: int) -> bool:
        return floor >= self.keep_until


@dataclass(slots=True)
class Lane:
    payer: Payer
    latest: int
    """The greatest time that was ever accepted."""
    window: ReplayWindow

    def is_over(self, floor: int) -> bool:
        return floor > self.latest + UNCHALLENGED_HORIZON


@dataclass(slots=True, frozen=True)
class LaneChange:
    holder: bytes
    payer: Payer
    counter: int
    time: int


@dataclass(slots=True, frozen=True)
class Changes:
    """What a commit makes durable in the tables, all of it or nothing (SPEC 14.1)."""

    uses: Sequence[UseChange] = ()
    lane: LaneChange | None = None


def payer_of(link_0: bytes, issuer: bytes) -> Payer:
    return Payer(link_0[:4], issuer[:4])


def has_room(live: Iterable[Payer], payer: Payer, capacity: int) -> bool:
    """Whether a new entry of this payer fits beside the live ones (SPEC 14.4)."""
    paid = [*live, payer]
    of_root = sum(one.root == payer.root for one in paid)
    of_issuer = sum(one.issuer == payer.issuer for one in paid)
    return len(paid) <= capacity and of_root <= -(-capacity // 4) and of_issuer <= capacity // 2


def _check_capacity(capacity: int) -> None:
    if capacity != 0 and capacity < LEAST_CAPACITY:
        raise ValueError("room for no entries, or for at least four")


@dataclass(slots=True)
class Tables:
    """All that a lock remembers of uses; `words` are those of a window."""

    counts_capacity: int
    lanes_capacity: int
    words: int = 1
    counts: dict[bytes, Count] = field(default_factory=dict)
    """By the prefix of the `LinkId`."""
    lanes: dict[bytes, Lane] = field(default_factory=dict)
    """By the prefix of the holder's `KeyName`."""

    def __post_init__(self) -> None:
        _check_capacity(self.counts_capacity)
        _check_capacity(self.lanes_capacity)

    def use(self, link: bytes) -> Use:
        count = self.counts.get(prefix(link))
        return Use() if count is None else count.use

    def is_new(self, holder: bytes, counter: int) -> bool:
        lane = self.lanes.get(prefix(holder))
        return counter != MAX_U64 if lane is None else lane.window.is_new(counter)

    def live_counts(self, floor: int) -> dict[bytes, Count]:
        return {link: one for link, one in self.counts.items() if not one.is_over(floor)}

    def live_lanes(self, floor: int) -> dict[bytes, Lane]:
        return {holder: one for holder, one in self.lanes.items() if not one.is_over(floor)}

    def admits(self, changes: Changes, floor: int) -> int | None:
        """The code of the refusal, or None; `floor` is that which the request has raised."""
        return self._admits_uses(changes.uses, floor) or self._admits_lane(changes.lane, floor)

    def _admits_uses(self, uses: Sequence[UseChange], floor: int) -> int | None:
        """Each as if those before were not counted, but for their room (SPEC 14.4)."""
        live = self.live_counts(floor)
        paid = [count.payer for count in live.values()]
        for change in uses:
            if self.use(change.link) != change.before:
                return CHANGED
            if prefix(change.link) in live:
                continue
            payer = payer_of(change.root, change.issuer)
            if not has_room(paid, payer, self.counts_capacity):
                return TABLE_FULL
            paid.append(payer)
        return None

    def _admits_lane(self, change: LaneChange | None, floor: int) -> int | None:
        if change is None:
            return None
        if not self.is_new(change.holder, change.counter):
            return CHANGED
        live = self.live_lanes(floor)
        paid = [lane.payer for lane in live.values()]
        held = prefix(change.holder) in live
        if not held and not has_room(paid, change.payer, self.lanes_capacity):
            return TABLE_FULL
        return None

    def apply(self, changes: Changes, floor: int) -> None:
        """Makes admitted changes; what is over goes first (SPEC 14.4)."""
        self._drop_over(changes, floor)
        for change in changes.uses:
            self._apply_use(change)
        if changes.lane is not None:
            self._apply_lane(changes.lane)

    def repeat(self, changes: Changes, floor: int) -> int | None:
        """Makes changes that were admitted before they were written (SPEC 22.4).

        The code of what cannot be applied, or None; after a code the tables are of no use.
        """
        self._drop_over(changes, floor)
        for change in changes.uses:
            held = prefix(change.link) in self.counts
            if not held and len(self.counts) >= self.counts_capacity:
                return TABLE_FULL
            self._apply_use(change)
        lane = changes.lane
        if lane is None:
            return None
        if not self.is_new(lane.holder, lane.counter):
            return CHANGED
        held = prefix(lane.holder) in self.lanes
        if not held and len(self.lanes) >= self.lanes_capacity:
            return TABLE_FULL
        self._apply_lane(lane)
        return None

    def _drop_over(self, changes: Changes, floor: int) -> None:
        """From the tables that the changes touch."""
        if changes.uses:
            self.counts = self.live_counts(floor)
        if changes.lane is not None:
            self.lanes = self.live_lanes(floor)

    def _apply_use(self, change: UseChange) -> None:
        """An entry keeps its payer, and its own *keep until* where that is greater (SPEC 14.3)."""
        link = prefix(change.link)
        held = self.counts.get(link)
        payer, keep_until = payer_of(change.root, change.issuer), change.keep_until
        use = change.after
        if held is not None:
            payer, keep_until = held.payer, max(held.keep_until, keep_until)
            firsts = [first for first in (use.first, held.use.first) if first is not None]
            use = Use(max(use.spent, held.use.spent), min(firsts, default=None))
        self.counts[link] = Count(payer, use, keep_until)

    def _apply_lane(self, change: LaneChange) -> None:
        holder = prefix(change.holder)
        lane = self.lanes.get(holder)
        if lane is None:
            window = ReplayWindow(change.counter, width=self.words * WORD)
            self.lanes[holder] = Lane(change.payer, change.time, window)
            return
        lane.window.take(change.counter)
        lane.latest = max(lane.latest, change.time)

    def restore_count(self, link: bytes, count: Count, floor: int) -> int | None:
        """An entry of a log; a code where it stands there twice, or has no room."""
        if count.is_over(floor):
            return None
        if link in self.counts:
            return CHANGED
        self.counts[link] = count
        return None if len(self.counts) <= self.counts_capacity else TABLE_FULL

    def restore_lane(self, holder: bytes, lane: Lane, floor: int) -> int | None:
        if lane.is_over(floor):
            return None
        if holder in self.lanes:
            return CHANGED
        self.lanes[holder] = lane
        return None if len(self.lanes) <= self.lanes_capacity else TABLE_FULL
