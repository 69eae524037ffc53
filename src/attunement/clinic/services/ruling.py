# SPDX-License-Identifier: Apache-2.0
"""The practice's rule on one series: what it is asked, what it judges, and in which words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

from attunement.clinic.models import LearnedModel
from attunement.signals import (
    DEFAULT_RULES,
    Archive,
    Rule,
    Series,
    Signal,
    default_archive,
    detect,
    judge,
    learn_archive,
    null_rate,
)
from attunement.signals.budget import AskedRate, per_session_rate

RULE: Rule = DEFAULT_RULES[0]
KIND = "archive"


@dataclass(frozen=True, slots=True)
class Ruled:
    """One session as the practice's rule judged it; ``signal`` only where it asks."""

    session_no: int
    statistic: float
    flagged: bool
    probability: float | None
    excess: float | None  # |statistic| over |limit|
    signal: Signal | None
    by_chance: float | None  # share of sessions in which it asks for nothing
    by_chance_sentence: str


def judged(series: Series, asked: AskedRate, learned: LearnedModel | None) -> Iterator[Ruled]:
    """Yield every session of a series that the rule could judge, at the rate that is asked."""
    archive = archive_of(series, learned)
    limit = limit_for(asked.null_rate, asked.horizon)
    rule = RULE.with_params(RULE.version, z=limit)
    signals = {one.session_no: one for one in detect(series, (rule,), archive=archive).signals}
    rate, sentence = None, ""
    if signals:
        chance = null_rate(rule, like=series, archive=archive)
        rate, sentence = chance.per_session, chance.sentence
    for verdict in judge(series, rule, archive=archive):
        if not verdict.evaluable or verdict.statistic is None:
            continue
        yield Ruled(
            session_no=verdict.session_no,
            statistic=verdict.statistic,
            flagged=verdict.flagged,
            probability=None,
            excess=-verdict.statistic / limit,
            signal=signals.get(verdict.session_no),
            by_chance=rate,
            by_chance_sentence=sentence,
        )


def limit_for(rate: float, horizon: int) -> float:
    """Return the limit of the rule's statistic for a null rate over a horizon."""
    return NormalDist().inv_cdf(1.0 - per_session_rate(rate, horizon))


def would_flag(statistic: float, limit: float) -> bool:
    """Return whether a stored statistic lies beyond a limit."""
    return statistic < -limit


def archive_of(series: Series, learned: LearnedModel | None) -> Archive:
    """Return what is usual: as learned by the practice, or the simulated prior."""
    if learned is None or learned.kind != KIND:
        return default_archive(
            series.minimum, series.maximum, higher_is_better=series.higher_is_better
        )
    return Archive(
        **learned.parameters,
        source=learned.source,
        n_dyads=learned.n_dyads,
        n_scores=learned.n_scores,
    )


def learn(series: list[Series]) -> tuple[dict[str, float], str, int, int]:
    """Return parameters, source, and the number of dyads and scores learned from."""
    found = learn_archive(series)
    parameters = {
        "mean": found.mean,
        "between_sd": found.between_sd,
        "within_sd": found.within_sd,
        "autocorrelation": found.autocorrelation,
    }
    return parameters, found.source, found.n_dyads, found.n_scores


def model_version(learned: LearnedModel | None) -> str:
    """Return the version of what the rule had learned from, as it stands beside a signal."""
    return "simulated prior" if learned is None else f"learned {learned.number}"
