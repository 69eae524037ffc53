# SPDX-License-Identifier: Apache-2.0
"""A number of points with its noun."""

from __future__ import annotations


def points_in_words(written: str) -> str:
    """Return a number as it is written, with its noun: "1 point", "1.5 points"."""
    return f"{written} point" if written == "1" else f"{written} points"
