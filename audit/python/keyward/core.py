"""What binds a request, and what holder, witness and attester sign (SPEC 5.4 to 5.6)."""

from __future__ import annotations

from .keys import LABEL_CORE, LABEL_PRESENT, LABEL_STATUS, LABEL_WITNESS, digest
from .objects import Challenged, Moment, Status
from .token import u64


def core_of(
    domain: bytes,
    epoch: int,
    lock: bytes,
    moment: Moment,
    leaf: bytes,
    right: int,
    parameter: bytes,
) -> bytes:
    """The core; a challenged moment must have its nonce and channel."""
    if isinstance(moment, Challenged):
        if moment.nonce is None or moment.channel is None:
            raise ValueError("a challenged core needs nonce and channel")
        tied = b"\0" + moment.nonce + bytes((moment.channel,)) + moment.fresh
    else:
        tied = b"\1" + u64(moment.counter) + u64(moment.time) + u64(moment.expires) + bytes(9)
    fields = domain + u64(epoch) + lock + tied + leaf + bytes((right,)) + parameter
    return digest(LABEL_CORE + fields)


def holder_message(core: bytes) -> bytes:
    return LABEL_PRESENT + core


def witness_message(core: bytes, evidence: bytes) -> bytes:
    return LABEL_WITNESS + core + evidence


def status_message(status: Status, domain: bytes, signer: bytes, nonce: bytes | None) -> bytes:
    """170 bytes; `nonce` is that of the session, and counts only if the flag is set."""
    if status.over_nonce and nonce is None:
        raise ValueError("a status over a nonce is never checked without one")
    return b"".join(
        (
            LABEL_STATUS,
            domain,
            u64(status.epoch),
            signer,
            u64(status.keyset),
            u64(status.list_keyset),
            u64(status.list_number),
            u64(status.at),
            bytes((status.list is not None,)),
            status.list.hash if status.list is not None else bytes(32),
            bytes((status.over_nonce,)),
            nonce if status.over_nonce and nonce is not None else bytes(16),
        )
    )
