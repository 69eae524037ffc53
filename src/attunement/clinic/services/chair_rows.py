# SPDX-License-Identifier: Apache-2.0
"""The questions to the store that a dyad's chairs are read by."""

from __future__ import annotations

from django.db.models import FilteredRelation, Q

from attunement.clinic.models import (
    Answer,
    Assignment,
    Moment,
    Perspective,
    Response,
    Score,
    Session,
)
from attunement.clinic.store.statements import Prepared

SESSIONS = Prepared(
    lambda dyad_id, after, last: (
        Session.objects.filter(dyad=dyad_id, session_no__gt=after, session_no__lte=last)
        .select_related("care_episode")
        .order_by("session_no")
    ),
    str,
    int,
    int,
)
NO_LAST = 2**31 - 1
# The last session that its therapist has answered: no rule reads a later one.
LAST_MIRRORED = Prepared(
    lambda dyad_id: (
        Response.objects.filter(
            session__dyad=dyad_id, perspective=Perspective.THERAPIST, moment=Moment.AFTER
        )
        .order_by("-session__session_no")
        .values_list("session__session_no")[:1]
    ),
    str,
)
# Each chair has one form after a session. What is asked before or between is another thing.
ASKED = Prepared(
    lambda dyad_id: Assignment.objects.filter(
        session__dyad=dyad_id, moment=Moment.AFTER
    ).values_list("session_id", "perspective", "visibility", "reveal_at"),
    str,
)
RESPONSES = Prepared(
    lambda dyad_id: Response.objects.filter(
        session__dyad=dyad_id, moment=Moment.AFTER
    ).select_related("prediction"),
    str,
)
SCORES = Prepared(
    lambda dyad_id: Score.objects.filter(
        response__session__dyad=dyad_id, response__moment=Moment.AFTER
    ),
    str,
)
ANSWERS = Prepared(
    lambda dyad_id: Answer.objects.filter(
        response__session__dyad=dyad_id, response__moment=Moment.AFTER
    ).order_by("pk"),
    str,
)
# What rules read, a row for each form that was asked: when it came, its total and prediction, what
# was marked as strain and as put right.
MARKED = ("8", "8a")
CAME = (
    "id",
    "perspective",
    "measure_id",
    "measure_version",
    "received_at",
    "visibility",
    "reveal_at",
    "told_team",
    "provenance",
)
TOTAL = ("value", "reason", "n_items")
COURSE = Prepared(
    lambda dyad_id, after, last: (
        Assignment.objects.filter(
            session__dyad=dyad_id,
            session__session_no__gt=after,
            session__session_no__lte=last,
            moment=Moment.AFTER,
        )
        .annotate(
            total=FilteredRelation(
                "response__scores", condition=Q(response__scores__scale="total")
            ),
            strain=_answer_to("8"),
            repair=_answer_to("8a"),
        )
        .values_list(
            "session_id",
            "perspective",
            "visibility",
            "reveal_at",
            "strain__value",
            "repair__value",
            "response__prediction__value",
            *(f"total__{name}" for name in TOTAL),
            *(f"response__{name}" for name in CAME),
        )
    ),
    str,
    int,
    int,
)


def _answer_to(item: str) -> FilteredRelation:
    return FilteredRelation("response__answers", condition=Q(response__answers__item=item))
