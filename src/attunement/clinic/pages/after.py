# SPDX-License-Identifier: Apache-2.0
"""A minute after a session: rupture or strain, and what was tried."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from attunement.clinic.access import permission
from attunement.clinic.errors import ClinicError
from attunement.clinic.pages import loop_words, shown
from attunement.clinic.pages.answers import ErrorLink
from attunement.clinic.pages.staff import actor_of, see_other
from attunement.clinic.services.loop.after import after, record_after
from attunement.clinic.services.loop.results import After, Entry
from attunement.clinic.services.loop.words import Suggestion, repair

KINDS = {"none": "Neither", "strain": "A strain", "rupture": "A rupture"}
KIND = "kind-none"


@permission("after.view")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def page(request: HttpRequest, session_id: str) -> HttpResponse:
    """Ask what happened between the two; keep it. All of it may be left out."""
    actor = actor_of(request)
    problem: ErrorLink | None = None
    if request.method == "POST":
        try:
            record_after(actor, session_id, _sent(request), now=timezone.now())
        except ClinicError as refusal:
            first = refusal.got.startswith("no answer")
            said = (
                "Please say whether there was a strain, a rupture, or neither."
                if first
                else f"That could not be kept: {refusal.expected}."
            )
            problem = ErrorLink(KIND, said)
        else:
            session = settings.ATTUNEMENT.words.session
            messages.success(request, f"What you said about this {session} is kept.")
            return see_other("session", session_id)
    found = after(actor, session_id, now=timezone.now())
    return _render(request, found, problem)


def _sent(request: HttpRequest) -> Entry:
    right = request.POST.get("put_right", "")
    return Entry(
        kind=request.POST.get("kind", ""),
        type=request.POST.get("type", ""),
        target=request.POST.get("target", ""),
        moment=request.POST.get("moment", ""),
        tried=tuple(request.POST.getlist("tried")),
        put_right=int(right) if right.isascii() and right.isdecimal() and len(right) == 1 else None,
        ask_client=request.POST.get("ask_client") == "yes",
    )


def _render(request: HttpRequest, found: After, problem: ErrorLink | None) -> HttpResponse:
    entry = _sent(request) if problem else found.entry
    right = "" if entry.put_right is None else str(entry.put_right)
    levels = {str(number): f"{number} {words}" for number, words in enumerate(loop_words.RIGHT)}
    context = {
        "session_id": found.session_id,
        "dyad_id": found.dyad_id,
        "session_no": found.session_no,
        "held_on": shown.day(found.held_on),
        "code": found.client_code,
        "kinds": _choices("kind", KINDS, entry.kind),
        "types": _choices("type", {**loop_words.TYPES, "": "Not sure"}, entry.type),
        "targets": _choices("target", {**loop_words.TARGETS, "": "Not sure"}, entry.target),
        "moments": _choices("moment", {**loop_words.MOMENTS, "": "Not sure"}, entry.moment),
        "levels": _choices("put_right", {**levels, "": "Not sure"}, right),
        "tried": [
            {
                "html_id": f"tried-{one.code}",
                "value": one.code,
                "words": one.words,
                "checked": one.code in entry.tried,
            }
            for one in repair().strategies.values()
        ],
        "ask_client": entry.ask_client,
        "written": shown.day(timezone.localdate(found.written_at)) if found.written_at else "",
        "suggestions": [suggestion(one) for one in repair().suggestions],
        "errors": [problem] if problem else [],
        "kind_error": problem.message if problem else "",
    }
    return render(request, "attunement/after.html", context, status=422 if problem else 200)


def suggestion(one: Suggestion) -> dict[str, str]:
    """Return a suggestion with where it comes from and what that is worth."""
    read = {"paper": "paper read", "abstract": "abstract read", "secondary": "not read by us"}
    return {
        "when": "Now" if one.phase == "now" else "Later",
        "words": one.words,
        "source": one.source.citation,
        "doi": one.source.doi,
        "weight": f"{one.source.weight} ({read[one.source.seen]})",
    }


def _choices(name: str, options: Mapping[str, str], chosen: str) -> list[dict[str, object]]:
    return [
        {
            "html_id": f"{name}-{value or 'unsure'}",
            "name": name,
            "value": value,
            "words": words,
            # "Not sure" is no answer: it stands chosen only where the rest was answered.
            "checked": value == chosen and value != "",
        }
        for value, words in options.items()
    ]
