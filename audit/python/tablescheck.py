"""Tables and windows (SPEC 14.2 to 14.4), each rule at its edge. Called by `recordcheck.py`."""

from __future__ import annotations

import random
from dataclasses import replace

from keyward.limits import MAX_U64
from keyward.memory import ReplayWindow, Use, UseChange
from keyward.tables import Changes, Count, Lane, LaneChange, Payer, Tables

FLOOR, LATER = 10_000, 20_000


def key(n: int) -> bytes:
    """What an entry is known by."""
    return n.to_bytes(8, "big")


def name(n: int) -> bytes:
    """Of a link or holder; its second half says nothing."""
    return key(n) + bytes((n,)) * 8


def root(n: int) -> bytes:
    """A `LinkId` of which 4 bytes say who pays."""
    return n.to_bytes(4, "big") + bytes((n,)) * 12


def issuer(n: int) -> bytes:
    return n.to_bytes(4, "little") + bytes((n,)) * 4


def payer(of: int, by: int) -> Payer:
    return Payer(root(of)[:4], issuer(by)[:4])


def counted(link: int, of: int, by: int, keep: int = LATER, before: Use = Use()) -> UseChange:
    return UseChange(name(link), root(of), issuer(by), before, before.used_at(5), keep)


def laned(holder: int, of: int, by: int, counter: int = 7, time: int = LATER) -> LaneChange:
    return LaneChange(name(holder), payer(of, by), counter, time)


def commit(tables: Tables, changes: Changes, floor: int = FLOOR) -> int | None:
    code = tables.admits(changes, floor)
    if code is None:
        tables.apply(changes, floor)
    return code


def use(tables: Tables, *uses: UseChange, floor: int = FLOOR) -> int | None:
    return commit(tables, Changes(uses), floor)


def lane(tables: Tables, change: LaneChange, floor: int = FLOOR) -> int | None:
    return commit(tables, Changes(lane=change), floor)


Found = list[tuple[object, object]]


def quotas_of_counts() -> Found:
    found: Found = []
    for capacity, of_root, of_issuer in ((0, 0, 0), (4, 1, 2), (5, 2, 2), (9, 3, 4), (16, 4, 8)):
        tables = Tables(capacity, 0)
        codes = [use(tables, counted(n, 1, n)) for n in range(of_root + 1)]
        found.append((codes, [None] * of_root + [500]))
        tables = Tables(capacity, 0)
        codes = [use(tables, counted(n, n, 1)) for n in range(of_issuer + 1)]
        found.append((codes, [None] * of_issuer + [500]))
        tables = Tables(capacity, 0)
        codes = [use(tables, counted(n, n, n)) for n in range(capacity + 1)]
        found.append((codes, [None] * capacity + [500]))
        if capacity:
            found.append((use(tables, counted(0, 0, 0, before=Use(1, 5))), None))
    return found


def quotas_of_lanes() -> Found:
    found: Found = []
    for capacity, of_root, of_issuer in ((0, 0, 0), (4, 1, 2), (5, 2, 2), (8, 2, 4)):
        tables = Tables(0, capacity)
        codes = [lane(tables, laned(n, 1, n)) for n in range(of_root + 1)]
        found.append((codes, [None] * of_root + [500]))
        tables = Tables(0, capacity)
        codes = [lane(tables, laned(n, n, 1)) for n in range(of_issuer + 1)]
        found.append((codes, [None] * of_issuer + [500]))
        tables = Tables(0, capacity)
        codes = [lane(tables, laned(n, n, n)) for n in range(capacity + 1)]
        found.append((codes, [None] * capacity + [500]))
        if capacity:
            found.append((lane(tables, laned(0, 99, 99, counter=8)), None))
            found.append((tables.lanes[key(0)].payer, payer(0, 0)))
    return found


def one_request() -> Found:
    """New counts of one request add up, and a refusal leaves all as it was."""
    tables = Tables(4, 4)
    found: Found = [(use(tables, counted(1, 1, 1), counted(2, 1, 1)), 500), (tables.counts, {})]
    tables = Tables(16, 4)
    four = [counted(n, 1, 1) for n in range(4)]
    found += [(use(tables, *four), None), (use(tables, counted(9, 1, 1)), 500)]
    stale = Changes([counted(0, 1, 1)], laned(1, 1, 1))
    found += [(commit(tables, stale), 501), (tables.lanes, {})]
    ahead = Changes([counted(0, 1, 1, before=Use(2, 5))])
    found.append((commit(tables, ahead), 501))
    both = Changes([counted(9, 1, 1), counted(0, 1, 1)])
    found.append((commit(tables, both), 500))
    lane(tables, laned(1, 1, 1))
    found.append((commit(tables, Changes([counted(9, 1, 1)], laned(1, 1, 1))), 500))
    return found


def what_is_over() -> Found:
    tables = Tables(4, 4)
    found: Found = [(use(tables, counted(1, 1, 1, keep=FLOOR + 1)), None)]
    found += [
        (use(tables, counted(2, 1, 1), floor=FLOOR), 500),
        (use(tables, counted(2, 1, 1), floor=FLOOR + 1), None),
        (sorted(tables.counts), [key(2)]),
        (lane(tables, laned(1, 1, 1, time=FLOOR - 900)), None),
        (lane(tables, laned(2, 1, 1), floor=FLOOR), 500),
        (lane(tables, laned(2, 1, 1), floor=FLOOR + 1), None),
        (sorted(tables.lanes), [key(2)]),
        (len(tables.live_lanes(LATER + 900)), 1),
        (len(tables.live_lanes(LATER + 901)), 0),
    ]
    tables = Tables(4, 4)
    lane(tables, laned(1, 1, 1, counter=50, time=FLOOR))
    lane(tables, laned(2, 2, 1, time=LATER))
    over = FLOOR + 901
    found += [
        (lane(tables, laned(1, 2, 1, counter=51), floor=over), 500),
        (lane(tables, laned(1, 3, 3, counter=50), floor=over), 501),
        (lane(tables, laned(1, 3, 3, counter=49), floor=over), None),
        (tables.lanes[key(1)].payer, payer(3, 3)),
        (tables.lanes[key(1)].window.seen, 1),
    ]
    tables = Tables(4, 4)
    lane(tables, laned(1, 1, 1, time=FLOOR))
    found += [
        (use(tables, counted(1, 1, 1, keep=FLOOR + 1)), None),
        (use(tables, counted(2, 2, 1)), None),
        (use(tables, counted(3, 3, 1), floor=FLOOR + 1), None),
        (use(tables, counted(1, 2, 2, before=Use(1, 5)), floor=FLOOR + 1), 501),
        (use(tables, counted(4, 4, 4, keep=LATER - 9), floor=over), None),
        (lane(tables, laned(1, 1, 1), floor=over), 501),
        (use(tables, counted(4, 2, 4, before=Use(1, 5)), floor=LATER - 9), 500),
        (use(tables, counted(4, 5, 4, before=Use(1, 5)), floor=LATER - 9), None),
        (tables.counts[key(4)].payer, payer(5, 4)),
        (lane(tables, laned(2, 2, 2), floor=LATER), None),
        (use(tables, counted(4, 5, 4), floor=LATER), 501),
    ]
    return found


def what_changes() -> Found:
    tables = Tables(16, 8)
    use(tables, counted(1, 1, 1))
    use(tables, counted(1, 2, 2, keep=LATER + 1, before=Use(1, 5)))
    kept = Count(payer(1, 1), Use(2, 5), LATER + 1)
    lane(tables, laned(1, 1, 1, time=LATER))
    lane(tables, laned(1, 1, 1, counter=9, time=LATER - 9))
    found: Found = [(tables.counts[key(1)], kept), (tables.lanes[key(1)].latest, LATER)]
    lane(tables, laned(1, 1, 1, counter=8, time=LATER + 9))
    found += [(tables.lanes[key(1)].latest, LATER + 9), (tables.lanes[key(1)].window.seen, 7)]
    found += [(lane(tables, laned(5, 5, 5, counter=MAX_U64)), 501)]
    found += [(lane(tables, laned(1, 1, 1, counter=MAX_U64)), 501)]
    return found


def links_that_begin_alike() -> Found:
    """They are counted as one (SPEC 14.3), and in one request as if alone (SPEC 14.4)."""
    first, other = counted(1, 1, 1), replace(counted(1, 2, 2), link=key(1) + b"-another")
    again = replace(other, before=Use(1, 5), after=Use(2, 5), keep_until=LATER - 9)
    tables = Tables(4, 4)
    found: Found = [(use(tables, first), None), (use(tables, other), 501)]
    found.append((use(tables, again), None))
    found.append((tables.counts, {key(1): Count(payer(1, 1), Use(2, 5), LATER)}))
    third = replace(again, before=Use(2, 5), after=Use(3, 5), keep_until=LATER + 9)
    found += [(use(tables, third), None), (tables.counts[key(1)].keep_until, LATER + 9)]
    tables = Tables(4, 4)
    found += [(use(tables, first, replace(other, root=root(1))), 500), (tables.counts, {})]
    tables = Tables(8, 4)
    both = first, replace(other, root=root(1), keep_until=LATER - 9)
    found.append((use(tables, *both), None))
    found.append((tables.counts, {key(1): Count(payer(1, 1), Use(1, 5), LATER)}))
    both = (
        replace(first, before=Use(1, 5), after=Use(2, 5)),
        replace(other, before=Use(2, 5), after=Use(3, 5)),
    )
    found.append((use(tables, *both), 501))
    tables = Tables(4, 4)
    use(tables, replace(first, keep_until=FLOOR))
    found.append((use(tables, replace(again, keep_until=FLOOR - 9)), None))
    found.append((tables.counts, {key(1): Count(payer(2, 2), Use(2, 5), FLOOR - 9)}))
    return found


def who_begins_alike() -> Found:
    """Holders are told apart by 8 bytes, payers by 4 of root and issuer (SPEC 14.4)."""
    tables = Tables(4, 4)
    holder = replace(laned(1, 2, 2), holder=key(1) + b"-another")
    found: Found = [(lane(tables, laned(1, 1, 1)), None), (lane(tables, holder), 501)]
    found.append((lane(tables, replace(holder, counter=8)), None))
    window = ReplayWindow(8, 3)
    found.append((tables.lanes, {key(1): Lane(payer(1, 1), LATER, window)}))
    tables = Tables(4, 4)
    of_root, by_issuer = root(1)[:4] + bytes(12), issuer(3)[:4] + bytes(4)
    found += [
        (use(tables, counted(1, 1, 1)), None),
        (use(tables, replace(counted(2, 1, 2), root=of_root)), 500),
        (use(tables, counted(2, 2, 3), floor=FLOOR), None),
        (use(tables, counted(3, 3, 3)), None),
        (use(tables, replace(counted(4, 4, 3), issuer=by_issuer)), 500),
        (use(tables, counted(4, 4, 4)), None),
    ]
    return found


def restored() -> Found:
    """What a log says is held to the capacity, and not to quotas."""
    tables, payee = Tables(4, 4), payer(1, 1)
    found: Found = []
    for n in range(6):
        keep = FLOOR if n == 0 else LATER
        code = None if n < 5 else 500
        found.append((tables.restore_count(key(n), Count(payee, Use(1, 5), keep), FLOOR), code))
        window, latest = ReplayWindow(7), FLOOR - 901 if n == 0 else LATER
        found.append((tables.restore_lane(key(n), Lane(payee, latest, window), FLOOR), code))
    tables = Tables(4, 4)
    for code in (None, 501):
        count = Count(payee, Use(1, 5), LATER)
        found.append((tables.restore_count(key(1), count, FLOOR), code))
        one = Lane(payee, LATER, ReplayWindow(7))
        found.append((tables.restore_lane(key(1), one, FLOOR), code))
    return found


def windows(rounds: int = 400) -> Found:
    """Against a set of all counters that were accepted."""
    rng, found = random.Random(142), Found()
    for words in (1, 2, 4):
        width = 64 * words
        window, accepted = ReplayWindow(1000, width=width), {1000}
        for _ in range(rounds):
            highest = max(accepted)
            counter = highest + rng.choice((1, 2, 63, 64, 65, width, width + 1))
            if rng.random() < 0.9:
                counter = highest - rng.choice((0, 1, width - 1, width, rng.randrange(width)))
            new = counter > highest or highest - counter < width and counter not in accepted
            found.append(((words, counter, window.is_new(counter)), (words, counter, new)))
            if new:
                window.take(counter)
                accepted.add(counter)
        seen = sum(1 << n for n in range(width) if max(accepted) - n in accepted)
        found.append((window.seen, seen))
        found.append((window.is_new(MAX_U64), False))
    return found


def capacities() -> Found:
    found: Found = []
    for capacity in (1, 2, 3):
        for pair in ((capacity, 4), (4, capacity)):
            try:
                Tables(*pair)
                found.append((pair, None))
            except ValueError:
                pass
    return found


def check_tables() -> list[str]:
    parts = (
        quotas_of_counts,
        quotas_of_lanes,
        one_request,
        what_is_over,
        what_changes,
        links_that_begin_alike,
        who_begins_alike,
        restored,
        windows,
        capacities,
    )
    return [
        f"tables: {part.__name__}, {n}: {a} for {b}"
        for part in parts
        for n, (a, b) in enumerate(part())
        if a != b
    ]
