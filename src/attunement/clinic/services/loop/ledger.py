# SPDX-License-Identifier: Apache-2.0
"""The rupture ledger of a dyad: four channels side by side, never one number."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from attunement.clinic.access import Action
from attunement.clinic.models import (
    Dyad,
    Login,
    NamedRupture,
    OutcomeAnswer,
    Perspective,
    RuptureKind,
    SignalOutcome,
    SignalRecord,
)
from attunement.clinic.services.chairs import SessionChairs, chairs_of
from attunement.clinic.services.gate import act, actor_name, done, require_dyad
from attunement.clinic.services.loop.after import entry_of
from attunement.clinic.services.loop.results import Ledger, LedgerRow
from attunement.clinic.services.loop.story import Story, stories
from attunement.clinic.services.revealing import refresh_opened
from attunement.clinic.services.sealing import client_name
from attunement.signals.ledger import NAMED_FROM, Marks, Rupture, Word, ruptures
from attunement.signals.loop import Stage

STRAIN, REPAIR = "strain", "repair"


def ledger(actor: Login, dyad_id: str, *, now: datetime) -> Ledger:
    """Return a dyad's ledger.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the dyad is not there or not the actor's: the same for both.
    """
    with act(actor_name(actor), Action.LEDGER_VIEW, now=now):
        dyad = require_dyad(actor, dyad_id, Action.LEDGER_VIEW)
        refresh_opened([dyad], now=now)
        chairs = chairs_of(dyad, now=now)
        loops = stories({"dyad": dyad}, now=now)
        dips = _dips(dyad)
        marks = marks_of(dyad, chairs, loops, dips)
        done(actor.pk, Action.LEDGER_VIEW, now=now, target=f"dyad:{dyad.pk}")
    rows = [
        _row(c, loops.get(c.session.pk), mark, dips.get(c.session.pk, ()))
        for c, mark in zip(chairs, marks, strict=True)
    ]
    return Ledger(
        dyad_id=dyad.pk,
        client_code=dyad.client.code,
        client_name=client_name(dyad.client),
        rows=tuple(reversed(rows)),
        ruptures=tuple(reversed(ruptures(marks))),
        tried=_tried(loops.values()),
    )


def ruptures_of(
    dyad: Dyad, chairs: Sequence[SessionChairs], loops: Mapping[str, Story]
) -> tuple[Rupture, ...]:
    """Return a dyad's ruptures, from what the therapist may see of it."""
    return ruptures(marks_of(dyad, chairs, loops, {}))


def marks_of(
    dyad: Dyad,
    chairs: Sequence[SessionChairs],
    loops: Mapping[str, Story],
    dips: Mapping[str, Sequence[str]],
) -> list[Marks]:
    """Return what each channel noticed in each session, in order."""
    named = _therapist_named(dyad)
    days = {c.session.pk: (c.session.session_no, c.session.held_on) for c in chairs}
    return [
        _marks(
            c,
            loops.get(c.session.pk),
            named=c.session.pk in named,
            dips=tuple(dips.get(c.session.pk, ())),
            days=days,
        )
        for c in chairs
    ]


def _marks(
    one: SessionChairs,
    story: Story | None,
    *,
    named: bool,
    dips: tuple[str, ...],
    days: Mapping[str, tuple[int, date]],
) -> Marks:
    entry = story.entry if story is not None else None
    own = one.therapist.score(STRAIN) if one.therapist is not None else None
    by_entry = entry is not None and entry.kind != RuptureKind.NONE
    # An entry is the therapist's last word; without one the form and other answers count.
    told = by_entry if entry is not None else named or (own is not None and own >= NAMED_FROM)
    said = story.on_repair() if story is not None else None
    at = days.get(said.response.session_id) if said is not None else None
    return Marks(
        session_no=one.session.session_no,
        day=one.session.held_on.toordinal(),
        client_strain=one.client.score(STRAIN) if one.client is not None else None,
        client_repair=one.client.score(REPAIR) if one.client is not None else None,
        therapist_named=told,
        therapist_right=_right(entry.put_right if entry is not None else None, one, told=told),
        dips=dips,
        word=None if said is None else Word(said.answer),
        word_at=None if at is None else at[0],
        word_day=None if at is None else at[1].toordinal(),
    )


def _right(entered: int | None, one: SessionChairs, *, told: bool) -> float | None:
    """Return how far the therapist says that it was put right: the entry's, else the form's."""
    if entered is not None:
        return float(entered)
    if not told or one.therapist is None:
        return None
    return one.therapist.score(REPAIR)


def _therapist_named(dyad: Dyad) -> set[str]:
    """Return the sessions that the therapist named without an entry: by hand, or to a signal."""
    by_hand = NamedRupture.objects.filter(dyad=dyad, perspective=Perspective.THERAPIST)
    answers = SignalOutcome.objects.filter(dyad=dyad, perspective=Perspective.THERAPIST)
    newest = dict(answers.order_by("pk").values_list("session_id", "answer"))
    agreed = {pk for pk, answer in newest.items() if answer == OutcomeAnswer.AGREED}
    return agreed | set(by_hand.values_list("session_id", flat=True))


def _dips(dyad: Dyad) -> dict[str, tuple[str, ...]]:
    """Return the titles of the rules that computed something, by session.

    A rule that repeats what was marked on a form is no dip: that mark has its own channel.
    """
    found: dict[str, list[str]] = defaultdict(list)
    rows = SignalRecord.objects.filter(dyad=dyad, said=False).order_by("rule_id")
    for session_id, title in rows.values_list("session_id", "title"):
        found[session_id].append(title)
    return {session_id: tuple(titles) for session_id, titles in found.items()}


def _row(one: SessionChairs, story: Story | None, mark: Marks, dips: Sequence[str]) -> LedgerRow:
    return LedgerRow(
        session_id=one.session.pk,
        session_no=one.session.session_no,
        held_on=one.session.held_on,
        client_strain=mark.client_strain,
        client_repair=mark.client_repair,
        client_shown=one.client is not None,
        strain_shown=one.client is not None and one.client.values_shown,
        therapist_named=mark.therapist_named,
        therapist_strain=one.therapist.score(STRAIN) if one.therapist is not None else None,
        entry=entry_of(story.entry if story is not None else None),
        dips=tuple(dips),
        word="" if mark.word is None else str(mark.word),
        stage=story.loop.stage if story is not None else Stage.QUIET,
    )


def _tried(loops: Iterable[Story]) -> tuple[tuple[str, int], ...]:
    counts: Counter[str] = Counter()
    for story in loops:
        entry = story.entry
        if entry is not None and entry.kind != RuptureKind.NONE:
            counts.update(entry.tried)
    return tuple(counts.most_common())
