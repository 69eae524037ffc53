# SPDX-License-Identifier: Apache-2.0
"""The page of bad input lists every row of a clinic, each with tests that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/reference/bad-input.md").read_text(encoding="utf-8")
ROWS = {*range(54, 78), 94, 95}
TEST = re.compile(r"test_row_(\d+)_\w+")


def _tests() -> dict[str, int]:
    """Return the tests that carry a row in their names, with the row, without importing them."""
    return {
        node.name: int(found.group(1))
        for path in (ROOT / "tests").rglob("test_*.py")
        if "def test_row_" in (text := path.read_text(encoding="utf-8"))  # parsing takes long
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) and (found := TEST.fullmatch(node.name))
    }


def test_every_row_of_a_clinic_has_a_test() -> None:
    assert set() == ROWS - set(_tests().values())


def test_the_page_has_every_row_with_tests_that_are_there_and_carry_its_number() -> None:
    lines = re.findall(r"^\| (\d+) \| (.+) \|$", PAGE, re.MULTILINE)
    assert [int(row) for row, _ in lines] == sorted(ROWS)
    tests = _tests()
    for row, rest in lines:
        named = re.findall(r"`(test_\w+)`", rest)
        assert named, row
        assert {tests.get(name) for name in named} == {int(row)}, row
