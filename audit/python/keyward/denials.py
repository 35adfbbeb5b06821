"""Denials: codes, names, coarse answers (SPEC 15)."""

from __future__ import annotations

from dataclasses import dataclass

DONE, APPLIED, DENIED, NEED_TIME, NEED_STATUS, NEED_KEYSET, NEED_WITNESS, BUSY = range(8)

NAMES: dict[int, str] = {
    100: "Malformed",
    190: "Unclaimed",
    191: "NotRestored",
    192: "StateTooNew",
    193: "StateCorrupt",
    194: "StateRolledBack",
    195: "Releasing",
    200: "UnknownIssuer",
    201: "NotAnIssuer",
    202: "IssuerDisabled",
    210: "NoChallenge",
    211: "ChallengeExpired",
    212: "UnchallengedRefused",
    213: "UnchallengedRight",
    214: "SealedOnly",
    215: "NotOpened",
    220: "EmergencyDepth",
    221: "EmergencyRight",
    222: "EmergencyUnchallenged",
    223: "EmergencyCounted",
    230: "StatusOtherEpoch",
    231: "StatusUnknownIssuer",
    232: "StatusNotAttested",
    233: "StatusNonceUnchallenged",
    234: "StatusIssuerDisabled",
    300: "HolderSignature",
    301: "LinkSignature",
    302: "WitnessSignature",
    303: "StatusSignature",
    400: "SerialRevoked",
    401: "LinkRevoked",
    402: "KeyRevoked",
    403: "WitnessRevoked",
    410: "RightNotGranted",
    411: "OtherTarget",
    420: "TooEarly",
    421: "Expired",
    422: "MayHaveExpired",
    423: "OutsideSchedule",
    424: "ExceptedDate",
    425: "ZoneUnknown",
    426: "ScheduleTimeUnknown",
    430: "UsesSpent",
    431: "FirstUseTooLate",
    432: "FirstUseOver",
    440: "ChannelRefused",
    441: "WitnessMissing",
    442: "WitnessUnchallenged",
    450: "StatusMissing",
    451: "StatusStale",
    452: "StatusSelfAttested",
    453: "StatusAhead",
    454: "StatusTime",
    460: "AppUnchecked",
    461: "AppRefused",
    470: "CounterRefused",
    471: "RequestFromFuture",
    472: "RequestLate",
    473: "RequestExpired",
    500: "TableFull",
    501: "Changed",
    502: "StoreFailed",
    503: "NotReleased",
    504: "SameLife",
    505: "TooLate",
    506: "ReleaseDue",
    507: "DeviceSignature",
}

# The answers that hang on the code alone; those of 420, 431, 432, 451 and 471 hang
# on the time too, and are set where the denial is found.
_ANSWERS: dict[int, int] = {
    200: NEED_KEYSET,
    231: NEED_KEYSET,
    422: NEED_TIME,
    425: NEED_KEYSET,
    426: NEED_TIME,
    441: NEED_WITNESS,
    450: NEED_STATUS,
    451: NEED_STATUS,
    452: NEED_STATUS,
    453: NEED_KEYSET,
}


@dataclass(eq=False)
class Denied(Exception):
    """A denial; `place` is the issuer's limits or the index of a link (SPEC 13.5)."""

    code: int
    need_time: bool = False
    detail: str | None = None
    place: str | int | None = None

    @property
    def name(self) -> str:
        return NAMES[self.code]

    @property
    def answer(self) -> int:
        return NEED_TIME if self.need_time else _ANSWERS.get(self.code, DENIED)

    @property
    def evidence(self) -> bool:
        """All signatures held before it: the challenge is spent."""
        return self.code >= 400
