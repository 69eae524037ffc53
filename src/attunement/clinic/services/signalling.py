# SPDX-License-Identifier: Apache-2.0
"""The signals of a dyad, from the sessions in which both forms are in and no other.

A signal for session 5 that had used a sealed session 4 would tell of it; so the whole series is
judged again whenever a form comes in, and holds only what the therapist could read anyway.
"""

from __future__ import annotations

from collections.abc import Sequence

from attunement.clinic.models import Dyad, Perspective, SignalRecord, derived_id
from attunement.clinic.services.chairs import Filled, SessionChairs, chairs_of
from attunement.clinic.services.forms import measure_of
from attunement.measures.schema import Direction, Measure, Scale
from attunement.signals import (
    DEFAULT_RULES,
    OAC_RULES,
    Archive,
    Rule,
    Series,
    Signal,
    default_archive,
    detect,
    null_rate,
    oac_signals,
    rule,
)

OAC_CLIENT = "oac-c"
_OAC_ITEMS = ("1", "2", "3", "4", "5", "6", "7")
_NO_RATE = (
    "This rule repeats what was marked on the forms; no rate by chance is known for it. Its "
    "threshold is a choice."
)


def refresh_signals(dyad: Dyad) -> int:
    """Write a dyad's signals anew, in the caller's transaction; return how many there are."""
    rows = signals_of(dyad)
    SignalRecord.objects.filter(dyad=dyad).delete()
    SignalRecord.objects.bulk_create(rows)
    return len(rows)


def signals_of(dyad: Dyad) -> list[SignalRecord]:
    """Return the signal rows of a dyad, always the same for the same answers and rules."""
    held = [chairs for chairs in chairs_of(dyad) if chairs.session.attended == "attended"]
    rows: list[SignalRecord] = []
    for key in dict.fromkeys(_measure_key(c.client) for c in held if c.client is not None):
        # A new version of a measure begins a new series: the two are not on one scale.
        measure = measure_of(*key)
        rows += _of_measure(dyad, measure, _only(held, key))
    return rows


def _measure_key(filled: Filled) -> tuple[str, str]:
    return filled.response.measure_id, filled.response.measure_version


def _only(
    held: Sequence[SessionChairs], key: tuple[str, str]
) -> list[tuple[SessionChairs, Filled | None]]:
    return [
        (c, c.client if c.client is not None and _measure_key(c.client) == key else None)
        for c in held
    ]


def _of_measure(
    dyad: Dyad, measure: Measure, held: Sequence[tuple[SessionChairs, Filled | None]]
) -> list[SignalRecord]:
    scale = next((s for s in measure.scales if s.id == "total"), None)
    if scale is None or scale.bounds is None or measure.direction is Direction.NONE:
        return []
    series = _series(measure, scale, held)
    low, high = scale.bounds
    archive = default_archive(low, high, higher_is_better=series.higher_is_better)
    found: list[Signal] = list(detect(series, DEFAULT_RULES, archive=archive).signals)
    if measure.id == OAC_CLIENT:
        found += _oac(series, held)
    by_number = {c.session.session_no: c.session for c, _ in held}
    return [
        _row(dyad, by_number[signal.session_no].pk, signal, series=series, archive=archive)
        for signal in found
    ]


def _series(
    measure: Measure, scale: Scale, held: Sequence[tuple[SessionChairs, Filled | None]]
) -> Series:
    low, high = scale.bounds or (0.0, 1.0)
    return Series(
        sessions=tuple(c.session.session_no for c, _ in held),
        values=tuple(None if f is None else f.score(scale.id) for _, f in held),
        minimum=low,
        maximum=high,
        step=score_step(measure, scale),
        higher_is_better=(scale.direction or measure.direction) is Direction.HIGHER_IS_BETTER,
    )


def score_step(measure: Measure, scale: Scale) -> float:
    """Return the smallest step between two scores of a full form; 0 where items are continuous."""
    steps = {measure.item(item).step for item in scale.items}
    if len(steps) != 1 or 0.0 in steps or scale.weights:
        return 0.0
    step = steps.pop() * scale.multiplier
    return step / len(scale.items) if scale.method == "mean" else step


def _oac(series: Series, held: Sequence[tuple[SessionChairs, Filled | None]]) -> list[Signal]:
    def channel(item: str) -> list[float | None]:
        return [None if f is None else f.values.get(item) for _, f in held]

    return list(
        oac_signals(
            sessions=series.sessions,
            total=series.values,
            strain=channel("8"),
            repair=channel("8a"),
            items={item: channel(item) for item in _OAC_ITEMS},
            therapist_total=[
                None if f is None or c.therapist is None else c.therapist.score("total")
                for c, f in held
            ],
            rules=OAC_RULES,
        ).signals
    )


def _row(
    dyad: Dyad, session_id: str, signal: Signal, *, series: Series, archive: Archive
) -> SignalRecord:
    known: Rule = rule(signal.rule_id)
    rate, sentence = None, _NO_RATE
    if known.reads_one_series:
        by_chance = null_rate(known, like=series, archive=archive)
        rate, sentence = by_chance.per_session, by_chance.sentence
    return SignalRecord(
        id=derived_id("signal", session_id, signal.rule_id, signal.rule_version),
        dyad=dyad,
        session_id=session_id,
        perspective=Perspective.CLIENT,
        rule_id=signal.rule_id,
        rule_version=signal.rule_version,
        title=known.title,
        question=known.question,
        inputs=dict(signal.why.inputs),
        threshold=signal.threshold,
        value=signal.value,
        expected=signal.expected,
        sentence=signal.sentence,
        why=signal.why.text(),
        null_rate=rate,
        null_sentence=sentence,
        source=signal.why.source,
        verified=signal.why.verified,
    )
