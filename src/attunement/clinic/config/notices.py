# SPDX-License-Identifier: Apache-2.0
"""How people are told: the mail server, and by when somebody must have acknowledged."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from attunement.clinic.config.addresses import LOOPBACK
from attunement.clinic.config.files import read_small
from attunement.clinic.config.model import Mail, RiskRule
from attunement.clinic.config.plain import is_plain
from attunement.clinic.errors import ConfigError

MAX_MINUTES = 24 * 60
MAX_ADDRESS = 254
MAX_PASSWORD_BYTES = 1024
SECURITIES = ("starttls", "tls", "none")
PORTS = {"starttls": 587, "tls": 465, "none": 25}
# What a mail may go to: letters every mail server knows. A name beyond them is written in xn--.
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}"
)
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}")


def is_mail_address(text: str) -> bool:
    """Whether this is one bare mail address: no list, no line break, no display name."""
    return len(text) <= MAX_ADDRESS and _ADDRESS.fullmatch(text) is not None


def mail_of(values: Mapping[str, Any], *, home: Path) -> Mail | None:
    """Return the mail server that ``[mail]`` names; None where there is no such section.

    Raises
    ------
    ConfigError
        E-CONFIG-004, 005, 007 or 015, naming the key.
    """
    if not any(path.startswith("mail.") for path in values):
        return None
    for path in ("mail.host", "mail.from_address"):
        if path not in values:
            raise ConfigError(
                "E-CONFIG-004",
                what=f"the key {path} is missing",
                expected="both host and from_address in [mail]",
                next_step=f"Add {path}, or remove [mail]",
            )
    host, sender = values["mail.host"], values["mail.from_address"]
    security = values.get("mail.security", "starttls")
    port = values.get("mail.port", PORTS.get(security, 0))
    if not _HOST.fullmatch(host):
        _refuse("mail.host", "something that is no host name", "a name such as mail.example")
    if not is_mail_address(sender):
        _refuse("mail.from_address", "something that is not one mail address", "a@clinic.example")
    if security not in SECURITIES:
        _refuse("mail.security", repr(security), " or ".join(SECURITIES))
    if security == "none" and host not in LOOPBACK:
        _refuse("mail.security", "none for another machine", "starttls or tls")
    if not 1 <= port <= 65535:  # noqa: PLR2004 -- the range of ports
        _refuse("mail.port", str(port), "1 to 65535")
    username = values.get("mail.username", "")
    if not is_plain(username) or (("mail.password_file" in values) != bool(username)):
        _refuse("mail.username", "a name without a password, or the other way", "both or neither")
    password = _password(home / values["mail.password_file"]) if username else ""
    return Mail(host, port, security, username, password, sender)


def risk_of(values: Mapping[str, Any], *, procedure: str) -> RiskRule:
    """Return what ``[risk]`` says.

    Raises
    ------
    ConfigError
        E-CONFIG-005 or E-CONFIG-015, naming the key.
    """
    usual = RiskRule()
    minutes = [
        values.get(f"risk.{name}_after_minutes", int(default.total_seconds() // 60))
        for name, default in (
            ("next", usual.next_after),
            ("lead", usual.lead_after),
            ("all", usual.all_after),
        )
    ]
    if not 1 <= minutes[0] <= minutes[1] <= minutes[2] <= MAX_MINUTES:
        raise ConfigError(
            "E-CONFIG-005",
            what="the minutes of [risk] are out of order or out of range",
            got=", ".join(str(each) for each in minutes),
            expected=f"next, lead and all after 1 to {MAX_MINUTES} minutes, each no earlier than "
            "the one before",
            next_step="Correct the keys of [risk]",
        )
    monitor = values.get("risk.monitor_url", "")
    if monitor:
        _check_monitor(monitor)
    first, second, third = (timedelta(minutes=each) for each in minutes)
    return RiskRule(
        next_after=first,
        lead_after=second,
        all_after=third,
        pages_only=values.get("risk.pages_only", False),
        procedure=procedure,
        monitor_url=monitor,
    )


def _check_monitor(text: str) -> None:
    """Refuse what is no plain https address; http only to this machine."""
    expected = "https://host/path, or http:// on this machine"
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        _refuse("risk.monitor_url", "an address that cannot be read", expected)
    odd = (
        not is_plain(text) or not text.isascii() or " " in text or parts.username or parts.fragment
    )
    if odd or not _HOST.fullmatch(parts.hostname or ""):
        _refuse("risk.monitor_url", "an address with more than host, path and query", expected)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        _refuse("risk.monitor_url", "no https address", expected)


def _password(path: Path) -> str:
    try:
        small = read_small(path, limit=MAX_PASSWORD_BYTES)
        text = small.content.decode("utf-8").strip()
    except (OSError, ValueError):
        _refuse("mail.password_file", "a file that cannot be read", "a small text file")
    if small.mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(
            "E-CONFIG-007",
            what=f"the file {path} of mail.password_file can be used by others",
            got=f"permissions {stat.S_IMODE(small.mode):04o}",
            expected="0600",
            next_step=f"Run: chmod 600 {path}",
        )
    if not text or not is_plain(text):
        _refuse("mail.password_file", "an empty file, or control characters", "a password")
    return text


def _refuse(path: str, got: str, expected: str) -> NoReturn:
    raise ConfigError(
        "E-CONFIG-015",
        what=f"the key {path} is not safe to use",
        got=got,
        expected=expected,
        next_step=f"Correct {path}",
    )
