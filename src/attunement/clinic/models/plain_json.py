# SPDX-License-Identifier: Apache-2.0
"""JSON without a check in the schema.

Django's own field adds ``CHECK (JSON_VALID(…))``, which SQLite refuses to run with
``trusted_schema`` off. Only our own code writes these columns, always through ``json.dumps``.
"""

from __future__ import annotations

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class PlainJSONField(models.JSONField):
    """A JSON column whose table asks no function of the database."""

    def db_check(self, connection: BaseDatabaseWrapper) -> str | None:
        """Return no check."""
        del connection
        return None
