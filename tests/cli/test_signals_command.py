# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from attunement.cli import main

COURSE = [4.6, 4.9, 4.7, 5.0, 4.8, 1.2, 3.1, 4.9]
HEADER = "client_id,session_no,total\n"
GOOD = HEADER + "".join(f"A,{n},{score}\n" for n, score in enumerate(COURSE, start=1))


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


def test_flags_are_listed_with_what_speaks_for_them(
    file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run("signals", file, "--scale", "0", "6", capfd=capfd)
    assert code == 0
    assert "8 rows of 1 dyad: 8 scores used" in out
    assert "- A, session 6 (house): the score was 1.2 where about 4.8 was expected" in out
    assert "'client_id' was taken for the dyad" in err


def test_files_hold_a_row_per_row_and_the_episodes(
    file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = file.parent / "out.parquet"
    code, out, _ = run("signals", file, "--range", "0", "6", "--out", target, capfd=capfd)
    assert code == 0
    sessions = pl.read_parquet(target)
    episodes = pl.read_parquet(file.parent / "out.episodes.parquet")
    assert sessions.filter("flagged")["session_no"].cast(pl.Int64).to_list() == [6]
    assert episodes["status"].to_list() == ["repaired"]
    assert "out.episodes.parquet" in out
    again, _, err = run("signals", file, "--range", "0", "6", "--out", target, capfd=capfd)
    assert again == 2
    assert "E-CLI-003" in err


def test_json_is_one_document(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(
        "signals", file, "--scale", "0", "6", "--rule", "drop-from-previous", "--json", capfd=capfd
    )
    document = json.loads(out)
    assert code == 0
    assert document["rules"][0]["rule"] == "drop-from-previous"
    assert [row["session_no"] for row in document["flagged"]] in ([6], ["6"])
    assert document["episodes"][0]["onset"] == 6


def test_mistakes_are_told_once_by_row_and_column(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "in.csv"
    path.write_text(HEADER + "A,1,4.5\nA,2,private words\nA,x,7\n", "utf-8")
    code, out, err = run("signals", path, "--scale", "0", "6", capfd=capfd)
    assert (code, out) == (2, "")
    assert err.count("E-FRAME-205") == 1
    assert "row 3, column 'total': text in a number column" in err
    assert "row 4, column 'total': off the scale 0 to 6" in err
    assert "row 4, column 'session_no'" in err
    assert "private" not in err


def test_scale_that_is_not_given_is_asked_for(
    file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run("signals", file, capfd=capfd)
    assert code == 2
    assert "E-FRAME-203" in err


def test_lower_is_better_turns_the_scale(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    turned = file.parent / "turned.csv"
    turned.write_text(
        HEADER + "".join(f"A,{n},{6 - x:.1f}\n" for n, x in enumerate(COURSE, start=1)), "utf-8"
    )
    _, out, _ = run("signals", turned, "--scale", "0", "6", "--lower-is-better", capfd=capfd)
    assert "- A, session 6 (house)" in out


def test_comparison_puts_rules_side_by_side(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["signals", file, "--scale", "0", "6", "--compare"]
    rules = ["--rule", "drop-from-previous", "--rule", "below-own-baseline"]
    code, out, _ = run(*words, *rules, "--json", capfd=capfd)
    document = json.loads(out)
    assert code == 0
    assert [row["rule"] for row in document["rules"]] == [
        "drop-from-previous",
        "below-own-baseline",
    ]
    assert document["flagged_by"] == [
        {"client_id": "A", "drop-from-previous": True, "below-own-baseline": True}
    ]
    sessions = next(pair for pair in document["pairs"] if pair["unit"] == "sessions")
    # both judge sessions 3 to 8 (the baseline needs two earlier scores); both flag session 6 alone
    assert (sessions["both"], sessions["first_only"]) == (1, 0)
    assert sessions["both"] + sessions["second_only"] + sessions["neither"] == 6
    _, text, _ = run(*words, *rules, capfd=capfd)
    assert "without any rupture" in text


def test_comparison_says_cannot_judge_where_a_baseline_is_not_full(
    file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # eight sessions: the chart that is frozen after eight scores judges none of them
    rules = ["--rule", "drop-from-previous", "--rule", "individuals-chart-runs"]
    words = ["signals", file, "--scale", "0", "6", "--compare", *rules]
    _, text, _ = run(*words, capfd=capfd)
    chart = next(line for line in text.splitlines() if line.startswith("individuals-chart-runs"))
    assert chart.count("cannot judge") == 2
    assert "baseline that is not full yet): individuals-chart-runs." in text
    _, out, _ = run(*words, "--json", capfd=capfd)
    row = json.loads(out)["rules"][1]
    assert (row["hit_rate"], row["null_rate"], row["not_judged"]) == (None, None, "too_few_scores")


def test_progress_goes_nowhere_without_a_terminal(
    file: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import attunement.cli.signals as module  # noqa: PLC0415

    monkeypatch.setattr(module, "SMALL", 10)  # the file is then judged part by part
    target = file.parent / "out.csv"
    code, out, err = run("signals", file, "--scale", "0", "6", "--out", target, capfd=capfd)
    assert code == 0
    assert "1 session of 1 dyad" in out
    assert "\r" not in err
    assert pl.read_csv(target).filter("flagged")["session_no"].to_list() == [6]


@pytest.mark.parametrize("small", [1 << 20, 10])  # read whole, or part by part
def test_semicolons_and_decimal_commas_are_read_as_points_are(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    import attunement.cli.signals as module  # noqa: PLC0415

    monkeypatch.setattr(module, "SMALL", small)
    path = tmp_path / "in.csv"
    rows = (f"A;{n};{score};1,5 of 2\n" for n, score in enumerate(COURSE, start=1))
    text = "client_id;session_no;total;note\n" + "".join(rows).replace(".", ",")
    path.write_text(text, "utf-8-sig")
    target = tmp_path / "out.csv"
    code, out, err = run("signals", path, "--scale", "0", "6", "--out", target, capfd=capfd)
    assert code == 0, err
    assert "1 session of 1 dyad" in out
    assert pl.read_csv(target).filter("flagged")["session_no"].to_list() == [6]
    if small > 10:
        two = ("--rule", "drop-from-previous", "--rule", "below-own-baseline")
        code, _, err = run("signals", path, "--scale", "0", "6", "--compare", *two, capfd=capfd)
        assert code == 0, err


def test_whole_points_beside_a_note_with_a_comma_stay_points(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "in.csv"
    rows = (f"A;{n};{score};1,5\n" for n, score in enumerate(COURSE, start=1))
    path.write_text("client_id;session_no;total;hours\n" + "".join(rows), "utf-8")
    code, out, err = run("signals", path, "--scale", "0", "6", capfd=capfd)
    assert code == 0, err
    assert "8 scores used" in out
