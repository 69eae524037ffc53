# SPDX-License-Identifier: Apache-2.0
"""The outside monitor is asked at the configured host, once, and nowhere else."""

from __future__ import annotations

import dataclasses
import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from attunement.clinic.services.risk import beat


class _Asked(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.seen.append(self.path)  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def monitor() -> Iterator[Any]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Asked) as server:
        server.seen, server.status = [], 200  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)


def configure(settings: Any, url: str) -> None:
    rule = dataclasses.replace(settings.ATTUNEMENT.risk, monitor_url=url)
    settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, risk=rule)


def test_monitor_is_asked_once_with_path_and_query(settings: Any, monitor: Any) -> None:
    configure(settings, f"http://127.0.0.1:{monitor.server_address[1]}/ping/abc?rid=1")
    assert beat.ping_monitor()
    assert monitor.seen == ["/ping/abc?rid=1"]


def test_redirect_is_not_followed_and_proxies_are_not_asked(
    settings: Any, monitor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monitor.status = 302
    configure(settings, f"http://127.0.0.1:{monitor.server_address[1]}/ping")
    assert not beat.ping_monitor()
    assert monitor.seen == ["/ping"]


def test_monitor_that_is_not_there_is_only_noted(
    settings: Any, monitor: Any, caplog: pytest.LogCaptureFixture
) -> None:
    configure(settings, "http://127.0.0.1:1/canary-token")
    assert not beat.ping_monitor()
    assert "did not answer" in caplog.text
    assert "canary-token" not in caplog.text
    assert monitor.seen == []


def test_without_an_address_nothing_is_asked(settings: Any) -> None:
    configure(settings, "")
    assert not beat.ping_monitor()
