# SPDX-License-Identifier: Apache-2.0
"""Rates by simulation for a series at hand, where the tables do not reach."""

from __future__ import annotations

import math
import sys
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from attunement.signals.archive import Archive
from attunement.signals.detectors import Model
from attunement.signals.engine import COMPILE_FROM
from attunement.signals.rates.axes import HOUSE
from attunement.signals.rates.judging import PLAIN, Asked
from attunement.signals.rates.likeness import SIMULATED, Like, likeness
from attunement.signals.rates.person import Person
from attunement.signals.rates.simulating import Counted, chosen, count_flags
from attunement.signals.rates.world import Dip, Null
from attunement.signals.ruling import Rule
from attunement.signals.series import Series

_SEED = 20_260_101


class Rough(NamedTuple):
    """A series so far rounded that series which are alike share one simulation."""

    length: int
    missing: float
    level: float  # mean and SD of the possible levels, in usual SDs
    level_spread: float
    noise: float  # mean and SD of the logarithm of the possible noises
    noise_spread: float


def rough(kind: Like) -> Rough:
    """Round a series: by less than it tells of its person."""
    unit, w = kind.model.noise, kind.person.weights
    levels, logs = kind.person.levels, np.log(np.maximum(kind.person.noises, 1e-9) / unit)
    level, noise = float(w @ levels), float(w @ logs)
    spread = math.sqrt(max(float(w @ (levels - level) ** 2), 0.0)) / unit
    noises = math.sqrt(max(float(w @ (logs - noise) ** 2), 0.0))
    return Rough(
        kind.length,
        round(kind.missing, 1),
        round(2.0 * level / unit) / 2.0,
        round(5.0 * spread) / 5.0,
        round(5.0 * noise) / 5.0,
        round(5.0 * noises) / 5.0,
    )


@lru_cache(maxsize=4096)
def simulate_alike(rule: Rule, archive: Archive, model: Model, near: Rough) -> Counted:
    """Simulate once for all series that are alike, where the tables do not reach."""
    unit = model.noise
    world = Null(
        model.minimum,
        model.maximum,
        model.step,
        model.level,
        0.0,
        unit,
        model.autocorrelation,
        min(near.missing, 0.99),
        near.length,
    )
    # three levels and three noises with the mean and the variance of what is possible
    apart, shares = (
        np.array([-math.sqrt(3.0), 0.0, math.sqrt(3.0)]),
        np.array([1 / 6, 2 / 3, 1 / 6]),
    )
    levels = unit * (near.level + near.level_spread * np.repeat(apart, 3))
    noises = unit * np.exp(near.noise + near.noise_spread * np.tile(apart, 3))
    person = Person(levels, noises, np.outer(shares, shares).ravel())
    chosen_levels, chosen_noises = chosen(person, SIMULATED)
    fast = rule.detector == HOUSE or "numba" in sys.modules
    return count_flags(
        rule,
        world,
        chosen_levels,
        chosen_noises,
        archive=archive,
        seed=_SEED,
        asked=None,
        compile_from=COMPILE_FROM if fast else PLAIN,
    )


@lru_cache(maxsize=1024)
def simulate(
    rule: Rule,
    like: Series,
    archive: Archive,
    *,
    dip: Dip | None,
    asked: Asked | None,
    n: int,
    seed: int,
) -> Counted:
    """Simulate series of the people that a series leaves possible.

    Where no compiler is loaded none is loaded for this: the plain kernels give the same answer.
    """
    kind = likeness(like, archive)
    world = Null(
        like.minimum,
        like.maximum,
        like.step,
        kind.model.level,
        0.0,
        kind.model.noise,
        kind.model.autocorrelation,
        min(kind.missing, 0.99),
        kind.length,
    )
    levels, noises = chosen(kind.person, n)
    house = rule.detector == HOUSE
    return count_flags(
        rule,
        world,
        levels,
        noises,
        archive=kind.archive,
        seed=seed,
        dip=dip,
        fall=0.0 if dip is None else dip.depth * kind.model.noise,
        asked=asked,
        compile_from=COMPILE_FROM if house or "numba" in sys.modules else PLAIN,
    )
