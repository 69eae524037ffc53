# SPDX-License-Identifier: Apache-2.0
"""The published simulation table of rules on series without any rupture, rebuilt from its text.

20,000 series of 12 sessions on a scale from 1 to 5: between-person SD .50, within-person SD .35,
first-order autocorrelation .20, rounded to 1/12, cut off at the ends, person means around 3.8 or
4.5, no ruptures. The expected numbers are those of the reference table (per cent of series and of
all sessions flagged), not of this code. The table's archive is what a clinic would estimate from
such data; here it is estimated by the plain pooled formulas below. The table trusts z at the
ceiling, so the ceiling share is not limited here.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray

from attunement.signals import Archive, Series, learn_archive, null_rate, rule
from attunement.signals.detectors import Judged, Model, previous_session, shrunken_baseline

WITHIN = 1.5
SESSIONS = np.arange(1, 13)


@lru_cache(maxsize=2)
def stable(mean: float) -> NDArray[np.float64]:
    generator = np.random.default_rng(20_221_107)
    people = mean + 0.50 * generator.standard_normal((20_000, 1))
    noise = np.empty((20_000, 12))
    noise[:, 0] = generator.standard_normal(20_000)
    for t in range(1, 12):
        fresh = generator.standard_normal(20_000)
        noise[:, t] = 0.20 * noise[:, t - 1] + math.sqrt(1 - 0.20**2) * fresh
    return np.clip(np.round((people + 0.35 * noise) * 12) / 12, 1, 5)


def pooled(scores: NDArray[np.float64]) -> Model:
    within = scores.var(axis=1, ddof=1).mean()
    between = scores.mean(axis=1).var(ddof=1) - within / 12
    return Model(scores.mean(), math.sqrt(between), math.sqrt(within), 0.20, 1, 5, 1 / 12)


def per_cent(found: Judged) -> tuple[float, float]:
    return 100 * found.flagged.any(axis=1).mean(), 100 * found.flagged.mean()


def test_the_simulation_has_the_stated_ceiling() -> None:
    assert 100 * (stable(4.5) == 5).mean() == pytest.approx(22, abs=WITHIN)


@pytest.mark.parametrize(
    ("mean", "limit", "series", "sessions"),
    [
        (3.8, 1.645, 40.5, 4.4),
        (4.5, 1.645, 45.1, 5.3),
        (3.8, 2.33, 10.2, 0.9),
        (4.5, 2.33, 16.1, 1.5),
    ],
)
def test_row_p_prospective_shrunken_baseline(
    mean: float, limit: float, series: float, sessions: float
) -> None:
    scores = stable(mean)
    params = {"z": limit, "min_previous": 2, "max_best_share": 1.0}
    found = per_cent(shrunken_baseline(scores, SESSIONS, pooled(scores), params))
    assert found[0] == pytest.approx(series, abs=WITHIN)
    assert found[1] == pytest.approx(sessions, abs=0.3)


@pytest.mark.parametrize(("mean", "series"), [(3.8, 75.4), (4.5, 72.5)])
def test_row_d_drop_of_a_reliable_change(mean: float, series: float) -> None:
    # RCI with alpha .90 and the sample SD: 1.96·SD·√(2(1 − .90)). The rule counts in units of
    # σ·√(2(1 − r)) = .35·√1.6, so its k is the ratio of the two.
    scores = stable(mean)
    model = Model(mean, 0.50, 0.35, 0.20, 1, 5, 1 / 12)
    reliable = 1.96 * scores.std() * math.sqrt(2 * (1 - 0.90))
    params = {"k": reliable / (0.35 * math.sqrt(1.6)), "max_gap": 1}
    found = per_cent(previous_session(scores, SESSIONS, model, params))
    assert found[0] == pytest.approx(series, abs=WITHIN)
    assert found[1] == pytest.approx(10, abs=0.6)


def test_null_rate_of_the_stated_world_meets_the_table() -> None:
    # The world is stated; the rule works with the archive that the table's clinic has.
    model = pooled(stable(3.8))
    archive = Archive(model.level, model.between, model.noise, 0.20, "pooled")
    for name, series, sessions in (
        ("below-own-baseline-watch", 40.5, 4.4),
        ("below-own-baseline", 10.2, 0.9),
    ):
        found = null_rate(
            rule(name).with_params("table", max_best_share=1.0),
            scale=(1, 5),
            step=1 / 12,
            level=3.8,
            between=0.50,
            within=0.35,
            autocorrelation=0.20,
            archive=archive,
        )
        assert 100 * found.per_series == pytest.approx(series, abs=WITHIN)
        # of the ten sessions that can be judged; the table's share is of all twelve
        assert 100 * found.per_session * 10 / 12 == pytest.approx(sessions, abs=0.3)


@pytest.mark.slow
def test_learned_archive_meets_the_stated_parameters() -> None:
    # Rounding and the few scores cut off at 5 cost a little of both SDs.
    series = [
        Series(tuple(SESSIONS.tolist()), tuple(row), 1, 5, 1 / 12)
        for row in stable(3.8)[:3000].tolist()
    ]
    found = learn_archive(series)
    assert found.mean == pytest.approx(3.8, abs=0.03)
    assert found.between_sd == pytest.approx(0.50, abs=0.02)
    assert found.within_sd == pytest.approx(0.35, abs=0.01)
    assert found.autocorrelation == pytest.approx(0.20, abs=0.02)
