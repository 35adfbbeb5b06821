"""Keys, derived names, signatures and labels (SPEC 2.3, 4 and 5.1).

Which signatures hold is fixed by SPEC 4.2. This module relies on OpenSSL, behind
the package `cryptography`, for one thing only: given S < L, and A neither of
small order nor with a y of p or above, its Ed25519 verification accepts exactly
when A decodes to a point and R equals, byte for byte, the encoding of
[S]B - [k]A. `selfcheck.py` puts that to the test, against plain arithmetic.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .wire import DecodeError, Reader

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P

LABEL_KEY = b"keyward-1/key\0\0\0"
LABEL_GRANT_HASH = b"keyward-1/grant#"
LABEL_GRANT_SIGN = b"keyward-1/grant\0"
LABEL_LINK_HASH = b"keyward-1/link#\0"
LABEL_LINK_SIGN = b"keyward-1/link\0\0"
LABEL_CORE = b"keyward-1/core#\0"
LABEL_PRESENT = b"keyward-1/holds\0"
LABEL_WITNESS = b"keyward-1/agree\0"
LABEL_STATUS = b"keyward-1/status"
LABEL_LIST = b"keyward-1/list#\0"
LABEL_STATUS_HASH = b"keyward-1/state#"
LABEL_EPOCH_HASH = b"keyward-1/epoch#"
LABEL_EPOCH_SIGN = b"keyward-1/epoch\0"
LABEL_COLD = b"keyward-1/cold#\0"
LABEL_KEYSET_HASH = b"keyward-1/keys#\0"
LABEL_KEYSET_SIGN = b"keyward-1/keys\0\0"
LABEL_CARD_HASH = b"keyward-1/card#\0"
LABEL_CARD_SIGN = b"keyward-1/card\0\0"
LABEL_CLAIM = b"keyward-1/claim\0"
LABEL_RECEIPT = b"keyward-1/entry#"
LABEL_RECEIPT_SIGN = b"keyward-1/entry\0"
LABEL_PRIVATE = b"keyward-1/priv#\0"
LABEL_DEVICE = b"keyward-1/device"
LABEL_RECORDING = b"keyward-1/film\0\0"
LABEL_LABEL = b"keyward-1/label\0"
LABEL_SEAL = b"keyward-1/seal\0\0"
LABEL_NONCE = b"keyward-1/nonce\0"
LABEL_JOURNAL = b"keyward-1/log\0\0\0"
LABEL_SALT = b"keyward-1/salt\0\0"
LABEL_ANCHOR = b"keyward-1/anchor"

# The y of all points of order 1, 2, 4 and 8.
SMALL_ORDER = frozenset(
    bytes.fromhex(y)
    for y in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
)


def digest(data: bytes) -> bytes:
    """`H`: the first 32 bytes of SHA-512 (SPEC 2.3)."""
    return hashlib.sha512(data).digest()[:32]


def device_mac(secret: bytes, data: bytes) -> bytes:
    """`M`: HMAC-SHA-512 under the device secret, cut to 16 bytes (SPEC 5.1)."""
    return hmac.digest(secret, data, hashlib.sha512)[:16]


def key_id(key: bytes) -> bytes:
    """What looks up an issuer: a prefix of the key (SPEC 2.3)."""
    return key[:8]


def key_name(key: bytes) -> bytes:
    """What names a key (SPEC 2.3)."""
    return digest(LABEL_KEY + key)[:16]


def prefix(name: bytes) -> bytes:
    """What stands for a `LinkId` or `KeyName` in lists and tables (SPEC 2.3)."""
    return name[:8]


def _without_sign(encoded: bytes) -> bytes:
    return encoded[:31] + bytes((encoded[31] & 0x7F,))


def check_key(key: bytes) -> None:
    """Refuses a public key that must not be decoded nor trusted (SPEC 4.2)."""
    y = _without_sign(key)
    if int.from_bytes(y, "little") >= P:
        raise DecodeError("NonCanonicalKey")
    if y in SMALL_ORDER:
        raise DecodeError("WeakKey")


def read_key(reader: Reader) -> bytes:
    key = reader.take(32)
    check_key(key)
    return key


def on_curve(key: bytes) -> bool:
    """Whether a y below p is that of a point: (y^2 - 1) / (d y^2 + 1) is a square."""
    y = int.from_bytes(_without_sign(key), "little")
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    return pow(u * v, (P - 1) // 2, P) in (0, 1)


@lru_cache(maxsize=1 << 13)
def _public_key(key: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(key)


def signature_fault(key: bytes, message: bytes, signature: bytes) -> str | None:
    """The first fault of a signature, in the order of SPEC 4.2, or None if it holds."""
    r, s = signature[:32], signature[32:]
    if int.from_bytes(s, "little") >= L:
        return "NonCanonicalScalar"
    if _without_sign(r) in SMALL_ORDER:
        return "SmallOrderPoint"
    if _without_sign(key) in SMALL_ORDER:
        return "WeakKey"
    try:
        _public_key(key).verify(signature, message)
        return None
    except (InvalidSignature, ValueError):
        return "Mismatch" if on_curve(key) else "KeyNotOnCurve"


def public_of(secret: bytes) -> bytes:
    """The public half of a secret key, the 32-byte seed (SPEC 4.1)."""
    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def sign(secret: bytes, message: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(secret).sign(message)
