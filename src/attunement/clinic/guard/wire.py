# SPDX-License-Identifier: Apache-2.0
"""Requests that two servers could read in two ways, and those that never end, are refused.

waitress follows RFC 9112 where that is lenient: a body with both lengths is read by one of them, a
folded header is unfolded, and a line of its own per byte keeps a connection open for ever. In front
of a clinic stands a proxy of which we know nothing; where the two would disagree, nobody is asked.
"""

from __future__ import annotations

import re
import time
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import BaseWSGIServer
from waitress.utilities import BadRequest, Error

LONGEST_SECONDS = 60.0  # for a whole request: a form is small, also over a slow line
_BARE_LINE_END = re.compile(rb"(?<!\r)\n")


class TooSlowError(Error):  # type: ignore[misc] # waitress ships no types
    """A request that was not whole in time."""

    code = 408
    reason = "Request Timeout"


def ambiguity(header: bytes) -> str:
    """Return what in a request's head two servers could read in two ways, "" if nothing."""
    lines = header.split(b"\r\n")[1:]
    names = [line.partition(b":")[0].strip().lower() for line in lines]
    if any(line.startswith((b" ", b"\t")) for line in lines):
        return "A header is folded over lines."
    if names.count(b"content-length") + names.count(b"transfer-encoding") > 1:
        return "The length of the body is given twice."
    if names.count(b"host") > 1:
        return "The host is given twice."
    if b"transfer-encoding" in names and not header.partition(b"\r\n")[0].endswith(b" HTTP/1.1"):
        return "This version of HTTP knows no transfer encoding."
    return ""


class StrictParser(HTTPRequestParser):  # type: ignore[misc] # waitress ships no types
    """Reads one request; what is not plain is answered 400 or 408, and the connection closed."""

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self._began = time.monotonic()

    def received(self, data: bytes) -> int:
        """Take some bytes; return how many of them belong to this request."""
        if self.completed:
            return 0
        if time.monotonic() - self._began > LONGEST_SECONDS:
            return self._refuse(TooSlowError("The request took too long."), data)
        if self.body_rcv is None:
            head = (self.header_plus + data).partition(b"\r\n\r\n")[0]
            if _BARE_LINE_END.search(head):
                return self._refuse(BadRequest("A line ends without a carriage return."), data)
        return int(super().received(data))

    def parse_header(self, header_plus: bytes) -> None:
        """Refuse ambiguous headers, then read them.

        Raises
        ------
        ParsingError
            For a header folded over lines, two hosts, or a body with two lengths.
        """
        if why := ambiguity(header_plus):
            raise ParsingError(why)
        super().parse_header(header_plus)

    def _refuse(self, error: Error, data: bytes) -> int:
        """End the request with an error, which closes its connection; the bytes are thrown away."""
        if not self.headers_finished:
            super().parse_header(b"GET / HTTP/1.0\r\n")  # an answer needs a version
        self.error, self.completed = error, True
        return len(data)


class StrictChannel(HTTPChannel):  # type: ignore[misc] # waitress ships no types
    """A connection whose requests are read strictly."""

    parser_class = StrictParser


def read_strictly(listeners: dict[int, Any]) -> None:
    """Let every listener of a server's map read its connections strictly."""
    for each in list(listeners.values()):
        if isinstance(each, BaseWSGIServer):
            each.channel_class = StrictChannel
