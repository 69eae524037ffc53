# SPDX-License-Identifier: Apache-2.0
"""The therapist's mirror form and prediction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4

from django.db import connection

from attunement.clinic.access import Action
from attunement.clinic.models import Assignment, Login, Moment, Perspective, Response, Session
from attunement.clinic.services.fields import FieldsRefused, parse_form, parse_prediction
from attunement.clinic.services.forms import config, measure_of, text_of
from attunement.clinic.services.gate import act, actor_name, done, require_session
from attunement.clinic.services.promises import therapist_told
from attunement.clinic.services.results import (
    AlreadyIn,
    FieldProblem,
    Receipt,
    Refused,
    TherapistForm,
)
from attunement.clinic.services.sealing import client_name
from attunement.clinic.services.sessions import refuse_not_asked, require_attended
from attunement.clinic.services.submission import (
    Parcel,
    earlier,
    parse_submission_id,
    store,
    unreadable,
)
from attunement.clinic.store.ahead import work_out
from attunement.clinic.store.statements import Prepared

# What opens both chairs has to be said first: an empty form would only be a way to look.
NOTHING_MARKED = (
    "Nothing is marked yet. One answer is enough. Your form opens both, so it is not taken empty; "
    "if you would rather not answer now, close the page: nothing is sent then."
)
_FORMS = Prepared(
    lambda session_id: Assignment.objects.filter(session=session_id, moment=Moment.AFTER), str
)
_Forms = Mapping[str, Assignment]
_ANSWERED = Prepared(
    lambda assignment_id: Response.objects.filter(assignment=assignment_id).values_list("pk"), str
)


def therapist_form(
    actor: Login, session_id: str, *, now: datetime, language: str | None = None
) -> TherapistForm | AlreadyIn:
    """Return what the therapist's page renders, or that the form is already in.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the session is not there or not the actor's.
    ClinicError
        E-CLINIC-005 when the session did not take place; E-CLINIC-006 when there are no words.
    """
    action = Action.THERAPIST_FORM_VIEW
    with act(actor_name(actor), action, now=now, reading=True):
        session = require_session(actor, session_id, action)
        forms = _forms(session)
        assignment = _assignment(session, forms)
        already = _ANSWERED.first(assignment.pk) is not None
        done(actor.pk, action, now=now, target=f"session:{session.pk}")
        if already:
            return AlreadyIn(session_id=session.pk)
        measure = measure_of(assignment.measure_id, assignment.measure_version)
        text = text_of(measure.id, measure.version, language or config().language)
        low, high = _predicted_range(forms)
    return TherapistForm(
        submission_id=uuid4(),
        session_id=session.pk,
        dyad_id=session.dyad_id,
        session_no=session.session_no,
        client_code=session.dyad.client.code,
        client_name=client_name(session.dyad.client),
        measure=measure,
        text=text,
        who_sees=therapist_told(forms.get(Perspective.CLIENT)),
        predicted_minimum=low,
        predicted_maximum=high,
        language=text.language,
    )


def record_therapist_response(
    actor: Login,
    session_id: str,
    *,
    submission_id: UUID | str,
    fields: Mapping[str, object],
    predicted_total: object,
    now: datetime,
    language: str | None = None,
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
    action = Action.THERAPIST_RESPONSE_RECORD

    def receive() -> tuple[Session, Receipt | Refused]:
        session = require_session(actor, session_id, action)
        forms = _forms(session)
        assignment = _assignment(session, forms, lock=True)
        parcel = _parcel(
            assignment, forms, submission_id, fields, predicted=predicted_total, language=language
        )
        if isinstance(parcel, Refused):
            return session, parcel
        return session, earlier(assignment, parcel) or store(assignment, parcel, now=now)

    received = work_out(receive)
    with act(actor_name(actor), action, now=now):
        session, answer = received()
        refused = isinstance(answer, Refused)
        done(
            actor.pk,
            action,
            now=now,
            target=f"session:{session.pk}",
            detail={"status": answer.http_status if isinstance(answer, Refused) else answer.status},
            outcome="refused" if refused else "done",
        )
    return answer


def _parcel(
    assignment: Assignment,
    forms: _Forms,
    submission_id: UUID | str,
    fields: Mapping[str, object],
    *,
    predicted: object,
    language: str | None,
) -> Parcel | Refused:
    identifier = parse_submission_id(submission_id)
    if identifier is None:
        return unreadable((FieldProblem(item="", message="Please open the form again."),))
    measure = measure_of(assignment.measure_id, assignment.measure_version)
    low, high = _predicted_range(forms)
    problems: tuple[FieldProblem, ...] = ()
    form, number = None, None
    try:
        form = parse_form(measure, fields)
        if form.n_answered == 0:
            problems += (FieldProblem(item="", message=NOTHING_MARKED),)
    except FieldsRefused as refusal:
        problems += refusal.problems
    try:
        number = parse_prediction(predicted, minimum=low, maximum=high)
    except FieldsRefused as refusal:
        problems += refusal.problems
    if form is None or problems:
        return unreadable(problems)
    return Parcel(
        submission_id=identifier,
        form=form,
        predicted_total=number,
        client_clock=None,
        mode="login",
        language=text_of(measure.id, measure.version, language or config().language).language,
        who_sees=therapist_told(forms.get(Perspective.CLIENT)),
    )


def _forms(session: Session) -> _Forms:
    """Return a session's forms by chair."""
    return {form.perspective: form for form in reversed(_FORMS.all(session.pk))}


def _assignment(session: Session, forms: _Forms, *, lock: bool = False) -> Assignment:
    found = forms.get(Perspective.THERAPIST)
    if found is None:
        require_attended(session)
        refuse_not_asked()
    if lock and connection.features.has_select_for_update:  # elsewhere acts take turns
        Assignment.objects.select_for_update().get(pk=found.pk)
    found.session = session
    return found


def _predicted_range(forms: _Forms) -> tuple[float, float]:
    """Return the range of the client's total, which the prediction is on."""
    asked = forms.get(Perspective.CLIENT)
    measure = (
        measure_of(asked.measure_id, asked.measure_version)
        if asked
        else measure_of(config().client_measure)
    )
    return next((s.bounds for s in measure.scales if s.id == "total" and s.bounds), (0.0, 1.0))
