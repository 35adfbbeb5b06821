"""Receipts, entries, changes of the device key, recordings (SPEC 24), made and broken here.

Called by `selfcheck.py`.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from keyward.keys import key_name, sign
from keyward.limits import MAX_TIME, MAX_U32, MAX_U64
from keyward.objects import decode
from keyward.receipts import (
    Denials,
    DeviceChange,
    Entry,
    Event,
    Interval,
    Opening,
    Persons,
    PrivatePart,
    PublicPart,
    Receipt,
    Recording,
    Row,
    Rows,
    Taken,
    change_fault,
    change_message,
    decode_entry,
    decode_receipt,
)
from keyward.wire import DecodeError
from trustcheck import DEVICE, DOMAIN, LOCK, START, public, secret

DEVICE_KEY, NEXT_KEY, WITNESS = 60, 63, 64
CORE, ZEROS = b"core-of-a-request-that-was-made.", bytes(32)
AT = Interval(START, START + 9, 1)
EVIDENCE = b"what-it-recorded"
PERSONS = Persons(b"issuer--", b"name-of-a-holder", [b"one-----one-----"] * 4,
                  [(key_name(public(WITNESS)), EVIDENCE)])
ROWS = Rows([Row(430, PERSONS.holder, MAX_U32, START, MAX_U64), Row(0, None, 1, 9, 3)])


def sha(data: bytes) -> bytes:
    return hashlib.sha512(data).digest()[:32]


def part(event: Event, **other: Any) -> PublicPart:
    fields: dict[str, Any] = {
        "lock": LOCK,
        "epoch": 300,
        "sequence": 5,
        "before": ZEROS,
        "oldest": 2,
        "starts": 7,
        "interval": AT,
        "private": None,
    }
    return PublicPart(**(fields | other), event=event)


def signed(public_part: PublicPart, by: int = DEVICE_KEY, domain: bytes = DOMAIN) -> Receipt:
    """Over bytes that are put together here."""
    of = sha(b"keyward-1/entry#" + public_part.encode())
    epoch = public_part.epoch.to_bytes(8, "little")
    return Receipt(public_part, sign(secret(by), b"keyward-1/entry\0" + domain + epoch + of))


def entry(event: Event, fields: Persons | Rows, **other: Any) -> Entry:
    private = PrivatePart(b"salt-of-the-part", fields)
    named = sha(b"keyward-1/priv#\0" + private.encode())
    return Entry(signed(part(event, **({"private": named} | other))), private)


def changed(by_old: int = DEVICE_KEY, by_new: int = NEXT_KEY, **other: Any) -> PublicPart:
    """A change at the place of `part`, its message written out."""
    old, new = public(DEVICE_KEY), public(NEXT_KEY)
    place = DOMAIN + (300).to_bytes(8, "little") + LOCK + (5).to_bytes(8, "little") + ZEROS
    message = b"keyward-1/device" + place + old + new
    signatures = sign(secret(by_old), message), sign(secret(by_new), message)
    return part(DeviceChange(old, new, *signatures), **other)


def recorded(by: int = WITNESS, **other: Any) -> Recording:
    times = START.to_bytes(8, "little") + (START + 9).to_bytes(8, "little")
    message = b"keyward-1/film\0\0" + CORE + EVIDENCE + ZEROS + times
    made = Recording(
        public(by), CORE, EVIDENCE, ZEROS, START, START + 9, sign(secret(by), message)
    )
    return replace(made, **other)


Found = list[tuple[object, object]]


def signatures() -> Found:
    opening = part(Opening(CORE, 0, 0))
    good = signed(opening)
    change = changed().event
    assert isinstance(change, DeviceChange)
    found: Found = [
        (good.fault(DOMAIN, DEVICE), None),
        (good.fault(ZEROS, DEVICE), "Mismatch"),
        (good.fault(DOMAIN, public(NEXT_KEY)), "Mismatch"),
        (len(good.message(DOMAIN)), 88),
        (signed(opening, NEXT_KEY).fault(DOMAIN, DEVICE), "Mismatch"),
        (len(change_message(changed(), DOMAIN, change.old, change.new)), 168),
        (change_fault(changed(), DOMAIN), None),
        (change_fault(changed(), ZEROS), "Mismatch"),
        (change_fault(changed(by_old=NEXT_KEY), DOMAIN), "Mismatch"),
        (change_fault(changed(by_new=DEVICE_KEY), DOMAIN), "Mismatch"),
        (change_fault(changed(oldest=0, starts=9, interval=Interval()), DOMAIN), None),
    ]
    for name, other in (
        ("lock", b"elsewher"), ("epoch", 3), ("sequence", 6), ("before", b"\1" * 32), ("starts", 8)
    ):
        moved = replace(opening, **{name: other})
        found.append((replace(good, public=moved).fault(DOMAIN, DEVICE), "Mismatch"))
        if name != "starts":
            found.append((change_fault(changed(**{name: other}), DOMAIN), "Mismatch"))
    scalar = replace(change, by_old=change.by_old[:32] + b"\xff" * 32, by_new=bytes(64))
    found.append((change_fault(part(scalar), DOMAIN), "NonCanonicalScalar"))
    small = replace(change, by_new=bytes(64))
    found.append((change_fault(part(small), DOMAIN), "SmallOrderPoint"))
    return found


def recordings() -> Found:
    witness = key_name(public(WITNESS))

    def fault(recording: Recording) -> str | None:
        return recording.fault(CORE, witness, EVIDENCE)

    return [
        (fault(recorded()), None),
        (len(recorded().message()), 112),
        (fault(recorded(core=ZEROS)), "OtherEvidence"),
        (fault(recorded(evidence=bytes(16))), "OtherEvidence"),
        (fault(recorded(by=NEXT_KEY)), "OtherWitness"),
        (fault(recorded(by=NEXT_KEY, core=ZEROS)), "OtherEvidence"),
        (fault(recorded(hash=CORE)), "Mismatch"),
        (fault(recorded(start=START + 1)), "Mismatch"),
        (fault(recorded(until=START + 8)), "Mismatch"),
        (recorded().fault(ZEROS, witness, EVIDENCE), "OtherEvidence"),
    ]


def disclosures() -> Found:
    opened, denied = Opening(CORE, 0, 0), Denials(9)
    mixed = entry(opened, ROWS)
    erased = replace(entry(opened, PERSONS), private=None)
    salted = entry(opened, PERSONS)
    assert salted.private is not None
    salted = replace(salted, private=replace(salted.private, salt=bytes(16)))
    cases: list[tuple[Entry, object]] = [
        (entry(opened, PERSONS), PERSONS),
        (entry(denied, ROWS), ROWS),
        (erased, "erased"),
        (salted, "other"),
        (mixed, "other"),
        (entry(denied, PERSONS), "other"),
        (entry(opened, PERSONS, private=ZEROS), "other"),
        (Entry(signed(part(opened)), None), "nothing"),
    ]
    return [(decode_entry(one.encode()).disclosed(), what) for one, what in cases]


def decoded() -> Found:
    """Each rule of the three kinds broken once."""
    opened = Opening(CORE, 31, 4)
    change = changed().event
    assert isinstance(change, DeviceChange)
    wide = {"epoch": MAX_U64, "sequence": MAX_U64, "oldest": MAX_U64, "starts": MAX_U64}
    wide |= {"interval": Interval(MAX_U64, MAX_U64, 2)}
    longest = entry(opened, replace(PERSONS, witnesses=PERSONS.witnesses * 2), **wide)
    receipts: list[tuple[PublicPart, str | None]] = [
        (part(opened), None),
        (part(opened, oldest=5), None),
        (part(opened, oldest=6), "OutOfRange(Sequence)"),
        (part(opened, interval=Interval(9, 9)), None),
        (part(opened, interval=Interval(9, 8)), "OutOfRange(Time)"),
        (part(opened, interval=Interval(9, 8, 3)), "OutOfRange(Tag)"),
        (part(opened, oldest=6, interval=Interval(9, 8)), "OutOfRange(Sequence)"),
        (part(Opening(CORE, 32, 5)), "OutOfRange(Right)"),
        (part(Opening(CORE, 31, 5)), "OutOfRange(Outcome)"),
        (part(Taken(3, ZEROS)), None),
        (part(Taken(9, ZEROS)), None),
        (part(Taken(0x0A, ZEROS)), None),
        (part(Taken(0x0B, ZEROS)), None),
        (part(Taken(0x0C, ZEROS)), "OutOfRange(Tag)"),
        (part(replace(change, old=bytes(32))), "WeakKey"),
        (part(replace(change, new=b"\xff" * 32)), "NonCanonicalKey"),
        (part(Denials(0)), "OutOfRange(Count)"),
        (part(Denials(MAX_U32)), None),
        (part(Denials(MAX_U32 + 1)), "IntegerOverflow"),
        (changed(**wide), None),
        (changed(private=ZEROS), "OutOfRange(Private)"),
    ]
    cases = [("receipt", Receipt(one, bytes(64)).encode(), error) for one, error in receipts]
    plain = Entry(signed(part(opened)), None).encode()
    cases += [
        ("receipt", bytes(363), "OverLimit(Object)"),
        ("entry", longest.encode(), None),
        ("entry", bytes(409), "OverLimit(Object)"),
        ("entry", plain, None),
        ("entry", plain[:-1] + b"\1", "Truncated"),
        ("entry", plain[:-1] + b"\1" + entry(opened, PERSONS).private.encode(),
         "OutOfRange(Private)"),
        ("entry", plain[:-1] + b"\2", "OutOfRange(Tag)"),
        ("entry", entry(opened, replace(PERSONS, links=[])).encode(), "Empty(Links)"),
        ("entry", entry(opened, replace(PERSONS, links=[EVIDENCE] * 5)).encode(),
         "OverLimit(Links)"),
        ("entry", entry(opened, replace(PERSONS, witnesses=PERSONS.witnesses * 3)).encode(),
         "OverLimit(Witnesses)"),
        ("entry", entry(Denials(1), Rows([])).encode(), "Empty(Rows)"),
        ("entry", entry(Denials(1), Rows(ROWS.rows[1:] * 4)).encode(), None),
        ("entry", entry(Denials(1), Rows(ROWS.rows[1:] * 5)).encode(), "OverLimit(Rows)"),
        ("entry", entry(Denials(1), Rows([Row(0, None, 0, 0, 0)])).encode(),
         "OutOfRange(Count)"),
        ("entry", entry(Denials(1), Rows([Row(1 << 16, None, 1, 0, 0)])).encode(),
         "IntegerOverflow"),
        ("recording", recorded().encode(), None),
        ("recording", recorded(start=MAX_TIME, until=MAX_TIME).encode(), None),
        ("recording", recorded(until=MAX_TIME + 1).encode(), "OutOfRange(Time)"),
        ("recording", recorded(until=START - 1).encode(), "OutOfRange(Time)"),
        ("recording", recorded(key=bytes(32)).encode(), "WeakKey"),
        ("recording", bytes(191), "OverLimit(Object)"),
    ]
    found: Found = [
        (len(cases[19][1]), 362),
        (len(longest.encode()), 408),
        (len(recorded(start=MAX_TIME, until=MAX_TIME).encode()), 190),
    ]
    for kind, data, error in cases:
        met = None
        try:
            one: Any = decode(kind, data)
            met = None if one.encode() == data else "encodes otherwise"
        except DecodeError as fault:
            met = str(fault)
        found.append((met, error))
    received = decode_receipt(signed(part(opened)).encode())
    return [*found, (received.fault(DOMAIN, DEVICE), None)]


def check_receipts() -> list[str]:
    return [
        f"receipts: {of.__name__}, {n}: {a!r} for {b!r}"
        for of in (signatures, recordings, disclosures, decoded)
        for n, (a, b) in enumerate(of())
        if a != b
    ]
