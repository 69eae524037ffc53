# SPDX-License-Identifier: Apache-2.0
"""From rows in any order to a batch: dyad after dyad, session after session, both chairs paired."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields

import numpy as np
import polars as pl
import pyarrow as pa

from attunement.frames.ruptures_cells import (
    CLIENT,
    OTHER,
    THERAPIST,
    Bools,
    Faults,
    Floats,
    Ints,
    chairs,
    codes,
    days,
    floats,
    ticks,
    whole,
)
from attunement.frames.ruptures_errors import LISTED, RupturesError, some
from attunement.signals.batch import Batch, Channels

_NO_DAY = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds what; None where there is none."""

    dyad: str
    session: str
    score: str
    date: str | None = None
    perspective: str | None = None
    expected: str | None = None
    strain: str | None = None
    prediction: str | None = None
    therapist: str | None = None
    version: str | None = None
    ended: str | None = None

    def named(self) -> dict[str, str]:
        """Return the columns that were given, by what they hold."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {role: column for role, column in given.items() if column is not None}


@dataclass(frozen=True, slots=True)
class Scale:
    """The ends of the scale, its step (0 = continuous), and which end is better."""

    minimum: float
    maximum: float
    step: float
    higher_is_better: bool

    @property
    def bounds(self) -> tuple[float, float]:
        """Both ends."""
        return self.minimum, self.maximum


@dataclass(frozen=True, slots=True)
class Rows:
    """A batch, and where its rows came from.

    Parameters
    ----------
    batch : Batch
        One series per dyad, or per dyad and run of one measure version.
    dyad : array of int64, shape (series,)
        Position of each series' dyad in ``names``.
    names : pyarrow.Array
        The dyads, in order of first appearance.
    ended : array of bool, shape (series,)
        Whether the series is known to have ended: the care episode is over, or another version
        of the measure took its place.
    row : array of int64, shape (rows of the batch,)
        The input row of each session, counted from 0: the client's, or the therapist's where
        there is no other.
    chair : array of int8, shape (input rows,)
        Whose form each input row is: client, therapist, other.
    """

    batch: Batch
    dyad: Ints
    names: pa.Array
    ended: Bools
    row: Ints
    chair: np.ndarray[tuple[int], np.dtype[np.int8]]


@dataclass(frozen=True, slots=True)
class _Read:
    """One value per input row; the optional columns are None where they are not given."""

    dyad: Ints
    names: pa.Array
    session: Ints
    score: Floats
    chair: np.ndarray[tuple[int], np.dtype[np.int8]]
    version: Ints | None
    optional: dict[str, Floats]
    ended: Bools | None


@dataclass(frozen=True, slots=True)
class _Paired:
    """One place per dyad and session: the input rows of the client and of the therapist."""

    client: Ints
    therapist: Ints
    dyad: Ints
    session: Ints


def arrange(
    frame: pl.DataFrame,
    columns: Columns,
    scale: Scale,
    *,
    first_row: int | Ints = 1,
    commas: Collection[str] = (),
) -> Rows:
    """Read the columns of a frame and bring its rows into the order of a batch.

    Parameters
    ----------
    frame : polars.DataFrame
        Holds the columns that ``columns`` names; rows in any order.
    first_row : int or array of int64
        The number by which a message names the first row, or each row.
    commas : collection of str
        Text columns whose numbers have a decimal comma.

    Raises
    ------
    RupturesError
        E-FRAME-202, E-FRAME-205 (cells), E-FRAME-206 (a session twice), E-FRAME-207 (dates),
        E-FRAME-209 (no row of a client). Rows are named, never what they hold.
    """
    faults = Faults(first_row)
    read = _read(frame, columns, scale, faults, commas)
    paired = _pair(read, columns, faults)
    if columns.date is not None:
        _check_days(frame[columns.date], paired, faults)
    starts, dyad, cut = _series(paired, read)
    batch = Batch(
        values=_taken(read.score, paired.client),
        sessions=paired.session,
        starts=starts,
        minimum=scale.minimum,
        maximum=scale.maximum,
        step=scale.step,
        higher_is_better=scale.higher_is_better,
        channels=_channels(read, paired, columns),
    )
    ended = cut
    if read.ended is not None:
        over = np.zeros(len(read.names), np.bool_)
        over[read.dyad[read.ended]] = True
        ended = cut | over[dyad]
    row = np.where(paired.client >= 0, paired.client, paired.therapist)
    return Rows(batch, dyad, read.names, ended, row, read.chair)


def _read(
    frame: pl.DataFrame, columns: Columns, scale: Scale, faults: Faults, commas: Collection[str]
) -> _Read:
    def scores(column: str) -> Floats:
        return floats(frame[column], faults, bounds=scale.bounds, comma=column in commas)

    dyad, names = codes(frame[columns.dyad], faults, what="whose row it is")
    session = whole(frame[columns.session], faults)
    score = scores(columns.score)
    chair = np.zeros(frame.height, np.int8)
    if columns.perspective is not None:
        chair = chairs(frame[columns.perspective], faults)
    optional: dict[str, Floats] = {}
    for role in ("therapist", "prediction"):
        column = getattr(columns, role)
        if column is not None:
            optional[role] = scores(column)
    for role in ("strain", "expected", "ended"):
        column = getattr(columns, role)
        if column is not None:
            optional[role] = ticks(frame[column], faults)
    version = None
    if columns.version is not None:
        version, _ = codes(frame[columns.version], None, what="the version of the measure")
    faults.refuse()
    if frame.height and not (chair == CLIENT).any():
        raise RupturesError(
            "E-FRAME-209",
            what=f"No row of '{columns.perspective}' is a client's",
            expected="rows of 'client', whose scores are judged",
            next_step="Leave out perspective= to judge the scores as they are",
        )
    over = optional.pop("ended", None)
    ended = None if over is None else over == 1.0
    return _Read(dyad, names, session, score, chair, version, optional, ended)


def _pair(read: _Read, columns: Columns, faults: Faults) -> _Paired:
    """Sort by dyad, session and chair, and find what belongs to one session."""
    used = np.flatnonzero(read.chair != OTHER)
    dyad, session, chair = read.dyad[used], read.session[used], read.chair[used]
    if not _sorted(dyad, session, chair):
        order = np.lexsort((chair, session, dyad))
        used, dyad, session, chair = used[order], dyad[order], session[order], chair[order]
    new = np.ones(used.size, np.bool_)
    new[1:] = (np.diff(dyad) != 0) | (np.diff(session) != 0)
    twice = ~new
    twice[1:] &= chair[1:] == chair[:-1]
    if twice.any():
        _refuse_doubled(faults.number(np.sort(used[twice])), columns)
    if new.all():
        client = np.where(chair == CLIENT, used, -1)
        therapist = np.where(chair == THERAPIST, used, -1)
        return _Paired(client, therapist, dyad, session)
    place = np.cumsum(new) - 1
    client = np.full(int(place[-1]) + 1, -1, np.int64)
    therapist = client.copy()
    client[place[chair == CLIENT]] = used[chair == CLIENT]
    therapist[place[chair == THERAPIST]] = used[chair == THERAPIST]
    return _Paired(client, therapist, dyad[new], session[new])


def _sorted(dyad: Ints, session: Ints, chair: np.ndarray[tuple[int], np.dtype[np.int8]]) -> bool:
    """Whether the rows already lie dyad after dyad, session after session."""
    step = np.diff(dyad)
    if (step < 0).any():
        return False
    inner = step == 0
    on = np.diff(session)
    same = inner & (on == 0)
    return not (inner & (on < 0)).any() and not (same & (np.diff(chair) < 0)).any()


def _refuse_doubled(rows: Ints, columns: Columns) -> None:
    said = (
        "If the table holds both chairs, name the column that says whose rating it is: "
        "perspective='…'"
        if columns.perspective is None
        else "Keep one of them"
    )
    raise RupturesError(
        "E-FRAME-206",
        what="A dyad has the same session twice"
        + ("" if columns.perspective is None else " from the same chair"),
        got=some(rows.tolist(), rows.size),
        expected="one row for each dyad and session"
        + ("" if columns.perspective is None else " and chair"),
        next_step=said,
    )


def _check_days(column: pl.Series, paired: _Paired, faults: Faults) -> None:
    """Refuse dates that run against the session numbers."""
    counted = days(column, faults)
    faults.refuse()
    day = np.where(paired.client >= 0, counted[paired.client], counted[paired.therapist])
    known = np.flatnonzero(day != _NO_DAY)
    back = np.diff(day[known]) < 0
    back &= np.diff(paired.dyad[known]) == 0
    if not back.any():
        return
    late = known[1:][back]
    at = np.where(paired.client[late] >= 0, paired.client[late], paired.therapist[late])
    rows = faults.number(np.sort(at))
    raise RupturesError(
        "E-FRAME-207",
        what="A later session has an earlier date than the session before it",
        got=some(rows[:LISTED].tolist(), rows.size) + f" of '{column.name}'",
        expected="dates that do not go back while the session numbers go on",
        next_step="Correct the dates or the session numbers; which is right cannot be guessed",
    )


def _series(paired: _Paired, read: _Read) -> tuple[Ints, Ints, Bools]:
    """Return the starts of the series, their dyads, and whether another version followed."""
    n = paired.dyad.size
    new = np.ones(n, np.bool_)
    new[1:] = np.diff(paired.dyad) != 0
    first = new.copy()
    if read.version is not None and n:
        version = _version_of(paired, read, new)
        first[1:] |= np.diff(version) != 0
    starts = np.append(np.flatnonzero(first), n).astype(np.int64)
    dyad = paired.dyad[starts[:-1]]
    cut = np.zeros(dyad.size, np.bool_)
    if dyad.size:
        cut[:-1] = np.diff(dyad) == 0
    return starts, dyad, cut


def _version_of(paired: _Paired, read: _Read, new: Bools) -> Ints:
    """Return the version of each place; where none is said it goes on, or begins, as known."""
    given = np.full(paired.dyad.size, -1, np.int64)
    here = paired.client >= 0
    if read.version is not None:
        given[here] = read.version[paired.client[here]]
    at = np.arange(given.size)
    start = np.flatnonzero(new)[np.cumsum(new) - 1]
    before = np.maximum.accumulate(np.where(given >= 0, at, -1))
    after = np.minimum.accumulate(np.where(given >= 0, at, given.size)[::-1])[::-1]
    end = np.append(np.flatnonzero(new)[1:], given.size)[np.cumsum(new) - 1]
    source = np.where(before >= start, before, np.where(after < end, after, at))
    return given[source]


def _channels(read: _Read, paired: _Paired, columns: Columns) -> Channels:
    therapist = None
    if "therapist" in read.optional:
        therapist = _taken(read.optional["therapist"], paired.client)
    elif columns.perspective is not None:  # by the columns, so that every part of a table agrees
        therapist = _taken(read.score, paired.therapist)
    said: dict[str, Floats | None] = {}
    for role in ("prediction", "strain", "expected"):
        values = read.optional.get(role)
        said[role] = None if values is None else _either(values, paired)
    expected = said["expected"]
    return Channels(
        therapist=therapist,
        prediction=said["prediction"],
        strain=said["strain"],
        expected=None if expected is None else expected == 1.0,
    )


def _either(values: Floats, paired: _Paired) -> Floats:
    """Take what the client's row says, and the therapist's where it says nothing."""
    own = _taken(values, paired.client)
    if (paired.therapist < 0).all():
        return own
    return np.where(np.isnan(own), _taken(values, paired.therapist), own)


def _taken(values: Floats, rows: Ints) -> Floats:
    """Return the values of the rows, NaN where there is no row."""
    if rows.size and (rows >= 0).all():
        return values[rows]
    if not rows.size:
        return np.zeros(0)
    return np.where(rows >= 0, values[rows], np.nan)
