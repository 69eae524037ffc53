# SPDX-License-Identifier: Apache-2.0
"""A therapist's first page: whom to look at and why, and what waits. Everything else is quiet."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from attunement.clinic.access import permission
from attunement.clinic.models import Role
from attunement.clinic.pages import loop_words, shown
from attunement.clinic.pages.staff import actor_of
from attunement.clinic.services.loop.closure import DEFINITION, own_closure
from attunement.clinic.services.loop.day import day_list
from attunement.clinic.services.loop.results import Need, WaitingLoop

SHOWN_WAITING = 5  # further ones open with one click


@dataclass(frozen=True, slots=True)
class NeedWords:
    """One session that asks for a look, in one line."""

    dyad_id: str
    signal_id: str
    code: str
    where: str
    sentence: str
    to_raise: bool


@dataclass(frozen=True, slots=True)
class LinkWords:
    """A link with what is behind it."""

    href: str
    code: str
    facts: str
    quote: str = ""


@permission("day.view")
@require_safe
@login_required
def day(request: HttpRequest) -> HttpResponse:
    """Show a therapist's day; everybody else's first page is another one."""
    actor = actor_of(request)
    if actor.role != Role.THERAPIST:
        return redirect("caseload")
    found = day_list(actor, now=timezone.now())
    words = settings.ATTUNEMENT.words
    waiting = [_waiting(one) for one in found.waiting]
    context = {
        "today": f"{found.today:%A}, {shown.day(found.today)}",
        "budget": found.budget,
        "needs": [_need(one) for one in found.needs],
        "n_put_off": found.n_put_off,
        "n_listed": found.n_listed,
        "sessions": [
            LinkWords(
                href=reverse("session", args=[one.session_id]),
                code=one.client_code,
                facts=", ".join(
                    part
                    for part in (
                        f"{words.session} {one.session_no}",
                        shown.MODALITIES.get(one.modality, one.modality),
                        "not rated from your chair" if one.your_form_open else "",
                    )
                    if part
                ),
            )
            for one in found.sessions
        ],
        "expected": [
            LinkWords(
                href=reverse("before", args=[one.dyad_id]),
                code=one.client_code,
                facts=f"last here on {shown.day(one.last_held_on)}",
            )
            for one in found.expected
        ],
        "weekday": f"{found.today:%A}",
        "waiting": waiting[:SHOWN_WAITING],
        "waiting_more": waiting[SHOWN_WAITING:],
        "open_forms": [
            LinkWords(
                href=reverse("session-rate", args=[one.session_id]),
                code=one.client_code,
                facts=f"{words.session} {one.session_no}, {shown.day(one.held_on)}",
            )
            for one in found.open_forms
        ],
        "n_clients": found.n_clients,
    }
    return render(request, "attunement/day.html", context)


@permission("own_loops.view")
@require_safe
@login_required
def own_loops(request: HttpRequest) -> HttpResponse:
    """Show a therapist the own loops, and nobody else."""
    found = own_closure(actor_of(request), now=timezone.now())
    context = {"counts": loop_words.closure(found), "definition": DEFINITION}
    return render(request, "attunement/own_loops.html", context)


def _need(one: Need) -> NeedWords:
    session = settings.ATTUNEMENT.words.session
    return NeedWords(
        dyad_id=one.dyad_id,
        signal_id=one.signal_id,
        code=one.client_code,
        where=f"{session} {one.session_no}, {shown.day(one.held_on)}",
        sentence=one.sentence,
        to_raise=one.to_raise,
    )


def _waiting(one: WaitingLoop) -> LinkWords:
    return LinkWords(
        href=reverse("before", args=[one.dyad_id]),
        code=one.client_code,
        facts=loop_words.waiting(one.stage, one.word, settings.ATTUNEMENT.words, turn=one.turn),
        quote=one.change,
    )
