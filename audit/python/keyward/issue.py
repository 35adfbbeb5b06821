"""The issuing side: objects made with keys in memory (SPEC 4.3, 6.4, 11 and 12).

Each function decodes what it made, so that none makes an object that a decoder
refuses (SPEC 3.4).
"""

from __future__ import annotations

from dataclasses import replace

from .caveats import Caveats
from .core import core_of, holder_message, status_message, witness_message
from .keys import LABEL_GRANT_SIGN, LABEL_LINK_SIGN, key_id, public_of, sign
from .objects import (
    Challenged,
    Moment,
    Presentation,
    Request,
    RevocationList,
    Statement,
    Status,
    decode_presentation,
    decode_request,
    decode_status,
    decode_witness,
)
from .token import (
    Link,
    Origin,
    Token,
    chain_of,
    decode_token,
    grant_fields,
    is_genuine,
    link_fields,
)


def issue(
    secret: bytes,
    domain: bytes,
    epoch: int,
    serial: int,
    grantee: bytes,
    depth: int,
    caveats: Caveats,
) -> Token:
    """A token of one link."""
    grantor = public_of(secret)
    body = grantee + bytes((depth,)) + caveats.encode()
    signature = sign(secret, LABEL_GRANT_SIGN + grant_fields(domain, epoch, grantor, serial, body))
    token = Token(key_id(grantor), serial, [Link(grantee, depth, caveats, body, signature)])
    return decode_token(token.encode())


def attenuate(
    secret: bytes, origin: Origin, token: Token, grantee: bytes, depth: int, caveats: Caveats
) -> Token:
    """The token with a link more, by its holder."""
    if public_of(secret) != token.links[-1].grantee:
        raise ValueError("only the holder adds a link")
    if not is_genuine(token, origin):
        raise ValueError("the token is not genuine from this origin")
    parent = chain_of(token, origin.domain, origin.epoch, origin.issuer).hashes[-1]
    body = grantee + bytes((depth,)) + caveats.encode()
    fields = link_fields(origin.domain, origin.epoch, parent, body)
    link = Link(grantee, depth, caveats, body, sign(secret, LABEL_LINK_SIGN + fields))
    return decode_token(Token(token.issuer, token.serial, [*token.links, link]).encode())


def make_request(
    origin: Origin, lock: bytes, moment: Moment, right: int, parameter: bytes, token: Token
) -> Request:
    if key_id(origin.issuer) != token.issuer:
        raise ValueError("an origin of another token")
    request = Request(origin, lock, moment, right, parameter, token)
    return decode_request(request.encode())


def request_core(request: Request) -> bytes:
    """The core, from the fields of the request."""
    origin = request.origin
    if key_id(origin.issuer) != request.token.issuer:
        raise ValueError("an origin of another token")
    leaf = chain_of(request.token, origin.domain, origin.epoch, origin.issuer).hashes[-1]
    return core_of(
        origin.domain,
        origin.epoch,
        request.lock,
        request.moment,
        leaf,
        request.right,
        request.parameter,
    )


def agree(secret: bytes, request: Request, evidence: bytes) -> Statement:
    """The statement of a witness on a request."""
    signature = sign(secret, witness_message(request_core(request), evidence))
    return decode_witness(Statement(public_of(secret), evidence, signature).encode())


def attest(
    secret: bytes,
    domain: bytes,
    epoch: int,
    keyset: int,
    list_number: int,
    at: int,
    nonce: bytes | None = None,
    listed: RevocationList | None = None,
) -> Status:
    """A status, over a nonce or not, with a list or not."""
    signer = public_of(secret)
    status = Status(
        key_id(signer), epoch, keyset, list_number, at, nonce is not None, listed, bytes(64)
    )
    signature = sign(secret, status_message(status, domain, signer, nonce))
    return decode_status(replace(status, signature=signature).encode())


def present(
    secret: bytes,
    request: Request,
    witnesses: tuple[Statement, ...] = (),
    status: Status | None = None,
) -> Presentation:
    """The presentation of a request, by the holder of its token."""
    if public_of(secret) != request.token.links[-1].grantee:
        raise ValueError("only the holder presents a token")
    moment = request.moment
    presentation = Presentation(
        Challenged(moment.fresh) if isinstance(moment, Challenged) else moment,
        request.right,
        request.parameter,
        sorted(witnesses, key=lambda witness: witness.key),
        status,
        request.token,
        sign(secret, holder_message(request_core(request))),
    )
    return decode_presentation(presentation.encode())
