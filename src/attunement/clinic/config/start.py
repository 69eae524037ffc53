# SPDX-License-Identifier: Apache-2.0
"""A folder to start a clinic from: a readable configuration, a secret and a file of keys."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from attunement.clinic.config.files import read_small
from attunement.clinic.config.keys_file import write_keys
from attunement.clinic.config.read import is_timezone, known_timezone, plain_words
from attunement.clinic.config.secret import write_secret
from attunement.clinic.errors import ConfigError

CONFIG_NAME = "clinic.toml"
_TEXT = """\
# The configuration of a clinic. Every key: docs/reference/settings.md
# A key that is unknown, or a value that is not safe, stops the start and says so.

secret_key_file = "secret.key"
# Names and words are sealed with it. Without a copy of it no backup can be read.
keys_file = "clinic.keys"
database = "clinic.sqlite3"
# http works on this machine only. For other machines put a TLS proxy in front and write, for
# example, base_url = "https://clinic.example"
base_url = "http://127.0.0.1:8000"
timezone = {timezone}
link_lifetime_hours = 72

[practice]
name = {name}

[crisis]
# What a client reads beside the form: how to get help now, at this site.
text = "If you are in danger or might harm yourself, call now. Nobody watches these answers \
round the clock."
phone = {phone}

[words]
client = "client"
clients = "clients"
therapist = "therapist"
therapists = "therapists"

[use]
# What the clinic is used for; a form whose owner does not permit it is not shown.
clinical = true
commercial = true
educational = false
research = false
"""


def machine_timezone(*, root: Path = Path("/"), environ: Mapping[str, str]) -> str | None:
    """Return the machine's time zone by its IANA name; None where it has no such name."""
    linked = root / "etc/localtime"
    named = root / "etc/timezone"
    found = [environ.get("TZ", "").removeprefix(":")]
    with contextlib.suppress(OSError):
        found.append(str(linked.readlink()).rpartition("zoneinfo/")[2])
    with contextlib.suppress(OSError, ValueError):
        found.append(read_small(named, limit=200).content.decode("ascii").strip())
    return next((name for name in found if is_timezone(name)), None)


def write_start(folder: Path, *, name: str, phone: str, timezone: str = "UTC") -> Path:
    """Write a configuration, a secret and keys into a folder; return the configuration's path.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    name, phone, timezone : str
        Practice, crisis line and IANA time zone.

    Raises
    ------
    ConfigError
        E-CONFIG-001 when there is one already, or the folder cannot be written; E-CONFIG-005 for
        words that are no words, or a time zone that is none.
    """
    for key, text in (("practice.name", name), ("crisis.phone", phone)):
        plain_words(key, text)
    known_timezone(timezone)
    config = folder / CONFIG_NAME
    if any((folder / one).exists() for one in (CONFIG_NAME, "secret.key", "clinic.keys")):
        raise ConfigError(
            "E-CONFIG-001",
            what=f"there is a configuration, a secret or a file of keys in {folder} already",
            next_step="Name another folder, or edit the file that is there",
        )
    # JSON quotes a text as TOML does.
    quoted = {
        key: json.dumps(text, ensure_ascii=False)
        for key, text in (("name", name), ("phone", phone), ("timezone", timezone))
    }
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_secret(folder / "secret.key")
        write_keys(folder / "clinic.keys")
        handle = os.open(config, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(_TEXT.format(**quoted))
    except OSError as problem:
        raise ConfigError(
            "E-CONFIG-001",
            what=f"the folder {folder} cannot be written",
            got=problem.strerror or "an error of the file system",
            next_step="Name a folder that you can write to",
        ) from None
    return config
