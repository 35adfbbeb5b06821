#!/usr/bin/env python3
"""Runs every test vector of the repository and compares the whole verdict."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from keyward.audit_vectors import is_of_receipts, judge_receipts, judge_seal, seals_alike
from keyward.journal_vectors import encodes_alike, judge_journal
from keyward.objects import decode
from keyward.tables_vectors import judge_tables
from keyward.text import TextError, from_text, public_from_text, public_to_text
from keyward.trust_vectors import judge_trust
from keyward.vectors import decode_error, judge

VECTORS = Path(__file__).resolve().parents[2] / "tests" / "vectors"


def expected_and_found(vector: dict[str, Any]) -> tuple[Any, Any]:
    if "decode" in vector:
        data = bytes.fromhex(vector["bytes"])
        error = decode_error(vector["decode"], data)
        if error is None:
            decoded = decode(vector["decode"], data)
            if hasattr(decoded, "encode") and decoded.encode() != data:
                return vector["error"], "encodes otherwise"
        return vector["error"], None if error is None else str(error)
    if "sealed" in vector:
        expected_seal = {name: vector[name] for name in ("object", "fault")}
        if vector["fault"] is None and not seals_alike(vector):
            return expected_seal, "seals otherwise"
        return expected_seal, judge_seal(vector)
    if "text" in vector:
        expected = vector["bytes"], vector["error"]
        try:
            if "class" in vector:
                key = public_from_text(vector["text"], vector["class"])
                if public_to_text(key, vector["class"]) != vector["text"]:
                    return expected, "encodes otherwise"
                return expected, (key.hex(), None)
            return expected, (from_text(vector["text"]).hex(), None)
        except TextError as error:
            return expected, (None, error.name)
    if "capacity" in vector and "steps" in vector:
        results = [step["result"] for step in vector["steps"]]
        return {"results": results, "after": vector["after"]}, judge_tables(vector)
    if "steps" in vector:
        names = "result", "after"
        steps = [{name: step[name] for name in names} for step in vector["steps"]]
        return differing_steps(steps, judge_trust(vector))
    if "records" in vector:
        expected_start = {name: vector[name] for name in ("result", "after")}
        if "restored" in vector["result"] and not encodes_alike(vector):
            return expected_start, "encodes otherwise"
        return expected_start, judge_journal(vector)
    if is_of_receipts(vector):
        results = judge_receipts(vector)
        return {name: vector[name] for name in results}, results
    return vector["verdict"], judge(vector)


def differing_steps(expected: list[Any], found: list[Any]) -> tuple[Any, Any]:
    """Both, but for the steps in which they agree; by the index of the step."""
    pairs = list(enumerate(zip(expected, found)))
    return {n: e for n, (e, f) in pairs if e != f}, {n: f for n, (e, f) in pairs if e != f}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=Path, default=VECTORS, help="folder of *.json")
    folder: Path = parser.parse_args().vectors
    count = disagreements = 0
    for path in sorted(folder.glob("*.json")):
        for vector in json.loads(path.read_text())["vectors"]:
            count += 1
            expected, found = expected_and_found(vector)
            if expected != found:
                disagreements += 1
                print(f"{path.name}: {vector['name']}: expected {expected}, found {found}")
    print(f"vectors: {count}")
    print(f"disagreements: {disagreements}")
    return 1 if disagreements or not count else 0


if __name__ == "__main__":
    sys.exit(main())
