# SPDX-License-Identifier: Apache-2.0
"""Where sealed forms arrive, and the two things that a phone keeps to send them later."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_safe

from attunement.clinic.access import permission
from attunement.clinic.pages.client import keep_received
from attunement.clinic.pages.grants import keep_receipt
from attunement.clinic.services.sealed_queue import receive
from attunement.clinic.services.sealed_queue.box import MOST_BYTES

SHELL_PAGE = "/c/waiting"
_SHELL = ("css/tokens.css", "css/base.css", "css/components.css", "css/forms.css", "css/print.css")
_SHELL_SCRIPTS = ("js/queue.js", "js/send.js")
_WORKER = ("js/queue.js", "js/worker.js")


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
    shell = render_to_string("attunement/client/waiting.html", _shell_words())
    paths = [static(f"attunement/{name}") for name in (*_SHELL, *_SHELL_SCRIPTS)]
    text = _worker_text()
    version = hashlib.sha256(f"{shell}{_shell_files()}{text}".encode()).hexdigest()[:16]
    head = "\n".join(
        (
            f'const VERSION = "{version}";',
            f'const SHELL_PAGE = "{SHELL_PAGE}";',
            f"const SHELL = {_list(paths)};",
        )
    )
    return HttpResponse(f"{head}\n{text}", content_type="text/javascript; charset=utf-8")


def _shell_words() -> dict[str, object]:
    """Return what the kept page says of this site: when it changes, the worker does too."""
    config = settings.ATTUNEMENT
    return {
        "words": config.words,
        "practice_name": config.practice_name,
        "synthetic": config.synthetic,
        "crisis": config.crisis,
    }


def _own_page(request: HttpRequest) -> bool:
    """Whether the request came from our own page: no other site fills the clinic's shelf."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    own = f"{request.scheme}://{request.get_host()}"
    return site == "same-origin" and origin in {None, own, settings.ATTUNEMENT.base_url}


def _list(paths: list[str]) -> str:
    return "[" + ", ".join(f'"{path}"' for path in paths) + "]"


@lru_cache(maxsize=1)
def _worker_text() -> str:
    return "".join(_file(name) for name in _WORKER)


@lru_cache(maxsize=1)
def _shell_files() -> str:
    return hashlib.sha256("".join(map(_file, (*_SHELL, *_SHELL_SCRIPTS))).encode()).hexdigest()


def _file(name: str) -> str:
    found = finders.find(f"attunement/{name}")
    return Path(str(found)).read_text(encoding="utf-8")
