# SPDX-License-Identifier: Apache-2.0
"""Forms on paper: printed with a code, typed in by staff, kept with where they came from.

Whoever types a paper reads it. So a therapist may type one only with the own form in and where
the client's answers would be shown anyway; otherwise it is the lead. The paper says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NoReturn
from uuid import UUID, uuid4

from django.db.models import QuerySet
from django.utils import timezone

from attunement.clinic.access import Action
from attunement.clinic.access.visibility import Visibility
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import (
    Assignment,
    Attended,
    Invitation,
    Login,
    Moment,
    PaperBatch,
    PaperEntry,
    PaperForm,
    Perspective,
    Provenance,
    Response,
    Role,
    Session,
)
from attunement.clinic.services.client_forms import told
from attunement.clinic.services.corrected import newest_correction
from attunement.clinic.services.corrections import held_at, known_correction, store_correction
from attunement.clinic.services.fields import (
    FieldsRefused,
    ParsedForm,
    parse_form,
    parse_prediction,
)
from attunement.clinic.services.forms import config, measure_of, text_of
from attunement.clinic.services.gate import (
    AccessDeniedError,
    act,
    actor_name,
    done,
    require_self,
    require_session,
)
from attunement.clinic.services.paper_codes import (
    new_paper_code,
    shown_paper_code,
    typed_paper_code,
)
from attunement.clinic.services.results import FieldProblem, Receipt, Refused
from attunement.clinic.services.risk.raising import raise_untaken
from attunement.clinic.services.sealing import open_field
from attunement.clinic.services.submission import (
    Parcel,
    earlier,
    parse_submission_id,
    store,
    unreadable,
)
from attunement.measures.schema import Measure, TextBundle

TOTAL = "total"
BLANK = "blank"  # the field that says so
NOTHING_TYPED = "Nothing is typed yet. If nothing is on the paper, tick that it is blank."
RECENT = timedelta(days=14)
MOST_AT_ONCE = 60


@dataclass(frozen=True, slots=True)
class PaperSession:
    """A session for which a form can be printed. It says nothing of what was answered."""

    session_id: str
    client_code: str
    session_no: int
    held_on: date


@dataclass(frozen=True, slots=True)
class PrintedForm:
    """One form as it is printed. It bears a code and no name."""

    code: str
    client_code: str
    session_no: int
    held_on: date
    measure: Measure
    text: TextBundle
    who_sees: str


@dataclass(frozen=True, slots=True)
class PaperPage:
    """What the page for typing shows: the form, empty."""

    code: str
    submission_id: UUID
    client_code: str
    session_no: int
    held_on: date
    measure: Measure
    text: TextBundle
    total_range: tuple[float, float] | None
    second: bool  # somebody has typed it already; this entry is compared with theirs
    correcting: bool = False  # the sheet counts already; what is typed takes its place


@dataclass(frozen=True, slots=True)
class SecondWanted:
    """The first of two entries is kept; nothing counts before another agrees with it."""

    code: str


@dataclass(frozen=True, slots=True)
class Differs:
    """Two entries disagree at these items; the paper decides."""

    code: str
    items: tuple[str, ...]


def paper_words(therapist: str) -> str:
    """Return what a paper says of who reads it while typing."""
    return (
        "This sheet is typed in at the practice: whoever does so reads it too. That is the lead "
        f"of the practice, or your {therapist} after sending their own form."
    )


def printable(actor: Login, *, now: datetime) -> tuple[PaperSession, ...]:
    """Return the sessions of the last two weeks for which the actor may print a form.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody who is neither therapist nor lead.
    """
    with act(actor_name(actor), Action.PAPER_FIND, now=now):
        require_self(actor, Action.PAPER_FIND)
        rows = Session.objects.filter(
            dyad__practice_id=actor.practice_id,
            attended=Attended.ATTENDED,
            held_on__gt=timezone.localdate(now) - RECENT,
            dyad__client__erased_at=None,
        ).select_related("dyad__client")
        if actor.role == Role.THERAPIST:
            rows = rows.filter(dyad__therapist__login=actor)
        found = tuple(
            PaperSession(row.pk, row.dyad.client.code, row.session_no, row.held_on)
            for row in rows.order_by("-held_on", "dyad__client__code")
        )
        done(actor.pk, Action.PAPER_FIND, now=now, target=f"practice:{actor.practice_id}")
    return found


def print_forms(
    actor: Login, session_ids: Sequence[str], *, now: datetime
) -> tuple[PrintedForm, ...]:
    """Make a batch of printed forms, one for each session, each with a code of its own.

    Raises
    ------
    AccessError
        E-ACCESS-001 when a session is not there or not the actor's.
    ClinicError
        E-CLINIC-043 without a session, with too many, or one that asks nothing.
    """
    wanted = list(dict.fromkeys(session_ids))
    if not 1 <= len(wanted) <= MOST_AT_ONCE:
        _refuse(f"{len(wanted)} sessions", f"1 to {MOST_AT_ONCE}")
    with act(actor_name(actor), Action.PAPER_PRINT, now=now):
        batch = PaperBatch(practice_id=actor.practice_id or "", printed_by=actor.pk, printed_at=now)
        made: list[PrintedForm] = []
        for session_id in wanted:
            session = require_session(actor, session_id, Action.PAPER_PRINT, now=now)
            assignment = _asked(session)
            if not made:
                batch.save()
            code = _free_code()
            words = f"{told(assignment)} {paper_words(config().words.therapist)}"
            PaperForm(batch=batch, assignment=assignment, code=code, who_sees=words).save()
            measure = measure_of(assignment.measure_id, assignment.measure_version)
            made.append(
                PrintedForm(
                    code=shown_paper_code(code),
                    client_code=session.dyad.client.code,
                    session_no=session.session_no,
                    held_on=session.held_on,
                    measure=measure,
                    text=text_of(measure.id, measure.version, config().language),
                    who_sees=words,
                )
            )
            done(actor.pk, Action.PAPER_PRINT, now=now, target=f"session:{session.pk}")
    return tuple(made)


def paper_page(actor: Login, code: str, *, now: datetime) -> PaperPage | Refused:
    """Return the page for typing one paper.

    Raises
    ------
    AccessError
        E-ACCESS-001 when there is no such paper, or it is not for this person to read.
    """
    with act(actor_name(actor), Action.PAPER_ENTER, now=now):
        form = _form(actor, code, now=now)
        done(actor.pk, Action.PAPER_ENTER, now=now, target=f"session:{form.assignment.session_id}")
        counted = Response.objects.filter(assignment=form.assignment).first()
        if counted is not None and counted.provenance != Provenance.PAPER:
            return _answered()
        assignment = form.assignment
        measure = measure_of(assignment.measure_id, assignment.measure_version)
        session = assignment.session
        return PaperPage(
            code=shown_paper_code(form.code),
            submission_id=uuid4(),
            client_code=session.dyad.client.code,
            session_no=session.session_no,
            held_on=session.held_on,
            measure=measure,
            text=text_of(measure.id, measure.version, config().language),
            total_range=_total_range(measure),
            second=_entries(form, counted).exists(),
            correcting=counted is not None,
        )


def enter_paper(
    actor: Login,
    code: str,
    *,
    submission_id: UUID | str,
    fields: Mapping[str, object],
    total: object,
    now: datetime,
    blank: bool = False,
    correct: bool = False,
) -> Receipt | Refused | SecondWanted | Differs:
    """Store what was typed from a paper, exactly once.

    Either the answers or, where only that was handed in, the total: a total is kept as a total
    and never spread over items. ``blank`` says that the paper has nothing on it, which is a form
    with every question left out; without it, nothing typed is taken for a slip. With
    ``[paper] double_entry`` it counts once two entries agree.

    ``correct`` says that a sheet which counts was typed wrongly: the whole sheet as it was typed
    now takes the place of what was, which is kept beside it. Without it the first answers stay.

    Raises
    ------
    AccessError
        As ``paper_page``.
    """
    action = Action.PAPER_ENTER
    with act(actor_name(actor), action, now=now):
        form = _form(actor, code, now=now)
        assignment = Assignment.objects.select_for_update().get(pk=form.assignment_id)
        parcel = _parcel(
            actor, form, assignment, submission_id, fields=fields, total=total, blank=blank
        )
        answer = _take(actor, form, assignment, parcel, correct=correct, now=now)
        refused = isinstance(answer, Refused)
        done(
            actor.pk,
            action,
            now=now,
            target=f"session:{assignment.session_id}",
            detail={"came_to": type(answer).__name__, "correct": correct},
            outcome="refused" if refused else "done",
        )
    return answer


def _take(
    actor: Login,
    form: PaperForm,
    assignment: Assignment,
    parcel: Parcel | Refused,
    *,
    correct: bool,
    now: datetime,
) -> Receipt | Refused | SecondWanted | Differs:
    if isinstance(parcel, Refused):
        return parcel
    counted = Response.objects.filter(assignment=assignment).first() if correct else None
    if counted is not None and counted.provenance == Provenance.PAPER:
        counted.assignment = assignment
        known = known_correction(counted, parcel)
    else:
        counted, known = None, earlier(assignment, parcel)
    if isinstance(known, Refused):
        _pass_on(assignment, parcel, now=now)
    if known is not None:
        return known
    if config().capture.double_entry:
        waits = _compare(actor, form, parcel, counted, now=now)
        if waits is not None:
            _pass_on(assignment, parcel, now=now)
            return waits
    if counted is not None:
        return store_correction(counted, parcel, now=now)
    receipt = store(assignment, parcel, now=now)
    Invitation.objects.filter(
        assignment=assignment, consumed_at__isnull=True, revoked_at__isnull=True
    ).update(consumed_at=now)
    return receipt


def _pass_on(assignment: Assignment, parcel: Parcel, *, now: datetime) -> None:
    """Tell people of risk at once: what was typed may wait for a second entry, a person may not."""
    raise_untaken(
        assignment,
        str(parcel.submission_id),
        parcel.form.values,
        answered_at=None,
        clock_suspect=False,
        now=now,
    )


def _compare(
    actor: Login, form: PaperForm, parcel: Parcel, counted: Response | None, *, now: datetime
) -> SecondWanted | Differs | None:
    """Keep an entry; None when it agrees with an earlier one and so counts.

    Where the sheet counts already, only entries since then are compared with: two corrections.
    """
    typed = {
        **{item: value for item, value in parcel.form.values.items() if value is not None},
        **parcel.form.texts,
        **{f"{TOTAL}:{scale}": value for scale, value in parcel.totals.items()},
    }
    before = list(_entries(form, counted).order_by("number"))
    number = PaperEntry.objects.filter(form=form).count() + 1
    if any(row.submission_id == parcel.submission_id for row in before):
        return SecondWanted(shown_paper_code(form.code))  # the same entry, sent again
    PaperEntry(
        form=form,
        number=number,
        submission_id=parcel.submission_id,
        typed=json.dumps(typed, sort_keys=True),
        entered_by=actor.pk,
        entered_at=now,
    ).save()
    others = [json.loads(open_field(row, "typed") or "{}") for row in before]
    if any(other == typed for other in others):
        return None
    if not others:
        return SecondWanted(shown_paper_code(form.code))
    last = others[-1]
    items = sorted(item for item in {*last, *typed} if last.get(item) != typed.get(item))
    return Differs(shown_paper_code(form.code), tuple(items))


def _entries(form: PaperForm, counted: Response | None) -> QuerySet[PaperEntry]:
    """Return what was typed of a form; where it counts already, since what counts was kept."""
    rows = PaperEntry.objects.filter(form=form)
    if counted is None:
        return rows
    return rows.filter(entered_at__gt=held_at(counted, newest_correction(counted)))


def _parcel(
    actor: Login,
    form: PaperForm,
    assignment: Assignment,
    submission_id: UUID | str,
    *,
    fields: Mapping[str, object],
    total: object,
    blank: bool,
) -> Parcel | Refused:
    identifier = parse_submission_id(submission_id)
    if identifier is None:
        return unreadable((FieldProblem(item="", message="Please open the page again."),))
    measure = measure_of(assignment.measure_id, assignment.measure_version)
    bounds = _total_range(measure)
    try:
        number = None
        if bounds is not None and total not in (None, ""):
            number = parse_prediction(total, minimum=bounds[0], maximum=bounds[1])
        typed = parse_form(measure, fields)
    except FieldsRefused as refusal:
        return unreadable(
            tuple(
                FieldProblem(TOTAL if each.item == "predicted_total" else each.item, each.message)
                for each in refusal.problems
            )
        )
    if number is None and typed.n_answered == 0 and not blank:
        return unreadable((FieldProblem(item=BLANK, message=NOTHING_TYPED),))
    if number is not None and typed.values and typed.n_answered:
        message = "Either the answers or the total: the total follows from the answers."
        return unreadable((FieldProblem(item=TOTAL, message=message),))
    return Parcel(
        submission_id=identifier,
        form=ParsedForm({}, {}, 0) if number is not None else typed,
        predicted_total=None,
        client_clock=None,
        mode="paper",
        language=text_of(measure.id, measure.version, config().language).language,
        who_sees=form.who_sees,
        provenance=Provenance.PAPER,
        entered_by=actor.pk,
        totals={} if number is None else {TOTAL: number},
    )


def _form(actor: Login, code: str, *, now: datetime) -> PaperForm:
    """Return a printed form that this person may type in."""
    known = typed_paper_code(code)
    form: PaperForm | None = (
        PaperForm.objects.select_related("assignment__session__dyad__client")
        .filter(code=known or "")
        .first()
    )
    session_id = form.assignment.session_id if form is not None else ""
    session = require_session(actor, session_id, Action.PAPER_ENTER, now=now)
    if form is None or not _may_read(actor, form.assignment, session):
        raise AccessDeniedError(target=f"session:{session.pk}", reason="not for this person yet")
    return form


def _may_read(actor: Login, assignment: Assignment, session: Session) -> bool:
    if assignment.visibility == Visibility.SEALED:  # nobody at the practice: so not on paper
        return False
    if actor.role == Role.LEAD:
        return True
    own = Response.objects.filter(
        session=session, perspective=Perspective.THERAPIST, moment=Moment.AFTER
    )
    return assignment.visibility == Visibility.OPEN and own.exists()


def _asked(session: Session) -> Assignment:
    found = Assignment.objects.filter(
        session=session, perspective=Perspective.CLIENT, moment=Moment.AFTER
    ).first()
    if found is None or session.attended != Attended.ATTENDED:
        _refuse("a session that asks nothing", "a session that took place")
    if found.visibility == Visibility.SEALED:
        _refuse("answers that nobody at the practice may see", "a form on the client's own phone")
    return found


def _answered() -> Refused:
    return Refused(
        http_status=410,
        code="E-CLINIC-009",
        message="This form was already answered. The first answers are kept.",
    )


def _total_range(measure: Measure) -> tuple[float, float] | None:
    return next((s.bounds for s in measure.scales if s.id == TOTAL and s.bounds), None)


def _free_code() -> str:
    code = new_paper_code()
    while PaperForm.objects.filter(code=code).exists():
        code = new_paper_code()
    return code


def _refuse(got: str, expected: str) -> NoReturn:
    raise ClinicError(
        "E-CLINIC-043",
        what="the paper form cannot be taken",
        got=got,
        expected=expected,
        next_step="Correct it and send the page again",
    )
