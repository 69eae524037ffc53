# SPDX-License-Identifier: Apache-2.0
"""People who answer all the time, so that a fault always hits somebody."""

from __future__ import annotations

import queue
import threading
from collections import Counter

from rigs.journal import Journal
from rigs.submitting import NotAnsweredError, open_form


class Load:
    """Some threads that open links and send forms until told to stop."""

    def __init__(
        self, port: int, tokens: queue.SimpleQueue[str], journal: Journal, *, people: int
    ) -> None:
        self.port, self.tokens, self.journal = port, tokens, journal
        self.said: Counter[str] = Counter()  # what people got instead of a receipt
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self._answer, daemon=True) for _ in range(people)]

    def start(self) -> None:
        """Let everybody begin."""
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """Ask everybody to stop, and wait until they have."""
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def _answer(self) -> None:
        while not self.stopped.is_set():
            try:
                token = self.tokens.get_nowait()
            except queue.Empty:
                return
            try:
                form = open_form(self.port, token)
                self.journal.sending(form)
                form.send()
            except NotAnsweredError as problem:
                self.said[str(problem)] += 1
                self.stopped.wait(0.05)  # the server is gone; what was sent waits in the journal
                continue
            self.journal.received(form)


def send_waiting(journal: Journal, *, port: int) -> int:
    """Send again what got no answer, as a phone does when it is back; return how many arrived.

    A form that is turned away then stays in ``journal.waiting``: its link was acknowledged and is
    not there any more.
    """
    arrived = 0
    for form in list(journal.waiting.values()):
        form.phone.port = port
        try:
            form.send()
        except NotAnsweredError:
            continue
        journal.received(form)
        arrived += 1
    return arrived
