# SPDX-License-Identifier: Apache-2.0
"""The client's form: shown by a grant, stored once."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from uuid import UUID, uuid4

from django.db import connection

from attunement.clinic.access import Action, Actor, ActorRole, Relation, may
from attunement.clinic.models import Assignment, Grant, Invitation, Moment, Perspective, Response
from attunement.clinic.services.client_settings import keep_layout, layout_of
from attunement.clinic.services.extras import FIELD_PREFIX as EXTRA_PREFIX
from attunement.clinic.services.extras import asked_of, freeze, read_extras
from attunement.clinic.services.fields import (
    FIELD_PREFIX,
    FieldsRefused,
    parse_form,
    readable_numbers,
)
from attunement.clinic.services.forms import config, measure_of, text_of
from attunement.clinic.services.gate import CLIENT_LINK, AccessDeniedError, act, done
from attunement.clinic.services.promises import client_told
from attunement.clinic.services.results import (
    ClientForm,
    FieldProblem,
    Receipt,
    ReceiptStatus,
    Refused,
)
from attunement.clinic.services.risk.configured import risk_items
from attunement.clinic.services.risk.raising import raise_untaken
from attunement.clinic.services.secrets_of_links import token_sha256
from attunement.clinic.services.submission import (
    Parcel,
    closed,
    device_clock,
    earlier,
    parse_submission_id,
    store,
    unreadable,
)
from attunement.clinic.services.tickets import Ticket
from attunement.clinic.services.wishes import read_wishes
from attunement.clinic.services.wording import risk_passed_on
from attunement.clinic.store.ahead import work_out
from attunement.clinic.store.statements import Prepared, PreparedUpdate

_WITH_DYAD = Grant.objects.select_related(
    "invitation__assignment__session__dyad__client",
    "invitation__assignment__session__dyad__therapist",
)
_HELD = Prepared(lambda sha256: _WITH_DYAD.filter(grant_sha256=sha256), str)
_SINCE = Prepared(
    lambda assignment_id, moment: Response.objects.filter(
        assignment=assignment_id, received_at__gte=moment
    ).values_list("pk")[:1],
    str,
    datetime,
)
_BEFORE = Prepared(
    lambda session_id: Assignment.objects.filter(
        session=session_id, perspective=Perspective.CLIENT, moment=Moment.BEFORE
    ),
    str,
)
_USED_UP = PreparedUpdate(
    lambda assignment_id: Invitation.objects.filter(
        assignment=assignment_id, consumed_at__isnull=True, revoked_at__isnull=True
    ),
    "consumed_at",
    str,
)


def client_moments(grant: str, *, now: datetime) -> tuple[str, ...]:
    """Return which forms of an opened link wait for an answer: before, after, both or none.

    A link to a form between two sessions has that one alone.

    Raises
    ------
    AccessError
        E-ACCESS-002 when the grant is unknown.
    """
    held = _held(grant, Action.CLIENT_FORM_VIEW)
    after = held.invitation.assignment
    if held.expires_at <= now or not _open(held.invitation):
        return ()
    if after.moment == Moment.BETWEEN:
        return (Moment.BETWEEN,)
    before = _before(after)
    waiting = before is not None and not _sent_since(held.invitation, before)
    return (Moment.BEFORE, Moment.AFTER) if waiting else (Moment.AFTER,)


def client_form(
    grant: str, *, now: datetime, language: str | None = None, moment: str = Moment.AFTER
) -> ClientForm:
    """Return what the client's page renders, with a new submission id.

    ``moment`` says which of the link's two forms is meant; see ``client_moments``.

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
        assignment = _of_moment(invitation, moment)
        if (
            assignment is None
            or held.expires_at <= now
            or not _open(invitation)
            or _sent_since(invitation, assignment)
        ):
            raise AccessDeniedError(
                code="E-ACCESS-002",
                target=f"invitation:{invitation.pk}",
                reason="the grant is too old, or its link used or closed",
            )
        measure = measure_of(assignment.measure_id, assignment.measure_version)
        text = text_of(measure.id, measure.version, language or config().language)
        submission_id = uuid4()
        asked = asked_of(assignment, now=now)
        freeze(submission_id, assignment, asked, now=now)
        layout = layout_of(assignment.session.dyad.client_id)
        done(CLIENT_LINK, Action.CLIENT_FORM_VIEW, now=now, target=f"invitation:{invitation.pk}")
    return ClientForm(
        submission_id=submission_id,
        measure=measure,
        text=text,
        who_sees=told(assignment),
        crisis=config().crisis,
        words=config().words,
        language=text.language,
        moment=assignment.moment,
        extras=asked.extras,
        layout=layout,
        after_too=assignment.moment == Moment.BEFORE,
        visibility=assignment.visibility,
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
        ``raw_fields`` for a ``QueryDict``. Unknown names are ignored and never stored. With every
        question left out it is a form without answers, and stored as that.
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

    def receive() -> tuple[Assignment, Receipt | Refused]:
        held = _held(grant, action)
        invitation, assignment = held.invitation, held.invitation.assignment
        before = _of_moment(invitation, fields.get("moment"))
        if before is not None and before.pk != assignment.pk:
            before.session = assignment.session
            assignment = before
        if connection.features.has_select_for_update:
            # The one lock on the way: 50 deliveries at once queue here, and one of them stores.
            # Where acts take turns to write, what was read in a turn is as it is.
            Assignment.objects.select_for_update().get(pk=assignment.pk)
            invitation = Invitation.objects.get(pk=held.invitation_id)
        parcel = _parcel(
            held,
            assignment,
            submission_id,
            fields,
            clock=client_clock,
            language=language,
            kiosk=kiosk,
            now=now,
        )
        return assignment, _receive(assignment, invitation, parcel, now=now)

    received = work_out(receive)
    with act(CLIENT_LINK, action, now=now):
        assignment, answer = received()
        target = f"assignment:{assignment.pk}"
        if isinstance(answer, Receipt) and answer.status is ReceiptStatus.CREATED:
            keep_layout(assignment.session.dyad.client_id, fields.get("layout"))
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
    if known is None and _shut(invitation):
        known = closed()
    if isinstance(known, Refused):
        _pass_on(assignment, parcel.submission_id, parcel.form.values, parcel.client_clock, now=now)
    if known is not None:
        return known
    receipt = store(assignment, parcel, now=now)
    # The link is used up by the commit that stores the answers after the session, and by nothing
    # else: with the form before it, the same link still has the other one to give.
    _USED_UP.run(now, assignment.pk)
    return receipt


def pass_on_untaken(
    grant: str | Ticket,
    *,
    submission_id: UUID,
    fields: Mapping[str, object],
    client_clock: str | None,
    now: datetime,
) -> None:
    """Tell people what a form says of risk that comes too late, or in part cannot be read.

    Nothing of the form is stored by this. An unknown grant says nothing.
    """
    action = Action.CLIENT_RESPONSE_RECORD
    with suppress(AccessDeniedError), act(CLIENT_LINK, action, now=now):
        held = _held(grant, action)
        assignment = _of_moment(held.invitation, fields.get("moment")) or held.invitation.assignment
        measure = measure_of(assignment.measure_id, assignment.measure_version)
        numbers = readable_numbers(measure, fields)
        n_raised = _pass_on(assignment, submission_id, numbers, client_clock, now=now)
        done(
            CLIENT_LINK,
            action,
            now=now,
            target=f"assignment:{assignment.pk}",
            detail={"untaken": True, "alerts": n_raised},
            outcome="refused",
        )


def _pass_on(
    assignment: Assignment,
    submission_id: UUID,
    numbers: Mapping[str, float | None],
    clock: str | None,
    *,
    now: datetime,
) -> int:
    answered_at, suspect = device_clock(clock, now=now)
    return raise_untaken(
        assignment,
        str(submission_id),
        numbers,
        answered_at=answered_at,
        clock_suspect=suspect,
        now=now,
    )


def _parcel(
    held: Grant,
    assignment: Assignment,
    submission_id: UUID | str,
    fields: Mapping[str, object],
    *,
    clock: str | None,
    language: str | None,
    kiosk: bool,
    now: datetime,
) -> Parcel | Refused:
    identifier = parse_submission_id(submission_id)
    if identifier is None:
        return unreadable((FieldProblem(item="", message="Please open the form again."),))
    measure = measure_of(assignment.measure_id, assignment.measure_version)
    between = assignment.moment == Moment.BETWEEN
    moments = (Moment.BETWEEN,) if between else (Moment.BEFORE, Moment.AFTER)
    if fields.get("moment") not in (None, "", *moments):
        return unreadable((FieldProblem(item="", message="Please open the form again."),))
    try:
        extras = read_extras(assignment, identifier, fields, now=now)
        form = parse_form(measure, fields)
        wishes = read_wishes(fields, (*form.answered, *extras.answered), measure=measure)
    except FieldsRefused as refusal:
        return unreadable(refusal.problems)
    return Parcel(
        submission_id=identifier,
        form=form,
        predicted_total=None,
        client_clock=clock,
        mode="kiosk" if kiosk else "code" if held.by_code else "link",
        language=text_of(measure.id, measure.version, language or config().language).language,
        who_sees=told(assignment),
        extras=extras,
        wishes=wishes,
    )


def leaves_all_out(fields: Mapping[str, object]) -> bool:
    """Whether what was sent holds no answer to any question; wishes are none.

    Such a form is taken as what it is. A page asks before it sends one, in case of a slip.
    """
    return not any(
        raw.strip() if isinstance(raw, str) else raw is not None
        for name, raw in fields.items()
        if name.startswith((FIELD_PREFIX, EXTRA_PREFIX))
    )


def told(assignment: Assignment) -> str:
    """Return who sees the answers, in the words that are shown and kept."""
    words = config().words
    measure = measure_of(assignment.measure_id, assignment.measure_version)
    return client_told(assignment) + (risk_passed_on(words) if risk_items(measure) else "")


def _of_moment(invitation: Invitation, moment: object) -> Assignment | None:
    """Return the form of a link that is meant; None where there is none for that moment."""
    if moment == Moment.BEFORE and invitation.assignment.moment == Moment.AFTER:
        return _before(invitation.assignment)
    return invitation.assignment


def _sent_since(invitation: Invitation, assignment: Assignment) -> bool:
    """Whether a form came in since the link was made.

    One that came in before looks as if it had not: whoever makes a new link and opens it must
    not learn from it that the client has answered.
    """
    return _SINCE.first(assignment.pk, invitation.made_at) is not None


def _before(after: Assignment) -> Assignment | None:
    found: Assignment | None = _BEFORE.first(after.session_id)
    return found


def _open(invitation: Invitation) -> bool:
    return invitation.consumed_at is None and not _shut(invitation)


def _held(grant: str | Ticket, action: Action) -> Grant:
    """Return the grant. It may write to its own assignment, and never read from it."""
    found: Grant | None
    if isinstance(grant, Ticket):
        found = _WITH_DYAD.filter(pk=grant.grant_id).first()
    else:
        found = _HELD.first(token_sha256(grant))
    relation = Relation.NONE if found is None else Relation.OWN
    decision = may(Actor(role=ActorRole.CLIENT_LINK), action, relation)
    if found is None or not decision.allow:
        raise AccessDeniedError(code="E-ACCESS-002", target="grant:unknown", reason=decision.reason)
    return found


def _shut(invitation: Invitation) -> bool:
    """Whether a person closed the link. One replaced by a newer link may still be finished."""
    return invitation.revoked_at is not None and not invitation.replaced
