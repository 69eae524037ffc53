# SPDX-License-Identifier: Apache-2.0
"""Working an act out before its turn to write.

On SQLite whoever has the turn keeps everybody else from writing. An act that reads, reckons and
then writes can do the first two before. `work_out` does the act once without a turn: it notes what
the store was asked and what it said, and keeps back the statements that would write. In the turn
the same questions are asked again. Where every answer is as it was, so is all that follows from
them, and the statements are run; where one is not, the act is done anew, as if nothing had been
worked out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections

_Result = TypeVar("_Result")


class NotAheadError(Exception):
    """The act does something that has to wait for its turn."""


@dataclass(slots=True)
class Notes:
    """What an act asked, with the answers, and what it would write, in order."""

    asked: list[tuple[str, Sequence[Any], list[Any]]] = field(default_factory=list)
    written: list[tuple[str, Sequence[Any]]] = field(default_factory=list)

    def run(self, ask: Callable[..., Any], text: str, values: Sequence[Any]) -> Any:
        """Ask the store, or keep a statement that writes for later; nobody knows its count yet."""
        if not text.startswith("SELECT"):
            self.written.append((text, values))
            return [], -1
        if self.written:
            message = "an act that reads what it wrote"
            raise NotAheadError(message)
        rows, count = ask(text, values)
        self.asked.append((text, values, rows))
        return rows, count


NOTES: ContextVar[Notes | None] = ContextVar("notes", default=None)


def work_out(act: Callable[[], _Result]) -> Callable[[], _Result]:
    """Do an act ahead of its turn; return what is to be called in the turn, for its result.

    Parameters
    ----------
    act : callable
        Reads and writes, by ``store.statements`` what is to count as worked out. Called a second
        time where something changed meanwhile, so it leaves no trace but in the store. Whatever
        it raises, it raises in the turn.

    Returns
    -------
    callable
        ``act`` itself where there are no turns (PostgreSQL, or inside a transaction), and where
        the act does something that cannot be worked out: a query of Django's own, or reading what
        it wrote.
    """
    opened: Any = connections[DEFAULT_DB_ALIAS]
    if opened.in_atomic_block or not getattr(opened, "takes_turns", False):
        return act
    notes = Notes()
    token = NOTES.set(notes)
    try:
        with opened.one_state(), opened.execute_wrapper(_refuse):
            result = act()
    except Exception:  # noqa: BLE001 -- a refusal, a fault: the act in its turn is what counts
        return act
    finally:
        NOTES.reset(token)

    def in_turn() -> _Result:
        if not opened.says_the_same(notes.asked):
            return act()
        for text, values in notes.written:
            opened.ask(text, values)
        return result

    return in_turn


def _refuse(*_: object) -> None:
    message = "a query that is not noted"
    raise NotAheadError(message)
