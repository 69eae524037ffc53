# SPDX-License-Identifier: Apache-2.0
"""The client's form: shown by a grant, stored once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from attunement.clinic.services.results import ClientForm, Receipt, Refused


def client_form(grant: str, *, now: datetime, language: str = "en") -> ClientForm:
    """Return what the client's page renders, with a new submission id.

    Raises
    ------
    AccessError
        E-ACCESS-002 when the grant is unknown, too old, or its link used or closed.
    ClinicError
        E-CLINIC-006 when the measure has no words to show.
    """
    raise NotImplementedError


def record_client_response(
    grant: str,
    *,
    submission_id: UUID | str,
    fields: Mapping[str, object],
    client_clock: str | None,
    now: datetime,
    language: str = "en",
) -> Receipt | Refused:
    """Store a client's form with its scores and signals, in one transaction, exactly once.

    Parameters
    ----------
    grant : str
        From ``open_invitation``.
    submission_id : UUID or str
        From ``client_form``; the same id with the same content is answered with the same receipt.
    fields : mapping
        Field name (``field_name(item_id)``, that is ``"item-1"``) to what was sent; see
        ``raw_fields`` for a ``QueryDict``. Unknown names are ignored and never stored.
    client_clock : str, optional
        ISO 8601 time of the client's device; anything else is kept out and flagged.
    now : datetime
        Aware; this is the time that rules.
    language : str
        The language the form was shown in.

    Returns
    -------
    Receipt or Refused
        409 same id with other content; 410 the form was answered by another submission or the
        link closed; 422 fields that cannot be read.

    Raises
    ------
    AccessError
        E-ACCESS-002 when the grant is unknown.
    """
    raise NotImplementedError
