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
from attunement.clinic.errors import AccessError
from attunement.clinic.pages.answers import error_list, filled
from attunement.clinic.pages.grants import (
    Bound,
    arrived,
    bind,
    bound,
    drop,
    held_grant,
    keep,
    keep_grant,
    keep_receipt,
    sole_mark,
)
from attunement.clinic.pages.questions import groups
from attunement.clinic.services import (
    ClientForm,
    Refused,
    TooManyTriesError,
    client_form,
    open_invitation,
    raw_fields,
    record_client_response,
)

MARK_FIELD = "f"  # in the form's address: which opened link of this browser is meant
LONGEST_TYPED = 400
RECEIVED_SECONDS = 120
_RECEIVED_SALT = "attunement.received"


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
    secret = request.POST.get("token") or _typed(request.POST.get("code", ""))
    address = request.META.get("REMOTE_ADDR", "")
    try:
        grant = open_invitation(secret, address=address, now=timezone.now())
    except TooManyTriesError as refusal:
        return _wait(request, refusal.wait_seconds)
    if grant is None:
        return closed(request)
    response = _see_other("client-form")
    mark = keep_grant(request, response, grant)
    response.headers["Location"] += f"?{MARK_FIELD}={mark}"
    return response


@permission("client_response.record")
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest) -> HttpResponse:
    """Show the questions of one opened link; take its answers, once."""
    mark = request.GET.get(MARK_FIELD, "")
    try:
        if request.method == "POST":
            sent = bound(request)
            return closed(request) if sent is None else _record(request, sent)
        grant = held_grant(request, mark)
        return _questions(request, grant, client_form(grant, now=timezone.now()))
    except AccessError:
        if request.method != "POST" and arrived(request, mark or sole_mark(request)):
            return render(request, "attunement/client/arrived.html")
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
    drop(response, received_cookie())
    return response


def _typed(text: str) -> str:
    """Return the code or, where a whole link was pasted, its token."""
    return text[:LONGEST_TYPED].rpartition("#")[2].strip()


def _wait(request: HttpRequest, seconds: int) -> HttpResponse:
    context = {
        "heading": "Please wait a little",
        "lines": (
            "Many wrong links or codes came from here in a short time. You did nothing wrong.",
            f"Try again in about {-(-seconds // 60)} min. A right link or code opens at once.",
        ),
        "back_href": reverse("client-entry"),
        "back_words": "Enter a code",
        "crisis": settings.ATTUNEMENT.crisis,
    }
    response = render(request, "attunement/message.html", context, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response


def closed(request: HttpRequest, *, status: int = 404) -> HttpResponse:
    """Show the one page for links that are wrong, used, too old or revoked."""
    return render(request, "attunement/client/closed.html", status=status)


def _record(request: HttpRequest, sent: Bound) -> HttpResponse:
    fields = raw_fields(request.POST)
    outcome = record_client_response(
        sent.grant,
        submission_id=sent.submission_id,
        fields=fields,
        client_clock=request.POST.get("client_clock") or None,
        now=timezone.now(),
    )
    if isinstance(outcome, Refused):
        if outcome.http_status == 422:  # noqa: PLR2004 -- the service speaks HTTP here
            shown = client_form(sent.grant, now=timezone.now())
            return _questions(request, sent.grant, shown, refused=outcome)
        if outcome.http_status == 409:  # noqa: PLR2004 -- the service speaks HTTP here
            return render(request, "attunement/client/kept.html", status=409)
        return closed(request, status=outcome.http_status)
    response = _see_other("client-thanks")
    keep_receipt(response, sent.mark)
    kept = signing.dumps(outcome.received_at.timestamp(), salt=_RECEIVED_SALT)
    keep(response, received_cookie(), kept, RECEIVED_SECONDS)
    return response


def _questions(
    request: HttpRequest, grant: str, shown: ClientForm, *, refused: Refused | None = None
) -> HttpResponse:
    again = filled(shown.measure, raw_fields(request.POST), refused) if refused else None
    screens = groups(shown.measure, shown.text, again)
    carried = request.POST.get("submission_id", "") if refused else bind(grant, shown.submission_id)
    context = {
        "instructions": [line for line in shown.text.instructions.splitlines() if line.strip()],
        "attribution": shown.text.attribution,
        "groups": screens,
        "who_sees": shown.who_sees,
        "crisis": shown.crisis,
        "submission_id": carried,
        "errors": error_list(screens, refused) if refused else (),
    }
    status = refused.http_status if refused else 200
    return render(request, "attunement/client/form.html", context, status=status)


def _see_other(route: str) -> HttpResponseRedirect:
    response = HttpResponseRedirect(reverse(route))
    response.status_code = 303
    return response
