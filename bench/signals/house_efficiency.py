# SPDX-License-Identifier: Apache-2.0
"""How much of what could be found does the house rule find, at one null rate for everybody?

Sides: an oracle that knows every true parameter and which shape of rupture may come (though not
when); one that does not know the shape; somebody who also knows each person's own level; the house
rule with a model learned from an archive; other detectors with the true numbers; and every
classical rule of the package, learning from the same archive. The limit of each is tuned on the
same calm dyads to the same null rate. A hit is a flag in a session in which the rupture is on; the
delay is that of the first such flag.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from attunement.signals.house import HouseModel, Threshold, judge_house, learn_house
from attunement.simulate.oracle import clairvoyant, oracle
from attunement.simulate.series import SHAPES, Course, CourseScores, series
from bench.machine import probe
from bench.signals.house_peers import PEERS, rules_of_the_package
from bench.signals.house_series import batch_of

Matrix = NDArray[np.float64]
LENGTH = 12
ONSETS = {"dip": (2, 12), "long-dip": (2, 10), "step": (2, 9), "decline": (2, 8)}
BASE = Course(level=2.4)
CONDITIONS = {
    "autocorrelation .2": BASE,
    "autocorrelation 0": replace(BASE, autocorrelation=0.0),
    "autocorrelation .5": replace(BASE, autocorrelation=0.5),
    "slow trends": replace(BASE, slope_sd=0.02),
}
ALL = frozenset({"therapist", "prediction", "strain", "expected"})


def house(model: HouseModel, course: Course, channels: frozenset[str]) -> Callable[..., Matrix]:
    limit = Threshold(0.0, 0.1, LENGTH, channels, model.version, 0.0, 0)

    def statistic(scores: CourseScores) -> Matrix:
        batch = batch_of(scores, course, channels)
        found = -judge_house(batch, model, limit).statistic.reshape(scores.client.shape)
        return np.where(np.isnan(found), -np.inf, found)

    return statistic


def hit(statistic: Matrix, scores: CourseScores, limit: float) -> tuple[float, float]:
    """Return the hit rate in per cent and the median delay in sessions."""
    flagged = (statistic > limit) & scores.on
    found = flagged.any(axis=1)
    delay = flagged.argmax(axis=1) + 1 - scores.onset
    return 100 * float(found.mean()), float(np.median(delay[found])) if found.any() else np.nan


def one_channel(course: Course, n: int, rng: np.random.Generator, null_rate: float) -> float:
    calm = series(n, LENGTH, course=course, rng=rng)
    archive = series(1000, LENGTH, course=course, rng=rng)
    model = learn_house(batch_of(archive, course))
    every = dict.fromkeys(SHAPES, 1.0)
    ours = house(model, course, frozenset())

    def limit(statistic: Matrix) -> float:
        return float(np.quantile(statistic.max(axis=1), 1 - null_rate))

    tuned = {name: limit(rule(calm.client, course)) for name, rule in PEERS.items()}
    rules = rules_of_the_package(course, archive)
    tuned |= {name: limit(rule(calm)) for name, rule in rules.items()}
    own, unknowing = limit(ours(calm)), limit(oracle(calm.client, course, every))
    lowest = np.inf
    for shape in SHAPES:
        worse = series(n, LENGTH, course=course, shape=shape, onset=ONSETS[shape], rng=rng)
        known = {shape: 1.0}
        best, _ = hit(
            oracle(worse.client, course, known), worse, limit(oracle(calm.client, course, known))
        )
        blind, _ = hit(oracle(worse.client, course, every), worse, unknowing)
        found, delay = hit(ours(worse), worse, own)
        peers = {
            name: hit(rule(worse.client, course), worse, tuned[name])[0]
            for name, rule in PEERS.items()
        }
        top = max(peers, key=lambda name: peers[name])
        shipped = {name: hit(rule(worse), worse, tuned[name])[0] for name, rule in rules.items()}
        first = max(shipped, key=lambda name: shipped[name])
        lowest = min(lowest, found / best)
        print(
            f"  {shape:9} house {found:5.1f} (delay {delay:.0f}); oracle told the shape {best:.1f} "
            f"({100 * found / best:5.1f} %), not told {blind:5.1f} ({100 * found / blind:5.1f} %); "
            + ", ".join(f"{name} {value:.1f}" for name, value in peers.items())
            + ("" if peers[top] <= found else f"  <-- {top} is ahead")
            + f"; best rule of the package: {first} {shipped[first]:.1f}"
            + ("" if shipped[first] <= found else "  <-- ahead"),
            flush=True,
        )
    return 100 * lowest


def known_levels(course: Course, n: int, rng: np.random.Generator, null_rate: float) -> None:
    """Print what knowing each person's own level would add; no rule can know it."""
    same = replace(course, between_sd=0.0)
    for shape in SHAPES:
        known = {shape: 1.0}
        calm = series(n, LENGTH, course=same, rng=rng)
        worse = series(n, LENGTH, course=same, shape=shape, onset=ONSETS[shape], rng=rng)
        levels = np.full((n, 1), course.level)
        limit = np.quantile(
            clairvoyant(calm.client, levels, same, known).max(axis=1), 1 - null_rate
        )
        found, _ = hit(clairvoyant(worse.client, levels, same, known), worse, float(limit))
        print(f"  {shape:9} somebody who knows each person's own level: {found:5.1f}")


def channels(course: Course, n: int, rng: np.random.Generator, null_rate: float) -> None:
    """Print what therapist, prediction, strain and missed forms add."""
    course = replace(course, missing=0.08)
    archive = series(1000, LENGTH, course=course, rng=rng)
    calm = series(n, LENGTH, course=replace(course, missing_after=1.0), rng=rng)
    sets = {
        "client alone": frozenset(),
        "+ therapist": frozenset({"therapist"}),
        "+ prediction": frozenset({"prediction"}),
        "+ strain": frozenset({"strain"}),
        "+ missed form": frozenset({"expected"}),
        "all": ALL,
    }
    print("  " + " " * 16 + "".join(f"{shape:>10}" for shape in SHAPES))
    worse = {
        shape: series(n, LENGTH, course=course, shape=shape, onset=ONSETS[shape], rng=rng)
        for shape in SHAPES
    }
    for name, given in sets.items():
        rule = house(learn_house(batch_of(archive, course, given)), course, given)
        limit = float(np.quantile(rule(calm).max(axis=1), 1 - null_rate))
        cells = [hit(rule(worse[shape]), worse[shape], limit) for shape in SHAPES]
        print(f"  {name:16}" + "".join(f"{rate:6.1f} ({delay:.0f})" for rate, delay in cells))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench house-efficiency")
    parser.add_argument("--dyads", type=int, default=20_000)
    parser.add_argument("--null-rate", type=float, default=0.10)
    parser.add_argument("--depths", default="2,2.5,3")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    print(f"Before: {probe()}")
    for place, (name, course) in enumerate(CONDITIONS.items()):
        for depth in map(float, options.depths.split(",")):
            print(f"{name}, {depth:g} within-person SDs deep, null rate {options.null_rate:g}:")
            rng = np.random.default_rng([2, place])
            deep = replace(course, depth=depth)
            lowest = one_channel(deep, options.dyads, rng, options.null_rate)
            print(f"  lowest share of the oracle that is told the shape: {lowest:.1f} %")
    rng = np.random.default_rng(3)
    print("own level known:")
    known_levels(BASE, options.dyads, rng, options.null_rate)
    print("with further channels, hit rate (median delay):")
    channels(BASE, options.dyads, rng, options.null_rate)


if __name__ == "__main__":
    main()
