# SPDX-License-Identifier: Apache-2.0
"""A client's words for the lead alone, and the lead's page of them."""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from attunement.clinic.access import permission
from attunement.clinic.errors import AccessError
from attunement.clinic.models import Moment
from attunement.clinic.models.response import MAX_TEXT
from attunement.clinic.pages.answers import ErrorLink
from attunement.clinic.pages.client import MARK_FIELD, MOMENT_FIELD, closed
from attunement.clinic.pages.grants import bind, bound, held_grant
from attunement.clinic.pages.staff import actor_of
from attunement.clinic.services import Refused, client_moments, mark_of_grant
from attunement.clinic.services.private_channel import (
    may_write_to_lead,
    message_who_sees,
    private_messages,
    send_private_message,
    take_message,
)

_TARGETS = {"kind": "kind-message", "words": "say-words"}


@permission("client_message.send")
@require_http_methods(["GET", "HEAD", "POST"])
def say(request: HttpRequest) -> HttpResponse:
    """Show where a client writes to the lead; store it once."""
    try:
        if request.method != "POST":
            grant = held_grant(request, request.GET.get(MARK_FIELD, ""))
            may_write_to_lead(grant, now=timezone.now())
            return _page(request, bind(grant, uuid4()), mark_of_grant(grant))
        sent = bound(request)
        if sent is None:
            return closed(request)
        outcome = send_private_message(
            sent.grant,
            submission_id=sent.submission_id,
            kind=request.POST.get("kind", ""),
            words=request.POST.get("words", ""),
            now=timezone.now(),
        )
    except AccessError:
        return closed(request)
    if isinstance(outcome, Refused):
        return _page(request, request.POST["submission_id"], sent.mark, refused=outcome)
    form_open = bool(client_moments(sent.grant, now=timezone.now()))
    context = {"mark": sent.mark, "form_open": form_open, "moment": _came_from(request)}
    return render(request, "attunement/client/said.html", context)


@permission("private_messages.view")
@require_safe
@login_required
def messages(request: HttpRequest) -> HttpResponse:
    """Show the lead what clients wrote to nobody else."""
    found = private_messages(actor_of(request), now=timezone.now())
    context = {
        "waiting": [one for one in found if one.taken_at is None],
        "taken": [one for one in found if one.taken_at is not None],
    }
    return render(request, "attunement/messages.html", context)


@permission("private_message.take")
@require_http_methods(["POST"])
@login_required
def take(request: HttpRequest, message_id: str) -> HttpResponse:
    """Note that the lead has it in hand."""
    take_message(actor_of(request), message_id, now=timezone.now())
    return redirect("private-messages")


def _came_from(request: HttpRequest) -> str:
    """Return from which form of the link somebody came here, to lead back to that one."""
    sent = request.POST if request.method == "POST" else request.GET
    said = sent.get(MOMENT_FIELD, "")
    return said if said in Moment.values else ""


def _page(
    request: HttpRequest, carried: str, mark: str, *, refused: Refused | None = None
) -> HttpResponse:
    context = {
        "submission_id": carried,
        "mark": mark,
        "moment": _came_from(request),
        "who_sees": message_who_sees(settings.ATTUNEMENT.words),
        "maxlength": MAX_TEXT,
        "kind": request.POST.get("kind", ""),
        "said": request.POST.get("words", ""),
        "errors": [
            ErrorLink(_TARGETS.get(each.item, "say"), each.message) for each in refused.problems
        ]
        if refused
        else (),
    }
    status = refused.http_status if refused else 200
    return render(request, "attunement/client/say.html", context, status=status)
