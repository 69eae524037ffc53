# SPDX-License-Identifier: Apache-2.0
"""Sudden gains as columns: one row per gain, per interval, per person."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from attunement.kernels.gains import (
    MEAN_AFTER,
    MEAN_BEFORE,
    MISSING,
    N_AFTER,
    N_BEFORE,
    NEEDED,
    OFF,
    SD_AFTER,
    SD_BEFORE,
    T_CRITICAL,
    YES,
)
from attunement.signals.gains import Gains

AROUND = {"before_3": -2, "before_2": -1, "before_1": 0, "after_1": 1, "after_2": 2, "after_3": 3}
_FACTS = {
    "mean_before": MEAN_BEFORE,
    "mean_after": MEAN_AFTER,
    "sd_before": SD_BEFORE,
    "sd_after": SD_AFTER,
}
_COUNTS = {"n_before": N_BEFORE, "n_after": N_AFTER}
_LIMITS = {"t_critical": T_CRITICAL, "needed": NEEDED}


def gain_columns(found: Gains, labels: pl.DataFrame) -> pl.DataFrame:
    """Return one row per gain, in the order of persons and sessions."""
    columns = [
        pl.Series("session", found.session),
        pl.Series("session_after", found.session_after),
        pl.Series("magnitude", found.magnitude),
        *_around(found, found.rows, found.person),
        *_facts(found.facts),
        _answers("reversed", np.where(found.reversed < 0, MISSING, found.reversed)),
        pl.Series("reversal_score", found.reversal_limit),
        _where("reversal_session", found.reversal_session, found.reversal_session >= 0),
        pl.Series("total_change", found.total_change, nan_to_null=True),
        pl.Series("share_of_change", _share(found), nan_to_null=True),
        pl.Series("number", _ordinal(found.person)),
        pl.Series("of", found.count_by_person()[found.person]),
    ]
    return _beside(labels, found.person, columns)


def interval_columns(found: Gains, labels: pl.DataFrame) -> pl.DataFrame:
    """Return one row per testable interval."""
    every = found.intervals()
    grid, sign = found.grid, 1.0 if found.options.falling else -1.0
    before, after = grid.values[every.rows], grid.values[every.rows + 1]
    columns = [
        pl.Series("session", grid.sessions[every.rows]),
        pl.Series("session_after", grid.sessions[every.rows + 1]),
        pl.Series("score_before", before, nan_to_null=True),
        pl.Series("score_after", after, nan_to_null=True),
        pl.Series("change", sign * (before - after), nan_to_null=True),
        *(_answers(f"criterion_{k + 1}", every.criteria[k]) for k in range(3)),
        _answers("verdict", every.verdict),
        *_facts(every.facts),
    ]
    return _beside(labels, every.person, columns)


def person_columns(found: Gains, labels: pl.DataFrame) -> pl.DataFrame:
    """Return one row per person that was looked at, with the gain that stands for the person."""
    n = found.grid.n_persons
    at = np.full(n, -1, dtype=np.int64)
    chosen = found.chosen()
    at[found.person[chosen]] = chosen
    there = at >= 0
    scores = np.diff(
        np.concatenate(([0], np.cumsum(~np.isnan(found.grid.values))))[found.grid.starts]
    )
    reversed_ = np.where(found.reversed < 0, MISSING, found.reversed)
    columns = [
        pl.Series("n_scores", scores),
        pl.Series("n_judged", found.n_analysable),
        pl.Series("n_gains", found.count_by_person()),
        _at("session", found.session, at),
        _at("magnitude", found.magnitude, at),
        _answers("reversed", np.where(there, _take(reversed_, at, MISSING), MISSING)),
    ]
    return _beside(labels, np.arange(n), columns).filter(pl.Series(found.kept))


def _beside(labels: pl.DataFrame, person: Any, columns: list[pl.Series]) -> pl.DataFrame:
    mine: pl.DataFrame = labels[person.astype(np.uint32)]
    taken = set(mine.columns)
    named = [
        column.alias(f"{column.name}_of_gain") if column.name in taken else column
        for column in columns
    ]
    return pl.concat([mine, pl.DataFrame(named)], how="horizontal")


def _around(found: Gains, rows: Any, person: Any) -> list[pl.Series]:
    """Return the scores of the six sessions around each gain; null where there is none."""
    begins, ends = found.grid.starts[person], found.grid.starts[person + 1]
    made = []
    for name, away in AROUND.items():
        at = rows + away
        inside = (at >= begins) & (at < ends)
        values = np.full(rows.size, np.nan)
        values[inside] = found.grid.values[at[inside]]
        made.append(pl.Series(name, values, nan_to_null=True))
    return made


def _facts(facts: npt.NDArray[np.float64]) -> list[pl.Series]:
    floats = {**_FACTS, **_LIMITS}
    made = [pl.Series(name, facts[at], nan_to_null=True) for name, at in _FACTS.items()]
    made += [_where(name, facts[at], ~np.isnan(facts[at])) for name, at in _COUNTS.items()]
    made += [
        pl.Series(name, facts[at], nan_to_null=True)
        for name, at in floats.items()
        if name in _LIMITS
    ]
    return made


def _answers(name: str, codes: Any) -> pl.Series:
    """Return yes, no or null."""
    known = (codes != MISSING) & (codes != OFF)
    return (
        pl.Series(name, codes == YES)
        .to_frame()
        .select(pl.when(pl.Series(known)).then(pl.col(name)).alias(name))[name]
    )


def _where(name: str, numbers: Any, known: Any) -> pl.Series:
    """Return whole numbers, null where they are not known."""
    whole = np.where(known, numbers, 0).astype(np.int64)
    return pl.DataFrame({name: whole}).select(
        pl.when(pl.Series(known)).then(pl.col(name)).alias(name)
    )[name]


def _at(name: str, values: Any, at: Any) -> pl.Series:
    there = at >= 0
    taken = _take(values, at, 0)
    return pl.DataFrame({name: taken}).select(
        pl.when(pl.Series(there)).then(pl.col(name)).alias(name)
    )[name]


def _take(values: Any, at: Any, otherwise: int) -> Any:
    if not values.size:
        return np.full(at.size, otherwise, dtype=values.dtype)
    return values[np.maximum(at, 0)]


def _ordinal(person: Any) -> Any:
    """Return the place of each gain among those of its person, from 1."""
    if not person.size:
        return np.zeros(0, dtype=np.int64)
    new = np.concatenate(([True], person[1:] != person[:-1]))
    first = np.maximum.accumulate(np.where(new, np.arange(person.size), 0))
    return np.arange(person.size) - first + 1


def _share(found: Gains) -> Any:
    total = found.total_change
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total == 0, np.nan, found.magnitude / total)
