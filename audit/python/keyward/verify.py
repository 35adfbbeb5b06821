"""Verification (SPEC 13): a pure function of what SPEC 13.1 lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .caveats import Caveats
from .clock import most_elapsed
from .core import core_of, holder_message, status_message, witness_message
from .denials import Denied
from .keys import check_key, key_id, key_name, prefix, signature_fault
from .limits import CHALLENGE_LIFETIME, MAX_ISSUERS, SEALED, UNCHALLENGED_HORIZON
from .memory import Memory, UseChange
from .objects import Challenged, Presentation, Unchallenged, decode_presentation
from .schedule import Zone
from .seal import SealFault, of_presentation, open_sealed
from .statements import ATTEST, ISSUE, Issuer
from .token import Chain, Token, chain_of, link_fault
from .wire import DecodeError

UNLOCK = 0
REMOTE = 0

Checker = Callable[[int, bytes, int, bytes], bool | None]
"""Tag, data, right, parameter: holds, or not, or None for an unknown tag (SPEC 7.11)."""


@dataclass(slots=True)
class TrustView:
    domain: bytes
    epoch: int
    lock: bytes
    keyset: int
    list_order: tuple[int, int] = (0, 0)
    """(list keyset, number) of the list that is held, or (0, 0)."""
    card_current: bool = True
    """Whether the card is of the epoch; if not, groups and unchallenged don't count."""
    groups: frozenset[bytes] = frozenset()
    issuers: dict[bytes, Issuer] = field(default_factory=dict)
    """By `KeyId`."""
    emergency: bytes | None = None
    revoked: frozenset[bytes] = frozenset()
    """By prefix (SPEC 8.4)."""
    floors: dict[bytes, int] = field(default_factory=dict)
    zone: Zone | None = None
    accepts_unchallenged: bool = False
    sealed_only: bool = False
    """Whether the card demands sealed presentations; then those in the clear are denied."""

    def trust(self, issuer: Issuer) -> None:
        """Adds an issuer; weak keys, a ninth, and a `KeyId` twice are refused."""
        check_key(issuer.key)
        name = key_id(issuer.key)
        if name in self.issuers or len(self.issuers) >= MAX_ISSUERS:
            raise ValueError("an issuer too many, or twice")
        self.issuers[name] = issuer


@dataclass(slots=True)
class Session:
    """The open challenge of a link session, and the time since it was given."""

    nonce: bytes
    channel: int
    age_milliseconds: int
    drift_ppm: int

    @property
    def most_elapsed(self) -> int | None:
        return most_elapsed(self.age_milliseconds, self.drift_ppm)


@dataclass(slots=True)
class Accepted:
    """SPEC 13.6."""

    core: bytes
    right: int
    parameter: bytes
    holder: bytes
    link_ids: list[bytes]
    evidence: list[bytes]
    lo: int
    hi: int | None
    max_open: int | None
    uses: list[UseChange]
    lane: tuple[bytes, int, int] | None
    heard: int | None


def verify(
    data: bytes,
    view: TrustView,
    memory: Memory,
    lo: int,
    hi: int | None,
    session: Session | None = None,
    checker: Checker | None = None,
    opening: Sequence[bytes] = (),
) -> Accepted:
    """Accepts a presentation, sealed or in the clear, or raises `Denied`."""
    sealed = data[1:2] == bytes((SEALED,))
    if sealed:
        data = _opened(data, view, session, opening)
    try:
        presentation = decode_presentation(data)
    except DecodeError as error:
        raise Denied(100, detail=str(error)) from None
    if view.sealed_only and not sealed:
        raise Denied(214)
    return _Verification(presentation, view, memory, lo, hi, session, checker).run()


def _opened(
    data: bytes, view: TrustView, session: Session | None, opening: Sequence[bytes]
) -> bytes:
    """By the lock's own keys, for its `LockId` and the session's nonce (SPEC 13.2)."""
    context = of_presentation(view.lock, None if session is None else session.nonce)
    try:
        return open_sealed(opening, context, data)
    except SealFault as fault:
        raise Denied(215, place=fault.name) from None


def _judge_validity(start: int, until: int, lo: int, hi: int | None, emergency: bool) -> None:
    """SPEC 7.3, and of an issuer SPEC 13.5, step 11."""
    if lo >= until:
        raise Denied(421)
    if emergency:
        return
    if lo < start:
        raise Denied(420, need_time=hi is None or hi >= start)
    if hi is None or hi >= until:
        raise Denied(422)


class _Verification:
    def __init__(
        self,
        presentation: Presentation,
        view: TrustView,
        memory: Memory,
        lo: int,
        hi: int | None,
        session: Session | None,
        checker: Checker | None,
    ) -> None:
        self.presentation = presentation
        self.token: Token = presentation.token
        self.view = view
        self.memory = memory
        self.lo = lo
        self.hi = hi if hi is None else max(hi, lo)
        self.session = session
        self.checker = checker
        self.attester: Issuer | None = None
        self.issuer: Issuer | None = None
        self.limits = Caveats()

    @property
    def challenged(self) -> bool:
        return isinstance(self.presentation.moment, Challenged)

    def run(self) -> Accepted:
        self.admit_moment()
        grantor = self.admit_grantor()
        self.admit_status()
        chain = chain_of(self.token, self.view.domain, self.view.epoch, grantor)
        core = self.core(chain)
        self.check_signatures(core, chain, grantor)
        link_ids = chain.link_ids
        self.check_revocation(link_ids)
        self.refine_time()
        self.judge_issuer()
        self.judge_links(link_ids)
        holder = key_name(self.token.links[-1].grantee)
        lane = self.judge_unchallenged(holder)
        presentation = self.presentation
        return Accepted(
            core=core,
            right=presentation.right,
            parameter=presentation.parameter,
            holder=holder,
            link_ids=link_ids,
            evidence=[witness.evidence for witness in presentation.witnesses],
            lo=self.lo,
            hi=self.hi,
            max_open=self.max_open(),
            uses=self.use_changes(link_ids),
            lane=lane,
            heard=None if presentation.status is None else presentation.status.at,
        )

    # SPEC 13.3

    def admit_moment(self) -> None:
        if self.challenged:
            if self.session is None:
                raise Denied(210)
            most = self.session.most_elapsed
            if most is None or most > CHALLENGE_LIFETIME:
                raise Denied(211)
        elif not (self.view.card_current and self.view.accepts_unchallenged):
            raise Denied(212)
        elif self.presentation.right != UNLOCK:
            raise Denied(213)

    def admit_grantor(self) -> bytes:
        issuer = self.view.issuers.get(self.token.issuer)
        if issuer is not None:
            if not issuer.has(ISSUE):
                raise Denied(201)
            limits = issuer.caveats()
            if limits is None:
                raise Denied(202)
            self.limits = limits
            self.issuer = issuer
            return issuer.key
        emergency = self.view.emergency
        if emergency is None or key_id(emergency) != self.token.issuer:
            raise Denied(200)
        # SPEC 13.7
        links = self.token.links
        if len(links) != 1 or links[0].depth != 0:
            raise Denied(220)
        if self.presentation.right != UNLOCK:
            raise Denied(221)
        if not self.challenged:
            raise Denied(222)
        if links[0].caveats.counted:
            raise Denied(223)
        return emergency

    def admit_status(self) -> None:
        status = self.presentation.status
        if status is None:
            return
        if status.epoch != self.view.epoch:
            raise Denied(230)
        if status.over_nonce and not self.challenged:
            raise Denied(233)
        self.attester = self.view.issuers.get(status.issuer)
        if self.attester is None:
            raise Denied(231)
        if not self.attester.has(ATTEST):
            raise Denied(232)
        if self.attester.caveats() is None:
            raise Denied(234)

    # SPEC 13.4

    def core(self, chain: Chain) -> bytes:
        moment = self.presentation.moment
        if isinstance(moment, Challenged) and self.session is not None:
            moment = Challenged(moment.fresh, self.session.nonce, self.session.channel)
        return core_of(
            self.view.domain,
            self.view.epoch,
            self.view.lock,
            moment,
            chain.hashes[-1],
            self.presentation.right,
            self.presentation.parameter,
        )

    def check_signatures(self, core: bytes, chain: Chain, grantor: bytes) -> None:
        presentation = self.presentation
        leaf = self.token.links[-1].grantee
        if signature_fault(leaf, holder_message(core), presentation.signature) is not None:
            raise Denied(300)
        fault = link_fault(self.token, chain, grantor)
        if fault is not None:
            raise Denied(301, place=fault[0])
        for index, witness in enumerate(presentation.witnesses):
            message = witness_message(core, witness.evidence)
            if signature_fault(witness.key, message, witness.signature) is not None:
                raise Denied(302, place=index)
        status = presentation.status
        if status is not None and self.attester is not None:
            nonce = self.session.nonce if self.session is not None else None
            message = status_message(status, self.view.domain, self.attester.key, nonce)
            if signature_fault(self.attester.key, message, status.signature) is not None:
                raise Denied(303)

    # SPEC 13.5

    def check_revocation(self, link_ids: list[bytes]) -> None:
        if self.token.serial < self.view.floors.get(self.token.issuer, 0):
            raise Denied(400)
        for index, (link, link_id) in enumerate(zip(self.token.links, link_ids)):
            if prefix(link_id) in self.view.revoked:
                raise Denied(401, place=index)
            if prefix(key_name(link.grantee)) in self.view.revoked:
                raise Denied(402, place=index)

    def refine_time(self) -> None:
        status = self.presentation.status
        if status is None or self.attester is None:
            return
        expired = status.over_nonce and self.lo >= self.attester.until
        if expired or not self.attester.start <= status.at < self.attester.until:
            raise Denied(454)
        self.lo = max(self.lo, status.at)
        if self.hi is not None:
            self.hi = max(self.hi, self.lo)
        most = self.session.most_elapsed if self.session is not None else None
        if status.over_nonce and most is not None:
            bound = status.at + most + 1
            self.hi = max(bound if self.hi is None else min(self.hi, bound), self.lo)

    def judge_issuer(self) -> None:
        if self.issuer is None:
            return
        try:
            _judge_validity(self.issuer.start, self.issuer.until, self.lo, self.hi, False)
            self.judge_caveats(self.limits, None)
        except Denied as denied:
            denied.place = "issuer"
            raise

    def judge_links(self, link_ids: list[bytes]) -> None:
        for index, (link, link_id) in enumerate(zip(self.token.links, link_ids)):
            try:
                self.judge_caveats(link.caveats, link_id)
            except Denied as denied:
                denied.place = index
                raise

    def judge_caveats(self, caveats: Caveats, link_id: bytes | None) -> None:
        """Each caveat in the order of the bits (SPEC 7)."""
        lo, hi = self.lo, self.hi
        if caveats.rights is not None and not caveats.rights >> self.presentation.right & 1:
            raise Denied(410)
        if caveats.targets is not None and not self.is_target(caveats.targets):
            raise Denied(411)
        if caveats.valid is not None:
            valid = caveats.valid
            _judge_validity(valid.start, valid.until, lo, hi, self.issuer is None)
        if caveats.uses is not None and link_id is not None:
            if self.memory.use(link_id).spent >= caveats.uses:
                raise Denied(430)
        if caveats.witness is not None:
            self.judge_witness(caveats.witness.of, caveats.witness.keys)
        if caveats.fresh is not None:
            self.judge_fresh(caveats.fresh)
        if caveats.schedule is not None:
            code = caveats.schedule.judge(lo, hi, self.view.zone)
            if code is not None:
                raise Denied(code)
        if caveats.first_use is not None and link_id is not None:
            first = self.memory.use(link_id).first
            if first is None:
                if hi is None or hi >= caveats.first_use.by:
                    raise Denied(431, need_time=hi is None)
            elif (
                first >= caveats.first_use.by
                or hi is None
                or hi < first
                or hi - first > caveats.first_use.lasts
            ):
                raise Denied(432, need_time=hi is None)
        if caveats.channels is not None and not caveats.channels >> self.channel() & 1:
            raise Denied(440)
        if caveats.app is not None:
            held = None
            if self.checker is not None:
                right, parameter = self.presentation.right, self.presentation.parameter
                held = self.checker(caveats.app.tag, caveats.app.data, right, parameter)
            if held is None:
                raise Denied(460)
            if not held:
                raise Denied(461)

    def is_target(self, targets: tuple[bytes, ...]) -> bool:
        groups = self.view.groups if self.view.card_current else frozenset()
        return any(
            target[1:] in groups if target[0] else target[1:] == self.view.lock
            for target in targets
        )

    def channel(self) -> int:
        if self.challenged and self.session is not None:
            return self.session.channel
        return REMOTE

    def judge_witness(self, of: int, keys: tuple[bytes, ...]) -> None:
        """SPEC 7.5."""
        if not self.challenged:
            raise Denied(442)
        grantees = [link.grantee for link in self.token.links]
        count = 0
        for witness in self.presentation.witnesses:
            if witness.key in grantees or witness.key not in keys:
                continue
            if prefix(key_name(witness.key)) in self.view.revoked:
                raise Denied(403)
            count += 1
        if count < of:
            raise Denied(441)

    def judge_fresh(self, seconds: int) -> None:
        """SPEC 7.7."""
        status = self.presentation.status
        if status is None:
            raise Denied(450)
        if status.issuer == self.token.issuer:
            raise Denied(452)
        if status.keyset > self.view.keyset or status.order > self.view.list_order:
            raise Denied(453)
        if self.hi is None or self.hi - status.at > seconds:
            raise Denied(451, need_time=self.hi is None)

    def judge_unchallenged(self, holder: bytes) -> tuple[bytes, int, int] | None:
        """Step 13; the lane of the request, if it is unchallenged."""
        moment = self.presentation.moment
        if not isinstance(moment, Unchallenged):
            return None
        hi = self.hi
        if hi is None or moment.time > hi:
            raise Denied(471, need_time=hi is None)
        if hi - moment.time > UNCHALLENGED_HORIZON:
            raise Denied(472)
        if hi >= moment.expires:
            raise Denied(473)
        if not self.memory.is_new(holder, moment.counter):
            raise Denied(470)
        return holder, moment.counter, moment.time

    # SPEC 13.6 and 14.3

    def max_open(self) -> int | None:
        caveats = [self.limits, *(link.caveats for link in self.token.links)]
        return min((c.max_open for c in caveats if c.max_open is not None), default=None)

    def use_changes(self, link_ids: list[bytes]) -> list[UseChange]:
        changes: list[UseChange] = []
        keep_until: int | None = None
        for link, link_id in zip(self.token.links, link_ids):
            if link.caveats.valid is not None:
                until = link.caveats.valid.until
                keep_until = until if keep_until is None else min(keep_until, until)
            if link.caveats.counted and keep_until is not None:
                before = self.memory.use(link_id)
                after = before.used_at(self.lo)
                root = link_ids[0]
                issuer = self.token.issuer
                changes.append(UseChange(link_id, root, issuer, before, after, keep_until))
        return changes
