# SPDX-License-Identifier: Apache-2.0
"""Measures as data: their shape, their rights, and the checks that keep them honest."""

from __future__ import annotations

from attunement.measures.errors import MeasureError
from attunement.measures.finding import Finding
from attunement.measures.library import (
    DEFAULT_PACKS,
    PACKS,
    as_measure,
    ids,
    languages,
    load,
    load_text,
    operator_folder,
    versions,
)
from attunement.measures.lint import lint
from attunement.measures.parse import parse_measure, parse_text
from attunement.measures.reach import score_range
from attunement.measures.rights import Decision, allowed, permitted_text
from attunement.measures.schema import Measure, TextBundle

__all__ = [
    "DEFAULT_PACKS",
    "PACKS",
    "Decision",
    "Finding",
    "Measure",
    "MeasureError",
    "TextBundle",
    "allowed",
    "as_measure",
    "ids",
    "languages",
    "lint",
    "load",
    "load_text",
    "operator_folder",
    "parse_measure",
    "parse_text",
    "permitted_text",
    "score_range",
    "versions",
]


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
