# SPDX-License-Identifier: Apache-2.0
"""The caseload: the dyads that a login may see."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime

from django.db.models import QuerySet

from attunement.clinic.access import Action
from attunement.clinic.models import Client, Dyad, Login, Role, SignalRecord
from attunement.clinic.services.forms import config, measure_of
from attunement.clinic.services.gate import act, actor_name, done, require_self, snapshot
from attunement.clinic.services.results import Caseload, CaseRow, ChartLine, SessionState
from attunement.clinic.services.sealing import client_name, warm
from attunement.clinic.services.shown_answers import ListedSession, listed_sessions
from attunement.clinic.services.week import take_week, therapist_of


def caseload(actor: Login, *, now: datetime) -> Caseload:
    """Return the dyads of a therapist, or for a lead those of the practice without any answer.

    A client who was erased is in neither; a lead is told how many there are.

    Only sessions in which both forms are in count towards lines and signals.

    Raises
    ------
    AccessError
        E-ACCESS-001 for any other role.
    """
    with act(actor_name(actor), Action.CASELOAD_VIEW, now=now):
        require_self(actor, Action.CASELOAD_VIEW)
        own = actor.role == Role.THERAPIST
        dyads = Dyad.objects.select_related("client", "therapist").filter(
            practice_id=actor.practice_id, client__erased_at=None
        )
        if own:
            dyads = dyads.filter(therapist__login_id=actor.pk)
        therapist = therapist_of(actor) if own else None
        week = take_week(therapist, now=now, older=False) if therapist is not None else None
        asked = {one.first.dyad_id for one in week.shown} if week is not None else set()
        done(
            actor.pk,
            Action.CASELOAD_VIEW,
            now=now,
            target=f"practice:{actor.practice_id}",
            detail={"n_dyads": dyads.count()},
        )
        n_erased = 0
        if not own:  # how many, and nothing else: what the audit needs stays where it is
            erased = Client.objects.filter(practice=actor.practice_id, erased_at__isnull=False)
            n_erased = erased.count()
    with snapshot():  # the long part: nobody's form waits for it
        rows = _rows(dyads, own=own, asked=asked, now=now)
    n_questions = len(week.shown) if week else 0
    return Caseload(rows=rows, role=actor.role, n_questions=n_questions, n_erased=n_erased)


def _rows(
    dyads: QuerySet[Dyad], *, own: bool, asked: set[str], now: datetime
) -> tuple[CaseRow, ...]:
    found = list(dyads.order_by("client__code", "pk"))
    if own:
        warm(dyad.client for dyad in found)
    seen = listed_sessions(found, now=now)
    signals = _signals(found) if own else {}
    measure = measure_of(config().client_measure)
    low, high = next((s.bounds for s in measure.scales if s.id == "total" and s.bounds), (0.0, 1.0))
    return tuple(
        replace(
            _row(
                dyad, seen.get(dyad.pk, []), signals.get(dyad.pk, {}), own=own, bounds=(low, high)
            ),
            asked_this_week=dyad.pk in asked,
        )
        for dyad in found
    )


def _signals(dyads: list[Dyad]) -> dict[str, dict[int, int]]:
    counts: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    rows = SignalRecord.objects.filter(dyad__in=dyads)
    for dyad_id, session_no in rows.values_list("dyad_id", "session__session_no"):
        counts[dyad_id][session_no] += 1
    return counts


def _row(
    dyad: Dyad,
    seen: list[ListedSession],
    signals: dict[int, int],
    *,
    own: bool,
    bounds: tuple[float, float],
) -> CaseRow:
    states = [(one, one.state) for one in seen]
    both = [one for one, state in states if state is SessionState.BOTH_IN]
    numbers = tuple(one.session_no for one in both)
    words = config().words
    last = seen[-1] if seen else None
    open_forms = [one for one, state in states if state is SessionState.YOUR_FORM_OPEN]
    return CaseRow(
        dyad_id=dyad.pk,
        client_code=dyad.client.code,
        client_name=client_name(dyad.client) if own else "",
        therapist_name=dyad.therapist.display_name,
        n_sessions=len(seen),
        last_session_no=last.session_no if last else None,
        last_held_on=last.held_on if last else None,
        n_both_in=len(both),
        your_form_open=tuple(one.session_id for one in open_forms) if own else (),
        client_line=_line(words.client, numbers, both, "client") if own else None,
        therapist_line=_line(words.therapist, numbers, both, "therapist") if own else None,
        minimum=bounds[0],
        maximum=bounds[1],
        n_signals=signals.get(numbers[-1], 0) if own and numbers else (0 if own else None),
        may_open=own,
    )


def _line(label: str, numbers: tuple[int, ...], both: list[ListedSession], chair: str) -> ChartLine:
    return ChartLine(
        label=label.capitalize(),
        sessions=numbers,
        values=tuple(one.answered[chair] for one in both),
    )
