# SPDX-License-Identifier: Apache-2.0
"""Care episodes from any table: what was rated, which sessions took place, how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from attunement.frames.course_errors import CourseError, not_offered
from attunement.frames.course_reading import by_content
from attunement.frames.named_table import NamedTable, open_named, rows_by_person
from attunement.frames.ruptures_cells import Bools, Floats, Ints, ticks
from attunement.frames.ruptures_errors import some
from attunement.signals.course import Ending, Episodes

ENDING_COLUMNS = ("took_place", "probability", "reason")
ENDINGS = {"unplanned": Ending.UNPLANNED, "planned": Ending.PLANNED, "open": Ending.OPEN}
ATTENDED = {"attended": True, "cancelled": False, "canceled": False, "missed": False}


@dataclass(frozen=True, slots=True)
class EpisodeRows:
    """Care episodes as arrays, and where each row stood in the table.

    Parameters
    ----------
    episodes : Episodes
        In an order that rests on what was rated alone.
    row : numpy.ndarray of int, shape (rows,)
        The position of each row in the table.
    ids, sessions : polars.Series
        Of each row of the table, in the table's own order.
    """

    episodes: Episodes
    row: Ints
    ids: pl.Series
    sessions: pl.Series


def read_episodes(
    table: Any,
    *,
    columns: Mapping[str, str],
    words: Mapping[str, str],
    higher_is_better: bool,
    bounds: tuple[float, float] | None,
    definition: str,
) -> EpisodeRows:
    """Read one row per session that was offered.

    Parameters
    ----------
    columns : mapping
        "episode", "session", "score", "attended" and "ending" to their names.
    words : mapping
        The table's own words for an ending to unplanned, planned or open.

    Raises
    ------
    CourseError
        E-FRAME-232 … E-FRAME-236.
    """
    named = open_named(table, columns, taken=ENDING_COLUMNS)
    who, _ = named.people(columns["episode"], what="whose care episode it is")
    when = named.sessions(columns["session"])
    scores = named.floats(columns["score"], bounds)
    came = _attended(named, columns["attended"])
    said = _endings(named, columns["ending"], words)
    named.refuse()
    named.refuse_twice(who, when, unit="care episode", occasion="session")
    ending = _one_ending(named, columns["ending"], who, said)
    order, starts = rows_by_person(who, when)
    turned = scores if higher_is_better else -scores
    visits: Floats = np.bincount(who, came.astype(np.float64), minlength=ending.size).astype(float)
    dates = np.bincount(who, came * when.astype(np.float64), minlength=ending.size).astype(float)
    offered = np.diff(starts).astype(np.float64)
    kept = (ending.astype(float), visits, dates, offered)
    alike, part = by_content(turned[order], when[order], starts, kept)
    counts = np.diff(starts)[alike]
    placed = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    inner = np.arange(order.size) - np.repeat(placed[:-1], counts)
    row = order[np.repeat(starts[:-1][alike], counts) + inner]
    episodes = Episodes(turned[row], came[row], placed, ending[alike], definition, part)
    return EpisodeRows(
        episodes, row, named.frame[columns["episode"]], named.frame[columns["session"]]
    )


def _attended(named: NamedTable, column: str) -> Bools:
    """Read whether a session took place: yes and no, or attended, cancelled, missed."""
    cells = named.frame[column]
    if cells.dtype == pl.String:
        known = {word: str(int(came)) for word, came in ATTENDED.items()}
        cells = cells.str.to_lowercase().replace(known).alias(column)
    read = ticks(cells, named.faults)
    unsaid = cells.is_null().to_numpy()
    if cells.dtype.is_float():
        unsaid |= np.isnan(read)
    named.faults.add(unsaid, column, "does not say whether the session took place")
    came: Bools = read == 1.0
    return came


def _endings(named: NamedTable, column: str, words: Mapping[str, str]) -> pl.Series:
    """Read the ending that each row says; null where it says none."""
    wrong = [meaning for meaning in words.values() if meaning not in ENDINGS]
    if wrong:
        raise not_offered("endings", wrong[0], ", ".join(ENDINGS))
    known = {str(word).strip().lower(): ENDINGS[meaning] for word, meaning in words.items()}
    known |= {word: code for word, code in ENDINGS.items() if word not in known}
    cells = named.frame[column].cast(pl.String).str.to_lowercase()
    read = cells.replace_strict(
        {word: int(code) for word, code in known.items()}, default=None, return_dtype=pl.Int8
    )
    strange = (read.is_null() & cells.is_not_null()).to_numpy()
    named.faults.add(strange, column, "not a known ending (unplanned, planned, open)")
    return read


def _one_ending(named: NamedTable, column: str, who: Ints, said: pl.Series) -> Any:
    """Return each episode's ending: the one that its rows agree on, open where none says it."""
    there = said.is_not_null().to_numpy()
    codes = said.fill_null(0).to_numpy()
    ending = np.zeros(int(who.max()) + 1, dtype=np.int8)
    people, first = np.unique(who[there], return_index=True)
    ending[people] = codes[there][first]
    other = there & (codes != ending[who])
    if other.any():
        rows = named.faults.number(np.flatnonzero(other))
        raise CourseError(
            "E-FRAME-234",
            what=f"A care episode has two different endings in '{column}'",
            got=some(rows.tolist(), rows.size),
            expected="the same ending in every row of an episode, or empty cells",
        )
    return ending
