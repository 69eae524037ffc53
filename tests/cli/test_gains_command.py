# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from attunement.cli import main

GAIN = [35, 37, 34, 23, 24, 21, 22, 20]
TEXT = "client,session,bdi\n" + "".join(f"A,{k},{score}\n" for k, score in enumerate(GAIN, 1))
ASKED = ["scores.csv", "--cutoff", "7", "--lower-is-better"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scores.csv").write_text(TEXT)
    return tmp_path


def _run(*words: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(["gains", *words])
    code = left.value.code
    return code if isinstance(code, int) else 0


def test_summary_and_reasons(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(*ASKED, "--id", "client", "--session", "session", "--score", "bdi") == 0
    told = capsys.readouterr()
    assert "Found 1 gain in 1 person of 1 (100.00 %)." in told.out
    assert "- A, session 3 to 4. The score fell by 11 points, from 34 to 23." in told.out
    assert "“bdi” holds the score" not in told.err
    assert sorted(path.name for path in folder.iterdir()) == ["scores.csv"]


@pytest.mark.usefixtures("folder")
def test_guesses_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(*ASKED) == 0
    assert "Column “client” names the person or pair" in capsys.readouterr().err


def test_files_and_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ["--out", "gains.csv", "--intervals", "intervals.parquet", "--persons", "persons.csv"]
    assert _run(*ASKED, *out, "--json") == 0
    about = json.loads(capsys.readouterr().out)
    assert (about["kind"], about["found"], about["judged"]) == ("gain", 1, 5)
    assert about["written"] == {
        "gains": "gains.csv",
        "intervals": "intervals.parquet",
        "persons": "persons.csv",
    }
    assert pl.read_csv("gains.csv")["magnitude"].to_list() == [11.0]
    assert pl.read_parquet("intervals.parquet").height == 5
    assert pl.read_csv("persons.csv")["n_gains"].to_list() == [1]
    assert _run(*ASKED, *out) == 2
    assert _run(*ASKED, *out, "--force") == 0
    assert _run(*ASKED, "--out", "scores.csv", "--force") == 2
    assert (folder / "scores.csv").read_text() == TEXT


@pytest.mark.usefixtures("folder")
def test_losses_and_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    more = (
        "--losses --criteria 1,3 --share 0.2 --relative vacuous_loss --fixed-t 2.776 --strict "
        "--leave-out-baseline --close-gaps --cases 5 --multiple largest --range 0 63"
    )
    assert _run(*ASKED, *more.split()) == 0
    assert "Sudden losses in “bdi”" in capsys.readouterr().out


@pytest.mark.usefixtures("folder")
def test_cut_off_is_derived(capsys: pytest.CaptureFixture[str]) -> None:
    derived = ["--sd", "10.5", "--reliability", "0.931"]
    assert _run("scores.csv", "--lower-is-better", *derived) == 0
    assert "by 7.65 points or more" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["--cutoff", "7"],
        ["--lower-is-better"],
        ["--cutoff", "7", "--lower-is-better", "--higher-is-better"],
        ["--cutoff", "7", "--lower-is-better", "--criteria", "1,4"],
        ["--cutoff", "7", "--lower-is-better", "--sd", "5", "--reliability", ".9"],
        ["--lower-is-better", "--sd", "5"],
        ["--cutoff", "7", "--lower-is-better", "--cases", "some"],
        ["--cutoff", "7", "--lower-is-better", "--score", "bdo"],
        ["--cutoff", "7", "--lower-is-better", "--out", "gains.xlsx"],
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_cannot_be_done_is_one_line(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert _run("scores.csv", *words) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.strip().splitlines()) == 1
    assert told.err.startswith("E-")


def test_mistakes_are_told_once_and_nothing_usable_leaves_with_2(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.csv").write_text("client,session,bdi\nA,1,20\nA,2,x\nA,2.5,20\nA,4,99\n,5,2\n")
    named = ["--id", "client", "--session", "session", "--score", "bdi"]
    asked = ["--cutoff", "7", "--lower-is-better", "--range", "0", "63", *named]
    assert _run("bad.csv", *asked) == 0
    told = capsys.readouterr().out
    places = {"E-FRAME-110": 3, "E-FRAME-113": 4, "E-FRAME-111": 5, "E-FRAME-119": 6}
    for code, row in places.items():
        assert told.count(code) == 1
        assert f"{code} (row {row}," in told
    assert "No interval could be judged" in told
    (folder / "none.csv").write_text("client,session,bdi\nA,1,99\nA,2,98\n")
    assert _run("none.csv", *asked) == 2
    told_then = capsys.readouterr()
    assert told_then.out == ""
    assert "E-FRAME-111 (row 2" in told_then.err
    assert "E-FRAME-103" in told_then.err


def test_file_that_is_none_leaves_with_2(folder: Path) -> None:
    assert _run("absent.csv", "--cutoff", "7", "--lower-is-better") == 2
    assert _run(str(folder), "--cutoff", "7", "--lower-is-better") == 2
