# SPDX-License-Identifier: Apache-2.0
"""What a rule is: a question as data, with its numbers, its source and what it cannot tell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from attunement.signals.computations import check_combination, formula, looks_ahead
from attunement.signals.detectors import DETECTORS
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
    prospective : bool
        Whether the answer for a session needs that session and earlier ones only. Checked
        against the numbers: a rule that needs later scores cannot be called prospective.
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
    prospective: bool = True

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
        check_combination(self.id, self.detector, self.params)
        if self.prospective and looks_ahead(self.detector, self.params):
            raise SignalError(
                "E-SIGNAL-006",
                what=f"the rule {self.id} needs later scores and calls itself prospective",
                got="prospective = True",
                expected="prospective = False for references, units or returns that look ahead",
                next_step="Say that it is retrospective, or choose numbers of earlier scores",
            )

    def with_params(self, version: str, **params: float) -> Rule:
        """Return the same rule with other numbers, under a version of its own."""
        every = {**self.params, **params}
        forward = self.prospective
        if self.detector in DETECTORS and set(every) == set(self.params):
            forward = not looks_ahead(self.detector, every)
        return replace(self, version=version, params=every, prospective=forward)

    @property
    def formula(self) -> str:
        """What the rule computes, in one line; empty for a rule that reads items or both chairs."""
        known = DETECTORS.get(self.detector)
        return formula(self.detector, self.params, known.formula) if known else ""

    @property
    def reads_one_series(self) -> bool:
        """Whether the rule needs nothing but one series, so that a null rate can be simulated."""
        return self.detector in DETECTORS


def unnamed(detector: str, params: Mapping[str, float]) -> Rule:
    """Return a rule that is nothing but its numbers, for simulations."""
    return Rule(
        id=f"a {detector} rule",
        version="0",
        title="",
        question="",
        params=params,
        source="",
        verified=False,
        detector=detector,
        cannot_tell="",
        prospective=not looks_ahead(detector, params),
    )
