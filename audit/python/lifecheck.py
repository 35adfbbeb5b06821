"""A lock's life with presentations in it, its clock, and the shape of its vectors.

Called by `selfcheck.py`.
"""

from __future__ import annotations

import copy
from typing import Any

from keyward.caveats import Caveats, Valid
from keyward.clock import Clock
from keyward.denials import Denied
from keyward.issue import claimed_fault, issue, make_request, present
from keyward.keys import public_of
from keyward.lock import Lock
from keyward.objects import Challenged
from keyward.refusals import Refused
from keyward.seal import of_presentation, seal, sealing_key_of
from keyward.token import Origin
from keyward.trust_vectors import judge_trust
from keyward.verify import Session, verify
from trustcheck import (
    CLAIM_KEY,
    DEVICE,
    DOMAIN,
    EMERGENCY,
    GRANTOR,
    GROUP,
    HOLDER,
    LABEL_KEY,
    LIFE,
    LOCK,
    NONCE,
    START,
    card,
    claim_of,
    epoch,
    fresh_lock,
    keyset,
    listed,
    public,
    secret,
    status,
)


OPENING = secret(81), secret(82)
"""Opening keys of the lock, the current one first."""


def opens(
    lock: Lock, by: int, group: bool = False, anchored: bool = False, sealed: bool = False
) -> int | None:
    """The code that a token's presentation is denied with, or None."""
    now, number = START + 3600, lock.state.epoch.number if lock.state is not None else 0
    target = b"\1" + GROUP if group else b"\0" + LOCK
    grant = Caveats(rights=1, targets=(target,), valid=Valid(now, 60))
    token = issue(secret(by), DOMAIN, number, 1, public(HOLDER), 0, grant)
    origin = Origin(DOMAIN, number, public(by))
    request = make_request(origin, LOCK, Challenged(bytes(16), NONCE, 1), 0, b"", token)
    shown = present(secret(HOLDER), request).encode()
    try:
        view = lock.anchor.view() if anchored and lock.anchor is not None else lock.view()
        if sealed:
            context = of_presentation(LOCK, NONCE)
            shown = seal(sealing_key_of(OPENING[0]), secret(83), context, shown)
        session = Session(NONCE, 1, 1000, 0)
        verify(shown, view, lock.memory, now, now, session, opening=lock.opening)
    except Denied as denied:
        return denied.code
    return None


def check_life() -> list[str]:
    lock = fresh_lock()
    found: list[tuple[object, object]] = [(opens(lock, GRANTOR), 190)]
    lock.claim(**claim_of())
    found.append((opens(lock, GRANTOR), 402))
    lock.take_status(listed(0, (1, 2), entries=[]).encode())
    found.append((opens(lock, GRANTOR, group=True), None))
    found.append((lock.clock.floor, START + 100))
    lock.take_epochs([epoch(1).encode()], keyset(1, 0).encode())
    found.append((lock.clock.floor, START + 1))
    found += [(opens(lock, GRANTOR), None), (opens(lock, GRANTOR, group=True), 411)]
    found += [(opens(lock, EMERGENCY), None), (opens(lock, EMERGENCY, anchored=True), None)]
    found.append((opens(lock, GRANTOR, anchored=True), 200))
    lock.take_card(card(1, 0, 1).encode())
    found.append((opens(lock, GRANTOR, group=True), None))
    sealed = copy.deepcopy(lock)
    sealed.opening = OPENING
    sealed.take_card(card(1, 0, 2, flags=3, sealing=sealing_key_of(OPENING[0])).encode())
    found += [(opens(sealed, GRANTOR), 214), (opens(sealed, EMERGENCY), 214)]
    found += [(opens(sealed, GRANTOR, sealed=True), None)]
    found += [(opens(lock, GRANTOR, sealed=True), 215)]
    sealed.opening = OPENING[1:]
    found += [(opens(sealed, GRANTOR, sealed=True), 215), (opens(sealed, GRANTOR), 214)]
    lock.take_keyset(keyset(1, 1, issuers=[]).encode())
    found += [(opens(lock, GRANTOR), 200), (opens(lock, EMERGENCY), None)]
    lock.release(public(63), bytes(16))
    found.append((opens(lock, GRANTOR), 190))
    found.append((lock.anchor, None))
    return [f"trust: life, {n}: {a} for {b}" for n, (a, b) in enumerate(found) if a != b]


def check_answers() -> list[str]:
    """SPEC 18.1: the answer to a claim is over all that the lock holds."""
    lock = fresh_lock()
    lock.claim(**claim_of())
    answer, label = lock.answer_claim(LABEL_KEY), public_of(LABEL_KEY)
    brought = listed(0, (1, 1)).list_answer
    held: list[Any] = [DOMAIN, epoch(0), card(0, 1, 1), keyset(0, 1), brought]
    others: list[Any] = [bytes(32), epoch(1), card(0, 1, 2), keyset(0, 2), None]
    found = [claimed_fault(label, answer, *held)]
    for n, other in enumerate(others):
        changed = [*held[:n], other, *held[n + 1:]]
        found.append(claimed_fault(label, answer, *changed))
    faults = [] if found == [None, *["Mismatch"] * 5] else [f"trust: answers: {found}"]
    lock.take_keyset(keyset(0, 2).encode())
    if lock.answer_claim(LABEL_KEY) == answer:
        faults.append("trust: answers: over a keyset that is no longer held")
    return faults


def check_time() -> list[str]:
    """SPEC 17.5: a status without a list that isn't above the floor."""
    lock = fresh_lock()
    lock.claim(**claim_of())
    lock.clock.uptime = 5_000
    before, late = copy.deepcopy(lock), START + 100
    found: list[tuple[object, object]] = [
        (lock.take_status(status(0, at=late).encode()), "unchanged"),
        (lock == before, True),
        (lock.take_status(status(0, at=late, nonce=NONCE).encode(), 0, NONCE, 4_000), "time"),
        (lock.clock.bound, (late + 1, 4_000)),
        (lock.clock.passed, (late, 0)),
        (lock.take_status(status(0, at=late + 2).encode()), "time"),
        ((lock.clock.floor, lock.clock.passed), (late + 2, (late, 0))),
        (lock.clock.bound, (late + 1, 4_000)),
        (lock.take_status(status(0, at=late + 9).encode()), "time"),
        ((lock.clock.floor, lock.clock.passed), (late + 9, (late + 9, 5_000))),
        (lock.take_status(listed(0, (1, 3)).encode()), "list"),
        (lock.clock.floor, late + 9),
    ]
    return [f"trust: time, {n}: {a} for {b}" for n, (a, b) in enumerate(found) if a != b]


def check_clock() -> list[str]:
    """SPEC 9.2: what ticks have left behind does not start them anew."""
    clock = Clock(drift=100)
    clock.begin(1000)
    clock.uptime, clock.bound = 100_000, (1010, 50_000)
    found: list[tuple[object, object]] = [(clock.refined(0, None), (1099, 1099))]
    clock.bound = 1060, 50_000
    found += [(clock.refined(0, None), (1099, 1111)), (clock.refined(0, 1105), (1099, 1105))]
    clock.rise(1050)
    found += [(clock.floor, 1050), (clock.refined(0, None)[0], 1099)]
    clock.rise(1200)
    found.append((clock.refined(0, None), (1200, 1200)))
    clock.uptime = 40_000
    found.append((clock.refined(0, None), (1200, None)))
    clock.restart()
    found.append((clock.refined(7, None), (1200, None)))
    return [f"clock: {n}: {a} for {b}" for n, (a, b) in enumerate(found) if a != b]


def check_opening_keys() -> list[str]:
    """SPEC 17.6, step 2, and 18.1: cards by whose sealing key the lock could not open."""
    current, before, other = (sealing_key_of(secret(n)) for n in (81, 82, 83))
    refusals = []
    for flags, sealing, device in (
        (1, current, DEVICE), (0, before, DEVICE), (0, other, DEVICE), (3, other, DEVICE),
        (2, None, DEVICE), (1, other, public(63)),
    ):
        one = card(0, 1, 2, flags=flags, sealing=sealing, device=device)
        for claimed in (True, False):
            lock = fresh_lock()
            lock.opening = OPENING
            if claimed:
                lock.claim(**claim_of())
            try:
                if claimed:
                    lock.take_card(one.encode())
                else:
                    lock.claim(**claim_of(card=one))
                refusals.append("")
            except Refused as refused:
                refusals.append(refused.name)
    expected = ["", "", "OtherSealing", "OtherSealing", "", "OtherDevice"]
    lock = fresh_lock()
    lock.opening = OPENING
    lock.claim(**claim_of())
    lock.release(public(63), bytes(16))
    faults = [] if refusals == [name for name in expected for _ in range(2)] else [
        f"trust: opening keys: {refusals}"
    ]
    return faults + ([] if lock.opening == () else ["trust: a release keeps the opening keys"])


def check_in_the_clear() -> list[str]:
    """SPEC 13.2 and 13.3: what does not decode is told before what came in the clear."""
    lock = fresh_lock()
    lock.opening = OPENING
    demanding = card(0, 1, 1, flags=1, sealing=sealing_key_of(OPENING[0]))
    lock.claim(**claim_of(card=demanding))
    codes = []
    for data in (b"", b"\1", b"\1\7", b"\1\x0f", b"\2\x0f", b"\1\x10"):
        try:
            verify(data, lock.view(), lock.memory, 0, None, opening=lock.opening)
        except Denied as denied:
            codes.append(denied.code)
    return [] if codes == [100, 100, 100, 215, 215, 100] else [f"verify: in the clear: {codes}"]


# --- The shape of the vectors ---------------------------------------------------------


def check_vectors() -> list[str]:
    """The shape of Appendix B, on one life."""
    hexed = {name: value.hex() if isinstance(value, bytes) else value
             for name, value in claim_of().items()}
    hexed["list"] = hexed.pop("listed")
    vector = {
        "identity": {
            "device": DEVICE.hex(),
            "nonce": LIFE.hex(),
            "claim_key": public_of(CLAIM_KEY).hex(),
        },
        "steps": [
            {"do": "card", "bytes": ""},
            {"do": "claim", **hexed},
            {"do": "epochs", "epochs": [epoch(1).encode().hex()],
             "keyset": keyset(1, 2).encode().hex()},
            {"do": "status", "bytes": status(1, at=START + 300).encode().hex(),
             "nonce": None, "lo": 0},
            {"do": "keyset", "bytes": ""},
            {"do": "release", "device": public(63).hex(), "nonce": "00" * 16},
        ],
    }
    results = [step["result"] for step in judge_trust(vector)]
    expected = [
        {"refused": 601, "reason": "Unclaimed"},
        {"applied": "claim"},
        {"applied": "epoch"},
        {"applied": "time"},
        {"refused": 600, "reason": "Malformed", "detail": "Truncated"},
        {"applied": "release"},
    ]
    return [] if results == expected else [f"trust: vector: {results}"]


def check_life_of_a_lock() -> list[str]:
    faults = check_life() + check_answers() + check_clock() + check_time() + check_vectors()
    return faults + check_opening_keys() + check_in_the_clear()
