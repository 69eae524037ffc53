# SPDX-License-Identifier: Apache-2.0
"""From one row per answer to one row per response."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from attunement.errors import Problem
from attunement.frames.score_answers import off_scale
from attunement.frames.score_batch import OFF_SCALE, Findings, note_sentinel
from attunement.frames.score_columns import ITEM_COLUMN
from attunement.frames.score_errors import LISTED, ScoreFrameError
from attunement.frames.score_request import Layout, Request
from attunement.scoring.response import permitted_words

Rows = npt.NDArray[np.int64]


def pivot(
    table: pa.Table, layout: Layout, request: Request, findings: Findings
) -> tuple[Rows, Mapping[str, pa.Array]]:
    """Return the first row of each response, and each item's answers in the order of responses.

    A response is one combination of the key columns, in order of first appearance. Where the
    table has a column ``measure``, the rows of other measures are left out.
    """
    chosen = _of_measure(table, layout, request)
    table = table.take(pa.array(chosen))
    group, first = _groups(table, layout.keys)
    ids = _words(table.column(ITEM_COLUMN))
    known = [item.id for item in request.measure.items]
    strange = np.flatnonzero(~np.isin(ids, known))
    _refuse(findings, request, chosen[strange], ITEM_COLUMN, f"not an item of '{request.name}'")
    cells: dict[str, pa.Array] = {}
    for index, item_id in enumerate(request.reader.plan.items):
        here = np.flatnonzero(ids == item_id)
        _, once = np.unique(group[here], return_index=True)
        again = np.setdiff1d(np.arange(here.size), once)
        what = f"a second answer to item '{item_id}' in the same response"
        _refuse(findings, request, chosen[here[again]], ITEM_COLUMN, what)
        here = here[np.sort(once)]
        answers = _answers(table, layout, request, findings, index=index, chosen=chosen, here=here)
        column = np.full(first.size, np.nan)
        column[group[here]] = answers
        cells[item_id] = pa.array(column, from_pandas=True)
    return chosen[first], cells


def _answers(
    table: pa.Table,
    layout: Layout,
    request: Request,
    findings: Findings,
    *,
    index: int,
    chosen: Rows,
    here: Rows,
) -> npt.NDArray[np.float64]:
    """Read one item's cells; missing is NaN."""
    item = request.measure.item(request.reader.plan.items[index])
    part = table.column(layout.value).take(pa.array(here)).combine_chunks()
    column, bad = request.reader.read(item, part)
    for row, what in bad.cells:
        at = np.array([chosen[here[row]]])
        _refuse(findings, request, at, layout.value, f"item '{item.id}': {what}")
    findings.total += bad.total - len(bad.cells)
    off = off_scale(request.reader.plan, index, column)
    if off.size:
        note_sentinel(findings, column.values[off])
        words = permitted_words(request.measure, item)
        what = f"item '{item.id}': not on the item's scale, {words}"
        _refuse(findings, request, chosen[here[off]], layout.value, what)
    values = column.values.astype(np.float64)
    if column.bits is not None:
        bits = np.unpackbits(column.bits[column.bit_start >> 3 :], bitorder="little")
        there = bits[column.bit_start & 7 : (column.bit_start & 7) + values.size]
        values[there == 0] = np.nan
    values[off] = np.nan
    return values


def _of_measure(table: pa.Table, layout: Layout, request: Request) -> Rows:
    if not layout.measure or not table.num_rows:
        return np.arange(table.num_rows, dtype=np.int64)
    named = _words(table.column(layout.measure))
    rows = np.flatnonzero(np.isin(named, [request.measure.id, request.name])).astype(np.int64)
    if not rows.size:
        raise ScoreFrameError(
            "E-FRAME-007",
            what=f"No row belongs to '{request.measure.id}'",
            expected=f"'{request.measure.id}' in the column '{layout.measure}'",
        )
    return rows


def _groups(table: pa.Table, keys: tuple[str, ...]) -> tuple[Rows, Rows]:
    rows = table.num_rows
    if not keys:
        return np.zeros(rows, dtype=np.int64), np.arange(min(rows, 1), dtype=np.int64)
    by = [f"key{k}" for k in range(len(keys))]
    frame = pl.DataFrame(
        {
            name: pl.Series(pl.from_arrow(table.column(key)))
            for name, key in zip(by, keys, strict=True)
        }
    )
    at = frame.with_row_index("row").group_by(by, maintain_order=True).agg("row")["row"]
    group = np.empty(rows, dtype=np.int64)
    if not rows:
        return group, np.zeros(0, dtype=np.int64)
    lengths = at.list.len().to_numpy()
    group[at.explode().to_numpy()] = np.repeat(np.arange(lengths.size), lengths)
    return group, at.list.first().to_numpy().astype(np.int64)


def _words(column: pa.ChunkedArray) -> npt.NDArray[np.object_]:
    """Return a column's words without the spaces around them, each different one held once."""
    coded = column.combine_chunks()
    if not pa.types.is_dictionary(coded.type):
        coded = coded.cast(pa.large_string()).dictionary_encode()
    trimmed = pc.utf8_trim(coded.dictionary.cast(pa.large_string()), characters=" \t\r\n")
    words = np.array([*trimmed.to_pylist(), None], dtype=object)  # the last one is for null
    at = coded.indices.cast(pa.int64()).fill_null(len(words) - 1)
    found: npt.NDArray[np.object_] = words[at.to_numpy(zero_copy_only=False)]
    return found


def _refuse(findings: Findings, request: Request, rows: Rows, column: str, what: str) -> None:
    findings.total += rows.size
    numbers = request.row_numbers
    for row in rows[:LISTED]:
        number = numbers + int(row) if isinstance(numbers, int) else int(numbers[row])
        findings.problems.append(Problem(OFF_SCALE, number, column, what, "", refused=True))
    findings.problems.sort(key=lambda problem: problem.row)
    del findings.problems[LISTED:]
