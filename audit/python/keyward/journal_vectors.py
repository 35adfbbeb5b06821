"""Vectors of `journal.json`: a start over a store's records (SPEC, Appendix B)."""

from __future__ import annotations

from .audit import AuditLog
from .denials import Denied
from .journal import Journal, Restored, start
from .lock import Identity
from .records import SCHEMA, LogStart, challenge_nonce, decode_anchor, decode_body, tagged, untagged
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


def _log(log: AuditLog) -> Json:
    last = None
    if log.held:
        public, private = log.held[-1]
        private_bytes = b"" if private is None else private.encode()
        last = {"public": public.encode().hex(), "private": private_bytes.hex()}
    return {"next": log.next, "hash": log.hash.hex(), "held": len(log.held), "last": last}


def _after(journal: Journal, secret: bytes) -> Json:
    trust, floor, starts = journal.trust, journal.floor, journal.audit.starts
    randoms = enumerate((bytes(16), b"\x5a" * 16))
    return {
        "domain": trust.domain.hex(),
        "epoch": trust.epoch.number,
        "keyset": trust.keyset.version,
        "list": [0, 0] if trust.list is None else list(trust.list.order),
        "card": list(trust.card.order) if trust.card_current else [0, 0],
        "floor": floor,
        "relock": journal.relock,
        "events": _log(journal.audit.events),
        "denials": _log(journal.audit.denials),
        "nonces": [challenge_nonce(secret, starts, n, one).hex() for n, one in randoms],
        "counts": shown_counts(journal.tables.live_counts(floor)),
        "lanes": shown_lanes(journal.tables.live_lanes(floor)),
    }


def encodes_alike(vector: Json) -> bool:
    """Whether the records, decoded and encoded and tagged again, are the same."""
    secret = bytes.fromhex(vector["secret"])
    records = [bytes.fromhex(record) for record in vector["records"]]
    bodies = [body for body in untagged(secret, records) if body is not None]
    schema = bodies[0][1] if bodies else SCHEMA
    start = decode_body(bodies[0], 0, schema) if bodies else None
    words = start.words if isinstance(start, LogStart) else 0
    encoded = (decode_body(body, words, schema).encode() for body in bodies)
    return tagged(secret, encoded) == records


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
