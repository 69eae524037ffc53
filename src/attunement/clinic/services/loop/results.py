# SPDX-License-Identifier: Apache-2.0
"""What the services about loops and ruptures hand to the pages: frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from attunement.clinic.services.loop.turns import Turn
from attunement.clinic.services.results import Chart, Comment
from attunement.signals.ledger import Rupture
from attunement.signals.loop import Stage
from attunement.signals.patterns import Pattern


@dataclass(frozen=True, slots=True)
class Need:
    """One session that asks for a look, in one line."""

    dyad_id: str
    session_id: str
    signal_id: str
    client_code: str
    session_no: int
    held_on: date
    sentence: str
    to_raise: bool  # the therapist means to raise it


@dataclass(frozen=True, slots=True)
class DaySession:
    """A session of today."""

    session_id: str
    dyad_id: str
    client_code: str
    session_no: int
    modality: str
    your_form_open: bool


@dataclass(frozen=True, slots=True)
class Expected:
    """Somebody who usually comes on this weekday and has no session today yet."""

    dyad_id: str
    client_code: str
    last_held_on: date


@dataclass(frozen=True, slots=True)
class WaitingLoop:
    """A loop that waits: for the client's word, or, reopened, for a new conversation."""

    dyad_id: str
    client_code: str
    session_no: int
    stage: Stage
    change: str  # the client's words; empty where no change was agreed
    word: str  # what the client said last, as a code; empty
    turn: Turn = Turn.NEXT


@dataclass(frozen=True, slots=True)
class OpenForm:
    """A form of the therapist's own that is not in."""

    session_id: str
    client_code: str
    session_no: int
    held_on: date


@dataclass(frozen=True, slots=True)
class DayList:
    """A therapist's day: never more needs than the weekly budget."""

    today: date
    budget: int
    needs: tuple[Need, ...]
    n_put_off: int  # this week's questions that were put off
    n_listed: int  # found and not pushed
    sessions: tuple[DaySession, ...]
    expected: tuple[Expected, ...]
    waiting: tuple[WaitingLoop, ...]
    open_forms: tuple[OpenForm, ...]
    n_clients: int


@dataclass(frozen=True, slots=True)
class IntentNow:
    """What the therapist means to do with a question."""

    intent: str
    because: str
    reason: str | None  # None: the client was erased
    said_at: datetime


@dataclass(frozen=True, slots=True)
class NoMore:
    """A change that stood on three forms without a word, and is not asked about any more."""

    key: str
    session_no: int
    words: str | None


@dataclass(frozen=True, slots=True)
class AgreedNow:
    """What was agreed, and the client's last word on it."""

    session_no: int
    words: str | None
    said_at: datetime
    word: str  # "" while the client has not answered
    stage: Stage
    turn: Turn = Turn.NEXT
    no_more: tuple[NoMore, ...] = ()  # oldest first


@dataclass(frozen=True, slots=True)
class LastComment:
    """The newest words of the client that may be shown to the therapist."""

    session_no: int
    comment: Comment
    wish: str  # "" | "raise" | "dont_raise"


@dataclass(frozen=True, slots=True)
class Before:
    """What a therapist needs before a session."""

    dyad_id: str
    client_code: str
    client_name: str
    sentence: str  # empty where nothing asks for a look
    signal_id: str  # of the question behind the sentence; empty
    session_id: str  # that the question is about; empty
    session_no: int
    chart: Chart | None
    comment: LastComment | None
    agreed: AgreedNow | None
    intent: IntentNow | None
    validated: bool


@dataclass(frozen=True, slots=True)
class Together:
    """What two people look at. Nothing in it names anybody or comes from a private field."""

    dyad_id: str
    session_id: str  # that the conversation is about; empty where there is none yet
    chart: Chart | None
    both_lines: bool
    pattern: Pattern
    openers: tuple[str, ...]
    helps: dict[str, str]
    agreed: str | None  # the words in force for this session; "" where there are none
    already: tuple[str, ...]  # codes of what would help that were kept before
    would_help: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What the therapist wrote down about a session."""

    kind: str = ""
    type: str = ""
    target: str = ""
    moment: str = ""
    tried: tuple[str, ...] = ()
    put_right: int | None = None
    ask_client: bool = False


@dataclass(frozen=True, slots=True)
class After:
    """The page after a session."""

    session_id: str
    dyad_id: str
    session_no: int
    held_on: date
    client_code: str
    entry: Entry
    written_at: datetime | None


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One session in the ledger: each channel for itself."""

    session_id: str
    session_no: int
    held_on: date
    client_strain: float | None
    client_repair: float | None
    client_shown: bool  # whether the client's form may be seen at all
    strain_shown: bool  # whether its single answers may be
    therapist_named: bool
    therapist_strain: float | None
    entry: Entry | None
    dips: tuple[str, ...]  # titles of rules
    word: str  # the client's later word about this session; ""
    stage: Stage


@dataclass(frozen=True, slots=True)
class Ledger:
    """A dyad's ruptures and what became of them."""

    dyad_id: str
    client_code: str
    client_name: str
    rows: tuple[LedgerRow, ...]  # newest first
    ruptures: tuple[Rupture, ...]  # newest first
    tried: tuple[tuple[str, int], ...]  # code of a strategy, in how many sessions


@dataclass(frozen=True, slots=True)
class Closure:
    """How many loops were closed. ``n_clients`` decides whether a lead may see any of it."""

    n_asked: int  # loops that began in the time that counts, without those set aside
    n_set_aside: int  # of which the therapist said that it was something else
    n_raised: int
    n_talked: int
    n_agreed: int
    n_answered: int
    n_closed: int
    n_reopened: int  # that the client's word reopened and that are open now
    n_clients: int
    since: date
    until: date

    @property
    def rate(self) -> float | None:
        """Return closed over asked; None where nothing was asked."""
        return self.n_closed / self.n_asked if self.n_asked else None
