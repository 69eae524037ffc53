# SPDX-License-Identifier: Apache-2.0
"""The same scores give the same gains, whatever kind of table holds them."""

from __future__ import annotations

from typing import Any

import duckdb
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

import attunement as at

ASKED: dict[str, Any] = {
    "id": "who",
    "session": "session",
    "score": "bdi",
    "cutoff": 7,
    "lower_is": "better",
}
lines = st.lists(
    st.lists(st.one_of(st.integers(0, 63), st.none()), min_size=4, max_size=10),
    min_size=1,
    max_size=4,
).filter(lambda found: any(one is not None for line in found for one in line))


def _rows(result: Any) -> list[tuple[Any, ...]]:
    if isinstance(result, pl.LazyFrame):
        result = result.collect()
    if isinstance(result, duckdb.DuckDBPyRelation):
        return result.fetchall()
    if isinstance(result, pl.DataFrame):
        return result.rows()
    return pl.DataFrame(result).rows()


@settings(max_examples=12, deadline=None)
@given(people=lines)
def test_every_kind_of_table_gives_the_same_intervals(people: list[list[int | None]]) -> None:
    rows = [
        (who, session, score)
        for who, line in enumerate(people)
        for session, score in enumerate(line, start=1)
    ]
    kinds = {"who": pl.Int64, "session": pl.Int64, "bdi": pl.Float64}
    table = pl.DataFrame(rows, schema=kinds, orient="row")
    columns = ["who", "session", "criterion_1", "criterion_2", "criterion_3", "verdict"]
    wanted = at.sudden_gains(table, **ASKED).intervals.select(columns).rows()
    arrow = table.to_arrow()
    for other in (table.lazy(), arrow, duckdb.from_arrow(arrow)):
        found = at.sudden_gains(other, **ASKED).intervals
        assert (
            _rows(found.select(*columns) if hasattr(found, "fetchall") else found.select(columns))
            == wanted
        )
    pandas = at.sudden_gains(table.to_pandas(), **ASKED).intervals[columns]
    assert pl.from_pandas(pandas).rows() == wanted
