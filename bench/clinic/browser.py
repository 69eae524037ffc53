# SPDX-License-Identifier: Apache-2.0
"""As much of a browser as a load needs: one connection, cookies, forms. Cheap, because it shares
the two cores with what it measures.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_COOKIE = re.compile(rb"\r\nset-cookie: *([^=\s]+)=([^;\r]*)", re.IGNORECASE)
_LOCATION = re.compile(rb"\r\nlocation: *([^\r]+)", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
# Django takes any 32 letters that cookie and form agree on.
CSRF = "a" * 32


@dataclass(slots=True)
class Answer:
    """What came back."""

    status: int
    location: str
    body: bytes


@dataclass(slots=True)
class Browser:
    """One connection that is kept, and the cookies of one person."""

    port: int
    address: str = "127.0.0.1"  # people come from different ones; log-ins are limited for each
    cookies: dict[str, str] = field(default_factory=dict)
    _reader: asyncio.StreamReader | None = None
    _writer: asyncio.StreamWriter | None = None

    def forget(self) -> None:
        """Become another person's browser."""
        self.cookies = {"csrf": CSRF}

    async def get(self, path: str) -> Answer:
        return await self._ask(f"GET {path} HTTP/1.1", b"")

    async def post(self, path: str, fields: dict[str, str]) -> Answer:
        token = self.cookies.get("csrf", CSRF)
        body = urlencode({"csrfmiddlewaretoken": token, **fields}).encode()
        return await self._ask(f"POST {path} HTTP/1.1", body)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _ask(self, first: str, body: bytes) -> Answer:
        if self._writer is None or self._reader is None:
            self._reader, self._writer = await asyncio.open_connection(
                "127.0.0.1", self.port, local_addr=(self.address, 0)
            )
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        head = (
            f"{first}\r\nHost: 127.0.0.1:{self.port}\r\nCookie: {cookies}\r\n"
            f"Origin: http://127.0.0.1:{self.port}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(answer)
        content = await self._reader.readexactly(int(length[1])) if length else b""
        for name, value in _COOKIE.findall(answer):
            self.cookies[name.decode()] = value.decode()
        if _CLOSES.search(answer):
            self.close()
        location = _LOCATION.search(answer)
        return Answer(int(answer[9:12]), location[1].decode() if location else "", content)
