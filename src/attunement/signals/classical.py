# SPDX-License-Identifier: Apache-2.0
"""The rules in use, as parameter sets of the drop rule, charts and recursions.

They are here to be compared. Each is named for what it computes: the exact thresholds of published
methods for ruptures were not seen, so no rule bears an author's name.
"""

from __future__ import annotations

from attunement.signals.computations import Reference, Runs, Unit
from attunement.signals.ruling import Rule

_IN_USE = "A drop rule as it is in common use; the exact form of no published method was seen."
_HISTORY = "The recursion is standard in process control; its use here, and its limits, are ours."
_CANNOT = "It cannot tell why the rating is worse, nor whether a rupture happened."
_OWN_SPREAD = (
    _CANNOT + " Every series has scores one own SD below its own mean, so nearly every stable "
    "series is flagged at least once."
)
_LATER = " It looks at later sessions: it is for looking back, never for a live question."


def _drop(
    rule_id: str,
    title: str,
    question: str,
    *,
    reference: Reference,
    unit: Unit,
    source: str = _IN_USE,
    cannot_tell: str = _CANNOT,
    prospective: bool = True,
    **params: float,
) -> Rule:
    """Return a drop rule; every number that is not given is the one that asks for nothing."""
    nothing: dict[str, float] = {
        "k": 0.0,
        "points": 0.0,
        "last": 1,
        "reliability": 0.0,
        "min_previous": 1,
        "max_gap": -1,
        "max_best_share": 1.0,
        "persist": 1,
        "return_within": 0,
        "return_tolerance": 0.0,
    }
    return Rule(
        id=rule_id,
        version="1",
        title=title,
        question=question,
        params={**nothing, "reference": reference, "unit": unit, **params},
        source=source,
        verified=False,
        detector="drop",
        cannot_tell=cannot_tell + ("" if prospective else _LATER),
        prospective=prospective,
    )


_BETWEEN = "What happened between these two sessions?"
_DIFFERENT = "What was different in this session?"

DROPS: tuple[Rule, ...] = (
    _drop(
        "drop-of-2.5-percent",
        "A drop of 2.5 % of the scale's range since the session before",
        _BETWEEN,
        reference=Reference.PREVIOUS,
        unit=Unit.RANGE,
        k=0.025,
        max_gap=1,
        source=_IN_USE + " One point on a form of 40 points.",
        cannot_tell=_CANNOT + " It is far below the usual change of most people.",
    ),
    _drop(
        "drop-own-sd-from-previous",
        "A drop of one own SD since the session before",
        _BETWEEN,
        reference=Reference.PREVIOUS,
        unit=Unit.OWN_SD,
        k=1.0,
        min_previous=3,
        max_gap=1,
        cannot_tell=_OWN_SPREAD,
    ),
    _drop(
        "drop-own-sd-from-own-mean",
        "One own SD below the mean of the earlier sessions",
        _DIFFERENT,
        reference=Reference.OWN_MEAN,
        unit=Unit.OWN_SD,
        k=1.0,
        min_previous=3,
        cannot_tell=_OWN_SPREAD,
    ),
    _drop(
        "drop-from-own-mean",
        "Two usual SDs below the mean of the earlier sessions",
        _DIFFERENT,
        reference=Reference.OWN_MEAN,
        unit=Unit.WITHIN_SD,
        k=1.96,
        min_previous=3,
    ),
    _drop(
        "drop-from-last-three",
        "Two usual SDs below the mean of the last three sessions",
        _DIFFERENT,
        reference=Reference.RECENT_MEAN,
        last=3,
        unit=Unit.WITHIN_SD,
        k=1.96,
        min_previous=3,
        max_gap=1,
    ),
    _drop(
        "below-own-line",
        "Below the line of the earlier sessions",
        _DIFFERENT,
        reference=Reference.OWN_LINE,
        unit=Unit.PREDICTIVE_SD,
        k=2.33,
        min_previous=4,
        cannot_tell=_CANNOT + " A line through few sessions is known badly.",
    ),
    _drop(
        "drop-reliable-change",
        "A drop of a reliable change since the session before",
        _BETWEEN,
        reference=Reference.PREVIOUS,
        unit=Unit.DIFFERENCE_SD,
        reliability=0.90,
        k=1.96,
        max_gap=1,
        source=(
            "1.96·SD·√(2(1 − reliability)) with the SD of all scores; the reliability of .90 is "
            "an internal consistency and a choice."
        ),
        cannot_tell=_CANNOT + " It takes true movement from week to week for a signal.",
    ),
    _drop(
        "drop-three-moving-ranges",
        "Three moving-range SDs below the mean of the earlier sessions",
        _DIFFERENT,
        reference=Reference.OWN_MEAN,
        unit=Unit.MOVING_RANGE,
        k=3.0,
        min_previous=5,
    ),
    _drop(
        "below-own-baseline-twice",
        "Twice running somewhat worse than this person's own baseline",
        "What has been different in these two sessions?",
        reference=Reference.BASELINE,
        unit=Unit.PREDICTIVE_SD,
        k=1.645,
        min_previous=2,
        max_best_share=0.30,
        max_gap=1,
        persist=2,
        source="Own proposal; not taken from a paper on ruptures.",
        cannot_tell=_CANNOT + " It cannot see a dip of a single session.",
    ),
    _drop(
        "own-sd-below-whole-mean",
        "One own SD below the own mean, looking back",
        _DIFFERENT,
        reference=Reference.WHOLE_MEAN,
        unit=Unit.WHOLE_SD,
        k=1.0,
        min_previous=0,
        cannot_tell=_OWN_SPREAD,
        prospective=False,
    ),
    _drop(
        "own-sd-drop-whole",
        "A drop of one own SD since the session before, looking back",
        _BETWEEN,
        reference=Reference.PREVIOUS,
        unit=Unit.WHOLE_SD,
        k=1.0,
        max_gap=1,
        cannot_tell=_OWN_SPREAD,
        prospective=False,
    ),
    _drop(
        "own-sd-drop-and-return",
        "A drop of one own SD that came back within three sessions",
        "What happened, and what helped?",
        reference=Reference.PREVIOUS,
        unit=Unit.WHOLE_SD,
        k=1.0,
        max_gap=1,
        return_within=3,
        return_tolerance=0.5,
        cannot_tell=_OWN_SPREAD + " A return after a low score is what chance alone brings.",
        prospective=False,
    ),
)


def _chart(
    rule_id: str,
    title: str,
    *,
    baseline: int,
    runs: Runs,
    robust: bool = False,
    both_sides: bool = False,
) -> Rule:
    return Rule(
        id=rule_id,
        version="1",
        title=title,
        question=_DIFFERENT,
        params={
            "baseline": baseline,
            "sigmas": 3.0,
            "runs": int(runs),
            "robust": float(robust),
            "max_gap": 1 if baseline else -1,
            "both_sides": float(both_sides),
        },
        source="Individuals chart (Shewhart), standard in process control; no study on ruptures.",
        verified=False,
        detector="individuals_chart",
        cannot_tell=_CANNOT
        + " Flat runs at the end of the scale make its limits narrow."
        + ("" if baseline else _LATER),
        prospective=baseline > 0,
    )


_ALL_RUNS = (
    Runs.BEYOND_3_SIGMA
    | Runs.TWO_OF_THREE_BEYOND_2_SIGMA
    | Runs.FOUR_OF_FIVE_BEYOND_1_SIGMA
    | Runs.EIGHT_ON_ONE_SIDE
)
CHARTS: tuple[Rule, ...] = (
    _chart(
        "individuals-chart",
        "Beyond the control limits of the first six sessions",
        baseline=6,
        runs=Runs.BEYOND_3_SIGMA,
    ),
    _chart(
        "individuals-chart-runs",
        "A telling run against the first eight sessions",
        baseline=8,
        runs=_ALL_RUNS,
    ),
    _chart(
        "individuals-chart-median",
        "Beyond the median control limits of the first eight sessions",
        baseline=8,
        runs=Runs.BEYOND_3_SIGMA,
        robust=True,
    ),
    _chart(
        "individuals-chart-whole",
        "Beyond the control limits of the whole series, looking back",
        baseline=0,
        runs=Runs.BEYOND_3_SIGMA,
    ),
    _chart(
        "individuals-chart-whole-runs",
        "A telling run against the whole series, looking back",
        baseline=0,
        runs=_ALL_RUNS,
    ),
)


def _recursion(rule_id: str, title: str, detector: str, source: str, **params: float) -> Rule:
    return Rule(
        id=rule_id,
        version="1",
        title=title,
        question="What has been different lately?",
        params={**params, "min_previous": 2, "max_best_share": 0.30},
        source=source,
        verified=False,
        detector=detector,
        cannot_tell=_CANNOT + " It speaks late on purpose: of slow changes, not of one session.",
    )


RECURSIONS: tuple[Rule, ...] = (
    _recursion(
        "cusum",
        "Small drops that add up",
        "cusum",
        _HISTORY,
        k=0.5,
        h=3.0,
        both_sides=0,
    ),
    _recursion(
        "cusum-both-sides",
        "Small changes that add up, for better or worse",
        "cusum",
        _HISTORY,
        k=0.5,
        h=3.0,
        both_sides=1,
    ),
    _recursion(
        "ewma",
        "A fading average well below this person's own baseline",
        "ewma",
        _HISTORY,
        weight=0.2,
        limit=2.7,
        both_sides=0,
    ),
    _recursion(
        "change-point",
        "Probably a change for the worse lately",
        "change_point",
        "Recursion of Adams and MacKay (2007), arXiv:0710.3742; the prior comes from the archive, "
        "and reading it in one direction is ours.",
        hazard=0.1,
        degrees=6,
        within_last=3,
        probability=0.5,
    ),
)

CLASSICAL: tuple[Rule, ...] = (*DROPS, *CHARTS, *RECURSIONS)
