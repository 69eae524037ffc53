# SPDX-License-Identifier: Apache-2.0
"""The task that every tool gets: 12 items 1-5, 5 % missing, 3 reversed, 3 subscales and a total.

Each scale is the mean of its answers, with at least 80 % of its items answered (4 of 4, 10 of 12).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from attunement.measures import parse_measure
from attunement.measures.schema import Measure

ITEMS = [f"i{k}" for k in range(1, 13)]
REVERSED = ("i2", "i7", "i11")
SCALES = {
    "score": (ITEMS, 10),
    "goal": (ITEMS[:4], 4),
    "task": (ITEMS[4:8], 4),
    "bond": (ITEMS[8:], 4),
}
KEY = "response_id"

_ITEM = '[[items]]\nid = "{}"\nkind = "choice"\noptions = "five"\n'
_SCALE = '[[scales]]\nid = "{}"\nitems = {}\nmethod = "mean"\nmin_answered = {}\nreverse = {}\n'
_SCALE += 'bounds = [1, 5]\nmissing_rule = "At least 80 % answered."\nverified = true\n'


def made_up_measure() -> Measure:
    """Return the measure of the task, read as any other is."""
    path = Path(__file__).with_name("measure.toml")
    text = path.read_text("utf-8")
    text += "\n".join(_ITEM.format(item) for item in ITEMS)
    for name, (items, needed) in SCALES.items():
        reverse = [item for item in items if item in REVERSED]
        scale = "total" if name == "score" else name
        text += "\n" + _SCALE.format(scale, items, needed, reverse).replace("'", '"')
    return parse_measure(text, origin=str(path), pack="own")


def answers(rows: int, seed: int = 1) -> pa.Table:
    """Return made-up answers: int8 columns with Arrow's validity bits, and a key."""
    generator = np.random.default_rng(seed)
    columns = {KEY: pa.array(np.arange(rows))}
    for item in ITEMS:
        given = generator.integers(1, 6, rows, dtype=np.int8)
        columns[item] = pa.array(given, mask=generator.random(rows, dtype=np.float32) < 0.05)  # noqa: PLR2004 -- 5 % missing
    return pa.table(columns)


def polars_numbers() -> list[pl.Expr]:
    """Return the scores as Polars writes them: whole-column expressions, run side by side."""
    made = []
    for name, (items, needed) in SCALES.items():
        n = pl.sum_horizontal([pl.col(item).is_not_null().cast(pl.Int8) for item in items])
        keyed = [
            (6 - pl.col(item) if item in REVERSED else pl.col(item)).cast(pl.Int16)
            for item in items
        ]
        total = pl.sum_horizontal(keyed).cast(pl.Float64)
        made.append(pl.when(n >= needed).then(total / n).alias(name))
    there = [pl.col(item).is_not_null().cast(pl.Int8) for item in ITEMS]
    return [*made, pl.sum_horizontal(there).alias("n_answered")]


def polars_reason() -> pl.Expr:
    """Return our column ``reason`` as Polars would write it."""
    parts = []
    for name, (items, needed) in SCALES.items():
        n = pl.sum_horizontal([pl.col(item).is_not_null().cast(pl.Int8) for item in items])
        scale = "total" if name == "score" else name
        words = pl.format(f"{scale}: {{}} of {len(items)} answered, {needed} needed", n)
        parts.append(pl.when(n < needed).then(words))
    joined = pl.concat_str(parts, separator="; ", ignore_nulls=True)
    return pl.when(joined != "").then(joined).alias("reason")
