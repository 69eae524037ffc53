# SPDX-License-Identifier: Apache-2.0
"""Expected response: what people who began alike scored at the same session.

For session s ≥ 2 of a person whose first score was u (session 1):

    score = β₀ + β₁(u − ū) + β₂·ln s + β₃(u − ū)·ln s + b₀ + b₁·ln s + e,

with (b₀, b₁) of the person. The band for a *new* person adds the uncertainty of β, of the person
and of the occasion.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from attunement.models import MixedFit, ModelError, fit_mixed
from attunement.signals.batch import IntArray
from attunement.signals.errors import SignalError
from attunement.signals.series import FloatArray

RULE_VERSION = "1"
FEWEST_PEOPLE = 300
FEWEST_AT_A_SESSION = 20
# Two-sided 68 % and 80 % limits of a normal distribution.
INNER, OUTER = 0.994, 1.2816


@dataclass(frozen=True, slots=True)
class CourseModel:
    """What an archive leads to expect, and how far that reaches.

    Parameters
    ----------
    fixed, fixed_covariance, random_covariance, residual_variance
        Of the mixed model, in the measure's units; ``random_covariance`` is (2, 2).
    centre : float
        Mean first score of the archive's people.
    lowest, highest : float
        First scores between which the archive has people.
    last_session : int
        Last session at which at least 20 people of the archive have a score.
    n_people, n_scores : int
        What it was learned from.
    version : str
        Rule version and a digest of the numbers: two models of one version are the same.
    """

    fixed: FloatArray
    fixed_covariance: FloatArray
    random_covariance: FloatArray
    residual_variance: float
    centre: float
    lowest: float
    highest: float
    last_session: int
    n_people: int
    n_scores: int
    version: str

    def expected(self, first: FloatArray, sessions: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return mean and SD of the score of a new person, shape (rows,) each."""
        x = design(first, sessions, self.centre)
        z = x[:, (0, 2)]
        mean = x @ self.fixed
        variance = np.einsum("rp,ps,rs->r", x, self.fixed_covariance, x)
        variance += np.einsum("rq,qs,rs->r", z, self.random_covariance, z)
        return mean, np.sqrt(variance + self.residual_variance)


def design(first: FloatArray, sessions: IntArray, centre: float) -> FloatArray:
    """Return the columns 1, u − ū, ln s, (u − ū)·ln s."""
    apart = first - centre
    late = np.log(sessions.astype(np.float64))
    return np.column_stack((np.ones(late.size), apart, late, apart * late))


@dataclass(frozen=True, slots=True)
class Archive:
    """Courses to learn from: scores from session 2 on, person after person.

    Parameters
    ----------
    first : numpy.ndarray, shape (people,)
        First scores.
    scores : numpy.ndarray, shape (rows,)
        Without missing ones.
    sessions : numpy.ndarray of int, shape (rows,)
        2 or more.
    starts : numpy.ndarray of int, shape (people + 1,)
        First row of each person; everybody has a row.
    """

    first: FloatArray
    scores: FloatArray
    sessions: IntArray
    starts: IntArray

    @property
    def n_people(self) -> int:
        """Number of people."""
        return int(self.first.size)

    def without(self, people: IntArray) -> Archive:
        """Return the archive without some people, given by position."""
        keep = np.ones(self.n_people, dtype=np.bool_)
        keep[people] = False
        counts = np.diff(self.starts)
        rows = np.repeat(keep, counts)
        starts = np.concatenate(([0], np.cumsum(counts[keep])))
        return Archive(self.first[keep], self.scores[rows], self.sessions[rows], starts)


def learn_course(archive: Archive, *, fewest: int = FEWEST_PEOPLE) -> tuple[CourseModel, MixedFit]:
    """Learn what to expect from an archive of courses.

    Parameters
    ----------
    archive : Archive
        Only people whose course is over, or at least not the ones that will be judged.
    fewest : int
        How many people there must be. With fewer than 300 the bands say little of a new person.

    Returns
    -------
    CourseModel, MixedFit

    Raises
    ------
    SignalError
        ``E-SIGNAL-031`` for too few people, no session with 20 of them, or scores that cannot
        carry the model.

    Notes
    -----
    Own parametrisation of the idea of expected recovery curves (Finch, Lambert & Schaalje 2001;
    their bands of intake scores were not seen, so this bears no author's name). Parameters are
    recovered from simulated archives, and 68 and 80 % of new people lie within the limits, in
    the tests.
    """
    last = _last_session(archive)
    if archive.n_people < fewest or last is None:
        raise SignalError(
            "E-SIGNAL-031",
            what="the archive is too small to expect a course from it",
            got=f"{archive.n_people} people with a first and a later score",
            expected=f"at least {fewest}, and a session with {FEWEST_AT_A_SESSION} scores",
            next_step="Use published curves, or wait until more courses are finished",
        )
    centre = float(archive.first.mean())
    person = np.repeat(np.arange(archive.n_people), np.diff(archive.starts))
    x = design(archive.first[person], archive.sessions, centre)
    try:
        fit = fit_mixed(archive.scores, x, x[:, (0, 2)], archive.starts)
    except ModelError as problem:
        raise SignalError(
            "E-SIGNAL-031",
            what="the archive cannot carry the model of expected courses",
            got=f"{archive.scores.size} scores of {archive.n_people} people",
            expected="more than two later scores for many people, and first scores that differ",
            next_step="Give an archive with more sessions for each person",
        ) from problem
    numbers = (fit.fixed, fit.fixed_covariance, fit.random_covariance)
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in numbers))
    digest.update(np.array([fit.residual_variance, centre, float(last)]).tobytes())
    model = CourseModel(
        fixed=fit.fixed,
        fixed_covariance=fit.fixed_covariance,
        random_covariance=fit.random_covariance,
        residual_variance=fit.residual_variance,
        centre=centre,
        lowest=float(archive.first.min()),
        highest=float(archive.first.max()),
        last_session=last,
        n_people=archive.n_people,
        n_scores=int(archive.scores.size),
        version=f"{RULE_VERSION}-{digest.hexdigest()[:12]}",
    )
    return model, fit


def _last_session(archive: Archive) -> int | None:
    """Return the last session at which enough people have a score."""
    if not archive.sessions.size:
        return None
    numbers, counts = np.unique(archive.sessions, return_counts=True)
    enough = numbers[counts >= FEWEST_AT_A_SESSION]
    return int(enough.max()) if enough.size else None
