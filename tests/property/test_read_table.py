# SPDX-License-Identifier: Apache-2.0
"""Whatever a table holds, it is read back as it was written, or refused in words."""

from __future__ import annotations

import csv
import io
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from attunement.exchange import MISSING_MARKS, TableError, read_table
from attunement.frames import Ratings, RatingsError, ratings

CELL = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\ufeff", exclude_categories=["Cs"]),
    max_size=12,
).map(lambda text: text.strip(" \u00a0"))
TABLE = st.integers(2, 4).flatmap(
    lambda width: st.lists(
        st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=8
    ).map(lambda rows: (width, rows))
)


@settings(deadline=None)
@given(TABLE, st.sampled_from([",", ";", "\t"]), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_written_cells_come_back(
    made: tuple[int, list[list[str]]],
    delimiter: str,
    newline: str,
    marked: bool,  # noqa: FBT001 - drawn
) -> None:
    width, rows = made
    header = [f"column {letter}" for letter in "abcd"[:width]]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=csv.QUOTE_ALL)
    writer.writerows([header, *rows])
    data = (b"\xef\xbb\xbf" if marked else b"") + text.getvalue().encode()
    kept = [row for row in rows if any(row) and row != header]
    if not kept:
        return
    table = read_table(data, name="t", delimiter=delimiter)
    expected = [tuple(None if cell in MISSING_MARKS else cell for cell in row) for row in kept]
    assert list(table.rows) == expected
    assert all(problem.code in {"E-TABLE-014", "E-TABLE-017"} for problem in table.problems)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_words(data: bytes) -> None:
    with suppress(TableError):  # any other error is a defect
        table = read_table(data, name="t")
        assert len(table) <= table.rows_read


PIECE = st.sampled_from(
    ["A", "B", "1", "2", "3", "3.5", "99", "", "NA", "x", "2026-01-05", "31.02.2026", "02/03/26",
     "client", "therapist", "#NULL!", "-0", "1e3"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(*[PIECE] * 5), min_size=1, max_size=12))
def test_any_rows_are_ratings_or_refused_in_words(rows: list[tuple[str, ...]]) -> None:
    text = "\n".join(["id,session,date,rater,score", *(",".join(row) for row in rows)])
    with suppress(TableError, RatingsError):  # any other error is a defect
        _check(rows, ratings(read_table(text.encode(), name="t"), scale_range=(0, 6)))


def _check(rows: list[tuple[str, ...]], seen: Ratings) -> None:
    kept = seen.frame
    assert kept["score"].drop_nulls().is_between(0, 6).all()
    assert not kept.select("dyad", "session", "perspective").is_duplicated().any()
    assert kept["dyad"].null_count() == kept["session"].null_count() == 0
    told = {row for problem in seen.problems if problem.refused for row in problem.rows}
    assert {*kept["row"], *told} >= {n for n, row in enumerate(rows, start=2) if any(row)} - {
        row for problem in seen.problems for row in problem.rows
    }
