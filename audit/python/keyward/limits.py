"""Limits of the format (SPEC 3.3) and the bytes of the kinds (SPEC 3.2)."""

VERSION = 1

TOKEN, ORIGIN, STATUS, CHALLENGE, REQUEST, WITNESS, PRESENTATION, ANSWER = range(1, 9)
EPOCH, KEYSET, CARD, UNCLAIMED, CLAIM, CLAIMED = range(9, 15)
SEALED, RECEIPT, ENTRY, RECORDING = range(15, 19)

KIND_NAMES: dict[int, str] = {
    TOKEN: "token",
    ORIGIN: "origin",
    STATUS: "status",
    CHALLENGE: "challenge",
    REQUEST: "request",
    WITNESS: "witness",
    PRESENTATION: "presentation",
    ANSWER: "answer",
    EPOCH: "epoch",
    KEYSET: "keyset",
    CARD: "card",
    UNCLAIMED: "unclaimed",
    CLAIM: "claim",
    CLAIMED: "claimed",
    SEALED: "sealed",
    RECEIPT: "receipt",
    ENTRY: "entry",
    RECORDING: "recording",
}
KIND_BYTES: dict[str, int] = {name: kind for kind, name in KIND_NAMES.items()}

MAX_TOKEN = 768
MAX_LENGTH: dict[int, int] = {
    TOKEN: MAX_TOKEN,
    ORIGIN: 76,
    STATUS: 780,
    CHALLENGE: 86,
    REQUEST: 1024,
    WITNESS: 114,
    PRESENTATION: 1536,
    ANSWER: 3,
    EPOCH: 604,
    KEYSET: 1024,
    CARD: 267,
    UNCLAIMED: 50,
    CLAIM: 99,
    CLAIMED: 114,
    SEALED: 1587,
    RECEIPT: 362,
    ENTRY: 408,
    RECORDING: 190,
}

SEALED_SIZES: dict[int, tuple[int, ...]] = {PRESENTATION: (512, 1024, 1537), ENTRY: (448,)}
"""Of a text, by the kind of what is sealed (SPEC 23.3)."""

MAX_LINKS = 4
MAX_TARGETS = 8
MAX_WITNESS_KEYS = 4
MAX_WITNESSES = 2
MAX_WINDOWS = 8
MAX_EXCEPTIONS = 16
MAX_APP_DATA = 32
MAX_PARAMETER = 64
MAX_REVOCATIONS = 64
MAX_FLOORS = 8
MAX_ISSUERS = 8
MAX_CAVEATS = 456
MAX_KEYS = 4
MAX_GROUPS = 8
MAX_ZONES = 4
MAX_TRANSITIONS = 16
MAX_OFFSET = 1439
MAX_EPOCHS = 16
MAX_TIME = (1 << 40) - 1
MAX_EVERY_WEEKS = 52
MAX_EXCEPTION_DAYS = 366
MAX_DENIED = 4

MAX_U16 = (1 << 16) - 1
MAX_U32 = (1 << 32) - 1
MAX_U64 = (1 << 64) - 1

CHALLENGE_LIFETIME = 30
UNCHALLENGED_HORIZON = 900
MAX_SCHEDULE_SPAN = 86_400
REPLAY_WINDOW = 64
WORD = 64
MAX_RECORD = 1063
MAX_ANCHOR = 101
