# SPDX-License-Identifier: Apache-2.0
"""What the services about signals and rules hand to the pages: frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from attunement.clinic.services.results import ShownSignal
from attunement.signals.audit import RuleAudit, WhatIf


@dataclass(frozen=True, slots=True)
class ListedSignal:
    """One session's question in one line."""

    signal_id: str
    client_code: str
    session_no: int
    held_on: date
    question: str
    sentence: str
    title: str
    n_more: int  # further rules that ask about the same session


@dataclass(frozen=True, slots=True)
class SignalList:
    """A therapist's week: what is asked within the budget, and everything else that was found."""

    monday: date
    budget: int
    n_taken: int
    shown: tuple[ListedSignal, ...]
    listed: tuple[ListedSignal, ...]
    older: tuple[ListedSignal, ...]
    rate_sentence: str  # which null rate follows from budget and caseload today, if any


@dataclass(frozen=True, slots=True)
class Said:
    """What one chair said about a signal."""

    answer: str
    reason: str
    said_at: datetime


@dataclass(frozen=True, slots=True)
class SignalWhy:
    """Everything a person needs to check one signal, and what was said about it."""

    shown: ShownSignal
    dyad_id: str
    session_id: str
    client_code: str
    held_on: date
    setting_no: int
    model_version: str
    rate_sentence: str
    probability: float | None
    threshold: float | None
    others: tuple[ListedSignal, ...]  # other rules about the same session
    therapist_said: Said | None
    client_said: Said | None
    client_marked: float | None  # the strain that the client's own form of this session names
    marked_maximum: float
    client_later: str = ""  # the client's own word on a later form, whether it is put right


@dataclass(frozen=True, slots=True)
class AuditedRule:
    """One rule version with its words; ``counts`` is None where too few clients stand behind it."""

    rule_id: str
    rule_version: str
    title: str
    counts: RuleAudit | None


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One line of a rule's history."""

    number: int
    null_rate: float
    horizon: int
    note: str
    set_by: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class RuleAuditPage:
    """The rules of a practice over everybody together, and the settings so far."""

    rules: tuple[AuditedRule, ...]
    fewest_clients: int
    history: tuple[SettingRow, ...]


@dataclass(frozen=True, slots=True)
class LookBack:
    """A threshold tried on the past, beside the one in force; None where too few clients."""

    rule_id: str
    rule_version: str
    title: str
    now_rate: float
    tried_rate: float
    horizon: int
    as_is: WhatIf | None
    tried: WhatIf | None
    n_clients: int
    fewest_clients: int
