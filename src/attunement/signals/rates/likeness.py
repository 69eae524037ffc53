# SPDX-License-Identifier: Apache-2.0
"""Rates for a series at hand: from the tables where they reach, else by simulation."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from attunement.signals.archive import Archive
from attunement.signals.computations import Reference, Unit
from attunement.signals.detectors import Model
from attunement.signals.engine import COMPILE_FROM
from attunement.signals.rates.grid import DEPTHS, HIT_HORIZONS, HORIZONS, LENGTHS, further_of
from attunement.signals.rates.judging import HOUSE_DETECTOR, PLAIN, Asked
from attunement.signals.rates.person import Person, person_behind
from attunement.signals.rates.simulating import Counted, chosen, count_flags
from attunement.signals.rates.stated import HitRate, NullRate, hit_sentence, null_sentence
from attunement.signals.rates.table import read_off, simulated_people, tabled
from attunement.signals.rates.world import MOST_SESSIONS, Dip, Null
from attunement.signals.rules import Rule
from attunement.signals.series import FloatArray, Series
from attunement.signals.stable import People, uncut

_SEED = 20_260_101
_SIMULATED = 1000  # series for a rule that is in no table
_SHORTEST_HIT = 6
# Where the tables end: beyond, the rates are simulated.
_BOUNDS = {
    "memory": (-0.10, 0.60),
    "missing": (0.0, 0.55),
    "step": (0.0, 0.9),
    "between": (0.3, 5.0),
    "range": (5.0, 50.0),
    "points": (0.75, 4.5),
}
_NOISES = (0.5, 2.0)
_BOTTOM = 2.5  # own SDs that a level must lie above the worst end
_OFF_GRID = 0.05  # share of the possible people that may lie beyond the grid


@dataclass(frozen=True, slots=True)
class _Like:
    """A series as the tables and a simulation see it, on the higher-is-better axis."""

    model: Model
    archive: Archive
    person: Person
    length: int
    missing: float


def null_like(
    rule: Rule,
    like: Series,
    archive: Archive,
    *,
    asked: Asked | None,
    n: int | None,
    seed: int | None,
) -> NullRate:
    """Return the null rate for a series; see `attunement.signals.rates.null_rate`."""
    length = min(len(like.sessions), MOST_SESSIONS)
    if length == 0:
        sentence = null_sentence(rule, 0, 0.0, like=True)
        return NullRate(0.0, 0.0, 0.0, 0.0, n or 0, 0, sentence)
    kind = _likeness(like, archive)
    if n is None and seed is None and asked is None and _within(rule, kind):
        every, sessions = _from_null_table(rule, kind)
        many = simulated_people("null")
        return NullRate(
            per_series=every,
            per_session=sessions,
            per_series_se=math.sqrt(every * (1.0 - every) / many),
            per_session_se=_session_error(every, sessions, length, many),
            n_simulated=many,
            n_sessions=length,
            sentence=null_sentence(rule, length, every, like=True),
            from_table=True,
        )
    many = n or _SIMULATED
    if n is None and seed is None and asked is None:
        found = _simulate_alike(rule, kind.archive, kind.model, _rough(kind))
    else:
        found = _simulate(rule, like, archive, dip=None, asked=asked, n=many, seed=seed or _SEED)
    return NullRate(
        per_series=found.per_series,
        per_session=found.per_session,
        per_series_se=found.per_series_se,
        per_session_se=found.per_session_se,
        n_simulated=many,
        n_sessions=length,
        sentence=null_sentence(rule, length, found.per_series, like=True),
    )


def hit_like(
    rule: Rule,
    like: Series,
    archive: Archive,
    dip: Dip,
    *,
    asked: Asked | None,
    n: int | None,
    seed: int | None,
) -> HitRate:
    """Return the hit rate for a series; see `attunement.signals.rates.hit_rate`."""
    length = min(len(like.sessions), MOST_SESSIONS)
    onset = dip.sessions(length).start + 1
    if length == 0:
        sentence = null_sentence(rule, 0, 0.0, like=True)
        return HitRate(0.0, 0.0, dip, onset, n or 0, 0, sentence)
    kind = _likeness(like, archive)
    shipped = _has_hits(dip, length)
    many, from_table = n or _SIMULATED, False
    if n is None and seed is None and asked is None and shipped and _within(rule, kind):
        many, from_table = simulated_people("hit"), True
        rate = _from_hit_table(rule, kind, dip)
        error = math.sqrt(rate * (1.0 - rate) / many)
    else:
        found = _simulate(
            rule, like, archive, dip=dip, asked=asked, n=many, seed=_SEED if seed is None else seed
        )
        rate, error = found.hit, found.hit_se
    return HitRate(
        rate=rate,
        rate_se=error,
        dip=dip,
        onset=onset,
        n_simulated=many,
        n_sessions=length,
        sentence=hit_sentence(rule, length, dip, rate, like=True),
        from_table=from_table,
    )


def tabled_null(rule: Rule, like: Series, archive: Archive) -> float | None:
    """Return the share of stable series that are flagged; None where no table reaches."""
    kind = _likeness(like, archive) if like.sessions else None
    if kind is None or not _within(rule, kind):
        return None
    return _from_null_table(rule, kind)[0]


def tabled_hit(rule: Rule, like: Series, archive: Archive, dip: Dip, length: int) -> float | None:
    """Return the share of dips found in series of a length; None where no table reaches."""
    kind = _likeness(like, archive) if like.sessions else None
    if kind is None or not _has_hits(dip, length) or not _within(rule, kind):
        return None
    return _from_hit_table(rule, replace(kind, length=length), dip)


def _has_hits(dip: Dip, length: int) -> bool:
    """Whether the tables hold a dip in series of a length."""
    return (
        dip.onset is None
        and dip.length in LENGTHS
        and 1.0 <= dip.depth <= DEPTHS[-1] + 1.0
        and _SHORTEST_HIT <= length <= HIT_HORIZONS[-1] + 10
    )


@lru_cache(maxsize=1024)
def _likeness(like: Series, archive: Archive) -> _Like:
    model = Model.of(archive, like)
    span = like.maximum - like.minimum
    seen = People(
        round((model.level - model.minimum) / span, 3),
        round(model.between / span, 4),
        round(model.noise / span, 4),
        round(model.autocorrelation, 2),
    )
    step = round(model.step / span, 6)
    # A prior or a stated archive means the people; a learned one has seen their cut-off scores.
    behind = uncut(seen, step, _SEED) if archive.n_scores else seen
    people = People(
        like.minimum + behind.level * span,
        behind.between * span,
        behind.noise * span,
        seen.autocorrelation,
    )
    person = person_behind(
        like.upward(),
        people,
        minimum=like.minimum,
        maximum=like.maximum,
        step=like.step,
    )
    return _Like(
        model=model,
        archive=Archive(
            model.level, model.between, archive.within_sd, model.autocorrelation, archive.source
        ),
        person=person,
        length=min(len(like.sessions), MOST_SESSIONS),
        missing=1.0 - like.n_scores / len(like.sessions),
    )


def _places(rule: Rule, kind: _Like) -> dict[str, FloatArray]:
    """Return where a series' possible people lie on the axes of the tables.

    The tables are for a continuous scale. Rounding to a step s adds s²/12 to a person's variance;
    and where a rule asks for a fixed fall between two rounded scores, the fall it really asks for
    is the next multiple of the step, less half a step.
    """
    model, person = kind.model, kind.person
    unit, step = model.noise, model.step / model.noise
    noise = np.sqrt((person.noises / unit) ** 2 + step**2 / 12.0)
    fall, parts = _fixed_fall(rule, model)
    if fall and step > 0:
        noise = noise * fall / _rounded_fall(fall, step / parts)
    between = max(model.between, 1e-6 * unit)
    places = {
        "edge": (model.maximum - 0.5 * model.step - person.levels) / person.noises,
        "noise": noise,
        "memory": np.array(model.autocorrelation),
        "missing": np.array(kind.missing),
        "away": (person.levels - model.level) / between,
        "between": np.array(between / unit),
        "range": np.array((model.maximum - model.minimum) / unit),
    }
    if further_of(rule) == "points":
        points = rule.params["points"] / unit
        if step > 0:  # a median lies on the steps or halfway between two
            points = 0.5 * (_rounded_fall(points, step) + _rounded_fall(points, 0.5 * step))
        places["points"] = np.array(points)
    return places


def _fixed_fall(rule: Rule, model: Model) -> tuple[float, float]:
    """Return the fall that a rule asks for, in usual SDs, and into how many parts a step falls.

    The fall is one from rounded scores: from the score before (1 part) or from the mean of the
    last m (m parts); 0 where a rule asks for another kind.
    """
    if rule.detector == "previous_session":
        return rule.params["k"] * math.sqrt(2.0 * (1.0 - model.autocorrelation)), 1.0
    before = {Reference.PREVIOUS: 1.0, Reference.RECENT_MEAN: rule.params.get("last", 1.0)}
    if rule.detector != "drop" or rule.params["reference"] not in before:
        return 0.0, 1.0
    sample = math.hypot(model.between / model.noise, 1.0)
    size = {
        Unit.RANGE: (model.maximum - model.minimum) / model.noise,
        Unit.WITHIN_SD: 1.0,
        Unit.SAMPLE_SD: sample,
        Unit.DIFFERENCE_SD: sample * math.sqrt(2.0 * (1.0 - rule.params["reliability"])),
    }
    fall = rule.params["k"] * size.get(Unit(int(rule.params["unit"])), 0.0)
    return fall, before[Reference(int(rule.params["reference"]))]


def _rounded_fall(fall: float, step: float) -> float:
    return (math.ceil(fall / step - 1e-9) - 0.5) * step


def _within(rule: Rule, kind: _Like) -> bool:
    """Whether the tables reach a series."""
    if not tabled(rule) or kind.model.noise <= 0 or not (kind.person.noises > 0).all():
        return False
    places = _places(rule, kind) | {"step": np.array(kind.model.step / kind.model.noise)}
    own_axis = {"archive": ("between",), "range": ("range",), "points": ("points",)}
    for name in ("memory", "missing", "step", *own_axis.get(further_of(rule), ())):
        low, high = _BOUNDS[name]
        if not low <= float(places[name]) <= high:
            return False
    own = kind.person.noises / kind.model.noise
    off = (own < _NOISES[0]) | (own > _NOISES[1])
    off |= (kind.person.levels - kind.model.minimum) / kind.person.noises < _BOTTOM
    return float(kind.person.weights[off].sum()) <= _OFF_GRID


def _from_null_table(rule: Rule, kind: _Like) -> tuple[float, float]:
    """Return the share of series and of sessions, averaged over the possible people."""
    values = read_off("null", rule, _places(rule, kind)).reshape(-1, 2, len(HORIZONS))
    ever, sessions = values[:, 0], values[:, 1]
    at, share = _between(HORIZONS, kind.length)
    # The chance to be spared falls by a steady rate between two horizons, and beyond the last.
    spared = np.log(np.maximum(1.0 - ever, 1e-9))
    spared = spared[:, at] + share * (spared[:, at + 1] - spared[:, at])
    share = min(share, 1.0)
    sessions = sessions[:, at] + share * (sessions[:, at + 1] - sessions[:, at])
    if kind.length < HORIZONS[0]:
        return 0.0, 0.0
    weights = kind.person.weights
    every = float(weights @ (1.0 - np.exp(np.minimum(spared, 0.0))))
    return min(max(every, 0.0), 1.0), float(weights @ sessions)


def _from_hit_table(rule: Rule, kind: _Like, dip: Dip) -> float:
    """Return the share of dips found, averaged over the possible people."""
    values = read_off("hit", rule, _places(rule, kind))
    values = values.reshape(-1, len(LENGTHS), len(DEPTHS), len(HIT_HORIZONS))
    values = values[:, LENGTHS.index(dip.length)]
    deep, part = _between(DEPTHS, dip.depth)
    values = values[:, deep] + part * (values[:, deep + 1] - values[:, deep])
    at, share = _between(HIT_HORIZONS, min(kind.length, HIT_HORIZONS[-1]))
    found = values[:, at] + share * (values[:, at + 1] - values[:, at])
    return float(kind.person.weights @ np.clip(found, 0.0, 1.0))


def _between(nodes: tuple[float, ...], x: float) -> tuple[int, float]:
    """Return the node below and the share of the way to the next, on a straight line."""
    at = min(max(int(np.searchsorted(nodes, x, side="right")) - 1, 0), len(nodes) - 2)
    return at, (x - nodes[at]) / (nodes[at + 1] - nodes[at])


def _session_error(every: float, sessions: float, length: int, n: int) -> float:
    """Return a standard error of the session rate: that of the series rate, scaled."""
    if every <= 0 or sessions <= 0:
        return 0.0
    clumped = max(length * sessions / every, 1.0)  # flags per flagged series
    return math.sqrt(sessions * clumped / (n * max(length, 1)))


class _Rough(NamedTuple):
    """A series so far rounded that series which are alike share one simulation."""

    length: int
    missing: float
    level: float  # mean and SD of the possible levels, in usual SDs
    level_spread: float
    noise: float  # mean and SD of the logarithm of the possible noises
    noise_spread: float


def _rough(kind: _Like) -> _Rough:
    """Round a series: by less than it tells of its person."""
    unit, w = kind.model.noise, kind.person.weights
    levels, logs = kind.person.levels, np.log(np.maximum(kind.person.noises, 1e-9) / unit)
    level, noise = float(w @ levels), float(w @ logs)
    spread = math.sqrt(max(float(w @ (levels - level) ** 2), 0.0)) / unit
    noises = math.sqrt(max(float(w @ (logs - noise) ** 2), 0.0))
    return _Rough(
        kind.length,
        round(kind.missing, 1),
        round(2.0 * level / unit) / 2.0,
        round(5.0 * spread) / 5.0,
        round(5.0 * noise) / 5.0,
        round(5.0 * noises) / 5.0,
    )


@lru_cache(maxsize=4096)
def _simulate_alike(rule: Rule, archive: Archive, model: Model, rough: _Rough) -> Counted:
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
        min(rough.missing, 0.99),
        rough.length,
    )
    # three levels and three noises with the mean and the variance of what is possible
    apart, shares = (
        np.array([-math.sqrt(3.0), 0.0, math.sqrt(3.0)]),
        np.array([1 / 6, 2 / 3, 1 / 6]),
    )
    levels = unit * (rough.level + rough.level_spread * np.repeat(apart, 3))
    noises = unit * np.exp(rough.noise + rough.noise_spread * np.tile(apart, 3))
    person = Person(levels, noises, np.outer(shares, shares).ravel())
    chosen_levels, chosen_noises = chosen(person, _SIMULATED)
    fast = rule.detector == HOUSE_DETECTOR or "numba" in sys.modules
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
def _simulate(
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
    kind = _likeness(like, archive)
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
    house = rule.detector == HOUSE_DETECTOR
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
