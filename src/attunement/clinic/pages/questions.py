# SPDX-License-Identifier: Apache-2.0
"""Questions as a page shows them: a measure and its words, made into groups of fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from attunement.clinic.models.response import MAX_TEXT
from attunement.clinic.services import field_name
from attunement.measures.schema import Item, Measure, TextBundle

OPTIONAL = "Only if you like. Your words go to the same people as your answers."
SKIP = "Leave this one out"


@dataclass(frozen=True, slots=True)
class Choice:
    """One permitted answer: the number that is sent, the words that are read."""

    html_id: str
    value: str
    words: str
    checked: bool = False

    @property
    def number(self) -> str:
        """Return the value where it is a number that people read, an empty text otherwise."""
        return self.value if self.value.lstrip("-").replace(".", "", 1).isdigit() else ""


@dataclass(frozen=True, slots=True)
class Question:
    """One item, ready for ``attunement/parts/question.html``."""

    item: str
    html_id: str
    name: str
    words: str
    kind: str  # "choice" | "text"
    number: str = ""
    hint: str = ""
    error: str = ""
    choices: tuple[Choice, ...] = ()
    value: str = ""
    skipped: bool = False
    follows: str = ""  # html id of the question that this one follows up
    follows_at: str = ""
    maxlength: int = MAX_TEXT
    skip_words: str = SKIP
    lead: str = ""  # what stands above every question of the measure
    wish_field: str = ""  # where a wish for this answer is sent; empty: none is offered
    wish: str = ""
    risk_at: str = ""  # from which answer on whom to call is shown at once

    @property
    def described_by(self) -> str:
        """Return the ids of hint and error, for ``aria-describedby``."""
        parts = [
            f"{self.html_id}-{part}"
            for part, words in (("hint", self.hint), ("error", self.error))
            if words
        ]
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Filled:
    """What came with a form that is shown again: raw answers by item, and what was wrong."""

    raw: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


def groups(
    measure: Measure,
    words: TextBundle,
    filled: Filled | None = None,
    *,
    optional: str = OPTIONAL,
) -> tuple[tuple[Question, ...], ...]:
    """Return the measure's questions, each together with what follows it up.

    Parameters
    ----------
    measure : Measure
        Which items there are, and which follows which.
    words : TextBundle
        What they say.
    filled : Filled, optional
        Answers and mistakes of a form that is shown again; by default nothing is chosen.
    optional : str
        What stands at a field for free words, about who reads them.

    Returns
    -------
    tuple of tuple of Question
        One inner tuple for each screen, in the order of the measure.
    """
    filled = filled or Filled()
    screens: dict[str, list[Question]] = {}
    for item in measure.items:
        if item.shown_if and item.shown_if.item in screens:
            screens[item.shown_if.item].append(_question(measure, item, words, filled, number=""))
        else:
            number = f"Question {len(screens) + 1}"
            screens[item.id] = [_question(measure, item, words, filled, number=number)]
    return tuple(
        tuple(replace(one, hint=optional) if one.hint == OPTIONAL else one for one in screen)
        for screen in screens.values()
    )


def number_text(value: float) -> str:
    """Return a permitted answer as it is written on the page and sent: ``3``, not ``3.0``."""
    return f"{value:g}"


def permitted(measure: Measure, item: Item) -> tuple[float, ...]:
    """Return the permitted answers of an item that is answered with a number."""
    if item.options:
        return measure.option_sets[item.options].values
    if item.minimum is None or item.maximum is None or item.step <= 0:
        return ()
    count = round((item.maximum - item.minimum) / item.step)
    return tuple(item.minimum + item.step * index for index in range(count + 1))


def _question(
    measure: Measure, item: Item, words: TextBundle, filled: Filled, *, number: str
) -> Question:
    html_id = f"q{item.id}"
    raw = filled.raw.get(item.id)
    text = item.kind == "text"
    follow = item.shown_if
    hint = OPTIONAL if text else "If nothing was off, leave this one out." if follow else ""
    if item.risk is not None:
        hint = risk_hint(measure, item, words)
    return Question(
        item=item.id,
        html_id=html_id,
        name=field_name(item.id),
        words=words.items.get(item.id, ""),
        lead="" if text else words.stem,
        kind="text" if text else "choice",
        number=number,
        hint=hint,
        error=filled.errors.get(item.id, ""),
        choices=() if text else _choices(measure, item, words, raw),
        value=(raw or "") if text else "",
        skipped=raw == "" and not text,
        follows=f"q{follow.item}" if follow else "",
        follows_at=number_text(follow.at_least) if follow else "",
        risk_at=number_text(item.risk.at_least) if item.risk else "",
    )


def risk_hint(measure: Measure, item: Item, words: TextBundle) -> str:
    """Return what is said beside a question whose answer is passed on, before it is answered."""
    at_least = item.risk.at_least if item.risk else 0.0
    labels = words.options.get(item.options, {})
    below = [labels.get(number_text(v), "") for v in permitted(measure, item) if v < at_least]
    which = f"An answer of {number_text(at_least)} or more"
    if len(below) == 1 and below[0]:
        which = f"Any answer but “{below[0]}”"
    return (
        f"{which} always goes to the people whom this practice has named for it and to its lead. "
        "They do not watch round the clock."
    )


def _choices(
    measure: Measure, item: Item, words: TextBundle, raw: str | None
) -> tuple[Choice, ...]:
    labels = words.options.get(item.options, {})
    low, high = words.anchors.get(item.id) or words.anchors.get("*") or ("", "")
    values = permitted(measure, item)
    ends = {values[0]: low, values[-1]: high} if values else {}
    return tuple(
        Choice(
            html_id=f"q{item.id}-{number_text(value)}",
            value=number_text(value),
            words=labels.get(number_text(value), "") or ends.get(value, ""),
            checked=raw == number_text(value),
        )
        for value in values
    )
