"""Vectors of `receipts.json` and `seal.json` (SPEC, Appendix B)."""

from __future__ import annotations

from typing import Any

from .receipts import (
    DeviceChange,
    Persons,
    Rows,
    change_fault,
    decode_entry,
    decode_receipt,
    decode_recording,
)
from .limits import ENTRY
from .seal import Context, SealFault, of_entry, of_presentation, open_sealed, seal_text

Json = dict[str, Any]


def _disclosed(found: str | Persons | Rows) -> Any:
    if isinstance(found, Persons):
        return {
            "issuer": found.issuer.hex(),
            "holder": found.holder.hex(),
            "links": [link.hex() for link in found.links],
            "witnesses": [[name.hex(), evidence.hex()] for name, evidence in found.witnesses],
        }
    if isinstance(found, Rows):
        return [
            {
                "code": row.code,
                "holder": None if row.holder is None else row.holder.hex(),
                "count": row.count,
                "first": row.first,
                "last": row.last,
            }
            for row in found.rows
        ]
    return found


def is_of_receipts(vector: Json) -> bool:
    return not vector.keys().isdisjoint(("receipt", "entry", "change", "recording"))


def judge_receipts(vector: Json) -> Json:
    """The results of a vector, by their names in it."""
    given = {name: bytes.fromhex(v) for name, v in vector.items() if name in _BYTES and v}
    if "receipt" in given:
        receipt = decode_receipt(given["receipt"])
        fault = receipt.fault(given["domain"], given["device"])
        return {"hash": receipt.public.hash.hex(), "fault": fault}
    if "entry" in given:
        return {"disclosed": _disclosed(decode_entry(given["entry"]).disclosed())}
    if "change" in given:
        public = decode_receipt(given["change"]).public
        fault, change = change_fault(public, given["domain"]), public.event
        assert isinstance(change, DeviceChange)
        keys = [change.old.hex(), change.new.hex()]
        return {"keys": keys if fault is None else None, "fault": fault}
    recording = decode_recording(given["recording"])
    return {"fault": recording.fault(given["core"], given["witness"], given["evidence"])}


_BYTES = frozenset(
    (
        "receipt",
        "domain",
        "device",
        "entry",
        "change",
        "recording",
        "core",
        "witness",
        "evidence",
    )
)


def _context(source: Json) -> Context:
    lock, nonce = bytes.fromhex(source["lock"]), source.get("nonce")
    if source["kind"] == ENTRY:
        return of_entry(lock)
    return of_presentation(lock, None if nonce is None else bytes.fromhex(nonce))


def judge_seal(vector: Json) -> Json:
    """What is opened, or the fault."""
    secrets = [bytes.fromhex(secret) for secret in vector["secrets"]]
    sealed, context = bytes.fromhex(vector["sealed"]), _context(vector["context"])
    try:
        opened = open_sealed(secrets, context, sealed)
    except SealFault as fault:
        return {"object": None, "fault": fault.name}
    return {"object": opened.hex(), "fault": None}


def seals_alike(vector: Json) -> bool:
    """Whether the text, sealed again for whoever opens it, gives the same bytes."""
    key, ikm, text = (bytes.fromhex(vector[name]) for name in ("key", "ikm", "text"))
    return seal_text(key, ikm, _context(vector["context"]), text).hex() == vector["sealed"]
