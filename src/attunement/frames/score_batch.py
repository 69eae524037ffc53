# SPDX-License-Identifier: Apache-2.0
"""Answers of many responses to the result columns: numbers, counts, reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from attunement.errors import Problem
from attunement.frames.score_answers import NAN, AnswerReader, Bad, alike, off_scale, sentinel
from attunement.frames.score_errors import LISTED, ScoreFrameError
from attunement.measures.schema import Measure
from attunement.scoring import Column, Plan, reasons_for, risk_rows, score_arrays, unused_answers
from attunement.scoring.response import permitted_words

TOTAL = "total"
OFF_SCALE = "E-FRAME-006"


@dataclass(frozen=True, slots=True)
class Scored:
    """Result columns of some rows, before they become a frame of some kind.

    Attributes
    ----------
    numbers : mapping of str to array of float64
        ``score`` and one per subscale; NaN where there is none.
    n_answered : array of int8 or int16
    reason_at : array of int32
        Position in ``reasons``; -1 where every scale has a score.
    """

    numbers: Mapping[str, npt.NDArray[np.float64]]
    n_answered: npt.NDArray[Any]
    reason_at: npt.NDArray[np.int32]
    reasons: list[str]


@dataclass(slots=True)
class Findings:
    """Cells that cannot be used, gathered over batches."""

    problems: list[Problem]
    total: int = 0
    sentinels: set[float | None] | None = None
    nan: bool = False

    def refusal(self, *, first_row: int) -> ScoreFrameError:
        """Return the refusal that lists them."""
        hint = ""
        if self.nan:
            hint = (
                "If NaN stands for a missing answer, say so: missing=[float('nan')]; "
                "or make it null: .fill_nan(None) in Polars"
            )
        elif self.sentinels is not None and len(self.sentinels) == 1:
            (mark,) = self.sentinels
            if mark is not None:
                hint = f"If {mark:g} stands for a missing answer, say so: missing=[{mark:g}]"
        listed = sorted(self.problems, key=lambda problem: problem.row)
        return ScoreFrameError.from_problems(
            listed, total=self.total, first_row=first_row, hint=hint
        )


def result_columns(measure: Measure) -> tuple[str, ...]:
    """Return the names of the result columns, in order.

    ``score`` is the scale with the id ``total``; a measure without one has no column ``score``.
    """
    scales = [scale_column(scale.id) for scale in measure.scales]
    if "score" in scales:
        scales = ["score", *(name for name in scales if name != "score")]
    return (*scales, "n_answered", "reason", "measure", "scorer")


def scale_column(scale_id: str) -> str:
    """Return the column that holds a scale."""
    return "score" if scale_id == TOTAL else scale_id


def score_batch(
    reader: AnswerReader,
    cells: Mapping[str, pa.Array],
    names: Mapping[str, str],
    findings: Findings,
    *,
    rows: int,
    row_numbers: npt.NDArray[np.int64] | int,
    threads: int,
) -> Scored:
    """Score rows whose cells come as one Arrow array per item.

    Parameters
    ----------
    cells : mapping of str to pyarrow.Array
        By item id; an item that is absent is missing everywhere.
    names : mapping of str to str
        Item id to column name, for messages.
    findings : Findings
        Takes up what cannot be used. When it is not empty afterwards the scores mean nothing.
    row_numbers : array of int64, or int
        The number of each row, or of the first one.
    """
    plan = reader.plan
    columns = []
    for item_id in plan.items:
        item = reader.measure.item(item_id)
        array = cells.get(item_id)
        column, bad = reader.read(item, pa.nulls(rows) if array is None else array)
        _note(findings, bad, names.get(item_id, item_id), row_numbers)
        columns.append(column)
    columns = alike(columns)
    result = score_arrays(plan, columns, nan_is_missing=False, threads=threads)
    if result.off_chunks:
        _locate(
            reader,
            columns,
            chunks=result.off_chunks,
            names=names,
            findings=findings,
            row_numbers=row_numbers,
        )
    unused = unused_answers(plan, columns)
    reason_at, reasons = reasons_for(plan, result.why, unused)
    reader.tally.add(rows, risk_rows(plan, columns), unused, reason_at, reasons)
    numbers = {
        scale_column(scale.id): result.scores[index] for index, scale in enumerate(plan.scales)
    }
    ordered = {name: numbers[name] for name in result_columns(reader.measure)[: len(numbers)]}
    return Scored(ordered, result.n_answered, reason_at, reasons)


def _locate(
    reader: AnswerReader,
    columns: list[Column],
    *,
    chunks: tuple[tuple[int, int], ...],
    names: Mapping[str, str],
    findings: Findings,
    row_numbers: npt.NDArray[np.int64] | int,
) -> None:
    """Name the answers that are not on their item's scale."""
    plan: Plan = reader.plan
    for first, last in chunks:
        for index, item_id in enumerate(plan.items):
            whole = columns[index]
            part = Column(whole.values[first:last], whole.bits, whole.bit_start + first)
            rows = off_scale(plan, index, part)
            if rows.size:
                words = permitted_words(reader.measure, reader.measure.item(item_id))
                no_number = np.isnan(part.values[rows])
                bad = Bad()
                bad.add(rows[no_number] + first, NAN)
                bad.add(rows[~no_number] + first, f"not on the item's scale, {words}")
                _note(findings, bad, names.get(item_id, item_id), row_numbers)
                note_sentinel(findings, part.values[rows])


def note_sentinel(findings: Findings, values: npt.NDArray[Any]) -> None:
    """Remember whether the off-scale numbers look like one mark of missing answers."""
    if findings.sentinels is None:
        findings.sentinels = set()
    findings.nan |= bool(np.isnan(values).any())
    findings.sentinels.add(sentinel(values.astype(np.float64)))


def _note(
    findings: Findings, bad: Bad, column: str, row_numbers: npt.NDArray[np.int64] | int
) -> None:
    findings.total += bad.total
    for row, what in bad.cells:
        number = row_numbers + row if isinstance(row_numbers, int) else int(row_numbers[row])
        findings.problems.append(Problem(OFF_SCALE, number, column, what, "", refused=True))
    findings.problems.sort(key=lambda problem: problem.row)
    del findings.problems[LISTED:]
