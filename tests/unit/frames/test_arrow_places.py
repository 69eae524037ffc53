# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from attunement.frames.arrow_places import flags, places

WORDS = ["a", None, "b", "a", None, "c", "b", "a", "d", "a", "b"]


@pytest.mark.parametrize("first", range(10))
@pytest.mark.parametrize("n", [0, 1, 5, 9])
def test_places_and_flags_are_those_of_any_part(first: int, n: int) -> None:
    part = pa.array(WORDS).slice(first, n)
    coded = part.dictionary_encode()
    told = [
        coded.dictionary.to_pylist()[at] if at >= 0 else None for at in places(coded, missing=-1)
    ]
    assert told == WORDS[first : first + n]
    is_a = pc.equal(pa.array(WORDS), "a").slice(first, n)  # missing where the word is
    assert flags(is_a).tolist() == [word == "a" for word in WORDS[first : first + n]]


def test_nothing_at_all_has_no_place() -> None:
    empty = pa.array([None, None], type=pa.string()).dictionary_encode()
    assert places(empty, missing=7).tolist() == [7, 7]
    whole = pa.array(["a", "b"]).dictionary_encode().slice(1, 1)
    assert places(whole, missing=7).tolist() == [1]


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (("signals", "x.csv", "--range", "0", "6"), "id,session,score\nA,1,3\nA,2,4\nB,1,2\n"),
        (
            ("score", "x.csv", "--measure", "phq-9"),
            "id," + ",".join("123456789") + "\nA" + ",1" * 9,
        ),
    ],
)
def test_a_command_loads_no_pandas(command: tuple[str, ...], text: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(text)
    lines = (
        "import sys; from attunement.cli import main\n"
        "try:\n    main()\nexcept SystemExit as left:\n    assert not left.code, left.code\n"
        "sys.exit(3 if 'pandas' in sys.modules else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", lines, *command],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
