# SPDX-License-Identifier: Apache-2.0
"""The therapist's mirror form and prediction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from attunement.clinic.models import Login
from attunement.clinic.services.results import AlreadyIn, Receipt, Refused, TherapistForm


def therapist_form(
    actor: Login, session_id: str, *, now: datetime, language: str = "en"
) -> TherapistForm | AlreadyIn:
    """Return what the therapist's page renders, or that the form is already in.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the session is not there or not the actor's.
    ClinicError
        E-CLINIC-005 when the session did not take place; E-CLINIC-006 when there are no words.
    """
    raise NotImplementedError


def record_therapist_response(
    actor: Login,
    session_id: str,
    *,
    submission_id: UUID | str,
    fields: Mapping[str, object],
    predicted_total: object,
    now: datetime,
    language: str = "en",
) -> Receipt | Refused:
    """Store the therapist's form and prediction with scores and signals, exactly once.

    ``predicted_total`` is the number as sent (text such as ``"4.5"``), or None or ``""`` when no
    prediction was made; ``fields`` as in ``record_client_response``.

    Returns
    -------
    Receipt or Refused
        As ``record_client_response``; a second form of the same session is 410.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the session is not there or not the actor's.
    """
    raise NotImplementedError
