# SPDX-License-Identifier: Apache-2.0
"""Choosing who sees a client's next answers; what a researcher and an operator come to."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from attunement.clinic.access import permission
from attunement.clinic.access.visibility import Visibility
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import Login, Role
from attunement.clinic.pages import shown
from attunement.clinic.pages.answers import ErrorLink
from attunement.clinic.pages.staff import actor_of, see_other
from attunement.clinic.services.birth_year import note_birth_year
from attunement.clinic.services.promises import choose_visibility, visibility_page
from attunement.clinic.services.research import research_page
from attunement.clinic.services.widening import ask_to_widen, narrow_session
from attunement.clinic.services.wording import mode_words

MODE, YEAR = "mode-open", "birth-year"
_DELAYS = (0, 7, 14, 28)
# What somebody who wants fewer readers can mean, from the fewest on.
NARROWER = (Visibility.SEALED, Visibility.END, Visibility.SCORES, Visibility.DELAYED)


@permission("visibility.choose")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def visibility(request: HttpRequest, dyad_id: str) -> HttpResponse:
    """Show who sees the next answers; choose it for this care episode."""
    actor = actor_of(request)
    problem = None
    if request.method == "POST":
        mode, _, days = request.POST.get("mode", "").partition(" ")
        try:
            choose_visibility(
                actor,
                dyad_id,
                visibility=mode,
                delay_days=int(days) if days.isascii() and days.isdecimal() else 0,
                now=timezone.now(),
            )
        except ClinicError as refusal:
            problem = ErrorLink(MODE, _said(refusal))
        else:
            return see_other("visibility", dyad_id)
    return _page(request, actor, dyad_id, problem)


def _said(refusal: ClinicError) -> str:
    """Return why a choice was not taken, and who can change that."""
    if "there is none" in refusal.got:
        return (
            "Nobody supervises this work in the program, so nobody would read the answers. "
            "The lead can add a supervisor under Care teams; nothing was changed."
        )
    return f"{refusal.what.capitalize()}: {refusal.got}. Please choose again."


@permission("widening.ask")
@require_POST
@login_required
def widen(request: HttpRequest, session_id: str) -> HttpResponse:
    """Have the client asked whether an earlier form may be seen by more people."""
    actor = actor_of(request)
    ask_to_widen(actor, session_id, now=timezone.now())
    own = actor.role == Role.THERAPIST
    context = {
        "heading": "The question is noted",
        "lines": [
            "If there is a form to ask about, the next form asks it. Nothing opens without a yes.",
        ],
        "back_href": reverse("session", args=[session_id]) if own else reverse("teams"),
        "back_words": "Back",
    }
    return render(request, "attunement/message.html", context)


@permission("birth_year.note")
@require_POST
@login_required
def birth_year(request: HttpRequest, dyad_id: str) -> HttpResponse:
    """Note the year of birth that opens the client's own chart."""
    actor = actor_of(request)
    try:
        note_birth_year(actor, dyad_id, request.POST.get("year", ""), now=timezone.now())
    except ClinicError as refusal:
        return _page(request, actor, dyad_id, ErrorLink(YEAR, f"Please type {refusal.expected}."))
    return see_other("visibility", dyad_id)


@permission("visibility.narrow")
@require_POST
@login_required
def fewer(request: HttpRequest, dyad_id: str) -> HttpResponse:
    """Let fewer people see one session's form, as its client asked the lead to."""
    actor = actor_of(request)
    try:
        narrow_session(
            actor,
            dyad_id,
            request.POST.get("session", ""),
            visibility=request.POST.get("narrower", ""),
            now=timezone.now(),
        )
    except ClinicError as refusal:
        return _page(request, actor, dyad_id, ErrorLink(MODE, _said(refusal)))
    context = {
        "heading": "That is noted",
        "lines": [
            "If this form is in and nobody could read it yet, fewer people see it from now on.",
            "If it had opened already, nothing changed: what was read cannot be unread.",
            "This page does not say which of the two it was.",
        ],
        "back_href": reverse("visibility", args=[dyad_id]),
        "back_words": "Back",
    }
    return render(request, "attunement/message.html", context)


@permission("research.view")
@require_safe
@login_required
def research(request: HttpRequest) -> HttpResponse:
    """Show a researcher the counts that a researcher may see."""
    found = research_page(actor_of(request), now=timezone.now())
    context = {
        "up_to": shown.day(found.up_to),
        "fewest": found.fewest_clients,
        "n_clients": found.n_clients,
        "n_sessions": found.n_sessions,
        "n_forms": found.n_forms,
    }
    return render(request, "attunement/research.html", context)


@permission("home.view")
@require_safe
@login_required
def operator(request: HttpRequest) -> HttpResponse:
    """Tell an operator what this login is for: there is no record of anybody here."""
    actor_of(request)
    return render(request, "attunement/operator.html")


def _page(
    request: HttpRequest, actor: Login, dyad_id: str, problem: ErrorLink | None
) -> HttpResponse:
    found = visibility_page(actor, dyad_id, now=timezone.now())
    words = settings.ATTUNEMENT.words
    choices = [
        {
            "html_id": f"mode-{mode}" if not days else f"mode-{mode}-{days}",
            "value": f"{mode} {days}" if days else str(mode),
            "words": mode_words(words, mode, days),
            "checked": (found.rule.visibility, found.rule.delay_days) == (mode, days),
        }
        for mode in Visibility
        for days in (_DELAYS if mode is Visibility.DELAYED else (0,))
    ]
    context = {
        "dyad_id": found.dyad_id,
        "code": found.client_code,
        "own": actor.role == Role.THERAPIST,
        "choices": choices,
        "by_practice": found.by_practice,
        "narrower": [{"value": mode.value, "words": mode_words(words, mode)} for mode in NARROWER],
        "sessions": [
            {"id": pk, "words": f"{words.session} {number}, {shown.day(held_on)}"}
            for pk, number, held_on in found.sessions
        ]
        if actor.role == Role.LEAD
        else [],
        "supervised": found.supervised,
        "supervisors": found.supervisors,
        "history": [
            {
                "when": shown.day(timezone.localdate(one.set_at)),
                "words": mode_words(words, one.visibility, one.delay_days),
            }
            for one in found.history
        ],
        "birth_year_noted": found.birth_year_noted,
        "own_chart": settings.ATTUNEMENT.capture.own_chart,
        "errors": [problem] if problem else [],
        "mode_error": problem.message if problem and problem.target == MODE else "",
        "year_error": problem.message if problem and problem.target == YEAR else "",
    }
    return render(request, "attunement/visibility.html", context, status=422 if problem else 200)
