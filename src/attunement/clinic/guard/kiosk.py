# SPDX-License-Identifier: Apache-2.0
"""A device that was handed over shows the waiting screen and one form, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from attunement.clinic.services.kiosks import kiosk_of

_OPEN = ("/kiosk/", "/c/form", "/c/sealed", "/c/thanks", "/assets/", "/healthz")
_HOME = "/kiosk/"


def kiosk_cookie() -> str:
    """Return the name of the cookie that holds a kiosk's token."""
    return "__Host-kiosk" if settings.ATTUNEMENT.https else "kiosk"


class KioskMiddleware:
    """Put the screen on the request as ``kiosk``, and lead everything else to its start."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the view's answer, or the way to the waiting screen."""
        token = request.COOKIES.get(kiosk_cookie(), "")
        kiosk = kiosk_of(token, now=timezone.now()) if token else None
        request.kiosk = kiosk  # type: ignore[attr-defined] # read by pages and templates
        if kiosk is not None and not request.path.startswith((*_OPEN, str(settings.STATIC_URL))):
            return HttpResponseRedirect(_HOME)
        return self.get_response(request)
