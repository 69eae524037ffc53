# SPDX-License-Identifier: Apache-2.0
"""Ask each rule about each session: a signal, nothing, or *not evaluable* and why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from attunement.signals.archive import Archive
from attunement.signals.batch import Batch
from attunement.signals.detectors import Reason
from attunement.signals.engine import judge_batch
from attunement.signals.rules import DEFAULT_RULES, Rule
from attunement.signals.series import Series
from attunement.signals.wording import not_evaluable, signal_sentence, threshold_in_words

_NEVER = 1 << 62  # a single series is never worth a compiler


@dataclass(frozen=True, slots=True)
class Why:
    """Everything a person needs to check a signal.

    ``inputs`` are the numbers that went in, ``threshold`` says in words when the rule flags.
    """

    rule: str
    version: str
    question: str
    inputs: Mapping[str, float]
    threshold: str
    formula: str
    source: str
    verified: bool
    cannot_tell: str

    def text(self) -> str:
        """Return the explanation as lines of plain text."""
        inputs = ", ".join(f"{name} = {value:.4g}" for name, value in self.inputs.items())
        checked = "" if self.verified else " (heuristic or proposal, not verified in a paper)"
        return "\n".join(
            (
                f"Rule: {self.rule}, version {self.version}{checked}",
                f"Question: {self.question}",
                f"Inputs: {inputs}",
                f"Threshold: {self.threshold}",
                f"Formula: {self.formula}",
                f"Source: {self.source}",
                f"What it cannot tell: {self.cannot_tell}",
            )
        )

    def to_dict(self) -> dict[str, object]:
        """Return the explanation as plain values, for JSON."""
        return {
            "rule": self.rule,
            "version": self.version,
            "question": self.question,
            "inputs": dict(self.inputs),
            "threshold": self.threshold,
            "formula": self.formula,
            "source": self.source,
            "verified": self.verified,
            "cannot_tell": self.cannot_tell,
        }


@dataclass(frozen=True, slots=True)
class Signal:
    """A computed question to a person about one session.

    ``value``, ``expected`` and ``threshold`` are in the measure's own units; the rule flags a
    score beyond ``threshold`` on the worse side.
    """

    rule_id: str
    rule_version: str
    session_no: int
    value: float
    expected: float
    threshold: float
    sentence: str
    why: Why


@dataclass(frozen=True, slots=True)
class NotEvaluable:
    """A session that a rule could not judge; ``reason_code`` is stable, ``reason`` is for people.

    Codes: ``no_form``, ``too_few_scores``, ``at_the_end_of_the_scale``, ``gap``, ``no_spread``.
    """

    rule_id: str
    rule_version: str
    session_no: int
    reason_code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Detection:
    """The answer of some rules on one series.

    ``n_evaluated`` says for each rule id how many sessions it could judge: those that are neither
    in ``signals`` nor in ``not_evaluable`` were judged and found usual.
    """

    signals: tuple[Signal, ...]
    not_evaluable: tuple[NotEvaluable, ...]
    n_evaluated: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule's answer on one session, in the measure's own units.

    ``statistic`` is negative where the score is worse than expected (in units of noise, or in
    points for a rule about points); ``expected``, ``threshold`` and ``statistic`` are None where
    there is nothing to compare with; ``reason`` is ``Reason.EVALUABLE`` where the rule judged.
    """

    session_no: int
    value: float | None
    evaluable: bool
    flagged: bool
    expected: float | None
    threshold: float | None
    statistic: float | None
    n_used: int
    reason: Reason


def judge(series: Series, rule: Rule, *, archive: Archive) -> tuple[Verdict, ...]:
    """Return one rule's answer for every session of a series, in order.

    The answer for a session uses that session and earlier ones only where the rule is
    ``prospective``; nothing is compiled, however long the series.

    Raises
    ------
    SignalError
        ``E-SIGNAL-005`` if the archive's mean is off the scale, ``E-SIGNAL-006`` if the rule
        reads more than one series.
    """
    found = judge_batch(Batch.of(series), rule, archive=archive, compile_from=_NEVER)
    columns = zip(
        series.sessions,
        series.values,
        found.flagged.tolist(),
        found.expected.tolist(),
        found.limit.tolist(),
        found.statistic.tolist(),
        found.n_used.tolist(),
        found.reason.tolist(),
        strict=True,
    )
    return tuple(
        Verdict(
            session_no=session,
            value=value,
            evaluable=reason == Reason.EVALUABLE,
            flagged=flagged,
            expected=None if n == 0 or math.isnan(expected) else expected,
            threshold=None if n == 0 or math.isnan(limit) else limit,
            statistic=None if n == 0 or math.isnan(statistic) else statistic,
            n_used=n,
            reason=Reason(reason),
        )
        for session, value, flagged, expected, limit, statistic, n, reason in columns
    )


def detect(series: Series, rules: Sequence[Rule] = DEFAULT_RULES, *, archive: Archive) -> Detection:
    """Ask each rule about each session of one series.

    Parameters
    ----------
    series : Series
        One chair's scores. Missing forms stay missing: nothing is filled in.
    rules : sequence of Rule
        Rules that read one series; `DEFAULT_RULES` unless others are named.
    archive : Archive
        What is usual, in the units of the series.

    Returns
    -------
    Detection
        Signals and what could not be judged, by rule and then by session.

    Raises
    ------
    SignalError
        ``E-SIGNAL-005``, ``E-SIGNAL-006``.
    """
    signals: list[Signal] = []
    silent: list[NotEvaluable] = []
    evaluated: dict[str, int] = {}
    for rule in rules:
        verdicts = judge(series, rule, archive=archive)
        evaluated[rule.id] = sum(verdict.evaluable for verdict in verdicts)
        for verdict in verdicts:
            if verdict.flagged:
                signals.append(_signal(series, rule, verdict, archive))
            elif not verdict.evaluable:
                silent.append(
                    NotEvaluable(
                        rule_id=rule.id,
                        rule_version=rule.version,
                        session_no=verdict.session_no,
                        reason_code=verdict.reason.name.lower(),
                        reason=not_evaluable(verdict.reason, rule, series, verdict.n_used),
                    )
                )
    return Detection(tuple(signals), tuple(silent), evaluated)


def _signal(series: Series, rule: Rule, verdict: Verdict, archive: Archive) -> Signal:
    """Dress a flagged verdict with its sentence and its why."""
    value, expected, limit = verdict.value, verdict.expected, verdict.threshold
    statistic = verdict.statistic
    if rule.detector == "change_point":
        limit = expected  # its limit is a probability; the score it compares with is what it shows
    if value is None or expected is None or limit is None or statistic is None:
        message = "a flagged session has a value, an expectation, a limit and a statistic"
        raise AssertionError(message)
    inputs = {
        "score": value,
        "expected": expected,
        "statistic": statistic,
        "earlier scores used": float(verdict.n_used),
    }
    if rule.detector != "own_median":
        inputs |= {
            "archive mean γ": archive.mean,
            "between SD τ": archive.between_sd,
            "within SD σ": max(archive.within_sd, 0.5 * series.step),
            "autocorrelation r": archive.autocorrelation,
        }
    return Signal(
        rule_id=rule.id,
        rule_version=rule.version,
        session_no=verdict.session_no,
        value=value,
        expected=expected,
        threshold=limit,
        sentence=signal_sentence(
            rule,
            series,
            session=verdict.session_no,
            value=value,
            expected=expected,
            limit=limit,
            n=verdict.n_used,
        ),
        why=Why(
            rule=rule.id,
            version=rule.version,
            question=rule.question,
            inputs=inputs,
            threshold=threshold_in_words(rule, series, value=value, limit=limit),
            formula=rule.formula + _mirrored(series),
            source=f"{rule.source} Archive: {archive.source}.",
            verified=rule.verified,
            cannot_tell=rule.cannot_tell,
        ),
    )


def _mirrored(series: Series) -> str:
    """Say what the formula leaves unsaid where lower is better."""
    if series.higher_is_better:
        return ""
    return (
        f" (lower is better here: each score, and γ, is first turned into "
        f"{series.minimum + series.maximum:g} − score)"
    )
