# SPDX-License-Identifier: Apache-2.0
"""An operator's measure in two versions, the second of which appears during the test."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from attunement.clinic.services import forms

_DEFINITION = """\
schema = 1
id = "two-questions"
version = "{version}"
title = "Two synthetic questions"
acronym = "2Q"
family = "alliance"
construct = "alliance"
about = "A synthetic measure for a test."
perspectives = ["client"]
timeframe = "today"
direction = "higher_is_better"
validated = false
text = "operator"

[[options]]
id = "agree"
values = [0, 1, 2, 3, 4, 5, 6]

[[items]]
id = "1"
kind = "choice"
options = "agree"

[[items]]
id = "2"
kind = "choice"
options = "agree"

[[scales]]
id = "total"
items = ["1", "2"]
method = "{method}"
min_answered = 2
bounds = {bounds}
missing_rule = "Both answers are needed."
verified = false

[licence]
verdict = "own"
name = "Apache-2.0"
holder = "synthetic"
exact_words = "synthetic"
source_url = "https://example.invalid"
seen_on = "2026-11-21"
conditions = []
nc = false
nd = false
sa = false
evidence = "seen"
recheck_by = "2027-11-21"

[licence.contexts]
clinical = "allow"
commercial = "allow"
educational = "allow"
research = "allow"
"""
_TEXT = """\
schema = 1
measure = "two-questions"
version = "{version}"
language = "en"
title = "Two synthetic questions"
instructions = "Synthetic."

[items]
"1" = "First"
"2" = "Second"

[options.agree]
"0" = "0"
"1" = "1"
"2" = "2"
"3" = "3"
"4" = "4"
"5" = "5"
"6" = "6"
"""


class TwoVersions:
    """The measure's folder, and the configuration that asks clients to fill it."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "measures" / "two-questions"
        self.folder.mkdir(parents=True)
        self.config = dataclasses.replace(settings.ATTUNEMENT, client_measure="two-questions")
        self._write("1", "sum", "[0, 12]")

    def publish_second(self) -> None:
        """Add version 2, as an operator would while forms of version 1 are still open."""
        self._write("2", "mean", "[0, 6]")
        forms.measure_of.cache_clear()

    def _write(self, version: str, method: str, bounds: str) -> None:
        definition = _DEFINITION.format(version=version, method=method, bounds=bounds)
        (self.folder / f"{version}.toml").write_text(definition, encoding="utf-8")
        (self.folder / f"{version}.en.toml").write_text(
            _TEXT.format(version=version), encoding="utf-8"
        )


@pytest.fixture
def two_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("ATTUNEMENT_HOME", str(tmp_path))
    forms.measure_of.cache_clear()
    forms.text_of.cache_clear()
    yield TwoVersions(tmp_path)
    forms.measure_of.cache_clear()
    forms.text_of.cache_clear()
