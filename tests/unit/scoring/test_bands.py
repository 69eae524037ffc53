# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from tests.measure_samples import nine_sums

from attunement.scoring import ScoringError, band


@pytest.mark.parametrize(
    ("value", "label"),
    [(0, "minimal"), (4, "minimal"), (4.5, "minimal"), (5, "mild"), (27, "more")],
)
def test_band_holds_both_its_ends_and_the_gap_above(value: float, label: str) -> None:
    (reading,) = band(nine_sums(), "total", value)
    assert reading.label == label
    assert reading.verified is False
    assert (reading.source, reading.note) == ("made", "for a test")


@pytest.mark.parametrize("value", [-1, 28])
def test_value_outside_the_table_has_no_reading(value: float) -> None:
    assert band(nine_sums(), "total", value) == ()


def test_unknown_scale_is_refused() -> None:
    with pytest.raises(ScoringError, match="E-SCORE-004"):
        band(nine_sums(), "bond", 3)
