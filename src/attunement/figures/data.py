# SPDX-License-Identifier: Apache-2.0
"""What a dual chart shows: two lines, their scale, and marks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from attunement.figures.errors import FigureError
from attunement.figures.markup import decimals

_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Line:
    """One chair's scores.

    Parameters
    ----------
    label : str
        Whose: shown at the end of the line and as the heading of a column.
    sessions : tuple of int
        Session numbers, strictly increasing.
    values : tuple of float or None
        The scores; ``None`` where a form is missing. The line is broken there, never bridged.

    Raises
    ------
    FigureError
        ``E-FIGURE-001``, ``E-FIGURE-002``.
    """

    label: str
    sessions: tuple[int, ...]
    values: tuple[float | None, ...]

    def __post_init__(self) -> None:
        """Refuse what is not one value per session in order."""
        if len(self.sessions) != len(self.values):
            raise FigureError(
                "E-FIGURE-001",
                what="the sessions and the values of a line do not pair up",
                got=f"{len(self.sessions)} session numbers and {len(self.values)} values",
                expected="one value, or None, for each session",
                next_step="Give None for a missing form",
            )
        for before, after in zip(self.sessions, self.sessions[1:], strict=False):
            if after <= before:
                raise FigureError(
                    "E-FIGURE-002",
                    what="the session numbers of a line are not strictly increasing",
                    got=f"session {after} after session {before}",
                    expected="each session once, in order",
                    next_step="Sort by session number and settle doubled sessions first",
                )

    def scores(self) -> dict[int, float]:
        """Return the sessions that have a score, in order."""
        pairs = zip(self.sessions, self.values, strict=True)
        return {session: value for session, value in pairs if value is not None}


@dataclass(frozen=True, slots=True)
class Mark:
    """A signal on the chart: a short label in a shape above the point, and its sentence."""

    session_no: int
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Band:
    """What was to be expected, session by session: an area behind the lines.

    Parameters
    ----------
    label : str
        What it is, as the heading of two columns: "usual", "expected".
    sessions : tuple of int
        Session numbers, strictly increasing.
    low, high : tuple of float or None
        Its ends, drawn inside the scale; ``None`` where there is none. The area is broken there.

    Raises
    ------
    FigureError
        ``E-FIGURE-001``, ``E-FIGURE-002``, as for a line.
    """

    label: str
    sessions: tuple[int, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]

    def __post_init__(self) -> None:
        """Refuse what is not two values per session in order."""
        for end in (self.low, self.high):
            Line(self.label, self.sessions, end)

    def ends(self) -> dict[int, tuple[float, float]]:
        """Return the sessions that have both ends, in order."""
        both = zip(self.sessions, self.low, self.high, strict=True)
        return {
            session: (low, high)
            for session, low, high in both
            if low is not None and high is not None
        }


@dataclass(frozen=True)
class DualChart:
    """Both chairs on one axis.

    Parameters
    ----------
    client, therapist : Line or None
        Either may be None or without a single value.
    minimum, maximum : float
        The ends of the scale; the axis always shows the whole scale.
    higher_is_better : bool or None
        The direction of the measure; it changes words, never the axis. None where nobody said:
        then neither end is called the better one.
    marks : tuple of Mark
        Signals.
    words : tuple of (str, str)
        What the minimum and the maximum mean, in the words of the form.
    title : str
        The title of the figure.
    key : str
        Makes the ids of this figure unique on its page.
    noise : float or None
        The usual change from one session to the next (one SD), in points, if known.
    cancelled : tuple of int
        Sessions that did not take place.
    observed : bool
        Whether the ends are only the lowest and highest score that occur, not the scale's own.
    band : Band or None
        What was to be expected; an area behind the lines, and two columns of the table.

    Raises
    ------
    FigureError
        ``E-FIGURE-003`` (naming the session, never the value), ``E-FIGURE-004``.
    """

    client: Line | None
    therapist: Line | None
    minimum: float
    maximum: float
    higher_is_better: bool | None = True
    marks: tuple[Mark, ...] = ()
    words: tuple[str, str] = ("", "")
    title: str = "Both ratings, session by session"
    key: str = "chart"
    noise: float | None = None
    cancelled: tuple[int, ...] = ()
    observed: bool = False
    band: Band | None = None

    def __post_init__(self) -> None:
        """Refuse a scale that is none, and values off it."""
        check_scale(self.minimum, self.maximum)
        for line in (self.client, self.therapist):
            if line is not None:
                check_values(line.sessions, line.values, self.minimum, self.maximum)

    @property
    def best(self) -> float | None:
        """The best possible score; None where the direction or the scale's ends are not known."""
        if self.higher_is_better is None or self.observed:
            return None
        return self.maximum if self.higher_is_better else self.minimum

    @cached_property
    def client_scores(self) -> dict[int, float]:
        """The client's scores by session."""
        return {} if self.client is None else self.client.scores()

    @cached_property
    def therapist_scores(self) -> dict[int, float]:
        """The therapist's scores by session."""
        return {} if self.therapist is None else self.therapist.scores()

    @cached_property
    def sessions(self) -> tuple[int, ...]:
        """Every session that anything is known about, in order."""
        found = {mark.session_no for mark in self.marks} | set(self.cancelled)
        for line in (self.client, self.therapist):
            if line is not None:
                found.update(line.sessions)
        return tuple(sorted(found))

    @cached_property
    def places(self) -> int:
        """Decimals for this chart's scores: none if all are whole."""
        scores = (*self.client_scores.values(), *self.therapist_scores.values())
        whole = bool(scores) and all(score == round(score) for score in scores)
        return decimals(self.minimum, self.maximum, whole=whole)

    @cached_property
    def at_best(self) -> bool:
        """Whether any score sits at the best end of the scale."""
        scores = (*self.client_scores.values(), *self.therapist_scores.values())
        return any(self.is_best(score) for score in scores)

    def is_best(self, score: float) -> bool:
        """Whether a score is the best possible one."""
        best = self.best
        return best is not None and abs(score - best) <= _SLACK * (self.maximum - self.minimum)


def check_scale(minimum: float, maximum: float) -> None:
    """Refuse ends that are not two finite numbers in order."""
    if not (math.isfinite(minimum) and math.isfinite(maximum) and minimum < maximum):
        raise FigureError(
            "E-FIGURE-004",
            what="the ends of the scale cannot be used",
            got=f"minimum {minimum!r} and maximum {maximum!r}",
            expected="two numbers, the minimum below the maximum",
            next_step="Take the range from the measure's definition",
        )


def check_values(
    sessions: tuple[int, ...], values: tuple[float | None, ...], minimum: float, maximum: float
) -> None:
    """Refuse values that are not numbers on the scale; the message never shows the value."""
    slack = _SLACK * (maximum - minimum)
    for session, value in zip(sessions, values, strict=True):
        if value is not None and not minimum - slack <= value <= maximum + slack:
            raise FigureError(
                "E-FIGURE-003",
                what=f"the value of session {session} cannot be drawn",
                got="a value that is not a number"
                if math.isnan(value)
                else "a value off the scale",
                expected=f"a number from {minimum:g} to {maximum:g}, or None",
                next_step="Give None for a missing form, or check the range of the measure",
            )
