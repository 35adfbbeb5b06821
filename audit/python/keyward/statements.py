"""Epoch, keyset, card, unclaimed, claim, claimed (SPEC 16 and 18.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .caveats import Caveats, decode_limits
from .keys import (
    LABEL_CARD_HASH,
    LABEL_CARD_SIGN,
    LABEL_CLAIM,
    LABEL_COLD,
    LABEL_EPOCH_HASH,
    LABEL_EPOCH_SIGN,
    LABEL_KEYSET_HASH,
    LABEL_KEYSET_SIGN,
    LABEL_LABEL,
    check_key,
    digest,
    key_id,
    read_key,
)
from .limits import (
    CARD,
    CLAIM,
    CLAIMED,
    EPOCH,
    KEYSET,
    MAX_CAVEATS,
    MAX_GROUPS,
    MAX_ISSUERS,
    MAX_KEYS,
    MAX_OFFSET,
    MAX_TRANSITIONS,
    MAX_ZONES,
    UNCLAIMED,
)
from .schedule import Zone
from .token import u64
from .wire import (
    DecodeError,
    Reader,
    check_ascending,
    check_pair,
    decode_object,
    header,
    option,
    signed_varint,
    sized,
    varint,
)

ISSUE, ATTEST, REVOKE, ENROL = range(4)
"""Roles of an issuer (SPEC 16.2)."""


@dataclass(slots=True)
class Keys:
    """The roots or the cold keys of an epoch, and how many of them sign (SPEC 16.1)."""

    threshold: int
    keys: tuple[bytes, ...]

    def encode(self) -> bytes:
        return bytes((self.threshold,)) + varint(len(self.keys)) + b"".join(self.keys)

    @property
    def commitment(self) -> bytes:
        """What the epoch before names as `next` (SPEC 5.2)."""
        return digest(LABEL_COLD + self.encode())


def _read_keys(reader: Reader) -> Keys:
    """The threshold is checked once the number of keys is known (SPEC 3.4)."""
    threshold = reader.u8()
    count = reader.count_from_one(MAX_KEYS, "Keys")
    if not 1 <= threshold <= count:
        raise DecodeError("OutOfRange", "Threshold")
    keys = tuple(reader.take(32) for _ in range(count))
    check_ascending(keys, "Keys")
    for key in keys:
        check_key(key)
    return Keys(threshold, keys)


Signatures = list[tuple[int, bytes]]
"""Index of the signer among the keys, and signature."""


def _encode_signatures(signatures: Signatures) -> bytes:
    signed = b"".join(bytes((index,)) + signature for index, signature in signatures)
    return varint(len(signatures)) + signed


def _read_signatures(reader: Reader) -> Signatures:
    signatures: Signatures = []
    for _ in range(reader.count(MAX_KEYS, "Signatures")):
        index = reader.u8()
        if index >= MAX_KEYS:
            raise DecodeError("OutOfRange", "Signer")
        signature = reader.take(64)
        if signatures:
            check_pair(signatures[-1][0], index, "Signatures")
        signatures.append((index, signature))
    return signatures


class _Bodied:
    """What is signed over a hash of its body (SPEC 5.2)."""

    __slots__ = ()
    hash_label: ClassVar[bytes]
    sign_label: ClassVar[bytes]
    raw: bytes

    def body(self) -> bytes:
        raise NotImplementedError

    def epoch_number(self) -> int:
        raise NotImplementedError

    @property
    def hash(self) -> bytes:
        """The body hash, over the bytes as received."""
        return digest(self.hash_label + (self.raw or self.body()))

    def message(self, domain: bytes) -> bytes:
        """The 88 bytes that are signed."""
        return self.sign_label + domain + u64(self.epoch_number()) + self.hash


@dataclass(slots=True)
class Epoch(_Bodied):
    """SPEC 16.1."""

    hash_label = LABEL_EPOCH_HASH
    sign_label = LABEL_EPOCH_SIGN

    number: int
    issued_at: int
    roots: Keys
    emergency: bytes | None
    next: bytes
    cold: Keys
    signatures: Signatures
    raw: bytes = b""
    """The body as received."""

    def epoch_number(self) -> int:
        return self.number

    def body(self) -> bytes:
        out = varint(self.number) + varint(self.issued_at) + self.roots.encode()
        return out + option(self.emergency) + self.next + self.cold.encode()

    def encode(self) -> bytes:
        return header(EPOCH) + self.body() + _encode_signatures(self.signatures)


def _read_epoch(reader: Reader) -> Epoch:
    start = reader.at
    number, issued_at = reader.u64(), reader.time()
    roots = _read_keys(reader)
    emergency = read_key(reader) if reader.flag() else None
    following = reader.take(32)
    cold = _read_keys(reader)
    raw = reader.data[start:reader.at]
    signatures = _read_signatures(reader)
    return Epoch(number, issued_at, roots, emergency, following, cold, signatures, raw)


def decode_epoch(data: bytes) -> Epoch:
    return decode_object(data, EPOCH, _read_epoch)


@dataclass(slots=True)
class Issuer:
    """An issuer of a keyset (SPEC 16.2)."""

    key: bytes
    roles: int
    start: int
    lasts: int
    limits: bytes = b""

    @property
    def until(self) -> int:
        return self.start + self.lasts

    def has(self, role: int) -> bool:
        return bool(self.roles >> role & 1)

    def caveats(self) -> Caveats | None:
        """Its limits, or None where it is disabled."""
        try:
            limits = decode_limits(self.limits)
        except DecodeError:
            return None
        return None if limits.counted else limits

    def encode(self) -> bytes:
        out = self.key + bytes((self.roles,)) + varint(self.start) + varint(self.lasts)
        return out + sized(self.limits)


def _read_issuer(reader: Reader) -> Issuer:
    key = read_key(reader)
    roles = reader.u8()
    if not 1 <= roles <= 15:
        raise DecodeError("OutOfRange", "Roles")
    start, lasts = reader.time(), reader.duration()
    return Issuer(key, roles, start, lasts, reader.sized(MAX_CAVEATS, "Limits"))


def _encode_zone(name: int, zone: Zone) -> bytes:
    out = bytes((name,)) + varint(zone.end) + varint(len(zone.transitions))
    return out + b"".join(varint(at) + signed_varint(off) for at, off in zone.transitions)


def _read_zone(reader: Reader) -> tuple[int, Zone]:
    name, end = reader.u8(), reader.u32()
    transitions: list[tuple[int, int]] = []
    for _ in range(reader.count_from_one(MAX_TRANSITIONS, "Transitions")):
        at, offset = reader.u32(), reader.i16()
        if abs(offset) > MAX_OFFSET:
            raise DecodeError("OutOfRange", "Offset")
        if transitions:
            check_pair(transitions[-1][0], at, "Transitions")
        transitions.append((at, offset))
    return name, Zone(transitions, end)


@dataclass(slots=True)
class Keyset(_Bodied):
    """SPEC 16.2."""

    hash_label = LABEL_KEYSET_HASH
    sign_label = LABEL_KEYSET_SIGN

    epoch: int
    version: int
    issued_at: int
    log_to: bytes | None
    issuers: list[Issuer]
    zones: list[tuple[int, Zone]]
    signatures: Signatures
    raw: bytes = b""

    def epoch_number(self) -> int:
        return self.epoch

    def issuer(self, name: bytes) -> Issuer | None:
        """The issuer of this `KeyId`."""
        return next((issuer for issuer in self.issuers if key_id(issuer.key) == name), None)

    def zone(self, name: int | None) -> Zone | None:
        return next((zone for known, zone in self.zones if known == name), None)

    def body(self) -> bytes:
        out = varint(self.epoch) + varint(self.version) + varint(self.issued_at)
        out += option(self.log_to) + varint(len(self.issuers))
        out += b"".join(issuer.encode() for issuer in self.issuers) + varint(len(self.zones))
        return out + b"".join(_encode_zone(name, zone) for name, zone in self.zones)

    def encode(self) -> bytes:
        return header(KEYSET) + self.body() + _encode_signatures(self.signatures)


def _read_keyset(reader: Reader) -> Keyset:
    start = reader.at
    epoch, version, issued_at = reader.u64(), reader.u64(), reader.time()
    log_to = reader.take(32) if reader.flag() else None
    issuers: list[Issuer] = []
    for _ in range(reader.count(MAX_ISSUERS, "Issuers")):
        issuer = _read_issuer(reader)
        if issuers:
            check_pair(issuers[-1].key, issuer.key, "Issuers")
        issuers.append(issuer)
    zones: list[tuple[int, Zone]] = []
    for _ in range(reader.count(MAX_ZONES, "Zones")):
        zone = _read_zone(reader)
        if zones:
            check_pair(zones[-1][0], zone[0], "Zones")
        zones.append(zone)
    raw = reader.data[start:reader.at]
    signatures = _read_signatures(reader)
    return Keyset(epoch, version, issued_at, log_to, issuers, zones, signatures, raw)


def decode_keyset(data: bytes) -> Keyset:
    return decode_object(data, KEYSET, _read_keyset)


@dataclass(slots=True)
class Card(_Bodied):
    """SPEC 16.3."""

    hash_label = LABEL_CARD_HASH
    sign_label = LABEL_CARD_SIGN

    issuer: bytes
    epoch: int
    keyset: int
    version: int
    at: int
    lock: bytes
    groups: tuple[bytes, ...]
    device: bytes
    sealing: bytes | None
    flags: int
    zone: int | None
    nonce: bytes
    signature: bytes
    raw: bytes = b""

    def epoch_number(self) -> int:
        return self.epoch

    @property
    def order(self) -> tuple[int, int]:
        return self.keyset, self.version

    @property
    def sealed_only(self) -> bool:
        return bool(self.flags & 1)

    @property
    def accepts_unchallenged(self) -> bool:
        return bool(self.flags >> 1 & 1)

    def body(self) -> bytes:
        out = self.issuer
        out += b"".join(map(varint, (self.epoch, self.keyset, self.version, self.at)))
        out += self.lock + varint(len(self.groups)) + b"".join(self.groups) + self.device
        out += option(self.sealing) + bytes((self.flags,))
        return out + option(None if self.zone is None else bytes((self.zone,))) + self.nonce

    def encode(self) -> bytes:
        return header(CARD) + self.body() + self.signature


def _read_card(reader: Reader) -> Card:
    start = reader.at
    issuer = reader.take(8)
    epoch, keyset, version = reader.u64(), reader.u64(), reader.u64()
    if version == 0:
        raise DecodeError("OutOfRange", "CardVersion")
    at = reader.time()
    lock = reader.take(8)
    groups = tuple(reader.take(8) for _ in range(reader.count(MAX_GROUPS, "Groups")))
    check_ascending(groups, "Groups")
    device = read_key(reader)
    sealing = reader.take(32) if reader.flag() else None
    flags = reader.u8()
    if flags > 3 or flags & 1 and sealing is None:
        raise DecodeError("OutOfRange", "Flags")
    zone = reader.u8() if reader.flag() else None
    nonce = reader.take(16)
    return Card(
        issuer=issuer,
        epoch=epoch,
        keyset=keyset,
        version=version,
        at=at,
        lock=lock,
        groups=groups,
        device=device,
        sealing=sealing,
        flags=flags,
        zone=zone,
        nonce=nonce,
        raw=reader.data[start:reader.at],
        signature=reader.take(64),
    )


def decode_card(data: bytes) -> Card:
    return decode_object(data, CARD, _read_card)


@dataclass(slots=True)
class Unclaimed:
    """What an unclaimed lock shows (SPEC 18.1)."""

    device: bytes
    nonce: bytes

    def encode(self) -> bytes:
        return header(UNCLAIMED) + self.device + self.nonce


def decode_unclaimed(data: bytes) -> Unclaimed:
    def read(reader: Reader) -> Unclaimed:
        return Unclaimed(read_key(reader), reader.take(16))

    return decode_object(data, UNCLAIMED, read)


@dataclass(slots=True)
class Claim:
    """SPEC 18.1."""

    domain: bytes
    signature: bytes | None

    def encode(self) -> bytes:
        return header(CLAIM) + self.domain + option(self.signature)


def decode_claim(data: bytes) -> Claim:
    def read(reader: Reader) -> Claim:
        return Claim(reader.take(32), reader.take(64) if reader.flag() else None)

    return decode_object(data, CLAIM, read)


def claim_message(device: bytes, nonce: bytes, domain: bytes, epoch: Epoch, card: Card) -> bytes:
    """The 160 bytes that the claim key signs (SPEC 5.2)."""
    return LABEL_CLAIM + device + nonce + domain + epoch.hash + card.hash


@dataclass(slots=True)
class Claimed:
    """What a lock answers a claim with (SPEC 18.1)."""

    device: bytes
    nonce: bytes
    signature: bytes

    def encode(self) -> bytes:
        return header(CLAIMED) + self.device + self.nonce + self.signature


def decode_claimed(data: bytes) -> Claimed:
    def read(reader: Reader) -> Claimed:
        return Claimed(read_key(reader), reader.take(16), reader.take(64))

    return decode_object(data, CLAIMED, read)


def label_message(
    device: bytes,
    nonce: bytes,
    domain: bytes,
    epoch: Epoch,
    card: Card,
    keyset: Keyset,
    list_hash: bytes | None,
) -> bytes:
    """The 224 bytes that the label key signs (SPEC 5.2)."""
    claimed = device + nonce + domain + epoch.hash + card.hash
    return LABEL_LABEL + claimed + keyset.hash + (list_hash or bytes(32))
