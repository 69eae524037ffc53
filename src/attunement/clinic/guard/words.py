# SPDX-License-Identifier: Apache-2.0
"""The operator's words in every template, as ``words`` and ``practice_name``."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from attunement.clinic.models import Login
from attunement.clinic.services.break_glass import unreviewed_for
from attunement.clinic.services.sealed_queue import n_unnoted


def words(request: HttpRequest) -> dict[str, Any]:
    """Return what every template may show: displayed words, practice name, crisis text."""
    config = settings.ATTUNEMENT
    return {
        "words": config.words,
        "practice_name": config.practice_name,
        "synthetic": config.synthetic,
        "crisis": config.crisis,
        # asked only where a template shows it
        "held_waiting": lambda: n_unnoted(request.user),
        "emergency_waiting": lambda: (
            unreviewed_for(request.user, now=timezone.now())
            if isinstance(request.user, Login)
            else 0
        ),
        "kiosk": getattr(request, "kiosk", None) is not None,
    }
