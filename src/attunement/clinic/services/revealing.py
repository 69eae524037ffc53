# SPDX-License-Identifier: Apache-2.0
"""Signals once time has opened answers: computed anew at the next look, and only then.

Which forms open with time is read from what was asked, not from what was answered, so that this
happens alike whether or not there is an answer to open.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from attunement.clinic.access.visibility import Visibility
from attunement.clinic.models import (
    Assignment,
    Dyad,
    Moment,
    Perspective,
    SignalsBasis,
    VisibilityChange,
)
from attunement.clinic.services.opening import Mode, Place, places_of
from attunement.clinic.services.signalling import refresh_signals

_WAITING = (Visibility.DELAYED, Visibility.END)


def refresh_opened(dyads: Sequence[Dyad], *, now: datetime) -> int:
    """Compute the signals of dyads anew for which time has opened answers; return how many.

    Inside the caller's transaction, before signals are read. Costs one or two queries where
    nothing waits for time.
    """
    dyads = list(dyads)
    asked = list(
        Assignment.objects.filter(
            session__dyad__in=dyads,
            perspective=Perspective.CLIENT,
            moment=Moment.AFTER,
            visibility__in=_WAITING,
        )
        .order_by("pk")
        .values_list("pk", "session_id", "session__dyad_id", "visibility", "reveal_at")
    )
    changed = list(
        VisibilityChange.objects.filter(response__session__dyad__in=dyads, visibility__in=_WAITING)
        .order_by("pk")
        .values_list(
            "pk", "response__session_id", "response__session__dyad_id", "visibility", "reveal_at"
        )
    )
    if not asked and not changed:
        return 0
    places = places_of(dyads)
    opened: dict[str, list[str]] = defaultdict(list)
    for key, session_id, dyad_id, visibility, reveal_at in (*asked, *changed):
        if _has_opened(Mode(visibility, reveal_at), places[session_id], now=now):
            opened[dyad_id].append(str(key))
    known = dict(SignalsBasis.objects.filter(dyad__in=dyads).values_list("dyad_id", "opened"))
    stale = [dyad for dyad in dyads if known.get(dyad.pk, _NONE) != _mark(opened[dyad.pk])]
    for dyad in stale:
        refresh_signals(dyad, now=now)
        SignalsBasis.objects.update_or_create(
            dyad=dyad, defaults={"opened": _mark(opened[dyad.pk])}
        )
    return len(stale)


def _has_opened(mode: Mode, place: Place, *, now: datetime) -> bool:
    moment = place.opened_on(mode)
    return moment is not None and moment <= now


def _mark(keys: list[str]) -> str:
    return hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest()


_NONE = _mark([])
