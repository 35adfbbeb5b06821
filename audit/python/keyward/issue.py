"""The issuing side: objects made with keys in memory (SPEC 4.3, 6.4, 11 and 12).

Each function decodes what it made, so that none makes an object that a decoder
refuses (SPEC 3.4).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .caveats import Caveats
from .core import core_of, holder_message, status_message, witness_message
from .keys import LABEL_GRANT_SIGN, LABEL_LINK_SIGN, key_id, public_of, sign, signature_fault
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
from .statements import (
    Card,
    Claim,
    Claimed,
    Epoch,
    Keys,
    Keyset,
    claim_message,
    decode_card,
    decode_claim,
    decode_claimed,
    decode_epoch,
    decode_keyset,
    label_message,
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
    order: tuple[int, int],
    at: int,
    nonce: bytes | None = None,
    listed: RevocationList | None = None,
) -> Status:
    """A status, over a nonce or not, with a list or not; `order` is the list's."""
    signer = public_of(secret)
    status = Status(
        key_id(signer), epoch, keyset, *order, at, nonce is not None, listed, bytes(64)
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


# Statements and claims (SPEC 4.3, 16 and 18)


def keys_of(threshold: int, secrets: Iterable[bytes]) -> Keys:
    """The public halves, ascending."""
    return Keys(threshold, tuple(sorted(map(public_of, secrets))))


def sign_epoch(secrets: Iterable[bytes], domain: bytes | None, epoch: Epoch) -> Epoch:
    """Signed by cold keys; at epoch 0 the domain is its own body hash (SPEC 2.3).

    What a lock refuses for its keys is refused here, before keys are spent (SPEC 16.1).
    """
    emergency = () if epoch.emergency is None else (epoch.emergency,)
    keys = *epoch.roots.keys, *epoch.cold.keys, *emergency
    if len(set(keys)) != len(keys):
        raise ValueError("one key in two classes")
    if epoch.cold.commitment == epoch.next:
        raise ValueError("the epoch commits to the keys that sign it")
    return sign_any_epoch(secrets, domain, epoch)


def sign_any_epoch(secrets: Iterable[bytes], domain: bytes | None, epoch: Epoch) -> Epoch:
    """Without a look at its keys: for tests of what a lock refuses."""
    domain = epoch.hash if domain is None else domain
    message, signatures = epoch.message(domain), epoch.signatures
    for secret in secrets:
        signatures = _with_signature(secret, epoch.cold, message, signatures)
    return decode_epoch(replace(epoch, signatures=signatures).encode())


def sign_keyset(secrets: Iterable[bytes], domain: bytes, roots: Keys, keyset: Keyset) -> Keyset:
    """Signed by roots of the epoch."""
    message, signatures = keyset.message(domain), keyset.signatures
    for secret in secrets:
        signatures = _with_signature(secret, roots, message, signatures)
    return decode_keyset(replace(keyset, signatures=signatures).encode())


def _with_signature(
    secret: bytes, keys: Keys, message: bytes, signatures: list[tuple[int, bytes]]
) -> list[tuple[int, bytes]]:
    """One more, at the place of its key; none twice, none beyond the threshold."""
    signer = public_of(secret)
    if signer not in keys.keys:
        raise ValueError("none of the keys")
    index = keys.keys.index(signer)
    if len(signatures) >= keys.threshold or index in (signed for signed, _ in signatures):
        raise ValueError("signed already, or enough signatures")
    return sorted([*signatures, (index, sign(secret, message))])


def sign_card(secret: bytes, domain: bytes, card: Card) -> Card:
    """By an issuer of role `enrol`, whose `KeyId` is filled in."""
    card = replace(card, issuer=key_id(public_of(secret)), raw=b"")
    return decode_card(replace(card, signature=sign(secret, card.message(domain))).encode())


def sign_claim(
    secret: bytes | None, device: bytes, nonce: bytes, domain: bytes, epoch: Epoch, card: Card
) -> Claim:
    """Signed with the claim key, or unsigned for a lock without one."""
    message = claim_message(device, nonce, domain, epoch, card)
    signature = None if secret is None else sign(secret, message)
    return decode_claim(Claim(domain, signature).encode())


def answer_claim(
    secret: bytes,
    device: bytes,
    nonce: bytes,
    domain: bytes,
    epoch: Epoch,
    card: Card,
    keyset: Keyset,
    list_hash: bytes | None,
) -> Claimed:
    """By the lock, with its label key, over what it holds."""
    message = label_message(device, nonce, domain, epoch, card, keyset, list_hash)
    return decode_claimed(Claimed(device, nonce, sign(secret, message)).encode())


def claimed_fault(
    label: bytes,
    claimed: Claimed,
    domain: bytes,
    epoch: Epoch,
    card: Card,
    keyset: Keyset,
    list_hash: bytes | None,
) -> str | None:
    """What whoever claims checks, against what he brought, under the key that is printed
    on the lock (SPEC 18.1)."""
    if (claimed.device, claimed.nonce) != (card.device, card.nonce):
        return "OtherLock"
    message = label_message(card.device, card.nonce, domain, epoch, card, keyset, list_hash)
    return signature_fault(label, message, claimed.signature)
