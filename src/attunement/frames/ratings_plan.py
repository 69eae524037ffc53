# SPDX-License-Identifier: Apache-2.0
"""Which columns are what: as the reader names them, and as it was decided."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field

from attunement.errors import Problem
from attunement.frames.ratings_cells import numbers, uses_decimal_comma
from attunement.frames.ratings_errors import RatingsError
from attunement.frames.ratings_source import Source

SAMPLE = 5_000
MOSTLY = 0.5  # a column is what at least half of its filled cells are: the others are mistakes
SHOWN = 8


@dataclass(frozen=True, slots=True)
class RatingColumns:
    """Which columns are what; None where it is to be told from the table.

    Attributes
    ----------
    dyad, session, date, score, measure : str, optional
        Column names. ``score`` may also name a family: ``bdi`` for ``bdi_s0 … bdi_s12`` or for
        ``bdi_client`` and ``bdi_therapist``; or two columns with a comma between, the client's
        first: ``"self_total,clinician_total"``.
    perspective : str, optional
        A column, or, where no column says who rated, one of client, therapist, observer,
        caregiver.
    date_format : str, optional
        Such as ``DD/MM/YYYY``; needed where the order of day and month cannot be told.
    """

    dyad: str | None = None
    session: str | None = None
    date: str | None = None
    perspective: str | None = None
    score: str | None = None
    measure: str | None = None
    date_format: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """One thing about how a table was read: in words, whether guessed, and how to change it.

    ``check`` marks what a reader should look at first, because the picture would be another one.
    """

    topic: str
    text: str
    guessed: bool
    option: str = ""
    check: bool = False


@dataclass(slots=True)
class Plan:
    """Which columns are what, decided."""

    layout: str = "long"  # "long" | "wide"
    dyad: str = ""
    therapist: str | None = None
    session: str | None = None
    date: str | None = None
    perspective: str | None = None
    chair: str = ""  # the perspective of every row, where no column says it
    measure: str | None = None
    scores: tuple[tuple[str, int | None, str], ...] = ()
    score_name: str = ""
    items: dict[str, str] = field(default_factory=dict)  # item id -> column
    others: list[str] = field(default_factory=list)  # columns said already not to be shown
    said: list[Said] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)

    def say(
        self, topic: str, text: str, option: str = "", *, guessed: bool = True, check: bool = False
    ) -> None:
        """Remember how something was decided."""
        self.said.append(Said(topic, text, guessed, option, check))


def unknown(name: str, option: str, known: Sequence[str]) -> RatingsError:
    """Return the refusal of a name that is not a column, with those that come close."""
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    near = ", ".join(f"“{word}”" for word in close)
    return RatingsError(
        code="E-FRAME-102",
        what=f"--{option} names “{name}”, which is not a column",
        expected=f"perhaps {near}" if near else f"one of {listed(known)}",
        next_step="Check the spelling; upper and lower case count",
    )


def listed(columns: Sequence[str]) -> str:
    """Return the first few column names, quoted."""
    shown = ", ".join(f"“{column}”" for column in columns[:SHOWN])
    more = len(columns) - SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def number_share(source: Source, column: str) -> float:
    """Return the share of a column's filled cells (of the first 5,000) that are numbers."""
    filled = source.frame[column].head(SAMPLE).drop_nulls()
    if not len(filled):
        return 0.0
    values, _ = numbers(filled, comma=uses_decimal_comma(filled, source.decimal))
    return values.count() / len(filled)


def spread_of_names(columns: Sequence[str]) -> str:
    """Return the first and the last of several column names, quoted."""
    return f"“{columns[0]}” to “{columns[-1]}”" if len(columns) > 1 else f"“{columns[0]}”"


def taken(plan: Plan) -> set[str | None]:
    """Return the columns that have a part already."""
    return {plan.dyad, plan.therapist, plan.perspective, plan.measure, plan.session, plan.date}
