# SPDX-License-Identifier: Apache-2.0
"""From rows to loops: what happened to each session's question, in order, and where it stands."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from attunement.clinic.models import (
    AgreedChange,
    ConversationIntent,
    FollowUp,
    FollowUpAnswer,
    FollowUpQuestion,
    Intent,
    LookTogether,
    NamedRupture,
    OutcomeAnswer,
    Perspective,
    RuptureEntry,
    RuptureKind,
    SignalOutcome,
    SignalShown,
)
from attunement.clinic.services.loop.seen import follow_ups
from attunement.signals.loop import Event, Loop, told

_INTENTS = {
    Intent.RAISE: Event.RAISE,
    Intent.NOT_TODAY: Event.NOT_TODAY,
    Intent.UNDONE: Event.UNDONE,
}
_OUTCOMES = {
    OutcomeAnswer.AGREED: Event.TALKED,
    OutcomeAnswer.NOT_A_RUPTURE: Event.SOMETHING_ELSE,
    OutcomeAnswer.CONFIRMED: Event.TALKED,
    OutcomeAnswer.DENIED: Event.TALKED,
}
_HELPED = {
    FollowUpAnswer.YES: Event.HELPED,
    FollowUpAnswer.PARTLY: Event.HELPED_PARTLY,
    FollowUpAnswer.NO: Event.DID_NOT_HELP,
    FollowUpAnswer.DID_NOT_HAPPEN: Event.DID_NOT_HAPPEN,
}
_PUT_RIGHT = {
    FollowUpAnswer.YES: Event.PUT_RIGHT,
    FollowUpAnswer.PARTLY: Event.PARTLY_PUT_RIGHT,
    FollowUpAnswer.NO: Event.NOT_PUT_RIGHT,
    FollowUpAnswer.NOTHING: Event.NOTHING_WRONG,
}


@dataclass(slots=True)
class Story:
    """One session's loop: everything that happened to it, in order."""

    session_id: str
    dyad_id: str
    happened: list[tuple[datetime, int, int, Event]] = field(default_factory=list)
    changes: list[AgreedChange] = field(default_factory=list)
    intents: list[ConversationIntent] = field(default_factory=list)
    looks: list[LookTogether] = field(default_factory=list)
    entries: list[RuptureEntry] = field(default_factory=list)
    answers: list[FollowUp] = field(default_factory=list)
    began_at: datetime | None = None

    @property
    def events(self) -> tuple[Event, ...]:
        """Return what happened, oldest first."""
        return tuple(event for *_, event in sorted(self.happened))

    @property
    def loop(self) -> Loop:
        """Return where it stands."""
        return told(self.events)

    @property
    def change(self) -> AgreedChange | None:
        """Return the change in force: the newest, unless it was taken back."""
        newest = self.changes[-1] if self.changes else None
        return newest if newest is not None and newest.words else None

    @property
    def intent(self) -> ConversationIntent | None:
        """Return the therapist's intention in force."""
        newest = self.intents[-1] if self.intents else None
        return newest if newest is not None and newest.intent != Intent.UNDONE else None

    @property
    def entry(self) -> RuptureEntry | None:
        """Return the therapist's entry in force."""
        return self.entries[-1] if self.entries else None

    def on_change(self) -> FollowUp | None:
        """Return the client's last word on the change in force."""
        change = self.change
        if change is None:
            return None
        said = [
            row
            for row in self.answers
            if row.question == FollowUpQuestion.HELPED and row.change_id == change.pk
        ]
        return said[-1] if said else None

    def on_repair(self) -> FollowUp | None:
        """Return the client's last word on whether it was put right."""
        said = [row for row in self.answers if row.question == FollowUpQuestion.PUT_RIGHT]
        return said[-1] if said else None


def stories(about: dict[str, Any], *, now: datetime) -> dict[str, Story]:
    """Return the loops of every session to which something happened, by session.

    Nine queries, whatever the number of dyads.

    Parameters
    ----------
    about : dict
        A filter on the rows, such as ``{"dyad": dyad}`` or ``{"dyad__therapist": therapist}``.
    now : datetime
        Aware; what the client answered is in it as far as the therapist may know by now.
    """
    found: dict[str, Story] = {}
    for change in AgreedChange.objects.filter(**about).order_by("pk"):
        story = _of(found, change.session_id, change.dyad_id)
        story.changes.append(change)
        event = Event.AGREED if change.words else Event.CHANGE_TAKEN_BACK
        _add(story, change.recorded_at, change.pk, event)
    for intent in ConversationIntent.objects.filter(**about).order_by("pk"):
        story = _of(found, intent.session_id, intent.dyad_id)
        story.intents.append(intent)
        _add(story, intent.recorded_at, intent.pk, _INTENTS[Intent(intent.intent)])
    for look in LookTogether.objects.filter(**about).order_by("pk"):
        story = _of(found, look.session_id, look.dyad_id)
        story.looks.append(look)
        _add(story, look.recorded_at, look.pk, Event.TALKED)
    _named(found, about)
    _said(found, about)
    for rows in follow_ups(about, now=now).values():
        for row in rows:
            story = _of(found, row.session_id, row.dyad_id)
            story.answers.append(row)
            in_force = [c for c in story.changes if c.recorded_at <= row.recorded_at]
            if row.question == FollowUpQuestion.PUT_RIGHT:
                event = _PUT_RIGHT[FollowUpAnswer(row.answer)]
            elif in_force and in_force[-1].pk == row.change_id:
                event = _HELPED[FollowUpAnswer(row.answer)]
            else:
                continue  # about a change that another one had replaced
            _add(story, row.recorded_at, row.pk, event)
    return found


def _named(found: dict[str, Story], about: dict[str, Any]) -> None:
    for entry in RuptureEntry.objects.filter(**about).order_by("pk"):
        story = _of(found, entry.session_id, entry.dyad_id)
        story.entries.append(entry)
        event = Event.SOMETHING_ELSE if entry.kind == RuptureKind.NONE else Event.ASKED
        _add(story, entry.recorded_at, entry.pk, event)
    named = NamedRupture.objects.filter(**about).order_by("pk")
    for at, row in enumerate(named):
        _add(_of(found, row.session_id, row.dyad_id), row.recorded_at, at, Event.ASKED)
    of_session = {f"session__{name}": value for name, value in about.items()}
    shown = SignalShown.objects.filter(**of_session).order_by("pk")
    for pk, session_id, dyad_id, shown_at in shown.values_list(
        "pk", "session_id", "session__dyad_id", "shown_at"
    ):
        _add(_of(found, session_id, dyad_id), shown_at, pk, Event.ASKED)


def _said(found: dict[str, Story], about: dict[str, Any]) -> None:
    """Take in what the therapist wrote down about signals, the client's words in the room too."""
    rows = SignalOutcome.objects.filter(**about).order_by("pk")
    for pk, session_id, dyad_id, perspective, answer, at in rows.values_list(
        "pk", "session_id", "dyad_id", "perspective", "answer", "recorded_at"
    ):
        event = _OUTCOMES.get(OutcomeAnswer(answer))
        if event is not None and perspective in Perspective.values:
            _add(_of(found, session_id, dyad_id), at, pk, event)


def _of(found: dict[str, Story], session_id: str, dyad_id: str) -> Story:
    return found.setdefault(session_id, Story(session_id, dyad_id))


# Of what happened at one moment, the later in this order came later.
_ORDER = {
    event: at
    for at, event in enumerate(
        (
            Event.ASKED,
            Event.RAISE,
            Event.NOT_TODAY,
            Event.UNDONE,
            Event.SOMETHING_ELSE,
            Event.TALKED,
            Event.CHANGE_TAKEN_BACK,
            Event.AGREED,
        )
    )
}


def _add(story: Story, at: datetime, number: int, event: Event) -> None:
    story.happened.append((at, _ORDER.get(event, len(_ORDER)), number, event))
    story.began_at = at if story.began_at is None else min(story.began_at, at)


def by_dyad(found: dict[str, Story]) -> dict[str, list[Story]]:
    """Return loops by their dyad."""
    grouped: dict[str, list[Story]] = defaultdict(list)
    for story in found.values():
        grouped[story.dyad_id].append(story)
    return grouped
