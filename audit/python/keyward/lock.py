"""How a lock takes statements in, is claimed and released (SPEC 17 and 18).

Each method answers with what was applied, a word of Appendix B, or raises
`Refused` and has changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from .clock import Clock
from .core import status_message
from .denials import Denied
from .issue import answer_claim
from .keys import LABEL_STATUS_HASH, digest, key_id, signature_fault
from .limits import MAX_EPOCHS
from .memory import Memory
from .objects import RevocationList, Status, decode_status
from .refusals import Refused
from .seal import sealing_key_of
from .statements import (
    ATTEST,
    ENROL,
    REVOKE,
    Card,
    Claim,
    Claimed,
    Epoch,
    Issuer,
    Keys,
    Keyset,
    Signatures,
    claim_message,
    decode_card,
    decode_claim,
    decode_epoch,
    decode_keyset,
)
from .verify import TrustView
from .wire import DecodeError

UNCHANGED = "unchanged"


@dataclass(slots=True, frozen=True)
class Identity:
    """What an unclaimed lock has: keys and nonce of its present life (SPEC 18.1)."""

    device: bytes
    nonce: bytes
    claim_key: bytes | None = None


@dataclass(slots=True, frozen=True)
class HeldList:
    order: tuple[int, int]
    list: RevocationList
    body: bytes
    """Of the status that it came with (SPEC 17.1)."""

    @property
    def answer(self) -> bytes:
        """What the answer to a claim says of it (SPEC 5.2)."""
        return digest(LABEL_STATUS_HASH + self.body)


@dataclass(slots=True, frozen=True)
class TrustState:
    """What a claimed lock holds (SPEC 17.1)."""

    domain: bytes
    epoch: Epoch
    keyset: Keyset
    card: Card
    list: HeldList | None = None

    @property
    def card_current(self) -> bool:
        return self.card.epoch == self.epoch.number


@dataclass(slots=True, frozen=True)
class Anchor:
    """What is kept apart from the state, for break-glass (SPEC 18.3)."""

    domain: bytes
    epoch: int
    emergency: bytes | None
    lock: bytes
    sealed_only: bool

    def view(self) -> TrustView:
        """No issuers, no list; in no group, and nothing unchallenged."""
        return TrustView(
            domain=self.domain,
            epoch=self.epoch,
            lock=self.lock,
            keyset=0,
            card_current=False,
            emergency=self.emergency,
            sealed_only=self.sealed_only,
        )


T = TypeVar("T")


def _decoded(decoder: Callable[[bytes], T], data: bytes) -> T:
    try:
        return decoder(data)
    except DecodeError as error:
        raise Refused("Malformed", detail=str(error)) from None


def check_threshold(keys: Keys, signatures: Signatures, message: bytes) -> None:
    """SPEC 17.2."""
    if len(signatures) != keys.threshold:
        raise Refused("SignatureCount")
    for index, signature in signatures:
        if index >= len(keys.keys):
            raise Refused("UnknownSigner", index=index)
        if signature_fault(keys.keys[index], message, signature) is not None:
            raise Refused("StatementSignature", index=index)


def _check_sealing(card: Card, opening: Sequence[bytes]) -> None:
    """A card by which the lock could not open (SPEC 17.6, step 2)."""
    if card.sealing is not None and opening:
        if card.sealing not in map(sealing_key_of, opening):
            raise Refused("OtherSealing")
    elif card.sealed_only:
        raise Refused("OtherSealing")


def _signer(keyset: Keyset, name: bytes, role: int, at: int) -> Issuer:
    """The issuer that signed a card or status (SPEC 17.5, step 2; 17.6, step 3)."""
    issuer = keyset.issuer(name)
    if issuer is None:
        raise Refused("UnknownIssuer")
    if not issuer.has(role):
        raise Refused("WrongRole")
    if issuer.caveats() is None:
        raise Refused("IssuerDisabled")
    if not issuer.start <= at < issuer.until:
        raise Refused("TimeOutside")
    return issuer


def _keys_of(epoch: Epoch, keyset: Keyset) -> list[bytes]:
    emergency = [] if epoch.emergency is None else [epoch.emergency]
    issuers = [issuer.key for issuer in keyset.issuers]
    return [*epoch.roots.keys, *epoch.cold.keys, *emergency, *issuers]


def check_keyset(domain: bytes, epoch: Epoch, held: Keyset | None, keyset: Keyset) -> bool:
    """SPEC 17.3, against an epoch; False where the keyset is unchanged."""
    if keyset.epoch != epoch.number:
        raise Refused("OtherEpoch", ahead=keyset.epoch > epoch.number)
    if held is not None:
        if keyset.version < held.version:
            raise Refused("Older")
        if keyset.version == held.version and keyset.hash == held.hash:
            return False
    keys = _keys_of(epoch, keyset)
    if len(set(keys)) != len(keys):
        raise Refused("KeyInTwoClasses")
    names = [key_id(issuer.key)[:4] for issuer in keyset.issuers]
    if epoch.emergency is not None:
        names.append(key_id(epoch.emergency)[:4])
    if len(set(names)) != len(names):
        raise Refused("EqualKeyIds")
    check_threshold(epoch.roots, keyset.signatures, keyset.message(domain))
    if held is not None and keyset.version == held.version:
        raise Refused("Fork")
    return True


def check_epoch(domain: bytes, before: Epoch, epoch: Epoch, walked: int) -> bool:
    """SPEC 17.4, of one epoch after `walked`; False where it is unchanged."""
    if epoch.number < before.number:
        raise Refused("Older")
    if epoch.number == before.number:
        if epoch.hash == before.hash:
            return False
        if epoch.cold != before.cold:
            raise Refused("NotCommitted")
        check_threshold(epoch.cold, epoch.signatures, epoch.message(domain))
        raise Refused("Fork")
    if epoch.number > before.number + 1:
        raise Refused("EpochSkipped")
    if walked == MAX_EPOCHS:
        raise Refused("TooManyEpochs")
    if epoch.cold.commitment != before.next:
        raise Refused("NotCommitted")
    check_cold_keys(domain, epoch)
    return True


@dataclass(slots=True)
class Walk:
    """Epochs walked in memory (SPEC 17.4)."""

    domain: bytes
    last: Epoch
    walked: int = 0
    """How many were walked to; what was unchanged does not count."""

    def step(self, data: bytes) -> None:
        """A refused epoch leaves the walk where it is."""
        epoch = _decoded(decode_epoch, data)
        if check_epoch(self.domain, self.last, epoch, self.walked):
            self.last, self.walked = epoch, self.walked + 1


def check_cold_keys(domain: bytes, epoch: Epoch) -> None:
    """SPEC 17.4, steps 3 and 4."""
    if epoch.cold.commitment == epoch.next:
        raise Refused("ColdKeysReused")
    check_threshold(epoch.cold, epoch.signatures, epoch.message(domain))


def check_list_or_status(
    state: TrustState, status: Status, lo: int = 0, nonce: bytes | None = None
) -> bool:
    """SPEC 17.5, its five steps; False where the list is unchanged."""
    if status.epoch != state.epoch.number:
        raise Refused("OtherEpoch", ahead=status.epoch > state.epoch.number)
    held = state.list
    if status.list is not None:
        if status.list_keyset > state.keyset.version:
            raise Refused("KeysetAhead")
        if held is not None and status.order < held.order:
            raise Refused("Older")
        if held is not None and status.order == held.order and status.body() == held.body:
            return False
    role = ATTEST if status.list is None else REVOKE
    issuer = _signer(state.keyset, status.issuer, role, status.at)
    if status.list is None and status.over_nonce and lo >= issuer.until:
        raise Refused("TimeOutside")
    if status.over_nonce and nonce is None:
        raise Refused("StatementSignature", index=0)
    message = status_message(status, state.domain, issuer.key, nonce)
    if signature_fault(issuer.key, message, status.signature) is not None:
        raise Refused("StatementSignature", index=0)
    if status.list is not None and held is not None and status.order == held.order:
        raise Refused("Fork")
    return True


def check_card(
    domain: bytes,
    epoch: Epoch,
    keyset: Keyset,
    card: Card,
    held: Card | None = None,
    identity: Identity | None = None,
    opening: Sequence[bytes] = (),
) -> bool:
    """SPEC 17.6; False where the card is unchanged. An app gives no held card, no identity."""
    if card.epoch != epoch.number:
        raise Refused("OtherEpoch", ahead=card.epoch > epoch.number)
    if card.keyset > keyset.version:
        raise Refused("KeysetAhead")
    same_epoch = held is not None and held.epoch == epoch.number
    if held is not None and same_epoch:
        if card.order < held.order:
            raise Refused("Older")
        if card.order == held.order and card.hash == held.hash:
            return False
    if held is not None and card.lock != held.lock:
        raise Refused("OtherLock")
    if identity is not None and card.nonce != identity.nonce:
        raise Refused("OtherLife")
    if identity is not None and card.device != identity.device:
        raise Refused("OtherDevice")
    if identity is not None:
        _check_sealing(card, opening)
    issuer = _signer(keyset, card.issuer, ENROL, card.at)
    if card.device in _keys_of(epoch, keyset):
        raise Refused("KeyInTwoClasses")
    if signature_fault(issuer.key, card.message(domain), card.signature) is not None:
        raise Refused("StatementSignature", index=0)
    if held is not None and same_epoch and card.order == held.order:
        raise Refused("Fork")
    return True


@dataclass(slots=True)
class Lock:
    identity: Identity
    state: TrustState | None = None
    anchor: Anchor | None = None
    clock: Clock = field(default_factory=Clock)
    memory: Memory = field(default_factory=Memory)
    opening: tuple[bytes, ...] = ()
    """Opening keys, the current one first (SPEC 23.5)."""

    def _claimed(self) -> TrustState:
        if self.state is None:
            raise Refused("Unclaimed")
        return self.state

    def take_keyset(self, data: bytes) -> str:
        state = self._claimed()
        return self._take_keyset(state, _decoded(decode_keyset, data))

    def _take_keyset(self, state: TrustState, keyset: Keyset) -> str:
        if not check_keyset(state.domain, state.epoch, state.keyset, keyset):
            return UNCHANGED
        self.state = replace(state, keyset=keyset)
        self.clock.rise(keyset.issued_at)
        self.clock.bound = None
        return "keyset"

    def take_epochs(self, epochs: Sequence[bytes], keyset: bytes) -> str:
        """SPEC 17.4: each is decoded in its place, the keyset after all epochs."""
        walk = self.walk()
        for data in epochs:
            walk.step(data)
        return self.finish(walk, keyset)

    def walk(self) -> Walk:
        """A walk from the held epoch on, to be finished by a keyset."""
        state = self._claimed()
        return Walk(state.domain, state.epoch)

    def finish(self, walk: Walk, keyset: bytes) -> str:
        state = self._claimed()
        new_keyset = _decoded(decode_keyset, keyset)
        if not walk.walked:
            return self._take_keyset(state, new_keyset)
        check_keyset(state.domain, walk.last, None, new_keyset)
        self._begin(replace(state, epoch=walk.last, keyset=new_keyset, list=None))
        return "epoch"

    def _begin(self, state: TrustState, at_least: int = 0) -> None:
        """A clean slate: of an epoch, or of a claim."""
        self.state = state
        epoch, card = state.epoch, state.card
        self.anchor = Anchor(
            state.domain, epoch.number, epoch.emergency, card.lock, card.sealed_only
        )
        self.clock.begin(max(state.epoch.issued_at, state.keyset.issued_at, at_least))
        self.memory = Memory()

    def take_status(
        self, data: bytes, lo: int = 0, nonce: bytes | None = None, given: int | None = None
    ) -> str:
        """With a list or without; `nonce` is that of the session, `given` its uptime."""
        state = self._claimed()
        status = _decoded(decode_status, data)
        if not check_list_or_status(state, status, lo, nonce):
            return UNCHANGED
        news = status.at > self.clock.floor
        self.clock.rise(status.at)
        if status.list is not None:
            held = HeldList(status.order, status.list, status.body())
            self.state = replace(state, list=held)
            return "list"
        if status.over_nonce and given is not None:
            self.clock.bound = status.at + 1, given
        return "time" if news or status.over_nonce else UNCHANGED

    def take_card(self, data: bytes) -> str:
        state = self._claimed()
        card = _decoded(decode_card, data)
        if not check_card(
            state.domain,
            state.epoch,
            state.keyset,
            card,
            state.card,
            self.identity,
            self.opening,
        ):
            return UNCHANGED
        self.state = replace(state, card=card)
        return "card"

    def claim(
        self,
        claim: bytes,
        epoch: bytes,
        keyset: bytes,
        card: bytes,
        listed: bytes | None = None,
        contact: bool = False,
    ) -> str:
        """SPEC 18.1."""
        if self.state is not None:
            raise Refused("AlreadyClaimed")
        claimed = _decoded(decode_claim, claim)
        new_epoch = _decoded(decode_epoch, epoch)
        new_keyset = _decoded(decode_keyset, keyset)
        new_card = _decoded(decode_card, card)
        status = None if listed is None else _decoded(decode_status, listed)
        if new_card.nonce != self.identity.nonce:
            raise Refused("OtherLife")
        if new_card.device != self.identity.device:
            raise Refused("OtherDevice")
        _check_sealing(new_card, self.opening)
        self._check_claim(claimed, new_epoch, new_card, contact)
        domain = claimed.domain
        if new_epoch.number == 0 and new_epoch.hash != domain:
            raise Refused("OtherDomain")
        check_cold_keys(domain, new_epoch)
        check_keyset(domain, new_epoch, None, new_keyset)
        check_card(domain, new_epoch, new_keyset, new_card)
        state = TrustState(domain, new_epoch, new_keyset, new_card)
        if status is None:
            self._begin(state)
            return "claim"
        if status.list is None:
            raise Refused("NotAList")
        check_list_or_status(state, status)
        held = HeldList(status.order, status.list, status.body())
        self._begin(replace(state, list=held), at_least=status.at)
        return "claim"

    def _check_claim(self, claim: Claim, epoch: Epoch, card: Card, contact: bool) -> None:
        """SPEC 18.1, step 3."""
        device, nonce, key = self.identity.device, self.identity.nonce, self.identity.claim_key
        if key is None:
            if claim.signature is not None:
                raise Refused("ClaimSignature")
            if not contact:
                raise Refused("NotInContact")
            return
        if claim.signature is None:
            raise Refused("ClaimUnsigned")
        message = claim_message(device, nonce, claim.domain, epoch, card)
        if signature_fault(key, message, claim.signature) is not None:
            raise Refused("ClaimSignature")

    def release(self, device: bytes, nonce: bytes) -> str:
        """SPEC 18.2, after the request was accepted, committed and acted on."""
        self._claimed()
        self.identity = replace(self.identity, device=device, nonce=nonce)
        self.state = self.anchor = None
        self.opening = ()
        self.clock = Clock(uptime=self.clock.uptime, drift=self.clock.drift)
        self.memory = Memory()
        return "release"

    def answer_claim(self, label_secret: bytes) -> Claimed:
        """Over what the lock holds (SPEC 18.1); `label_secret` is that of its label key."""
        state = self._claimed()
        identity = self.identity
        return answer_claim(
            label_secret,
            identity.device,
            identity.nonce,
            state.domain,
            state.epoch,
            state.card,
            state.keyset,
            None if state.list is None else state.list.answer,
        )

    def view(self) -> TrustView:
        """What a presentation is verified against (SPEC 13.1)."""
        state = self.state
        if state is None:
            raise Denied(190)
        listed = state.list.list if state.list is not None else RevocationList([], [])
        view = TrustView(
            domain=state.domain,
            epoch=state.epoch.number,
            lock=state.card.lock,
            keyset=state.keyset.version,
            list_order=state.list.order if state.list is not None else (0, 0),
            card_current=state.card_current,
            groups=frozenset(state.card.groups),
            emergency=state.epoch.emergency,
            revoked=frozenset(listed.entries),
            floors=dict(listed.floors),
            zone=state.keyset.zone(state.card.zone),
            accepts_unchallenged=state.card.accepts_unchallenged,
            sealed_only=state.card.sealed_only,
        )
        for issuer in state.keyset.issuers:
            view.trust(issuer)
        return view
