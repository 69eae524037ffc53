# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import attunement as at
from attunement.frames import RupturesError, compare_rules
from attunement.frames.engines import reading, ruptures_stream
from attunement.frames.engines.ruptures_parts import OutOfOrderError, whole_dyads
from attunement.frames.ruptures_learning import Chosen, digest

RULES = ["drop-from-previous", "below-own-baseline"]


def made_up(dyads: int = 300, *, text: bool = False) -> pl.DataFrame:
    draw = np.random.default_rng(3)
    sizes = draw.integers(1, 16, dyads)
    dyad = np.repeat(np.arange(dyads), sizes)
    session = np.concatenate([np.arange(1, n + 1) for n in sizes])
    level = np.repeat(draw.normal(4.6, 0.7, dyads), sizes)
    score = np.clip(level + draw.normal(0, 0.5, dyad.size), 0, 6)
    score[draw.random(dyad.size) < 0.08] = np.nan
    frame = pl.DataFrame({"dyad": dyad, "session": session, "score": score}).with_columns(
        pl.col("score").fill_nan(None)
    )
    return frame.with_columns(pl.format("D{}", pl.col("dyad")).alias("dyad")) if text else frame


def as_text(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col("rule", "reason").cast(pl.String))


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ruptures_stream.Run, "__init__", _with_small_parts)
    monkeypatch.setattr(reading, "BATCH_ROWS", 60)


_REAL = ruptures_stream.Run.__init__


def _with_small_parts(
    self: Any, question: Any, dtypes: Any, progress: Any, total: int, _: int
) -> None:
    _REAL(self, question, dtypes, progress, total, 100)


@pytest.mark.parametrize("order", ["in order", "shuffled", "falling"])
@pytest.mark.parametrize("text", [False, True])
def test_stream_writes_the_rows_that_memory_gives(tmp_path: Path, order: str, text: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    frame = made_up(text=text)
    if order == "shuffled":
        frame = frame.sample(fraction=1.0, shuffle=True, seed=5)
    elif order == "falling":
        frame = frame[::-1]
    source = tmp_path / "in.parquet"
    frame.write_parquet(source)
    here = at.ruptures(frame, scale=(0, 6), rule=RULES)
    there = at.ruptures(
        source, scale=(0, 6), rule=RULES, engine="stream", out=tmp_path / "out.parquet"
    )
    assert_frame_equal(as_text(there.sessions.collect()), here.sessions)
    assert_frame_equal(there.episodes.collect(), here.episodes)
    assert there.summary.to_dict() == here.summary.to_dict() | {"notes": []}
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "in.parquet", "out.episodes.parquet", "out.parquet",
    ]  # fmt: skip


def test_reason_that_is_rare_comes_through_a_shuffled_file(tmp_path: Path) -> None:
    frame = made_up(120)
    far = pl.DataFrame({"dyad": [500, 500], "session": [1, 40], "score": [4.0, 4.0]})
    frame = pl.concat([frame, far]).sample(fraction=1.0, shuffle=True, seed=1)
    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    frame.write_parquet(source)
    rule = "drop-from-previous"
    here = at.ruptures(frame, scale=(0, 6), rule=rule)
    there = at.ruptures(source, scale=(0, 6), rule=rule, engine="stream", out=out)
    assert here.summary.rules[0].reasons["gap"] >= 1
    assert_frame_equal(as_text(there.sessions.collect()), here.sessions)


def test_stream_reads_and_writes_csv(tmp_path: Path) -> None:
    frame = made_up(30)
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    frame.write_csv(source)
    at.ruptures(source, scale=(0, 6), rule=RULES, engine="stream", out=out)
    found = pl.read_csv(out)
    wanted = at.ruptures(frame, scale=(0, 6), rule=RULES).sessions
    assert found["flagged"].to_list() == wanted["flagged"].to_list()
    assert found["dyad"].to_list() == wanted["dyad"].to_list()


def test_stream_draws_and_explains_from_the_file(tmp_path: Path) -> None:
    frame = made_up(50)
    source = tmp_path / "in.parquet"
    frame.write_parquet(source)
    there = at.ruptures(
        source, scale=(0, 6), rule=RULES, engine="stream", out=tmp_path / "out.parquet"
    )
    here = at.ruptures(frame, scale=(0, 6), rule=RULES)
    assert there.plot(7) == here.plot(7)
    assert there.explain(40) == here.explain(40)
    with pytest.raises(RupturesError, match="E-FRAME-212"):
        there.explain(frame.height)


@pytest.mark.parametrize("shuffled", [False, True])
def test_stream_names_the_row_of_a_mistake_and_leaves_nothing(
    tmp_path: Path, *, shuffled: bool
) -> None:
    frame = made_up()
    if shuffled:
        frame = frame.sample(fraction=1.0, shuffle=True, seed=2)
    row = 1234
    frame[row, "score"] = 99.0
    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    frame.write_parquet(source)
    out.write_text("what was there")
    with pytest.raises(RupturesError, match=f"row {row + 1}, column 'score': off the scale"):
        at.ruptures(source, scale=(0, 6), rule=RULES, engine="stream", out=out)
    assert out.read_text() == "what was there"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.parquet", "out.parquet"]


def test_stream_reports_its_progress(tmp_path: Path) -> None:
    source = tmp_path / "in.parquet"
    frame = made_up()
    frame.write_parquet(source)
    told: list[tuple[str, int, int]] = []
    at.ruptures(
        source,
        scale=(0, 6),
        rule="drop-from-previous",
        engine="stream",
        out=tmp_path / "out.parquet",
        progress=lambda *what: told.append(what),
    )
    assert told[-1] == ("judging", frame.height, frame.height)
    assert len(told) > 5


@pytest.mark.parametrize(
    "asked",
    [
        {"out": None},
        {"out": "in.parquet"},
        {"out": "out.xlsx"},
    ],
)
def test_stream_that_cannot_be_is_refused(tmp_path: Path, asked: dict[str, Any]) -> None:
    source = tmp_path / "in.parquet"
    made_up(5).write_parquet(source)
    out = None if asked["out"] is None else tmp_path / asked["out"]
    with pytest.raises(RupturesError, match="E-FRAME-210"):
        at.ruptures(source, scale=(0, 6), engine="stream", **{**asked, "out": out})


def test_frame_cannot_be_streamed() -> None:
    with pytest.raises(RupturesError, match="E-FRAME-210"):
        at.ruptures(made_up(5), scale=(0, 6), engine="stream", out="out.parquet")


def test_rows_that_do_not_rise_are_noticed() -> None:
    frame = pl.DataFrame({"dyad": [1, 1, 2, 1]})
    with pytest.raises(OutOfOrderError):
        list(whole_dyads([frame], "dyad", rows=1, rising=True))
    assert len(list(whole_dyads([frame], "dyad", rows=100))) == 1


def _spark_missing() -> str:
    if importlib.util.find_spec("pyspark") is None:
        return "PySpark is not installed (requirements-spark.lock)"
    return "" if shutil.which("java") else "there is no Java"


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    if reason := _spark_missing():
        pytest.skip(reason)
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession  # noqa: PLC0415 -- an optional package

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "3")
        .config("spark.driver.memory", "1g")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # what PySpark says about itself on the way
def test_spark_gives_identical_rows(spark: Any, tmp_path: Path) -> None:
    frame = made_up(200, text=True)
    frame.sample(fraction=1.0, shuffle=True, seed=9).write_parquet(tmp_path / "in.parquet")
    here = at.ruptures(frame, scale=(0, 6), rule=[*RULES, "house"])
    table = spark.read.parquet(str(tmp_path / "in.parquet"))
    there = at.ruptures(table, scale=(0, 6), rule=[*RULES, "house"], engine="spark")
    for name, key in (("sessions", ["dyad", "session", "rule"]), ("episodes", ["dyad", "rule"])):
        mine = getattr(here, name)
        theirs = pl.DataFrame(pl.from_arrow(getattr(there, name).toArrow()))
        order = [*key, "onset"] if name == "episodes" else key
        assert_frame_equal(theirs.sort(order), mine.sort(order), check_exact=True)
    assert there.plot("D7") == here.plot("D7")
    with pytest.raises(RupturesError, match="has no order"):
        there.explain(0)


@pytest.mark.parametrize("order", ["in order", "shuffled"])
def test_every_engine_learns_the_same_from_the_same_table(tmp_path: Path, order: str) -> None:
    frame = made_up(250, text=True)
    if order == "shuffled":
        frame = frame.sample(fraction=1.0, shuffle=True, seed=5)
    frame.write_parquet(tmp_path / "in.parquet")
    here = at.ruptures(frame, scale=(0, 6))
    there = at.ruptures(
        tmp_path / "in.parquet", scale=(0, 6), engine="stream", out=tmp_path / "out.parquet"
    )
    assert "learned from this table" in here.summary.model
    assert there.summary.model == here.summary.model
    assert_frame_equal(as_text(there.sessions.collect()), here.sessions, check_exact=True)


def test_few_dyads_are_judged_with_the_prior_unless_learning_is_asked_for() -> None:
    few, many = made_up(199), made_up(250)
    assert "learned" not in at.ruptures(few, scale=(0, 6)).summary.model
    assert "learned" in at.ruptures(few, scale=(0, 6), archive="learn").summary.model
    assert "learned" not in at.ruptures(many, scale=(0, 6), archive="prior").summary.model
    assert "learned" not in at.ruptures(many, scale=(0, 6), rule=RULES).summary.model


def test_a_large_table_is_learned_from_the_names_with_the_smallest_digests() -> None:
    names = [f"D{k}" for k in range(500)]
    whole, parts = Chosen(most=40), Chosen(most=40)
    whole.add(names)
    for k in range(0, 500, 7):
        parts.add(names[::-1][k : k + 7])
    assert whole.names == parts.names == set(sorted(names, key=digest)[:40])


def test_a_mistake_in_a_dyad_to_learn_from_is_named_by_its_row(tmp_path: Path) -> None:
    frame = made_up(250)
    spoilt = frame.with_columns(
        pl.when(pl.int_range(pl.len()) == 1000).then(9.0).otherwise(pl.col("score")).alias("score")
    )
    spoilt.write_parquet(tmp_path / "in.parquet")
    with pytest.raises(RupturesError, match="row 1001, column 'score'"):
        at.ruptures(
            tmp_path / "in.parquet", scale=(0, 6), engine="stream", out=tmp_path / "out.parquet"
        )
    assert not (tmp_path / "out.parquet").exists()


def test_spark_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(RupturesError, match=r"attunement\[spark\]"):
        at.ruptures(made_up(5), scale=(0, 6), engine="spark")


def _semicolons(path: Path, frame: pl.DataFrame, *, sign: str) -> Path:
    score = pl.col("score").round(2).cast(pl.String).str.replace(".", sign, literal=True)
    frame.with_columns(score).write_csv(path, separator=";")
    return path


def test_decimal_commas_are_judged_as_points_are_in_memory_and_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CSV_BLOCK", 1 << 10)
    frame = made_up(text=True)
    points = _semicolons(tmp_path / "points.csv", frame, sign=".")
    commas = _semicolons(tmp_path / "commas.csv", frame, sign=",")
    _, batches = reading.open_file(commas)
    assert len(list(batches(["score"]))) > 10  # pieces
    wanted = at.ruptures(points, scale=(0, 6), rule=RULES)
    found = at.ruptures(commas, scale=(0, 6), rule=RULES)
    assert wanted.sessions["flagged"].any()
    assert_frame_equal(found.sessions, wanted.sessions)
    out = tmp_path / "out.parquet"
    there = at.ruptures(commas, scale=(0, 6), rule=RULES, engine="stream", out=out)
    assert_frame_equal(as_text(pl.read_parquet(out)), as_text(wanted.sessions))
    flagged = wanted.sessions.with_row_index("row").filter("flagged")["row"][0]
    row = flagged // len(RULES)
    assert there.explain(row, rule=RULES[0]) == wanted.explain(row, rule=RULES[0])
    same = compare_rules(points, scale=(0, 6), rule=RULES, n=100)
    assert_frame_equal(compare_rules(commas, scale=(0, 6), rule=RULES, n=100).rules, same.rules)


@pytest.mark.parametrize(
    ("sign", "late", "said"),
    [
        (",", "4.5", "a number with a decimal point, where the column uses a decimal comma"),
        (".", "4,5", "a number with a decimal comma, where the file uses a decimal point"),
    ],
)
def test_file_that_changes_its_decimal_sign_later_is_refused_with_row_and_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sign: str, late: str, said: str
) -> None:
    monkeypatch.setattr(reading, "CSV_BLOCK", 1 << 10)
    frame = made_up(text=True)
    path = _semicolons(tmp_path / "in.csv", frame, sign=sign)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"Z;1;{late}\n")
    out = tmp_path / "out.parquet"
    with pytest.raises(RupturesError) as refused:
        at.ruptures(path, scale=(0, 6), rule=RULES, engine="stream", out=out)
    assert refused.value.code == "E-FRAME-205"
    assert f"row {frame.height + 2}, column 'score': {said}" in refused.value.text()
    assert not out.exists()


def test_comma_in_a_file_of_commas_is_no_decimal_sign(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text('dyad,session,score\nA,1,"4,5"\n', "utf-8")
    with pytest.raises(RupturesError, match="row 2, column 'score': a number with a decimal comma"):
        at.ruptures(path, scale=(0, 6))


def test_decimal_sign_of_text_in_a_frame_is_a_point_unless_it_is_said() -> None:
    frame = pl.DataFrame({"dyad": ["A"], "session": ["1"], "score": ["4,5"]})
    with pytest.raises(RupturesError, match="decimal comma"):
        at.ruptures(frame, scale=(0, 6))
    assert "1 score used" in str(at.ruptures(frame, scale=(0, 6), decimal=","))
    with pytest.raises(RupturesError, match="decimal cannot be"):
        at.ruptures(frame, scale=(0, 6), decimal=";")  # type: ignore[arg-type]
