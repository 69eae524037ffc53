# SPDX-License-Identifier: Apache-2.0
"""A cookie of ours that comes twice: one of the two was put there by somebody else."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

from attunement.clinic.guard.kiosk import kiosk_cookie


class OneCookieMiddleware:
    """Answer 400 where the cookie of a login, a form or a shared screen comes twice.

    Which of the two counts is nobody's to guess. Behind TLS our names begin with ``__Host-``, and
    browsers keep one of each; on one's own machine another page could add a second.
    (An opened link's cookie is named for what it holds: a second one does not fit its name.)
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the view's answer."""
        sent = request.META.get("HTTP_COOKIE", "").split(";")
        names = [each.partition("=")[0].strip() for each in sent]
        own = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, kiosk_cookie())
        if any(names.count(name) > 1 for name in own):
            message = "two cookies of one name"
            raise BadRequest(message)
        return self.get_response(request)
