# SPDX-License-Identifier: Apache-2.0
"""The same answers give the same scores, however they lie in a table and whatever holds them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.measure_samples import twelve_means

from attunement.frames import score
from attunement.scoring import Score, score_response

MEASURE = twelve_means()
ITEMS = [item.id for item in MEASURE.items]

rows = st.lists(
    st.lists(st.one_of(st.integers(1, 5), st.integers(1, 5), st.none()), min_size=12, max_size=12),
    min_size=1,
    max_size=6,
)


def table(answers: list[list[int | None]]) -> pl.DataFrame:
    columns: dict[str, Any] = {"row": list(range(len(answers)))}
    columns |= {item: [row[k] for row in answers] for k, item in enumerate(ITEMS)}
    schema = {"row": pl.Int64, **dict.fromkeys(ITEMS, pl.Int8)}
    return pl.DataFrame(columns, schema=schema)


def plain(result: Any) -> pl.DataFrame:
    if isinstance(result, pl.LazyFrame):
        result = result.collect()
    if isinstance(result, duckdb.DuckDBPyRelation):
        result = result.to_arrow_table()
    if isinstance(result, pd.DataFrame):
        result = pa.Table.from_pandas(result, preserve_index=False)
    if isinstance(result, pa.Table):
        result = pl.DataFrame(pl.from_arrow(result))
    words = pl.col("reason", "measure", "scorer").cast(pl.String)
    return result.with_columns(pl.col("row").cast(pl.Int64), words)  # type: ignore[no-any-return]


@given(rows)
@settings(deadline=None, max_examples=40)
def test_wide_long_file_and_every_kind_of_frame_agree(answers: list[list[int | None]]) -> None:
    frame = table(answers)
    wide = score(frame, measure=MEASURE)
    for index, row in enumerate(wide.to_dicts()):
        single = score_response(MEASURE, dict(zip(ITEMS, answers[index], strict=True)))
        for name, column in (
            ("total", "score"),
            ("goal", "goal"),
            ("task", "task"),
            ("bond", "bond"),
        ):
            result = single.scales[name]
            assert row[column] == (result.value if isinstance(result, Score) else None)
        assert row["n_answered"] == single.n_answered
    relation = duckdb.connect().from_arrow(frame.to_arrow())
    for other in (frame.lazy(), frame.to_pandas(), frame.to_arrow(), relation):
        assert plain(score(other, measure=MEASURE)).equals(wide)
    long = frame.unpivot(index="row", variable_name="item", value_name="value")
    assert score(long, measure=MEASURE).equals(wide)
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("csv", "parquet"):
            path = Path(folder) / f"in.{ending}"
            frame.write_csv(path) if ending == "csv" else frame.write_parquet(path)
            out = score(path, measure=MEASURE, out=Path(folder) / "out.parquet")
            assert plain(pl.read_parquet(out)).equals(wide)


@given(rows, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=40)
def test_order_of_rows_and_columns_does_not_matter(
    answers: list[list[int | None]], chance: Any
) -> None:
    frame = table(answers)
    columns, order = list(frame.columns), list(range(len(answers)))
    chance.shuffle(columns)
    chance.shuffle(order)
    mixed = score(frame.select(columns)[order], measure=MEASURE)
    assert mixed.sort("row").equals(score(frame, measure=MEASURE))


@given(rows)
@settings(deadline=None, max_examples=40)
def test_renamed_columns_change_nothing_once_named(answers: list[list[int | None]]) -> None:
    frame = table(answers)
    names = {item: f"column {k}" for k, item in enumerate(ITEMS)}
    renamed = score(frame.rename(names), measure=MEASURE, items=names)
    assert renamed.equals(score(frame, measure=MEASURE))


@given(rows)
@settings(deadline=None, max_examples=40)
def test_tables_scored_in_parts_or_whole_agree(answers: list[list[int | None]]) -> None:
    frame = table(answers)
    parts = [score(frame[k : k + 1], measure=MEASURE) for k in range(frame.height)]
    assert pl.concat(parts).equals(score(frame, measure=MEASURE))
