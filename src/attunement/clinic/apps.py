# SPDX-License-Identifier: Apache-2.0
"""The Django app."""

from __future__ import annotations

from django.apps import AppConfig


class ClinicConfig(AppConfig):
    """The clinic; its system checks are registered when Django starts."""

    name = "attunement.clinic"
    label = "clinic"
    verbose_name = "Attunement"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks."""
        import attunement.clinic.checks  # noqa: F401, PLC0415 -- registers checks; models must be loaded first
