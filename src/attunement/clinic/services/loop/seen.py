# SPDX-License-Identifier: Apache-2.0
"""What clients answered about loops, as far as the therapist may know of it now.

An answer to "did that help?" came with a form, and is under that form's seal and promise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from attunement.clinic.access.visibility import Viewer, sees
from attunement.clinic.models import (
    FollowUp,
    Moment,
    Perspective,
    Response,
    VisibilityChange,
)


def follow_ups(about: dict[str, Any], *, now: datetime) -> dict[str, list[FollowUp]]:
    """Return the client's visible answers by the session that they are about, oldest first.

    Parameters
    ----------
    about : dict
        A filter on the rows, such as ``{"dyad": dyad}`` or ``{"dyad__therapist": therapist}``.
    now : datetime
        Aware.
    """
    own_form = Response.objects.filter(
        session_id=OuterRef("response__session_id"),
        perspective=Perspective.THERAPIST,
        moment=Moment.AFTER,
    )
    rows = list(
        FollowUp.objects.filter(**about)
        .select_related("response", "response__session", "response__session__care_episode")
        .annotate(both_in=Exists(own_form))
        .order_by("pk")
    )
    modes = _changed({row.response_id for row in rows})
    found: dict[str, list[FollowUp]] = defaultdict(list)
    for row in rows:
        mode, reveal_at = modes.get(
            row.response_id, (row.response.visibility, row.response.reveal_at)
        )
        seen = sees(
            mode,
            Viewer.THERAPIST,
            both_in=row.both_in,  # type: ignore[attr-defined] # annotated above
            now=now,
            reveal_at=reveal_at,
            episode_ended=row.response.session.care_episode.ended_on is not None,
        )
        if seen.values:
            found[row.session_id].append(row)
    return found


def _changed(responses: Iterable[str]) -> dict[str, tuple[str, datetime | None]]:
    """Return the newest mode of those responses whose mode was changed."""
    wanted = set(responses)
    if not wanted:
        return {}
    rows = VisibilityChange.objects.filter(response__in=wanted).order_by("pk")
    return {row.response_id: (row.visibility, row.reveal_at) for row in rows}
