# SPDX-License-Identifier: Apache-2.0
"""Series: what can be one, and how it turns."""

from __future__ import annotations

import math

import numpy as np
import pytest

from attunement.signals import Series, SignalError


def test_series_turns_where_lower_is_better() -> None:
    series = Series((1, 2, 3), (0.0, None, 20.0), 0, 63, step=1, higher_is_better=False)
    up = series.upward()
    assert up[0] == 63
    assert np.isnan(up[1])
    assert up[2] == 43  # 0 + 63 − 20
    assert series.as_scored(43) == 20
    assert series.best == 0


def test_ceiling_share_counts_scores_at_the_best_end() -> None:
    assert Series((1, 2, 3, 4), (6.0, None, 6.0, 5.0), 0, 6).at_best_share() == pytest.approx(2 / 3)
    assert Series((1, 2), (0.0, 6.0), 0, 6, higher_is_better=False).at_best_share() == 0.5
    assert Series((1,), (None,), 0, 6).at_best_share() is None


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (((1, 2), (1.0,), 0, 6), "E-SIGNAL-001"),
        (((1, 1), (1.0, 2.0), 0, 6), "E-SIGNAL-002"),
        (((2, 1), (1.0, 2.0), 0, 6), "E-SIGNAL-002"),
        (((1,), (6.5,), 0, 6), "E-SIGNAL-003"),
        (((1,), (math.nan,), 0, 6), "E-SIGNAL-003"),
        (((1,), (math.inf,), 0, 6), "E-SIGNAL-003"),
        (((1,), (1.0,), 6, 0), "E-SIGNAL-004"),
        (((1,), (1.0,), 0, math.inf), "E-SIGNAL-004"),
        (((1,), (1.0,), 0, 6, -1), "E-SIGNAL-004"),
        (((1,), (1.0,), 0, 6, 7), "E-SIGNAL-004"),
    ],
)
def test_series_refused(arguments: tuple[object, ...], code: str) -> None:
    with pytest.raises(SignalError) as caught:
        Series(*arguments)
    assert caught.value.code == code


def test_refusal_names_the_session_and_not_the_score() -> None:
    with pytest.raises(SignalError) as caught:
        Series((1, 7), (5.0, 6.789), 0, 6)
    assert "session 7" in str(caught.value)
    assert "6.789" not in str(caught.value)
