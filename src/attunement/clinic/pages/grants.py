# SPDX-License-Identifier: Apache-2.0
"""Opened links in a browser: one cookie each, and each form bound to the one it was shown for.

Two links can be open in two tabs of one browser. A form therefore carries, signed, its submission
id together with the mark of its grant; the cookie of that name holds the grant. Neither works
without the other, and no tab touches the cookie of another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from attunement.clinic.config.django_settings import GRANT_SECONDS
from attunement.clinic.services import mark_of_grant

MOST_OPEN = 32  # further links push out the oldest, so that the header stays small
_FORM_SALT = "attunement.form"
_RECEIPT_SALT = "attunement.receipt"
_MARK = re.compile(r"[0-9a-f]{16}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Bound:
    """A form that came back: the grant it was shown for, and its submission id."""

    grant: str
    mark: str
    submission_id: str


def cookie_name(kind: str, mark: str) -> str:
    """Return the name of a cookie: ``c`` holds an opened link, ``r`` that its form arrived."""
    return f"{'__Host-' if settings.ATTUNEMENT.https else ''}{kind}_{mark}"


def keep_grant(request: HttpRequest, response: HttpResponse, grant: str) -> str:
    """Put an opened link in a cookie of its own; return its mark."""
    held = [name for name in request.COOKIES if name.startswith(cookie_name("c", ""))]
    for name in held[: max(0, len(held) + 1 - MOST_OPEN)]:
        drop(response, name)
    mark = mark_of_grant(grant)
    keep(response, cookie_name("c", mark), grant, GRANT_SECONDS)
    return mark


def held_grant(request: HttpRequest, mark: str) -> str:
    """Return the grant of that mark, "" when this browser does not hold it.

    Without a mark it is the one that the browser holds, if there is exactly one.
    """
    return _own(request, mark or sole_mark(request))


def sole_mark(request: HttpRequest) -> str:
    """Return the mark of the only opened link of this browser, "" when there are several."""
    start = cookie_name("c", "")
    held = [name for name in request.COOKIES if name.startswith(start)]
    return held[0].removeprefix(start) if len(held) == 1 else ""


def known_mark(request: HttpRequest, mark: str) -> str:
    """Return the mark if this browser holds the opened link that it names, else an empty text."""
    return mark if _own(request, mark) else ""


def _own(request: HttpRequest, mark: str) -> str:
    if not _MARK.fullmatch(mark):
        return ""
    grant = request.COOKIES.get(cookie_name("c", mark), "")
    return grant if grant and mark_of_grant(grant) == mark else ""


def bind(grant: str, submission_id: UUID) -> str:
    """Return what a form carries: submission id and the grant's mark, signed."""
    return signing.Signer(salt=_FORM_SALT).sign(f"{submission_id}.{mark_of_grant(grant)}")


def bound(request: HttpRequest) -> Bound | None:
    """Return what a posted form is bound to; None unless all of it fits together."""
    sent = request.POST.getlist("submission_id")
    if len(sent) != 1:
        return None
    try:
        carried = signing.Signer(salt=_FORM_SALT).unsign(sent[0])
    except signing.BadSignature:
        return None
    submission_id, _, mark = carried.partition(".")
    grant = _own(request, mark)
    return Bound(grant, mark, submission_id) if grant else None


def keep_receipt(response: HttpResponse, mark: str) -> None:
    """Note in this browser that the form of a link arrived; nothing about its answers."""
    value = signing.TimestampSigner(salt=_RECEIPT_SALT).sign(mark)
    keep(response, cookie_name("r", mark), value, GRANT_SECONDS)


def arrived(request: HttpRequest, mark: str) -> bool:
    """Whether this browser sent the form of that link within the hour."""
    if not _MARK.fullmatch(mark):
        return False
    value = request.COOKIES.get(cookie_name("r", mark), "")
    try:
        kept = signing.TimestampSigner(salt=_RECEIPT_SALT).unsign(value, max_age=GRANT_SECONDS)
    except signing.BadSignature:
        return False
    return kept == mark


def keep(response: HttpResponse, name: str, value: str, seconds: int) -> None:
    """Set a cookie that no script can read."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        secure=settings.ATTUNEMENT.https,
        httponly=True,
        samesite="Lax",
    )


def drop(response: HttpResponse, name: str) -> None:
    """Take a cookie back, with the attributes that a ``__Host-`` name asks for."""
    keep(response, name, "", 0)
