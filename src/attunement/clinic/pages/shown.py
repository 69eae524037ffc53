# SPDX-License-Identifier: Apache-2.0
"""Results of the services as the words that a page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils import timezone

from attunement.clinic.config.model import Words
from attunement.clinic.services import (
    CaseRow,
    Comment,
    ItemPair,
    Note,
    Revealed,
    SessionRow,
    SessionState,
    ShownSignal,
    Typed,
)

NO_RATE = (
    "This repeats what was marked on the form. It is somebody’s own word and not computed, so "
    "there is no rate by chance."
)
_NEWEST = 3  # lines of a note in view; earlier ones are folded
UNVALIDATED = (
    "Original form, not validated. Use it to open a conversation; "
    "do not use it to judge a therapist or to decide treatment."
)
MODALITIES = {"in_person": "in person", "video": "by video", "phone": "by phone"}
_NOT_HELD = {"cancelled": "cancelled", "missed": "missed"}
_STATES = {
    SessionState.NO_FORMS: "",
    SessionState.YOUR_FORM_OPEN: "not rated from your chair",
    SessionState.WAITING_FOR_CLIENT: "waiting for both",
    SessionState.BOTH_IN: "both in",
    SessionState.CLOSED: "closed to you",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of why a signal was raised."""

    term: str
    text: str


@dataclass(frozen=True, slots=True)
class SignalWords:
    """A signal for ``attunement/parts/signal.html``."""

    html_id: str
    question: str
    sentence: str
    facts: tuple[Fact, ...]
    no_rate: str = ""  # said in view where there is no rate by chance
    href: str = ""  # the page that holds its why and takes what became of it


@dataclass(frozen=True, slots=True)
class NoteWords:
    """A threshold beside the chart for ``attunement/parts/notes.html``."""

    html_id: str
    title: str
    rule: str
    rate: str
    cannot_tell: str
    lines: tuple[str, ...]
    earlier: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionWords:
    """A session in the list on a dyad's page."""

    session_id: str
    number: int
    facts: str


@dataclass(frozen=True, slots=True)
class ItemWords:
    """One item from both chairs, in words and numbers."""

    words: str
    client: str
    therapist: str
    mirrored: str = ""  # what the therapist was asked, where it is not the same


@dataclass(frozen=True, slots=True)
class CommentWords:
    """One chair's free text and whose it is."""

    who: str
    words: str


def day(value: date) -> str:
    """Return a date as it is said: ``12 November 2026``."""
    return f"{value.day} {value:%B %Y}"


def number(value: float) -> str:
    """Return a score with as many decimals as it needs, at most two."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def last_session(row: CaseRow, words: Words) -> str:
    """Return the last session of a dyad in one line."""
    if row.last_session_no is None or row.last_held_on is None:
        return f"No {words.session} yet"
    return f"{words.session.capitalize()} {row.last_session_no}, {day(row.last_held_on)}"


def gaps(row: CaseRow, words: Words) -> str:
    """Return what is missing from both chairs together; never which chair."""
    if not row.n_sessions or row.n_both_in == row.n_sessions:
        return ""
    return f"{row.n_both_in} of {row.n_sessions} {words.sessions} rated from both chairs"


def case_question(row: CaseRow) -> str:
    """Return a dyad's signals as one question where it has a place in the week, or nothing."""
    if not row.asked_this_week:
        return ""
    return "Has something shifted between you?"


def session_facts(row: SessionRow) -> str:
    """Return one session of a list in a few words."""
    parts = [day(row.held_on), MODALITIES.get(row.modality, row.modality)]
    if row.attended in _NOT_HELD:
        parts = [day(row.held_on), _NOT_HELD[row.attended]]
    elif _STATES[row.state]:
        parts.append(_STATES[row.state])
    return ", ".join(parts)


def signal(found: ShownSignal) -> SignalWords:
    """Return a signal's words: its question, and every line of its reason with the odds."""
    lines = [line.partition(": ") for line in found.why.splitlines() if line.strip()]
    facts = [Fact(term, text) for term, _, text in lines if text and term != "Question"]
    threshold = {fact.text for fact in facts if fact.term == "Threshold"}
    facts = [f for f in facts if f.term != "Formula" or not _same(f.text, threshold)]
    by_chance, _, like_this = found.null_sentence.partition("\n")
    odds = [Fact("By chance", by_chance)]
    if like_this:
        odds.append(Fact("With ratings like these", like_this))
    after = next((at + 1 for at, f in enumerate(facts) if f.term == "Threshold"), len(facts))
    return SignalWords(
        html_id=f"signal-{found.signal_id}",
        question=found.question,
        sentence=found.sentence,
        facts=(*facts[:after], *odds, *facts[after:]),
        no_rate=_no_rate(found),
        href=reverse("signal", args=[found.signal_id]),
    )


def _no_rate(found: ShownSignal) -> str:
    """Return why there is no rate by chance, where there is none."""
    return "" if found.null_rate is not None else NO_RATE


def note(found: Note) -> NoteWords:
    """Return a threshold beside the chart, its newest lines in view."""
    lines = tuple(line.sentence for line in found.lines)
    return NoteWords(
        html_id=f"note-{found.rule_id}",
        title=found.title,
        rule=f"Noted where {found.goes_by} ({found.rule_id}, version {found.rule_version}).",
        rate=found.rate,
        cannot_tell=found.cannot_tell,
        lines=lines[:_NEWEST],
        earlier=lines[_NEWEST:],
    )


def _same(formula: str, thresholds: set[str]) -> bool:
    """Return whether a formula says no more than the threshold above it."""
    return formula.removeprefix("flagged if ") in thresholds


CLOSED = "not to be seen"


def item(pair: ItemPair) -> ItemWords:
    """Return one item from both chairs; a skipped one says so, and so does one that is closed."""
    return ItemWords(
        words=pair.client_question,
        client=CLOSED if pair.client_closed else _answer(pair.client_value, pair.client_label),
        therapist=_answer(pair.therapist_value, pair.therapist_label),
        mirrored=pair.therapist_question if pair.therapist_question != pair.client_question else "",
    )


def _answer(value: float | None, label: str) -> str:
    if value is None:
        return "left out"
    return f"{number(value)} – {label}" if label else number(value)


def comment(found: Comment, people: Mapping[str, str]) -> CommentWords:
    """Return free text with the person it is from."""
    who = people.get(found.perspective, found.perspective)
    return CommentWords(who=f"{who}: {found.question}", words=found.text)


def totals(picture: Revealed) -> list[str]:
    """Return the reasons why a chair has no total; nothing when both have one."""
    found = []
    if _left_all_out(picture):
        found.append(
            f"The form of {picture.client_code} came, with every question below left out. It counts"
            " as a form that came, and asks nothing by itself."
        )
    if picture.client_total is None:
        found.append(f"No total for {picture.client_code}: {picture.client_reason}")
    if picture.therapist_total is None:
        found.append(f"No total from your chair: {picture.therapist_reason}")
    return found


def _left_all_out(picture: Revealed) -> bool:
    """Whether nothing of what may be seen of the client's form was answered."""
    answered = any(each.client_closed or each.client_value is not None for each in picture.items)
    wrote = any(each.perspective == "client" for each in picture.comments)
    return not answered and not wrote and picture.client_total is None


def typed(found: Typed | None) -> str:
    """Return who typed a sheet and who corrected it; empty for a form that was answered here."""
    if found is None:
        return ""
    first = f"Typed in from paper by {found.by} on {day(timezone.localdate(found.at))}."
    if found.corrected_at is None:
        return first
    when = day(timezone.localdate(found.corrected_at))
    return f"{first} Corrected by {found.corrected_by} on {when}; what was typed before is kept."
