# SPDX-License-Identifier: Apache-2.0
"""How many clients the house rule judges in a second, and whether plain and compiled agree."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np

from attunement.signals.house import CHANNELS, default_house, house_threshold, judge_house
from attunement.simulate.series import Course, series
from bench.machine import probe
from bench.signals.house_series import batch_of


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench house-speed")
    parser.add_argument("--clients", type=int, default=200_000)
    parser.add_argument("--sessions", type=int, default=15)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    print(f"Before: {probe()}")
    rng = np.random.default_rng(1)
    course = Course(missing=0.05)
    for named in ((), ("therapist",), CHANNELS):
        channels = frozenset(named)
        model = default_house(course.minimum, course.maximum, course.step)
        for spread in (0.0, 0.35):
            model = replace(model, client=replace(model.client, noise_spread=spread))
            batch = batch_of(
                series(options.clients, options.sessions, course=course, rng=rng), course, channels
            )
            limit = house_threshold(model, horizon=options.sessions, channels=channels)
            few = batch.part(0, 50)
            plain = judge_house(few, model, limit, compile_from=1 << 60)
            many = judge_house(few, model, limit, compile_from=0)
            same = all(
                np.array_equal(getattr(plain, name), getattr(many, name), equal_nan=True)
                for name in ("statistic", "probability", "expected", "flagged", "reason")
            )
            wall, processor = [], []
            for _ in range(options.repeats):
                start, used = time.perf_counter(), time.process_time()
                judge_house(batch, model, limit)
                wall.append(time.perf_counter() - start)
                processor.append(time.process_time() - used)
            print(
                f"{', '.join(sorted(channels)) or 'client alone':42} "
                f"{'one size of noise' if not spread else 'three sizes of noise':20} "
                f"{options.clients / float(np.median(wall)):>10,.0f} clients/s, "
                f"{1e6 * float(np.median(processor)) / options.clients:5.1f} µs of processor each, "
                f"plain and compiled {'identical' if same else 'DIFFER'}"
            )


if __name__ == "__main__":
    main()
