# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from attunement.models import ModelError, decision_curve, performance

EVENT = np.array([1, 1, 1, 0, 0, 0, 0], dtype=np.float64)
# events .9 .6 .4; others .7 .4 .2 .1
PROBABILITY = np.array([0.9, 0.6, 0.4, 0.7, 0.4, 0.2, 0.1])


def test_area_and_its_error_by_hand() -> None:
    # Pairs won: .9 beats 4; .6 beats 3; .4 beats 2 and ties 1: (4 + 3 + 2.5)/12.
    found = performance(EVENT, PROBABILITY)
    assert found.auc == pytest.approx(9.5 / 12)
    # Placements of events 1, .75, .625; of others 1/3, 2.5/3, 1, 1.
    events, others = np.array([1, 0.75, 0.625]), np.array([1 / 3, 2.5 / 3, 1, 1])
    error = np.sqrt(events.var(ddof=1) / 3 + others.var(ddof=1) / 4)
    assert found.auc_low == pytest.approx(9.5 / 12 - 1.959964 * error, abs=1e-6)
    assert found.auc_high == 1.0  # cut off


def test_brier_score_by_hand() -> None:
    # .01 + .16 + .36 + .49 + .16 + .04 + .01 = 1.23 over 7; base rate 3/7
    found = performance(EVENT, PROBABILITY)
    assert found.brier == pytest.approx(1.23 / 7)
    assert found.brier_skill == pytest.approx(1 - (1.23 / 7) / (3 / 7 * 4 / 7))
    assert (found.n_rows, found.n_events) == (7, 3)


def test_true_probabilities_are_calibrated_and_stretched_ones_are_not() -> None:
    generator = np.random.default_rng(11)
    odds = generator.normal(-1, 1, 40_000)
    truth = 1 / (1 + np.exp(-odds))
    event = (generator.random(40_000) < truth).astype(np.float64)
    right = performance(event, truth)
    assert right.calibration_intercept == pytest.approx(0, abs=0.04)
    assert right.calibration_slope == pytest.approx(1, abs=0.04)
    stretched = performance(event, 1 / (1 + np.exp(-2 * odds)))
    assert stretched.calibration_slope == pytest.approx(0.5, abs=0.02)
    assert stretched.auc == pytest.approx(right.auc)


def test_one_prediction_for_all_has_no_slope() -> None:
    found = performance(EVENT, np.full(7, 0.4))
    assert np.isnan(found.calibration_slope)
    assert found.auc == 0.5


def test_net_benefit_by_hand() -> None:
    model, everybody = decision_curve(EVENT, PROBABILITY, np.array([0.5, 0.2]))
    # At .5 two events and one other are acted on: 2/7 − 1/7·1; at .2 three and three: 3/7 − 3/7/4.
    assert model == pytest.approx([1 / 7, 3 / 7 - 3 / 28])
    assert everybody == pytest.approx([3 / 7 - 4 / 7, 3 / 7 - 4 / 7 / 4])


def test_too_few_events_are_refused() -> None:
    with pytest.raises(ModelError, match="E-MODEL-002"):
        performance(np.array([1.0, 0, 0, 0]), np.array([0.5, 0.4, 0.3, 0.2]))
