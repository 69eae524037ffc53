# SPDX-License-Identifier: Apache-2.0
"""Extra questions on a client's form, from whoever has one: goals, the rotating question, a loop.

A provider says which questions it has for a form and stores what was answered, in the
transaction of the submission. Which questions a form was shown with is kept with its submission
id, so that an answer that arrives late, or twice, is known for what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from attunement.clinic.models import Assignment, Moment, OpenedForm, Response
from attunement.clinic.services.fields import FieldsRefused, read_text
from attunement.clinic.services.results import FieldProblem

FIELD_PREFIX = "extra-"
MOST_EXTRAS = 40
LONGEST_NAME = 60
YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Extra:
    """One extra question.

    ``words`` and ``hint`` are shown as text. ``options`` are value and words, for a choice only;
    ``yes_no`` is answered by ``"yes"`` or ``"no"``, ``tick`` by ``"yes"``, ``text`` by words.
    Every extra can be left out.
    """

    id: str
    kind: Literal["choice", "yes_no", "text", "tick"]
    words: str
    options: tuple[tuple[str, str], ...] = ()
    hint: str = ""

    @property
    def field(self) -> str:
        """Return the name of its form field."""
        return f"{FIELD_PREFIX}{self.id}"

    @property
    def permitted(self) -> tuple[str, ...]:
        """Return the values that are answers; empty for words."""
        fixed = {"yes_no": (YES, NO), "tick": (YES,), "text": ()}
        return fixed.get(self.kind) or tuple(value for value, _ in self.options)


@dataclass(frozen=True, slots=True)
class Provider:
    """Who asks: the questions for a form, and what becomes of the answers.

    ``questions(assignment, now=…)`` returns extras; ``record(response, given, now=…)`` gets what
    was answered to them, by the extra's id, inside the submission's transaction, after the
    answers were written and before anything is derived from them. An id is this provider's alone.
    ``opens``: an answer may open forms that were there before.
    """

    name: str
    questions: Callable[..., tuple[Extra, ...]]
    record: Callable[..., None]
    moments: frozenset[str] = frozenset({str(Moment.AFTER)})
    opens: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """The extras of one form, each with the provider that asks it."""

    pairs: tuple[tuple[str, Extra], ...] = ()

    @property
    def extras(self) -> tuple[Extra, ...]:
        """Return the questions in the order in which they are shown."""
        return tuple(extra for _, extra in self.pairs)


def providers() -> tuple[Provider, ...]:
    """Return everybody who may ask; late, because a provider is built from this module."""
    from attunement.clinic.services.extra_providers import PROVIDERS  # noqa: PLC0415

    return PROVIDERS


def asked_of(assignment: Assignment, *, now: datetime) -> Asked:
    """Return the extra questions of a form as they are now."""
    found = [
        (provider.name, extra)
        for provider in providers()
        if assignment.moment in provider.moments
        for extra in provider.questions(assignment, now=now)
    ]
    return Asked(tuple(found[:MOST_EXTRAS]))


def freeze(submission_id: UUID, assignment: Assignment, asked: Asked, *, now: datetime) -> None:
    """Keep which extras a form was opened with: ids and permitted answers, no words."""
    if asked.pairs:
        kept = [
            {"by": name, "id": extra.id, "kind": extra.kind, "permitted": list(extra.permitted)}
            for name, extra in asked.pairs
        ]
        OpenedForm(
            submission_id=submission_id, assignment=assignment, extras=kept, opened_at=now
        ).save()


@dataclass(frozen=True, slots=True)
class Given:
    """What came with a form: ``sent`` as it is fingerprinted, ``read`` by provider and extra."""

    sent: Mapping[str, str]
    read: Mapping[str, Mapping[str, str]]

    @property
    def answered(self) -> tuple[str, ...]:
        """Which extras were answered."""
        return tuple(extra for answers in self.read.values() for extra in answers)


NOTHING_GIVEN = Given({}, {})


def read_extras(
    assignment: Assignment,
    submission_id: UUID,
    fields: Mapping[str, object],
    *,
    now: datetime,
) -> Given:
    """Read the extra fields of a form. What no form was shown with is kept nowhere.

    Raises
    ------
    FieldsRefused
        Naming each extra whose answer is none of those it offers, never what was typed.
    """
    mine = {name: raw for name, raw in fields.items() if name.startswith(FIELD_PREFIX)}
    sent: dict[str, str] = {
        name.removeprefix(FIELD_PREFIX): raw
        for name, raw in mine.items()
        if isinstance(raw, str) and raw and len(name) <= LONGEST_NAME
    }
    doubled = {n for n, raw in mine.items() if raw is not None and not isinstance(raw, str)}
    if not sent and not doubled:
        return NOTHING_GIVEN
    if len(sent) > MOST_EXTRAS:
        raise FieldsRefused((FieldProblem(item="", message="The form holds too many fields."),))
    read: dict[str, dict[str, str]] = {}
    problems: list[FieldProblem] = []
    for provider, extra_id, kind, permitted in _shown_with(assignment, submission_id, now=now):
        if f"{FIELD_PREFIX}{extra_id}" in doubled:
            problems.append(FieldProblem(item=extra_id, message="Answer this once."))
        raw = sent.get(extra_id, "")
        if not raw:
            continue
        try:
            words = read_text(raw) if kind == "text" else _offered(raw, permitted)
        except ValueError as problem:
            problems.append(FieldProblem(item=extra_id, message=str(problem)))
            continue
        if words:
            read.setdefault(provider, {})[extra_id] = words
    if problems:
        raise FieldsRefused(tuple(problems))
    return Given(sent=sent, read=read)


def record_extras(response: Response, given: Given, *, now: datetime) -> bool:
    """Hand every provider what was answered to it; the caller holds the transaction.

    Returns
    -------
    bool
        Whether forms that were there before may be open now.
    """
    opened = False
    for provider in providers():
        answers = given.read.get(provider.name)
        if answers:
            provider.record(response, answers, now=now)
            opened = opened or provider.opens
    return opened


def _shown_with(
    assignment: Assignment, submission_id: UUID, *, now: datetime
) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Return the extras of the form with this id; those of now where no form was opened."""
    opened = OpenedForm.objects.filter(submission_id=submission_id, assignment=assignment).first()
    if opened is not None:
        return [
            (one["by"], one["id"], one["kind"], tuple(one["permitted"])) for one in opened.extras
        ]
    return [
        (name, extra.id, extra.kind, extra.permitted)
        for name, extra in asked_of(assignment, now=now).pairs
    ]


def _offered(raw: str, permitted: tuple[str, ...]) -> str:
    if raw not in permitted:
        message = "Choose one of the answers that are offered, or leave it out."
        raise ValueError(message)
    return raw
