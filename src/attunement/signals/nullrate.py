# SPDX-License-Identifier: Apache-2.0
"""How often a rule flags a series like this one when nothing is wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from attunement.signals.archive import Archive
from attunement.signals.batch import Batch, BoolArray
from attunement.signals.detectors import DETECTORS, Model, Reason
from attunement.signals.engine import judge_batch
from attunement.signals.errors import SignalError
from attunement.signals.rules import Rule, detector_of
from attunement.signals.ruling import unnamed
from attunement.signals.series import FloatArray, Series
from attunement.signals.stable import People, chance, stable_series, uncut
from attunement.signals.wording import count

_NORMAL = NormalDist()
_PRIOR_SCORES = 24.0  # the archive's ceiling share counts as much as this many scores
_PRIOR_CHANGES = 60.0  # and its noise as much as this many changes
_MOST_SPREAD_CEILING = 0.30  # above this share the person's own changes say nothing of the noise
_LENGTHS = (12, 24, 60, 120, 240)
_LONGEST = _LENGTHS[-1]
_SPREAD_STEP = math.log(1.4)  # the simulated noises are 1.4 to the power of −2 … 2 times the usual
_MOST_SPREAD_STEPS = 2
_MISSING = (0.0, 0.1, 0.2, 0.35, 0.5, 0.7)
_PROBIT_STEP = 0.5
_FARTHEST = 4.0  # a ceiling share is told apart up to this many spreads from the middle
_FEWEST, _MOST = 100, 1_000_000
_HALF_PER_CENT = 0.005
# mean |difference| of normal scores = √(2/π)·√2·σ·√(1 − r)
_MEAN_DIFFERENCE = 2.0 / math.sqrt(math.pi)


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
    """A kind of series, in shares of the scale's range: the key of the cache."""

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
    share is the series' own, shrunk to the archive's, which counts as 24 scores); the noise (the
    series' own mean change, shrunk to the archive's, which counts as 60 changes). Level and noise
    are simulated at a few places each, and the rates between are read off straight lines. The
    rule works with the archive it would have worked with; where that was learned from scores, the
    people are those whose cut-off scores look like it.

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
    project's published simulation table in ``tests/golden/signals``, and against what is counted
    in thousands of stable series: on average up to a fifth too high for the rule that is on, and
    not too low by more than chance.
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
    at = length - 1
    rates = [0.0, 0.0, 0.0]
    for weight, kind in _kinds(rule, like, archive, seed):
        curve = _simulate(kind, n, seed)
        # All kinds share their draws, so that standard errors add up like the rates.
        for place, line in enumerate((curve.flagged_by, curve.per_session, curve.per_session_se)):
            rates[place] += weight * line[at]
    return _answer(rule, length, (rates[0], rates[1], rates[2]), n)


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


def _kinds(rule: Rule, like: Series, archive: Archive, seed: int) -> Iterator[tuple[float, _Like]]:
    """Yield the kinds of series that stand around this one, with their weights (sum 1)."""
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
    kind = _Like(
        detector=rule.detector,
        params=tuple(
            sorted(
                (name, value / span if name in in_points else value)
                for name, value in rule.params.items()
            )
        ),
        length=next((horizon for horizon in _LENGTHS if horizon >= len(like.sessions)), _LONGEST),
        missing=min(_MISSING, key=lambda share: abs(share - missing)),
        people=behind,
        archive=seen,
        step=step,
    )
    spread = math.hypot(behind.between, behind.noise)
    for of_level, up in _neighbours(_level_steps(like, behind, spread, 1.0 - 0.5 * step)):
        for of_noise, wider in _neighbours(_noise_steps(like, model)):
            people = behind._replace(
                level=behind.level + spread * _PROBIT_STEP * up,
                noise=behind.noise * math.exp(_SPREAD_STEP * wider),
            )
            yield of_level * of_noise, replace(kind, people=people)


def _neighbours(place: float) -> Iterator[tuple[float, int]]:
    """Yield the whole numbers on both sides of a place, with the weights of a straight line."""
    low = math.floor(place)
    share = round(place - low, 6)
    if share < 1.0:
        yield 1.0 - share, low
    if share > 0.0:
        yield share, low + 1


def _level_steps(like: Series, people: People, spread: float, edge: float) -> float:
    """Return how many half spreads above the archive's level the expected share is the own one.

    The share is that of scores at the best end, the own one shrunk to the archive's.
    """
    if spread <= 0:
        return 0.0
    usual = min(max((people.level - edge) / spread, -_FARTHEST), _FARTHEST)
    expected = _NORMAL.cdf(usual)
    own = (like.at_best_share() or 0.0) * like.n_scores
    share = (own + _PRIOR_SCORES * expected) / (like.n_scores + _PRIOR_SCORES)
    return (_NORMAL.inv_cdf(share) - usual) / _PROBIT_STEP


def _noise_steps(like: Series, model: Model) -> float:
    """Return the person's own noise over the archive's, shrunk, in steps of 1.4 times."""
    share = like.at_best_share()
    changes = np.abs(np.diff(like.upward()))
    changes = changes[~np.isnan(changes)]
    if share is None or share > _MOST_SPREAD_CEILING or changes.size == 0 or model.noise <= 0:
        return 0.0
    usual = _MEAN_DIFFERENCE * model.noise * math.sqrt(1.0 - model.autocorrelation)
    own = float(changes.mean()) / usual
    shrunk = (changes.size * own + _PRIOR_CHANGES) / (changes.size + _PRIOR_CHANGES)
    steps = math.log(shrunk) / _SPREAD_STEP
    return min(max(steps, -_MOST_SPREAD_STEPS), _MOST_SPREAD_STEPS)


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
    flagged, evaluable = _verdicts(scores, kind, model)
    flagged = np.cumsum(flagged, axis=1, dtype=np.float64)
    judged = np.cumsum(evaluable, axis=1, dtype=np.float64)
    n = scores.shape[0]
    ever = (flagged > 0).mean(axis=0)
    totals = judged.sum(axis=0)
    safe = np.maximum(totals, 1.0)
    rate = flagged.sum(axis=0) / safe
    # A ratio of sums over independent series: the linearised standard error.
    residual = flagged - rate * judged
    error = np.sqrt((residual**2).sum(axis=0) * n / max(n - 1, 1)) / safe
    return _Curve(tuple(ever.tolist()), tuple(rate.tolist()), tuple(error.tolist()))


def _verdicts(scores: FloatArray, kind: _Like, model: Model) -> tuple[BoolArray, BoolArray]:
    """Return which sessions are flagged and which were judged, both (series, sessions)."""
    detector, params = DETECTORS[kind.detector], dict(kind.params)
    sessions = np.arange(1, kind.length + 1)
    if detector.function is not None:
        found = detector.function(scores, sessions, model, params)
        return found.flagged, np.asarray(found.reason == Reason.EVALUABLE)
    n = scores.shape[0]
    batch = Batch(
        scores.ravel(),
        np.tile(sessions, n),
        kind.length * np.arange(n + 1),
        model.minimum,
        model.maximum,
        model.step,
    )
    archive = Archive(model.level, model.between, model.noise, model.autocorrelation, "simulated")
    answers = judge_batch(batch, unnamed(kind.detector, params), archive=archive)
    return answers.flagged.reshape(n, -1), answers.evaluable.reshape(n, -1)
