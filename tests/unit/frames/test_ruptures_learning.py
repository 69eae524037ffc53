# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from attunement.frames.ruptures_learning import only


def resident() -> int:
    """Return the bytes of this process that lie in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


def part(number: int, rows: int) -> pl.DataFrame:
    dyad = np.arange(rows, dtype=np.int64) // 15 + number * rows
    score = pl.Series("score", np.linspace(0.0, 6.0, rows))
    return pl.DataFrame({"dyad": dyad}).with_columns(score)


@pytest.mark.skipif(sys.platform != "linux", reason="the size of the process is read from /proc")
def test_rows_of_few_dyads_do_not_keep_the_memory_of_their_part() -> None:
    rows = 500_000
    only(part(0, rows), "dyad", [0])
    before = resident()
    kept = [only(part(number, rows), "dyad", [number * rows]) for number in range(25)]
    assert [frame.height for frame in kept] == [15] * 25
    # a filter kept all 200 MB; two parts that are being read are 16
    assert resident() - before < 80 << 20


def test_rows_of_the_dyads_come_in_order_and_without_the_nameless() -> None:
    frame = pl.DataFrame({"dyad": ["b", None, "a", "c", "b"], "score": [1.0, 2.0, None, 4.0, 5.0]})
    assert only(frame, "dyad", {"a", "b"}).rows() == [("b", 1.0), ("a", None), ("b", 5.0)]
    assert only(frame, "dyad", []).rows() == []
