"""Sealing (SPEC 23): HPKE of RFC 9180 in mode base, contexts, sizes and padding.

DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305, one message for each key.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from .keys import LABEL_SEAL
from .limits import ENTRY, PRESENTATION, SEALED, SEALED_SIZES
from .wire import DecodeError, Reader, decode_object, header

TAG = 16
MARK = 0x80


class SealFault(Exception):
    """`NoKey`, `Malformed`, `Size`, `NotOpened`, `Padding` or `OtherKind` (SPEC 23.4)."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


# --- RFC 9180 -------------------------------------------------------------------------

_KEM = b"KEM" + bytes((0x00, 0x20))
_HPKE = b"HPKE" + bytes((0x00, 0x20, 0x00, 0x01, 0x00, 0x03))
_VERSION = b"HPKE-v1"
_BASE = b"\0"


def _extract(suite: bytes, salt: bytes, label: bytes, key: bytes) -> bytes:
    """LabeledExtract (RFC 9180, section 4)."""
    return hmac.digest(salt or bytes(32), _VERSION + suite + label + key, hashlib.sha256)


def _expand(suite: bytes, key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    """LabeledExpand; 32 bytes at most, so that one block does."""
    labelled = length.to_bytes(2, "big") + _VERSION + suite + label + info
    return hmac.digest(key, labelled + b"\1", hashlib.sha256)[:length]


def derive_secret(ikm: bytes) -> bytes:
    """The secret half of DeriveKeyPair (section 7.1.3)."""
    return _expand(_KEM, _extract(_KEM, b"", b"dkp_prk", ikm), b"sk", b"", 32)


def sealing_key_of(secret: bytes) -> bytes:
    """The sealing key that belongs to an opening key."""
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def _exchange(secret: bytes, public: bytes) -> bytes | None:
    """The shared secret of X25519, or None where it is 32 zeros (section 7.1.4)."""
    try:
        return X25519PrivateKey.from_private_bytes(secret).exchange(
            X25519PublicKey.from_public_bytes(public)
        )
    except ValueError:
        return None


def _cipher(shared: bytes, enc: bytes, key: bytes, info: bytes) -> tuple[ChaCha20Poly1305, bytes]:
    """Key and nonce of sequence number 0 (sections 4.1 and 5.1)."""
    prk = _extract(_KEM, b"", b"eae_prk", shared)
    secret = _expand(_KEM, prk, b"shared_secret", enc + key, 32)
    context = _BASE + _extract(_HPKE, b"", b"psk_id_hash", b"")
    context += _extract(_HPKE, b"", b"info_hash", info)
    scheduled = _extract(_HPKE, secret, b"secret", b"")
    opened = _expand(_HPKE, scheduled, b"key", context, 32)
    return ChaCha20Poly1305(opened), _expand(_HPKE, scheduled, b"base_nonce", context, 12)


# --- SPEC 23 --------------------------------------------------------------------------


@dataclass(slots=True)
class Sealed:
    enc: bytes
    ciphertext: bytes
    """With its tag."""

    def encode(self) -> bytes:
        return header(SEALED) + self.enc + self.ciphertext


def _read_sealed(reader: Reader) -> Sealed:
    enc = reader.take(32)
    left = len(reader.data) - reader.at
    return Sealed(enc, reader.take(max(left, TAG)))


def decode_sealed(data: bytes) -> Sealed:
    return decode_object(data, SEALED, _read_sealed)


@dataclass(slots=True, frozen=True)
class Context:
    """What something is sealed for (SPEC 23.2)."""

    kind: int
    lock: bytes
    moment: bytes

    @property
    def info(self) -> bytes:
        return LABEL_SEAL

    @property
    def aad(self) -> bytes:
        return bytes((self.kind,)) + self.lock + self.moment


def of_presentation(lock: bytes, nonce: bytes | None) -> Context:
    """The nonce is that of the session; without one it is zeros."""
    return Context(PRESENTATION, lock, bytes(16) if nonce is None else nonce)


def of_entry(lock: bytes) -> Context:
    return Context(ENTRY, lock, bytes(16))


def _least_size(kind: int, length: int) -> int | None:
    """Of a text with mark, for an object of this length."""
    return next((size for size in SEALED_SIZES[kind] if size > length), None)


def fill(kind: int, data: bytes) -> bytes:
    """The text of an object (SPEC 23.3)."""
    size = _least_size(kind, len(data))
    if size is None:
        raise ValueError("longer than what is sealed may be")
    return data + bytes((MARK,)) + bytes(size - len(data) - 1)


def seal_text(key: bytes, ikm: bytes, context: Context, text: bytes) -> bytes:
    """Seals a text as it is, by a one-time key that is derived from `ikm`."""
    one_time = derive_secret(ikm)
    enc = sealing_key_of(one_time)
    shared = _exchange(one_time, key)
    if shared is None:
        raise ValueError("a sealing key of small order")
    cipher, nonce = _cipher(shared, enc, key, context.info)
    return Sealed(enc, cipher.encrypt(nonce, text, context.aad)).encode()


def seal(key: bytes, ikm: bytes, context: Context, data: bytes) -> bytes:
    """Seals an object; `ikm` are 32 random bytes, new for each."""
    return seal_text(key, ikm, context, fill(context.kind, data))


def _decrypted(secret: bytes, sealed: Sealed, context: Context) -> bytes | None:
    shared = _exchange(secret, sealed.enc)
    if shared is None:
        return None
    cipher, nonce = _cipher(shared, sealed.enc, sealing_key_of(secret), context.info)
    try:
        return cipher.decrypt(nonce, sealed.ciphertext, context.aad)
    except InvalidTag:
        return None


def _unfilled(kind: int, text: bytes) -> bytes:
    data = text.rstrip(b"\0")
    if not data or data[-1] != MARK or _least_size(kind, len(data) - 1) != len(text):
        raise SealFault("Padding")
    return data[:-1]


def open_sealed(secrets: Sequence[bytes], context: Context, data: bytes) -> bytes:
    """The object, for the decoder of its kind (SPEC 23.4), or the first fault."""
    if not secrets:
        raise SealFault("NoKey")
    try:
        sealed = decode_sealed(data)
    except DecodeError:
        raise SealFault("Malformed") from None
    if len(sealed.ciphertext) - TAG not in SEALED_SIZES[context.kind]:
        raise SealFault("Size")
    tried = (_decrypted(secret, sealed, context) for secret in secrets)
    text = next((text for text in tried if text is not None), None)
    if text is None:
        raise SealFault("NotOpened")
    opened = _unfilled(context.kind, text)
    if opened[:2] != header(context.kind):
        raise SealFault("OtherKind")
    return opened
