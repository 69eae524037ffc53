# SPDX-License-Identifier: Apache-2.0
"""Half a minute before a session: one sentence, both chairs, what was said and agreed last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from attunement.clinic.access import Action
from attunement.clinic.access.visibility import Wish
from attunement.clinic.models import (
    ConversationIntent,
    Dyad,
    Intent,
    Login,
    Perspective,
    Session,
    SignalRecord,
)
from attunement.clinic.services.chairs import SessionChairs, chairs_of
from attunement.clinic.services.charting import chart_of, shown_signals
from attunement.clinic.services.forms import config, measure_of
from attunement.clinic.services.gate import act, actor_name, done, require_dyad, require_session
from attunement.clinic.services.loop.refusing import refuse, words_within
from attunement.clinic.services.loop.results import (
    AgreedNow,
    Before,
    IntentNow,
    LastComment,
    NoMore,
)
from attunement.clinic.services.loop.story import Story, stories
from attunement.clinic.services.loop.turns import Turn, forms_of, turns_of
from attunement.clinic.services.loop.words import OTHER, openers
from attunement.clinic.services.picture import comments_of
from attunement.clinic.services.results import ShownSignal
from attunement.clinic.services.revealing import refresh_opened
from attunement.clinic.services.sealing import client_name, open_field
from attunement.clinic.services.week import answered_sessions_of, strongest_first


def before(actor: Login, dyad_id: str, *, now: datetime) -> Before:
    """Return what a therapist needs before a session with one client.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the dyad is not there or not the actor's: the same for both.
    """
    with act(actor_name(actor), Action.BEFORE_VIEW, now=now):
        dyad = require_dyad(actor, dyad_id, Action.BEFORE_VIEW)
        refresh_opened([dyad], now=now)
        chairs = chairs_of(dyad, now=now)
        loops = stories({"dyad": dyad}, now=now)
        question = newest_question(dyad)
        story = loops.get(question.session_id) if question is not None else None
        found = Before(
            dyad_id=dyad.pk,
            client_code=dyad.client.code,
            client_name=client_name(dyad.client),
            sentence=question.sentence if question is not None else "",
            signal_id=question.pk if question is not None else "",
            session_id=question.session_id if question is not None else "",
            session_no=question.session.session_no if question is not None else 0,
            chart=chart_of(chairs, _marked(dyad, question)),
            comment=_last_comment(chairs),
            agreed=agreed_last(loops.values(), chairs, _turns(dyad, loops, now=now)),
            intent=_intent(story),
            validated=measure_of(config().client_measure).validated,
        )
        done(actor.pk, Action.BEFORE_VIEW, now=now, target=f"dyad:{dyad.pk}")
    return found


def newest_question(dyad: Dyad) -> SignalRecord | None:
    """Return the strongest signal of the newest session that nobody has taken up yet."""
    answered = answered_sessions_of(dyad)
    by_session: dict[str, list[SignalRecord]] = defaultdict(list)
    rows = (
        SignalRecord.objects.filter(dyad=dyad)
        .select_related("session", "dyad", "dyad__client")
        .order_by("-session__session_no", "rule_id")
    )
    for row in rows:
        if row.session_id not in answered:
            by_session[row.session_id].append(row)
    newest = next(iter(by_session.values()), None)
    return None if newest is None else strongest_first(newest)[0]


def _turns(dyad: Dyad, loops: Mapping[str, Story], *, now: datetime) -> dict[int, Turn]:
    """Return what becomes of the question about each change; asks nothing where there is none."""
    if all(story.change is None for story in loops.values()):
        return {}
    return turns_of(loops.values(), forms_of({"dyad": dyad})[dyad.pk], now=now)


def agreed_last(
    loops: Collection[Story], chairs: Sequence[SessionChairs], turns: Mapping[int, Turn]
) -> AgreedNow | None:
    """Return the change that was agreed last and holds, with the client's word on it.

    With it come those before it that are not asked about any more.
    """
    numbers: Mapping[str, int] = {c.session.pk: c.session.session_no for c in chairs}
    held = [(story.change, story) for story in loops if story.change is not None]
    if not held:
        return None
    change, story = max(
        ((change, story) for change, story in held if change is not None),
        key=lambda pair: pair[0].pk,
    )
    word = story.on_change()
    return AgreedNow(
        session_no=numbers[story.session_id],
        words=open_field(change, "words"),
        said_at=change.recorded_at,
        word="" if word is None else word.answer,
        stage=story.loop.stage,
        turn=turns.get(change.pk, Turn.NEXT),
        no_more=tuple(
            NoMore(one.key, numbers[story.session_id], open_field(one, "words"))
            for one, story in sorted(
                ((one, story) for one, story in held if one is not None),
                key=lambda pair: pair[0].pk,
            )
            if turns.get(one.pk) is Turn.NO_MORE
        ),
    )


def _marked(dyad: Dyad, question: SignalRecord | None) -> tuple[ShownSignal, ...]:
    """Return what the chart marks: the one question that is read, not every old one."""
    if question is None:
        return ()
    return tuple(one for one in shown_signals(dyad) if one.signal_id == question.pk)


def record_intent(
    actor: Login,
    session_id: str,
    *,
    intent: str,
    now: datetime,
    because: str = "",
    reason: str = "",
) -> None:
    """Write down what the therapist means to do with what a session asks.

    Parameters
    ----------
    actor : Login
        The dyad's therapist.
    session_id : str
        The session that a question is about.
    intent : str
        ``"raise"``, ``"not_today"`` or ``"undone"``, which takes the last one back.
    now : datetime
        Aware.
    because : str
        For ``"not_today"``: a code of the list of reasons.
    reason : str
        The therapist's own words, sealed; at most 1000 characters.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the session is not there or not the actor's.
    ClinicError
        E-CLINIC-061 for an intention or a reason that is none, or a session that asks nothing.
    """
    with act(actor_name(actor), Action.INTENT_RECORD, now=now):
        session = require_session(actor, session_id, Action.INTENT_RECORD)
        if intent not in Intent.values:
            refuse("no intention", "raise, not today, or taken back")
        put_off = intent == Intent.NOT_TODAY
        if put_off and because not in openers().not_today:
            refuse("no reason of the list", "one of the reasons on the page")
        words = words_within(reason) if put_off and because == OTHER else ""
        Session.objects.select_for_update().get(pk=session.pk)
        signals = list(SignalRecord.objects.filter(session=session).select_related("session"))
        if not signals:
            refuse("a session about which nothing is asked", "a session with a question")
        newest = ConversationIntent.objects.filter(session=session).order_by("pk").last()
        if _is_new(newest, intent, because, words):
            ConversationIntent(
                dyad=session.dyad,
                session=session,
                signal_id=strongest_first(signals)[0].pk,
                intent=intent,
                because=because if put_off else "",
                reason=words,
                recorded_by=actor.pk,
                recorded_at=now,
            ).save()
        done(
            actor.pk,
            Action.INTENT_RECORD,
            now=now,
            target=f"session:{session.pk}",
            detail={"intent": intent, "because": because if put_off else ""},
        )


def _is_new(newest: ConversationIntent | None, intent: str, because: str, words: str) -> bool:
    """Whether this was not just said: two taps are one."""
    if newest is None:
        return intent != Intent.UNDONE
    if intent == Intent.NOT_TODAY and words:
        return True  # sealed words are not compared
    kept = newest.because if intent == Intent.NOT_TODAY else ""
    return (newest.intent, kept) != (intent, because if intent == Intent.NOT_TODAY else "")


def _intent(story: Story | None) -> IntentNow | None:
    found = story.intent if story is not None else None
    if found is None:
        return None
    return IntentNow(
        intent=found.intent,
        because=found.because,
        reason=open_field(found, "reason"),
        said_at=found.recorded_at,
    )


def _last_comment(chairs: Sequence[SessionChairs]) -> LastComment | None:
    """Return the newest words of the client that the therapist may read."""
    for one in reversed(chairs):
        if one.client is None or not one.client.sealed:
            continue
        comment = comments_of(one.client, Perspective.CLIENT)[0]
        wish = one.client.wishes.get(comment.item, "")
        return LastComment(
            session_no=one.session.session_no,
            comment=comment,
            wish=wish if wish in (Wish.RAISE, Wish.DONT_RAISE) else "",
        )
    return None
