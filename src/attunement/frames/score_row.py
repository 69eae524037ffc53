# SPDX-License-Identifier: Apache-2.0
"""One response out of a table: the answers behind one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from attunement.frames.engines.long import pivot
from attunement.frames.engines.memory import arrow
from attunement.frames.score_answers import alike
from attunement.frames.score_batch import Findings, score_batch
from attunement.frames.score_errors import ScoreFrameError
from attunement.frames.score_request import Layout, Request, choose_layout, make_request
from attunement.measures.schema import Measure
from attunement.scoring import Column


def answers_of(
    frame: Any,
    *,
    measure: str | Measure,
    row: int,
    keys: str | Sequence[str] | None = None,
    items: Mapping[str, str] | None = None,
    layout: str = "auto",
    labels: str = "auto",
    language: str = "en",
    missing: Sequence[float] = (),
    row_numbers: npt.NDArray[np.int64] | None = None,
) -> dict[str, float | None]:
    """Return the answers of the response that a row belongs to, as ``explain`` takes them.

    Parameters
    ----------
    frame : pandas, Polars or PyArrow table
        As for ``score``, and so are the other parameters.
    row : int
        The row's number: from 1, or as ``row_numbers`` has it. In a long table any row of the
        response will do.

    Returns
    -------
    dict of str to float or None
        By item id; None is a missing answer.

    Raises
    ------
    ScoreFrameError
        E-FRAME-004 if there is no such row; otherwise as ``score``, for this response alone.
    """
    request = make_request(
        measure,
        keys=keys,
        items=items,
        layout=layout,
        labels=labels,
        language=language,
        missing=missing,
        row_numbers=row_numbers,
        first_row=1,
    )
    table = nw.from_native(frame, eager_only=True)
    numbers = np.arange(1, len(table) + 1) if row_numbers is None else row_numbers
    at = np.flatnonzero(numbers == row)
    if not at.size:
        raise ScoreFrameError(
            "E-FRAME-004",
            what=f"There is no row {row}",
            got=f"{len(table)} rows" + (f", {numbers[0]} to {numbers[-1]}" if len(table) else ""),
            next_step="Give the number of a row that holds answers",
        )
    used = choose_layout(request, table.columns)
    names = [*used.items.values()] or [*used.keys, "item", used.value, used.measure]
    cells = pa.table({name: arrow(table[name]) for name in dict.fromkeys(names) if name})
    if used.long:
        return _long(cells, used, request, int(at[0]))
    return _wide(cells, used, request, row=row, at=int(at[0]))


def _wide(
    table: pa.Table, used: Layout, request: Request, *, row: int, at: int
) -> dict[str, float | None]:
    cells = {
        item: table.column(name).slice(at, 1).combine_chunks() for item, name in used.items.items()
    }
    return _numbers(cells, request, used.items, row)


def _long(table: pa.Table, used: Layout, request: Request, at: int) -> dict[str, float | None]:
    same = np.ones(table.num_rows, dtype=bool)
    for name in [*used.keys, *([used.measure] if used.measure else [])]:
        column = table.column(name).to_pylist()
        same &= np.array([value == column[at] for value in column])
    findings = Findings([])
    rows = np.flatnonzero(same)
    numbers = request.row_numbers
    shown = rows + numbers if isinstance(numbers, int) else numbers[rows]
    part = Request(request.reader, (), None, "long", shown, request.first_row)
    alone = Layout((), {}, used.value, used.measure)
    _, cells = pivot(table.take(pa.array(rows)), alone, part, findings)
    if findings.total:
        raise findings.refusal(first_row=request.first_row)
    return _numbers(cells, request, {}, 1)


def _numbers(
    cells: Mapping[str, pa.Array], request: Request, names: Mapping[str, str], row: int
) -> dict[str, float | None]:
    findings = Findings([])
    reader = request.reader
    score_batch(reader, cells, names, findings, rows=1, row_numbers=row, threads=1)
    if findings.total:
        raise findings.refusal(first_row=request.first_row)
    blank = pa.nulls(1)
    columns = alike(
        [reader.read(request.measure.item(i), cells.get(i, blank))[0] for i in reader.plan.items]
    )
    return {item: _one(column) for item, column in zip(reader.plan.items, columns, strict=True)}


def _one(column: Column) -> float | None:
    if column.bits is not None:
        byte = column.bits[column.bit_start >> 3]
        if not (int(byte) >> (column.bit_start & 7)) & 1:
            return None
    return float(column.values[0])
