# SPDX-License-Identifier: Apache-2.0
"""Signals: questions to a person, computed, with their rule and how often it is wrong."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attunement.signals.archive import Archive, default_archive, learn_archive
    from attunement.signals.batch import Batch, Channels, Judgements
    from attunement.signals.computations import Reference, Runs, Unit
    from attunement.signals.detection import (
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
    from attunement.signals.episode import Episodes, Status, episodes
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

# name -> module: a process that asks for one rate does not wait for every detector to load. No
# module here may bear the name of a function that this package gives away.
_LATE = {
    "Archive": "attunement.signals.archive",
    "Batch": "attunement.signals.batch",
    "CLASSICAL_RULES": "attunement.signals.rules",
    "Channels": "attunement.signals.batch",
    "DEFAULT_RULES": "attunement.signals.rules",
    "Detection": "attunement.signals.detection",
    "Episodes": "attunement.signals.episode",
    "HitRate": "attunement.signals.rates.stated",
    "Judgements": "attunement.signals.batch",
    "NotEvaluable": "attunement.signals.detection",
    "NullRate": "attunement.signals.rates.stated",
    "OAC_ASKED": "attunement.signals.rules",
    "OAC_NOTES": "attunement.signals.rules",
    "OAC_RULES": "attunement.signals.rules",
    "RULES": "attunement.signals.rules",
    "Reason": "attunement.signals.detectors",
    "Reference": "attunement.signals.computations",
    "Rule": "attunement.signals.rules",
    "Runs": "attunement.signals.computations",
    "Screening": "attunement.signals.engine",
    "Series": "attunement.signals.series",
    "Signal": "attunement.signals.detection",
    "SignalError": "attunement.signals.errors",
    "Status": "attunement.signals.episode",
    "Unit": "attunement.signals.computations",
    "Verdict": "attunement.signals.detection",
    "Why": "attunement.signals.detection",
    "default_archive": "attunement.signals.archive",
    "detect": "attunement.signals.detection",
    "episodes": "attunement.signals.episode",
    "hit_rate": "attunement.signals.rates.asking",
    "judge": "attunement.signals.detection",
    "judge_batch": "attunement.signals.engine",
    "learn_archive": "attunement.signals.archive",
    "null_rate": "attunement.signals.rates.asking",
    "oac_signals": "attunement.signals.oac",
    "rule": "attunement.signals.rules",
    "screen_batch": "attunement.signals.engine",
    "steady_change": "attunement.signals.trend",
}

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


def __getattr__(name: str) -> Any:
    """Import the part that ``name`` belongs to and return it."""
    if name not in _LATE:
        message = f"module 'attunement.signals' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_LATE[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
