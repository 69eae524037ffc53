# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from attunement.kernels import compiled, score_rows


def test_importing_kernels_and_scoring_leaves_numba_alone() -> None:
    code = "import sys, attunement.kernels, attunement.scoring;sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_scoring_one_response_leaves_numba_alone() -> None:
    code = (
        "import sys; from attunement.measures import load;"
        "from attunement.scoring import score_response;"
        "score_response(load('phq-9'), {'1': 1.0}); sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_compiled_is_one_object_and_never_fast_and_loose() -> None:
    twin = compiled(score_rows)
    assert compiled(score_rows) is twin
    options = twin.targetoptions  # type: ignore[attr-defined]
    assert not options.get("fastmath")
    assert options["nogil"] is True


def test_compiled_refuses_what_is_not_a_plain_function() -> None:
    with pytest.raises(TypeError, match="plain function"):
        compiled(len)


def test_kept_code_that_names_a_type_of_an_older_version_is_dropped(tmp_path: Path) -> None:
    # a named tuple goes from the module: its name is still in the list of what was kept
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import numpy, older;"
        "from attunement.kernels import compiled; compiled(older.first)(older.make())"
    )
    given = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    for name in ("Before", "After"):
        (tmp_path / "older.py").write_text(
            "from typing import NamedTuple\n"
            f"class {name}(NamedTuple):\n    x: float\n"
            "def first(pair):\n    return pair.x\n"
            f"def make():\n    return {name}(1.0)\n"
        )
        words = [sys.executable, "-B", "-c", script, str(tmp_path)]
        done = subprocess.run(words, check=False, env=given, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert list((tmp_path / "kept").rglob("*.nbi"))
