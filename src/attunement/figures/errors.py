# SPDX-License-Identifier: Apache-2.0
"""Refusals of the figures room."""

from __future__ import annotations

from typing import ClassVar

from attunement.errors import AttunementError


class FigureError(AttunementError):
    """Something that cannot be drawn truthfully."""

    codes: ClassVar[dict[str, str]] = {
        "E-FIGURE-001": "a line's sessions and values do not pair up",
        "E-FIGURE-002": "a line's sessions are not strictly increasing",
        "E-FIGURE-003": "a value cannot be drawn on this scale",
        "E-FIGURE-004": "the ends of a scale cannot be used",
        "E-FIGURE-005": "a drawing option is not known",
        "E-FIGURE-006": "a package for drawing is not installed",
    }
