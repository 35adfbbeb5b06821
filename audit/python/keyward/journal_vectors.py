"""Vectors of `journal.json`: a start over a store's records (SPEC, Appendix B)."""

from __future__ import annotations

from .denials import Denied
from .journal import Journal, Restored, start
from .lock import Identity
from .records import LogStart, challenge_nonce, decode_anchor, decode_body, tagged, untagged
from .tables_vectors import Json, empty_tables, shown_counts, shown_lanes


def _start(vector: Json) -> Restored | None:
    identity = vector["identity"]
    secret, anchor = bytes.fromhex(vector["secret"]), vector["anchor"]
    return start(
        [bytes.fromhex(record) for record in vector["records"]],
        Identity(bytes.fromhex(identity["device"]), bytes.fromhex(identity["nonce"])),
        secret,
        empty_tables(vector["capacity"]),
        None if anchor is None else decode_anchor(bytes.fromhex(anchor), secret),
        vector["counter"],
    )


def _after(journal: Journal, secret: bytes) -> Json:
    trust, floor = journal.trust, journal.floor
    randoms = enumerate((bytes(16), b"\x5a" * 16))
    return {
        "domain": trust.domain.hex(),
        "epoch": trust.epoch.number,
        "keyset": trust.keyset.version,
        "list": [0, 0] if trust.list is None else list(trust.list.order),
        "card": list(trust.card.order) if trust.card_current else [0, 0],
        "floor": floor,
        "next": journal.next,
        "relock": journal.relock,
        "nonces": [challenge_nonce(secret, journal.boots, n, one).hex() for n, one in randoms],
        "counts": shown_counts(journal.tables.live_counts(floor)),
        "lanes": shown_lanes(journal.tables.live_lanes(floor)),
    }


def encodes_alike(vector: Json) -> bool:
    """Whether the records, decoded and encoded and tagged again, are the same."""
    secret = bytes.fromhex(vector["secret"])
    records = [bytes.fromhex(record) for record in vector["records"]]
    bodies = untagged(secret, records) or []
    start = decode_body(bodies[0], 0) if bodies else None
    words = start.words if isinstance(start, LogStart) else 0
    return tagged(secret, (decode_body(body, words).encode() for body in bodies)) == records


def judge_journal(vector: Json) -> Json:
    """The result of a start over the records, and the state after it."""
    try:
        restored = _start(vector)
    except Denied as denied:
        return {"result": {"denied": denied.code, "reason": denied.name}, "after": None}
    if restored is None:
        return {"result": {"restored": "unclaimed"}, "after": None}
    return {
        "result": {"restored": "claimed", "interrupted": restored.interrupted},
        "after": _after(restored.journal, bytes.fromhex(vector["secret"])),
    }
