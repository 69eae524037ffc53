# SPDX-License-Identifier: Apache-2.0
"""What scoring returns: a number with what it used, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Score:
    """One scale's number.

    Attributes
    ----------
    scale : str
        The scale's id.
    value : float
        The score; rounded only where the measure's rule says so.
    n_answered, n_items : int
        Answers used, and items that were asked.
    method : str
        The rule in words, such as ``"sum, prorated, rounded half up"``.
    """

    scale: str
    value: float
    n_answered: int
    n_items: int
    method: str


@dataclass(frozen=True, slots=True)
class NotScored:
    """Why a scale has no number: ``reason`` in words, and the counts behind it."""

    scale: str
    reason: str
    n_answered: int
    n_items: int


@dataclass(frozen=True, slots=True)
class RiskAnswer:
    """An answer that asks for a person to look, by the measure's own rule; it judges nothing.

    Attributes
    ----------
    item : str
        The item's id; never the answer.
    kind : str
        What the item asks about, such as ``"thoughts of death or self-harm"``.
    """

    item: str
    kind: str


@dataclass(frozen=True, slots=True)
class ScoredResponse:
    """Every scale of one response.

    Attributes
    ----------
    scales : mapping of str to Score or NotScored
        In the measure's order.
    n_answered : int
        Items answered among those that some scale uses.
    hidden : tuple of str
        Items with an answer that skip logic says were not asked; the answer was not used.
    risks : tuple of RiskAnswer
        Answers that ask for a person to look, whatever the scores are; empty where there are
        none. An answer to an item that was not asked is named as well.
    """

    measure_id: str
    measure_version: str
    scorer_version: str
    scales: Mapping[str, Score | NotScored]
    n_answered: int
    hidden: tuple[str, ...] = ()
    risks: tuple[RiskAnswer, ...] = ()
