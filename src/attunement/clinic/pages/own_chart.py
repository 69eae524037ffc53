# SPDX-License-Identifier: Apache-2.0
"""A client's own: the chart after a question, who looked, a number, and fewer readers."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_safe

from attunement.clinic.access import permission
from attunement.clinic.errors import AccessError, ClinicError
from attunement.clinic.pages import shown
from attunement.clinic.pages.answers import ErrorLink
from attunement.clinic.pages.client import MARK_FIELD, closed, on_kiosk, own_chart_offered
from attunement.clinic.pages.grants import held_grant
from attunement.clinic.services.looked import Look, looked
from attunement.clinic.services.own_chart import OwnChart, chart_check, own_chart, set_pin
from attunement.clinic.services.widening import narrow_by_client, narrow_page
from attunement.clinic.services.wording import client_who_sees
from attunement.figures import DualChart, Line, dual_chart


@permission("client_chart.view")
@require_http_methods(["GET", "HEAD", "POST"])
def chart(request: HttpRequest) -> HttpResponse:
    """Ask for the number or the year of birth; show the chart once when it is right."""
    mark = (request.POST if request.method == "POST" else request.GET).get(MARK_FIELD, "")
    grant = held_grant(request, mark)
    wrong = False
    try:
        if not own_chart_offered(request):
            return closed(request)
        if request.method == "POST":
            found = own_chart(grant, request.POST.get("answer", ""), now=timezone.now())
            if found is not None:
                gaps = None in found.line.values
                seen = {"figure": _figure(found), "gaps": gaps, "mark": mark}
                return render(request, "attunement/client/chart.html", seen)
            wrong = True
        check = chart_check(grant, now=timezone.now())
    except AccessError:
        return closed(request)
    errors = [ErrorLink("answer", "That is not what is noted here.")] if wrong else []
    context: dict[str, object] = {"check": str(check), "mark": mark, "errors": errors}
    status = 422 if wrong else 200
    return render(request, "attunement/client/chart_check.html", context, status=status)


@permission("client_chart.view")
@require_http_methods(["POST"])
def number(request: HttpRequest) -> HttpResponse:
    """Keep a number that opens the chart next time."""
    grant = held_grant(request, request.POST.get(MARK_FIELD, ""))
    try:
        kept = set_pin(grant, request.POST.get("pin", ""), now=timezone.now())
    except AccessError:
        return closed(request)
    status = 200 if kept else 422
    return render(request, "attunement/client/chart_number.html", {"kept": kept}, status=status)


@permission("readers.view")
@require_safe
def who_looked(request: HttpRequest) -> HttpResponse:
    """Show the client who looked at the record: roles, days, and what at."""
    mark = request.GET.get(MARK_FIELD, "")
    try:
        if not own_chart_offered(request):
            return closed(request)
        found = looked(held_grant(request, mark), now=timezone.now())
    except AccessError:
        return closed(request)
    days: dict[str, list[Look]] = {}
    for one in found.lines:
        days.setdefault(shown.day(one.day), []).append(one)
    context = {"days": days.items(), "cut_off": found.cut_off}
    return render(request, "attunement/client/looked.html", context)


@permission("visibility.narrow")
@require_http_methods(["GET", "HEAD", "POST"])
def fewer(request: HttpRequest) -> HttpResponse:
    """Ask a client who may see the form that was just sent, if fewer than was said; note it."""
    mark = (request.POST if request.method == "POST" else request.GET).get(MARK_FIELD, "")
    kept: bool | None = None
    try:
        if on_kiosk(request):
            return closed(request)
        grant = held_grant(request, mark)
        if request.method == "POST":
            wanted = request.POST.get("narrower", "")
            kept = narrow_by_client(grant, visibility=wanted, now=timezone.now())
        found = narrow_page(grant, now=timezone.now())
    except (AccessError, ClinicError):
        return closed(request)
    words = settings.ATTUNEMENT.words
    choices = [
        {"value": mode, "words": client_who_sees(words, visibility=mode).split(". ")[0]}
        for mode in found.choices
    ]
    context = {"mark": mark, "kept": kept, "told": found.told, "choices": choices}
    return render(request, "attunement/client/fewer.html", context)


def _figure(found: OwnChart) -> str:
    figure = dual_chart(
        DualChart(
            client=Line(found.line.label, found.line.sessions, found.line.values),
            therapist=None,
            minimum=found.minimum,
            maximum=found.maximum,
            higher_is_better=found.higher_is_better,
            marks=(),
            title=found.title,
        )
    )
    return mark_safe(figure.html(heading_level=2))  # noqa: S308 -- escaped by figures
