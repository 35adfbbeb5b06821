"""A lock's audit logs, as they follow from its journal (SPEC 24.1 to 24.5, 22.2 to 22.4)."""

from __future__ import annotations

from dataclasses import dataclass, field

from .audit_records import Beginning, Ends, Kept, OpenDecision
from .keys import LABEL_SALT, device_mac
from .limits import CARD, KEYSET, MAX_U32, MAX_U64, STATUS
from .objects import Status
from .receipts import (
    Denials,
    Event,
    Interval,
    Opening,
    Persons,
    PrivatePart,
    PublicPart,
    Rows,
    Taken,
)
from .statements import Card, Keyset


class AuditFault(Exception):
    """A log that is not as SPEC 22.3 and 22.4 say."""


@dataclass(slots=True)
class AuditLog:
    """The entries that a lock holds of one of its two logs, and where the log ends."""

    next: int = 0
    hash: bytes = bytes(32)
    """Of the last entry; zeros in front of number 0."""
    held: list[tuple[PublicPart, PrivatePart | None]] = field(default_factory=list)
    begun: bool = False

    @property
    def oldest(self) -> int:
        return self.held[0][0].sequence if self.held else self.next

    def append(self, public: PublicPart, private: PrivatePart | None) -> None:
        self.held.append((public, private))
        self.hash = public.hash
        self.next = min(self.next + 1, MAX_U64)
        self.begun = True


@dataclass(slots=True)
class Audit:
    secret: bytes
    lock: bytes
    epoch: int
    starts: int = 0
    acknowledged: int = 0
    events: AuditLog = field(default_factory=AuditLog)
    denials: AuditLog = field(default_factory=AuditLog)

    def _log_of(self, event: Event) -> AuditLog:
        return self.denials if isinstance(event, Denials) else self.events

    def _private(
        self, log: AuditLog, event: Event, rest: Persons | Rows | None
    ) -> PrivatePart | None:
        """Its salt comes of the core of an opening, of *before* of denials (SPEC 24.3)."""
        if rest is None:
            return None
        of = event.core if isinstance(event, Opening) else log.hash
        return PrivatePart(device_mac(self.secret, LABEL_SALT + of), rest)

    def _append(
        self,
        place: tuple[int, int | None, int],
        interval: Interval,
        event: Event,
        rest: Persons | Rows | None,
    ) -> int:
        """At epoch, oldest (the log's where None) and starts; the number of the entry."""
        epoch, oldest, starts = place
        log = self._log_of(event)
        private = self._private(log, event, rest)
        public = PublicPart(
            lock=self.lock,
            epoch=epoch,
            sequence=log.next,
            before=log.hash,
            oldest=log.oldest if oldest is None else oldest,
            starts=starts,
            interval=interval,
            private=None if private is None else private.hash,
            event=event,
        )
        if public.oldest > public.sequence:
            raise AuditFault
        log.append(public, private)
        return public.sequence

    # The head of a log

    def begin(self, beginning: Beginning) -> None:
        log = self.denials if beginning.denials else self.events
        if log.begun:
            raise AuditFault
        log.next, log.hash, log.begun = beginning.number, beginning.before, True

    def keep(self, kept: Kept) -> None:
        place = kept.epoch, kept.oldest, kept.starts
        self._append(place, kept.interval, kept.event, kept.rest)

    def end(self, ends: Ends) -> None:
        """They are those of the kept entries, where there are any."""
        if ends.lock != self.lock:
            raise AuditFault
        for log, (following, last) in zip((self.events, self.denials), ends.logs):
            if log.begun and (log.next, log.hash) != (following, last):
                raise AuditFault
            log.next, log.hash, log.begun = following, last, True
        self.starts, self.acknowledged = ends.starts, ends.acknowledged

    # Events

    def _add(self, interval: Interval, event: Event, rest: Persons | Rows | None = None) -> int:
        return self._append((self.epoch, None, self.starts), interval, event, rest)

    def close(self, decision: OpenDecision, outcome: int) -> int:
        opening = Opening(decision.core, decision.right, outcome)
        return self._add(decision.interval, opening, decision.persons)

    def take(self, interval: Interval, held: Keyset | Status | Card) -> None:
        if isinstance(held, Status):
            assert held.list is not None
            taken = Taken(STATUS, held.list_answer)
        else:
            taken = Taken(KEYSET if isinstance(held, Keyset) else CARD, held.hash)
        self._add(interval, taken)

    def tell(self, interval: Interval, rows: Rows) -> None:
        self._add(interval, Denials(min(rows.count, MAX_U32)), rows)

    def change(self, interval: Interval, event: Event) -> None:
        self._add(interval, event)
