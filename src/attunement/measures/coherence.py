# SPDX-License-Identifier: Apache-2.0
"""Whether items, scales and skip logic of a definition hold together.

These are the checks that `load` asks of an operator's file before anything is scored with it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from attunement.measures.finding import WARNING, Finding
from attunement.measures.schema import Item, Measure, Scale


def coherence(measure: Measure) -> tuple[Finding, ...]:
    """Return what does not hold together among items, scales and skip logic."""
    found = [*_items(measure)]
    for place, scale in enumerate(measure.scales):
        found.extend(_scale(measure, scale, f"scales[{place}]"))
    found.extend(_skips(measure))
    found.extend(_coverage(measure))
    return tuple(found)


def subscales(measure: Measure) -> tuple[Scale, ...]:
    """Return the scales besides one that counts every item of all the others (the total)."""
    union = {item for scale in measure.scales for item in scale.items}
    return tuple(
        scale for scale in measure.scales if scale.id != "total" and set(scale.items) != union
    )


def _doubled(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _items(measure: Measure) -> Iterator[Finding]:
    for item_id in _doubled(item.id for item in measure.items):
        yield Finding("item-twice", "items", f"item {item_id} is there twice", "Rename one of them")
    for scale_id in _doubled(scale.id for scale in measure.scales):
        yield Finding(
            "scale-twice", "scales", f"scale {scale_id} is there twice", "Rename one of them"
        )
    for place, item in enumerate(measure.items):
        numbers = (item.minimum, item.maximum, item.step)
        if any(number is not None and not math.isfinite(number) for number in numbers):
            yield Finding(
                "number-not-finite",
                f"items[{place}]",
                f"item {item.id} has a bound that is no finite number",
                "Give finite bounds",
            )


def _scale(measure: Measure, scale: Scale, path: str) -> Iterator[Finding]:
    items = {item.id: item for item in measure.items}
    for name in _doubled(scale.items):
        yield Finding(
            "scale-item-twice", f"{path}.items", f"item {name} counts twice", "Name it once"
        )
    for name in scale.items:
        if name not in items:
            yield Finding(
                "scale-item-unknown",
                f"{path}.items",
                f"there is no item {name}",
                "Correct the id or add the item",
            )
        elif items[name].kind == "text":
            yield Finding(
                "scale-item-text",
                f"{path}.items",
                f"item {name} holds words, which cannot be counted",
                "Take it out of the scale",
            )
    yield from _keys(scale, path)
    yield from _minimum(scale, path)


def _keys(scale: Scale, path: str) -> Iterator[Finding]:
    for name in _doubled(scale.reverse):
        yield Finding(
            "reverse-twice", f"{path}.reverse", f"item {name} is reversed twice", "Name it once"
        )
    for name in sorted(set(scale.reverse) - set(scale.items)):
        yield Finding(
            "reverse-outside",
            f"{path}.reverse",
            f"item {name} is reversed and not in the scale",
            "Correct the key or add the item to the scale",
        )
    for name, weight in scale.weights.items():
        place = f"{path}.weights.{name}"
        if name not in scale.items:
            yield Finding(
                "weight-outside", place, f"item {name} is not in the scale", "Correct the key"
            )
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            yield Finding("weight-not-number", place, "the weight is no number", "Give a number")
        elif not math.isfinite(weight):
            yield Finding(
                "weight-not-number", place, f"the weight is {weight}", "Give a finite number"
            )
        elif weight <= 0 and scale.method == "mean":
            yield Finding(
                "weight-mean",
                place,
                f"a weight of {weight:g} makes no weighted mean",
                "Give a weight above 0, or reverse the item",
            )
        elif weight == 0:
            yield Finding(
                "weight-zero", place, f"item {name} weighs nothing", "Take it out", WARNING
            )
    if not math.isfinite(scale.multiplier):
        yield Finding(
            "number-not-finite", f"{path}.multiplier", "it is no finite number", "Give a number"
        )


def _minimum(scale: Scale, path: str) -> Iterator[Finding]:
    asked, count = scale.min_answered, len(scale.items)
    place = f"{path}.min_answered"
    if not 1 <= asked <= count:
        yield Finding(
            "min-answered",
            place,
            f"{asked} answers are asked for and the scale has {count} items",
            f"Give a number from 1 to {count}",
        )
    elif 2 * asked < count and not scale.missing_rule:
        yield Finding(
            "min-answered-low",
            place,
            f"{asked} of {count} answers would make a score",
            "Ask for more, or name the source of this rule in missing_rule",
            WARNING,
        )
    if asked < count and scale.method == "sum" and not scale.prorate and scale.complete:
        yield Finding(
            "sum-unprorated",
            f"{path}.prorate",
            f"{asked} answers are said to do, and a sum that is not prorated needs all {count}",
            "Set prorate = true, or min_answered to the number of items",
            WARNING,
        )


def _skips(measure: Measure) -> Iterator[Finding]:
    order = {item.id: place for place, item in enumerate(measure.items)}
    items = {item.id: item for item in measure.items}
    for place, item in enumerate(measure.items):
        if item.risk is not None:
            yield from _reachable(item, item.risk.at_least, f"items[{place}].risk")
        if item.shown_if is None:
            continue
        path, asked = f"items[{place}].shown_if", items.get(item.shown_if.item)
        if asked is None or asked.kind == "text":
            yield Finding(
                "skip-unknown",
                path,
                f"item {item.id} waits for item {item.shown_if.item}, which gives no number",
                "Name an item with a number",
            )
            continue
        yield from _reachable(asked, item.shown_if.at_least, path)
        if circle := _circle(item, items):
            yield Finding(
                "skip-circle", path, f"the items wait for each other: {circle}", "Break the circle"
            )
        elif order[asked.id] > place:
            yield Finding(
                "skip-order",
                path,
                f"item {item.id} waits for item {asked.id}, which comes later",
                "Put the items in the order in which they are asked",
            )


def _reachable(item: Item, at_least: float, path: str) -> Iterator[Finding]:
    if item.maximum is None or not at_least <= item.maximum:
        yield Finding(
            "skip-never",
            path,
            f"item {item.id} never reaches {at_least:g}",
            "Give a value on the item's scale",
        )


def _circle(start: Item, items: dict[str, Item]) -> str:
    """Return the circle of skip logic that ``start`` stands on, in words, or nothing."""
    way, item = [start.id], start
    while item.shown_if is not None and item.shown_if.item in items:
        item = items[item.shown_if.item]
        if item.id == start.id:
            return " → ".join([*way, start.id])
        if item.id in way:
            return ""
        way.append(item.id)
    return ""


def _coverage(measure: Measure) -> Iterator[Finding]:
    if not measure.scales or not all(scale.complete for scale in measure.scales):
        return
    scored = {name for scale in measure.scales for name in scale.items}
    parts = subscales(measure)
    for place, item in enumerate(measure.items):
        if item.kind == "text" or not item.scored:
            continue
        if item.id not in scored:
            yield Finding(
                "item-unscored",
                f"items[{place}]",
                f"item {item.id} is in no scale",
                "Add it to its scale, or say scored = false if the source leaves it out",
            )
        elif home := _missing_home(measure, item, parts):
            yield Finding(
                "item-no-subscale",
                f"items[{place}].construct",
                f"item {item.id} is in no subscale and {home}",
                "Add it to the subscale, or give it a construct of its own",
            )


def _missing_home(measure: Measure, item: Item, parts: Sequence[Scale]) -> str:
    """Return why the item should be in a subscale, or nothing where it is or need not be."""
    if any(item.id in scale.items for scale in parts):
        return ""
    if any(item.construct == scale.id for scale in parts):
        return f"its construct names the subscale {item.construct}"
    alike = [other.id for other in measure.items if other.construct == item.construct]
    for scale in parts:
        if item.construct and len(alike) > 2 and set(alike) - {item.id} <= set(scale.items):  # noqa: PLR2004
            return f"every other item of its construct is in {scale.id}"
    if len(parts) > 1 and not item.construct:
        return "it has no construct to say why"
    return ""
