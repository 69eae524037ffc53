# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from attunement.cli import main

WIDE = "who,before,after\nA,30,12\nB,24,23\nC,27,36\nD,33,20\nE,6,5\nF,,4\n"
LONG = "who,week,bdi\nA,0,30\nA,3,12\nB,0,24\nB,3,23\nC,0,27\nC,3,36\n"
ASKED = ["--id", "who", "--reliability", "0.9", "--lower-is-better"]
PAIR = ["--pre", "before", "--post", "after"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wide.csv").write_text(WIDE)
    (tmp_path / "long.csv").write_text(LONG)
    return tmp_path


def _run(*words: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(["change", *words])
    code = left.value.code
    return code if isinstance(code, int) else 0


@pytest.mark.usefixtures("folder")
def test_summary_of_a_wide_and_a_long_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("wide.csv", *ASKED, *PAIR, "--functional", "8", "6") == 0
    told = capsys.readouterr().out
    assert "6 people, 5 with both scores, 1 without a verdict." in told
    assert "The methods disagree on" in told
    long = ["--score", "bdi", "--time", "week", "--pre", "0", "--post", "3"]
    assert _run("long.csv", *ASKED, *long, "--method", "JT", "--method", "EN") == 0
    told = capsys.readouterr().out
    assert "Jacobson–Truax" in told
    assert "Hsu" not in told


def test_files_and_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ["--out", "changes.csv", "--counts", "counts.parquet"]
    assert _run("wide.csv", *ASKED, *PAIR, *out, "--json", "--cutoff", "14.5") == 0
    about = json.loads(capsys.readouterr().out)
    assert about["written"] == {"changes": "changes.csv", "counts": "counts.parquet"}
    assert (about["people"], about["with_both_scores"]) == (6, 5)
    assert pl.read_csv("changes.csv").height == 6 * 6
    assert pl.read_parquet("counts.parquet")["cutoff"].to_list()[0] == 14.5
    assert _run("wide.csv", *ASKED, *PAIR, *out) == 2
    assert _run("wide.csv", *ASKED, *PAIR, *out, "--force") == 0
    assert _run("wide.csv", *ASKED, *PAIR, "--out", "wide.csv", "--force") == 2
    assert (folder / "wide.csv").read_text() == WIDE


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (WIDE.replace("24", "x"), "row 3, column 'before': text in a number column"),
        (WIDE + "A,1,2\n", "same row twice. Got row 8"),
        (WIDE.replace("33", "inf"), "row 5, column 'before'"),
        (WIDE + "G,1\n", "row 8"),
        ("who,before,after\nA,1,2\n", "E-SIGNAL-030"),
    ],
)
def test_mistakes_are_told_once_with_row_and_column(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    (folder / "wide.csv").write_text(text)
    assert _run("wide.csv", *ASKED, *PAIR) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "words",
    [
        ["--cutoff", "z"],
        ["--method", "ZZ"],
        ["--higher-is-better"],
        ["--score", "before"],
        ["--range", "5", "1"],
    ],
)
def test_unusable_choices_are_refused(words: list[str]) -> None:
    assert _run("wide.csv", *ASKED, *PAIR, *words) == 2


@pytest.mark.usefixtures("folder")
def test_doubt_about_the_direction_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("wide.csv", *ASKED, *PAIR, "--functional", "60", "6") == 0
    assert "Check this first" in capsys.readouterr().err
