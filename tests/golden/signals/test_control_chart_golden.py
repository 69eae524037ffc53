# SPDX-License-Identifier: Apache-2.0
"""The chart of means against R's qcc 2.7 on its piston rings; an individuals chart by hand."""

from __future__ import annotations

import csv
import math
import os
from pathlib import Path

import numpy as np
import pytest

from attunement.signals import SignalError
from attunement.signals.subgroups import mean_chart, mean_range

FOLDER = os.environ.get("ATTUNEMENT_REFERENCE_DATA")


@pytest.mark.reference
@pytest.mark.skipif(not FOLDER, reason="ATTUNEMENT_REFERENCE_DATA is not set")
def test_piston_rings_as_qcc_has_them() -> None:
    path = Path(str(FOLDER)) / "control_chart" / "pistonrings.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    samples = [[float(r["diameter"]) for r in rows if int(r["sample"]) == k] for k in range(1, 41)]
    found = mean_chart(np.array(samples), baseline=25)
    assert found.centre == pytest.approx(74.00118, abs=5e-6)
    assert found.sigma == pytest.approx(0.009785039, rel=1e-6)
    assert found.lower == pytest.approx(73.98805, abs=5e-6)
    assert found.upper == pytest.approx(74.01430, abs=5e-6)
    assert (np.nonzero(found.beyond)[0] + 1).tolist() == [37, 38, 39]
    # qcc marks sample 40 as well: not for a limit (its mean, 74.0128, is inside), but for a run
    above = found.means > found.centre
    assert above[33:40].all()
    assert not above[32]
    assert found.means[39] == pytest.approx(74.0128)


def test_mean_range_of_two_and_three_in_closed_form() -> None:
    # E|x − y| = 2/√π; three values have a mean range of 3/√π
    assert mean_range(2) == pytest.approx(2 / math.sqrt(math.pi), abs=1e-7)
    assert mean_range(3) == pytest.approx(3 / math.sqrt(math.pi), abs=1e-7)


@pytest.mark.parametrize(
    ("samples", "baseline"),
    [(np.zeros((3, 1)), 1), (np.zeros((3, 2)), 4), (np.array([[1.0, np.nan]]), 1), (np.ones(4), 1)],
)
def test_a_chart_that_cannot_be_drawn_is_refused(samples: np.ndarray, baseline: int) -> None:
    with pytest.raises(SignalError) as caught:
        mean_chart(samples, baseline=baseline)
    assert caught.value.code == "E-SIGNAL-006"
