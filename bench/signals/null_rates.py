# SPDX-License-Identifier: Apache-2.0

"""Compare the null rates that are stated with those that are counted. Prints; changes nothing.

Four clinics of 10,000 stable dyads each (low, middle, high on a scale from 0 to 6, and one where
noises differ by a third), 3 to 30 sessions, one form in ten missing; the archive is learned from
the first 1500 of them, rates are stated for the first 600. ``python -m bench null-rates [DYADS]``.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from attunement.signals import Batch, Series, learn_archive, null_rate
from attunement.signals.rates.grid import TABLED
from attunement.signals.rates.judging import flags_of

STEP = 1 / 7
MISSING = 0.1
STATED = 600


def stable(level: float, spread: float, n: int, generator: np.random.Generator) -> list[Series]:
    series = []
    for _ in range(n):
        length = int(generator.integers(3, 31))
        noise = generator.standard_normal(length)
        for t in range(1, length):
            noise[t] = 0.2 * noise[t - 1] + np.sqrt(1 - 0.2**2) * noise[t]
        own = 0.5 * np.exp(spread * generator.standard_normal())
        scores = generator.normal(level, 0.75) + own * noise
        scores = np.clip(np.round(scores / STEP) * STEP, 0, 6)
        values = tuple(None if generator.random() < MISSING else float(x) for x in scores)
        series.append(Series(tuple(range(1, length + 1)), values, 0, 6, STEP))
    return series


def together(series: list[Series]) -> Batch:
    values = [np.nan if x is None else x for one in series for x in one.values]
    sessions = [session for one in series for session in one.sessions]
    starts = np.concatenate([[0], np.cumsum([len(one.sessions) for one in series])])
    return Batch(np.array(values), np.array(sessions), starts, 0, 6, STEP)


def main(n: int) -> None:
    generator = np.random.default_rng(1)
    for level, spread in ((4.0, 0.0), (4.7, 0.0), (5.2, 0.0), (4.4, 0.3)):
        series = stable(level, spread, n, generator)
        archive = learn_archive(series[:1500])
        batch = together(series)
        start = time.perf_counter()
        print(f"level {level}, SD of the log of the own noises {spread}: {n} dyads")
        gaps = []
        for rule in TABLED:
            flagged = np.add.reduceat(flags_of(batch, rule, archive)[0], batch.starts[:-1]) > 0
            rates = [null_rate(rule, like=one, archive=archive) for one in series[:STATED]]
            stated = np.mean([rate.per_series for rate in rates])
            # the lengths of the first dyads are not those of all: compare like with like
            same = flagged[:STATED].mean()
            steady = flagged.mean()
            gaps.append(100 * (stated - steady))
            simulated = sum(not rate.from_table for rate in rates)
            print(
                f"  {rule.id:32} counted {100 * steady:5.1f} ({100 * same:5.1f} in the first)   "
                f"stated {100 * stated:5.1f}   simulated {simulated}",
                flush=True,
            )
        print(
            f"  mean gap {np.mean(gaps):+.1f}, largest {max(gaps, key=abs):+.1f} points; "
            f"{time.perf_counter() - start:.0f} s"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
