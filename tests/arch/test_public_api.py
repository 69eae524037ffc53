# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

import attunement

ROOMS = [
    "measures",
    "kernels",
    "scoring",
    "signals",
    "frames",
    "figures",
    "simulate",
    "exchange",
    "picture",
]


def _public_objects() -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for room in ROOMS:
        module = importlib.import_module(f"attunement.{room}")
        found.extend((f"{room}.{name}", getattr(module, name)) for name in module.__all__)
    return found


PUBLIC = _public_objects()


@pytest.mark.parametrize(("name", "thing"), PUBLIC, ids=[name for name, _ in PUBLIC])
def test_public_name_is_documented_and_typed(name: str, thing: object) -> None:
    if inspect.ismodule(thing) or inspect.isclass(thing) or callable(thing):
        assert inspect.getdoc(thing), f"{name} has no docstring"
    if inspect.isfunction(thing):
        assert "return" in inspect.get_annotations(thing), f"{name} has no return type"
        for parameter in inspect.signature(thing).parameters.values():
            assert parameter.annotation is not parameter.empty, f"{name}({parameter.name})"


def test_every_module_has_a_docstring() -> None:
    missing = []
    for info in pkgutil.walk_packages(attunement.__path__, "attunement."):
        if ".clinic." in info.name or ".migrations" in info.name:
            continue
        if not importlib.import_module(info.name).__doc__:
            missing.append(info.name)
    assert missing == []


def test_every_name_promised_by_the_package_is_there() -> None:
    for name in attunement.__all__:
        assert getattr(attunement, name) is not None


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = attunement.nonsense


def test_import_is_light() -> None:
    code = (
        "import sys, attunement; "
        "heavy = {'django', 'numba', 'polars', 'pandas', 'pyarrow', 'numpy'} & set(sys.modules); "
        "sys.exit(1 if heavy else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_scoring_one_response_imports_neither_django_nor_numba() -> None:
    code = (
        "import sys, attunement as at; m = at.measures.load('phq-9'); "
        "at.score_response(m, {str(i): 1.0 for i in range(1, 10)}); "
        "sys.exit(1 if {'django', 'numba'} & set(sys.modules) else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
