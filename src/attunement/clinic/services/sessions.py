# SPDX-License-Identifier: Apache-2.0
"""Starting a session, and its page."""

from __future__ import annotations

from datetime import date, datetime

from attunement.clinic.models import Login
from attunement.clinic.services.results import SessionOverview, StartedSession


def start_session(
    actor: Login,
    dyad_id: str,
    *,
    held_on: date,
    modality: str,
    now: datetime,
    session_no: int | None = None,
) -> StartedSession:
    """Add the next session of a dyad, with a form for each chair.

    Parameters
    ----------
    actor : Login
        The dyad's therapist.
    dyad_id : str
        The dyad.
    held_on : date
        The day, not more than one day ahead and not before the care episode began.
    modality : str
        ``"in_person"``, ``"video"`` or ``"phone"``.
    now : datetime
        Aware.
    session_no : int, optional
        The number the page showed; the next one by default. Sent twice with the same details,
        the same session is returned with ``created=False``.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the dyad is not the actor's.
    ClinicError
        E-CLINIC-005 when number, day or modality cannot be.
    """
    raise NotImplementedError


def session_overview(actor: Login, session_id: str, *, now: datetime) -> SessionOverview:
    """Return one session for its therapist; it says nothing of the client's form.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the session is not there or not the actor's.
    """
    raise NotImplementedError
