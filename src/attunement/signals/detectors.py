# SPDX-License-Identifier: Apache-2.0
"""The computations behind the rules, their parameters, and the reasons for having no answer.

What judges series, one or a million, is `attunement.kernels` by way of
`attunement.signals.engine`. The array functions in this file are the same three rules over scores
of shape (series, sessions), for null rates in a process that has no compiler; a test holds the two
together to the last verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from attunement.signals.archive import Archive
from attunement.signals.series import TOLERANCE, FloatArray, Series

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


class Reason(IntEnum):
    """Why a session could not be judged; ``EVALUABLE`` is 0."""

    EVALUABLE = 0
    NO_FORM = 1
    TOO_FEW_SCORES = 2
    AT_THE_END_OF_THE_SCALE = 3
    GAP = 4
    NO_SPREAD = 5


@dataclass(frozen=True, slots=True)
class Model:
    """An archive on the higher-is-better axis of one scale.

    ``noise`` is the within-person SD, never below half a step of the scale: a series that lies
    flat at the end of the scale has a spread of 0, but the person's noise is not 0.
    """

    level: float
    between: float
    noise: float
    autocorrelation: float
    minimum: float
    maximum: float
    step: float

    @property
    def slack(self) -> float:
        """How close counts as equal."""
        return TOLERANCE * (self.maximum - self.minimum)

    @classmethod
    def of(cls, archive: Archive, series: Series) -> Model:
        """Turn an archive to the direction and step of a series."""
        return cls(
            level=series.as_scored(archive.mean),
            between=archive.between_sd,
            noise=max(archive.within_sd, 0.5 * series.step),
            autocorrelation=archive.autocorrelation,
            minimum=series.minimum,
            maximum=series.maximum,
            step=series.step,
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """What a detector found; every array has the shape (series, sessions).

    ``expected`` and ``limit`` are scores on the higher-is-better axis, ``statistic`` is in units
    of noise (negative = worse than expected) or in points, as the detector says; NaN where there
    is none. ``reason`` holds `Reason` codes, ``n_used`` the number of earlier scores used.
    """

    expected: FloatArray
    limit: FloatArray
    statistic: FloatArray
    flagged: BoolArray
    reason: IntArray
    n_used: IntArray


DetectorFunction = Callable[[FloatArray, IntArray, Model, Mapping[str, float]], Judged]


def shrunken_baseline(
    scores: FloatArray, sessions: IntArray, model: Model, params: Mapping[str, float]
) -> Judged:
    """Compare each score with what the person's earlier scores and the archive lead to expect.

    With n earlier scores of mean m: w = τ²/(τ² + σ²/n), expected b = γ + w(m − γ), spread
    s = √(τ²(1 − w) + σ²), z = (x − b)/s; flagged if z < −``z``. Judged from ``min_previous``
    earlier scores on; not where more than ``max_best_share`` of them sit at the best end.
    """
    del sessions  # a gap changes nothing here: the baseline is a mean, not a neighbour
    present = ~np.isnan(scores)
    known = np.where(present, scores, 0.0)
    n = _earlier(present)
    total = np.cumsum(known, axis=1) - known
    count = np.maximum(n, 1)
    mean = total / count
    between = model.between**2
    noise = model.noise**2
    joint = between + noise / count
    weight = np.where(n > 0, between / joint if noise + between > 0 else 0.0, 0.0)
    expected = model.level + weight * (mean - model.level)
    spread = np.sqrt(between * (1.0 - weight) + noise)
    best = _earlier(present & (known >= model.maximum - model.slack))
    reason = np.where(present, Reason.EVALUABLE, Reason.NO_FORM)
    few = n < params["min_previous"]
    capped = best > params["max_best_share"] * n
    reason = _first(reason, few, Reason.TOO_FEW_SCORES)
    reason = _first(reason, capped, Reason.AT_THE_END_OF_THE_SCALE)
    reason = _first(reason, spread <= 0, Reason.NO_SPREAD)
    z = (scores - expected) / np.where(spread > 0, spread, np.nan)
    return Judged(
        expected=expected,
        limit=expected - params["z"] * spread,
        statistic=z,
        flagged=(z < -params["z"]) & (reason == Reason.EVALUABLE),
        reason=reason,
        n_used=n,
    )


def previous_session(
    scores: FloatArray, sessions: IntArray, model: Model, params: Mapping[str, float]
) -> Judged:
    """Compare each score with the one before it, in units of the usual change.

    S_diff = σ·√(2(1 − r)), from the archive's noise and memory; flagged if the drop is at least
    ``k``·S_diff. Judged if at most ``max_gap`` session numbers without a score lie between.
    """
    usual = model.noise * np.sqrt(2.0 * (1.0 - model.autocorrelation))
    before = np.full(scores.shape, np.nan)
    gap = np.zeros(scores.shape, dtype=np.int64)
    last = np.full(scores.shape[0], np.nan)
    last_session = np.zeros(scores.shape[0], dtype=np.int64)
    for t in range(scores.shape[1]):
        before[:, t] = last
        gap[:, t] = sessions[t] - last_session - 1
        here = ~np.isnan(scores[:, t])
        last = np.where(here, scores[:, t], last)
        last_session = np.where(here, sessions[t], last_session)
    reason = np.where(np.isnan(scores), Reason.NO_FORM, Reason.EVALUABLE)
    reason = _first(reason, np.isnan(before), Reason.TOO_FEW_SCORES)
    reason = _first(reason, gap > params["max_gap"], Reason.GAP)
    if usual <= 0:
        reason = _first(reason, np.ones(scores.shape, dtype=bool), Reason.NO_SPREAD)
    limit = before - params["k"] * usual
    change = (scores - before) / (usual if usual > 0 else np.nan)
    return Judged(
        expected=before,
        limit=limit,
        statistic=change,
        flagged=(scores <= limit + model.slack) & (reason == Reason.EVALUABLE),
        reason=reason,
        n_used=np.where(np.isnan(before), 0, 1),
    )


def own_median(
    scores: FloatArray, sessions: IntArray, model: Model, params: Mapping[str, float]
) -> Judged:
    """Compare each score with the median of all earlier scores, in points.

    Flagged if it lies ``points`` or more below; judged from ``min_previous`` earlier scores on.
    """
    del sessions
    present = ~np.isnan(scores)
    n = _earlier(present)
    middle = np.full(scores.shape, np.nan)
    for t in range(1, scores.shape[1]):
        # NaN sorts last, so the first n entries of each row are the earlier scores in order.
        ordered = np.sort(scores[:, :t], axis=1)
        rows = np.nonzero(n[:, t])[0]
        count = n[rows, t]
        lower = ordered[rows, (count - 1) // 2]
        upper = ordered[rows, count // 2]
        middle[rows, t] = 0.5 * (lower + upper)
    reason = np.where(present, Reason.EVALUABLE, Reason.NO_FORM)
    reason = _first(reason, n < params["min_previous"], Reason.TOO_FEW_SCORES)
    limit = middle - params["points"]
    return Judged(
        expected=middle,
        limit=limit,
        statistic=scores - middle,
        flagged=(scores <= limit + model.slack) & (reason == Reason.EVALUABLE),
        reason=reason,
        n_used=n,
    )


@dataclass(frozen=True, slots=True)
class Detector:
    """A detector function, the parameters it needs, and its formula in one line.

    ``in_points`` names the parameters that are points of the scale: they change with its units.
    """

    function: DetectorFunction | None
    params: frozenset[str]
    formula: str
    in_points: frozenset[str] = frozenset()


DETECTORS: Mapping[str, Detector] = {
    "shrunken_baseline": Detector(
        shrunken_baseline,
        frozenset({"z", "min_previous", "max_best_share"}),
        "z = (x − b)/s, b = γ + w(m − γ), w = τ²/(τ² + σ²/n), s = √(τ²(1 − w) + σ²); "
        "flagged if z < −{z:g}",
    ),
    "previous_session": Detector(
        previous_session,
        frozenset({"k", "max_gap"}),
        "S_diff = σ·√(2(1 − r)); flagged if the score before − this score ≥ {k:g}·S_diff",
    ),
    "own_median": Detector(
        own_median,
        frozenset({"points", "min_previous"}),
        "flagged if median of all earlier scores − this score ≥ {in_points}",
        frozenset({"points"}),
    ),
    "drop": Detector(
        None,
        frozenset(
            {
                "reference",
                "unit",
                "k",
                "points",
                "last",
                "reliability",
                "min_previous",
                "max_gap",
                "max_best_share",
                "persist",
                "return_within",
                "return_tolerance",
            }
        ),
        "",
        frozenset({"points"}),
    ),
    "individuals_chart": Detector(
        None,
        frozenset({"baseline", "sigmas", "runs", "robust", "max_gap", "both_sides"}),
        "",
    ),
    "cusum": Detector(
        None,
        frozenset({"k", "h", "both_sides", "min_previous", "max_best_share"}),
        "z = (x − b)/s as for the baseline; S = max(0, S − z − {k:g}); flagged if S > {h:g}",
    ),
    "ewma": Detector(
        None,
        frozenset({"weight", "limit", "both_sides", "min_previous", "max_best_share"}),
        "z = (x − b)/s as for the baseline; e = (1 − λ)e + λz, λ = {weight:g}; flagged if "
        "e < −{limit:g}·√(λ/(2 − λ)·(1 − (1 − λ)^2t))",
    ),
    "change_point": Detector(
        None,
        frozenset(
            {"hazard", "degrees", "within_last", "probability", "min_previous", "max_best_share"}
        ),
        "run lengths by Bayes’ rule, a change with chance {hazard:g} at each score, prior "
        "Normal-inverse-gamma from the archive with {degrees:g} degrees of freedom; flagged if "
        "P(a change for the worse within the last {within_last:g} scores) ≥ {probability:g}",
    ),
    "sudden_loss": Detector(
        None,
        frozenset({"k", "share", "from_minimum", "alpha"}),
        "flagged if the score before − this score ≥ {k:g}·S_diff, S_diff = σ·√(2(1 − r)), and "
        "≥ {share:g} of the score before (less the scale’s minimum if {from_minimum:g} is 1), and "
        "the means of up to three scores before and after lie more than t (two-tailed, "
        "{alpha:g}) pooled SDs apart",
    ),
}


def _earlier(present: BoolArray) -> IntArray:
    """Count the true entries before each session."""
    counted = present.astype(np.int64)
    return np.cumsum(counted, axis=1) - counted


def _first(reason: IntArray, where: BoolArray, code: Reason) -> IntArray:
    """Give the code where there is no reason yet."""
    return np.where((reason == Reason.EVALUABLE) & where, code, reason)
