# SPDX-License-Identifier: Apache-2.0
"""From a table to a model of what is usual in it, and between the two kinds of model."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from attunement.frames.ruptures_request import Question, with_model
from attunement.frames.ruptures_rows import arrange
from attunement.signals.house import learn_house


def learned(frame: pl.DataFrame, question: Question) -> Question:
    """Return the question with a model learned from every row of a table.

    The model is shrunken towards the prior where the table is small. It rests on later sessions
    as well as on earlier ones, and its source says so.
    """
    rows = arrange(frame, question.columns, question.scale, first_row=question.first_row)
    model = learn_house(rows.batch)
    said = f"{model.source}; learned from this table, later sessions included"
    return with_model(question, replace(model, source=said))
