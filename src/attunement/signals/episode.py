# SPDX-License-Identifier: Apache-2.0
"""Episodes: where flagged sessions begin, how deep they go, and whether the score came back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from attunement.kernels import compiled
from attunement.kernels.episodes import find_episodes
from attunement.signals.archive import Archive
from attunement.signals.batch import Batch, BoolArray, IntArray, Judgements
from attunement.signals.errors import SignalError
from attunement.signals.series import FloatArray

COMPILE_FROM = 50_000


class Status(IntEnum):
    """How an episode went on."""

    REPAIRED = 0
    UNREPAIRED = 1
    OPEN = 2
    CENSORED = 3

    @property
    def word(self) -> str:
        """The status in a word."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Episodes:
    """Episodes of a batch in flat arrays of one length, by dyad and then by onset.

    Parameters
    ----------
    dyad : numpy.ndarray of int64
        Position of the dyad in the batch.
    onset, nadir_session : numpy.ndarray of int64
        Session numbers of the first flagged session and of the worst score up to the end.
    pre, nadir : numpy.ndarray of float64
        The level before and the worst score, in the measure's own units.
    depth_points : numpy.ndarray of float64
        How much worse the nadir is than ``pre``, in points, positive = worse.
    depth_noise : numpy.ndarray of float64
        The same in within-person SDs of the archive (never below half a step); NaN without noise.
    repair : numpy.ndarray of int64
        Session number of the first score that came back; −1 where there is none.
    status : numpy.ndarray of int8
        `Status` codes.
    across_gap : numpy.ndarray of bool
        Whether more than ``max_gap`` session numbers lie between the score before and the onset.
    onset_row : numpy.ndarray of int64
        The row of the onset in the batch.
    """

    dyad: IntArray
    onset: IntArray
    pre: FloatArray
    nadir: FloatArray
    nadir_session: IntArray
    depth_points: FloatArray
    depth_noise: FloatArray
    repair: IntArray
    status: NDArray[np.int8]
    across_gap: BoolArray
    onset_row: IntArray

    def __len__(self) -> int:
        """Return the number of episodes."""
        return int(self.onset.size)

    def words(self) -> list[str]:
        """Return each episode's status in a word."""
        names = [status.word for status in Status]
        return [names[code] for code in self.status.tolist()]


def episodes(
    batch: Batch,
    judgements: Judgements,
    *,
    window: int = 3,
    tolerance: float = 0.5,
    archive: Archive,
    ended: BoolArray | None = None,
    pre: str = "expected",
    fewest: int = 1,
    max_gap: int = 1,
    compile_from: int = COMPILE_FROM,
) -> Episodes:
    """Turn flagged sessions into episodes, each with what became of it.

    An episode begins at a flagged session outside any other, and ends with its repair or with its
    window; flags in between belong to it. A flagged score that lies less than the tolerance below
    the level before is flagged, but nothing has fallen, and no episode begins. After a window
    without a repair the rupture goes on: later flags belong to it until a score is back, or lies
    another within-person SD below its lowest.

    * *repaired*: the first score at most ``window`` session numbers after the onset that is back at
      ``pre`` − tolerance;
    * *unrepaired*: the window passed, with ``fewest`` scores or more, and none came back;
    * *open*: the dyad's sessions end inside the window and the therapy may go on;
    * *censored*: the therapy is known to have ended inside the window, or the window passed with
      fewer than ``fewest`` scores. Never counted as unrepaired, and nor is *open*.

    Looking for a repair needs later sessions: an episode's status is retrospective, its onset is
    not.

    Parameters
    ----------
    batch, judgements : Batch, Judgements
        The scores, and a rule's answers on their rows. Flags for the better (a chart that asks on
        both sides) begin no episode.
    window : int
        In session numbers, 1 or more.
    tolerance : float
        In within-person SDs of the archive, 0 or more.
    archive : Archive
        For the unit of tolerance and depth.
    ended : numpy.ndarray of bool, shape (D,), optional
        Whether the care episode of each dyad is known to have ended.
    pre : {"expected", "previous"}
        Whether the level before is what the rule expected, or the last score before the onset.
        The previous score stands in where the rule expected nothing, and the other way round.
    fewest : int
        Scores in the window without which nothing is said.
    max_gap : int
        Session numbers without a score that may lie before the onset without being remarked.
    compile_from : int
        Number of rows from which the kernel is compiled. The answers are the same.

    Returns
    -------
    Episodes
        Flat arrays.

    Raises
    ------
    SignalError
        ``E-SIGNAL-001`` if the arrays do not pair up, ``E-SIGNAL-006`` for a window, tolerance or
        ``pre`` that cannot be used.
    """
    _check(batch, judgements, window=window, tolerance=tolerance, ended=ended, pre=pre)
    noise = max(archive.within_sd, 0.5 * batch.step)
    x, level = batch.upward(), judgements.expected
    level = level if batch.higher_is_better else batch.minimum + batch.maximum - level
    with np.errstate(invalid="ignore"):
        better = x > level + batch.slack
    flagged = judgements.flagged & ~better
    room = int(flagged.sum())
    whole = [np.empty(room, dtype=np.int64) for _ in range(4)]
    before, status = np.empty(room), np.empty(room, dtype=np.int8)
    gap = np.empty(room, dtype=np.bool_)
    over = np.zeros(0, dtype=np.uint8) if ended is None else ended.astype(np.uint8)
    find = compiled(find_episodes) if batch.n_rows >= compile_from else find_episodes
    found = find(
        x,
        batch.sessions,
        batch.starts,
        over,
        flagged,
        level,
        pre == "previous",
        window,
        float(tolerance * noise),
        max(fewest, 1),
        max_gap,
        batch.slack,
        float(tolerance * noise) + batch.slack,
        float(noise),
        0,
        batch.n_dyads,
        whole[0],
        whole[1],
        whole[2],
        whole[3],
        before,
        status,
        gap,
    )
    onset, _, lowest, repair = (rows[:found] for rows in whole)
    level, bottom = before[:found], x[lowest]
    depth = level - bottom
    return Episodes(
        dyad=np.searchsorted(batch.starts, onset, side="right").astype(np.int64) - 1,
        onset=batch.sessions[onset],
        pre=batch.as_scored(level),
        nadir=batch.as_scored(bottom),
        nadir_session=batch.sessions[lowest],
        depth_points=depth,
        depth_noise=depth / noise if noise > 0 else np.full(found, np.nan),
        repair=np.where(repair >= 0, batch.sessions[np.maximum(repair, 0)], -1)
        if found
        else np.empty(0, dtype=np.int64),
        status=status[:found],
        across_gap=gap[:found],
        onset_row=onset,
    )


def _check(
    batch: Batch,
    judgements: Judgements,
    *,
    window: int,
    tolerance: float,
    ended: BoolArray | None,
    pre: str,
) -> None:
    misfit = judgements.flagged.shape != (batch.n_rows,)
    if misfit or (ended is not None and ended.shape != (batch.n_dyads,)):
        raise SignalError(
            "E-SIGNAL-001",
            what="the judgements, or the endings, do not belong to the batch",
            got=f"{judgements.flagged.size} judgements for {batch.n_rows} rows",
            expected="one judgement for each row, one ending for each dyad",
            next_step="Judge this batch, and say for each of its dyads whether therapy has ended",
        )
    if window < 1 or not 0 <= tolerance < np.inf or pre not in {"expected", "previous"}:
        raise SignalError(
            "E-SIGNAL-006",
            what="the window of a repair cannot be used",
            got=f"window {window!r}, tolerance {tolerance!r}, pre {pre!r}",
            expected="a window of 1 or more, a tolerance of 0 or more, expected or previous",
            next_step="Use the defaults of 3 sessions and half a within-person SD",
        )
