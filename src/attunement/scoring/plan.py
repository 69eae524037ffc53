# SPDX-License-Identifier: Apache-2.0
"""A measure's scoring rule as the flat arrays that the kernel reads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from attunement.kernels import BLOCK, TABLE, ItemRules, ScaleRules, Tables
from attunement.kernels.score import CONTINUOUS, LISTED, MEAN, SUM, WEIGHTED_MEAN
from attunement.measures.schema import Item, Measure, Scale
from attunement.scoring.errors import ScoringError

_INT8 = np.iinfo(np.int8)
_INT16 = np.iinfo(np.int16)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the kernel needs to score one measure version.

    Attributes
    ----------
    items : tuple of str
        The items that carry a number, in the measure's order: the order of the columns.
    scales : tuple of Scale
        In the measure's order.
    whole : bool
        Whether every permitted answer is a whole number and every sum small: then answers may
        come as int8 and are added up as integers.
    radices : tuple of int
        Distinct reasons each scale can give, plus one for "scored"; see ``reasons``.
    tables : dict
        By dtype: results worked out at the first large call, for the later ones.
    """

    measure: Measure
    items: tuple[str, ...]
    scales: tuple[Scale, ...]
    whole: bool
    needed: tuple[int, ...]
    skips: tuple[bool, ...]
    radices: tuple[int, ...]
    coarse: tuple[bool, ...]
    item_rules: Mapping[str, ItemRules]  # by dtype of the answers: "int8", "float64"
    scale_rules: Mapping[str, ScaleRules]
    tables: dict[str, Tables] = field(default_factory=dict, compare=False, repr=False)

    def position(self, item_id: str) -> int:
        """Return the column of an item; ValueError if it carries no number."""
        return self.items.index(item_id)


def make_plan(measure: Measure) -> Plan:
    """Return the plan of a measure.

    Raises
    ------
    ScoringError
        E-SCORE-003 if the rule cannot be carried out: a scale over an item that the measure does
        not have or that carries no number, a reverse key outside the scale, a weight that is not
        a finite number, a mean whose weights are not positive, skip logic in a circle.

    Notes
    -----
    A sum that is not prorated needs all its items: adding up fewer would count a missing answer
    as zero.
    """
    items = tuple(
        item
        for item in measure.items
        if item.kind != "text" and item.minimum is not None and item.maximum is not None
    )
    position = {item.id: index for index, item in enumerate(items)}
    for scale in measure.scales:
        _check_scale(measure, scale, position)
    needed = tuple(_needed(scale) for scale in measure.scales)
    skips = tuple(
        any(items[position[item]].shown_if is not None for item in scale.items)
        for scale in measure.scales
    )
    radices, coarse = _radices(measure.scales, skips)
    whole = _is_whole(measure, items, position)
    item_rules, scale_rules = {}, {}
    for dtype in ("int8", "float64") if whole else ("float64",):
        item_rules[dtype] = _item_rules(measure, items, position, dtype)
        scale_rules[dtype] = _scale_rules(
            measure, items, position, (needed, skips, radices, coarse), dtype
        )
    return Plan(
        measure=measure,
        items=tuple(position),
        scales=measure.scales,
        whole=whole,
        needed=needed,
        skips=skips,
        radices=radices,
        coarse=coarse,
        item_rules=item_rules,
        scale_rules=scale_rules,
    )


def permitted(measure: Measure, item: Item) -> tuple[float, ...] | None:
    """Return the listed answers of an item whose options are not evenly spaced, else None."""
    options = measure.option_sets.get(item.options)
    if options is None or item.kind == "scale" or not options.values:
        return None
    values = tuple(sorted(options.values))
    spaced = item.step > 0 and all(
        math.isclose(value, values[0] + k * item.step) for k, value in enumerate(values)
    )
    return None if spaced and (values[0], values[-1]) == (item.minimum, item.maximum) else values


def _refuse(measure: Measure, what: str) -> ScoringError:
    return ScoringError(
        "E-SCORE-003",
        what=f"The scoring rule of '{measure.id}@{measure.version}' cannot be carried out",
        got=what,
        next_step="Check the definition with 'attunement measures lint'",
    )


def _check_scale(measure: Measure, scale: Scale, position: Mapping[str, int]) -> None:
    name = f"scale '{scale.id}'"
    lost = [item for item in scale.items if item not in position]
    if lost:
        raise _refuse(measure, f"{name} over items without a number: {', '.join(lost)}")
    if not scale.items or len(set(scale.items)) != len(scale.items):
        raise _refuse(measure, f"{name} with no items, or an item twice")
    if not set(scale.reverse) <= set(scale.items) or not set(scale.weights) <= set(scale.items):
        raise _refuse(measure, f"{name} with a reverse key or weight outside its items")
    if scale.method not in {"sum", "mean"} or scale.rounding not in {"none", "half_up"}:
        raise _refuse(measure, f"{name} with an unknown method or rounding")
    numbers = [*scale.weights.values(), scale.multiplier]
    if not all(math.isfinite(number) for number in numbers):
        raise _refuse(measure, f"{name} with a weight or multiplier that is not a number")
    if scale.method == "mean" and any(weight <= 0 for weight in scale.weights.values()):
        raise _refuse(measure, f"{name}, a mean, with a weight that is not positive")


def _needed(scale: Scale) -> int:
    if scale.method == "sum" and not scale.prorate:
        return len(scale.items)
    return min(max(scale.min_answered, 1), len(scale.items))


def _radices(
    scales: tuple[Scale, ...], skips: tuple[bool, ...]
) -> tuple[tuple[int, ...], tuple[bool, ...]]:
    """Give each scale as many reasons as fit a 62-bit code; the last ones may stay coarse."""
    radices, coarse, room = [], [], 2**62
    for index, (scale, skip) in enumerate(zip(scales, skips, strict=True)):
        n = len(scale.items) + 1
        fine = 1 + n * n if skip else 1 + n
        later = 2 ** (len(scales) - index - 1)
        fits = room // fine >= later
        radices.append(fine if fits else 2)
        coarse.append(not fits)
        room //= radices[-1]
    return tuple(radices), tuple(coarse)


def _is_whole(measure: Measure, items: tuple[Item, ...], position: Mapping[str, int]) -> bool:
    for item in items:
        numbers = [item.minimum, item.maximum, item.step, *(permitted(measure, item) or ())]
        if item.step <= 0 or not all(float(n or 0).is_integer() for n in numbers):
            return False
        if (item.minimum or 0) < _INT8.min or (item.maximum or 0) > _INT8.max:
            return False
    for scale in measure.scales:
        reach = 0.0
        for item_id in scale.items:
            base, slope = _key(items[position[item_id]], scale)
            if not base.is_integer() or not slope.is_integer():
                return False
            reach += abs(base) + abs(slope) * -float(_INT8.min)
        if reach > _INT16.max:
            return False
    return True


def _key(item: Item, scale: Scale) -> tuple[float, float]:
    """Return base and slope: the keyed answer is base + slope * raw."""
    weight = float(scale.weights.get(item.id, 1.0))
    if item.id in scale.reverse:
        return weight * ((item.minimum or 0.0) + (item.maximum or 0.0)), -weight
    return 0.0, weight


def _order(measure: Measure, items: tuple[Item, ...], position: Mapping[str, int]) -> list[int]:
    """Return the items so that each control comes before what it decides."""
    ordered: list[int] = []
    left = list(range(len(items)))
    while left:
        ready = []
        for index in left:
            shown_if = items[index].shown_if
            if shown_if is not None and shown_if.item not in position:
                raise _refuse(measure, f"item '{items[index].id}' shown by an unknown item")
            if shown_if is None or position[shown_if.item] in ordered:
                ready.append(index)
        if not ready:
            raise _refuse(measure, "skip logic in a circle")
        ordered += ready
        left = [index for index in left if index not in ready]
    return ordered


def _item_rules(
    measure: Measure, items: tuple[Item, ...], position: Mapping[str, int], dtype: str
) -> ItemRules:
    lists = [permitted(measure, item) for item in items]
    steps = [LISTED if values else item.step for item, values in zip(items, lists, strict=True)]
    if dtype == "int8":  # every whole number in the range is on a step of 1
        steps = [CONTINUOUS if step == 1 else step for step in steps]
    used = {item for scale in measure.scales for item in scale.items}
    shown = [item.shown_if for item in items]
    return ItemRules(
        low=np.array([item.minimum for item in items], dtype=dtype),
        high=np.array([item.maximum for item in items], dtype=dtype),
        step=np.array(steps, dtype=np.float64),
        listed=np.array([v for values in lists for v in values or ()], dtype=np.float64),
        listed_starts=np.cumsum([0, *(len(values or ()) for values in lists)], dtype=np.int64),
        counted=np.array([item.id in used for item in items], dtype=np.uint8),
        control=np.array([position.get(s.item, -1) if s else -1 for s in shown], dtype=np.int64),
        control_at=np.array([s.at_least if s else 0.0 for s in shown], dtype=np.float64),
        order=np.array(_order(measure, items, position), dtype=np.int64),
    )


def _scale_rules(
    measure: Measure,
    items: tuple[Item, ...],
    position: Mapping[str, int],
    derived: tuple[tuple[int, ...], tuple[bool, ...], tuple[int, ...], tuple[bool, ...]],
    dtype: str,
) -> ScaleRules:
    scales = measure.scales
    needed, skips, radices, coarse = derived
    sums: npt.DTypeLike = np.int16 if dtype == "int8" else np.float64
    keys = [_key(items[position[i]], scale) for scale in scales for i in scale.items]
    spans = [
        _span(items, position, scale) if dtype == "int8" and not skip else (0, 0)
        for scale, skip in zip(scales, skips, strict=True)
    ]
    entry_spans = [
        span for scale, (_, span) in zip(scales, spans, strict=True) for _ in scale.items
    ]
    digits = [math.prod(radices[:index]) for index in range(len(scales))]
    return ScaleRules(
        starts=np.cumsum([0, *(len(scale.items) for scale in scales)], dtype=np.int64),
        item=np.array([position[i] for scale in scales for i in scale.items], dtype=np.int64),
        base=np.array([base for base, _ in keys], dtype=sums),
        slope=np.array([slope for _, slope in keys], dtype=sums),
        code_base=np.array(
            [base + span for (base, _), span in zip(keys, entry_spans, strict=True)], dtype=sums
        ),
        weight=np.array([abs(slope) for _, slope in keys], dtype=np.float64),
        method=np.array([_method(scale) for scale in scales], dtype=np.int64),
        needed=np.array(needed, dtype=np.int64),
        prorate=np.array([scale.prorate for scale in scales], dtype=np.uint8),
        multiplier=np.array([scale.multiplier for scale in scales], dtype=np.float64),
        half_up=np.array([scale.rounding == "half_up" for scale in scales], dtype=np.uint8),
        skips=np.array(skips, dtype=np.uint8),
        digit=np.array(digits, dtype=np.int64),
        coarse=np.array(coarse, dtype=np.uint8),
        span=np.array([span for _, span in spans], dtype=np.int64),
        lowest=np.array([lowest for lowest, _ in spans], dtype=np.int64),
    )


def _span(items: tuple[Item, ...], position: Mapping[str, int], scale: Scale) -> tuple[int, int]:
    """Return the lowest sum of a scale and how many sums it has, or zeros if a table is too large.

    Every answer may be missing, so that each counts from 0.
    """
    if _method(scale) == WEIGHTED_MEAN:
        return 0, 0  # depends on which items are there, and not only on how many
    lowest = highest = 0.0
    for item_id in scale.items:
        item = items[position[item_id]]
        base, slope = _key(item, scale)
        ends = (base + slope * (item.minimum or 0), base + slope * (item.maximum or 0), 0.0)
        lowest, highest = lowest + min(ends), highest + max(ends)
    span = int(highest - lowest) + 1
    fits = span <= BLOCK and span * (len(scale.items) + 1) <= TABLE
    return (int(lowest), span) if fits else (0, 0)


def _method(scale: Scale) -> int:
    if scale.method == "sum":
        return SUM
    return WEIGHTED_MEAN if any(w != 1 for w in scale.weights.values()) else MEAN
