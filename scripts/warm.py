# SPDX-License-Identifier: Apache-2.0
"""Compile the kernels once, so that the processes that run the tests find the machine code.

    python -m scripts.warm

The code is kept where numba keeps it, beside the sources. What is missing here, the first test that
needs it compiles: nothing depends on this but time.
"""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl

import attunement as at
from attunement.measures import load
from attunement.signals import CLASSICAL_RULES, Archive, Batch, episodes, judge_batch, screen_batch

DYADS, SESSIONS = 250, 12
ARCHIVE = Archive(6.0, 0.7, 0.45, 0.2, "made up")
MEASURES = ("phq-9", "oac-c", "core-10")  # sums, means, items turned round
ALWAYS = 0  # compiled from the first row on


def rules() -> None:
    """Judge courses by every rule: one by one, several at once, as tables of either chair."""
    draw = np.random.default_rng(1)
    rows = DYADS * SESSIONS
    scores = draw.uniform(1.0, 9.0, rows)
    starts = np.arange(0, rows + 1, SESSIONS, dtype=np.int64)
    sessions = np.tile(np.arange(1, SESSIONS + 1, dtype=np.int64), DYADS)
    for better in (True, False):
        batch = Batch(
            values=scores,
            sessions=sessions,
            starts=starts,
            minimum=0.0,
            maximum=10.0,
            higher_is_better=better,
        )
        for one in CLASSICAL_RULES:
            judged = judge_batch(batch, one, archive=ARCHIVE, compile_from=ALWAYS)
            episodes(batch, judged, archive=ARCHIVE, compile_from=ALWAYS)
        screen_batch(batch, CLASSICAL_RULES, archive=ARCHIVE, compile_from=ALWAYS)
    table = pl.DataFrame(
        {"dyad": np.repeat(np.arange(DYADS), SESSIONS), "session": sessions, "score": scores}
    )
    at.ruptures(table, scale=(0, 10), higher_is="better")
    at.ruptures(
        table.with_columns(strain=pl.lit(1), expected=pl.lit(1)),
        scale=(0, 10),
        higher_is="better",
        strain="strain",
        expected="expected",
    )
    many = pl.concat([table.with_columns(pl.col("dyad") + DYADS * part) for part in range(24)])
    at.sudden_gains(
        many, id="dyad", session="session", score="score", cutoff=1.0, higher_is="better"
    )


def scores() -> None:
    """Score tables of whole numbers and of others, wide, with and without gaps."""
    draw = np.random.default_rng(2)
    for name in MEASURES:
        measure = load(name)
        rows = {}
        for item in measure.items:
            if item.minimum is not None and item.maximum is not None:
                low, high = int(item.minimum), int(item.maximum)
                rows[item.id] = draw.integers(low, high + 1, 60_000)
        whole = pl.DataFrame(rows)
        gaps = whole.with_columns(pl.when(pl.all() > 0).then(pl.all()))
        for table in (whole, gaps, whole.cast(pl.Float64), gaps.cast(pl.Float64)):
            at.score(table.with_row_index("id"), measure=name)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    rules()
    scores()
