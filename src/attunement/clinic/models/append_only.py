# SPDX-License-Identifier: Apache-2.0
"""Rows that are written once. The database refuses too: see ``clinic/store/triggers.py``."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn, Self

from django.db import models

from attunement.clinic.errors import ClinicError
from attunement.clinic.models.loading import LoadedModel


def _refuse(table: str) -> NoReturn:
    raise ClinicError(
        "E-CLINIC-004",
        what=f"rows of {table} are written once",
        expected="a new version beside the old row",
        next_step="Record a correction instead",
    )


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """A query set that reads and inserts, and nothing else."""

    def update(self, **kwargs: Any) -> int:
        """Refuse: E-CLINIC-004."""
        del kwargs
        _refuse(self.model._meta.db_table)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse: E-CLINIC-004."""
        _refuse(self.model._meta.db_table)

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        """Refuse: E-CLINIC-004."""
        del args, kwargs
        _refuse(self.model._meta.db_table)


class AppendOnlyModel(LoadedModel):
    """A model whose rows can be inserted and read, never changed or deleted."""

    objects: ClassVar[models.Manager[Self]] = models.Manager.from_queryset(AppendOnlyQuerySet)()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the row; a second save is refused with E-CLINIC-004."""
        if not self._state.adding:
            _refuse(self._meta.db_table)
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse: E-CLINIC-004."""
        del args, kwargs
        _refuse(self._meta.db_table)
