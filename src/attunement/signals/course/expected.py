# SPDX-License-Identifier: Apache-2.0
"""Each score beside what was to be expected of it, by a model that never saw its person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from attunement.signals.batch import BoolArray, IntArray
from attunement.signals.course.model import (
    FEWEST_PEOPLE,
    INNER,
    OUTER,
    Archive,
    CourseModel,
    learn_course,
)
from attunement.signals.course.neighbours import MOST_ALIKE, learn_neighbours
from attunement.signals.errors import SignalError
from attunement.signals.series import FloatArray

METHODS = ("model", "neighbours")
FOLDS = 10


class Position(IntEnum):
    """Where a score lies beside the limits; ``NONE`` is no verdict."""

    NONE = 0
    FAR_BETTER = 1
    AS_EXPECTED = 2
    WORSE = 3
    FAR_WORSE = 4
    FUNCTIONAL = 5


class Unjudged(IntEnum):
    """Why a score has no position; ``JUDGED`` is 0."""

    JUDGED = 0
    NO_SCORE = 1
    FIRST_SCORE = 2
    NO_FIRST_SCORE = 3
    BEYOND_THE_ARCHIVE = 4
    UNLIKE_THE_ARCHIVE = 5


@dataclass(frozen=True, slots=True)
class Courses:
    """Scores of people in flat arrays, person after person and session after session.

    Parameters
    ----------
    scores : numpy.ndarray, shape (rows,)
        NaN = no form.
    sessions : numpy.ndarray of int, shape (rows,)
        1 is the beginning; strictly increasing within a person.
    starts : numpy.ndarray of int, shape (people + 1,)
        First row of each person.
    features : numpy.ndarray, shape (people, more), optional
        What else is known of each person at the beginning, for neighbours.
    part : numpy.ndarray of int, shape (people,), optional
        Which of the ten parts each person belongs to (0 to 9); by position where it is not given.
    """

    scores: FloatArray
    sessions: IntArray
    starts: IntArray
    features: FloatArray | None = None
    part: IntArray | None = None

    @property
    def n_people(self) -> int:
        """Number of people."""
        return int(self.starts.size) - 1

    @property
    def person(self) -> IntArray:
        """The position of each row's person."""
        return np.repeat(np.arange(self.n_people), np.diff(self.starts))

    def first(self) -> FloatArray:
        """Return each person's score of session 1; NaN where there is none."""
        found = np.full(self.n_people, np.nan)
        begins = self.sessions == 1
        found[self.person[begins]] = self.scores[begins]
        return found

    def archive(self) -> tuple[Archive, IntArray]:
        """Return what a model can learn from, and the position of each of its people."""
        first = self.first()
        person = self.person
        used: BoolArray = np.isfinite(self.scores) & np.greater(self.sessions, 1)
        used &= np.isfinite(first[person])
        if self.features is not None:
            used &= np.asarray(np.isfinite(self.features).all(axis=1))[person]
        people, counts = np.unique(person[used], return_counts=True)
        starts = np.concatenate(([0], np.cumsum(counts)))
        return Archive(first[people], self.scores[used], self.sessions[used], starts), people


@dataclass(frozen=True, slots=True)
class Expected:
    """What was expected of each row; all arrays have the length of the rows.

    Parameters
    ----------
    mean, sd : numpy.ndarray
        Of the score of a new person with the same beginning; NaN where nothing is expected.
    inner, outer : numpy.ndarray, shape (rows, 2)
        Lower and upper 68 % and 80 % limits, cut off at the ends of the scale.
    position, reason : numpy.ndarray of int8
        `Position` and `Unjudged` codes.
    fold : numpy.ndarray of int
        Which model judged the row, a position in ``models``; −1 for none.
    models : tuple of CourseModel
        The models; none of them was learned from a person it judged.
    """

    mean: FloatArray
    sd: FloatArray
    inner: FloatArray
    outer: FloatArray
    position: NDArray[np.int8]
    reason: NDArray[np.int8]
    fold: IntArray
    models: tuple[CourseModel, ...]


def expected_course(
    courses: Courses,
    *,
    minimum: float,
    maximum: float,
    higher_is_better: bool,
    archive: Courses | None = None,
    method: str = "model",
    functional: float | None = None,
    fewest: int = FEWEST_PEOPLE,
    k: int = MOST_ALIKE,
) -> Expected:
    """Say of each score whether it lies where people who began alike were.

    Parameters
    ----------
    courses : Courses
        The people to judge.
    minimum, maximum : float
        The scale.
    higher_is_better : bool
        The direction of the measure.
    archive : Courses, optional
        Other people to learn from. Without it the people are divided into ten parts, and each
        part is judged by a model learned from the other nine: nobody is judged by a model that
        saw them.
    method : {"model", "neighbours"}
        Growth model with bands, or the ``k`` people who were most alike at the beginning.
    functional : float, optional
        Where the functional range begins; a score in it is *functional*, whatever was expected.
    fewest : int
        People needed to learn from.

    Returns
    -------
    Expected

    Raises
    ------
    SignalError
        ``E-SIGNAL-006`` for another method, ``E-SIGNAL-031`` for an archive that is too small.

    Notes
    -----
    A score in the worst 10 % (below the 80 % limits) is *far worse*, between the 68 % and the
    80 % limit *worse*, above the 80 % limits *far better*. A session or a first score that the
    archive does not have is not judged. The limits are those of one occasion: in a series of ten
    sessions a person who is doing just as expected is *far worse* at least once more often than
    in one case of ten.
    """
    if method not in METHODS:
        raise SignalError(
            "E-SIGNAL-006",
            what="there is no such way to expect a course",
            got=repr(method),
            expected=" or ".join(METHODS),
            next_step="Choose one of these",
        )
    found = _Found(courses)
    for judged, learned in _folds(courses, archive):
        found.add(judged, learned, method=method, fewest=fewest, k=k)
    return found.finish(
        low=minimum, high=maximum, towards=1.0 if higher_is_better else -1.0, functional=functional
    )


def _folds(courses: Courses, archive: Courses | None) -> list[tuple[IntArray, Courses]]:
    """Return who is judged, and whom the model is learned from, for each model."""
    everybody = np.arange(courses.n_people)
    if archive is not None:
        return [(everybody, archive)]
    part = everybody % FOLDS if courses.part is None else courses.part
    parts = [np.flatnonzero(part == one) for one in range(FOLDS)]
    return [(part, _drop(courses, part)) for part in parts if part.size]


def _drop(courses: Courses, people: IntArray) -> Courses:
    keep = np.ones(courses.n_people, dtype=np.bool_)
    keep[people] = False
    counts = np.diff(courses.starts)
    rows = np.repeat(keep, counts)
    return Courses(
        courses.scores[rows],
        courses.sessions[rows],
        np.concatenate(([0], np.cumsum(counts[keep]))),
        None if courses.features is None else courses.features[keep],
    )


class _Found:
    """Collects what the models say, row by row."""

    def __init__(self, courses: Courses) -> None:
        rows = courses.scores.size
        self.courses = courses
        self.first = courses.first()
        self.person = courses.person
        self.mean = np.full(rows, np.nan)
        self.sd = np.full(rows, np.nan)
        self.fold = np.full(rows, -1, dtype=np.int64)
        self.models: list[CourseModel] = []
        self.reason = np.zeros(rows, dtype=np.int8)
        later = courses.sessions > 1
        self.reason[np.isnan(self.first)[self.person] & later] = Unjudged.NO_FIRST_SCORE
        self.reason[~later] = Unjudged.FIRST_SCORE
        self.reason[np.isnan(courses.scores)] = Unjudged.NO_SCORE

    def add(self, judged: IntArray, learned: Courses, *, method: str, fewest: int, k: int) -> None:
        archive, people = learned.archive()
        model, fit = learn_course(archive, fewest=fewest)
        rows = np.zeros(self.courses.n_people, dtype=np.bool_)
        rows[judged] = True
        at = np.flatnonzero(rows[self.person] & (self.courses.sessions > 1))
        at = at[~np.isnan(self.first[self.person[at]])]
        sessions, first = self.courses.sessions[at], self.first[self.person[at]]
        beyond = sessions > model.last_session
        unlike = (first < model.lowest) | (first > model.highest)
        expected = ~beyond & ~unlike
        if method == "neighbours":
            features = _features(learned, people, archive.first)
            alike = learn_neighbours(archive, features, model, fit, k=k)
            own = _features(self.courses, self.person[at], first)
            known = np.isfinite(own).all(axis=1)
            unlike |= ~known
            expected &= known
            mean, sd = alike.expected(own[expected], sessions[expected])
        else:
            mean, sd = model.expected(first[expected], sessions[expected])
        there = self.reason[at] == Unjudged.JUDGED
        self.reason[at[there & unlike]] = Unjudged.UNLIKE_THE_ARCHIVE
        self.reason[at[there & beyond]] = Unjudged.BEYOND_THE_ARCHIVE
        self.mean[at[expected]], self.sd[at[expected]] = mean, sd
        self.fold[at[expected]] = len(self.models)
        self.models.append(model)

    def finish(
        self, *, low: float, high: float, towards: float, functional: float | None
    ) -> Expected:
        scores = self.courses.scores
        ends = np.array([-1.0, 1.0])
        bands = [
            np.clip(self.mean[:, None] + width * self.sd[:, None] * ends, low, high)
            for width in (INNER, OUTER)
        ]
        with np.errstate(invalid="ignore"):
            z = towards * (scores - self.mean) / self.sd
            position = np.full(scores.size, int(Position.AS_EXPECTED))
            position[z < -INNER] = Position.WORSE
            position[z < -OUTER] = Position.FAR_WORSE
            position[z > OUTER] = Position.FAR_BETTER
            if functional is not None:
                position[towards * scores >= towards * functional] = Position.FUNCTIONAL
        position[(self.reason != Unjudged.JUDGED) | np.isnan(self.mean)] = Position.NONE
        return Expected(
            mean=self.mean,
            sd=self.sd,
            inner=bands[0],
            outer=bands[1],
            position=position.astype(np.int8),
            reason=self.reason,
            fold=self.fold,
            models=tuple(self.models),
        )


def _features(courses: Courses, people: IntArray, first: FloatArray) -> FloatArray:
    """Return what is known at the beginning, the first score in front."""
    column = first[:, np.newaxis]
    return column if courses.features is None else np.hstack((column, courses.features[people]))
