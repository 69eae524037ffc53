# SPDX-License-Identifier: Apache-2.0
"""The practice's rule on one course: the house rule, its channels, and its answer in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

import numpy as np

from attunement.clinic.house_limits import (
    CHANNELS,
    WITH_STRAIN,
    Limits,
    flags_from,
    limits_of,
    model_of,
    shipped_limits,
)
from attunement.clinic.models import LearnedModel
from attunement.signals import Archive, Rule, Series, Why, rule
from attunement.signals.batch import Batch, Channels, Judgements
from attunement.signals.budget import HORIZON, AskedRate, per_session_rate
from attunement.signals.house import (
    HouseModel,
    Memory,
    Threshold,
    default_house,
    explain_house,
    judge_house,
)
from attunement.signals.rates import rates_at_hand

KIND = "house"
RULE: Rule = rule(KIND)
# From this strain on, item 8 of the alliance check counts as a tick.
TICK = 2.0
_MEMORY = Memory()
_BY_SCORES = "Both are read off tables of simulated people, by the client's scores alone."


@dataclass(frozen=True, slots=True)
class Sides:
    """What a course holds beside the client's totals; one entry for each session of the series."""

    therapist: tuple[float | None, ...]
    prediction: tuple[float | None, ...]
    strain: tuple[float | None, ...] | None  # None where the form has no such item
    expected: tuple[bool, ...]

    @property
    def names(self) -> frozenset[str]:
        """Return which channels are judged."""
        return CHANNELS if self.strain is None else WITH_STRAIN


@dataclass(frozen=True, slots=True)
class Ruled:
    """One session as the house rule judged it."""

    position: int  # in the series
    session_no: int
    statistic: float  # minus the log likelihood ratio: the lower, the more it speaks for a rupture
    probability: float
    expected: float
    n_used: int
    flags_from: float | None  # the smallest offered null rate at which it asks; None: at none


@dataclass(frozen=True, slots=True)
class Judge:
    """The house rule with one model, on one course."""

    batch: Batch
    model: HouseModel
    limits: Limits
    channels: frozenset[str]
    found: Judgements

    @classmethod
    def of(cls, series: Series, sides: Sides, learned: LearnedModel | None) -> Judge:
        """Return the rule with what the practice learned, or with the simulated prior."""
        names = sides.names
        batch = batch_of([series], [sides])
        if learned is not None and learned.kind == KIND:
            model, limits, loosest = _learned(learned, names)
        else:
            model, limits, loosest = _prior(
                series.minimum, series.maximum, series.step, series.higher_is_better, names
            )
        # The number of rows never reaches the compiled twin: this process has no compiler.
        found = judge_house(batch, model, loosest, compile_from=1 << 62, memory=_MEMORY)
        return cls(batch, model, limits, names, found)

    def ruled(self, session_no: int) -> Ruled | None:
        """Return one session as it was judged, by it and earlier ones only; None if it was not."""
        at = int(np.searchsorted(self.batch.sessions, session_no))
        found = self.found
        if found.probability is None or not found.evaluable[at]:
            return None
        statistic = float(found.statistic[at])
        return Ruled(
            position=at,
            session_no=session_no,
            statistic=statistic,
            probability=float(found.probability[at]),
            expected=float(found.expected[at]),
            n_used=int(found.n_used[at]),
            flags_from=flags_from(-statistic, self.limits) if found.flagged[at] else None,
        )

    def sentence(self, ruled: Ruled, asked: AskedRate) -> str:
        """Return why the rule asks, in one plain sentence."""
        return _said(_Told(self, ruled.position, self.threshold(asked.null_rate)))

    def why(self, ruled: Ruled, asked: AskedRate) -> Why:
        """Return everything that a person needs to check it."""
        limit = self.limits[asked.null_rate]
        return Why(
            rule=RULE.id,
            version=RULE.version,
            question=RULE.question,
            inputs=self._inputs(ruled),
            threshold=f"a log likelihood ratio above {limit:.2f}",
            formula=(
                "log of the weighted likelihood ratio of a fall since this or an earlier session "
                "against none"
            ),
            source=f"{RULE.source} Model: {self.model.source}.",
            verified=RULE.verified,
            cannot_tell=RULE.cannot_tell,
        )

    def rates(self, ruled: Ruled, asked: AskedRate) -> str:
        """Return how often the rule is wrong, and right, in series like this one up to here.

        Read off shipped tables by the client's scores alone; empty where they do not reach.
        """
        upto = slice(None, ruled.position + 1)
        batch, client = self.batch, self.model.client
        series = Series(
            tuple(batch.sessions[upto].tolist()),
            tuple(None if math.isnan(one) else one for one in batch.values[upto].tolist()),
            batch.minimum,
            batch.maximum,
            batch.step,
            batch.higher_is_better,
        )
        level = min(max(client.level, batch.minimum), batch.maximum)
        if not batch.higher_is_better:
            level = batch.minimum + batch.maximum - level
        archive = Archive(
            level,
            client.between_sd,
            client.within_sd,
            client.memory,
            self.model.source,
            self.model.n_dyads,
            self.model.n_scores,
        )
        found = rates_at_hand(RULE, series, archive, asked_null=asked.null_rate)
        if found is None:
            return ""
        return f"{found.null_sentence} {found.hit_sentence} {_BY_SCORES}"

    def _inputs(self, ruled: Ruled) -> dict[str, float]:
        """Return the numbers of the session that went in, without channels that are missing."""
        channels = {
            "score": self.batch.values,
            **{k: v for k, v in self.batch.channels.arrays().items() if k != "expected"},
        }
        given = {
            name: float(array[ruled.position])
            for name, array in channels.items()
            if not math.isnan(float(array[ruled.position]))
        }
        return given | {
            "expected": ruled.expected,
            "earlier scores used": float(ruled.n_used),
            "log likelihood ratio": -ruled.statistic,
            "probability": ruled.probability,
        }

    def threshold(self, rate: float) -> Threshold:
        """Return the limit of a null rate."""
        return _threshold(self.model, self.channels, self.limits, rate)


@lru_cache(maxsize=64, typed=True)
def _prior(
    minimum: float,
    maximum: float,
    step: float,
    higher_is_better: bool,  # noqa: FBT001 -- a key
    names: frozenset[str],
) -> tuple[HouseModel, Limits, Threshold]:
    """Return the simulated prior of a scale, by which courses are judged until more is known."""
    model = default_house(minimum, maximum, step, higher_is_better)
    limits = shipped_limits(step / (maximum - minimum), names)
    return model, limits, _loosest(model, names, limits)


@lru_cache(maxsize=64)
def _learned(learned: LearnedModel, names: frozenset[str]) -> tuple[HouseModel, Limits, Threshold]:
    """Return what a practice learned; such a row is never changed, so it is read once."""
    model, limits = model_of(learned.parameters), limits_of(learned.parameters, names)
    return model, limits, _loosest(model, names, limits)


def _loosest(model: HouseModel, channels: frozenset[str], limits: Limits) -> Threshold:
    """Return the lowest of the limits: who asks by no other asks by none."""
    return _threshold(model, channels, limits, max(limits))


def _threshold(
    model: HouseModel, channels: frozenset[str], limits: Limits, rate: float
) -> Threshold:
    return Threshold(
        value=limits[rate],
        null_rate=rate,
        horizon=HORIZON,
        channels=channels,
        model_version=model.version,
        standard_error=0.0,
        n_simulated=0,
    )


class _Told:
    """What a sentence depends on: a session, those before it, the model and the limit.

    The rule reads no later session, so a sentence is worked out once and not with each new form.
    """

    def __init__(self, judge: Judge, position: int, threshold: Threshold) -> None:
        self.judge, self.position, self.threshold = judge, position, threshold
        batch, upto = judge.batch, slice(None, position + 1)
        self.key = (
            batch.sessions[upto].tobytes(),
            batch.values[upto].tobytes(),
            *((name, a[upto].tobytes()) for name, a in batch.channels.arrays().items()),
            (batch.minimum, batch.maximum, batch.step, batch.higher_is_better),
            judge.model,
            threshold,
        )

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Told) and self.key == other.key


@lru_cache(maxsize=1024)
def _said(told: _Told) -> str:
    judge = told.judge
    return explain_house(
        judge.batch, told.position, judge.model, told.threshold, judged=judge.found
    )


def batch_of(series: Sequence[Series], sides: Sequence[Sides]) -> Batch:
    """Return courses of one measure version as the batch that the house rule reads."""
    first = series[0]
    lengths = [len(one.sessions) for one in series]
    strained = all(one.strain is not None for one in sides)
    return Batch(
        values=_numbers(v for one in series for v in one.values),
        sessions=np.array([n for one in series for n in one.sessions], dtype=np.int64),
        starts=np.array([0, *accumulate(lengths)], dtype=np.int64),
        minimum=first.minimum,
        maximum=first.maximum,
        step=first.step,
        higher_is_better=first.higher_is_better,
        channels=Channels(
            therapist=_numbers(v for one in sides for v in one.therapist),
            prediction=_numbers(v for one in sides for v in one.prediction),
            strain=_numbers(v for one in sides for v in one.strain or ()) if strained else None,
            expected=np.array([v for one in sides for v in one.expected], dtype=np.bool_),
        ),
    )


def chance_sentence(asked: AskedRate) -> str:
    """Return how often the rule asks when nothing is wrong, in plain words."""
    return (
        f"In 100 people without any rupture it would ask about {100 * asked.null_rate:.0f} at "
        f"least once within {asked.horizon} sessions, at about "
        f"{100 * per_session_rate(asked.null_rate, asked.horizon):.1f} in 100 sessions. "
        "Found by simulating people as the model describes them."
    )


def model_version(learned: LearnedModel | None) -> str:
    """Return the version of what the rule had learned from, as it stands beside a signal."""
    return "simulated prior" if learned is None else f"learned {learned.number}"


def _numbers(values: Iterable[float | None]) -> np.ndarray:
    return np.array(list(values), dtype=np.float64)  # None becomes NaN
