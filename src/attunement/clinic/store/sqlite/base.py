# SPDX-License-Identifier: Apache-2.0
"""Django's SQLite connection, whose transactions are turns of the process's one writer.

Nothing above has to know: an outermost ``transaction.atomic()`` waits for its turn, works on the
writer's connection inside a savepoint, and returns once the writer has committed. Reads outside a
transaction stay on the thread's own connection and wait for nobody.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base as django_sqlite3
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper
from django.db.transaction import atomic

from attunement.clinic.store.writer import Turnstile, Writer

_REGISTRY = threading.Lock()
_WRITERS: dict[str, Writer] = {}
_OPEN: dict[str, weakref.WeakSet[DatabaseWrapper]] = {}


_SHARED: list[bool] = []  # not empty: other processes write to the same file


def share_the_file() -> None:
    """Take turns with other processes of the same command; before the first connection."""
    _SHARED.append(True)


def _forget() -> None:
    """Forget the parent's connections: SQLite must not be carried over a fork."""
    global _REGISTRY  # noqa: PLW0603 -- a child begins anew
    _REGISTRY = threading.Lock()
    _WRITERS.clear()
    _OPEN.clear()


os.register_at_fork(after_in_child=_forget)


class FollowingCursor(CursorWrapper):
    """A cursor that follows its wrapper: what it runs, runs in the transaction of that moment.

    Code may open a cursor, begin a transaction and write with the cursor that it has (Django's
    own cache does). That cursor is of another connection than the transaction.
    """

    def _execute(self, sql: str, params: Any, *ignored: Any) -> Any:
        self._follow()
        return super()._execute(sql, params, *ignored)  # type: ignore[misc] # Django's, which its stubs leave out

    def _executemany(self, sql: str, param_list: Any, *ignored: Any) -> Any:
        self._follow()
        return super()._executemany(sql, param_list, *ignored)  # type: ignore[misc] # Django's, which its stubs leave out

    def _follow(self) -> None:
        now = self.db.connection
        ended = getattr(self.cursor, "ended", False) or self.cursor.connection is not now
        if now is not None and ended:
            with self.db.wrap_database_errors:
                self.cursor = self.db.create_cursor()


class FollowingDebugCursor(FollowingCursor, CursorDebugWrapper):
    """The same, keeping a list of queries."""


class DatabaseWrapper(django_sqlite3.DatabaseWrapper):
    """A thread's connection; its transactions run on the connection of the file's writer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._own: Any = None  # this thread's connection while it works on the writer's
        self._writer: Writer | None = None  # whose turn this thread has
        self._cursors: list[weakref.ref[Any]] = []  # opened on the writer's connection
        self._looks = False
        self._unchecked = False

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Open this thread's own connection."""
        made = super().get_new_connection(conn_params)
        with _REGISTRY:
            _OPEN.setdefault(self._name, weakref.WeakSet()).add(self)
        return made

    @property
    def _name(self) -> str:
        return str(self.settings_dict["NAME"])

    @property
    def writer(self) -> Writer:
        """Return the writer of this connection's file."""
        with _REGISTRY:
            found = _WRITERS.get(self._name)
            if found is None:
                found = _WRITERS[self._name] = self._new_writer()
            return found

    def _new_writer(self) -> Writer:
        opened: list[tuple[int, int]] = []
        file = Path(self._name)
        plain = django_sqlite3.DatabaseWrapper(dict(self.settings_dict), self.alias)

        def connect() -> sqlite3.Connection:
            raw: sqlite3.Connection = plain.get_new_connection(plain.get_connection_params())
            raw.isolation_level = None  # transactions begin and end by statements of the writer
            opened[:] = [_identity(file)]
            return raw

        between = Turnstile(file.with_name(f"{file.name}-turn")) if _SHARED else None
        return Writer(connect, stale=lambda: opened != [_identity(file)], between=between)

    def _start_transaction_under_autocommit(self) -> None:
        if self._looks:
            with self.wrap_database_errors:
                self.connection.execute("BEGIN DEFERRED")
            return
        if self.is_in_memory_db() or self._unchecked:
            super()._start_transaction_under_autocommit()  # type: ignore[misc] # Django's, which its stubs leave out
            return
        writer = self.writer
        with self.wrap_database_errors:
            raw = writer.enter()
        self._writer, self._own, self.connection = writer, self.connection, raw

    def _leave(self) -> Writer | None:
        """Come back to this thread's own connection; return the writer whose turn is to end.

        Cursors of the turn are closed: nobody goes on reading where others write.
        """
        writer, self._writer = self._writer, None
        if writer is not None:
            for each in self._cursors:
                cursor = each()
                if cursor is not None:
                    cursor.close()
                    cursor.ended = True
            self._cursors.clear()
            self.connection, self._own = self._own, None
        return writer

    def _commit(self) -> None:
        writer = self._leave()
        if writer is None:
            super()._commit()  # type: ignore[misc] # Django's, which its stubs leave out
            return
        with self.wrap_database_errors:
            writer.leave(keep=True)

    def _rollback(self) -> None:
        writer = self._leave()
        if writer is None:
            super()._rollback()  # type: ignore[misc] # Django's, which its stubs leave out
            return
        with self.wrap_database_errors:
            writer.leave(keep=False)

    def _close(self) -> None:
        writer = self._leave()
        try:
            if writer is not None:
                writer.leave(keep=False)
        finally:
            super()._close()  # type: ignore[misc] # Django's, which its stubs leave out
            self._close_writer()

    def _close_writer(self) -> None:
        """Close the writer's connection too when this was the last one to the file."""
        with _REGISTRY:
            others = _OPEN.get(self._name, weakref.WeakSet())
            others.discard(self)
            writer = None if len(others) else _WRITERS.get(self._name)
        if writer is not None:
            writer.close()

    def ask(self, text: str, values: Sequence[Any]) -> tuple[list[Any], int]:
        """Run one statement with ``?`` for each value; return its rows, and how many changed."""
        self.validate_no_broken_transaction()
        if self.connection is None:
            self.ensure_connection()
        with self.wrap_database_errors:
            self._refuse_taken_back()
            cursor = self.connection.execute(text, values)
            try:
                return cursor.fetchall(), cursor.rowcount
            finally:
                cursor.close()

    @property
    def takes_turns(self) -> bool:
        """Return whether transactions wait for a turn."""
        return not (self.is_in_memory_db() or self._unchecked)

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """Read one state of the store without a turn, and without Django's own transactions.

        Between two statements a commit would empty this connection's cache of pages.
        """
        self.ensure_connection()
        own = self.connection
        with self.wrap_database_errors:
            own.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            own.rollback()

    def says_the_same(self, asked: Sequence[tuple[str, Sequence[Any], list[Any]]]) -> bool:
        """Return whether the store answers each statement with the rows that it once gave."""
        with self.wrap_database_errors:
            self._refuse_taken_back()
            execute = self.connection.execute
            return all(execute(text, values).fetchall() == rows for text, values, rows in asked)

    def _refuse_taken_back(self) -> None:
        if self._writer is not None and not self.connection.in_transaction:
            message = "the transaction was taken back: the disk is full or failed"
            raise sqlite3.OperationalError(message)

    def create_cursor(self, name: str | None = None) -> Any:
        """Return a cursor; none in a transaction that SQLite took back, as on a full disk."""
        self._refuse_taken_back()
        made = super().create_cursor(name)
        if self._writer is not None:
            self._cursors.append(weakref.ref(made))
        return made

    def make_cursor(self, cursor: Any) -> Any:
        """Return Django's cursor around SQLite's."""
        return FollowingCursor(cursor, self)

    def make_debug_cursor(self, cursor: Any) -> Any:
        """Return Django's cursor that keeps a list of queries."""
        return FollowingDebugCursor(cursor, self)

    def disable_constraint_checking(self) -> bool:
        """Switch foreign keys off, which holds for one connection: stay on this thread's own."""
        self._unchecked = super().disable_constraint_checking()
        return self._unchecked

    def enable_constraint_checking(self) -> None:
        """Switch foreign keys on again."""
        super().enable_constraint_checking()
        self._unchecked = False

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Read one state of the store, on this thread's own connection and without a turn."""
        self._looks = True
        try:
            with atomic(using=self.alias):
                yield
        finally:
            self._looks = False


def _identity(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return (0, 0)
    return found.st_dev, found.st_ino
