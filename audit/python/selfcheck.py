#!/usr/bin/env python3
"""Checks what this implementation relies on, without vectors.

1. Every object of the worked example (SPEC 21) is made anew, byte for byte, and judged.
2. Which signatures hold (SPEC 4.2) is compared with plain arithmetic on the curve,
   over signatures with parts of small order, and other doubtful ones.
3. Text forms (SPEC 3.5) go there and back.
4. A lock's life (SPEC 9.2, 16 to 19) on objects made here, each rule broken once.
5. Its journal (SPEC 22), audit logs (SPEC 24.1 to 24.5) and tables (SPEC 14.2 to 14.4) on
   logs made here, likewise.
6. Receipts, entries, changes of the device key and recordings (SPEC 24), likewise.
7. Sealing (SPEC 23): likewise, and against the HPKE of the package `cryptography`.
"""

from __future__ import annotations

import hashlib
import random
import re
import sys
from pathlib import Path

from decodecheck import check_decoding
from keyward.caveats import Caveats, Valid, WitnessRule
from keyward.issue import (
    agree,
    answer_claim,
    attenuate,
    attest,
    claimed_fault,
    issue,
    keys_of,
    make_request,
    present,
    request_core,
    sign_card,
    sign_claim,
    sign_epoch,
    sign_keyset,
)
from keyward.keys import SMALL_ORDER, D, L, P, public_of, signature_fault
from keyward.lock import Identity, Lock
from keyward.memory import Memory
from keyward.objects import Challenged
from keyward.schedule import Zone
from keyward.statements import (
    ATTEST,
    ISSUE,
    Card,
    Epoch,
    Issuer,
    Keyset,
    Unclaimed,
    claim_message,
    label_message,
)
from keyward.text import TextError, from_text, secret_from_text, secret_to_text, to_text
from keyward.token import Origin, chain_of
from keyward.verify import Session, TrustView, verify
from lifecheck import check_life_of_a_lock
from receiptcheck import check_receipts
from recordcheck import check_journal
from sealcheck import check_seals
from trustcheck import check_trust

SPEC = Path(__file__).resolve().parents[2] / "SPEC.md"

Point = tuple[int, int]
NEUTRAL: Point = (0, 1)


# --- The worked example ---------------------------------------------------------------


def example_blocks() -> dict[str, str]:
    """The blocks of section 21, by the line above each, up to its first comma or colon."""
    section = SPEC.read_text().split("worked example: generated", 1)[1]
    section = section.split("end of the worked example", 1)[0]
    blocks = re.findall(r"^(\S[^\n]*)\n\n((?:    [^\n]*\n)+)", section, re.MULTILINE)
    return {re.split("[,:]", title)[0]: "".join(block.split()) for title, block in blocks}


def check_example() -> list[str]:
    blocks = example_blocks()
    secrets = {n: bytes((n,)) * 32 for n in (1, 2, 11, 12, 13, 21)}
    public = {n: public_of(secret) for n, secret in secrets.items()}
    domain, lock, epoch = b"\xd0" * 32, b"door-001", 1
    target, start = b"\0" + lock, 1795510800
    origin = Origin(domain, epoch, public[1])
    grant = Caveats(
        rights=1,
        targets=(target,),
        valid=Valid(start, 900),
        uses=1,
        witness=WitnessRule(1, (public[21],)),
    )
    narrower = Caveats(rights=1, valid=Valid(start, 900))
    token = issue(secrets[1], domain, epoch, 1_000_000, public[11], 2, grant)
    token = attenuate(secrets[11], origin, token, public[12], 1, narrower)
    token = attenuate(secrets[12], origin, token, public[13], 0, narrower)
    nonce = b"nonce-of-session"
    request = make_request(origin, lock, Challenged(b"holder-s-own-16b", nonce, 1), 0, b"", token)
    statement = agree(secrets[21], request, b"\x14" * 16)
    status = attest(secrets[2], domain, epoch, 3, (3, 7), start + 30)
    presentation = present(secrets[13], request, (statement,), status)
    chain = chain_of(token, domain, epoch, public[1])
    made = {
        "Origin": origin.encode(),
        "Token": token.encode(),
        "LinkId 0": chain.link_ids[0],
        "LinkId 1": chain.link_ids[1],
        "LinkId 2": chain.link_ids[2],
        "Request": request.encode(),
        "Core": request_core(request),
        "The camera's statement": statement.encode(),
        "Status": status.encode(),
        "Presentation": presentation.encode(),
    }
    faults = [f"worked example: {k}" for k, v in made.items() if blocks.get(k) != v.hex()]
    view = TrustView(domain, epoch, lock, keyset=3, list_order=(3, 7))
    for n, role in ((1, ISSUE), (2, ATTEST)):
        view.trust(Issuer(public[n], 1 << role, start - 86400, 2 * 86400))
    now = start + 60
    accepted = verify(presentation.encode(), view, Memory(), now, now, Session(nonce, 1, 1000, 0))
    committed = "".join(
        f"link{u.link.hex()}spent{u.after.spent}first{u.after.first}keepuntil{u.keep_until}"
        for u in accepted.uses
    )
    if committed not in blocks.values():
        faults.append(f"worked example: commits {committed}")
    return faults


def check_example_of_a_claim() -> list[str]:
    """The second part: epoch, keyset, card and claim, and a lock that takes them."""
    blocks, start, year = example_blocks(), 1795510800, 31_536_000
    secrets = {n: bytes((n,)) * 32 for n in range(1, 0x27)}
    public = {n: public_of(secret) for n, secret in secrets.items()}
    colds, roots = (secrets[0x1F], secrets[0x20]), (secrets[0x23], secrets[0x24])
    following = keys_of(2, (secrets[0x21], secrets[0x22])).commitment
    cold, root = keys_of(2, colds), keys_of(2, roots)
    epoch = sign_epoch(colds, None, Epoch(0, start, root, public[3], following, cold, []))
    domain, nonce = epoch.hash, b"life-of-the-lock"
    issuers = [Issuer(public[n], 1 << role, start, year) for role, n in enumerate((1, 2, 6, 7))]
    issuers.sort(key=lambda issuer: issuer.key)
    zone = Zone([(start // 60, 60)], (start + year) // 60)
    keyset = Keyset(0, 1, start, None, issuers, [(1, zone)], [])
    keyset = sign_keyset(roots, domain, root, keyset)
    groups, unsigned = (b"group-01",), bytes(64)
    card = Card(
        b"", 0, 1, 1, start, b"door-001", groups, public[9], None, 0, 1, nonce, unsigned
    )
    card = sign_card(secrets[7], domain, card)
    claim = sign_claim(secrets[0x25], public[9], nonce, domain, epoch, card)
    held = domain, epoch, card, keyset, None
    claimed = answer_claim(secrets[0x26], public[9], nonce, *held)
    made = {
        "The commitment to them": following,
        "What both cold keys sign": epoch.message(domain),
        "DomainId of this half": domain,
        "Epoch": epoch.encode(),
        "Keyset": keyset.encode(),
        "Unclaimed": Unclaimed(public[9], nonce).encode(),
        "Card": card.encode(),
        "What the claim key signs": claim_message(public[9], nonce, domain, epoch, card),
        "Claim": claim.encode(),
        "What the label key signs": label_message(public[9], nonce, *held),
        "Claimed": claimed.encode(),
    }
    faults = [f"worked example: {k}" for k, v in made.items() if blocks.get(k) != v.hex()]
    lock = Lock(Identity(public[9], nonce, public[0x25]))
    lock.claim(claim.encode(), epoch.encode(), keyset.encode(), card.encode())
    if lock.answer_claim(secrets[0x26]) != claimed:
        faults.append("worked example: what the lock answers the claim with")
    if claimed_fault(public[0x26], claimed, *held) is not None:
        faults.append("worked example: the answer does not hold")
    return faults


# --- Signatures -----------------------------------------------------------------------


def add(a: Point, b: Point) -> Point:
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + t, -1, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - t, -1, P)
    return x % P, y % P


def multiply(n: int, point: Point) -> Point:
    result = NEUTRAL
    while n:
        if n & 1:
            result = add(result, point)
        point = add(point, point)
        n >>= 1
    return result


def encode(point: Point) -> bytes:
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(encoded: bytes) -> Point | None:
    """RFC 8032, section 5.1.3, but for the check that y is below p."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number % 2**255 % P
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if v * x * x % P != u or (x == 0 and sign):
        return None
    return (P - x if x & 1 != sign else x), y


BASE = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
assert BASE is not None


def challenge_of(r: bytes, key: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L


def plain_fault(key: bytes, message: bytes, signature: bytes) -> str | None:
    """The table of SPEC 4.2, word for word."""
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if s >= L:
        return "NonCanonicalScalar"
    if r[:31] + bytes((r[31] & 0x7F,)) in SMALL_ORDER:
        return "SmallOrderPoint"
    if key[:31] + bytes((key[31] & 0x7F,)) in SMALL_ORDER:
        return "WeakKey"
    point = decode(key)
    if point is None:
        return "KeyNotOnCurve"
    assert BASE is not None
    minus = (P - point[0]) % P, point[1]
    found = add(multiply(s, BASE), multiply(challenge_of(r, key, message), minus))
    return None if encode(found) == r else "Mismatch"


def doubtful_signatures(rounds: int) -> list[tuple[bytes, bytes, bytes]]:
    rng = random.Random(8032)
    assert BASE is not None
    torsion = [decode(y) for y in sorted(SMALL_ORDER)]
    eighth = next(t for t in torsion if t is not None and multiply(4, t) != NEUTRAL)
    cases = []
    for _ in range(rounds):
        a, r = rng.randrange(1, L), rng.randrange(1, L)
        message = rng.randbytes(40)
        key = encode(add(multiply(a, BASE), multiply(rng.randrange(8), eighth)))
        first = encode(add(multiply(r, BASE), multiply(rng.randrange(8), eighth)))
        s = (r + challenge_of(first, key, message) * a) % L
        cases.append((key, message, first + s.to_bytes(32, "little")))
        if s + L < 2**256:
            cases.append((key, message, first + (s + L).to_bytes(32, "little")))
        cases.append((key, message, first + rng.randbytes(31) + b"\0"))
        cases.append((rng.randbytes(31) + b"\x12", message, first + s.to_bytes(32, "little")))
        high = (P + rng.randrange(19) | rng.randrange(2) << 255).to_bytes(32, "little")
        cases.append((key, message, high + s.to_bytes(32, "little")))
        small = encode(multiply(rng.randrange(8), eighth))
        s = challenge_of(small, key, message) * a % L
        cases.append((key, message, small + s.to_bytes(32, "little")))
        cases.append((small, message, first + (r % L).to_bytes(32, "little")))
    return cases


def check_signatures(rounds: int = 120) -> list[str]:
    faults, held = [], 0
    for case in doubtful_signatures(rounds):
        plain, found = plain_fault(*case), signature_fault(*case)
        held += found is None
        if plain != found:
            faults.append(f"signature: {plain} by arithmetic, {found} here: {case}")
    print(f"doubtful signatures: {rounds} rounds, {held} hold")
    return faults


# --- Text -----------------------------------------------------------------------------


def check_text() -> list[str]:
    answer = bytes.fromhex("010800")
    secret = bytes(range(32))
    faults = []
    if from_text(to_text(answer)) != answer or to_text(answer) != "kw1.answer.AQgA":
        faults.append("text: an answer")
    if secret_from_text(secret_to_text(secret, "holder"), "holder") != secret:
        faults.append("text: a secret key")
    for text, name in (
        ("kw2.answer.AQgA", "Prefix"),
        ("kw1.answer", "Kind"),
        ("kw1.token.AQgA", "Kind"),
        ("kw1.answer.AQgA=", "Base64"),
        ("kw1.answer.AQg A", "Base64"),
        ("kw1.answer.AQgA\n", "Base64"),
        ("kw1.answer.AQh", "Base64"),
        ("kw1.answer.A", "Base64"),
        ("kw1.answer.", "Kind"),
    ):
        try:
            from_text(text)
            faults.append(f"text: {text!r} decodes")
        except TextError as error:
            if error.name != name:
                faults.append(f"text: {text!r}: {error.name}")
    return faults


def main() -> int:
    faults = check_example() + check_example_of_a_claim() + check_signatures() + check_text()
    faults += check_decoding() + check_trust() + check_life_of_a_lock()
    faults += check_journal() + check_receipts() + check_seals()
    for fault in faults:
        print(fault)
    print(f"faults: {len(faults)}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
