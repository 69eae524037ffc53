# SPDX-License-Identifier: Apache-2.0
"""What the demo's therapists said about earlier signals, from the ruptures that were planted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from attunement.clinic.demo.story import Planted
from attunement.clinic.models import (
    NamedRupture,
    Perspective,
    Session,
    SignalOutcome,
    SignalRecord,
)
from attunement.clinic.services.signal_answers import outcome_of

OPEN_DAYS = 21  # signals of the last three weeks wait for an answer
_ACTOR = "system"
# What becomes of a signal where no rupture was planted: one in five is never taken up.
_OTHERWISE = ("not_a_rupture", "not_a_rupture", "not_discussed", "agreed", "")


def answer_the_past(
    planted: Mapping[str, Planted], dyads: Mapping[str, str], *, today: date
) -> int:
    """Write answers to the signals that are older than three weeks; return how many rows.

    Parameters
    ----------
    planted : mapping
        Simulated dyad → its rupture.
    dyads : mapping
        Primary key of a dyad → its name in the simulation.
    today : date
        The day of the demo.
    """
    outcomes: list[SignalOutcome] = []
    until = today - timedelta(days=OPEN_DAYS)
    rows = SignalRecord.objects.filter(session__held_on__lte=until).select_related("session")
    for row in rows.order_by("dyad_id", "session__session_no", "rule_id"):
        rupture = planted.get(dyads.get(row.dyad_id, ""))
        answers = _answers(row.session, rupture)
        when = _later(row)
        outcomes += [
            outcome_of(row, chair, said, "", by=_ACTOR, now=when) for chair, said in answers
        ]
    SignalOutcome.objects.bulk_create(outcomes)
    return len(outcomes)


def name_planted(planted: Mapping[str, Planted], keys: Mapping[str, str]) -> int:
    """Write down the ruptures that the demo's therapists noticed; return how many."""
    named = []
    for dyad, rupture in planted.items():
        if not rupture.therapist_noticed:
            continue
        session = Session.objects.filter(
            dyad_id=keys[dyad], session_no=rupture.onset, attended="attended"
        ).first()
        if session is not None:
            named.append(
                NamedRupture(
                    dyad_id=session.dyad_id,
                    session=session,
                    perspective=Perspective.THERAPIST,
                    recorded_by=_ACTOR,
                    recorded_at=_evening(session.held_on),
                )
            )
    NamedRupture.objects.bulk_create(named)
    return len(named)


def _answers(session: Session, rupture: Planted | None) -> list[tuple[str, str]]:
    if rupture is not None and rupture.onset <= session.session_no <= rupture.last:
        confirmed = [(str(Perspective.CLIENT), "confirmed")] if rupture.client_noticed else []
        return [(str(Perspective.THERAPIST), "agreed"), *confirmed]
    said = _OTHERWISE[session.session_no % len(_OTHERWISE)]
    return [(str(Perspective.THERAPIST), said)] if said else []


def _later(row: SignalRecord) -> datetime:
    raised = row.raised_at or _evening(row.session.held_on)
    return raised + timedelta(days=7)


def _evening(day: date) -> datetime:
    return datetime.combine(day, time(18, 0), tzinfo=UTC)
