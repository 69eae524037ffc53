# SPDX-License-Identifier: Apache-2.0
"""A therapist's list and one client's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_safe

from attunement.clinic.access import permission
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import Login, Role
from attunement.clinic.pages import loop_words, pictures, shown
from attunement.clinic.pages.answers import ErrorLink
from attunement.clinic.services import CaseRow, DyadOverview, dyad_overview, start_session
from attunement.clinic.services import caseload as caseload_of
from attunement.clinic.services.loop.closure import DEFINITION, FEWEST_CLIENTS, practice_closure

# Where a login comes to first that has no list of clients.
HOMES: dict[str, str] = {
    Role.SUPERVISOR: "cases",
    Role.RESEARCHER: "research",
    Role.OPERATOR: "operator",
}
# Where on the page for a new session a mistake is mended.
DATE, HOW, WHOLE = "held-on", "modality-in_person", "new-session"


@dataclass(frozen=True, slots=True)
class CaseWords:
    """One row of the caseload, in words."""

    href: str
    code: str
    sparkline: SafeString | None
    instead: str  # what stands where a line would
    last_session: str
    gaps: str
    question: str


def actor_of(request: HttpRequest) -> Login:
    """Return the login behind a request that ``login_required`` let through."""
    user = request.user
    if not isinstance(user, Login):
        message = "a staff page was reached without a login"
        raise TypeError(message)
    return user


@permission("caseload.view")
@require_safe
def caseload(request: HttpRequest) -> HttpResponse:
    """Show the dyads of a therapist, in the order of the clients' codes."""
    if not request.user.is_authenticated:
        return HttpResponseRedirect(reverse("account_login"))  # and on to the first page of a role
    home = HOMES.get(actor_of(request).role)
    if home is not None:
        response = HttpResponseRedirect(reverse(home))
        response.status_code = 303
        return response
    cases = caseload_of(actor_of(request), now=timezone.now())
    context = {
        "rows": [_case(row) for row in cases.rows],
        "n_questions": cases.n_questions,
        "n_erased": cases.n_erased,
        **_loops(actor_of(request)),
    }
    return render(request, "attunement/caseload.html", context)


def _loops(actor: Login) -> dict[str, object]:
    """Return the practice's first number, for the lead alone."""
    if actor.role != Role.LEAD:
        return {}
    found = practice_closure(actor, now=timezone.now())
    return {
        "practice_loops": True,
        "counts": None if found is None else loop_words.closure(found),
        "definition": DEFINITION,
        "fewest": FEWEST_CLIENTS,
    }


@permission("dyad.view")
@require_safe
@login_required
def dyad(request: HttpRequest, dyad_id: str) -> HttpResponse:
    """Show one client: both chairs, the questions that rules ask, the sessions."""
    found = dyad_overview(actor_of(request), dyad_id, now=timezone.now())
    context = {
        **_who(found),
        "figure": pictures.dual(found.chart) if found.chart else None,
        "unvalidated": "" if found.validated else shown.UNVALIDATED,
        "signals": [shown.signal(each) for each in found.signals],
        "notes": [shown.note(each) for each in found.notes],
        "team_questions": [
            {"by": one.by, "when": shown.day(timezone.localdate(one.at)), "words": one.words}
            for one in found.team_questions
        ],
        "sessions": [
            shown.SessionWords(row.session_id, row.session_no, shown.session_facts(row))
            for row in found.sessions
        ],
    }
    return render(request, "attunement/dyad.html", context)


@permission("session.start")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_session(request: HttpRequest, dyad_id: str) -> HttpResponse:
    """Ask for day and place of the next session; start it."""
    actor = actor_of(request)
    if request.method != "POST":
        found = dyad_overview(actor, dyad_id, now=timezone.now())
        return _new_session_page(request, found, session_no=found.next_session_no)
    session_no = _whole_number(request.POST.get("session_no", ""))
    held_on = _date(request.POST.get("held_on", ""))
    modality = request.POST.get("modality", "")
    found = dyad_overview(actor, dyad_id, now=timezone.now())
    if held_on is None:
        problem = ErrorLink(DATE, "Please give the date of the session as a day, month and year.")
    elif modality not in shown.MODALITIES:
        problem = ErrorLink(HOW, "Please choose how you meet.")
    elif session_no is None:
        problem = ErrorLink(WHOLE, "Please send the page as it was shown.")
    else:
        try:
            started = start_session(
                actor,
                dyad_id,
                held_on=held_on,
                modality=modality,
                now=timezone.now(),
                session_no=session_no,
            )
        except ClinicError as refusal:
            problem = _problem(refusal, found, held_on)
        else:
            return see_other("session", started.session_id)
    return _new_session_page(
        request, found, session_no=found.next_session_no, problem=problem, status=422
    )


def see_other(route: str, record_id: str) -> HttpResponseRedirect:
    """Return a redirect after a POST, so that reloading sends nothing again."""
    response = HttpResponseRedirect(reverse(route, args=[record_id]))
    response.status_code = 303
    return response


def _new_session_page(
    request: HttpRequest,
    found: DyadOverview,
    *,
    session_no: int,
    problem: ErrorLink | None = None,
    status: int = 200,
) -> HttpResponse:
    modality = request.POST.get("modality", "in_person")
    context = {
        **_who(found),
        "session_no": session_no,
        "held_on": request.POST.get("held_on") or timezone.localdate().isoformat(),
        "possible_days": possible_days(found),
        "held_on_error": problem.message if problem and problem.target == DATE else "",
        "modality_error": problem.message if problem and problem.target == HOW else "",
        "errors": [problem] if problem else [],
        "modalities": [
            {"value": value, "words": words, "checked": value == modality}
            for value, words in shown.MODALITIES.items()
        ],
    }
    return render(request, "attunement/session_new.html", context, status=status)


def possible_days(found: DyadOverview) -> str:
    """Return the days on which the next session can have been, in words."""
    today = shown.day(timezone.localdate())
    if found.began_on is None:
        return f"{today} or a day before"
    return f"{shown.day(found.began_on)} to {today}"


def _problem(refusal: ClinicError, found: DyadOverview, held_on: date) -> ErrorLink:
    """Return the service's own words at the field that they are about."""
    what = f"{refusal.what[:1].upper()}{refusal.what[1:]}"
    early = found.began_on is not None and held_on < found.began_on
    if early or held_on > timezone.localdate():
        days = possible_days(found)
        return ErrorLink(DATE, f"{what}: {refusal.got}. Possible days: {days}.")
    parts = (
        f"{what}: {refusal.got}." if refusal.got else f"{what}.",
        f"Possible: {refusal.expected}." if refusal.expected else "",
        f"{refusal.next_step}." if refusal.next_step else "",
    )
    return ErrorLink(WHOLE, " ".join(part for part in parts if part))


def _case(row: CaseRow) -> CaseWords:
    return CaseWords(
        href=reverse("dyad", args=[row.dyad_id]) if row.may_open else "",
        code=row.client_code,
        sparkline=pictures.spark(row),
        instead="Nothing to draw yet" if row.may_open else row.therapist_name,
        last_session=shown.last_session(row, settings.ATTUNEMENT.words),
        gaps=shown.gaps(row, settings.ATTUNEMENT.words),
        question=shown.case_question(row),
    )


def _who(found: DyadOverview) -> dict[str, object]:
    return {
        "dyad_id": found.dyad_id,
        "code": found.client_code,
        "client_name": found.client_name,
        "next_session_no": found.next_session_no,
        "ended_on": shown.day(found.ended_on) if found.ended_on else "",
    }


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _whole_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 6 else None  # noqa: PLR2004 -- no dyad has a million sessions
