# SPDX-License-Identifier: Apache-2.0
"""Scoring, missing rule and certainty of a measure in plain sentences, for pages and terminals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from attunement.measures.reach import score_range
from attunement.measures.schema import Direction, Measure, Scale

SURE: Final = "read in the source"
UNSURE: Final = "not yet read in the source"
_DIRECTIONS: Final[Mapping[Direction, str]] = {
    Direction.HIGHER_IS_BETTER: "a higher score is the wished-for end",
    Direction.LOWER_IS_BETTER: "a lower score is the wished-for end",
    Direction.NONE: "neither end is the wished-for one",
}
TEXT_STATES: Final[Mapping[str, str]] = {
    "bundled": "with us",
    "operator": "from the operator",
    "absent": "none",
}


def sure(*, verified: bool) -> str:
    """Return how sure a fact is, in words."""
    return SURE if verified else UNSURE


def number(value: float) -> str:
    """Return a number without needless zeros and with a true minus sign."""
    return f"{value:.10g}".replace("-", "−")


def span(low: float, high: float) -> str:
    """Return a range such as ``0 to 27``."""
    return f"{number(low)} to {number(high)}"


def listed(item_ids: Sequence[str]) -> str:
    """Return item ids in words, runs of numbers drawn together: ``1–3, 7, 8a``."""
    parts: list[str] = []
    run: list[str] = []
    for item_id in [*item_ids, ""]:
        if run and item_id.isdecimal() and run[-1].isdecimal() and int(item_id) == int(run[-1]) + 1:
            run.append(item_id)
            continue
        if len(run) > 2:  # noqa: PLR2004 - two neighbours read better apart
            parts.append(f"{run[0]}–{run[-1]}")
        else:
            parts.extend(run)
        run = [item_id] if item_id else []
    return ", ".join(parts)


def items_sentence(measure: Measure) -> str:
    """Return what is asked, in one sentence per kind of answer."""
    kinds: dict[tuple[str, float | None, float | None, float], list[str]] = {}
    for item in measure.items:
        kinds.setdefault((item.kind, item.minimum, item.maximum, item.step), []).append(item.id)
    sentences = []
    for (kind, low, high, step), names in kinds.items():
        who = f"Item {names[0]}" if len(names) == 1 else f"Items {listed(names)}"
        verb = "is" if len(names) == 1 else "are"
        if low is None or high is None:
            sentences.append(f"{who} {verb} answered in words.")
        elif kind == "scale" and step == 0:
            sentences.append(f"{who} {verb} marked on a line from {span(low, high)}.")
        elif step in (0, 1):
            sentences.append(f"{who} {verb} answered from {span(low, high)}.")
        else:
            sentences.append(
                f"{who} {verb} answered from {span(low, high)} in steps of {number(step)}."
            )
    return " ".join(sentences)


def scoring_sentence(measure: Measure, scale: Scale) -> str:
    """Return how a scale's score comes about, in one or two sentences."""
    if len(scale.items) == 1:
        start = f"The answer to item {scale.items[0]}"
    else:
        verb = "Sum" if scale.method == "sum" else "Mean"
        start = f"{verb} of items {listed(scale.items)}"
    parts = [start]
    if scale.reverse:
        parts.append(f"with {listed(scale.reverse)} reversed (lowest + highest − answer)")
    if scale.weights:
        weighed = ", ".join(f"{name} × {number(weight)}" for name, weight in scale.weights.items())
        parts.append(f"weighed {weighed}")
    if scale.multiplier != 1:
        parts.append(f"times {number(scale.multiplier)}")
    if scale.rounding == "half_up":
        parts.append("rounded, halves upward")
    ends = scale.bounds or score_range(measure, scale)
    text = ", ".join(parts)
    if ends:
        text += f": {span(*ends)}"
    text += f"; {_DIRECTIONS[scale.direction or measure.direction]}."
    if not scale.complete:
        text += " The source counts items that are not listed here."
    return text


def missing_sentence(scale: Scale) -> str:
    """Return what happens when answers are missing."""
    count = len(scale.items)
    if scale.min_answered >= count or (scale.method == "sum" and not scale.prorate):
        rule = "It must be answered." if count == 1 else f"All {count} items must be answered."
    else:
        rule = f"At least {scale.min_answered} of {count} items must be answered"
        rule += (
            "; the sum is then multiplied by items ÷ answers."
            if scale.method == "sum"
            else "; the mean is taken over the answers there are."
        )
    rule += " Otherwise there is no score."
    return f"{rule} {scale.missing_rule}".strip()
