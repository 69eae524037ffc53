# SPDX-License-Identifier: Apache-2.0
"""The signals of a dyad, from the sessions in which both forms are in and no other.

A signal for session 5 that had used a sealed session 4 would tell of it; so the whole series is
judged again whenever a form comes in, and holds only what the therapist could read anyway.

Each session is judged by what was in force when its second form came in (``in_force``): a new
budget, setting or model changes what is asked from then on, and never what was asked before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db import models

from attunement.clinic.models import (
    Dyad,
    LearnedModel,
    Perspective,
    SignalJudgement,
    SignalRecord,
    derived_id,
)
from attunement.clinic.services.chairs import Filled, NewForm, SessionChairs, chairs_of
from attunement.clinic.services.forms import measure_of
from attunement.clinic.services.in_force import InForce, Past
from attunement.clinic.services.results import SessionState
from attunement.clinic.services.ruling import (
    RULE,
    TICK,
    Judge,
    Ruled,
    Sides,
    chance_sentence,
    model_version,
)
from attunement.clinic.store.statements import Prepared, insert
from attunement.measures.schema import Direction, Measure, Scale
from attunement.signals import (
    OAC_ASKED,
    Detection,
    Rule,
    Series,
    Signal,
    oac_signals,
    rule,
)

OAC_CLIENT = "oac-c"
_OAC_ITEMS = ("1", "2", "3", "4", "5", "6", "7")
_SAID = (
    "This is what was marked on the form, not something computed: there is no rate by chance, and "
    "no budget thins it out. From which mark on it is asked about is a choice."
)


_Row = TypeVar("_Row", SignalRecord, SignalJudgement)


@dataclass(frozen=True, slots=True)
class Derived:
    """A dyad's questions, and every session that the practice's rule judged."""

    signals: tuple[SignalRecord, ...]
    judgements: tuple[SignalJudgement, ...]


@dataclass(frozen=True, slots=True)
class _Change(Generic[_Row]):
    """Rows of one table: keys that go, and rows that come."""

    model: type[_Row]
    gone: tuple[str, ...]
    rows: tuple[_Row, ...]

    def write(self) -> None:
        if self.gone:
            stored: models.Manager[_Row] = self.model._default_manager  # noqa: SLF001 -- documented
            stored.filter(pk__in=self.gone).delete()
        insert(self.rows)


@dataclass(frozen=True, slots=True)
class Anew:
    """What a dyad's signals are to become: rows that go, and rows that come or take their place."""

    n_signals: int  # of the sessions that were judged
    changes: tuple[_Change[Any], ...]

    def write(self) -> None:
        """Write it, in the caller's transaction."""
        for change in self.changes:
            change.write()


def refresh_signals(dyad: Dyad, *, now: datetime, since: int = 0) -> int:
    """Write a dyad's signals anew, in the caller's transaction; see ``signals_anew``.

    Returns
    -------
    int
        How many signals there are of the sessions that were judged.
    """
    anew = signals_anew(dyad, now=now, since=since)
    anew.write()
    return anew.n_signals


def signals_anew(dyad: Dyad, *, now: datetime, since: int = 0, new: NewForm | None = None) -> Anew:
    """Return what a dyad's signals are to become; nothing is written yet.

    Parameters
    ----------
    dyad, now
        Whose, and when.
    since : int
        The first session of which anything can have changed. A session is judged by it and
        earlier ones only, so what was asked of those before it stands as it is.
    new : NewForm, optional
        A form that counts as stored already.
    """
    derived = signals_of(dyad, now=now, since=since, new=new)
    return Anew(
        len(derived.signals),
        (
            _change(SignalRecord, dyad, derived.signals, since),
            _change(SignalJudgement, dyad, derived.judgements, since),
        ),
    )


def _names(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]  # noqa: SLF001 -- documented


_STORED: dict[type[models.Model], Prepared[Any]] = {
    SignalRecord: Prepared(
        lambda dyad_id, since: SignalRecord.objects.filter(
            session__dyad=dyad_id, session__session_no__gte=since
        ).values_list(*_names(SignalRecord)),
        str,
        int,
    ),
    SignalJudgement: Prepared(
        lambda dyad_id, since: SignalJudgement.objects.filter(
            session__dyad=dyad_id, session__session_no__gte=since
        ).values_list(*_names(SignalJudgement)),
        str,
        int,
    ),
}


def _change(model: type[_Row], dyad: Dyad, rows: Sequence[_Row], since: int) -> _Change[_Row]:
    """Return how a dyad's rows become what follows now; rows that are as they were are left alone.

    Nearly all of them are: a new form is judged, and those before it are judged as before.
    """
    names = _names(model)
    there = {row[0]: row for row in _STORED[model].all(dyad.pk, since)}
    wanted = {row.pk: row for row in rows}
    changed = tuple(
        row for row in rows if there.get(row.pk) != tuple(getattr(row, name) for name in names)
    )
    gone: list[str] = [key for key in there if key not in wanted]
    anew: list[str] = [row.pk for row in changed if row.pk in there]
    return _Change(model, (*gone, *anew), changed)


def signals_of(dyad: Dyad, *, now: datetime, since: int = 0, new: NewForm | None = None) -> Derived:
    """Return what follows from a dyad's answers: always the same for the same rows.

    With ``since`` only of sessions from that number on; read are all of them. ``new`` is a form
    that counts as stored already.
    """
    chairs = chairs_of(dyad, now=now, for_rules=True, new=new)
    held = [c for c in chairs if c.session.attended == "attended"]
    past = Past.of(dyad)
    signals: list[SignalRecord] = []
    judgements: list[SignalJudgement] = []
    for key in keys_of(held):
        course = course_of(held, key)
        if course is None:
            continue
        by_rule = _of_rule(dyad, course, past, since)
        signals += by_rule.signals
        judgements += by_rule.judgements
        if key[0] == OAC_CLIENT:
            by_form = _of_marks(dyad, course, since)
            signals += by_form.signals
            judgements += by_form.judgements
    return Derived(tuple(signals), tuple(judgements))


def keys_of(held: Sequence[SessionChairs]) -> tuple[tuple[str, str], ...]:
    """Return the measure versions of a dyad's open sessions, in order of first use.

    A new version of a measure begins a new series: the two are not on one scale.
    """
    return tuple(dict.fromkeys(_measure_key(c.client) for c in held if c.client is not None))


def _measure_key(filled: Filled) -> tuple[str, str]:
    return filled.response.measure_id, filled.response.measure_version


@dataclass(frozen=True, slots=True)
class Course:
    """A dyad's sessions as one series of one measure version."""

    key: tuple[str, str]
    series: Series
    held: tuple[tuple[SessionChairs, Filled | None], ...]

    @property
    def sides(self) -> Sides:
        """What else is known of each session. A sealed session tells nothing, not even its gap.

        A form counts as missing where the therapist's own form is in and the client's is not:
        that much the therapist's page says too. One that came with too few answers for a total is
        not missing: leaving questions out is never held against anybody.
        """
        client_form = measure_of(*self.key)
        asks_strain = self.key[0] == OAC_CLIENT
        bounds = next((s.bounds for s in client_form.scales if s.id == "total"), None)
        return Sides(
            therapist=tuple(_mirrored(c, bounds) for c, _ in self.held),
            prediction=tuple(
                None if f is None or c.therapist is None else c.therapist.predicted
                for c, f in self.held
            ),
            strain=tuple(_tick(f) for _, f in self.held) if asks_strain else None,
            expected=tuple(
                (c.both_in and (f is None or f.score("total") is not None))
                or c.state is SessionState.WAITING_FOR_CLIENT
                for c, f in self.held
            ),
        )

    def session(self, number: int) -> SessionChairs:
        """Return a session by its number."""
        return next(c for c, _ in self.held if c.session.session_no == number)


def _mirrored(chairs: SessionChairs, bounds: tuple[float, float] | None) -> float | None:
    """Return the therapist's total where it is on the client's scale."""
    if chairs.therapist is None:
        return None
    response = chairs.therapist.response
    mirror = measure_of(response.measure_id, response.measure_version)
    same = any(s.id == "total" and s.bounds == bounds for s in mirror.scales)
    return chairs.therapist.score("total") if same else None


def _tick(filled: Filled | None) -> float | None:
    """Return whether the client marked strain: 1, 0, or None where the item was left out."""
    value = None if filled is None else filled.values.get("8")
    return None if value is None else float(value >= TICK)


def course_of(held: Sequence[SessionChairs], key: tuple[str, str]) -> Course | None:
    """Return the series of one measure version; None where its total has no direction or range."""
    measure = measure_of(*key)
    scale = next((s for s in measure.scales if s.id == "total"), None)
    if scale is None or scale.bounds is None or measure.direction is Direction.NONE:
        return None
    filled = tuple(
        (c, c.client if c.client is not None and _measure_key(c.client) == key else None)
        for c in held
    )
    return Course(key, _series(measure, scale, filled), filled)


def _of_rule(dyad: Dyad, course: Course, past: Past, since: int) -> Derived:
    """Judge a course by the practice's rule, each session by what was in force at its time."""
    moments = {
        c.session.session_no: c.both_at
        for c, filled in course.held
        if filled is not None and c.both_at is not None
    }
    judges: dict[LearnedModel | None, Judge] = {}

    def found(number: int) -> tuple[Ruled, Judge, InForce] | None:
        force = past.at(moments[number], course.key)
        if force.learned not in judges:
            judges[force.learned] = Judge.of(course.series, course.sides, force.learned)
        judge = judges[force.learned]
        ruled = judge.ruled(number)
        return None if ruled is None else (ruled, judge, force)

    # A question that stood at the session before is not asked again.
    earlier = (found(number) for number in reversed(moments) if number < since)
    last = next((one for one in earlier if one is not None), None)
    stands = last is not None and _flagged(last[0], last[2])
    signals: list[SignalRecord] = []
    judgements: list[SignalJudgement] = []
    for number in moments:
        one = found(number) if number >= since else None
        if one is None:
            continue
        ruled, judge, force = one
        flagged = _flagged(ruled, force)
        chairs = course.session(number)
        judgement = _judgement(dyad, chairs, RULE, flagged=flagged)
        judgement.statistic = ruled.statistic
        judgement.flags_from = ruled.flags_from
        judgement.setting_no = force.setting_no
        judgement.model_version = model_version(force.learned)
        judgements.append(judgement)
        if flagged and not stands:
            signals.append(_asked(dyad, chairs, ruled, judge, force))
        stands = flagged
    return Derived(tuple(signals), tuple(judgements))


def _flagged(ruled: Ruled, force: InForce) -> bool:
    return ruled.flags_from is not None and ruled.flags_from <= force.asked.null_rate


def _of_marks(dyad: Dyad, course: Course, since: int) -> Derived:
    """Ask about what the client marked on the alliance check."""
    found = read_check(course, OAC_ASKED)
    flagged = {(signal.rule_id, signal.session_no) for signal in found.signals}
    silent = {(one.rule_id, one.session_no) for one in found.not_evaluable}
    judgements = [
        _judgement(
            dyad,
            c,
            known,
            flagged=(known.id, c.session.session_no) in flagged,
        )
        for c, filled in course.held
        if filled is not None and c.session.session_no >= since
        for known in OAC_ASKED
        if (known.id, c.session.session_no) not in silent
    ]
    signals = [
        _marked(dyad, course.session(signal.session_no), signal)
        for signal in found.signals
        if signal.session_no >= since
    ]
    return Derived(tuple(signals), tuple(judgements))


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


def read_check(course: Course, rules: Sequence[Rule]) -> Detection:
    """Return what rules of the alliance check find in a course of it."""

    def channel(item: str) -> list[float | None]:
        return [None if f is None else f.values.get(item) for _, f in course.held]

    return oac_signals(
        sessions=course.series.sessions,
        total=course.series.values,
        strain=channel("8"),
        repair=channel("8a"),
        items={item: channel(item) for item in _OAC_ITEMS},
        therapist_total=[
            None if f is None or c.therapist is None else c.therapist.score("total")
            for c, f in course.held
        ],
        rules=rules,
    )


def _judgement(dyad: Dyad, chairs: SessionChairs, known: Rule, *, flagged: bool) -> SignalJudgement:
    if chairs.both_at is None:
        message = "a session that was judged has both forms"
        raise AssertionError(message)
    return SignalJudgement(
        id=derived_id("judgement", chairs.session.pk, known.id),
        dyad=dyad,
        session=chairs.session,
        rule_id=known.id,
        rule_version=known.version,
        raised_at=chairs.both_at,
        flagged=flagged,
    )


def _asked(
    dyad: Dyad, chairs: SessionChairs, ruled: Ruled, judge: Judge, force: InForce
) -> SignalRecord:
    asked = force.asked
    signal = Signal(
        rule_id=RULE.id,
        rule_version=RULE.version,
        session_no=ruled.session_no,
        value=float(judge.batch.values[ruled.position]),
        expected=ruled.expected,
        threshold=judge.limits[asked.null_rate],
        sentence=judge.sentence(ruled, asked),
        why=judge.why(ruled, asked),
    )
    row = _row(dyad, chairs, RULE, signal)
    row.null_rate = asked.per_session
    row.null_sentence = "\n".join((chance_sentence(asked), judge.rates(ruled, asked))).strip()
    row.setting_no = force.setting_no
    row.model_version = model_version(force.learned)
    row.asked_rate = asked.null_rate
    row.horizon = asked.horizon
    row.rate_sentence = asked.sentence()
    row.probability = ruled.probability
    return row


def _marked(dyad: Dyad, chairs: SessionChairs, signal: Signal) -> SignalRecord:
    row = _row(dyad, chairs, rule(signal.rule_id), signal)
    row.null_sentence = _SAID
    row.said = True
    row.excess = 1.0  # a mark either is there or is not: at its limit
    return row


def _row(dyad: Dyad, chairs: SessionChairs, known: Rule, signal: Signal) -> SignalRecord:
    return SignalRecord(
        id=derived_id("signal", chairs.session.pk, signal.rule_id, signal.rule_version),
        dyad=dyad,
        session=chairs.session,
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
        source=signal.why.source,
        verified=signal.why.verified,
        raised_at=chairs.both_at,
    )
