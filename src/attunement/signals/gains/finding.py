# SPDX-License-Identifier: Apache-2.0
"""Sudden gains and losses of many persons: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attunement.kernels import compiled
from attunement.kernels.gains import (
    N_FACTS,
    NOT_TESTED,
    YES,
    count_analysable,
    describe_intervals,
    find_reversals,
    judge_intervals,
)
from attunement.signals.batch import BoolArray, IntArray
from attunement.signals.errors import SignalError
from attunement.signals.gains.grid import Grid, make_grid
from attunement.signals.gains.options import GainOptions
from attunement.signals.series import FloatArray

COMPILE_FROM = 60_000  # rows; below, the plain function is done before a compiler has started
PERSONS = 1 << 15  # that one thread takes at a time
_VERDICT = 6  # how far the verdict stands to the left in a code


@dataclass(frozen=True, slots=True)
class Intervals:
    """Every testable interval, in order.

    Attributes
    ----------
    rows : numpy.ndarray of int64, shape (intervals,)
        Place in the grid of the score before.
    person : numpy.ndarray of int64
        Position of the person.
    criteria : numpy.ndarray of uint8, shape (3, intervals)
        0 no, 1 yes, 2 missing, 3 off.
    verdict : numpy.ndarray of uint8
        0 no, 1 yes, 2 missing.
    facts : numpy.ndarray of float64, shape (8, intervals)
        Means before and after, standard deviations, counts, the factor of criterion 3, what it
        asks of the difference of means.
    """

    rows: IntArray
    person: IntArray
    criteria: NDArray[np.uint8]
    verdict: NDArray[np.uint8]
    facts: FloatArray


@dataclass(frozen=True, slots=True)
class Gains:
    """Sudden gains (or losses) of many persons.

    All arrays but ``codes``, ``n_…`` and ``kept`` have one entry per gain, in the order of
    persons and sessions.

    Attributes
    ----------
    options : GainOptions
    grid : Grid
        The scores, one place per session number.
    codes : numpy.ndarray of uint8, shape (places,)
        What each interval was judged to be (see `attunement.kernels.gains`).
    kept : numpy.ndarray of bool, shape (persons,)
        Persons that were looked at; the others were left out by the choice of cases.
    n_analysable : numpy.ndarray of int64, shape (persons,)
        Intervals that could be judged.
    rows, person : numpy.ndarray of int64
        Place in the grid of the score before the gain, and position of the person.
    session, session_after : numpy.ndarray of int64
    magnitude : numpy.ndarray of float64
        Points, always above 0 in the direction that was looked for.
    reversal_limit : numpy.ndarray of float64
        The score half way back.
    reversal_session : numpy.ndarray of int64
        The first later session beyond that; -1 where there is none, -2 where no later score could
        show it.
    facts : numpy.ndarray of float64, shape (8, gains)
        As of `Intervals`.
    total_change : numpy.ndarray of float64
        From the person's first to the last session on the line, in the same direction; NaN where
        one of the two has no score.
    """

    options: GainOptions
    grid: Grid
    codes: NDArray[np.uint8]
    kept: BoolArray
    n_analysable: IntArray
    rows: IntArray
    person: IntArray
    session: IntArray
    session_after: IntArray
    magnitude: FloatArray
    reversal_limit: FloatArray
    reversal_session: IntArray
    facts: FloatArray
    total_change: FloatArray

    @property
    def n_persons(self) -> int:
        """Persons that were looked at."""
        return int(self.kept.sum())

    @property
    def n_with(self) -> int:
        """Persons with at least one."""
        return int(np.unique(self.person).size)

    @property
    def n_intervals(self) -> int:
        """Intervals between two neighbouring sessions, tested or not."""
        sizes = np.diff(self.grid.starts)[self.kept]
        return int(np.maximum(sizes - 1, 0).sum())

    @property
    def n_testable(self) -> int:
        """Intervals with a session before and a session after, scores or none."""
        return int(np.count_nonzero(self.codes != NOT_TESTED))

    @property
    def reversed(self) -> NDArray[np.int8]:
        """1 reversed, 0 not, -1 not known, one per gain."""
        known = np.where(self.reversal_session >= 0, 1, 0)
        return np.where(self.reversal_session == -2, -1, known).astype(np.int8)  # noqa: PLR2004

    def count_by_person(self) -> IntArray:
        """Return how many gains each person has, shape (persons,)."""
        return np.bincount(self.person, minlength=self.grid.n_persons).astype(np.int64)

    def chosen(self) -> IntArray:
        """Return one gain per person that has any: the one that ``options.which`` names.

        The earliest of several that are equally small or large.
        """
        if not self.rows.size:
            return np.zeros(0, dtype=np.int64)
        size = {"smallest": self.magnitude, "largest": -self.magnitude}.get(self.options.which)
        order = self.session if self.options.which != "last" else -self.session
        keys = (self.session, size) if size is not None else (order,)
        ranked = np.lexsort((*keys, self.person))
        person = self.person[ranked]
        first = np.concatenate(([True], person[1:] != person[:-1]))
        return np.asarray(ranked[first], dtype=np.int64)

    def intervals(self) -> Intervals:
        """Return every testable interval with its criteria."""
        rows = np.flatnonzero(self.codes != NOT_TESTED).astype(np.int64)
        codes = self.codes[rows]
        criteria = np.stack([codes & 3, (codes >> 2) & 3, (codes >> 4) & 3])
        person = self.grid.person_of(rows)
        facts = describe_rows(self.grid, rows, person, self.options)
        verdict = (codes >> _VERDICT).astype(np.uint8)
        return Intervals(rows, person, criteria, verdict, facts)


def sudden_gains(
    values: FloatArray,
    sessions: IntArray,
    starts: IntArray,
    options: GainOptions,
    *,
    close_gaps: bool = False,
    threads: int = 1,
    compile_from: int = COMPILE_FROM,
) -> Gains:
    """Find the sudden gains (or losses) of many persons.

    Parameters
    ----------
    values : numpy.ndarray of float64, shape (N,)
        Scores, person after person, session after session; NaN where there is none.
    sessions : numpy.ndarray of int64, shape (N,)
        Session numbers, rising within a person.
    starts : numpy.ndarray of int64, shape (persons + 1,)
        First row of each person, and N.
    options : GainOptions
    close_gaps : bool
        Take scores in their order. Otherwise a session number without a row is a session without
        a score, and no gain is looked for across it.
    threads : int
        How many share the work when there is much.
    compile_from : int
        Number of rows from which the compiled kernels run; the result is the same.

    Returns
    -------
    Gains

    Raises
    ------
    SignalError
        ``E-SIGNAL-001``, ``E-SIGNAL-002``, ``E-SIGNAL-003`` (an infinite score, or a negative one
        where the share is taken of the score itself), ``E-SIGNAL-021``.

    Notes
    -----
    The verdict about an interval needs up to two sessions after its end, so a gain is known two
    sessions late: this is a retrospective detector. The first interval and the last are never
    tested, since one side of them has a single session. A baseline in front (a session 0) makes
    the interval from session 1 to 2 testable.
    """
    _check(values, sessions, starts, options)
    grid = make_grid(values, sessions, starts, close=close_gaps)
    many = grid.values.size >= compile_from
    run = _Run(grid, many, threads)
    kept = _kept(run, options)
    codes = np.empty(grid.values.size, dtype=np.uint8)
    rule = options.rule()
    judged = np.zeros(grid.n_persons, dtype=np.int64)
    run.over_persons(judge_intervals, rule, codes, judged)
    if not kept.all():
        judged[~kept] = 0
        codes[np.repeat(~kept, np.diff(grid.starts))] = NOT_TESTED
    rows = np.flatnonzero(codes >> _VERDICT == YES).astype(np.int64)
    person = grid.person_of(rows)
    before, after = grid.values[rows], grid.values[rows + 1]
    ends = grid.starts[person + 1]
    limits = np.empty(rows.size)
    reversals = np.empty(rows.size, dtype=np.int64)
    run.call(find_reversals, grid.values, ends, rows, rule.sign, limits, reversals)
    back = np.where(reversals >= 0, grid.sessions[np.maximum(reversals, 0)], reversals)
    return Gains(
        options=options,
        grid=grid,
        codes=codes,
        kept=kept,
        n_analysable=judged,
        rows=rows,
        person=person,
        session=grid.sessions[rows],
        session_after=grid.sessions[rows + 1],
        magnitude=rule.sign * (before - after),
        reversal_limit=limits,
        reversal_session=back,
        facts=describe_rows(grid, rows, person, options, many=many),
        total_change=rule.sign * (grid.values[grid.starts[person]] - grid.values[ends - 1]),
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """Runs kernels, plain or compiled, on one grid."""

    grid: Grid
    many: bool
    threads: int

    def call(self, kernel: Callable[..., Any], *arguments: Any) -> None:
        (compiled(kernel) if self.many else kernel)(*arguments)

    def over_persons(self, kernel: Callable[..., Any], *arguments: Any) -> None:
        """Deal the persons out in chunks; the compiled kernel lets go of the interpreter."""
        n = self.grid.n_persons
        step = PERSONS if self.many else max(n, 1)
        chunks = [(first, min(first + step, n)) for first in range(0, n, step)]
        function = compiled(kernel) if self.many else kernel

        def work(chunk: tuple[int, int]) -> None:
            function(self.grid.values, self.grid.starts, *chunk, *arguments)

        if min(self.threads, len(chunks)) <= 1:
            for chunk in chunks:
                work(chunk)
            return
        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(work, chunks))


def _kept(run: _Run, options: GainOptions) -> BoolArray:
    grid = run.grid
    kept = np.ones(grid.n_persons, dtype=np.bool_)
    if options.least_scores is not None:
        kept &= _count(~np.isnan(grid.values), grid.starts) >= options.least_scores
    if options.pattern:
        counts = np.zeros(grid.n_persons, dtype=np.int64)
        run.over_persons(count_analysable, counts)
        kept &= counts > 0
    return kept


def _count(marks: BoolArray, starts: IntArray) -> IntArray:
    """Count marks per person."""
    before = np.concatenate(([0], np.cumsum(marks, dtype=np.int64)))
    return np.asarray(np.diff(before[starts]))


def describe_rows(
    grid: Grid, rows: IntArray, person: IntArray, options: GainOptions, *, many: bool | None = None
) -> FloatArray:
    """Return what criterion 3 looks at, shape (8, intervals), for intervals of a grid.

    Parameters
    ----------
    rows, person : numpy.ndarray of int64
        Where each interval begins, and whose it is.
    many : bool, optional
        Whether to compile; by the number of rows where it is left out.
    """
    facts = np.empty((N_FACTS, rows.size))
    compile_it = rows.size >= COMPILE_FROM if many is None else many
    kernel = compiled(describe_intervals) if compile_it else describe_intervals
    begins, ends = grid.starts[person], grid.starts[person + 1]
    kernel(grid.values, begins, ends, rows, options.rule(), facts)
    return facts


def _check(values: FloatArray, sessions: IntArray, starts: IntArray, options: GainOptions) -> None:
    n = values.size
    shaped = values.ndim == 1 and sessions.shape == (n,) and starts.ndim == 1 and starts.size > 0
    if not (shaped and starts[0] == 0 and starts[-1] == n and (np.diff(starts) >= 0).all()):
        raise SignalError(
            "E-SIGNAL-001",
            what="the arrays do not pair up",
            got=f"{n} scores, {sessions.size} session numbers, {starts.size} starts",
            expected="a session number for each score, and starts from 0 to the number of scores",
            next_step="Sort the rows by person and session and count them",
        )
    infinite = np.isinf(values)
    negative = values < 0
    of_score = options.uses(2) and options.relative == "percent"
    if infinite.any() or (of_score and negative.any()):
        wrong = infinite if infinite.any() else negative
        raise SignalError(
            "E-SIGNAL-003",
            what="a score cannot be used",
            got=f"row {int(np.argmax(wrong))} (counted from 0) is "
            + ("infinite" if infinite.any() else "below 0, where a share of the score says little"),
            expected="finite numbers from 0, or NaN where there is no score",
            next_step="Check the scores"
            if infinite.any()
            else "Take the share of the scale instead (relative='pomp', with the scale), or leave "
            "criterion 2 out: criteria=(1, 3)",
        )
