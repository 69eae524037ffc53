# SPDX-License-Identifier: Apache-2.0
"""``sudden_gains``: scores of persons over sessions in any table, the same kind of table out."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from typing import Any, Literal

import polars as pl

from attunement.frames.direction import ALARMING
from attunement.frames.direction import lower_is_better as told_direction
from attunement.frames.gains_errors import GainsDirectionWarning, GainsError
from attunement.frames.gains_reading import read_courses
from attunement.frames.gains_result import SuddenGains
from attunement.frames.gains_words import wrong_way
from attunement.frames.ratings_plan import RatingColumns
from attunement.frames.ratings_reading import Ratings
from attunement.frames.score_request import processors
from attunement.signals.gains import Cutoff, GainOptions, Gains
from attunement.signals.gains import sudden_gains as find_gains
from attunement.signals.gains.options import EVERY, Relative, Which

Better = Literal["better", "worse"]


def sudden_gains(
    frame: Any,
    *,
    id: str | None = None,  # noqa: A002 -- the word that everybody's table has
    session: str | None = None,
    score: str | None = None,
    cutoff: float | Cutoff | None = None,
    lower_is: Better | None = None,
    higher_is: Better | None = None,
    losses: bool = False,
    criteria: Collection[int] = EVERY,
    share: float = 0.25,
    relative: Relative = "percent",
    alpha: float = 0.05,
    fixed_t: float | None = None,
    missing: Literal["propagate", "strict"] = "propagate",
    baseline: Literal["use", "leave_out"] = "use",
    gaps: Literal["missing", "close"] = "missing",
    cases: Literal["all", "pattern"] | int = "all",
    multiple: Which = "first",
    scale: tuple[float, float] | None = None,
    measure: str | None = None,
    perspective: str | None = None,
    date: str | None = None,
    date_format: str | None = None,
) -> SuddenGains:
    """Find sudden gains: large, lasting steps for the better between two sessions.

    Parameters
    ----------
    frame : pandas, Polars or PyArrow table, DuckDB relation, any narwhals frame, or path
        One row per person and session (or one row per person with a column for each session, when
        ``score`` names what the columns share). Rows may come in any order.
    id, session, score : str
        The columns; told from their names where they are left out, and said in ``said``.
    cutoff : float or Cutoff
        Criterion 1: the least change in points, such as 7 for the BDI, or what
        ``define_crit1_cutoff(sd, reliability)`` derives.
    lower_is, higher_is : {"better", "worse"}
        The direction: one of them, unless ``measure`` says it. It is never assumed.
    losses : bool
        Look for sudden losses: everything mirrored, criterion 2 included.
    criteria : collection of {1, 2, 3}
        Which criteria are on.
    share : float
        Criterion 2: the least change as a share of the score before.
    relative : {"percent", "pomp", "vacuous_loss"}
        What the share is taken of; see `attunement.signals.gains.GainOptions`. ``"pomp"`` needs
        the scale, and suits scales that do not begin at 0.
    alpha, fixed_t : float
        Criterion 3: the level of its factor; or one factor (2.776) whatever is missing.
    missing : {"propagate", "strict"}
        Whether an interval with a criterion that cannot be judged is missing, or refused where
        another criterion fails.
    baseline : {"use", "leave_out"}
        Rows before session 1. Used, they make the interval from session 1 to 2 testable.
    gaps : {"missing", "close"}
        Session numbers without a row: sessions without a score, or none at all.
    cases : {"all", "pattern"} or int
        Everybody; those with scores around at least one interval; those with so many scores.
    multiple : {"first", "last", "smallest", "largest"}
        Which gain stands for a person in ``persons``.
    scale : (float, float)
        The lowest and the highest possible score; a score beyond is refused.
    measure : str
        A measure's id: gives scale and direction.
    perspective : str
        The column that says who rated (each chair is its own course), or one word for all.
    date, date_format : str
        A column with the dates of the sessions: rows that go back in time are refused.

    Returns
    -------
    SuddenGains
        ``gains``, ``intervals`` and ``persons`` are frames of the kind that came in (Polars for a
        path); ``str()`` is a summary, ``explain(row)`` says why, ``plot()`` draws.

    Raises
    ------
    GainsError
        ``E-FRAME-221`` without a direction, ``E-FRAME-222``.
    RatingsError
        ``E-FRAME-101`` … where columns are not found or nothing usable is left.
    SignalError
        ``E-SIGNAL-020`` for a choice that means nothing, such as no cut-off with criterion 1.

    Warns
    -----
    GainsDirectionWarning
        When scores on the whole get worse from first to last: the direction may be wrong.

    Notes
    -----
    Criteria of Tang and DeRubeis (1999), doi 10.1037/0022-006X.67.6.894; checked against every
    gain and interval of the R package suddengains 0.7.2 on its example data. A mistake in a row
    leaves that row out and is told once, in ``problems``.

    Examples
    --------
    >>> import polars as pl, attunement as at
    >>> bdi = [35, 37, 34, 23, 24, 21, 22, 20]
    >>> table = pl.DataFrame({"client": ["A"] * 8, "session": range(1, 9), "bdi": bdi})
    >>> found = at.sudden_gains(
    ...     table, id="client", session="session", score="bdi", cutoff=7, lower_is="better"
    ... )
    >>> found.gains.select("client", "session", "magnitude", "reversed").rows()
    [('A', 3, 11.0, False)]
    """
    lower_is_better = _direction(lower_is, higher_is)
    _check_words(missing=missing, baseline=baseline, gaps=gaps, cases=cases)
    if lower_is_better is None and measure is None:
        raise _no_direction(named=False)
    courses = read_courses(
        frame,
        columns=RatingColumns(id, session, date, perspective, score, date_format=date_format),
        measure=measure,
        scale=scale,
        lower_is_better=lower_is_better,
        leave_out_baseline=baseline == "leave_out",
    )
    read = courses.read
    if read.scale.higher_is_better is None:
        raise _no_direction(named=True)
    options = GainOptions(
        lower_is_better=not read.scale.higher_is_better,
        cutoff=cutoff,
        criteria=criteria,
        losses=losses,
        share=share,
        relative=relative,
        minimum=None if read.scale.source == "observed" else read.scale.minimum,
        alpha=alpha,
        fixed_t=fixed_t,
        strict=missing == "strict",
        least_scores=cases if isinstance(cases, int) else None,
        pattern=cases == "pattern",
        which=multiple,
    )
    if options.uses(2) and relative == "percent":
        _refuse_negative(read)
    found = find_gains(
        courses.values,
        courses.sessions,
        courses.starts,
        options,
        close_gaps=gaps == "close",
        threads=processors(),
    )
    _warn_of_wrong_way(found)
    return SuddenGains(
        found=found,
        labels=courses.labels,
        asked=frame,
        scale=read.scale,
        score_name=read.score_name,
        problems=read.problems,
        said=read.said,
    )


def _check_words(*, cases: object, **words: object) -> None:
    """Refuse values that are not offered."""
    offered = {
        "missing": ("propagate", "strict"),
        "baseline": ("use", "leave_out"),
        "gaps": ("missing", "close"),
    }
    for name, value in words.items():
        _check(name, value, offered[name])
    if isinstance(cases, bool) or not isinstance(cases, int):
        _check("cases", cases, ("all", "pattern"), or_else="a whole number")


def _warn_of_wrong_way(found: Gains) -> None:
    """Warn when scores on the whole get worse from first to last."""
    far = wrong_way(found)
    if far > ALARMING:
        better = "lower" if found.options.lower_is_better else "higher"
        warnings.warn(
            f"Scores get worse from first to last by {far:.1f} standard deviations on average: "
            f"is it right that {better} is better?",
            GainsDirectionWarning,
            stacklevel=3,
        )


def _refuse_negative(read: Ratings) -> None:
    """Refuse to take a share of scores that go below 0."""
    below = read.frame.filter(pl.col("score") < 0)["row"].sort()
    if below.len():
        raise GainsError(
            "E-FRAME-222",
            what="Criterion 2 takes a share of the score, and some scores are below 0",
            got=f"row {below[0]}, {below.len()} in all",
            expected="scores from 0, where 0 stands for none",
            next_step="Say relative='pomp' with the scale, or leave criterion 2 out: "
            "criteria=(1, 3)",
        )


def _check(name: str, value: object, offered: tuple[str, ...], *, or_else: str = "") -> None:
    if value not in offered:
        raise GainsError(
            "E-FRAME-222",
            what=f"{name}= has a value that is not offered",
            got=repr(value),
            expected=", ".join([*offered, or_else] if or_else else offered),
            next_step="Choose one of these",
        )


def _direction(lower_is: str | None, higher_is: str | None) -> bool | None:
    """Return whether lower is better; None where nobody said."""
    return told_direction(
        lower_is, higher_is, refusal=GainsError, unclear="E-FRAME-221", unknown="E-FRAME-222"
    )


def _no_direction(*, named: bool) -> GainsError:
    return GainsError(
        "E-FRAME-221",
        what="Which end of the scale is better is not known",
        got="a measure whose better end is not known"
        if named
        else "neither lower_is nor higher_is",
        expected="lower_is='better', higher_is='better', or a measure that says it",
        next_step="Say lower_is='better' for symptoms, higher_is='better' for an alliance",
    )
