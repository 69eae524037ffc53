# SPDX-License-Identifier: Apache-2.0
"""On which axes the shipped tables lie, and in which of them a rule stands.

What a process needs to read the tables, and nothing of what it takes to make them.
"""

from __future__ import annotations

from collections.abc import Mapping

from attunement.signals.computations import Reference, Unit
from attunement.signals.rates.world import Length
from attunement.signals.ruling import Rule

HORIZONS = (2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 60)
HIT_HORIZONS = (8, 16, 40)
LENGTHS: tuple[Length, ...] = (1, 3, "step")
DEPTHS = (1.5, 3.0)
LONGEST = HORIZONS[-1]
HOUSE = "house"  # the detector of the rule with a model
# Of the house rule's prior, as `default_house` tells it: written here, since to work it out takes
# longer than to read a rate. A test compares the two; where they differ, the tables are to be made.
HOUSE_VERSION = "1-8d1935a883"
# The house rule stands in the tables once for each of these null rates within 12 sessions.
ASKED = (0.02, 0.05, 0.10, 0.20, 0.30, 0.50)
USUALLY_ASKED = 0.10

# Where a place lies unless an axis says otherwise.
BASE: Mapping[str, float] = {
    "noise": 1.0,  # own within SD over the usual one
    "memory": 0.25,
    "missing": 0.0,
    "away": 0.0,  # own level less the archive's, in SDs between people
    "between": 1.4,  # SD between people
    "range": 11.4,  # length of the scale
    "points": 2.0,  # a limit in points
}
# "edge": from the own level up to the best end (less half a step), in own within SDs.
NULL_AXES: Mapping[str, tuple[float, ...]] = {
    "edge": (-0.5, 0.25, 0.9, 1.5, 2.25, 4.0),
    "noise": (0.6, 0.8, 1.1, 1.67),
    "memory": (0.0, 0.25, 0.5),
    "missing": (0.0, 0.4),
}
HIT_AXES: Mapping[str, tuple[float, ...]] = {
    "edge": (0.0, 1.25, 4.0),
    "noise": (0.7, 1.4),
    "memory": (0.0, 0.5),
    "missing": (0.0, 0.4),
}
# What a further axis changes is added (on the probit scale) to what the axes above give.
NULL_FURTHER: Mapping[str, Mapping[str, tuple[float, ...]]] = {
    "archive": {
        "edge": (0.25, 1.5, 4.0),
        "away": (-1.5, -0.75, 0.0, 0.75, 1.5),
        "between": (0.5, 0.9, 1.4, 2.5),
    },
    "range": {"edge": (0.25, 1.5, 4.0), "range": (6.0, 11.4, 30.0)},
    "points": {"edge": (0.25, 1.5, 4.0), "points": (1.0, 2.0, 3.5)},
}
HIT_FURTHER: Mapping[str, Mapping[str, tuple[float, ...]]] = {
    "archive": {"edge": (1.25, 4.0), "away": (-1.5, 0.0, 1.5), "between": (0.5, 1.4, 2.5)},
    "range": {"edge": (1.25, 4.0), "range": (6.0, 11.4, 30.0)},
    "points": {"edge": (1.25, 4.0), "points": (1.0, 2.0, 3.5)},
}


_BY_DETECTOR = {
    HOUSE: "archive",
    "shrunken_baseline": "archive",
    "cusum": "archive",
    "ewma": "archive",
    "change_point": "archive",
    "sudden_loss": "range",
    "own_median": "points",
}
_BY_UNIT = {
    Unit.SAMPLE_SD: "archive",
    Unit.DIFFERENCE_SD: "archive",
    Unit.RANGE: "range",
    Unit.POINTS: "points",
}


def further_of(rule: Rule) -> str:
    """Return what a rule reads beside the person: the archive, the range, points, or nothing."""
    if rule.detector != "drop":
        return _BY_DETECTOR.get(rule.detector, "none")
    if rule.params["reference"] == Reference.BASELINE:
        return "archive"
    return _BY_UNIT.get(Unit(int(rule.params["unit"])), "none")


def signature(rule: Rule) -> str:
    """Return what a table's answers belong to: the computation and its numbers."""
    if rule.detector == HOUSE:
        asked = rule.params.get("asked", USUALLY_ASKED)
        return f"house({HOUSE_VERSION},asked={asked:g})"
    numbers = ",".join(
        f"{name}={value:.12g}"
        for name, value in sorted(rule.params.items())
        if not (name == "points" and further_of(rule) == "points")
    )
    return f"{rule.detector}({numbers})"


def asked_for(rule: Rule, null_rate: float) -> Rule:
    """Return the house rule as it stands in the tables for a null rate of `ASKED`."""
    return rule.with_params(rule.version, asked=null_rate)


def block_name(part: str, rule: Rule, kind: str) -> str:
    """Return the block that a rule is in; the house rule has its own, to be made again alone."""
    return f"{part}-house-{kind}" if rule.detector == HOUSE else f"{part}-{kind}"
