# SPDX-License-Identifier: Apache-2.0
"""Answers that were passed on: who was told, acknowledging, closing with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from attunement.clinic.access import permission
from attunement.clinic.errors import ClinicError
from attunement.clinic.pages.answers import ErrorLink
from attunement.clinic.pages.staff import actor_of, see_other
from attunement.clinic.services.risk import (
    LONGEST_REASON,
    Done,
    ShownAlert,
    Told,
    acknowledge,
    alert_list,
    alert_view,
    close,
)

CHANNELS = {"list": "on these pages", "mail": "by mail"}
LEVELS = {1: "first on the rota", 2: "next on the rota", 3: "lead", 4: "everybody named"}
UNTAKEN = (
    "This form itself was not taken: another one was before it, it came too late, or its link was "
    "closed. What was answered in it stands nowhere else."
)
UNCERTAIN = "The phone's clock cannot be right; go by the time of receipt."


@dataclass(frozen=True, slots=True)
class TimeWords:
    """A moment, for ``<time>`` and for reading."""

    machine: str
    words: str


@dataclass(frozen=True, slots=True)
class ToldWords:
    """One person who is told, in words."""

    name: str
    how: str
    when: TimeWords | None
    step: str
    trouble: str


@dataclass(frozen=True, slots=True)
class DoneWords:
    """What a person did, in words."""

    name: str
    when: TimeWords
    reason: str


@dataclass(frozen=True, slots=True)
class AlertWords:
    """One form's alerts for a page."""

    public_id: str
    code: str
    therapist: str
    whose: str
    session_no: int
    measure: str
    kinds: tuple[str, ...]
    answered: TimeWords | None
    uncertain: str
    untaken: str
    received: TimeWords
    told: tuple[ToldWords, ...]
    acknowledged: DoneWords | None
    closed: DoneWords | None
    is_open: bool


@permission("alerts.view")
@require_safe
@login_required
def alerts(request: HttpRequest) -> HttpResponse:
    """Show what waits, what is looked after, and what was closed in the last weeks."""
    found = alert_list(actor_of(request), now=timezone.now())
    context = {
        "waiting": [_words(each) for each in found.open],
        "looked_after": [_words(each) for each in found.acknowledged],
        "closed": [_words(each) for each in found.closed],
        "named": found.named,
        "procedure": found.procedure,
    }
    return render(request, "attunement/alerts.html", context)


@permission("alerts.view")
@require_safe
@login_required
def review(request: HttpRequest) -> HttpResponseRedirect:
    """Lead from a mail's link to the list. Nothing is acknowledged by following it."""
    del request
    return HttpResponseRedirect(reverse("alerts"))


@permission("alert.view")
@require_safe
@login_required
def alert(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show one form's alerts with everything that was done; change nothing."""
    return _alert_page(request, public_id)


@permission("alert.acknowledge")
@require_POST
@login_required
def acknowledged(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take it on; nobody else is told from now on."""
    acknowledge(actor_of(request), public_id, now=timezone.now())
    return see_other("alert", public_id)


@permission("alert.close")
@require_POST
@login_required
def closed(request: HttpRequest, public_id: str) -> HttpResponse:
    """Close it with what was done."""
    reason = request.POST.get("reason", "")
    try:
        close(actor_of(request), public_id, reason=reason, now=timezone.now())
    except ClinicError as refusal:
        problem = f"Please say in a few words what was done: {refusal.expected}."
        if "nobody has acknowledged" in refusal.got:
            return _alert_page(
                request, public_id, ErrorLink("acknowledge", "Please acknowledge it first."), 422
            )
        return _alert_page(request, public_id, ErrorLink("reason", problem), 422)
    return see_other("alert", public_id)


def _alert_page(
    request: HttpRequest, public_id: str, problem: ErrorLink | None = None, status: int = 200
) -> HttpResponse:
    found = alert_view(actor_of(request), public_id, now=timezone.now())
    context = {
        "alert": _words(found),
        "procedure": settings.ATTUNEMENT.risk.procedure,
        "most": LONGEST_REASON,
        "reason": request.POST.get("reason", "")[:LONGEST_REASON] if problem else "",
        "reason_error": problem.message if problem and problem.target == "reason" else "",
        "errors": [problem] if problem else [],
    }
    return render(request, "attunement/alert.html", context, status=status)


def _words(found: ShownAlert) -> AlertWords:
    words = settings.ATTUNEMENT.words
    return AlertWords(
        public_id=found.public_id,
        code=found.client_code,
        therapist=found.therapist_name,
        whose=words.client if found.perspective == "client" else words.therapist,
        session_no=found.session_no,
        measure=found.measure_title,
        kinds=found.kinds,
        answered=_time(found.answered_at) if found.answered_at else None,
        uncertain=UNCERTAIN if found.clock_suspect else "",
        untaken="" if found.taken else UNTAKEN,
        received=_time(found.received_at),
        told=tuple(_told(each) for each in found.told),
        acknowledged=_done(found.acknowledged),
        closed=_done(found.closed),
        is_open=found.is_open,
    )


def _told(each: Told) -> ToldWords:
    trouble = f"Not taken yet ({each.problem}); it is tried again." if each.problem else ""
    return ToldWords(
        name=each.name,
        how=CHANNELS[each.channel],
        when=_time(each.at) if each.at else None,
        step=LEVELS[each.level],
        trouble=trouble if each.at is None else "",
    )


def _done(each: Done | None) -> DoneWords | None:
    return None if each is None else DoneWords(each.name, _time(each.at), each.reason)


def _time(moment: datetime) -> TimeWords:
    local = timezone.localtime(moment)
    return TimeWords(local.isoformat(timespec="seconds"), f"{local.day} {local:%B %Y, %H:%M}")
