# SPDX-License-Identifier: Apache-2.0
"""From a score back to its answers, its rule and where the rule was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from attunement.measures import as_measure
from attunement.measures.schema import Measure, Scale
from attunement.scoring.bands import band
from attunement.scoring.plan import make_plan
from attunement.scoring.response import score_response
from attunement.scoring.result import NotScored, Score, ScoredResponse
from attunement.scoring.single import method_words
from attunement.scoring.version import SCORER_VERSION


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an explanation: which scale (empty: the whole response), and what was done."""

    scale: str
    words: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a response became its scores. Holds the answers: show it to whoever may see them."""

    measure: str
    scorer_version: str
    steps: tuple[Step, ...]
    scored: ScoredResponse

    def text(self) -> str:
        """Return the explanation as lines; a scale's lines are indented below its name."""
        lines = []
        scale = ""
        for step in self.steps:
            if step.scale and step.scale != scale:
                lines.append(f"{step.scale}:")
            scale = step.scale
            lines.append(f"  {step.words}" if step.scale else step.words)
        return "\n".join(lines)


def explain(measure: str | Measure, answers: Mapping[str, float | None]) -> Explanation:
    """Walk every score of a response back to its answers, its rule and its source.

    Parameters
    ----------
    measure : str or Measure
        As for ``score_response``.
    answers : mapping of str to float or None
        As for ``score_response``.

    Returns
    -------
    Explanation
        Steps in words; ``.text()`` joins them. The scores are those of ``score_response``. An
        answer that asks for a person to look is named before them.

    Raises
    ------
    ScoringError
        As ``score_response``.
    """
    measure = as_measure(measure)
    scored = score_response(measure, answers)
    name = f"{measure.id}@{measure.version}"
    steps = [Step("", f"{measure.title} ({name}), scored by rule version {SCORER_VERSION}.")]
    if not measure.validated:
        steps.append(Step("", "This form is not validated."))
    steps.extend(
        Step(
            "",
            f"Item {risk.item} was answered in a way that asks for a person to look ({risk.kind}).",
        )
        for risk in scored.risks
    )
    steps.extend(
        Step("", f"Item {item} has an answer but was not asked; the answer is not used.")
        for item in scored.hidden
    )
    needed = make_plan(measure).needed
    for index, scale in enumerate(measure.scales):
        steps += [
            Step(scale.id, words) for words in _scale_words(measure, index, answers, scored, needed)
        ]
    steps += [Step("", f"Source: {words}") for words in _sources(measure)]
    return Explanation(name, SCORER_VERSION, tuple(steps), scored)


def _scale_words(
    measure: Measure,
    index: int,
    answers: Mapping[str, float | None],
    scored: ScoredResponse,
    needed: tuple[int, ...],
) -> list[str]:
    scale = measure.scales[index]
    result = scored.scales[scale.id]
    words = [f"Rule: {method_words(scale)}; {needed[index]} of {len(scale.items)} items needed."]
    if scale.missing_rule:
        words.append(f"Missing answers: {scale.missing_rule}")
    keyed = [_item_words(measure, scale, item, answers, scored) for item in scale.items]
    words += [line for line, _ in keyed]
    if isinstance(result, NotScored):
        words.append(f"No score: {result.reason}.")
        return words
    used = [value for _, value in keyed if value is not None]
    words.append(_formula(scale, result, used, answers))
    words += [
        f"Reading ({reading.kind}): {reading.label}, {reading.low:g} to {reading.high:g}"
        f" [{reading.source}]{'' if reading.verified else ', not verified'}."
        for reading in band(measure, scale.id, result.value)
    ]
    if not scale.verified:
        words.append("This scale's rule is not verified against its source.")
    return words


def _item_words(
    measure: Measure,
    scale: Scale,
    item_id: str,
    answers: Mapping[str, float | None],
    scored: ScoredResponse,
) -> tuple[str, float | None]:
    item = measure.item(item_id)
    answer = answers.get(item_id)
    if item_id in scored.hidden:
        return f"Item {item_id}: not asked.", None
    if answer is None:
        return f"Item {item_id}: no answer.", None
    value = float(answer)
    line = f"Item {item_id}: {value:g}"
    if item_id in scale.reverse:
        ends = (item.minimum or 0.0) + (item.maximum or 0.0)
        line += f", reversed {ends:g} − {value:g} = {ends - value:g}"
        value = ends - value
    weight = float(scale.weights.get(item_id, 1.0))
    if weight != 1:
        line += f", times {weight:g} = {value * weight:g}"
        value *= weight
    return f"{line}.", value


def _formula(
    scale: Scale, result: Score, used: list[float], answers: Mapping[str, float | None]
) -> str:
    total = sum(used)
    line = f"Sum of {result.n_answered} answers = {total:.10g}"
    if scale.method == "mean":
        by = float(result.n_answered)
        if any(weight != 1 for weight in scale.weights.values()):
            answered = [item for item in scale.items if answers.get(item) is not None]
            by = sum(float(scale.weights.get(item, 1.0)) for item in answered)
        line += f"; divided by {by:g}"
    elif scale.prorate and result.n_answered != result.n_items:
        line += f"; times {result.n_items} items / {result.n_answered} answered"
    if scale.multiplier != 1:
        line += f"; times {scale.multiplier:g}"
    if scale.rounding == "half_up":
        line += "; rounded, a half up"
    return f"{line}; score = {result.value:.10g}."


def _sources(measure: Measure) -> list[str]:
    return [
        source.citation
        + (f" doi:{source.doi}" if source.doi else "")
        + ("" if source.verified else " (not verified)")
        for source in measure.sources
    ]
