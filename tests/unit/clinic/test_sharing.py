# SPDX-License-Identifier: Apache-2.0
"""Connections are shared out between processes; made with a server that counts."""

from __future__ import annotations

from typing import Any

import pytest
from waitress.server import BaseWSGIServer

from attunement.clinic import sharing
from attunement.clinic.sharing import A_MOMENT, Shares, take_share


class _Server(BaseWSGIServer):  # type: ignore[misc] # waitress ships no types
    def __init__(self) -> None:
        self.active_channels: dict[int, object] = {}

    def handle_accept(self) -> None:
        self.active_channels[len(self.active_channels)] = object()


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return what was slept; sleeping is what lets time go on."""
    slept: list[float] = []
    monkeypatch.setattr(sharing.time, "sleep", slept.append)
    monkeypatch.setattr(sharing.time, "monotonic", lambda: sum(slept))
    return slept


def _server(shares: Shares, place: int) -> Any:
    made = _Server()
    take_share({1: made}, shares, place)
    return made


def test_whoever_holds_more_waits_a_moment_and_takes_what_nobody_else_took(
    naps: list[float],
) -> None:
    shares = Shares(2)
    first = _server(shares, 0)
    first.handle_accept()
    assert naps == []
    first.handle_accept()
    assert sum(naps) >= A_MOMENT
    assert len(first.active_channels) == 2


def test_whoever_holds_no_more_than_others_takes_at_once(naps: list[float]) -> None:
    shares = Shares(2)
    first, second = _server(shares, 0), _server(shares, 1)
    for server in (first, second, first, second):
        server.handle_accept()
    assert naps == []


def test_a_process_that_begins_anew_holds_nothing() -> None:
    shares = Shares(2)
    assert shares.tell(0, 3)
    assert not shares.tell(1, 3)
    _server(shares, 0)
    assert shares.tell(1, 1)
