"""A lock's start over logs made here (SPEC 22), each rule broken once.

Called by `recordcheck.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from journalparts import (
    CORRUPT,
    FLOOR,
    HOLDER,
    ISSUER,
    KEEP,
    LINK,
    OTHER_LINK,
    ROLLED_BACK,
    TOO_NEW,
    Case,
    Piece,
    anchored,
    code_of,
    count_entry,
    decision,
    ends,
    head,
    lane_entry,
    log_start,
    of_right,
    older,
    state,
    tabled,
    used,
    statements,
    wide,
)
from keyward.audit_records import Change
from keyward.limits import MAX_TIME, MAX_U32, MAX_U64
from keyward.lock import Anchor
from keyward.receipts import Interval
from keyward.records import (
    CARD,
    KEYSET,
    LIST,
    Counts,
    Decision,
    Lanes,
    Outcome,
    Passed,
    Secured,
    Started,
    Statement,
)
from keyward.tables import Payer
from trustcheck import GRANTOR, NONCE, START, card, epoch, keyset, listed, public, status


NAME = b"another-"
"""The second half of a name."""


def older_card() -> list[Piece]:
    """Statements of epoch 1, and the card of the epoch before."""
    return [*statements(1)[:4], Statement(CARD, card(0, 1, 1))]


def of_the_head() -> list[Case]:
    whole = head()
    card_of_1 = [*head()[:4], Statement(CARD, card(1, 1, 1)), ends()]
    list_of_1 = [*head()[:3], Statement(LIST, listed(1, (1, 1))), *head()[4:]]
    set_of_1 = [*head()[:2], Statement(KEYSET, keyset(1, 1)), *head()[3:]]
    empty_list = [*whole[:3], Statement(LIST, listed(0, (1, 1), entries=[])), *whole[4:]]
    no_list = [*head()[:3], Statement(LIST, status(0)), *head()[4:]]
    return [
        ("whole", whole, {}, None),
        ("without a list", [*whole[:3], *whole[4:]], {}, None),
        ("without a keyset", [whole[0], whole[1], *whole[3:]], {}, CORRUPT),
        ("without a card", whole[:4], {}, CORRUPT),
        ("start alone", whole[:1], {}, CORRUPT),
        ("no start", whole[1:], {}, CORRUPT),
        ("keyset first", [whole[0], whole[2], whole[1], *whole[3:]], {}, CORRUPT),
        ("list first", [whole[0], whole[3], whole[1], whole[2], *whole[4:]], {}, CORRUPT),
        ("two lists", [*whole[:4], *whole[3:]], {}, CORRUPT),
        ("kind alone", [b"\0", *whole[1:]], {}, CORRUPT),
        ("schema 0", [b"\0\0" + log_start().encode()[2:], *whole[1:]], {}, CORRUPT),
        ("schema 2", head(schema=2), {}, CORRUPT),
        ("schema 2 without a list", [log_start(schema=2), *older()[1:]], {}, CORRUPT),
        ("schema 3", older(), {}, None),
        ("schema 3 with a list", head(schema=3), {}, CORRUPT),
        ("schema 3 with an empty list", [log_start(schema=3), *empty_list[1:]], {}, CORRUPT),
        ("an empty list", empty_list, {}, None),
        ("schema 3, its words and another device", older(words=2, device=NONCE * 2), {}, TOO_NEW),
        ("another kind first, with a 99", [b"\x11\x63", *whole[1:]], {}, CORRUPT),
        ("schema 3 without ends", older()[:-1], {}, CORRUPT),
        ("schema 4 without ends", whole[:5], {}, CORRUPT),
        ("schema 5 and nothing more", [b"\0\5"], {}, TOO_NEW),
        ("schema 255 of another device", head(schema=255, device=bytes(32)), {}, TOO_NEW),
        ("words of another lock", head(words=2), {}, TOO_NEW),
        ("its words", head(words=2), {"words": 2}, None),
        ("words of two bytes", head(words=300), {"words": 300}, None),
        ("words of 17 bits", head(words=1 << 16), {}, CORRUPT),
        ("fewer words", head(words=0), {}, None),
        ("fewer words, of schema 3", older(words=0), {}, None),
        ("words of another lock and another device", head(words=2, device=NONCE * 2), {}, TOO_NEW),
        ("words of another lock and another life", head(words=2, nonce=NONCE), {}, CORRUPT),
        ("words of another lock and no card", head(words=2)[:4], {}, TOO_NEW),
        ("another device", head(device=public(GRANTOR)), {}, CORRUPT),
        ("another life", head(nonce=NONCE), {}, CORRUPT),
        ("floor beyond all times", head(floor=MAX_TIME + 1), {}, CORRUPT),
        ("relock of 2", [log_start().encode()[:-1] + b"\2", *whole[1:]], {}, CORRUPT),
        ("open right of 31", head(opened=31), {}, None),
        ("open right of 32", head(opened=32), {}, CORRUPT),
        ("another domain", head(domain=NONCE * 2), {}, None),
        ("card of a later epoch", card_of_1, {}, None),
        ("card of an epoch before", [*older_card(), ends(epoch=1)], {}, None),
        ("list of another epoch", list_of_1, {}, None),
        ("keyset of another epoch", set_of_1, {}, None),
        ("status for a list", no_list, {}, CORRUPT),
    ]


def of_the_tables() -> list[Case]:
    over = FLOOR - 901
    five = [count_entry(link=bytes((n,)) * 16) for n in range(5)]
    lanes = [lane_entry(holder=bytes((n,)) * 16) for n in range(5)]
    ended = [count_entry(link=link, keep=FLOOR) for link, _ in five]
    gone = [lane_entry(holder=holder, latest=over) for holder, _ in lanes]
    many = [count_entry(link=bytes((n,)) * 16) for n in range(35)]
    long, longest = (count_entry(keep=1 << bits, link=OTHER_LINK) for bits in (62, 63))
    filled = [(link, replace(count, keep_until=1 << 63)) for link, count in many[:14]]
    filled += many[14:]
    pieces: list[tuple[str, list[Piece], dict[str, Any], int | None]] = [
        ("no counts, no lanes", [Counts([]), Lanes([])], {}, None),
        ("lanes first", [Lanes([lane_entry()]), Counts([count_entry()])], {}, None),
        ("counts twice", [Counts([count_entry()]), Counts([])], {}, None),
        ("one link twice", [Counts([count_entry()]), Counts([count_entry()])], {}, CORRUPT),
        ("one holder twice", [Lanes([lane_entry(), lane_entry()])], {}, CORRUPT),
        ("uses of none", [Counts([count_entry(0)])], {}, CORRUPT),
        ("cut off", [Counts([count_entry()]).encode()[:-1]], {}, CORRUPT),
        ("a lane's time too great", [Lanes([lane_entry(latest=MAX_TIME + 1)])], {}, CORRUPT),
        ("the reserved counter", [Lanes([lane_entry(MAX_U64)])], {}, CORRUPT),
        ("the one below it", [Lanes([lane_entry(MAX_U64 - 1)])], {}, None),
        ("the highest not seen", [Lanes([lane_entry(seen=4)])], {}, CORRUPT),
        ("too many words", [Lanes([lane_entry(words=2)])], {}, CORRUPT),
        ("five of four", [Counts(five)], {"capacity": 4}, TOO_NEW),
        ("five lanes of four", [Lanes(lanes)], {"capacity": 4}, TOO_NEW),
        ("five of four, then damage", [Counts(five), b"\6\0"], {"capacity": 4}, TOO_NEW),
        ("damage, then five of four", [b"\6\0", Counts(five)], {"capacity": 4}, CORRUPT),
        ("four of one root", [Counts(five[:4]), Lanes(lanes[:4])], {"capacity": 4}, None),
        ("five that are over", [Counts(ended), Lanes(gone)], {"capacity": 4}, None),
        ("a record of 1063 bytes", [Counts([*filled, long])], {"capacity": 64}, None),
        ("a record of 1064 bytes", [Counts([*filled, longest])], {"capacity": 64}, CORRUPT),
        ("counts behind the ends", [ends(), Counts([])], {}, CORRUPT),
        ("lanes behind the ends", [ends(), Lanes([])], {}, CORRUPT),
    ]
    two_words: Case = (
        "two words", tabled(Lanes([lane_entry(words=2)]), words=2), {"words": 2}, None
    )
    behind: list[Case] = [
        ("counts behind an event", [*head(), Started(), Counts([])], {}, CORRUPT),
        ("lanes behind an event", [*head(), Started(), Lanes([])], {}, CORRUPT),
    ]
    cases = [(name, tabled(*more), given, code) for name, more, given, code in pieces]
    return [two_words, *behind, *cases]


def of_older_tables() -> list[Case]:
    """Those of schema 3: names have twice their length (SPEC 22.5)."""
    count, lane = wide(count_entry()), wide(lane_entry())
    counts = [wide(count_entry(link=bytes((n,)) * 16)) for n in range(5)]
    lanes = [wide(lane_entry(holder=bytes((n,)) * 16)) for n in range(5)]
    pieces: list[tuple[str, list[Piece], dict[str, Any], int | None]] = [
        ("no counts, no lanes", [Counts([]), Lanes([])], {}, None),
        ("lanes first", [Lanes([lane]), Counts([count])], {}, None),
        ("four of each", [Counts(counts[:4]), Lanes(lanes[:4])], {"capacity": 4}, None),
        ("five counts of four", [Counts(counts)], {"capacity": 4}, TOO_NEW),
        ("five lanes of four", [Lanes(lanes)], {"capacity": 4}, TOO_NEW),
        ("links that begin alike", [Counts([count, wide(count_entry(), NAME)])], {}, CORRUPT),
        ("holders that begin alike", [Lanes([lane, wide(lane_entry(), NAME)])], {}, CORRUPT),
        ("uses of none", [Counts([wide(count_entry(0))])], {}, CORRUPT),
        ("names of this schema", [Counts([count_entry()])], {}, CORRUPT),
        ("holders of this schema", [Lanes([lane_entry()])], {}, CORRUPT),
    ]
    newer: list[Case] = [
        ("names of schema 3", tabled(Counts([count])), {}, CORRUPT),
        ("holders of schema 3", tabled(Lanes([lane])), {}, CORRUPT),
    ]
    cases = [(name, older(*more), given, code) for name, more, given, code in pieces]
    return [*newer, *cases]


def of_the_decision() -> list[Case]:
    sixteen = [b"%02d--------------" % n for n in range(16)]
    good: list[tuple[str, dict[str, Any]]] = [
        ("at its longest", {
            "right": 31, "interval": Interval(MAX_U64, MAX_U64, 2), "max_open": MAX_U32,
            "links": sixteen[:4], "witnesses": [(sixteen[4], sixteen[5])] * 2,
            "counts": [used(), None, None, used()],
            "lane": (MAX_U64 - 1, MAX_TIME), "heard": START,
        }),
        ("at its shortest", {"interval": Interval()}),
        ("of an instant", {"interval": Interval(START, START)}),
    ]
    bad: list[tuple[str, dict[str, Any]]] = [
        ("right 32", {"right": 32}),
        ("a MaxOpen beyond 32 bits", {"max_open": MAX_U32 + 1}),
        ("quality 3", {"interval": Interval(quality=3)}),
        ("hi below lo", {"interval": Interval(START, START - 1)}),
        ("no link", {"links": [], "counts": []}),
        ("five links", {"links": sixteen[:5], "counts": [None] * 5}),
        ("three witnesses", {"witnesses": [(sixteen[4], sixteen[5])] * 3}),
        ("uses of none", {"counts": [used(0)]}),
        ("a count too many", {"counts": [None, None]}),
        ("a count too few", {"links": sixteen[:2]}),
        ("time beyond all times", {"lane": (1, MAX_TIME + 1)}),
        ("T beyond all times", {"heard": MAX_TIME + 1}),
        ("reserved counter", {"lane": (MAX_U64, START)}),
    ]
    cases: list[Case] = []
    for code, sort in ((None, good), (CORRUPT, bad)):
        cases += [(name, [*head(), decision(**fields)], {}, code) for name, fields in sort]
    return cases


def replaced(made: Decision, holder: bytes) -> Decision:
    """By another holder."""
    return replace(made, persons=replace(made.persons, holder=holder))


def of_changes() -> list[Case]:
    """What a decision changes: quotas and uses before are not judged again (SPEC 22.4)."""
    lane = decision(lane=(70, START))
    late: Piece = decision(lane=(69, START + 1))
    names = [b"%02d--------------" % n for n in range(5)]
    first, *others = [decision(links=[LINK, name], counts=[None, used()]) for name in names]
    full = [replace(first, counts=[None, used(keep=FLOOR + 50)]), *others[:3]]
    fifth = replace(others[3], heard=FLOOR + 49)
    lanes = [decision(holder=name, lane=(1, START)) for name in names]
    ended = decision(counts=[used(keep=FLOOR + 50)], lane=(70, FLOOR))
    again = decision(lane=(70, FLOOR + 901), heard=FLOOR + 901)
    both = replace(first, lane=(70, START))
    alike = decision(
        links=[OTHER_LINK, OTHER_LINK[:8] + NAME], counts=[used(), used()]
    )
    again_of_0 = replace(lanes[0], lane=(2, START))
    small, none = {"capacity": 4}, {"capacity": 0}
    pieces: list[tuple[str, list[Piece], dict[str, Any], int | None]] = [
        ("one counter", [lane], {}, None),
        ("one counter twice", [lane, lane], {}, CORRUPT),
        ("a late counter", [lane, late], {}, None),
        ("a late counter twice", [lane, late, late], {}, CORRUPT),
        ("four of one root", [*full], small, None),
        ("five of four", [*full, fifth], small, TOO_NEW),
        ("one of four again", [*full, first], small, None),
        ("one link twice", [decision(links=[LINK, LINK], counts=[used(), used()])], {}, None),
        ("links that begin alike", [*full[:3], alike], small, None),
        ("holders that begin alike", [lane, replaced(lane, HOLDER[:8] + NAME)], {}, CORRUPT),
        ("holders that begin alike, of four",
         [*lanes[:4], replaced(again_of_0, names[0][:8] + NAME)], small, None),
        ("kept for ever", [decision(counts=[used(keep=MAX_U64)])], {}, None),
        ("room by a T", [*full, replace(fifth, heard=FLOOR + 50)], small, None),
        ("uses that do not follow",
         [decision(counts=[used(9)]), decision(counts=[used()])], {}, None),
        ("four lanes of one root", [*lanes[:4]], small, None),
        ("five lanes of four", [*lanes], small, TOO_NEW),
        ("one lane of four again", [*lanes[:4], again_of_0], small, None),
        ("one counter of four again", [*lanes[:4], lanes[0]], small, CORRUPT),
        ("the reserved counter for a fifth",
         [*lanes[:4], replace(lanes[4], lane=(MAX_U64, START))], small, CORRUPT),
        ("no room for a count, then a counter that was seen",
         [*full, lane, replace(fifth, lane=(70, START))], small, TOO_NEW),
        ("no room for lanes", [lane], none, TOO_NEW),
        ("no room for counts", [first], none, TOO_NEW),
        ("no room for either", [both], none, TOO_NEW),
        ("a lane that is over", [ended, again], {}, None),
    ]
    seen, more_seen = (Lanes([lane_entry(seen=bits)]) for bits in (5, 3))
    of_head: list[Case] = [
        ("a counter that was seen by the head", [*tabled(seen), lane], {}, CORRUPT),
        ("a counter that was not", [*tabled(seen), late], {}, None),
        ("one below it that was", [*tabled(more_seen), late], {}, CORRUPT),
    ]
    cases = [(name, [*head(), *more], given, code) for name, more, given, code in pieces]
    return [*of_head, *cases]


def of_events() -> list[Case]:
    """Statements are decoded, and not checked again."""
    def take(held: Any) -> list[Piece]:
        return [*head(), Change(Interval(), held)]

    release = decision(right=5)
    elsewhere = replace(card(0, 1, 2), lock=b"elsewher")
    return [
        ("a keyset", take(keyset(0, 2)), {}, None),
        ("the held keyset", take(keyset(0, 1)), {}, None),
        ("a keyset of another epoch", take(keyset(1, 2)), {}, None),
        ("a list", take(listed(0, (1, 2))), {}, None),
        ("a list ahead", take(listed(0, (2, 1))), {}, None),
        ("the held list", take(listed(0, (1, 1))), {}, None),
        ("a list of another epoch", take(listed(1, (1, 2))), {}, None),
        ("a status", take(status(0)), {}, CORRUPT),
        ("a card", take(card(0, 1, 2)), {}, None),
        ("a card ahead", take(card(0, 2, 1)), {}, None),
        ("the held card", take(card(0, 1, 1)), {}, None),
        ("a card of another lock", take(elsewhere), {}, None),
        ("a card of another epoch", take(card(1, 1, 2)), {}, None),
        ("a card that does not decode", [*head(), card(0, 1, 2).encode()[:-1]], {}, CORRUPT),
        ("an epoch", take(epoch(1)), {}, CORRUPT),
        ("a challenge", [*head(), b"\x0c\0\0\0\1\4"], {}, CORRUPT),
        ("a keyset of the older kind", [*head(), Statement(KEYSET, keyset(0, 2))], {}, CORRUPT),
        ("a keyset, of schema 3", [*older(), Change(Interval(), keyset(0, 2))], {}, None),
        ("a card, of schema 3", [*older(), Change(Interval(), card(0, 1, 2))], {}, None),
        ("a list, of schema 3", [*older(), Change(Interval(), listed(0, (1, 2)))], {}, CORRUPT),
        ("an empty list, of schema 3",
         [*older(), Change(Interval(), listed(0, (1, 2), entries=[]))], {}, CORRUPT),
        ("a start of a log", [*head(), log_start()], {}, CORRUPT),
        ("kind 12", [*head(), b"\x0c"], {}, CORRUPT),
        ("no kind", [*head(), b""], {}, CORRUPT),
        ("the last time", [*head(), Passed(MAX_TIME)], {}, None),
        ("a time beyond it", [*head(), Passed(MAX_TIME + 1)], {}, CORRUPT),
        ("outcome 3", [*head(), Outcome(3)], {}, None),
        ("outcome 4", [*head(), Outcome(4)], {}, CORRUPT),
        ("more behind a start", [*head(), b"\7\0"], {}, CORRUPT),
        ("more behind secured", [*head(), b"\x0a\0"], {}, CORRUPT),
        ("nothing to secure", [*head(), Secured()], {}, None),
        ("a release that is done", [*head(), release, Outcome(0)], {}, CORRUPT),
        ("a release that is done, in two logs", [*head(opened=5), Outcome(0)], {}, CORRUPT),
        ("a start behind a release", [*head(), release, Started()], {}, CORRUPT),
        ("a start behind a release, in two logs", [*head(opened=5), Started()], {}, CORRUPT),
        ("a release that lapsed, a start", [*head(), release, Outcome(3), Started()], {}, None),
        ("a release, a decision, a start", [*head(), release, decision(), Started()], {}, None),
        ("secured behind a release", [*head(), release, Secured()], {}, 195),
    ]


def of_the_anchor() -> list[Case]:
    release = [*head(), decision(right=5)]
    anchors: list[tuple[str, Anchor, int | None]] = [
        ("its own", anchored(), None),
        ("without an emergency key", anchored(emergency=None), None),
        ("another domain", anchored(domain=bytes(32)), ROLLED_BACK),
        ("another lock", anchored(lock=b"elsewher"), ROLLED_BACK),
        ("a later epoch", anchored(epoch=2), ROLLED_BACK),
        ("the log's epoch", anchored(epoch=1), None),
        ("an epoch before", anchored(epoch=0), None),
    ]
    cases: list[Case] = [
        (name, head(1), {"anchor": anchor}, code) for name, anchor, code in anchors
    ]
    later = anchored(epoch=1, lock=b"elsewher")
    return cases + [
        ("an empty log", [], {}, None),
        ("an empty log with an anchor", [], {"anchor": anchored()}, ROLLED_BACK),
        ("an empty log with a counter", [], {"counter": 5}, None),
        ("damaged before rolled back", head()[:4], {"anchor": later}, CORRUPT),
        ("too new before rolled back", head(schema=5), {"anchor": later}, TOO_NEW),
        ("rolled back before released", release, {"anchor": later}, ROLLED_BACK),
        ("rolled back before released, by the counter", release, {"counter": 12}, ROLLED_BACK),
        ("released", release, {"counter": 11}, 195),
        ("released by the start", head(opened=5), {}, 195),
        ("released, of schema 3", [*older(), of_right(5)], {}, 195),
        ("the counter equal, of schema 3", [*older(), Started()], {"counter": 11}, None),
        ("the counter above, of schema 3", [*older(), Started()], {"counter": 12}, ROLLED_BACK),
        ("released and recorded", [*release, Outcome(1)], {}, None),
        ("the counter equal", [*head(), Started()], {"counter": 11}, None),
        ("the counter above", [*head(), Started()], {"counter": 12}, ROLLED_BACK),
    ]


def check_cases() -> list[str]:
    parts = of_the_head, of_the_tables, of_older_tables, of_the_decision, of_changes
    faults, count = [], 0
    for part in (*parts, of_events, of_the_anchor):
        for name, pieces, given, code in part():
            count += 1
            found = code_of(pieces, **given)
            if found != code:
                faults.append(f"journal: {part.__name__}, {name}: {found} for {code}")
    print(f"journal: {count} logs")
    return faults


def relocks(*events: Piece, **start_of: Any) -> bool:
    return state([*head(**start_of), *events]).journal.relock


def check_duty() -> list[str]:
    """SPEC 14.5 and 22.4: when the door must be secured."""
    opened = decision(max_open=60)
    lock = decision(right=1)
    found: list[tuple[bool, bool]] = [
        (relocks(), False),
        (relocks(relock=True), True),
        (relocks(opened), True),
        (relocks(decision()), False),
        (relocks(opened, decision()), True),
        (relocks(opened, Outcome(0)), True),
        (relocks(opened, Secured()), False),
        (relocks(opened, Started()), True),
        (relocks(opened, lock), True),
        (relocks(opened, lock, Outcome(0)), False),
        (relocks(opened, lock, decision(), Outcome(0)), True),
        (relocks(opened, decision(right=5), Outcome(1)), True),
        (relocks(replace(lock, max_open=5), Outcome(0)), False),
        (relocks(opened, decision(), Outcome(0)), True),
        (relocks(opened, decision(right=2), Outcome(0)), True),
        (relocks(opened, lock, Started(), Outcome(0)), True),
        (relocks(opened, lock, Outcome(1), Outcome(0)), True),
        (relocks(Outcome(0), opened=1, relock=True), False),
    ]
    found += [(relocks(opened, lock, Outcome(n)), True) for n in (1, 2, 3)]
    return [f"journal: duty, {n}: {a} for {b}" for n, (a, b) in enumerate(found) if a != b]


def check_fold() -> list[str]:
    """Numbers, the floor and what the start closes."""
    def floor(*events: Piece) -> int:
        return state([*head(), *events]).journal.floor

    plain, renewed = state(head()), state(older())
    busy = state([*head(), decision(), Outcome(0), Started(), Started(), decision()])
    ahead, before = FLOOR + 5, FLOOR - 5
    two_links = decision(links=[OTHER_LINK, LINK], counts=[None, used()], lane=(9, START))
    paid = state([*head(), two_links]).journal.tables
    halved = state(older(Counts([wide(count_entry())]), Lanes([wide(lane_entry())]))).journal.tables
    alike = decision(links=[OTHER_LINK, LINK[:8] + NAME], counts=[None, used(3, KEEP - 9)])
    both = state([*tabled(Counts([count_entry()])), alike]).journal.tables
    last = [log_start(schema=3, number=MAX_U64), *older()[1:]]
    long = Lanes([lane_entry(seen=1 << 64 | 1, words=2)])
    deep = state(tabled(long, words=2), words=2)
    numbers = [
        (one.journal.number, one.journal.audit.starts, one.anew) for one in (plain, renewed, busy)
    ]
    found: list[tuple[object, object]] = [
        (numbers, [(11, 8, False), (12, 8, True), (16, 10, False)]),
        (busy.journal.audit.events.next, 5),
        ((plain.interrupted, busy.interrupted, busy.journal.open), (None, 4, None)),
        (state(head(opened=0)).interrupted, 3),
        (state([*head(opened=0), Started()]).interrupted, None),
        (state([*older(), of_right(0)]).interrupted, 3),
        (state([*older(), Change(Interval(), keyset(0, 2))]).journal.number, 13),
        (state(last).journal.number, MAX_U64),
        (renewed.journal.schema, 4),
        (halved.counts, dict([count_entry()])),
        (halved.lanes, dict([lane_entry()])),
        (state([*head(), decision(), Outcome(2)]).interrupted, None),
        (floor(Change(Interval(), keyset(0, 2))), START + 200),
        (floor(Change(Interval(), listed(0, (1, 2), at=ahead))), ahead),
        (floor(Change(Interval(), listed(0, (1, 2), at=before))), FLOOR),
        (floor(Change(Interval(), card(0, 1, 2, at=ahead))), FLOOR),
        (floor(Passed(ahead)), ahead),
        (floor(Passed(before)), FLOOR),
        (floor(decision(heard=ahead)), ahead),
        (floor(decision(heard=before)), FLOOR),
        (floor(decision(interval=Interval(ahead, ahead))), FLOOR),
        (paid.counts[LINK[:8]].payer, Payer(OTHER_LINK[:4], ISSUER[:4])),
        (paid.lanes[HOLDER[:8]].payer, Payer(OTHER_LINK[:4], ISSUER[:4])),
        (both.counts, dict([count_entry(3)])),
        (deep.journal.tables.is_new(HOLDER, 6), False),
        (deep.journal.tables.is_new(HOLDER, 7), True),
        (plain.journal.trust.list is None, False),
        (busy.journal.trust.card_current, True),
        (state([*older_card(), ends(epoch=1)]).journal.trust.card_current, False),
    ]
    return [f"journal: fold, {n}: {a} for {b}" for n, (a, b) in enumerate(found) if a != b]


def check_logs() -> list[str]:
    return check_cases() + check_duty() + check_fold()
