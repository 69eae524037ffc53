# SPDX-License-Identifier: Apache-2.0
"""Half a minute before a session."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from attunement.clinic.access import permission
from attunement.clinic.errors import ClinicError
from attunement.clinic.pages import loop_words, pictures, shown
from attunement.clinic.pages.answers import ErrorLink
from attunement.clinic.pages.sessions import refused_page
from attunement.clinic.pages.staff import actor_of, see_other
from attunement.clinic.services.loop.before import before, record_intent
from attunement.clinic.services.loop.renewing import settle_change
from attunement.clinic.services.loop.results import AgreedNow, Before, IntentNow, LastComment
from attunement.clinic.services.loop.turns import Turn
from attunement.clinic.services.loop.words import OTHER, openers
from attunement.clinic.services.said_before import SaidAround, said_before

REASON = "reason"
_WISHES = {
    "raise": "They ask you to raise this.",
    "dont_raise": "They ask you not to raise this.",
}


@permission("before.view")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def page(request: HttpRequest, dyad_id: str) -> HttpResponse:
    """Show what a therapist needs before a session; take what becomes of the question."""
    actor = actor_of(request)
    problem: ErrorLink | None = None
    if request.method == "POST":
        found = before(actor, dyad_id, now=timezone.now())
        try:
            record_intent(
                actor,
                request.POST.get("session_id", ""),
                intent=request.POST.get("intent", ""),
                because=request.POST.get("because", ""),
                reason=request.POST.get("reason", ""),
                now=timezone.now(),
            )
        except ClinicError as refusal:
            problem = ErrorLink(REASON, f"That could not be kept: {refusal.expected}.")
        else:
            return see_other("before", dyad_id)
    found = before(actor, dyad_id, now=timezone.now())
    said = said_before(actor, dyad_id, now=timezone.now())
    return _render(request, found, said, problem)


@permission("together.record")
@require_POST
@login_required
def settle(request: HttpRequest, dyad_id: str) -> HttpResponse:
    """Ask about an agreed change again, or let it go."""
    try:
        settle_change(
            actor_of(request),
            dyad_id,
            request.POST.get("change", ""),
            what=request.POST.get("what", ""),
            now=timezone.now(),
        )
    except ClinicError as refusal:
        return refused_page(request, refusal, back=reverse("before", args=[dyad_id]))
    return see_other("before", dyad_id)


def _render(
    request: HttpRequest,
    found: Before,
    said: SaidAround,
    problem: ErrorLink | None,
) -> HttpResponse:
    context = {
        "said_before": said.before,
        "said_between": said.between,
        "left_between": said.left,
        "dyad_id": found.dyad_id,
        "code": found.client_code,
        "client_name": found.client_name,
        "sentence": found.sentence,
        "signal_id": found.signal_id,
        "session_id": found.session_id,
        "session_no": found.session_no,
        "figure": pictures.dual(found.chart) if found.chart else None,
        "unvalidated": "" if found.validated else shown.UNVALIDATED,
        "comment": _comment(found.comment),
        "agreed": _agreed(found.agreed),
        "no_more": [] if found.agreed is None else found.agreed.no_more,
        "intent": _intent(found.intent),
        "reasons": {
            code: words for code, words in openers().not_today.items() if code != OTHER
        }.items(),
        "other": OTHER,
        "reason": request.POST.get("reason", "") if problem else "",
        "errors": [problem] if problem else [],
    }
    return render(request, "attunement/before.html", context, status=422 if problem else 200)


def _comment(found: LastComment | None) -> dict[str, str] | None:
    if found is None:
        return None
    session = settings.ATTUNEMENT.words.session
    return {
        "words": found.comment.text,
        "where": f"{session} {found.session_no}: {found.comment.question}",
        "wish": _WISHES.get(found.wish, ""),
    }


def _agreed(found: AgreedNow | None) -> dict[str, str] | None:
    if found is None:
        return None
    words = settings.ATTUNEMENT.words
    word = loop_words.HELPED.get(found.word, "")
    asked = {
        Turn.LATER: "Asked after the earlier one.",
        Turn.NO_MORE: "Open, not asked any more.",
    }.get(found.turn, "Asked on the next form.")
    return {
        "words": "erased" if found.words is None else found.words,
        "when": f"agreed on {shown.day(timezone.localdate(found.said_at))}",
        "word": f"The {words.client} says: {word}." if word else asked,
    }


def _intent(found: IntentNow | None) -> dict[str, str] | None:
    if found is None:
        return None
    if found.intent == "raise":
        return {"words": "You mean to raise it.", "reason": ""}
    because = openers().not_today.get(found.because, "")
    return {"words": f"Not today. {because}.", "reason": found.reason or ""}
