# SPDX-License-Identifier: Apache-2.0
"""The client's form: shown by a grant, stored once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4

from attunement.clinic.access import Action, Actor, ActorRole, Relation, may
from attunement.clinic.models import Assignment, Grant, Invitation
from attunement.clinic.services.fields import FieldsRefused, parse_form
from attunement.clinic.services.forms import config, measure_of, text_of
from attunement.clinic.services.gate import CLIENT_LINK, AccessDeniedError, act, done
from attunement.clinic.services.results import (
    ClientForm,
    FieldProblem,
    Receipt,
    Refused,
)
from attunement.clinic.services.secrets_of_links import token_sha256
from attunement.clinic.services.submission import (
    Parcel,
    closed,
    earlier,
    parse_submission_id,
    store,
    unreadable,
)
from attunement.clinic.services.tickets import Ticket
from attunement.clinic.services.wording import client_who_sees


def client_form(grant: str, *, now: datetime, language: str | None = None) -> ClientForm:
    """Return what the client's page renders, with a new submission id.

    Raises
    ------
    AccessError
        E-ACCESS-002 when the grant is unknown, too old, or its link used or closed.
    ClinicError
        E-CLINIC-006 when the measure has no words to show.
    """
    with act(CLIENT_LINK, Action.CLIENT_FORM_VIEW, now=now):
        held = _held(grant, Action.CLIENT_FORM_VIEW)
        invitation = held.invitation
        if held.expires_at <= now or invitation.consumed_at is not None or _shut(invitation):
            raise AccessDeniedError(
                code="E-ACCESS-002",
                target=f"invitation:{invitation.pk}",
                reason="the grant is too old, or its link used or closed",
            )
        assignment = invitation.assignment
        measure = measure_of(assignment.measure_id, assignment.measure_version)
        text = text_of(measure.id, measure.version, language or config().language)
        done(CLIENT_LINK, Action.CLIENT_FORM_VIEW, now=now, target=f"invitation:{invitation.pk}")
    return ClientForm(
        submission_id=uuid4(),
        measure=measure,
        text=text,
        who_sees=client_who_sees(config().words),
        crisis=config().crisis,
        words=config().words,
        language=text.language,
    )


def record_client_response(
    grant: str | Ticket,
    *,
    submission_id: UUID | str,
    fields: Mapping[str, object],
    client_clock: str | None,
    now: datetime,
    language: str | None = None,
    kiosk: bool = False,
) -> Receipt | Refused:
    """Store a client's form with its scores and signals, in one transaction, exactly once.

    Parameters
    ----------
    grant : str or Ticket
        From ``open_invitation``, or what a sealed delivery carried in its place.
    submission_id : UUID or str
        From ``client_form``; the same id with the same content is answered with the same receipt.
    fields : mapping
        Field name (``field_name(item_id)``, that is ``"item-1"``) to what was sent; see
        ``raw_fields`` for a ``QueryDict``. Unknown names are ignored and never stored.
    client_clock : str, optional
        ISO 8601 time of the client's device; anything else is kept out and flagged.
    now : datetime
        Aware; this is the time that rules.
    language : str, optional
        The language the form was shown in; the configuration's by default.
    kiosk : bool
        Whether it was filled on a shared screen of the practice.

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
    action = Action.CLIENT_RESPONSE_RECORD
    with act(CLIENT_LINK, action, now=now):
        held = _held(grant, action)
        # The one lock on the way: 50 deliveries at once queue here, and one of them stores.
        assignment = Assignment.objects.select_for_update().get(pk=held.invitation.assignment_id)
        invitation = Invitation.objects.get(pk=held.invitation_id)
        target = f"assignment:{assignment.pk}"
        answer = _receive(
            assignment,
            invitation,
            _parcel(
                held,
                assignment,
                submission_id,
                fields,
                clock=client_clock,
                language=language,
                kiosk=kiosk,
            ),
            now=now,
        )
        if isinstance(answer, Refused):
            detail: dict[str, str | int | bool] = {"status": answer.http_status}
            done(CLIENT_LINK, action, now=now, target=target, detail=detail, outcome="refused")
        else:
            done(CLIENT_LINK, action, now=now, target=target, detail={"status": answer.status})
    return answer


def _receive(
    assignment: Assignment, invitation: Invitation, parcel: Parcel | Refused, *, now: datetime
) -> Receipt | Refused:
    if isinstance(parcel, Refused):
        return parcel
    known = earlier(assignment, parcel)
    if known is not None:
        return known
    if _shut(invitation):
        return closed()
    receipt = store(assignment, parcel, now=now)
    # The link is used up by the commit that stores the answers, and by nothing else.
    Invitation.objects.filter(
        assignment=assignment, consumed_at__isnull=True, revoked_at__isnull=True
    ).update(consumed_at=now)
    return receipt


def _parcel(
    held: Grant,
    assignment: Assignment,
    submission_id: UUID | str,
    fields: Mapping[str, object],
    *,
    clock: str | None,
    language: str | None,
    kiosk: bool,
) -> Parcel | Refused:
    identifier = parse_submission_id(submission_id)
    if identifier is None:
        return unreadable((FieldProblem(item="", message="Please open the form again."),))
    measure = measure_of(assignment.measure_id, assignment.measure_version)
    try:
        form = parse_form(measure, fields)
    except FieldsRefused as refusal:
        return unreadable(refusal.problems)
    return Parcel(
        submission_id=identifier,
        form=form,
        predicted_total=None,
        client_clock=clock,
        mode="kiosk" if kiosk else "code" if held.by_code else "link",
        language=text_of(measure.id, measure.version, language or config().language).language,
        who_sees=client_who_sees(config().words),
    )


def _held(grant: str | Ticket, action: Action) -> Grant:
    """Return the grant. It may write to its own assignment, and never read from it."""
    by_ticket = isinstance(grant, Ticket)
    named = {"pk": grant.grant_id} if by_ticket else {"grant_sha256": token_sha256(grant)}
    found = (
        Grant.objects.select_related("invitation", "invitation__assignment").filter(**named).first()
    )
    relation = Relation.NONE if found is None else Relation.OWN
    decision = may(Actor(role=ActorRole.CLIENT_LINK), action, relation)
    if found is None or not decision.allow:
        raise AccessDeniedError(code="E-ACCESS-002", target="grant:unknown", reason=decision.reason)
    return found


def _shut(invitation: Invitation) -> bool:
    """Whether a person closed the link. One replaced by a newer link may still be finished."""
    return invitation.revoked_at is not None and not invitation.replaced
