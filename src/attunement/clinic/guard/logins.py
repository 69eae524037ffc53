# SPDX-License-Identifier: Apache-2.0
"""How long a login lasts: 15 minutes without an act, 12 hours in all."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from attunement.clinic.config.django_settings import ABSOLUTE_SECONDS, IDLE_SECONDS

LOGGED_IN_AT = "logged_in_at"
ACTIVE_AT = "active_at"
# Acts within so many seconds are noted once: every note is a write. A login that is left alone
# ends up to so much sooner, never later.
NOTED_EVERY = 10


class LoginLimitsMiddleware:
    """End a login that was left alone or has lasted too long.

    A page that asks by itself whether something changed (an HTMX ``GET``) is not a person's act:
    an open page on an empty desk does not keep a login alive.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Log out when a limit is past; remember when a login began and when it was used."""
        if not request.user.is_authenticated and SESSION_KEY in request.session:
            return _closed(request)
        if request.user.is_authenticated:
            now = int(time.time())
            began = request.session.setdefault(LOGGED_IN_AT, now)
            active = request.session.setdefault(ACTIVE_AT, now)
            if now - began > ABSOLUTE_SECONDS or now - active > IDLE_SECONDS:
                logout(request)
            elif now - active >= NOTED_EVERY and not _asks_by_itself(request):
                request.session[ACTIVE_AT] = now
        return self.get_response(request)


def _closed(request: HttpRequest) -> HttpResponse:
    """Answer the cookie of a login that was closed: 401, and the cookie is worth nothing."""
    request.session.flush()
    response = render(request, "401.html", status=401)
    response.headers["WWW-Authenticate"] = 'Form realm="sign in"'
    return response


def _asks_by_itself(request: HttpRequest) -> bool:
    return request.method == "GET" and request.headers.get("HX-Request") == "true"
