# SPDX-License-Identifier: Apache-2.0
"""Storing a form exactly once, with everything that follows from it, in one transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Q

from attunement.clinic.models import (
    Answer,
    AnswerWish,
    Assignment,
    EnteredTotal,
    Prediction,
    Provenance,
    Response,
)
from attunement.clinic.services.derive import derive
from attunement.clinic.services.extras import NOTHING_GIVEN, Given, record_extras
from attunement.clinic.services.fields import ParsedForm
from attunement.clinic.services.promises import names_team
from attunement.clinic.services.results import FieldProblem, Receipt, ReceiptStatus, Refused
from attunement.clinic.services.risk.raising import raise_for
from attunement.clinic.services.signalling import refresh_signals
from attunement.clinic.store.statements import Prepared, insert

CLOCK_AHEAD = timedelta(minutes=10)
CLOCK_BEHIND = timedelta(days=14)
_LONGEST_CLOCK = 40
# A form that came before under this id, and the one form of the assignment.
_KNOWN = Prepared(
    lambda submission_id, assignment_id: Response.objects.filter(
        Q(submission_id=submission_id) | Q(assignment_id=assignment_id)
    ),
    UUID,
    str,
)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One delivery of one form."""

    submission_id: UUID
    form: ParsedForm
    predicted_total: float | None
    client_clock: str | None
    mode: str
    language: str
    who_sees: str
    extras: Given = NOTHING_GIVEN
    wishes: Mapping[str, str] = field(default_factory=dict)
    provenance: str = Provenance.SELF
    entered_by: str = ""
    totals: Mapping[str, float] = field(default_factory=dict)


def parse_submission_id(raw: UUID | str) -> UUID | None:
    """Return the identifier, or None when it is no UUID in its usual spelling."""
    if isinstance(raw, UUID):
        return raw
    try:
        found = UUID(raw)
    except (ValueError, AttributeError, TypeError):
        return None
    return found if str(found) == raw.lower() else None


def payload_sha256(assignment: Assignment, parcel: Parcel) -> str:
    """Return the fingerprint of what was answered: the same answers, the same fingerprint."""
    body: dict[str, object] = {
        "measure": f"{assignment.measure_id}@{assignment.measure_version}",
        "predicted_total": parcel.predicted_total,
        "texts": parcel.form.texts,
        "values": {item: v for item, v in parcel.form.values.items() if v is not None},
    }
    # Only where there are any: forms from before there were such fields keep their fingerprint.
    beside: dict[str, dict[str, str] | dict[str, float]] = {
        "extras": dict(parcel.extras.sent),
        "wishes": dict(parcel.wishes),
        "totals": dict(parcel.totals),
    }
    body |= {name: what for name, what in beside.items() if what}
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def earlier(assignment: Assignment, parcel: Parcel) -> Receipt | Refused | None:
    """Return the answer to a form that is already in, or None when this one is the first."""
    fingerprint = payload_sha256(assignment, parcel)
    known: list[Response] = _KNOWN.all(parcel.submission_id, assignment.pk)
    same = next((one for one in known if one.submission_id == parcel.submission_id), None)
    if same is not None:
        if same.assignment_id == assignment.pk and same.payload_sha256 == fingerprint:
            return Receipt(
                submission_id=same.submission_id,
                status=ReceiptStatus.ALREADY_RECEIVED,
                received_at=same.received_at,
            )
        return Refused(
            http_status=409,
            code="E-CLINIC-008",
            message="This form was already received with other answers; the first are kept.",
        )
    return closed() if known else None


def closed() -> Refused:
    """Return the refusal of a form that was answered elsewhere or whose link was closed."""
    return Refused(
        http_status=410,
        code="E-CLINIC-009",
        message="This form is closed: it was already answered, or its link was replaced.",
    )


def unreadable(problems: tuple[FieldProblem, ...]) -> Refused:
    """Return the refusal of a form with fields that cannot be read."""
    return Refused(
        http_status=422,
        code="E-CLINIC-007",
        message="Something in the form could not be read. Nothing was stored yet.",
        problems=problems,
    )


def store(assignment: Assignment, parcel: Parcel, *, now: datetime) -> Receipt:
    """Write a form with its answers, scores, signals and alerts; the caller holds the transaction.

    The caller has locked the assignment and asked ``earlier``; the database's own constraints
    (one response for an assignment, one for a submission) stand behind both.
    """
    answered_at, suspect = device_clock(parcel.client_clock, now=now)
    response = Response(
        assignment=assignment,
        session_id=assignment.session_id,
        perspective=assignment.perspective,
        measure_id=assignment.measure_id,
        measure_version=assignment.measure_version,
        submission_id=parcel.submission_id,
        payload_sha256=payload_sha256(assignment, parcel),
        answered_at=answered_at,
        received_at=now,
        clock_suspect=suspect,
        mode=parcel.mode,
        moment=assignment.moment,
        provenance=parcel.provenance,
        entered_by=parcel.entered_by,
        language=parcel.language,
        who_sees=parcel.who_sees,
        visibility=assignment.visibility,
        reveal_at=assignment.reveal_at,
        told_team=names_team(parcel.who_sees),
    )
    rows = [
        Answer.fresh(id=None, response_id=response.pk, item=item, value=value, text=None)
        for item, value in parcel.form.values.items()
        if value is not None
    ]
    rows += [Answer(response=response, item=item, text=t) for item, t in parcel.form.texts.items()]
    guess = _prediction(response, parcel.predicted_total)
    derived = derive(response, rows, wishes=parcel.wishes, totals=parcel.totals, now=now)
    insert([response])
    insert(rows)
    insert([AnswerWish(response=response, item=i, wish=wish) for i, wish in parcel.wishes.items()])
    insert([EnteredTotal(response=response, scale=s, value=v) for s, v in parcel.totals.items()])
    opened = record_extras(response, parcel.extras, now=now)
    insert(guess)
    derived.write()
    if opened:  # what was derived above did not see it yet
        refresh_signals(response.assignment.session.dyad, now=now)
    raise_for(response, parcel.form.values, now=now)
    return Receipt(
        submission_id=response.submission_id, status=ReceiptStatus.CREATED, received_at=now
    )


def _prediction(response: Response, value: float | None) -> list[Prediction]:
    """Return the row of a prediction; the response knows whether it has one."""
    if value is not None:
        return [Prediction(response=response, value=value)]
    field = Response._meta.get_field("prediction")  # noqa: SLF001 -- documented
    field.set_cached_value(response, None)
    return []


def device_clock(raw: str | None, *, now: datetime) -> tuple[datetime | None, bool]:
    """Return the device's time, and whether it cannot be right. Our own time rules either way."""
    if not raw:
        return None, False
    try:
        if len(raw) > _LONGEST_CLOCK:
            return None, True
        found = datetime.fromisoformat(raw)
        if found.tzinfo is None:
            return None, True
        found = found.astimezone(UTC)
    except (ValueError, OverflowError, TypeError):
        return None, True
    return found, not now - CLOCK_BEHIND <= found <= now + CLOCK_AHEAD
