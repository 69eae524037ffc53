# SPDX-License-Identifier: Apache-2.0
"""Loops, ruptures and counts as the words that pages show."""

from __future__ import annotations

from attunement.clinic.config.model import Words
from attunement.clinic.models import RuptureMoment, RuptureTarget, RuptureType
from attunement.clinic.pages import shown
from attunement.clinic.services.loop.results import Closure, Entry
from attunement.clinic.services.loop.turns import Turn
from attunement.clinic.services.loop.words import repair
from attunement.signals.ledger import Rupture, State
from attunement.signals.loop import Stage

HELPED = {
    "yes": "it helped",
    "partly": "it helped partly",
    "no": "it did not help",
    "did_not_happen": "it did not happen",
}
PUT_RIGHT = {
    "yes": "put right",
    "partly": "partly put right",
    "no": "not put right yet",
    "nothing": "nothing had gone wrong",
}
TYPES = {
    RuptureType.WITHDRAWAL.value: "Withdrawal: moving away, agreeing too fast, falling silent",
    RuptureType.CONFRONTATION.value: "Confrontation: moving against, complaint, pressure",
    RuptureType.BOTH.value: "Both",
}
TARGETS = {
    RuptureTarget.GOAL.value: "Goals: what we work towards",
    RuptureTarget.TASK.value: "Tasks: how we work",
    RuptureTarget.WORKING_BOND.value: "Working bond: trust in the work together",
    RuptureTarget.PERSONAL_BOND.value: "Personal bond: how it is between us as people",
}
MOMENTS = {
    RuptureMoment.BEGINNING.value: "Beginning",
    RuptureMoment.MIDDLE.value: "Middle",
    RuptureMoment.END.value: "End",
    RuptureMoment.WHOLE.value: "All of it",
}
RIGHT = ("not touched", "touched", "begun", "mostly", "fully")
STAGES = {
    Stage.QUIET: "",
    Stage.ASKED: "a question waits",
    Stage.TO_RAISE: "to be raised",
    Stage.NOT_TODAY: "put off",
    Stage.TALKED: "talked about",
    Stage.AGREED: "a change was agreed",
    Stage.CLOSED: "closed",
    Stage.REOPENED: "open again",
    Stage.SOMETHING_ELSE: "something else",
}


def waiting(stage: Stage, word: str, words: Words, *, turn: Turn = Turn.NEXT) -> str:
    """Return why a loop waits, and when its change is asked about."""
    if stage is Stage.AGREED:
        return {
            Turn.LATER: "asked after the earlier one",
            Turn.NO_MORE: "open, not asked any more",
        }.get(turn, f"asked on the next form after a {words.session}")
    said = HELPED.get(word) or PUT_RIGHT.get(word, "")
    return f"open again: the {words.client} says “{said}”" if said else "open again"


def rupture(one: Rupture, words: Words) -> tuple[str, str]:
    """Return a rupture in two lines: when and who noticed, and where it stands."""
    if one.first == one.last:
        when = f"{words.session.capitalize()} {one.first}"
    else:
        when = f"{words.sessions.capitalize()} {one.first} to {one.last}"
    who = " and ".join(
        name
        for name, named in (
            (f"the {words.client}", one.by_client),
            (f"the {words.therapist}", one.by_therapist),
        )
        if named
    )
    return f"{when}, named by {who}", _stands(one, words)


def _stands(one: Rupture, words: Words) -> str:
    if one.state is State.CONFIRMED:
        took = _took(one.to_repair, one.days_to_repair, words)
        return f"Put right, and the {words.client} says so. {took}"
    if one.state is State.NOT_SO:
        return f"The {words.client} says that nothing had gone wrong."
    if one.state is State.PUT_RIGHT_UNCONFIRMED:
        took = _took(one.to_repair_therapist, one.days_to_repair_therapist, words)
        told = f"Put right by the {words.therapist}'s account. {took}"
        return f"{told} Unconfirmed by the {words.client}."
    if one.asked:
        return f"Open. The {words.client} says that it is not put right."
    return f"Open. Nobody says that it is put right, and the {words.client} was not asked."


def _took(sessions: int | None, days: int | None, words: Words) -> str:
    if sessions is None or days is None:
        return ""
    if sessions == 0:
        return f"It took no longer than the {words.session} itself."
    of = words.session if sessions == 1 else words.sessions
    return f"It took {sessions} {of}, {days} day{'' if days == 1 else 's'}."


def entry(found: Entry | None) -> str:
    """Return an entry in a few words."""
    if found is None:
        return ""
    if found.kind == "none":
        return "neither"
    parts = [found.kind]
    parts += [dict(RuptureType.choices)[found.type]] if found.type else []
    parts += [dict(RuptureTarget.choices)[found.target]] if found.target else []
    if found.put_right is not None:
        parts.append(f"{RIGHT[found.put_right]} put right ({found.put_right} of 4)")
    return ", ".join(str(part) for part in parts)


def closure(found: Closure) -> dict[str, object]:
    """Return counts with their sentence."""
    steps = (
        ("Raised, or meant to be", found.n_raised),
        ("Talked about", found.n_talked),
        ("Ended in an agreed change", found.n_agreed),
        ("Answered by the client", found.n_answered),
        ("Closed by the client's word", found.n_closed),
        ("Opened again, and open now", found.n_reopened),
        ("Set aside: something else", found.n_set_aside),
    )
    if found.rate is None:
        sentence = "No loop began in this time."
    else:
        share = f"{100 * found.rate:.0f} %"
        sentence = f"{found.n_closed} of {found.n_asked} loops are closed: {share}."
    return {
        "sentence": sentence,
        "steps": [shown.Fact(term, str(number)) for term, number in steps],
        "since": shown.day(found.since),
        "until": shown.day(found.until),
        "n_asked": found.n_asked,
    }


def strategy(code: str) -> str:
    """Return the words of a repair strategy."""
    found = repair().strategies.get(code)
    return code if found is None else found.words
