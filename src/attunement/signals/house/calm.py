# SPDX-License-Identifier: Apache-2.0
"""Simulated dyads in which nothing is wrong, as a house model describes them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from attunement.signals.house.model import Chair, HouseModel
from attunement.signals.series import FloatArray


class Flat(NamedTuple):
    """What the kernel reads of many dyads; scores upward, arrays of length 0 for no channel."""

    values: FloatArray
    therapist: FloatArray
    prediction: FloatArray
    strain: FloatArray
    expected: np.ndarray
    sessions: np.ndarray
    starts: np.ndarray


def calm_dyads(
    model: HouseModel,
    channels: frozenset[str],
    *,
    n: int,
    length: int,
    generator: np.random.Generator,
) -> Flat:
    """Draw ``n`` dyads of ``length`` sessions without any rupture.

    Returns
    -------
    Flat
        Dyad after dyad. A share ``model.missing`` of the forms of each chair is missing.
    """
    shocks = _together(model, n, length, generator)
    empty = np.zeros(0)
    chairs = {}
    for place, name in enumerate(("client", "therapist", "prediction")):
        if name != "client" and name not in channels:
            continue
        chair: Chair = getattr(model, name)
        noise = memorised(shocks[place], chair.memory)
        scores = scores_of(chair, model, noise, generator)
        scores[generator.random((n, length)) < model.missing] = math.nan
        chairs[name] = scores
    strain = empty
    if "strain" in channels:
        rate = model.strain
        own = _own_rate(rate.usual, rate.sessions, n, generator)
        strain = (generator.random((n, length)) < own).astype(np.float64).ravel()
    expected = np.ones(n * length if "expected" in channels else 0, dtype=np.bool_)
    if "expected" in channels:
        own = _own_rate(model.missed.usual, model.missed.sessions, n, generator)
        chairs["client"][generator.random((n, length)) < own] = math.nan
    return Flat(
        values=chairs["client"].ravel(),
        therapist=chairs["therapist"].ravel() if "therapist" in chairs else empty,
        prediction=chairs["prediction"].ravel() if "prediction" in chairs else empty,
        strain=strain,
        expected=expected,
        sessions=np.tile(np.arange(1, length + 1), n),
        starts=np.arange(0, n * length + 1, length),
    )


def _together(model: HouseModel, n: int, length: int, generator: np.random.Generator) -> FloatArray:
    """Return correlated standard normals, shape (3, n, length)."""
    ct, cp, tp = model.together
    root = np.linalg.cholesky(np.array([[1.0, ct, cp], [ct, 1.0, tp], [cp, tp, 1.0]]))
    own = generator.standard_normal((3, n * length))
    return np.asarray((root @ own).reshape(3, n, length))


def memorised(shocks: FloatArray, memory: float) -> FloatArray:
    """Turn standard normal shocks into a stationary first-order series; changes ``shocks``."""
    fresh = math.sqrt(1.0 - memory**2)
    for t in range(1, shocks.shape[1]):
        shocks[:, t] = memory * shocks[:, t - 1] + fresh * shocks[:, t]
    return shocks


def scores_of(
    chair: Chair, model: HouseModel, noise: FloatArray, generator: np.random.Generator
) -> FloatArray:
    """Turn standard noise with its memory into rounded and cut-off scores."""
    n, length = noise.shape
    factor = np.exp(chair.noise_spread * generator.standard_normal((n, 1)))
    level = chair.level + chair.between_sd * generator.standard_normal((n, 1))
    slope = chair.slope + chair.slope_sd * generator.standard_normal((n, 1))
    scores = level + slope * np.arange(length) + chair.within_sd * factor * noise
    if model.step > 0:
        scores = model.minimum + np.round((scores - model.minimum) / model.step) * model.step
    return np.asarray(np.clip(scores, model.minimum, model.maximum))


def _own_rate(usual: float, sessions: float, n: int, generator: np.random.Generator) -> FloatArray:
    """Return each dyad's own rate, shape (n, 1)."""
    return generator.beta(usual * sessions, (1.0 - usual) * sessions, (n, 1))
