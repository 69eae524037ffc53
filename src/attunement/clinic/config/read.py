# SPDX-License-Identifier: Apache-2.0
"""Reading the configuration: every unclear point is a refusal that names the key."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf.locale import LANG_INFO

from attunement.clinic.config.addresses import database_address, hosts_of, safe_base_url
from attunement.clinic.config.asking import capture_of
from attunement.clinic.config.files import read_small, refuse_open_to_all
from attunement.clinic.config.keys_file import read_keys
from attunement.clinic.config.model import Config, Crisis, UseContexts, Words
from attunement.clinic.config.notices import mail_of, risk_of
from attunement.clinic.config.plain import is_plain
from attunement.clinic.config.secret import read_secret
from attunement.clinic.config.toml_keys import BY_PATH, KEYS, SECTIONS
from attunement.clinic.config.visibility import visibility_of
from attunement.clinic.errors import ConfigError

MAX_BYTES = 64 * 1024
MAX_HOURS = 336
MAX_WORDS, MAX_TEXT = 200, 2000
_REPLACED_BY = {"database": "ATTUNEMENT_DATABASE", "base_url": "ATTUNEMENT_BASE_URL"}


def load_config(path: Path | None, *, environ: Mapping[str, str]) -> Config:
    """Read and check the configuration file.

    Parameters
    ----------
    path : Path, optional
        The TOML file; by default the one that ``ATTUNEMENT_CONFIG`` names.
    environ : mapping
        The environment. ``ATTUNEMENT_CONFIG``, ``ATTUNEMENT_DATABASE`` and
        ``ATTUNEMENT_BASE_URL`` are read; the last two replace the file's value.

    Returns
    -------
    Config
        Checked values with paths made absolute against the file's folder.

    Raises
    ------
    ConfigError
        E-CONFIG-001 … 009 and 012, naming the key and the next step.
    """
    if path is None:
        if not environ.get("ATTUNEMENT_CONFIG"):
            raise ConfigError(
                "E-CONFIG-001",
                what="no configuration file was named",
                expected="--config FILE or the environment variable ATTUNEMENT_CONFIG",
                next_step="See docs/how-to/run-a-clinic.md for a file to start from",
            )
        path = Path(environ["ATTUNEMENT_CONFIG"])
    try:
        small = read_small(path, limit=MAX_BYTES)
        text = small.content.decode("utf-8")
    except (OSError, ValueError) as problem:
        raise ConfigError(
            "E-CONFIG-001",
            what=f"the configuration file {path} cannot be read",
            got=(problem.strerror or "an error of the file system")
            if isinstance(problem, OSError)
            else "bytes that are not UTF-8",
            expected=f"a regular text file of at most {MAX_BYTES} bytes",
            next_step="Check the path and the permissions",
        ) from None
    refuse_open_to_all(path, small.mode, key="the configuration")
    return parse_config(text, home=path.absolute().parent, environ=environ)


def parse_config(text: str, *, home: Path, environ: Mapping[str, str]) -> Config:
    """Check the text of a configuration file whose folder is ``home``; see ``load_config``."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise ConfigError(
            "E-CONFIG-002",
            what="the configuration file is not TOML",
            got=str(problem),
            next_step="Mend the line that is named",
        ) from None
    values = _flatten(document)
    for key, variable in _REPLACED_BY.items():
        if environ.get(variable):
            values[key] = environ[variable]
    _check_keys(values)
    base_url = safe_base_url(values["base_url"])
    keys_file = home / values["keys_file"] if "keys_file" in values else None
    return Config(
        secret_key=read_secret(home / values["secret_key_file"]),
        database=database_address(values["database"], home=home),
        base_url=base_url,
        practice_name=_words(values, "practice.name"),
        crisis=Crisis(
            text=_words(values, "crisis.text", lines=True), phone=_words(values, "crisis.phone")
        ),
        allowed_hosts=hosts_of(base_url, values.get("allowed_hosts", [])),
        home=home,
        timezone=known_timezone(values.get("timezone", "UTC")),
        language=_language(values.get("language", "en")),
        synthetic=values.get("practice.synthetic", False),
        link_lifetime=_lifetime(values.get("link_lifetime_hours", 72)),
        client_measure=values.get("forms.client", "oac-c"),
        therapist_measure=values.get("forms.therapist", "oac-t"),
        both_lines=values.get("together.both_lines", True),
        capture=capture_of(values),
        visibility=visibility_of(values),
        keys=None if keys_file is None else read_keys(keys_file),
        keys_file=keys_file,
        backup_recipients=_recipients(values.get("backup.recipients", [])),
        backup_passphrase_file=home / values["backup.passphrase_file"]
        if "backup.passphrase_file" in values
        else None,
        words=Words(
            **{name: _words(values, f"words.{name}") for name in _section(values, "words")}
        ),
        use=UseContexts(**_section(values, "use")),
        mail=mail_of(values, home=home),
        risk=risk_of(
            values,
            procedure=_words(values, "risk.procedure", lines=True)
            if "risk.procedure" in values
            else "",
        ),
    )


def _flatten(document: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, dict) and name in SECTIONS:
            flat.update({f"{name}.{inner}": held for inner, held in value.items()})
        else:
            flat[name] = value
    return flat


def _check_keys(values: Mapping[str, Any]) -> None:
    for path, value in values.items():
        key = BY_PATH.get(path)
        if key is None:
            close = difflib.get_close_matches(path, BY_PATH, n=1)
            raise ConfigError(
                "E-CONFIG-003",
                what=f"the key {path} is unknown",
                expected=f"{close[0]}, perhaps" if close else "a key of docs/reference/settings.md",
                next_step="Correct or remove it",
            )
        # bool is a kind of int in Python, and never in a configuration.
        if type(value) is not key.kind or (
            isinstance(value, list) and not all(isinstance(entry, str) for entry in value)
        ):
            raise ConfigError(
                "E-CONFIG-005",
                what=f"the key {path} has the wrong type",
                got=type(value).__name__,
                expected=key.type_words,
                next_step=f"Correct {path}",
            )
    for key in KEYS:
        if key.required and key.path not in values:
            raise ConfigError(
                "E-CONFIG-004",
                what=f"the key {key.path} is missing",
                expected=f"{key.type_words}: {key.about.rstrip('.')}",
                next_step=f"Add {key.path}",
            )


def _section(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {
        path.removeprefix(f"{name}."): value
        for path, value in values.items()
        if path.startswith(f"{name}.")
    }


def _words(values: Mapping[str, Any], path: str, *, lines: bool = False) -> str:
    return plain_words(path, values[path], lines=lines)


def plain_words(path: str, given: str, *, lines: bool = False) -> str:
    """Return words as pages show them: E-CONFIG-005 when they are empty, long or unreadable."""
    text = given.strip(" \n" if lines else " ")
    if not is_plain(text, lines=lines):
        raise ConfigError(
            "E-CONFIG-005",
            what=f"the key {path} holds control characters",
            expected="letters, numbers and signs" + ("" if lines else " on one line"),
            next_step=f"Type {path} again",
        )
    if len(text) > (MAX_TEXT if lines else MAX_WORDS):
        raise ConfigError(
            "E-CONFIG-005",
            what=f"the key {path} is too long",
            got=f"{len(text)} characters",
            expected=f"at most {MAX_TEXT if lines else MAX_WORDS}",
            next_step=f"Shorten {path}",
        )
    if not text:
        raise ConfigError(
            "E-CONFIG-005",
            what=f"the key {path} is empty",
            expected="words that people can read",
            next_step=f"Fill in {path}",
        )
    return text


def _recipients(given: list[str]) -> tuple[str, ...]:
    if not given:
        return ()
    # Late: the cipher is only loaded where backups are made.
    from attunement.clinic.backup.lock import parse_recipients  # noqa: PLC0415

    try:
        return parse_recipients(given)
    except ValueError as problem:
        raise ConfigError(
            "E-CONFIG-005",
            what="the key backup.recipients holds what is no recipient",
            got=repr(str(problem)),
            expected="public keys that begin with age1",
            next_step="Make one with: attunement backup --new-identity FILE",
        ) from None


def _language(name: str) -> str:
    """Return a language that Django knows; whether the forms have its words is asked later."""
    if name not in LANG_INFO:
        raise ConfigError(
            "E-CONFIG-005",
            what="the key language names no language",
            got=repr(name),
            expected="a language in which there are words, such as en",
            next_step="Correct language",
        )
    return name


def is_timezone(name: str) -> bool:
    """Whether this is a time zone's IANA name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def known_timezone(name: str) -> str:
    """Return the name of a time zone: E-CONFIG-005 when there is no such zone."""
    if not is_timezone(name):
        raise ConfigError(
            "E-CONFIG-005",
            what="the key timezone names no time zone",
            got=repr(name),
            expected="an IANA name such as Europe/Berlin",
            next_step="Correct timezone",
        )
    return name


def _lifetime(hours: int) -> timedelta:
    if not 1 <= hours <= MAX_HOURS:
        raise ConfigError(
            "E-CONFIG-005",
            what="the key link_lifetime_hours is out of range",
            got=str(hours),
            expected=f"1 to {MAX_HOURS}",
            next_step="Correct link_lifetime_hours",
        )
    return timedelta(hours=hours)
