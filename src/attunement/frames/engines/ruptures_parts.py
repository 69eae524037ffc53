# SPDX-License-Identifier: Apache-2.0
"""Batches of any size to parts of whole dyads: the same for a file in order and for Spark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

# Rows of one part: enough that a part's fixed costs vanish, few enough that parts stay small.
PART_ROWS = 1 << 18


class OutOfOrderError(Exception):
    """The dyads of a file do not rise: rows of one dyad may lie anywhere. Never leaves here."""


def whole_dyads(
    batches: Iterable[pl.DataFrame], dyad: str, *, rows: int = PART_ROWS, rising: bool = False
) -> Iterator[pl.DataFrame]:
    """Gather batches whose rows lie dyad after dyad, and give parts that cut no dyad in two.

    Parameters
    ----------
    batches : iterable of polars.DataFrame
    rows : int
        A part has at least so many rows (the last one may have fewer), and those of the dyad
        that it ends in.
    rising : bool
        Whether to make sure that no dyad comes twice: each part's dyads must lie above those of
        the part before.

    Raises
    ------
    OutOfOrderError
        If ``rising`` and they do not.
    """
    held: list[pl.DataFrame] = []
    waiting = 0
    before = None
    for batch in batches:
        if not batch.height:
            continue
        held.append(batch)
        waiting += batch.height
        if waiting < rows:
            continue
        whole = pl.concat(held, how="vertical")
        cut = _last_change(whole[dyad])
        if cut == 0:  # one dyad fills it all: wait for its end
            held = [whole]
            continue
        part, rest = whole.head(cut), whole.slice(cut)
        if rising:
            before = _risen(part[dyad], before)
        yield part
        held, waiting = [rest], rest.height
    if held:
        part = pl.concat(held, how="vertical")
        if rising:
            _risen(part[dyad], before)
        yield part


def _last_change(dyad: pl.Series) -> int:
    """Return where the run of the last value begins."""
    other = (dyad != dyad[-1]).fill_null(value=True)
    last = other.arg_true()
    return int(last[-1]) + 1 if len(last) else 0


def _risen(dyad: pl.Series, before: object) -> object:
    """Return the last dyad after seeing that they rise, beyond ``before``."""
    shifted = dyad.shift(1)
    falls = bool((dyad < shifted).any()) or dyad.null_count() > 0
    if falls or (before is not None and not bool((dyad.head(1) > before).all())):
        raise OutOfOrderError
    return dyad[-1]
