# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from attunement.cli import main

PYTHON = [sys.executable, "-c", "from attunement.cli import main; main()"]
HEADER = "client,session,client_score,therapist_score"
ANSWERS = "client," + ",".join(map(str, range(1, 10))) + "\nA" + ",1" * 9 + "\n"

COMMANDS = {
    "look": ["look", "ratings.csv"],
    "look as JSON": ["look", "ratings.csv", "--json"],
    "score": ["score", "answers.csv", "--measure", "phq-9"],
    "score as JSON": ["score", "answers.csv", "--measure", "phq-9", "--json"],
    "score to a file": ["score", "answers.csv", "--measure", "phq-9", "--out", "scores.csv"],
    "explain": ["explain", "answers.csv", "--measure", "phq-9", "--row", "2"],
    "measures list": ["measures", "list"],
    "measures show": ["measures", "show", "phq-9"],
    "measures lint": ["measures", "lint", "--all"],
    "simulate": ["simulate", "clinic", "--clients", "2", "--therapists", "1"],
    "help": ["--help"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [f"{one},{session},{3 + session % 3},4" for one in "AB" for session in range(1, 7)]
    (tmp_path / "ratings.csv").write_text("\n".join([HEADER, *rows]) + "\n", "utf-8")
    (tmp_path / "answers.csv").write_text(ANSWERS, "utf-8")
    return tmp_path


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_full_device_is_told_in_one_line(folder: Path, words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [*PYTHON, *words],
            cwd=folder,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=120,
        )
    said = ran.stderr.decode()
    assert ran.returncode == 2, said
    assert said.startswith("E-CLI-003: the output cannot be written. Got no space left on device.")
    assert said.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_refusal_that_nobody_can_read_still_leaves_with_2(folder: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        words = ["score", "nowhere.csv", "--measure", "phq-9", "--json"]
        ran = subprocess.run([*PYTHON, *words], cwd=folder, stdout=full, stderr=full, check=False)
    assert ran.returncode == 2


def test_reader_that_goes_away_is_no_mistake(folder: Path) -> None:
    many = ANSWERS + ("B" + ",1" * 9 + "\n") * 20_000
    (folder / "answers.csv").write_text(many, "utf-8")
    with subprocess.Popen(
        [*PYTHON, "score", "answers.csv", "--measure", "phq-9"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        said = running.stderr.read().decode()
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    assert running.returncode in {0, 1}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["score", "nowhere.csv", "--measure", "phq-9", "--json"], "E-CLI-002"),
        (["score", "answers.csv", "--measure", "nope", "--json"], "E-MEASURE-001"),
        (["explain", "answers.csv", "--measure", "phq-9", "--row", "9", "--json"], "E-FRAME-004"),
        (["explain", "answers.csv", "--json"], "E-CLI-001"),
        (["look", "nowhere.csv", "--json"], None),
        (["measures", "show", "nope", "--json"], "E-MEASURE-001"),
        (["measures", "list", "--family", "nope", "--json"], "E-CLI-001"),
        (["measures", "lint", "nowhere.toml", "--json"], "E-MEASURE-011"),
        (["simulate", ".", "--json"], "E-CLI-003"),
    ],
)
def test_refusal_is_a_json_document_where_json_is_asked_for(
    folder: Path,
    words: list[str],
    code: str | None,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as left:
        main(words)
    out, err = capfd.readouterr()
    assert left.value.code == 2
    error = json.loads(out)["error"]
    assert set(error) == {"code", "what", "got", "expected", "next_step"}
    assert code is None or error["code"] == code
    assert err.startswith(f"{error['code']}: {error['what']}.")


def test_refusal_without_json_leaves_the_output_empty(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    for words in (["measures", "show", "nope"], ["look", "--", "--json"]):
        with pytest.raises(SystemExit) as left:
            main(words)
        assert (left.value.code, capfd.readouterr().out) == (2, "")
