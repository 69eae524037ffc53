# SPDX-License-Identifier: Apache-2.0
"""Rates for a series at hand: from the tables where they reach, else by simulation."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from attunement.signals.archive import Archive
from attunement.signals.computations import Reference, Unit
from attunement.signals.detectors import Model
from attunement.signals.rates.axes import (
    ASKED,
    DEPTHS,
    HIT_HORIZONS,
    HORIZONS,
    HOUSE,
    LENGTHS,
    USUALLY_ASKED,
    asked_for,
    further_of,
)
from attunement.signals.rates.packing import NEAREST, normal_share, probit
from attunement.signals.rates.person import Person, person_behind
from attunement.signals.rates.stated import HitRate, NullRate, hit_sentence, null_sentence
from attunement.signals.rates.table import read_off, simulated_people, tabled
from attunement.signals.rates.world import MOST_SESSIONS, Dip
from attunement.signals.rules import Rule
from attunement.signals.series import FloatArray, Series
from attunement.signals.stable import People, uncut

if TYPE_CHECKING:
    from attunement.signals.rates.judging import Asked

_SEED = 20_260_101
SIMULATED = 1000  # series for a rule that is in no table
_ASKED_HORIZON = 12  # sessions within which the tables' house rule keeps what it is asked
_LEAST_ASKED = 0.01
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
class Like:
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
    kind = likeness(like, archive)
    rate = _tabled_rate(asked)
    if n is None and seed is None and rate is not None and _within(rule, kind):
        every, sessions = _asked_null(rule, kind, rate)
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
    from attunement.signals.rates import alike  # noqa: PLC0415 -- the tables need no simulation

    many = n or SIMULATED
    if n is None and seed is None and asked is None:
        found = alike.simulate_alike(rule, kind.archive, kind.model, alike.rough(kind))
    else:
        found = alike.simulate(
            rule, like, archive, dip=None, asked=asked, n=many, seed=seed or _SEED
        )
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
    kind = likeness(like, archive)
    shipped = _has_hits(dip, length)
    many, from_table = n or SIMULATED, False
    asked_rate = _tabled_rate(asked)
    tables = n is None and seed is None and asked_rate is not None and shipped
    if tables and asked_rate is not None and _within(rule, kind):
        many, from_table = simulated_people("hit"), True
        rate = _asked_hit(rule, kind, dip, asked_rate)
        error = math.sqrt(rate * (1.0 - rate) / many)
    else:
        from attunement.signals.rates import alike  # noqa: PLC0415 -- as above

        found = alike.simulate(
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


def tabled_null(
    rule: Rule, like: Series, archive: Archive, asked: float = USUALLY_ASKED
) -> float | None:
    """Return the share of stable series that are flagged; None where no table reaches.

    ``asked``: what the house rule is asked for within 12 sessions, 0.01 to 0.5.
    """
    kind = likeness(like, archive) if like.sessions else None
    if kind is None or not _within(rule, kind):
        return None
    return _asked_null(rule, kind, asked)[0]


def tabled_hit(
    rule: Rule,
    like: Series,
    archive: Archive,
    dip: Dip,
    *,
    length: int,
    asked: float = USUALLY_ASKED,
) -> float | None:
    """Return the share of dips found in series of a length; None where no table reaches."""
    kind = likeness(like, archive) if like.sessions else None
    if kind is None or not _has_hits(dip, length) or not _within(rule, kind):
        return None
    return _asked_hit(rule, replace(kind, length=length), dip, asked)


def _tabled_rate(asked: Asked | None) -> float | None:
    """Return the null rate that is asked of the house rule where the tables can tell of it."""
    if asked is None:
        return USUALLY_ASKED
    own = asked.model is not None or asked.threshold is not None
    if own or asked.horizon != _ASKED_HORIZON or not _LEAST_ASKED <= asked.null_rate <= ASKED[-1]:
        return None
    return asked.null_rate


def _asked_null(rule: Rule, kind: Like, asked: float) -> tuple[float, float]:
    """Return both null rates, for the house rule between those of the tables."""
    if rule.detector != HOUSE:
        return _from_null_table(rule, kind)
    below, above, share = _rates_beside(asked)
    low = _from_null_table(asked_for(rule, below), kind)
    if not share:
        return low
    high = _from_null_table(asked_for(rule, above), kind)
    return _way_between(low[0], high[0], share), _way_between(low[1], high[1], share)


def _asked_hit(rule: Rule, kind: Like, dip: Dip, asked: float) -> float:
    if rule.detector != HOUSE:
        return _from_hit_table(rule, kind, dip)
    below, above, share = _rates_beside(asked)
    low = _from_hit_table(asked_for(rule, below), kind, dip)
    if not share:
        return low
    return _way_between(low, _from_hit_table(asked_for(rule, above), kind, dip), share)


def _rates_beside(asked: float) -> tuple[float, float, float]:
    """Return the tables' rates below and above, and the share of the way on the probit scale."""
    at = min(max(int(np.searchsorted(ASKED, asked, side="right")) - 1, 0), len(ASKED) - 2)
    below, above = ASKED[at], ASKED[at + 1]
    start = probit(below)
    return below, above, (probit(asked) - start) / (probit(above) - start)


def _way_between(low: float, high: float, share: float) -> float:
    """Return what lies between two shares on the probit scale; nothing stays nothing."""
    if max(low, high) <= NEAREST:
        return 0.0
    start = probit(low)
    return float(normal_share(np.array(start + share * (probit(high) - start))))


def _has_hits(dip: Dip, length: int) -> bool:
    """Whether the tables hold a dip in series of a length."""
    return (
        dip.onset is None
        and dip.length in LENGTHS
        and 1.0 <= dip.depth <= DEPTHS[-1] + 1.0
        and _SHORTEST_HIT <= length <= HIT_HORIZONS[-1] + 10
    )


@lru_cache(maxsize=1024)
def likeness(like: Series, archive: Archive) -> Like:
    """Return a series as the tables and a simulation see it."""
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
    behind = uncut(seen, step) if archive.n_scores else seen
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
    return Like(
        model=model,
        archive=Archive(
            model.level, model.between, archive.within_sd, model.autocorrelation, archive.source
        ),
        person=person,
        length=min(len(like.sessions), MOST_SESSIONS),
        missing=1.0 - like.n_scores / len(like.sessions),
    )


def _places(rule: Rule, kind: Like) -> dict[str, FloatArray]:
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


def _within(rule: Rule, kind: Like) -> bool:
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


def _from_null_table(rule: Rule, kind: Like) -> tuple[float, float]:
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


def _from_hit_table(rule: Rule, kind: Like, dip: Dip) -> float:
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
