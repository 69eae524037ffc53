# SPDX-License-Identifier: Apache-2.0
"""Data frames in, the same kind out: answers scored, ratings of dyads read."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from attunement.frames.course_errors import CourseDirectionWarning, CourseError
from attunement.frames.engines.writing import write_result
from attunement.frames.gains_errors import GainsDirectionWarning, GainsError
from attunement.frames.gains_result import SuddenGains
from attunement.frames.gains_table import sudden_gains
from attunement.frames.ratings_errors import RatingsError
from attunement.frames.ratings_plan import RatingColumns, Said
from attunement.frames.ratings_reading import DyadRatings, Ratings, ratings
from attunement.frames.ratings_scale import ScoreScale
from attunement.frames.ruptures_compare import RuleComparison, compare_rules
from attunement.frames.ruptures_errors import DirectionWarning, FitWarning, RupturesError
from attunement.frames.ruptures_guess import guess_columns
from attunement.frames.ruptures_result import Ruptures
from attunement.frames.ruptures_summary import RuleSummary, RupturesSummary
from attunement.frames.ruptures_table import ruptures
from attunement.frames.score_errors import ColumnGuessWarning, ScoreFrameError
from attunement.frames.score_row import answers_of
from attunement.frames.score_stream import score_stream
from attunement.frames.score_table import score
from attunement.frames.score_tally import Tally

if TYPE_CHECKING:
    from attunement.frames.chairs_table import ChairsApart, chairs_apart
    from attunement.frames.change_result import ReliableChange
    from attunement.frames.change_table import reliable_change
    from attunement.frames.course_result import ExpectedCourse
    from attunement.frames.course_table import expected_course
    from attunement.frames.ending_table import EndingStudy, ending_hazard
    from attunement.frames.formation_table import AllianceFormation, formation

# name -> module; these stand on scipy, which takes longer to load than a score takes to compute.
_LATE = {
    "ChairsApart": "chairs_table",
    "chairs_apart": "chairs_table",
    "ReliableChange": "change_result",
    "reliable_change": "change_table",
    "ExpectedCourse": "course_result",
    "expected_course": "course_table",
    "EndingStudy": "ending_table",
    "ending_hazard": "ending_table",
    "AllianceFormation": "formation_table",
    "formation": "formation_table",
}

__all__ = [
    "AllianceFormation",
    "ChairsApart",
    "ColumnGuessWarning",
    "CourseDirectionWarning",
    "CourseError",
    "DirectionWarning",
    "DyadRatings",
    "EndingStudy",
    "ExpectedCourse",
    "FitWarning",
    "GainsDirectionWarning",
    "GainsError",
    "RatingColumns",
    "Ratings",
    "RatingsError",
    "ReliableChange",
    "RuleComparison",
    "RuleSummary",
    "Ruptures",
    "RupturesError",
    "RupturesSummary",
    "Said",
    "ScoreFrameError",
    "ScoreScale",
    "SuddenGains",
    "Tally",
    "answers_of",
    "chairs_apart",
    "compare_rules",
    "ending_hazard",
    "expected_course",
    "formation",
    "guess_columns",
    "ratings",
    "reliable_change",
    "ruptures",
    "score",
    "score_stream",
    "sudden_gains",
    "write_result",
]


def __getattr__(name: str) -> Any:
    """Import what stands on scipy when it is first asked for."""
    if name not in _LATE:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
