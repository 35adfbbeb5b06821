"""A lock's life on objects made here: each rule of SPEC 17 and 18 broken once.

Called by `selfcheck.py`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from keyward.issue import (
    attest,
    keys_of,
    sign_any_epoch,
    sign_card,
    sign_claim,
    sign_epoch,
    sign_keyset,
)
from keyward.keys import key_name, prefix, public_of
from keyward.lock import Identity, Lock
from keyward.objects import RevocationList, Status
from keyward.refusals import NAMES, Refused
from keyward.schedule import Zone
from keyward.statements import Card, Epoch, Issuer, Keyset

START = 1_795_510_800
NONCE, LIFE, LOCK, GROUP = b"nonce-of-session", b"life-of-the-lock", b"door-001", b"group-01"


def secret(n: int) -> bytes:
    return bytes((n,)) * 32


def public(n: int) -> bytes:
    return public_of(secret(n))


def cold_of(n: int) -> list[bytes]:
    return [secret(100 + 3 * n + i) for i in range(3)]


ROOTS = [secret(91), secret(92), secret(93)]
EMERGENCY, GRANTOR, ATTESTER, REVOKER, ENROLLER, UNKNOWN_LIMITS = 90, 1, 2, 3, 4, 5
DEVICE, CLAIM_KEY, LABEL_KEY, HOLDER, STRANGER = public(60), secret(61), secret(62), 11, 77
USED_ROOTS = ROOTS[:2]


def issuers() -> list[Issuer]:
    """Each of one role, from START on for a day, and one with limits of a later version."""
    found = [Issuer(public(n), 1 << role, START, 86_400) for role, n in enumerate(range(1, 5))]
    found.append(Issuer(public(UNKNOWN_LIMITS), 15, START, 86_400, b"\x80\x10"))
    return found


def sorted_issuers(entries: list[Issuer]) -> list[Issuer]:
    return sorted(entries, key=lambda issuer: issuer.key)


def epoch_of(number: int, cold: int | None = None, **other: Any) -> Epoch:
    """Unsigned; by its number's own cold keys, unless others are given."""
    of = number if cold is None else cold
    fields: dict[str, Any] = {
        "number": number,
        "issued_at": START + number,
        "roots": keys_of(2, ROOTS),
        "emergency": public(EMERGENCY),
        "next": keys_of(2, cold_of(of + 1)).commitment,
        "cold": keys_of(2, cold_of(of)),
        "signatures": [],
    }
    return Epoch(**(fields | other))


DOMAIN = epoch_of(0).hash


def epoch(number: int, cold: int | None = None, signers: int = 2, **other: Any) -> Epoch:
    of = number if cold is None else cold
    by = sorted(cold_of(of), key=public_of)[:signers]
    return sign_any_epoch(by, DOMAIN, epoch_of(number, cold, **other))


def keyset(epoch: int, version: int, signers: list[bytes] = USED_ROOTS, **other: Any) -> Keyset:
    fields: dict[str, Any] = {
        "epoch": epoch,
        "version": version,
        "issued_at": START + 100 * version,
        "log_to": None,
        "issuers": sorted_issuers(issuers()),
        "zones": [(7, Zone([(0, 60)], 2**32 - 1))],
        "signatures": [],
    }
    return sign_keyset(signers, DOMAIN, keys_of(2, ROOTS), Keyset(**(fields | other)))


def card(epoch: int, keyset: int, version: int, signer: int = ENROLLER, **other: Any) -> Card:
    fields: dict[str, Any] = {
        "issuer": bytes(8),
        "epoch": epoch,
        "keyset": keyset,
        "version": version,
        "at": START,
        "lock": LOCK,
        "groups": (GROUP,),
        "device": DEVICE,
        "sealing": None,
        "flags": 2,
        "zone": 7,
        "nonce": LIFE,
        "signature": bytes(64),
    }
    return sign_card(secret(signer), DOMAIN, Card(**(fields | other)))


def listed(
    epoch: int, order: tuple[int, int], by: int = REVOKER, at: int = START, **other: Any
) -> Status:
    entries = other.pop("entries", [prefix(key_name(public(HOLDER)))])
    found = RevocationList(entries, [])
    return attest(secret(by), DOMAIN, epoch, order[0], order, at, listed=found, **other)


def status(epoch: int, by: int = ATTESTER, at: int = START, **other: Any) -> Status:
    return attest(secret(by), DOMAIN, epoch, 9, (9, 9), at, **other)


def broken(data: bytes) -> bytes:
    """The last signature no longer holds."""
    return data[:-32] + bytes((data[-32] ^ 1,)) + data[-31:]


def claim_of(number: int = 0, **other: Any) -> dict[str, Any]:
    """A claim that holds, but for what is given in its place."""
    at = other.get("epoch", epoch(number))
    the_card = other.get("card", card(number, 1, 1))
    made = {
        "claim": sign_claim(CLAIM_KEY, DEVICE, LIFE, DOMAIN, at, the_card),
        "epoch": at,
        "keyset": keyset(number, 1),
        "card": the_card,
        "listed": listed(number, (1, 1)),
        "contact": False,
    }
    made |= other
    return {
        name: value.encode() if hasattr(value, "encode") else value
        for name, value in made.items()
    }


def fresh_lock(claim_key: bytes | None = CLAIM_KEY) -> Lock:
    return Lock(Identity(DEVICE, LIFE, None if claim_key is None else public_of(claim_key)))


def claimed_lock(number: int = 0) -> Lock:
    lock = fresh_lock()
    lock.claim(**claim_of(number))
    return lock


Case = tuple[str, Callable[[Lock], str]]


def two_in_one_place(first: int, alike: int) -> Keyset:
    """An issuer whose key begins as another; nobody has its secret key."""
    twin = public(first)[:alike] + bytes(31 - alike) + b"\x01"
    return keyset(0, 2, issuers=sorted_issuers([*issuers(), Issuer(twin, 1, START, 1)]))


def keyset_cases() -> list[Case]:
    def take(made: Keyset) -> Callable[[Lock], str]:
        return lambda lock: lock.take_keyset(made.encode())

    surplus = keyset(0, 2)
    free = ({0, 1, 2} - {index for index, _ in surplus.signatures}).pop()
    surplus.signatures = sorted([*surplus.signatures, (free, bytes(64))])
    stranger = keyset(0, 2)
    stranger.signatures[1] = 3, stranger.signatures[1][1]
    emergency = [*issuers(), Issuer(public(EMERGENCY), 1, START, 1)]
    return [
        ("keyset", take(keyset(0, 2))),
        ("keyset", take(keyset(0, 9, issuers=[]))),
        ("unchanged", take(keyset(0, 1, signers=[]))),
        ("OtherEpoch", take(keyset(1, 2))),
        ("Older", take(keyset(0, 0))),
        ("KeyInTwoClasses", take(keyset(0, 2, issuers=sorted_issuers(emergency)))),
        ("EqualKeyIds", take(two_in_one_place(GRANTOR, 8))),
        ("EqualKeyIds", take(two_in_one_place(GRANTOR, 4))),
        ("EqualKeyIds", take(two_in_one_place(EMERGENCY, 4))),
        ("keyset", take(two_in_one_place(GRANTOR, 3))),
        ("keyset", take(two_in_one_place(EMERGENCY, 3))),
        ("SignatureCount", take(keyset(0, 2, signers=USED_ROOTS[:1]))),
        ("SignatureCount", take(surplus)),
        ("UnknownSigner", take(stranger)),
        ("StatementSignature", lambda lock: lock.take_keyset(broken(keyset(0, 2).encode()))),
        ("Fork", take(keyset(0, 1, issuers=[]))),
        ("Malformed", lambda lock: lock.take_keyset(b"\x01\x0b")),
    ]


def epoch_cases() -> list[Case]:
    def take(last: int, *made: Epoch | bytes) -> Callable[[Lock], str]:
        encoded = [one if isinstance(one, bytes) else one.encode() for one in made]
        return lambda lock: lock.take_epochs(encoded, keyset(last, 1).encode())

    sixteen = [epoch(number) for number in range(1, 17)]
    reused = epoch(1, next=keys_of(2, cold_of(1)).commitment)
    first = epoch(0)
    return [
        ("epoch", take(1, epoch(1))),
        ("epoch", take(2, first, epoch(1), epoch(2))),
        ("epoch", take(16, *sixteen)),
        ("epoch", take(16, first, *sixteen, sixteen[-1])),
        ("TooManyEpochs", take(17, *sixteen, epoch(17))),
        ("TooManyEpochs", take(17, *sixteen, epoch(17, cold=40, signers=0))),
        ("EpochSkipped", take(18, *sixteen, epoch(18))),
        ("Older", take(16, *sixteen, sixteen[0])),
        ("Fork", take(16, *sixteen, epoch(16, emergency=None))),
        ("Malformed", take(17, *sixteen, b"")),
        ("EpochSkipped", take(2, epoch(2), b"")),
        ("EpochSkipped", lambda lock: lock.take_epochs([epoch(2).encode()], b"")),
        ("unchanged", take(0, epoch(0, signers=0))),
        ("unchanged", take(0)),
        ("Older", take(2, epoch(1), first)),
        ("EpochSkipped", take(2, epoch(2))),
        ("NotCommitted", take(1, epoch(1, cold=5))),
        ("NotCommitted", take(0, epoch(0, cold=5))),
        ("ColdKeysReused", take(1, reused)),
        ("SignatureCount", take(1, epoch(1, signers=1))),
        ("StatementSignature", lambda lock: lock.take_epochs(
            [broken(epoch(1).encode())], keyset(1, 1).encode())),
        ("SignatureCount", take(0, epoch(0, signers=1, emergency=None))),
        ("Fork", take(0, epoch(0, emergency=None))),
        ("OtherEpoch", take(2, epoch(1))),
        ("Malformed", lambda lock: lock.take_epochs([b"\x01"], keyset(1, 1).encode())),
    ]


def status_cases() -> list[Case]:
    def take(made: Status, lo: int = 0, nonce: bytes | None = None) -> Callable[[Lock], str]:
        return lambda lock: lock.take_status(made.encode(), lo, nonce)

    over = status(0, nonce=NONCE)
    unsigned = replace(listed(0, (1, 1)), signature=bytes(64))
    ahead = status(0, at=START + 101)
    return [
        ("list", take(listed(0, (1, 2)), lo=2**41)),
        ("time", take(ahead, lo=2**41)),
        ("unchanged", take(status(0, at=START + 100))),
        ("unchanged", take(status(0))),
        ("time", take(over, START + 86_399, NONCE)),
        ("unchanged", take(unsigned)),
        ("OtherEpoch", take(listed(1, (1, 2)))),
        ("KeysetAhead", take(listed(0, (2, 1)))),
        ("Older", take(listed(0, (0, 9)))),
        ("UnknownIssuer", take(listed(0, (1, 2), by=STRANGER))),
        ("WrongRole", take(listed(0, (1, 2), by=ATTESTER))),
        ("WrongRole", take(status(0, by=REVOKER))),
        ("IssuerDisabled", take(status(0, by=UNKNOWN_LIMITS))),
        ("TimeOutside", take(listed(0, (1, 2), at=START - 1))),
        ("TimeOutside", take(status(0, at=START + 86_400))),
        ("TimeOutside", take(over, START + 86_400, NONCE)),
        ("StatementSignature", take(over)),
        ("StatementSignature", take(over, 0, b"another-session-")),
        ("StatementSignature", lambda lock: lock.take_status(broken(status(0).encode()))),
        ("UnknownIssuer", take(listed(0, (1, 1), by=STRANGER))),
        ("StatementSignature", lambda lock: lock.take_status(
            broken(listed(0, (1, 1), at=START + 1).encode()))),
        ("Fork", take(listed(0, (1, 1), entries=[]))),
        ("Fork", take(listed(0, (1, 1), at=START + 1))),
        ("Malformed", lambda lock: lock.take_status(b"")),
    ]


def card_cases() -> list[Case]:
    def take(made: Card) -> Callable[[Lock], str]:
        return lambda lock: lock.take_card(made.encode())

    root = card(0, 1, 2, device=public(91))

    def rooted(lock: Lock) -> str:
        lock.identity = replace(lock.identity, device=public(91))
        return lock.take_card(root.encode())

    return [
        ("card", take(card(0, 1, 2, groups=(), flags=0, zone=None))),
        ("card", take(card(0, 1, 2, sealing=bytes(32)))),
        ("OtherSealing", take(card(0, 1, 2, flags=3, sealing=bytes(32)))),
        ("unchanged", lambda lock: lock.take_card(broken(card(0, 1, 1).encode()))),
        ("OtherEpoch", take(card(1, 1, 2))),
        ("KeysetAhead", take(card(0, 2, 1))),
        ("Older", take(card(0, 0, 9))),
        ("OtherLock", take(card(0, 1, 2, lock=b"door-002"))),
        ("OtherLife", take(card(0, 1, 2, nonce=bytes(16)))),
        ("OtherDevice", take(card(0, 1, 2, device=public(STRANGER)))),
        ("UnknownIssuer", take(card(0, 1, 2, signer=STRANGER))),
        ("WrongRole", take(card(0, 1, 2, signer=REVOKER))),
        ("IssuerDisabled", take(card(0, 1, 2, signer=UNKNOWN_LIMITS))),
        ("TimeOutside", take(card(0, 1, 2, at=START + 86_400))),
        ("KeyInTwoClasses", rooted),
        ("StatementSignature", lambda lock: lock.take_card(broken(card(0, 1, 2).encode()))),
        ("Fork", take(card(0, 1, 1, zone=None))),
        ("Malformed", lambda lock: lock.take_card(b"\x02\x0b")),
    ]


def claim_cases() -> list[Case]:
    """On an unclaimed lock with a claim key."""
    def take(number: int = 0, **other: Any) -> Callable[[Lock], str]:
        return lambda lock: lock.claim(**claim_of(number, **other))

    signed = sign_claim(CLAIM_KEY, DEVICE, LIFE, DOMAIN, epoch(0), card(0, 1, 1)).encode()
    reused = epoch(5, next=keys_of(2, cold_of(5)).commitment)
    return [
        ("claim", take()),
        ("claim", take(listed=None)),
        ("claim", take(3)),
        ("Unclaimed", lambda lock: lock.take_card(b"")),
        ("Malformed", take(listed=b"")),
        ("OtherDevice", take(card=card(0, 1, 1, device=public(STRANGER)))),
        ("claim", take(card=card(0, 1, 1, sealing=bytes(32)))),
        ("OtherSealing", take(card=card(0, 1, 1, flags=1, sealing=bytes(32)))),
        ("OtherLife", take(card=card(0, 1, 1, nonce=bytes(16)))),
        ("OtherLife", take(card=card(0, 1, 1, nonce=bytes(16), device=public(STRANGER)))),
        ("ClaimUnsigned", take(claim=b"\x01\x0d" + DOMAIN + b"\0", contact=True)),
        ("ClaimSignature", take(claim=broken(signed))),
        ("ClaimSignature", take(claim=signed, card=card(0, 1, 2))),
        ("OtherDomain", take(epoch=epoch(0, emergency=None))),
        ("ColdKeysReused", take(5, epoch=reused)),
        ("SignatureCount", take(epoch=epoch(0, signers=1))),
        ("StatementSignature", take(keyset=broken(keyset(0, 1).encode()))),
        ("KeysetAhead", take(card=card(0, 2, 1))),
        ("OtherEpoch", take(card=card(1, 1, 1))),
        ("NotAList", take(listed=status(0))),
        ("StatementSignature", take(listed=listed(0, (1, 1), nonce=NONCE))),
    ]


def contact_cases() -> list[Case]:
    """On an unclaimed lock without a claim key."""
    unsigned = b"\x01\x0d" + DOMAIN + b"\0"
    return [
        ("claim", lambda lock: lock.claim(**claim_of(claim=unsigned, contact=True))),
        ("NotInContact", lambda lock: lock.claim(**claim_of(claim=unsigned))),
        ("ClaimSignature", lambda lock: lock.claim(**claim_of(contact=True))),
    ]


def check_cases() -> tuple[list[str], set[str]]:
    """Each from the same lock; what is refused changes nothing."""
    claimed, contact = claimed_lock(), fresh_lock(None)
    cases = [(claimed, case) for case in
             keyset_cases() + epoch_cases() + status_cases() + card_cases()]
    cases += [(fresh_lock(), case) for case in claim_cases()]
    cases += [(contact, case) for case in contact_cases()]
    cases.append((claimed, ("AlreadyClaimed", lambda lock: lock.claim(b"", b"", b"", b""))))
    faults, seen = [], set()
    for number, (before, (expected, act)) in enumerate(cases):
        lock = copy.deepcopy(before)
        try:
            found = act(lock)
        except Refused as refused:
            found = refused.name
            seen.add(found)
            unmoved = replace(lock, identity=before.identity)
            if unmoved != before:
                faults.append(f"trust: case {number}, {expected}: the refusal changed the lock")
        if found != expected:
            faults.append(f"trust: case {number}: {found} for {expected}")
    print(f"trust: {len(cases)} cases, {len(seen)} of {len(NAMES)} refusals")
    return faults, seen


def check_encoder() -> list[str]:
    """SPEC 16.1: an epoch that is refused for its keys is not signed."""
    colds = sorted(cold_of(1), key=public_of)[:2]
    bad = [
        epoch_of(1, next=keys_of(2, cold_of(1)).commitment),
        epoch_of(1, emergency=public(91)),
        epoch_of(1, emergency=public_of(cold_of(1)[0])),
        epoch_of(1, roots=keys_of(2, [*ROOTS, cold_of(1)[2]])),
    ]
    faults = []
    for number, refused in enumerate(bad):
        try:
            sign_epoch(colds, DOMAIN, refused)
            faults.append(f"trust: bad epoch {number} was signed")
        except ValueError:
            pass
    if sign_epoch(colds, DOMAIN, epoch_of(1)) != epoch(1):
        faults.append("trust: a good epoch was not signed")
    return faults


def check_walk() -> list[str]:
    """SPEC 17.4: a refused epoch leaves the walk where it is."""
    lock = claimed_lock()
    walk = lock.walk()
    walk.step(epoch(1).encode())
    for refused in (b"", epoch(3).encode(), broken(epoch(2).encode()), epoch(0).encode()):
        try:
            walk.step(refused)
            return ["trust: a walk took what is refused"]
        except Refused:
            pass
    walk.step(epoch(2).encode())
    found = walk.walked, lock.finish(walk, keyset(2, 1).encode())
    return [] if found == (2, "epoch") else [f"trust: walk: {found}"]


OF_THE_STORE = frozenset((603, 604, 605, 606, 607, 690))
"""Refusals of a lock that has not read its store, or cannot write it."""


def check_trust() -> list[str]:
    faults, seen = check_cases()
    missing = {name for code, name in NAMES.items() if code not in OF_THE_STORE} - seen
    if missing:
        faults.append(f"trust: never refused: {sorted(missing)}")
    return faults + check_encoder() + check_walk()
