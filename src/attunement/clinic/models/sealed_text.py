# SPDX-License-Identifier: Apache-2.0
"""A column of words that the database never sees in plain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from attunement.clinic.keys import is_sealed

if TYPE_CHECKING:
    from attunement.clinic.models.people import Client


class SealedFor(Protocol):
    """A row that says whose its sealed words are."""

    def sealed_for(self) -> tuple[Client, str]:
        """Return the client whose key seals, and what names this row before it has a number."""
        ...


class SealedTextField(models.TextField):  # type: ignore[type-arg]  # no generic at run time
    """Words about or by a client, sealed with the client's key when the row is written.

    Written words are sealed on the way in; an attribute that was saved or read holds the sealed
    text, and ``services.sealing.open_field`` opens it. Nothing that is not sealed gets past this
    field, whichever way it is written. For the schema it is a text.
    """

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        """Return a plain text column: migrations need not know of keys."""
        name, _, args, kwargs = super().deconstruct()
        return name or "", "django.db.models.TextField", args, kwargs

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001 -- Django's signature
        """Seal what is about to be written."""
        words = super().pre_save(model_instance, add)
        if not words:
            return words
        # Late: the tables come before the services that read them.
        from attunement.clinic.services.sealing import seal_for_row  # noqa: PLC0415

        client, row_id = cast("SealedFor", model_instance).sealed_for()
        sealed = seal_for_row(client, place=self.place, row_id=row_id, text=words)
        setattr(model_instance, self.attname, sealed)
        return sealed

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        """Refuse plain words that came some other way, such as ``update``."""
        if isinstance(value, str) and value and not is_sealed(value):
            message = f"plain words are not written to {self.place}"
            raise ValueError(message)
        return super().get_db_prep_save(value, connection)

    @property
    def place(self) -> str:
        """Return table and column: part of what a sealed text is bound to."""
        return f"{self.model._meta.db_table}.{self.column}"
