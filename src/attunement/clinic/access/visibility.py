# SPDX-License-Identifier: Apache-2.0
"""Who sees a client's answer: six modes, one pure function, and nothing by default.

The mode is written on the form before it is answered and frozen into the response. ``sees`` is
asked for every response, every viewer and every moment; pages, charts, counts and signals are
built from what it lets through.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from django.db.models import TextChoices


class Visibility(TextChoices):
    """Who sees the answers of a response, and when."""

    OPEN = "open", "open"  # V0: the therapist, when both forms are in
    DELAYED = "delayed", "delayed"  # V1: the therapist, from a moment that the client was told
    SCORES = "scores", "scores only"  # V2: scores to the therapist, answers and words not
    SUPERVISOR = "supervisor", "supervisor"  # V3: the supervisor of the case, not the therapist
    SEALED = "sealed", "sealed"  # V4: nobody at the practice
    END = "end", "at the end"  # V5: the therapist, after the care episode has ended


class Wish(TextChoices):
    """What a client wishes for one answer."""

    RAISE = "raise", "please raise this with me"
    DONT_RAISE = "dont_raise", "please do not raise this"
    LEAD_ONLY = "lead_only", "not to my therapist: to the lead alone"


class Viewer(StrEnum):
    """Who looks, by how they stand to the client at this moment."""

    CLIENT = "client"  # whose own answer it is
    THERAPIST = "therapist"  # of the dyad
    CARE_TEAM = "care_team"  # a second therapist or lead of care, today on the dyad's care team
    SUPERVISOR = "supervisor"  # today on the dyad's care team as its supervisor
    THERAPISTS_SUPERVISOR = "therapists_supervisor"  # supervises the therapist; the case not shared
    LEAD = "lead"
    RESEARCHER = "researcher"
    OPERATOR = "operator"
    BREAK_GLASS = "break_glass"  # opened access in an emergency
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Seen:
    """What of a response may be seen. ``answered`` is whether there is one at all."""

    score: bool = False
    values: bool = False
    text: bool = False
    answered: bool = False

    def within(self, other: Seen) -> bool:
        """Whether everything that is seen here is seen there too."""
        return all(
            yours or not mine
            for mine, yours in (
                (self.score, other.score),
                (self.values, other.values),
                (self.text, other.text),
                (self.answered, other.answered),
            )
        )


NOTHING = Seen()
EVERYTHING = Seen(score=True, values=True, text=True, answered=True)
SCORE_ALONE = Seen(score=True, answered=True)
ONE_ANSWER = Seen(values=True, text=True, answered=True)

_SCORES: dict[Viewer, Seen] = {Viewer.THERAPIST: SCORE_ALONE, Viewer.SUPERVISOR: EVERYTHING}
_WITH_THERAPIST = frozenset({Viewer.THERAPIST, Viewer.CARE_TEAM, Viewer.SUPERVISOR})


def sees(
    mode: str,
    viewer: Viewer,
    *,
    both_in: bool,
    now: datetime,
    reveal_at: datetime | None,
    episode_ended: bool,
    wish: str = "",
) -> Seen:
    """Return what ``viewer`` may see of a client's response, or of one answer with a wish.

    Parameters
    ----------
    mode : str
        One of ``Visibility``; anything else shows nothing.
    viewer : Viewer
        How the person who looks stands to the client now.
    both_in : bool
        Whether the therapist's own form of the session is in too (commit, then reveal).
    now, reveal_at : datetime
        Aware. ``reveal_at`` is the moment of a delayed response; None: not before it is known.
    episode_ended : bool
        Whether the care episode has ended.
    wish : str, optional
        The client's wish for the one answer that is meant; ``""`` for the response as a whole.

    Returns
    -------
    Seen
        Nothing where no line below says otherwise.
    """
    if viewer is Viewer.CLIENT:
        return EVERYTHING
    if wish == Wish.LEAD_ONLY:
        return ONE_ANSWER if viewer is Viewer.LEAD else NOTHING
    if mode == Visibility.SUPERVISOR:
        supervises = viewer in (Viewer.SUPERVISOR, Viewer.THERAPISTS_SUPERVISOR)
        return EVERYTHING if supervises else NOTHING
    if viewer not in _WITH_THERAPIST or not both_in:
        return NOTHING
    if mode == Visibility.SCORES:
        return _SCORES.get(viewer, NOTHING)
    opened: dict[str, bool] = {
        Visibility.OPEN: True,
        Visibility.DELAYED: reveal_at is not None and now >= reveal_at,
        Visibility.END: episode_ended,
    }
    return EVERYTHING if opened.get(mode, False) else NOTHING


def hides_presence(mode: str, *, now: datetime, reveal_at: datetime | None, ended: bool) -> bool:
    """Whether the therapist may not even know that there is an answer, own form in or not."""
    seen = sees(
        mode, Viewer.THERAPIST, both_in=True, now=now, reveal_at=reveal_at, episode_ended=ended
    )
    return not seen.answered


_BEFORE, _BETWEEN, _AFTER = (datetime(2000, 1, day, tzinfo=UTC) for day in (1, 3, 5))


def narrows(old: tuple[str, datetime | None], new: tuple[str, datetime | None]) -> bool:
    """Whether nobody ever sees more by the new mode and moment than by the old ones.

    Found by asking ``sees`` for every viewer and situation, so that it cannot disagree with it.
    What does not narrow needs the client's fresh yes.
    """
    order = _moments(old[1], new[1])
    return all(
        sees(new[0], viewer, both_in=both, now=now, reveal_at=order[1], episode_ended=ended).within(
            sees(old[0], viewer, both_in=both, now=now, reveal_at=order[0], episode_ended=ended)
        )
        for viewer in Viewer
        for both, ended in itertools.product((False, True), repeat=2)
        for now in (_BEFORE, _BETWEEN, _AFTER)
    )


def _moments(old: datetime | None, new: datetime | None) -> tuple[datetime | None, datetime | None]:
    """Return two moments on a small scale that keep their order; none is later than any."""
    if old is None or new is None or old == new:
        return (None if old is None else _BETWEEN, None if new is None else _BETWEEN)
    return (_BETWEEN, _AFTER) if old < new else (_AFTER, _BETWEEN)
