# SPDX-License-Identifier: Apache-2.0
"""Cases that were shared: for a supervisor, and for people on a care team."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from attunement.clinic.access import permission
from attunement.clinic.access.visibility import Viewer
from attunement.clinic.errors import ClinicError
from attunement.clinic.pages import pictures, shown
from attunement.clinic.pages.answers import ErrorLink
from attunement.clinic.pages.staff import actor_of, see_other
from attunement.clinic.services.cases import (
    CasePage,
    CaseSession,
    case_page,
    leave_question,
    shared_cases,
)
from attunement.clinic.services.team import share_case, unshare_case

QUESTION = "question"
_BY = {
    "supervisor": "You supervise this case",
    "care_lead": "You lead this care",
    "second": "You are the second therapist",
    "supervision": "Answers that were given to the supervisor",
}
_AS = {
    Viewer.SUPERVISOR: "You see this as the supervisor of the case.",
    Viewer.THERAPISTS_SUPERVISOR: (
        "You see only the answers that were given to the supervisor; the case itself was not "
        "shared with you."
    ),
    Viewer.CARE_TEAM: "You see this as a member of the care team.",
}

# The same for every case, whatever was answered: a count of what is not here would tell.
_ONLY = {
    Viewer.THERAPISTS_SUPERVISOR: (
        "Only sessions stand here whose answers the {client} was told go to the supervisor."
    ),
}
_ONLY_SHARED = (
    "Only sessions stand here whose answers the {client} was told that you may read, from the "
    "moment when they open."
)
_WHY_NO_COUNT = "How many others there are is not said: it would tell who has answered."


@permission("cases_shared.view")
@require_safe
@login_required
def cases(request: HttpRequest) -> HttpResponse:
    """List the cases that are open to this login, in the order of the clients' codes."""
    found = shared_cases(actor_of(request), now=timezone.now())
    rows = [
        {
            "dyad_id": one.dyad_id,
            "code": one.client_code,
            "therapist": one.therapist_name,
            "by": _BY.get(one.by, one.by),
        }
        for one in found
    ]
    return render(request, "attunement/cases.html", {"cases": rows})


@permission("case.view")
@require_safe
@login_required
def case(request: HttpRequest, dyad_id: str) -> HttpResponse:
    """Show what of a case may be seen: answers given to the supervisor first."""
    return _case(request, case_page(actor_of(request), dyad_id, now=timezone.now()))


@permission("case.question")
@require_POST
@login_required
def question(request: HttpRequest, dyad_id: str) -> HttpResponse:
    """Leave a question for the therapist."""
    actor = actor_of(request)
    words = request.POST.get("words", "").replace("\r\n", "\n")
    try:
        leave_question(actor, dyad_id, words=words, now=timezone.now())
    except ClinicError as refusal:
        found = case_page(actor, dyad_id, now=timezone.now())
        problem = ErrorLink(QUESTION, f"Please write your question: {refusal.expected}.")
        return _case(request, found, problem=problem, words=words)
    return see_other("case", dyad_id)


@permission("case.share")
@require_POST
@login_required
def share(request: HttpRequest, dyad_id: str) -> HttpResponse:
    """Share an own case with one's supervisor, or take that back."""
    actor, supervisor = actor_of(request), request.POST.get("supervisor", "")
    change = unshare_case if request.POST.get("take_back") else share_case
    try:
        change(actor, dyad_id, supervisor_id=supervisor, now=timezone.now())
    except ClinicError as refusal:
        return _refused(request, refusal)
    return see_other("visibility", dyad_id)


def _refused(request: HttpRequest, refusal: ClinicError) -> HttpResponse:
    context = {
        "heading": "That cannot be done",
        "lines": [f"{refusal.what}: {refusal.got}.", f"Possible: {refusal.expected}."],
    }
    return render(request, "attunement/message.html", context, status=422)


def _case(
    request: HttpRequest, found: CasePage, *, problem: ErrorLink | None = None, words: str = ""
) -> HttpResponse:
    client = settings.ATTUNEMENT.words.client
    context = {
        "dyad_id": found.dyad_id,
        "code": found.client_code,
        "therapist": found.therapist_name,
        "as_whom": _AS.get(found.viewer, ""),
        "only": _ONLY.get(found.viewer, _ONLY_SHARED).format(client=client),
        "why_no_count": _WHY_NO_COUNT,
        "figure": pictures.dual(found.chart) if found.chart is not None else None,
        "first": [_session(one) for one in found.first],
        "sessions": [_session(one) for one in found.sessions],
        "questions": [
            {"by": one.by, "when": shown.day(timezone.localdate(one.at)), "words": one.words}
            for one in found.questions
        ],
        "may_ask": found.may_ask,
        "words_typed": words,
        "errors": [problem] if problem else [],
        "question_error": problem.message if problem else "",
    }
    return render(request, "attunement/case.html", context, status=422 if problem else 200)


def _session(one: CaseSession) -> dict[str, object]:
    return {
        "html_id": f"session-{one.session_no}",
        "number": one.session_no,
        "day": shown.day(one.held_on),
        "total": shown.number(one.total) if one.total is not None else one.reason,
        "therapist_total": (
            shown.number(one.therapist_total) if one.therapist_total is not None else ""
        ),
        "answers": one.answers,
        "words": one.words,
        "told": one.told,
        "typed": shown.typed(one.typed),
    }
