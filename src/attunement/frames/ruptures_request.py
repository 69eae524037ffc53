# SPDX-License-Identifier: Apache-2.0
"""What was asked, checked once: columns, scale, rules, and the model that says what is usual."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import polars as pl

from attunement.frames.ratings_cells import uses_decimal_comma
from attunement.frames.ruptures_cells import Ints
from attunement.frames.ruptures_errors import RupturesError
from attunement.frames.ruptures_rows import Columns, Scale
from attunement.frames.ruptures_tables import EPISODE, RESULTS
from attunement.measures import load
from attunement.signals import Archive, Rule, default_archive
from attunement.signals.house import HouseModel, Threshold, default_house, house_threshold
from attunement.signals.rules import CLASSICAL_RULES
from attunement.signals.rules import rule as shipped

HOUSE: Final = "house"
LEARN: Final = "learn"
PRIOR: Final = "prior"
Usual = Archive | HouseModel | Literal["learn", "prior"] | None
_ENDS = 2
_MOST_MEMORY = 0.9


@dataclass(frozen=True, slots=True)
class Question:
    """Everything about a call but the table; it can be sent to other processes.

    Parameters
    ----------
    threshold : Threshold or None
        Of the house rule; None where it is not asked.
    model_said : str
        Where the model comes from, in plain words.
    """

    columns: Columns
    scale: Scale
    rules: tuple[Rule, ...]
    null_rate: float
    horizon: int
    archive: Archive
    house: HouseModel | None
    threshold: Threshold | None
    model_said: str
    window: int
    tolerance: float
    first_row: int | Ints = 1  # the number of the first row in messages, or of each row
    decimal: str = "."  # which sign numbers in text may have
    commas: frozenset[str] = frozenset()  # the columns whose numbers have a decimal comma

    @property
    def wanted(self) -> list[str]:
        """The columns that are read, each once."""
        return list(dict.fromkeys(self.columns.named().values()))

    @property
    def scored(self) -> list[str]:
        """The columns that hold scores, each once."""
        given = self.columns.named()
        roles = ("score", "therapist", "prediction")
        return list(dict.fromkeys(given[role] for role in roles if role in given))

    def written(self, frame: pl.DataFrame) -> Question:
        """Return the question with how these rows write their scores: with a point, or a comma."""
        texts = [name for name in self.scored if frame.schema[name] == pl.String]
        commas = [
            name
            for name in texts
            if uses_decimal_comma(frame[name].str.strip_chars(), self.decimal)
        ]
        return replace(self, commas=frozenset(commas))

    @property
    def channels(self) -> tuple[str, ...]:
        """What is known besides the scores, by the columns that were named."""
        given = self.columns.named()
        there = {
            name for name in ("therapist", "prediction", "strain", "expected") if name in given
        }
        if "perspective" in given:
            there.add("therapist")
        return tuple(sorted(there))


def make_scale(
    scale: Sequence[float] | None, higher_is: str | None, step: float | None, measure: str | None
) -> Scale:
    """Return the scale that was given, or the total's of a measure.

    Raises
    ------
    RupturesError
        E-FRAME-203.
    """
    if measure is not None:
        return _of_measure(measure, scale, higher_is, step)
    given: Sequence[float] = () if scale is None else scale
    try:
        low, high = (float(end) for end in given)
    except (TypeError, ValueError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise RupturesError(
            "E-FRAME-203",
            what="The ends of the scale are not given" if scale is None else "The scale is none",
            got="" if scale is None else repr(tuple(scale) if isinstance(scale, list) else scale),
            expected="scale=(lowest, highest): the scores that the form permits, not those that "
            "occur",
            next_step="Take them from the form, or name the measure: measure='…'",
        )
    direction = "better" if higher_is is None else higher_is
    if direction not in {"better", "worse"}:
        raise RupturesError(
            "E-FRAME-203",
            what=f"higher_is cannot be {higher_is!r}",
            expected="'better' (an alliance) or 'worse' (symptoms)",
        )
    size = 0.0 if step is None else float(step)
    if not 0.0 <= size <= high - low:
        raise RupturesError(
            "E-FRAME-203",
            what="The step of the scale is none",
            got=repr(step),
            expected="the smallest step between two scores, or 0",
        )
    return Scale(low, high, size, direction == "better")


def _of_measure(
    measure: str, scale: Sequence[float] | None, higher_is: str | None, step: float | None
) -> Scale:
    name, _, version = measure.partition("@")
    found = load(name, version=version or None)
    totals = [one for one in found.scales if one.id == "total"] or list(found.scales[:1])
    ends = totals[0].bounds if totals else None
    if scale is not None or higher_is is not None or ends is None:
        raise RupturesError(
            "E-FRAME-203",
            what=f"'{measure}' has no scale" if ends is None else "The scale is said twice",
            expected="either measure='…', or scale=(…, …) and higher_is='…'",
        )
    direction = totals[0].direction or found.direction
    return make_scale(ends, "worse" if direction == "lower_is_better" else "better", step, None)


def make_rules(rule: str | Rule | Iterable[str | Rule]) -> tuple[Rule, ...]:
    """Return the rules that were asked for; ``"all"`` stands for every rule of one series.

    Raises
    ------
    RupturesError
        E-FRAME-204 if one occurs twice or none is named. SignalError if there is no such rule.
    """
    if rule == "all":
        return (shipped(HOUSE), *CLASSICAL_RULES)
    named = [rule] if isinstance(rule, str | Rule) else list(rule)
    rules = tuple(one if isinstance(one, Rule) else shipped(one) for one in named)
    ids = [one.id for one in rules]
    if not rules or len(set(ids)) < len(ids):
        raise RupturesError(
            "E-FRAME-204",
            what="No rule is named" if not rules else "A rule is named twice",
            expected="rule='house', another rule's id, a Rule, or a list of different ones",
        )
    return rules


def make_question(
    *,
    columns: Columns,
    scale: Scale,
    rules: tuple[Rule, ...],
    null_rate: float,
    horizon: int,
    usual: Usual,
    window: int,
    tolerance: float,
    first_row: int | Ints,
    decimal: str = ".",
) -> Question:
    """Check the numbers; the model is settled where it is given, and otherwise left to an engine.

    Raises
    ------
    RupturesError
        E-FRAME-204, E-FRAME-208.
    """
    _check_numbers(null_rate, horizon, window, tolerance)
    key = {columns.dyad, columns.session}
    clash = sorted(key & {*RESULTS, *EPISODE})
    if clash or len(key) < _ENDS:
        raise RupturesError(
            "E-FRAME-208",
            what=f"The column '{(clash or sorted(key))[0]}' "
            + ("has the name of a result column" if clash else "is named twice"),
            next_step="Rename it, or name another",
        )
    if decimal not in {".", ","}:
        raise RupturesError(
            "E-FRAME-204", what=f"decimal cannot be {decimal!r}", expected="'.' or ','"
        )
    if isinstance(usual, str) and usual not in {LEARN, PRIOR}:
        raise RupturesError(
            "E-FRAME-204",
            what=f"archive cannot be {usual!r}",
            expected="a model, 'learn', or 'prior'",
        )
    question = Question(
        columns=columns,
        scale=scale,
        rules=rules,
        null_rate=float(null_rate),
        horizon=int(horizon),
        archive=default_archive(
            scale.minimum, scale.maximum, higher_is_better=scale.higher_is_better
        ),
        house=None,
        threshold=None,
        model_said="",
        window=int(window),
        tolerance=float(tolerance),
        first_row=first_row,
        decimal=decimal,
    )
    return question if usual is None or isinstance(usual, str) else with_model(question, usual)


def with_model(question: Question, model: Archive | HouseModel | None) -> Question:
    """Return the question with what is usual, and the house rule's threshold that follows."""
    scale = question.scale
    asked = any(rule.detector == HOUSE for rule in question.rules)
    prior = default_house(scale.minimum, scale.maximum, scale.step, scale.higher_is_better)
    archive, house = question.archive, prior
    said = "the simulated prior that ships with the software, scaled to the range"
    if isinstance(model, HouseModel):
        archive, house, said = archive_of(model), model, model.source
    elif isinstance(model, Archive):
        archive, house, said = model, house_of(model, prior), model.source
    threshold = None
    if asked:
        threshold = house_threshold(
            house,
            null_rate=question.null_rate,
            horizon=question.horizon,
            channels=question.channels,
        )
    return replace(
        question,
        archive=archive,
        house=house if asked else None,
        threshold=threshold,
        model_said=said,
    )


def archive_of(model: HouseModel) -> Archive:
    """Return what a house model says of the client's scores, as the classical rules read it."""
    client = model.client
    level = min(max(client.level, model.minimum), model.maximum)
    mean = level if model.higher_is_better else model.minimum + model.maximum - level
    return Archive(
        mean=mean,
        between_sd=client.between_sd,
        within_sd=client.within_sd,
        autocorrelation=client.memory,
        source=model.source,
        n_dyads=model.n_dyads,
        n_scores=model.n_scores,
    )


def house_of(archive: Archive, prior: HouseModel) -> HouseModel:
    """Return the house model whose client's chair is that of an archive."""
    mean = archive.mean
    client = replace(
        prior.client,
        level=mean if prior.higher_is_better else prior.minimum + prior.maximum - mean,
        between_sd=archive.between_sd,
        within_sd=max(archive.within_sd, 0.5 * prior.step, 1e-6 * (prior.maximum - prior.minimum)),
        memory=min(max(archive.autocorrelation, 0.0), _MOST_MEMORY),
    )
    return replace(
        prior,
        client=client,
        source=archive.source,
        n_dyads=archive.n_dyads,
        n_scores=archive.n_scores,
    )


def _check_numbers(null_rate: Any, horizon: Any, window: Any, tolerance: Any) -> None:
    checks = (
        ("null_rate", null_rate, 0.0 < null_rate < 1.0, "a share between 0 and 1, such as 0.10"),
        ("horizon", horizon, horizon >= 1 and horizon == int(horizon), "a number of sessions"),
        ("window", window, window >= 1 and window == int(window), "a number of sessions"),
        ("tolerance", tolerance, 0.0 <= tolerance < math.inf, "0 or more, in units of noise"),
    )
    for name, value, fits, expected in checks:
        if not fits:
            raise RupturesError(
                "E-FRAME-204", what=f"{name} cannot be used", got=repr(value), expected=expected
            )
