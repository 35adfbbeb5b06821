"""Decoding of the kinds of SPEC 16 and 18: each rule broken once.

Called by `selfcheck.py`.
"""

from __future__ import annotations

from typing import Any

from keyward.objects import RevocationList, Status, decode
from keyward.statements import Claimed, Epoch, Keys, Unclaimed
from keyward.vectors import decode_error
from keyward.wire import DecodeError, varint
from trustcheck import DEVICE, DOMAIN, GROUP, LIFE, LOCK, card, epoch, keyset, public


def check_decoding() -> list[str]:
    key, other = sorted((public(1), public(2)))
    keys = b"\1\2" + key + other
    start = b"\x01\x09\0\0"
    issuer = key + b"\1\0\1\0"
    set_start = b"\x01\x0a\0\0\0\0"
    zone = b"\0\0\1\0\0"
    carded = b"\x01\x0b" + bytes(8) + b"\0\0\1\0" + LOCK
    cases: list[tuple[str, bytes, str | None]] = [
        ("epoch", epoch(1).encode(), None),
        ("epoch", bytes(605), "OverLimit(Object)"),
        ("epoch", start + b"\1\0", "Empty(Keys)"),
        ("epoch", start + b"\0\5", "OverLimit(Keys)"),
        ("epoch", start + b"\3\2", "OutOfRange(Threshold)"),
        ("epoch", start + b"\1\2" + other + key, "Unsorted(Keys)"),
        ("epoch", start + b"\1\2" + key + key, "Doubled(Keys)"),
        ("epoch", start + b"\1\1" + bytes(32), "WeakKey"),
        ("epoch", start + keys + b"\2", "OutOfRange(Tag)"),
        ("epoch", start + keys + b"\0" + bytes(32) + keys + b"\5", "OverLimit(Signatures)"),
        ("epoch", start + keys + b"\0" + bytes(32) + keys + b"\1\4", "OutOfRange(Signer)"),
        ("keyset", keyset(0, 1).encode(), None),
        ("keyset", set_start + b"\x09", "OverLimit(Issuers)"),
        ("keyset", set_start + b"\1" + key + b"\x10", "OutOfRange(Roles)"),
        ("keyset", set_start + b"\1" + key + b"\1\0\0", "OutOfRange(Duration)"),
        ("keyset", set_start + b"\1" + key + b"\1\0\1" + varint(457), "OverLimit(Limits)"),
        ("keyset", set_start + b"\2" + issuer * 2, "Doubled(Issuers)"),
        ("keyset", set_start + b"\0\5", "OverLimit(Zones)"),
        ("keyset", set_start + b"\0\2" + zone * 2, "Doubled(Zones)"),
        ("keyset", set_start + b"\0\1\0\0\0", "Empty(Transitions)"),
        ("keyset", set_start + b"\0\1\0\0\1\0" + varint(2878), "Truncated"),
        ("keyset", set_start + b"\0\1\0\0\1\0" + varint(2879), "OutOfRange(Offset)"),
        ("keyset", set_start + b"\0\1\0\0\1\0" + varint(65536), "IntegerOverflow"),
        ("keyset", set_start + b"\0\1\0\0\2\5\0\4\0", "Unsorted(Transitions)"),
        ("card", card(0, 1, 1).encode(), None),
        ("card", b"\x01\x0b" + bytes(8) + b"\0\0\0", "OutOfRange(CardVersion)"),
        ("card", b"\x01\x0b" + bytes(8) + b"\0\0\1", "Truncated"),
        ("card", carded + b"\x09", "OverLimit(Groups)"),
        ("card", carded + b"\2" + GROUP * 2, "Doubled(Groups)"),
        ("card", carded + b"\0" + DEVICE + b"\0\1", "OutOfRange(Flags)"),
        ("card", carded + b"\0" + DEVICE + b"\0\4", "OutOfRange(Flags)"),
        ("unclaimed", Unclaimed(DEVICE, LIFE).encode(), None),
        ("unclaimed", Unclaimed(bytes(32), LIFE).encode(), "WeakKey"),
        ("unclaimed", Unclaimed(DEVICE, LIFE).encode() + b"\0", "OverLimit(Object)"),
        ("claim", b"\x01\x0d" + DOMAIN + b"\0", None),
        ("claim", b"\x01\x0d" + DOMAIN + b"\0\0", "TrailingBytes(1)"),
        ("claimed", Claimed(DEVICE, LIFE, bytes(64)).encode(), None),
        ("status", b"\x01\x03" + bytes(8) + b"\0\1\2\0\0\0\0", "OutOfRange(ListKeyset)"),
        ("status", b"\x01\x03" + bytes(8) + b"\0\2\1\0\0\0\1", "OutOfRange(ListKeyset)"),
        ("status", b"\x01\x03" + bytes(8) + b"\0\2\2\0\0\0\1", "OutOfRange(ListNumber)"),
        ("status", b"\x01\x03" + bytes(8) + b"\0\2\2\1\0\0\1", "Truncated"),
        ("status", b"\x01\x03" + bytes(8) + b"\0\2\1\0\0\0\0", "Truncated"),
    ]
    faults = []
    for number, (kind, data, expected) in enumerate(cases):
        found = None
        try:
            decoded: Any = decode(kind, data)
            if decoded.encode() != data:
                found = "encodes otherwise"
        except DecodeError as error:
            found = str(error)
        if found != expected:
            faults.append(f"decoding: {number}, {kind}: {found} for {expected}")
    order = 2**64 - 1, 2**64 - 1
    entries = [bytes((n,)) * 8 for n in range(64)]
    floors = [(bytes((n,)) * 8, 2**64 - 1) for n in range(8)]
    full = Status(
        bytes(8), *order, *order, 2**40 - 1, True, RevocationList(entries, floors), bytes(64)
    ).encode()
    if len(full) != 780 or decode_error("status", full) is not None:
        faults.append("decoding: the longest status")
    if str(decode_error("status", full + b"\0")) != "OverLimit(Object)":
        faults.append("decoding: a status beyond it")
    longest = Keys(4, tuple(sorted(map(public, range(20, 24)))))
    signed = [(index, bytes(64)) for index in range(4)]
    wide = Epoch(2**64 - 1, 2**40 - 1, longest, key, DOMAIN, longest, signed)
    if len(wide.encode()) != 604:
        faults.append("decoding: the longest epoch")
    return faults
