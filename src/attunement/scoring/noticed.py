# SPDX-License-Identifier: Apache-2.0
"""What answers tell besides scores: some ask for a person to look, some were to nothing asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from attunement.scoring.bulk import Column
from attunement.scoring.plan import Plan

Rows = npt.NDArray[np.bool_]


def risk_rows(plan: Plan, columns: Sequence[Column]) -> Rows:
    """Return the rows with an answer that asks for a person to look, by the measure's ``risk``.

    An answer counts whether or not its item was asked and whether or not there is a score.

    Parameters
    ----------
    columns : sequence of Column
        One per item of the plan, in its order.
    """
    found = np.zeros(columns[0].values.size if columns else 0, dtype=np.bool_)
    for item_id, column in zip(plan.items, columns, strict=True):
        risk = plan.measure.item(item_id).risk
        if risk is not None:
            found |= (column.values >= risk.at_least) & _there(column)
    return found


def unused_answers(plan: Plan, columns: Sequence[Column]) -> Mapping[str, Rows]:
    """Return, by item, the rows whose answer was not used because the item was not asked.

    Only items with at least one such row are named.
    """
    by_id = dict(zip(plan.items, columns, strict=True))
    asked: dict[str, Rows | None] = {}  # None: in every row

    def is_asked(item_id: str) -> Rows | None:
        if item_id not in asked:
            rule = plan.measure.item(item_id).shown_if
            if rule is None:
                asked[item_id] = None
            else:
                column, before = by_id[rule.item], is_asked(rule.item)
                high = (column.values >= rule.at_least) & _there(column)
                asked[item_id] = high if before is None else high & before
        return asked[item_id]

    found = {}
    for item_id, column in by_id.items():
        shown = is_asked(item_id)
        if shown is not None and (rows := _there(column) & ~shown).any():
            found[item_id] = rows
    return found


def _there(column: Column) -> Rows:
    """Return the rows that hold an answer; NaN is none."""
    values = column.values
    number = ~np.isnan(values) if values.dtype.kind == "f" else None
    if column.bits is None:
        return np.ones(values.size, dtype=np.bool_) if number is None else number
    first, start = column.bit_start >> 3, column.bit_start & 7
    last = (column.bit_start + values.size + 7) >> 3
    bits = np.unpackbits(column.bits[first:last], bitorder="little").view(np.bool_)
    there = bits[start : start + values.size]
    return there if number is None else number & there
