# SPDX-License-Identifier: Apache-2.0
"""One response to its scores, by the same rule as ten million."""

from __future__ import annotations

import math
from collections.abc import Mapping

from attunement.measures import as_measure
from attunement.measures.schema import Item, Measure
from attunement.scoring.errors import ScoringError
from attunement.scoring.plan import permitted
from attunement.scoring.reasons import reason_for
from attunement.scoring.result import NotScored, Score, ScoredResponse
from attunement.scoring.single import Found, Ready, is_number
from attunement.scoring.version import SCORER_VERSION


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
    ready = Ready.of(measure)
    values = _values(ready, answers)
    found = ready.run(values)
    hidden = tuple(
        ready.plan.items[at]
        for at in ready.skipped
        if not found.shown[at] and not math.isnan(values[at])
    )
    return ScoredResponse(
        measure_id=measure.id,
        measure_version=measure.version,
        scorer_version=SCORER_VERSION,
        scales={
            scale.id: _result(ready, index, found, hidden)
            for index, scale in enumerate(ready.plan.scales)
        },
        n_answered=found.n_answered,
        hidden=hidden,
        risks=tuple(said for at, at_least, said in ready.risks if values[at] >= at_least),
    )


def _values(ready: Ready, answers: Mapping[str, float | None]) -> list[float]:
    known = ready.known
    for item_id in answers:
        if item_id not in known:
            raise _no_such_item(ready.plan.measure, item_id)
    values = []
    for item_id, item, permitted_ones in ready.items:
        answer = answers.get(item_id)
        if answer is None:
            values.append(math.nan)
        elif is_number(answer) and permitted_ones.holds(number := float(answer)):
            values.append(number)
        else:
            raise _not_permitted(ready.plan.measure, item, answer)
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


def _not_permitted(measure: Measure, item: Item, answer: object) -> ScoringError:
    return ScoringError(
        "E-SCORE-001",
        what=f"The answer to item '{item.id}' of '{measure.id}' is not one that it permits",
        got="a number off the scale" if is_number(answer) else "something that is not a number",
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


def _result(ready: Ready, index: int, found: Found, hidden: tuple[str, ...]) -> Score | NotScored:
    scale, at, value = ready.plan.scales[index], ready.at[index], found.scores[index]
    mask, shown = found.mask, found.shown
    n_answered = sum([mask[k] for k in at])
    n_asked = sum([shown[k] for k in at])
    if not math.isnan(value):
        return Score(scale.id, value, n_answered, n_asked, ready.method[index])
    reason = reason_for(
        scale,
        n_answered=n_answered,
        n_asked=n_asked,
        needed=ready.plan.needed[index],
        unused=any(item in hidden for item in scale.items),
    )
    return NotScored(scale.id, reason, n_answered, n_asked)
