# SPDX-License-Identifier: Apache-2.0
"""A trend is seen, in the series' own direction, and does not hide in the noise."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from attunement.figures import DualChart, Line, dual_sentence
from attunement.signals import Archive, Series, detect, learn_archive, steady_change

ARCHIVE = Archive(4.0, 0.7, 0.5, 0.0, "by hand")


def _series(*values: float | None, lower: bool = False) -> Series:
    return Series(tuple(range(len(values))), values, 0, 6, higher_is_better=not lower)


def test_a_line_by_hand() -> None:
    # 1 2 3 4 5: Σ(t − t̄)(x − x̄) = 10, Σ(t − t̄)² = 10; slope 1 in units of .5/√10
    assert steady_change(_series(1, 2, 3, 4, 5), archive=ARCHIVE) == pytest.approx(2 * 10**0.5)
    falling = steady_change(_series(5, 4, None, 3, 2, 1, lower=True), archive=ARCHIVE)
    assert falling == pytest.approx(-2 * 10**0.5)


def test_too_few_scores_or_no_noise_say_nothing() -> None:
    assert steady_change(_series(1, 2, None, 3, 4), archive=ARCHIVE) is None
    silent = Archive(4.0, 0.7, 0.0, 0.0, "by hand")
    assert steady_change(_series(1, 2, 3, 4, 5), archive=silent) is None


def test_formula_says_that_scores_are_mirrored_where_lower_is_better() -> None:
    up = detect(_series(4.0, 4, 4, 4, 0), archive=ARCHIVE).signals[0]
    down = detect(
        _series(2.0, 2, 2, 2, 6, lower=True), archive=Archive(2.0, 0.7, 0.5, 0.0, "by hand")
    ).signals[0]
    assert "lower is better" not in up.why.formula
    assert "6 − score" in down.why.formula


@pytest.mark.reference
@pytest.mark.skipif(
    "ATTUNEMENT_REFERENCE_DATA" not in os.environ, reason="ATTUNEMENT_REFERENCE_DATA is not set"
)
def test_falling_depression_scores_leave_the_usual_change_what_it_is() -> None:
    path = Path(os.environ["ATTUNEMENT_REFERENCE_DATA"]) / "sudden_gains/sgdata.csv"
    rows = list(csv.DictReader(path.read_text().splitlines()))
    lines = [[row[f"bdi_s{n}"] for n in range(13)] for row in rows]
    series = [
        Series(
            tuple(range(13)),
            tuple(None if cell == "NA" else float(cell) for cell in line),
            0, 63, 1, higher_is_better=False,
        )
        for line in lines
    ]  # fmt: skip
    archive = learn_archive(series)
    changes = np.concatenate([np.diff([v for v in one.values if v is not None]) for one in series])
    # the usual change is the spread of the changes in the file, counted plainly
    assert archive.usual_change(1) == pytest.approx(float(changes.std()), rel=0.1)
    falling = [(steady_change(one, archive=archive) or 0) < -1.96 for one in series]
    assert np.mean(falling) > 0.5
    last = next(one for one in series if one.values[-2:] == (7.0, 20.0))
    chart = DualChart(
        client=Line("Client", last.sessions, last.values), therapist=None, minimum=0, maximum=63,
        higher_is_better=False, title="BDI", noise=archive.usual_change(1),
    )  # fmt: skip
    assert "clearly more than the ordinary up and down" in dual_sentence(chart)
