# SPDX-License-Identifier: Apache-2.0
"""Score the items of a table of ratings: one score per row, by the measure's own rule."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from attunement import scoring
from attunement.errors import Problem, problem_at
from attunement.frames.ratings_cells import numbers, uses_decimal_comma
from attunement.frames.ratings_plan import Plan
from attunement.frames.ratings_scale import main_scale
from attunement.frames.ratings_source import Source
from attunement.measures.schema import Measure

CODE = "E-FRAME-120"
HAIR = 1e-6  # absorbs the rounding of binary fractions between two steps


def score_items(source: Source, plan: Plan, measure: Measure) -> tuple[pl.DataFrame, list[Problem]]:
    """Return one score per row of the table.

    Parameters
    ----------
    source : Source
        The table.
    plan : Plan
        With ``items``: item id to column.
    measure : Measure
        Whose rule scores them; its total, or its first scale where it has none.

    Returns
    -------
    scored : polars.DataFrame
        One row per row of the table: ``score``, null where the measure's rule gives none, and
        ``refused``, true where an answer is not permitted.
    problems : list of Problem
        Answers that the items do not permit, once per column. A row with one of them has no
        score: half a response is not scored as if it were whole.

    Raises
    ------
    attunement.scoring.ScoringError
        Where the measure's rule cannot be carried out.
    """
    rule = scoring.make_plan(measure)
    problems: list[Problem] = []
    refused = np.zeros(source.frame.height, dtype=bool)
    answers: list[scoring.Column] = []
    for item_id in rule.items:
        name = plan.items.get(item_id)
        if name is None:  # an item that no scale needs, and that the table does not have
            answers.append(scoring.Column(np.full(source.frame.height, np.nan)))
            continue
        column = source.frame[name]
        values, wrong = numbers(column, comma=uses_decimal_comma(column, source.decimal))
        off = ~_permitted(measure, item_id, values.to_numpy())
        for where, what in (
            (wrong.is_not_null().to_numpy(), "The answer is not a plain number"),
            (off, "The answer is not one that the item permits"),
        ):
            if where.any():
                rows = source.row_numbers.filter(pl.Series(where)).to_list()
                problems.append(
                    problem_at(
                        CODE,
                        rows,
                        column=name,
                        what=what,
                        next_step="Left out: the whole response has no score. Correct the answer",
                        refused=True,
                    )
                )
                refused |= where
        filled = values.set(pl.Series(off), None).fill_null(float("nan")).to_numpy()
        answers.append(scoring.Column(np.ascontiguousarray(filled, dtype=np.float64)))
    scale = main_scale(measure)
    place = next(at for at, each in enumerate(rule.scales) if scale is None or each.id == scale.id)
    found = scoring.score_arrays(rule, answers, reasons=False).scores[place]
    found = np.where(refused, np.nan, found)
    scored = pl.DataFrame({"score": found, "refused": refused})
    return scored.with_columns(pl.col("score").fill_nan(None)), problems


def _permitted(
    measure: Measure, item_id: str, values: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Whether each answer is missing or one that the item permits."""
    item = measure.item(item_id)
    missing = np.isnan(values)
    options = measure.option_sets.get(item.options)
    if options is not None and item.kind != "scale":
        return np.asarray(missing | np.isin(values, options.values))
    inside = np.ones(len(values), dtype=bool)
    if item.minimum is not None and item.maximum is not None:
        inside = (values >= item.minimum) & (values <= item.maximum)
        if item.step > 0:
            steps = (values - item.minimum) / item.step
            inside &= np.abs(steps - np.round(steps)) < HAIR
    return np.asarray(missing | inside)
