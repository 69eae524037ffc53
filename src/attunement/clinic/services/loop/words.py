# SPDX-License-Identifier: Apache-2.0
"""Openers, ways to help, reasons and repair strategies: data with a version, read once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from attunement.signals.patterns import Pattern

DATA = Path(__file__).resolve().parents[2] / "data"
OTHER = "other"  # the reason that the therapist's own words give


@dataclass(frozen=True, slots=True)
class Openers:
    """What may be said as two people look together."""

    version: str
    both: str
    own: str
    few: str
    by_pattern: dict[Pattern, tuple[str, ...]]
    helps: dict[str, str]
    not_today: dict[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a suggestion comes from, what was read of it, and what it is worth."""

    key: str
    citation: str
    doi: str
    seen: str  # "paper" | "abstract" | "secondary"
    weight: str


@dataclass(frozen=True, slots=True)
class Strategy:
    """One thing that a therapist may have tried."""

    code: str
    words: str
    phase: str  # "now" | "later"
    source: Source | None
    verified: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What is suggested, when, and on whose word."""

    phase: str
    words: str
    source: Source
    verified: bool


@dataclass(frozen=True, slots=True)
class Repair:
    """Strategies and suggestions."""

    version: str
    strategies: dict[str, Strategy]
    suggestions: tuple[Suggestion, ...]


@lru_cache(maxsize=1)
def openers() -> Openers:
    """Return the words for looking together."""
    raw = _read("openers.toml")
    return Openers(
        version=raw["version"],
        both=raw["plain"]["both"],
        own=raw["plain"]["own"],
        few=raw["plain"]["few"],
        by_pattern={
            pattern: tuple(raw["patterns"][pattern.value]["openers"]) for pattern in Pattern
        },
        helps={row["code"]: row["words"] for row in raw["helps"]},
        not_today={row["code"]: row["words"] for row in raw["not_today"]},
    )


@lru_cache(maxsize=1)
def repair() -> Repair:
    """Return repair strategies and suggestions, each with its source."""
    raw = _read("repair.toml")
    sources = {row["key"]: Source(**row) for row in raw["sources"]}
    return Repair(
        version=raw["version"],
        strategies={
            row["code"]: Strategy(
                code=row["code"],
                words=row["words"],
                phase=row["phase"],
                source=sources.get(row["source"]),
                verified=row["verified"],
            )
            for row in raw["strategies"]
        },
        suggestions=tuple(
            Suggestion(row["phase"], row["words"], sources[row["source"]], row["verified"])
            for row in raw["suggestions"]
        ),
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))
