# SPDX-License-Identifier: Apache-2.0
"""Sudden gains in plain sentences."""

from __future__ import annotations

from dataclasses import dataclass

from attunement.signals.gains.options import GainOptions
from attunement.signals.points import points_in_words


@dataclass(frozen=True, slots=True)
class IntervalCheck:
    """What the criteria say of one interval.

    Attributes
    ----------
    criterion_1, criterion_2, criterion_3 : bool or None
        None where the criterion could not be judged, or is off.
    verdict : bool or None
        Whether it is a sudden gain (or loss); None where that could not be judged.
    change : float
        Points in the direction that was looked for; NaN where an end has no score.
    mean_before, mean_after, sd_before, sd_after : float
        NaN where there are too few scores.
    n_before, n_after : int
        Scores on either side, at most three.
    t_critical, needed : float
        The factor of criterion 3, and what the difference of means has to exceed.
    options : GainOptions
    before, after : float
        The scores at both ends.
    """

    criterion_1: bool | None
    criterion_2: bool | None
    criterion_3: bool | None
    verdict: bool | None
    change: float
    mean_before: float
    mean_after: float
    sd_before: float
    sd_after: float
    n_before: int
    n_after: int
    t_critical: float
    needed: float
    options: GainOptions
    before: float
    after: float

    def text(self) -> str:
        """Return the criteria and the verdict in words."""
        return interval_words(self, self.options)


def number(value: float) -> str:
    """Return a number as people write it, with at most two decimals."""
    text = f"{value:.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def rule_words(options: GainOptions) -> str:
    """Return in one sentence what is looked for."""
    direction = "falls" if options.falling else "rises"
    parts = []
    if options.uses(1) and options.points is not None:
        parts.append(f"(1) by {points_in_words(number(options.points))} or more")
    if options.uses(2):
        parts.append(f"(2) by {_share_words(options)}")
    if options.uses(3):
        factor = (
            f"{number_3(options.fixed_t)}"
            if options.fixed_t is not None
            else f"t (alpha {options.alpha:g}, two-tailed)"
        )
        parts.append(
            "(3) so that the means of up to three scores before and after lie more than "
            f"{factor} pooled standard deviations apart"
        )
    return (
        f"A sudden {options.kind} is an interval between two neighbouring sessions in which the "
        f"score {direction} {'; '.join(parts)}."
    )


def number_3(value: float) -> str:
    """Return a factor with three decimals."""
    return f"{value:.3f}"


def _share_words(options: GainOptions) -> str:
    share = number(100 * options.share)
    if options.relative == "pomp":
        return f"{share} % or more of the score's distance from the scale's minimum"
    if options.relative == "vacuous_loss":
        return (
            f"whatever amount: the comparison before − after ≤ {share} % of before, kept for "
            "reproduction, holds for every loss"
        )
    return f"{share} % or more of the score before"


def interval_words(one: IntervalCheck, options: GainOptions) -> str:
    """Return the criteria and the verdict about one interval in words."""
    if one.before != one.before or one.after != one.after:
        return (
            f"Whether this is a sudden {options.kind} cannot be said: one of the two sessions has "
            "no score."
        )
    change = one.before - one.after if options.falling else one.after - one.before
    verb = "fell" if options.falling else "rose"
    moved = (
        f"The score {verb} by {points_in_words(number(change))}, from {number(one.before)} to "
        f"{number(one.after)}."
        if change > 0
        else f"The score went from {number(one.before)} to {number(one.after)}, which is not the "
        "direction that was looked for."
    )
    parts = [moved]
    if options.uses(1) and options.points is not None:
        parts.append(
            f"Criterion 1, at least {points_in_words(number(options.points))}: "
            f"{_yes(one.criterion_1)}."
        )
    if options.uses(2):
        parts.append(f"Criterion 2, {_least_words(one, options)}: {_yes(one.criterion_2)}.")
    if options.uses(3):
        parts.append(f"Criterion 3, {_spread_words(one)}: {_yes(one.criterion_3)}.")
    return " ".join([*parts, _verdict_words(one, options)])


def _yes(answer: bool | None) -> str:  # noqa: FBT001 -- an answer, not a switch
    return "cannot be judged" if answer is None else "met" if answer else "not met"


def _least_words(one: IntervalCheck, options: GainOptions) -> str:
    if options.relative == "vacuous_loss":
        return "the comparison that every loss satisfies"
    origin = options.minimum or 0.0 if options.relative == "pomp" else 0.0
    least = options.share * (one.before - origin)
    of = f"{number(one.before)} − {number(origin)}" if origin else number(one.before)
    words = f"{number(100 * options.share)} % of {of}, at least {points_in_words(number(least))}"
    return words + (" (of nothing, so any change meets it)" if least <= 0 else "")


def _spread_words(one: IntervalCheck) -> str:
    if one.criterion_3 is None:
        return (
            f"needs two scores on each side and has {one.n_before} before and {one.n_after} after"
        )
    return (
        f"mean {number(one.mean_before)} of {one.n_before} scores before and "
        f"{number(one.mean_after)} of {one.n_after} after, which have to lie more than "
        f"{number(one.needed)} apart ({number_3(one.t_critical)} pooled standard deviations)"
    )


def _verdict_words(one: IntervalCheck, options: GainOptions) -> str:
    if one.verdict is None:
        return f"So whether this is a sudden {options.kind} cannot be said."
    return f"So this is {'a' if one.verdict else 'no'} sudden {options.kind}."
