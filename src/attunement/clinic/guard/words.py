# SPDX-License-Identifier: Apache-2.0
"""The operator's words in every template, as ``words`` and ``practice_name``."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def words(request: HttpRequest) -> dict[str, Any]:
    """Return what every template may show: displayed words, practice name, crisis text."""
    del request
    config = settings.ATTUNEMENT
    return {
        "words": config.words,
        "practice_name": config.practice_name,
        "synthetic": config.synthetic,
        "crisis": config.crisis,
    }
