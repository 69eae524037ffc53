# SPDX-License-Identifier: Apache-2.0
"""The line above every staff page, asked for only by the pages that show it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from attunement.clinic.services.risk import Notice, notice_for


def alert_notice(request: HttpRequest) -> dict[str, Any]:
    """Return what a staff page says before everything else; client pages never ask for it."""

    def ask() -> Notice:
        return notice_for(getattr(request, "user", None), now=timezone.now())

    return {"alert_notice": SimpleLazyObject(ask)}
