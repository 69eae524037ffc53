# SPDX-License-Identifier: Apache-2.0
"""Stated rates beside those that are counted in stable dyads."""

from __future__ import annotations

import math

import numpy as np
import pytest

from attunement.signals import Series, learn_archive, null_rate, rule
from attunement.signals.batch import Batch
from attunement.signals.rates.judging import flags_of

STEP = 1 / 7


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_stated_rates_meet_the_counted_ones_in_stable_people(spread: float) -> None:
    generator = np.random.default_rng(12)
    series = []
    for _ in range(1500):
        length = int(generator.integers(6, 25))
        noise = generator.standard_normal(length)
        for t in range(1, length):
            noise[t] = 0.2 * noise[t - 1] + math.sqrt(0.96) * noise[t]
        own = 0.5 * math.exp(spread * generator.standard_normal())
        scores = 4.3 + 0.75 * generator.standard_normal() + own * noise
        values = np.clip(np.round(scores / STEP) * STEP, 0, 6).tolist()
        series.append(Series(tuple(range(length)), tuple(values), 0, 6, STEP))
    archive = learn_archive(series)
    starts = np.concatenate([[0], np.cumsum([len(one.sessions) for one in series])])
    batch = Batch(
        np.array([value for one in series for value in one.values], dtype=np.float64),
        np.array([session for one in series for session in one.sessions]),
        starts,
        0,
        6,
        STEP,
    )
    names = ("below-own-baseline", "below-own-baseline-watch", "own-sd-drop-and-return", "cusum")
    for name in names:
        one = rule(name)
        flags = np.add.reduceat(flags_of(batch, one, archive)[0], starts[:-1]) > 0
        some = series[::5]  # rates differ little between people; what is counted is everybody
        stated = np.mean([null_rate(one, like=each, archive=archive).per_series for each in some])
        counted = flags.mean()
        chance = math.sqrt(counted * (1 - counted) / len(series))
        assert abs(stated - counted) < 0.02 + 2 * chance, (name, stated, counted)
