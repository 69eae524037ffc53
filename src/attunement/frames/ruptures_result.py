# SPDX-License-Identifier: Apache-2.0
"""What ``at.ruptures`` gives: two tables, a summary, a picture of a dyad, a row in words."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal, overload

import narwhals as nw
import numpy as np
import polars as pl

from attunement.figures import Figure, altair_chart, dual_chart
from attunement.frames.ruptures_cells import THERAPIST
from attunement.frames.ruptures_chart import chart_of
from attunement.frames.ruptures_errors import RupturesError
from attunement.frames.ruptures_judging import judge_frame
from attunement.frames.ruptures_request import Question
from attunement.frames.ruptures_rows import Rows
from attunement.frames.ruptures_source import Source
from attunement.frames.ruptures_summary import RupturesSummary
from attunement.frames.ruptures_tables import Judged
from attunement.frames.ruptures_words import explain_row


@dataclass(frozen=True, repr=False)
class Ruptures:
    """Sessions judged by one rule or several; ``print`` it for a summary.

    Attributes
    ----------
    sessions : table of the kind that came in
        One row per input row, in input order (for several rules: and per rule, in the order in
        which they were named): the dyad and session columns, ``rule``, ``evaluable``,
        ``statistic`` (what the rule compares with its limit; negative = worse than expected where
        the rule has a direction), ``probability`` (of a rupture, 0 to 1; only the house rule has
        one), ``flagged``, ``reason`` (a code where the row could not be judged, missing where it
        could). A row that was not judged is never "no rupture".
    episodes : table of the same kind
        One row per episode: the dyad column, ``rule``, ``onset`` (session), ``pre`` (score
        before), ``nadir``, ``nadir_session``, ``depth`` (points, positive = worse), ``depth_noise``
        (the same in units of the usual noise), ``repair`` (session, missing where there is none),
        ``status`` (repaired, unrepaired, open, censored), ``across_gap``.
    summary : RupturesSummary
        What was used and what came of it.
    """

    sessions: Any
    episodes: Any
    summary: RupturesSummary
    question: Question = field(repr=False)
    source: Source = field(repr=False)

    def __str__(self) -> str:
        """Return the summary in sentences."""
        return self.summary.text()

    def __repr__(self) -> str:
        """Return the summary in sentences."""
        return self.summary.text()

    @overload
    def plot(
        self, dyad: Any = ..., *, rule: str | None = ..., engine: Literal["svg"] = ...
    ) -> Figure: ...
    @overload
    def plot(
        self, dyad: Any = ..., *, rule: str | None = ..., engine: Literal["altair"]
    ) -> Any: ...
    def plot(
        self, dyad: Any = None, *, rule: str | None = None, engine: Literal["svg", "altair"] = "svg"
    ) -> Any:
        """Draw one dyad's course with the sessions that were flagged.

        Parameters
        ----------
        dyad : value of the dyad column, optional
            By default the first with an episode, or the first of all.
        rule : str, optional
            Which rule's flags; the first one by default.
        engine : {"svg", "altair"}

        Returns
        -------
        figures.Figure or altair.LayerChart
            The figure holds an SVG, one plain sentence and a table; the Altair chart needs the
            optional package ``altair``. The area behind the line is what the rule finds usual.

        Raises
        ------
        RupturesError
            E-FRAME-212 if there is no such dyad or rule, E-FRAME-204 for another engine.
        FigureError
            E-FIGURE-006 if Altair is asked for and not installed.
        """
        if engine not in {"svg", "altair"}:
            raise RupturesError(
                "E-FRAME-204",
                what=f"The drawing engine cannot be {engine!r}",
                expected="'svg' or 'altair'",
            )
        frame, _ = self.source.rows_of(self._first_dyad() if dyad is None else dyad)
        if not frame.height:
            raise RupturesError(
                "E-FRAME-212",
                what="There is no such dyad",
                expected=f"a value of the column '{self.question.columns.dyad}', of its type",
            )
        rows, judged = self._judge(frame, rule)
        chart = chart_of(rows, judged, self.question)
        return dual_chart(chart) if engine == "svg" else altair_chart(chart)

    def explain(self, row: int, *, rule: str | None = None) -> str:
        """Say in words what was asked about one input row, and what the answer rests on.

        Parameters
        ----------
        row : int
            Position of the row in the input, counted from 0.
        rule : str, optional
            Which rule; the first one by default.

        Returns
        -------
        str
            Verdict or the reason for none, inputs, rule and version, threshold, how often the
            rule fires when nothing is wrong, source, and what it cannot tell.

        Raises
        ------
        RupturesError
            E-FRAME-212 if there is no such row or rule.
        """
        dyad = self.source.dyad_of(int(row)) if row == int(row) and row >= 0 else None
        if dyad is None:
            raise RupturesError(
                "E-FRAME-212",
                what="There is no such row",
                got=repr(row),
                expected=f"the position of a row, 0 to {self.summary.rows - 1}",
            )
        frame, at = self.source.rows_of(dyad)
        rows, judged = self._judge(frame, rule)
        inner = int(np.flatnonzero(at == row)[0])
        place = np.flatnonzero(rows.row == inner)
        if not place.size:
            if rows.chair[inner] == THERAPIST:
                return (
                    f"Row {row} is the therapist's form: no rule judges it by itself. It goes in "
                    "beside the client's form of the same session."
                )
            return f"Row {row} is neither the client's nor the therapist's form: it is not used."
        return explain_row(rows, judged, self.question, place=int(place[0]), row=row, dyad=dyad)

    def _first_dyad(self) -> Any:
        """Return the first dyad with an episode, or the first of all."""
        column = self.question.columns.dyad
        for table in (self.episodes, self.sessions):
            native = nw.from_native(table).select(column).head(1)
            frame = native.collect("polars") if isinstance(native, nw.LazyFrame) else native
            if len(frame):
                return frame[column].to_list()[0]
        return None

    def _judge(self, frame: pl.DataFrame, rule: str | None) -> tuple[Rows, Judged]:
        asked = [one for one in self.question.rules if rule is None or one.id == rule][:1]
        if not asked:
            raise RupturesError(
                "E-FRAME-212",
                what="This rule was not asked",
                got=repr(rule),
                expected=", ".join(one.id for one in self.question.rules),
            )
        rows, judged = judge_frame(frame, replace(self.question, rules=tuple(asked), first_row=1))
        return rows, judged[0]
