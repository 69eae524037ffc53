# SPDX-License-Identifier: Apache-2.0
"""What a scale can reach, and whether bounds and cut-off tables agree with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Final

from attunement.measures.finding import ERROR, WARNING, Finding
from attunement.measures.schema import CutOff, Measure, Scale

_EPSILON: Final = 1e-9
_HAIR: Final = 0.02  # on a continuous scale: a gap up to this share of the range is a rounding one


def score_range(measure: Measure, scale: Scale) -> tuple[float, float] | None:
    """Return the lowest and highest score that a scale can reach.

    Computed from the items' ranges, the weights, the method and the multiplier, over every number
    of answers that makes a score: where items differ in range, a prorated score over few of them
    can lie outside what complete answers reach. Reversing an item does not move its range.

    Parameters
    ----------
    measure : Measure
        Where the items are.
    scale : Scale
        One of its scales.

    Returns
    -------
    tuple of float or None
        None where the scale names an item that has no numeric range, or where the source names
        items that are not listed (``complete`` is false), or where weights make no mean.
    """
    items = {item.id: item for item in measure.items}
    lows, highs = [], []
    for name in scale.items:
        item = items.get(name)
        if item is None or item.minimum is None or item.maximum is None:
            return None
        weight = scale.weights.get(name, 1.0)
        ends = [item.minimum * weight, item.maximum * weight]
        if item.shown_if is not None and scale.method == "sum":
            ends.append(0.0)  # where it is not asked it adds nothing
        lows.append(min(ends))
        highs.append(max(ends))
    if not scale.complete or not scale.items or not math.isfinite(sum(lows) + sum(highs)):
        return None
    low, high = _extreme(scale, sorted(lows), min), _extreme(scale, sorted(highs)[::-1], max)
    if math.isnan(low) or math.isnan(high):
        return None  # weights that make no mean: the linter says so
    ends = sorted((low * scale.multiplier, high * scale.multiplier))
    if scale.rounding == "half_up":
        ends = [float(math.floor(end + 0.5)) for end in ends]
    return ends[0], ends[1]


def _extreme(
    scale: Scale, ordered: Sequence[float], pick: Callable[[Iterable[float]], float]
) -> float:
    """Return the extreme score, ``ordered`` being the items' extremes, the most extreme first."""
    count = len(ordered)
    sums = list(accumulate(ordered))
    if scale.method == "mean" and scale.weights:
        size = _size(scale)
        return sums[-1] / size if size > 0 else math.nan
    if scale.method == "sum" and not scale.prorate:
        return sums[-1]
    least = min(max(scale.min_answered, 1), count)
    factor = count if scale.method == "sum" else 1
    return pick(sums[n - 1] * factor / n for n in range(least, count + 1))


def reach(measure: Measure) -> Iterator[Finding]:
    """Yield what is wrong with bounds, cut-off tables and the norms beside them."""
    for place, scale in enumerate(measure.scales):
        yield from _bounds(measure, scale, f"scales[{place}].bounds")
    scales = {scale.id: scale for scale in measure.scales}
    for place, table in enumerate(measure.cutoffs):
        path = f"cutoffs[{place}]"
        if table.scale in scales:
            yield from _table(measure, scales[table.scale], table, path)
    for place, norm in enumerate(measure.norms):
        ends = _ends(measure, scales[norm.scale]) if norm.scale in scales else None
        if ends and not ends[0] <= norm.mean <= ends[1]:
            yield Finding(
                "cutoff-outside",
                f"norms[{place}].mean",
                f"a mean of {norm.mean:g} lies outside {_span(ends)}",
                "Check whether the norm belongs to another way of scoring",
            )
    facts = {
        "cutoffs": [table.scale for table in measure.cutoffs],
        "norms": [norm.scale for norm in measure.norms],
        "reliability": [coefficient.scale for coefficient in measure.reliability],
        "reliable_change": [change.scale for change in measure.reliable_change],
    }
    for kind, names in facts.items():
        for place, name in enumerate(names):
            if name not in scales:
                yield Finding(
                    "cutoff-scale",
                    f"{kind}[{place}].scale",
                    f"there is no scale {name}",
                    "Correct the id or add the scale",
                )


def _ends(measure: Measure, scale: Scale) -> tuple[float, float] | None:
    return scale.bounds or score_range(measure, scale)


def _span(ends: tuple[float, float]) -> str:
    return f"{ends[0]:g} to {ends[1]:g}"


def _bounds(measure: Measure, scale: Scale, path: str) -> Iterator[Finding]:
    ends = score_range(measure, scale)
    if ends is None or scale.bounds is None:
        return
    slack = _EPSILON * max(1.0, abs(ends[0]), abs(ends[1]))
    what = f"the items reach {_span(ends)}, the file says {_span(scale.bounds)}"
    if scale.bounds[0] < ends[0] - slack or scale.bounds[1] > ends[1] + slack:
        yield Finding("bounds-unreachable", path, what, "Correct the bounds, items or multiplier")
    if scale.bounds[0] > ends[0] + slack or scale.bounds[1] < ends[1] - slack:
        yield Finding("bounds-too-narrow", path, what, "Correct the bounds, items or multiplier")


def _table(measure: Measure, scale: Scale, table: CutOff, path: str) -> Iterator[Finding]:
    ends = _ends(measure, scale)
    bands = sorted(enumerate(table.bands), key=lambda entry: (entry[1].low, entry[1].high))
    for place, band in bands:
        if ends and (band.low < ends[0] - _EPSILON or band.high > ends[1] + _EPSILON):
            yield Finding(
                "cutoff-outside",
                f"{path}.bands[{place}]",
                f"{band.low:g} to {band.high:g} lies outside {_span(ends)}",
                "Correct the band",
            )
    seams: list[str] = []
    for (_, lower), (place, upper) in pairwise(bands):
        between = f"between {lower.high:g} and {upper.low:g}"
        if upper.low <= lower.high:
            yield Finding(
                "cutoff-overlap",
                f"{path}.bands[{place}]",
                f"{upper.low:g} to {upper.high:g} overlaps {lower.low:g} to {lower.high:g}",
                "Let each score lie in one band; both ends of a band belong to it",
            )
        elif (severity := _gap(measure, scale, lower.high, upper.low)) == ERROR:
            yield Finding(
                "cutoff-gap",
                f"{path}.bands[{place}]",
                f"a score {between} lies in no band",
                "Close the gap",
            )
        elif severity:
            seams.append(between)
    if seams:
        yield Finding(
            "cutoff-gap",
            f"{path}.bands",
            f"with answers missing or on a line a score can lie in no band: {', '.join(seams)}",
            "Round the score as the source does, if it says how",
            WARNING,
        )
    if ends and table.kind == "severity":
        first, last = bands[0][1].low, max(band.high for band in table.bands)
        if first > ends[0] + _EPSILON or last < ends[1] - _EPSILON:
            yield Finding(
                "cutoff-short",
                f"{path}.bands",
                f"the bands cover {first:g} to {last:g} of {_span(ends)}",
                "Add the bands at the ends, if the source has them",
                WARNING,
            )


def _gap(measure: Measure, scale: Scale, low: float, high: float) -> str:
    """Return how bad it is that nothing covers the open interval from ``low`` to ``high``."""
    ends, step = score_range(measure, scale), _step(measure, scale)
    if ends is None:
        return ""
    if step == 0:
        return WARNING if high - low <= _HAIR * (ends[1] - ends[0]) else ERROR
    if _meets(ends[0], step, low, high):
        return ERROR
    if scale.rounding == "half_up" or not (scale.prorate or scale.method == "mean"):
        return ""
    count = len(scale.items)
    partial = (step * count / answered for answered in range(scale.min_answered, count))
    return WARNING if any(_meets(ends[0], part, low, high) for part in partial) else ""


def _meets(start: float, step: float, low: float, high: float) -> bool:
    """Return whether a score ``start + k·step`` lies strictly between ``low`` and ``high``."""
    above = start + step * (math.floor((low - start) / step + _EPSILON) + 1)
    return above < high - _EPSILON


def _step(measure: Measure, scale: Scale) -> float:
    """Return the distance between two scores of complete answers; 0 where it is continuous."""
    if scale.rounding == "half_up":
        return 1.0
    unit = Fraction(0)
    for name in scale.items:
        step = measure.item(name).step * scale.weights.get(name, 1.0)
        if step == 0 or not math.isfinite(step):
            return 0.0
        part = abs(Fraction(step).limit_denominator(10_000))
        unit = Fraction(
            math.gcd(unit.numerator * part.denominator, part.numerator * unit.denominator),
            unit.denominator * part.denominator,
        )
    return float(unit) * abs(scale.multiplier) / (_size(scale) if scale.method == "mean" else 1)


def _size(scale: Scale) -> float:
    return sum(scale.weights.get(name, 1.0) for name in scale.items)
