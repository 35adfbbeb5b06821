#!/usr/bin/env python3
"""Checks what this implementation relies on, without vectors.

1. Every object of the worked example (SPEC 17) is made anew, byte for byte, and judged.
2. Which signatures hold (SPEC 4.2) is compared with plain arithmetic on the curve,
   over signatures with parts of small order, and other doubtful ones.
3. Text forms (SPEC 3.5) go there and back.
"""

from __future__ import annotations

import hashlib
import random
import re
import sys
from pathlib import Path

from keyward.caveats import Caveats, Valid, WitnessRule
from keyward.issue import agree, attenuate, attest, issue, make_request, present, request_core
from keyward.keys import SMALL_ORDER, D, L, P, public_of, signature_fault
from keyward.memory import Memory
from keyward.objects import Challenged
from keyward.text import TextError, from_text, secret_from_text, secret_to_text, to_text
from keyward.token import Origin, chain_of
from keyward.verify import Issuer, Session, TrustView, verify

SPEC = Path(__file__).resolve().parents[2] / "SPEC.md"

Point = tuple[int, int]
NEUTRAL: Point = (0, 1)


# --- The worked example ---------------------------------------------------------------


def example_blocks() -> dict[str, str]:
    """The blocks of section 17, by the line above each, up to its first comma or colon."""
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
    status = attest(secrets[2], domain, epoch, 3, 7, start + 30)
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
    view = TrustView(domain, epoch, lock, keyset=3, list_number=7)
    for n, issues in ((1, True), (2, False)):
        view.trust(Issuer(public[n], issues, not issues, start - 86400, start + 86400, b""))
    now = start + 60
    accepted = verify(presentation.encode(), view, Memory(), now, now, Session(nonce, 1, 1000, 0))
    committed = "".join(
        f"link{u.link.hex()}spent{u.after.spent}first{u.after.first}keepuntil{u.keep_until}"
        for u in accepted.uses
    )
    if committed not in blocks.values():
        faults.append(f"worked example: commits {committed}")
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
    faults = check_example() + check_signatures() + check_text()
    for fault in faults:
        print(fault)
    print(f"faults: {len(faults)}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
