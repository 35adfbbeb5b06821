"""Sealing (SPEC 23): against another HPKE, and each rule broken once.

Called by `selfcheck.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from keyward.limits import ENTRY, PRESENTATION
from keyward.seal import (
    Context,
    SealFault,
    _cipher,
    _exchange,
    decode_sealed,
    derive_secret,
    fill,
    of_entry,
    of_presentation,
    open_sealed,
    seal,
    seal_text,
    sealing_key_of,
)
from trustcheck import LOCK, NONCE, secret

OTHER = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
CURRENT, BEFORE, STRANGER, IKM = secret(81), secret(82), secret(83), secret(84)
KEY = sealing_key_of(CURRENT)
SHOWN, HELD = b"\1\7a presentation", b"\1\x11an entry"
ONE, ALL = of_presentation(LOCK, NONCE), of_entry(LOCK)
LABEL = b"keyward-1/seal\0\0"
Found = list[tuple[object, object]]


class Bare(Context):
    """Without `aad`, which the other HPKE does not take."""

    aad = b""  # type: ignore[assignment]


def against_another() -> Found:
    """RFC 9180, appendix A.2.1, and what the package `cryptography` seals and opens."""
    ikm = "909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b"
    derived = "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600"
    bare = Bare(PRESENTATION, LOCK, NONCE)
    theirs = OTHER.encrypt(fill(PRESENTATION, SHOWN), X25519PublicKey.from_public_bytes(KEY), LABEL)
    ours = seal(KEY, IKM, bare, SHOWN)[2:]
    opened = OTHER.decrypt(ours, X25519PrivateKey.from_private_bytes(CURRENT), LABEL)
    return [
        (derive_secret(bytes.fromhex(ikm)).hex(), derived),
        (open_sealed([CURRENT], bare, b"\1\x0f" + theirs), SHOWN),
        (opened, fill(PRESENTATION, SHOWN)),
    ]


def contexts() -> Found:
    """What is authenticated with the text, written out."""
    found: Found = [
        ((ONE.info, ONE.aad), (LABEL, b"\7" + LOCK + NONCE)),
        ((ALL.info, ALL.aad), (LABEL, b"\x11" + LOCK + bytes(16))),
        (of_presentation(LOCK, None).aad, b"\7" + LOCK + bytes(16)),
    ]
    sealed = decode_sealed(seal(KEY, IKM, ONE, SHOWN))
    shared = _exchange(CURRENT, sealed.enc)
    assert shared is not None
    cipher, nonce = _cipher(shared, sealed.enc, KEY, LABEL)
    text = cipher.decrypt(nonce, sealed.ciphertext, b"\7" + LOCK + NONCE)
    return [*found, (text, SHOWN + b"\x80" + bytes(512 - 1 - len(SHOWN)))]


def fault_of(opened: Callable[[], bytes]) -> str | None:
    try:
        opened()
    except SealFault as fault:
        return fault.name
    return None


def openings() -> Found:
    sealed = seal(KEY, IKM, ONE, SHOWN)
    held = seal(KEY, IKM, ALL, HELD)
    small = b"\1\x0f" + bytes(32) + sealed[34:]
    keys = [CURRENT, BEFORE]

    def given(data: bytes, context: Context = ONE, secrets: list[bytes] = keys) -> str | None:
        return fault_of(lambda: open_sealed(secrets, context, data))

    def text(data: bytes, context: Context = ONE) -> str | None:
        return given(seal_text(KEY, IKM, context, data), context)

    def padded(data: bytes, size: int) -> bytes:
        return data + bytes(size - len(data))

    found: Found = [
        (open_sealed(keys, ONE, sealed), SHOWN),
        (open_sealed([BEFORE, CURRENT], ONE, sealed), SHOWN),
        (open_sealed(keys, ALL, held), HELD),
        (open_sealed(keys, ONE, seal(KEY, IKM, ONE, b"\1\7\x80\x80")), b"\1\7\x80\x80"),
        (given(sealed, secrets=[]), "NoKey"),
        (given(b"", secrets=[]), "NoKey"),
        (given(b""), "Malformed"),
        (given(b"\2" + sealed[1:]), "Malformed"),
        (given(bytes(1588)), "Malformed"),
        (given(sealed[:49]), "Malformed"),
        (given(sealed[:50]), "Size"),
        (given(sealed[:-1]), "Size"),
        (given(sealed, ALL), "Size"),
        (given(held), "Size"),
        (given(sealed, secrets=[BEFORE, STRANGER]), "NotOpened"),
        (given(sealed, of_presentation(b"elsewher", NONCE)), "NotOpened"),
        (given(sealed, of_presentation(LOCK, None)), "NotOpened"),
        (given(held, of_entry(b"elsewher")), "NotOpened"),
        (given(small), "NotOpened"),
        (text(padded(SHOWN + b"\x81", 512)), "Padding"),
        (text(bytes(512)), "Padding"),
        (text(padded(SHOWN + b"\x80", 1024)), "Padding"),
        (text(padded(b"\1\7" + bytes([9]) * 510 + b"\x80", 1024)), None),
        (text(padded(b"\1\7" + bytes([9]) * 509 + b"\x80", 1024)), "Padding"),
        (text(b"\1\7" + bytes([9]) * 1534 + b"\x80"), None),
        (text(padded(b"\1\7" + bytes([9]) * 1021 + b"\x80", 1537)), "Padding"),
        (text(padded(b"\1\x11\x80", 512)), "OtherKind"),
        (text(padded(b"\2\7\x80", 512)), "OtherKind"),
        (text(padded(b"\1\x80", 512)), "OtherKind"),
        (text(padded(b"\x80", 512)), "OtherKind"),
        (text(padded(b"\1\7\x80", 448), ALL), "OtherKind"),
        (text(padded(b"\1\x11\x80", 512), ALL), "Size"),
        (text(padded(b"\1\7\x80\x80", 512)), None),
    ]
    for at in (2, 33, 34, 300, len(sealed) - 17, len(sealed) - 1):
        changed = sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1:]
        found.append((given(changed), "NotOpened"))
    return found


def refused() -> Found:
    """What is not sealed: to a key of small order, and what is too long."""
    found: Found = []
    for key, data in ((bytes(32), SHOWN), (b"\1" + bytes(31), SHOWN), (KEY, bytes(1537))):
        try:
            seal(key, IKM, ONE, data)
            found.append((key, None))
        except ValueError:
            pass
    for kind, length, size in (
        (PRESENTATION, 511, 512), (PRESENTATION, 512, 1024), (PRESENTATION, 1536, 1537),
        (ENTRY, 447, 448),
    ):
        found.append((len(fill(kind, bytes(length))), size))
    return found


def check_seals() -> list[str]:
    return [
        f"seals: {of.__name__}, {n}: {a!r} for {b!r}"
        for of in (against_another, contexts, openings, refused)
        for n, (a, b) in enumerate(of())
        if a != b
    ]
