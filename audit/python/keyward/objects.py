"""Status, challenge, answer, request, witness, presentation (SPEC 8 and 10 to 12).

Also `decode`, for objects of every kind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .keys import LABEL_LIST, LABEL_STATUS_HASH, digest, read_key
from .limits import (
    ANSWER,
    CHALLENGE,
    KIND_BYTES,
    MAX_FLOORS,
    MAX_PARAMETER,
    MAX_REVOCATIONS,
    MAX_WITNESSES,
    PRESENTATION,
    REQUEST,
    STATUS,
    WITNESS,
)
from .receipts import decode_entry, decode_receipt, decode_recording
from .seal import decode_sealed
from .statements import (
    decode_card,
    decode_claim,
    decode_claimed,
    decode_epoch,
    decode_keyset,
    decode_unclaimed,
)
from .token import Origin, Token, decode_origin, decode_token, read_origin, read_token
from .wire import (
    DecodeError,
    Reader,
    check_ascending,
    check_pair,
    decode_object,
    header,
    sized,
    varint,
)


@dataclass(slots=True)
class RevocationList:
    entries: list[bytes]
    """Prefixes of what is revoked."""
    floors: list[tuple[bytes, int]]
    raw: bytes = b""
    """As received, from the count of entries to the last floor (SPEC 5.6)."""

    def encode(self) -> bytes:
        out = varint(len(self.entries)) + b"".join(self.entries) + varint(len(self.floors))
        return out + b"".join(issuer + varint(first) for issuer, first in self.floors)

    @property
    def hash(self) -> bytes:
        return digest(LABEL_LIST + (self.raw or self.encode()))


def _read_list(reader: Reader) -> RevocationList:
    start = reader.at
    count = reader.count(MAX_REVOCATIONS, "Revocations")
    entries = [reader.take(8) for _ in range(count)]
    check_ascending(entries, "Revocations")
    floors: list[tuple[bytes, int]] = []
    for _ in range(reader.count(MAX_FLOORS, "Floors")):
        issuer, first = reader.take(8), reader.u64()
        if first == 0:
            raise DecodeError("OutOfRange", "Floors")
        if floors:
            check_pair(floors[-1][0], issuer, "Floors")
        floors.append((issuer, first))
    return RevocationList(entries, floors, reader.data[start:reader.at])


@dataclass(slots=True)
class Status:
    """SPEC 8.1."""

    issuer: bytes
    epoch: int
    keyset: int
    list_keyset: int
    list_number: int
    at: int
    over_nonce: bool
    list: RevocationList | None
    signature: bytes

    def body(self) -> bytes:
        """All but version, kind and signature; its order names one (SPEC 17.1)."""
        numbers = self.epoch, self.keyset, self.list_keyset, self.list_number, self.at
        out = self.issuer + b"".join(map(varint, numbers))
        out += bytes((self.over_nonce, self.list is not None))
        if self.list is not None:
            out += self.list.encode()
        return out

    @property
    def list_answer(self) -> bytes:
        """`H(STATUS_HASH || status)`, of the answer to a claim and of an entry (SPEC 5.2, 24.2)."""
        return digest(LABEL_STATUS_HASH + self.body())

    def fields(self) -> bytes:
        return self.body() + self.signature

    def encode(self) -> bytes:
        return header(STATUS) + self.fields()

    @property
    def order(self) -> tuple[int, int]:
        """Of the newest list; with a list, of its own (SPEC 8.4)."""
        return self.list_keyset, self.list_number


def _read_status(reader: Reader) -> Status:
    """The list's order is checked once it is known whether there is a list (SPEC 3.4)."""
    issuer = reader.take(8)
    epoch, keyset = reader.u64(), reader.u64()
    order = list_keyset, list_number = reader.u64(), reader.u64()
    at = reader.time()
    over_nonce = reader.flag()
    has_list = reader.flag()
    if list_keyset > keyset or has_list and list_keyset != keyset:
        raise DecodeError("OutOfRange", "ListKeyset")
    if has_list and list_number == 0:
        raise DecodeError("OutOfRange", "ListNumber")
    listed = _read_list(reader) if has_list else None
    return Status(issuer, epoch, keyset, *order, at, over_nonce, listed, reader.take(64))


def decode_status(data: bytes) -> Status:
    return decode_object(data, STATUS, _read_status)


@dataclass(slots=True)
class Challenge:
    """SPEC 10.1."""

    lock: bytes
    nonce: bytes
    epoch: int
    keyset: int
    list: tuple[int, int]
    """The order of the list that the lock holds, or (0, 0)."""
    card: tuple[int, int]
    """The order of its card of this epoch, or (0, 0)."""

    def encode(self) -> bytes:
        numbers = self.epoch, self.keyset, *self.list, *self.card
        return header(CHALLENGE) + self.lock + self.nonce + b"".join(map(varint, numbers))


def _read_challenge(reader: Reader) -> Challenge:
    return Challenge(
        reader.take(8),
        reader.take(16),
        reader.u64(),
        reader.u64(),
        (reader.u64(), reader.u64()),
        (reader.u64(), reader.u64()),
    )


def decode_challenge(data: bytes) -> Challenge:
    return decode_object(data, CHALLENGE, _read_challenge)


def _read_answer(reader: Reader) -> int:
    """The byte, then what trails, then its range (SPEC 3.4)."""
    answer = reader.u8()
    reader.end()
    if answer > 7:
        raise DecodeError("OutOfRange", "Answer")
    return answer


def decode_answer(data: bytes) -> int:
    return decode_object(data, ANSWER, _read_answer)


@dataclass(slots=True)
class Challenged:
    """A challenged moment. A presentation leaves out nonce and channel (SPEC 12.2)."""

    fresh: bytes
    nonce: bytes | None = None
    channel: int | None = None


@dataclass(slots=True)
class Unchallenged:
    counter: int
    time: int
    expires: int

    def fields(self) -> bytes:
        return varint(self.counter) + varint(self.time) + varint(self.expires)


Moment = Challenged | Unchallenged


def _read_unchallenged(reader: Reader) -> Unchallenged:
    return Unchallenged(reader.u64(), reader.time(), reader.time())


@dataclass(slots=True)
class Request:
    """What a witness is shown (SPEC 11.2)."""

    origin: Origin
    lock: bytes
    moment: Moment
    right: int
    parameter: bytes
    token: Token

    def encode(self) -> bytes:
        moment = self.moment
        out = header(REQUEST) + self.origin.fields() + self.lock
        if isinstance(moment, Unchallenged):
            out += b"\1" + moment.fields()
        else:
            if moment.nonce is None or moment.channel is None:
                raise ValueError("a request names nonce and channel")
            out += b"\0" + moment.nonce + bytes((moment.channel,)) + moment.fresh
        return out + bytes((self.right,)) + sized(self.parameter) + self.token.fields()


def _read_request(reader: Reader) -> Request:
    origin = read_origin(reader)
    lock = reader.take(8)
    moment: Moment
    if reader.flag():
        moment = _read_unchallenged(reader)
    else:
        nonce = reader.take(16)
        channel = reader.u8()
        if channel > 3:
            raise DecodeError("OutOfRange", "Channel")
        moment = Challenged(reader.take(16), nonce, channel)
    right = reader.right()
    parameter = reader.sized(MAX_PARAMETER, "Parameter")
    return Request(origin, lock, moment, right, parameter, read_token(reader))


def decode_request(data: bytes) -> Request:
    return decode_object(data, REQUEST, _read_request)


@dataclass(slots=True)
class Statement:
    """The statement of a witness (SPEC 12.1)."""

    key: bytes
    evidence: bytes
    signature: bytes

    def fields(self) -> bytes:
        return self.key + self.evidence + self.signature

    def encode(self) -> bytes:
        return header(WITNESS) + self.fields()


def _read_statement(reader: Reader) -> Statement:
    return Statement(read_key(reader), reader.take(16), reader.take(64))


def decode_witness(data: bytes) -> Statement:
    return decode_object(data, WITNESS, _read_statement)


@dataclass(slots=True)
class Presentation:
    """SPEC 12.2."""

    moment: Moment
    right: int
    parameter: bytes
    witnesses: list[Statement]
    status: Status | None
    token: Token
    signature: bytes

    def encode(self) -> bytes:
        moment = self.moment
        out = header(PRESENTATION)
        out += b"\1" + moment.fields() if isinstance(moment, Unchallenged) else b"\0" + moment.fresh
        out += bytes((self.right,)) + sized(self.parameter) + varint(len(self.witnesses))
        out += b"".join(witness.fields() for witness in self.witnesses)
        out += b"\0" if self.status is None else b"\1" + self.status.fields()
        return out + self.token.fields() + self.signature


def _read_presentation(reader: Reader) -> Presentation:
    moment: Moment
    moment = _read_unchallenged(reader) if reader.flag() else Challenged(reader.take(16))
    right = reader.right()
    parameter = reader.sized(MAX_PARAMETER, "Parameter")
    witnesses: list[Statement] = []
    for _ in range(reader.count(MAX_WITNESSES, "Witnesses")):
        witness = _read_statement(reader)
        if witnesses:
            check_pair(witnesses[-1].key, witness.key, "Witnesses")
        witnesses.append(witness)
    status = _read_status(reader) if reader.flag() else None
    if status is not None and status.list is not None:
        raise DecodeError("ListInPresentation")
    token = read_token(reader)
    return Presentation(moment, right, parameter, witnesses, status, token, reader.take(64))


def decode_presentation(data: bytes) -> Presentation:
    return decode_object(data, PRESENTATION, _read_presentation)


_DECODERS: dict[str, Callable[[bytes], object]] = {
    "token": decode_token,
    "origin": decode_origin,
    "status": decode_status,
    "challenge": decode_challenge,
    "request": decode_request,
    "witness": decode_witness,
    "presentation": decode_presentation,
    "answer": decode_answer,
    "epoch": decode_epoch,
    "keyset": decode_keyset,
    "card": decode_card,
    "unclaimed": decode_unclaimed,
    "claim": decode_claim,
    "claimed": decode_claimed,
    "sealed": decode_sealed,
    "receipt": decode_receipt,
    "entry": decode_entry,
    "recording": decode_recording,
}
assert _DECODERS.keys() == KIND_BYTES.keys()


def decode(name: str, data: bytes) -> object:
    """Decodes an object of the kind with this name (SPEC 3.2)."""
    return _DECODERS[name](data)
