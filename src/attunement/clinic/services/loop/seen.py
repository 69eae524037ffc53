# SPDX-License-Identifier: Apache-2.0
"""What clients answered about loops, as far as the therapist may know of it now.

An answer to "did that help?" came with a form, and is under that form's seal and promise: it is
seen when the form's single answers are.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Subquery

from attunement.clinic.access.visibility import Viewer, Wish
from attunement.clinic.models import (
    AnswerWish,
    FollowUp,
    FollowUpQuestion,
    Moment,
    Perspective,
    Response,
    Session,
    VisibilityChange,
)
from attunement.clinic.services.opening import Mode, Place, seen_by

HELPED, RIGHT = "helped-", "right-"  # how the questions are named on a form


def follow_ups(about: dict[str, Any], *, now: datetime) -> dict[str, list[FollowUp]]:
    """Return the client's visible answers by the session that they are about, oldest first.

    Three queries, whatever was answered.

    Parameters
    ----------
    about : dict
        A filter on the rows, such as ``{"dyad": dyad}`` or ``{"dyad__therapist": therapist}``.
    now : datetime
        Aware.
    """
    answered_in = OuterRef("response__session_id")
    own_form = Response.objects.filter(
        session_id=answered_in, perspective=Perspective.THERAPIST, moment=Moment.AFTER
    )
    later = Session.objects.filter(
        dyad_id=OuterRef("dyad_id"), session_no__gt=OuterRef("response__session__session_no")
    ).order_by("session_no")
    rows = (
        FollowUp.objects.filter(**about)
        .select_related(
            "change", "response", "response__session", "response__session__care_episode"
        )
        .annotate(both_in=Exists(own_form), next_on=Subquery(later.values("held_on")[:1]))
        .order_by("pk")
    )
    of_response = {f"response__session__{name}": value for name, value in about.items()}
    changed = VisibilityChange.objects.filter(**of_response).order_by("pk")
    modes = {row.response_id: Mode(row.visibility, row.reveal_at) for row in changed}
    wished = AnswerWish.objects.filter(wish=Wish.LEAD_ONLY, **of_response)
    for_lead = set(wished.values_list("response_id", "item"))
    found: dict[str, list[FollowUp]] = defaultdict(list)
    for row in rows:
        if (row.response_id, asked_as(row)) in for_lead:
            continue
        response, session = row.response, row.response.session
        place = Place(session.care_episode.ended_on, session.held_on, row.next_on)
        mode = modes.get(response.pk) or Mode(response.visibility, response.reveal_at)
        if seen_by(Viewer.THERAPIST, mode, place, both_in=row.both_in, now=now).values:
            found[row.session_id].append(row)
    return found


def asked_as(row: FollowUp) -> str:
    """Return the name of the question on the form, which a wish is kept under."""
    if row.question == FollowUpQuestion.HELPED and row.change is not None:
        return f"{HELPED}{row.change.key}"
    return f"{RIGHT}{row.session_id}"
