# SPDX-License-Identifier: Apache-2.0
"""What a client wishes for an answer: to be raised, not to be, or for the lead alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attunement.clinic.access.visibility import Wish
from attunement.clinic.services.fields import FieldsRefused
from attunement.clinic.services.results import FieldProblem
from attunement.measures.schema import Measure

FIELD = "wish"  # for the whole form; with a dash and an item, for one answer
MESSAGE = "Choose one of the wishes that are offered, or leave it out."


def wish_field(item: str) -> str:
    """Return the name of the field for one answer's wish: ``"wish-8a"``."""
    return f"{FIELD}-{item}"


def read_wishes(
    fields: Mapping[str, object], answered: Iterable[str], *, measure: Measure
) -> dict[str, str]:
    """Return the wish for each answered item; one answer's own goes before the whole form's.

    Parameters
    ----------
    fields : mapping
        Field name to what was sent.
    answered : iterable of str
        Items and extras with an answer. Without an answer there is nothing to wish for.
    measure : Measure
        Which item follows up which: an answer that follows goes with the one it follows.

    Raises
    ------
    FieldsRefused
        When a wish is none of those offered.
    """
    whole = _read(fields.get(FIELD), "")
    leads = {item.id: item.shown_if.item for item in measure.items if item.shown_if}
    found: dict[str, str] = {}
    for item in answered:
        lead = leads.get(item, item)
        wish = _read(fields.get(wish_field(lead)), lead) or whole
        if wish:
            found[item] = wish
    return found


def _read(raw: object, item: str) -> str:
    if raw is None or raw == "":
        return ""
    if not isinstance(raw, str) or raw not in Wish.values:
        raise FieldsRefused((FieldProblem(item=item, message=MESSAGE),))
    return raw
