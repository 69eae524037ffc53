# SPDX-License-Identifier: Apache-2.0
"""Columns of answers in, columns of scores out: the same rule, for one row or for ten million."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from attunement.kernels import Outputs, Scratch, compiled, make_scratch, score_rows
from attunement.scoring.errors import ScoringError
from attunement.scoring.plan import Plan

# Below this many answers the plain function is done before a compiler has started.
COMPILE_FROM = 60_000
# Rows that one thread takes at a time: twelve int8 columns of these stay in its second-level cache.
CHUNK = 1 << 16

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One item's answers.

    Attributes
    ----------
    values : array of int8 or float64, contiguous
    bits : array of uint8, optional
        Validity, lowest bit first, as Arrow has it; absent: nothing is missing.
    bit_start : int
        The bit of row 0.
    """

    values: Array
    bits: Array | None = None
    bit_start: int = 0


@dataclass(frozen=True, slots=True)
class ArrayScores:
    """Scores in columns.

    Attributes
    ----------
    scores : array of float64, shape (scales, rows)
        NaN where there is no score.
    n_answered : array of int8 (int16 beyond 127 items), shape (rows,)
        Items answered among those that some scale uses.
    why : array of int64, shape (rows,) or (0,)
        Codes for ``reasons_for``; 0 where every scale has a score.
    off_chunks : tuple of (int, int)
        Ranges of rows in which some answer is not permitted; their scores mean nothing.
    """

    scores: Array
    n_answered: Array
    why: Array
    off_chunks: tuple[tuple[int, int], ...]


def empty_scores(plan: Plan, rows: int, *, reasons: bool) -> ArrayScores:
    """Return room for the scores of ``rows`` responses, to be filled."""
    small = len(plan.items) <= np.iinfo(np.int8).max
    return ArrayScores(
        scores=np.empty((len(plan.scales), rows), dtype=np.float64),
        n_answered=np.empty(rows, dtype=np.int8 if small else np.int16),
        why=np.empty(rows if reasons else 0, dtype=np.int64),
        off_chunks=(),
    )


def score_arrays(
    plan: Plan,
    columns: Sequence[Column],
    *,
    reasons: bool = True,
    nan_is_missing: bool = True,
    threads: int = 1,
    out: ArrayScores | None = None,
    compile_from: int = COMPILE_FROM,
) -> ArrayScores:
    """Score many responses held in columns.

    Parameters
    ----------
    plan : Plan
        From ``make_plan``.
    columns : sequence of Column
        One per item of ``plan.items``, in that order, all of one dtype and length. int8 only
        where ``plan.whole``.
    reasons : bool
        Whether to fill ``why``.
    nan_is_missing : bool
        Whether NaN is a missing answer (else an answer that no item permits).
    threads : int
        How many threads share the work when it is compiled.
    out : ArrayScores, optional
        Room to write to, from ``empty_scores``; made when absent.
    compile_from : int
        Number of answers from which the compiled kernel runs. The result is the same.

    Returns
    -------
    ArrayScores
        Scores, and which ranges of rows hold answers that are not permitted.

    Raises
    ------
    ScoringError
        E-SCORE-005 if columns do not fit together or the plan.
    """
    rows, dtype = _shape(plan, columns)
    result = out if out is not None else empty_scores(plan, rows, reasons=reasons)
    if result.scores.shape != (len(plan.scales), rows) or not result.scores.flags.c_contiguous:
        raise _misfit(got="room for the results of another shape")
    many = rows * len(columns) >= compile_from
    job = _Job(plan, tuple(columns), dtype, result, nan_is_missing, many)
    if not many:
        with np.errstate(all="ignore"):  # the compiled twin does not warn either
            off = [job.run(0, rows, job.room())] if rows else []
    else:
        off = job.run_threads(rows, threads)
    bad = tuple((first, last) for first, last, found in off if found)
    return ArrayScores(result.scores, result.n_answered, result.why, bad)


def _misfit(*, got: str) -> ScoringError:
    return ScoringError(
        "E-SCORE-005",
        what="The columns of answers do not fit together",
        got=got,
        expected="one column per item, all int8 or all float64, of one length",
    )


def _shape(plan: Plan, columns: Sequence[Column]) -> tuple[int, str]:
    if len(columns) != len(plan.items):
        raise _misfit(got=f"{len(columns)} columns for {len(plan.items)} items")
    if not columns:
        raise _misfit(got="no column at all")
    kinds = {column.values.dtype.name for column in columns}
    sizes = {column.values.size for column in columns}
    if len(kinds) > 1 or len(sizes) > 1:
        raise _misfit(got=f"{len(kinds)} dtypes and {len(sizes)} lengths")
    dtype = kinds.pop()
    if dtype not in plan.item_rules:
        raise _misfit(got=f"dtype {dtype}")
    return sizes.pop(), dtype


@dataclass(frozen=True, slots=True)
class _Room:
    """What one thread owns: a block of answers side by side, their bits, working memory."""

    values: Array
    bits: Array
    starts: Array
    bit_starts: Array
    scratch: Scratch


@dataclass(frozen=True, slots=True)
class _Job:
    plan: Plan
    columns: tuple[Column, ...]
    dtype: str
    result: ArrayScores
    nan_is_missing: bool
    many: bool

    def room(self) -> _Room:
        n = len(self.columns)
        rows = min(CHUNK, self.result.n_answered.size) if self.many else self.result.n_answered.size
        bytes_each = rows // 8 + 2
        return _Room(
            values=np.empty(n * rows, dtype=self.dtype),
            bits=np.empty(n * bytes_each, dtype=np.uint8),
            starts=np.arange(n, dtype=np.int64) * rows,
            bit_starts=np.zeros(n, dtype=np.int64),
            scratch=make_scratch(n, np.int16 if self.dtype == "int8" else np.float64),
        )

    def run(self, first: int, last: int, room: _Room) -> tuple[int, int, bool]:
        """Score rows ``first`` to ``last`` (not included): lay them side by side, call the rule."""
        rows = last - first
        bytes_each = room.bits.size // len(self.columns)
        for index, column in enumerate(self.columns):
            at = room.starts[index]
            room.values[at : at + rows] = column.values[first:last]
            if column.bits is None:
                room.bit_starts[index] = -1
                continue
            start = column.bit_start + first
            part = column.bits[start >> 3 : (start + rows + 7) >> 3]
            at = index * bytes_each
            room.bits[at : at + part.size] = part
            room.bit_starts[index] = at * 8 + (start & 7)
        scores = self.result.scores
        outputs = Outputs(
            scores=scores.reshape(-1)[first:],
            stride=scores.shape[1],
            n_answered=self.result.n_answered[first:],
            why=self.result.why[first:],
        )
        rule = compiled(score_rows) if self.many else score_rows
        found = rule(
            room.values,
            room.starts,
            room.bits,
            room.bit_starts,
            rows,
            self.plan.item_rules[self.dtype],
            self.plan.scale_rules[self.dtype],
            outputs,
            room.scratch,
            self.nan_is_missing,
        )
        return first, last, bool(found)

    def run_threads(self, rows: int, workers: int) -> list[tuple[int, int, bool]]:
        """Deal the rows out in chunks; threads overlap because the compiled rule lets go."""
        chunks = [(first, min(first + CHUNK, rows)) for first in range(0, rows, CHUNK)]
        todo = iter(chunks)  # shared: a thread that is held up takes fewer

        def work(todo: Iterator[tuple[int, int]]) -> list[tuple[int, int, bool]]:
            room = self.room()
            return [self.run(first, last, room) for first, last in todo]

        if min(workers, len(chunks)) <= 1:
            return work(todo)
        with ThreadPoolExecutor(workers) as pool:
            parts = pool.map(work, [todo] * workers)
            return sorted(part for share in parts for part in share)
