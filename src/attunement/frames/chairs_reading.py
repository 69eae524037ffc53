# SPDX-License-Identifier: Apache-2.0
"""Both chairs' ratings of the same sessions, paired, from any table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from attunement.frames.course_errors import not_offered
from attunement.frames.named_table import open_named
from attunement.frames.ruptures_cells import Floats, Ints
from attunement.frames.ruptures_rows import Columns, Scale, arrange

CHAIRS_COLUMNS = ("client", "therapist", "gap", "judged", "apart", "reason")


@dataclass(frozen=True, slots=True)
class Pairs:
    """Ratings of both chairs, dyad after dyad and session after session.

    Parameters
    ----------
    names : polars.Series
        The dyads, in the order of ``starts``, under the name of their column.
    client, therapist : numpy.ndarray, shape (rows,)
        NaN where there is no form.
    sessions : numpy.ndarray of int, shape (rows,)
    starts : numpy.ndarray of int, shape (dyads + 1,)
    n_rows : int
        Rows of the table.
    """

    names: pl.Series
    client: Floats
    therapist: Floats
    sessions: Ints
    starts: Ints
    n_rows: int

    @property
    def dyad(self) -> Ints:
        """The position of each row's dyad."""
        return np.repeat(np.arange(self.starts.size - 1), np.diff(self.starts))

    def here(self, at: int) -> slice:
        """Return the rows of one dyad."""
        return slice(int(self.starts[at]), int(self.starts[at + 1]))

    def place(self, dyad: Any) -> int | None:
        """Return the position of a dyad, None if there is no such one."""
        return next((at for at, name in enumerate(self.names) if name == dyad), None)


def read_pairs(
    table: Any,
    *,
    dyad: str,
    session: str,
    score: str,
    perspective: str | None,
    therapist: str | None,
    ends: tuple[float, float],
    higher_is_better: bool,
) -> Pairs:
    """Read one row per form with ``perspective``, or one per session with ``therapist``.

    Raises
    ------
    CourseError
        E-FRAME-232 … E-FRAME-236. RupturesError E-FRAME-205, E-FRAME-206, E-FRAME-209.
    """
    if (perspective is None) == (therapist is None):
        raise not_offered(
            "perspective",
            perspective,
            "the column that says who rated, or therapist= with the therapist's rating beside "
            "the client's",
            "Name one of the two",
        )
    columns = Columns(dyad, session, score, perspective=perspective, therapist=therapist)
    named = open_named(table, columns.named(), taken=CHAIRS_COLUMNS if therapist is None else ())
    named.sessions(session)
    frame = named.frame.with_columns(
        pl.Series(name, named.floats(name, ends), nan_to_null=True)
        for name in (score, therapist)
        if name is not None
    )
    named.refuse()
    rows = arrange(
        frame,
        columns,
        Scale(*ends, 0.0, higher_is_better),
        first_row=named.faults.first_row,
    )
    other = rows.batch.channels.therapist
    return Pairs(
        names=pl.Series(dyad, rows.names).gather(rows.dyad),
        client=rows.batch.values,
        therapist=np.full(rows.batch.values.shape, np.nan) if other is None else other,
        sessions=rows.batch.sessions,
        starts=rows.batch.starts,
        n_rows=named.height,
    )
