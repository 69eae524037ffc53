# SPDX-License-Identifier: Apache-2.0
"""From both chairs to what a chart draws and a signal says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attunement.clinic.models import Dyad, SignalRecord
from attunement.clinic.services.chairs import SessionChairs
from attunement.clinic.services.forms import config, measure_of
from attunement.clinic.services.results import Chart, ChartLine, ChartMark, ShownSignal
from attunement.measures.schema import Direction


def shown_signals(dyad: Dyad) -> tuple[ShownSignal, ...]:
    """Return a dyad's signals as a person reads them, oldest first."""
    rows = (
        SignalRecord.objects.filter(dyad=dyad)
        .select_related("session")
        .order_by("session__session_no", "rule_id")
    )
    return tuple(shown_signal(row) for row in rows)


def shown_signal(row: SignalRecord) -> ShownSignal:
    """Return one signal as a person reads it."""
    return ShownSignal(
        signal_id=row.pk,
        session_no=row.session.session_no,
        rule_id=row.rule_id,
        rule_version=row.rule_version,
        title=row.title,
        question=row.question,
        sentence=row.sentence,
        why=row.why,
        null_rate=row.null_rate,
        null_sentence=row.null_sentence,
        source=row.source,
        verified=row.verified,
    )


def chart_of(
    chairs: Sequence[SessionChairs], signals: Iterable[ShownSignal], *, up_to: int | None = None
) -> Chart | None:
    """Return the dual chart over the sessions in which both forms are in.

    Only sessions on the newest measure version among them are drawn: two versions are not on one
    scale. None when there is no such session.
    """
    both = [
        c
        for c in chairs
        if c.client is not None and (up_to is None or c.session.session_no <= up_to)
    ]
    newest = both[-1].client if both else None
    if newest is None:
        return None
    key = (newest.response.measure_id, newest.response.measure_version)
    drawn = [
        c
        for c in both
        if c.client is not None
        and (c.client.response.measure_id, c.client.response.measure_version) == key
    ]
    measure = measure_of(*key)
    bounds = next((s.bounds for s in measure.scales if s.id == "total" and s.bounds), (0.0, 1.0))
    words = config().words
    numbers = tuple(c.session.session_no for c in drawn)
    return Chart(
        title=f"The same {words.sessions}, from both chairs",
        client=ChartLine(
            label=words.client.capitalize(),
            sessions=numbers,
            values=tuple(None if c.client is None else c.client.score("total") for c in drawn),
        ),
        therapist=ChartLine(
            label=words.therapist.capitalize(),
            sessions=numbers,
            values=tuple(
                None if c.therapist is None else c.therapist.score("total") for c in drawn
            ),
        ),
        minimum=bounds[0],
        maximum=bounds[1],
        higher_is_better=measure.direction is Direction.HIGHER_IS_BETTER,
        marks=tuple(
            ChartMark(session_no=s.session_no, label="?", text=s.sentence)
            for s in signals
            if s.session_no in numbers
        ),
        words=words,
    )
