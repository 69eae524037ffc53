# SPDX-License-Identifier: Apache-2.0
"""Signals: questions to a person, computed, with their rule and how often it is wrong."""

from __future__ import annotations

from attunement.signals.archive import Archive, default_archive, learn_archive
from attunement.signals.batch import Batch, Channels, Judgements
from attunement.signals.computations import Reference, Runs, Unit
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
from attunement.signals.engine import Screening, judge_batch, screen_batch
from attunement.signals.episodes import Episodes, Status, episodes
from attunement.signals.errors import SignalError
from attunement.signals.oac import oac_signals
from attunement.signals.rates import HitRate, NullRate, hit_rate, null_rate
from attunement.signals.rules import (
    CLASSICAL_RULES,
    DEFAULT_RULES,
    OAC_ASKED,
    OAC_NOTES,
    OAC_RULES,
    RULES,
    Rule,
    rule,
)
from attunement.signals.series import Series
from attunement.signals.trend import steady_change

__all__ = [
    "CLASSICAL_RULES",
    "DEFAULT_RULES",
    "OAC_ASKED",
    "OAC_NOTES",
    "OAC_RULES",
    "RULES",
    "Archive",
    "Batch",
    "Channels",
    "Detection",
    "Episodes",
    "HitRate",
    "Judgements",
    "NotEvaluable",
    "NullRate",
    "Reason",
    "Reference",
    "Rule",
    "Runs",
    "Screening",
    "Series",
    "Signal",
    "SignalError",
    "Status",
    "Unit",
    "Verdict",
    "Why",
    "default_archive",
    "detect",
    "episodes",
    "hit_rate",
    "judge",
    "judge_batch",
    "learn_archive",
    "null_rate",
    "oac_signals",
    "rule",
    "screen_batch",
    "steady_change",
]
