# SPDX-License-Identifier: Apache-2.0
"""A client's pages: a link or a code opens one form, which is sent once and never shown again."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from attunement.clinic.access import permission
from attunement.clinic.config.django_settings import GRANT_SECONDS
from attunement.clinic.errors import AccessError
from attunement.clinic.pages.answers import error_list, filled
from attunement.clinic.pages.questions import groups
from attunement.clinic.services import (
    ClientForm,
    Refused,
    client_form,
    open_invitation,
    raw_fields,
    record_client_response,
)

RECEIVED_SECONDS = 120
_RECEIVED_SALT = "attunement.received"


def grant_cookie() -> str:
    """Return the name of the cookie that holds an opened link."""
    return "__Host-attunement-form" if settings.ATTUNEMENT.https else "attunement-form"


def received_cookie() -> str:
    """Return the name of the cookie that tells the thank-you page the time of receipt."""
    return "__Host-attunement-received" if settings.ATTUNEMENT.https else "attunement-received"


@permission("invitation.open")
@require_safe
def entry(request: HttpRequest) -> HttpResponse:
    """Show where a code is typed; with script, the link's fragment is posted from here."""
    return render(request, "attunement/client/entry.html")


@permission("invitation.open")
@require_http_methods(["POST"])
def open_link(request: HttpRequest) -> HttpResponse:
    """Exchange a token or a code for a grant in a cookie. Opening uses nothing up."""
    secret = request.POST.get("token") or request.POST.get("code") or ""
    grant = open_invitation(secret, address=request.META.get("REMOTE_ADDR", ""), now=timezone.now())
    if grant is None:
        return closed(request)
    response = _see_other("client-form")
    _keep(response, grant_cookie(), grant, GRANT_SECONDS)
    return response


@permission("client_response.record")
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest) -> HttpResponse:
    """Show the questions; take the answers, once."""
    grant = request.COOKIES.get(grant_cookie(), "")
    try:
        if request.method == "POST":
            return _record(request, grant)
        return _questions(request, client_form(grant, now=timezone.now()))
    except AccessError:
        return closed(request)


@permission("client_form.view")
@require_safe
def thanks(request: HttpRequest) -> HttpResponse:
    """Say that the answers arrived, with the time when it was just now."""
    received_at = None
    try:
        kept = signing.loads(
            request.COOKIES.get(received_cookie(), ""),
            salt=_RECEIVED_SALT,
            max_age=RECEIVED_SECONDS,
        )
        received_at = datetime.fromtimestamp(float(kept), tz=UTC)
    except (signing.BadSignature, ValueError, TypeError, OverflowError):
        received_at = None
    response = render(request, "attunement/client/thanks.html", {"received_at": received_at})
    response.delete_cookie(received_cookie())
    return response


def closed(request: HttpRequest, *, status: int = 404) -> HttpResponse:
    """Show the one page for links that are wrong, used, too old or revoked."""
    response = render(request, "attunement/client/closed.html", status=status)
    response.delete_cookie(grant_cookie())
    return response


def _record(request: HttpRequest, grant: str) -> HttpResponse:
    fields = raw_fields(request.POST)
    outcome = record_client_response(
        grant,
        submission_id=request.POST.get("submission_id", ""),
        fields=fields,
        client_clock=request.POST.get("client_clock") or None,
        now=timezone.now(),
    )
    if isinstance(outcome, Refused):
        if outcome.http_status == 422:  # noqa: PLR2004 -- the service speaks HTTP here
            shown = client_form(grant, now=timezone.now())
            return _questions(request, shown, refused=outcome)
        if outcome.http_status == 409:  # noqa: PLR2004 -- the service speaks HTTP here
            return render(request, "attunement/client/kept.html", status=409)
        return closed(request, status=outcome.http_status)
    response = _see_other("client-thanks")
    response.delete_cookie(grant_cookie())
    kept = signing.dumps(outcome.received_at.timestamp(), salt=_RECEIVED_SALT)
    _keep(response, received_cookie(), kept, RECEIVED_SECONDS)
    return response


def _questions(
    request: HttpRequest, shown: ClientForm, *, refused: Refused | None = None
) -> HttpResponse:
    again = filled(shown.measure, raw_fields(request.POST), refused) if refused else None
    screens = groups(shown.measure, shown.text, again)
    submission_id = request.POST.get("submission_id", "") if refused else shown.submission_id
    context = {
        "instructions": [line for line in shown.text.instructions.splitlines() if line.strip()],
        "attribution": shown.text.attribution,
        "groups": screens,
        "who_sees": shown.who_sees,
        "crisis": shown.crisis,
        "submission_id": submission_id,
        "errors": error_list(screens, refused) if refused else (),
    }
    status = refused.http_status if refused else 200
    return render(request, "attunement/client/form.html", context, status=status)


def _keep(response: HttpResponse, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        secure=settings.ATTUNEMENT.https,
        httponly=True,
        samesite="Lax",
    )


def _see_other(route: str) -> HttpResponseRedirect:
    response = HttpResponseRedirect(reverse(route))
    response.status_code = 303
    return response
