# SPDX-License-Identifier: Apache-2.0
"""Two chairs that see it differently, sessions running: a prompt to talk, on any common scale.

A gap is *therapist minus client* in one session. What is usual comes from an archive, with its
sign: therapists who rate lower on the whole are usual, and no reason for a question.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from attunement.signals.batch import BoolArray, IntArray
from attunement.signals.errors import SignalError
from attunement.signals.points import points_in_words
from attunement.signals.series import FloatArray

SHARE = 0.90
RUNNING = 2
FEWEST_DYADS = 30
QUESTION = "How did each of you come to your rating?"
NO_RISK = "A gap is a reason to talk, not a risk, and says nothing about whose view fits better."
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class UsualGap:
    """Between which two gaps most sessions lie.

    Parameters
    ----------
    low, high : float
        In the measure's units, therapist minus client; a gap *beyond* them is unusual.
    share : float or None
        Share of the archive's sessions between them; None where they were set by hand.
    n_pairs, n_dyads : int
        What they were learned from; 0 where they were set by hand.
    """

    low: float
    high: float
    share: float | None = None
    n_pairs: int = 0
    n_dyads: int = 0

    def __post_init__(self) -> None:
        """Refuse limits that are none."""
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.high):
            raise SignalError(
                "E-SIGNAL-005",
                what="the usual gap of the two chairs cannot be used",
                got="limits that are not numbers, or not in order",
                expected="two numbers, the lower one first",
                next_step="Give the gaps (therapist minus client) between which most sessions lie",
            )


@dataclass(frozen=True, slots=True)
class Gaps:
    """The gap of each session, and which of them ask for a talk.

    Parameters
    ----------
    gap : numpy.ndarray, shape (rows,)
        Therapist minus client; NaN where a form is missing.
    judged : numpy.ndarray of bool, shape (rows,)
        Whether both forms are there in as many sessions running as the rule needs.
    apart : numpy.ndarray of bool, shape (rows,)
        Beyond what is usual on the same side in all of them.
    """

    gap: FloatArray
    judged: BoolArray
    apart: BoolArray


def usual_gap(
    gap: FloatArray, starts: IntArray, *, share: float = SHARE, fewest: int = FEWEST_DYADS
) -> UsualGap:
    """Learn from an archive between which gaps most sessions lie.

    Parameters
    ----------
    gap : numpy.ndarray, shape (rows,)
        Therapist minus client, dyad after dyad; NaN where a form is missing.
    starts : numpy.ndarray of int, shape (dyads + 1,)
        First row of each dyad.
    share : float
        The share of sessions to lie between the limits, as many beyond either of them. Each dyad
        counts alike, however many sessions it has.
    fewest : int
        Dyads with a session that both rated.

    Raises
    ------
    SignalError
        ``E-SIGNAL-005`` for too few dyads or a share outside 0 and 1.
    """
    if not 0.0 < share < 1.0:
        raise SignalError(
            "E-SIGNAL-005",
            what="the share of usual gaps cannot be used",
            got=repr(share),
            expected="a number above 0 and below 1, such as 0.90",
        )
    dyad = np.repeat(np.arange(starts.size - 1), np.diff(starts))
    there = ~np.isnan(gap)
    count = np.bincount(dyad[there], minlength=starts.size - 1)
    n_dyads = int((count > 0).sum())
    if n_dyads < fewest:
        raise SignalError(
            "E-SIGNAL-005",
            what="too few dyads to say which gap of the two chairs is usual",
            got=f"{n_dyads} with a session that both rated",
            expected=f"at least {fewest}",
            next_step="Set the gap that asks for a talk yourself, in points",
        )
    values = gap[there]
    weight = 1.0 / count[dyad[there]]
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order]) / n_dyads
    tail = (1.0 - share) / 2.0
    below, above = np.searchsorted(reached, np.array([tail, 1.0 - tail]) - _SLACK)
    low, high = values[order[below]], values[order[min(int(above), values.size - 1)]]
    return UsualGap(float(low), float(high), share, int(values.size), n_dyads)


def chairs_apart(
    client: FloatArray,
    therapist: FloatArray,
    sessions: IntArray,
    starts: IntArray,
    *,
    usual: UsualGap,
    running: int = RUNNING,
) -> Gaps:
    """Find sessions in which both chairs have been unusually far apart for several running.

    Parameters
    ----------
    client, therapist : numpy.ndarray, shape (rows,)
        Ratings of the same sessions on one scale, dyad after dyad; NaN = no form.
    sessions : numpy.ndarray of int, shape (rows,)
        Session numbers, strictly increasing within a dyad.
    starts : numpy.ndarray of int, shape (dyads + 1,)
        First row of each dyad.
    usual : UsualGap
        What is usual.
    running : int
        In how many sessions running, 1 or more.

    Returns
    -------
    Gaps
        A row is judged when both forms are there in it and in the sessions right before it; a
        session number that is skipped breaks the run. It rests on sessions up to its own alone.

    Raises
    ------
    SignalError
        ``E-SIGNAL-001`` for arrays that do not pair up or ``running`` below 1.
    """
    rows = client.size
    if therapist.size != rows or sessions.size != rows or starts[-1] != rows or running < 1:
        raise SignalError(
            "E-SIGNAL-001",
            what="the ratings of both chairs do not pair up",
            got=f"{rows} and {therapist.size} ratings, {running} sessions running",
            expected="one of each for every session, and a run of one session or more",
            next_step="Give NaN for a missing form",
        )
    gap = therapist - client
    slack = _SLACK * max(1.0, abs(usual.low), abs(usual.high))
    with np.errstate(invalid="ignore"):
        side = (gap > usual.high + slack).astype(np.int8) - (gap < usual.low - slack)
    there = ~np.isnan(gap)
    first = np.repeat(starts[:-1], np.diff(starts))
    judged, apart = there.copy(), side != 0
    at = np.arange(rows)
    for back in range(1, running):
        before = np.maximum(at - back, 0)
        follows = (at - back >= first) & (sessions - sessions[before] == back)
        judged &= follows & there[before]
        apart &= side[before] == side
    return Gaps(gap, judged, apart & judged)


def gap_sentence(
    session: int, gaps: tuple[float, ...], usual: UsualGap, *, higher_is_better: bool
) -> str:
    """Say what was seen in a run of sessions that ends with ``session``, and what to ask.

    Parameters
    ----------
    session : int
        The last session of the run.
    gaps : tuple of float
        Therapist minus client in each session of the run, all on one side.
    usual : UsualGap
    higher_is_better : bool
        The direction of the measure.
    """
    lower = "therapist" if (gaps[-1] < 0) == higher_is_better else "client"
    first = session - len(gaps) + 1
    where = f"In session {session}" if len(gaps) == 1 else f"In sessions {first} to {session}"
    points = points_in_words(", ".join(f"{abs(gap):.2g}" for gap in gaps))
    known = "as was set"
    if usual.share is not None:
        known = f"{100 * usual.share:.0f} % of {usual.n_pairs} sessions of {usual.n_dyads} dyads"
    return (
        f"{where} the {lower} saw it as less good, by {points}. Usual here is a gap "
        f"(therapist minus client) from {usual.low:.2g} to {usual.high:.2g} ({known}). "
        f"{QUESTION} {NO_RISK}"
    )
