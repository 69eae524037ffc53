# SPDX-License-Identifier: Apache-2.0
"""Asked for a rate, the house rule keeps it on a table that it has never been told about."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import attunement as at

DYADS = 2000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mean", "within", "length", "missing"),
    [(3.8, 0.525, 12, 0.1), (4.5, 0.23, 10, 0.0)],  # within SD 1.5 times the prior's, and 1/1.5
)
def test_a_table_of_stable_dyads_is_flagged_at_the_asked_rate(
    mean: float, within: float, length: int, missing: float
) -> None:
    draw = np.random.default_rng(17)
    noise = draw.standard_normal((DYADS, length))
    for t in range(1, length):
        noise[:, t] = 0.2 * noise[:, t - 1] + np.sqrt(1 - 0.2**2) * noise[:, t]
    scores = mean + 0.5 * draw.standard_normal((DYADS, 1)) + within * noise
    scores = np.clip(np.round(scores * 12) / 12, 1, 5)
    scores[draw.random(scores.shape) < missing] = np.nan
    table = pl.DataFrame(
        {
            "dyad": np.repeat(np.arange(DYADS), length),
            "session": np.tile(np.arange(1, length + 1), DYADS),
            "score": scores.ravel(),
        }
    )
    found = at.ruptures(table, scale=(1, 5), null_rate=0.10, horizon=length)
    flagged = found.sessions.group_by("dyad").agg(pl.col("flagged").any())["flagged"].mean()
    # ±2 points, and 2 standard errors of a share of 10 % in 2,000: √(.1·.9/2000) = .0067
    assert flagged == pytest.approx(0.10, abs=0.02 + 2 * 0.0067)
