# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import attunement as at
from attunement.frames import CourseDirectionWarning, CourseError
from attunement.signals import SignalError

WIDE = pl.DataFrame(
    {
        "who": ["A", "B", "C", "D", "E", "F"],
        "before": [30.0, 24.0, 27.0, 33.0, 6.0, None],
        "after": [12.0, 23.0, 36.0, 20.0, 5.0, 4.0],
    }
)
ASKED: dict[str, Any] = {
    "id": "who",
    "pre": "before",
    "post": "after",
    "reliability": 0.9,
    "lower_is": "better",
}


def _long() -> pl.DataFrame:
    rows = [
        (who, time, score)
        for who, scores in {
            "A": [30, 26, 20, 12],
            "B": [24, 25, 22, 23],
            "C": [27, 28, 31, 36],
            "D": [33, 30, 27, 20],
            "E": [20, None, 18, 17],
        }.items()
        for time, score in enumerate(scores)
    ]
    return pl.DataFrame(rows, schema=["who", "week", "bdi"], orient="row")


LONG: dict[str, Any] = {
    "id": "who",
    "score": "bdi",
    "time": "week",
    "pre": 0,
    "post": 3,
    "reliability": 0.9,
    "lower_is": "better",
}


def _of(found: Any, method: str = "jacobson_truax") -> dict[str, Any]:
    rows = found.changes.filter(pl.col("method") == method)
    return dict(zip(rows["who"], rows["category"], strict=True))


def test_rows_by_hand() -> None:
    # A–E have both: M = 24, SD = √(450/4) = 10.607; SEM = 3.354; limit 1.96·√2·3.354 = 9.297.
    found = at.reliable_change(WIDE, methods="JT", **ASKED)
    assert found.sample.error == pytest.approx(3.354, abs=5e-4)
    assert _of(found) == {
        "A": "improved",
        "B": "unchanged",
        "C": "unchanged",  # +9 is within 9.297
        "D": "improved",
        "E": "unchanged",
        "F": None,
    }
    last = found.changes.row(5, named=True)
    assert (last["reason"], last["statistic"], last["attainable"]) == ("no_first_score", None, None)
    assert found.changes.row(0, named=True)["statistic"] == pytest.approx(-18 / (2**0.5 * 3.3541))


def test_scale_makes_improvement_unattainable_not_unchanged() -> None:
    # E begins at 6: even 0 is only 6 points better, less than 9.297.
    found = at.reliable_change(WIDE, methods="JT", scale=(0, 63), **ASKED)
    assert _of(found)["E"] == "not_attainable"
    room = dict(zip(found.changes["who"], found.changes["attainable"], strict=True))
    assert room == {"A": True, "B": True, "C": True, "D": True, "E": False, "F": None}
    assert "not attainable" in str(found)
    assert "no room" in found.explain(4)


def test_long_table_feeds_growth_and_words_as_times_do_not() -> None:
    found = at.reliable_change(_long(), **LONG)
    assert set(found.counts["short"]) >= {"IG", "GD"}
    assert found.left_out == ()
    words = _long().with_columns(pl.col("week").replace_strict({0: "in", 1: "a", 2: "b", 3: "out"}))
    other = at.reliable_change(words, **{**LONG, "pre": "in", "post": "out"})
    assert "IG" not in set(other.counts["short"])
    assert "Not asked: Individual growth" in str(other)
    assert _of(other) == _of(found)
    with pytest.raises(CourseError, match="need a long table"):
        at.reliable_change(words, **{**LONG, "pre": "in", "post": "out"}, methods=["JT", "IG"])


def test_summary_says_rows_people_and_that_methods_disagree() -> None:
    said = str(at.reliable_change(WIDE, functional=(8, 6), **ASKED))
    assert "6 rows read; 6 people, 5 with both scores, 1 without a verdict." in said
    assert "kind c (between both populations)" in said
    assert "The methods disagree on" in said
    assert "choose one before you look" in said


def test_alliance_gets_its_name() -> None:
    asked = {**ASKED, "lower_is": None, "higher_is": "better"}
    turned = WIDE.with_columns(before=60 - pl.col("before"), after=60 - pl.col("after"))
    assert str(at.reliable_change(turned, construct="alliance", **asked)).startswith(
        "Reliable alliance change in"
    )
    oac = WIDE.with_columns(before=6 - pl.col("before") / 10, after=6 - pl.col("after") / 10)
    found = at.reliable_change(oac, measure="oac-c", **{**ASKED, "lower_is": None})
    assert found.construct == "alliance"
    assert "reliability within persons" in str(found)


def test_explain_shows_formula_numbers_source_and_note() -> None:
    said = at.reliable_change(WIDE, functional=(8, 6), **ASKED).explain(0)
    assert said.startswith("A, Jacobson–Truax: recovered")
    for part in ("(post − pre) / (√2·SEM)", "SEM = 3.354", "10.1037/0022-006X.59.1.12", "regress"):
        assert part in said
    found = at.reliable_change(WIDE, methods="JT", **ASKED)
    assert "the first score is missing" in found.explain(5)
    for row in (6, -1, True, "A"):
        with pytest.raises(CourseError, match="E-FRAME-237"):
            found.explain(row)  # type: ignore[arg-type]


def test_plot_is_a_picture_a_sentence_and_a_table() -> None:
    found = at.reliable_change(WIDE, functional=(8, 6), **ASKED)
    figure = found.plot()
    assert figure.sentence.startswith("By Jacobson–Truax, 2 of 5 people are reliably better")
    assert len(figure.table.rows) == 5
    assert "att-band" in figure.svg
    assert "style=" not in figure.svg
    assert found.plot("hageman_arrindell").title == "Reliable change by Hageman–Arrindell"
    assert "layer" in found.plot("JT", engine="altair").to_dict()
    for asked in ({"method": "ZZ"}, {"engine": "paper"}):
        with pytest.raises(CourseError, match="E-FRAME-232"):
            found.plot(**asked)


def test_growth_is_drawn_without_an_area() -> None:
    figure = at.reliable_change(_long(), **LONG).plot("IG")
    assert "att-band" not in figure.svg


def test_kind_of_frame_comes_back() -> None:
    assert isinstance(at.reliable_change(WIDE.to_pandas(), **ASKED).changes, pd.DataFrame)
    assert isinstance(at.reliable_change(WIDE.to_arrow(), **ASKED).counts, pa.Table)
    assert isinstance(at.reliable_change(WIDE.lazy(), **ASKED).changes, pl.LazyFrame)
    relation = duckdb.from_arrow(WIDE.to_arrow())
    assert type(at.reliable_change(relation, **ASKED).changes) is type(relation)


def test_text_and_comma_files(tmp_path: Any) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("who;before;after\nA;30,5;12\nB;24,5;23\nC;27;NA\nD;20;10\n")
    found = at.reliable_change(path, methods="JT", **ASKED)
    assert found.people.pre.tolist() == [30.5, 24.5, 27, 20]
    assert math.isnan(found.people.post[2])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"before": ["x", "24", "27", "33", "6", ""]}, "row 1, column 'before': text in a number"),
        ({"before": [math.inf, 24.0, 27, 33, 6, 1]}, "row 1, column 'before': infinity"),
        ({"who": ["A", None, "C", "D", "E", "F"]}, "row 2, column 'who': does not say whose"),
    ],
)
def test_bad_cells_are_told_by_row_and_column(change: dict[str, Any], told: str) -> None:
    table = WIDE.with_columns(**{name: pl.Series(cells) for name, cells in change.items()})
    with pytest.raises(CourseError, match="E-FRAME-234") as refused:
        at.reliable_change(table, **ASKED)
    assert told in str(refused.value)
    assert refused.value.problems


def test_off_the_scale_is_refused() -> None:
    with pytest.raises(CourseError, match="row 3, column 'after': off the scale 0 to 35"):
        at.reliable_change(WIDE, scale=(0, 35), **ASKED)


def test_doubled_people_and_occasions_are_refused() -> None:
    with pytest.raises(CourseError, match=r"same row twice.*row 7"):
        at.reliable_change(pl.concat([WIDE, WIDE[:1]]), **ASKED)
    with pytest.raises(CourseError, match=r"same time twice.*rows 21, 22"):
        at.reliable_change(pl.concat([_long(), _long()[:2]]), **LONG)


@pytest.mark.parametrize("rows", [WIDE[:1], WIDE.with_columns(before=pl.lit(5.0))])
def test_one_person_or_all_alike_cannot_be_judged(rows: pl.DataFrame) -> None:
    with pytest.raises(SignalError, match="E-SIGNAL-030"):
        at.reliable_change(rows, **ASKED)


def test_wrong_direction_is_doubted() -> None:
    many = pl.DataFrame(
        {"who": range(20), "before": range(20, 40), "after": [5.0 + (n % 3) for n in range(20)]}
    )
    turned = {**ASKED, "lower_is": None, "higher_is": "better"}
    with pytest.warns(CourseDirectionWarning, match="standard deviations"):
        at.reliable_change(many, **turned)
    with pytest.warns(CourseDirectionWarning, match="functional mean"):
        at.reliable_change(many, **{**ASKED, "lower_is": "better"}, functional=(60, 8))


@pytest.mark.parametrize(
    "change",
    [
        {"lower_is": None},
        {"lower_is": "good"},
        {"higher_is": "better"},
        {"methods": "XX"},
        {"methods": []},
        {"methods": ["JT", "jacobson_truax"]},
        {"cutoff": "d"},
        {"cutoff": True},
        {"functional": (8,)},
        {"norms": "8"},
        {"norms": (math.nan, 1)},
        {"scale": (5, 5)},
        {"reliability": "high"},
        {"score": "after"},
        {"pre": 1},
        {"post": "before"},
        {"pre": "beginning"},
        {"id": "nobody"},
        {"scale": (0, 63), "measure": "phq-9"},
    ],
)
def test_unusable_arguments_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(CourseError):
        at.reliable_change(WIDE, **{**ASKED, **change})


@pytest.mark.parametrize("reliability", [0, 1, 1.2, math.nan])
def test_reliability_outside_its_range_is_refused(reliability: float) -> None:
    with pytest.raises(SignalError, match="reliability"):
        at.reliable_change(WIDE, **{**ASKED, "reliability": reliability})


def test_time_that_no_row_has_and_same_times_are_refused() -> None:
    with pytest.raises(CourseError, match="No row has the time that post= names"):
        at.reliable_change(_long(), **{**LONG, "post": 9})
    with pytest.raises(CourseError, match="another time"):
        at.reliable_change(_long(), **{**LONG, "post": 0})
    missing = _long().with_columns(pl.col("week").replace(1, None))
    with pytest.raises(CourseError, match="does not say when"):
        at.reliable_change(missing, **LONG)


def test_result_column_names_are_not_taken_for_people() -> None:
    with pytest.raises(CourseError, match="result column"):
        at.reliable_change(WIDE.rename({"who": "method"}), **{**ASKED, "id": "method"})
    with pytest.raises(CourseError, match="no rows"):
        at.reliable_change(WIDE.clear(), **ASKED)


def test_methods_by_short_name_and_order() -> None:
    found = at.reliable_change(WIDE, methods=["EN", "jt"], **ASKED)
    assert found.counts["short"].to_list() == ["EN", "JT"]
    assert found.to_dict()["people"] == 6


def test_times_that_go_backwards_are_doubted() -> None:
    with pytest.warns(CourseDirectionWarning, match="counts backwards"):
        at.reliable_change(_long(), **{**LONG, "pre": 3, "post": 0}, methods="JT")


def test_table_rooms_load_without_scipy() -> None:
    code = "import sys, attunement.frames; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
