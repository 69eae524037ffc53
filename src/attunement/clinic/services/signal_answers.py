# SPDX-License-Identifier: Apache-2.0
"""A therapist's list of signals, the why of each, and what becomes of it."""

from __future__ import annotations

from datetime import datetime

from attunement.clinic.access import Action
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import (
    CLIENT_ANSWERS,
    LONGEST_NOTE,
    THERAPIST_ANSWERS,
    Attended,
    FollowUpQuestion,
    Login,
    NamedRupture,
    OutcomeAnswer,
    Perspective,
    Session,
    SignalOutcome,
    SignalRecord,
    TherapistBudget,
    is_id,
)
from attunement.clinic.services.chairs import chairs_of
from attunement.clinic.services.charting import shown_signal
from attunement.clinic.services.gate import (
    AccessDeniedError,
    act,
    actor_name,
    done,
    require_self,
    require_session,
)
from attunement.clinic.services.in_force import Past
from attunement.clinic.services.loop.seen import follow_ups
from attunement.clinic.services.sealing import words_of
from attunement.clinic.services.signal_results import ListedSignal, Said, SignalList, SignalWhy
from attunement.clinic.services.week import (
    Question,
    answers_of_session,
    strongest_first,
    take_week,
    therapist_of,
)
from attunement.signals import SignalError
from attunement.signals.budget import MOST_PER_WEEK, check_budget

STRAIN = "strain"
STRAIN_MAXIMUM = 6.0
NO_PLACES = "No new question is shown to you: all that is found is listed on this page."


def signals_this_week(actor: Login, *, now: datetime) -> SignalList:
    """Return a therapist's questions: this week's within the budget, and all others, listed.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody who is no therapist.
    """
    with act(actor_name(actor), Action.SIGNALS_VIEW, now=now):
        require_self(actor, Action.SIGNALS_VIEW)
        therapist = therapist_of(actor)
        if therapist is None:
            raise AccessDeniedError(target="", reason="no therapist behind the login")
        week = take_week(therapist, now=now)
        asked = Past.of_therapist(therapist).asked(now)
        done(
            actor.pk,
            Action.SIGNALS_VIEW,
            now=now,
            target=f"therapist:{therapist.pk}",
            detail={"n_shown": len(week.shown), "n_listed": len(week.listed)},
        )
    return SignalList(
        monday=week.monday,
        budget=week.budget,
        n_taken=week.n_taken,
        shown=tuple(_line(one) for one in week.shown),
        listed=tuple(_line(one) for one in week.listed),
        older=tuple(_line(one) for one in week.older),
        rate_sentence=asked.sentence() if week.budget else NO_PLACES,
    )


def signal_why(actor: Login, signal_id: str, *, now: datetime) -> SignalWhy:
    """Return everything that a person needs to check a signal.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the signal is not there (any more) or not of the actor's client.
    """
    with act(actor_name(actor), Action.SIGNAL_VIEW, now=now):
        row = _require_signal(actor, signal_id, Action.SIGNAL_VIEW)
        same_session = strongest_first(
            list(
                SignalRecord.objects.filter(session_id=row.session_id)
                .exclude(pk=row.pk)
                .select_related("session", "dyad", "dyad__client")
            )
        )
        said = answers_of_session(row.session_id)
        marked = _client_marked(row, now=now)
        later = _client_later(row, now=now)
        done(actor.pk, Action.SIGNAL_VIEW, now=now, target=f"signal:{row.pk}")
    return SignalWhy(
        shown=shown_signal(row),
        dyad_id=row.dyad_id,
        session_id=row.session_id,
        client_code=row.dyad.client.code,
        held_on=row.session.held_on,
        setting_no=row.setting_no,
        model_version=row.model_version,
        rate_sentence=row.rate_sentence,
        probability=row.probability,
        threshold=row.threshold,
        others=tuple(_listed(other, n_more=0) for other in same_session),
        therapist_said=_said(said.get(Perspective.THERAPIST)),
        client_said=_said(said.get(Perspective.CLIENT)),
        client_marked=marked,
        marked_maximum=STRAIN_MAXIMUM,
        client_later=later,
    )


def answer_signal(
    actor: Login,
    signal_id: str,
    *,
    answer: str,
    now: datetime,
    reason: str = "",
    client_said: str | None = None,
) -> None:
    """Write down what became of a signal, in one transaction.

    What is said is about the session, so it is kept for every rule that asks about it.

    Parameters
    ----------
    actor : Login
        The dyad's therapist.
    signal_id : str
        One of the session's signals.
    answer : str
        ``"agreed"``, ``"not_a_rupture"`` or ``"not_discussed"``.
    now : datetime
        Aware.
    reason : str
        The therapist's own words, at most 1000 characters; on no page but the signal's own.
    client_said : str, optional
        ``"confirmed"`` or ``"denied"`` where the two looked at it together; empty where they did
        not, which takes back what was kept before (the earlier rows stay). None leaves it.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the signal is not of the actor's client.
    ClinicError
        E-CLINIC-015 for an answer that is none of these.
    """
    with act(actor_name(actor), Action.SIGNAL_ANSWER, now=now):
        row = _require_signal(actor, signal_id, Action.SIGNAL_ANSWER)
        _check_answer(answer, reason, client_said)
        said = answers_of_session(row.session_id)
        chairs = [(Perspective.THERAPIST, answer, reason.strip())]
        if client_said or (client_said == "" and Perspective.CLIENT in said):
            chairs.append((Perspective.CLIENT, client_said or OutcomeAnswer.NOT_ASKED.value, ""))
        new = [
            (chair, what, why)
            for chair, what, why in chairs
            if chair not in said
            or (said[chair].answer, words_of(said[chair], "reason")) != (what, why)
        ]
        about = SignalRecord.objects.filter(session_id=row.session_id).order_by("rule_id", "pk")
        for signal in about if new else ():
            for chair, what, why in new:
                outcome_of(signal, chair, what, why, by=actor.pk, now=now).save()
        done(
            actor.pk,
            Action.SIGNAL_ANSWER,
            now=now,
            target=f"signal:{row.pk}",
            detail={"answer": answer, "client_said": client_said or "", "n_written": len(new)},
        )


def outcome_of(
    signal: SignalRecord, chair: str, answer: str, reason: str, *, by: str, now: datetime
) -> SignalOutcome:
    """Return the row that keeps an answer with what the signal was at that moment."""
    return SignalOutcome(
        signal_id=signal.pk,
        dyad_id=signal.dyad_id,
        session_id=signal.session_id,
        rule_id=signal.rule_id,
        rule_version=signal.rule_version,
        setting_no=signal.setting_no,
        model_version=signal.model_version,
        asked_rate=signal.asked_rate,
        probability=signal.probability,
        threshold=signal.threshold,
        perspective=chair,
        answer=answer,
        reason=reason,
        recorded_by=by,
        recorded_at=now,
    )


def name_rupture(actor: Login, session_id: str, *, now: datetime) -> None:
    """Write down that the therapist noticed a rupture in a session, whether or not a rule asked.

    Said twice, it is kept once.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the session is not the actor's.
    ClinicError
        E-CLINIC-015 for a session that did not take place.
    """
    with act(actor_name(actor), Action.RUPTURE_NAME, now=now):
        session = require_session(actor, session_id, Action.RUPTURE_NAME)
        if session.attended != Attended.ATTENDED:
            _refuse("a session that did not take place", "a session that did")
        Session.objects.select_for_update().get(pk=session.pk)
        known = NamedRupture.objects.filter(session=session, perspective=Perspective.THERAPIST)
        if not known.exists():
            NamedRupture(
                dyad_id=session.dyad_id,
                session=session,
                perspective=Perspective.THERAPIST,
                recorded_by=actor.pk,
                recorded_at=now,
            ).save()
        done(actor.pk, Action.RUPTURE_NAME, now=now, target=f"session:{session.pk}")


def set_budget(actor: Login, per_week: int, *, now: datetime) -> None:
    """Set how many questions a week a therapist wants to be asked, from now on.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody who is no therapist.
    ClinicError
        E-CLINIC-016 for a number that cannot be.
    """
    with act(actor_name(actor), Action.BUDGET_SET, now=now):
        require_self(actor, Action.BUDGET_SET)
        therapist = therapist_of(actor)
        if therapist is None:
            raise AccessDeniedError(target="", reason="no therapist behind the login")
        require_possible_budget(per_week)
        TherapistBudget(therapist=therapist, per_week=per_week, set_by=actor.pk, set_at=now).save()
        done(
            actor.pk,
            Action.BUDGET_SET,
            now=now,
            target=f"therapist:{therapist.pk}",
            detail={"per_week": per_week},
        )


def require_possible_budget(per_week: int) -> None:
    """Refuse a budget that cannot be: E-CLINIC-016."""
    try:
        check_budget(per_week)
    except SignalError:
        raise ClinicError(
            "E-CLINIC-016",
            what="that number of questions a week cannot be kept",
            got="a number out of range",
            expected=f"a whole number from 0 to {MOST_PER_WEEK}",
            next_step="Choose one of these",
        ) from None


def _require_signal(actor: Login, signal_id: str, action: Action) -> SignalRecord:
    """Return the signal if it is about a session of the actor's client."""
    found = (
        SignalRecord.objects.select_related("session", "dyad", "dyad__client")
        .filter(pk=signal_id if is_id(signal_id) else "")
        .first()
    )
    require_session(actor, found.session_id if found else "", action)
    if found is None:
        raise AccessDeniedError(target="signal:unknown", reason="no such signal")
    return found


def _check_answer(answer: str, reason: str, client_said: str | None) -> None:
    if answer not in THERAPIST_ANSWERS:
        _refuse("no answer", "agreed, not a rupture, or not discussed")
    if client_said and client_said not in CLIENT_ANSWERS:
        _refuse("an unknown word for what the client said", "confirmed or denied")
    if len(reason) > LONGEST_NOTE or "\x00" in reason:
        _refuse("a reason that is too long", f"at most {LONGEST_NOTE} characters")


def _refuse(got: str, expected: str) -> None:
    raise ClinicError(
        "E-CLINIC-015",
        what="what was said cannot be taken",
        got=got,
        expected=expected,
        next_step="Choose one of the answers and send it again",
    )


def _client_marked(row: SignalRecord, *, now: datetime) -> float | None:
    """Return the strain that the client's form names, where the therapist may see it."""
    for chairs in chairs_of(row.dyad, now=now):
        if chairs.session.pk == row.session_id and chairs.client is not None:
            return chairs.client.score(STRAIN)
    return None


def _client_later(row: SignalRecord, *, now: datetime) -> str:
    """Return what the client said on a later form about being put right, where it may be seen."""
    answers = follow_ups({"dyad": row.dyad}, now=now).get(row.session_id, [])
    said = [one.answer for one in answers if one.question == FollowUpQuestion.PUT_RIGHT]
    return said[-1] if said else ""


def _said(row: SignalOutcome | None) -> Said | None:
    if row is None or row.answer == OutcomeAnswer.NOT_ASKED:
        return None
    return Said(answer=row.answer, reason=words_of(row, "reason"), said_at=row.recorded_at)


def _line(question: Question) -> ListedSignal:
    return _listed(question.first, n_more=len(question.signals) - 1)


def _listed(row: SignalRecord, *, n_more: int) -> ListedSignal:
    return ListedSignal(
        signal_id=row.pk,
        client_code=row.dyad.client.code,
        session_no=row.session.session_no,
        held_on=row.session.held_on,
        question=row.question,
        sentence=row.sentence,
        title=row.title,
        n_more=n_more,
    )
