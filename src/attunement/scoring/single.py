# SPDX-License-Identifier: Apache-2.0
"""What scoring one response needs of a measure and not of the answers: worked out once.

The kernel runs here on lists of Python's own numbers. Making arrays for eight answers takes longer
than scoring them, and so does reckoning with numpy's scalars; the bits are the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from attunement.kernels import (
    ItemRules,
    Outputs,
    ScaleRules,
    Scratch,
    Tables,
    make_tables,
    one_row,
    score_rows,
)
from attunement.kernels.score import STEP_TOLERANCE
from attunement.measures.schema import Item, Measure, Scale
from attunement.scoring.plan import Plan, make_plan, permitted
from attunement.scoring.result import RiskAnswer

_READY: dict[int, Ready] = {}  # by the measure's place in memory, which its plan keeps
_MOST = 64
_NONE: Final[Any] = []


class Permitted(NamedTuple):
    """Which answers an item permits."""

    low: float
    high: float
    step: float
    listed: tuple[float, ...] | None

    @classmethod
    def of(cls, measure: Measure, item: Item) -> Permitted:
        """Return what an item of a measure permits."""
        return cls(item.minimum or 0.0, item.maximum or 0.0, item.step, permitted(measure, item))

    def holds(self, x: float) -> bool:
        """Whether a number is one of them."""
        fits = math.isfinite(x) and self.low <= x <= self.high
        if fits and self.listed is not None:
            return x in self.listed
        if fits and self.step > 0:
            steps = (x - self.low) / self.step
            return abs(steps - math.floor(steps + 0.5)) <= STEP_TOLERANCE
        return fits


def is_number(answer: object) -> bool:
    """Whether an answer is a number at all."""
    return not isinstance(answer, bool) and isinstance(answer, int | float | np.number)


class Found(NamedTuple):
    """What the kernel found in one response."""

    scores: list[float]  # one for each scale, NaN where there is none
    n_answered: int  # items answered among those that some scale uses
    mask: list[int]  # for each item: 1 if it was answered
    shown: list[int]  # for each item: 1 if it was asked


@dataclass(frozen=True, slots=True)
class Ready:
    """A measure made ready for single responses.

    Attributes
    ----------
    known : dict
        Every item by its id, those without a number as well.
    items : tuple
        The items that carry a number, with what they permit, in the plan's order.
    skipped : tuple of int
        Places of the items that may not be asked.
    at : tuple of tuple of int
        For each scale the places of its items.
    method : tuple of str
        For each scale its rule in words.
    risks : tuple
        Place, the lowest answer that counts, and what is then named.
    """

    plan: Plan
    known: dict[str, Item]
    items: tuple[tuple[str, Item, Permitted], ...]
    skipped: tuple[int, ...]
    at: tuple[tuple[int, ...], ...]
    method: tuple[str, ...]
    risks: tuple[tuple[int, float, RiskAnswer], ...]
    _rules: tuple[ItemRules, ScaleRules, Tables]
    _places: tuple[Any, Any]  # where each item's answer and its validity begin
    _spare: list[Scratch]  # working memory; whoever takes one out has it alone

    @classmethod
    def of(cls, measure: Measure) -> Ready:
        """Return a measure made ready; worked out once for as long as it is used."""
        ready = _READY.get(id(measure))
        if ready is None or ready.plan.measure is not measure:
            ready = _make(measure)
            if len(_READY) >= _MOST:
                _READY.clear()
            _READY[id(measure)] = ready
        return ready

    def run(self, values: list[float]) -> Found:
        """Score one response: its answers in the order of the items, NaN where missing."""
        if not self.items:
            return Found([], 0, [], [])
        scores: Any = memoryview(bytearray(8 * len(self.at))).cast("d")
        n_answered: Any = memoryview(bytearray(2)).cast("h")
        given: Any = values
        try:
            scratch = self._spare.pop()
        except IndexError:
            scratch = one_row(len(self.items))
        starts, bit_starts = self._places
        items, scales, tables = self._rules
        out = Outputs(scores, 1, n_answered, _NONE)
        score_rows(given, starts, _NONE, bit_starts, 1, items, scales, tables, out, scratch, True)
        found = Found(
            scores.tolist(),
            n_answered[0],
            [one[0] for one in scratch.mask],
            [one[0] for one in scratch.shown],
        )
        self._spare.append(scratch)
        return found


def _make(measure: Measure) -> Ready:
    plan = make_plan(measure)
    n_items = len(plan.items)
    items = tuple(measure.item(item) for item in plan.items)
    rules = plan.item_rules["float64"]
    scales = plan.scale_rules["float64"]
    return Ready(
        plan=plan,
        known={item.id: item for item in measure.items},
        items=tuple((item.id, item, Permitted.of(measure, item)) for item in items),
        skipped=tuple(np.flatnonzero(rules.control >= 0).tolist()),
        at=tuple(tuple(plan.position(item) for item in scale.items) for scale in plan.scales),
        method=tuple(method_words(scale) for scale in plan.scales),
        risks=tuple(
            (at, item.risk.at_least, RiskAnswer(item.id, item.risk.kind))
            for at, item in enumerate(items)
            if item.risk is not None
        ),
        _rules=(
            ItemRules(*_lists(rules)),
            ScaleRules(*_lists(scales)),
            Tables(*_lists(make_tables(scales, empty=True))),
        ),
        _places=(list(range(n_items)), [-1] * n_items),
        _spare=[],
    )


def _lists(arrays: Sequence[Any]) -> list[Any]:
    return [array.tolist() for array in arrays]


def method_words(scale: Scale) -> str:
    """Return a scale's rule in a few words."""
    parts = [scale.method]
    if any(weight != 1 for weight in scale.weights.values()):
        parts[0] = f"weighted {scale.method}"
    if scale.method == "sum" and scale.prorate:
        parts.append("prorated")
    if scale.multiplier != 1:
        parts.append(f"times {scale.multiplier:g}")
    if scale.rounding == "half_up":
        parts.append("rounded, a half up")
    return ", ".join(parts)
