# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re

import numpy as np
import pytest

from attunement.signals.change import (
    METHODS,
    Method,
    Norms,
    Sample,
    formula_words,
    reliability_of_difference,
    unreliable_zone,
)

SAMPLE = Sample(Norms(20.0, 5.0), Norms(14.0, 6.0), 0.5, 0.84, 0.84, 40)
WITH_LIMITS = [method for method in METHODS if method.statistic is not None]


@pytest.mark.parametrize("method", WITH_LIMITS, ids=lambda method: method.short)
def test_statistic_at_the_limits_is_critical(method: Method) -> None:
    pre = np.array([10.0, 20.0, 27.5])
    zone = unreliable_zone(method, pre, SAMPLE)
    assert zone is not None
    assert method.statistic is not None
    low, high = (method.statistic(pre, edge, SAMPLE) for edge in zone)
    assert low == pytest.approx(-method.critical)
    assert high == pytest.approx(method.critical)


def test_limits_of_jacobson_and_truax_by_hand() -> None:
    # SEM = 5·√.16 = 2, so 1.96·√2·2 = 5.544
    zone = unreliable_zone(METHODS[0], np.array([20.0]), SAMPLE)
    assert zone is not None
    assert (zone[0][0], zone[1][0]) == pytest.approx((14.456, 25.544), abs=5e-4)


def test_growth_has_no_limits() -> None:
    growth = next(method for method in METHODS if method.id == "individual_growth")
    assert unreliable_zone(growth, np.array([20.0]), SAMPLE) is None


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.short)
def test_formula_shows_every_letter_that_it_uses(method: Method) -> None:
    said = formula_words(method, 25.0, 13.0, SAMPLE)
    assert "pre = 25, post = 13" in said
    formula, _, numbers = said.partition("; ")
    for letter in ("SEM", "M₂", "r₂"):
        assert (letter in formula) == (f"{letter} = " in numbers)
    if method.statistic is not None:
        assert re.search(r"S|SEM", formula)


def test_estimated_true_score_by_hand() -> None:
    # 20 + .84·(25 − 20) = 24.2
    method = next(one for one in METHODS if one.short == "EN")
    assert "T = 24.2 (estimated true first score)" in formula_words(method, 25, 13, SAMPLE)


def test_differences_without_spread_have_no_reliability() -> None:
    alike = Sample(Norms(20.0, 5.0), Norms(14.0, 5.0), 1.0, 0.84, 0.84, 40)
    assert reliability_of_difference(alike) == 0.0
    hageman = next(method for method in METHODS if method.short == "HA")
    assert unreliable_zone(hageman, np.array([20.0]), alike) is None
