# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys

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
