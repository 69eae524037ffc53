# SPDX-License-Identifier: Apache-2.0
"""Names of the room that are loaded when they are first asked for."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from types import ModuleType

import pytest


@pytest.mark.parametrize("room", ["attunement.signals", "attunement.signals.rates"])
def test_every_public_name_is_there_and_none_is_a_module(room: str) -> None:
    found = import_module(room)
    assert set(dir(found)) == set(found.__all__)
    for name in found.__all__:
        import_module(found._LATE[name])  # a module of that name would now stand in its place
        assert not isinstance(getattr(found, name), ModuleType), name


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    for room in ("attunement.signals", "attunement.signals.rates"):
        with pytest.raises(AttributeError, match=f"module '{room}' has no attribute 'weather'"):
            _ = import_module(room).weather


def test_a_rate_from_the_tables_loads_no_detector_and_no_model() -> None:
    code = """
import sys
import attunement as at
S, A = at.signals.Series, at.signals.Archive
like = S(tuple(range(1, 9)), (4.0, 5, 4, 5, 4, 5, 4, 2), 0, 6, 1 / 7)
for one in ("house", "below-own-baseline", "cusum"):
    assert at.null_rate(one, like=like, archive=A(4.5, 0.7, 0.5, 0.2, "x", 40, 400)).from_table
    assert at.hit_rate(one, like=like, archive=A(4.5, 0.7, 0.5, 0.2, "x", 40, 400)).from_table
late = [m for m in sys.modules if m.startswith(("attunement.kernels", "attunement.signals.house"))]
assert not late, late
assert not {"attunement.signals.engine", "numba", "zipfile"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
