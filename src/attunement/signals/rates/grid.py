# SPDX-License-Identifier: Apache-2.0
"""What the shipped tables hold: which rules, at which places, and how one place is simulated.

Everything is in usual within-person SDs (the archive's), the best end of the scale at 0. A place
says what a person and the archive are like; all people of a place are alike. The scale of a place
is continuous: what rounding does is put into a person's place, see `likeness`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from attunement.signals.archive import Archive
from attunement.signals.batch import Batch
from attunement.signals.engine import screen_batch
from attunement.signals.gains.losses import SUDDEN_LOSS
from attunement.signals.house import judge_house
from attunement.signals.rates.axes import (
    ASKED,
    BASE,
    DEPTHS,
    HIT_AXES,
    HIT_FURTHER,
    HIT_HORIZONS,
    HORIZONS,
    LENGTHS,
    LONGEST,
    NULL_AXES,
    NULL_FURTHER,
    asked_for,
    block_name,
    further_of,
)
from attunement.signals.rates.judging import HOUSE_DETECTOR, Asked, flags_of, settled
from attunement.signals.rates.world import Dip, Null, batch_of, scores_of
from attunement.signals.rules import CLASSICAL_RULES, HOUSE, LOOKING_BACK_RULES, OWN_MEDIAN, Rule
from attunement.signals.series import FloatArray

SEED = 20_261_122
_FAR = 60.0  # SDs from the best end to the worst, where the worst is to play no part


@dataclass(frozen=True, slots=True)
class Block:
    """One array of the tables: which rules, over which axes, what is kept."""

    name: str
    rules: tuple[Rule, ...]
    axes: Mapping[str, tuple[float, ...]]
    part: str

    @property
    def further(self) -> bool:
        """Whether the block holds what a further axis changes."""
        return not self.name.endswith("main")

    def values(self, place: Mapping[str, float], n: int, seed: int) -> FloatArray:
        """Simulate one place."""
        function = null_values if self.part == "null" else hit_values
        return function(self.rules, place, n, seed)


TABLED: tuple[Rule, ...] = (HOUSE, *CLASSICAL_RULES, *LOOKING_BACK_RULES, OWN_MEDIAN)


def blocks() -> tuple[Block, ...]:
    """Return every block of the tables."""
    found: dict[str, Block] = {}
    for part, axes, further in (
        ("null", NULL_AXES, NULL_FURTHER),
        ("hit", HIT_AXES, HIT_FURTHER),
    ):
        for rule in (*(asked_for(HOUSE, rate) for rate in ASKED), *TABLED[1:]):
            for kind in dict.fromkeys(("main", further_of(rule))):
                if kind != "none":
                    name = block_name(part, rule, kind)
                    there = found.get(name)
                    rules = (*(there.rules if there else ()), rule)
                    found[name] = Block(name, rules, further.get(kind, axes), part)
    return tuple(found.values())


def places(axes: Mapping[str, Sequence[float]]) -> list[dict[str, float]]:
    """Return every place of a grid, the last axis fastest."""
    return [{**BASE, **dict(zip(axes, values, strict=True))} for values in product(*axes.values())]


@dataclass(frozen=True, slots=True)
class Place:
    """One place as a world: its people, its archive, the rules that it is about."""

    world: Null
    archive: Archive
    own_level: float
    own_noise: float

    @classmethod
    def at(cls, place: Mapping[str, float], horizon: int, *, bounded: bool = False) -> Place:
        """Return the world of a place; ``bounded`` = the scale has a worst end."""
        own = place["noise"]
        level = -place["edge"] * own
        bottom = -place["range"] if bounded else -_FAR
        mean = min(max(level - place["away"] * place["between"], bottom), 0.0)
        archive = Archive(mean, place["between"], 1.0, place["memory"], "a place of the table")
        world = Null(
            bottom,
            0.0,
            0.0,
            level,
            0.0,
            own,
            place["memory"],
            place["missing"],
            horizon,
        )
        return cls(world, archive, level, own)

    def scores(self, n: int, seed: int, horizon: int, dip: Dip | None = None) -> FloatArray:
        """Simulate n alike people for a shorter horizon."""
        world = Null(
            self.world.minimum,
            0.0,
            self.world.step,
            self.own_level,
            0.0,
            self.own_noise,
            self.world.autocorrelation,
            self.world.missing,
            horizon,
        )
        return scores_of(
            np.full(n, self.own_level),
            np.full(n, self.own_noise),
            world,
            seed=seed,
            fall=0.0 if dip is None else dip.depth,
            dip=dip,
            length=LONGEST,
        )


def at_place(rule: Rule, place: Mapping[str, float]) -> Rule:
    """Return the rule with the limit in points that a place has."""
    if further_of(rule) == "points":
        return rule.with_params(rule.version, points=place["points"])
    return rule


def null_values(
    rules: Sequence[Rule], place: Mapping[str, float], n: int, seed: int = SEED
) -> FloatArray:
    """Return for each rule the share of series flagged by each horizon, then the session rates.

    Returns
    -------
    numpy.ndarray, shape (rules, 2 × horizons)
    """
    found = np.empty((len(rules), 2, len(HORIZONS)))
    for bounded in (False, True):
        chosen = [k for k, rule in enumerate(rules) if _bounded(rule) is bounded]
        if not chosen:
            continue
        here = Place.at(place, LONGEST, bounded=bounded)
        ahead = [k for k in chosen if not rules[k].prospective]
        live = [k for k in chosen if rules[k].prospective]
        asked = _flags([at_place(rules[k], place) for k in live], here, n, seed, LONGEST)
        for k, (flagged, judged) in zip(live, asked, strict=True):
            for column, horizon in enumerate(HORIZONS):
                found[k, :, column] = _rates(flagged[:, :horizon], judged[:, :horizon])
        for column, horizon in enumerate(HORIZONS):
            asked = _flags([rules[k] for k in ahead], here, n, seed, horizon)
            for k, (flagged, judged) in zip(ahead, asked, strict=True):
                found[k, :, column] = _rates(flagged, judged)
    return found.reshape(len(rules), -1)


def hit_values(
    rules: Sequence[Rule], place: Mapping[str, float], n: int, seed: int = SEED
) -> FloatArray:
    """Return for each rule the share of dips found, by length, depth and horizon.

    Returns
    -------
    numpy.ndarray, shape (rules, lengths × depths × horizons)
    """
    found = np.empty((len(rules), len(LENGTHS), len(DEPTHS), len(HIT_HORIZONS)))
    for bounded in (False, True):
        chosen = [k for k, rule in enumerate(rules) if _bounded(rule) is bounded]
        if not chosen:
            continue
        here = Place.at(place, LONGEST, bounded=bounded)
        asked_of = [at_place(rules[k], place) for k in chosen]
        for (a, length), (b, depth), (c, horizon) in product(
            enumerate(LENGTHS), enumerate(DEPTHS), enumerate(HIT_HORIZONS)
        ):
            dip = Dip(depth, length)
            on = dip.sessions(horizon)
            flags = _flags(asked_of, here, n, seed, horizon, dip=dip)
            for k, (flagged, _) in zip(chosen, flags, strict=True):
                found[k, a, b, c] = flagged[:, on].any(axis=1).mean()
    return found.reshape(len(rules), -1)


def _bounded(rule: Rule) -> bool:
    """Whether the worst end of the scale plays a part, if only as the unit of the range."""
    return further_of(rule) == "range" or rule.detector == HOUSE_DETECTOR


def _rates(flagged: np.ndarray, judged: np.ndarray) -> tuple[float, float]:
    sessions = int(judged.sum())
    return float(flagged.any(axis=1).mean()), float(flagged.sum()) / max(sessions, 1)


def _house(rules: Sequence[Rule], batch: Batch, here: Place) -> list[tuple[np.ndarray, np.ndarray]]:
    """Judge once by the loosest limit, and hold the answers against each of the others."""
    if not rules:
        return []
    limits = [settled(Asked(rule.params["asked"]), here.archive, batch) for rule in rules]
    model, values = limits[0].model, [one.threshold for one in limits]
    loosest = min((one for one in values if one is not None), key=lambda one: one.value)
    assert model is not None  # noqa: S101 -- settled() gives both
    found = judge_house(batch, model, loosest, compile_from=1)
    flagged = np.asarray(found.flagged)
    return [
        (flagged & (-found.statistic > one.value), found.evaluable)
        for one in values
        if one is not None
    ]


def _flags(
    rules: Sequence[Rule],
    here: Place,
    n: int,
    seed: int,
    horizon: int,
    *,
    dip: Dip | None = None,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return flags and evaluable sessions of each rule, shape (n, horizon)."""
    if not rules:
        return []
    batch = batch_of(here.scores(n, seed, horizon, dip), here.world)
    together = [rule for rule in rules if rule.detector not in {HOUSE_DETECTOR, SUDDEN_LOSS}]
    screened = (
        screen_batch(batch, together, archive=here.archive, compile_from=1) if together else None
    )
    house = [rule for rule in rules if rule.detector == HOUSE_DETECTOR]
    by_house = dict(
        zip((rule.params["asked"] for rule in house), _house(house, batch, here), strict=True)
    )
    found = []
    for rule in rules:
        if rule.detector == HOUSE_DETECTOR:
            one = by_house[rule.params["asked"]]
        elif rule.detector == SUDDEN_LOSS:
            one = flags_of(batch, rule, here.archive, compile_from=1)
        else:
            assert screened is not None  # noqa: S101 -- there is a rule to screen by
            one = screened.of(rule.id)
        found.append((one[0].reshape(n, horizon), one[1].reshape(n, horizon)))
    return found
