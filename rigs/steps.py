# SPDX-License-Identifier: Apache-2.0
"""Dying at the n-th step: before a statement, about a commit, or before a file is touched.

A clock hits long stretches and misses short ones. Between a commit and the file that must be
written before it lie microseconds; counting what a process asks of its database and its disk finds
them.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

DIES_AT, COUNTED = "RIG_DIES_AT", "RIG_COUNTED"  # in the environment of one process
_FILES = frozenset(
    {
        *("os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir"),
        *("subprocess.Popen", "socket.connect"),
    }
)
_WRITES = os.O_WRONLY | os.O_RDWR


class Steps:
    """Counts the steps of this process; at the chosen one the kernel kills it."""

    def __init__(self, last: int) -> None:
        self.taken, self.last = 0, last

    def step(self) -> None:
        """Take one step."""
        self.taken += 1
        if self.taken == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def _about(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*given: Any, **more: Any) -> Any:
            self.step()
            done = real(*given, **more)
            self.step()
            return done

        return stepped

    def watch(self) -> None:
        """Count from now on, whatever thread it is."""
        from django.db import connection  # noqa: PLC0415 -- after django.setup
        from django.db.backends.base.base import BaseDatabaseWrapper  # noqa: PLC0415

        def statement(execute: Any, *given: Any) -> Any:
            self.step()
            return execute(*given)

        def audited(event: str, given: tuple[Any, ...]) -> None:
            if event in _FILES or (event == "open" and (given[2] or 0) & _WRITES):
                self.step()

        connection.execute_wrappers.append(statement)
        BaseDatabaseWrapper._commit = self._about(BaseDatabaseWrapper._commit)  # noqa: SLF001 -- no other door
        os.fsync = self._about(os.fsync)
        sys.addaudithook(audited)


def watched() -> Callable[[], None]:
    """Count this process's steps if its environment asks for it; return what writes the sum."""
    if DIES_AT not in os.environ:
        return lambda: None
    steps = Steps(int(os.environ[DIES_AT]))
    steps.watch()
    into = os.environ.get(COUNTED, "")
    return lambda: bool(into) and Path(into).write_text(str(steps.taken), "ascii")
