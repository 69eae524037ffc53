# SPDX-License-Identifier: Apache-2.0
"""Conversations of the synthetic clinic: what was agreed, and what the next form said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from attunement.clinic.demo.story import Planted
from attunement.clinic.models import (
    AgreedChange,
    ConversationIntent,
    FollowUp,
    FollowUpAnswer,
    FollowUpQuestion,
    Intent,
    LookTogether,
    Moment,
    OutcomeAnswer,
    Perspective,
    Response,
    RuptureEntry,
    RuptureKind,
    Session,
    SignalOutcome,
)
from attunement.clinic.services.loop.words import openers
from attunement.signals.patterns import Pattern

_ACTOR = "system"
_CHANGES = (
    "You ask me first, before we change the subject.",
    "We begin with what I bring, not with the sheet.",
    "A little slower, and I may say stop.",
    "You tell me what you think, not only what I think.",
    "Ten minutes at the end for how it was.",
    "We look at my goal again every second time.",
)
_HELPS = (("slower",), ("listen", "space"), ("goal",), ("explain",), ("warmth",), ("guide",))
_HELPED = (
    FollowUpAnswer.YES,
    FollowUpAnswer.YES,
    FollowUpAnswer.PARTLY,
    FollowUpAnswer.YES,
    FollowUpAnswer.NO,
    FollowUpAnswer.DID_NOT_HAPPEN,
    FollowUpAnswer.YES,
)


def tell_loops(planted: Mapping[str, Planted], keys: Mapping[str, str], *, recent: str) -> int:
    """Write the clinic's conversations; return how many changes were agreed on.

    Parameters
    ----------
    planted : mapping
        Simulated dyad → its rupture.
    keys : mapping
        Simulated dyad → primary key.
    recent : str
        Primary key of a dyad whose last session ends with a change that nobody has asked about.
    """
    _entries(planted, keys)
    right = {keys[name]: rupture for name, rupture in planted.items()}
    forms = _forms()
    agreed = SignalOutcome.objects.filter(
        perspective=Perspective.THERAPIST, answer=OutcomeAnswer.AGREED
    ).select_related("dyad", "dyad__client", "session")
    told = {row.session_id: row for row in agreed.order_by("session_id", "pk")}
    rows = sorted(told.values(), key=lambda row: (row.dyad_id, row.session.session_no))
    for number, row in enumerate(rows):
        later = [r for r in forms[row.dyad_id] if r.received_at > row.recorded_at]
        change = _talk(row.session, row.recorded_at, number)
        if later:
            rupture = right.get(row.dyad_id)
            _answer(change, later[0], number, rupture=rupture)
    last = forms[recent][-1]
    _talk(last.session, last.received_at + timedelta(minutes=1), 0)
    return len(rows) + 1


def _talk(session: Session, when: datetime, number: int) -> AgreedChange:
    """Write down that a question was raised, looked at together and led to a change."""
    who = {"dyad": session.dyad, "session": session, "recorded_by": _ACTOR}
    ConversationIntent(**who, intent=Intent.RAISE, recorded_at=when - timedelta(minutes=30)).save()
    LookTogether(
        **who,
        pattern=Pattern.DROP,
        openers_version=openers().version,
        helps=list(_HELPS[number % len(_HELPS)]),
        recorded_at=when,
    ).save()
    change = AgreedChange(**who, words=_CHANGES[number % len(_CHANGES)], recorded_at=when)
    change.save()
    return change


def _answer(
    change: AgreedChange, response: Response, number: int, *, rupture: Planted | None
) -> None:
    """Write down what the client's next form said about it."""
    who = {
        "dyad_id": change.dyad_id,
        "session_id": change.session_id,
        "response": response,
        "recorded_at": response.received_at,
    }
    FollowUp(
        **who,
        change=change,
        question=FollowUpQuestion.HELPED,
        answer=_HELPED[number % len(_HELPED)],
    ).save()
    if rupture is not None and rupture.onset <= change.session.session_no <= rupture.last:
        FollowUp(
            **who,
            question=FollowUpQuestion.PUT_RIGHT,
            answer=FollowUpAnswer.YES if rupture.repaired else FollowUpAnswer.NO,
        ).save()


def _entries(planted: Mapping[str, Planted], keys: Mapping[str, str]) -> None:
    """Write down what therapists saw: at once where they noticed, else when they took it up."""
    for name, rupture in planted.items():
        session = (
            Session.objects.select_related("dyad")
            .filter(dyad_id=keys[name], session_no=rupture.onset, attended="attended")
            .first()
        )
        forms = Response.objects.filter(session=session).order_by("received_at")
        said = SignalOutcome.objects.filter(session=session, answer=OutcomeAnswer.AGREED)
        first = forms.first() if rupture.therapist_noticed else said.order_by("pk").first()
        if session is None or first is None:
            continue
        RuptureEntry(
            dyad=session.dyad,
            session=session,
            kind=RuptureKind.RUPTURE,
            type=rupture.kind,
            target=rupture.target,
            moment="middle",
            tried=["validate", "explore"] if rupture.repaired else ["rationale"],
            put_right=2 if rupture.repaired else 0,
            recorded_by=_ACTOR,
            recorded_at=first.received_at if isinstance(first, Response) else first.recorded_at,
        ).save()


def _forms() -> dict[str, list[Response]]:
    """Return clients' forms of sessions in which both are in, in order, by dyad."""
    both = Response.objects.filter(perspective=Perspective.THERAPIST, moment=Moment.AFTER)
    rows = (
        Response.objects.filter(
            perspective=Perspective.CLIENT,
            moment=Moment.AFTER,
            session__in=both.values("session_id"),
        )
        .select_related("session", "session__dyad", "session__dyad__client")
        .order_by("session__session_no")
    )
    found: dict[str, list[Response]] = defaultdict(list)
    for row in rows:
        found[row.session.dyad_id].append(row)
    return found
