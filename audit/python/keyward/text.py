"""The text form of objects and of keys (SPEC 3.5)."""

from __future__ import annotations

import base64
import binascii
import re

from .keys import check_key
from .limits import KIND_NAMES, VERSION
from .wire import DecodeError

PREFIX = "kw1."
PUBLIC_PREFIX = "kw1public."
SECRET_PREFIX = "kw1secret."
CLASSES = frozenset(
    (
        "cold",
        "root",
        "emergency",
        "issuer",
        "holder",
        "witness",
        "device",
        "sealing",
        "claim",
        "label",
    )
)
_ALPHABET = re.compile(r"[A-Za-z0-9_-]*\Z")


class TextError(Exception):
    """`Prefix`, `Kind`, `Base64`, or `Key(...)` for what is no public key."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


def _from_base64(text: str) -> bytes:
    """Base64url without padding, and with no bit set that is unused."""
    if not _ALPHABET.match(text) or len(text) % 4 == 1:
        raise TextError("Base64")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise TextError("Base64") from None
    if _to_base64(data) != text:
        raise TextError("Base64")
    return data


def _to_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def to_text(data: bytes) -> str:
    """The text form of an object's bytes."""
    return f"{PREFIX}{KIND_NAMES[data[1]]}.{_to_base64(data)}"


def from_text(text: str) -> bytes:
    """The bytes of a text form, for the object's decoder."""
    if not text.startswith(PREFIX):
        raise TextError("Prefix")
    name, dot, encoded = text[len(PREFIX):].partition(".")
    if not dot:
        raise TextError("Kind")
    data = _from_base64(encoded)
    if len(data) < 2 or data[0] != VERSION or KIND_NAMES.get(data[1]) != name:
        raise TextError("Kind")
    return data


def secret_to_text(secret: bytes, key_class: str) -> str:
    return _key_to_text(SECRET_PREFIX, secret, key_class)


def secret_from_text(text: str, key_class: str) -> bytes:
    return _key_from_text(SECRET_PREFIX, text, key_class)


def public_to_text(key: bytes, key_class: str) -> str:
    return _key_to_text(PUBLIC_PREFIX, key, key_class)


def public_from_text(text: str, key_class: str) -> bytes:
    """The bytes of a public key of this class; a key to seal to is any 32 bytes."""
    key = _key_from_text(PUBLIC_PREFIX, text, key_class)
    if key_class != "sealing":
        try:
            check_key(key)
        except DecodeError as error:
            raise TextError(f"Key({error.name.removesuffix('Key')})") from None
    return key


def _key_to_text(prefix: str, key: bytes, key_class: str) -> str:
    if key_class not in CLASSES or len(key) != 32:
        raise ValueError("no such class, or no key")
    return f"{prefix}{key_class}.{_to_base64(key)}"


def _key_from_text(prefix: str, text: str, key_class: str) -> bytes:
    if not text.startswith(prefix):
        raise TextError("Prefix")
    name, dot, encoded = text[len(prefix):].partition(".")
    if not dot or name != key_class:
        raise TextError("Kind")
    key = _from_base64(encoded)
    if len(key) != 32:
        raise TextError("Base64")
    return key
