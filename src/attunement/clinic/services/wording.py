# SPDX-License-Identifier: Apache-2.0
"""Who sees an answer, in plain words: shown before answering and stored with the answer.

One text for each mode of ``access/visibility.py``, which keeps what is said here.
"""

from __future__ import annotations

from datetime import date

from attunement.clinic.access.visibility import Visibility
from attunement.clinic.config.model import Words

_COUNTS = (
    "The practice only sees counts over ten people or more, never whose answers they were. "
    "You can leave out any question."
)
_NOT_EVEN = "Until then they do not even see whether you answered."


def team_too(words: Words) -> str:
    """Return the sentence that names the care team as readers; who was told it is kept by it."""
    return (
        f"So can a supervisor or another {words.therapist} whom the practice has put on your care "
        "team."
    )


def supervisor_too() -> str:
    """Return the sentence that names a supervisor as the one who reads more than scores."""
    return "A supervisor whom the practice has put on your care team can read all of it."


def client_who_sees(
    words: Words, *, visibility: str = Visibility.OPEN, reveal_on: date | None = None
) -> str:
    """Return what a client is told before answering after a session.

    Parameters
    ----------
    words : Words
        The practice's words for people.
    visibility : str
        The mode in which the form is asked.
    reveal_on : date, optional
        The day of a delayed form; without one it is the day of the next session.
    """
    own = f"and only after sending their own form about the same {words.session}"
    first = {
        Visibility.OPEN: (
            f"Your {words.therapist} can read these answers, but only after sending their own "
            f"form about the same {words.session}. {team_too(words)}"
        ),
        Visibility.DELAYED: (
            f"Your {words.therapist} can read these answers from {_day(words, reveal_on)} on, "
            f"not before, {own}. {_NOT_EVEN} {team_too(words)}"
        ),
        Visibility.SCORES: (
            f"Your {words.therapist} sees the scores that are computed from these answers, {own}: "
            f"not the single answers, and not your words. {supervisor_too()}"
        ),
        Visibility.END: (
            f"Your {words.therapist} can read these answers when your time together here has "
            f"ended, not before, {own}. {_NOT_EVEN} {team_too(words)}"
        ),
    }
    said = first.get(Visibility(visibility), "") or _without_therapist(words, visibility)
    return f"{said} Nobody else can open them in this program. {_COUNTS}"


def before_who_sees(
    words: Words, *, visibility: str = Visibility.OPEN, reveal_on: date | None = None
) -> str:
    """Return what a client is told before answering ahead of a session."""
    first = {
        Visibility.OPEN: (
            f"Your {words.therapist} can read these answers at once, to have them in mind when you "
            f"meet. {team_too(words)}"
        ),
        Visibility.DELAYED: (
            f"Your {words.therapist} can read these answers from {_day(words, reveal_on)} on, not "
            f"before. {_NOT_EVEN} {team_too(words)}"
        ),
        Visibility.SCORES: (
            f"Your {words.therapist} sees the scores that are computed from these answers at once: "
            f"not the single answers, and not your words. {supervisor_too()}"
        ),
        Visibility.END: (
            f"Your {words.therapist} can read these answers when your time together here has "
            f"ended, not before. {_NOT_EVEN} {team_too(words)}"
        ),
    }
    said = first.get(Visibility(visibility), "") or _without_therapist(words, visibility)
    return f"{said} Nobody else can open them in this program. {_COUNTS}"


def _without_therapist(words: Words, visibility: str) -> str:
    if visibility == Visibility.SUPERVISOR:
        return (
            f"These answers go to whoever supervises your {words.therapist}, at once. Your "
            f"{words.therapist} cannot read them and does not see whether you answered; the "
            "supervisor may talk with them in general terms."
        )
    return (
        f"Nobody at the practice can read these answers, not your {words.therapist} and not their "
        "supervisor, and nobody sees whether you answered."
    )


def optional_words(words: Words, visibility: str) -> str:
    """Return what stands at a field for free words: the same people, or who does not."""
    if visibility == Visibility.SCORES:
        return f"Only if you like. Your {words.therapist} does not see your words."
    return "Only if you like. Your words go to the same people as your answers."


def therapist_team_too(words: Words) -> str:
    """Return the sentence that names the care team as readers of a therapist's form."""
    return f"People on the {words.client}'s care team can open it too."


def therapist_who_sees(
    words: Words, *, visibility: str = Visibility.OPEN, reveal_on: date | None = None
) -> str:
    """Return what a therapist is told before answering; the same whatever the client did."""
    theirs = {
        Visibility.OPEN: "appear when both forms are in",
        Visibility.DELAYED: (
            "appear when both forms are in, from "
            + (_written(reveal_on) if reveal_on else f"the day of the next {words.session}")
            + " on"
        ),
        Visibility.SCORES: "stay closed; their scores appear when both forms are in",
        Visibility.END: "appear when both forms are in and the care episode has ended",
    }.get(Visibility(visibility), "stay closed to you")
    return (
        f"This form is yours. {therapist_team_too(words)} The {words.client}'s answers {theirs}. "
        "An answer cannot be changed once it is sent."
    )


def closed_words(words: Words, *, visibility: str, reveal_on: date | None = None) -> str:
    """Return what a therapist's page says of a form that is closed now; never whether it is in."""
    until = {
        Visibility.DELAYED: (
            f"until {_written(reveal_on)}" if reveal_on else f"until the next {words.session}"
        ),
        Visibility.END: "until the care episode has ended",
        Visibility.SUPERVISOR: f"to you: the {words.client} was told that they go to a supervisor",
        Visibility.SEALED: "to everybody at the practice",
    }.get(Visibility(visibility), "to you")
    return (
        f"Your answers are in. The {words.client}'s are closed {until}. This page says nothing "
        "about them: not what, and not whether."
    )


def mode_words(words: Words, visibility: str, delay_days: int = 0) -> str:
    """Return a mode as a person chooses it."""
    delay = f"{delay_days} days later" if delay_days else f"from the next {words.session} on"
    therapist = words.therapist.capitalize()
    return {
        Visibility.OPEN: f"{therapist}, once both forms are in",
        Visibility.DELAYED: f"{therapist}, {delay}",
        Visibility.SCORES: f"{therapist} sees scores; not single answers, not words",
        Visibility.SUPERVISOR: f"The supervisor, not the {words.therapist}",
        Visibility.SEALED: "Nobody at the practice",
        Visibility.END: f"{therapist}, after the care episode has ended",
    }[Visibility(visibility)]


def widening_question(
    words: Words, *, session_no: int, visibility: str, reveal_on: date | None = None
) -> str:
    """Return the question whether an earlier form may be seen by more people."""
    told = client_who_sees(words, visibility=visibility, reveal_on=reveal_on)
    first = told.split(". ", 1)[0]
    return (
        f"About the form after {words.session} {session_no}: may it be seen by more people than "
        f"you were told then? {first}. If you say no or leave this out, nothing changes."
    )


def _day(words: Words, reveal_on: date | None) -> str:
    return _written(reveal_on) if reveal_on else f"the day of your next {words.session}"


def _written(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def risk_passed_on(words: Words) -> str:
    """Return what a form with risk items says before answering: true whatever else was chosen."""
    return (
        " Questions about harm or danger are marked. An answer to one of them that says there is "
        "something always goes to the people whom the practice has named for it and to its lead, "
        f"and to your {words.therapist} at once if none of them takes it up. Nobody watches "
        "answers round the clock: if you need help now, call the number on this page."
    )
