# SPDX-License-Identifier: Apache-2.0
"""Processes behind one listening socket: each takes its share of the connections.

All of them wake when somebody connects, and whoever is first takes it; a few clients that keep
their connections can so end up with one process while the other is idle. Whoever holds more waits
a moment before it takes one more.
"""

from __future__ import annotations

import mmap
import time
from typing import Any

from waitress.server import BaseWSGIServer

A_MOMENT = 0.02  # seconds that whoever holds more leaves to the others, at most
_STEP = 0.002
_BYTES = 4  # of one number


class Shares:
    """How many connections each process holds, in memory that processes forked later share."""

    def __init__(self, processes: int) -> None:
        self._held = memoryview(mmap.mmap(-1, _BYTES * processes)).cast("I")

    def tell(self, place: int, held: int) -> bool:
        """Note how many connections a process holds; return whether another holds fewer."""
        self._held[place] = held
        return min(self._held) < held


def take_share(listeners: dict[int, Any], shares: Shares, place: int) -> None:
    """Let the listeners of a server's map take no more than their share of connections.

    Parameters
    ----------
    listeners : dict
        The server's map.
    shares : Shares
        Of all processes that listen on the same socket.
    place : int
        Of this process among them.
    """
    for each in list(listeners.values()):
        if isinstance(each, BaseWSGIServer):
            each.handle_accept = _polite(each, shares, place)


def _polite(server: Any, shares: Shares, place: int) -> Any:
    accept = server.handle_accept

    def handle_accept() -> None:
        until = time.monotonic() + A_MOMENT
        while shares.tell(place, len(server.active_channels)) and time.monotonic() < until:
            time.sleep(_STEP)
        accept()  # nothing happens where another has taken it
        shares.tell(place, len(server.active_channels))

    shares.tell(place, 0)
    return handle_accept
