# SPDX-License-Identifier: Apache-2.0
"""One dyad as its therapist sees it."""

from __future__ import annotations

from datetime import datetime

from attunement.clinic.models import Login
from attunement.clinic.services.results import DyadOverview


def dyad_overview(actor: Login, dyad_id: str, *, now: datetime) -> DyadOverview:
    """Return a dyad's sessions, chart and signals.

    A session whose two forms are not both in shows nothing of the other chair.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the dyad is not there or not the actor's: the same for both.
    """
    raise NotImplementedError
