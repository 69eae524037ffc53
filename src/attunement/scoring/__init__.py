# SPDX-License-Identifier: Apache-2.0
"""Answers and a measure in; a score, or a reason why there is none, out."""

from __future__ import annotations

from attunement.scoring.bands import Reading, band
from attunement.scoring.bulk import ArrayScores, Column, score_arrays
from attunement.scoring.errors import ScoringError
from attunement.scoring.explanation import Explanation, Step, explain
from attunement.scoring.memory import release_memory
from attunement.scoring.noticed import risk_rows, unused_answers
from attunement.scoring.plan import Plan, make_plan
from attunement.scoring.reasons import NOT_ASKED, NOT_ASKED_UNUSED, reason_for, reasons_for
from attunement.scoring.response import score_response
from attunement.scoring.result import NotScored, RiskAnswer, Score, ScoredResponse
from attunement.scoring.version import SCORER_VERSION

__all__ = [
    "NOT_ASKED",
    "NOT_ASKED_UNUSED",
    "SCORER_VERSION",
    "ArrayScores",
    "Column",
    "Explanation",
    "NotScored",
    "Plan",
    "Reading",
    "RiskAnswer",
    "Score",
    "ScoredResponse",
    "ScoringError",
    "Step",
    "band",
    "explain",
    "make_plan",
    "reason_for",
    "reasons_for",
    "release_memory",
    "risk_rows",
    "score_arrays",
    "score_response",
    "unused_answers",
]
