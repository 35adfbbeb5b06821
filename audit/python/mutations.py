"""The breaks that `mutants.py` tries: a place in a file, and what stands there instead."""

from __future__ import annotations

from typing import NamedTuple

from audit_mutations import AUDIT


class Mutation(NamedTuple):
    name: str
    file: str
    old: str
    new: str


_LOOP = "        for change in changes.uses:\n            held ="
_REPEAT = "        self._drop_over(changes, floor)\n" + _LOOP
_TABLES = [
    ("no capacity of a table", "len(paid) <= capacity and", "True and"),
    ("capacity one too small", "len(paid) <= capacity and", "len(paid) < capacity and"),
    ("no quota of a root", "of_root <= -(-capacity // 4)", "True"),
    ("quota of a root rounded down", "-(-capacity // 4)", "capacity // 4"),
    ("no quota of an issuer", "and of_issuer <= capacity // 2", ""),
    ("quota of an issuer rounded up", "of_issuer <= capacity // 2",
     "of_issuer <= -(-capacity // 2)"),
    ("root told apart by all its bytes", "Payer(link_0[:4], issuer[:4])",
     "Payer(link_0, issuer[:4])"),
    ("root told apart by 8 bytes", "Payer(link_0[:4], ", "Payer(link_0[:8], "),
    ("issuer told apart by all its bytes", "issuer[:4])", "issuer)"),
    ("payer of the second half of the root", "Payer(link_0[:4], ", "Payer(link_0[4:8], "),
    ("use of a link by all its bytes", "self.counts.get(prefix(link))", "self.counts.get(link)"),
    ("counts by all bytes of the link", "        link = prefix(change.link)\n",
     "        link = change.link\n"),
    ("lanes by all bytes of the holder", "        holder = prefix(change.holder)\n",
     "        holder = change.holder\n"),
    ("counters of a holder by all its bytes", "self.lanes.get(prefix(holder))",
     "self.lanes.get(holder)"),
    ("a count that is held needs room", "if prefix(change.link) in live:",
     "if change.link in live:"),
    ("a lane that is held needs room", "held = prefix(change.holder) in live",
     "held = change.holder in live"),
    ("a log's decision needs room for a count that is held",
     "held = prefix(change.link) in self.counts", "held = change.link in self.counts"),
    ("a log's decision needs room for a lane that is held",
     "held = prefix(lane.holder) in self.lanes", "held = lane.holder in self.lanes"),
    ("keep until is the last", "max(held.keep_until, keep_until)", "keep_until"),
    ("keep until is the first", "max(held.keep_until, keep_until)", "held.keep_until"),
    ("keep until is the least", "max(held.keep_until, keep_until)",
     "min(held.keep_until, keep_until)"),
    ("links of one request that begin alike take room once",
     "            paid.append(payer)\n",
     "            paid.append(payer)\n"
     "            live[prefix(change.link)] = Count(payer, change.after, change.keep_until)\n"),
    ("links of one request that begin alike are counted one after the other",
     "        live = self.live_counts(floor)\n        paid = [count.payer",
     "        for n, one in enumerate(uses):\n"
     "            if prefix(one.link) in [prefix(before.link) for before in uses[:n]]:\n"
     "                return CHANGED\n"
     "        live = self.live_counts(floor)\n        paid = [count.payer"),
    ("counts are never over", "floor >= self.keep_until", "False"),
    ("counts over a second late", "floor >= self.keep_until", "floor > self.keep_until"),
    ("lanes are never over", "floor > self.latest + UNCHALLENGED_HORIZON", "False"),
    ("lanes over a second early", "floor > self.latest +", "floor >= self.latest +"),
    ("lanes over without the horizon", "self.latest + UNCHALLENGED_HORIZON", "self.latest"),
    ("what is over is not dropped", 
     "        self._drop_over(changes, floor)\n        for change in changes.uses:\n"
     "            self._",
     "        for change in changes.uses:\n            self._"),
    ("new entries of one request do not add up", "            paid.append(payer)\n", ""),
    ("the entry before is not compared", "if self.use(change.link) != change.before:",
     "if False:"),
    ("a counter that was seen is admitted",
     "if not self.is_new(change.holder, change.counter):", "if False:"),
    ("a counter is judged after what is over is dropped",
     "        if not self.is_new(change.holder, change.counter):",
     "        self.lanes = self.live_lanes(floor)\n"
     "        if not self.is_new(change.holder, change.counter):"),
    ("lanes are admitted before counts",
     "self._admits_uses(changes.uses, floor) or self._admits_lane(changes.lane, floor)",
     "self._admits_lane(changes.lane, floor) or self._admits_uses(changes.uses, floor)"),
    ("counts are admitted, then applied, then lanes",
     "        return self._admits_uses(changes.uses, floor) or",
     "        if self._admits_uses(changes.uses, floor) is None and changes.lane is not None:\n"
     "            self.apply(Changes(changes.uses), floor)\n"
     "            return self._admits_lane(changes.lane, floor)\n"
     "        return self._admits_uses(changes.uses, floor) or"),
    ("a link whose count is over counts as held", "if prefix(change.link) in live:",
     "if prefix(change.link) in self.counts:"),
    ("a lane drops the counts that are over", "        if changes.uses:\n",
     "        if True:\n"),
    ("a count drops the lanes that are over",
     "        if changes.lane is not None:\n            self.lanes",
     "        if True:\n            self.lanes"),
    ("what is over in a log is not dropped before a decision",
     _REPEAT, _LOOP),
    ("a log's decision has room for any count",
     "if not held and len(self.counts) >= self.counts_capacity:", "if False:"),
    ("a log's decision has no room for a count that is held",
     "if not held and len(self.counts)", "if len(self.counts)"),
    ("a log's decision has room for any lane",
     "if not held and len(self.lanes) >= self.lanes_capacity:", "if False:"),
    ("a log's decision has no room for a lane that is held",
     "if not held and len(self.lanes)", "if len(self.lanes)"),
    ("a log's decision repeats a counter",
     "if not self.is_new(lane.holder, lane.counter):", "if False:"),
    ("quotas hold for the decisions of a log",
     _REPEAT,
     "        uses = [\n"
     "            UseChange(one.link, one.root, one.issuer, self.use(one.link), one.after, 0)\n"
     "            for one in changes.uses\n"
     "        ]\n"
     "        if self.admits(Changes(uses, changes.lane), floor) is not None:\n"
     "            return CHANGED\n" + _REPEAT),
    ("no link twice in a decision",
     _REPEAT,
     "        if len({one.link for one in changes.uses}) < len(changes.uses):\n"
     "            return CHANGED\n" + _REPEAT),
    ("a holder whose lane is over counts as held", "prefix(change.holder) in live",
     "prefix(change.holder) in self.lanes"),
    ("lanes have no room to keep to", "if not held and not", "if False and not"),
    ("the last payer pays", "payer, keep_until = held.payer, max", "keep_until = max"),
    ("the greatest time is the last", "max(lane.latest, change.time)", "change.time"),
    ("the greatest time is the first", "        lane.latest = max(lane.latest, change.time)\n",
     ""),
    ("a link stands twice in a log", "if link in self.counts:", "if False:"),
    ("a holder stands twice in a log", "if holder in self.lanes:", "if False:"),
    ("a log of more counts than there is room",
     "return None if len(self.counts) <= self.counts_capacity", "return None if True"),
    ("counts of a log that are over need room",
     "        if count.is_over(floor):\n            return None\n", ""),
    ("a log of more lanes than there is room",
     "return None if len(self.lanes) <= self.lanes_capacity", "return None if True"),
    ("lanes of a log that are over need room",
     "        if lane.is_over(floor):\n            return None\n", ""),
]

_MEMORY = [
    ("lanes are restored as all seen",
     "return behind < self.width and not self.seen >> behind & 1", "return False"),
    ("a counter too old is new", "behind < self.width and", ""),
    ("a window is one too short", "behind < self.width and", "behind < self.width - 1 and"),
    ("a window forgets when it moves", "(self.seen << ahead | 1) & (1 << self.width) - 1", "1"),
    ("a window always has 64 counters", "min(counter - self.highest, self.width)",
     "min(counter - self.highest, 64)"),
    ("a late counter is not marked", "self.seen |= 1 << self.highest - counter", "pass"),
    ("the last counter is not reserved",
     "        if counter == MAX_U64:\n            return False\n", ""),
]

_RECORDS = [
    ("tags are not checked", "or tag != _tag(secret, before, body)", ""),
    ("tags are no chain", "LABEL_JOURNAL + before + body", "LABEL_JOURNAL + body"),
    ("records of any length", "if not TAG < len(record) <= MAX_RECORD or",
     "if not TAG < len(record) or"),
    ("trailing bytes of a body", "    reader.end()\n    return decoded", "    return decoded"),
    ("uses of none", "    if spent == 0:", "    if False:"),
    ("a floor beyond all times", "number, floor = reader.u64(), reader.time()",
     "number, floor = reader.u64(), reader.u64()"),
    ("any relock in a start", "domain, number, floor, reader.u16(), reader.flag()",
     "domain, number, floor, reader.u16(), reader.u8() != 0"),
    ("a lane's time beyond all times", "latest, highest = reader.time(), reader.u64()",
     "latest, highest = reader.u64(), reader.u64()"),
    ("a lane of the reserved counter", "highest == MAX_U64 or", ""),
    ("a lane whose highest was not seen", " or not seen & 1:", ":"),
    ("words of a window, greatest first", '"little")\n        if highest',
     '"big")\n        if highest'),
    ("words of a window in reverse",
     'seen = int.from_bytes(reader.take(words * WORD // 8), "little")',
     'words_read = [reader.take(8) for _ in range(words)][::-1]\n'
     '        seen = int.from_bytes(b"".join(words_read), "little")'),
    ("a window of 64 counters only", "reader.take(words * WORD // 8)",
     "reader.take(WORD // 8)"),
    ("payer's issuer before its root in counts",
     "return name, Payer(reader.take(4 * times), reader.take(4 * times))",
     "return name, Payer(*[reader.take(4 * times), reader.take(4 * times)][::-1])"),
    ("names of this schema in schema 3", "2 if schema == OLDER_SCHEMA else 1", "1"),
    ("names of schema 3 in this one", "2 if schema == OLDER_SCHEMA else 1", "2"),
    ("payers of this schema in schema 3", "Payer(reader.take(4 * times), reader.take(4 * times))",
     "Payer(reader.take(4), reader.take(4))"),
    ("wide names in counts alone", "_read_lanes(reader, times, words)",
     "_read_lanes(reader, 1, words)"),
    ("wide names in lanes alone", "_read_counts(reader, times)", "_read_counts(reader, 1)"),
    ("a list in schema 3 is read", "    if schema == OLDER_SCHEMA and isinstance(taken, Status):",
     "    if False:"),
    ("a list in front in schema 3 is read", "isinstance(decoded, (Statement, Change)) else",
     "isinstance(decoded, Change) else"),
    ("a change of the list in schema 3 is read", "isinstance(decoded, (Statement, Change)) else",
     "isinstance(decoded, Statement) else"),
    ("no list in any schema", "    if schema == OLDER_SCHEMA and isinstance(taken",
     "    if isinstance(taken"),
    ("no change in schema 3", "isinstance(taken, Status):", "isinstance(decoded, Change):"),
    ("any right in a decision", "core, right, interval = reader.take(32), reader.right()",
     "core, right, interval = reader.take(32), reader.u8()"),
    ("a request's time beyond all times", "lane = (reader.u64(), reader.time())",
     "lane = (reader.u64(), reader.u64())"),
    ("a decision's T beyond all times", "heard = reader.time() if", "heard = reader.u64() if"),
    ("a time beyond all times", "Passed(reader.time())", "Passed(reader.u64())"),
    ("any outcome", "    if what > LAPSED:", "    if False:"),
    ("an outcome that power failed", "    if what > LAPSED:", "    if what > LAPSED + 1:"),
    ("a MaxOpen beyond 32 bits", "max_open = reader.u32() if", "max_open = reader.u64() if"),
    ("any words", "number, floor, reader.u16(), reader.flag()",
     "number, floor, reader.u64(), reader.flag()"),
    ("words of one byte", "number, floor, reader.u16(), reader.flag()",
     "number, floor, reader.u8(), reader.flag()"),
    ("the length of before", "<= MAX_RECORD or tag", "<= 1331 or tag"),
    ("a length too short", "<= MAX_RECORD or tag", "< MAX_RECORD or tag"),
    ("a record of any length", "not TAG < len(record) <= MAX_RECORD", "not TAG < len(record)"),
    ("a status for a list", "    if status.list is None:", "    if False:"),
    ("an anchor that does not hold", "or tag != device_mac(secret, LABEL_ANCHOR + fields)", ""),
    ("an anchor of another version", "if reader.u8() != 1:", "if reader.u8() == 99:"),
    ("an anchor with more behind", "        reader.end()\n        return anchor",
     "        return anchor"),
    ("starts are not in the nonce", "u64(starts) + u64(session)", "u64(0) + u64(session)"),
    ("session is not in the nonce", "u64(starts) + u64(session)", "u64(starts) + u64(0)"),
    ("random is not in the nonce", "u64(session) + random", "u64(session) + bytes(16)"),
    ("starts and session swapped in the nonce", "u64(starts) + u64(session)",
     "u64(session) + u64(starts)"),
]

_RISE = "        if decision.heard is not None:\n            self._rise(decision.heard)\n"
_APPLY = "        _demand_restored(self.tables.repeat(self._changes(decision), self.floor))\n"
_START = (
    "            self.audit.starts = min(self.audit.starts + 1, MAX_U64)\n"
    "            self._close(INTERRUPTED)\n"
)
_FREE = "            self.relock &= self.open.right != LOCK\n"
_DONE = "        if outcome.what == DONE and self.open is not None:\n"
_WORDS = "    if start.words > words:\n        raise Denied(TOO_NEW)\n"
_NONCE = "    _demand(start.nonce == identity.nonce)\n"
_DEVICE = "    _demand(journal.device == identity.device)\n"
_LOG_READ = "    log = _Log(secret, records, tables.words)\n"
_SET = "            self.trust = replace(self.trust, keyset=held)\n"
_LISTED = "            self.trust = replace(self.trust, list=_held_list(held))\n"
_CARDED = "            self.trust = replace(self.trust, card=held)\n"
_JOURNAL = [
    ("the first record is of any kind", "    _demand(log.kind() == LOG)\n",
     "    _demand(log.kind() is not None)\n"),
    ("no schema is too new", "    if log.schema > SCHEMA:", "    if False:"),
    ("schema 3 is too old", "log.schema in (OLDER_SCHEMA, SCHEMA)", "log.schema == SCHEMA"),
    ("schema 2 is read", "log.schema in (OLDER_SCHEMA, SCHEMA)", "log.schema in (2, 3, SCHEMA)"),
    ("a start without a schema", "    _demand(len(log.body) > 1)\n", ""),
    ("the device is not compared", _DEVICE, ""),
    ("the device is compared with that of the start", _DEVICE, "    _demand("
     "decode_body(records[0][:-16], 0, records[0][1]).device == identity.device)\n"),
    ("the claim nonce is not compared", _NONCE, ""),
    ("the words of a log are not compared", _WORDS, ""),
    ("fewer words are too new", "start.words > words", "start.words != words"),
    ("other words are damage", _WORDS, _WORDS.replace("TOO_NEW", "CORRUPT")),
    ("words come before the claim nonce", _NONCE + _WORDS, _WORDS + _NONCE),
    ("the device comes before the words", _NONCE,
     _NONCE + "    _demand(start.device == identity.device)\n"),
    ("all tags come before what is in any record", _LOG_READ, _LOG_READ +
     "    _demand(None not in list(untagged(secret, records)))\n"),
    ("no room is damage", "TOO_NEW if code == TABLE_FULL else CORRUPT", "CORRUPT"),
    ("what cannot be applied is too new", "TOO_NEW if code == TABLE_FULL else CORRUPT",
     "TOO_NEW"),
    ("epoch and keyset in any order",
     "    epoch = log.statement(EPOCH)\n    keyset = log.statement(KEYSET)\n",
     "    early = log.statement(KEYSET) if log.kind() == KEYSET else None\n"
     "    epoch = log.statement(EPOCH)\n    keyset = early or log.statement(KEYSET)\n"),
    ("the list is left out at the head", "if isinstance(listed, Status) else trust",
     "if False else trust"),
    ("kinds 5 and 6 as events", "        else:\n            raise Denied(CORRUPT)\n\n    def _rise",
     "        else:\n            pass\n\n    def _rise"),
    ("statements as events", "        else:\n            raise Denied(CORRUPT)\n\n    def _rise",
     "        elif isinstance(event, Statement):\n            self._take(event.held)\n"
     "        else:\n            raise Denied(CORRUPT)\n\n    def _rise"),
    ("a keyset as event changes nothing", _SET, ""),
    ("a list as event changes nothing", _LISTED, ""),
    ("a card as event changes nothing", _CARDED, "            pass\n"),
    ("a keyset does not raise the floor", "            self._rise(held.issued_at)\n", ""),
    ("a list does not raise the floor", "            self._rise(held.at)\n", ""),
    ("a time does not raise the floor", "            self._rise(event.time)\n",
     "            pass\n"),
    ("a time lowers the floor", "self.floor = max(self.floor, t)", "self.floor = t"),
    ("a decision's T does not raise the floor", _RISE, ""),
    ("the floor rises after the changes", _RISE + _APPLY, _APPLY + _RISE),
    ("changes that cannot be applied are left out",
     "_demand_restored(self.tables.repeat(self._changes(decision), self.floor))",
     "self.tables.repeat(self._changes(decision), self.floor)"),
    ("counts of later links are not kept", "if count is not None\n        ]",
     "if count is not None and link == root\n        ]"),
    ("each link pays for itself", "UseChange(link, root, issuer,", "UseChange(link, link, issuer,"),
    ("a decision does not open", "        self.relock |= decision.max_open is not None\n",
     "        self.relock |= decision.max_open is not None\n        self.open = None\n"),
    ("a decision with a MaxOpen obliges to nothing",
     "        self.relock |= decision.max_open is not None\n", ""),
    ("a decision without a MaxOpen frees", "self.relock |= decision", "self.relock = decision"),
    ("each decision obliges", "decision.max_open is not None", "True"),
    ("a start does not raise starts",
     "            self.audit.starts = min(self.audit.starts + 1, MAX_U64)\n", ""),
    ("a start does not close", "            self._close(INTERRUPTED)\n", ""),
    ("a start closes before it counts", _START, "            self._close(INTERRUPTED)\n"
     "            self.audit.starts = min(self.audit.starts + 1, MAX_U64)\n"),
    ("a start closes as unknown", "self._close(INTERRUPTED)", "self._close(UNKNOWN)"),
    ("a decision closes as interrupted", "self._close(UNKNOWN)", "self._close(INTERRUPTED)"),
    ("a decision does not close", "        self._close(UNKNOWN)\n", ""),
    ("a decision opens with all persons gone", "decision.interval, decision.persons\n",
     "decision.interval, None\n"),
    ("a decision opens without its interval", "decision.right, decision.interval, decision",
     "decision.right, Interval(), decision"),
    ("a start frees of the duty", _START, _START + "            self.relock = False\n"),
    ("secured frees of nothing", "            self.relock = False\n        elif",
     "            pass\n        elif"),
    ("an outcome does not close", "        self._close(outcome.what)\n", ""),
    ("each outcome is done", "        self._close(outcome.what)\n", "        self._close(DONE)\n"),
    ("an outcome frees of nothing", _FREE, ""),
    ("any outcome frees", _DONE, "        if self.open is not None:\n"),
    ("the outcome of any right frees", _FREE, "            self.relock = False\n"),
    ("a release that is done is no damage", "            _demand(not self.releases)\n"
     "            self.relock", "            self.relock"),
    ("a start behind a release is no damage", "            _demand(not self.releases)\n"
     "            self.audit", "            self.audit"),
    ("an empty log with an anchor is unclaimed", "        if anchor is not None:\n",
     "        if False:\n"),
    ("an anchor of another domain", "anchor.domain != trust.domain or", ""),
    ("an anchor of another lock", "or anchor.lock != trust.card.lock", ""),
    ("an anchor of a later epoch", "or anchor.epoch > trust.epoch.number", ""),
    ("an anchor of an epoch before is rolled back", "anchor.epoch > trust",
     "anchor.epoch != trust"),
    ("the counter is not compared", "if counter is not None and counter > journal.number:",
     "if False:"),
    ("the counter is compared one too soon", "counter > journal.number",
     "counter >= journal.number"),
    ("events do not count", "        self.number = min(self.number + 1, MAX_U64)\n"
     "        if isinstance(event, Change)", "        if isinstance(event, Change)"),
    ("a release is no end", "    if journal.releases:", "    if False:"),
    ("a release comes before the anchor",
     "    if anchor is not None and _is_ahead(anchor, journal.trust):",
     "    if journal.releases:\n        raise Denied(RELEASING)\n"
     "    if anchor is not None and _is_ahead(anchor, journal.trust):"),
    ("the anchor comes before the log is judged",
     "    journal = read_log(records, identity, secret, tables)\n    if anchor",
     "    if anchor is not None and anchor.lock == b\"elsewher\":\n"
     "        raise Denied(ROLLED_BACK)\n"
     "    journal = read_log(records, identity, secret, tables)\n    if anchor"),
    ("the schema comes before the tags", _LOG_READ,
     "    if len(records[0]) > 1 and records[0][0] == LOG and records[0][1] > SCHEMA:\n"
     "        raise Denied(TOO_NEW)\n" + _LOG_READ),
    ("the new log of an older schema does not count",
     "        self.schema = SCHEMA\n        self.number = min(self.number + 1, MAX_U64)\n",
     "        self.schema = SCHEMA\n"),
    ("the new log of any schema counts", "    if anew:\n", "    if True:\n"),
    ("a new log is of the schema before", "        self.schema = SCHEMA\n        self.number",
     "        self.number"),
    ("counts of schema 3 keep their names", "tables.restore_count(prefix(link), count",
     "tables.restore_count(link, count"),
    ("lanes of schema 3 keep their names", "tables.restore_lane(prefix(holder), lane",
     "tables.restore_lane(holder, lane"),
    ("the second half of a link", "tables.restore_count(prefix(link), count",
     "tables.restore_count(link[-8:], count"),
    ("the second half of a holder", "tables.restore_lane(prefix(holder), lane",
     "tables.restore_lane(holder[-8:], lane"),
    ("counts of schema 3 keep their payers",
     "                count.payer = _halved(count.payer)\n", ""),
    ("lanes of schema 3 keep their payers",
     "                lane.payer = _halved(lane.payer)\n", ""),
    ("payers of schema 3 lose their first half", "return payer_of(payer.root, payer.issuer)",
     "return payer_of(payer.root[-4:], payer.issuer[-4:])"),
    ("interrupted is the next entry", "else journal.audit.events.next\n",
     "else journal.audit.events.next + 1\n"),
    ("a change makes no entry", "            self.audit.take(event.interval, event.held)\n", ""),
    ("a change is not taken in", "            self._take(event.held)\n"
     "            self.audit", "            self.audit"),
    ("denials make no entry", "            self.audit.tell(event.interval, event.rows)\n",
     "            pass\n"),
    ("a new device key makes no entry",
     "            self.audit.change(event.interval, event.change)\n", ""),
    ("a new device key is not taken in", "            self.device = event.change.new\n", ""),
    ("what is acknowledged is forgotten",
     "            self.audit.acknowledged = event.number\n", "            pass\n"),
    ("an open decision in the head is forgotten",
     "return opened if isinstance(opened, OpenDecision) else None", "return None"),
    ("ends may be missing", "    _demand(log.kind() == ENDS)\n",
     "    if log.kind() != ENDS:\n        return None\n"),
    ("the start is not in the nonce", "    journal.fold(Started())\n", ""),
]

_EVENT = "        self.number = min(self.number + 1, MAX_U64)\n        if isinstance(event, Change)"
_STRICTER = [
    ("no decision while one is open", _APPLY, "        _demand(self.open is None)\n" + _APPLY),
    ("no start behind an open decision", "        journal.fold(log.take())\n",
     "        event = log.take()\n"
     "        _demand(not isinstance(event, Started) or journal.open is None)\n"
     "        journal.fold(event)\n"),
    ("no event behind an open release", _EVENT,
     "        _demand(not self.releases)\n" + _EVENT),
    ("no outcome but of an open decision", _DONE,
     "        _demand(self.open is not None)\n" + _DONE),
    ("no outcome of a release", _DONE, "        _demand(not self.releases)\n" + _DONE),
    ("nothing secured without a duty", "            self.relock = False\n        elif",
     "            _demand(self.relock)\n            self.relock = False\n        elif"),
    ("no time below the floor", "            self._rise(event.time)\n",
     "            _demand(event.time > self.floor)\n            self._rise(event.time)\n"),
    ("uses that do not follow those before", _APPLY,
     "        for one in self._changes(decision).uses:\n"
     "            _demand(one.after.spent == self.tables.use(one.link).spent + 1)\n" + _APPLY),
    ("no lo beyond all times", _APPLY, "        _demand(decision.lo < 1 << 40)\n" + _APPLY),
    ("no hi beyond all times", _APPLY,
     "        _demand((decision.hi or 0) < 1 << 40)\n" + _APPLY),
    ("no keep until beyond all times", _APPLY,
     "        for one in self._changes(decision).uses:\n"
     "            _demand(one.keep_until < 1 << 40)\n" + _APPLY),
    ("no keyset but a newer one", _SET,
     "            _demand(held.version > self.trust.keyset.version)\n" + _SET),
    ("no keyset but of the epoch", _SET,
     "            _demand(held.epoch == self.trust.epoch.number)\n" + _SET),
    ("no list but a newer one", _LISTED,
     "            before = self.trust.list\n"
     "            _demand(before is None or held.order > before.order)\n" + _LISTED),
    ("no list but of the epoch", _LISTED,
     "            _demand(held.epoch == self.trust.epoch.number)\n" + _LISTED),
    ("no card but a newer one", _CARDED,
     "            current = self.trust.card_current\n"
     "            _demand(not current or held.order > self.trust.card.order)\n" + _CARDED),
    ("no card but of the epoch", _CARDED,
     "            _demand(held.epoch == self.trust.epoch.number)\n" + _CARDED),
    ("no card of another lock", _CARDED,
     "            _demand(held.lock == self.trust.card.lock)\n" + _CARDED),
    ("no keyset of another epoch at the head", "    card = log.statement(CARD)\n",
     "    card = log.statement(CARD)\n    _demand(keyset.epoch == epoch.number)\n"),
    ("no card of a later epoch at the head", "    card = log.statement(CARD)\n",
     "    card = log.statement(CARD)\n    _demand(card.epoch <= epoch.number)\n"),
    ("no list of another epoch at the head", "    card = log.statement(CARD)\n",
     "    card = log.statement(CARD)\n"
     "    _demand(not isinstance(listed, Status) or listed.epoch == epoch.number)\n"),
    ("no domain but the hash of epoch 0", "    card = log.statement(CARD)\n",
     "    card = log.statement(CARD)\n    _demand(epoch.number > 0 or epoch.hash == domain)\n"),
    ("counts in more than one record", "        if isinstance(body, Counts):\n",
     "        if isinstance(body, Counts):\n            _demand(not tables.counts)\n"),
    ("counts behind lanes", "        if isinstance(body, Counts):\n",
     "        if isinstance(body, Counts):\n            _demand(not tables.lanes)\n"),
    ("quotas hold for the counts of a head",
     "                _demand_restored(tables.restore_count(prefix(link), count, floor))\n",
     "                _demand_restored(tables.restore_count(prefix(link), count, floor))\n"
     "                paid = [one.payer.root for one in tables.counts.values()]\n"
     "                _demand(paid.count(count.payer.root) <= -(-tables.counts_capacity // 4))\n"),
    ("an empty log with a counter is rolled back", "        if anchor is not None:\n",
     "        if anchor is not None or counter:\n"),
    ("the anchor's emergency key is compared", "    other = anchor.domain",
     "    other = anchor.emergency != trust.epoch.emergency or anchor.domain"),
]

MUTATIONS = [
    Mutation(name, file, old, new)
    for file, entries in (
        *AUDIT,
        ("tables.py", _TABLES),
        ("memory.py", _MEMORY),
        ("records.py", _RECORDS),
        ("journal.py", _JOURNAL),
        ("journal.py", _STRICTER),
    )
    for name, old, new in entries
]
