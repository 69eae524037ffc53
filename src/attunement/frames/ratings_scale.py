# SPDX-License-Identifier: Apache-2.0
"""The range and the direction of a score: from the measure, from the reader, or as observed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import polars as pl

from attunement.frames.ratings_errors import RatingsError
from attunement.measures import score_range
from attunement.measures.schema import Direction, Measure, Scale


def written(value: float) -> str:
    """Write a number of any size as people do: no exponent, thousands apart where it is long."""
    text = f"{value:g}"
    if "e" not in text:
        return text
    return f"{value:,.0f}" if abs(value) >= 1 else f"{value:.15f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class ScoreScale:
    """What a score can be.

    Attributes
    ----------
    minimum, maximum : float
        The ends, in score points.
    step : float
        The distance between possible scores; 0 where every value is possible.
    higher_is_better : bool or None
        None where nobody said; it is never assumed.
    source : str
        "measure", "given" or "observed" (the smallest and the largest score in the file).
    """

    minimum: float
    maximum: float
    step: float
    higher_is_better: bool | None
    source: str

    @property
    def best(self) -> float | None:
        """The best possible score; None where the direction or the true range is not known."""
        if self.higher_is_better is None or self.source == "observed":
            return None
        return self.maximum if self.higher_is_better else self.minimum

    @property
    def ends(self) -> tuple[str, str]:
        """Both ends as people write numbers."""
        return written(self.minimum), written(self.maximum)

    def words(self) -> str:
        """Return range and direction in words."""
        low, high = self.ends
        told = "higher is better" if self.higher_is_better else "lower is better"
        if self.source == "observed":
            lie = f"the scores in this table lie between {low} and {high}"
            if self.higher_is_better is None:
                return f"Neither the scale's ends nor its better end are known; {lie}"
            return f"The scale's ends are not known; {lie}; {told}"
        whence = "from the measure" if self.source == "measure" else "as given"
        if self.higher_is_better is None:
            return f"The scale runs from {low} to {high} ({whence}); its better end is not known"
        return f"The scale runs from {low} to {high} ({whence}); {told}"


def scale_of(
    *,
    measure: Measure | None,
    given: tuple[float, float] | None,
    lower_is_better: bool | None,
    scores: pl.Series,
) -> ScoreScale:
    """Return the scale of a score.

    What the reader gave wins over the measure, the measure over what is observed.

    Parameters
    ----------
    measure : Measure or None
        The measure, where it is known.
    given : (float, float) or None
        The ends, where the reader named them.
    lower_is_better : bool or None
        The direction, where the reader named it.
    scores : polars.Series of Float64
        Every score read; null where missing.

    Returns
    -------
    ScoreScale

    Raises
    ------
    RatingsError
        E-FRAME-105 where the given ends are not two rising numbers.
    """
    direction = None if lower_is_better is None else not lower_is_better
    scale = main_scale(measure) if measure is not None else None
    if direction is None and measure is not None:
        told = (scale.direction if scale is not None else None) or measure.direction
        direction = {Direction.HIGHER_IS_BETTER: True, Direction.LOWER_IS_BETTER: False}.get(told)
    if given is not None:
        low, high = given
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise RatingsError(
                code="E-FRAME-105",
                what="the range is not a range",
                got=f"{written(low)} to {written(high)}",
                expected="the lowest and the highest possible score, such as --range 0 63",
            )
        return ScoreScale(low, high, _observed_step(scores), direction, "given")
    if measure is not None and scale is not None:
        bounds = scale.bounds or score_range(measure, scale)
        if bounds is not None:
            return ScoreScale(*bounds, _measure_step(measure, scale), direction, "measure")
    low, high = _ends(scores)
    return ScoreScale(low, high, _observed_step(scores), direction, "observed")


def check_measure(
    measure: Measure, given: tuple[float, float] | None, *, lower_is_better: bool | None
) -> tuple[float, float] | None:
    """Refuse a range or a direction that is not that of the measure named beside it.

    Returns
    -------
    (float, float) or None
        The range where the measure has none of its own.

    Raises
    ------
    RatingsError
        E-FRAME-121, with what the measure says.
    """
    nothing = pl.Series([], dtype=pl.Float64)
    own = scale_of(measure=measure, given=None, lower_is_better=None, scores=nothing)
    higher = None if lower_is_better is None else not lower_is_better
    got = []
    if given is not None and own.source == "measure" and given != (own.minimum, own.maximum):
        got.append(f"a range from {written(given[0])} to {written(given[1])}")
    if higher is not None and own.higher_is_better not in {None, higher}:
        got.append("higher is better" if higher else "lower is better")
    if got:
        raise RatingsError(
            code="E-FRAME-121",
            what=f"the options contradict the measure {measure.id}",
            got=" and ".join(got),
            expected=f"what {measure.acronym} says: {own.words()}",
            next_step="Leave the option away, or leave --measure away where the scores are on "
            "another scale",
        )
    return None if own.source == "measure" else given


def main_scale(measure: Measure) -> Scale | None:
    """Return the total, or the first scale of a measure that has none."""
    by_id = {scale.id: scale for scale in measure.scales}
    return by_id.get("total") or (measure.scales[0] if measure.scales else None)


def _measure_step(measure: Measure, scale: Scale) -> float:
    """Return the distance between two scores of complete responses; 0 where it is not one number.

    Prorated sums of incomplete responses lie between the steps: only a measure that is neither
    prorated nor a mean has whole scores alone.
    """
    if scale.rounding == "half_up":
        return 1.0
    whole = float(scale.multiplier).is_integer() and all(
        float(measure.item(item_id).step).is_integer()
        and measure.item(item_id).step >= 1
        and float(scale.weights.get(item_id, 1.0)).is_integer()
        for item_id in scale.items
    )
    if not whole or (scale.method == "sum" and scale.prorate):
        return 0.0
    return 1.0 if scale.method == "sum" else scale.multiplier / len(scale.items)


def _observed_step(scores: pl.Series) -> float:
    filled = scores.drop_nulls()
    return 1.0 if len(filled) and bool((filled == filled.floor()).all()) else 0.0


def _ends(scores: pl.Series) -> tuple[float, float]:
    filled = scores.drop_nulls().to_numpy()
    if not len(filled):
        return 0.0, 1.0
    low, high = float(filled.min()), float(filled.max())
    return (low, high) if low < high else (low, low + 1.0)
