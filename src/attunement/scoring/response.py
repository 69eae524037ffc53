# SPDX-License-Identifier: Apache-2.0
"""One response to its scores, by the same rule as ten million."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from attunement.kernels import Outputs, Scratch, make_scratch, make_tables, score_rows
from attunement.kernels.score import STEP_TOLERANCE
from attunement.measures import as_measure
from attunement.measures.schema import Item, Measure, Scale
from attunement.scoring.errors import ScoringError
from attunement.scoring.plan import Plan, make_plan, permitted
from attunement.scoring.reasons import reason_for
from attunement.scoring.result import NotScored, RiskAnswer, Score, ScoredResponse
from attunement.scoring.version import SCORER_VERSION

_PLANS: dict[int, Plan] = {}  # by the measure's place in memory, which its plan keeps
_MOST_PLANS = 64


def _plan_of(measure: Measure) -> Plan:
    """Return a measure's plan; worked out once for as long as a measure is used."""
    plan = _PLANS.get(id(measure))
    if plan is None or plan.measure is not measure:
        plan = make_plan(measure)
        if len(_PLANS) >= _MOST_PLANS:
            _PLANS.clear()
        _PLANS[id(measure)] = plan
    return plan


def score_response(measure: str | Measure, answers: Mapping[str, float | None]) -> ScoredResponse:
    """Score one response on every scale of its measure.

    Parameters
    ----------
    measure : str or Measure
        The measure version that was filled: ``"phq-9@1"``, ``"phq-9"`` (its newest), or a measure.
    answers : mapping of str to float or None
        Raw answers by item id, before any reversing. None, or no entry, is a missing answer.
        Entries of text items are ignored.

    Returns
    -------
    ScoredResponse
        For each scale a ``Score`` or a ``NotScored`` with its reason. Missing is not zero: with
        too few answers there is no score, and a sum that is not prorated needs all its items.
        An item that skip logic hides counts as not asked: it is neither answered nor missing,
        and an answer to it is not used (``hidden`` names it). ``risks`` names the answers that
        ask for a person to look, whatever the scores are.

    Raises
    ------
    ScoringError
        E-SCORE-001 if an answer is not one that its item permits (outside the range, between
        two steps, not a number); E-SCORE-002 if the measure has no such item; E-SCORE-003 if
        the measure's rule cannot be carried out. MeasureError if there is no such measure.

    Notes
    -----
    With keyed answers k_i (k = minimum + maximum − x where reversed, times the item's weight),
    n answered of N asked: sum Σk, prorated Σk·N/n; mean Σk/n, or Σk/Σw with weights; then the
    multiplier; then rounding, a half going up. Items that were not asked lower both N and the
    answers needed.
    """
    measure = as_measure(measure)
    plan = _plan_of(measure)
    values = _values(plan, answers)
    n_items = len(plan.items)
    scores = np.empty(len(plan.scales), dtype=np.float64)
    total_n = np.zeros(1, dtype=np.int16)
    scratch = make_scratch(n_items, np.float64)
    if n_items:
        score_rows(
            values,
            np.arange(n_items, dtype=np.int64),
            np.zeros(0, dtype=np.uint8),
            np.full(n_items, -1, dtype=np.int64),
            1,
            plan.item_rules["float64"],
            plan.scale_rules["float64"],
            make_tables(plan.scale_rules["float64"], empty=True),
            Outputs(scores=scores, stride=1, n_answered=total_n, why=np.empty(0, dtype=np.int64)),
            scratch,
            True,
        )
    hidden = tuple(
        item
        for index, item in enumerate(plan.items)
        if not scratch.shown[index, 0] and not math.isnan(values[index])
    )
    results = {
        scale.id: _result(plan, index, float(scores[index]), scratch, hidden)
        for index, scale in enumerate(plan.scales)
    }
    return ScoredResponse(
        measure_id=measure.id,
        measure_version=measure.version,
        scorer_version=SCORER_VERSION,
        scales=results,
        n_answered=int(total_n[0]),
        hidden=hidden,
        risks=_risks(plan, values),
    )


def _values(plan: Plan, answers: Mapping[str, float | None]) -> npt.NDArray[np.float64]:
    known = {item.id: item for item in plan.measure.items}
    for item_id in answers:
        if item_id not in known:
            raise _no_such_item(plan.measure, item_id)
    values = np.full(len(plan.items), np.nan)
    for index, item_id in enumerate(plan.items):
        answer = answers.get(item_id)
        if answer is not None:
            check_answer(plan.measure, known[item_id], answer)
            values[index] = answer
    return values


def _no_such_item(measure: Measure, key: object) -> ScoringError:
    name = f"'{measure.id}@{measure.version}'"
    if not isinstance(key, str):
        return ScoringError(
            "E-SCORE-002",
            what=f"The items of {name} have ids that are text",
            got=f"a key of type {type(key).__name__}",
            expected=f"'{measure.items[0].id}', in quotation marks" if measure.items else "",
        )
    return ScoringError(
        "E-SCORE-002",
        what=f"{name} has no item '{key}'",
        expected=f"one of {', '.join(item.id for item in measure.items)}",
    )


def _risks(plan: Plan, values: npt.NDArray[np.float64]) -> tuple[RiskAnswer, ...]:
    return tuple(
        RiskAnswer(item_id, risk.kind)
        for item_id, value in zip(plan.items, values, strict=True)
        if (risk := plan.measure.item(item_id).risk) is not None and value >= risk.at_least
    )


def check_answer(measure: Measure, item: Item, answer: object) -> None:
    """Refuse an answer that ``item`` does not permit; the message never shows the answer.

    Raises
    ------
    ScoringError
        E-SCORE-001.
    """
    listed = permitted(measure, item)
    low, high = item.minimum or 0.0, item.maximum or 0.0
    number = not isinstance(answer, bool) and isinstance(answer, int | float | np.number)
    if number:
        x = float(answer)  # type: ignore[arg-type]
        fits = math.isfinite(x) and low <= x <= high
        if fits and listed is not None:
            fits = x in listed
        elif fits and item.step > 0:
            steps = (x - low) / item.step
            fits = abs(steps - math.floor(steps + 0.5)) <= STEP_TOLERANCE
        if fits:
            return
    raise ScoringError(
        "E-SCORE-001",
        what=f"The answer to item '{item.id}' of '{measure.id}' is not one that it permits",
        got="a number off the scale" if number else "something that is not a number",
        expected=permitted_words(measure, item),
        next_step="Give None for a missing answer",
    )


def permitted_words(measure: Measure, item: Item) -> str:
    """Return the permitted answers of an item in words."""
    listed = permitted(measure, item)
    if listed is not None:
        return "one of " + ", ".join(f"{value:g}" for value in listed)
    low, high = item.minimum or 0.0, item.maximum or 0.0
    steps = "" if item.step == 0 else f" in steps of {item.step:g}"
    return f"{low:g} to {high:g}{steps}"


def method_words(scale: Scale) -> str:
    """Return a scale's rule in a few words."""
    parts = [scale.method]
    if any(weight != 1 for weight in scale.weights.values()):
        parts[0] = f"weighted {scale.method}"
    if scale.method == "sum" and scale.prorate:
        parts.append("prorated")
    if scale.multiplier != 1:
        parts.append(f"times {scale.multiplier:g}")
    if scale.rounding == "half_up":
        parts.append("rounded, a half up")
    return ", ".join(parts)


def _result(
    plan: Plan, index: int, value: float, scratch: Scratch, hidden: tuple[str, ...]
) -> Score | NotScored:
    scale = plan.scales[index]
    at = [plan.position(item) for item in scale.items]
    n_answered = sum(int(scratch.mask[k, 0]) for k in at)
    n_asked = sum(int(scratch.shown[k, 0]) for k in at)
    if not math.isnan(value):
        return Score(scale.id, value, n_answered, n_asked, method_words(scale))
    reason = reason_for(
        scale,
        n_answered=n_answered,
        n_asked=n_asked,
        needed=plan.needed[index],
        unused=any(item in hidden for item in scale.items),
    )
    return NotScored(scale.id, reason, n_answered, n_asked)
