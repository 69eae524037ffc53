# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import attunement as at
from attunement.figures import Figure
from attunement.frames import GainsDirectionWarning, GainsError, RatingsError
from attunement.signals import SignalError

ASKED: dict[str, Any] = {
    "id": "client",
    "session": "session",
    "score": "bdi",
    "cutoff": 7,
    "lower_is": "better",
}
GAIN = [35, 37, 34, 23, 24, 21, 22, 20]  # 34 to 23: see the arithmetic below
FLAT = [20, 21, 20, 19, 20, 21, 20, 19]


def _table(**courses: list[float | None]) -> pl.DataFrame:
    rows = [
        (who, session, score)
        for who, scores in courses.items()
        for session, score in enumerate(scores, start=1)
    ]
    kinds = {"client": pl.String, "session": pl.Int64, "bdi": pl.Float64}
    return pl.DataFrame(rows, schema=kinds, orient="row")


TABLE = _table(A=GAIN, B=FLAT)  # type: ignore[arg-type]  # whole numbers are numbers


def _as(kind: str) -> Any:
    return {
        "polars": lambda: TABLE,
        "lazy": TABLE.lazy,
        "pandas": TABLE.to_pandas,
        "pyarrow": TABLE.to_arrow,
        "duckdb": lambda: duckdb.from_arrow(TABLE.to_arrow()),
        "narwhals": lambda: nw.from_native(TABLE.to_pandas()),
    }[kind]()


@pytest.mark.parametrize("kind", ["polars", "lazy", "pandas", "pyarrow", "duckdb", "narwhals"])
def test_result_is_of_the_kind_that_came_in(kind: str) -> None:
    table = _as(kind)
    found = at.sudden_gains(table, **ASKED)
    for frame in (found.gains, found.intervals, found.persons):
        assert type(frame) is type(table)
    native = nw.from_native(found.gains)
    gains = native.collect("polars") if isinstance(native, nw.LazyFrame) else native
    rows = gains.select("client", "session", "magnitude", "reversed").to_arrow().to_pylist()
    assert rows == [{"client": "A", "session": 3, "magnitude": 11.0, "reversed": False}]


def test_numbers_of_a_gain_are_those_worked_by_hand() -> None:
    # before 35 37 34: mean 35.33, squares 4.667; after 23 24 21: mean 22.67, squares 4.667;
    # 12.67 > 2.776 * sqrt(9.333 / 4) = 4.241; half way back 23 + 11 / 2 = 28.5; 35 - 20 = 15
    row = at.sudden_gains(TABLE, **ASKED).gains.row(0, named=True)
    assert row["mean_before"] == pytest.approx(106 / 3)
    assert row["mean_after"] == pytest.approx(68 / 3)
    assert row["sd_before"] == pytest.approx((14 / 3 / 2) ** 0.5)
    assert row["needed"] == pytest.approx(2.776445 * (28 / 3 / 4) ** 0.5, abs=1e-5)
    assert row["reversal_score"] == 28.5
    assert row["total_change"] == 15
    assert row["share_of_change"] == pytest.approx(11 / 15)
    assert (row["number"], row["of"], row["n_before"], row["n_after"]) == (1, 1, 3, 3)


def test_interval_without_scores_is_missing_and_never_no() -> None:
    found = at.sudden_gains(_table(A=[20, 20, None, 20, 20, 20]), **ASKED)
    assert found.intervals["verdict"].to_list() == [None, None, False]
    assert found.intervals["criterion_1"].to_list() == [None, None, False]
    pandas = at.sudden_gains(_table(A=[20, 20, None, 20, 20, 20]).to_pandas(), **ASKED)
    assert pandas.intervals["verdict"].isna().tolist() == [True, True, False]


def test_ids_keep_their_type_and_persons_the_order_of_the_table() -> None:
    table = TABLE.with_columns(client=pl.when(pl.col("client") == "A").then(10).otherwise(9))
    found = at.sudden_gains(table, **ASKED)
    assert found.persons["client"].to_list() == [10, 9]
    assert found.persons["n_gains"].to_list() == [1, 0]
    assert found.explain((10, 3)) == found.explain(0)


def test_each_chair_is_a_course_of_its_own() -> None:
    both = pl.concat(
        [
            TABLE.with_columns(rater=pl.lit("client")),
            TABLE.with_columns(bdi=pl.lit(20.0), rater=pl.lit("therapist")),
        ]
    )
    found = at.sudden_gains(both, **ASKED, perspective="rater")
    assert found.gains.select("client", "perspective").rows() == [("A", "client")]
    assert found.persons.height == 4
    assert len(found.plot(("A", "client")).marks) == 1  # type: ignore[union-attr]


def test_two_chairs_in_one_column_are_sessions_that_occur_twice() -> None:
    both = pl.concat([TABLE, TABLE.with_columns(bdi=pl.col("bdi") + 1)])
    with pytest.raises(RatingsError) as refusal:
        at.sudden_gains(both, **ASKED)
    assert [problem.code for problem in refusal.value.problems] == ["E-FRAME-114"]


def test_mistake_is_told_once_with_row_and_column_and_left_out() -> None:
    table = TABLE.with_columns(pl.col("bdi").cast(pl.String)).with_columns(
        bdi=pl.when((pl.col("client") == "B") & (pl.col("session") == 2))
        .then(pl.lit("many"))
        .otherwise("bdi")
    )
    found = at.sudden_gains(table, **ASKED)
    (problem,) = found.problems
    assert (problem.code, problem.row, problem.column) == ("E-FRAME-110", 10, "bdi")
    assert "many" not in str(found)
    assert problem.text() in str(found)
    assert found.persons["n_scores"].to_list() == [8, 7]


@pytest.mark.parametrize("bad", [float("inf"), 64.0, -1.0])
def test_score_off_the_scale_is_left_out_and_named(bad: float) -> None:
    found = at.sudden_gains(_table(A=[*GAIN, bad]), **ASKED, scale=(0, 63))
    assert [problem.row for problem in found.problems] == [9]
    assert len(found) == 1


def test_date_that_goes_back_is_left_out() -> None:
    days = pl.date_range(pl.date(2026, 1, 1), pl.date(2026, 1, 8), eager=True).to_list()
    days[4] = days[0]
    found = at.sudden_gains(_table(A=GAIN).with_columns(date=pl.Series(days)), **ASKED, date="date")  # type: ignore[arg-type]
    assert [problem.code for problem in found.problems] == ["E-FRAME-115"]


def test_ten_thousand_sessions_of_one_person_are_judged() -> None:
    scores = [20.0 + (k % 2) for k in range(9_999)]
    found = at.sudden_gains(_table(A=scores), **ASKED)  # type: ignore[arg-type]
    assert found.to_dict()["testable"] == 9_999 - 3


def test_one_session_only_says_that_nothing_could_be_judged() -> None:
    found = at.sudden_gains(_table(A=[20]), **ASKED)
    assert len(found) == 0
    assert "No interval could be judged" in str(found)
    assert found.gains.columns == at.sudden_gains(TABLE, **ASKED).gains.columns


def test_all_equal_has_no_gain() -> None:
    assert len(at.sudden_gains(_table(A=[20.0] * 10), **ASKED)) == 0


def test_direction_is_never_assumed() -> None:
    asked = {name: value for name, value in ASKED.items() if name != "lower_is"}
    with pytest.raises(GainsError, match="E-FRAME-221"):
        at.sudden_gains(TABLE, **asked)
    with pytest.raises(GainsError, match="E-FRAME-221"):
        at.sudden_gains(TABLE, **asked, lower_is="better", higher_is="better")
    same = at.sudden_gains(TABLE, **asked, higher_is="worse")
    assert len(same) == 1
    named = _table(A=[20, 21, 19, 9, 10, 8])
    assert len(at.sudden_gains(named, **asked, measure="phq-9")) == 1


def test_wrong_direction_is_warned_of() -> None:
    asked = {name: value for name, value in ASKED.items() if name != "lower_is"}
    table = _table(**{f"C{k}": [30.0 - s - k for s in range(9)] for k in range(6)})  # type: ignore[arg-type]
    with pytest.warns(GainsDirectionWarning, match="is it right that higher is better"):
        at.sudden_gains(table, **asked, higher_is="better")


@pytest.mark.parametrize(
    "wrong",
    [{"missing": "drop"}, {"baseline": "yes"}, {"gaps": "no"}, {"cases": "some"}, {"cases": True}],
)
def test_value_that_is_not_offered_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(GainsError, match="E-FRAME-222"):
        at.sudden_gains(TABLE, **ASKED, **wrong)


def test_cut_off_is_asked_for() -> None:
    with pytest.raises(SignalError, match="criteria="):
        at.sudden_gains(TABLE, **{**ASKED, "cutoff": None})
    derived = at.signals.gains.define_crit1_cutoff(10.5, 0.931)
    assert len(at.sudden_gains(TABLE, **{**ASKED, "cutoff": derived})) == 1


def test_share_of_a_score_below_zero_is_refused_by_row() -> None:
    table = _table(A=[20, 20, -1, 20, 20])
    with pytest.raises(GainsError, match=r"E-FRAME-222.*row 3, 1 in all.*pomp"):
        at.sudden_gains(table, **ASKED)
    assert at.sudden_gains(table, **ASKED, criteria=(1, 3)).to_dict()["judged"] == 2


def test_baseline_makes_the_first_interval_testable() -> None:
    scores = [30, 31, 12, 11, 10, 11]  # sessions 0 to 5; the gain is 1 to 2
    table = _table(A=scores).with_columns(pl.col("session") - 1)  # type: ignore[arg-type]
    assert at.sudden_gains(table, **ASKED).gains["session"].to_list() == [1]
    assert len(at.sudden_gains(table, **ASKED, baseline="leave_out")) == 0


def test_explain_says_why_and_refuses_what_is_not_there() -> None:
    found = at.sudden_gains(TABLE, **ASKED)
    words = found.explain(0)
    assert words.startswith("A, session 3 to 4. The score fell by 11 points, from 34 to 23.")
    assert "No later score went beyond 28.5" in words
    assert "Criterion 1, at least 7 points: not met" in found.explain(("B", 3))
    assert "never tested: there is only one session before it" in found.explain(("B", 1))
    assert "never tested: there is only one session after it" in found.explain(("B", 7))
    for row in (1, -1, ("B", 8), ("Z", 1)):
        with pytest.raises(GainsError, match="E-FRAME-223"):
            found.explain(row)


def test_plot_is_a_picture_a_sentence_and_a_table() -> None:
    found = at.sudden_gains(TABLE, **ASKED)
    around, course = found.plot(), found.plot("A")
    assert isinstance(around, Figure)
    assert isinstance(course, Figure)
    assert "from 34 in the session before to 23 in the session after" in around.sentence
    assert [row[1] for row in around.table.rows] == ["35", "37", "34", "23", "24", "21"]
    assert [mark.session_no for mark in course.marks] == [4]
    assert "No sudden gain was found" in found.plot("B").sentence  # type: ignore[union-attr]
    for figure in (around, course):
        assert figure.svg.count("<svg") == 2
        assert "style=" not in figure.html()


def test_plot_of_nothing_says_so() -> None:
    figure = at.sudden_gains(_table(B=FLAT), **ASKED).plot()  # type: ignore[arg-type]
    assert isinstance(figure, Figure)
    assert figure.sentence == "There is no sudden gain to draw."


def test_hostile_names_stay_text_in_the_picture() -> None:
    table = TABLE.with_columns(client=pl.lit("<script>alert(1)</script>")).head(8)
    figure = at.sudden_gains(table, **ASKED).plot("<script>alert(1)</script>")
    assert isinstance(figure, Figure)
    assert "<script" not in figure.html()


def test_altair_draws_the_same_numbers_or_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = at.sudden_gains(TABLE, **ASKED)
    with pytest.raises(GainsError, match="E-FRAME-222"):
        found.plot(engine="excel")  # type: ignore[arg-type]
    real = builtins.__import__

    def absent(name: str, *rest: Any) -> Any:
        if name == "altair":
            raise ImportError(name)
        return real(name, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(builtins, "__import__", absent)
        with pytest.raises(GainsError, match="E-FRAME-224"):
            found.plot(engine="altair")
    pytest.importorskip("altair", reason="altair is an extra")
    values = found.plot(engine="altair").data.to_dict()["values"]  # type: ignore[union-attr]
    assert [row["mean"] for row in values] == [35, 37, 34, 23, 24, 21]
    course = found.plot("A", engine="altair").data.to_dict()["values"]  # type: ignore[union-attr]
    assert [row["session"] for row in course if row["gain"]] == [4]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_path_is_read(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"scores.{ending}"
    TABLE.write_csv(path) if ending == "csv" else TABLE.write_parquet(path)
    for source in (path, str(path)):
        found = at.sudden_gains(source, **ASKED)
        assert found.gains.select("client", "session").rows() == [("A", 3)]


def test_csv_counts_rows_with_the_header_and_knows_missing_marks(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("client;session;bdi\nA;1;35,5\nA;2;NA\nA;3;\nA;4;x\n", encoding="utf-8")
    found = at.sudden_gains(path, **ASKED)
    assert [problem.row for problem in found.problems] == [5]
    assert found.persons["n_scores"].to_list() == [1]


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(RatingsError, match="E-FRAME-104"):
        at.sudden_gains([1, 2, 3], **ASKED)
    with pytest.raises(RatingsError, match="E-FRAME-102"):
        at.sudden_gains(TABLE, **{**ASKED, "score": "bdo"})


def test_counts_are_json() -> None:
    about = json.loads(json.dumps(at.sudden_gains(TABLE.to_pandas(), **ASKED).to_dict()))
    assert about["found"] == 1
    assert about["gains"][0]["client"] == "A"


def test_frame_without_rows_of_its_own_is_refused() -> None:
    empty = pa.table({"client": pa.array([], pa.string()), "session": pa.array([], pa.int64())})
    empty = empty.append_column("bdi", pa.array([], pa.float64()))
    with pytest.raises(RatingsError, match="E-FRAME-10"):
        at.sudden_gains(empty, **ASKED)


def test_pandas_index_and_categories_do_no_harm() -> None:
    frame = TABLE.to_pandas().sample(frac=1, random_state=3)
    frame["client"] = frame["client"].astype("category")
    assert isinstance(frame, pd.DataFrame)
    gains = at.sudden_gains(frame, **ASKED).gains
    assert gains["client"].tolist() == ["A"]
    assert np.array_equal(gains["session"], [3])
