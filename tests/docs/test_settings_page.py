# SPDX-License-Identifier: Apache-2.0
"""The settings page lists every key as the code reads it, and every refusal of a configuration."""

from __future__ import annotations

import re
from pathlib import Path

from attunement.clinic.config.toml_keys import KEYS
from attunement.clinic.errors import ConfigError

PAGE = (Path(__file__).resolve().parents[2] / "docs/reference/settings.md").read_text("utf-8")


def test_every_key_has_its_row_and_there_is_no_other() -> None:
    rows = re.findall(r"^\| `([a-z_.]+)` \| (.+?) \| (yes|no) \| (.+?) \|$", PAGE, re.MULTILINE)
    assert rows == [
        (key.path, key.type_words, "yes" if key.required else "no", key.about) for key in KEYS
    ]


def test_every_refusal_is_explained() -> None:
    assert re.findall(r"^\| `(E-CONFIG-\d{3})`", PAGE, re.MULTILINE) == sorted(ConfigError.codes)
