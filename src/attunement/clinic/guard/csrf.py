# SPDX-License-Identifier: Apache-2.0
"""A form that did not come from our own page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.csrf import csrf_failure

from attunement.clinic.services.audit import record_alone


def refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return 403 and write one audit event; the reason is Django's own constant text."""
    actor = getattr(request.user, "pk", None) or "anonymous"
    record_alone(
        actor=str(actor), action="form.refused", outcome="refused", now=timezone.now(), why="csrf"
    )
    return csrf_failure(request, reason=reason)
