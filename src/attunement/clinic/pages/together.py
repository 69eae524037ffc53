# SPDX-License-Identifier: Apache-2.0
"""The screen that two people look at, on one laptop or in a video session.

The page extends the bare frame: no menu, no list, no name, no notice meant for staff. Its title
says nothing, and Escape or "Close" leads to a page that says nothing either.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_http_methods, require_safe

from attunement.clinic.access import permission
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import LONGEST_CHANGE
from attunement.clinic.pages.answers import ErrorLink
from attunement.clinic.pages.staff import actor_of, see_other
from attunement.clinic.services.loop.results import Together
from attunement.clinic.services.loop.together import NOTHING, record_together, together
from attunement.clinic.services.loop.words import openers
from attunement.clinic.services.results import Chart
from attunement.figures import DualChart, Line, dual_chart

CHANGE, HELPS = "change", "helps"
TOO_LONG = f"Please keep it under {LONGEST_CHANGE} characters."
EMPTY = "Nothing is filled in yet. Tick something that would help, or write a few words."


@permission("together.view")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def page(request: HttpRequest, dyad_id: str) -> HttpResponse:
    """Show the screen for two; keep what would help and one agreed change."""
    actor = actor_of(request)
    problem: ErrorLink | None = None
    if request.method == "POST":
        try:
            record_together(
                actor,
                dyad_id,
                session_id=request.POST.get("session_id", ""),
                helps=request.POST.getlist("help"),
                would_help=request.POST.get("would_help", ""),
                change=request.POST.get("change"),
                now=timezone.now(),
            )
        except ClinicError as refusal:
            empty = refusal.got == NOTHING
            problem = ErrorLink(HELPS, EMPTY) if empty else ErrorLink(CHANGE, TOO_LONG)
        else:
            return see_other("together", dyad_id)
    found = together(actor, dyad_id, now=timezone.now())
    return _render(request, found, problem)


@permission("together.view")
@require_safe
@login_required
def closed(request: HttpRequest) -> HttpResponse:
    """Show a page that says nothing: where the screen for two is left to."""
    return render(request, "attunement/together_closed.html")


def _render(request: HttpRequest, found: Together, problem: ErrorLink | None) -> HttpResponse:
    plain = openers()
    about = plain.few
    if found.chart is not None:
        about = plain.both if found.both_lines else plain.own
    kept = set(request.POST.getlist("help") if problem else found.already)
    context = {
        "dyad_id": found.dyad_id,
        "session_id": found.session_id,
        "figure": _figure(found.chart, both=found.both_lines) if found.chart else None,
        "about": about.format(therapist=settings.ATTUNEMENT.words.therapist),
        "openers": found.openers,
        "helps": [
            {"code": code, "words": words, "checked": code in kept}
            for code, words in found.helps.items()
        ],
        "would_help": request.POST.get("would_help", "") if problem else found.would_help or "",
        "change": request.POST.get("change", "") if problem else found.agreed or "",
        "agreed": "" if problem else found.agreed or "",
        "kept": not problem and bool(found.already or found.would_help),
        "longest": LONGEST_CHANGE,
        "errors": [problem] if problem else [],
        "helps_error": problem.message if problem and problem.target == HELPS else "",
        "change_error": problem.message if problem and problem.target == CHANGE else "",
    }
    return render(request, "attunement/together.html", context, status=422 if problem else 200)


def _figure(chart: Chart, *, both: bool) -> SafeString:
    """Return the drawing with the words that two people use; one line where one is shown."""
    other = Line(chart.therapist.label, chart.therapist.sessions, chart.therapist.values)
    figure = dual_chart(
        DualChart(
            client=Line(chart.client.label, chart.client.sessions, chart.client.values),
            therapist=other if both else None,
            minimum=chart.minimum,
            maximum=chart.maximum,
            higher_is_better=chart.higher_is_better,
            title=chart.title,
        )
    )
    return mark_safe(figure.html(heading_level=0))  # noqa: S308 -- escaped by figures
