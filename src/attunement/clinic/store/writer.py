# SPDX-License-Identifier: Apache-2.0
"""One writer for a SQLite file in one process: a savepoint for each act, one commit for many.

Threads take turns on one connection, in the order in which they came. Each turn is a savepoint in
a transaction that is already open. Whoever ends a turn hands it to the next in line; the last in
line commits for all, and nobody's turn counts as kept before that commit returned.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from attunement.clinic.store.floor import FLOOR, Bell, Floor

MOST = 64  # acts in one commit
LONGEST = 0.025  # seconds after which a commit is no longer put off for those in line
QUEUE = 256  # acts in line; one more is refused at once
PATIENCE = 20.0  # seconds in line, as long as SQLite itself waits for another process
ALONE = 64  # acts that commit one by one after a commit that failed
_LINE, _INSIDE = 0, 1  # bytes of the turnstile's file
_SHORTEST, _LONGEST_PAUSE = 0.0002, 0.002  # seconds
_BUSY = "the store is busy: database is locked"


@dataclass(slots=True)
class _Group:
    """The acts of one transaction, and how it ended."""

    began: float
    n: int = 0
    kept: int = 0
    problem: BaseException | None = None
    ended: Bell = field(default_factory=Bell)


class Turnstile:
    """Turns between processes that share one file, in two locks that end with their process.

    SQLite's own wait for a lock asks again after ever longer sleeps, so that a busy process can
    keep the file from another for seconds. Whoever waits here holds the first lock while waiting
    for the second: the process that has just left cannot come back before.
    """

    def __init__(self, file: Path, *, floor: Floor = FLOOR) -> None:
        self._file, self._floor = file, floor
        self._handle: int | None = None

    def enter(self, patience: float) -> bool:
        """Wait for the turn; False when it did not come in time."""
        if self._handle is None:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._handle = os.open(self._file, flags, 0o600)
        until = time.monotonic() + patience
        if not self._lock(_LINE, until):
            return False
        try:
            return self._lock(_INSIDE, until)
        finally:
            fcntl.lockf(self._handle, fcntl.LOCK_UN, 1, _LINE)

    def leave(self) -> None:
        """Let the next process in; nothing happens to one that is not inside."""
        if self._handle is not None:
            fcntl.lockf(self._handle, fcntl.LOCK_UN, 1, _INSIDE)

    def _lock(self, which: int, until: float) -> bool:
        return self._free(which) or self._floor.without(self._ask, which, until)

    def _free(self, which: int) -> bool:
        try:
            fcntl.lockf(self._handle or 0, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, which)
        except OSError:
            return False
        return True

    def _ask(self, which: int, until: float) -> bool:
        pause = _SHORTEST
        while not self._free(which):
            if time.monotonic() >= until:
                return False
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        return True


class Writer:
    """Turns on one connection.

    Parameters
    ----------
    connect : callable
        Opens the connection: autocommit (``isolation_level`` None), usable from any thread.
    stale : callable
        Whether the file that was opened is no longer the one of that name.
    between : Turnstile, optional
        Where processes that share the file take turns.
    most, longest, queue, patience
        See the constants of this module.
    floor : Floor
        What a thread leaves to others while it waits.
    """

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        *,
        stale: Callable[[], bool] = lambda: False,
        between: Turnstile | None = None,
        most: int = MOST,
        longest: float = LONGEST,
        queue: int = QUEUE,
        patience: float = PATIENCE,
        floor: Floor = FLOOR,
    ) -> None:
        self._connect, self._stale, self._between = connect, stale, between
        self._most, self._longest = most, longest
        self._queue, self._patience = queue, patience
        self._floor = floor
        self._mutex = threading.Lock()  # around the three below, for moments only
        self._taken = False
        self._line: deque[Bell] = deque()
        # Only whoever holds the turn touches what follows.
        self._raw: sqlite3.Connection | None = None
        self._group: _Group | None = None
        self._alone = 0
        self.n_commits = 0

    @property
    def waiting(self) -> int:
        """Return how many acts are in line."""
        return len(self._line)

    def enter(self) -> sqlite3.Connection:
        """Wait for the turn and begin it; return the connection to work on until ``leave``.

        Raises
        ------
        sqlite3.OperationalError
            The line is full, or too slow, or another process holds the file. Nothing was begun.
        """
        self._take()
        try:
            raw, group = self._opened()
            raw.execute("SAVEPOINT act")
        except BaseException as problem:
            self._abandon(problem)
            self._give()
            raise
        group.n += 1
        return raw

    def leave(self, *, keep: bool) -> None:
        """End the turn: keep what was done, and wait until it is committed; or take it back.

        Raises
        ------
        sqlite3.Error
            Only with ``keep``: nothing of this act is stored, whoever ended the transaction.
        """
        raw, group = self._raw, self._group
        if raw is None or group is None:
            message = "a turn that was never begun cannot end"
            raise RuntimeError(message)
        try:
            self._end_act(raw, group, keep=keep)
        except BaseException as problem:  # noqa: BLE001 -- whatever it was, all of them are told
            self._abandon(problem)
        if self._group is None:
            self._give()
        elif not self._hand_on(group):
            self._commit(raw, group)
            self._give()
        if not keep:
            return
        self._floor.wait(group.ended)
        if group.problem is None:
            return
        if group.n == 1 and isinstance(group.problem, sqlite3.Error):
            raise type(group.problem)(*group.problem.args) from group.problem
        # Whose fault it was nobody can tell; sent again, each of them commits alone.
        message = f"the commit for {group.n} acts failed: {group.problem}"
        raise sqlite3.OperationalError(message) from group.problem

    def close(self) -> None:
        """Close the connection when nobody uses it; it is opened again when it is needed."""
        with self._mutex:
            if self._taken:
                return
            self._taken = True
        self._discard()
        self._give()

    def _take(self) -> None:
        with self._mutex:
            if not self._taken:
                self._taken = True
                return
            if len(self._line) >= self._queue:
                raise sqlite3.OperationalError(_BUSY)
            mine = Bell()
            self._line.append(mine)
        try:
            came = self._floor.wait(mine, self._patience)
        except BaseException:
            if not self._leave_line(mine):
                self._end_unused()
            raise
        if not came and self._leave_line(mine):
            raise sqlite3.OperationalError(_BUSY)

    def _leave_line(self, mine: Bell) -> bool:
        """Leave the line; False when the turn had come in the meantime."""
        with self._mutex:
            try:
                self._line.remove(mine)
            except ValueError:
                return False
            return True

    def _end_unused(self) -> None:
        """Pass on a turn that came to somebody who no longer wants it."""
        raw, group = self._raw, self._group
        if raw is not None and group is not None:
            if self._hand_on(group):
                return
            self._commit(raw, group)
        self._give()

    def _give(self) -> None:
        """Give the turn to the next in line, or to nobody."""
        with self._mutex:
            if self._line:
                self._floor.ring(self._line.popleft())
            else:
                self._taken = False

    def _hand_on(self, group: _Group) -> bool:
        """Give the turn to the next in line inside the open transaction, if it may still grow."""
        if self._alone or group.n >= self._most or time.monotonic() - group.began >= self._longest:
            return False
        with self._mutex:
            if not self._line:
                return False
            self._floor.ring(self._line.popleft())
            return True

    def _opened(self) -> tuple[sqlite3.Connection, _Group]:
        """Return the open transaction; begin one where there is none."""
        if self._raw is not None and self._group is not None:
            return self._raw, self._group
        if self._raw is not None and self._stale():
            self._discard()
        if self._raw is None:
            self._raw = self._connect()
        if self._between is not None and not self._between.enter(self._patience):
            raise sqlite3.OperationalError(_BUSY)
        self._raw.execute("BEGIN IMMEDIATE")
        self._group = _Group(began=time.monotonic())
        return self._raw, self._group

    @staticmethod
    def _end_act(raw: sqlite3.Connection, group: _Group, *, keep: bool) -> None:
        if not raw.in_transaction:
            message = "the transaction was taken back: the disk is full or failed"
            raise sqlite3.OperationalError(message)
        if not keep:
            raw.execute("ROLLBACK TO act")
        raw.execute("RELEASE act")
        group.kept += keep

    def _commit(self, raw: sqlite3.Connection, group: _Group) -> None:
        try:
            self._floor.without(raw.execute, "COMMIT" if group.kept else "ROLLBACK")
        except BaseException as problem:  # noqa: BLE001 -- whatever it was, all of them are told
            self._abandon(problem)
            return
        self._pass()
        self.n_commits += 1
        self._alone = max(0, self._alone - 1)
        self._group = None
        self._floor.ring(group.ended)

    def _abandon(self, problem: BaseException) -> None:
        """Take the whole transaction back and tell everybody in it."""
        group, self._group = self._group, None
        self._discard()  # closing takes back what was not committed
        self._pass()
        if group is not None:
            self._alone = ALONE
            group.problem = problem
            self._floor.ring(group.ended)

    def _pass(self) -> None:
        """Let another process have the file."""
        if self._between is not None:
            self._between.leave()

    def _discard(self) -> None:
        raw, self._raw = self._raw, None
        if raw is not None:
            raw.close()
