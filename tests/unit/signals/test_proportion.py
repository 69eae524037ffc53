# SPDX-License-Identifier: Apache-2.0
"""Shares with intervals, against R 4.2.2 (``prop.test``, ``binom.test``, ``qbeta``)."""

from __future__ import annotations

import pytest

from attunement.signals.errors import SignalError
from attunement.signals.proportion import clopper_pearson, pooled_mean, shrunken, wilson


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(8, 10, 0.4901625, 0.9433178), (45, 180, 0.1924131, 0.3180347)],
)
def test_wilson_is_prop_test_without_correction(k: int, n: int, low: float, high: float) -> None:
    found = wilson(k, n)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-8)
    assert found.estimate == k / n


@pytest.mark.parametrize(
    ("k", "n", "low", "high"), [(8, 10, 0.4439045, 0.9747893), (0, 7, 0.0, 0.4096164)]
)
def test_clopper_pearson_is_binom_test(k: int, n: int, low: float, high: float) -> None:
    found = clopper_pearson(k, n)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-8)


def test_no_answers_give_no_share_and_the_whole_interval() -> None:
    for found in (wilson(0, 0), clopper_pearson(0, 0)):
        assert (found.estimate, found.low, found.high) == (None, 0.0, 1.0)


def test_all_or_none_reach_the_end_exactly() -> None:
    assert wilson(5, 5).high == clopper_pearson(5, 5).high == 1.0
    assert wilson(0, 5).low == clopper_pearson(0, 5).low == 0.0


def test_shrunken_share_lies_between_its_own_and_the_prior() -> None:
    # k = 8 of 12 with a prior of one answer at one half is
    # Beta(8.5, 4.5); mean 8.5/13, quantiles from qbeta(c(.025, .975), 8.5, 4.5).
    found = shrunken(8, 12, mean=0.5, weight=1.0)
    assert found.estimate == pytest.approx(8.5 / 13)
    assert (found.low, found.high) == pytest.approx((0.3875639, 0.8754627), abs=5e-8)


def test_shrunken_share_of_nothing_is_the_prior() -> None:
    assert shrunken(0, 0, mean=0.3, weight=10).estimate == pytest.approx(0.3)


def test_prior_of_all_rules_is_drawn_to_one_half() -> None:
    # (6 + 1 + 5) / (8 + 2 + 10) = 12 / 20
    assert pooled_mean([(6, 8), (1, 2)]) == 0.6
    assert pooled_mean([]) == 0.5


@pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3)])
def test_impossible_counts_are_refused(k: int, n: int) -> None:
    for share in (wilson, clopper_pearson, shrunken):
        with pytest.raises(SignalError) as refusal:
            share(k, n)
        assert refusal.value.code == "E-SIGNAL-008"


def test_impossible_levels_and_priors_are_refused() -> None:
    with pytest.raises(SignalError):
        wilson(1, 2, level=1.0)
    with pytest.raises(SignalError):
        shrunken(1, 2, mean=1.0)
    with pytest.raises(SignalError):
        shrunken(1, 2, weight=0.0)
