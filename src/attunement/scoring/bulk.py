# SPDX-License-Identifier: Apache-2.0
"""Columns of answers in, columns of scores out: the same rule, for one row or for ten million."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from attunement.kernels import (
    Outputs,
    Scratch,
    Tables,
    compiled,
    make_scratch,
    make_tables,
    score_rows,
    tabulate,
)
from attunement.kernels.compiling import Settled
from attunement.scoring.errors import ScoringError
from attunement.scoring.memory import lend
from attunement.scoring.plan import Plan

# Below this many answers the plain function is done before a compiler has started.
COMPILE_FROM = 60_000
# Answers from which one more thread saves more than the time that it takes to start.
THREAD_FROM = 1 << 21
# Rows that one thread takes at a time, at most: many enough for the cost of dealing them out not
# to show, few enough for a thread that is held up to leave its share to the others.
CHUNK = 1 << 17

Array = npt.NDArray[Any]


def _address(array: Array) -> int:
    first: int = array.__array_interface__["data"][0]
    return first


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
    # where values and bits lie: an array in use never moves, and asking numpy takes its time
    places: tuple[int, int] = field(init=False, repr=False, compare=False, default=(0, 0))

    def __post_init__(self) -> None:
        """Take note of where the arrays lie."""
        bits = 0 if self.bits is None else _address(self.bits)
        object.__setattr__(self, "places", (_address(self.values), bits))


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
        scores=lend("scores", (len(plan.scales), rows), np.float64),
        n_answered=lend("n_answered", (rows,), np.int8 if small else np.int16),
        why=lend("why", (rows if reasons else 0,), np.int64),
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
        How many threads share the work, at most, when it is compiled and worth sharing.
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

    Notes
    -----
    When all arrays of a large result and all views of them are gone, their memory is kept for the
    next call (1 GiB at most), because fresh memory takes as long to get as the scores. Memory is
    never shared by two results in use. ``release_memory`` gives it back.
    """
    rows, dtype = _shape(plan, columns)
    result = out if out is not None else empty_scores(plan, rows, reasons=reasons)
    if result.scores.shape != (len(plan.scales), rows) or not result.scores.flags.c_contiguous:
        raise _misfit(got="room for the results of another shape")
    many = rows * len(columns) >= compile_from
    job = _make_job(plan, columns, result, dtype=dtype, nan_is_missing=nan_is_missing, many=many)
    if not many:
        with np.errstate(all="ignore"):  # the compiled twin does not warn either
            off = [job.run(0, rows, make_scratch(len(columns), dtype))] if rows else []
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
    kinds = {column.values.dtype for column in columns}
    sizes = {column.values.size for column in columns}
    if len(kinds) > 1 or len(sizes) > 1:
        raise _misfit(got=f"{len(kinds)} dtypes and {len(sizes)} lengths")
    dtype = kinds.pop().name
    if dtype not in plan.item_rules:
        raise _misfit(got=f"dtype {dtype}")
    return sizes.pop(), dtype


_SETTLED: dict[tuple[object, ...], Settled] = {}


def _kind(array: Array) -> tuple[object, ...]:
    """Return all that a compiled function asks of an array before it trusts it."""
    flags = array.flags
    return array.dtype, array.ndim, flags.c_contiguous, flags.aligned, flags.writeable


_WORK = threading.local()


def _scratch(plan: Plan, dtype: str) -> Scratch:
    """Return this thread's working memory, made anew only for another plan than the last."""
    last: tuple[Plan, str, Scratch] | None = getattr(_WORK, "last", None)
    if last is None or last[0] is not plan or last[1] != dtype:
        last = (plan, dtype, make_scratch(len(plan.items), dtype))
        _WORK.last = last
    return last[2]


class _Memory:
    """Memory from one address to another, which numpy takes for an array."""

    def __init__(self, first: int, size: int, dtype: np.dtype[Any]) -> None:
        self.__array_interface__ = {
            "version": 3,
            "data": (first, False),
            "shape": (size,),
            "typestr": dtype.str,
        }


def _flat(arrays: Sequence[Array], at: Sequence[int], *, copy: bool) -> tuple[Array, Array]:
    """Return one flat array that holds ``arrays``, which lie at ``at``, and where each begins.

    Without ``copy`` it is the memory from the lowest to the highest of them, and whatever else
    lies between; the kernel reads only what is theirs. Copying would take a fifth of the time of
    scoring. The caller keeps ``arrays`` alive.
    """
    dtype, size = arrays[0].dtype, arrays[0].dtype.itemsize
    first = min(at)
    apart = any((place - first) % size for place in at)
    if copy or apart or not all(one.flags.c_contiguous for one in arrays):
        sizes = [one.size for one in arrays]
        return np.concatenate(arrays), np.cumsum([0, *sizes[:-1]], dtype=np.int64)
    end = max(place + one.nbytes for place, one in zip(at, arrays, strict=True))
    starts = np.array([(place - first) // size for place in at], dtype=np.int64)
    return np.asarray(_Memory(first, (end - first) // size, dtype)), starts


@dataclass(frozen=True, slots=True)
class _Job:
    plan: Plan
    dtype: str
    values: Array
    starts: Array
    bits: Array
    bit_starts: Array
    tables: Tables
    result: ArrayScores
    nan_is_missing: bool
    many: bool

    def run(self, first: int, last: int, scratch: Scratch) -> tuple[int, int, bool]:
        """Score rows ``first`` to ``last`` (not included)."""
        scores = self.result.scores
        outputs = Outputs(
            scores=scores.reshape(-1)[first:],
            stride=scores.shape[1],
            n_answered=self.result.n_answered[first:],
            why=self.result.why[first:],
        )
        rule = self._settled(outputs) if self.many else score_rows
        found = rule(
            self.values,
            self.starts + first,
            self.bits,
            np.where(self.bit_starts < 0, -1, self.bit_starts + first),
            last - first,
            self.plan.item_rules[self.dtype],
            self.plan.scale_rules[self.dtype],
            self.tables,
            outputs,
            scratch,
            self.nan_is_missing,
        )
        return first, last, bool(found)

    def _settled(self, outputs: Outputs) -> Callable[..., int]:
        """Return the compiled rule for arrays of these kinds, which are told apart at each call.

        Telling the kinds of the plan's sixty arrays apart would take a small table longer than
        scoring it; they are always the same ones.
        """
        told = (self.values, self.bits, outputs.scores, outputs.n_answered, outputs.why)
        key = (self.dtype, *(_kind(array) for array in told))
        if key not in _SETTLED:
            _SETTLED[key] = Settled(score_rows)
        return _SETTLED[key]

    def run_threads(self, rows: int, workers: int) -> list[tuple[int, int, bool]]:
        """Deal the rows out in chunks; threads overlap because the compiled rule lets go.

        The calling thread works, too, so that nothing waits for another one to start.
        """
        workers = min(workers, rows * len(self.starts) // THREAD_FROM)
        chunks = [(first, min(first + CHUNK, rows)) for first in range(0, rows, CHUNK)]
        todo = iter(chunks)  # shared: a thread that is held up takes fewer

        def work() -> list[tuple[int, int, bool]]:
            scratch = _scratch(self.plan, self.dtype)
            return [self.run(first, last, scratch) for first, last in todo]

        if workers <= 1:
            return work()
        with ThreadPoolExecutor(workers - 1) as pool:
            others = [pool.submit(work) for _ in range(workers - 1)]
            parts = [work(), *(other.result() for other in others)]
        return sorted(part for share in parts for part in share)


def _make_job(
    plan: Plan,
    columns: Sequence[Column],
    result: ArrayScores,
    *,
    dtype: str,
    nan_is_missing: bool,
    many: bool,
) -> _Job:
    """Lay out what the kernel reads."""
    values, starts = _flat(
        [column.values for column in columns],
        [column.places[0] for column in columns],
        copy=not many,
    )
    kept = [column for column in columns if column.bits is not None]
    bits, bit_starts = np.zeros(0, dtype=np.uint8), np.full(len(columns), -1, dtype=np.int64)
    if kept:
        bits, byte_starts = _flat(
            [column.bits for column in kept if column.bits is not None],
            [column.places[1] for column in kept],
            copy=not many,
        )
        there = [column.bits is not None for column in columns]
        bit_starts[there] = byte_starts * 8 + [column.bit_start for column in kept]
    return _Job(
        plan=plan,
        dtype=dtype,
        values=values,
        starts=starts,
        bits=bits,
        bit_starts=bit_starts,
        tables=_tables(plan, dtype) if many else make_tables(plan.scale_rules[dtype], empty=True),
        result=result,
        nan_is_missing=nan_is_missing,
        many=many,
    )


def _tables(plan: Plan, dtype: str) -> Tables:
    """Return the results that the plan's scales can have, worked out at its first large call."""
    if dtype not in plan.tables:
        tables = make_tables(plan.scale_rules[dtype], empty=False)
        if tables.scores.size:
            compiled(tabulate)(plan.scale_rules[dtype], tables, make_scratch(0, dtype))
        plan.tables[dtype] = tables
    return plan.tables[dtype]
