# SPDX-License-Identifier: Apache-2.0
"""A folder to start a clinic from: a configuration that can be read, and a secret."""

from __future__ import annotations

import json
from pathlib import Path

from attunement.clinic.config.secret import write_secret
from attunement.clinic.errors import ConfigError

CONFIG_NAME = "clinic.toml"
_TEXT = """\
# The configuration of a clinic. Every key: docs/reference/settings.md
# A key that is unknown, or a value that is not safe, stops the start and says so.

secret_key_file = "secret.key"
database = "clinic.sqlite3"
# http works on this machine only. For other machines put a TLS proxy in front and write, for
# example, base_url = "https://clinic.example"
base_url = "http://127.0.0.1:8000"
timezone = "UTC"
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


def write_start(folder: Path, *, name: str, phone: str) -> Path:
    """Write a configuration and a secret into a folder and return the configuration's path.

    Raises
    ------
    ConfigError
        E-CONFIG-001 when there is one already, or the folder cannot be written.
    """
    config = folder / CONFIG_NAME
    if config.exists() or (folder / "secret.key").exists():
        raise ConfigError(
            "E-CONFIG-001",
            what=f"there is a configuration or a secret in {folder} already",
            next_step="Name another folder, or edit the file that is there",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_secret(folder / "secret.key")
        # JSON quotes a text as TOML does.
        text = _TEXT.format(name=json.dumps(name, ensure_ascii=False), phone=json.dumps(phone))
        config.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise ConfigError(
            "E-CONFIG-001",
            what=f"the folder {folder} cannot be written",
            got=problem.strerror or "an error of the file system",
            next_step="Name a folder that you can write to",
        ) from None
    return config
