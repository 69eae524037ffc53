# SPDX-License-Identifier: Apache-2.0
"""One row in words: the verdict, what it rests on, how often it is wrong, what it cannot tell."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from attunement.errors import AttunementError
from attunement.frames.ruptures_request import HOUSE, Question
from attunement.frames.ruptures_rows import Rows
from attunement.frames.ruptures_tables import REASONS, Judged
from attunement.signals import Series
from attunement.signals.house import explain_house
from attunement.signals.rates import Asked, null_rate

_WHY_NOT: Final = {
    "no_form": "there is no score. That is no sign of anything by itself",
    "too_few_scores": "it is too early: the rule needs more earlier scores",
    "at_the_end_of_the_scale": "too many earlier scores are the best possible, so that a dip "
    "cannot be told from chance",
    "gap": "the score before lies too many sessions back",
    "no_spread": "nothing says how large the usual noise is",
}
_SHORT = 1e-9


def explain_row(
    rows: Rows, judged: Judged, question: Question, *, place: int, row: int, dyad: Any
) -> str:
    """Return the explanation of one row of a batch as lines of plain text."""
    rule, batch = judged.rule, rows.batch
    value = float(batch.values[place])
    score = "no score" if math.isnan(value) else f"score {_number(value)}"
    where = f"Row {row}: {question.columns.dyad} {dyad}, session {batch.sessions[place]}, {score}."
    fitted = ""
    if rule.detector == HOUSE and question.threshold is not None:
        fitted = f" with model {question.threshold.model_version}"
    unseen = "" if rule.verified else " (own proposal or heuristic, not verified in a paper)"
    lines = [
        where,
        f"Verdict: {_verdict(judged, place)}",
        f"Rule: {rule.id}, version {rule.version}{fitted}{unseen}: {rule.title}.",
        f"It asks: {rule.question}",
    ]
    if rule.detector == HOUSE and question.house is not None and question.threshold is not None:
        one, inner = _series(rows, place)
        said = explain_house(one, inner, question.house, question.threshold, dyad=0)
        lines.append(f"In a sentence: {said}")
    lines += [
        f"Inputs: {_inputs(rows, judged, place)}.",
        f"Threshold: {_threshold(judged, question, place)}.",
        f"When nothing is wrong: {_fires(rows, judged, question, place)}",
        f"What is usual: {question.model_said}.",
        f"Source: {rule.source}",
        f"What it cannot tell: {rule.cannot_tell}",
    ]
    if not rule.prospective:
        lines.append("This rule looks back: later sessions went into the verdict.")
    return "\n".join(lines)


def _verdict(judged: Judged, place: int) -> str:
    found = judged.judgements
    if not found.evaluable[place]:
        code = REASONS[int(found.reason[place])] or ""
        return f"not evaluable, because {_WHY_NOT.get(code, code.replace('_', ' '))}."
    if not found.flagged[place]:
        return "judged, and not flagged."
    return "flagged: a question to a person, not a finding."


def _inputs(rows: Rows, judged: Judged, place: int) -> str:
    found, batch = judged.judgements, rows.batch
    used = int(found.n_used[place])
    said = [f"{used} earlier score{'' if used == 1 else 's'}"]
    for name, value in (
        ("expected about", found.expected[place]),
        ("statistic", found.statistic[place]),
        (
            "probability of a rupture",
            np.nan if found.probability is None else found.probability[place],
        ),
    ):
        if not math.isnan(value):
            said.append(f"{name} {_number(float(value))}")
    for name, channel in batch.channels.arrays().items():
        here = channel[place]
        if name == "expected":
            said.append("a form was expected" if here else "no form was expected")
        elif not math.isnan(here):
            said.append(f"{name} {_number(float(here))}")
    return ", ".join(said)


def _threshold(judged: Judged, question: Question, place: int) -> str:
    limit = float(judged.judgements.limit[place])
    if not math.isnan(limit):
        side = "below" if question.scale.higher_is_better else "above"
        return f"about {_number(limit)}; {side} it the rule asks"
    if judged.rule.detector == HOUSE and question.threshold is not None:
        return f"a statistic below {_number(-question.threshold.value)}"
    given = ", ".join(f"{name} = {value:g}" for name, value in judged.rule.params.items())
    return f"the rule's own numbers: {given}"


def _fires(rows: Rows, judged: Judged, question: Question, place: int) -> str:
    """Say how often the rule flags when nothing is wrong: as asked, and for a series like this."""
    asked, said = None, ""
    if judged.rule.detector == HOUSE:
        asked = Asked(question.null_rate, question.horizon, question.house, question.threshold)
        said = (
            f"the limit is set so that {100 * question.null_rate:g} % of dyads without any rupture "
            f"are flagged at least once within {question.horizon} sessions (by simulation). "
        )
        if question.channels:  # a series alone says nothing of what comes in beside it
            return said.strip()
    one, _ = _series(rows, place)
    values = tuple(None if math.isnan(value) else float(value) for value in one.values)
    like = Series(
        tuple(int(session) for session in one.sessions),
        values,
        one.minimum,
        one.maximum,
        one.step,
        one.higher_is_better,
    )
    try:
        rate = null_rate(judged.rule, like=like, archive=question.archive, asked=asked)
    except AttunementError:
        return said or "no rate is known for this rule."
    return said + rate.sentence


def _series(rows: Rows, place: int) -> tuple[Any, int]:
    """Return the series that a row belongs to, as a batch of one, and the row's place in it."""
    at = int(np.searchsorted(rows.batch.starts, place, side="right")) - 1
    return rows.batch.part(at, at + 1), place - int(rows.batch.starts[at])


def _number(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if abs(value) < _SHORT or text == "-0" else text
