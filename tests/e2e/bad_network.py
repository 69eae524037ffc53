# SPDX-License-Identifier: Apache-2.0
"""A network that can be cut, and that can lose a reply after the server has acted."""

from __future__ import annotations

import re
import socket
import socketserver
import threading
from typing import Any

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CONNECTION = re.compile(rb"\r\nconnection: *[^\r]*", re.IGNORECASE)


class BadNetwork:
    """A proxy in front of the running server, one request for each connection."""

    def __init__(self, host: str, port: int) -> None:
        self.cut = False
        self.lose_reply_of = b""  # the start of a request whose reply is dropped, once
        self.cut_after_loss = False  # else the browser may try again before anybody looks
        self.cut_at = b""  # the start of a request at which it is cut, before anybody gets it
        self.lost = 0
        self.requests: list[bytes] = []
        self.carried: dict[bytes, int] = {}  # bytes of replies by the path that was asked for
        self._to = (host, port)
        network = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                network.carry(self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            request_queue_size = 128
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                """A browser that goes away in the middle is no mistake."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def carry(self, browser: socket.socket) -> None:
        browser.settimeout(30)
        request = self._request(browser)
        if self.cut or not request:
            return
        line = request.partition(b"\r\n")[0]
        self.requests.append(line)
        if self.cut_at and line.startswith(self.cut_at):
            self.cut_at, self.cut = b"", True
            return
        with socket.create_connection(self._to, timeout=30) as server:
            server.sendall(_CONNECTION.sub(b"\r\nConnection: close", request, count=1))
            reply = b""
            while chunk := server.recv(65536):
                reply += chunk
        path = line.split(b" ")[1].partition(b"?")[0]
        self.carried[path] = self.carried.get(path, 0) + len(reply)
        if self.lose_reply_of and line.startswith(self.lose_reply_of):
            self.lose_reply_of = b""
            self.cut = self.cut or self.cut_after_loss
            self.lost += 1
            return
        browser.sendall(_CONNECTION.sub(b"\r\nConnection: close", reply, count=1))

    def n_sent(self, start: bytes) -> int:
        return sum(line.startswith(start) for line in self.requests)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @staticmethod
    def _request(browser: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = browser.recv(65536)
            if not chunk:
                return b""
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        found = _LENGTH.search(head)
        left = (int(found.group(1)) if found else 0) - len(body)
        while left > 0:
            chunk = browser.recv(65536)
            if not chunk:
                return b""
            data += chunk
            left -= len(chunk)
        return data
