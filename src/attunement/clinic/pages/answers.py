# SPDX-License-Identifier: Apache-2.0
"""A refused form, made ready to be shown again with its mistakes in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from attunement.clinic.pages.questions import Filled, Question
from attunement.clinic.services import Refused, field_name
from attunement.measures.schema import Measure

PREDICTION = "predicted_total"


@dataclass(frozen=True, slots=True)
class ErrorLink:
    """One line of the summary above a form: what is wrong, and where it is mended."""

    target: str
    message: str


def filled(measure: Measure, fields: Mapping[str, object], refused: Refused | None) -> Filled:
    """Return what was typed, for the same person's eyes, beside what could not be read."""
    raw = {}
    for item in measure.items:
        sent = fields.get(field_name(item.id))
        if isinstance(sent, str):
            raw[item.id] = sent
    problems = refused.problems if refused is not None else ()
    return Filled(raw=raw, errors={each.item: each.message for each in problems})


def error_list(
    screens: tuple[tuple[Question, ...], ...], refused: Refused
) -> tuple[ErrorLink, ...]:
    """Return the summary: one link for each mistake, in the order of the page."""
    places: dict[str, tuple[str, str]] = {PREDICTION: ("prediction-input", "Your guess")}
    for screen in screens:
        for at, question in enumerate(screen):
            target = question.html_id + ("-input" if question.kind == "text" else "")
            name = question.number if at == 0 else f"{screen[0].number}, second part"
            places[question.item] = (target, name)
    order = {item: index for index, item in enumerate(places)}
    found = []
    for each in sorted(refused.problems, key=lambda each: order.get(each.item, len(order))):
        target, name = places.get(each.item, ("questions", ""))
        found.append(ErrorLink(target, f"{name}: {each.message}" if name else each.message))
    return tuple(found) or (ErrorLink("questions", refused.message),)
