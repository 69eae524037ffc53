# SPDX-License-Identifier: Apache-2.0
"""Rates by simulation, through the same engine that judges people."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from attunement.signals.archive import Archive
from attunement.signals.rates.judging import Asked, flags_of
from attunement.signals.rates.person import Person
from attunement.signals.rates.world import Dip, Null, batch_of, scores_of
from attunement.signals.rules import Rule
from attunement.signals.series import FloatArray

_AT_ONCE = 4_000_000  # scores that are in memory together


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted: shares with their standard errors."""

    per_series: float
    per_session: float
    per_series_se: float
    per_session_se: float
    hit: float
    hit_se: float


def chosen(person: Person, n: int) -> tuple[FloatArray, FloatArray]:
    """Return the levels and noises of n people, each as often as its weight says."""
    edges = np.cumsum(person.weights)
    at = np.minimum(np.searchsorted(edges, (np.arange(n) + 0.5) / n), edges.size - 1)
    return person.levels[at], person.noises[at]


def count_flags(
    rule: Rule,
    world: Null,
    levels: FloatArray,
    noises: FloatArray,
    *,
    archive: Archive,
    seed: int,
    dip: Dip | None = None,
    fall: float = 0.0,
    asked: Asked | None = None,
    compile_from: int,
) -> Counted:
    """Simulate one series for each person, judge all sessions, and count.

    Parameters
    ----------
    rule : Rule
    world : Null
        Scale, memory, missing forms, horizon and direction.
    levels, noises : numpy.ndarray
        The people, on the higher-is-better axis.
    archive : Archive
        What the rule works with, in the measure's own direction.
    seed : int
    dip, fall
        What is put in, and its size in points.
    asked : Asked, optional
        For the house rule.
    compile_from : int
        Rows from which compiled kernels run.

    Returns
    -------
    Counted
    """
    n, horizon = levels.size, world.horizon
    on = slice(0, 0) if dip is None else dip.sessions(horizon)
    flags, judged, hits = np.zeros(n), np.zeros(n), np.zeros(n, dtype=np.bool_)
    many = max(1, _AT_ONCE // horizon)
    for part, first in enumerate(range(0, n, many)):
        rows = slice(first, min(first + many, n))
        scores = scores_of(levels[rows], noises[rows], world, seed=seed + part, fall=fall, dip=dip)
        found = flags_of(
            batch_of(scores, world), rule, archive, asked=asked, compile_from=compile_from
        )
        flagged, evaluable = (one.reshape(-1, horizon) for one in found)
        flags[rows], judged[rows] = flagged.sum(axis=1), evaluable.sum(axis=1)
        hits[rows] = flagged[:, on].any(axis=1)
    ever, hit = float((flags > 0).mean()), float(hits.mean())
    total = max(float(judged.sum()), 1.0)
    rate = float(flags.sum()) / total
    # A ratio of sums over independent series: the linearised standard error.
    residual = flags - rate * judged
    return Counted(
        per_series=ever,
        per_session=rate,
        per_series_se=_error(ever, n),
        per_session_se=math.sqrt(float((residual**2).sum()) * n / max(n - 1, 1)) / total,
        hit=hit,
        hit_se=_error(hit, n),
    )


def _error(share: float, n: int) -> float:
    return math.sqrt(share * (1.0 - share) / n)
