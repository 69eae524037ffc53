# SPDX-License-Identifier: Apache-2.0
"""What the numbers of a rule mean: references, units, run rules; in words, and which look ahead."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, IntFlag

from attunement.signals.errors import SignalError
from attunement.signals.points import points_in_words


class Reference(IntEnum):
    """What a score is compared with (the parameter ``reference`` of a drop rule)."""

    PREVIOUS = 0
    RECENT_MEAN = 1  # of the last ``last`` scores
    OWN_MEAN = 2  # of all earlier scores: the present one is left out
    OWN_LINE = 3  # the straight line through the earlier scores, at this session
    BASELINE = 4  # the own mean, shrunken towards the archive
    OWN_MEDIAN = 5
    WHOLE_MEAN = 6  # of the whole series, later scores too: retrospective


class Unit(IntEnum):
    """In which unit a drop is counted (the parameter ``unit`` of a drop rule)."""

    POINTS = 0  # ``k`` is 0 then, and ``points`` says how many
    RANGE = 1  # the range of the scale
    OWN_SD = 2  # of the earlier scores
    WITHIN_SD = 3  # pooled, of the archive
    SAMPLE_SD = 4  # of all scores of the archive: √(τ² + σ²)
    DIFFERENCE_SD = 5  # sample SD·√(2(1 − reliability))
    MOVING_RANGE = 6  # mean moving range of the earlier scores / 1.128
    PREDICTIVE_SD = 7  # of what is to come, given a reference of previous, line or baseline
    WHOLE_SD = 8  # own SD of the whole series: retrospective
    WHOLE_MOVING_RANGE = 9  # retrospective


class Runs(IntFlag):
    """The run rules of an individuals chart (its parameter ``runs`` is their sum)."""

    BEYOND_3_SIGMA = 1
    TWO_OF_THREE_BEYOND_2_SIGMA = 2
    FOUR_OF_FIVE_BEYOND_1_SIGMA = 4
    EIGHT_ON_ONE_SIDE = 8


_REFERENCE_WORDS = {
    Reference.PREVIOUS: "the score before",
    Reference.RECENT_MEAN: "the mean of the last {last:g} scores before",
    Reference.OWN_MEAN: "the mean of all earlier scores",
    Reference.OWN_LINE: "the straight line through the earlier scores, at this session",
    Reference.BASELINE: "b = γ + w(m − γ), w = τ²/(τ² + σ²/n)",
    Reference.OWN_MEDIAN: "the median of all earlier scores",
    Reference.WHOLE_MEAN: "the mean of the whole series, later scores too",
}
_UNIT_WORDS = {
    Unit.RANGE: "the range of the scale",
    Unit.OWN_SD: "the SD of the earlier scores (σ where that is 0)",
    Unit.WITHIN_SD: "the archive’s within-person SD σ",
    Unit.SAMPLE_SD: "the archive’s SD of all scores √(τ² + σ²)",
    Unit.DIFFERENCE_SD: "√(τ² + σ²)·√(2(1 − {reliability:g}))",
    Unit.MOVING_RANGE: "mean moving range of the earlier scores / 1.128 (σ where that is 0)",
    Unit.WHOLE_SD: "the SD of the whole series, later scores too (σ where that is 0)",
    Unit.WHOLE_MOVING_RANGE: "mean moving range of the whole series / 1.128 (σ where that is 0)",
}
_PREDICTIVE_WORDS = {
    Reference.PREVIOUS: "S_diff = σ·√(2(1 − r))",
    Reference.OWN_LINE: "σ·√(1 + 1/n + (t − t̄)²/Σ(t − t̄)²)",
    Reference.BASELINE: "s = √(τ²(1 − w) + σ²)",
}
_RUN_WORDS = {
    Runs.BEYOND_3_SIGMA: "1 score beyond {sigmas:g}σ̂",
    Runs.TWO_OF_THREE_BEYOND_2_SIGMA: "2 of 3 beyond 2σ̂",
    Runs.FOUR_OF_FIVE_BEYOND_1_SIGMA: "4 of 5 beyond 1σ̂",
    Runs.EIGHT_ON_ONE_SIDE: "8 running on one side",
}


def looks_ahead(detector: str, params: Mapping[str, float]) -> bool:
    """Return whether a rule with these numbers needs later scores: it is retrospective then."""
    if detector == "drop":
        whole = {Unit.WHOLE_SD, Unit.WHOLE_MOVING_RANGE}
        return (
            params["reference"] == Reference.WHOLE_MEAN
            or params["unit"] in whole
            or params["return_within"] > 0
        )
    if detector == "individuals_chart":
        return params["baseline"] == 0
    return detector == "sudden_loss"


def formula(detector: str, params: Mapping[str, float], plain: str) -> str:
    """Say in one line what a rule computes. ``plain``: the template of a detector without parts."""
    if detector == "drop":
        return _drop_formula(params)
    if detector == "individuals_chart":
        return _chart_formula(params)
    in_points = points_in_words(f"{params['points']:g}") if "points" in params else ""
    return plain.format(**params, in_points=in_points)


def _drop_formula(params: Mapping[str, float]) -> str:
    reference, unit = Reference(int(params["reference"])), Unit(int(params["unit"]))
    parts = []
    if unit is not Unit.POINTS:
        words = _PREDICTIVE_WORDS[reference] if unit is Unit.PREDICTIVE_SD else _UNIT_WORDS[unit]
        parts.append(f"{params['k']:g} × {words.format(**params)}")
    if params["points"] > 0:
        parts.append(points_in_words(f"{params['points']:g}"))
    said = f"flagged if {_REFERENCE_WORDS[reference].format(**params)} − this score ≥ "
    said += " and ≥ ".join(parts) or "0"
    if params["persist"] > 1:
        said += f", {params['persist']:g} scores running (measured from before the first)"
    if params["return_within"] > 0:
        said += (
            f", and a score within {params['return_within']:g} sessions is back to at most "
            f"{params['return_tolerance']:g} of the unit below"
        )
    return said


def _chart_formula(params: Mapping[str, float]) -> str:
    n = params["baseline"]
    which = f"the first {n:g} scores" if n else "all scores of the series, later ones too"
    centre = "median" if params["robust"] else "mean"
    spread = "median(MR)/.9539" if params["robust"] else "mean(MR)/1.128"
    asked = [
        words.format(**params) for run, words in _RUN_WORDS.items() if int(params["runs"]) & run
    ]
    side = "either side" if params["both_sides"] else "the worse side"
    return (
        f"centre = {centre}, σ̂ = {spread} of {which}, MR = |x_t − x_(t−1)|; flagged on {side} if "
        + " or ".join(asked)
    )


def check_combination(rule_id: str, detector: str, params: Mapping[str, float]) -> None:
    """Refuse numbers that do not go together.

    Raises
    ------
    SignalError
        ``E-SIGNAL-006``.
    """
    wrong = _drop_misfit(params) if detector == "drop" else _other_misfit(detector, params)
    if wrong:
        raise SignalError(
            "E-SIGNAL-006",
            what=f"the parameters of the rule {rule_id} do not go together",
            got=wrong[0],
            expected=wrong[1],
            next_step="See the table of parameters in the reference of signals",
        )


def _drop_misfit(params: Mapping[str, float]) -> tuple[str, str] | None:  # noqa: PLR0911 -- a list
    if params["reference"] not in set(Reference) or params["unit"] not in set(Unit):
        return "a reference or unit that does not exist", "values of Reference and Unit"
    reference, unit = Reference(int(params["reference"])), Unit(int(params["unit"]))
    if unit is Unit.PREDICTIVE_SD and reference not in _PREDICTIVE_WORDS:
        return "a predictive SD for this reference", "previous, own line or baseline"
    if unit is Unit.POINTS and (params["k"] != 0 or params["points"] <= 0):
        return "a drop in points with a k, or without points", "k = 0 and points above 0"
    if params["k"] < 0 or params["points"] < 0 or params["k"] + params["points"] <= 0:
        return "a drop of nothing or less", "k or points above 0, and neither below"
    needed = 2 if Reference.OWN_LINE is reference or unit is Unit.OWN_SD else 1
    whole = ("last", "min_previous", "max_gap", "persist", "return_within")
    if any(params[name] != int(params[name]) for name in whole):
        return "a part of a session", "whole numbers for " + ", ".join(whole)
    if params["last"] < 1 or params["persist"] < 1 or params["min_previous"] < 0:
        return "counts below 1", "last and persist from 1, min_previous from 0"
    if reference is not Reference.WHOLE_MEAN and params["min_previous"] < needed:
        return "too few earlier scores for this reference", f"min_previous from {needed}"
    if not 0 <= params["reliability"] < 1:
        return "a reliability of 1 or more, or below 0", "0 ≤ reliability < 1"
    if params["persist"] > 1 and params["return_within"] > 0:
        return "persistence and a return at once", "one of the two"
    return None


def _other_misfit(detector: str, params: Mapping[str, float]) -> tuple[str, str] | None:
    if detector == "individuals_chart":
        n, runs = params["baseline"], params["runs"]
        if n != int(n) or n < 0 or n == 1 or runs not in range(1, 16) or params["sigmas"] <= 0:
            return "a baseline of 1, or runs that do not exist", "0 or 2 and more; runs 1 to 15"
    if detector == "cusum" and (params["k"] < 0 or params["h"] <= 0):
        return "an allowance below 0 or a limit of 0", "k ≥ 0 and h > 0"
    if detector == "ewma" and not (0 < params["weight"] <= 1 and params["limit"] > 0):
        return "a weight outside 0 to 1", "0 < weight ≤ 1 and limit > 0"
    if detector == "change_point":
        degrees, recent = params["degrees"], params["within_last"]
        sound = 0 < params["hazard"] < 1 and 0 < params["probability"] < 1
        if not sound or degrees not in range(3, 31) or recent < 1:
            return (
                "numbers without a model",
                "hazard and probability inside 0 and 1, degrees from 3 to 30, within_last from 1",
            )
    return None
