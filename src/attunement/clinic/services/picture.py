# SPDX-License-Identifier: Apache-2.0
"""The picture of a session: nothing until both forms are in, then both chairs at once."""

from __future__ import annotations

from datetime import datetime

from attunement.clinic.models import Login
from attunement.clinic.services.results import Revealed, Waiting


def session_picture(actor: Login, session_id: str, *, now: datetime) -> Waiting | Revealed:
    """Return the dual picture, or whom it waits for.

    Until the therapist's own form is in, the answer is the same whatever the client did.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the session is not there or not the actor's.
    """
    raise NotImplementedError
