"""Refusals of statements and claims: codes, names, coarse answers (SPEC 19)."""

from __future__ import annotations

from dataclasses import dataclass

from .denials import DENIED, NEED_KEYSET

NAMES: dict[int, str] = {
    600: "Malformed",
    601: "Unclaimed",
    602: "AlreadyClaimed",
    603: "NotRestored",
    604: "StateTooNew",
    605: "StateCorrupt",
    606: "StateRolledBack",
    607: "Releasing",
    610: "OtherEpoch",
    611: "Older",
    612: "Fork",
    613: "EpochSkipped",
    614: "KeysetAhead",
    615: "TooManyEpochs",
    620: "SignatureCount",
    621: "UnknownSigner",
    622: "StatementSignature",
    623: "NotCommitted",
    624: "ColdKeysReused",
    630: "UnknownIssuer",
    631: "WrongRole",
    632: "IssuerDisabled",
    633: "TimeOutside",
    640: "KeyInTwoClasses",
    641: "EqualKeyIds",
    650: "OtherLock",
    651: "OtherLife",
    652: "OtherDevice",
    653: "OtherSealing",
    660: "OtherDomain",
    661: "ClaimSignature",
    662: "ClaimUnsigned",
    663: "NotInContact",
    664: "NotAList",
    690: "StoreFailed",
}
CODES: dict[str, int] = {name: code for code, name in NAMES.items()}
_NEED_KEYSET = frozenset(("EpochSkipped", "KeysetAhead", "UnknownIssuer"))


@dataclass(eq=False)
class Refused(Exception):
    """A refusal by name; `index` is that of a signature, `ahead` that of a later epoch."""

    name: str
    detail: str | None = None
    index: int | None = None
    ahead: bool = False

    @property
    def code(self) -> int:
        return CODES[self.name]

    @property
    def answer(self) -> int:
        return NEED_KEYSET if self.ahead or self.name in _NEED_KEYSET else DENIED
