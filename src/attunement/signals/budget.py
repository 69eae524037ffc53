# SPDX-License-Identifier: Apache-2.0
"""How many questions a person is asked in a week, which ones, and the rate that follows.

The threshold of a rule follows from the budget and the caseload, never the other way round.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from attunement.signals.errors import SignalError

PER_WEEK = 2  # questions a week, unless the person or the operator says otherwise
MOST_PER_WEEK = 20
_ONCE_A_WEEK = 0.95
HORIZON = 12  # sessions over which a null rate is asked
AT_MOST = 0.10  # null rate over the horizon that is never exceeded, whatever the budget allows
# Rates that are asked of a rule: few, so that thresholds are cached. Rounded down: never looser.
RATES = (0.01, 0.02, 0.03, 0.05, 0.07, 0.10, 0.15, 0.20, 0.30, 0.50)


@dataclass(frozen=True, slots=True)
class Pending:
    """A question that waits to be asked.

    Parameters
    ----------
    key : str
        The caller's name of it; never a person.
    said : bool
        Whether a person said it on a form (a strain that was marked) rather than a computation.
    probability : float or None
        The house rule's probability, 0 to 1; None for rules without a model.
    excess : float or None
        |statistic| over |limit|, 1 at the limit; used where there is no probability.
    since : float
        When it was raised, on any rising scale; older first among equals.
    """

    key: str
    said: bool = False
    probability: float | None = None
    excess: float | None = None
    since: float = 0.0

    @property
    def evidence(self) -> float:
        """Strength from 0 to 1: the probability, or the excess r read as odds, r / (1 + r)."""
        if self.probability is not None:
            return self.probability
        if self.excess is None or not self.excess > 0.0:
            return 0.0
        return 1.0 if math.isinf(self.excess) else self.excess / (1.0 + self.excess)


@dataclass(frozen=True, slots=True)
class Week:
    """What a week holds: keys in the order in which they are read."""

    shown: tuple[str, ...]
    listed: tuple[str, ...]  # not pushed, and not lost


@dataclass(frozen=True, slots=True)
class AskedRate:
    """The null rate asked of a rule, and where it comes from.

    Parameters
    ----------
    null_rate : float
        Share of clients without any rupture that may be flagged at least once in ``horizon``
        sessions; one of `RATES`.
    horizon : int
        Sessions.
    per_session : float
        The same as a share of sessions: 1 − (1 − null_rate)^(1/horizon).
    per_week : float
        Questions a week for nothing at this rate and caseload.
    bound : str
        ``"budget"`` where the budget is the stricter limit, else ``"practice"``.
    """

    null_rate: float
    horizon: int
    per_session: float
    per_week: float
    bound: str

    def sentence(self) -> str:
        """Return where the rate comes from, in plain words."""
        of = (
            "the weekly budget and the number of sessions"
            if self.bound == "budget"
            else "the rate that the practice chose, which is stricter than the budget needs"
        )
        return (
            f"Asked for: at most {100 * self.null_rate:.0f} in 100 people without any rupture "
            f"flagged within {self.horizon} sessions. It follows from {of}.{self._for_nothing()}"
        )

    def _for_nothing(self) -> str:
        if self.per_week <= 0.0:
            return ""
        often = f"about {self.per_week:.1f} questions a week"
        if self.per_week < _ONCE_A_WEEK:
            often = f"about one question in {1.0 / self.per_week:.0f} weeks"
        return f" If nothing were wrong with anybody, that is {often}."


def prioritised(pending: Sequence[Pending]) -> tuple[Pending, ...]:
    """Return questions in the order in which they are asked.

    First what a person said on a form, then by evidence, then the older one, then by key. People
    are not compared: only questions to one and the same person are put in order.
    """
    return tuple(sorted(pending, key=lambda one: (not one.said, -one.evidence, one.since, one.key)))


def this_week(pending: Sequence[Pending], *, budget: int, taken: Sequence[str] = ()) -> Week:
    """Divide questions into those that are shown this week and those that are listed.

    Parameters
    ----------
    pending : sequence of Pending
        Every question that nobody answered, of one person.
    budget : int
        Questions a week, 0 to 20.
    taken : sequence of str
        Keys already shown this week, answered or not: they keep their place, so that a week never
        holds more than its budget.

    Returns
    -------
    Week
        ``shown``: those already shown that still wait, then the strongest others while the budget
        lasts; ``listed``: all the rest. Every pending key is in exactly one of the two.

    Raises
    ------
    SignalError
        ``E-SIGNAL-008`` for a budget that cannot be.
    """
    check_budget(budget)
    order = [one.key for one in prioritised(pending)]
    already = set(taken)
    kept = [key for key in order if key in already]
    others = [key for key in order if key not in already]
    free = max(0, budget - len(already))
    return Week(shown=(*kept, *others[:free]), listed=tuple(others[free:]))


def asked_rate(
    *,
    budget: int,
    sessions_per_week: float,
    at_most: float = AT_MOST,
    horizon: int = HORIZON,
) -> AskedRate:
    """Return the null rate that a budget and a caseload ask of a rule.

    Parameters
    ----------
    budget : int
        Questions a week.
    sessions_per_week : float
        Sessions in which both forms can be expected.
    at_most : float
        The practice's own limit, as a share of people over the horizon.
    horizon : int
        Sessions.

    Returns
    -------
    AskedRate
        The largest of `RATES` (at least the smallest of them) for which sessions_per_week ×
        per-session rate ≤ budget, and which is not above ``at_most``.

    Raises
    ------
    SignalError
        ``E-SIGNAL-008`` for numbers that cannot be.

    Notes
    -----
    Sessions are taken as independent when a rate per session becomes one over a horizon; where
    false alarms come in runs, the rate over the horizon is lower than this.
    """
    check_budget(budget)
    if not (sessions_per_week >= 0.0 and math.isfinite(sessions_per_week)):
        _refuse(f"{sessions_per_week!r} sessions a week", "a number of 0 or more")
    if not 0.0 < at_most < 1.0 or horizon < 1:
        _refuse(
            f"a rate of {at_most!r} over {horizon!r} sessions", "0 < rate < 1, 1 session or more"
        )
    affordable = 1.0
    if sessions_per_week > budget:
        affordable = 1.0 - (1.0 - budget / sessions_per_week) ** horizon
    asked = max((rate for rate in RATES if rate <= min(affordable, at_most)), default=RATES[0])
    per_session = per_session_rate(asked, horizon)
    return AskedRate(
        null_rate=asked,
        horizon=horizon,
        per_session=per_session,
        per_week=per_session * sessions_per_week,
        bound="budget" if affordable < at_most else "practice",
    )


def per_session_rate(null_rate: float, horizon: int = HORIZON) -> float:
    """Return the share of sessions behind a share of people over a horizon."""
    return float(1.0 - (1.0 - null_rate) ** (1.0 / horizon))


def check_budget(budget: int) -> None:
    """Refuse a budget that is not a whole number from 0 to 20: ``E-SIGNAL-008``."""
    if isinstance(budget, bool) or not isinstance(budget, int) or not 0 <= budget <= MOST_PER_WEEK:
        _refuse("a budget that is no whole number in range", f"0 to {MOST_PER_WEEK} a week")


def _refuse(got: str, expected: str) -> None:
    raise SignalError(
        "E-SIGNAL-008",
        what="a budget cannot be kept as asked",
        got=got,
        expected=expected,
        next_step="Check budget, caseload and rate",
    )
