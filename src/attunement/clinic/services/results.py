# SPDX-License-Identifier: Apache-2.0
"""What the services hand to the pages: frozen values, no model rows, no query hidden inside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from attunement.clinic.config.model import Crisis, Words
from attunement.measures.schema import Measure, TextBundle

if TYPE_CHECKING:
    from attunement.clinic.services.extras import Extra


class SessionState(StrEnum):
    """What a therapist may know about the two forms of a session."""

    NO_FORMS = "no_forms"  # cancelled, missed, or from before forms were used
    YOUR_FORM_OPEN = "your_form_open"  # says nothing about the client's form
    WAITING_FOR_CLIENT = "waiting_for_client"  # the therapist's form is in, the client's is not
    BOTH_IN = "both_in"
    CLOSED = "closed"  # the form's mode keeps it closed now, whether or not it was answered


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One chair's values; None where that session has no score for it."""

    label: str
    sessions: tuple[int, ...]
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class ChartMark:
    """A mark at a session, with a short label and one line of words."""

    session_no: int
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What the dual chart draws; the same fields as ``attunement.figures.DualChart``."""

    title: str
    client: ChartLine
    therapist: ChartLine
    minimum: float
    maximum: float
    higher_is_better: bool
    marks: tuple[ChartMark, ...]
    words: Words


@dataclass(frozen=True, slots=True)
class ShownSignal:
    """A signal as a person reads it: a question, its reason, and how often it fires by chance."""

    signal_id: str
    session_no: int
    rule_id: str
    rule_version: str
    title: str
    question: str
    sentence: str
    why: str
    null_rate: float | None  # share of sessions in which it fires when nothing is wrong
    null_sentence: str
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class NoteLine:
    """One session of which a threshold takes note."""

    session_no: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Note:
    """A threshold beside the chart: what it goes by, how often by chance, and where it was met."""

    rule_id: str
    rule_version: str
    title: str
    goes_by: str
    rate: str
    cannot_tell: str
    lines: tuple[NoteLine, ...]  # newest first


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One dyad in the caseload. For a lead, lines are empty and ``n_signals`` is None."""

    dyad_id: str
    client_code: str
    client_name: str
    therapist_name: str
    n_sessions: int
    last_session_no: int | None
    last_held_on: date | None
    n_both_in: int
    your_form_open: tuple[str, ...]  # session ids, oldest first; empty for a lead
    client_line: ChartLine | None
    therapist_line: ChartLine | None
    minimum: float
    maximum: float
    n_signals: int | None  # at the newest session in which both forms are in
    may_open: bool
    asked_this_week: bool = False  # a question of this dyad has a place in the therapist's week


@dataclass(frozen=True, slots=True)
class Caseload:
    """The dyads a login may see, in the order of the clients' codes: never a ranking."""

    rows: tuple[CaseRow, ...]
    role: str
    n_questions: int = 0  # that have a place in this week and wait for an answer
    n_erased: int = 0  # clients of the practice who were erased; for a lead


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session as its therapist may see it; totals only when both forms are in."""

    session_id: str
    session_no: int
    held_on: date
    attended: str
    modality: str
    state: SessionState
    client_total: float | None
    therapist_total: float | None
    predicted_total: float | None
    n_signals: int


@dataclass(frozen=True, slots=True)
class TeamQuestion:
    """A question that a supervisor left for the therapist."""

    by: str
    at: datetime
    session_no: int | None
    words: str


@dataclass(frozen=True, slots=True)
class DyadOverview:
    """A dyad's page: sessions, chart and signals over the sessions in which both forms are in."""

    dyad_id: str
    client_code: str
    client_name: str
    therapist_name: str
    began_on: date | None
    ended_on: date | None  # of the newest care episode; None while it goes on
    sessions: tuple[SessionRow, ...]  # newest first
    next_session_no: int
    chart: Chart | None  # None while no session has both forms
    signals: tuple[ShownSignal, ...]  # newest first
    notes: tuple[Note, ...]
    measure_title: str
    validated: bool
    team_questions: tuple[TeamQuestion, ...] = ()  # newest first


@dataclass(frozen=True, slots=True)
class StartedSession:
    """A session that is there now; ``created`` is False when the same one was started before."""

    session_id: str
    dyad_id: str
    session_no: int
    held_on: date
    created: bool


@dataclass(frozen=True, slots=True)
class IssuedInvitation:
    """A link and a short code, readable now and never again: only their hashes are stored."""

    invitation_id: str
    session_id: str
    token: str
    short_code: str  # shown as "ABCDE-FGHJK"
    link_path: str  # "/c/#<token>"
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SessionOverview:
    """The page of one session for its therapist."""

    session_id: str
    dyad_id: str
    session_no: int
    held_on: date
    attended: str
    modality: str
    client_code: str
    client_name: str
    state: SessionState
    link_open_until: datetime | None  # of the newest link that was not revoked, used or not
    closed: str = ""  # while the form's mode keeps it closed: until when, in words


@dataclass(frozen=True, slots=True)
class ClientForm:
    """What the client's page renders. It holds no name and no earlier answer."""

    submission_id: UUID
    measure: Measure
    text: TextBundle
    who_sees: str
    crisis: Crisis
    words: Words
    language: str
    moment: str = "after"
    extras: tuple[Extra, ...] = ()
    layout: str = "one"  # as this client likes it: one question at a time, or all on a page
    visibility: str = "open"  # the mode that ``who_sees`` tells in words
    after_too: bool = False  # a form before the session, and one after it still to come


@dataclass(frozen=True, slots=True)
class TherapistForm:
    """What the therapist's page renders: the mirror form and the question for a prediction."""

    submission_id: UUID
    session_id: str
    dyad_id: str
    session_no: int
    client_code: str
    client_name: str
    measure: Measure
    text: TextBundle
    who_sees: str
    predicted_minimum: float
    predicted_maximum: float
    language: str


@dataclass(frozen=True, slots=True)
class AlreadyIn:
    """The therapist's own form of this session is in; it is written once."""

    session_id: str


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field that cannot be read: which, and what would be. Never what was typed."""

    item: str  # an item's id, or "predicted_total"
    message: str


class ReceiptStatus(StrEnum):
    """Whether this very delivery stored the answers."""

    CREATED = "created"
    ALREADY_RECEIVED = "already_received"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answers are stored; safe to say "received"."""

    submission_id: UUID
    status: ReceiptStatus
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was stored.

    ``http_status`` is 409 (same submission, other content; the first is kept), 410 (this form was
    already answered or its link closed) or 422 (a field cannot be read; see ``problems``).
    """

    http_status: int
    code: str
    message: str
    problems: tuple[FieldProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class Comment:
    """Free text of one chair, to be shown as text and nothing else."""

    perspective: str
    item: str
    question: str
    text: str


@dataclass(frozen=True, slots=True)
class ItemPair:
    """One item from both chairs; None where it was skipped."""

    item: str
    client_question: str
    therapist_question: str
    client_value: float | None
    therapist_value: float | None
    client_label: str
    therapist_label: str
    client_closed: bool = False  # single answers of this form are for nobody in this chair


@dataclass(frozen=True, slots=True)
class Surprise:
    """The therapist's prediction beside the client's total."""

    predicted: float | None
    actual: float | None
    difference: float | None  # actual minus predicted
    sentence: str


class WaitingFor(StrEnum):
    """Whose form a picture waits for."""

    YOU = "you"  # says nothing about the client
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Waiting:
    """No picture yet. While it waits for the therapist it is the same whatever the client did."""

    session_id: str
    dyad_id: str
    session_no: int
    client_code: str
    client_name: str
    waiting_for: WaitingFor


@dataclass(frozen=True, slots=True)
class Typed:
    """Who typed a form from paper, and who typed it once more, where somebody did."""

    by: str
    at: datetime
    corrected_by: str = ""
    corrected_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Revealed:
    """Both forms are in: the picture of the session and of the way here."""

    session_id: str
    dyad_id: str
    session_no: int
    held_on: date
    client_code: str
    client_name: str
    chart: Chart
    items: tuple[ItemPair, ...]
    signals: tuple[ShownSignal, ...]  # at this session
    notes: tuple[Note, ...]  # at this session
    comments: tuple[Comment, ...]
    surprise: Surprise
    client_total: float | None
    client_reason: str  # why there is no total, or ""
    therapist_total: float | None
    therapist_reason: str
    measure_title: str
    validated: bool
    who_sees: str  # the words the client was shown
    rupture_named: bool = False  # by the therapist, whether or not a rule asked
    typed: Typed | None = None  # from paper; None where the client answered here
    values_shown: bool = True  # False where the client's mode gives scores and no single answer
