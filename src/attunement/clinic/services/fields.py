# SPDX-License-Identifier: Apache-2.0
"""Reading the fields of a form strictly: what is not exactly an answer is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import QueryDict

FIELD_PREFIX = "item-"


def field_name(item_id: str) -> str:
    """Return the name of an item's form field: ``"item-8a"``."""
    return f"{FIELD_PREFIX}{item_id}"


def raw_fields(posted: QueryDict) -> dict[str, object]:
    """Return what was posted, a field that came more than once as a list (and so refused)."""
    return {
        name: values[0] if len(values) == 1 else list(values) for name, values in posted.lists()
    }
