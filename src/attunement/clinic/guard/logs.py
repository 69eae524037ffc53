# SPDX-License-Identifier: Apache-2.0
"""Logging that cannot hold an answer, a name or a token, because it never writes values.

An exception is logged as its class and where it was raised. Its message is left out: a database
driver, for one, quotes the row it could not store.
"""

from __future__ import annotations

import logging
import traceback
from types import TracebackType
from typing import Any

_Caught = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class QuietFormatter(logging.Formatter):
    """Writes time, level, logger and our own constant words; of an exception, class and place."""

    def formatException(self, ei: _Caught) -> str:  # noqa: N802 -- logging's name
        """Return class names and places, without messages and without source lines."""
        lines: list[str] = []
        current = ei[1]
        while current is not None:
            where = [
                f"  {frame.filename}:{frame.lineno} in {frame.name}"
                for frame in traceback.extract_tb(current.__traceback__)
            ]
            lines.append("\n".join([type(current).__name__, *where]))
            current = current.__cause__ or current.__context__
        return "\nafter ".join(lines)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; values that other libraries put into their messages are left out."""
        quiet = logging.makeLogRecord(record.__dict__)
        quiet.exc_text = None
        quiet.msg = self._words(record)
        quiet.args = None
        return super().format(quiet)

    def _words(self, record: logging.LogRecord) -> str:
        """Return a message without values: our own in full, of others the constant part."""
        if record.name.startswith("attunement.serve"):
            return record.getMessage()
        status = getattr(record, "status_code", None)
        route = _route(getattr(record, "request", None))
        if status is not None or route:
            return f"{status or ''} {route}".strip()
        return str(record.msg) if record.args else record.name


def _route(request: Any) -> str:
    """Return method and route pattern of a request: the pattern has no identifiers."""
    if request is None or isinstance(request, str):
        return ""
    match = getattr(request, "resolver_match", None)
    method = getattr(request, "method", "")
    return f"{method} /{match.route}" if match is not None else f"{method} (no route)"


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "quiet": {
            "()": "attunement.clinic.guard.logs.QuietFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "quiet", "level": "INFO"}
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "attunement": {"level": "INFO"},
        # Django adds handlers of its own otherwise, with values in their lines.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.db.backends": {"level": "WARNING"},
        # A line for every request that waits for a thread, which on a busy day is most of them.
        "waitress.queue": {"level": "ERROR"},
    },
}
