# SPDX-License-Identifier: Apache-2.0
"""How often a rule flags a series like this one when nothing is wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from attunement.signals.archive import Archive
from attunement.signals.detectors import DETECTORS, Model, Reason
from attunement.signals.errors import SignalError
from attunement.signals.rules import Rule, detector_of
from attunement.signals.series import FloatArray, Series
from attunement.signals.stable import People, chance, stable_series, uncut
from attunement.signals.wording import count

_NORMAL = NormalDist()
_PRIOR_SCORES = 12.0  # the archive's ceiling share counts as much as this many scores
_PRIOR_CHANGES = 40.0  # and its noise as much as this many changes
_MOST_SPREAD_CEILING = 0.30  # above this share the person's own changes say nothing of the noise
_LENGTHS = (12, 24, 60, 120, 240)
_LONGEST = _LENGTHS[-1]
_SPREADS = (0.7, 1.0, 1.4)
_MISSING = (0.0, 0.1, 0.2, 0.35, 0.5, 0.7)
_PROBIT_STEP = 0.5
_FARTHEST = 4.0  # a ceiling share is told apart up to this many spreads from the middle
_FEWEST, _MOST = 100, 1_000_000
_HALF_PER_CENT = 0.005
# median |difference| of normal scores = .6745·√2·σ·√(1 − r)
_MEDIAN_DIFFERENCE = _NORMAL.inv_cdf(0.75) * math.sqrt(2.0)


@dataclass(frozen=True, slots=True)
class NullRate:
    """How often a rule flags when there is nothing to find.

    Parameters
    ----------
    per_series : float
        Share of simulated stable series with at least one flag, 0 to 1.
    per_session : float
        Share of flagged sessions among those that the rule could judge, 0 to 1.
    per_series_se, per_session_se : float
        Monte Carlo standard errors.
    n_simulated : int
        Number of simulated series.
    n_sessions : int
        Length of the simulated series (at most 240).
    sentence : str
        The rate in plain words.
    """

    per_series: float
    per_session: float
    per_series_se: float
    per_session_se: float
    n_simulated: int
    n_sessions: int
    sentence: str


@dataclass(frozen=True, slots=True)
class _Like:
    """The coarse kind of a series, in shares of the scale's range: the key of the cache."""

    detector: str
    params: tuple[tuple[str, float], ...]
    length: int
    missing: float
    people: People
    archive: People
    step: float


@dataclass(frozen=True, slots=True)
class _Curve:
    """For each horizon h: share of series flagged by h; judged and flagged sessions up to h."""

    flagged_by: tuple[float, ...]
    per_session: tuple[float, ...]
    per_session_se: tuple[float, ...]


def null_rate(
    rule: Rule, *, like: Series, archive: Archive, n: int = 4000, seed: int = 20_260_101
) -> NullRate:
    """Simulate stable series like this one and count how often the rule flags them.

    The simulated people have a level of their own, noise around it with the archive's memory, and
    **no rupture**; their scores are rounded to the step and cut off at the ends of the scale.
    Alike are: the length; the share of missing forms (in six bins, at random places);
    the share of scores at the best end (the people's mean level is chosen so that the expected
    share is the series' own, shrunk to the archive's); the noise (the series' own median change,
    shrunk to the archive's, in bins of 0.7, 1 and 1.4 times). The rule works with the archive
    it would have worked with; where that was learned from scores, the people are those whose
    cut-off scores look like it.

    Parameters
    ----------
    rule : Rule
        A rule that reads one series.
    like : Series
        The series at hand.
    archive : Archive
        What is usual, in the units of the series.
    n : int
        Number of simulated series, 100 to 1,000,000.
    seed : int
        Seed of the simulation: the same call gives the same answer.

    Returns
    -------
    NullRate
        Rates with Monte Carlo standard errors and a plain sentence.

    Raises
    ------
    SignalError
        ``E-SIGNAL-006`` if the rule reads more than one series; ``E-SIGNAL-007`` for an ``n``
        outside its bounds.

    Notes
    -----
    One simulation serves all lengths up to its horizon (12, 24, 60, 120 or 240 sessions) and is
    cached, so that thousands of series cost a few hundred simulations. Checked against the
    project's published simulation table in ``tests/golden/signals``.
    """
    detector_of(rule)
    if not _FEWEST <= n <= _MOST:
        raise SignalError(
            "E-SIGNAL-007",
            what="the number of simulated series cannot be used",
            got=f"n = {n}",
            expected=f"a whole number from {_FEWEST} to {_MOST}",
            next_step="Use the default of 4000 unless you need more digits",
        )
    length = min(len(like.sessions), _LONGEST)
    if length == 0:
        return _answer(rule, 0, (0.0, 0.0, 0.0), n)
    curve = _simulate(_kind(rule, like, archive, seed), n, seed)
    at = length - 1
    rates = (curve.flagged_by[at], curve.per_session[at], curve.per_session_se[at])
    return _answer(rule, length, rates, n)


def _answer(rule: Rule, length: int, rates: tuple[float, float, float], n: int) -> NullRate:
    per_series, per_session, session_se = rates
    return NullRate(
        per_series=per_series,
        per_session=per_session,
        per_series_se=math.sqrt(per_series * (1.0 - per_series) / n),
        per_session_se=session_se,
        n_simulated=n,
        n_sessions=length,
        sentence=_sentence(rule, length, per_series),
    )


def _sentence(rule: Rule, length: int, per_series: float) -> str:
    """Say the rate in plain words."""
    name = f"the rule “{rule.title.lower()}”"
    if length <= rule.params.get("min_previous", 1):
        return f"A series of {count(length, 'session')} is too short for {name} to say anything."
    about = f"about {round(100 * per_series)}"
    times = "fewer than 1" if per_series < _HALF_PER_CENT else about
    return (
        f"In 100 stable series like this one ({count(length, 'session')}, nothing wrong), "
        f"{name} would flag {times} at least once."
    )


def _kind(rule: Rule, like: Series, archive: Archive, seed: int) -> _Like:
    """Coarsen a series to its kind."""
    span = like.maximum - like.minimum
    model = Model.of(archive, like)
    in_points = detector_of(rule).in_points
    step = round(model.step / span, 6)
    seen = People(
        round((model.level - model.minimum) / span, 3),
        round(model.between / span, 4),
        round(model.noise / span, 4),
        round(model.autocorrelation, 2),
    )
    # A prior or a stated archive means the people; a learned one has seen their cut-off scores.
    behind = uncut(seen, step, seed) if archive.n_scores else seen
    missing = 1.0 - like.n_scores / len(like.sessions)
    return _Like(
        detector=rule.detector,
        params=tuple(
            sorted(
                (name, value / span if name in in_points else value)
                for name, value in rule.params.items()
            )
        ),
        length=next((horizon for horizon in _LENGTHS if horizon >= len(like.sessions)), _LONGEST),
        missing=min(_MISSING, key=lambda share: abs(share - missing)),
        people=behind._replace(
            level=_level_by_ceiling(like, behind, 1.0 - 0.5 * step),
            noise=behind.noise * _noise_ratio(like, model),
        ),
        archive=seen,
        step=step,
    )


def _level_by_ceiling(like: Series, people: People, edge: float) -> float:
    """Return the level at which the expected share at the best end is the series' own, in bins.

    The own share is shrunk to the archive's; bins are counted from the archive's level, so that
    an average series sits in the middle of one.
    """
    spread = math.hypot(people.between, people.noise)
    if spread <= 0:
        return people.level
    usual = (people.level - edge) / spread
    expected = _NORMAL.cdf(min(max(usual, -_FARTHEST), _FARTHEST))
    own = (like.at_best_share() or 0.0) * like.n_scores
    share = (own + _PRIOR_SCORES * expected) / (like.n_scores + _PRIOR_SCORES)
    offset = _NORMAL.inv_cdf(share) - min(max(usual, -_FARTHEST), _FARTHEST)
    return people.level + spread * _PROBIT_STEP * round(offset / _PROBIT_STEP)


def _noise_ratio(like: Series, model: Model) -> float:
    """Return the person's own noise over the archive's, shrunk and in bins."""
    share = like.at_best_share()
    scores = like.upward()
    changes = np.abs(np.diff(scores))
    changes = changes[~np.isnan(changes)]
    if share is None or share > _MOST_SPREAD_CEILING or changes.size == 0 or model.noise <= 0:
        return 1.0
    usual = _MEDIAN_DIFFERENCE * model.noise * math.sqrt(1.0 - model.autocorrelation)
    own = float(np.median(changes)) / usual
    shrunk = (changes.size * own + _PRIOR_CHANGES) / (changes.size + _PRIOR_CHANGES)
    return min(_SPREADS, key=lambda ratio: abs(math.log(ratio) - math.log(max(shrunk, 0.1))))


@lru_cache(maxsize=4096)
def _simulate(kind: _Like, n: int, seed: int) -> _Curve:
    """Simulate n stable series of a kind and judge every session of each."""
    people, noise, luck = chance(n, kind.length, kind.archive.autocorrelation, seed)
    scores = stable_series((people, noise), kind.people, kind.step)
    if kind.missing:
        scores[luck < kind.missing] = np.nan
    model = Model(
        level=kind.archive.level,
        between=kind.archive.between,
        noise=kind.archive.noise,
        autocorrelation=kind.archive.autocorrelation,
        minimum=0.0,
        maximum=1.0,
        step=kind.step,
    )
    return _curve(scores, kind, model)


def _curve(scores: FloatArray, kind: _Like, model: Model) -> _Curve:
    """Judge the simulated series and add up the flags over the sessions."""
    detector = DETECTORS[kind.detector]
    found = detector.function(scores, np.arange(1, kind.length + 1), model, dict(kind.params))
    flagged = np.cumsum(found.flagged, axis=1, dtype=np.float64)
    judged = np.cumsum(found.reason == Reason.EVALUABLE, axis=1, dtype=np.float64)
    n = scores.shape[0]
    ever = (flagged > 0).mean(axis=0)
    totals = judged.sum(axis=0)
    safe = np.maximum(totals, 1.0)
    rate = flagged.sum(axis=0) / safe
    # A ratio of sums over independent series: the linearised standard error.
    residual = flagged - rate * judged
    error = np.sqrt((residual**2).sum(axis=0) * n / max(n - 1, 1)) / safe
    return _Curve(tuple(ever.tolist()), tuple(rate.tolist()), tuple(error.tolist()))
