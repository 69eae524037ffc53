# SPDX-License-Identifier: Apache-2.0
"""The plan of each care episode: how long, with whom, which rupture, which ending."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attunement.simulate.forms import TARGETS
from attunement.simulate.settings import Settings

NOTICED_BY: tuple[str, ...] = ("client", "therapist", "both", "nobody")
FIRST_ONSET = 4  # three sessions go before, so that there is a level to fall from
SHORTEST_WITH_RUPTURE = FIRST_ONSET + 1  # and one session follows


@dataclass(frozen=True, slots=True)
class Course:
    """One entry per dyad. ``onset`` is 0 where no rupture is planted; sessions count from 1.

    The dip fills the sessions ``onset … onset + length - 1``; a repaired one is put right in
    session ``onset + length``. All of these are attended.
    """

    therapist: NDArray[np.intp]
    n_sessions: NDArray[np.int64]
    onset: NDArray[np.int64]
    length: NDArray[np.int64]
    depth: NDArray[np.float64]
    repaired: NDArray[np.bool_]
    noticed: NDArray[np.intp]
    confrontation: NDArray[np.bool_]
    target: NDArray[np.intp]
    planned_ending: NDArray[np.bool_]

    @property
    def ruptured(self) -> NDArray[np.bool_]:
        """Whether a rupture is planted."""
        return self.onset > 0

    @property
    def client_noticed(self) -> NDArray[np.bool_]:
        """Whether the client noticed the rupture."""
        return self._noticed_by(NOTICED_BY.index("client"))

    @property
    def therapist_noticed(self) -> NDArray[np.bool_]:
        """Whether the therapist noticed the rupture."""
        return self._noticed_by(NOTICED_BY.index("therapist"))

    def _noticed_by(self, chair: int) -> NDArray[np.bool_]:
        both = NOTICED_BY.index("both")
        found: NDArray[np.bool_] = self.ruptured & np.isin(self.noticed, (chair, both))
        return found


def plan(
    *,
    clients: int,
    therapists: int,
    sessions: tuple[int, int],
    settings: Settings,
    rng: np.random.Generator,
) -> Course:
    """Draw the course of every care episode.

    Every therapist has at least one client. Exactly the asked share of clients (rounded, as far
    as enough of them have five sessions or more) carries one rupture.
    """
    first = rng.permutation(therapists)
    therapist = np.concatenate([first, rng.integers(0, therapists, clients - therapists)])
    n_sessions = rng.integers(sessions[0], sessions[1] + 1, clients)

    room = np.flatnonzero(n_sessions >= SHORTEST_WITH_RUPTURE)
    wanted = min(round(settings.rupture_share * clients), len(room))
    chosen = np.zeros(clients, dtype=np.bool_)
    chosen[rng.permutation(room)[:wanted]] = True

    longest = len(settings.length_shares)
    drawn = 1 + rng.choice(longest, clients, p=settings.length_shares)
    length = np.where(chosen, np.minimum(drawn, n_sessions - FIRST_ONSET), 0)
    latest = np.maximum(n_sessions - length, FIRST_ONSET)
    onset = np.where(chosen, rng.integers(FIRST_ONSET, latest + 1), 0)
    repaired = chosen & (rng.random(clients) < settings.repaired_share)

    broken = chosen & ~repaired
    chance = np.where(broken, settings.unplanned_after_unrepaired, settings.unplanned)
    unplanned = rng.random(clients) < chance
    # After an unrepaired rupture an unplanned ending comes at once or within two sessions.
    soon = onset + length - 1 + rng.integers(0, 3, clients)
    n_sessions = np.where(broken & unplanned, np.minimum(n_sessions, soon), n_sessions)

    return Course(
        therapist=therapist,
        n_sessions=n_sessions,
        onset=onset,
        length=length,
        depth=np.where(chosen, np.round(rng.uniform(*settings.depth, clients), 2), 0.0),
        repaired=repaired,
        noticed=rng.choice(len(NOTICED_BY), clients, p=settings.noticed_shares),
        confrontation=chosen & (rng.random(clients) >= settings.withdrawal_share),
        target=np.where(chosen, rng.integers(0, len(TARGETS), clients), -1),
        planned_ending=~unplanned,
    )
