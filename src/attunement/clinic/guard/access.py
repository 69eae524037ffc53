# SPDX-License-Identifier: Apache-2.0
"""A record that is foreign and one that does not exist give the same page."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.views.defaults import page_not_found

from attunement.clinic.errors import AccessError


class AccessMiddleware:
    """Turn an ``AccessError`` of a service into the one neutral 404 page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the view's answer."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the 404 page for an access error, None for everything else."""
        if isinstance(exception, AccessError):
            return page_not_found(request, Http404())
        return None
