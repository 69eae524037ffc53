# SPDX-License-Identifier: Apache-2.0
"""Series of scores with known truth, as arrays: for benches, tests and power questions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attunement.simulate.errors import SimulationError

Matrix = NDArray[np.float64]
SHAPES = ("dip", "long-dip", "step", "decline")
LONG_DIP = 3  # sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How scores run, with higher = better; points are the measure's own.

    Parameters
    ----------
    level, between_sd, within_sd, autocorrelation : float
        Mean and SD of the persons' levels in session 1; SD and first-order autocorrelation of a
        person's scores around the own line.
    slope, slope_sd : float
        Mean and SD of the persons' change per session.
    noise_spread : float
        SD of the logarithm of the persons' own within SDs.
    minimum, maximum, step : float
        The scale; scores are rounded to steps (0: not at all) and cut off at the ends.
    missing : float
        Chance that a form is missing; in the session after a session in a rupture
        ``missing_after`` times as high.
    depth : float
        How far scores fall in a rupture, in ``within_sd``.
    decline_length : int
        Sessions until a slow decline has its full depth.
    therapist_level, therapist_between_sd, therapist_sd, tracking : float
        The therapist's rating: own level per dyad, noise, and the share of the client's deviation
        from the own line that the therapist's rating follows.
    prediction_sd, prediction_tracking : float
        The same of the therapist's prediction, around the client's level.
    noticed, noticed_depth : float
        Chance that the therapist notices a rupture; their scores then fall by this share of it.
    strain, strain_in_rupture, strain_sessions : float
        Chance of a strain tick in a calm session and in one in a rupture; as how many sessions'
        worth the persons' own chances lie together (beta distribution).
    """

    level: float = 2.8
    between_sd: float = 0.5
    within_sd: float = 0.35
    autocorrelation: float = 0.2
    slope: float = 0.0
    slope_sd: float = 0.0
    noise_spread: float = 0.0
    minimum: float = 0.0
    maximum: float = 4.0
    step: float = 1.0 / 12.0
    missing: float = 0.0
    missing_after: float = 2.5
    depth: float = 2.5
    decline_length: int = 6
    therapist_level: float = 2.5
    therapist_between_sd: float = 0.4
    therapist_sd: float = 0.3
    tracking: float = 0.35
    prediction_sd: float = 0.3
    prediction_tracking: float = 0.35
    noticed: float = 0.45
    noticed_depth: float = 0.7
    strain: float = 0.08
    strain_in_rupture: float = 0.5
    strain_sessions: float = 10.0


@dataclass(frozen=True, slots=True)
class CourseScores:
    """Simulated scores; every matrix has the shape (dyads, sessions), NaN = missing.

    ``onset`` is the session (from 1) in which a rupture begins, 0 where there is none; ``on``
    marks the sessions in which it is on.
    """

    client: Matrix
    therapist: Matrix
    prediction: Matrix
    strain: Matrix
    onset: NDArray[np.int64]
    on: NDArray[np.bool_]


def fall(shape: str, onset: NDArray[np.int64], length: int, decline_length: int) -> Matrix:
    """Return the share of the full depth in each session, shape (dyads, sessions).

    "dip" is one session, "long-dip" three, "step" every session from the onset on, "decline" a
    straight line down to the full depth, where it stays. An onset of 0 is none.

    Raises
    ------
    SimulationError
        E-SIM-001 for another shape.
    """
    since = np.arange(1, length + 1)[None, :] - np.asarray(onset)[:, None]
    if shape == "dip":
        share = (since == 0).astype(np.float64)
    elif shape == "long-dip":
        share = ((since >= 0) & (since < LONG_DIP)).astype(np.float64)
    elif shape == "step":
        share = (since >= 0).astype(np.float64)
    elif shape == "decline":
        share = np.clip((since + 1.0) / decline_length, 0.0, 1.0)
    else:
        raise SimulationError(
            "E-SIM-001",
            what="there is no such shape of a rupture",
            got=repr(shape),
            expected=", ".join(SHAPES),
            next_step="Choose one of these",
        )
    return np.where(np.asarray(onset)[:, None] > 0, share, 0.0)


def series(
    n: int,
    length: int,
    *,
    course: Course | None = None,
    shape: str | None = None,
    onset: tuple[int, int] = (2, 0),
    rng: np.random.Generator,
) -> CourseScores:
    """Draw ``n`` dyads of ``length`` sessions.

    Parameters
    ----------
    course : Course, optional
        How the scores run.
    shape : str, optional
        One of `SHAPES`; without it nothing goes wrong.
    onset : tuple of int
        First and last session in which the rupture may begin, all equally likely; a last of 0
        means ``length``.
    rng : numpy.random.Generator
        Chance.

    Returns
    -------
    CourseScores
        All channels; take those that are wanted.
    """
    course = Course() if course is None else course
    begins = np.zeros(n, dtype=np.int64)
    lost = np.zeros((n, length))
    if shape is not None:
        begins = rng.integers(onset[0], (onset[1] or length) + 1, n)
        lost = fall(shape, begins, length, course.decline_length)
    noise = _memory(rng.standard_normal((n, length)), course.autocorrelation)
    noise *= course.within_sd * np.exp(course.noise_spread * rng.standard_normal((n, 1)))
    person = course.between_sd * rng.standard_normal((n, 1))
    slope = course.slope + course.slope_sd * rng.standard_normal((n, 1))
    calm = course.level + person + slope * np.arange(length)
    points = lost * course.depth * course.within_sd
    client = _scored(calm + noise - points, course)
    felt = points * course.noticed_depth * (rng.random((n, 1)) < course.noticed)
    own = course.therapist_level + course.therapist_between_sd * rng.standard_normal((n, 1))
    own = own + slope * np.arange(length)
    rating = own + course.tracking * noise + course.therapist_sd * rng.standard_normal(noise.shape)
    guess = calm + course.prediction_tracking * noise
    guess = guess + course.prediction_sd * rng.standard_normal(noise.shape)
    after = np.zeros_like(lost)
    after[:, 1:] = lost[:, :-1] > 0
    chance = course.missing * np.where(after > 0, course.missing_after, 1.0)
    client[rng.random(client.shape) < chance] = math.nan
    return CourseScores(
        client=client,
        therapist=_scored(rating - felt, course),
        prediction=_scored(guess - felt, course),
        strain=_ticks(lost, course, rng),
        onset=begins,
        on=lost > 0,
    )


def _memory(shocks: Matrix, memory: float) -> Matrix:
    """Return a stationary first-order autoregression with variance 1; changes ``shocks``."""
    fresh = math.sqrt(1.0 - memory**2)
    for t in range(1, shocks.shape[1]):
        shocks[:, t] = memory * shocks[:, t - 1] + fresh * shocks[:, t]
    return shocks


def _scored(scores: Matrix, course: Course) -> Matrix:
    """Round to steps and cut off at the ends."""
    if course.step > 0:
        steps = np.round((scores - course.minimum) / course.step)
        scores = course.minimum + steps * course.step
    return np.asarray(np.clip(scores, course.minimum, course.maximum))


def _ticks(lost: Matrix, course: Course, rng: np.random.Generator) -> Matrix:
    weight = course.strain_sessions
    own = rng.beta(course.strain * weight, (1.0 - course.strain) * weight, (len(lost), 1))
    chance = np.where(lost > 0, course.strain_in_rupture, own)
    return (rng.random(lost.shape) < chance).astype(np.float64)
