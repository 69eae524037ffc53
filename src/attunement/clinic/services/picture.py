# SPDX-License-Identifier: Apache-2.0
"""The picture of a session: nothing until both forms are in, then both chairs at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from attunement.clinic.access import Action
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import Login, NamedRupture, Perspective, RuptureEntry, Session
from attunement.clinic.services.chairs import Filled, SessionChairs, chairs_of
from attunement.clinic.services.charting import chart_of, shown_signals
from attunement.clinic.services.corrected import typed
from attunement.clinic.services.forms import config, measure_of, text_of
from attunement.clinic.services.gate import act, actor_name, done, require_session
from attunement.clinic.services.notes import notes_of
from attunement.clinic.services.results import (
    Comment,
    ItemPair,
    Revealed,
    SessionState,
    ShownSignal,
    Surprise,
    Waiting,
    WaitingFor,
)
from attunement.clinic.services.revealing import refresh_opened
from attunement.clinic.services.rotating import words_of_item
from attunement.clinic.services.sealing import client_name
from attunement.measures.schema import TextBundle

_SAME = 0.05  # totals are shown to one decimal; a smaller difference reads as none


def session_picture(actor: Login, session_id: str, *, now: datetime) -> Waiting | Revealed:
    """Return the dual picture, or whom it waits for.

    Until the therapist's own form is in, the answer is the same whatever the client did.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the session is not there or not the actor's.
    """
    with act(actor_name(actor), Action.PICTURE_VIEW, now=now):
        session = require_session(actor, session_id, Action.PICTURE_VIEW)
        refresh_opened([session.dyad], now=now)
        chairs = chairs_of(session.dyad, now=now)
        here = next(c for c in chairs if c.session.pk == session.pk)
        signals = shown_signals(session.dyad) if here.both_in else ()
        named = NamedRupture.objects.filter(session=session, perspective=Perspective.THERAPIST)
        rupture_named = here.both_in and (named.exists() or _written_down(session))
        done(actor.pk, Action.PICTURE_VIEW, now=now, target=f"session:{session.pk}")
    if here.client is None or here.therapist is None:
        return _waiting(session, here.state)
    found = _revealed(session, chairs, here.client, here.therapist, signals)
    return replace(found, rupture_named=rupture_named)


def _written_down(session: Session) -> bool:
    """Whether the therapist's newest entry after the session names a rupture."""
    kinds = RuptureEntry.objects.filter(session=session).order_by("pk")
    return kinds.values_list("kind", flat=True).last() == "rupture"


def _waiting(session: Session, state: SessionState) -> Waiting:
    client = session.dyad.client
    return Waiting(
        session_id=session.pk,
        dyad_id=session.dyad_id,
        session_no=session.session_no,
        client_code=client.code,
        client_name=client_name(client),
        waiting_for=(
            WaitingFor.CLIENT if state is SessionState.WAITING_FOR_CLIENT else WaitingFor.YOU
        ),
    )


def _revealed(
    session: Session,
    chairs: tuple[SessionChairs, ...],
    client: Filled,
    therapist: Filled,
    signals: tuple[ShownSignal, ...],
) -> Revealed:
    chart = chart_of(chairs, signals, up_to=session.session_no)
    if chart is None:
        message = "a session in which both forms are in has a chart"
        raise AssertionError(message)
    measure = measure_of(client.response.measure_id, client.response.measure_version)
    words = {
        "client": _words(client),
        "therapist": _words(therapist),
    }
    return Revealed(
        session_id=session.pk,
        dyad_id=session.dyad_id,
        session_no=session.session_no,
        held_on=session.held_on,
        client_code=session.dyad.client.code,
        client_name=client_name(session.dyad.client),
        chart=chart,
        items=_pairs(client, therapist, words),
        signals=tuple(s for s in signals if s.session_no == session.session_no),
        notes=notes_of(chairs, session_no=session.session_no),
        comments=_comments(client, "client", words) + _comments(therapist, "therapist", words),
        surprise=surprise(therapist.predicted, client.score("total"), config().words.client),
        client_total=client.score("total"),
        client_reason=client.reason("total"),
        therapist_total=therapist.score("total"),
        therapist_reason=therapist.reason("total"),
        measure_title=measure.title,
        validated=measure.validated,
        who_sees=client.response.who_sees,
        typed=typed(client.response, client.correction),
        values_shown=client.values_shown,
    )


def surprise(predicted: float | None, actual: float | None, client: str) -> Surprise:
    """Return the prediction beside what came, in one sentence."""
    if predicted is None:
        return Surprise(predicted, actual, None, "You made no prediction for this session.")
    if actual is None:
        return Surprise(
            predicted,
            None,
            None,
            f"You expected {predicted:.1f}; the {client}'s form has no total.",
        )
    difference = actual - predicted
    if abs(difference) < _SAME:
        how = "just that"
    else:
        how = f"{abs(difference):.1f} {'higher' if difference > 0 else 'lower'}"
    sentence = f"You expected {predicted:.1f}; the {client}'s total was {actual:.1f}, {how}."
    return Surprise(predicted, actual, difference, sentence)


def _words(filled: Filled) -> TextBundle | None:
    """Return the form's words, or None where this site may not show them any more."""
    response = filled.response
    try:
        return text_of(response.measure_id, response.measure_version, response.language)
    except ClinicError:
        return None


def _pairs(
    client: Filled, therapist: Filled, words: dict[str, TextBundle | None]
) -> tuple[ItemPair, ...]:
    measure = measure_of(client.response.measure_id, client.response.measure_version)
    mirror = measure_of(therapist.response.measure_id, therapist.response.measure_version)
    mirrored = {item.id: item for item in mirror.items}
    pairs: list[ItemPair] = []
    for item in measure.items:
        if item.kind == "text" or item.id not in mirrored:
            continue
        theirs, yours = client.values.get(item.id), therapist.values.get(item.id)
        other = mirrored[item.id]
        pairs.append(
            ItemPair(
                item=item.id,
                client_question=_question(words["client"], item.id),
                therapist_question=_question(words["therapist"], item.id),
                client_value=theirs,
                therapist_value=yours,
                client_label=_label(words["client"], item.options, theirs),
                therapist_label=_label(words["therapist"], other.options, yours),
                client_closed=not client.values_shown,
            )
        )
    return tuple(pairs)


def _question(text: TextBundle | None, item: str) -> str:
    return "" if text is None else text.items.get(item, "")


def _label(text: TextBundle | None, options: str, value: float | None) -> str:
    if value is None:
        return ""
    if text is None:
        return f"{value:g}"
    return text.options.get(options, {}).get(f"{value:g}", f"{value:g}")


def _comments(
    filled: Filled, perspective: str, words: dict[str, TextBundle | None]
) -> tuple[Comment, ...]:
    return tuple(
        Comment(
            perspective=perspective,
            item=item,
            question=_question(words[perspective], item) or words_of_item(item),
            text=text,
        )
        for item, text in sorted(filled.texts.items())
    )


def comments_of(filled: Filled, perspective: str) -> tuple[Comment, ...]:
    """Return the words of one chair that are in a form, each under its question."""
    return _comments(filled, perspective, {perspective: _words(filled)})
