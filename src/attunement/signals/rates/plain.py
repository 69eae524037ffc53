# SPDX-License-Identifier: Apache-2.0
"""How often the plain thresholds of the alliance check ask, in worlds that are stated.

The check is an original form that nobody has validated: how closely its items hang together, and
how closely both chairs agree, is not known. So there is no one rate. There is a range over worlds
that are possible, and it is wide; that is the finding.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from attunement.signals.series import FloatArray

SESSIONS = 12
ITEMS = 7
_BETWEEN, _WITHIN, _MEMORY = 0.75, 0.525, 0.20  # of the simulated prior, on a scale from 0 to 6
_LEAST_COMMON = 0.05
LEVELS = (4.725, 5.2)  # mean total: of the prior, and of a clinic nearer to the best end
ALPHAS = (0.80, 0.90, 0.95)  # internal consistency
STABLE = (0.25, 0.75)  # part of an item's own variance that is the person's way of answering it
TOGETHER = (0.2, 0.4, 0.6)  # correlation of both chairs, of levels and of ups and downs
LOWER = (0.0, -0.4)  # therapist minus client, on average


@dataclass(frozen=True, slots=True)
class Range:
    """Lowest and highest share of stable dyads asked about at least once in 12 sessions."""

    low: float
    high: float
    hangs_on: str

    @property
    def sentence(self) -> str:
        """The range in plain words."""
        return (
            f"In {SESSIONS} sessions in which nothing is wrong it would ask about "
            f"{round(100 * self.low)} to {round(100 * self.high)} in 100 people at least once, "
            f"depending on {self.hangs_on}, which nobody knows yet for this form. "
            "Found by simulating people; the threshold is a choice."
        )


# By the functions below, 40,000 people each; a test simulates them again.
RANGES: Mapping[str, Range] = {
    "oac-low-item": Range(0.11, 0.79, "how closely the seven answers hang together"),
    "oac-gap-of-chairs": Range(0.08, 0.32, "how closely the two of you tend to see it alike"),
}


def low_item_shares(at_most: float = 2.0, *, n: int = 40_000, seed: int = 1) -> FloatArray:
    """Return the share of stable clients with an item at or below a limit, one for each world.

    An item is the person's level, the common ups and downs of the sessions, a way of one's own of
    answering it, and chance; rounded to 0 … 6. The item's own variance follows from the internal
    consistency: Var = (τ² + σ²)/r̄ with r̄ = α/(7 − 6α).
    """
    generator = np.random.default_rng(seed)
    found = []
    for level, alpha, stable in product(LEVELS, ALPHAS, STABLE):
        alike = alpha / (ITEMS - (ITEMS - 1) * alpha)
        own = (_BETWEEN**2 + _WITHIN**2) * (1.0 / alike - 1.0)
        chance = own * (1.0 - stable)
        common = math.sqrt(max(_WITHIN**2 - chance / ITEMS, _LEAST_COMMON))
        levels = level + _BETWEEN * generator.standard_normal((n, 1, 1))
        ups = common * _remembering(generator, n)[:, :, None]
        ways = math.sqrt(own * stable) * generator.standard_normal((n, 1, ITEMS))
        low = np.zeros(n, dtype=np.bool_)
        for t in range(SESSIONS):
            noise = math.sqrt(chance) * generator.standard_normal((n, ITEMS))
            answers = np.clip(np.round((levels + ways)[:, 0] + ups[:, t] + noise), 0, 6)
            low |= (answers <= at_most).any(axis=1)
        found.append(low.mean())
    return np.array(found)


def gap_shares(
    points: float = 1.5, running: int = 2, *, n: int = 40_000, seed: int = 1
) -> FloatArray:
    """Return the share of stable dyads with totals so far apart for so long, one for each world.

    Both chairs are stable people of the prior; their levels and their ups and downs correlate,
    and therapists rate lower on average, or not.
    """
    generator = np.random.default_rng(seed)
    found = []
    for together, lower in product(TOGETHER, LOWER):
        apart = math.sqrt(1.0 - together**2)
        first, second = (generator.standard_normal((n, 1)) for _ in range(2))
        ups, others = (_remembering(generator, n) for _ in range(2))
        client = _total(LEVELS[0] + _BETWEEN * first + _WITHIN * ups)
        therapist = _total(
            LEVELS[0]
            + lower
            + _BETWEEN * (together * first + apart * second)
            + _WITHIN * (together * ups + apart * others)
        )
        far = np.abs(therapist - client) >= points - 1e-9
        windows = np.lib.stride_tricks.sliding_window_view(far, running, axis=1)
        found.append(np.mean(np.any(np.all(windows, axis=2), axis=1)))
    return np.array(found)


def _remembering(generator: np.random.Generator, n: int) -> FloatArray:
    noise = generator.standard_normal((n, SESSIONS))
    for t in range(1, SESSIONS):
        noise[:, t] = _MEMORY * noise[:, t - 1] + math.sqrt(1.0 - _MEMORY**2) * noise[:, t]
    return noise


def _total(scores: FloatArray) -> FloatArray:
    return np.asarray(np.clip(np.round(scores * ITEMS) / ITEMS, 0, 6))
