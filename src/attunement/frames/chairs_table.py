# SPDX-License-Identifier: Apache-2.0
"""``chairs_apart``: where both chairs have seen it differently for several sessions running."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, overload

import numpy as np
import polars as pl

from attunement.figures import DualChart, Figure, Line, Mark, altair_chart, dual_chart
from attunement.frames.chairs_reading import Pairs, read_pairs
from attunement.frames.course_errors import check_engine, check_row, no_such, not_offered
from attunement.frames.course_scale import CourseScale, course_scale
from attunement.frames.gains_kind import same_kind
from attunement.frames.ruptures_cells import Floats
from attunement.frames.told import Told
from attunement.signals.change.wording import short
from attunement.signals.course import Gaps, UsualGap, gap_sentence, usual_gap
from attunement.signals.course import chairs_apart as judge_chairs
from attunement.signals.course.chairs import NO_RISK, QUESTION, RUNNING, SHARE

Better = Literal["better", "worse"]


@dataclass(frozen=True, repr=False)
class ChairsApart(Told):
    """Sessions in which both chairs have been unusually far apart; ``print`` it for a summary.

    Attributes
    ----------
    pairs : Pairs
        Both chairs' ratings.
    gaps : attunement.signals.course.Gaps
        The gap of each session, and which ask for a talk.
    usual : attunement.signals.course.UsualGap
        What is usual, and how that is known.
    """

    pairs: Pairs
    gaps: Gaps
    usual: UsualGap
    running: int
    scale: CourseScale
    session_name: str
    score_name: str
    own_archive: bool
    asked: Any = field(repr=False)

    @cached_property
    def sessions(self) -> Any:
        """One row per dyad and session, of the kind of frame that came in.

        The dyad and session columns; ``client``, ``therapist``, ``gap`` (therapist − client);
        ``judged``; ``apart`` (missing where it was not judged); ``reason`` for that
        (form_missing, too_early).
        """
        pairs, gaps = self.pairs, self.gaps
        missing = np.isnan(gaps.gap)
        made = pl.DataFrame(
            {
                pairs.names.name: pairs.names.gather(pairs.dyad),
                self.session_name: pairs.sessions,
                "client": pl.Series(pairs.client, nan_to_null=True),
                "therapist": pl.Series(pairs.therapist, nan_to_null=True),
                "gap": pl.Series(gaps.gap, nan_to_null=True),
                "judged": gaps.judged,
                "apart": gaps.apart,
            }
        )
        return same_kind(
            made.with_columns(
                pl.when("judged").then("apart").alias("apart"),
                pl.when("judged")
                .then(None)
                .when(pl.Series(missing))
                .then(pl.lit("form_missing"))
                .otherwise(pl.lit("too_early"))
                .alias("reason"),
            ),
            self.asked,
        )

    def summary(self) -> str:
        """Return what is usual here, and how often a talk is asked for, in words."""
        pairs, gaps, usual = self.pairs, self.gaps, self.usual
        both = int((~np.isnan(gaps.gap)).sum())
        asking = np.unique(pairs.dyad[gaps.apart]).size
        whose = "this table" if self.own_archive else "the archive"
        learned = (
            "as was set"
            if usual.share is None
            else f"{100 * usual.share:.0f} % of {usual.n_pairs:,} sessions of "
            f"{usual.n_dyads:,} dyads in {whose}, each dyad counting alike"
        )
        counted = (
            f"{pairs.n_rows:,} rows read; {pairs.names.len():,} dyads, {both:,} sessions that both "
            f"rated, {int(gaps.judged.sum()):,} judged."
        )
        runs = "one session" if self.running == 1 else f"{self.running} sessions running"
        between = f"from {short(usual.low)} to {short(usual.high)}"
        asked = f"{int(gaps.apart.sum()):,} sessions"
        return "\n".join(
            (
                f"Both chairs in “{self.score_name}” ({self.scale.better} is better)",
                counted,
                f"Usual is a gap (therapist minus client) {between}: {learned}.",
                f"Beyond that, on one side, in {runs}: {asked} of {asking:,} dyads.",
                f"{QUESTION} {NO_RISK}",
            )
        )

    def explain(self, row: int) -> str:
        """Say in words what was seen in one session and those before it.

        Parameters
        ----------
        row : int
            A row of ``sessions``, counted from 0.

        Raises
        ------
        CourseError
            E-FRAME-237 if there is no such row.
        """
        check_row(row, self.pairs.sessions.size, ".sessions")
        who = self.pairs.names[int(self.pairs.dyad[row])]
        session = int(self.pairs.sessions[row])
        if self.gaps.apart[row]:
            return f"{who}: {self._sentence(row)}"
        if self.gaps.judged[row]:
            runs = "this session" if self.running == 1 else f"{self.running} sessions running"
            return (
                f"{who}, session {session}: the gap (therapist minus client) was "
                f"{short(float(self.gaps.gap[row]))}; it was not beyond what is usual here, on one "
                f"side, in {runs}."
            )
        why = "a form is missing" if np.isnan(self.gaps.gap[row]) else "it is too early"
        return f"{who}, session {session}: not judged, because {why}."

    def _sentence(self, row: int) -> str:
        run = self.gaps.gap[row - self.running + 1 : row + 1]
        return gap_sentence(
            int(self.pairs.sessions[row]),
            tuple(float(gap) for gap in run),
            self.usual,
            higher_is_better=self.scale.higher_is_better,
        )

    @overload
    def plot(self, dyad: Any, *, engine: Literal["svg"] = ...) -> Figure: ...
    @overload
    def plot(self, dyad: Any, *, engine: Literal["altair"]) -> Any: ...
    def plot(self, dyad: Any, *, engine: Literal["svg", "altair"] = "svg") -> Any:
        """Draw both chairs of one dyad, with the sessions that ask for a talk.

        Parameters
        ----------
        dyad : value of the dyad column
        engine : {"svg", "altair"}

        Raises
        ------
        CourseError
            E-FRAME-237 if there is no such dyad, E-FRAME-232 for another engine.
        """
        check_engine(engine)
        at = self.pairs.place(dyad)
        if at is None:
            raise no_such("dyad", "dyad")
        here = self.pairs.here(at)
        rows = np.flatnonzero(self.gaps.apart[here]) + here.start
        marks = tuple(
            Mark(int(self.pairs.sessions[row]), str(n), self._sentence(int(row)))
            for n, row in enumerate(rows, start=1)
        )
        chart = both_chairs(self.pairs, at, self.scale, title=f"{dyad}: both chairs", marks=marks)
        if engine == "altair":
            return altair_chart(chart)
        figure = dual_chart(chart)
        said = f" {marks[-1].text}" if marks else " No gap beyond what is usual here ran on."
        return replace(figure, sentence=figure.sentence + said)


def chairs_apart(
    frame: Any,
    *,
    dyad: str,
    session: str,
    score: str,
    perspective: str | None = None,
    therapist: str | None = None,
    lower_is: Better | None = None,
    higher_is: Better | None = None,
    scale: Sequence[float] | None = None,
    measure: str | None = None,
    archive: Any = None,
    points: float | None = None,
    share: float = SHARE,
    running: int = RUNNING,
) -> ChairsApart:
    """Find sessions in which both chairs have seen it differently for longer than is usual here.

    A prompt for a talk between the two; never a risk, and no word on whose view fits better.

    Parameters
    ----------
    frame : pandas, Polars or PyArrow table, DuckDB relation, any narwhals frame, or path
        One row per form with ``perspective``, or one per session with ``therapist``.
    dyad, session, score : str
        The columns; session 1 is the beginning. Both chairs rate on one scale.
    perspective : str, optional
        The column that says who rated.
    therapist : str, optional
        The column of the therapist's rating, where ``score`` is the client's.
    lower_is, higher_is, scale, measure
        Direction and ends of the scale, or a measure that says both.
    archive : table with the same columns, optional
        What is usual is learned from it; from this table by default.
    points : float, optional
        A gap of more than this either way asks, instead of what is usual.
    share : float
        The share of sessions that is called usual; each dyad counts alike.
    running : int
        In how many sessions running, with both forms in each.

    Returns
    -------
    ChairsApart
        ``sessions`` is a frame of the kind that came in; ``str()`` is a summary.

    Raises
    ------
    CourseError, RupturesError
        What cannot be used, by row and column.
    SignalError
        E-SIGNAL-005 for fewer than 30 dyads to learn from.

    Examples
    --------
    >>> import polars as pl, attunement as at
    >>> table = pl.DataFrame(
    ...     {"pair": ["A"] * 3, "session": [1, 2, 3], "own": [5, 5, 5], "other": [5, 3, 2]}
    ... )
    >>> found = at.chairs_apart(
    ...     table, dyad="pair", session="session", score="own", therapist="other",
    ...     higher_is="better", scale=(0, 6), points=1.5,
    ... )
    >>> found.sessions["apart"].to_list()
    [None, False, True]
    """
    known = course_scale(scale, lower_is, higher_is, measure, needed=True)
    if isinstance(running, bool) or not isinstance(running, int) or running < 1:
        raise not_offered("running", running, "a number of sessions, 1 or more")
    if points is not None and (isinstance(points, bool) or not points > 0):
        raise not_offered("points", points, "a gap above 0, in points")

    def read(table: Any) -> Pairs:
        return read_pairs(
            table,
            dyad=dyad,
            session=session,
            score=score,
            perspective=perspective,
            therapist=therapist,
            ends=known.ends,
            higher_is_better=known.higher_is_better,
        )

    pairs = read(frame)
    if points is not None:
        usual = UsualGap(-float(points), float(points))
    else:
        learned = pairs if archive is None else read(archive)
        usual = usual_gap(learned.therapist - learned.client, learned.starts, share=share)
    gaps = judge_chairs(
        pairs.client, pairs.therapist, pairs.sessions, pairs.starts, usual=usual, running=running
    )
    return ChairsApart(
        pairs=pairs,
        gaps=gaps,
        usual=usual,
        running=running,
        scale=known,
        session_name=session,
        score_name=score,
        own_archive=archive is None,
        asked=frame,
    )


def both_chairs(
    pairs: Pairs,
    at: int,
    scale: CourseScale,
    *,
    title: str,
    marks: tuple[Mark, ...] = (),
    last: int | None = None,
) -> DualChart:
    """Return the chart of one dyad, up to the session ``last`` where one is given."""
    here = pairs.here(at)
    keep = np.ones(here.stop - here.start, np.bool_)
    if last is not None:
        keep = pairs.sessions[here] <= last
    sessions = tuple(int(session) for session in pairs.sessions[here][keep])
    low, high = scale.ends
    return DualChart(
        client=Line("Client", sessions, values_of(pairs.client[here][keep])),
        therapist=Line("Therapist", sessions, values_of(pairs.therapist[here][keep])),
        minimum=low,
        maximum=high,
        higher_is_better=scale.higher_is_better,
        marks=marks,
        title=title,
        key=f"chairs-{at}",
    )


def values_of(numbers: Floats) -> tuple[float | None, ...]:
    """Return numbers with None in place of NaN."""
    return tuple(None if np.isnan(number) else float(number) for number in numbers)
