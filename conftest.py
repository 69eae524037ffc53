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
_OWN_MEASURES = "ATTUNEMENT_HOME"


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


def pytest_configure(config: pytest.Config) -> None:
    """Hide the measures that whoever runs the tests has installed for themselves."""
    folder = tempfile.mkdtemp(prefix="attunement-home-")
    before = os.environ.get(_OWN_MEASURES)
    os.environ[_OWN_MEASURES] = folder

    def restore() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        if before is None:
            os.environ.pop(_OWN_MEASURES, None)
        else:
            os.environ[_OWN_MEASURES] = before

    config.add_cleanup(restore)


def _enter_scratch_folder(namespace: dict[str, Any]) -> None:
    scratch = tempfile.mkdtemp(prefix="attunement-docs-")
    namespace[_HOME] = (os.getcwd(), scratch, os.environ[_OWN_MEASURES])
    os.chdir(scratch)
    os.environ[_OWN_MEASURES] = str(Path(scratch) / ".attunement")  # a page may install some


def _leave_scratch_folder(namespace: dict[str, Any]) -> None:
    before, scratch, home = namespace[_HOME]
    os.chdir(before)
    os.environ[_OWN_MEASURES] = home
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
