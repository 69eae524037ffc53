# SPDX-License-Identifier: Apache-2.0
"""Print the published simulation table of rules in use, as the engine gives it today.

20,000 people, 12 sessions, scale 1-5, means 3.8 and 4.5, SD between people .50, within .35,
autocorrelation .20, rounded to 1/12, cut off at the ends, no rupture; hits: 2.5 within SDs lower
in session 7, or in sessions 7 to 9. ``python -m bench null-table [PEOPLE]``.
"""

from __future__ import annotations

import math
import sys
from dataclasses import replace

import numpy as np

from attunement.signals import CLASSICAL_RULES, Archive, Batch, Rule, judge_batch, rule

SESSIONS = 12
TOP = {"max_best_share": 1.0}
ROWS: tuple[tuple[str, Rule, float], ...] = (
    ("A  own mean - 1 own SD, looking back", rule("own-sd-below-whole-mean"), 1 / 12),
    ("B  drop of 1 own SD", rule("own-sd-drop-whole"), 1 / 12),
    ("B+V  the same, and back", rule("own-sd-drop-and-return"), 1 / 12),
    ("D  drop of a reliable change", rule("drop-reliable-change"), 1 / 12),
    ("E  chart of the whole series, no floor", rule("individuals-chart-whole"), 0.0),
    ("E  the same, with the shipped floor", rule("individuals-chart-whole"), 1 / 12),
    (
        "L  sudden loss, quarter of the score",
        rule("sudden-loss").with_params("t", from_minimum=0.0),
        1 / 12,
    ),
    ("L  the same, quarter of the range (shipped)", rule("sudden-loss"), 1 / 12),
    ("P  baseline, z < -1.645", rule("below-own-baseline-watch").with_params("t", **TOP), 1 / 12),
    ("P  baseline, z < -2.33", rule("below-own-baseline").with_params("t", **TOP), 1 / 12),
    ("CUSUM", rule("cusum").with_params("t", **TOP), 1 / 12),
    ("EWMA", rule("ewma").with_params("t", **TOP), 1 / 12),
)


def course(mean: float, people: int) -> np.ndarray:
    generator = np.random.default_rng(20_261_122)
    noise = generator.standard_normal((people, SESSIONS))
    for t in range(1, SESSIONS):
        noise[:, t] = 0.20 * noise[:, t - 1] + math.sqrt(1 - 0.20**2) * noise[:, t]
    return mean + 0.50 * generator.standard_normal((people, 1)) + 0.35 * noise


def scored(values: np.ndarray) -> np.ndarray:
    return np.clip(np.round(values * 12) / 12, 1, 5)


def main(people: int) -> None:
    rest = [(one.id, one, 1 / 12) for one in CLASSICAL_RULES]
    print(f"{people:,} people; per cent at mean 3.8 / 4.5")
    print(f"{'rule':46} {'people':>13} {'sessions':>13} {'hit, 1':>13} {'hit, 3':>13}")
    for name, one, step in (*ROWS, *rest):
        cells = []
        for mean in (3.8, 4.5):
            steady = course(mean, people)
            scores = scored(steady)
            within = scores.var(axis=1, ddof=1).mean()
            between = scores.mean(axis=1).var(ddof=1) - within / SESSIONS
            archive = Archive(scores.mean(), math.sqrt(between), math.sqrt(within), 0.20, "pooled")
            flags = []
            for lowered in (0, 1, 3):
                fallen = steady.copy()
                fallen[:, 6 : 6 + lowered] -= 2.5 * 0.35
                batch = Batch(
                    scored(fallen).ravel(),
                    np.tile(np.arange(1, SESSIONS + 1), people),
                    SESSIONS * np.arange(people + 1),
                    1,
                    5,
                    1 / 12,
                )
                found = judge_batch(replace(batch, step=step), one, archive=archive)
                flags.append(found.flagged.reshape(people, SESSIONS))
            calm, short, long = flags
            cells.append(
                (
                    calm.any(axis=1).mean(),
                    calm.mean(),
                    short[:, 6].mean(),
                    long[:, 6:9].any(axis=1).mean(),
                )
            )
        both = [f"{100 * a:5.1f} / {100 * b:5.1f}" for a, b in zip(*cells, strict=True)]
        print(f"{name:46} " + " ".join(f"{cell:>13}" for cell in both), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
