# SPDX-License-Identifier: Apache-2.0
"""How long a login lasts: 15 minutes idle (the cookie's age), 12 hours in all."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from attunement.clinic.config.django_settings import ABSOLUTE_SECONDS

LOGGED_IN_AT = "logged_in_at"


class LoginLimitsMiddleware:
    """End a login that has lasted longer than the absolute limit."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Log out when the limit is past; remember when a login began."""
        if request.user.is_authenticated:
            began = request.session.get(LOGGED_IN_AT)
            if began is None:
                request.session[LOGGED_IN_AT] = int(time.time())
            elif time.time() - began > ABSOLUTE_SECONDS:
                logout(request)
        return self.get_response(request)
