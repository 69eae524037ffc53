# SPDX-License-Identifier: Apache-2.0
"""The floor: of the threads that answer requests one works at a time, until it has to wait.

Python runs one thread at a time anyway, but lets each that comes back from SQLite fight for its
lock, some forty times in a form. Here a thread has the floor until it waits: for its turn to write,
for another process, for a commit. Whoever comes back from such a wait goes before whoever begins.

Nobody depends on the manners of others. Whoever has had the floor for ``LONGEST`` is late, and
while anybody is late nobody waits for the floor at all. So a page that reads for seconds, a
password that is hashed, a letter that is sent and threads that wait for each other hold up the
others once, for that long; after that they share the processor as threads do.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

LONGEST = 0.05  # seconds; a form takes a tenth of it
_LOOK_AGAIN = 0.1  # seconds between two looks at who holds up those that a bell called
_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


class _Place:
    """Somebody who waits; ``thread`` is 0 for one that comes back without the floor."""

    __slots__ = ("called", "lock", "thread")

    def __init__(self, thread: int) -> None:
        self.called = False  # by the bell; the floor is still to come
        self.thread = thread
        self.lock = threading.Lock()
        self.lock.acquire()


class Bell:
    """Something that happens once, for which threads wait by ``Floor.wait``."""

    __slots__ = ("rung", "waiting")

    def __init__(self) -> None:
        self.rung = False
        self.waiting: list[_Place] = []


class Floor:
    """What one thread has at a time. For a thread that never took it these waits are plain ones.

    Parameters
    ----------
    longest : float
        Seconds after which whoever has it is late.
    """

    def __init__(self, *, longest: float = LONGEST) -> None:
        self._longest = longest
        self._mutex = threading.Lock()  # around all below and every bell, for moments only
        self._holder = 0  # a thread's identifier; 0: nobody, and then nobody waits
        self._since = 0.0
        self._late: set[int] = set()  # while there is one, nobody waits
        self._first: deque[_Place] = deque()  # came back from a wait
        self._then: deque[_Place] = deque()

    @property
    def waiting(self) -> int:
        """Return how many threads wait for the floor."""
        return len(self._first) + len(self._then)

    def take(self, *, first: bool = False) -> None:
        """Have the floor as soon as it is free, or go on without it while somebody is late."""
        me = threading.get_ident()
        with self._mutex:
            if not self._holder:
                self._holder, self._since = me, time.monotonic()
                return
            if self._late:
                return
            mine = _Place(me)
            (self._first if first else self._then).append(mine)
        pause = self._longest
        while not mine.lock.acquire(timeout=pause):
            pause = self._look()

    def give(self) -> bool:
        """Let the next one have the floor; return whether it was this thread's to give."""
        with self._mutex:
            return self._leave(threading.get_ident())

    def without(
        self, wait: Callable[_Given, _Result], /, *args: _Given.args, **kwargs: _Given.kwargs
    ) -> _Result:
        """Return what a call returns that waits; others have the floor meanwhile."""
        had = self.give()
        try:
            return wait(*args, **kwargs)
        finally:
            if had:
                self.take(first=True)

    def wait(self, bell: Bell, patience: float | None = None) -> bool:
        """Wait until the bell was rung, and come back; False when it was not rung in time."""
        me = threading.get_ident()
        with self._mutex:
            if bell.rung:
                return True
            mine = _Place(me if self._leave(me) else 0)
            bell.waiting.append(mine)
        until = None if patience is None else time.monotonic() + patience
        pause = _until(until)
        while not mine.lock.acquire(timeout=pause):
            if until is not None and time.monotonic() >= until and self._gave_up(bell, mine):
                if mine.thread:
                    self.take(first=True)
                return False
            pause = self._look() if mine.called else _until(until)
        return True

    def ring(self, bell: Bell) -> None:
        """Call back everybody who waits for the bell, each as soon as the floor is free."""
        with self._mutex:
            bell.rung = True
            for place in bell.waiting:
                place.called = True
                if place.thread and not self._late:
                    self._first.append(place)
                else:
                    place.lock.release()
            bell.waiting.clear()
            if not self._holder:
                self._pass()

    def _gave_up(self, bell: Bell, mine: _Place) -> bool:
        with self._mutex:
            if bell.rung:
                return False
            bell.waiting.remove(mine)
            return True

    def _look(self) -> float:
        """Wait no more if the holder is late; return after how long to look again."""
        with self._mutex:
            left = self._since + self._longest - time.monotonic()
            if not self._holder or left > 0:
                return max(left, 0.0) or self._longest
            self._late.add(self._holder)
            self._holder = 0
            for line in (self._first, self._then):
                for place in line:
                    place.lock.release()
                line.clear()
            return self._longest

    def _leave(self, me: int) -> bool:
        if self._holder == me:
            self._pass()
            return True
        if me in self._late:
            self._late.remove(me)
            return True
        return False

    def _pass(self) -> None:
        line = self._first or self._then
        if not line:
            self._holder = 0
            return
        place = line.popleft()
        self._holder, self._since = place.thread, time.monotonic()
        place.lock.release()


def _until(until: float | None) -> float:
    """Return how long to wait for a bell before looking."""
    return _LOOK_AGAIN if until is None else max(0.0, min(_LOOK_AGAIN, until - time.monotonic()))


def one_at_a_time(application: Callable[..., Any], floor: Floor) -> Callable[..., Any]:
    """Return a WSGI application whose requests take the floor; what they send then needs none."""

    def answer(environ: Any, start_response: Any) -> Any:
        floor.take()
        try:
            return application(environ, start_response)
        finally:
            floor.give()

    return answer


FLOOR = Floor()  # of this process
