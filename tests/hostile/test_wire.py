# SPDX-License-Identifier: Apache-2.0
"""Bytes on a real socket that are no plain request (bad input 67 to 70)."""

from __future__ import annotations

import gzip
import re
import select
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler

from attunement.clinic.guard import wire
from attunement.clinic.serving import make_server

HOST = b"Host: 127.0.0.1\r\n"
HIDDEN = b"GET /healthz?hidden HTTP/1.1\r\n" + HOST + b"\r\n"  # a second request inside the first
IDLE_SECONDS = 1
BOMB = gzip.compress(b"\x00" * 10_000_000)


class Wire:
    """The clinic's web server as it is started, on a port of this machine; what reached Django."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        django = WSGIHandler()

        def noted(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
            target = f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}".rstrip("?")
            self.reached.append(f"{environ['REQUEST_METHOD']} {target}")
            return django(environ, start)

        self._server = make_server(
            noted, {"host": "127.0.0.1", "port": 0}, behind_proxy=False, idle_seconds=IDLE_SECONDS
        )
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()

    def close(self) -> None:
        def end() -> None:
            for each in list(self._server._map.values()):
                each.close()

        self._server.trigger.pull_trigger(end)  # in the server's own thread
        self._thread.join(timeout=20)
        self._server.task_dispatcher.shutdown()

    def say(self, *parts: bytes, pause: float = 0.0) -> tuple[list[int], bool]:
        """Send some bytes, stop when there is an answer; return statuses, and whether it closed."""
        self.reached.clear()
        with socket.create_connection(("127.0.0.1", self._server.effective_port)) as line:
            for part in parts:
                if select.select([line], [], [], pause)[0]:
                    break
                line.sendall(part)
            line.settimeout(5)
            heard, closed = b"", False
            while not closed:
                try:
                    came = line.recv(65536)
                except TimeoutError:
                    break
                except ConnectionResetError:  # the server closed with bytes of ours unread
                    came = b""
                heard, closed = heard + came, not came
        return [int(each) for each in re.findall(rb"HTTP/1\.[01] (\d{3})", heard)], closed


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the audit entries of forms that did not come from our page: there is no store here."""
    made: list[str] = []

    def record(*, action: str, **_: object) -> None:
        made.append(action)

    monkeypatch.setattr("attunement.clinic.guard.csrf.record_alone", record)
    return made


@pytest.fixture(scope="module")
def line() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.close()


def post(path: bytes, body: bytes, *headers: bytes, length: bool = True) -> bytes:
    """Return a POST after which the connection may close."""
    lines = [b"POST " + path + b" HTTP/1.1", HOST.strip(), b"Connection: close", *headers]
    if length:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*lines, b"", body])


def get(target: bytes, *headers: bytes, method: bytes = b"GET") -> bytes:
    """Return a request without a body after which the connection may close."""
    lines = [method + b" " + target + b" HTTP/1.1", HOST.strip(), b"Connection: close", *headers]
    return b"\r\n".join([*lines, b"", b""])


def test_row_68_a_plain_request_is_answered(line: Wire, noted: list[str]) -> None:
    """What the other tests here prove means something only if this holds."""
    assert line.say(get(b"/healthz")) == ([200], True)
    assert line.reached == ["GET /healthz"]
    chunks = b"7\r\ntoken=x\r\n0\r\n\r\n"
    sent = post(b"/healthz", chunks, b"Transfer-Encoding: chunked", length=False)
    assert line.say(sent) == ([403], True)  # read, and refused for another reason
    assert line.reached == ["POST /healthz"]
    assert noted == ["form.refused"]


@pytest.mark.parametrize(
    ("name", "status"), [("PUT", 403), ("DELETE", 403), ("PATCH", 403), ("ODD", 403),
                         ("CONNECT", 403), ("TRACE", 405), ("OPTIONS", 405), ("get", 400)],
)  # fmt: skip
def test_row_67_wrong_method_is_refused(
    line: Wire, noted: list[str], name: str, status: int
) -> None:
    # 403: it did not come from our page. What comes from there is 405: see tests/web.
    assert line.say(get(b"/c/open", method=name.encode())) == ([status], True)
    assert noted == ["form.refused"] * (status == 403)


@pytest.mark.usefixtures("noted")
def test_row_67_method_override_overrides_nothing(line: Wire) -> None:
    for name in (b"X-HTTP-Method-Override", b"X-HTTP-Method", b"X-Method-Override"):
        asked = get(b"/c/open?_method=POST", name + b": POST")
        assert line.say(asked) == ([405], True)
        # and a GET that pretends to be a POST is no way round the token of a form
        assert line.say(post(b"/c/", b"_method=GET", name + b": GET")) == ([403], True)


@pytest.mark.parametrize(
    "target",
    [b"/day/;jsessionid=1", b"/day;jsessionid=1/", b"/c/%2e%2e/day/", b"/c/../day/",
     b"/%2e%2e/day/", b"/c/..%2fday/", b"/c//form", b"/c/form/", b"/healthz/", b"/healthz%00",
     b"/healthz%20", b"/HEALTHZ", b"/static/%2e%2e/%2e%2e/settings.py",
     b"/static/..%2f..%2fsettings.py", b"/static//etc/passwd", b"/%", b"/%ff", b"*"],
)  # fmt: skip
def test_row_67_address_written_another_way_is_no_address(line: Wire, target: bytes) -> None:
    assert line.say(get(target)) == ([404], True)


@pytest.mark.parametrize("target", [b"/day/", b"//day/", b"///day/", b"//x/../day/"])
def test_row_67_slashes_are_no_way_past_the_door(line: Wire, target: bytes) -> None:
    (status,), _ = line.say(get(target))
    assert status == (404 if b".." in target else 302)  # 302: please sign in


@pytest.mark.parametrize(
    "raw",
    [
        post(b"/c/open", b"0\r\n\r\n" + HIDDEN, b"Transfer-Encoding: chunked"),
        post(b"/c/open", b"abcd", b"Content-Length: 5"),
        post(b"/c/open", b"abcd", b"Content-Length: 4"),
        post(b"/c/open", b"0\r\n\r\n", *[b"Transfer-Encoding: chunked"] * 2, length=False),
        post(b"/c/open", b"0\r\n\r\n", b"Transfer-Encoding : chunked", length=False),
        post(b"/c/open", b"zz\r\n\r\n", b"Transfer-Encoding: chunked", length=False),
        post(b"/c/open", b"", b"Content-Length: +0", length=False),
        post(b"/c/open", b"", b"Content-Length: -1", length=False),
        post(b"/c/open", b"", b"Content-Length: 0x0", length=False),
        b"POST /c/open HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        get(b"/healthz", b"X-Folded: 1", b" 2"),
        get(b"/healthz", b"X-Folded: 1", b"\tContent-Length: 2"),
        b"GET /healthz HTTP/1.1\n" + HOST + b"\r\n",
        b"GET /healthz HTTP/1.1\nHost: 127.0.0.1\n\n",
        b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\nX: 1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: 1\rY: 2\r\n\r\n",
        get(b"/healthz", b"Host: elsewhere.example"),
        get(b"/healthz", b"Host: 127.0.0.1"),
        b"GET /healthz HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
def test_row_68_what_can_be_read_in_two_ways_is_400_and_closed(line: Wire, raw: bytes) -> None:
    statuses, closed = line.say(raw + HIDDEN)
    assert (statuses, closed) == ([400], True)
    assert line.reached == []  # neither it nor what is hidden behind it


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1@elsewhere.example\r\nConnection: close\r\n\r\n",
    ],
)
def test_row_68_host_that_is_not_ours_is_400(line: Wire, raw: bytes) -> None:
    assert line.say(raw) == ([400], True)


def test_row_69_more_headers_than_anybody_sends_are_431(line: Wire) -> None:
    for bulk in ([b"a: b"] * 10_000, [b"Cookie: a=" + b"x" * 1_000_000]):
        raw = get(b"/healthz", *bulk)
        parts = [raw[start : start + 8192] for start in range(0, len(raw), 8192)]
        assert line.say(*parts, pause=0.02) == ([431], True)
        assert line.reached == []


@pytest.mark.parametrize(
    "start", [b"GET /healthz HTTP/1.1\r\nX: ", post(b"/c/open", b"x" * 1000)[:-1000]]
)
def test_row_69_request_that_comes_a_byte_at_a_time_is_timed_out(
    line: Wire, start: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "LONGEST_SECONDS", 0.3)
    assert line.say(start, *[b"x"] * 100, pause=0.05) == ([408], True)
    assert line.reached == []


def test_row_69_connection_on_which_nothing_comes_is_closed(line: Wire) -> None:
    assert line.say(b"GET /healthz HTTP/1.1\r\nX: ") == ([], True)
    assert line.say(post(b"/c/open", b"x" * 1000)[:-500]) == ([], True)
    assert line.reached == []


@pytest.mark.parametrize(
    ("path", "packing"),
    [(b"/c/open", b"gzip"), (b"/c/form", b"GZIP"), (b"/c/sealed", b"deflate, gzip"),
     (b"/accounts/login/", b"br"), (b"/c/open", b"x")],
)  # fmt: skip
def test_row_70_packed_body_is_415_and_never_unpacked(
    line: Wire, path: bytes, packing: bytes
) -> None:
    kind = b"Content-Type: application/x-www-form-urlencoded"
    assert line.say(post(path, BOMB, kind, b"Content-Encoding: " + packing)) == ([415], True)


@pytest.mark.usefixtures("noted")
def test_row_70_body_without_a_kind_or_with_a_wrong_one_is_refused(line: Wire) -> None:
    for path, status in ((b"/c/open", 403), (b"/c/sealed", 415)):
        assert line.say(post(path, b"token=x")) == ([status], True)
        assert line.say(post(path, b"token=x", b"Content-Type: image/png")) == ([status], True)
        odd = b"Content-Type: application/x-www-form-urlencoded; charset=utf-16"
        assert line.say(post(path, b"token=x", odd)) == ([400], True)


def test_row_70_more_than_a_megabyte_is_413(line: Wire) -> None:
    raw = post(b"/c/open", b"x" * 1_100_000)
    parts = [raw[start : start + 65536] for start in range(0, len(raw), 65536)]
    assert line.say(*parts, pause=0.01) == ([413], True)
    assert line.reached == []
