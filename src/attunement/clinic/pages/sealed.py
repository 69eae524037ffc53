# SPDX-License-Identifier: Apache-2.0
"""Where sealed forms arrive, and the two things that a phone keeps to send them later."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_safe

from attunement.clinic.access import permission
from attunement.clinic.pages.client import keep_received
from attunement.clinic.pages.grants import keep_receipt
from attunement.clinic.pages.workers import STYLES, Kept, worker_script
from attunement.clinic.services.sealed_queue import receive
from attunement.clinic.services.sealed_queue.box import MOST_BYTES

KEPT = Kept(
    name="attunement-shell",
    page="/c/waiting",
    template="attunement/client/waiting.html",
    files=(*STYLES, "js/queue.js", "js/send.js"),
)


# An envelope is worth what the ticket inside it is worth; no cookie of this browser adds to it.
@csrf_exempt
@permission("sealed.receive")
@require_http_methods(["POST"])
def sealed(request: HttpRequest) -> HttpResponse:
    """Take one sealed form and answer with a signed receipt."""
    if not _own_page(request):
        return JsonResponse({"outcome": "foreign"}, status=403)
    if request.content_type != "application/json":
        return JsonResponse({"outcome": "no envelope"}, status=415)
    try:
        body = request.body
    except RequestDataTooBig:
        return JsonResponse({"outcome": "too long"}, status=413)
    if len(body) > MOST_BYTES:
        return JsonResponse({"outcome": "too long"}, status=413)
    delivery = receive(
        body,
        idempotency_key=request.headers.get("Idempotency-Key", ""),
        address=request.META.get("REMOTE_ADDR", ""),
        form_open=request.headers.get("Attunement-Form") == "open",
        now=timezone.now(),
    )
    answer = {"outcome": delivery.outcome}
    if delivery.signature:
        answer |= {"said": delivery.said, "signature": delivery.signature}
    response = JsonResponse(answer, status=delivery.http_status)
    if delivery.wait_seconds:
        response.headers["Retry-After"] = str(delivery.wait_seconds)
    if delivery.received_at is not None and not delivery.kiosk:
        keep_receipt(response, delivery.mark)
        keep_received(response, delivery.received_at, before=delivery.before)
    return response


@permission("sealed_shell.view")
@gzip_page
@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """Show what waits on this device; the worker keeps this page to open it without a network."""
    return render(request, "attunement/client/waiting.html")


@permission("sealed_shell.view")
@gzip_page
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """Return the worker of the client's pages."""
    del request
    return worker_script(KEPT)


def _own_page(request: HttpRequest) -> bool:
    """Whether the request came from our own page: no other site fills the clinic's shelf."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    own = f"{request.scheme}://{request.get_host()}"
    return site == "same-origin" and origin in {None, own, settings.ATTUNEMENT.base_url}
