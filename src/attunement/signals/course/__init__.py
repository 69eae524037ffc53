# SPDX-License-Identifier: Apache-2.0
"""Courses: expected response, the first sessions, unplanned endings."""

from __future__ import annotations

from attunement.signals.course.chairs import (
    Gaps,
    UsualGap,
    chairs_apart,
    gap_sentence,
    usual_gap,
)
from attunement.signals.course.ending import (
    RESEARCH_ONLY,
    Ending,
    EndingHazard,
    Episodes,
    Landmark,
    ending_hazard,
)
from attunement.signals.course.expected import (
    METHODS,
    Courses,
    Expected,
    Position,
    Unjudged,
    expected_course,
)
from attunement.signals.course.formation import Chair, Formation, formation
from attunement.signals.course.known import FEATURES, known_by_then
from attunement.signals.course.model import Archive, CourseModel, learn_course
from attunement.signals.course.neighbours import Neighbours, learn_neighbours

__all__ = [
    "FEATURES",
    "METHODS",
    "RESEARCH_ONLY",
    "Archive",
    "Chair",
    "CourseModel",
    "Courses",
    "Ending",
    "EndingHazard",
    "Episodes",
    "Expected",
    "Formation",
    "Gaps",
    "Landmark",
    "Neighbours",
    "Position",
    "Unjudged",
    "UsualGap",
    "chairs_apart",
    "ending_hazard",
    "expected_course",
    "formation",
    "gap_sentence",
    "known_by_then",
    "learn_course",
    "learn_neighbours",
    "usual_gap",
]
