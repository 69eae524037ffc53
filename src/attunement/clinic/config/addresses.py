# SPDX-License-Identifier: Apache-2.0
"""Addresses: where people reach the clinic, and where its database is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from attunement.clinic.config.files import refuse_open_to_all
from attunement.clinic.config.plain import is_plain
from attunement.clinic.errors import ConfigError

_SQLITE = b"SQLite format 3\x00"
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}", re.ASCII)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def safe_base_url(text: str) -> str:
    """Return the base address without a trailing slash.

    Raises
    ------
    ConfigError
        E-CONFIG-008 unless it is ``https://…``, or ``http://`` on this machine only.
    """
    if not is_plain(text) or " " in text:
        _unsafe("an address with blanks or control characters")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        _unsafe("an address that cannot be read")
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host:
        _unsafe("no http or https address")
    if parts.username or parts.query or parts.fragment or parts.path not in {"", "/"}:
        _unsafe("more than a scheme, a host and a port")
    if parts.scheme == "http" and host not in LOOPBACK:
        _unsafe("http for other machines: answers would travel in the open")
    return text.rstrip("/")


def _unsafe(got: str) -> NoReturn:
    raise ConfigError(
        "E-CONFIG-008",
        what="the key base_url is not safe",
        got=got,
        expected="https://clinic.example, or http://127.0.0.1:8000 on this machine",
        next_step="Put a TLS proxy in front and name its address in base_url",
    )


def hosts_of(base_url: str, further: Sequence[str]) -> tuple[str, ...]:
    """Return the host names that are answered: the base address's own, and those named.

    Raises
    ------
    ConfigError
        E-CONFIG-005 for a wildcard or something that is no host name.
    """
    for host in further:
        if not host or "*" in host or host.startswith(".") or not _HOST.fullmatch(host):
            raise ConfigError(
                "E-CONFIG-005",
                what="the key allowed_hosts holds something that is no host name",
                got=repr(host),
                expected="names such as clinic.example, without wildcards",
                next_step="Correct allowed_hosts",
            )
    own = urlsplit(base_url).hostname or ""
    local = ("127.0.0.1", "localhost") if own in LOOPBACK else ()
    return tuple(dict.fromkeys((own, *local, *further)))


def database_address(text: str, *, home: Path) -> str:
    """Return an absolute SQLite path, or the ``postgresql://`` address as it is.

    Raises
    ------
    ConfigError
        E-CONFIG-009 for another scheme, an address without a database name, or a file that is no
        SQLite database; E-CONFIG-012 when every user of the machine can change the file.
    """
    if text.startswith("postgresql://"):
        try:
            parts = urlsplit(text)
            _ = parts.port
            named = parts.path.lstrip("/") if is_plain(text) else ""
        except ValueError:
            named = ""
        if not named:
            _no_database("a postgresql address without a database name, or with a wrong port")
        return text
    if "://" in text or text.startswith(":") or not text.strip() or not is_plain(text):
        _no_database("another kind of address")
    path = home / text
    if not path.parent.is_dir():
        _no_database(f"a path whose folder {path.parent} does not exist")
    try:
        _refuse_other_files(path)
    except OSError as problem:
        _no_database(f"a path that cannot be used: {problem.strerror}")
    return str(path)


def _refuse_other_files(path: Path) -> None:
    """Refuse what is there and is no database of ours; nothing there yet is fine."""
    if not path.exists():
        return
    if not path.is_file():
        _no_database(f"{path}, which is a folder, a pipe or a device")
    for each in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        if each.exists():
            refuse_open_to_all(each, each.stat().st_mode, key="database")
    with path.open("rb") as file:
        start = file.read(len(_SQLITE))
    if start not in {b"", _SQLITE}:
        _no_database(f"{path}, which holds something else than a SQLite database")


def _no_database(got: str) -> NoReturn:
    raise ConfigError(
        "E-CONFIG-009",
        what="the key database is not understood",
        got=got,
        expected="the path of a SQLite file, or postgresql://user:password@host/name",
        next_step="Correct database",
    )
