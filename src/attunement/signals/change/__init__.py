# SPDX-License-Identifier: Apache-2.0
"""Reliable and clinically significant change between two occasions."""

from __future__ import annotations

from attunement.signals.change.cutoffs import KINDS, cutoff
from attunement.signals.change.growth import Growth, growth
from attunement.signals.change.methods import METHODS, Method, reliability_of_difference
from attunement.signals.change.reliable import (
    Category,
    Missing,
    Occasions,
    Verdicts,
    reliable_change,
)
from attunement.signals.change.sample import Norms, Sample, sample_of
from attunement.signals.change.wording import formula_words, unreliable_zone

__all__ = [
    "KINDS",
    "METHODS",
    "Category",
    "Growth",
    "Method",
    "Missing",
    "Norms",
    "Occasions",
    "Sample",
    "Verdicts",
    "cutoff",
    "formula_words",
    "growth",
    "reliability_of_difference",
    "reliable_change",
    "sample_of",
    "unreliable_zone",
]
