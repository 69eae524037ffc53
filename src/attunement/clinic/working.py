# SPDX-License-Identifier: Apache-2.0
"""The worker's loop: a thread beside the web server, or a process of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import close_old_connections, connection
from django.utils import timezone

from attunement.clinic.services.reminders import channels, remind
from attunement.clinic.services.risk import Worker

EVERY_SECONDS = 5.0
REMIND_SECONDS = 60.0
_LOG = logging.getLogger("attunement.serve.worker")


def work(stop: threading.Event, *, make: Callable[[], Worker] = Worker) -> None:
    """Do rounds until told to stop. A round that goes wrong is logged, and the next one begins."""
    worker = make()
    while not stop.is_set():
        close_old_connections()
        try:
            worker.round()
        except Exception:  # noqa: BLE001 -- nothing may end the loop that tells people
            _LOG.exception("a round of the worker went wrong; the next one begins anew")
            connection.close()
        stop.wait(EVERY_SECONDS)
    connection.close()


def remind_on(stop: threading.Event) -> None:
    """Send reminders until told to stop; apart from the worker, so that no alert waits for them."""
    while not stop.wait(REMIND_SECONDS):
        close_old_connections()
        try:
            remind(now=timezone.now())
        except Exception:  # noqa: BLE001 -- a reminder that fails is tried again
            _LOG.exception("reminders went wrong; they are tried again in a minute")
            connection.close()
    connection.close()


def start_worker() -> Callable[[], None]:
    """Start the worker beside the web server; return what ends it after its round."""
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(stop,), name="attunement-worker", daemon=True)
    thread.start()
    if channels():
        threading.Thread(
            target=remind_on, args=(stop,), name="attunement-reminders", daemon=True
        ).start()

    def end() -> None:
        stop.set()
        thread.join(EVERY_SECONDS)

    return end
