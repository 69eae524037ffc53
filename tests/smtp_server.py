# SPDX-License-Identifier: Apache-2.0
"""A mail server on this machine that behaves as badly as a test asks for."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Behaviour:
    """What the server does at the end of each mail, and what it took so far."""

    def __init__(self, *kinds: str) -> None:
        self.kinds = list(kinds)
        self.taken: list[bytes] = []
        self.recipients: list[bytes] = []
        self.port = 0
        self.met, self.held, self.go = threading.Event(), threading.Event(), threading.Event()

    def greet(self, kind: str) -> None:
        """Take the time that the kind takes before anything is said."""
        self.met.set()
        if kind == "slow":
            time.sleep(0.15)
        elif kind == "hold":
            self.hold()

    def hold(self) -> None:
        """Wait in the middle of a mail until a test says so."""
        self.held.set()
        self.go.wait(60)

    def next(self) -> str:
        return self.kinds.pop(0) if self.kinds else "take"


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        behaviour: Behaviour = self.server.behaviour  # type: ignore[attr-defined]
        kind = behaviour.next()
        if kind == "hang":
            time.sleep(3)
            return
        behaviour.greet(kind)
        self._say("220 synthetic ESMTP")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                self._say("250 synthetic")
            elif verb == b"RCPT" and kind == "refuse":
                self._say("550 5.1.1 no such person <canary@clinic.example>")
            elif verb == b"RCPT":
                behaviour.recipients.append(line.strip())
                self._say("250 ok")
            elif verb == b"DATA":
                self._data(behaviour, kind)
                if kind == "take, then cut":
                    return
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _data(self, behaviour: Behaviour, kind: str) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) and line != b".\r\n":
            lines.append(line)
        behaviour.taken.append(b"".join(lines))
        if kind == "drip":
            for _ in range(20):
                self.wfile.write(b"2")
                self.wfile.flush()
                time.sleep(0.2)
        elif kind == "take, then hold":
            behaviour.hold()
        elif kind != "take, then cut":
            self._say("250 2.0.0 Ok: queued as 4D9F1")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: the other side gave up on us, which is what the test is about."""


@contextmanager
def mail_server(*kinds: str) -> Iterator[Behaviour]:
    """Serve on a free port; each mail gets the next kind, and after those all are taken."""
    behaviour = Behaviour(*kinds)
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.behaviour = behaviour  # type: ignore[attr-defined]
        behaviour.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield behaviour
        finally:
            server.shutdown()
            thread.join(5)
