# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/reference/errors.md"
ROW = re.compile(r"^\| `(E-[A-Z]+-\d{3})` \| (.+?) \|", re.MULTILINE)


def _declared() -> dict[str, str]:
    """Read every ``codes`` of the source without importing it."""
    codes: dict[str, str] = {}
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.AnnAssign)
                and isinstance(node.target, ast.Name)
                and node.target.id == "codes"
                and isinstance(node.value, ast.Dict)
            ):
                for code, title in ast.literal_eval(node.value).items():
                    assert code not in codes, f"{code} is declared twice"
                    codes[code] = title
    return codes


def test_docs_list_every_code_with_its_title() -> None:
    listed = dict(ROW.findall(PAGE.read_text(encoding="utf-8")))
    assert len(listed) > 30
    assert listed == _declared()
