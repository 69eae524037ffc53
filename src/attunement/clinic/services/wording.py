# SPDX-License-Identifier: Apache-2.0
"""Who sees an answer, in plain words: shown before answering and stored with the answer."""

from __future__ import annotations

from attunement.clinic.config.model import Words


def client_who_sees(words: Words) -> str:
    """Return what a client is told before answering; ``access/policy.py`` keeps the promise."""
    return (
        f"Your {words.therapist} can read these answers, but only after sending their own form "
        f"about the same {words.session}. Nobody else can open them in this program. "
        "The practice only sees counts over ten people or more, never whose answers they were. "
        "You can leave out any question."
    )


def before_who_sees(words: Words) -> str:
    """Return what a client is told before answering ahead of a session."""
    return (
        f"Your {words.therapist} can read these answers at once, to have them in mind when you "
        "meet. Nobody else can open them in this program. The practice only sees counts over ten "
        "people or more, never whose answers they were. You can leave out any question."
    )


def therapist_who_sees(words: Words) -> str:
    """Return what a therapist is told before answering."""
    return (
        f"Only you can open this form and the {words.client}'s form beside it. The "
        f"{words.client}'s answers appear when both forms are in. An answer cannot be changed "
        "once it is sent."
    )


def risk_passed_on(words: Words) -> str:
    """Return what a form with risk items says before answering: true whatever else was chosen."""
    return (
        " Questions about harm or danger are marked. An answer to one of them that says there is "
        "something always goes to the people whom the practice has named for it and to its lead, "
        f"and to your {words.therapist} at once if none of them takes it up. Nobody watches "
        "answers round the clock: if you need help now, call the number on this page."
    )
