# SPDX-License-Identifier: Apache-2.0
"""Questions beside a measure, and the wishes that go with an answer, made ready for a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from attunement.clinic.access.visibility import Wish
from attunement.clinic.pages.questions import Choice, Filled, Question
from attunement.clinic.services import ClientForm
from attunement.clinic.services.asking import GOALS_FORM
from attunement.clinic.services.extras import NO, YES, Extra
from attunement.clinic.services.wishes import FIELD, wish_field

Screens = tuple[tuple[Question, ...], ...]
_YES_NO = ((YES, "Yes"), (NO, "No"))
_TICK = ((YES, "Yes"),)


def beside(shown: ClientForm, again: Filled | None) -> Screens:
    """Return one screen for each extra question."""
    filled = again or Filled()
    return tuple((_extra(extra, filled),) for extra in shown.extras)


def all_screens(shown: ClientForm, measured: Screens, again: Filled | None) -> Screens:
    """Return every screen of a client's form: the measure's, then the questions beside it.

    Before a session goals come first; the goals form has no questions but the goals.
    """
    extra = beside(shown, again)
    own = () if shown.measure.id == GOALS_FORM else measured
    return _numbered(own + extra)


def with_wishes(screens: Screens, shown: ClientForm, sent: Mapping[str, object]) -> Screens:
    """Offer a wish with every answer, except where somebody is always told of it.

    What follows a question up goes with it, and has no wish of its own.
    """
    always_told = {item.id for item in shown.measure.items if item.risk is not None}
    return tuple(
        tuple(
            replace(
                question,
                wish_field=wish_field(question.item),
                wish=_one(sent.get(wish_field(question.item))),
            )
            if at == 0 and question.item not in always_told
            else question
            for at, question in enumerate(screen)
        )
        for screen in screens
    )


def wishes(therapist: str) -> tuple[tuple[str, str], ...]:
    """Return the wishes that can be chosen, as value and words; the first is to have none."""
    return (
        ("", "No wish"),
        (Wish.RAISE, "Please raise this with me"),
        (Wish.DONT_RAISE, "Please do not raise this"),
        (Wish.LEAD_ONLY, f"Not to my {therapist}: only the lead of the practice sees it"),
    )


def whole_wish(sent: Mapping[str, object]) -> str:
    """Return the wish for the whole form as it was sent."""
    return _one(sent.get(FIELD))


def filled_beside(shown: ClientForm, fields: Mapping[str, object], again: Filled) -> Filled:
    """Add what was typed into extra questions to a form that is shown again."""
    raw = dict(again.raw)
    for extra in shown.extras:
        sent = fields.get(extra.field)
        if isinstance(sent, str):
            raw[extra.id] = sent
    return Filled(raw=raw, errors=again.errors)


def _extra(extra: Extra, filled: Filled) -> Question:
    html_id = f"x-{extra.id}"
    raw = filled.raw.get(extra.id)
    text = extra.kind == "text"
    options = {"yes_no": _YES_NO, "tick": _TICK}.get(extra.kind, extra.options)
    return Question(
        item=extra.id,
        html_id=html_id,
        name=extra.field,
        words=extra.words,
        kind="text" if text else "choice",
        hint=extra.hint,
        error=filled.errors.get(extra.id, ""),
        choices=()
        if text
        else tuple(
            Choice(f"{html_id}-{value}", value, words, checked=raw == value)
            for value, words in options
        ),
        value=(raw or "") if text else "",
        skipped=raw == "" and not text,
    )


def _numbered(screens: Screens) -> Screens:
    return tuple(
        (replace(screen[0], number=f"Question {at}"), *screen[1:])
        for at, screen in enumerate(screens, start=1)
    )


def _one(raw: object) -> str:
    return raw if isinstance(raw, str) and raw in Wish.values else ""
