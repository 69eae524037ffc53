# SPDX-License-Identifier: Apache-2.0
"""What was in force when a session's second form came in: budget, caseload, setting, model.

Everything here is read from rows that are written once and bear a time, so that judging a session
again, years later, asks the same rate of the same rule.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Max, Min, QuerySet

from attunement.clinic.models import (
    Assignment,
    Dyad,
    LearnedModel,
    Moment,
    Perspective,
    RuleSetting,
    Therapist,
    TherapistBudget,
)
from attunement.clinic.services.ruling import RULE
from attunement.clinic.store.statements import Prepared, run
from attunement.signals.budget import AT_MOST, HORIZON, PER_WEEK, AskedRate, asked_rate

# Sessions a week are counted over so many weeks before the moment.
CASELOAD_WEEKS = 4


@dataclass(frozen=True, slots=True)
class InForce:
    """What a rule is asked at one moment; equal for sessions that can be judged together."""

    setting_no: int  # 0: as shipped
    asked: AskedRate
    learned: LearnedModel | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A practice's setting of a rule, or what is shipped."""

    number: int
    null_rate: float
    horizon: int


SHIPPED = Standing(number=0, null_rate=AT_MOST, horizon=HORIZON)


_SETTINGS = Prepared(lambda practice_id: settings_of(practice_id), str)  # noqa: PLW0108 -- it comes later
_MODELS = Prepared(
    lambda practice_id: LearnedModel.objects.filter(practice_id=practice_id).order_by(
        "learned_at", "number"
    ),
    str,
)
_BUDGETS = Prepared(
    lambda therapist_id: TherapistBudget.objects.filter(therapist=therapist_id).order_by(
        "set_at", "pk"
    ),
    str,
)


@dataclass(frozen=True, slots=True)
class Past:
    """The dated rows of one therapist and practice that decide what is asked."""

    settings: Sequence[RuleSetting]
    models: Sequence[LearnedModel]
    budgets: Sequence[TherapistBudget]
    begun: Sequence[datetime]  # when the therapist's sessions were started, in order

    @classmethod
    def of(cls, dyad: Dyad) -> Past:
        """Read the rows for a dyad's therapist: four queries."""
        return cls.of_therapist(dyad.therapist)

    @classmethod
    def of_therapist(cls, therapist: Therapist) -> Past:
        """Read the rows for a therapist: four queries."""
        return cls(
            settings=tuple(_SETTINGS.all(therapist.practice_id)),
            models=tuple(_MODELS.all(therapist.practice_id)),
            budgets=tuple(_BUDGETS.all(therapist.pk)),
            begun=_begun(therapist),
        )

    def at(self, moment: datetime, measure: tuple[str, str]) -> InForce:
        """Return what was in force at ``moment`` for a measure version."""
        learned = [
            one
            for one in self.models
            if one.learned_at <= moment and (one.measure_id, one.measure_version) == measure
        ]
        return InForce(
            self.setting_at(moment).number, self.asked(moment), learned[-1] if learned else None
        )

    def asked(self, moment: datetime, standing: Standing | None = None) -> AskedRate:
        """Return the rate that follows from budget and caseload at ``moment``.

        ``standing`` puts another setting in the place of the practice's own.
        """
        setting = standing or self.setting_at(moment)
        return asked_rate(
            budget=self.budget_at(moment),
            sessions_per_week=self.sessions_per_week(moment),
            at_most=setting.null_rate,
            horizon=setting.horizon,
        )

    def setting_at(self, moment: datetime) -> Standing:
        """Return the practice's setting at ``moment``."""
        known = [one for one in self.settings if one.set_at <= moment]
        if not known:
            return SHIPPED
        return Standing(known[-1].number, known[-1].null_rate, known[-1].horizon)

    def budget_at(self, moment: datetime) -> int:
        """Return the therapist's questions a week at ``moment``."""
        known = [one.per_week for one in self.budgets if one.set_at <= moment]
        return known[-1] if known else PER_WEEK

    def sessions_per_week(self, moment: datetime) -> float:
        """Return the mean number of sessions started a week in the four weeks before ``moment``."""
        last = bisect_right(self.begun, moment)
        first = bisect_right(self.begun, moment - timedelta(weeks=CASELOAD_WEEKS))
        return (last - first) / CASELOAD_WEEKS


def _asked_clients(therapist_id: str) -> QuerySet[Assignment]:
    return Assignment.objects.filter(
        session__dyad__therapist=therapist_id,
        perspective=Perspective.CLIENT,
        moment=Moment.AFTER,
    )


# How many there are, the first and the last: without a row for each.
_STATE = Prepared(
    lambda therapist_id: (
        _asked_clients(therapist_id)
        .values("perspective")
        .annotate(n=Count("pk"), a=Min("made_at"), z=Max("made_at"))
        .values_list("n", "a", "z")
        .order_by()
    ),
    str,
)
_MADE = Prepared(
    lambda therapist_id: _asked_clients(therapist_id).order_by("made_at").values_list("made_at"),
    str,
)
_BEGUN: dict[str, tuple[tuple[object, ...], tuple[datetime, ...]]] = {}
_MOST_BEGUN = 512  # therapists


def _begun(therapist: Therapist) -> tuple[datetime, ...]:
    """Return when a therapist's sessions were started, in order.

    Times are made with their row, which is never changed or deleted, so what was read before is
    still true while no row came after it: on SQLite, which numbers rows as they come, the newest
    one's id says so; elsewhere, that there are as many and none is earlier or later.
    """
    if connection.vendor == "sqlite":
        newest, _ = run("SELECT id FROM clinic_assignment ORDER BY rowid DESC LIMIT 1", ())
        state = tuple(newest)
    else:
        state = _STATE.first(therapist.pk)
    kept = _BEGUN.get(therapist.pk)
    if kept is None or kept[0] != state:
        kept = (state, tuple(made_at for (made_at,) in _MADE.all(therapist.pk)))
        if len(_BEGUN) >= _MOST_BEGUN:
            _BEGUN.clear()
        _BEGUN[therapist.pk] = kept
    return kept[1]


def settings_of(practice_id: str) -> QuerySet[RuleSetting]:
    """Return a practice's settings of the rule that it asks by, oldest first."""
    return RuleSetting.objects.filter(practice_id=practice_id, rule_id=RULE.id).order_by(
        "set_at", "number"
    )
