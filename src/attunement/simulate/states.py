# SPDX-License-Identifier: Apache-2.0
"""The true states behind the forms: a client's alliance over time and what the therapist sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attunement.simulate.course import Course
from attunement.simulate.forms import MAXIMUM
from attunement.simulate.settings import Settings

GROWTH_SESSIONS = 4.0

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class States:
    """True values; matrices are dyads × sessions, also filled past a dyad's last session.

    ``calm`` is the client's state had there been no rupture; ``client``, ``therapist`` and
    ``prediction`` are what the forms are drawn around. ``dip`` and ``repairing`` mark sessions.
    """

    level: NDArray[np.float64]
    bias: NDArray[np.float64]
    tracking: NDArray[np.float64]
    calm: Matrix
    client: Matrix
    therapist: Matrix
    prediction: Matrix
    dip: NDArray[np.bool_]
    repairing: NDArray[np.bool_]


def draw(
    course: Course, *, therapists: int, settings: Settings, rng: np.random.Generator
) -> States:
    """Draw the states of every dyad in every session."""
    n = len(course.n_sessions)
    numbers = np.arange(1, int(course.n_sessions.max()) + 1)[None, :]
    between = np.sqrt(_therapist_variance(settings))
    level = (
        settings.level
        + (rng.normal(0.0, 1.0, therapists) * between)[course.therapist]
        + rng.normal(0.0, 1.0, n) * settings.between_sd
    )
    grown = settings.growth * (1.0 - np.exp(-(numbers - 1) / GROWTH_SESSIONS))
    calm = level[:, None] + grown + _wander(n, numbers.shape[1], settings, rng)

    onset, end = course.onset[:, None], (course.onset + course.length)[:, None]
    ruptured = course.ruptured[:, None]
    dip = ruptured & (numbers >= onset) & (numbers < end)
    repairing = ruptured & course.repaired[:, None] & (numbers == end)
    after = ruptured & ~course.repaired[:, None] & (numbers >= end)
    # A dip starts from what the form can show, so that its depth can be seen at the ceiling too.
    shown = np.minimum(calm, MAXIMUM)
    loss = course.depth[:, None] * (dip + settings.lingering * after)
    client = np.where(dip | after, shown - loss, calm)

    held = numbers <= course.n_sessions[:, None]
    mean = (np.where(held, shown, 0.0).sum(axis=1) / held.sum(axis=1))[:, None]
    bias, tracking = _two_chairs(n, settings, rng)
    seen = mean + tracking[:, None] * (shown - mean)
    felt = loss * settings.noticed_drop * course.therapist_noticed[:, None]
    therapist = seen + bias[:, None] - felt + rng.normal(0, 1, calm.shape) * settings.therapist_sd
    guess = seen + settings.prediction_bias - felt
    guess += rng.normal(0.0, 1.0, calm.shape) * settings.prediction_sd
    return States(
        level=level,
        bias=bias,
        tracking=tracking,
        calm=calm,
        client=client,
        therapist=therapist,
        prediction=guess,
        dip=dip,
        repairing=repairing,
    )


def _therapist_variance(settings: Settings) -> float:
    """Return the variance between therapists that makes up the asked share of the whole."""
    rest = settings.between_sd**2 + settings.within_sd**2
    return rest * settings.therapist_share / (1.0 - settings.therapist_share)


def _wander(n: int, length: int, settings: Settings, rng: np.random.Generator) -> Matrix:
    """Return a stationary AR(1) around zero with the asked SD, one row per dyad."""
    shocks = rng.normal(0.0, 1.0, (n, length)) * settings.within_sd
    rho = settings.autocorrelation
    for t in range(1, length):
        shocks[:, t] = rho * shocks[:, t - 1] + np.sqrt(1.0 - rho**2) * shocks[:, t]
    return shocks


def _two_chairs(
    n: int, settings: Settings, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each dyad's bias and tracking, correlated as asked."""
    one, two = rng.normal(0.0, 1.0, (2, n))
    r = settings.bias_tracking_correlation
    bias = settings.bias + settings.bias_sd * one
    tracking = settings.tracking + settings.tracking_sd * (r * one + np.sqrt(1 - r**2) * two)
    return bias, tracking
