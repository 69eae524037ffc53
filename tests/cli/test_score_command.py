# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
from pathlib import Path

import polars as pl
import pytest

from attunement.cli import main
from attunement.exchange import pieces

HEADER = "client," + ",".join(str(k) for k in range(1, 10))
GOOD = f"{HEADER}\nA,1,1,1,1,1,1,1,1,1\nB,3,3,3,3,3,3,3,3,\nC,,,,,,,,,\n"


def run(*words: str | Path, capfd: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    out, err = capfd.readouterr()
    return int(left.value.code or 0), out, err


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text(GOOD, "utf-8")
    return path


def test_scores_go_to_the_terminal_as_csv(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = run("score", file, "--measure", "phq-9", capfd=capfd)
    assert code == 0
    assert out.splitlines() == [
        "client,score,n_answered,reason,measure,scorer",
        "A,9.0,9,,phq-9@1,1",
        "B,27.0,8,,phq-9@1,1",
        'C,,0,"total: 0 of 9 answered, 7 needed",phq-9@1,1',
    ]
    assert "3 responses to phq-9@1, 2 with a score on every scale." in err
    assert "1: total: 0 of 9 answered, 7 needed" in err


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_scores_go_to_a_file(file: Path, ending: str, capfd: pytest.CaptureFixture[str]) -> None:
    target = file.parent / f"out.{ending}"
    code, out, _ = run("score", file, "--measure", "phq-9", "--out", target, capfd=capfd)
    assert code == 0
    assert f"Wrote {target}." in out
    frame = pl.read_csv(target) if ending == "csv" else pl.read_parquet(target)
    assert frame["score"].to_list() == [9.0, 27.0, None]


def test_json_is_one_document(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = run("score", file, "--measure", "phq-9", "--json", capfd=capfd)
    document = json.loads(out)
    assert (code, err) == (0, "")
    assert document["responses"] == 3
    assert document["scored_on_every_scale_asked"] == 2
    assert document["reasons"] == {"total: 0 of 9 answered, 7 needed": 1}
    assert document["scores"][0]["client"] == "A"
    target = file.parent / "out.csv"
    _, out, _ = run("score", file, "--measure", "phq-9", "--json", "--out", target, capfd=capfd)
    assert json.loads(out)["out"] == str(target)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_file_of_answers_is_never_written_over(
    file: Path, ending: str, capfd: pytest.CaptureFixture[str]
) -> None:
    answers = file.with_suffix(f".{ending}")
    if ending == "parquet":
        pl.read_csv(file).write_parquet(answers)
    soft, hard = answers.with_stem("soft"), answers.with_stem("hard")
    soft.symlink_to(answers)
    hard.hardlink_to(answers)
    before = answers.read_bytes()
    for out in (answers, soft, hard):
        for force in ([], ["--force"]):
            words = ["score", answers, "--measure", "phq-9", "--out", out, *force]
            code, said, err = run(*words, capfd=capfd)
            assert (code, said) == (2, "")
            assert "E-CLI-003" in err
            assert "the file of answers itself" in err
    assert answers.read_bytes() == before


def test_a_file_that_is_there_is_replaced_with_force_alone(
    file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other = file.parent / "other.csv"
    other.write_text("precious", "utf-8")
    words = ("score", file, "--measure", "phq-9", "--out", other)
    code, _, err = run(*words, capfd=capfd)
    assert (code, err[:9]) == (2, "E-CLI-003")
    assert "--force" in err
    assert other.read_text("utf-8") == "precious"
    assert run(*words, "--force", capfd=capfd)[0] == 0
    assert pl.read_csv(other)["score"].to_list() == [9.0, 27.0, None]


def test_parquet_comes_to_the_same_result(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = run("score", file, "--measure", "phq-9", capfd=capfd)
    other = file.with_suffix(".parquet")
    pl.read_csv(file).write_parquet(other)
    assert run("score", other, "--measure", "phq-9", capfd=capfd) == text


def test_pieces_of_any_length_come_to_the_same_result(
    file: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("score", file, "--measure", "phq-9")
    file.write_text(GOOD.replace("B,3", '"B\nb", 3').replace("C,,", "C,NULL,"), "utf-8")
    whole = run(*words, capfd=capfd)
    file_with_mistakes = file.with_stem("mistakes")
    file_with_mistakes.write_text(GOOD.replace("B,3", "B,7").replace("A,1", "A,x") * 3, "utf-8")
    refused = run("score", file_with_mistakes, "--measure", "phq-9", capfd=capfd)
    assert (whole[0], refused[0]) == (0, 2)
    assert "Note: row 3: Values have spaces around them (1 in all)." in whole[2]
    assert refused[2].startswith("E-CLI-002")  # the header is repeated: told before the answers
    for length in (1, 5, 33):
        monkeypatch.setattr(pieces, "PIECE", length)
        assert run(*words, capfd=capfd) == whole
        assert run("score", file_with_mistakes, "--measure", "phq-9", capfd=capfd) == refused


def test_rows_that_cannot_be_read_are_told_before_answers_and_columns(
    file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ragged = GOOD + "D,1\n" + "E,9,1,1,1,1,1,1,1,1\n"
    target = file.parent / "out.csv"
    for text in (ragged, ragged.replace("client,1,2", "client,one,two")):
        file.write_text(text, "utf-8")
        code, _, err = run("score", file, "--measure", "phq-9", "--out", target, capfd=capfd)
        assert (code, err.count("\n")) == (2, 1)
        assert err.startswith("E-CLI-002")
        assert "row 5" in err
    assert sorted(file.parent.iterdir()) == [file]  # no half a file either


def test_dialects_are_read(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    expected = run("score", file, "--measure", "phq-9", capfd=capfd)
    file.write_bytes(("\ufeff" + GOOD.replace(",", ";").replace("\n", "\r\n")).encode())
    assert run("score", file, "--measure", "phq-9", capfd=capfd)[:2] == expected[:2]


def test_columns_and_keys_can_be_named(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file.write_text(GOOD.replace("client,1,", "client,first,"), "utf-8")
    code, out, err = run(
        "score", file, "--measure", "phq-9", "--item", "1=first", "--keys", "", capfd=capfd
    )
    assert code == 0
    assert out.splitlines()[1] == "9.0,9,,phq-9@1,1"
    assert "Note" not in err
    assert run("score", file, "--measure", "phq-9", "--item", "1", capfd=capfd)[0] == 2


def test_guess_is_said_on_the_error_stream(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    header = "client," + ",".join(f"PHQ9_{k}" for k in range(1, 10))
    file.write_text(GOOD.replace(HEADER, header), "utf-8")
    code, _, err = run("score", file, "--measure", "phq-9", capfd=capfd)
    assert code == 0
    assert "Note: Columns were taken for the items of 'phq-9': PHQ9_1 → 1" in err


def test_bad_cell_is_refused_in_one_line_and_nothing_is_written(
    file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file.write_text(GOOD.replace("B,3", "B,٣"), "utf-8")
    target = file.parent / "out.csv"
    code, out, err = run("score", file, "--measure", "phq-9", "--out", target, capfd=capfd)
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert "row 3, column '1'" in err
    assert "header as row 1" in err
    assert not target.exists()


def test_ragged_row_is_refused(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file.write_text(GOOD + "D,1,1\n", "utf-8")
    code, _, err = run("score", file, "--measure", "phq-9", capfd=capfd)
    assert code == 2
    assert "row 5" in err


def test_header_alone_is_refused(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file.write_text(HEADER + "\n", "utf-8")
    code, _, err = run("score", file, "--measure", "phq-9", capfd=capfd)
    assert code == 2
    assert "no rows" in err


@pytest.mark.parametrize("name", ["nowhere.csv", "folder", "pipe", "/dev/zero"])
def test_what_is_no_file_is_refused(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for command in (["score"], ["explain", "--row", "2"]):
        code, _, err = run(*command, tmp_path / name, "--measure", "phq-9", capfd=capfd)
        assert code == 2
        assert err.startswith("E-CLI-002")


def test_unknown_measure_and_kind_of_output_are_refused(
    file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("score", file, "--measure", "phq-99", capfd=capfd)[0] == 2
    code, _, err = run("score", file, "--measure", "phq-9", "--out", "x.xlsx", capfd=capfd)
    assert (code, err[:9]) == (2, "E-CLI-003")


def test_explain_walks_back_to_the_answers(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run("explain", file, "--measure", "phq-9", "--row", "3", capfd=capfd)
    assert code == 0
    assert "  Item 1: 3." in out
    assert "  Item 9: no answer." in out
    assert (
        "Sum of 8 answers = 24; times 9 items / 8 answered; rounded, a half up; score = 27." in out
    )
    assert "Source: " in out


def test_explain_finds_the_response_of_any_row_of_a_long_table(
    file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    wide = run("explain", file, "--measure", "phq-9", "--row", "3", capfd=capfd)
    long = pl.read_csv(file).unpivot(index="client", variable_name="item", value_name="value")
    long.write_csv(file)
    assert run("explain", file, "--measure", "phq-9", "--row", "6", capfd=capfd) == wide
    long.write_parquet(file.with_suffix(".parquet"))
    parquet = file.with_suffix(".parquet")
    assert run("explain", parquet, "--measure", "phq-9", "--row", "5", capfd=capfd) == wide


def test_explain_as_json(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run("explain", file, "--measure", "phq-9", "--row", "4", "--json", capfd=capfd)
    document = json.loads(out)
    assert code == 0
    assert {"scale": "total", "words": "No score: 0 of 9 answered, 7 needed."} in document["steps"]


@pytest.mark.parametrize("row", ["1", "99", "-1"])
def test_explain_refuses_a_row_that_is_not_there(
    file: Path, row: str, capfd: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run("explain", file, "--measure", "phq-9", "--row", row, capfd=capfd)
    assert code == 2
    assert err.startswith("E-FRAME-004")


def test_summary_counts_risk_answers_and_says_nothing_of_a_tier(
    file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run("score", file, "--measure", "phq-9", capfd=capfd)
    assert code == 0
    assert "risk" not in out
    look = "Answered in a way that asks for a person to look"
    assert f"{look} (item 9: thoughts of death or self-harm): 1." in err
    document = json.loads(run("score", file, "--measure", "phq-9", "--json", capfd=capfd)[1])
    assert document["with_risk_answer"] == 1  # A; B and C left item 9 out


def test_explain_names_a_risk_answer(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = ("explain", file, "--measure", "phq-9", "--row")
    assert "Item 9 was answered in a way that asks" in run(*words, "2", capfd=capfd)[1]
    assert "asks for a person to look" not in run(*words, "3", capfd=capfd)[1]
    document = json.loads(run(*words, "2", "--json", capfd=capfd)[1])
    assert document["risks"] == [{"item": "9", "kind": "thoughts of death or self-harm"}]


def test_summary_says_what_was_not_asked_and_what_was_left_out(
    file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    header = "client,1,2,3,4,5,6,7,8,8a"
    rows = ["A,3,3,3,3,3,3,3,0,3", "B,3,3,3,3,3,3,3,0,", "C,3,3,3,3,3,3,3,2,4", "D,3,,,3,3,3,3,0,"]
    file.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    words = ("score", file, "--measure", "oac-c")
    code, out, err = run(*words, capfd=capfd)
    assert code == 0
    assert '"repair: not asked, its answer was left out"' in out
    assert "4 responses to oac-c@1, 3 with a score on every scale that was asked." in err
    assert "Not asked: repair in 3." in err
    assert "Left out: answers to items that were not asked, in 1." in err
    document = json.loads(run(*words, "--json", capfd=capfd)[1])
    assert document["scored_on_every_scale_asked"] == 3
    assert document["not_asked"] == {"repair": 3}
    assert document["with_unused_answer"] == 1
    (reason,) = document["reasons"]
    assert reason.startswith("total: 5 of 7 answered, 6 needed; ")
