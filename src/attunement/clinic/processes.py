# SPDX-License-Identifier: Apache-2.0
"""Several processes behind one listening socket: as many cores as a clinic may use."""

from __future__ import annotations

import _thread
import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable

_LOG = logging.getLogger("attunement.serve")
_SOONEST = 1.0  # seconds that a process lives at least before another takes its place


def run_many(count: int, serve: Callable[[int], None]) -> None:
    """Run ``serve(place)`` in ``count`` processes until one asks to stop; replace those that die.

    Parameters
    ----------
    count : int
        How many; they take the places 0 to ``count - 1``.
    serve : callable
        Serves until interrupted. Called in a process of its own, forked from this one before it
        has any thread or any connection to the store.
    """
    read, write = os.pipe()  # held open by this process alone: its end is the children's
    places: dict[int, int] = {}
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True
        for child in places:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGINT)

    def start(place: int) -> None:
        child = os.fork()
        if child == 0:
            os.close(write)
            _serve(serve, place, read)  # never returns
        places[child] = place

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    for place in range(count):
        start(place)
    while places:
        began = time.monotonic()
        child, status = os.wait()
        place = places.pop(child, -1)
        if place < 0 or stopping:
            continue
        _LOG.error("a serving process ended (%s); another takes its place", status)
        time.sleep(max(0.0, _SOONEST - (time.monotonic() - began)))
        if not stopping:
            start(place)


def _serve(serve: Callable[[int], None], place: int, read: int) -> None:
    """Serve in a forked process, and end with it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_end_with_parent, args=(read,), daemon=True).start()
    code = 1
    try:
        serve(place)
        code = 0
    except KeyboardInterrupt:
        code = 0
    except Exception:  # noqa: BLE001 -- it is logged, and another process takes the place
        _LOG.exception("a serving process broke")
    finally:
        logging.shutdown()
        os._exit(code)


def _end_with_parent(read: int) -> None:
    os.read(read, 1)  # returns when the parent is gone, however it ended
    _thread.interrupt_main()
