# SPDX-License-Identifier: Apache-2.0
"""One session as its therapist sees it: link, own rating, waiting, and then both chairs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from attunement.clinic.access import permission
from attunement.clinic.errors import ClinicError
from attunement.clinic.pages import pictures, shown
from attunement.clinic.pages.answers import PREDICTION, error_list, filled
from attunement.clinic.pages.questions import groups
from attunement.clinic.pages.staff import actor_of, see_other
from attunement.clinic.services import (
    AlreadyIn,
    IssuedInvitation,
    Refused,
    Revealed,
    SessionOverview,
    SessionState,
    TherapistForm,
    invite_client,
    raw_fields,
    record_therapist_response,
    session_overview,
    session_picture,
    therapist_form,
)
from attunement.clinic.services.asking import asks_before

_DECIMAL_COMMA = re.compile(r"[0-9]+,[0-9]+", re.ASCII)
_COUNTS = {4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}


@permission("session.view")
@require_safe
@login_required
def session(request: HttpRequest, session_id: str) -> HttpResponse:
    """Show where a session stands; both chairs once both forms are in."""
    actor = actor_of(request)
    found = session_overview(actor, session_id, now=timezone.now())
    context = {**_who(found), "state": found.state.value, "facts": _facts(found)}
    context["link_open_until"] = found.link_open_until
    context["closed"] = found.closed
    if found.state is SessionState.BOTH_IN:
        picture = session_picture(actor, session_id, now=timezone.now())
        if isinstance(picture, Revealed):
            context.update(_both_chairs(picture))
    return render(request, "attunement/session.html", context)


@permission("invitation.make")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def invite(request: HttpRequest, session_id: str) -> HttpResponse:
    """Make a link on POST and show it in that answer alone; only its hash is kept."""
    actor = actor_of(request)
    found = session_overview(actor, session_id, now=timezone.now())
    context: dict[str, object] = {**_who(found), "state": found.state.value}
    if request.method == "POST":
        try:
            issued = invite_client(actor, session_id, now=timezone.now())
        except ClinicError as refusal:
            return refused_page(request, refusal, back=reverse("session", args=[session_id]))
        context |= {**link_card(issued), "two_forms": asks_before(session_id)}
    return render(request, "attunement/invite.html", context)


def link_card(issued: IssuedInvitation) -> dict[str, object]:
    """Return a link as it is shown: to copy, as a picture, and as a code to type."""
    base = settings.ATTUNEMENT.base_url.rstrip("/")
    link = f"{base}{issued.link_path}"
    return {
        "link": link,
        "qr": pictures.picture_code(link),
        "short_code": issued.short_code,
        "expires_at": issued.expires_at,
        "entry_address": f"{base}{reverse('client-entry')}".split("://", 1)[-1],
    }


@permission("therapist_response.record")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def rate(request: HttpRequest, session_id: str) -> HttpResponse:
    """Show the mirror form with the question for a prediction; take both, once."""
    actor = actor_of(request)
    refused: Refused | None = None
    if request.method == "POST":
        outcome = record_therapist_response(
            actor,
            session_id,
            submission_id=request.POST.get("submission_id", ""),
            fields=raw_fields(request.POST),
            predicted_total=_predicted(request),
            now=timezone.now(),
        )
        if not isinstance(outcome, Refused):
            return see_other("session", session_id)
        if outcome.http_status != 422:  # noqa: PLR2004 -- the service speaks HTTP here
            return _already_in(request, session_id, status=outcome.http_status)
        refused = outcome
    try:
        shown_form = therapist_form(actor, session_id, now=timezone.now())
    except ClinicError as refusal:
        return refused_page(request, refusal, back=reverse("session", args=[session_id]))
    if isinstance(shown_form, AlreadyIn):
        return see_other("session", session_id)
    return _rate_page(request, shown_form, refused)


@permission("session.view")
@require_safe
@login_required
def status(request: HttpRequest, session_id: str) -> HttpResponse:
    """Tell a waiting page, and only that page, when to look again."""
    found = session_overview(actor_of(request), session_id, now=timezone.now())
    if not request.headers.get("HX-Request"):
        return see_other("session", session_id)
    response = HttpResponse(status=204)
    if found.state is SessionState.BOTH_IN:
        response = HttpResponse(status=200)
        response.headers["HX-Refresh"] = "true"
    return response


def refused_page(request: HttpRequest, refusal: ClinicError, *, back: str) -> HttpResponse:
    """Show a refusal of a service in words, with the way back."""
    context = {
        "heading": "That cannot be done",
        "lines": [f"{refusal.what}.", f"{refusal.next_step}." if refusal.next_step else ""],
        "back_href": back,
        "back_words": "Back",
    }
    return render(request, "attunement/message.html", context, status=422)


def _already_in(request: HttpRequest, session_id: str, *, status: int) -> HttpResponse:
    context = {
        "heading": "Your answers were already in",
        "lines": ["A rating is written once. The first one is kept and nothing was changed."],
        "back_href": reverse("session", args=[session_id]),
        "back_words": "Back",
    }
    return render(request, "attunement/message.html", context, status=status)


def _rate_page(
    request: HttpRequest, shown_form: TherapistForm, refused: Refused | None
) -> HttpResponse:
    fields = raw_fields(request.POST)
    asked = prediction_words(shown_form)
    if refused:
        refused = replace(
            refused,
            problems=tuple(
                replace(each, message=asked.mistake) if each.item == PREDICTION else each
                for each in refused.problems
            ),
        )
    again = filled(shown_form.measure, fields, refused) if refused else None
    screens = groups(shown_form.measure, shown_form.text, again)
    context = {
        "dyad_id": shown_form.dyad_id,
        "session_id": shown_form.session_id,
        "session_no": shown_form.session_no,
        "code": shown_form.client_code,
        "instructions": [
            line for line in shown_form.text.instructions.splitlines() if line.strip()
        ],
        "attribution": shown_form.text.attribution,
        "groups": screens,
        "who_sees": shown_form.who_sees,
        "submission_id": (
            request.POST.get("submission_id", "") if refused else shown_form.submission_id
        ),
        "prediction": {
            "name": PREDICTION,
            "hint": asked.hint,
            "value": _one(request, PREDICTION) or "",
            "error": again.errors.get(PREDICTION, "") if again else "",
        },
        "errors": error_list(screens, refused) if refused else (),
    }
    return render(
        request, "attunement/rate.html", context, status=refused.http_status if refused else 200
    )


@dataclass(frozen=True, slots=True)
class PredictionWords:
    """What is guessed, and what is said when the guess cannot be read."""

    hint: str
    mistake: str


def prediction_words(asked: TherapistForm) -> PredictionWords:
    """Return the words of the guess; the mirror form's total tells how the number comes about."""
    low, high = asked.predicted_minimum, asked.predicted_maximum
    example = f"such as {shown.number(low + 0.75 * (high - low))}"
    total = next((scale for scale in asked.measure.scales if scale.id == "total"), None)
    what = f"A number from {shown.number(low)} to {shown.number(high)}"
    mistake = f"{what}, {example}."
    if total is not None and total.bounds == (low, high):
        count = len(total.items)
        how = "Mean" if total.method == "mean" else "Sum"
        what = f"{how} of the {_COUNTS.get(count, str(count))} answers "
        what += f"({shown.number(low)}–{shown.number(high)})"
    return PredictionWords(
        f"{what}, {example}. It stays with you: it is for your own learning.", mistake
    )


def _both_chairs(picture: Revealed) -> dict[str, object]:
    people = {"client": picture.client_code, "therapist": "You"}
    return {
        "figure": pictures.dual(picture.chart),
        "unvalidated": "" if picture.validated else shown.UNVALIDATED,
        "guess": picture.surprise.sentence,
        "missing_totals": shown.totals(picture),
        "signals": [shown.signal(each) for each in picture.signals],
        "notes": [shown.note(each) for each in picture.notes],
        "items": [shown.item(pair) for pair in picture.items],
        "comments": [shown.comment(each, people) for each in picture.comments],
        "told": picture.who_sees,
        "typed": shown.typed(picture.typed),
        "may_widen": not picture.values_shown,
        "rupture_named": picture.rupture_named,
    }


def _who(found: SessionOverview) -> dict[str, object]:
    return {
        "dyad_id": found.dyad_id,
        "session_id": found.session_id,
        "session_no": found.session_no,
        "code": found.client_code,
    }


def _facts(found: SessionOverview) -> str:
    how = shown.MODALITIES.get(found.modality, found.modality)
    if found.attended != "attended":
        how = found.attended
    return f"{shown.day(found.held_on)}, {how}"


def _predicted(request: HttpRequest) -> str | None:
    """Return the guess as sent; a decimal comma is read as the point that it stands for."""
    sent = request.POST.getlist(PREDICTION)
    if len(sent) == 1 and _DECIMAL_COMMA.fullmatch(sent[0]):
        return sent[0].replace(",", ".")
    return _one(request, PREDICTION)


def _one(request: HttpRequest, name: str) -> str | None:
    """Return a field that was sent once; a field sent twice is not a prediction."""
    sent = request.POST.getlist(name)
    if len(sent) == 1:
        return sent[0]
    return ", ".join(sent) if sent else None
