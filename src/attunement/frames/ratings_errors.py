# SPDX-License-Identifier: Apache-2.0
"""What is refused, and remarked on, when a table is read as ratings of dyads over sessions."""

from __future__ import annotations

from typing import ClassVar

from attunement.errors import AttunementError, Problem


class RatingsError(AttunementError):
    """A table that cannot be read as ratings.

    Attributes
    ----------
    problems : tuple of Problem
        The mistakes found on the way, where nothing usable is left.
    """

    codes: ClassVar[dict[str, str]] = {
        "E-FRAME-101": "a column that is needed was not found",
        "E-FRAME-102": "a named column is not in the table",
        "E-FRAME-103": "no rating is left",
        "E-FRAME-104": "the object is not a table",
        "E-FRAME-105": "the range is not a range",
        "E-FRAME-106": "the date format must be named",
        "E-FRAME-107": "the measures are not on one scale",
        "E-FRAME-108": "the table has one row per answer",
        "E-FRAME-109": "the date format is not known",
        "E-FRAME-110": "a score is not a plain number",
        "E-FRAME-111": "a score is outside the range",
        "E-FRAME-112": "a score lies between the steps of the scale",
        "E-FRAME-113": "a session is not a whole number",
        "E-FRAME-114": "a session occurs twice",
        "E-FRAME-115": "a date is out of order",
        "E-FRAME-116": "a date does not exist or cannot be read",
        "E-FRAME-117": "the date format is ambiguous",
        "E-FRAME-118": "a perspective is not known",
        "E-FRAME-119": "a row names no dyad",
        "E-FRAME-120": "an item answer cannot be scored",
        "E-FRAME-121": "an option contradicts the measure",
    }

    def __init__(
        self,
        code: str,
        *,
        what: str,
        got: str = "",
        expected: str = "",
        next_step: str = "",
        problems: tuple[Problem, ...] = (),
    ) -> None:
        self.problems = problems
        super().__init__(code, what=what, got=got, expected=expected, next_step=next_step)
