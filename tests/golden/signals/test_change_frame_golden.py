# SPDX-License-Identifier: Apache-2.0
"""R's figures of reliable change through ``at.reliable_change``, from a file as it is and wide."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import attunement as at

ASKED: dict[str, Any] = {
    "id": "id",
    "reliability": 0.80,
    "reliability_post": 0.50,
    "lower_is": "better",
    "functional": (8, 8),
}
# R clinicalsignificance 2.1, HAM-D from occasion 1 to 4: improved, unchanged, deteriorated
R = {
    "JT": (29, 10, 1),
    "EN": (32, 5, 3),
    "GLN": (29, 10, 1),
    "HLL": (12, 16, 12),
    "NK": (28, 11, 1),
    "HA": (32, 7, 1),
    "GD": (11, 20, 9),
}
RECOVERED = {"JT": 26, "EN": 26, "HLL": 12, "GLN": 26, "NK": 26, "HA": 23, "GD": 10}


def _path() -> Path:
    return Path(os.environ["ATTUNEMENT_REFERENCE_DATA"]) / "reliable_change" / "claus_2020.csv"


def _counts(found: Any) -> dict[str, tuple[int, int, int]]:
    return {
        row["short"]: (
            row["improved"] + row["recovered"],
            row["unchanged"],
            row["deteriorated"] + row["harmed"],
        )
        for row in found.counts.to_dicts()
    }


@pytest.mark.reference
def test_long_file_as_it_is_gives_the_figures_of_r() -> None:
    found = at.reliable_change(_path(), score="hamd", time="time", pre=1, post=4, **ASKED)
    counts = _counts(found)
    assert {short: counts[short] for short in R} == R
    by = {row["short"]: row for row in found.counts.to_dicts()}
    assert {short: by[short]["recovered"] for short in RECOVERED} == RECOVERED
    assert by["JT"]["cutoff"] == pytest.approx(19.887, abs=5e-4)
    assert [by["JT"][name] for name in ("harmed", "no_verdict", "n")] == [0, 3, 40]
    assert found.changes.height == 43 * 8
    assert "43 people, 40 with both scores, 3 without a verdict" in str(found)


@pytest.mark.reference
def test_wide_table_gives_the_same_without_growth() -> None:
    long = pl.read_csv(_path(), null_values="NA")
    wide = long.pivot("time", index="id", values="hamd")
    found = at.reliable_change(wide, pre="1", post="4", **ASKED)
    two = {short: R[short] for short in R if short != "GD"}
    assert _counts(found) == two
    assert any("every occasion" in one for one in found.left_out)
    named = at.reliable_change(long, score="hamd", time="time", pre=1, post=4, **ASKED)
    keys = ["id", "method", "category"]
    kept = named.changes.filter(pl.col("method").is_in(found.changes["method"].unique()))
    assert kept.select(keys).sort(keys).equals(found.changes.select(keys).sort(keys))
