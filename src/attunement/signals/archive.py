# SPDX-License-Identifier: Apache-2.0
"""What is usual: level, spread between people, noise within a person, memory of that noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attunement.signals.errors import SignalError
from attunement.signals.noise import mean_variance, within
from attunement.signals.series import FloatArray, Series, _check_scale

# The constants of the house simulation, as shares of the scale's range: between-person SD .50 and
# within-person SD .35 on a scale of four points. The level lies between the two simulated means.
_PRIOR_LEVEL = 0.7875
_PRIOR_BETWEEN = 0.50 / 4.0
_PRIOR_WITHIN = 0.35 / 4.0
_PRIOR_AUTOCORRELATION = 0.20
# The prior counts as much as this many dyads (level, spread between people) and this many
# degrees of freedom within people (noise, its memory).
_PRIOR_DYADS = 10.0
_PRIOR_DEGREES = 30.0
_FEW_DYADS = 30


@dataclass(frozen=True, slots=True)
class Archive:
    """What is usual for one measure in one place, and how it is known.

    Parameters
    ----------
    mean : float
        Mean of the persons' own levels, in the measure's units.
    between_sd : float
        SD of the persons' own levels around it.
    within_sd : float
        SD of a person's scores around the own level, a steady trend aside (pooled).
    autocorrelation : float
        Correlation of a person's deviations in neighbouring sessions, −1 < r < 1.
    source : str
        Where the numbers come from, in plain words.
    n_dyads, n_scores : int
        How many series and scores were used; 0 for a prior that used none.
    """

    mean: float
    between_sd: float
    within_sd: float
    autocorrelation: float
    source: str
    n_dyads: int = 0
    n_scores: int = 0

    def __post_init__(self) -> None:
        """Refuse numbers that no archive can have."""
        numbers = (self.mean, self.between_sd, self.within_sd, self.autocorrelation)
        if (
            not all(math.isfinite(number) for number in numbers)
            or self.between_sd < 0
            or self.within_sd < 0
            or abs(self.autocorrelation) >= 1
        ):
            raise SignalError(
                "E-SIGNAL-005",
                what="the archive's numbers cannot be used",
                got=f"mean, between SD, within SD, autocorrelation = {numbers}",
                expected="finite numbers, SDs of 0 or more, an autocorrelation inside −1 and 1",
                next_step="Use learn_archive or default_archive",
            )

    def usual_change(self, step: float = 0.0) -> float:
        """SD of the difference of two neighbouring scores, in points: σ·√(2(1−r)).

        ``step`` is the smallest step of the scale; the noise is never taken below half of it.
        """
        noise = max(self.within_sd, 0.5 * step)
        return noise * math.sqrt(2.0 * (1.0 - self.autocorrelation))


def default_archive(minimum: float, maximum: float, *, higher_is_better: bool = True) -> Archive:
    """Return the simulated prior, scaled to a measure's range.

    It is no norm of any measure: level .7875 of the range from its worse end, SD between people
    .125, SD within a person .0875, autocorrelation .20. These are the constants of the house
    simulation (0.50 and 0.35 on a scale of four points; the level lies between its two means,
    3.8 and 4.5). Learn an archive as soon as there is one.

    Raises
    ------
    SignalError
        ``E-SIGNAL-004`` if the ends are not a scale.
    """
    _check_scale(minimum, maximum)
    span = maximum - minimum
    level = _PRIOR_LEVEL if higher_is_better else 1.0 - _PRIOR_LEVEL
    return Archive(
        mean=minimum + level * span,
        between_sd=_PRIOR_BETWEEN * span,
        within_sd=_PRIOR_WITHIN * span,
        autocorrelation=_PRIOR_AUTOCORRELATION,
        source="simulated prior scaled to the range of the measure; not learned from people",
    )


def learn_archive(series: Sequence[Series]) -> Archive:
    """Estimate what is usual from many series of one measure and one chair.

    Estimators (method of moments; a person's own straight line over the order of the ratings is
    removed first, the own mean where there are fewer than four, and what removing it does to the
    variance and the autocorrelation of short series is put back, see `attunement.signals.noise`):

    * autocorrelation r: the value for which the expected ratio Σ e_t·e_{t+1} / Σ e_t² over all
      series of four scores or more equals the observed one;
    * within SD: σ² = Σ e² / Σ_i tr V_i, with V_i the covariance of the deviations of unit noise;
      for r = 0 this is the usual Σ e² / Σ(n_i − 2), or n_i − 1 where the mean alone is removed;
    * between SD: the variance of the persons' means less their mean sampling variance
      v_i = σ²·1ᵀR_i1/n_i², not below 0;
    * mean: the persons' means weighted by 1/(τ² + v_i).

    Each is then shrunk towards `default_archive`, which counts as 10 dyads (mean, between) and
    30 degrees of freedom (within, r). Series without a score are left out. A steady trend does
    not go into the within SD; the part of a trend that is no straight line does, and into r.
    Scores at an end of the scale make both SDs too small.

    Parameters
    ----------
    series : sequence of Series
        All on one scale and in one direction.

    Returns
    -------
    Archive
        ``n_dyads`` counts the series with a score, ``n_scores`` their scores; ``source`` says
        both and how much the prior weighs.

    Raises
    ------
    SignalError
        ``E-SIGNAL-005`` for no series at all or for series on different scales.

    Notes
    -----
    Checked by recovery of known parameters with and without a trend, and by arithmetic, in the
    tests.
    """
    first = _one_scale(series)
    scores = [np.array([v for v in one.values if v is not None]) for one in series]
    scores = [own for own in scores if own.size]
    prior = default_archive(first.minimum, first.maximum, higher_is_better=first.higher_is_better)
    return _estimate(scores, prior) if scores else prior


def _estimate(scores: Sequence[FloatArray], prior: Archive) -> Archive:
    """Estimate an archive from each series' scores and shrink it to the prior."""
    r, noise, degrees = within(
        scores, memory=prior.autocorrelation, noise=prior.within_sd, weight=_PRIOR_DEGREES
    )
    means = np.array([own.mean() for own in scores])
    sampling = noise**2 * np.array([mean_variance(own.size, r) for own in scores])
    n = len(scores)
    between = prior.between_sd**2
    if n > 1:
        moment = max(0.0, float(means.var(ddof=1) - sampling.mean()))
        between = _blend(moment, n - 1.0, between, _PRIOR_DYADS)
    weights = 1.0 / (between + sampling)
    level = _blend(float(weights @ means / weights.sum()), n, prior.mean, _PRIOR_DYADS)
    total = sum(own.size for own in scores)
    of_level = round(100 * _PRIOR_DYADS / (_PRIOR_DYADS + n))
    of_noise = round(100 * _PRIOR_DEGREES / (_PRIOR_DEGREES + degrees))
    few = " (few)" if n < _FEW_DYADS else ""
    return Archive(
        mean=level,
        between_sd=math.sqrt(between),
        within_sd=noise,
        autocorrelation=r,
        source=(
            f"learned from {total} score{'' if total == 1 else 's'} of {n} series{few}; "
            f"a simulated prior weighs {of_level} % of the level and {of_noise} % of the noise"
        ),
        n_dyads=n,
        n_scores=total,
    )


def _one_scale(series: Sequence[Series]) -> Series:
    """Return the first series after seeing that all share its scale."""
    if not series:
        raise SignalError(
            "E-SIGNAL-005",
            what="there is nothing to learn an archive from",
            got="no series",
            expected="one series or more",
            next_step="Use default_archive(minimum, maximum)",
        )
    first = series[0]
    scales = {(one.minimum, one.maximum, one.higher_is_better) for one in series}
    if len(scales) > 1:
        raise SignalError(
            "E-SIGNAL-005",
            what="an archive cannot be learned from different scales",
            got=f"{len(scales)} different ranges or directions",
            expected="one measure, one version",
            next_step="Learn one archive for each measure version",
        )
    return first


def _blend(found: float, weight: float, prior: float, prior_weight: float) -> float:
    return (weight * found + prior_weight * prior) / (weight + prior_weight)
