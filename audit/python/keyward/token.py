"""Tokens, origins and the chain of links (SPEC 5.3 and 6)."""

from __future__ import annotations

from dataclasses import dataclass

from .caveats import Caveats, read_caveats
from .keys import (
    LABEL_GRANT_HASH,
    LABEL_GRANT_SIGN,
    LABEL_LINK_HASH,
    LABEL_LINK_SIGN,
    digest,
    key_id,
    read_key,
    signature_fault,
)
from .limits import MAX_LINKS, MAX_TOKEN, ORIGIN, TOKEN
from .wire import DecodeError, Reader, decode_object, header, varint


@dataclass(slots=True)
class Link:
    grantee: bytes
    depth: int
    caveats: Caveats
    body: bytes
    """As received, from the grantee to the end of the caveats (SPEC 5.3)."""
    signature: bytes


@dataclass(slots=True)
class Token:
    issuer: bytes
    serial: int
    links: list[Link]

    def fields(self) -> bytes:
        links = b"".join(link.body + link.signature for link in self.links)
        return self.issuer + varint(self.serial) + varint(len(self.links)) + links

    def encode(self) -> bytes:
        return header(TOKEN) + self.fields()


@dataclass(slots=True)
class Origin:
    """What a token leaves out (SPEC 6.5)."""

    domain: bytes
    epoch: int
    issuer: bytes

    def fields(self) -> bytes:
        return self.domain + varint(self.epoch) + self.issuer

    def encode(self) -> bytes:
        return header(ORIGIN) + self.fields()


def _read_link(reader: Reader, before: Link | None) -> Link:
    start = reader.at
    grantee = read_key(reader)
    depth = reader.u8()
    caveats = read_caveats(reader)
    body = reader.data[start:reader.at]
    signature = reader.take(64)
    if depth >= (MAX_LINKS if before is None else before.depth):
        raise DecodeError("OutOfRange", "Depth")
    return Link(grantee, depth, caveats, body, signature)


def read_token(reader: Reader) -> Token:
    """The fields of a token; the length counts its version and kind (SPEC 6.1)."""
    start = reader.at
    issuer = reader.take(8)
    serial = reader.u64()
    links: list[Link] = []
    for _ in range(reader.count_from_one(MAX_LINKS, "Links")):
        links.append(_read_link(reader, links[-1] if links else None))
    if reader.at - start + 2 > MAX_TOKEN:
        raise DecodeError("OverLimit", "Object")
    first = links[0].caveats
    for bit, caveat in enumerate((first.rights, first.targets, first.valid)):
        if caveat is None:
            raise DecodeError("MissingCaveat", bit)
    return Token(issuer, serial, links)


def decode_token(data: bytes) -> Token:
    return decode_object(data, TOKEN, read_token)


def read_origin(reader: Reader) -> Origin:
    return Origin(reader.take(32), reader.u64(), read_key(reader))


def decode_origin(data: bytes) -> Origin:
    return decode_object(data, ORIGIN, read_origin)


def u64(value: int) -> bytes:
    """An integer in a preimage: fixed width, little-endian (SPEC 5)."""
    return value.to_bytes(8, "little")


@dataclass(slots=True)
class Chain:
    """The chain hash of each link, and what the signer of each signs (SPEC 5.3)."""

    hashes: list[bytes]
    messages: list[bytes]

    @property
    def link_ids(self) -> list[bytes]:
        return [chain[:16] for chain in self.hashes]


def grant_fields(domain: bytes, epoch: int, grantor: bytes, serial: int, body: bytes) -> bytes:
    return domain + u64(epoch) + grantor + u64(serial) + body


def link_fields(domain: bytes, epoch: int, parent: bytes, body: bytes) -> bytes:
    return domain + u64(epoch) + parent + body


def chain_of(token: Token, domain: bytes, epoch: int, grantor: bytes) -> Chain:
    fields = grant_fields(domain, epoch, grantor, token.serial, token.links[0].body)
    chain = Chain([digest(LABEL_GRANT_HASH + fields)], [LABEL_GRANT_SIGN + fields])
    for link in token.links[1:]:
        fields = link_fields(domain, epoch, chain.hashes[-1], link.body)
        chain.hashes.append(digest(LABEL_LINK_HASH + fields))
        chain.messages.append(LABEL_LINK_SIGN + fields)
    return chain


def link_fault(token: Token, chain: Chain, grantor: bytes) -> tuple[int, str] | None:
    """The index and fault of the first link whose signature fails (SPEC 6.3)."""
    signer = grantor
    for index, (link, message) in enumerate(zip(token.links, chain.messages)):
        fault = signature_fault(signer, message, link.signature)
        if fault is not None:
            return index, fault
        signer = link.grantee
    return None


def is_genuine(token: Token, origin: Origin) -> bool:
    """Whether a token is genuine in a scope, from the origin's key (SPEC 6.3)."""
    if key_id(origin.issuer) != token.issuer:
        return False
    chain = chain_of(token, origin.domain, origin.epoch, origin.issuer)
    return link_fault(token, chain, origin.issuer) is None
