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
    Session,
    SignalJudgement,
    SignalRecord,
    derived_id,
)
from attunement.clinic.services.chairs import NewForm, SessionChairs, chairs_of
from attunement.clinic.services.course import OAC_CLIENT, Course, course_of, keys_of, read_check
from attunement.clinic.services.in_force import InForce, Past
from attunement.clinic.services.kept_course import Keeping, Kept, keeping_of, kept_of
from attunement.clinic.services.ruling import (
    RULE,
    Judge,
    Ruled,
    chance_sentence,
    model_version,
)
from attunement.clinic.store.statements import Prepared, insert
from attunement.signals import OAC_ASKED, Rule, Signal, rule

_SAID = (
    "This is what was marked on the form, not something computed: there is no rate by chance, and "
    "no budget thins it out. From which mark on it is asked about is a choice."
)


_Row = TypeVar("_Row", SignalRecord, SignalJudgement)
_Found = tuple[list[SignalRecord], list[SignalJudgement]]


@dataclass(frozen=True, slots=True)
class Derived:
    """A dyad's questions, and every session that the practice's rule judged."""

    signals: tuple[SignalRecord, ...]
    judgements: tuple[SignalJudgement, ...]
    keeping: Keeping


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
    keeping: Keeping

    def write(self) -> None:
        """Write it, in the caller's transaction."""
        for change in self.changes:
            change.write()
        self.keeping.write()


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
        derived.keeping,
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
    of session ``since`` that counts as stored already: what is kept of the sessions before it is
    then read in their place.
    """
    stored = kept_of(dyad)
    usable = stored is not None and new is not None and stored.upto < since
    held, courses = _courses(dyad, stored if usable else None, now=now, new=new)
    past = Past.of(dyad)
    signals: list[SignalRecord] = []
    judgements: list[SignalJudgement] = []
    for course in courses:
        found = [_of_rule(dyad, course, past, since)]
        if course.key[0] == OAC_CLIENT:
            found.append(_of_marks(dyad, course, since))
        for asked, judged in found:
            signals += asked
            judgements += judged
    keeping = keeping_of(dyad, stored, held, courses)
    return Derived(tuple(signals), tuple(judgements), keeping)


def _courses(
    dyad: Dyad, kept: Kept | None, *, now: datetime, new: NewForm | None
) -> tuple[list[SessionChairs], list[Course]]:
    """Return the sessions that were read, and a dyad's courses up to the newest of them."""
    after = 0 if kept is None else kept.upto
    chairs = chairs_of(dyad, now=now, for_rules=True, new=new, after=after)
    held = [c for c in chairs if c.session.attended == "attended"]
    keys = keys_of(held)
    if kept is None:
        found = (course_of(held, key) for key in keys)
        return held, [course for course in found if course is not None]
    if any(key != kept.key for key in keys):  # another measure version: a series beside it
        return _courses(dyad, None, now=now, new=new)
    course = course_of(held, kept.key, earlier=kept.points)
    return held, [] if course is None else [course]


def _of_rule(dyad: Dyad, course: Course, past: Past, since: int) -> _Found:
    """Judge a course by the practice's rule, each session by what was in force at its time."""
    moments = {p.session_no: p.both_at for p in course.points if p.both_at is not None}
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
    for number, at in moments.items():
        one = found(number) if number >= since else None
        if one is None:
            continue
        ruled, judge, force = one
        flagged = _flagged(ruled, force)
        judgement = _judgement(dyad, course.sessions[number], RULE, at, flagged=flagged)
        judgement.statistic = ruled.statistic
        judgement.flags_from = ruled.flags_from
        judgement.setting_no = force.setting_no
        judgement.model_version = model_version(force.learned)
        judgements.append(judgement)
        if flagged and not stands:
            signals.append(_asked(dyad, course.sessions[number], at, ruled, judge, force))
        stands = flagged
    return signals, judgements


def _flagged(ruled: Ruled, force: InForce) -> bool:
    return ruled.flags_from is not None and ruled.flags_from <= force.asked.null_rate


def _of_marks(dyad: Dyad, course: Course, since: int) -> _Found:
    """Ask about what the client marked on the alliance check."""
    found = read_check(course, OAC_ASKED)
    flagged = {(signal.rule_id, signal.session_no) for signal in found.signals}
    silent = {(one.rule_id, one.session_no) for one in found.not_evaluable}
    moments = {
        p.session_no: p.both_at
        for p in course.points
        if p.both_at is not None and p.session_no >= since
    }
    judgements = [
        _judgement(dyad, course.sessions[n], known, at, flagged=(known.id, n) in flagged)
        for n, at in moments.items()
        for known in OAC_ASKED
        if (known.id, n) not in silent
    ]
    signals = [
        _marked(dyad, course.sessions[signal.session_no], moments[signal.session_no], signal)
        for signal in found.signals
        if signal.session_no >= since
    ]
    return signals, judgements


def _judgement(
    dyad: Dyad, session: Session, known: Rule, at: datetime, *, flagged: bool
) -> SignalJudgement:
    return SignalJudgement(
        id=derived_id("judgement", session.pk, known.id, near=session.pk),
        dyad=dyad,
        session=session,
        rule_id=known.id,
        rule_version=known.version,
        raised_at=at,
        flagged=flagged,
    )


def _asked(  # noqa: PLR0917 -- each is of another kind
    dyad: Dyad, session: Session, at: datetime, ruled: Ruled, judge: Judge, force: InForce
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
    row = _row(dyad, session, at, RULE, signal)
    row.null_rate = asked.per_session
    row.null_sentence = "\n".join((chance_sentence(asked), judge.rates(ruled, asked))).strip()
    row.setting_no = force.setting_no
    row.model_version = model_version(force.learned)
    row.asked_rate = asked.null_rate
    row.horizon = asked.horizon
    row.rate_sentence = asked.sentence()
    row.probability = ruled.probability
    return row


def _marked(dyad: Dyad, session: Session, at: datetime, signal: Signal) -> SignalRecord:
    row = _row(dyad, session, at, rule(signal.rule_id), signal)
    row.null_sentence = _SAID
    row.said = True
    row.excess = 1.0  # a mark either is there or is not: at its limit
    return row


def _row(dyad: Dyad, session: Session, at: datetime, known: Rule, signal: Signal) -> SignalRecord:
    return SignalRecord(
        id=derived_id("signal", session.pk, signal.rule_id, signal.rule_version),
        dyad=dyad,
        session=session,
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
        raised_at=at,
    )
