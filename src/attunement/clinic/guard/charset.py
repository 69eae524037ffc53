# SPDX-License-Identifier: Apache-2.0
"""Forms are UTF-8 and not packed. One that says otherwise is refused before it is read."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

_UTF_8 = frozenset({"utf-8", "utf8"})


class CharsetMiddleware:
    """Answer 400 to a body in another character set, 415 to a packed one.

    Read wrongly, either would be stored wrongly; nothing is ever unpacked, so that nothing small
    can become large.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the view's answer."""
        params = request.content_params or {}
        named = params.get("charset", "utf-8").strip("\"' ").lower()
        if named not in _UTF_8:
            message = "a body that is not UTF-8"
            raise BadRequest(message)
        if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            return render(request, "400.html", {"too_large": False}, status=415)
        return self.get_response(request)
