# SPDX-License-Identifier: Apache-2.0
"""A lead's pages about people: care teams, supervision, answers for the lead, who looked."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from attunement.clinic.access import permission
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import Role, TeamPlace
from attunement.clinic.pages import shown
from attunement.clinic.pages.answers import ErrorLink
from attunement.clinic.pages.staff import actor_of
from attunement.clinic.services.lead_answers import lead_answers
from attunement.clinic.services.readers import readers_page
from attunement.clinic.services.team import (
    PLACE_ROLES,
    Member,
    TeamsPage,
    add_member,
    end_member,
    end_supervision,
    link_supervisor,
    teams,
)


@permission("team.view")
@require_safe
@login_required
def care_teams(request: HttpRequest) -> HttpResponse:
    """Show who is on which case, and who supervises whom."""
    return _page(request, teams(actor_of(request), now=timezone.now()))


@permission("team.change")
@require_POST
@login_required
def add(request: HttpRequest, dyad_id: str) -> HttpResponse:
    """Put somebody on a care team."""
    login_id, _, place = request.POST.get("who", "").partition(" ")
    return _changed(
        request,
        lambda: add_member(
            actor_of(request), dyad_id, login_id=login_id, place=place, now=timezone.now()
        ),
    )


@permission("team.change")
@require_POST
@login_required
def end(request: HttpRequest, member_id: str) -> HttpResponse:
    """End somebody's place on a care team, at once."""
    return _changed(request, lambda: end_member(actor_of(request), member_id, now=timezone.now()))


@permission("supervision.change")
@require_POST
@login_required
def link(request: HttpRequest) -> HttpResponse:
    """Say who supervises a therapist."""
    return _changed(
        request,
        lambda: link_supervisor(
            actor_of(request),
            supervisor_id=request.POST.get("supervisor", ""),
            therapist_id=request.POST.get("therapist", ""),
            now=timezone.now(),
        ),
    )


@permission("supervision.change")
@require_POST
@login_required
def unlink(request: HttpRequest, link_id: str) -> HttpResponse:
    """End a supervision, at once."""
    return _changed(
        request, lambda: end_supervision(actor_of(request), link_id, now=timezone.now())
    )


@permission("lead_answers.view")
@require_safe
@login_required
def answers(request: HttpRequest) -> HttpResponse:
    """Show the answers that clients gave to the lead alone."""
    rows = [
        {
            "code": one.client_code,
            "therapist": one.therapist_name,
            "session_no": one.session_no,
            "day": shown.day(one.held_on),
            "question": one.question,
            "answer": one.answer,
        }
        for one in lead_answers(actor_of(request), now=timezone.now())
    ]
    return render(request, "attunement/lead_answers.html", {"answers": rows})


@permission("readers.view")
@require_safe
@login_required
def readers(request: HttpRequest, dyad_id: str) -> HttpResponse:
    """Show who looked at a client's record."""
    found = readers_page(actor_of(request), dyad_id, now=timezone.now())
    rows = [
        {
            "name": one.name,
            "role": one.role,
            "what": one.what,
            "day": shown.day(one.day),
            "at": timezone.localtime(one.last_at).strftime("%H:%M"),
            "times": one.times,
        }
        for one in found.readers
    ]
    context = {
        "code": found.client_code,
        "therapist": found.therapist_name,
        "readers": rows,
        "cut_off": found.cut_off,
    }
    return render(request, "attunement/readers.html", context)


def _changed(request: HttpRequest, change: Callable[[], object]) -> HttpResponse:
    try:
        change()
    except ClinicError as refusal:
        page = teams(actor_of(request), now=timezone.now())
        problem = ErrorLink("teams", f"{refusal.what}: {refusal.got}.")
        return _page(request, page, problem=problem)
    response = HttpResponseRedirect(reverse("teams"))
    response.status_code = 303
    return response


def _page(
    request: HttpRequest, page: TeamsPage, *, problem: ErrorLink | None = None
) -> HttpResponse:
    places = [
        {
            "value": f"{one.login_id} {place}",
            "words": f"{one.name}, {TeamPlace(place).label}",
            "login_id": one.login_id,
        }
        for one in page.colleagues
        for place, roles in PLACE_ROLES.items()
        if one.role in roles
    ]
    context = {
        "cases": [
            {
                "dyad_id": one.dyad_id,
                "code": one.client_code,
                "therapist": one.therapist_name,
                "members": [_member(each) for each in one.members if each.until_at is None],
                "left": [_member(each) for each in one.members if each.until_at is not None],
            }
            for one in page.cases
        ],
        "places": places,
        "links": [
            {
                "link_id": one.link_id,
                "supervisor": one.supervisor_name,
                "therapist": one.therapist_name,
                "since": shown.day(timezone.localdate(one.from_at)),
            }
            for one in page.links
        ],
        "supervisors": [one for one in page.colleagues if one.role == Role.SUPERVISOR],
        "therapists": page.therapists,
        "errors": [problem] if problem else [],
    }
    return render(request, "attunement/teams.html", context, status=422 if problem else 200)


def _member(one: Member) -> dict[str, str]:
    return {
        "member_id": one.member_id,
        "name": one.name,
        "place": TeamPlace(one.place).label,
        "since": shown.day(timezone.localdate(one.from_at)),
        "until": shown.day(timezone.localdate(one.until_at)) if one.until_at else "",
    }
