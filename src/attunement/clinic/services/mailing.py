# SPDX-License-Identifier: Apache-2.0
"""Mail to one person: a bare address, one line of subject, and words that say nothing of anybody.

Whoever calls this keeps a row that says the mail is still to be sent, and changes it only after
the server took the mail. A server that takes a mail and then breaks the line has us send twice;
both copies have the same ``Message-ID``.
"""

from __future__ import annotations

import hashlib
import smtplib
from typing import Any, NoReturn
from urllib.parse import urlsplit

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend

from attunement.clinic.config.notices import is_mail_address
from attunement.clinic.config.plain import is_plain
from attunement.clinic.errors import ClinicError
from attunement.clinic.services.forms import config

TIMEOUT_SECONDS = 20
LONGEST_SUBJECT = 120
LONGEST_REPLY = 200


class MailNotSentError(ClinicError):
    """The server did not take the mail, or we did not offer it. ``problem`` is one word of ours."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            "E-CLINIC-033",
            what="a mail was not sent",
            got=problem,
            expected="a mail server that takes it, and one bare address",
            next_step="Check [mail], the address of the login, and the mail server's log",
        )
        self.problem = problem


class _Remembering(smtplib.SMTP):
    """Keeps the server's last word about a mail: it names the mail on that server."""

    last_reply = b""

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Send the mail and keep the reply."""
        code, reply = super().data(msg)
        self.last_reply = reply
        return code, reply


class _RememberingTls(_Remembering, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


class ClinicMailBackend(EmailBackend):
    """Django's mail backend, which also keeps what the server called the mail."""

    last_reply = b""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """Return the class of the connection."""
        return _RememberingTls if self.use_ssl else _Remembering

    def _send(self, email_message: Any) -> bool:
        sent = bool(super()._send(email_message))  # type: ignore[misc]  # the stubs leave it out
        self.last_reply = getattr(self.connection, "last_reply", b"")
        return sent


def stable_message_id(*parts: str) -> str:
    """Return a ``Message-ID`` that is the same whenever it is made of the same parts."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:40]
    host = urlsplit(config().base_url).hostname or "localhost"
    return f"<{digest}@{host}>"


def send_mail(to: str, *, subject: str, body: str, message_id: str) -> str:
    """Offer one mail to the configured server; return what the server called it, or "".

    Raises
    ------
    MailNotSentError
        E-CLINIC-033: nothing is known to have been sent; the caller tries again.
    """
    mail = config().mail
    if mail is None:
        raise MailNotSentError("unconfigured")
    if not is_mail_address(to) or not is_mail_address(mail.from_address):
        raise MailNotSentError("address")
    if not is_plain(subject) or len(subject) > LONGEST_SUBJECT or not is_plain(body, lines=True):
        raise MailNotSentError("words")
    connection = get_connection(
        host=mail.host,
        port=mail.port,
        username=mail.username,
        password=mail.password,
        use_tls=mail.security == "starttls",
        use_ssl=mail.security == "tls",
        timeout=TIMEOUT_SECONDS,
    )
    message = EmailMessage(
        subject,
        body,
        mail.from_address,
        [to],
        connection=connection,
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
    )
    try:
        taken = message.send()
    except (smtplib.SMTPException, OSError, ValueError) as problem:
        _not_sent(problem)
    if not taken:
        raise MailNotSentError("refused")
    return _named(getattr(connection, "last_reply", b""))


def _not_sent(problem: Exception) -> NoReturn:
    """Name what went wrong in a word of ours: a server's own words may quote the address."""
    word = "broken"
    # The library says "closed" for a server that went silent, and keeps the reason beside it.
    if isinstance(problem, TimeoutError) or isinstance(problem.__context__, TimeoutError):
        word = "timeout"
    elif isinstance(problem, smtplib.SMTPAuthenticationError):
        word = "login"
    elif isinstance(problem, smtplib.SMTPRecipientsRefused | smtplib.SMTPResponseException):
        word = "refused"
    elif isinstance(problem, ConnectionError):
        word = "unreachable"
    raise MailNotSentError(word) from None


def _named(reply: bytes) -> str:
    text = " ".join(reply.decode("ascii", "replace").split())[:LONGEST_REPLY]
    return "".join(letter for letter in text if letter.isprintable())
