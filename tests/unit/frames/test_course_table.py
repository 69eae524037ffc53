# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import attunement as at
from attunement.frames import CourseDirectionWarning, CourseError, ExpectedCourse
from attunement.signals import SignalError

SESSIONS = 6
ASKED: dict[str, Any] = {
    "id": "who",
    "session": "session",
    "score": "score",
    "lower_is": "better",
    "scale": (-100, 200),
    "fewest": 40,
}


def _table(n: int = 60, seed: int = 3) -> pl.DataFrame:
    chance = np.random.default_rng(seed)
    who, when = np.repeat(np.arange(n), SESSIONS), np.tile(np.arange(1, SESSIONS + 1), n)
    level = chance.normal(30, 6, n)[who] + chance.normal(0, 3, n)[who] * np.log(when)
    score = level - 6 * np.log(when) + chance.normal(0, 2, who.size)
    names = [f"P{one:03}" for one in who]
    return pl.DataFrame({"who": names, "session": when, "score": score})


@cache
def _found() -> ExpectedCourse:
    return at.expected_course(_with_holes(), **ASKED)


def _with_holes() -> pl.DataFrame:
    """Leave out a later score of P000, the first of P001, and let P002 begin unlike anybody."""
    row = pl.int_range(pl.len())
    return _table().with_columns(
        pl.when(row.is_in([3, 6]))
        .then(None)
        .when(row == 12)
        .then(150.0)
        .otherwise(pl.col("score"))
        .alias("score")
    )


def test_one_row_per_input_row_with_a_reason_where_nothing_is_expected() -> None:
    rows = _found().sessions
    assert rows.height == 60 * SESSIONS
    assert rows.columns[3:] == [
        "expected",
        "sd",
        "low68",
        "high68",
        "low80",
        "high80",
        "position",
        "reason",
        "model_version",
    ]
    reasons = rows["reason"].to_list()
    assert reasons[:7] == ["first_score", None, None, "no_score", None, None, "no_score"]
    assert set(reasons[7:12]) == {"no_first_score"}
    assert set(reasons[13:18]) == {"unlike_the_archive"}
    judged = rows.filter(pl.col("reason").is_null())
    assert judged["position"].null_count() == 0
    assert (rows["position"].is_null() == rows["reason"].is_not_null()).all()
    assert judged["model_version"].n_unique() == 10


def test_limits_by_arithmetic() -> None:
    # 68 % of a normal distribution lie within 0.994 SD, 80 % within 1.2816
    row = _found().sessions.row(1, named=True)
    assert row["high68"] - row["expected"] == pytest.approx(0.994 * row["sd"])
    assert row["expected"] - row["low80"] == pytest.approx(1.2816 * row["sd"])


def test_missing_is_not_zero_and_missing_rows_are_missing_forms() -> None:
    dropped = _with_holes().filter(pl.col("score").is_not_null())
    found = at.expected_course(dropped, **ASKED).sessions
    kept = _found().sessions.filter(pl.col("score").is_not_null())
    assert found.equals(kept)


def test_summary_says_how_it_is_out_of_sample() -> None:
    said = str(_found())
    assert "360 rows of 60 people" in said
    assert "nobody by a model that saw them" in said
    assert "Inside the 68 % limits lie" in said
    assert "no first score" in said


def test_explain_names_limits_model_and_what_it_cannot_tell() -> None:
    said = _found().explain(1)
    for part in ("P000, session 2", "68 % of them between", "Model version 1-", "cannot tell why"):
        assert part in said
    assert "missing is not zero" in _found().explain(3)
    for row in (-1, 360, True, "P000"):
        with pytest.raises(CourseError, match="E-FRAME-237"):
            _found().explain(row)  # type: ignore[arg-type]


def test_plot_has_band_sentence_and_table() -> None:
    figure = _found().plot("P010")
    assert "att-band" in figure.svg
    assert figure.sentence.startswith("P010: of 5 judged scores")
    assert len(figure.table.rows) == SESSIONS
    assert "layer" in _found().plot("P010", engine="altair").to_dict()
    assert "no score could be judged" in _found().plot("P001").sentence
    with pytest.raises(CourseError, match="E-FRAME-237"):
        _found().plot("nobody")
    with pytest.raises(CourseError, match="E-FRAME-232"):
        _found().plot("P010", engine="paper")  # type: ignore[call-overload]


def test_archive_of_others_leaves_out_who_is_judged() -> None:
    archive, new = _table(), _table(3, seed=9).with_columns(who=pl.lit("new") + pl.col("who"))
    found = at.expected_course(new, archive=archive, **ASKED)
    assert "archive of 60 other people." in str(found)
    assert found.sessions["model_version"].drop_nulls().n_unique() == 1
    own = at.expected_course(_table(3), archive=archive, **ASKED)
    assert "archive of 57 other people; 3 of it who are judged here were left out" in str(own)
    with pytest.raises(CourseError, match="Everybody in the archive is judged"):
        at.expected_course(archive, archive=archive, **ASKED)


def test_sessions_beyond_the_archive_are_not_judged() -> None:
    new = pl.DataFrame({"who": ["new"] * 2, "session": [1, SESSIONS + 1], "score": [30.0, 20.0]})
    found = at.expected_course(new, archive=_table(), **ASKED).sessions
    assert found["reason"].to_list() == ["first_score", "beyond_the_archive"]


def test_small_archive_is_refused() -> None:
    with pytest.raises(SignalError, match="E-SIGNAL-031"):
        at.expected_course(_table(), **{**ASKED, "fewest": 300})


def test_functional_range_comes_first() -> None:
    rows = at.expected_course(_table(), functional=20, **ASKED).sessions
    judged = rows.filter(pl.col("reason").is_null())
    assert (judged["score"] <= 20).equals((judged["position"] == "functional").rename("score"))


def test_neighbours_use_what_was_known_at_the_beginning() -> None:
    table = _table().with_columns(age=(pl.col("who").str.slice(1).cast(pl.Int64) % 7) + 20)
    asked = {**ASKED, "method": "neighbours"}
    found = at.expected_course(table, features=["age"], **asked)
    plain = at.expected_course(table, **asked)
    assert "most alike" in str(found)
    assert found.sessions["expected"].to_list() != plain.sessions["expected"].to_list()
    later = table.with_columns(age=pl.col("age") + (pl.col("session") > 3))
    with pytest.raises(CourseError, match="changes within a person"):
        at.expected_course(later, features=["age"], **asked)
    with pytest.raises(CourseError, match="method='neighbours'"):
        at.expected_course(table, features=["age"], **ASKED)


def test_kind_of_frame_comes_back() -> None:
    assert isinstance(at.expected_course(_table().to_pandas(), **ASKED).sessions, pd.DataFrame)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"score": ["x"] * 360}, "row 1, column 'score': text in a number column"),
        ({"score": [np.inf] + [1.0] * 359}, "row 1, column 'score': infinity"),
        ({"score": [500.0] + [1.0] * 359}, "off the scale -100 to 200"),
        ({"session": [0, *range(2, 361)]}, "row 1, column 'session': below 1"),
        ({"session": [1.5, *[float(n) for n in range(2, 361)]]}, "not a whole number"),
    ],
)
def test_bad_cells_are_told_by_row_and_column(cells: dict[str, Any], told: str) -> None:
    table = _table().with_columns(
        **{name: pl.Series(values, strict=False) for name, values in cells.items()}
    )
    with pytest.raises(CourseError, match="E-FRAME-234") as refused:
        at.expected_course(table, **ASKED)
    assert told in str(refused.value)


def test_people_may_be_named_by_numbers() -> None:
    table = _table().with_columns(who=pl.col("who").str.slice(1).cast(pl.Float64))
    found = at.expected_course(table, **ASKED).sessions
    plain = at.expected_course(_table(), **ASKED).sessions
    assert found["expected"].equals(plain["expected"])
    holes = table.with_columns(who=pl.when(pl.col("who") > 0).then("who").otherwise(float("nan")))
    with pytest.raises(CourseError, match="row 1, column 'who': does not say whose row"):
        at.expected_course(holes, **ASKED)


def test_people_who_cannot_be_told_apart_share_a_model() -> None:
    twins = pl.concat([_table(), _table().with_columns(who=pl.lit("twin ") + pl.col("who"))])
    rows = at.expected_course(twins, **ASKED).sessions
    half = rows.height // 2
    assert rows["expected"][:half].equals(rows["expected"][half:])


def test_doubled_sessions_are_refused() -> None:
    with pytest.raises(CourseError, match=r"same session twice.*row 361"):
        at.expected_course(pl.concat([_table(), _table()[:1]]), **ASKED)


@pytest.mark.parametrize(
    "change",
    [
        {"lower_is": None},
        {"scale": None},
        {"method": "guess"},
        {"fewest": 0},
        {"functional": "well"},
        {"id": "nobody"},
        {"session": "nowhere"},
    ],
)
def test_unusable_arguments_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(CourseError):
        at.expected_course(_table(), **{**ASKED, **change})


def test_one_person_and_all_alike_are_refused() -> None:
    for table in (_table()[:SESSIONS], _table().with_columns(score=pl.lit(5.0))):
        with pytest.raises(SignalError, match="E-SIGNAL-031"):
            at.expected_course(table, **ASKED)


def test_order_names_shift_and_scale_change_nothing() -> None:
    table = _table()
    plain = at.expected_course(table, **ASKED).sessions
    mixed = table.sample(fraction=1.0, shuffle=True, seed=4)
    found = at.expected_course(mixed, **ASKED).sessions
    keys = ["who", "session"]
    assert found.sort(keys).equals(plain.sort(keys))
    named = table.with_columns(who=pl.col("who").str.reverse())
    other = at.expected_course(named, **ASKED).sessions
    assert other.drop("who").equals(plain.drop("who"))
    moved = table.with_columns(score=pl.col("score") * 2 + 7)
    again = at.expected_course(moved, **{**ASKED, "scale": (-193, 407)}).sessions
    assert again["position"].equals(plain["position"])
    turned = table.with_columns(score=100 - pl.col("score"))
    asked = {**ASKED, "lower_is": None, "higher_is": "better"}
    over = at.expected_course(turned, **{**asked, "scale": (-100, 200)}).sessions
    same = (over["position"] == plain["position"]).drop_nulls()
    assert same.mean() > 0.97  # people fall into other tenths, so limits move a little


def test_wrong_direction_is_doubted() -> None:
    asked = {**ASKED, "lower_is": None, "higher_is": "better"}
    with pytest.warns(CourseDirectionWarning, match="standard deviations"):
        at.expected_course(_table(), **asked)


def test_ten_thousand_sessions_are_beyond_the_archive() -> None:
    long = pl.DataFrame(
        {"who": ["new"] * 10_000, "session": range(1, 10_001), "score": [20.0] * 10_000}
    )
    found = at.expected_course(long, archive=_table(), **ASKED).sessions
    assert found["reason"].value_counts().sort("count")["reason"].to_list()[-1] == (
        "beyond_the_archive"
    )
