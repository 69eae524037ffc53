# SPDX-License-Identifier: Apache-2.0
"""``python -m rigs network``: forms sent through a network that cuts, delays, doubles and reorders.

A small proxy stands before a real server. Each request may be cut before it arrives, cut half way,
delivered with its reply lost, held back behind later ones, doubled at once, or come a second time
long after it was answered. The phone sends the same form until it is told that it was received.
"""

from __future__ import annotations

import argparse
import random
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

from rigs.clinic import Clinic
from rigs.journal import Journal, Verdict, judge
from rigs.options import Played, play
from rigs.postgres import Cluster
from rigs.submitting import NotAnsweredError, open_form

FAULTS = ("none", "cut_before", "cut_within", "reply_lost", "held", "doubled", "again_later")
TRIES = 60
PEOPLE = 8


class Proxy:
    """A TCP proxy for one request a connection, with a fault for each."""

    def __init__(self, target: int, *, seed: int) -> None:
        self.target, self.chance = target, random.Random(seed)
        self.played: Counter[str] = Counter()
        self.late: list[threading.Thread] = []
        self._lock = threading.Lock()
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self.socket.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections, and wait for what is still on its way."""
        self.socket.close()
        for thread in self.late:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                phone, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(phone,), daemon=True).start()

    def _serve(self, phone: socket.socket) -> None:
        with self._lock:
            fault = self.chance.choice(FAULTS)
            wait = self.chance.uniform(0.01, 0.3)
            share = self.chance.random()
            self.played[fault] += 1
        with closing(phone), suppress(OSError):
            phone.settimeout(20)
            request = _whole(phone)
            if fault == "cut_before":
                return
            if fault == "cut_within":
                self._send(request[: int(len(request) * share)], read=False)
                return
            if fault == "held":
                time.sleep(wait)
            if fault == "doubled":
                self._later(request, 0.0)
            if fault == "again_later":
                self._later(request, 1.0 + wait)
            reply = self._send(request)
            if fault != "reply_lost":
                phone.sendall(reply)

    def _later(self, request: bytes, wait: float) -> None:
        def deliver() -> None:
            time.sleep(wait)
            with suppress(OSError):
                self._send(request)

        thread = threading.Thread(target=deliver)
        self.late.append(thread)
        thread.start()

    def _send(self, request: bytes, *, read: bool = True) -> bytes:
        with closing(socket.create_connection(("127.0.0.1", self.target), timeout=20)) as server:
            server.sendall(request)
            parts = []
            while read and (part := server.recv(65536)):
                parts.append(part)
            return b"".join(parts)


def _whole(phone: socket.socket) -> bytes:
    """Return one request whole: its headers, and as much body as they announce."""
    text = b""
    while b"\r\n\r\n" not in text:
        part = phone.recv(65536)
        if not part:
            return text
        text += part
    head, _, body = text.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length and (part := phone.recv(65536)):
        body += part
    return head + b"\r\n\r\n" + body


def run(folder: Path, *, submits: int, store: str, seed: int) -> tuple[Verdict, Counter[str], int]:
    """Send so many forms; return the verdict, the faults that were played, and the tries."""
    cluster = Cluster(folder / "cluster") if store == "postgresql" else None
    if cluster is not None:
        cluster.make()
    clinic = Clinic(folder / "clinic", **({"database": cluster.address} if cluster else {}))
    journal, tries = Journal(), Counter[str]()
    try:
        tokens = clinic.links(submits)
        clinic.start()
        proxy = Proxy(clinic.port, seed=seed)

        def answer(token: str) -> None:
            form = open_form(clinic.port, token)
            form.phone.port = proxy.port
            journal.sending(form)
            for _ in range(TRIES):
                tries["sent"] += 1
                try:
                    form.send()
                except NotAnsweredError:
                    continue
                journal.received(form)
                return
            message = "a form did not arrive after many tries"
            raise RuntimeError(message)

        with ThreadPoolExecutor(PEOPLE) as people:
            list(people.map(answer, tokens))
        proxy.close()
        clinic.kill()
        return judge(clinic, journal), proxy.played, tries["sent"]
    finally:
        clinic.close()
        if cluster is not None:
            cluster.kill()


def main() -> int:
    """Run the rig; 1 when anything was lost or doubled."""
    return play("network", __doc__, _played, count=("submits", 1000))


def _played(folder: Path, given: argparse.Namespace) -> Played:
    verdict, played, tries = run(folder, submits=given.submits, store=given.store, seed=given.seed)
    faults = ", ".join(f"{name} {count}" for name, count in sorted(played.items()))
    return Played(
        f"sent {tries} times ({faults}); {verdict}",
        good=verdict.good and verdict.acknowledged == given.submits == verdict.stored,
        caught=not verdict.good,
    )
