# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import pytest

from attunement.cli import main
from attunement.cli.look import Progress

TEXT = "id,session,perspective,score\nA,1,client,3\nA,1,therapist,4\nA,2,client,2\nB,1,client,5\n"
SCALE = ["--range", "0", "6", "--higher-is-better"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.csv").write_text(TEXT)
    return tmp_path


def _run(*words: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(["look", *words])
    code = left.value.code
    return code if isinstance(code, int) else 0


def test_page_and_short_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("r.csv", *SCALE) == 0
    told = capsys.readouterr()
    assert "2 dyads with 4 ratings from 3 sessions." in told.out
    assert "The page: r.look.html" in told.out
    assert told.err == ""
    page = (folder / "r.look.html").read_text(encoding="utf-8")
    assert page.count('<article class="dyad"') == 2
    assert sorted(path.name for path in folder.iterdir()) == ["r.csv", "r.look.html"]


def test_json_is_one_document_and_no_page(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("r.csv", "--json", *SCALE) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["glance"]["one_chair"] == 2
    assert not (folder / "r.look.html").exists()


def test_page_where_it_is_wanted(folder: Path) -> None:
    assert _run("r.csv", "--out", "x.html", "--json") == 0
    assert (folder / "x.html").exists()


def test_own_page_is_written_anew_and_another_file_is_not(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run("r.csv") == 0
    assert _run("r.csv") == 0
    (folder / "mine.html").write_text("my notes")
    capsys.readouterr()
    assert _run("r.csv", "--out", "mine.html") == 2
    assert "E-CLI-003" in capsys.readouterr().err
    assert (folder / "mine.html").read_text() == "my notes"
    assert _run("r.csv", "--out", "mine.html", "--force") == 0
    assert _run("r.csv", "--out", "r.csv", "--force") == 2
    assert (folder / "r.csv").read_text() == TEXT


def test_page_of_another_file_is_not_replaced(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "r.csv").write_text(TEXT.replace("A,", "Z,"))
    assert _run("r.csv") == 0
    first = (folder / "r.look.html").read_text(encoding="utf-8")
    assert _run("deep/r.csv") == 2
    assert "page of another table" in capsys.readouterr().err
    assert (folder / "r.look.html").read_text(encoding="utf-8") == first
    (folder / "r.csv").write_text(TEXT + "B,2,client,4\n")
    assert _run("./deep/../r.csv") == 0, "the same file may have grown"
    assert _run("deep/r.csv", "--force") == 0
    assert str(folder) not in (folder / "r.look.html").read_text(encoding="utf-8")


def test_help_says_where_the_page_goes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "other.csv").write_text(TEXT)
    assert _run("--help") == 0
    assert "NAME.look.html" in capsys.readouterr().out
    assert _run("deep/other.csv") == 0
    assert (folder / "other.look.html").exists()
    assert not (folder / "deep" / "other.look.html").exists()


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--lower-is-better", "--higher-is-better"), "E-CLI-001"),
        (("--measure", "phq-9", "--higher-is-better"), "E-FRAME-121"),
        (("--measure", "phq-9", "--range", "0", "30"), "E-FRAME-121"),
        (("--date-format", "foo"), "E-FRAME-109"),
        (("--perspective", "therapist"), "E-FRAME-102"),
        (("--measure", "score"), "E-FRAME-102"),
        (("--delimiter", ";"), "E-TABLE-006"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(
    words: tuple[str, ...], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run("r.csv", "--json", *words) == 2
    assert code in capsys.readouterr().err


def test_two_score_columns_are_the_two_chairs(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "p.csv").write_text("id,session,self,clinician\nA,1,3,4\nA,2,5,\n")
    assert _run("p.csv", "--score", "self,clinician", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["dyads"][0]["scores"] == {"client": [3.0, 5.0], "therapist": [4.0, None]}


def test_named_columns_and_only_one_dyad(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "n.csv").write_text("x;y;z\nA;1;3,5\nA;2;4\nB;1;2\n")
    words = ["n.csv", "--dyad", "x", "--session", "y", "--score", "z", "--only", "A", "--json"]
    assert _run(*words, "--perspective", "client") == 0
    told = json.loads(capsys.readouterr().out)
    assert [dyad["scores"] for dyad in told["dyads"]] == [{"client": [3.5, 4.0]}]


def test_nothing_usable_tells_each_mistake_and_leaves_with_two(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.csv").write_text("id,session,score\nA,first,3\nB,2,much\n")
    assert _run("bad.csv", "--session", "session", "--score", "score") == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "E-FRAME-113 (row 2, column “session”)" in told.err
    assert "E-FRAME-110 (row 3, column “score”)" in told.err
    assert "E-FRAME-103" in told.err.splitlines()[-1]
    assert told.err.count("E-FRAME-110") == told.err.count("E-FRAME-113") == 1
    assert not (folder / "bad.look.html").exists()


@pytest.mark.usefixtures("folder")
def test_unknown_measure_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("r.csv", "--measure", "phq9") == 2
    assert "E-MEASURE-001" in capsys.readouterr().err


def test_progress_is_drawn_on_a_terminal_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = Progress()
    quiet("drawing", 1, 2)
    quiet.clear()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    seen = Progress()
    seen("drawing", 1, 2)
    seen("drawing", 2, 2)
    seen.clear()
    told = capsys.readouterr()
    assert told.out == ""
    assert "Drawing [############............] 1 of 2" in told.err
    assert "2 of 2" not in told.err, "at most ten lines a second"
    assert told.err.endswith("\r\x1b[K")
