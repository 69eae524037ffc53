# SPDX-License-Identifier: Apache-2.0
"""The rupture ledger: who noticed what, session by session, and what became of each rupture.

Four channels lie side by side and are never made into one number: the client's tick, the
therapist's tick, the statistical dip, the observer's code. What a person named opens a rupture; a
dip alone is a question. That it is put right is told twice as well: once by each chair.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

NAMED_FROM = 2.0  # strain, of 0-6, from which a form names a rupture
RIGHT_FROM = 3.0  # repair, of 0-4, from which it counts as put right


class Word(StrEnum):
    """What the client said, on a later form, to "was that put right?"."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"
    NOTHING = "nothing"  # nothing had gone wrong


class State(StrEnum):
    """Where a rupture stands, with whose word it stands there."""

    OPEN = "open"
    PUT_RIGHT_UNCONFIRMED = "put_right_unconfirmed"  # by the therapist's account alone
    CONFIRMED = "confirmed"  # the client says that it is put right
    NOT_SO = "not_so"  # the client says that nothing had gone wrong


@dataclass(frozen=True, slots=True)
class Marks:
    """One session, as each channel noticed it. None: this channel has nothing to say.

    Parameters
    ----------
    session_no, day : int
        The session and its day, on any scale that counts days.
    client_strain, client_repair : float or None
        Strain 0-6 and repair 0-4 of the client's own form.
    therapist_named : bool
        A rupture or strain, in an entry, on the own form or as an answer to a signal.
    therapist_right : float or None
        How far the therapist says it was put right, 0-4.
    dips : tuple of str
        Rules that ask about this session.
    word : Word or None
        The client's later word about this session.
    word_at, word_day : int or None
        The session on whose form that word came, and its day.
    """

    session_no: int
    day: int
    client_strain: float | None = None
    client_repair: float | None = None
    therapist_named: bool = False
    therapist_right: float | None = None
    dips: tuple[str, ...] = ()
    word: Word | None = None
    word_at: int | None = None
    word_day: int | None = None

    @property
    def client_named(self) -> bool:
        """Whether the client's own form names a strain that counts."""
        return self.client_strain is not None and self.client_strain >= NAMED_FROM

    @property
    def named(self) -> bool:
        """Whether a person named it; a dip is a question and names nothing."""
        return self.client_named or self.therapist_named


@dataclass(frozen=True, slots=True)
class Rupture:
    """A rupture from its first session until a person says that it is put right.

    ``to_repair`` and ``days_to_repair`` count from the first session to the client's word, 0 within
    the same session; ``to_repair_therapist`` to the therapist's. None while there is no such word.
    """

    first: int
    last: int  # the last session in which it was named
    state: State
    by_client: bool
    by_therapist: bool
    to_repair: int | None = None
    days_to_repair: int | None = None
    to_repair_therapist: int | None = None
    days_to_repair_therapist: int | None = None
    asked: bool = False  # the client said something to the question, whatever it was

    @property
    def is_open(self) -> bool:
        """Whether nobody says that it is put right."""
        return self.state is State.OPEN

    @property
    def unconfirmed(self) -> bool:
        """Whether the client's word is missing."""
        return self.state in (State.OPEN, State.PUT_RIGHT_UNCONFIRMED)


@dataclass(slots=True)
class _Running:
    """A rupture while it is being read."""

    first: Marks
    last: Marks
    client: bool = False
    therapist: bool = False
    right: Marks | None = None  # the session in which the therapist says it was put right
    word: Word | None = None
    word_at: int = 0
    word_day: int = 0
    asked: bool = False
    seen: list[int] = field(default_factory=list)


def ruptures(marks: Sequence[Marks]) -> tuple[Rupture, ...]:
    """Return a dyad's ruptures, oldest first.

    Parameters
    ----------
    marks : sequence of Marks
        Every session that may be shown, in order of its number.

    Returns
    -------
    tuple of Rupture
        A session that a person names opens a rupture, or belongs to the one that is open. The
        client's word ends it: the own form's repair of ``RIGHT_FROM`` or more (less says that it is
        not put right), or "yes" or "nothing had gone wrong" when asked later. The therapist's
        account of ``RIGHT_FROM`` or more leaves it unconfirmed, and what is named after that is a
        new one.

    Notes
    -----
    Thresholds are the alliance check's own heuristics; not validated.
    """
    found: list[_Running] = []
    for one in marks:
        running = found[-1] if found and _goes_on(found[-1], one) else None
        if one.named:
            if running is None:
                running = _Running(first=one, last=one)
                found.append(running)
            _name(running, one)
        if running is not None:
            _hear(running, one)
    return tuple(_ended(running) for running in found)


def _goes_on(running: _Running, one: Marks) -> bool:
    """Whether a rupture can still take in a session."""
    if running.word in (Word.YES, Word.NOTHING) and running.word_at <= one.session_no:
        return False
    return running.right is None or not one.named


def _name(running: _Running, one: Marks) -> None:
    running.last = one
    running.client = running.client or one.client_named
    running.therapist = running.therapist or one.therapist_named
    running.seen.append(one.session_no)
    # Named anew: what was said before about being put right is not the last word any more.
    if running.word is not None and running.word_at < one.session_no:
        running.word = None


def _hear(running: _Running, one: Marks) -> None:
    """Take in what a session says about being put right."""
    if one.therapist_right is not None and one.therapist_right >= RIGHT_FROM:
        running.right = running.right or one
    if one.client_repair is not None:
        running.asked = True
        said = Word.YES if one.client_repair >= RIGHT_FROM else Word.NO
        _say(running, said, one.session_no, one.day)
    if one.word is not None and one.session_no in running.seen:
        running.asked = True
        at = one.session_no if one.word_at is None else one.word_at
        _say(running, one.word, at, one.day if one.word_day is None else one.word_day)


def _say(running: _Running, word: Word, at: int, day: int) -> None:
    if running.word is None or at >= running.word_at:
        running.word, running.word_at, running.word_day = word, at, day


def _ended(running: _Running) -> Rupture:
    first = running.first
    confirmed = running.word is Word.YES
    right = running.right
    return Rupture(
        first=first.session_no,
        last=running.last.session_no,
        state=_state(running),
        by_client=running.client,
        by_therapist=running.therapist,
        to_repair=running.word_at - first.session_no if confirmed else None,
        days_to_repair=running.word_day - first.day if confirmed else None,
        to_repair_therapist=None if right is None else right.session_no - first.session_no,
        days_to_repair_therapist=None if right is None else right.day - first.day,
        asked=running.asked,
    )


def _state(running: _Running) -> State:
    if running.word is Word.YES:
        return State.CONFIRMED
    if running.word is Word.NOTHING:
        return State.NOT_SO
    right = running.right
    if right is not None and (running.word is None or right.session_no > running.word_at):
        return State.PUT_RIGHT_UNCONFIRMED
    return State.OPEN
