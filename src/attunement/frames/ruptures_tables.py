# SPDX-License-Identifier: Apache-2.0
"""What was judged, as columns: one row per input row, and one row per episode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from attunement.frames.ruptures_cells import THERAPIST, Ints
from attunement.frames.ruptures_rows import Rows
from attunement.signals.batch import Judgements
from attunement.signals.detectors import Reason
from attunement.signals.episode import Episodes, Status
from attunement.signals.rules import Rule

STATUSES: Final = tuple(status.word for status in Status)
THERAPISTS_ROW: Final = "therapists_form"
OTHERS_ROW: Final = "neither_chairs_form"
RESULTS: Final = ("rule", "evaluable", "statistic", "probability", "flagged", "reason")
EPISODE: Final = (
    "rule", "onset", "pre", "nadir", "nadir_session", "depth", "depth_noise", "repair", "status",
    "across_gap",
)  # fmt: skip
_THERAPIST, _OTHER = 126, 127  # codes of rows that no rule is asked about


def _reasons() -> list[str | None]:
    named: list[str | None] = [None] * 128
    for reason in Reason:
        named[reason] = reason.name.lower() if reason else None
    named[_THERAPIST], named[_OTHER] = THERAPISTS_ROW, OTHERS_ROW
    return named


REASONS: Final = _reasons()


@dataclass(frozen=True, slots=True)
class Judged:
    """One rule's answer about some rows."""

    rule: Rule
    judgements: Judgements
    episodes: Episodes


@dataclass(frozen=True, slots=True)
class SessionColumns:
    """One rule's answer in the order of the input rows.

    ``reason`` holds positions in ``REASONS``; 0 where the row was judged.
    """

    rule: str
    statistic: npt.NDArray[np.float64]
    probability: npt.NDArray[np.float64]
    flagged: npt.NDArray[np.bool_]
    reason: npt.NDArray[np.int8]

    def polars(self, words: Any = pl.String) -> pl.DataFrame:
        """Return the columns as a Polars frame; ``words`` is the type of text columns."""
        named = pl.Series(REASONS, dtype=words)
        columns = [
            pl.Series("evaluable", self.reason == 0),
            pl.Series("statistic", self.statistic, nan_to_null=True),
            pl.Series("probability", self.probability, nan_to_null=True),
            pl.Series("flagged", self.flagged),
            named.gather(pl.Series(self.reason.astype(np.uint32))).alias("reason"),
        ]
        frame = pl.DataFrame(columns)
        return frame.select(pl.lit(self.rule, dtype=words).alias("rule"), pl.all())


def session_columns(rows: Rows, judged: Judged) -> SessionColumns:
    """Put the judgements of a batch back to the input rows."""
    found = judged.judgements
    n, row = rows.chair.size, rows.row
    probability = found.probability
    if probability is None:
        probability = np.full(found.statistic.size, np.nan)
    if n == row.size and (n == 0 or (row[0] == 0 and (np.diff(row) == 1).all())):
        return SessionColumns(
            judged.rule.id, found.statistic, probability, found.flagged, found.reason
        )
    statistic, chance = np.full(n, np.nan), np.full(n, np.nan)
    flagged = np.zeros(n, np.bool_)
    reason = np.where(rows.chair == THERAPIST, _THERAPIST, _OTHER).astype(np.int8)
    statistic[row], chance[row] = found.statistic, probability
    flagged[row], reason[row] = found.flagged, found.reason
    return SessionColumns(judged.rule.id, statistic, chance, flagged, reason)


def episode_columns(rows: Rows, judged: Judged) -> tuple[Ints, pl.DataFrame]:
    """Return the position of each episode's dyad in ``rows.names``, and the other columns."""
    found = judged.episodes
    frame = pl.DataFrame(
        {
            "onset": found.onset,
            "pre": found.pre,
            "nadir": found.nadir,
            "nadir_session": found.nadir_session,
            "depth": found.depth_points,
            "depth_noise": found.depth_noise,
            "repair": found.repair,
            "status": pl.Series([*STATUSES], dtype=pl.String).gather(
                pl.Series(found.status.astype(np.uint32))
            ),
            "across_gap": found.across_gap,
        }
    ).with_columns(
        pl.when(pl.col("repair") >= 0).then(pl.col("repair")).alias("repair"),
        pl.col("pre", "nadir", "depth", "depth_noise").fill_nan(None),
    )
    rule = pl.lit(judged.rule.id, dtype=pl.String).alias("rule")
    return rows.dyad[found.dyad], frame.select(rule, pl.all())
