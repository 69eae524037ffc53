# SPDX-License-Identifier: Apache-2.0
"""Links for clients: made, revoked and opened. Opening never uses one up."""

from __future__ import annotations

import hmac
import math
from datetime import datetime, timedelta

from django.db.models import F

from attunement.clinic.access import Action
from attunement.clinic.config.django_settings import GRANT_SECONDS
from attunement.clinic.errors import AccessError
from attunement.clinic.models import (
    Assignment,
    Attempt,
    Grant,
    Invitation,
    Login,
    Moment,
    Perspective,
    Session,
)
from attunement.clinic.services.forms import config
from attunement.clinic.services.gate import CLIENT_LINK, act, actor_name, done, require_session
from attunement.clinic.services.results import IssuedInvitation
from attunement.clinic.services.secrets_of_links import (
    HANDLE_LENGTH,
    keyed_sha256,
    looks_like_token,
    new_code,
    new_token,
    shown_code,
    token_sha256,
    typed_code,
)
from attunement.clinic.services.sessions import refuse_not_asked, require_attended
from attunement.clinic.store.statements import Prepared, insert

CODE_TRIES = 5
WINDOW = timedelta(minutes=15)
ADDRESS_FAILURES = 20  # within the window; after that a wrong one is told to wait
KEPT = timedelta(days=1)
_BY_TOKEN = Prepared(lambda sha256: Invitation.objects.filter(token_sha256=sha256), str)


class TooManyTriesError(AccessError):
    """A wrong link or code from an address that sent many; says how long to wait."""

    def __init__(self, *, wait: timedelta) -> None:
        super().__init__(
            "E-ACCESS-003",
            what=self.codes["E-ACCESS-003"],
            next_step="Wait some minutes and try again",
        )
        self.wait_seconds = max(1, math.ceil(wait.total_seconds()))


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
    with act(actor_name(actor), Action.INVITATION_MAKE, now=now):
        session = require_session(actor, session_id, Action.INVITATION_MAKE)
        assignment = _client_assignment(session)
        issued = issue(assignment, now=now)
        done(actor.pk, Action.INVITATION_MAKE, now=now, target=f"session:{session.pk}")
    return issued


def issue(assignment: Assignment, *, now: datetime) -> IssuedInvitation:
    """Make a link to a form, to be shown once, in the place of an older one."""
    _revoke(assignment, now=now, replaced=True)
    invitation, token, code = make_link(assignment, now=now)
    return IssuedInvitation(
        invitation_id=invitation.pk,
        session_id=assignment.session_id,
        token=token,
        short_code=shown_code(code),
        link_path=f"/c/#{token}",
        expires_at=invitation.expires_at,
    )


def make_link(
    assignment: Assignment, *, now: datetime, by_reminder: bool = False
) -> tuple[Invitation, str, str]:
    """Return a new link with its token and short code; the caller has closed the one before."""
    token, code = new_token(), _free_code()
    invitation = Invitation.objects.create(
        assignment=assignment,
        token_sha256=token_sha256(token),
        code_handle=code[:HANDLE_LENGTH],
        code_sha256=keyed_sha256("short code", code),
        made_at=now,
        expires_at=now + config().link_lifetime,
        by_reminder=by_reminder,
    )
    return invitation, token, code


def revoke_invitation(actor: Login, session_id: str, *, now: datetime) -> None:
    """Close the open link of a session, if there is one; silent when there is none.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the session is not there or not the actor's.
    """
    with act(actor_name(actor), Action.INVITATION_REVOKE, now=now):
        session = require_session(actor, session_id, Action.INVITATION_REVOKE)
        _revoke(_client_assignment(session), now=now, replaced=False)
        done(actor.pk, Action.INVITATION_REVOKE, now=now, target=f"session:{session.pk}")


def open_invitation(
    secret: str, *, address: str, now: datetime, practice_id: str | None = None
) -> str | None:
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
    practice_id : str, optional
        Only links of this practice open; one of another looks like one that is wrong.

    Returns
    -------
    str or None
        The grant, to keep in an HttpOnly cookie; None, without saying why, when the link is
        wrong, used, expired or revoked, or its code was tried wrongly too often.

    Raises
    ------
    AccessError
        E-ACCESS-003 instead of None when the address sent many wrong ones. One that is right is
        never refused for what others behind the same address did.
    """
    from_where = keyed_sha256("address", address)
    with act(CLIENT_LINK, Action.INVITATION_OPEN, now=now):
        invitation, by_code, why = _find(secret, now=now)
        if (
            invitation is not None
            and practice_id is not None
            and practice_id != _practice_id(invitation)
        ):
            invitation, why = None, "another practice"
        grant = None if invitation is None else _grant(invitation, by_code=by_code, now=now)
        wait = _wait(from_where, now=now) if invitation is None else None
        if invitation is None and wait is None:
            Attempt.objects.create(address_sha256=from_where, at=now)
            Attempt.objects.filter(at__lt=now - KEPT).delete()
        done(
            CLIENT_LINK,
            Action.INVITATION_OPEN,
            now=now,
            target="" if invitation is None else f"invitation:{invitation.pk}",
            detail={"why": why} if invitation is None else {"by_code": by_code},
            outcome="refused" if invitation is None else "done",
        )
    if wait is not None:
        raise TooManyTriesError(wait=wait)
    return grant


def _practice_id(invitation: Invitation) -> str:
    return invitation.assignment.session.dyad.practice_id


def _grant(invitation: Invitation, *, by_code: bool, now: datetime) -> str:
    grant = new_token()
    made = Grant(
        invitation=invitation,
        grant_sha256=token_sha256(grant),
        opened_at=now,
        expires_at=now + timedelta(seconds=GRANT_SECONDS),
        by_code=by_code,
    )
    insert([made])
    return grant


def _wait(from_where: str, *, now: datetime) -> timedelta | None:
    """Return how long an address that sent many wrong ones waits; None while it need not."""
    failures = Attempt.objects.filter(address_sha256=from_where, at__gt=now - WINDOW)
    earliest = failures.order_by("-at")[ADDRESS_FAILURES - 1 : ADDRESS_FAILURES].first()
    return None if earliest is None else earliest.at + WINDOW - now


def _find(secret: str, *, now: datetime) -> tuple[Invitation | None, bool, str]:
    """Return the open invitation, whether by its code, and else why not (for the audit log)."""
    if looks_like_token(secret):
        found = _BY_TOKEN.first(token_sha256(secret))
        by_code = False
    else:
        code = typed_code(secret)
        if code is None:
            return None, False, "not a link"
        found = _by_code(code)
        by_code = True
    if found is None:
        return None, by_code, "unknown"
    for is_so, why in (
        (found.revoked_at is not None, "revoked"),
        (found.consumed_at is not None, "used"),
        (found.expires_at <= now, "expired"),
    ):
        if is_so:
            return None, by_code, why
    return found, by_code, ""


def _by_code(code: str) -> Invitation | None:
    found = (
        Invitation.objects.select_for_update()
        .filter(code_handle=code[:HANDLE_LENGTH], code_tries__lt=CODE_TRIES)
        .first()
    )
    if found is None:
        return None
    if not hmac.compare_digest(found.code_sha256, keyed_sha256("short code", code)):
        Invitation.objects.filter(pk=found.pk).update(code_tries=F("code_tries") + 1)
        return None
    return found


def _free_code() -> str:
    code = new_code()
    while Invitation.objects.filter(code_handle=code[:HANDLE_LENGTH]).exists():
        code = new_code()
    return code


def _client_assignment(session: Session) -> Assignment:
    """Return the client's assignment, locked: two clicks at once make one link after the other."""
    require_attended(session)
    found = (
        Assignment.objects.select_for_update()
        .filter(session=session, perspective=Perspective.CLIENT, moment=Moment.AFTER)
        .first()
    )
    if found is None:
        refuse_not_asked()
    return found


def _revoke(assignment: Assignment, *, now: datetime, replaced: bool) -> None:
    live = Invitation.objects.filter(
        assignment=assignment, revoked_at__isnull=True, consumed_at__isnull=True
    )
    if replaced:  # a link that went out with a reminder goes on
        live = live.filter(by_reminder=False)
    live.update(revoked_at=now, replaced=replaced)
