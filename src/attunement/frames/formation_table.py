# SPDX-License-Identifier: Apache-2.0
"""``formation``: how the alliance formed in sessions 1 to 5, from both chairs, dyad by dyad."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, overload

import numpy as np
import polars as pl

from attunement.figures import Figure, altair_chart, dual_chart
from attunement.frames.chairs_reading import Pairs, read_pairs
from attunement.frames.chairs_table import both_chairs, values_of
from attunement.frames.course_errors import check_engine, check_row, no_such, not_offered
from attunement.frames.course_scale import CourseScale, course_scale
from attunement.frames.gains_kind import same_kind
from attunement.frames.told import Told
from attunement.signals import Series, default_archive
from attunement.signals.change.wording import short
from attunement.signals.course import Chair, Formation
from attunement.signals.course import formation as describe
from attunement.signals.course.formation import LAST

Better = Literal["better", "worse"]
FORMATION_COLUMNS = (
    "n_sessions",
    "client_ratings",
    "client_first",
    "client_last",
    "client_change",
    "therapist_ratings",
    "therapist_first",
    "therapist_last",
    "therapist_change",
    "paired",
    "mean_gap",
    "sentence",
)
NO_NORM = (
    "There is no norm for how an alliance should form: this describes, and judges nobody. A form "
    "that is missing is no low rating."
)


@dataclass(frozen=True, repr=False)
class AllianceFormation(Told):
    """The first five sessions of each dyad; ``print`` it for a summary.

    Attributes
    ----------
    pairs : Pairs
        Both chairs' ratings.
    noise : float
        The within-person SD by which a change is called one.
    noise_said : str
        Where it comes from.
    """

    pairs: Pairs
    scale: CourseScale
    noise: float
    noise_said: str
    score_name: str
    asked: Any = field(repr=False)

    @cached_property
    def found(self) -> tuple[Formation, ...]:
        """What was found of each dyad, in the order of ``pairs.names``."""
        return tuple(self._describe(at) for at in range(self.pairs.names.len()))

    def _describe(self, at: int) -> Formation:
        here, (low, high) = self.pairs.here(at), self.scale.ends
        sessions = tuple(int(session) for session in self.pairs.sessions[here])
        client, therapist = (
            Series(sessions, values_of(one[here]), low, high, 0.0, self.scale.higher_is_better)
            for one in (self.pairs.client, self.pairs.therapist)
        )
        return describe(client, therapist, noise=self.noise)

    @cached_property
    def dyads(self) -> Any:
        """One row per dyad, of the kind of frame that came in.

        The dyad column; ``n_sessions`` (of the first five that are in); for each chair
        ``…_ratings``, ``…_first``, ``…_last``, ``…_change``; ``paired`` (sessions that both
        rated), ``mean_gap`` (therapist − client); ``sentence``. Missing where there is none.
        """
        rows = [
            {
                "n_sessions": one.n_sessions,
                **_of_chair("client", one.client),
                **_of_chair("therapist", one.therapist),
                "paired": len(one.pairs),
                "mean_gap": sum(gap for _, gap in one.pairs) / len(one.pairs)
                if one.pairs
                else None,
                "sentence": one.sentence,
            }
            for one in self.found
        ]
        floats = {
            name: pl.Float64
            for name in FORMATION_COLUMNS
            if name.endswith(("first", "last", "change", "gap"))
        }
        made = pl.DataFrame(rows, schema_overrides=floats, infer_schema_length=None)
        return same_kind(made.insert_column(0, self.pairs.names), self.asked)

    def summary(self) -> str:
        """Return how much both chairs rated, and what a change is measured by, in words."""
        n = self.pairs.names.len()
        rated = [
            sum(bool(chair.scores) for chair in chairs)
            for chairs in zip(*((one.client, one.therapist) for one in self.found), strict=True)
        ]
        both = sum(bool(one.pairs) for one in self.found)
        counted = (
            f"{self.pairs.n_rows:,} rows read; {n:,} dyads: {rated[0]:,} with ratings of the "
            f"client, {rated[1]:,} of the therapist, {both:,} with a session that both rated."
        )
        measured = (
            f"A change counts as one beyond {short(1.96 * math.sqrt(2) * self.noise)} points "
            f"(1.96·√2 of a within-person SD of {short(self.noise)}, {self.noise_said})."
        )
        return "\n".join(
            (
                f"How the alliance formed in “{self.score_name}”, sessions 1 to {LAST}",
                counted,
                measured,
                NO_NORM,
            )
        )

    def explain(self, row: int) -> str:
        """Return what was found of one dyad, in words.

        Parameters
        ----------
        row : int
            A row of ``dyads``, counted from 0.

        Raises
        ------
        CourseError
            E-FRAME-237 if there is no such row.
        """
        check_row(row, len(self.found), ".dyads")
        return f"{self.pairs.names[row]}: {self.found[row].sentence} {NO_NORM}"

    @overload
    def plot(self, dyad: Any, *, engine: Literal["svg"] = ...) -> Figure: ...
    @overload
    def plot(self, dyad: Any, *, engine: Literal["altair"]) -> Any: ...
    def plot(self, dyad: Any, *, engine: Literal["svg", "altair"] = "svg") -> Any:
        """Draw the first five sessions of one dyad from both chairs.

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
        title = f"{dyad}: how the alliance formed"
        chart = both_chairs(self.pairs, at, self.scale, title=title, last=LAST)
        if engine == "altair":
            return altair_chart(chart)
        return replace(dual_chart(chart), sentence=self.found[at].sentence)


def formation(
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
    noise: float | None = None,
) -> AllianceFormation:
    """Describe how the alliance formed in the first five sessions, from both chairs.

    Parameters
    ----------
    frame : pandas, Polars or PyArrow table, DuckDB relation, any narwhals frame, or path
        One row per form with ``perspective``, or one per session with ``therapist``.
    dyad, session, score : str
        The columns; session 1 is the beginning, sessions after the fifth are left out.
    perspective : str, optional
        The column that says who rated.
    therapist : str, optional
        The column of the therapist's rating, where ``score`` is the client's.
    lower_is, higher_is, scale, measure
        Direction and ends of the scale, or a measure that says both.
    noise : float, optional
        The usual within-person SD, in points, by which a change is called one; by default that
        of the simulated prior, scaled to the range.

    Returns
    -------
    AllianceFormation
        ``dyads`` is a frame of the kind that came in; ``plot(dyad)`` draws both chairs.

    Raises
    ------
    CourseError, RupturesError
        What cannot be used, by row and column.

    Examples
    --------
    >>> import polars as pl, attunement as at
    >>> table = pl.DataFrame(
    ...     {"pair": ["A"] * 3, "session": [1, 2, 3], "own": [3.0, 4.0, 5.5], "other": [3, None, 4]}
    ... )
    >>> found = at.formation(
    ...     table, dyad="pair", session="session", score="own", therapist="other",
    ...     higher_is="better", scale=(0, 6),
    ... )
    >>> found.dyads.select("client_change", "therapist_ratings", "paired").rows()
    [(2.5, 2, 2)]
    """
    known = course_scale(scale, lower_is, higher_is, measure, needed=True)
    if noise is not None and (isinstance(noise, bool) or not (noise > 0 and np.isfinite(noise))):
        raise not_offered("noise", noise, "an SD above 0, in points")
    pairs = read_pairs(
        frame,
        dyad=dyad,
        session=session,
        score=score,
        perspective=perspective,
        therapist=therapist,
        ends=known.ends,
        higher_is_better=known.higher_is_better,
    )
    prior = default_archive(*known.ends).within_sd
    return AllianceFormation(
        pairs=pairs,
        scale=known,
        noise=prior if noise is None else float(noise),
        noise_said="the simulated prior scaled to the range" if noise is None else "as given",
        score_name=score,
        asked=frame,
    )


def _of_chair(who: str, chair: Chair) -> dict[str, Any]:
    return {
        f"{who}_ratings": len(chair.scores),
        f"{who}_first": chair.first,
        f"{who}_last": chair.last,
        f"{who}_change": chair.change,
    }
