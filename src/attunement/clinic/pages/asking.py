# SPDX-License-Identifier: Apache-2.0
"""What one client is asked: goals, how often before sessions, and reminders; and the way out."""

from __future__ import annotations

import re
from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from attunement.clinic.access import permission
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import LONGEST_GOAL, MOST_GOALS, Login, Moment
from attunement.clinic.pages.client import typed_secret
from attunement.clinic.pages.sessions import link_card, refused_page
from attunement.clinic.pages.staff import actor_of, see_other
from attunement.clinic.services import dyad_overview
from attunement.clinic.services.asking import set_schedule
from attunement.clinic.services.between import ask_between, between_rule_of
from attunement.clinic.services.due_dates import NEVER, NUMBERS, WEEKS, AskRule
from attunement.clinic.services.forms import measure_of
from attunement.clinic.services.goals import add_goal, end_goal, goals_of
from attunement.clinic.services.reminders import (
    agree,
    agreed_of,
    channels,
    stop,
    stop_by_client,
)

_NUMBERS = re.compile(r"[0-9]{1,3}(?:[ ,;]+[0-9]{1,3}){0,19}", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,2}", re.ASCII)


@permission("goals.set")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def asking(request: HttpRequest, dyad_id: str) -> HttpResponse:
    """Show and change what a client is asked beside the form after a session."""
    actor, now = actor_of(request), timezone.now()
    problem: ClinicError | None = None
    if request.method == "POST":
        try:
            _change(request, actor, dyad_id, now=now)
        except ClinicError as refusal:
            problem = refusal
        else:
            return see_other("asking", dyad_id)
    found = dyad_overview(actor, dyad_id, now=now)
    context = {
        "dyad_id": dyad_id,
        "code": found.client_code,
        "ended": found.ended_on is not None,
        "goals": goals_of(actor, dyad_id, now=now),
        "most_goals": MOST_GOALS,
        "longest_goal": LONGEST_GOAL,
        "before": settings.ATTUNEMENT.capture.before,
        "between": settings.ATTUNEMENT.capture.between,
        "between_now": _how_often(between_rule_of(actor, dyad_id, now=now)),
        "channels": channels(),
        "agreed": agreed_of(actor, dyad_id, now=now),
        "problem": problem,
    }
    return render(request, "attunement/asking.html", context, status=422 if problem else 200)


@permission("invitation.make")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def between(request: HttpRequest, dyad_id: str) -> HttpResponse:
    """Make a link to a form about the time since the last session; show it in that answer alone."""
    actor, now = actor_of(request), timezone.now()
    found = dyad_overview(actor, dyad_id, now=now)
    asked = settings.ATTUNEMENT.capture.between
    context: dict[str, object] = {
        "dyad_id": dyad_id,
        "code": found.client_code,
        "title": measure_of(asked).title if asked else "No form is set up for this",
    }
    if request.method == "POST":
        try:
            issued = ask_between(actor, dyad_id, now=now)
        except ClinicError as refusal:
            return refused_page(request, refusal, back=reverse("asking", args=[dyad_id]))
        context |= link_card(issued)
    return render(request, "attunement/between.html", context)


@permission("reminders.stop")
@require_http_methods(["GET", "HEAD", "POST"])
def stopped(request: HttpRequest) -> HttpResponse:
    """Stop a client's reminders; opening the page stops nothing, sending it does."""
    said: bool | None = None
    if request.method == "POST":
        said = stop_by_client(typed_secret(request.POST.get("token", "")), now=timezone.now())
    context = {"stopped": said, "entry": reverse("client-entry")}
    return render(request, "attunement/client/stop.html", context)


def _change(request: HttpRequest, actor: Login, dyad_id: str, *, now: datetime) -> None:
    act = request.POST.get("act", "")
    if act == "goal":
        add_goal(actor, dyad_id, request.POST.get("words", ""), now=now)
    elif act == "end-goal":
        end_goal(actor, dyad_id, request.POST.get("goal", ""), now=now)
    elif act == "schedule":
        numbers = request.POST.get("numbers", "").strip()
        every = request.POST.get("every", "1").strip()
        readable = not numbers or _NUMBERS.fullmatch(numbers)
        set_schedule(
            actor,
            dyad_id,
            kind=request.POST.get("kind", ""),
            numbers=tuple(int(one) for one in re.findall(r"[0-9]+", numbers)) if readable else (0,),
            every=int(every) if _WHOLE.fullmatch(every) else 0,
            moment=Moment.BETWEEN if request.POST.get("moment") == "between" else Moment.BEFORE,
            now=now,
        )
    elif act == "remind":
        agree(
            actor,
            dyad_id,
            channel=request.POST.get("channel", ""),
            address=request.POST.get("address", "").strip(" "),
            now=now,
        )
    elif act == "stop":
        stop(actor, dyad_id, channel=request.POST.get("channel", ""), now=now)


def _how_often(rule: AskRule | None) -> str:
    """Return in words how often is asked between sessions now."""
    words = settings.ATTUNEMENT.words
    if rule is None or rule.kind == NEVER:
        return "Now: only when you make a link."
    if rule.kind == WEEKS:
        return f"Now: once in {rule.every} weeks." if rule.every > 1 else "Now: once a week."
    if rule.kind == NUMBERS:
        numbers = ", ".join(str(number) for number in rule.numbers)
        return f"Now: once after {words.sessions} {numbers}, then after every {rule.every}."
    return f"Now: once after every {words.session}."
