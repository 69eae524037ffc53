# SPDX-License-Identifier: Apache-2.0
"""The rules as data: what each asks, with which numbers, from where, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from attunement.signals.detectors import DETECTORS, Detector
from attunement.signals.errors import SignalError


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: a question to a person, and when it is asked.

    Parameters
    ----------
    id, version : str
        The name of what it computes, and the version of this parameter set.
    title : str
        A few plain words.
    question : str
        What the person is asked when the rule flags a session.
    params : mapping of str to float
        Every number the rule uses.
    source : str
        Where the rule and its numbers come from.
    verified : bool
        Whether the exact rule was seen in its source. False for every heuristic.
    detector : str
        Which computation the parameters belong to.
    cannot_tell : str
        What a signal of this rule does not say.
    """

    id: str
    version: str
    title: str
    question: str
    params: Mapping[str, float] = field(hash=False)
    source: str
    verified: bool
    detector: str
    cannot_tell: str

    def __post_init__(self) -> None:
        """Copy the parameters and refuse those that are not numbers or not the detector's."""
        object.__setattr__(self, "params", dict(self.params))
        wrong = [name for name, value in self.params.items() if not math.isfinite(value)]
        known = DETECTORS.get(self.detector)
        if known is not None and set(self.params) != known.params:
            wrong += sorted(set(self.params) ^ known.params)
        if wrong:
            raise SignalError(
                "E-SIGNAL-006",
                what=f"the parameters of the rule {self.id} do not fit",
                got=", ".join(wrong),
                expected=", ".join(sorted(known.params)) if known else "finite numbers",
                next_step="Give each parameter of the detector, and no other",
            )

    def with_params(self, version: str, **params: float) -> Rule:
        """Return the same rule with other numbers, under a version of its own."""
        return Rule(
            id=self.id,
            version=version,
            title=self.title,
            question=self.question,
            params={**self.params, **params},
            source=self.source,
            verified=self.verified,
            detector=self.detector,
            cannot_tell=self.cannot_tell,
        )

    @property
    def reads_one_series(self) -> bool:
        """Whether the rule needs nothing but one series, so that a null rate can be simulated."""
        return self.detector in DETECTORS


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

RULES: tuple[Rule, ...] = (_BASELINE, _WATCH, _DROP)
DEFAULT_RULES: tuple[Rule, ...] = (_BASELINE,)
OAC_RULES: tuple[Rule, ...] = (STRAIN, OWN_MEDIAN, LOW_ITEM, GAP_OF_CHAIRS)


def rule(rule_id: str) -> Rule:
    """Return the shipped rule of that id.

    Raises
    ------
    SignalError
        ``E-SIGNAL-006`` if there is none.
    """
    for one in (*RULES, *OAC_RULES):
        if one.id == rule_id:
            return one
    raise SignalError(
        "E-SIGNAL-006",
        what="there is no such rule",
        got=repr(rule_id),
        expected=", ".join(one.id for one in (*RULES, *OAC_RULES)),
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
