#!/usr/bin/env python3
"""Breaks the code of journal and tables, a place at a time, and tells which breaks show.

Each break is made in a copy; then every vector of `journal.json`, and of `tables.json` where
there is one, and the checks of `recordcheck.py` are run. A break that no vector shows is
listed; one that the checks do not show either is a fault, and the exit status 1.
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
CHECK = "import sys, recordcheck; sys.exit(bool(recordcheck.check_journal()))"


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
        shown = fails(copy, "run_vectors.py", "--vectors", str(vectors))
        return shown, fails(copy, "-c", CHECK)


def chosen_vectors(folder: Path, into: Path) -> None:
    for name in ("journal.json", "tables.json"):
        if (folder / name).exists():
            shutil.copy(folder / name, into)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=Path, default=VECTORS, help="folder of *.json")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(arguments.jobs) as pool:
        chosen_vectors(arguments.vectors, Path(folder))
        results = list(pool.map(lambda one: try_out(one, Path(folder)), MUTATIONS))
    survivors = 0
    for mutation, (by_vectors, by_checks) in zip(MUTATIONS, results):
        if not by_vectors:
            survivors += not by_checks
            print(f"no vector shows: {mutation.name}{'' if by_checks else ' (nor a check)'}")
    shown = sum(by_vectors for by_vectors, _ in results)
    print(f"breaks: {len(MUTATIONS)}, shown by vectors: {shown}, by nothing: {survivors}")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
