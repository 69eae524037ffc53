# SPDX-License-Identifier: Apache-2.0
"""A client's pages: a link or a code opens one form, which is sent once and never shown again."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_safe

from attunement.clinic.access import permission
from attunement.clinic.errors import AccessError
from attunement.clinic.models import Moment
from attunement.clinic.pages.answers import error_list, filled
from attunement.clinic.pages.beside import (
    all_screens,
    filled_beside,
    whole_wish,
    wishes,
    with_wishes,
)
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
    known_mark,
    sole_mark,
)
from attunement.clinic.pages.questions import groups
from attunement.clinic.services import (
    ClientForm,
    Refused,
    TooManyTriesError,
    client_form,
    client_moments,
    draft_key,
    leaves_all_out,
    mark_of_grant,
    open_invitation,
    raw_fields,
    record_client_response,
)
from attunement.clinic.services.own_chart import chart_may_open
from attunement.clinic.services.sealed_queue import sealing_offer
from attunement.clinic.services.wording import optional_words

MOMENT_FIELD = "m"  # which form of the link: the one before the session, or the one after
LEFT_OUT_FIELD = "left_out"  # a form without an answer is to be sent like that
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
    secret = request.POST.get("token") or typed_secret(request.POST.get("code", ""))
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
@gzip_page  # nothing that somebody else chose is in it
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest) -> HttpResponse:
    """Show the questions of one opened link; take its answers, once."""
    mark = request.GET.get(MARK_FIELD, "")
    try:
        if request.method == "POST":
            sent = bound(request)
            return closed(request) if sent is None else _record(request, sent)
        grant = held_grant(request, mark)
        moment = request.GET.get(MOMENT_FIELD, "")
        waiting = client_moments(grant, now=timezone.now())
        if moment not in waiting:
            if len(waiting) > 1:
                return _which(request, mark or sole_mark(request))
            moment = waiting[0] if waiting else Moment.AFTER
        return _questions(request, grant, client_form(grant, now=timezone.now(), moment=moment))
    except AccessError:
        if request.method != "POST" and arrived(request, mark or sole_mark(request)):
            return render(request, "attunement/client/arrived.html")
        return closed(request)


@permission("client_form.view")
@require_safe
def thanks(request: HttpRequest) -> HttpResponse:
    """Say that the answers arrived, with the time when it was just now."""
    received_at, before = None, False
    try:
        kept, before = signing.loads(
            request.COOKIES.get(received_cookie(), ""),
            salt=_RECEIVED_SALT,
            max_age=RECEIVED_SECONDS,
        )
        received_at = datetime.fromtimestamp(float(kept), tz=UTC)
    except (signing.BadSignature, ValueError, TypeError, OverflowError):
        received_at = None
    context = {"received_at": received_at, "before": before, **_afterwards(request)}
    response = render(request, "attunement/client/thanks.html", context)
    drop(response, received_cookie())
    return response


def typed_secret(text: str) -> str:
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
    moment = Moment.BEFORE if fields.get("moment") == Moment.BEFORE else Moment.AFTER
    if leaves_all_out(fields) and LEFT_OUT_FIELD not in fields:
        shown = client_form(sent.grant, now=timezone.now(), moment=moment)
        return _questions(request, sent.grant, shown, asking=True)
    outcome = record_client_response(
        sent.grant,
        submission_id=sent.submission_id,
        fields=fields,
        client_clock=request.POST.get("client_clock") or None,
        now=timezone.now(),
        kiosk=on_kiosk(request),
    )
    if isinstance(outcome, Refused):
        if outcome.http_status == 422:  # noqa: PLR2004 -- the service speaks HTTP here
            shown = client_form(sent.grant, now=timezone.now(), moment=moment)
            return _questions(request, sent.grant, shown, refused=outcome)
        if outcome.http_status == 409:  # noqa: PLR2004 -- the service speaks HTTP here
            return render(request, "attunement/client/kept.html", status=409)
        return closed(request, status=outcome.http_status)
    response = _see_other("client-thanks")
    response.headers["Location"] += f"?{MARK_FIELD}={sent.mark}"
    keep_receipt(response, sent.mark)
    keep_received(response, outcome.received_at, before=moment == Moment.BEFORE)
    return response


def _which(request: HttpRequest, mark: str) -> HttpResponse:
    """Ask which of a link's two forms is meant: only the client knows whether they have met."""
    return render(request, "attunement/client/which.html", {"mark": mark})


def keep_received(response: HttpResponse, received_at: datetime, *, before: bool = False) -> None:
    """Let the thank-you page of this browser say when the form arrived, and which it was."""
    kept = signing.dumps([received_at.timestamp(), before], salt=_RECEIVED_SALT)
    keep(response, received_cookie(), kept, RECEIVED_SECONDS)


def _afterwards(request: HttpRequest) -> dict[str, object]:
    """Return what can be done once a form is in: say something to the lead, see the own chart."""
    mark = known_mark(request, request.GET.get(MARK_FIELD, ""))
    grant = held_grant(request, mark) if mark else ""
    return {"mark": mark, "own_chart": bool(mark) and _own_chart_opens(request, grant)}


def own_chart_offered(request: HttpRequest) -> bool:
    """Whether a client may look at the own chart here; on a shared screen never."""
    offered: bool = settings.ATTUNEMENT.capture.own_chart
    return offered and not on_kiosk(request)


def _own_chart_opens(request: HttpRequest, grant: str) -> bool:
    """Whether to offer the own chart: not where nothing is noted that could open it."""
    return own_chart_offered(request) and chart_may_open(grant, now=timezone.now())


def on_kiosk(request: HttpRequest) -> bool:
    """Whether a page is shown on a shared screen of the practice."""
    return getattr(request, "kiosk", None) is not None


def _questions(
    request: HttpRequest,
    grant: str,
    shown: ClientForm,
    *,
    refused: Refused | None = None,
    asking: bool = False,
) -> HttpResponse:
    """Show a form: fresh, with what was wrong in it, or asking whether to send it without answers.

    Who taps Send by a slip loses the form for good, so that it is asked once.
    """
    sent = raw_fields(request.POST)
    again = None
    if refused or asking:
        again = filled_beside(shown, sent, filled(shown.measure, sent, refused))
    screens = all_screens(
        shown, groups(shown.measure, shown.text, again, optional=_optional(shown)), again
    )
    screens = with_wishes(screens, shown, sent)
    carried = request.POST.get("submission_id", "") if again else bind(grant, shown.submission_id)
    context = {
        "instructions": [line for line in shown.text.instructions.splitlines() if line.strip()],
        "attribution": shown.text.attribution,
        "groups": screens,
        "who_sees": shown.who_sees,
        "visibility": shown.visibility,
        "moment": shown.moment,
        "layout": shown.layout,
        "wishes": wishes(settings.ATTUNEMENT.words.therapist),
        "whole_wish": whole_wish(sent),
        "draft_key": "" if on_kiosk(request) else draft_key(grant, shown.moment),
        "mark": "" if on_kiosk(request) else mark_of_grant(grant),
        "own_chart": shown.moment == Moment.AFTER and _own_chart_opens(request, grant),
        "crisis": shown.crisis,
        "submission_id": carried,
        "language": shown.language,
        "sealing": sealing_offer(
            grant,
            UUID(carried.partition(".")[0]),
            now=timezone.now(),
            kiosk=on_kiosk(request),
        ),
        "errors": error_list(screens, refused) if refused else (),
        "left_out": asking,
    }
    status = refused.http_status if refused else 200
    return render(request, "attunement/client/form.html", context, status=status)


def _see_other(route: str) -> HttpResponseRedirect:
    response = HttpResponseRedirect(reverse(route))
    response.status_code = 303
    return response


def _optional(shown: ClientForm) -> str:
    return optional_words(shown.words, shown.visibility)
