# SPDX-License-Identifier: Apache-2.0
"""Learning from the practice's own series what is usual: an operator's act, kept as a version."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from attunement.clinic.house_limits import (
    CHANNELS,
    WITH_STRAIN,
    as_parameters,
    name_of,
    simulated_limits,
)
from attunement.clinic.models import Dyad, LearnedModel, Practice, Therapist, TherapistBudget
from attunement.clinic.services.audit import record
from attunement.clinic.services.chairs import chairs_of
from attunement.clinic.services.course import Course, course_of, keys_of
from attunement.clinic.services.ruling import KIND, batch_of
from attunement.clinic.services.signal_answers import require_possible_budget
from attunement.signals.house import learn_house

COMMAND = "operator-command"


@dataclass(frozen=True, slots=True)
class Learned:
    """One measure version and what was learned of it; ``number`` is 0 where nothing was saved."""

    measure_id: str
    measure_version: str
    number: int
    n_dyads: int
    n_scores: int
    source: str


def learn_models(practice: Practice, *, save: bool, now: datetime) -> tuple[Learned, ...]:
    """Learn a model for each measure version from the practice's open sessions.

    Small archives are drawn towards the simulated prior, and the source says how far. A saved
    model holds for sessions whose second form comes in from now on; earlier signals stay as they
    were asked.

    Parameters
    ----------
    practice : Practice
        Whose series.
    save : bool
        Whether to keep the models; without it nothing is written.
    now : datetime
        Aware.
    """
    with transaction.atomic():
        Practice.objects.select_for_update().get(pk=practice.pk)
        learned = tuple(
            _learn(practice, key, courses, save=save, now=now)
            for key, courses in sorted(_courses(practice, now=now).items())
        )
        if save and learned:
            record(
                actor=COMMAND,
                action="model.learn",
                outcome="done",
                now=now,
                target=f"practice:{practice.pk}",
                detail={"n_models": len(learned)},
            )
    return learned


def set_budget_by_command(username: str, per_week: int, *, now: datetime) -> bool:
    """Set a therapist's budget as the operator; return whether there is such a therapist.

    Raises
    ------
    ClinicError
        E-CLINIC-016 for a number that cannot be.
    """
    require_possible_budget(per_week)
    with transaction.atomic():
        therapist = Therapist.objects.filter(login__username__iexact=username).first()
        if therapist is None:
            return False
        TherapistBudget(therapist=therapist, per_week=per_week, set_by=COMMAND, set_at=now).save()
        record(
            actor=COMMAND,
            action="budget.set",
            outcome="done",
            now=now,
            target=f"therapist:{therapist.pk}",
            detail={"per_week": per_week},
        )
    return True


def _courses(practice: Practice, *, now: datetime) -> dict[tuple[str, str], list[Course]]:
    found: dict[tuple[str, str], list[Course]] = defaultdict(list)
    for dyad in Dyad.objects.filter(practice=practice).order_by("pk"):
        held = [
            chairs for chairs in chairs_of(dyad, now=now) if chairs.session.attended == "attended"
        ]
        for key in keys_of(held):
            course = course_of(held, key)
            if course is not None:
                found[key].append(course)
    return found


def _learn(
    practice: Practice,
    key: tuple[str, str],
    courses: list[Course],
    *,
    save: bool,
    now: datetime,
) -> Learned:
    batch = batch_of([one.series for one in courses], [one.sides for one in courses])
    model = learn_house(batch)
    known = LearnedModel.objects.filter(
        practice=practice, measure_id=key[0], measure_version=key[1]
    ).order_by("number")
    newest = known.last()
    number = newest.number + 1 if newest is not None else 1
    if save:
        LearnedModel(
            practice=practice,
            measure_id=key[0],
            measure_version=key[1],
            number=number,
            kind=KIND,
            parameters=as_parameters(
                model,
                {name_of(some): simulated_limits(model, some) for some in (CHANNELS, WITH_STRAIN)},
            ),
            source=model.source,
            n_dyads=model.n_dyads,
            n_scores=model.n_scores,
            learned_by=COMMAND,
            learned_at=now,
        ).save()
    return Learned(
        key[0], key[1], number if save else 0, model.n_dyads, model.n_scores, model.source
    )
