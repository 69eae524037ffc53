# SPDX-License-Identifier: Apache-2.0
"""The shared screen: started by a person who logged in, used with short codes, left with a PIN."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_safe

from attunement.clinic.access import permission
from attunement.clinic.errors import ClinicError
from attunement.clinic.guard.kiosk import kiosk_cookie
from attunement.clinic.models import Kiosk
from attunement.clinic.pages.client import MARK_FIELD, received_cookie, typed_secret
from attunement.clinic.pages.grants import cookie_name, drop, keep, keep_grant
from attunement.clinic.pages.workers import STYLES, Kept, worker_script
from attunement.clinic.services import TooManyTriesError, open_invitation
from attunement.clinic.services.kiosks import (
    KIOSK_LIFE,
    end_kiosk,
    leave_kiosk,
    running_kiosks,
    start_kiosk,
)

WRONG, WAIT = "wrong", "wait"
KEPT = Kept(
    name="attunement-kiosk",
    page="/kiosk/offline",
    template="attunement/kiosk/offline.html",
    files=(*STYLES, "css/kiosk.css", "js/queue.js", "js/kiosk.js"),
)


@permission("kiosk.use")
@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """Ask for a short code, with nothing left of whoever was here before."""
    if _kiosk(request) is None:
        return _to("kiosk-start")
    said = request.GET.get("said", "")
    context = {"wrong": said == WRONG, "wait": said == WAIT}
    response = render(request, "attunement/kiosk/waiting.html", context)
    return _forget_the_last(request, response)


@permission("kiosk.use")
@require_http_methods(["POST"])
def open_code(request: HttpRequest) -> HttpResponse:
    """Open the form of a code, if the code is one of this practice."""
    kiosk = _kiosk(request)
    if kiosk is None:
        return _answer(request, reverse("kiosk-start"))
    home = reverse("kiosk")
    try:
        grant = open_invitation(
            typed_secret(request.POST.get("code", "")),
            address=request.META.get("REMOTE_ADDR", ""),
            now=timezone.now(),
            practice_id=kiosk.practice_id,
        )
    except TooManyTriesError:
        return _answer(request, f"{home}?{urlencode({'said': WAIT})}")
    if grant is None:
        return _answer(request, f"{home}?{urlencode({'said': WRONG})}")
    response = _answer(request, "")
    mark = keep_grant(request, response, grant)
    return _answer(request, f"{reverse('client-form')}?{MARK_FIELD}={mark}", response)


@csrf_exempt  # it forgets, and does nothing else
@permission("kiosk.use")
@require_http_methods(["POST"])
def clear(request: HttpRequest) -> HttpResponse:
    """Forget whoever was here: cookies of links, and what the browser cached."""
    response = HttpResponse(status=204)
    response.headers["Clear-Site-Data"] = '"cache"'
    return _forget_the_last(request, response)


@permission("kiosk.use")
@gzip_page
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Show what a shared screen says without a connection; its worker keeps this page."""
    return render(request, KEPT.template, {"kiosk": True, "gone": True})


@permission("kiosk.use")
@gzip_page
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """Return the worker of a shared screen: for its start, and for the one form that it opens."""
    del request
    response = worker_script(KEPT, kiosk=True, gone=True)
    response.headers["Service-Worker-Allowed"] = "/"
    return response


@permission("kiosk.start")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Hand this device over: the login ends, a token bound to the practice stays."""
    now = timezone.now()
    error = ""
    if request.method == "POST":
        pin = request.POST.get("pin", "")
        try:
            if pin != request.POST.get("again", ""):
                error = "The two are not the same. Type them again."
            else:
                label = request.POST.get("label", "")
                token = start_kiosk(request.user, label=label, pin=pin, now=now)
                return _handed_over(request, token)
        except ClinicError:
            error = "A PIN has 4 to 8 figures, not all alike."
    context = {"running": running_kiosks(request.user, now=now), "error": error}
    status = 422 if error else 200
    return render(request, "attunement/kiosk/start.html", context, status=status)


def _handed_over(request: HttpRequest, token: str) -> HttpResponse:
    logout(request)
    response = _to("kiosk")
    keep(response, kiosk_cookie(), token, int(KIOSK_LIFE.total_seconds()))
    return _forget_the_last(request, response)


@permission("kiosk.start")
@login_required
@require_http_methods(["POST"])
def end(request: HttpRequest, kiosk_id: str) -> HttpResponse:
    """Take a screen back from another computer."""
    end_kiosk(request.user, kiosk_id, now=timezone.now())
    return _to("kiosk-start")


@permission("kiosk.leave")
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest) -> HttpResponse:
    """Ask for the PIN; with the right one the device is an ordinary one again."""
    kiosk = _kiosk(request)
    if kiosk is None:
        return _to("caseload")
    error = ""
    if request.method == "POST":
        left = leave_kiosk(kiosk, pin=request.POST.get("pin", ""), now=timezone.now())
        if left.left:
            response = _to("caseload")
            drop(response, kiosk_cookie())
            response.headers["Clear-Site-Data"] = '"cache"'
            return _forget_the_last(request, response)
        error = "That PIN does not fit."
        if left.wait_seconds:
            error = f"Please wait {-(-left.wait_seconds // 60)} min before the next try."
    status = 422 if error else 200
    return render(request, "attunement/kiosk/leave.html", {"error": error}, status=status)


def _kiosk(request: HttpRequest) -> Kiosk | None:
    found = getattr(request, "kiosk", None)
    return found if isinstance(found, Kiosk) else None


def _forget_the_last(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Drop every cookie that a link left in this browser."""
    starts = (cookie_name("c", ""), cookie_name("r", ""), received_cookie())
    for name in request.COOKIES:
        if name.startswith(starts):
            drop(response, name)
    return response


def _answer(request: HttpRequest, to: str, made: HttpResponse | None = None) -> HttpResponse:
    """Say where to go: to a script, which leaves no trace in the history, or to a browser."""
    by_script = request.headers.get("Accept") == "application/json"
    response: HttpResponse
    if by_script:
        response = JsonResponse({"to": to})
    else:
        response = HttpResponseRedirect(to)
        response.status_code = 303
    if made is not None:
        response.cookies = made.cookies
    return response


def _to(route: str) -> HttpResponse:
    response = HttpResponseRedirect(reverse(route))
    response.status_code = 303
    return response
