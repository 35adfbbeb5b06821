"""Test vectors as JSON: their inputs, and verdicts in their shape."""

from __future__ import annotations

from typing import Any

from .denials import Denied
from .keys import check_key, prefix
from .memory import Memory, ReplayWindow, Use
from .objects import decode
from .schedule import Zone
from .statements import Issuer
from .verify import Accepted, Checker, Session, TrustView, verify
from .wire import DecodeError

Json = dict[str, Any]

_CHECKERS: dict[str, Checker] = {
    "holds": lambda tag, data, right, parameter: True,
    "fails": lambda tag, data, right, parameter: False,
    "unknown tag": lambda tag, data, right, parameter: None,
}


def _hex(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)


def _zone(source: Json | None) -> Zone | None:
    if source is None:
        return None
    return Zone([(t["at"], t["offset"]) for t in source["transitions"]], source["end"])


def trust_view(source: Json) -> TrustView:
    view = TrustView(
        domain=bytes.fromhex(source["domain"]),
        epoch=source["epoch"],
        lock=bytes.fromhex(source["lock"]),
        keyset=source["keyset"],
        list_order=tuple(source["list"]),
        card_current=source["card_current"],
        groups=frozenset(map(bytes.fromhex, source["groups"])),
        emergency=_hex(source["emergency"]),
        revoked=frozenset(map(bytes.fromhex, source["revoked"])),
        floors={bytes.fromhex(floor["issuer"]): floor["first"] for floor in source["floors"]},
        zone=_zone(source["zone"]),
        accepts_unchallenged=source["accepts_unchallenged"],
        sealed_only=source["sealed_only"],
    )
    if view.emergency is not None:
        check_key(view.emergency)
    for issuer in source["issuers"]:
        view.trust(
            Issuer(
                key=bytes.fromhex(issuer["key"]),
                roles=issuer["roles"],
                start=issuer["from"],
                lasts=issuer["lasts"],
                limits=bytes.fromhex(issuer["limits"]),
            )
        )
    return view


def memory(source: Json) -> Memory:
    uses = {
        prefix(bytes.fromhex(u["link"])): Use(u["spent"], u.get("first")) for u in source["uses"]
    }
    window = source.get("window")
    if window is None:
        return Memory(uses)
    highest = window["highest"]
    kept = ReplayWindow.restored(highest) if window["all_below_seen"] else ReplayWindow(highest)
    return Memory(uses, {prefix(bytes.fromhex(window["holder"])): kept})


def session(source: Json | None) -> Session | None:
    if source is None:
        return None
    return Session(
        bytes.fromhex(source["nonce"]),
        source["channel"],
        source["age_milliseconds"],
        source["drift_ppm"],
    )


def _accepted(result: Accepted) -> Json:
    return {
        "accepted": True,
        "after": {
            "counter": None if result.lane is None else result.lane[1],
            "heard": result.heard,
            "uses": [
                {
                    "first": change.after.first,
                    "issuer": change.issuer.hex(),
                    "keep_until": change.keep_until,
                    "link": change.link.hex(),
                    "root": change.root.hex(),
                    "spent": change.after.spent,
                }
                for change in result.uses
            ],
        },
        "core": result.core.hex(),
        "holder": result.holder.hex(),
        "links": [link.hex() for link in result.link_ids],
        "evidence": [evidence.hex() for evidence in result.evidence],
        "relock_within": result.max_open,
        "time": {"hi": result.hi, "lo": result.lo},
    }


def _denied(denied: Denied) -> Json:
    return {
        "accepted": False,
        "answer": denied.answer,
        "code": denied.code,
        "detail": denied.detail,
        "evidence": denied.evidence,
        "reason": denied.name,
    }


def judge(vector: Json) -> Json:
    """The verdict on a vector of a presentation."""
    app = vector["app"]
    try:
        return _accepted(
            verify(
                bytes.fromhex(vector["presentation"]),
                trust_view(vector["trust"]),
                memory(vector["memory"]),
                vector["now"]["lo"],
                vector["now"]["hi"],
                session(vector["challenge"]),
                None if app is None else _CHECKERS[app],
            )
        )
    except Denied as denied:
        return _denied(denied)


def decode_error(name: str, data: bytes) -> DecodeError | None:
    """What the decoder of a kind finds, or None."""
    try:
        decode(name, data)
    except DecodeError as error:
        return error
    return None
