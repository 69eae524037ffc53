# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import attunement
from attunement.errors import AttunementError

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/errors.md"


def _declared() -> dict[str, str]:
    for info in pkgutil.walk_packages(attunement.__path__, "attunement."):
        if info.name.endswith(".errors"):
            importlib.import_module(info.name)
    codes: dict[str, str] = {}
    waiting = [AttunementError]
    while waiting:
        for child in waiting.pop().__subclasses__():
            if child.__module__.startswith("attunement."):
                for code, title in child.__dict__.get("codes", {}).items():
                    assert code not in codes, f"{code} is declared twice"
                    codes[code] = title
            waiting.append(child)
    return codes


def test_docs_list_every_code_with_its_title() -> None:
    listed = dict(
        re.findall(r"^\| `(E-[A-Z]+-\d{3})` \| (.+?) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    )
    assert listed == _declared()
