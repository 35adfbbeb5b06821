"""Vectors of `tables.json`: changes of counts and lanes (SPEC, Appendix B); entries in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .limits import MAX_U64, WORD
from .memory import Use, UseChange
from .tables import Changes, Count, Lane, LaneChange, Tables, payer_of

Json = dict[str, Any]


def empty_tables(capacity: Json) -> Tables:
    return Tables(capacity["counts"], capacity["lanes"], capacity["words"])


def _count(link: bytes, count: Count) -> Json:
    return {
        "link": link.hex(),
        "root": count.payer.root.hex(),
        "issuer": count.payer.issuer.hex(),
        "spent": count.use.spent,
        "first": count.use.first,
        "keep_until": count.keep_until,
    }


def _lane(holder: bytes, lane: Lane) -> Json:
    """Without the bits of counters below 0, which say nothing."""
    window = lane.window
    seen = window.seen & (1 << min(window.highest + 1, window.width)) - 1
    return {
        "holder": holder.hex(),
        "root": lane.payer.root.hex(),
        "issuer": lane.payer.issuer.hex(),
        "latest": lane.latest,
        "highest": window.highest,
        "seen": [seen >> at & MAX_U64 for at in range(0, window.width, WORD)],
    }


def shown_counts(counts: Mapping[bytes, Count]) -> list[Json]:
    """Ascending by link."""
    return [_count(*entry) for entry in sorted(counts.items())]


def shown_lanes(lanes: Mapping[bytes, Lane]) -> list[Json]:
    """Ascending by holder."""
    return [_lane(*entry) for entry in sorted(lanes.items())]


def _bytes(entry: Json, *names: str) -> list[bytes]:
    return [bytes.fromhex(entry[name]) for name in names]


def _use_change(one: Json) -> UseChange:
    link, root, issuer = _bytes(one, "link", "root", "issuer")
    before, after = Use(**one["before"]), Use(**one["after"])
    return UseChange(link, root, issuer, before, after, one["keep_until"])


def _changes(step: Json) -> Changes:
    uses = [_use_change(one) for one in step["counted"]]
    lane = step["lane"]
    if lane is None:
        return Changes(uses)
    holder, root, issuer = _bytes(lane, "holder", "root", "issuer")
    change = LaneChange(holder, payer_of(root, issuer), lane["counter"], lane["time"])
    return Changes(uses, change)


def judge_tables(vector: Json) -> Json:
    """Each step's result, and what is not over after the last, at its floor."""
    tables, floor = empty_tables(vector["capacity"]), 0
    results: list[str | int] = []
    for step in vector["steps"]:
        changes, floor = _changes(step), step["floor"]
        code = tables.admits(changes, floor)
        if code is None:
            tables.apply(changes, floor)
        results.append("applied" if code is None else code)
    counts, lanes = tables.live_counts(floor), tables.live_lanes(floor)
    after = {"counts": shown_counts(counts), "lanes": shown_lanes(lanes)}
    return {"results": results, "after": after}
