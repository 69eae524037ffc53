# SPDX-License-Identifier: Apache-2.0
"""Plain thresholds on items and gaps: a range over stated worlds, simulated again here."""

from __future__ import annotations

import math

import numpy as np
import pytest

from attunement.signals import OAC_RULES, rule
from attunement.signals.rates.plain import ALPHAS, LEVELS, RANGES, gap_shares, low_item_shares


def test_ranges_are_those_that_are_simulated() -> None:
    for rule_id, shares in (
        ("oac-low-item", low_item_shares(n=6000, seed=7)),
        ("oac-gap-of-chairs", gap_shares(n=6000, seed=7)),
    ):
        known = RANGES[rule_id]
        assert shares.min() == pytest.approx(known.low, abs=0.02)
        assert shares.max() == pytest.approx(known.high, abs=0.02)


def test_thresholds_of_the_ranges_are_those_of_the_rules() -> None:
    assert rule("oac-low-item").params == {"at_most": 2}
    assert rule("oac-gap-of-chairs").params == {"points": 1.5, "sessions": 2}


def test_items_that_hang_together_better_are_low_less_often() -> None:
    shares = low_item_shares(n=3000, seed=3).reshape(len(LEVELS), len(ALPHAS), -1)
    assert (np.diff(shares, axis=1) < 0).all()
    assert (shares[1] < shares[0]).all()


def test_one_session_of_independent_chairs_by_arithmetic() -> None:
    # the most lenient gap: any session, gap ≥ 0 points: everybody; the strictest: 7 points: nobody
    assert (gap_shares(0.0, 1, n=500) == 1.0).all()
    assert (gap_shares(7.0, 1, n=500) == 0.0).all()
    assert (low_item_shares(6.0, n=500) == 1.0).all()
    assert not math.isnan(low_item_shares(-1.0, n=500).sum())
    assert (low_item_shares(-1.0, n=500) == 0.0).all()


def test_rules_that_repeat_a_mark_have_no_rate_by_chance() -> None:
    assert {one.id for one in OAC_RULES} - set(RANGES) == {"oac-strain", "oac-below-own-median"}


def test_sentence_says_range_reason_and_choice() -> None:
    said = RANGES["oac-low-item"].sentence
    assert "11 to 79 in 100 people" in said
    assert "which nobody knows yet" in said
