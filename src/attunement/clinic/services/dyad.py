# SPDX-License-Identifier: Apache-2.0
"""One dyad as its therapist sees it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from attunement.clinic.access import Action
from attunement.clinic.models import CareEpisode, Login
from attunement.clinic.services.cases import questions_for_therapist
from attunement.clinic.services.chairs import SessionChairs, chairs_of
from attunement.clinic.services.charting import chart_of, shown_signals
from attunement.clinic.services.forms import config, measure_of
from attunement.clinic.services.gate import act, actor_name, done, require_dyad
from attunement.clinic.services.notes import notes_of
from attunement.clinic.services.results import DyadOverview, SessionRow
from attunement.clinic.services.revealing import refresh_opened
from attunement.clinic.services.sealing import client_name


def dyad_overview(actor: Login, dyad_id: str, *, now: datetime) -> DyadOverview:
    """Return a dyad's sessions, chart and signals.

    A session whose two forms are not both in shows nothing of the other chair.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the dyad is not there or not the actor's: the same for both.
    """
    with act(actor_name(actor), Action.DYAD_VIEW, now=now):
        dyad = require_dyad(actor, dyad_id, Action.DYAD_VIEW)
        refresh_opened([dyad], now=now)
        chairs = chairs_of(dyad, now=now)
        signals = shown_signals(dyad)
        per_session = Counter(signal.session_no for signal in signals)
        episode = CareEpisode.objects.filter(dyad=dyad).order_by("began_on").last()
        measure = measure_of(config().client_measure)
        asked = questions_for_therapist(dyad)
        done(actor.pk, Action.DYAD_VIEW, now=now, target=f"dyad:{dyad.pk}")
    return DyadOverview(
        dyad_id=dyad.pk,
        client_code=dyad.client.code,
        client_name=client_name(dyad.client),
        therapist_name=dyad.therapist.display_name,
        began_on=episode.began_on if episode else None,
        ended_on=episode.ended_on if episode else None,
        sessions=tuple(_row(c, per_session) for c in reversed(chairs)),
        next_session_no=chairs[-1].session.session_no + 1 if chairs else 1,
        chart=chart_of(chairs, signals),
        signals=tuple(reversed(signals)),
        notes=notes_of(chairs),
        measure_title=measure.title,
        validated=measure.validated,
        team_questions=asked,
    )


def _row(chairs: SessionChairs, per_session: Counter[int]) -> SessionRow:
    session = chairs.session
    return SessionRow(
        session_id=session.pk,
        session_no=session.session_no,
        held_on=session.held_on,
        attended=session.attended,
        modality=session.modality,
        state=chairs.state,
        client_total=chairs.client.score("total") if chairs.client else None,
        therapist_total=chairs.therapist.score("total") if chairs.therapist else None,
        predicted_total=chairs.therapist.predicted if chairs.therapist else None,
        n_signals=per_session[session.session_no],
    )
