# SPDX-License-Identifier: Apache-2.0
"""The house rule: a model of calm and of rupture, a probability, and a limit that is kept."""

from __future__ import annotations

from attunement.signals.house.explaining import explain_house
from attunement.signals.house.judging import judge_house
from attunement.signals.house.learning import learn_house
from attunement.signals.house.model import (
    CHANNELS,
    Chair,
    HouseModel,
    Rate,
    Rupture,
    default_house,
)
from attunement.signals.house.remembering import Memory
from attunement.signals.house.running import channels_of
from attunement.signals.house.threshold import Threshold, house_threshold

__all__ = [
    "CHANNELS",
    "Chair",
    "HouseModel",
    "Memory",
    "Rate",
    "Rupture",
    "Threshold",
    "channels_of",
    "default_house",
    "explain_house",
    "house_threshold",
    "judge_house",
    "learn_house",
]
