# SPDX-License-Identifier: Apache-2.0
"""Links for clients: made, revoked and opened. Opening never uses one up."""

from __future__ import annotations

from datetime import datetime

from attunement.clinic.models import Login
from attunement.clinic.services.results import IssuedInvitation


def invite_client(actor: Login, session_id: str, *, now: datetime) -> IssuedInvitation:
    """Make a link for the client's form of a session; an older link of it is revoked.

    The result is alike whatever the client did before.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the session is not there or not the actor's.
    ClinicError
        E-CLINIC-005 when the session did not take place.
    """
    raise NotImplementedError


def revoke_invitation(actor: Login, session_id: str, *, now: datetime) -> None:
    """Close the open link of a session, if there is one; silent when there is none.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the session is not there or not the actor's.
    """
    raise NotImplementedError


def open_invitation(secret: str, *, address: str, now: datetime) -> str | None:
    """Exchange a link's token, or a short code, for a grant that the browser keeps.

    Parameters
    ----------
    secret : str
        What followed ``#`` in the link, or the short code as typed (case, blanks and dashes do
        not matter for the code).
    address : str
        The network address, for the rate limit; stored only as a keyed hash.
    now : datetime
        Aware.

    Returns
    -------
    str or None
        The grant, to keep in an HttpOnly cookie; None, without saying why, when the link is
        wrong, used, expired, revoked or tried too often.
    """
    raise NotImplementedError
