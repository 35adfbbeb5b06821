#!/usr/bin/env python3
"""Breaks the code of journal, tables, receipts and sealing, and tells which breaks show.

Each break is made, a place at a time, in a copy; then the vectors that `VECTORS_OF` names for
its file, and where they do not show it the checks of `CHECK`, are run. A break that no vector
shows is listed; one that the checks do not show either is a fault, and the exit status 1.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mutations import MUTATIONS, Mutation

HERE = Path(__file__).resolve().parent
VECTORS = HERE.parents[1] / "tests" / "vectors"
CHECK = (
    "import sys, decodecheck, recordcheck, receiptcheck, sealcheck, trustcheck, lifecheck\n"
    "sys.exit(bool(decodecheck.check_decoding() or recordcheck.check_journal()"
    " or receiptcheck.check_receipts()"
    " or sealcheck.check_seals() or trustcheck.check_trust()"
    " or lifecheck.check_life_of_a_lock()))"
)
VECTORS_OF = {
    "receipts.py": ("decode", "receipts", "journal"),
    "seal.py": ("decode", "seal"),
    "lock.py": ("trust",),
    "objects.py": ("journal",),
    "verify.py": ("verify",),
    "keys.py": ("verify", "tables"),
    "limits.py": ("decode",),
    "memory.py": ("verify", "journal", "tables"),
}
"""Of all others, those of journal and tables."""


def broken_copy(mutation: Mutation, folder: Path) -> Path:
    copy = folder / "python"
    shutil.copytree(HERE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    path = copy / "keyward" / mutation.file
    source = path.read_text()
    if source.count(mutation.old) != 1:
        raise ValueError(f"{mutation.name}: not one such place in {mutation.file}")
    path.write_text(source.replace(mutation.old, mutation.new))
    return copy


def fails(copy: Path, *arguments: str) -> bool:
    """Whether Python, run there, ends with a fault; in a log over which it never ends, too."""
    command = [sys.executable, "-B", *arguments]
    try:
        done = subprocess.run(command, cwd=copy, capture_output=True, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def try_out(mutation: Mutation, vectors: Path) -> tuple[bool, bool]:
    """Whether the vectors, and the checks, show the break."""
    with tempfile.TemporaryDirectory() as folder:
        copy = broken_copy(mutation, Path(folder))
        of = Path(folder) / "vectors"
        of.mkdir()
        for name in VECTORS_OF.get(mutation.file, ("journal", "tables")):
            shutil.copy(vectors / f"{name}.json", of)
        shown = fails(copy, "run_vectors.py", "--vectors", str(of))
        return shown, shown or fails(copy, "-c", CHECK)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=Path, default=VECTORS, help="folder of *.json")
    parser.add_argument("--file", help="breaks of this file of keyward alone")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    arguments = parser.parse_args()
    chosen = [one for one in MUTATIONS if arguments.file in (None, one.file)]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(lambda one: try_out(one, arguments.vectors), chosen))
    survivors = 0
    for mutation, (by_vectors, by_checks) in zip(chosen, results):
        if not by_vectors:
            survivors += not by_checks
            beside = "" if by_checks else " (nor a check)"
            print(f"no vector shows: {mutation.file}: {mutation.name}{beside}")
    shown = sum(by_vectors for by_vectors, _ in results)
    print(f"breaks: {len(chosen)}, shown by vectors: {shown}, by nothing: {survivors}")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
