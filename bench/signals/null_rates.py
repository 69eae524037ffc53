# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: INP001 - a script, not a package
"""Compare the null rates that are stated with those that are counted. Prints; changes nothing.

Three clinics of stable people (low, middle, high on a scale from 0 to 6), 3 to 30 sessions, one
form in ten missing, the archive learned from the same people. Beside it: the time for all of it.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from attunement.signals import RULES, Series, detect, learn_archive, null_rate

STEP = 1 / 7
MISSING = 0.1


def stable(level: float, n: int, generator: np.random.Generator) -> list[Series]:
    series = []
    for _ in range(n):
        length = int(generator.integers(3, 31))
        noise = generator.standard_normal(length)
        for t in range(1, length):
            noise[t] = 0.2 * noise[t - 1] + np.sqrt(1 - 0.2**2) * noise[t]
        scores = generator.normal(level, 0.75) + 0.5 * noise
        scores = np.clip(np.round(scores / STEP) * STEP, 0, 6)
        values = tuple(None if generator.random() < MISSING else float(x) for x in scores)
        series.append(Series(tuple(range(1, length + 1)), values, 0, 6, STEP))
    return series


def main(n: int) -> None:
    generator = np.random.default_rng(1)
    for level in (4.0, 4.7, 5.2):
        series = stable(level, n, generator)
        start = time.perf_counter()
        archive = learn_archive(series)
        learned = time.perf_counter()
        found = [detect(one, RULES, archive=archive) for one in series]
        detected = time.perf_counter()
        rates = [[null_rate(r, like=one, archive=archive) for one in series] for r in RULES]
        simulated = time.perf_counter()
        print(
            f"level {level}: {n} series, learn {learned - start:.2f} s, "
            f"detect {detected - learned:.2f} s, null rates {simulated - detected:.2f} s"
        )
        for rule, stated in zip(RULES, rates, strict=True):
            flagged = [any(s.rule_id == rule.id for s in one.signals) for one in found]
            print(
                f"  {rule.id:26} counted {100 * np.mean(flagged):5.1f} %   "
                f"stated {100 * np.mean([rate.per_series for rate in stated]):5.1f} %"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000)
