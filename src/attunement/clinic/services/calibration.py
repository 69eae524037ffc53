# SPDX-License-Identifier: Apache-2.0
"""A therapist's own predictions beside what came: private, and only of what may be seen anyway."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np

from attunement.clinic.access import Action
from attunement.clinic.models import Dyad, Login
from attunement.clinic.services.forms import config, measure_of
from attunement.clinic.services.gate import act, actor_name, done, require_self
from attunement.clinic.services.shown_answers import shown_responses
from attunement.measures.schema import Direction

if TYPE_CHECKING:
    from attunement.models import Calibration


@dataclass(frozen=True, slots=True)
class OwnCalibration:
    """What a therapist's page of own predictions shows.

    ``found`` is None while there is too little; ``n`` and ``n_clients`` say how much there is.
    """

    found: Calibration | None
    months: tuple[str, ...]  # "2026-03", one for each period of ``found``
    n: int
    n_clients: int
    fewest: int
    fewest_clients: int
    higher_is_better: bool
    minimum: float
    maximum: float


def own_calibration(actor: Login, *, now: datetime) -> OwnCalibration:
    """Return how near a therapist's own predictions come, from sessions open to that therapist.

    Predictions of forms on the newest measure version alone: two versions are not on one scale.
    Nobody else can ask for it: there is no parameter for whose.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody who is no therapist.
    """
    # Late: no other page of the clinic needs these, and they take a second to load.
    from attunement.models import (  # noqa: PLC0415
        FEWEST_GROUPS,
        FEWEST_PREDICTIONS,
        calibration,
        enough,
    )

    with act(actor_name(actor), Action.CALIBRATION_VIEW, now=now):
        require_self(actor, Action.CALIBRATION_VIEW)
        rows, key = _rows(actor, now=now)
        done(actor.pk, Action.CALIBRATION_VIEW, now=now, target=f"login:{actor.pk}")
    measure = measure_of(*key)
    bounds = next((s.bounds for s in measure.scales if s.id == "total" and s.bounds), (0.0, 1.0))
    clients = sorted({row.dyad for row in rows})
    months = sorted({row.month for row in rows})
    found = None
    if enough(len(rows), len(clients)):
        found = calibration(
            np.array([row.predicted for row in rows]),
            np.array([row.actual for row in rows]),
            np.array([clients.index(row.dyad) for row in rows]),
            np.array([months.index(row.month) for row in rows]),
        )
    return OwnCalibration(
        found=found,
        months=tuple(months) if found is not None else (),
        n=len(rows),
        n_clients=len(clients),
        fewest=FEWEST_PREDICTIONS,
        fewest_clients=FEWEST_GROUPS,
        higher_is_better=measure.direction is Direction.HIGHER_IS_BETTER,
        minimum=bounds[0],
        maximum=bounds[1],
    )


@dataclass(frozen=True, slots=True)
class _Row:
    dyad: str
    month: str
    held_on: date
    predicted: float
    actual: float
    key: tuple[str, str]


def _rows(actor: Login, *, now: datetime) -> tuple[list[_Row], tuple[str, str]]:
    found: list[_Row] = []
    dyads = Dyad.objects.filter(
        therapist__login_id=actor.pk, practice_id=actor.practice_id
    ).select_related("client", "therapist")
    for dyad in dyads.order_by("pk"):
        for chairs in shown_responses(actor, dyad, now=now).sessions:
            if chairs.client is None or chairs.therapist is None:
                continue
            actual, predicted = chairs.client.score("total"), chairs.therapist.predicted
            if actual is None or predicted is None:
                continue
            response = chairs.client.response
            day = chairs.session.held_on
            key = (response.measure_id, response.measure_version)
            found.append(_Row(dyad.pk, f"{day:%Y-%m}", day, predicted, actual, key))
    newest = max(found, key=lambda row: row.held_on, default=None)
    measure = measure_of(config().client_measure)
    key = (measure.id, measure.version) if newest is None else newest.key
    return [row for row in found if row.key == key], key
