# SPDX-License-Identifier: Apache-2.0
"""Names, goals and notes that nobody can mistake for a person's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from attunement.simulate.errors import SimulationError


@dataclass(frozen=True, slots=True)
class Words:
    """The simulator's sentences in one language; ``{}`` takes a number."""

    client: str
    therapist: str
    goals: tuple[str, ...]
    notes: tuple[str, ...]
    rupture_notes: tuple[str, ...]
    wishes: tuple[str, ...]


WORDS: Mapping[str, Words] = {
    "en": Words(
        client="Synthetic Client {}",
        therapist="Synthetic Therapist {}",
        goals=(
            "Goal: walk to the synthetic lake twice a week",
            "Goal: cook one invented meal with a made-up neighbour",
            "Goal: sleep before midnight on five synthetic nights",
            "Goal: say no once a week to an imaginary request",
            "Goal: finish the paper boat and put it on water",
            "Goal: call a made-up friend every second Sunday",
            "Goal: sit ten minutes in the invented garden",
            "Goal: take the synthetic bus alone to the third stop",
            "Goal: write one imaginary letter and keep it",
            "Goal: ask for help once with the made-up shelf",
        ),
        notes=(
            "Synthetic note: we looked at the invented week together.",
            "Synthetic note: the made-up homework was half done; we shortened it.",
            "Synthetic note: spoke about the paper boat and what comes next.",
            "Synthetic note: agreed to try the imaginary bus ride on Tuesday.",
            "Synthetic note: a quiet session; most of it went to the first goal.",
        ),
        rupture_notes=(
            "Synthetic note: something was off between us; I will ask about it next time.",
            "Synthetic note: short answers today; I may have pushed the made-up task too early.",
        ),
        wishes=(
            "Synthetic wish: more time for the first goal.",
            "Synthetic wish: begin with the invented week.",
            "Synthetic wish: a slower pace.",
            "Synthetic wish: keep it as it is.",
        ),
    ),
}


def words(language: str) -> Words:
    """Return the words of a language.

    Raises
    ------
    SimulationError
        E-SIM-002, when there are none.
    """
    if language not in WORDS:
        raise SimulationError(
            "E-SIM-002",
            what="the simulation has no words in this language",
            got=repr(language[:20]),
            expected=" or ".join(sorted(WORDS)),
            next_step="Use one of these languages",
        )
    return WORDS[language]


def numbered(prefix: str, count: int) -> list[str]:
    """Return ``count`` ids such as ``C01``, as wide as the largest number, at least two digits."""
    width = max(2, len(str(count)))
    return [f"{prefix}{number:0{width}d}" for number in range(1, count + 1)]
