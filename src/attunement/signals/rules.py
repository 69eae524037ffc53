# SPDX-License-Identifier: Apache-2.0
"""The rules as data: what each asks, with which numbers, from where, and how sure that is."""

from __future__ import annotations

from attunement.signals.classical import CLASSICAL
from attunement.signals.detectors import DETECTORS, Detector
from attunement.signals.errors import SignalError
from attunement.signals.ruling import Rule

__all__ = [
    "CLASSICAL_RULES",
    "DEFAULT_RULES",
    "GAP_OF_CHAIRS",
    "HOUSE",
    "LOOKING_BACK_RULES",
    "LOW_ITEM",
    "OAC_ASKED",
    "OAC_NOTES",
    "OAC_RULES",
    "OWN_MEDIAN",
    "RULES",
    "STRAIN",
    "Rule",
    "detector_of",
    "rule",
]

_BASELINE_SOURCE = (
    "Own proposal: Bayesian shrinkage of the person's mean towards the archive, one-sided normal "
    "limit; null rates by simulation. Not taken from a paper on ruptures."
)
_BASELINE_CANNOT = (
    "It cannot tell why the rating is worse, nor whether a rupture happened; it misses ruptures "
    "that never reach the form, and a slow worsening that carries the baseline with it."
)
_HEURISTIC_SOURCE = (
    "Heuristic of the project's own alliance check (OAC), an original form that is not validated; "
    "the threshold is a choice and can be changed."
)

_BASELINE = Rule(
    id="below-own-baseline",
    version="1",
    title="Worse than this person's own baseline",
    question="What was different in this session?",
    params={"z": 2.33, "min_previous": 2, "max_best_share": 0.30},
    source=_BASELINE_SOURCE,
    verified=False,
    detector="shrunken_baseline",
    cannot_tell=_BASELINE_CANNOT,
)

_WATCH = Rule(
    id="below-own-baseline-watch",
    version="1",
    title="Somewhat worse than this person's own baseline",
    question="Was anything different in this session?",
    params={"z": 1.645, "min_previous": 2, "max_best_share": 0.30},
    source=_BASELINE_SOURCE,
    verified=False,
    detector="shrunken_baseline",
    cannot_tell=_BASELINE_CANNOT
    + " It flags many stable series at least once and is meant for looking back.",
)

_DROP = Rule(
    id="drop-from-previous",
    version="1",
    title="A turn for the worse since the session before",
    question="What happened between these two sessions?",
    params={"k": 1.96, "max_gap": 1},
    source=(
        "Change in units of the SD of differences, a common form of reliable change; here with "
        "the archive's within-person SD. Shown for comparison."
    ),
    verified=False,
    detector="previous_session",
    cannot_tell=(
        "It cannot tell a bad session from the return after an unusually good one, nor why the "
        "rating is worse."
    ),
)

OWN_MEDIAN = Rule(
    id="oac-below-own-median",
    version="1",
    title="Well below the usual total",
    question="What was different in this session?",
    params={"points": 1.0, "min_previous": 4},
    source=_HEURISTIC_SOURCE,
    verified=False,
    detector="own_median",
    cannot_tell="It cannot tell why the total is lower, nor whether that matters to the client.",
)

STRAIN = Rule(
    id="oac-strain",
    version="1",
    title="Strain named, or not put right",
    question="Would it help to speak about what felt difficult between you?",
    params={"strain": 2, "repair": 1, "repair_strain": 1},
    source=_HEURISTIC_SOURCE,
    verified=False,
    detector="strain_and_repair",
    cannot_tell="It cannot tell what the strain was about, nor who felt it first.",
)

LOW_ITEM = Rule(
    id="oac-low-item",
    version="1",
    title="One answer is low",
    question="What would make this answer a little higher?",
    params={"at_most": 2},
    source=_HEURISTIC_SOURCE,
    verified=False,
    detector="single_item",
    cannot_tell="It cannot tell a low point from a person's usual way of answering.",
)

GAP_OF_CHAIRS = Rule(
    id="oac-gap-of-chairs",
    version="1",
    title="The two of you saw it differently, twice running",
    question="How did each of you come to your rating?",
    params={"points": 1.5, "sessions": 2},
    source=_HEURISTIC_SOURCE,
    verified=False,
    detector="gap_of_chairs",
    cannot_tell="It cannot tell whose view fits better; a gap is a prompt to talk, not a risk.",
)

_SUDDEN_LOSS = Rule(
    id="sudden-loss",
    version="1",
    title="A large, lasting step for the worse, looking back",
    question="What changed between these two sessions?",
    params={"k": 1.96, "share": 0.25, "from_minimum": 1, "alpha": 0.05},
    source=(
        "Criteria of Tang and DeRubeis (1999), doi 10.1037/0022-006X.67.6.894, mirrored: a loss "
        "has to be a quarter of the score before it, counted from the scale's minimum; the first "
        "criterion is a change in units of the archive's usual change."
    ),
    verified=False,
    detector="sudden_loss",
    cannot_tell=(
        "It cannot see a dip of one session, by construction; and it speaks two sessions late, so "
        "it is for looking back."
    ),
    prospective=False,
)

# The rule with a model: judged by `attunement.signals.house`, its limit set by a null rate.
HOUSE = Rule(
    id="house",
    version="1",
    title="A change that is more than this person's usual ups and downs",
    question="What was different in this session?",
    params={},
    source=(
        "Own proposal: likelihood ratio of a fall against this person's own level, noise, memory "
        "and trend, cut off at the end of the scale; limits by simulation. Not from a paper on "
        "ruptures."
    ),
    verified=False,
    detector="house",
    cannot_tell=(
        "It cannot tell why something changed, nor whether it was a rupture; it misses what "
        "neither chair puts on a form. The probability rests on a base rate that is assumed."
    ),
)

RULES: tuple[Rule, ...] = (_BASELINE, _WATCH, _DROP)
DEFAULT_RULES: tuple[Rule, ...] = (_BASELINE,)
# What a client marked is their own word, and asked about. The other three are thresholds that
# somebody chose: in a clinic they ask nothing, since no budget could set them.
OAC_ASKED: tuple[Rule, ...] = (STRAIN,)
OAC_NOTES: tuple[Rule, ...] = (OWN_MEDIAN, LOW_ITEM, GAP_OF_CHAIRS)
OAC_RULES: tuple[Rule, ...] = (STRAIN, OWN_MEDIAN, LOW_ITEM, GAP_OF_CHAIRS)
# Every rule over one series of totals that is no model: to be compared with each other.
CLASSICAL_RULES: tuple[Rule, ...] = (*RULES, *CLASSICAL)
# A criterion of its own, judged one at a time; never in a set of prospective rules.
LOOKING_BACK_RULES: tuple[Rule, ...] = (_SUDDEN_LOSS,)


def rule(rule_id: str) -> Rule:
    """Return the shipped rule of that id.

    Raises
    ------
    SignalError
        ``E-SIGNAL-006`` if there is none.
    """
    every = (HOUSE, *CLASSICAL_RULES, *LOOKING_BACK_RULES, *OAC_RULES)
    for one in every:
        if one.id == rule_id:
            return one
    raise SignalError(
        "E-SIGNAL-006",
        what="there is no such rule",
        got=repr(rule_id),
        expected=", ".join(one.id for one in every),
        next_step="Choose one of these",
    )


def detector_of(one: Rule) -> Detector:
    """Return the computation of a rule that reads one series.

    Raises
    ------
    SignalError
        ``E-SIGNAL-006`` if the rule reads more than one series of totals.
    """
    found = DETECTORS.get(one.detector)
    if found is None:
        raise SignalError(
            "E-SIGNAL-006",
            what=f"the rule {one.id} does not work on one series of totals",
            got=f"the detector {one.detector!r}",
            expected="one of " + ", ".join(DETECTORS),
            next_step="Use oac_signals for the rules that read items or both chairs",
        )
    return found
