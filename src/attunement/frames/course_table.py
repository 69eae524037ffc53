# SPDX-License-Identifier: Apache-2.0
"""``expected_course``: whether a person is where people who began alike were."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from attunement.frames.course_errors import CourseDirectionWarning, CourseError, not_offered
from attunement.frames.course_reading import CourseRows, read_courses
from attunement.frames.course_result import ExpectedCourse
from attunement.frames.course_scale import course_scale
from attunement.frames.course_words import out_of_sample_words
from attunement.frames.direction import ALARMING, wrong_way
from attunement.signals.course import METHODS, Courses
from attunement.signals.course import expected_course as judge_courses
from attunement.signals.course.model import FEWEST_PEOPLE

Better = Literal["better", "worse"]


def expected_course(
    frame: Any,
    *,
    id: str,  # noqa: A002 -- the word that everybody's table has
    session: str,
    score: str,
    lower_is: Better | None = None,
    higher_is: Better | None = None,
    scale: Sequence[float] | None = None,
    measure: str | None = None,
    archive: Any = None,
    method: Literal["model", "neighbours"] = "model",
    features: Sequence[str] = (),
    functional: float | None = None,
    fewest: int = FEWEST_PEOPLE,
) -> ExpectedCourse:
    """Say of each score whether it lies where people who began alike were at that session.

    Parameters
    ----------
    frame : pandas, Polars or PyArrow table, DuckDB relation, any narwhals frame, or path
        One row per person and session, in any order.
    id, session, score : str
        The columns. Session 1 is the beginning: everything is expected from its score. An empty
        score is a missing one, never zero.
    lower_is, higher_is : {"better", "worse"}
        The direction: one of them, unless ``measure`` says it. It is never assumed.
    scale : (float, float)
        The lowest and highest score that the form permits; a score beyond is refused.
    measure : str, optional
        A measure's id, in place of direction and scale.
    archive : table with the same columns, optional
        Finished courses of other people to learn from; people who are judged here are left out
        of it. Without it the people are judged a tenth at a time by a model learned from the
        other nine tenths. Nobody is ever judged by a model that saw them.
    method : {"model", "neighbours"}
        A growth model with bands (log session by first score, person effects), or the 40 people
        who were most alike at the beginning.
    features : sequence of str, optional
        For neighbours: columns of numbers that were known at the beginning, alike in all rows of
        a person.
    functional : float, optional
        Where the functional range begins: a score in it is *functional*, whatever was expected.
    fewest : int
        People with a first and a later score that the archive must have.

    Returns
    -------
    ExpectedCourse
        ``sessions`` is a frame of the kind that came in (Polars for a path); ``str()`` is a
        summary with the share inside the limits, ``explain(row)`` says why, ``plot(id)`` draws.

    Raises
    ------
    CourseError
        E-FRAME-231 … E-FRAME-236: what cannot be used, by row and column, never quoting a cell.
    SignalError
        E-SIGNAL-031 for an archive that is too small or cannot carry the model.

    Warns
    -----
    CourseDirectionWarning
        When scores on the whole get worse from first to last: the direction may be wrong.

    Notes
    -----
    Own parametrisation of the idea of expected recovery curves; see
    `attunement.signals.course.learn_course`. Order of rows and names of people change nothing,
    since people are dealt to tenths by their scores.

    Examples
    --------
    >>> import attunement as at, numpy as np, polars as pl
    >>> chance = np.random.default_rng(3)
    >>> who, when = np.repeat(np.arange(60), 6), np.tile(np.arange(1, 7), 60)
    >>> level = chance.normal(30, 6, 60)[who] + chance.normal(0, 3, 60)[who] * np.log(when)
    >>> score = level - 6 * np.log(when) + chance.normal(0, 2, 360)
    >>> table = pl.DataFrame({"who": who, "session": when, "score": score})
    >>> found = at.expected_course(
    ...     table, id="who", session="session", score="score", lower_is="better",
    ...     scale=(-20, 80), fewest=50,
    ... )
    >>> found.sessions.filter(pl.col("session") == 1)["reason"].unique().to_list()
    ['first_score']
    """
    known = course_scale(scale, lower_is, higher_is, measure, needed=True)
    if method not in METHODS:
        raise not_offered("method", method, "'model' or 'neighbours'")
    features = [features] if isinstance(features, str) else list(features)
    if features and method == "model":
        raise not_offered(
            "features", features, "none for method='model'", "Say method='neighbours' to use them"
        )
    if isinstance(fewest, bool) or not isinstance(fewest, int) or fewest < 1:
        raise not_offered("fewest", fewest, "a number of people")
    low, high = known.ends

    def read(table: Any) -> CourseRows:
        return read_courses(
            table, person=id, session=session, score=score, features=features, bounds=(low, high)
        )

    rows = read(frame)
    _doubt_direction(rows.courses, lower=not known.higher_is_better)
    learned_from, left_out = None, 0
    if archive is not None:
        learned_from, left_out = _others(read(archive), rows)
    found = judge_courses(
        rows.courses,
        minimum=low,
        maximum=high,
        higher_is_better=known.higher_is_better,
        archive=learned_from,
        method=method,
        functional=None if functional is None else _number(functional),
        fewest=fewest,
    )
    return ExpectedCourse(
        found=found,
        rows=rows,
        scale=known,
        session_name=session,
        score_name=score,
        method=method,
        functional=functional,
        learned=out_of_sample_words(found, archive=archive is not None, left_out=left_out),
        asked=frame,
    )


def _doubt_direction(courses: Courses, *, lower: bool) -> None:
    there = np.flatnonzero(~np.isnan(courses.scores))
    person = courses.person
    last = np.full(courses.n_people, np.nan)
    last[person[there]] = courses.scores[there]  # the latest one stays
    far = wrong_way(courses.first(), last, lower=lower)
    if far > ALARMING:
        warnings.warn(
            f"Scores get worse from first to last by {far:.1f} standard deviations on average: "
            f"is it right that {'lower' if lower else 'higher'} is better?",
            CourseDirectionWarning,
            stacklevel=3,
        )


def _others(archive: CourseRows, judged: CourseRows) -> tuple[Courses, int]:
    """Return the archive without people who are judged, and how many those were."""
    here = {str(name) for name in judged.names}
    keep = np.array([str(name) not in here for name in archive.names], dtype=np.bool_)
    if not keep.any():
        raise CourseError(
            "E-FRAME-236",
            what="Everybody in the archive is judged here",
            expected="courses of other people",
            next_step="Leave archive= out: each person is then judged by a model of the others",
        )
    courses = archive.courses
    counts = np.diff(courses.starts)
    rows = np.repeat(keep, counts)
    others = Courses(
        courses.scores[rows],
        courses.sessions[rows],
        np.concatenate(([0], np.cumsum(counts[keep]))).astype(np.int64),
        None if courses.features is None else courses.features[keep],
    )
    return others, int((~keep).sum())


def _number(functional: Any) -> float:
    if isinstance(functional, bool) or not isinstance(functional, int | float):
        raise not_offered("functional", functional, "a score where the functional range begins")
    return float(functional)
