# SPDX-License-Identifier: Apache-2.0
"""Reliable change as R clinicalsignificance 2.1 finds it, and as papers print it."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from attunement.signals.change import (
    Norms,
    Occasions,
    Verdicts,
    cutoff,
    reliable_change,
)
from attunement.signals.series import FloatArray

TIMES = (1, 2, 3, 4)


def _claus(column: str) -> tuple[FloatArray, FloatArray, Occasions]:
    path = Path(os.environ["ATTUNEMENT_REFERENCE_DATA"]) / "reliable_change" / "claus_2020.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    held = {
        (row["id"], int(row["time"])): float(row[column])
        for row in rows
        if row[column] not in {"NA", ""}
    }
    ids = sorted({row["id"] for row in rows})
    table = np.array([[held.get((who, time), np.nan) for time in TIMES] for who in ids])
    occasions = Occasions(
        np.tile(np.array(TIMES, dtype=np.float64), len(ids)),
        table.ravel(),
        np.arange(len(ids) + 1) * len(TIMES),
    )
    return table[:, 0], table[:, -1], occasions


def _three(one: Verdicts) -> tuple[int, int, int]:
    """Return improved, unchanged, deteriorated as they are without a cut-off."""
    found = one.counts()
    return (
        found["improved"] + found["recovered"],
        found["unchanged"],
        found["deteriorated"] + found["harmed"],
    )


@pytest.mark.reference
def test_methods_agree_with_r_on_the_hamilton_scores() -> None:
    pre, post, occasions = _claus("hamd")
    sample, found = reliable_change(
        pre,
        post,
        reliability=0.80,
        reliability_post=0.50,
        higher_is_better=False,
        functional=Norms(8, 8),
        occasions=occasions,
    )
    assert sample.n == 40
    by = {one.method.short: one for one in found}
    assert {short: _three(one) for short, one in by.items() if short != "IG"} == {
        "JT": (29, 10, 1),
        "EN": (32, 5, 3),
        "GLN": (29, 10, 1),
        "HLL": (12, 16, 12),
        "NK": (28, 11, 1),
        "HA": (32, 7, 1),
        "GD": (11, 20, 9),
    }
    recovered = {short: one.counts()["recovered"] for short, one in by.items() if short != "IG"}
    assert recovered == {"JT": 26, "EN": 26, "HLL": 12, "GLN": 26, "NK": 26, "HA": 23, "GD": 10}
    assert by["JT"].cutoff == pytest.approx(19.887, abs=5e-4)
    assert by["JT"].counts()["harmed"] == 0
    assert {one.counts()["none"] for one in found} == {3}


@pytest.mark.reference
def test_jacobson_truax_agrees_with_r_on_the_depression_scores() -> None:
    pre, post, _ = _claus("bdi")
    sample, (found, *_) = reliable_change(
        pre, post, reliability=0.801, higher_is_better=False, functional=Norms(7.69, 7.52)
    )
    assert (sample.pre.mean, sample.pre.sd) == (
        pytest.approx(35.475, abs=5e-4),
        pytest.approx(8.159, abs=5e-4),
    )
    assert found.cutoff == pytest.approx(21.017, abs=5e-4)
    assert 1.96 * np.sqrt(2) * sample.error == pytest.approx(10.09, abs=5e-3)
    counts = found.counts()
    assert [counts[name] for name in ("recovered", "improved", "unchanged", "deteriorated")] == [
        10,
        8,
        22,
        0,
    ]


def test_jacobson_and_truax_worked_example() -> None:
    # Pre 32.5, post 47.5, S 7.5, r .80: SEM 3.354, S_diff 4.743, RC 3.16; c = 50 for 40 and 60.
    _, (found, *_) = reliable_change(
        np.array([32.5, 40.0]),
        np.array([47.5, 41.0]),
        reliability=0.80,
        norms=Norms(40.0, 7.5),
        functional=Norms(60.0, 7.5),
        higher_is_better=True,
    )
    assert found.statistic[0] == pytest.approx(3.16, abs=5e-3)
    assert found.cutoff == pytest.approx(50.0)


def test_dyadic_adjustment_norms_give_the_known_cut_off() -> None:
    # Couples' adjustment: M 81.58, SD 11.83 against norms 114/18: c = 94.44.
    c = cutoff("c", clinical=Norms(81.58, 11.83), functional=Norms(114, 18), higher_is_better=True)
    assert c == pytest.approx(94.44, abs=5e-3)
