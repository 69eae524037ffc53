# SPDX-License-Identifier: Apache-2.0
"""Pages about the house itself: its pieces, its health, and requests that it cannot read."""

from __future__ import annotations

import sys

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from attunement.clinic.access import permission
from attunement.clinic.pages.gallery import gallery
from attunement.figures import CHART_CSS

WAIT_SECONDS = 2  # what a browser or a phone is asked to wait when the store is busy


@permission("components.view")
@require_safe
def design(request: HttpRequest) -> HttpResponse:
    """Show every token and piece, to people who work here and in the synthetic clinic."""
    if not (request.user.is_authenticated or settings.ATTUNEMENT.synthetic):
        raise Http404
    return render(request, "attunement/design.html", gallery())


@permission("components.view")
@require_safe
def chart_css(request: HttpRequest) -> HttpResponse:
    """Serve the figures' own style sheet, so that it exists once."""
    del request
    return HttpResponse(CHART_CSS, content_type="text/css; charset=utf-8")


@permission("health.view")
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Say that the process answers; nothing else."""
    del request
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that could not be read: 413 when it is too large, else 400."""
    status = 413 if isinstance(exception, RequestDataTooBig) else 400
    return render(request, "400.html", {"too_large": status == 413}, status=status)  # noqa: PLR2004 -- HTTP's own number


def our_mistake(request: HttpRequest) -> HttpResponse:
    """Answer 500 with whom to call, from the settings alone: no database, no login, no request.

    A store that is busy, or cannot write just now, is 503: nothing was stored, and it is worth
    trying again.
    """
    del request
    busy = isinstance(sys.exception(), OperationalError)
    config = settings.ATTUNEMENT
    words = {"crisis": config.crisis, "practice_name": config.practice_name, "words": config.words}
    try:
        page = render_to_string("500.html", words | {"synthetic": config.synthetic, "busy": busy})
    except Exception:  # noqa: BLE001 -- whatever broke the templates, the number to call stands
        page = format_html(
            '<!doctype html><html lang="en"><title>Our mistake</title>'
            "<h1>Our mistake, not yours</h1><p>Go back and send it once more: it is never stored "
            "twice.</p><p>If you need help now: {} {}</p></html>",
            config.crisis.text,
            config.crisis.phone,
        )
    headers = {"Retry-After": str(WAIT_SECONDS)} if busy else None
    return HttpResponse(page, status=503 if busy else 500, headers=headers)
