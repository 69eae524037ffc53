# SPDX-License-Identifier: Apache-2.0
"""Every choice that the literature on sudden gains makes, in one checked object."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from attunement.kernels.gains import GainRule
from attunement.signals.errors import SignalError
from attunement.signals.gains.cutoff import Cutoff, t_critical

Relative = Literal["percent", "pomp", "vacuous_loss"]
Which = Literal["first", "last", "smallest", "largest"]

RELATIVES: tuple[str, ...] = ("percent", "pomp", "vacuous_loss")
WHICH: tuple[str, ...] = ("first", "last", "smallest", "largest")
FIXED_T = 2.776
EVERY = (1, 2, 3)
_SMALLEST_DF = 2
_NO_CUTOFF = (
    "Give cutoff=7 (as for the BDI), cutoff=define_crit1_cutoff(sd, reliability), or leave "
    "criterion 1 out: criteria=(2, 3)"
)
_KINDS = "numbers for cutoff, share, alpha, fixed_t and cases, and several numbers for criteria"


@dataclass(frozen=True, slots=True)
class GainOptions:
    """What counts as a sudden gain (or loss).

    Parameters
    ----------
    lower_is_better : bool
        The direction of the measure. A gain is a change for the better, a loss one for the worse.
    cutoff : float, Cutoff or None
        Criterion 1: the least change, in points; above 0. None only where criterion 1 is off.
    criteria : collection of {1, 2, 3}
        The criteria that are on.
    losses : bool
        Look for losses instead of gains: everything mirrored.
    share : float
        Criterion 2: the least change as a share of the score before it.
    relative : {"percent", "pomp", "vacuous_loss"}
        What the share is taken of: the score itself, which makes sense only where 0 means "none";
        the score's distance from the minimum of the scale ("percent of the maximum possible");
        or, for losses alone, the comparison ``before − after ≤ share · before``, which every loss
        satisfies. The last is there to reproduce results that were obtained with it.
    minimum : float or None
        The lowest possible score; needed for ``"pomp"``.
    alpha : float
        Criterion 3: two-tailed level of the factor.
    fixed_t : float or None
        Criterion 3: one factor whatever is missing (2.776 in the literature); None adjusts the
        degrees of freedom to the scores that are there.
    strict : bool
        Whether a criterion that fails decides although another could not be judged. Otherwise an
        interval with a criterion that cannot be judged is *missing*.
    least_scores : int or None
        Only persons with so many scores.
    pattern : bool
        Only persons with an interval that has a score at both ends and two on each side.
    which : {"first", "last", "smallest", "largest"}
        Which one stands for a person with several.

    Raises
    ------
    SignalError
        ``E-SIGNAL-020``.

    Notes
    -----
    Criteria: Tang and DeRubeis (1999), doi 10.1037/0022-006X.67.6.894, as computed by the R
    package suddengains 0.7.2. Criterion 3 is no t test: the pooled standard deviation is not
    divided by the number of scores, so that it asks for about 1.22 times as much.
    """

    lower_is_better: bool
    cutoff: float | Cutoff | None = None
    criteria: Collection[int] = EVERY
    losses: bool = False
    share: float = 0.25
    relative: Relative = "percent"
    minimum: float | None = None
    alpha: float = 0.05
    fixed_t: float | None = None
    strict: bool = False
    least_scores: int | None = None
    pattern: bool = False
    which: Which = "first"

    def __post_init__(self) -> None:
        """Refuse choices that mean nothing or contradict each other."""
        try:
            checks = (*self._plain_checks(), *self._joint_checks())
        except TypeError:
            checks = ((False, "something of another kind", _KINDS, "Give numbers as numbers"),)
        for good, got, expected, next_step in checks:
            if not good:
                raise SignalError(
                    "E-SIGNAL-020",
                    what="a choice about sudden gains cannot be used",
                    got=got,
                    expected=expected,
                    next_step=next_step,
                )

    def _plain_checks(self) -> tuple[tuple[bool, str, str, str], ...]:
        """Return for each choice by itself: is it good, what came, what was expected, what now."""
        points = self.points
        return (
            (
                bool(self.criteria) and set(self.criteria) <= set(EVERY),
                f"criteria {', '.join(map(str, self.criteria)) or 'none'}",
                "one or more of 1, 2, 3",
                "Leave the argument out for all three",
            ),
            (
                points is None or (math.isfinite(points) and points > 0),
                "a cut-off that is not above 0",
                "the least change that counts, in points, for gains and losses alike",
                "Give it without a sign",
            ),
            (
                0.0 < self.share <= 1.0,
                f"a share of {self.share!r}",
                "a number above 0, at most 1",
                "Give 0.25 for 25 percent",
            ),
            (
                self.relative in RELATIVES,
                f"relative={self.relative!r}",
                f"one of {', '.join(RELATIVES)}",
                "Choose one of these",
            ),
            (
                0.0 < self.alpha < 1.0,
                f"an alpha of {self.alpha!r}",
                "a number between 0 and 1",
                "Give 0.05 for 5 percent",
            ),
            (
                self.fixed_t is None or (math.isfinite(self.fixed_t) and self.fixed_t > 0),
                f"a fixed factor of {self.fixed_t!r}",
                "a number above 0, or None",
                "Give 2.776 for what the literature uses",
            ),
            (
                self.which in WHICH,
                f"which={self.which!r}",
                f"one of {', '.join(WHICH)}",
                "Choose one of these",
            ),
            (
                self.least_scores is None or self.least_scores >= 1,
                f"at least {self.least_scores} scores",
                "a whole number from 1",
                "Leave it out to keep everybody",
            ),
        )

    def _joint_checks(self) -> tuple[tuple[bool, str, str, str], ...]:
        return (
            (
                not self.uses(1) or self.points is not None,
                "criterion 1 without a cut-off",
                "the least change that counts, in points",
                _NO_CUTOFF,
            ),
            (
                self.relative != "vacuous_loss" or self.losses,
                "the vacuous comparison of losses, for gains",
                "'percent' or 'pomp'",
                "It exists for losses alone",
            ),
            (
                self.relative != "pomp" or self.minimum is not None,
                "a share of the distance from the minimum, without a minimum",
                "the ends of the scale",
                "Give the scale, such as scale=(1, 7)",
            ),
        )

    def uses(self, criterion: int) -> bool:
        """Whether a criterion is on."""
        return criterion in self.criteria

    @property
    def points(self) -> float | None:
        """The cut-off in points."""
        return self.cutoff.value if isinstance(self.cutoff, Cutoff) else self.cutoff

    @property
    def falling(self) -> bool:
        """Whether a fall of the score is looked for."""
        return self.lower_is_better != self.losses

    @property
    def kind(self) -> str:
        """What is looked for: "gain" or "loss"."""
        return "loss" if self.losses else "gain"

    def rule(self) -> GainRule:
        """Return the numbers for the kernel."""
        factors = [
            self.fixed_t if self.fixed_t is not None else t_critical(df, self.alpha)
            for df in range(_SMALLEST_DF, _SMALLEST_DF + 3)
        ]
        pomp = self.relative == "pomp" and self.minimum is not None
        return GainRule(
            sign=1.0 if self.falling else -1.0,
            use_1=self.uses(1),
            use_2=self.uses(2),
            use_3=self.uses(3),
            cutoff=float(self.points or 0.0),
            share=float(self.share),
            origin=float(self.minimum or 0.0) if pomp else 0.0,
            vacuous=self.relative == "vacuous_loss",
            t2=float(factors[0]),
            t3=float(factors[1]),
            t4=float(factors[2]),
            strict=bool(self.strict),
        )
