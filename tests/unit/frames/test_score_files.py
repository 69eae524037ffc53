# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest
from tests.measure_samples import nine_sums

from attunement.frames import ScoreFrameError, score
from attunement.frames.engines import reading

ITEMS = [str(k) for k in range(1, 10)]
HEADER = "client," + ",".join(ITEMS)
ROW = "A,1,1,1,1,1,1,1,1,1"


def write(folder: Path, text: str | bytes, name: str = "in.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def scored(path: Path, ending: str = "parquet") -> pl.DataFrame:
    out = score(path, measure=nine_sums(), out=path.parent / f"out.{ending}")
    return pl.read_parquet(out) if ending == "parquet" else pl.read_csv(out, infer_schema=False)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_dialects_score_alike(tmp_path: Path, end: str, mark: str, delimiter: str) -> None:
    text = mark + end.join([HEADER, ROW, "B,3,3,3,,,,,,", ""]).replace(",", delimiter)
    frame = scored(write(tmp_path, text))
    assert frame["score"].to_list() == [9.0, None]
    assert frame["client"].to_list() == ["A", "B"]


def test_csv_to_csv_neutralises_formulas_and_leaves_numbers(tmp_path: Path) -> None:
    keys = ["=1+1", "+cmd", "-5", "-x", "@SUM", "\tq", "plain"]
    rows = [f'"{key}"' + ROW[1:] for key in keys]
    frame = scored(write(tmp_path, "\n".join([HEADER, *rows]) + "\n"), "csv")
    assert frame["client"].to_list() == ["'=1+1", "'+cmd", "-5", "'-x", "'@SUM", "'\tq", "plain"]


def test_header_that_is_a_formula_is_neutralised(tmp_path: Path) -> None:
    frame = scored(write(tmp_path, "\n".join(["=cmd" + HEADER[6:], ROW]) + "\n"), "csv")
    assert frame.columns[0] == "'=cmd"


def test_first_bad_cell_is_named_as_a_spreadsheet_counts(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}\n{ROW}\nB,1,1,1,7,1,1,1,1,1" + "\n")
    with pytest.raises(ScoreFrameError, match=r"header as row 1.*row 3, column '4'"):
        scored(path)


def test_refusal_leaves_no_file_and_keeps_the_old_one(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}\nB,1,1,1,7,1,1,1,1,1" + "\n")
    old = write(tmp_path, b"old", "out.parquet")
    with pytest.raises(ScoreFrameError):
        scored(path)
    assert old.read_bytes() == b"old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.csv", "out.parquet"]


def test_bad_row_in_a_late_batch_refuses_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH_ROWS", 500)
    monkeypatch.setattr(reading, "CSV_BLOCK", 8_192)
    rows = [ROW] * 2_999
    path = write(tmp_path, "\n".join([HEADER, *rows, "B,1,1,1,1,1,1,1,1,x", ""]))
    with pytest.raises(ScoreFrameError, match=r"1 answer .*row 3001, column '9'"):
        scored(path)
    frame = pl.read_csv(path, infer_schema=False)
    frame.write_parquet(tmp_path / "in.parquet", row_group_size=500)
    with pytest.raises(ScoreFrameError, match=r"1 answer .*row 3000, column '9'"):
        scored(tmp_path / "in.parquet")
    assert not (tmp_path / "out.parquet").exists()


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "E-FRAME-010", "no rows"),
        ("\n\n", "E-FRAME-010", "no rows"),
        (HEADER + "\n", "E-FRAME-010", "no rows"),
        (HEADER + "\n" + ROW + ",1\n", "E-FRAME-008", "row 2 has 11 cells, not 10"),
        (HEADER + "\n" + ROW + "\nB,1\n", "E-FRAME-008", "row 3 has 2 cells, not 10"),
        (HEADER + ",1\n" + ROW + ",1\n", "E-FRAME-008", "same name"),
        (HEADER.encode("utf-16"), "E-FRAME-008", "UTF-8"),
        (
            (HEADER + "\n" + ROW + "\n").replace("A", "\xc4").encode("latin-1"),
            "E-FRAME-008",
            "UTF-8",
        ),
    ],
)
def test_csv_that_cannot_be_read_is_refused(
    tmp_path: Path, text: str | bytes, code: str, words: str
) -> None:
    with pytest.raises(ScoreFrameError) as refusal:
        scored(write(tmp_path, text))
    assert refusal.value.code == code
    assert words in refusal.value.text()


def test_files_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    write(tmp_path, b"PAR1 and then nothing", "broken.parquet")
    for name in ("pipe.csv", "folder.csv", "broken.parquet", "nowhere.csv", "in.xlsx"):
        with pytest.raises(ScoreFrameError, match="E-FRAME-008"):
            scored(tmp_path / name)


@pytest.mark.parametrize("out", ["out.xlsx", "out"])
def test_result_needs_a_file_of_a_known_kind(tmp_path: Path, out: str) -> None:
    path = write(tmp_path, HEADER + "\n" + ROW + "\n")
    with pytest.raises(ScoreFrameError, match="E-FRAME-009"):
        score(path, measure=nine_sums(), out=tmp_path / out)


def test_path_without_out_gives_the_same_scores_as_a_frame(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}\n{ROW}\nB,3,3,3,,,,,,\n")
    came = score(path, measure=nine_sums())
    assert isinstance(came, pl.DataFrame)
    assert came.height == 2
    kinds = dict.fromkeys(("reason", "measure", "scorer"), pl.String)
    assert came.equals(scored(path).cast(kinds))


def test_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "\n" + ROW + "\n")
    with pytest.raises(ScoreFrameError, match="E-FRAME-009"):
        score(path, measure=nine_sums(), out=tmp_path / "no" / "out.csv")


def test_long_file_scores_like_a_wide_one(tmp_path: Path) -> None:
    wide = write(tmp_path, f"{HEADER}\n{ROW}\nB,3,3,3,,,,,," + "\n")
    expected = scored(wide)
    table = pl.read_csv(wide, infer_schema=False)
    long = table.unpivot(index="client", variable_name="item", value_name="value")
    long.write_csv(tmp_path / "long.csv")
    long.write_parquet(tmp_path / "long.parquet")
    assert scored(tmp_path / "long.csv").equals(expected)
    assert scored(tmp_path / "long.parquet").equals(expected)


def test_answers_are_never_written_over(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}\n{ROW}\n")
    soft, hard = tmp_path / "soft.csv", tmp_path / "hard.csv"
    soft.symlink_to(path)
    hard.hardlink_to(path)
    for out in (path, soft, hard):
        with pytest.raises(ScoreFrameError, match="replace the answers") as caught:
            score(path, measure=nine_sums(), out=out)
        assert caught.value.code == "E-FRAME-009"
    assert path.read_text("utf-8") == f"{HEADER}\n{ROW}\n"
