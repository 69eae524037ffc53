# SPDX-License-Identifier: Apache-2.0
"""Run every example: Python and console blocks of the docs, ``>>>`` lines of the library.

A ``console`` block holds lines that begin with ``$ attunement``; each runs as typed, in one
scratch folder per page, and must succeed, or leave with the code that a following ``# exit N``
line names. Output shown below a command is for the reader and is not compared.
Blocks in other languages (``toml``, ``text``, ``sh``) are not run.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from sybil import Example, Sybil
from sybil.integration.pytest import SybilItem
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser
from sybil.parsers.rest import DocTestParser

ROOT = Path(__file__).resolve().parent
_HOME = "sybil_home"


def _run_console(example: Example) -> str | None:
    lines = str(example.parsed).splitlines()
    for position, line in enumerate(lines):
        if not line.startswith("$ "):
            continue
        words = shlex.split(line[2:], comments=True)
        if words[0] != "attunement":
            return f"only `attunement` commands can stand in a console block, not {words[0]!r}"
        following = lines[position + 1] if position + 1 < len(lines) else ""
        wanted = re.fullmatch(r"# exit (\d+)", following)
        run = subprocess.run(
            [sys.executable, "-c", "from attunement.cli import main; main()", *words[1:]],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if run.returncode != (int(wanted[1]) if wanted else 0):
            return f"{line}\nleft with {run.returncode}\n{run.stdout}{run.stderr}"
    return None


class ConsoleParser(CodeBlockParser):
    """Finds ``console`` blocks."""

    language = "console"

    def evaluate(self, example: Example) -> str | None:
        """Run the commands of one block."""
        return _run_console(example)


def _enter_scratch_folder(namespace: dict[str, Any]) -> None:
    namespace[_HOME] = (os.getcwd(), tempfile.mkdtemp(prefix="attunement-docs-"))
    os.chdir(namespace[_HOME][1])


def _leave_scratch_folder(namespace: dict[str, Any]) -> None:
    before, scratch = namespace[_HOME]
    os.chdir(before)
    shutil.rmtree(scratch, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the blocks of a page in their order, whatever shuffles the tests."""
    examples = [item for item in items if isinstance(item, SybilItem)]
    examples.sort(key=lambda item: (str(item.path), item.example.line, item.example.column))
    items[:] = [item for item in items if not isinstance(item, SybilItem)] + examples


pytest_collect_file = (
    Sybil(
        path=str(ROOT),
        parsers=[PythonCodeBlockParser(), ConsoleParser()],
        patterns=["README.md", "docs/**/*.md"],
        setup=_enter_scratch_folder,
        teardown=_leave_scratch_folder,
    )
    + Sybil(
        path=str(ROOT / "src"),
        parsers=[DocTestParser()],
        patterns=["attunement/**/*.py"],
        excludes=["attunement/clinic/migrations/*.py"],
    )
).pytest()
