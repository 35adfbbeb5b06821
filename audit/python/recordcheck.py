"""Tags, anchors, nonces and bodies of a journal (SPEC 22.2, 18.3 and 10.1).

Called by `selfcheck.py`, with what `journalcheck.py` and `tablescheck.py` check.
"""

from __future__ import annotations

import hmac
from typing import Any

from auditcheck import check_audit
from journalcheck import check_logs
from journalparts import (
    CORRUPT,
    LINK,
    SECRET,
    anchored,
    count_entry,
    decision,
    encoded,
    head,
    lane_entry,
    used,
    wide,
)
from keyward.denials import Denied
from keyward.journal import start
from keyward.limits import MAX_U64
from keyward.lock import Identity
from keyward.records import (
    Body,
    Counts,
    Lanes,
    Outcome,
    Passed,
    Secured,
    Started,
    challenge_nonce,
    decode_anchor,
    decode_body,
    encode_anchor,
    tagged,
)
from keyward.tables import Tables
from tablescheck import check_tables
from trustcheck import DEVICE, DOMAIN, EMERGENCY, LIFE, LOCK, NONCE, public


def check_tags() -> list[str]:
    """SPEC 22.2, 18.3 and 10.1, against HMAC over bytes that are written out here."""
    def mac(data: bytes) -> bytes:
        return hmac.new(SECRET, data, "sha512").digest()[:16]

    records = tagged(SECRET, [b"one", b"other"])
    first = mac(b"keyward-1/log\0\0\0" + bytes(16) + b"one")
    numbers = (7).to_bytes(8, "little") + (3).to_bytes(8, "little")
    anchor = anchored(epoch=300)
    fields = b"\1" + DOMAIN + b"\xac\2" + LOCK + b"\1" + public(EMERGENCY) + b"\0"
    whole = fields + mac(b"keyward-1/anchor" + fields)
    found: list[tuple[object, object]] = [
        (records[0], b"one" + first),
        (records[1], b"other" + mac(b"keyward-1/log\0\0\0" + first + b"other")),
        (challenge_nonce(SECRET, 7, 3, NONCE), mac(b"keyward-1/nonce\0" + numbers + NONCE)),
        (encode_anchor(anchor, SECRET), whole),
        (decode_anchor(whole, SECRET), anchor),
        (decode_anchor(whole, bytes(32)), None),
        (decode_anchor(b"\2" + whole[1:], SECRET), None),
        (len(encode_anchor(anchored(epoch=MAX_U64), SECRET)), 101),
    ]
    for other in (b"\2" + fields[1:], fields + b"\0", fields[:-1] + b"\2", fields[:-1]):
        found.append((decode_anchor(other + mac(b"keyward-1/anchor" + other), SECRET), None))
    return [f"journal: tags, {n}: {a!r} for {b!r}" for n, (a, b) in enumerate(found) if a != b]


def read_in_turn(records: list[bytes]) -> list[str]:
    """SPEC 22.5: the first record that breaks a rule of tags or of what they say rules."""
    five = Counts([count_entry(link=bytes((n,)) * 16) for n in range(5)])
    full = tagged(SECRET, encoded([*head()[:5], five]))
    newer = tagged(SECRET, encoded(head(schema=5)))
    unknown = tagged(SECRET, encoded([*head(), b"\x14"]))
    cases = [
        ([*full, bytes(99)], 192),
        ([*newer[:1], bytes(99)], 192),
        ([bytes(99), *newer], CORRUPT),
        ([*full[:4], bytes(99), *full[5:]], CORRUPT),
        ([*unknown, bytes(99)], CORRUPT),
        ([*records[:1], bytes(99)], CORRUPT),
    ]
    faults = []
    for n, (log, code) in enumerate(cases):
        try:
            start(log, Identity(DEVICE, LIFE), SECRET, Tables(4, 4))
            faults.append(f"journal: in turn, {n}: it starts")
        except Denied as denied:
            if denied.code != code:
                faults.append(f"journal: in turn, {n}: {denied.code} for {code}")
    return faults


def check_damage() -> list[str]:
    """Each record of a log changed, left out, moved, or under another secret."""
    records = tagged(SECRET, encoded([*head(), decision(), Outcome(0), Started()]))
    logs = [records[:n] + records[n + 1:] for n in range(len(records) - 1)]
    for n, record in enumerate(records):
        for at in (0, 1, len(record) // 2, len(record) - 17, len(record) - 1):
            changed = record[:at] + bytes((record[at] ^ 1,)) + record[at + 1:]
            logs.append([*records[:n], changed, *records[n + 1:]])
    logs += [[*records, *records], [*records, b""], [*records, bytes(16)]]
    logs.append([records[0], b"\1" + bytes(15), *records[1:]])
    logs.append(tagged(bytes(32), encoded(head())))
    faults = read_in_turn(records)
    for n, log in enumerate(logs):
        try:
            start(log, Identity(DEVICE, LIFE), SECRET, Tables(8, 8))
            faults.append(f"journal: damage, {n}: it starts")
        except Denied as denied:
            if denied.code != CORRUPT:
                faults.append(f"journal: damage, {n}: {denied.code}")
    return faults


def check_bodies() -> list[str]:
    """Each kind there and back."""
    lanes = Lanes([lane_entry(words=2)])
    whole = decision(counts=[used()], lane=(3, 4), heard=5, max_open=6, witnesses=[(LINK, LINK)])
    pieces: list[Any] = [
        *head(), Counts([count_entry()]), lanes, Started(), whole, Outcome(3), Secured(), Passed(9)
    ]
    cases = [(4, piece) for piece in pieces] + [(3, piece) for piece in older_tables()]
    return [
        f"journal: bodies, {n}: encodes otherwise"
        for n, (schema, piece) in enumerate(cases)
        if decode_body(piece.encode(), words=2, schema=schema) != piece
    ]


def older_tables() -> list[Body]:
    return [Counts([wide(count_entry())]), Lanes([wide(lane_entry(words=2))])]


def check_journal() -> list[str]:
    faults = check_tables() + check_logs() + check_audit()
    return faults + check_tags() + check_damage() + check_bodies()
