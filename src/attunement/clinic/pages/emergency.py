# SPDX-License-Identifier: Apache-2.0
"""Access in an emergency: asked for with a reason, shown for an hour, reviewed by a lead."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from attunement.clinic.access import permission
from attunement.clinic.errors import AccessError, ClinicError
from attunement.clinic.pages import shown
from attunement.clinic.pages.answers import ErrorLink
from attunement.clinic.pages.staff import actor_of, see_other
from attunement.clinic.services.break_glass import (
    SHORTEST_REASON,
    break_glass,
    emergency_page,
    find_dyad,
    openings,
    review,
)

CODE, REASON = "code", "reason"
_NOBODY = "No client of the practice has this code, or they are your own: then open their page."


@permission("break_glass.find")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a client's code and a reason; open contact and risk facts for an hour."""
    actor, now = actor_of(request), timezone.now()
    if request.method != "POST":
        find_dyad(actor, "", now=now)
        return _ask(request)
    reason = request.POST.get("reason", "")
    dyad_id = find_dyad(actor, request.POST.get("code", "").strip(), now=now)
    try:
        if not dyad_id:
            return _ask(request, ErrorLink(CODE, _NOBODY))
        break_glass(actor, dyad_id, reason=reason, now=now)
    except AccessError:
        return _ask(request, ErrorLink(CODE, _NOBODY))
    except ClinicError as refusal:
        problem = ErrorLink(REASON, f"Please say why, in {refusal.expected}.")
        return _ask(request, problem)
    return see_other("emergency", dyad_id)


@permission("break_glass.view")
@require_safe
@login_required
def emergency(request: HttpRequest, dyad_id: str) -> HttpResponse:
    """Show whom to call, and whether an answer about risk waits. Nothing else opens."""
    found = emergency_page(actor_of(request), dyad_id, now=timezone.now())
    context = {
        "code": found.client_code,
        "client_name": found.client_name,
        "therapist": found.therapist_name,
        "team": found.team,
        "last_session_on": shown.day(found.last_session_on) if found.last_session_on else "",
        "risk": [
            {
                "when": timezone.localtime(one.received_at).strftime("%d.%m.%Y, %H:%M"),
                "taken_up": one.taken_up,
            }
            for one in found.risk
        ],
        "until": timezone.localtime(found.until_at).strftime("%H:%M"),
    }
    return render(request, "attunement/emergency.html", context)


@permission("break_glass.list")
@require_safe
@login_required
def emergencies(request: HttpRequest) -> HttpResponse:
    """List the accesses in emergencies; those that wait for a review first."""
    return _review_page(request)


@permission("break_glass.review")
@require_POST
@login_required
def reviewed(request: HttpRequest, glass_id: str) -> HttpResponse:
    """Close the review of one access."""
    try:
        review(actor_of(request), glass_id, words=request.POST.get("words", ""), now=timezone.now())
    except ClinicError as refusal:
        problem = ErrorLink(f"review-{glass_id}", f"Not closed: {refusal.got}.")
        return _review_page(request, problem)
    response = HttpResponseRedirect(reverse("emergencies"))
    response.status_code = 303
    return response


def _ask(request: HttpRequest, problem: ErrorLink | None = None) -> HttpResponse:
    context = {
        "shortest": SHORTEST_REASON,
        "code_typed": request.POST.get("code", ""),
        "reason_typed": request.POST.get("reason", ""),
        "errors": [problem] if problem else [],
        "code_error": problem.message if problem and problem.target == CODE else "",
        "reason_error": problem.message if problem and problem.target == REASON else "",
    }
    return render(request, "attunement/emergency_ask.html", context, status=422 if problem else 200)


def _review_page(request: HttpRequest, problem: ErrorLink | None = None) -> HttpResponse:
    rows = [
        {
            "glass_id": one.glass_id,
            "by": one.by,
            "by_oneself": one.by_oneself,
            "code": one.client_code,
            "when": timezone.localtime(one.opened_at).strftime("%d.%m.%Y, %H:%M"),
            "reason": one.reason,
            "reviewed_by": one.reviewed_by,
            "reviewed_on": (
                shown.day(timezone.localdate(one.reviewed_at)) if one.reviewed_at else ""
            ),
            "review": one.review,
        }
        for one in openings(actor_of(request), now=timezone.now())
    ]
    context = {
        "waiting": [row for row in rows if not row["reviewed_on"]],
        "closed": [row for row in rows if row["reviewed_on"]],
        "errors": [problem] if problem else [],
    }
    return render(request, "attunement/emergencies.html", context, status=422 if problem else 200)
