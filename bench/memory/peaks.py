# SPDX-License-Identifier: Apache-2.0
"""``python -m bench memory``: peak memory of ``attunement score`` and ``look`` on CSV files.

Each command runs in a process of its own, started by a small one that reads the operating
system's figure afterwards (``getrusage(RUSAGE_CHILDREN).ru_maxrss``): imports, libraries and all.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np

BATCH = 50_000
SESSIONS = 20
_COMMAND = "import sys; from attunement.cli import main; main(sys.argv[1:])"
_WATCH = (
    "import resource, subprocess, sys;"
    "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL);"
    "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss;"
    "print(peak // 1024 if sys.platform == 'darwin' else peak);"
    "sys.exit(done.returncode)"
)


def peak_kib(*words: str | Path) -> int:
    """Return the peak memory, in KiB, of ``attunement`` with these words in its own process."""
    command = [sys.executable, "-c", _WATCH, sys.executable, "-c", _COMMAND, *map(str, words)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def wide_answers(path: Path, rows: int, seed: int = 1) -> Path:
    """Write made-up answers to nine items from 0 to 3, one row per response, 3 % missing."""
    draw = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8") as file:
        file.write("client,session," + ",".join(str(item) for item in range(1, 10)) + "\n")
        for first in range(0, rows, BATCH):
            n = min(BATCH, rows - first)
            cells = draw.integers(0, 4, (n, 9)).astype("U1")
            cells[draw.random((n, 9)) < 0.03] = ""  # noqa: PLR2004 -- 3 % missing
            for row, answers in enumerate(cells.tolist(), start=first):
                client, session = divmod(row, SESSIONS)
                file.write(f"C{client:07d},{session + 1},{','.join(answers)}\n")
    return path


def ratings(path: Path, rows: int, seed: int = 1) -> Path:
    """Write made-up ratings from 0 to 6 with two decimals: both chairs, twenty sessions a dyad."""
    draw = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8") as file:
        file.write("dyad_id,session_no,session_date,perspective,score\n")
        file.writelines(itertools.islice(_rating_lines(draw), rows))
    return path


def _rating_lines(draw: np.random.Generator) -> Iterator[str]:
    days = [(date(2020, 1, 1) + timedelta(weeks=week)).isoformat() for week in range(SESSIONS)]
    for dyad in itertools.count():
        scores = np.clip(4 + draw.normal(size=2 * SESSIONS), 0, 6).round(2).tolist()
        for session, day in enumerate(days):
            for chair, score in zip(("client", "therapist"), scores[2 * session :], strict=False):
                yield f"D{dyad:06d},{session + 1},{day},{chair},{score}\n"


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--score", default="1000,1000000,6000000", help="rows; empty: none")
    parser.add_argument("--look", default="1000,250000,1000000", help="ratings; empty: none")
    options = parser.parse_args(words)
    print("| command | rows | file MB | peak MiB | bytes a row more than at the first | s |")
    print("|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        score = ("score", "--measure", "phq-9", "--out")
        _measure("score", options.score, folder, wide_answers, [*score, folder / "out.csv"])
        look = ("look", "--range", "0", "6", "--higher-is-better", "--out")
        _measure("look", options.look, folder, ratings, [*look, folder / "page.html"])


def _measure(
    name: str, sizes: str, folder: Path, write: Callable[[Path, int], Path], words: list[str | Path]
) -> None:
    base: tuple[int, int] | None = None
    for rows in (int(word) for word in sizes.split(",") if word):
        source = write(folder / "in.csv", rows)
        start = time.perf_counter()
        peak = peak_kib(*words, source, "--force")
        seconds = time.perf_counter() - start
        base = base or (rows, peak)
        more = f"{(peak - base[1]) * 1024 / (rows - base[0]):.0f}" if rows > base[0] else "–"
        megabytes = source.stat().st_size / 1e6
        print(
            f"| {name} | {rows:,} | {megabytes:.1f} | {peak / 1024:.0f} | {more} | {seconds:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
