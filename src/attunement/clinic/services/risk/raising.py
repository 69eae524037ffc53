# SPDX-License-Identifier: Apache-2.0
"""Raising an alert for every answer that its item's rule passes on, with the answer's own commit.

Nothing decides whether a person is in danger. A measure's file says from which answer on an item
is passed on to the people whom the practice named; this writes the row that makes it happen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from attunement.clinic.models import Assignment, Provenance, Response, RiskAlert, RiskOutbox
from attunement.clinic.services.audit import record
from attunement.clinic.services.forms import measure_of
from attunement.clinic.services.risk.configured import risk_items
from attunement.measures.schema import Item


@dataclass(frozen=True, slots=True)
class _Delivery:
    """What one delivery of a form says beside its answers."""

    assignment: Assignment
    response: Response | None
    bundle: str
    dedupe: str  # what makes an alert of the same item the same alert
    answered_at: datetime | None
    clock_suspect: bool
    received_at: datetime


def raise_for(response: Response, answers: Mapping[str, float | None], *, now: datetime) -> int:
    """Write an alert, and its place in the outbox, for each answer that is to be passed on.

    Parameters
    ----------
    response : Response
        Just stored; the caller holds its transaction.
    answers : mapping
        Item to number; None and missing items were not answered.
    now : datetime
        Aware; when the answers came in.

    Returns
    -------
    int
        How many alerts are new. The same submission raises each of its alerts once. A correction
        is another submission and raises its own; what was raised before stays as it is.
    """
    found = _Delivery(
        assignment=response.assignment,
        response=response,
        bundle=_sha256("taken", str(response.submission_id)),
        dedupe=str(response.submission_id),
        answered_at=response.answered_at,
        clock_suspect=response.clock_suspect,
        received_at=response.received_at,
    )
    if response.provenance == Provenance.PAPER:
        # Typed once before, and passed on then: the second entry says the same paper once more.
        typed = RiskAlert.objects.filter(assignment=response.assignment, response__isnull=True)
        known = set(typed.values_list("item", flat=True))
        answers = {item: value for item, value in answers.items() if item not in known}
    return _raise(found, answers, now=now)


def raise_for_correction(
    response: Response,
    submission_id: UUID,
    answers: Mapping[str, float | None],
    *,
    since: datetime,
    now: datetime,
) -> int:
    """Pass on what a correction of a typed sheet says of risk, whatever was passed on before.

    Left out is only what a first of two entries of this correction passed on after ``since``, from
    when the answers before it held. Returns how many alerts are new.
    """
    found = _Delivery(
        assignment=response.assignment,
        response=response,
        bundle=_sha256("taken", str(submission_id)),
        dedupe=str(submission_id),
        answered_at=None,
        clock_suspect=False,
        received_at=now,
    )
    typed = RiskAlert.objects.filter(
        assignment=response.assignment, response__isnull=True, received_at__gt=since
    )
    known = set(typed.values_list("item", flat=True))
    rest = {item: value for item, value in answers.items() if item not in known}
    return _raise(found, rest, now=now)


def raise_untaken(
    assignment: Assignment,
    submission_id: str,
    answers: Mapping[str, float | None],
    *,
    answered_at: datetime | None,
    clock_suspect: bool,
    now: datetime,
) -> int:
    """Pass on what a form said of risk that was itself not taken: late, closed, or a second one.

    The answers are kept nowhere; that they were given is. Each item of an assignment is passed on
    in this way once, so that nobody can flood people from one link.

    Returns
    -------
    int
        How many alerts are new.
    """
    found = _Delivery(
        assignment=assignment,
        response=None,
        bundle=_sha256("untaken", submission_id, now.isoformat()),
        dedupe=f"untaken {assignment.pk}",
        answered_at=answered_at,
        clock_suspect=clock_suspect,
        received_at=now,
    )
    first = RiskAlert.objects.filter(assignment=assignment, response__submission_id=submission_id)
    known = set(first.values_list("item", flat=True))  # the same form, passed on when it was taken
    rest = {item: value for item, value in answers.items() if item not in known}
    return _raise(found, rest, now=now)


def rule_of(assignment: Assignment, item: Item) -> str:
    """Return the rule by which an item is passed on, as it is kept with the alert."""
    at_least = item.risk.at_least if item.risk else 0.0
    return f"{assignment.measure_id}@{assignment.measure_version}:{item.id}>={at_least:g}"


def _raise(found: _Delivery, answers: Mapping[str, float | None], *, now: datetime) -> int:
    assignment = found.assignment
    measure = measure_of(assignment.measure_id, assignment.measure_version)
    endorsed = [item for item in risk_items(measure) if _passed_on(item, answers.get(item.id))]
    made = 0
    for item in endorsed:
        rule = rule_of(assignment, item)
        key = _sha256(found.dedupe, item.id, rule)
        if RiskAlert.objects.filter(dedupe_key=key).exists():
            continue
        dyad = assignment.session.dyad
        alert = RiskAlert(
            dedupe_key=key,
            practice_id=dyad.practice_id,
            dyad=dyad,
            assignment=assignment,
            response=found.response,
            bundle=found.bundle,
            item=item.id,
            rule=rule,
            answered_at=found.answered_at,
            clock_suspect=found.clock_suspect,
            received_at=found.received_at,
        )
        alert.save()
        RiskOutbox.objects.create(alert=alert, practice_id=dyad.practice_id, counted_at=now)
        record(
            actor="system",
            action="alert.raise",
            outcome="done",
            now=now,
            target=f"alert:{alert.public_id}",
        )
        made += 1
    return made


def _passed_on(item: Item, value: float | None) -> bool:
    return item.risk is not None and value is not None and value >= item.risk.at_least


def _sha256(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
