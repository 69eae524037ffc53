# SPDX-License-Identifier: Apache-2.0
"""Signals: questions to a person, computed, with their rule and how often it is wrong."""

from __future__ import annotations

from attunement.signals.archive import Archive, default_archive, learn_archive
from attunement.signals.detect import (
    Detection,
    NotEvaluable,
    Signal,
    Verdict,
    Why,
    detect,
    judge,
)
from attunement.signals.detectors import Reason
from attunement.signals.errors import SignalError
from attunement.signals.nullrate import NullRate, null_rate
from attunement.signals.oac import oac_signals
from attunement.signals.rules import DEFAULT_RULES, OAC_RULES, RULES, Rule, rule
from attunement.signals.series import Series
from attunement.signals.trend import steady_change

__all__ = [
    "DEFAULT_RULES",
    "OAC_RULES",
    "RULES",
    "Archive",
    "Detection",
    "NotEvaluable",
    "NullRate",
    "Reason",
    "Rule",
    "Series",
    "Signal",
    "SignalError",
    "Verdict",
    "Why",
    "default_archive",
    "detect",
    "judge",
    "learn_archive",
    "null_rate",
    "oac_signals",
    "rule",
    "steady_change",
]
