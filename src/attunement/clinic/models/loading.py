# SPDX-License-Identifier: Apache-2.0
"""Rows that come from the store: objects that hold what the store gave."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Self

from django.db import models
from django.db.models.base import ModelState


class LoadedModel(models.Model):
    """A model whose rows are loaded without being built as if they were new.

    Django gives every column of every row to the model's constructor, which looks for defaults,
    relations and keywords and tells listeners of it; that takes several times as long as the store
    needs to find the row. A loaded row has none of these, and nobody here listens.
    """

    class Meta:
        abstract = True

    @classmethod
    def from_db(  # type: ignore[override] # the stubs know a later Django's
        cls, db: str | None, field_names: Collection[str], values: Collection[Any]
    ) -> Self:
        """Return the row; columns that were not asked for are read when they are needed."""
        made = cls.__new__(cls)
        made._state = state = ModelState()
        state.adding, state.db = False, db
        vars(made).update(zip(field_names, values, strict=True))
        return made

    @classmethod
    def fresh(cls, **columns: Any) -> Self:
        """Return a new row from every one of its columns, by the names they have in the store.

        Nothing is looked up or filled in: for the rows of which a form has a dozen.
        """
        made = cls.__new__(cls)
        made._state = ModelState()
        vars(made).update(columns)
        return made
