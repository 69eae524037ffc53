# SPDX-License-Identifier: Apache-2.0
"""Sudden gains and losses: three criteria on every interval between two neighbouring sessions."""

from __future__ import annotations

from attunement.signals.gains.checking import check_interval, check_line
from attunement.signals.gains.cutoff import Cutoff, define_crit1_cutoff, t_critical
from attunement.signals.gains.finding import Gains, Intervals, sudden_gains
from attunement.signals.gains.grid import Grid, make_grid
from attunement.signals.gains.losses import SUDDEN_LOSS, judge_losses, loss_options
from attunement.signals.gains.options import RELATIVES, WHICH, GainOptions
from attunement.signals.gains.wording import IntervalCheck, interval_words, rule_words

__all__ = [
    "RELATIVES",
    "SUDDEN_LOSS",
    "WHICH",
    "Cutoff",
    "GainOptions",
    "Gains",
    "Grid",
    "IntervalCheck",
    "Intervals",
    "check_interval",
    "check_line",
    "define_crit1_cutoff",
    "interval_words",
    "judge_losses",
    "loss_options",
    "make_grid",
    "rule_words",
    "sudden_gains",
    "t_critical",
]
