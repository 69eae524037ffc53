# SPDX-License-Identifier: Apache-2.0
"""What ``at.expected_course`` gives: a table, a summary, a person's band, a row in words."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, overload

import numpy as np
import polars as pl

from attunement.figures import Band, DualChart, Figure, Line, Mark, altair_chart, dual_chart
from attunement.frames.course_errors import check_engine, check_row, no_such
from attunement.frames.course_reading import CourseRows
from attunement.frames.course_scale import CourseScale
from attunement.frames.course_words import (
    POSITION,
    REASON,
    plot_sentence,
    row_words,
    summary_words,
)
from attunement.frames.gains_kind import same_kind
from attunement.frames.told import Told
from attunement.signals.course import Expected, Position

_QUESTION = "What might explain this score, and what would help?"


@dataclass(frozen=True, repr=False)
class ExpectedCourse(Told):
    """Each score beside what was expected of it; ``print`` it for a summary.

    Attributes
    ----------
    found : attunement.signals.course.Expected
        The arrays behind the frame, in the order of ``rows``.
    rows : CourseRows
    scale : CourseScale
    session_name, score_name, method : str
    functional : float or None
    learned : str
        From whom the models were learned, in a sentence.
    """

    found: Expected
    rows: CourseRows
    scale: CourseScale
    session_name: str
    score_name: str
    method: str
    functional: float | None
    learned: str
    asked: Any = field(repr=False)

    @cached_property
    def sessions(self) -> Any:
        """One row per input row, in input order, of the kind of frame that came in.

        The id, session and score columns; ``expected`` and ``sd`` of the score of a new person
        who began alike; ``low68``, ``high68``, ``low80``, ``high80``, cut off at the ends of the
        scale; ``position`` (far_better, as_expected, worse, far_worse, functional; missing where
        it was not judged); ``reason`` for that; ``model_version``.
        """
        return same_kind(self._sessions(), self.asked)

    def _sessions(self) -> pl.DataFrame:
        found, back = self.found, np.argsort(self.rows.row)
        versions = [*(model.version for model in found.models), None]
        words = {int(code): word for code, word in POSITION.items()}
        reasons = {int(code): word for code, word in REASON.items()}
        numbers = {
            "expected": found.mean,
            "sd": found.sd,
            "low68": found.inner[:, 0],
            "high68": found.inner[:, 1],
            "low80": found.outer[:, 0],
            "high80": found.outer[:, 1],
        }
        position = pl.Series(found.position[back])
        reason = pl.Series(found.reason[back])
        return pl.DataFrame(
            {
                self.rows.ids.name: self.rows.ids,
                self.session_name: self.rows.courses.sessions[back],
                self.score_name: pl.Series(self.rows.courses.scores[back], nan_to_null=True),
                **{
                    name: pl.Series(column[back], nan_to_null=True)
                    for name, column in numbers.items()
                },
                "position": position.replace_strict(words, return_dtype=pl.String),
                "reason": reason.replace_strict(reasons, return_dtype=pl.String),
                "model_version": pl.Series(
                    [versions[fold] for fold in found.fold[back]], dtype=pl.String
                ),
            }
        )

    def summary(self) -> str:
        """Return what was judged, what came of it, and how it was learned, in words."""
        return summary_words(
            self.rows.courses,
            self.found,
            score=self.score_name,
            scale=self.scale,
            method=self.method,
            learned=self.learned,
        )

    def explain(self, row: int) -> str:
        """Say in words where a score lies beside what was expected, and what that rests on.

        Parameters
        ----------
        row : int
            A row of the input, counted from 0.

        Raises
        ------
        CourseError
            E-FRAME-237 if there is no such row.
        """
        check_row(row, self.rows.row.size)
        return row_words(
            self.rows.ids[row],
            int(np.flatnonzero(self.rows.row == row)[0]),
            courses=self.rows.courses,
            found=self.found,
            functional=self.functional,
            method=self.method,
            learned=self.learned,
        )

    @overload
    def plot(self, person: Any, *, engine: Literal["svg"] = ...) -> Figure: ...
    @overload
    def plot(self, person: Any, *, engine: Literal["altair"]) -> Any: ...
    def plot(self, person: Any, *, engine: Literal["svg", "altair"] = "svg") -> Any:
        """Draw one person's scores over the band of what was expected.

        Parameters
        ----------
        person : value of the id column
        engine : {"svg", "altair"}
            A figure with its sentence and its table, or an Altair chart (an optional package).

        Raises
        ------
        CourseError
            E-FRAME-237 if there is no such person, E-FRAME-232 for another engine.
        """
        check_engine(engine)
        at = next((n for n, name in enumerate(self.rows.names) if name == person), None)
        if at is None:
            raise no_such("person", "id")
        chart = self._chart(at, person)
        if engine == "altair":
            return altair_chart(chart)
        here = self._here(at)
        said = plot_sentence(person, self.found.position[here], self.rows.courses.sessions[here])
        return replace(dual_chart(chart), sentence=said)

    def _here(self, at: int) -> slice:
        starts = self.rows.courses.starts
        return slice(int(starts[at]), int(starts[at + 1]))

    def _chart(self, at: int, person: Any) -> DualChart:
        here = self._here(at)
        sessions = tuple(int(one) for one in self.rows.courses.sessions[here])
        limits = self.found.outer[here]
        far = np.flatnonzero(self.found.position[here] == Position.FAR_WORSE)
        low, high = self.scale.ends
        return DualChart(
            client=Line(self.score_name, sessions, _values(self.rows.courses.scores[here])),
            therapist=None,
            minimum=low,
            maximum=high,
            higher_is_better=self.scale.higher_is_better,
            marks=tuple(
                Mark(sessions[k], str(n), f"far worse than expected. {_QUESTION}")
                for n, k in enumerate(far, start=1)
            ),
            title=f"{person}: {self.score_name}, and what was expected",
            key=f"expected-{at}",
            band=Band("expected", sessions, _values(limits[:, 0]), _values(limits[:, 1])),
        )


def _values(numbers: Any) -> tuple[float | None, ...]:
    return tuple(None if np.isnan(number) else float(number) for number in numbers)
