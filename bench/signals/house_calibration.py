# SPDX-License-Identifier: Apache-2.0
"""Does the house rule flag the share of calm clients that it was asked to flag?

For each condition: a clinic's archive is drawn and learned from, a limit is asked for at 5, 10 and
20 %, and new calm clients of the same clinic are judged. Prints asked and counted; several archives
per condition, since an archive of a few hundred clients is itself a matter of chance.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np

from attunement.signals.house import (
    HouseModel,
    default_house,
    house_threshold,
    judge_house,
    learn_house,
)
from attunement.simulate.series import SHAPES, Course, series
from bench.machine import probe
from bench.signals.house_series import batch_of

ASKED = (0.05, 0.10, 0.20)
BASE = Course(missing_after=1.0)
CONDITIONS: dict[str, tuple[Course, int]] = {
    "as the prior": (BASE, 12),
    "6 sessions": (BASE, 6),
    "24 sessions": (BASE, 24),
    "40 sessions": (BASE, 40),
    "ceiling 20 %": (replace(BASE, level=3.45), 12),
    "ceiling 40 %": (replace(BASE, level=3.82), 12),
    "ceiling 40 %, 30 sessions": (replace(BASE, level=3.82), 30),
    "30 % missing": (replace(BASE, missing=0.3), 12),
    "noise 1.5 times the prior's": (replace(BASE, within_sd=0.35 * 1.5), 12),
    "noise 1/1.5 of the prior's": (replace(BASE, within_sd=0.35 / 1.5), 12),
    "autocorrelation 0": (replace(BASE, autocorrelation=0.0), 12),
    "autocorrelation .5": (replace(BASE, autocorrelation=0.5), 12),
    "autocorrelation .5, 40 sessions": (replace(BASE, autocorrelation=0.5), 40),
    "slow trends up": (replace(BASE, slope=0.01, slope_sd=0.015), 12),
    "slow trends down": (replace(BASE, slope=-0.01, slope_sd=0.015), 12),
    "one item (step 1)": (replace(BASE, step=1.0), 12),
    "two items (step .5)": (replace(BASE, step=0.5), 12),
    "40 items (step .025)": (replace(BASE, step=0.025), 12),
    "all at once": (
        replace(BASE, level=3.6, autocorrelation=0.4, slope=0.005, slope_sd=0.01, missing=0.2,
                step=0.25, within_sd=0.5),
        20,
    ),
}  # fmt: skip


def counted(
    model: HouseModel, course: Course, length: int, n: int, rng: np.random.Generator
) -> list[float]:
    batch = batch_of(series(n, length, course=course, rng=rng), course)
    found = []
    for asked in ASKED:
        limit = house_threshold(model, null_rate=asked, horizon=length)
        flagged = judge_house(batch, model, limit).flagged.reshape(n, length)
        found.append(100 * float(flagged.any(axis=1).mean()))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench house-calibration")
    parser.add_argument("--archive", type=int, default=300, help="clients in the archive")
    parser.add_argument("--archives", type=int, default=4, help="archives per condition")
    parser.add_argument("--clients", type=int, default=5000, help="new clients per archive")
    parser.add_argument("--only", action="append", choices=CONDITIONS, help="a condition")
    parser.add_argument("--told", action="store_true", help="true numbers in place of an archive")
    options = parser.parse_args()
    chosen = {name: CONDITIONS[name] for name in options.only or CONDITIONS}
    if options.told:
        told(chosen, options.clients)
        return
    print(f"Before: {probe()}")
    print(f"{options.archives} archives of {options.archive}; mean (lowest to highest) counted %")
    print(
        f"{'condition':34} {'ceiling':>7}  "
        + "  ".join(f"asked {100 * a:2.0f} %      " for a in ASKED)
    )
    worst = 0.0
    for name, (course, length) in chosen.items():
        place = list(CONDITIONS).index(name)
        rng = np.random.default_rng([1, place])
        start = time.perf_counter()
        rows = []
        for _ in range(options.archives):
            archive = series(options.archive, length, course=course, rng=rng)
            model = learn_house(batch_of(archive, course))
            rows.append(counted(model, course, length, options.clients, rng))
        found = np.array(rows)
        seen = archive.client[~np.isnan(archive.client)]
        top = 100 * float((seen >= course.maximum - 1e-9).mean())
        cells = "  ".join(
            f"{m:5.1f} ({lo:4.1f}–{hi:4.1f})"
            for m, lo, hi in zip(found.mean(0), found.min(0), found.max(0), strict=True)
        )
        worst = max(worst, float(np.abs(found.mean(0) - 100 * np.array(ASKED)).max()))
        print(f"{name:34} {top:5.0f} %  {cells}   {time.perf_counter() - start:5.1f} s", flush=True)
    print(f"largest deviation of a mean: {worst:.1f} points")
    if options.only:
        return
    ruptured(options.clients)
    alone(options.clients)


def told(chosen: dict[str, tuple[Course, int]], n: int) -> None:
    """Print what the limits give by themselves: the model is told the true numbers."""
    for name, (course, length) in chosen.items():
        prior = default_house(course.minimum, course.maximum, course.step)
        client = replace(
            prior.client,
            level=course.level,
            between_sd=course.between_sd,
            within_sd=course.within_sd,
            memory=course.autocorrelation,
            slope=course.slope,
            slope_sd=course.slope_sd,
            noise_spread=course.noise_spread,
        )
        model = replace(prior, client=client, missing=course.missing)
        found = counted(model, course, length, n, np.random.default_rng(5))
        print(f"{name:34} " + " ".join(f"{one:5.1f}" for one in found), flush=True)


def ruptured(n: int) -> None:
    """Print the null rate after learning from an archive in which a quarter had a rupture."""
    print("archives of 600, a quarter of them with a rupture 2.5 within-person SDs deep:")
    for place, shape in enumerate(SHAPES):
        rng = np.random.default_rng([3, place])
        calm = series(450, 12, course=BASE, rng=rng)
        worse = series(150, 12, course=BASE, shape=shape, rng=rng)
        both = replace(calm, client=np.concatenate([calm.client, worse.client]))
        model = learn_house(batch_of(both, BASE))
        found = counted(model, BASE, 12, n, rng)
        print(f"  {shape:9} " + " ".join(f"{one:5.1f}" for one in found), flush=True)


def alone(n: int) -> None:
    """Print what happens without any archive: the shipped prior, and noise it does not know."""
    print("no archive at all: the shipped prior judges series of 12 sessions")
    for factor in (1 / 1.5, 1.0, 1.5):
        course = replace(BASE, level=3.15, within_sd=0.35 * factor)
        model = default_house(course.minimum, course.maximum, course.step)
        found = counted(model, course, 12, n, np.random.default_rng(2))
        print(f"  noise {factor:.2f} of the prior's: " + " ".join(f"{one:5.1f}" for one in found))


if __name__ == "__main__":
    main()
