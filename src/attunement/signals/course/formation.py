# SPDX-License-Identifier: Apache-2.0
"""How an alliance forms: sessions 1 to 5 from both chairs, described and not judged."""

from __future__ import annotations

from dataclasses import dataclass

from attunement.signals.errors import SignalError
from attunement.signals.points import points_in_words
from attunement.signals.series import Series

LAST = 5
_FEW = 3


@dataclass(frozen=True, slots=True)
class Chair:
    """One chair's first sessions.

    ``scores`` holds (session, score) pairs; ``first`` and ``last`` are None without a score,
    ``change`` without two.
    """

    label: str
    scores: tuple[tuple[int, float], ...]
    first: float | None
    last: float | None
    change: float | None


@dataclass(frozen=True, slots=True)
class Formation:
    """Sessions 1 to 5 of one dyad.

    Parameters
    ----------
    client, therapist : Chair
        Each chair's scores; a chair without a form has none, which is no low score.
    pairs : tuple of (session, gap)
        Therapist minus client, in the measure's units, where both rated.
    n_sessions : int
        How many of the sessions 1 to 5 are in.
    sentence : str
        What the picture shows, in plain words.
    """

    client: Chair
    therapist: Chair
    pairs: tuple[tuple[int, float], ...]
    n_sessions: int
    sentence: str


def formation(client: Series, therapist: Series | None, *, noise: float) -> Formation:
    """Describe sessions 1 to 5 from both chairs.

    Parameters
    ----------
    client, therapist : Series
        On one scale and in one direction; later sessions are left out.
    noise : float
        The usual within-person SD in the measure's units: a change counts as one when it exceeds
        1.96·√2 of it, and is called *about the same* otherwise.

    Returns
    -------
    Formation

    Raises
    ------
    SignalError
        ``E-SIGNAL-004`` where the two series are on different scales.

    Notes
    -----
    There is no norm for how an alliance should form; nothing here says that a low beginning is
    bad. What is usual for a person becomes visible from about the third rating.
    """
    if therapist is not None and (
        (therapist.minimum, therapist.maximum, therapist.higher_is_better)
        != (client.minimum, client.maximum, client.higher_is_better)
    ):
        raise SignalError(
            "E-SIGNAL-004",
            what="the two chairs are not on one scale",
            got="different ranges or directions",
            expected="the same measure from both chairs",
            next_step="Give scores of the client form and its therapist mirror",
        )
    own, other = _chair("client", client), _chair("therapist", therapist)
    theirs = dict(other.scores)
    pairs = tuple((s, theirs[s] - score) for s, score in own.scores if s in theirs)
    sessions = {s for s in client.sessions if s <= LAST}
    if therapist is not None:
        sessions |= {s for s in therapist.sessions if s <= LAST}
    limit = 1.96 * 2**0.5 * noise
    parts = [_told(own, limit, higher=client.higher_is_better)]
    if therapist is not None:
        parts.append(_told(other, limit, higher=client.higher_is_better))
    parts.append(_gap(pairs, limit, higher=client.higher_is_better))
    return Formation(own, other, pairs, len(sessions), " ".join(part for part in parts if part))


def _chair(label: str, series: Series | None) -> Chair:
    held = () if series is None else zip(series.sessions, series.values, strict=True)
    scores = tuple((s, value) for s, value in held if value is not None and s <= LAST)
    first = scores[0][1] if scores else None
    last = scores[-1][1] if scores else None
    change = None if len(scores) < 2 or first is None or last is None else last - first  # noqa: PLR2004 -- a change needs two
    return Chair(label, scores, first, last, change)


def _told(chair: Chair, limit: float, *, higher: bool) -> str:
    who = f"The {chair.label}"
    if not chair.scores:
        return f"{who} has not rated these sessions."
    n = len(chair.scores)
    rated = f"{who} rated {n} of the first {LAST} sessions"
    if chair.change is None:
        return f"{rated}; one rating shows no direction yet."
    better = chair.change if higher else -chair.change
    way = "about the same at the end as at the start"
    if abs(chair.change) > limit:
        way = "clearly better at the end" if better > 0 else "clearly worse at the end"
    few = " (few ratings)" if n < _FEW else ""
    return f"{rated}: {chair.first:.3g} first, {chair.last:.3g} last, {way}{few}."


def _gap(pairs: tuple[tuple[int, float], ...], limit: float, *, higher: bool) -> str:
    if not pairs:
        return ""
    mean = sum(gap for _, gap in pairs) / len(pairs)
    n = f"{len(pairs)} session{'s' if len(pairs) > 1 else ''}"
    if abs(mean) <= limit:
        return f"In the {n} that both rated they were close to each other."
    lower = "therapist" if (mean < 0) == higher else "client"
    return (
        f"In the {n} that both rated, the {lower} saw it as less good, by "
        f"{points_in_words(f'{abs(mean):.2g}')} on average. That is common "
        "and a reason to talk, not a risk."
    )
