# SPDX-License-Identifier: Apache-2.0
"""Raising an alert for every answer that its item's rule passes on, with the answer's own commit.

Nothing decides whether a person is in danger. A measure's file says from which answer on an item
is passed on to the people whom the practice named; this writes the row that makes it happen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from attunement.clinic.models import Response, RiskAlert, RiskOutbox
from attunement.clinic.services.audit import record
from attunement.clinic.services.forms import measure_of
from attunement.measures.schema import Item


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
    measure = measure_of(response.measure_id, response.measure_version)
    endorsed = [item for item in measure.items if _passed_on(item, answers.get(item.id))]
    if not endorsed:
        return 0
    dyad = response.session.dyad
    made = 0
    for item in endorsed:
        rule = rule_of(response, item)
        key = dedupe_key(response, item, rule)
        if RiskAlert.objects.filter(dedupe_key=key).exists():
            continue
        alert = RiskAlert(
            dedupe_key=key,
            practice_id=dyad.practice_id,
            dyad=dyad,
            response=response,
            item=item.id,
            rule=rule,
            answered_at=response.answered_at,
            clock_suspect=response.clock_suspect,
            received_at=response.received_at,
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


def rule_of(response: Response, item: Item) -> str:
    """Return the rule by which an item is passed on, as it is kept with the alert."""
    at_least = item.risk.at_least if item.risk else 0.0
    return f"{response.measure_id}@{response.measure_version}:{item.id}>={at_least:g}"


def dedupe_key(response: Response, item: Item, rule: str) -> str:
    """Return what makes an alert the same alert: submission, item and rule."""
    parts = (str(response.submission_id), item.id, rule)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _passed_on(item: Item, value: float | None) -> bool:
    return item.risk is not None and value is not None and value >= item.risk.at_least
