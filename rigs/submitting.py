# SPDX-License-Identifier: Apache-2.0
"""A client's browser, as little of it as a form needs: open a link, fill the form, send it."""

from __future__ import annotations

import http.client
import re
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

TIMEOUT = 20.0
_FIELD = re.compile(r'name="(csrfmiddlewaretoken|submission_id)" value="([^"]+)"')
SEE_OTHER = 303


class NotAnsweredError(Exception):
    """The network or the server gave no answer that a browser would show."""


@dataclass
class Phone:
    """One client's phone with its cookies."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, str]:
        """Send one request; return status and either the page or, for a redirect, its address."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        headers["Connection"] = "close"
        body = None
        if fields is not None:
            body = urlencode(fields)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Origin"] = f"http://127.0.0.1:{self.port}"
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8")
        except (OSError, http.client.HTTPException, ValueError) as problem:
            raise NotAnsweredError(type(problem).__name__) from None
        finally:
            connection.close()
        for header in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
        return answer.status, answer.headers.get(
            "Location", ""
        ) if answer.status == SEE_OTHER else text


@dataclass
class Form:
    """An opened form: it can be sent as often as the network asks for, and stays the same form."""

    phone: Phone
    path: str
    fields: dict[str, str]

    @property
    def submission_id(self) -> str:
        """Return the identifier that the server will store."""
        return self.fields["submission_id"].partition(".")[0]

    def send(self) -> bool:
        """Send it; True when the server says that it has it."""
        status, where = self.phone.ask("POST", self.path, self.fields)
        if status == SEE_OTHER and where.startswith("/c/thanks"):
            return True
        message = f"status {status}"
        raise NotAnsweredError(message)


def open_form(port: int, token: str, *, rating: int = 5) -> Form:
    """Open a link on a new phone and fill the form with one rating throughout."""
    phone = Phone(port)
    _, page = phone.ask("GET", "/c/")
    status, where = phone.ask("POST", "/c/open", {**_hidden(page), "token": token})
    if status != SEE_OTHER:
        message = f"status {status}"
        raise NotAnsweredError(message)
    _, page = phone.ask("GET", where)
    found = _hidden(page)
    if "submission_id" not in found:
        message = "the form did not come"
        raise NotAnsweredError(message)
    answers = {f"item-{number}": str(rating) for number in range(1, 8)} | {"item-8": "0"}
    return Form(phone, where, found | answers)


def _hidden(page: str) -> dict[str, str]:
    return dict(_FIELD.findall(page))
