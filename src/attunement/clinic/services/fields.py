# SPDX-License-Identifier: Apache-2.0
"""Reading the fields of a form strictly: what is not exactly an answer is refused.

``"3"`` and the whole number 3 are answers; ``"3 "``, ``"3.0"``, ``3.0``, ``true``, ``"٣"`` and a
list are not. An empty or absent field is an unanswered item.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from attunement.clinic.models.response import MAX_TEXT
from attunement.clinic.services.results import FieldProblem
from attunement.measures.schema import Item, Measure

if TYPE_CHECKING:
    from django.http import QueryDict

FIELD_PREFIX = "item-"
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,5})(?:\.[0-9]{1,6})?", re.ASCII)
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,5})", re.ASCII)
# Half a character, and the mark that decoding leaves where bytes were no character.
_UNREADABLE = re.compile("[\ud800-\udfff\ufffd]")
_STEP_TOLERANCE = 1e-9


def field_name(item_id: str) -> str:
    """Return the name of an item's form field: ``"item-8a"``."""
    return f"{FIELD_PREFIX}{item_id}"


def raw_fields(posted: QueryDict) -> dict[str, object]:
    """Return what was posted, a field that came more than once as a list (and so refused)."""
    return {
        name: values[0] if len(values) == 1 else list(values) for name, values in posted.lists()
    }


@dataclass(frozen=True, slots=True)
class ParsedForm:
    """The answers of one form.

    ``values`` has every item that is not text, None where it was not answered; ``texts`` has the
    text items that were. ``n_not_asked`` counts answers to questions that the form does not ask
    under these answers (skip rule): they are not kept.
    """

    values: dict[str, float | None]
    texts: dict[str, str]
    n_not_asked: int

    @property
    def answered(self) -> tuple[str, ...]:
        """Which items have an answer."""
        numbers = (item for item, value in self.values.items() if value is not None)
        return (*numbers, *self.texts)

    @property
    def n_answered(self) -> int:
        """How many items have an answer."""
        return len(self.answered)


class FieldsRefused(ValueError):  # noqa: N818 -- a refusal is handed on, it is no error of ours
    """Fields that cannot be read; ``problems`` has one entry for each."""

    def __init__(self, problems: tuple[FieldProblem, ...]) -> None:
        super().__init__(f"{len(problems)} fields")
        self.problems = problems


def parse_form(measure: Measure, fields: Mapping[str, object]) -> ParsedForm:
    """Read the fields of a measure's form. One with every question left out is a form too.

    Parameters
    ----------
    measure : Measure
        The measure version the form was made for.
    fields : mapping
        Field name to what was sent. Names that are no item of the measure are ignored.

    Returns
    -------
    ParsedForm

    Raises
    ------
    FieldsRefused
        Naming each item that cannot be read, never what was typed.
    """
    values: dict[str, float | None] = {}
    texts: dict[str, str] = {}
    problems: list[FieldProblem] = []
    for item in measure.items:
        raw = fields.get(field_name(item.id))
        try:
            if item.kind == "text":
                words = read_text(raw)
                if words:
                    texts[item.id] = words
            else:
                values[item.id] = _value(measure, item, raw)
        except ValueError as problem:
            problems.append(FieldProblem(item=item.id, message=str(problem)))
    if problems:
        raise FieldsRefused(tuple(problems))
    n_not_asked = _drop_not_asked(measure, values, texts)
    return ParsedForm(values=values, texts=texts, n_not_asked=n_not_asked)


def readable_numbers(measure: Measure, fields: Mapping[str, object]) -> dict[str, float | None]:
    """Return the numbers of a form that can be read, whatever else in it cannot."""
    found: dict[str, float | None] = {}
    for item in measure.items:
        if item.kind != "text":
            with suppress(ValueError):
                found[item.id] = _value(measure, item, fields.get(field_name(item.id)))
    return found


def parse_prediction(raw: object, *, minimum: float, maximum: float) -> float | None:
    """Read the therapist's prediction of the client's total; None when none was made.

    Raises
    ------
    FieldsRefused
        When it is not a number from ``minimum`` to ``maximum``.
    """
    if raw is None or raw == "":
        return None
    message = f"A number from {minimum:g} to {maximum:g}, such as {(minimum + maximum) / 2:g}."
    number: float | None = None
    if (isinstance(raw, str) and _NUMBER.fullmatch(raw)) or (
        isinstance(raw, (int, float)) and not isinstance(raw, bool)
    ):
        number = float(raw)
    if number is None or not minimum <= number <= maximum:
        raise FieldsRefused((FieldProblem(item="predicted_total", message=message),))
    return number


def _value(measure: Measure, item: Item, raw: object) -> float | None:
    if raw is None or raw == "":
        return None
    if item.options:
        return _offered(measure.option_sets[item.options].values, raw)
    return _on_scale(item, raw)


def _offered(offered: tuple[float, ...], raw: object) -> float:
    for value in offered:
        written = f"{value:g}"
        if isinstance(raw, str):
            if raw == written:
                return value
        elif isinstance(raw, bool):
            continue
        elif (isinstance(raw, int) and raw == value) or (
            isinstance(raw, float) and raw == value and not value.is_integer()
        ):
            return value
    message = "Choose one of the answers that are offered, or leave it out."
    raise ValueError(message)


def _on_scale(item: Item, raw: object) -> float:
    low = item.minimum if item.minimum is not None else 0.0
    high = item.maximum if item.maximum is not None else low
    whole = item.step > 0 and float(item.step).is_integer() and float(low).is_integer()
    message = f"Choose a {'whole ' if whole else ''}number from {low:g} to {high:g}."
    number: float | None = None
    if isinstance(raw, str):
        if (_WHOLE if whole else _NUMBER).fullmatch(raw):
            number = float(raw)
    elif isinstance(raw, bool) or (whole and isinstance(raw, float)):
        number = None
    elif isinstance(raw, (int, float)):
        number = float(raw)
    if number is None or not low <= number <= high:
        raise ValueError(message)
    if item.step > 0:
        steps = (number - low) / item.step
        if abs(steps - round(steps)) > _STEP_TOLERANCE:
            raise ValueError(message)
    return number


def read_text(raw: object) -> str:
    """Return words as sent, without blanks around them; empty when there are none.

    Raises
    ------
    ValueError
        With what would be possible, when they cannot be stored as they are.
    """
    if raw is None:
        return ""
    if not isinstance(raw, str):
        message = "Write it as text, once."
        raise ValueError(message)  # noqa: TRY004 -- one kind of refusal for every bad field
    if len(raw) > MAX_TEXT:
        message = f"Please keep it under {MAX_TEXT:,} characters."
        raise ValueError(message)
    if "\x00" in raw or _UNREADABLE.search(raw):
        message = "The text holds a character that cannot be stored; please type it again."
        raise ValueError(message)
    return raw.replace("\r\n", "\n").replace("\r", "\n").strip()


def _drop_not_asked(
    measure: Measure, values: dict[str, float | None], texts: dict[str, str]
) -> int:
    n_not_asked = 0
    for item in measure.items:
        if item.shown_if is None:
            continue
        answer = values.get(item.shown_if.item)
        if answer is not None and answer >= item.shown_if.at_least:
            continue
        if values.get(item.id) is not None:
            values[item.id] = None
            n_not_asked += 1
        if texts.pop(item.id, None) is not None:
            n_not_asked += 1
    return n_not_asked
