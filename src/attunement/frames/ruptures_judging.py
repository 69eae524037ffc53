# SPDX-License-Identifier: Apache-2.0
"""Rows in, verdicts out: the one function that every engine runs, on whole dyads."""

from __future__ import annotations

import polars as pl

from attunement.frames.ruptures_request import HOUSE, Question
from attunement.frames.ruptures_rows import Rows, arrange
from attunement.frames.ruptures_tables import Judged
from attunement.signals.engine import judge_batch
from attunement.signals.episode import episodes
from attunement.signals.house import judge_house
from attunement.signals.rules import Rule


def judge_frame(frame: pl.DataFrame, question: Question) -> tuple[Rows, tuple[Judged, ...]]:
    """Judge the rows of whole dyads.

    Parameters
    ----------
    frame : polars.DataFrame
        Every row of the dyads that it holds; in any order.
    question : Question
        What is asked.

    Returns
    -------
    rows : Rows
    judged : tuple of Judged
        One for each rule. A dyad's verdicts depend on that dyad's rows alone.
    """
    rows = rows_of(frame, question)
    return rows, judge_rows(rows, question)


def rows_of(frame: pl.DataFrame, question: Question) -> Rows:
    """Put a table's rows in order, read as the question says."""
    return arrange(
        frame,
        question.columns,
        question.scale,
        first_row=question.first_row,
        commas=question.commas,
    )


def judge_rows(rows: Rows, question: Question) -> tuple[Judged, ...]:
    """Ask each rule about rows that are in order."""
    return tuple(_judge(rows, rule, question) for rule in question.rules)


def _judge(rows: Rows, rule: Rule, question: Question) -> Judged:
    batch = rows.batch
    if rule.detector == HOUSE and question.house is not None and question.threshold is not None:
        judgements = judge_house(batch, question.house, question.threshold)
    else:
        judgements = judge_batch(batch, rule, archive=question.archive)
    found = episodes(
        batch,
        judgements,
        window=question.window,
        tolerance=question.tolerance,
        archive=question.archive,
        ended=rows.ended,
    )
    return Judged(rule, judgements, found)
