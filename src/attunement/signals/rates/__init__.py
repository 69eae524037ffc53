# SPDX-License-Identifier: Apache-2.0
"""How often a rule is wrong, and how often right: of a series, of a stated world, side by side."""

from __future__ import annotations

from attunement.signals.rates.agreement import (
    Agreement,
    Coefficient,
    agree,
    cohen_kappa,
    gwet_ac1,
)
from attunement.signals.rates.asking import hit_rate, null_rate
from attunement.signals.rates.at_hand import AtHand, rates_at_hand
from attunement.signals.rates.compare import COMPARED, Comparison, Pair, Row, compare
from attunement.signals.rates.judging import Asked, house_of
from attunement.signals.rates.plain import RANGES, Range
from attunement.signals.rates.stated import HitRate, NullRate
from attunement.signals.rates.world import Dip, Null, default_null

__all__ = [
    "COMPARED",
    "RANGES",
    "Agreement",
    "Asked",
    "AtHand",
    "Coefficient",
    "Comparison",
    "Dip",
    "HitRate",
    "Null",
    "NullRate",
    "Pair",
    "Range",
    "Row",
    "agree",
    "cohen_kappa",
    "compare",
    "default_null",
    "gwet_ac1",
    "hit_rate",
    "house_of",
    "null_rate",
    "rates_at_hand",
]
