# SPDX-License-Identifier: Apache-2.0
"""A therapist's questions of the week, the why of each, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from attunement.clinic.access import permission
from attunement.clinic.errors import ClinicError
from attunement.clinic.pages import shown
from attunement.clinic.pages.answers import ErrorLink
from attunement.clinic.pages.loop_words import PUT_RIGHT
from attunement.clinic.pages.staff import actor_of, see_other
from attunement.clinic.services import (
    ListedSignal,
    Said,
    SignalWhy,
    answer_signal,
    name_rupture,
    set_budget,
    signal_why,
    signals_this_week,
)
from attunement.signals.budget import MOST_PER_WEEK

ANSWER, REASON, BUDGET = "answer-agreed", "reason", "per-week"
THERAPIST_WORDS = {
    "agreed": "There was a rupture, or a strain that mattered",
    "not_a_rupture": "It was something else: not a rupture",
    "not_discussed": "We did not talk about it",
}
CLIENT_WORDS = {
    "": "We did not look at it together",
    "confirmed": "Something had been difficult",
    "denied": "Nothing had been difficult",
}
_SAID = {
    "agreed": "agreed",
    "not_a_rupture": "not a rupture",
    "not_discussed": "not discussed",
    "confirmed": "something had been difficult",
    "denied": "nothing had been difficult",
}


@dataclass(frozen=True, slots=True)
class SignalLine:
    """One question of a list, in one line."""

    signal_id: str
    question: str
    where: str
    sentence: str
    also: str


@dataclass(frozen=True, slots=True)
class SaidWords:
    """What one chair said, in words."""

    what: str
    when: str
    reason: str


@permission("signals.view")
@require_safe
@login_required
def week(request: HttpRequest) -> HttpResponse:
    """Show this week's questions within the budget, and every other one below."""
    return _week_page(request)


@permission("budget.set")
@require_POST
@login_required
def budget(request: HttpRequest) -> HttpResponse:
    """Set how many questions a week the therapist wants to be asked."""
    sent = request.POST.get("per_week", "")
    number = int(sent) if sent.isascii() and sent.isdecimal() and len(sent) <= 3 else -1  # noqa: PLR2004 -- no budget has four digits
    try:
        set_budget(actor_of(request), number, now=timezone.now())
    except ClinicError:
        problem = ErrorLink(BUDGET, f"Please give a whole number from 0 to {MOST_PER_WEEK}.")
        return _week_page(request, problem=problem)
    response = HttpResponseRedirect(reverse("signals"))
    response.status_code = 303
    return response


@permission("signal.view")
@require_safe
@login_required
def why(request: HttpRequest, signal_id: str) -> HttpResponse:
    """Show why a question is asked, and take what became of it."""
    return _why_page(request, signal_why(actor_of(request), signal_id, now=timezone.now()))


@permission("signal.answer")
@require_POST
@login_required
def answer(request: HttpRequest, signal_id: str) -> HttpResponse:
    """Write down what became of a question."""
    actor = actor_of(request)
    try:
        answer_signal(
            actor,
            signal_id,
            answer=request.POST.get("answer", ""),
            reason=request.POST.get("reason", "").replace("\r\n", "\n"),
            client_said=request.POST.get("client_said"),
            now=timezone.now(),
        )
    except ClinicError as refusal:
        found = signal_why(actor, signal_id, now=timezone.now())
        about_reason = refusal.got.startswith("a reason")
        problem = (
            ErrorLink(REASON, f"Your words are too long: {refusal.expected}.")
            if about_reason
            else ErrorLink(ANSWER, "Please choose what became of it.")
        )
        return _why_page(request, found, problem=problem)
    return see_other("signal", signal_id)


@permission("rupture.name")
@require_http_methods(["POST"])
@login_required
def rupture(request: HttpRequest, session_id: str) -> HttpResponse:
    """Write down that the therapist noticed a rupture in a session."""
    name_rupture(actor_of(request), session_id, now=timezone.now())
    return see_other("session", session_id)


def _week_page(request: HttpRequest, *, problem: ErrorLink | None = None) -> HttpResponse:
    found = signals_this_week(actor_of(request), now=timezone.now())
    context = {
        "monday": shown.day(found.monday),
        "budget": request.POST.get("per_week", "") if problem else found.budget,
        "kept": found.budget,
        "n_taken": found.n_taken,
        "most": MOST_PER_WEEK,
        "rate_sentence": found.rate_sentence,
        "shown": [_line(one) for one in found.shown],
        "listed": [_line(one) for one in found.listed],
        "older": [_line(one) for one in found.older],
        "errors": [problem] if problem else [],
        "budget_error": problem.message if problem else "",
    }
    return render(request, "attunement/signals.html", context, status=422 if problem else 200)


def _why_page(
    request: HttpRequest, found: SignalWhy, *, problem: ErrorLink | None = None
) -> HttpResponse:
    said = found.therapist_said
    chosen = request.POST.get("answer", "") if problem else (said.answer if said else "")
    client = request.POST.get("client_said", "") if problem else _client_choice(found)
    reason = request.POST.get("reason", "") if problem else (said.reason if said else "")
    signal = shown.signal(found.shown)
    context = {
        "signal_id": found.shown.signal_id,
        "dyad_id": found.dyad_id,
        "session_id": found.session_id,
        "session_no": found.shown.session_no,
        "code": found.client_code,
        "held_on": shown.day(found.held_on),
        "signal": signal,
        "title": found.shown.title,
        "facts": (*signal.facts, *_asked(found)),
        "others": [_line(one) for one in found.others],
        "marked": _marked(found),
        "therapist_said": _said(said),
        "client_said": _said(found.client_said),
        "client_later": PUT_RIGHT.get(found.client_later, ""),
        "answers": _choices("answer", THERAPIST_WORDS, chosen),
        "client_answers": _choices("client", CLIENT_WORDS, client),
        "reason": reason,
        "errors": [problem] if problem else [],
        "answer_error": problem.message if problem and problem.target == ANSWER else "",
        "reason_error": problem.message if problem and problem.target == REASON else "",
    }
    return render(request, "attunement/signal.html", context, status=422 if problem else 200)


def _asked(found: SignalWhy) -> tuple[shown.Fact, ...]:
    """Return what the practice asked of the rule when the signal was raised."""
    facts = []
    if found.rate_sentence:
        facts.append(shown.Fact("Asked of the rule", found.rate_sentence))
        number = f"setting {found.setting_no}" if found.setting_no else "as shipped"
        facts.append(shown.Fact("Setting and model", f"{number}; {found.model_version}"))
    return tuple(facts)


def _marked(found: SignalWhy) -> str:
    """Return what the client's own form says about strain in this session."""
    if found.client_marked is None:
        return ""
    value, most = shown.number(found.client_marked), shown.number(found.marked_maximum)
    return f"On their own form {found.client_code} marked strain {value} of {most}."


def _client_choice(found: SignalWhy) -> str:
    return found.client_said.answer if found.client_said else ""


def _said(row: Said | None) -> SaidWords | None:
    if row is None:
        return None
    return SaidWords(_SAID[row.answer], shown.day(timezone.localdate(row.said_at)), row.reason)


def _choices(name: str, words: dict[str, str], chosen: str) -> list[dict[str, object]]:
    return [
        {
            "html_id": f"{name}-{value or 'none'}",
            "value": value,
            "words": text,
            "checked": value == chosen,
        }
        for value, text in words.items()
    ]


def _line(one: ListedSignal) -> SignalLine:
    word = settings.ATTUNEMENT.words.session
    also = ""
    if one.n_more:
        also = f"{one.n_more} more {'rule asks' if one.n_more == 1 else 'rules ask'} about it"
    return SignalLine(
        signal_id=one.signal_id,
        question=one.question,
        where=f"{one.client_code}, {word} {one.session_no}, {shown.day(one.held_on)}",
        sentence=one.sentence,
        also=also,
    )
