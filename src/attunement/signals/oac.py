# SPDX-License-Identifier: Apache-2.0
"""The four rules of the project's own alliance check (OAC), within one dyad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attunement.signals.archive import Archive, default_archive
from attunement.signals.detection import Detection, NotEvaluable, Signal, Why, detect
from attunement.signals.errors import SignalError
from attunement.signals.points import points_in_words
from attunement.signals.rules import OAC_RULES, Rule
from attunement.signals.series import Series
from attunement.signals.wording import number

_MINIMUM, _MAXIMUM = 0.0, 6.0
_TOTAL_STEP = 1.0 / 7.0
_NO_FORM = "There is no answer for this session. That is no sign of anything by itself."

Channel = Sequence[float | None]


def oac_signals(
    *,
    sessions: Sequence[int],
    total: Channel,
    strain: Channel | None = None,
    repair: Channel | None = None,
    items: Mapping[str, Channel] | None = None,
    therapist_total: Channel | None = None,
    item_labels: Mapping[str, str] | None = None,
    rules: Sequence[Rule] = OAC_RULES,
    archive: Archive | None = None,
) -> Detection:
    """Ask the four OAC heuristics about each session of a dyad.

    (a) strain (item 8) of 2 or more, or repair (8a) of 1 or less where strain is 1 or more;
    (b) the client's total 1.0 or more below the median of at least four earlier totals;
    (c) any of the items 1–7 at 2 or less; (d) the two totals 1.5 or more apart in two sessions
    running. The thresholds are choices, not findings: OAC is not validated.

    Parameters
    ----------
    sessions : sequence of int
        Session numbers, strictly increasing.
    total : sequence of float or None
        The client's total (0–6) for each session; None where there is none.
    strain, repair : sequence of float or None, optional
        Items 8 (0–6) and 8a (0–4). A channel that is not given is not judged and not reported.
    items : mapping of str to sequence, optional
        Items "1" … "7" (0–6), one sequence each.
    therapist_total : sequence of float or None, optional
        The therapist's total (0–6).
    item_labels : mapping of str to str, optional
        A few words for an item, used in the sentence.
    rules : sequence of Rule
        Which of the four, with which thresholds; rules that read one series are also accepted.
    archive : Archive, optional
        For rules that need one; the simulated prior by default.

    Returns
    -------
    Detection
        One signal for each rule and session (rule (c): one for each session, naming its lowest
        item).

    Raises
    ------
    SignalError
        ``E-SIGNAL-001`` … ``E-SIGNAL-003`` for channels that do not fit, ``E-SIGNAL-006`` for a
        rule that does not work here.
    """
    client = Series(tuple(sessions), tuple(total), _MINIMUM, _MAXIMUM, step=_TOTAL_STEP)
    usual = archive or default_archive(_MINIMUM, _MAXIMUM)
    found = []
    for rule in rules:
        if rule.reads_one_series:
            found.append(detect(client, (rule,), archive=usual))
        elif rule.detector == "strain_and_repair":
            found.append(_strain(rule, client.sessions, strain, repair))
        elif rule.detector == "single_item":
            found.append(_single_item(rule, client.sessions, items, item_labels or {}))
        elif rule.detector == "gap_of_chairs":
            found.append(_gap(rule, client, therapist_total))
        else:
            raise _no_such_detector(rule)
    return _joined(found)


def _no_such_detector(rule: Rule) -> SignalError:
    return SignalError(
        "E-SIGNAL-006",
        what=f"the rule {rule.id} does not work on an alliance check",
        got=f"the detector {rule.detector!r}",
        expected="a rule from OAC_RULES, or one that reads one series",
        next_step="Remove it from the rules",
    )


def _joined(parts: Sequence[Detection]) -> Detection:
    """Join the answers of several rules, in their order."""
    evaluated: dict[str, int] = {}
    for part in parts:
        evaluated |= part.n_evaluated
    return Detection(
        tuple(signal for part in parts for signal in part.signals),
        tuple(one for part in parts for one in part.not_evaluable),
        evaluated,
    )


def _strain(
    rule: Rule, sessions: tuple[int, ...], strain: Channel | None, repair: Channel | None
) -> Detection:
    if strain is None:
        return Detection((), (), {})
    named = _channel("item 8", sessions, strain, _MAXIMUM)
    mended = _channel("item 8a", sessions, repair or (None,) * len(sessions), 4.0)
    at_least, at_most = rule.params["strain"], rule.params["repair"]
    signals, silent, judged = [], [], 0
    for session, felt, repaired in zip(sessions, named, mended, strict=True):
        if felt is None:
            silent.append(_no_form(rule, session))
            continue
        judged += 1
        strained = felt >= at_least
        unmended = (
            repaired is not None and repaired <= at_most and felt >= rule.params["repair_strain"]
        )
        if not strained and not unmended:
            continue
        sentence = f"In session {session} the client marked strain between you ({felt:g} of 6)"
        inputs = {"item 8 (strain)": felt}
        if repaired is not None:
            inputs["item 8a (put right)"] = repaired
        if unmended:
            sentence += ", and that it was little or not put right"
        signals.append(
            _signal(
                rule,
                session,
                value=felt,
                threshold=at_least if strained else rule.params["repair_strain"],
                sentence=sentence + ".",
                inputs=inputs,
                words=f"strain of {at_least:g} or more, or repair of {at_most:g} or less "
                f"with strain of {rule.params['repair_strain']:g} or more",
            )
        )
    return Detection(tuple(signals), tuple(silent), {rule.id: judged})


def _single_item(
    rule: Rule,
    sessions: tuple[int, ...],
    items: Mapping[str, Channel] | None,
    labels: Mapping[str, str],
) -> Detection:
    if not items:
        return Detection((), (), {})
    channels = {
        item: _channel(f"item {item}", sessions, answers, _MAXIMUM)
        for item, answers in items.items()
    }
    limit = rule.params["at_most"]
    signals, silent, judged = [], [], 0
    for position, session in enumerate(sessions):
        given = [
            (answers[position], item)
            for item, answers in channels.items()
            if answers[position] is not None
        ]
        answered = [(value, item) for value, item in given if value is not None]
        if not answered:
            silent.append(_no_form(rule, session))
            continue
        judged += 1
        lows = [(value, item) for value, item in answered if value <= limit]
        if not lows:
            continue
        value, item = min(lows)
        name = f"“{labels[item]}”" if item in labels else f"item {item}"
        others = f" {len(lows) - 1} more of the answers are as low." if len(lows) > 1 else ""
        signals.append(
            _signal(
                rule,
                session,
                value=value,
                threshold=limit,
                sentence=f"In session {session} the client's answer to {name} was {value:g} of 6."
                + others,
                inputs={f"item {one}": low for low, one in lows},
                words=f"any single answer of {limit:g} or less",
            )
        )
    return Detection(tuple(signals), tuple(silent), {rule.id: judged})


def _gap(rule: Rule, client: Series, therapist_total: Channel | None) -> Detection:
    if therapist_total is None:
        return Detection((), (), {})
    therapist = _channel("the therapist's total", client.sessions, therapist_total, _MAXIMUM)
    points, running = rule.params["points"], round(rule.params["sessions"])
    signals, silent, judged = [], [], 0
    pairs: list[tuple[float, float] | None] = []
    for session, own, other in zip(client.sessions, client.values, therapist, strict=True):
        pairs.append(None if own is None or other is None else (own, other))
        last = [pair for pair in pairs[-running:] if pair is not None]
        if pairs[-1] is None:
            silent.append(_no_form(rule, session, "One of the two forms is missing."))
            continue
        if len(last) < running:
            silent.append(
                _no_form(
                    rule,
                    session,
                    f"Too early to say: the rule needs both forms in {running} sessions running.",
                    code="too_few_scores",
                )
            )
            continue
        judged += 1
        gaps = [abs(mine - theirs) for mine, theirs in last]
        if min(gaps) < points - 1e-9:
            continue
        mine, theirs = last[-1]
        span = _MAXIMUM - _MINIMUM
        signals.append(
            _signal(
                rule,
                session,
                value=mine,
                expected=theirs,
                threshold=points,
                sentence=f"In session {session}, and in the one before, your two ratings lay "
                f"{points_in_words(number(points, span))} or more apart "
                f"(client {number(mine, span)}, therapist {number(theirs, span)}).",
                inputs={"client": mine, "therapist": theirs, "smaller gap of the run": min(gaps)},
                words=f"a gap of {points_in_words(f'{points:g}')} or more in "
                f"{running} sessions running",
            )
        )
    return Detection(tuple(signals), tuple(silent), {rule.id: judged})


def _channel(
    name: str, sessions: tuple[int, ...], values: Channel, maximum: float
) -> tuple[float | None, ...]:
    """Return a channel that fits the sessions and lies on its scale."""
    try:
        return Series(sessions, tuple(values), _MINIMUM, maximum).values
    except SignalError as error:
        raise SignalError(
            error.code,
            what=f"{name}: {error.what}",
            got=error.got,
            expected=error.expected,
            next_step=error.next_step,
        ) from error


def _no_form(
    rule: Rule, session: int, reason: str = _NO_FORM, *, code: str = "no_form"
) -> NotEvaluable:
    return NotEvaluable(rule.id, rule.version, session, code, reason)


def _signal(
    rule: Rule,
    session: int,
    *,
    value: float,
    threshold: float,
    sentence: str,
    inputs: Mapping[str, float],
    words: str,
    expected: float | None = None,
) -> Signal:
    return Signal(
        rule_id=rule.id,
        rule_version=rule.version,
        session_no=session,
        value=value,
        expected=threshold if expected is None else expected,
        threshold=threshold,
        sentence=sentence,
        why=Why(
            rule=rule.id,
            version=rule.version,
            question=rule.question,
            inputs=inputs,
            threshold=words,
            formula=f"flagged if {words}",
            source=rule.source,
            verified=rule.verified,
            cannot_tell=rule.cannot_tell,
        ),
    )
