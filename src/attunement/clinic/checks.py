# SPDX-License-Identifier: Apache-2.0
"""System checks: a route without a permission stops the start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register

from attunement.clinic.access.routes import undeclared_routes


@register(Tags.urls)
def routes_have_permissions(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Return an error for every route whose view declares no permission."""
    del app_configs, kwargs
    return [
        Error(
            f"E-CLINIC-003: the route /{pattern} has no declared permission.",
            hint='Put @permission("…") on its view, or remove the route.',
            id="clinic.E003",
        )
        for pattern in undeclared_routes()
    ]
