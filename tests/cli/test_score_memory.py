# SPDX-License-Identifier: Apache-2.0
"""Scoring a CSV file: what is in memory does not grow with the file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

ROWS = (100_000, 600_000)
# Holding the larger file as text cells takes well over 120 MiB more than the smaller one.
MOST_MORE = 64 * 1024  # KiB
_COMMAND = "import sys; from attunement.cli import main; main(sys.argv[1:])"
_WATCH = (
    "import resource, subprocess, sys;"
    "code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode;"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss);"
    "sys.exit(code)"
)


def _peak(*words: str | Path) -> int:
    """Return the peak memory in KiB of the command, in a process of its own."""
    command = [sys.executable, "-c", _WATCH, sys.executable, "-c", _COMMAND, *map(str, words)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss counts in other units elsewhere")
@pytest.mark.parametrize("quoted", [False, True])  # cut by Arrow, and record by record
def test_memory_does_not_grow_with_the_file(tmp_path: Path, quoted: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    header = "client," + ",".join(str(item) for item in range(1, 10))
    client = '"Client, synthetic"' if quoted else "Synthetic client"
    rows = (f"{client},0,1,2,3,0,1,2,3,\n" + f"{client},1,1,1,1,1,1,1,1,1\n") * 1_000
    peaks = []
    for count in ROWS:
        source, target = tmp_path / f"{count}.csv", tmp_path / f"{count}.out.csv"
        with source.open("w", encoding="utf-8") as file:
            file.write(header + "\n")
            file.writelines(rows for _ in range(count // 2_000))
        peaks.append(_peak("score", source, "--measure", "phq-9", "--out", target))
        scores = pl.scan_csv(target).select(pl.len(), pl.col("score").sum()).collect().row(0)
        # 12 of 8 answers makes 12 x 9 / 8 = 13.5, rounded 14; nine ones make 9.
        assert scores == (count, count // 2 * (14.0 + 9.0))
    assert peaks[1] - peaks[0] < MOST_MORE
