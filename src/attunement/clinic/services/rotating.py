# SPDX-License-Identifier: Apache-2.0
"""The rotating open question: one after each session, never the same twice in a row."""

from __future__ import annotations

import hashlib
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.resources import files

from attunement.clinic.models import Answer, Assignment, Perspective, QuestionAsked, Response
from attunement.clinic.services.extras import Extra
from attunement.clinic.services.forms import config
from attunement.clinic.store.statements import Prepared

ITEM_PREFIX = "ask-"
HINT = "Only if you like. Leaving it empty is fine."


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """One open question in one wording."""

    id: str
    version: int
    words: str

    @property
    def item(self) -> str:
        """Return the item under which its answer is kept."""
        return f"{ITEM_PREFIX}{self.id}-v{self.version}"


_ASKED = Prepared(lambda assignment_id: QuestionAsked.objects.filter(assignment=assignment_id), str)
_BEFORE = Prepared(
    lambda client_id: (
        QuestionAsked.objects.filter(assignment__session__dyad__client_id=client_id)
        .order_by("asked_at", "pk")
        .values_list("question")
    ),
    str,
)


@lru_cache(maxsize=1)
def open_questions() -> tuple[OpenQuestion, ...]:
    """Return every question and version in the order of the data file."""
    text = files("attunement.clinic").joinpath("data/rotating_questions.toml").read_text("utf-8")
    return tuple(
        OpenQuestion(row["id"], row["version"], row["words"])
        for row in tomllib.loads(text)["questions"]
    )


def words_of_item(item: str) -> str:
    """Return what was asked under an item, or an empty text for any other item."""
    return next((one.words for one in open_questions() if one.item == item), "")


def choose(known: Sequence[OpenQuestion], before: Sequence[str], *, seed: str) -> OpenQuestion:
    """Return the next question for a client.

    Parameters
    ----------
    known : sequence of OpenQuestion
        In any order; of each id the newest version is asked.
    before : sequence of str
        The ids that this client was asked, oldest first.
    seed : str
        Where the round begins, so that not every client begins with the same question.

    Returns
    -------
    OpenQuestion
        One of those asked least often, and never the one asked last while there is another.
    """
    newest = {one.id: one for one in sorted(known, key=lambda one: one.version)}
    asked = Counter(before)
    last = before[-1] if before else ""

    def order(one: OpenQuestion) -> tuple[bool, int, str]:
        drawn = hashlib.sha256(f"{seed}\x1f{one.id}".encode()).hexdigest()
        return one.id == last, asked[one.id], drawn

    return min(newest.values(), key=order)


def questions(assignment: Assignment, *, now: datetime) -> tuple[Extra, ...]:
    """Return the rotating question of a form; chosen when it is first opened, then kept."""
    if not config().capture.question or assignment.perspective != Perspective.CLIENT:
        return ()
    row: QuestionAsked | None = _ASKED.first(assignment.pk)
    if row is None:
        client = assignment.session.dyad.client_id
        before = [question for (question,) in _BEFORE.all(client)]
        chosen = choose(open_questions(), before, seed=client)
        row, _ = QuestionAsked.objects.get_or_create(
            assignment=assignment,
            defaults={"question": chosen.id, "version": chosen.version, "asked_at": now},
        )
    asked = f"{ITEM_PREFIX}{row.question}-v{row.version}"
    words = words_of_item(asked)
    return (Extra(asked, "text", words, hint=HINT),) if words else ()


def record(response: Response, given: Mapping[str, str], *, now: datetime) -> None:
    """Keep the words as an answer of the form: whoever may read the form may read them."""
    del now
    for item, words in given.items():
        Answer(response=response, item=item, text=words).save()
