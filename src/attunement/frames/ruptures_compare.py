# SPDX-License-Identifier: Apache-2.0
"""All rules side by side on one table: how often wrong, how often right, who agrees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from attunement.frames.engines.reading import decimal_of
from attunement.frames.ruptures_cells import Ints
from attunement.frames.ruptures_job import table_of, whole_file
from attunement.frames.ruptures_judging import rows_of
from attunement.frames.ruptures_learning import settled
from attunement.frames.ruptures_request import (
    Question,
    Usual,
    make_question,
    make_rules,
    make_scale,
)
from attunement.frames.ruptures_rows import Columns, Rows
from attunement.signals import Reason, Rule
from attunement.signals.rates import COMPARED, Asked, Comparison, compare

_SHARES = ("null_rate", "null_rate_se", "hit_rate", "hit_rate_se", "dips_judged")
_NEARLY_ALL = 0.995
_WHY = {
    Reason.TOO_FEW_SCORES: "too few scores before it, or a baseline that is not full yet",
    Reason.AT_THE_END_OF_THE_SCALE: "too many earlier scores at the best end of the scale",
    Reason.GAP: "too long a gap before it",
    Reason.NO_SPREAD: "no spread to measure it by",
}


@dataclass(frozen=True, repr=False)
class RuleComparison:
    """Rules side by side; ``print`` it for a table.

    Attributes
    ----------
    rules : polars.DataFrame
        One row per rule: ``rule``, ``prospective``, ``null_rate`` and ``null_rate_se`` (share of
        dyads like these, without any rupture, that it would flag; missing where it can judge none
        of them), ``hit_rate`` and ``hit_rate_se`` (share of simulated dips found while they last;
        missing where it can judge none of them), ``dips_judged`` (share of the dips of which it
        can judge a session), ``not_judged`` (why it cannot judge the others), ``dyads_flagged``,
        ``dyads_judged``, ``sessions_flagged``, ``sessions_judged`` in the table.
    pairs : polars.DataFrame
        One row for each two rules and unit ("dyads", "sessions"): the 2 × 2 table ``both``,
        ``first_only``, ``second_only``, ``neither``, ``agreement``, ``kappa``, ``ac1``.
    flagged_by : polars.DataFrame
        One row per dyad: a column of yes and no for each rule, missing where it could not judge
        a single session.
    """

    rules: pl.DataFrame
    pairs: pl.DataFrame
    flagged_by: pl.DataFrame
    found: Comparison
    question: Question

    def __str__(self) -> str:
        """Return the comparison as a table of plain text."""
        return self.text()

    def __repr__(self) -> str:
        """Return the comparison as a table of plain text."""
        return self.text()

    def text(self) -> str:
        """Return the comparison as lines of plain text."""
        width = max(len(rule) for rule in self.rules["rule"])
        lines = [
            f"{'rule':{width}}  without any rupture   a dip found  flagged here      κ    AC1",
        ]
        first = str(self.rules["rule"][0])
        for row in self.rules.iter_rows(named=True):
            flagged = f"{row['dyads_flagged']} of {row['dyads_judged']}"
            kappa, ac1 = self._against(first, row["rule"])
            null = _shown(row["null_rate"], 1, cannot=row["null_rate"] is None)
            hit = _shown(row["hit_rate"], 0, cannot=row["dips_judged"] == 0)
            lines.append(
                f"{row['rule']:{width}}  {null:>19}  {hit:>12}  {flagged:>12}  {kappa:>5}  {ac1:>5}"
            )
        back = self.rules.filter(~pl.col("prospective"))["rule"].to_list()
        dip = self.found.dip
        lasting = "the end" if dip.length == "step" else f"{dip.length} session"
        null = (
            "Without any rupture: the share of dyads like these in which nothing is wrong that are "
            f"flagged at least once, of {self.found.n_simulated:,} simulated. A rule that flags no "
            "larger share here has said nothing yet."
        )
        hit = (
            f"A dip found: {dip.depth:g} usual SDs until {lasting}, flagged while it lasts."
            if dip.length == "step"
            else f"A dip found: {dip.depth:g} usual SDs for {lasting}, flagged while it lasts."
        )
        lines += [
            "",
            null,
            hit,
            *self._not_judged(),
            f"κ and AC1: agreement with {first} about who is flagged.",
            f"What is usual: {self.question.model_said}.",
        ]
        if back:
            lines.append(f"Looking back, never for a live question: {', '.join(back)}.")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain values, for JSON."""
        return {
            "model": self.question.model_said,
            "n_simulated": self.found.n_simulated,
            "dip": {"depth": self.found.dip.depth, "length": self.found.dip.length},
            "rules": self.rules.to_dicts(),
            "pairs": self.pairs.to_dicts(),
            "flagged_by": self.flagged_by.to_dicts(),
        }

    def _not_judged(self) -> list[str]:
        """Return in words which rules cannot judge dips, and why; rules alike on one line."""
        alike: dict[str, list[str]] = {}
        for row in self.rules.iter_rows(named=True):
            judged, why = row["dips_judged"], row["not_judged"]
            if judged is None or why is None or judged >= _NEARLY_ALL:
                continue
            named = _WHY[Reason[why.upper()]]
            said = (
                f"Cannot judge any dip here ({named})"
                if judged == 0
                else f"Cannot judge {100 * (1 - judged):.0f} % of the dips here, which count as "
                f"not found ({named})"
            )
            alike.setdefault(said, []).append(row["rule"])
        return [f"{said}: {', '.join(rules)}." for said, rules in alike.items()]

    def _against(self, first: str, other: str) -> tuple[str, str]:
        if first == other:
            return "", ""
        pair = self.found.pair(first, other).dyads
        kappa, ac1 = pair.kappa.value, pair.ac1.value
        return _number(kappa), _number(ac1)


def compare_rules(
    frame: Any,
    *,
    dyad: str = "dyad",
    session: str = "session",
    score: str = "score",
    scale: Sequence[float] | None = None,
    higher_is: Literal["better", "worse"] | None = None,
    measure: str | None = None,
    step: float | None = None,
    rule: str | Iterable[str | Rule] = "all",
    null_rate: float = 0.10,
    horizon: int = 12,
    perspective: str | None = None,
    version: str | None = None,
    archive: Usual = None,
    row_numbers: Ints | None = None,
    decimal: Literal[".", ","] | None = None,
    n: int = 2000,
    seed: int = 1,
) -> RuleComparison:
    """Put rules side by side on one table of scores.

    Parameters
    ----------
    frame : any table that `ruptures` takes, or a path
    dyad, session, score, scale, higher_is, measure, step, perspective, version, archive
        As for `ruptures`. Only the client's scores are compared.
    rule : "all", or several rules
    null_rate, horizon
        What the house rule is asked for.
    row_numbers : array of int64, optional
        The number by which a message names each row.
    decimal : {".", ","}, optional
        As for `ruptures`.
    n, seed : int
        Simulated dyads behind each rate, and the seed: the same gives the same answer.

    Returns
    -------
    RuleComparison

    Raises
    ------
    RupturesError
        As for `ruptures`.
    """
    path = Path(frame) if isinstance(frame, str | Path) else None
    text = path is not None and path.suffix.lower() != ".parquet"
    question = make_question(
        columns=Columns(dyad, session, score, perspective=perspective, version=version),
        scale=make_scale(scale, higher_is, step, measure),
        rules=COMPARED if rule == "all" else make_rules(rule),
        null_rate=null_rate,
        horizon=horizon,
        usual=archive,
        window=1,
        tolerance=0.0,
        first_row=(2 if text else 1) if row_numbers is None else row_numbers,
        decimal=(decimal_of(path) if path is not None else ".") if decimal is None else decimal,
    )
    table = table_of(whole_file(path, question) if path is not None else frame, question)
    question = question.written(table)
    rows = rows_of(table, question)
    question = settled(rows, question, archive)
    asked = Asked(null_rate=question.null_rate, horizon=question.horizon, model=question.house)
    found = compare(
        rows.batch, question.rules, archive=question.archive, asked=asked, n=n, seed=seed
    )
    return RuleComparison(
        _rules(found), _pairs(found), _flagged(found, rows, table[dyad]), found, question
    )


def _rules(found: Comparison) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "rule": row.rule.id,
                "version": row.rule.version,
                "prospective": row.rule.prospective,
                "null_rate": row.null_rate,
                "null_rate_se": row.null_rate_se,
                "hit_rate": row.hit_rate,
                "hit_rate_se": row.hit_rate_se,
                "dips_judged": row.dips_judged,
                "not_judged": None if row.not_judged is None else row.not_judged.name.lower(),
                "dyads_flagged": row.n_flagged,
                "dyads_judged": row.n_judged,
                "sessions_flagged": row.sessions_flagged,
                "sessions_judged": row.sessions_judged,
            }
            for row in found.rows
        ],
        schema_overrides=dict.fromkeys(_SHARES, pl.Float64) | {"not_judged": pl.String},
        infer_schema_length=None,
    )


def _pairs(found: Comparison) -> pl.DataFrame:
    kinds = {
        "first": pl.String,
        "second": pl.String,
        "unit": pl.String,
        "both": pl.Int64,
        "first_only": pl.Int64,
        "second_only": pl.Int64,
        "neither": pl.Int64,
        "agreement": pl.Float64,
        "kappa": pl.Float64,
        "ac1": pl.Float64,
    }
    return pl.DataFrame(
        [
            {
                "first": pair.first,
                "second": pair.second,
                "unit": unit,
                "both": one.both,
                "first_only": one.first_only,
                "second_only": one.second_only,
                "neither": one.neither,
                "agreement": one.share,
                "kappa": one.kappa.value,
                "ac1": one.ac1.value,
            }
            for pair in found.pairs
            for unit, one in (("dyads", pair.dyads), ("sessions", pair.sessions))
        ],
        schema=kinds,
    )


def _flagged(found: Comparison, rows: Rows, dyad: pl.Series) -> pl.DataFrame:
    """Return who is flagged by which rule; a dyad of several series counts once."""
    names = pl.Series(dyad.name, pl.Series(rows.names)).cast(dyad.dtype)
    columns = {dyad.name: names}
    for at, row in enumerate(found.rows):
        flagged, judged = np.zeros(len(names), np.bool_), np.zeros(len(names), np.bool_)
        np.logical_or.at(flagged, rows.dyad, found.flagged_by[:, at])
        np.logical_or.at(judged, rows.dyad, found.judged_by[:, at])
        known = pl.Series(row.rule.id, flagged)
        columns[row.rule.id] = known.set(pl.Series(~judged), None)
    return pl.DataFrame(columns)


def _shown(share: float | None, digits: int, *, cannot: bool) -> str:
    """Return a share as per cent, or that there is none."""
    if share is not None:
        return f"{100 * share:.{digits}f} %"
    return "cannot judge" if cannot else "–"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
