# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for path in (ROOT / "src").rglob("*.py") if "migrations" not in path.parts)
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "misc"}
LONGEST_FILE = 500
LONGEST_FUNCTION = 60


def test_imports_run_downward() -> None:
    run = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_is_small_and_named_for_what_it_holds(path: Path) -> None:
    assert path.stem not in FORBIDDEN_NAMES
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    assert not text or text.startswith("# SPDX-License-Identifier: Apache-2.0")


def test_functions_are_short() -> None:
    too_long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and _code_lines(node) > LONGEST_FUNCTION
    ]
    assert too_long == []


def _code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function's body without its docstring: explaining may take what it needs."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    if not body:
        return 0
    return (body[-1].end_lineno or body[-1].lineno) - body[0].lineno + 1


def test_each_room_says_what_it_is_for() -> None:
    rooms = sorted(path.parent for path in (ROOT / "src/attunement").glob("*/__init__.py"))
    assert len(rooms) >= 10
    for room in rooms:
        readme = room / "README.md"
        assert readme.is_file(), f"{room.name} has no README.md"
        assert len(readme.read_text(encoding="utf-8").splitlines()) <= 20, room.name


def test_project_speaks_of_the_software_alone() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    machine_path = re.compile(r"/(?:work|root|home/[a-z]+)/(?!\.)")
    registry = re.compile(r"https?://[^\s/]*(?:pypi|pythonhosted|registry)[^\s]*")
    for name in tracked:
        path = ROOT / name
        if path.suffix in {".png", ".parquet"} or not path.is_file() or path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not machine_path.search(text), f"{name} names a path of one machine"
        assert not registry.search(text), f"{name} names a package registry"
