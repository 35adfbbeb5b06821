"""Vectors of `trust.json`: a lock's life, step by step (SPEC, Appendix B)."""

from __future__ import annotations

from typing import Any

from .lock import Identity, Lock
from .refusals import Refused

Json = dict[str, Any]


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)


def _identity(source: Json) -> Identity:
    device, nonce = bytes.fromhex(source["device"]), bytes.fromhex(source["nonce"])
    return Identity(device, nonce, _bytes(source["claim_key"]))


def _do(lock: Lock, step: Json) -> str:
    do = step["do"]
    if do == "claim":
        return lock.claim(
            bytes.fromhex(step["claim"]),
            bytes.fromhex(step["epoch"]),
            bytes.fromhex(step["keyset"]),
            bytes.fromhex(step["card"]),
            _bytes(step["list"]),
            step["contact"],
        )
    if do == "epochs":
        epochs = [bytes.fromhex(epoch) for epoch in step["epochs"]]
        return lock.take_epochs(epochs, bytes.fromhex(step["keyset"]))
    if do == "keyset":
        return lock.take_keyset(bytes.fromhex(step["bytes"]))
    if do == "card":
        return lock.take_card(bytes.fromhex(step["bytes"]))
    if do == "status":
        return lock.take_status(bytes.fromhex(step["bytes"]), step["lo"], _bytes(step["nonce"]))
    if do == "release":
        return lock.release(bytes.fromhex(step["device"]), bytes.fromhex(step["nonce"]))
    raise ValueError(f"no such step: {do}")


def _result(lock: Lock, step: Json) -> Json:
    try:
        return {"applied": _do(lock, step)}
    except Refused as refused:
        result: Json = {"refused": refused.code, "reason": refused.name}
        if refused.detail is not None:
            result["detail"] = refused.detail
        return result


def _after(lock: Lock) -> Json | None:
    state = lock.state
    if state is None:
        return None
    held = state.list
    return {
        "domain": state.domain.hex(),
        "epoch": state.epoch.number,
        "keyset": state.keyset.version,
        "list": [0, 0] if held is None else list(held.order),
        "card": list(state.card.order) if state.card_current else [0, 0],
        "floor": lock.clock.floor,
        "bodies": {
            "epoch": state.epoch.hash.hex(),
            "keyset": state.keyset.hash.hex(),
            "card": state.card.hash.hex(),
            "list": None if held is None else held.list.hash.hex(),
        },
    }


def judge_trust(vector: Json) -> list[Json]:
    """The result of each step, and the state after it."""
    lock = Lock(_identity(vector["identity"]))
    return [{"result": _result(lock, step), "after": _after(lock)} for step in vector["steps"]]
