# SPDX-License-Identifier: Apache-2.0
"""Fit one chair's numbers to many series: the most credible ones, given a prior.

The likelihood is the filter's own, so that scores at an end of the scale, rounding, missing forms,
trends and memory are treated when learning exactly as they are when judging. Seven numbers are
moved: level, log between SD, log within SD, logit of the memory, slope and log slope SD in within
SDs, log spread of the noise. Each has a normal prior, which is what shrinks a small archive.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from attunement.kernels.house_arrays import Outputs
from attunement.signals.house.calm import Flat, memorised, scores_of
from attunement.signals.house.model import Chair, HouseModel, Rupture
from attunement.signals.house.running import run
from attunement.signals.series import FloatArray

# Prior SDs, in the order of the numbers above; the level's is in prior between SDs, the slope's in
# within SDs per session.
_PRIOR_SD = np.array([1.5, 0.5, 0.4, 1.0, 0.05, 1.0, 1.0])
_TYPICAL_SLOPE_SD = 0.02
_TYPICAL_SPREAD = 0.1
_LEAST_SPREAD = 0.0501  # keeps the noise's three sizes in the likelihood throughout
_MOST_MEMORY = 0.95
_STEPS = np.array([1e-3, 1e-3, 1e-3, 2e-3, 1e-4, 5e-3, 5e-3])
_ROUNDS = 25
_SIZES = (250,)  # dyads
_FARTHEST = 4.0  # prior SDs
# What a rupture may look like in an archive: one session, three, from then on, a slow decline.
_LENGTHS = (1.0, 1.0, 1.0, 6.0)
_LASTING = (1.0, 3.0, math.inf, math.inf)
_MOST_FORMS = 40  # an earlier beginning in a longer series is not followed
_RUPTURED = 0.05  # share of dyads believed to have one, and as how many dyads that counts
_RUPTURED_DYADS = 20.0
_MOST = 500.0
# The check of the search on simulated dyads.
_DRAWN, _SEED = 1_000, 7
_SHORTEST, _FEWEST = 4, 30  # sessions, dyads
_MOST_MISSED = 0.3  # prior SDs
_CLOSE = 0.02  # log posterior: a smaller gain ends the search


@dataclass(frozen=True, slots=True)
class Fit:
    """The most credible chair, and how uncertain its level and its log within SD are."""

    chair: Chair
    level_error: float
    noise_error: float


def fit_chair(data: Flat, model: HouseModel, start: Chair) -> Fit:
    """Return the chair that fits the client column of ``data`` best, with ``start`` as the prior.

    Parameters
    ----------
    data : Flat
        Scores upward.
    model : HouseModel
        For the scale.
    start : Chair
        What is believed beforehand.
    """
    place = np.zeros(_PRIOR_SD.size)
    share = _RUPTURED
    dyads = data.starts.size - 1
    sizes = [size for size in _SIZES if size < dyads] + [dyads]
    for size in sizes:  # the way is found on a few, the place on all
        fitted = _Search(_some(data, size), model, start, share)
        place, precision = fitted.best(place)
        share = fitted.share
    z = place - _bias(data, model, start, place, fitted.chair(place))
    covariance = np.linalg.inv(precision)
    return Fit(
        chair=fitted.chair(z),
        level_error=float(math.sqrt(covariance[0, 0]) * _PRIOR_SD[0] * fitted.unit),
        noise_error=float(math.sqrt(covariance[2, 2]) * _PRIOR_SD[2]),
    )


def _bias(
    data: Flat, model: HouseModel, start: Chair, place: FloatArray, chair: Chair
) -> FloatArray:
    """Return by how much the search misses noise and memory of dyads that it would describe.

    At an end of the scale the filter's likelihood is an approximation. Dyads are drawn from the
    numbers that were found and searched in the same way; what their noise and memory came out at
    by chance is known and taken away.
    """
    length = int(np.median(np.diff(data.starts)))
    missed = np.zeros(place.size)
    if length < _SHORTEST or data.starts.size - 1 < _FEWEST:
        return missed
    generator = np.random.default_rng(_SEED)
    noise = memorised(generator.standard_normal((_DRAWN, length)), chair.memory)
    own = math.sqrt(float((noise**2).mean()))
    kept = float((noise[:, 1:] * noise[:, :-1]).mean()) / own**2
    scores = scores_of(chair, model, noise, generator)
    gone = float(np.isnan(data.values).mean())
    scores[generator.random(scores.shape) < gone] = math.nan
    drawn = data._replace(
        values=scores.ravel(),
        sessions=np.tile(np.arange(1, length + 1), _DRAWN),
        starts=np.arange(0, _DRAWN * length + 1, length),
    )
    found = _Search(drawn, model, start, 0.01)
    again = found.chair(found.best(place)[0])
    missed[2] = math.log(again.within_sd / (chair.within_sd * own)) / _PRIOR_SD[2]
    missed[3] = (_logit(again.memory) - _logit(kept)) / _PRIOR_SD[3]
    return np.clip(missed, -_MOST_MISSED, _MOST_MISSED)


def _logit(memory: float) -> float:
    part = min(max(memory, 0.02), 0.9) / _MOST_MEMORY
    return math.log(part / (1.0 - part))


def _some(data: Flat, size: int) -> Flat:
    """Return evenly chosen dyads of data that holds the client's scores only."""
    dyads = data.starts.size - 1
    if size >= dyads:
        return data
    chosen = np.linspace(0, dyads - 1, size).astype(np.int64)
    sizes = np.diff(data.starts)[chosen]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    rows = np.repeat(data.starts[chosen] - starts[:-1], sizes) + np.arange(starts[-1])
    return data._replace(values=data.values[rows], sessions=data.sessions[rows], starts=starts)


class _Search:
    """Climbs in prior SDs from the prior mean, by scores of dyads (Berndt, Hall, Hall, Hausman)."""

    def __init__(self, data: Flat, model: HouseModel, start: Chair, share: float) -> None:
        self.data, self.model, self.start = data, model, start
        self.unit = max(start.between_sd, 1e-6)
        self.share = share
        firsts = data.starts[:-1]
        forms = np.add.reduceat((~np.isnan(data.values)).astype(np.int64), firsts)
        most = int(min(forms.max(), _MOST_FORMS))
        self.log_forms = np.log(np.minimum(forms, most))
        each = tuple([1.0 / len(_LENGTHS)] * most)
        self.rupture = Rupture(
            lengths=_LENGTHS, lasting=_LASTING, weights=tuple([each] * len(_LENGTHS))
        )

    def chair(self, z: FloatArray) -> Chair:
        """Return the chair at a place given in prior SDs."""
        start = self.start
        moved = np.clip(z, -_FARTHEST, _FARTHEST) * _PRIOR_SD
        noise = start.within_sd * math.exp(moved[2])
        memory = _MOST_MEMORY / (1.0 + math.exp(-(_logit(start.memory) + moved[3])))
        return Chair(
            level=float(start.level + moved[0] * self.unit),
            between_sd=self.unit * math.exp(moved[1]),
            within_sd=noise,
            memory=memory,
            slope=float(start.slope + moved[4] * noise),
            slope_sd=_TYPICAL_SLOPE_SD * noise * math.exp(moved[5]),
            noise_spread=max(_TYPICAL_SPREAD * math.exp(moved[6]), _LEAST_SPREAD),
        )

    def likelihood(self, z: FloatArray) -> FloatArray:
        """Return each dyad's log likelihood, with a share of them in a rupture at some time."""
        out = self._run(z)
        last = self.data.starts[1:] - 1
        ratio = np.exp(np.minimum(out.statistic[last] - self.log_forms, _MOST))
        return np.asarray(out.log_likelihood + np.log1p(self.share * (ratio - 1.0)))

    def ruptured(self, z: FloatArray) -> FloatArray:
        """Return the probability that each dyad has a rupture at some time."""
        last = self.data.starts[1:] - 1
        ratio = np.exp(np.minimum(self._run(z).statistic[last] - self.log_forms, _MOST))
        return np.asarray(self.share * ratio / (1.0 + self.share * (ratio - 1.0)))

    def _run(self, z: FloatArray) -> Outputs:
        """Return what the kernel finds at a place."""
        model = HouseModel(
            minimum=self.model.minimum,
            maximum=self.model.maximum,
            step=self.model.step,
            higher_is_better=True,
            client=self.chair(z),
            therapist=self.start,
            prediction=self.start,
            rupture=self.rupture,
        )
        return run(self.data, model, frozenset(), whole=True, compile_from=0)

    def posterior(self, z: FloatArray) -> float:
        """Return the log posterior, up to a constant."""
        return float(self.likelihood(z).sum() - 0.5 * z @ z)

    def best(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the most credible place and the precision there."""
        steps = _STEPS / _PRIOR_SD
        height = self.posterior(z)
        precision = np.eye(z.size)
        for _ in range(_ROUNDS):
            found = self.ruptured(z)
            self.share = float(
                (found.sum() + _RUPTURED * _RUPTURED_DYADS) / (found.size + _RUPTURED_DYADS)
            )
            height, here = self.posterior(z), self.likelihood(z)
            scores = np.empty((self.data.starts.size - 1, z.size))
            for p in range(z.size):
                to = np.zeros(z.size)
                to[p] = steps[p]
                scores[:, p] = (self.likelihood(z + to) - here) / steps[p]
            slope = scores.sum(axis=0) - z
            precision = scores.T @ scores + np.eye(z.size)
            move = np.linalg.solve(precision, slope)
            stretch, gain = 1.0, 0.0
            for _ in range(8):
                there = np.clip(z + stretch * move, -_FARTHEST, _FARTHEST)
                gain = self.posterior(there) - height
                if gain > 0:
                    z, height = there, height + gain
                    break
                stretch *= 0.5
            if gain < _CLOSE:
                break
        return z, precision
