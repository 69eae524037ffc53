# SPDX-License-Identifier: Apache-2.0
"""The worker's loop: a thread beside the web server, or a process of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import close_old_connections, connection

from attunement.clinic.services.risk import Worker

EVERY_SECONDS = 5.0
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


def start_worker() -> Callable[[], None]:
    """Start the worker beside the web server; return what ends it after its round."""
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(stop,), name="attunement-worker", daemon=True)
    thread.start()

    def end() -> None:
        stop.set()
        thread.join(EVERY_SECONDS)

    return end
