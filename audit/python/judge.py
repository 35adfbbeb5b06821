#!/usr/bin/env python3
"""Reads vectors as JSON Lines on standard input, writes their verdicts, a line each, in order.

A line is a vector of tests/vectors/verify.json, without need of its `verdict`, or
{"decode": KIND, "bytes": HEX}, answered by {"ok": true} or {"ok": false, "error": NAME,
"part": PART, NUMBER or null}, or {"trust": VECTOR}, one of trust.json without need of its
results, answered by {"steps": [{"result": RESULT, "after": STATE}, ...]}, or
{"journal": VECTOR}, one of journal.json, answered by {"result": RESULT, "after": STATE}, or
{"tables": VECTOR}, one of tables.json, answered by {"results": [RESULT, ...], "after": TABLES},
or {"receipts": VECTOR}, one of receipts.json, answered by its results, or {"seal": VECTOR}, one
of seal.json, answered by {"object": HEX or null, "fault": NAME or null}.
A line that is none of these is answered by {"invalid": WHY}.
"""

from __future__ import annotations

import argparse
import itertools
import json
import queue
import subprocess
import sys
import threading

from keyward.audit_vectors import judge_receipts, judge_seal
from keyward.journal_vectors import judge_journal
from keyward.tables_vectors import judge_tables
from keyward.trust_vectors import judge_trust
from keyward.vectors import decode_error, judge


def answer(line: str) -> str:
    try:
        vector = json.loads(line)
        if "decode" in vector:
            error = decode_error(vector["decode"], bytes.fromhex(vector["bytes"]))
            if error is None:
                return '{"ok": true}'
            return json.dumps({"ok": False, "error": error.name, "part": error.part})
        if "steps" in vector.get("trust", ()):
            return json.dumps({"steps": judge_trust(vector["trust"])})
        if "journal" in vector:
            return json.dumps(judge_journal(vector["journal"]))
        if "tables" in vector:
            return json.dumps(judge_tables(vector["tables"]))
        if "receipts" in vector:
            return json.dumps(judge_receipts(vector["receipts"]))
        if "seal" in vector:
            return json.dumps(judge_seal(vector["seal"]))
        return json.dumps(judge(vector))
    except Exception as error:  # whatever is wrong with a line, the next is answered
        return json.dumps({"invalid": f"{type(error).__name__}: {error}"})


def judge_lines() -> None:
    for line in sys.stdin:
        if line.strip():
            print(answer(line), flush=True)


def deal_out(jobs: int) -> None:
    """Deals lines out in turn to as many processes, and takes the answers in turn."""
    command = [sys.executable, __file__]
    pipe = subprocess.PIPE
    judges = [subprocess.Popen(command, stdin=pipe, stdout=pipe) for _ in range(jobs)]
    dealt: queue.SimpleQueue[subprocess.Popen[bytes] | None] = queue.SimpleQueue()

    def deal() -> None:
        turn = itertools.cycle(judges)
        for line in sys.stdin.buffer:
            if line.strip():
                taker = next(turn)
                assert taker.stdin is not None
                taker.stdin.write(line.rstrip(b"\n") + b"\n")
                taker.stdin.flush()
                dealt.put(taker)
        dealt.put(None)

    threading.Thread(target=deal, daemon=True).start()
    for taker in iter(dealt.get, None):
        assert taker.stdout is not None
        sys.stdout.buffer.write(taker.stdout.readline())
        sys.stdout.buffer.flush()
    for done in judges:
        done.communicate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    jobs: int = parser.parse_args().jobs
    if jobs > 1:
        deal_out(jobs)
    else:
        judge_lines()


if __name__ == "__main__":
    main()
