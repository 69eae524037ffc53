# SPDX-License-Identifier: Apache-2.0
"""What was found about sudden gains: frames, a summary, a picture, and words for each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from attunement.errors import Problem
from attunement.figures import Figure
from attunement.frames.gains_columns import gain_columns, interval_columns, person_columns
from attunement.frames.gains_errors import GainsError
from attunement.frames.gains_figure import around_chart, average_figure, course_figure
from attunement.frames.gains_kind import same_kind
from attunement.frames.gains_words import gain_words, place_words, summary_words
from attunement.frames.ratings_plan import Said
from attunement.frames.ratings_scale import ScoreScale
from attunement.signals.gains import GainOptions, Gains, check_line, interval_words

if TYPE_CHECKING:
    import altair as alt


@dataclass(frozen=True)
class SuddenGains:
    """Sudden gains (or losses) of the persons in a table.

    Attributes
    ----------
    found : attunement.signals.gains.Gains
        The arrays behind the frames.
    labels : polars.DataFrame
        One row per person: the id, and the perspective where the table says who rated.
    asked : object
        The table that the question came with; the frames are of its kind.
    scale : attunement.frames.ScoreScale
    score_name : str
        What the score is called in the table.
    problems : tuple of Problem
        Mistakes in the table, each told once with its rows; refused rows were left out.
    said : tuple of Said
        How the table was read, and what was guessed.
    """

    found: Gains
    labels: pl.DataFrame
    asked: Any
    scale: ScoreScale
    score_name: str
    problems: tuple[Problem, ...] = ()
    said: tuple[Said, ...] = ()

    @property
    def options(self) -> GainOptions:
        """What was looked for."""
        return self.found.options

    @cached_property
    def gains(self) -> Any:
        """One row per gain, of the kind of frame that came in.

        Columns: the id (and ``perspective``); ``session`` and ``session_after``, between which
        it lies; ``magnitude`` in points; ``before_3`` … ``before_1`` and ``after_1`` …
        ``after_3``, the scores around it; means, standard deviations and numbers of scores on
        either side; ``t_critical`` and ``needed``, which the difference of means exceeds;
        ``reversed`` (null where no later score could show it), ``reversal_score`` (half way back)
        and ``reversal_session``; ``total_change`` from first to last session and
        ``share_of_change``; ``number`` and ``of``, its place among the person's own.
        """
        return same_kind(gain_columns(self.found, self.labels), self.asked)

    @cached_property
    def intervals(self) -> Any:
        """One row per testable interval: ``criterion_1`` … ``criterion_3`` and ``verdict``.

        True, false, or null where it could not be judged (or the criterion is off); then the
        numbers behind them, as in ``gains``.
        """
        return same_kind(interval_columns(self.found, self.labels), self.asked)

    @cached_property
    def persons(self) -> Any:
        """One row per person: scores, judged intervals, gains, and the one that stands for them."""
        return same_kind(person_columns(self.found, self.labels), self.asked)

    def __len__(self) -> int:
        """Return the number of gains."""
        return int(self.found.rows.size)

    def __str__(self) -> str:
        """Return the summary."""
        return self.summary()

    def summary(self) -> str:
        """Return what was looked for, what was found, and what could not be judged, in words."""
        return summary_words(self.found, self.scale, self.score_name, self.problems)

    def to_dict(self) -> dict[str, Any]:
        """Return counts and gains as plain values, for JSON."""
        found = self.found
        magnitudes = found.magnitude
        return {
            "kind": found.options.kind,
            "persons": found.n_persons,
            "persons_with": found.n_with,
            "persons_left_out": int(found.grid.n_persons - found.n_persons),
            "found": len(self),
            "magnitude_mean": float(magnitudes.mean()) if len(self) else None,
            "magnitude_sd": float(magnitudes.std(ddof=1)) if len(self) > 1 else None,
            "reversed": int((found.reversed == 1).sum()),
            "intervals": found.n_intervals,
            "testable": found.n_testable,
            "judged": int(found.n_analysable.sum()),
            "not_judged": found.n_testable - int(found.n_analysable.sum()),
            "problems": [problem.text() for problem in self.problems],
            "gains": gain_columns(found, self.labels).to_dicts(),
        }

    def explain(self, row: int | tuple[Any, int]) -> str:
        """Say in words why an interval is, or is not, a sudden gain.

        Parameters
        ----------
        row : int or (id, session)
            A row of ``gains``, counted from 0; or a person's id and the session before any
            interval.

        Raises
        ------
        GainsError
            ``E-FRAME-223`` if there is no such row, person or interval.
        """
        if isinstance(row, tuple):
            person, at = self._interval(*row)
        else:
            if not 0 <= row < len(self):
                raise _no_such(row=row)
            person, at = int(self.found.person[row]), int(self.found.rows[row])
        begin, end = self._rows_of(person)
        line = self.found.grid.values[begin:end]
        one = check_line(line, at - begin, self.options)
        label = self.labels.row(person)
        sessions = self.found.grid.sessions
        last = at + 1 >= end - 1
        words = place_words(label, int(sessions[at]), int(sessions[at + 1]))
        if at == begin or last:
            side = "before it" if at == begin else "after it"
            return (
                f"{words} This interval is never tested: there is only one session {side}, and "
                "criterion 3 needs two."
            )
        words = f"{words} {interval_words(one, self.options)}"
        mine = np.flatnonzero(self.found.rows == at)
        return f"{words} {gain_words(self.found, int(mine[0]))}" if mine.size else words

    def plot(
        self, person: Any = None, *, engine: Literal["svg", "altair"] = "svg"
    ) -> Figure | alt.Chart:
        """Draw the average course around the gains, or one person's course with them marked.

        Parameters
        ----------
        person : optional
            An id (or id and perspective, as a tuple); without it, the average.
        engine : {"svg", "altair"}
            A figure with its sentence and its table, or an Altair chart of the same numbers.

        Raises
        ------
        GainsError
            ``E-FRAME-222`` for another engine, ``E-FRAME-223`` for a person who is not there,
            ``E-FRAME-224`` where Altair is not installed.
        """
        if engine not in {"svg", "altair"}:
            raise GainsError(
                "E-FRAME-222",
                what="The engine is not known",
                got=repr(engine),
                expected="svg or altair",
            )
        if engine == "altair":
            return around_chart(self.found, self.score_name, self._maybe(person))
        if person is None:
            return average_figure(self.found, self.scale, self.score_name)
        at = self._person(person)
        return course_figure(self.found, self.scale, self.score_name, at, self.labels.row(at)[0])

    def _maybe(self, person: Any) -> int | None:
        return None if person is None else self._person(person)

    def _person(self, person: Any) -> int:
        label: Sequence[Any] = person if isinstance(person, tuple) else (person,)
        names = self.labels.columns[: len(label)]
        for at, row in enumerate(self.labels.select(names).iter_rows()):
            if tuple(row) == tuple(label):
                return at
        raise _no_such()

    def _rows_of(self, person: int) -> tuple[int, int]:
        starts = self.found.grid.starts
        return int(starts[person]), int(starts[person + 1])

    def _interval(self, who: Any, session: int) -> tuple[int, int]:
        person = self._person(who)
        begin, end = self._rows_of(person)
        at = np.flatnonzero(self.found.grid.sessions[begin : end - 1] == session)
        if not at.size:
            raise _no_such(session=session)
        return person, begin + int(at[0])


def _no_such(*, row: int | None = None, session: int | None = None) -> GainsError:
    got, expected = "an id that is not in the table", "an id as the table has it"
    if row is not None:
        got, expected = f"row {row}", "a row of .gains, counted from 0"
    elif session is not None:
        got, expected = f"session {session}", "a session of this person with one after it"
    return GainsError(
        "E-FRAME-223",
        what="There is no such gain, interval or person",
        got=got,
        expected=expected,
        next_step="Look at .gains, .intervals and .persons",
    )
