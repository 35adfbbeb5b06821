"""Records of which `journalcheck.py` and `auditcheck.py` make logs (SPEC 22)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from keyward.audit_records import Ends, OpenDecision
from keyward.denials import Denied
from keyward.journal import Restored, start
from keyward.keys import key_id, prefix
from keyward.lock import Anchor, Identity
from keyward.memory import ReplayWindow, Use
from keyward.receipts import Interval, Persons
from keyward.records import CARD, EPOCH, KEYSET, LIST, Body, Decision, LogStart, Statement, tagged
from keyward.tables import Count, Lane, Payer, Tables
from trustcheck import (
    DEVICE,
    DOMAIN,
    EMERGENCY,
    GRANTOR,
    LIFE,
    LOCK,
    START,
    card,
    epoch,
    keyset,
    listed,
    public,
)

SECRET = bytes(range(32))
FLOOR = START + 100
LINK, OTHER_LINK, HOLDER = b"root-of-the-link", b"link-of-one-more", b"name-of-a-holder"
ISSUER = key_id(public(GRANTOR))
PAYER = Payer(LINK[:4], ISSUER[:4])
KEEP = START + 5_000
Piece = Body | bytes


def log_start(**other: Any) -> LogStart:
    fields: dict[str, Any] = {
        "schema": 4,
        "device": DEVICE,
        "nonce": LIFE,
        "domain": DOMAIN,
        "number": 10,
        "floor": FLOOR,
        "words": 1,
        "relock": False,
    }
    return LogStart(**(fields | other))


def ends(**other: Any) -> Ends:
    fields: dict[str, Any] = {
        "lock": LOCK,
        "epoch": 0,
        "starts": 7,
        "acknowledged": 0,
        "logs": ((3, b"last-of-events.." * 2), (2, b"last-of-denials." * 2)),
    }
    return Ends(**(fields | other))


def of_right(right: int) -> OpenDecision:
    return OpenDecision(9, bytes(32), right, Interval(), None)


def statements(number: int = 0, **other: Any) -> list[Piece]:
    return [
        log_start(**other),
        Statement(EPOCH, epoch(number)),
        Statement(KEYSET, keyset(number, 1)),
        Statement(LIST, listed(number, (1, 1))),
        Statement(CARD, card(number, 1, 1)),
    ]


def head(number: int = 0, opened: int | None = None, **other: Any) -> list[Piece]:
    """All up to the events, with a decision of a right that is open."""
    last = [] if opened is None else [of_right(opened)]
    return [*statements(number, **other), ends(epoch=number), *last]


def decision(**other: Any) -> Decision:
    persons: dict[str, Any] = {
        "issuer": ISSUER, "holder": HOLDER, "links": [LINK], "witnesses": []
    }
    fields: dict[str, Any] = {
        "core": bytes(32),
        "right": 0,
        "interval": Interval(START, START + 9, 1),
        "max_open": None,
        "counts": [None],
        "lane": None,
        "heard": None,
    }
    named = {name: other.pop(name, value) for name, value in persons.items()}
    return Decision(persons=Persons(**named), **(fields | other))


def used(spent: int = 1, keep: int = KEEP) -> tuple[Use, int]:
    return Use(spent, START), keep


def count_entry(spent: int = 1, keep: int = KEEP, link: bytes = LINK) -> tuple[bytes, Count]:
    return prefix(link), Count(PAYER, Use(spent, START), keep)


def lane_entry(
    highest: int = 70, seen: int = 5, latest: int = START, holder: bytes = HOLDER, words: int = 1
) -> tuple[bytes, Lane]:
    return prefix(holder), Lane(PAYER, latest, ReplayWindow(highest, seen, 64 * words))


Row = TypeVar("Row", Count, Lane)


def wide(entry: tuple[bytes, Row], more: bytes = b"and-more") -> tuple[bytes, Row]:
    """An entry as it stands in a log of schema 3."""
    name, row = entry
    payer = Payer(row.payer.root + more[:4], row.payer.issuer + more[4:])
    return name + more, replace(row, payer=payer)


def encoded(pieces: list[Piece]) -> list[bytes]:
    return [piece if isinstance(piece, bytes) else piece.encode() for piece in pieces]


def started(
    pieces: list[Piece], words: int = 1, capacity: int = 8, **given: Any
) -> Restored | None:
    records = tagged(SECRET, encoded(pieces))
    identity = Identity(DEVICE, LIFE)
    return start(records, identity, SECRET, Tables(capacity, capacity, words), **given)


def code_of(pieces: list[Piece], **given: Any) -> int | None:
    try:
        started(pieces, **given)
    except Denied as denied:
        return denied.code
    return None


def anchored(**other: Any) -> Anchor:
    fields: dict[str, Any] = {
        "domain": DOMAIN,
        "epoch": 0,
        "emergency": public(EMERGENCY),
        "lock": LOCK,
        "sealed_only": False,
    }
    return Anchor(**(fields | other))


Case = tuple[str, list[Piece], dict[str, Any], int | None]
TOO_NEW, CORRUPT, ROLLED_BACK = 192, 193, 194


def tabled(*tables: Piece, **other: Any) -> list[Piece]:
    """A head with kinds 5 and 6, up to the ends."""
    return [*statements(**other), *tables, ends()]


def older(*tables: Piece, **other: Any) -> list[Piece]:
    """Such a head of schema 3, which has no list."""
    return [one for one in tabled(*tables, schema=3, **other) if not is_list(one)]


def is_list(piece: Piece) -> bool:
    return isinstance(piece, Statement) and piece.kind == LIST


def state(pieces: list[Piece], **given: Any) -> Restored:
    restored = started(pieces, **given)
    assert restored is not None
    return restored
