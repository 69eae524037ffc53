# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.measure_samples import continuous_and_odd, nine_sums, twelve_means, with_skips

from attunement.frames import ColumnGuessWarning, ScoreFrameError, Tally, score
from attunement.measures import load
from attunement.measures.schema import Risk

ITEMS = [str(k) for k in range(1, 10)]
RESULTS = ["score", "n_answered", "reason", "measure", "scorer"]


def nine(**changed: list[Any]) -> pl.DataFrame:
    columns = {"client": ["A", "B", "C"], **{item: [1, 3, None] for item in ITEMS}}
    return pl.DataFrame({**columns, **changed}, strict=False)


def relation(frame: pl.DataFrame) -> Any:
    table = frame.to_arrow()
    connection = duckdb.connect()
    return connection.from_arrow(table)


KINDS: dict[str, tuple[Callable[[pl.DataFrame], Any], type]] = {
    "polars": (lambda frame: frame, pl.DataFrame),
    "lazy": (lambda frame: frame.lazy(), pl.LazyFrame),
    "pandas": (lambda frame: frame.to_pandas(), pd.DataFrame),
    "arrow": (lambda frame: frame.to_arrow(), pa.Table),
    "duckdb": (relation, duckdb.DuckDBPyRelation),
}


def plain(result: Any) -> list[dict[str, Any]]:
    """Rows as dictionaries, with None for what is not there."""
    if isinstance(result, pl.LazyFrame):
        result = result.collect()
    if isinstance(result, duckdb.DuckDBPyRelation):
        result = result.to_arrow_table()
    if isinstance(result, pd.DataFrame):
        result = pa.Table.from_pandas(result, preserve_index=False)
    if isinstance(result, pa.Table):
        result = pl.DataFrame(pl.from_arrow(result))
    return result.to_dicts()  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_comes_back_as_it_came(kind: str) -> None:
    make, expected = KINDS[kind]
    result = score(make(nine()), measure=nine_sums())
    assert isinstance(result, expected)
    rows = plain(result)
    assert [row["client"] for row in rows] == ["A", "B", "C"]
    assert [row["score"] for row in rows] == [9.0, 27.0, None]
    assert [row["n_answered"] for row in rows] == [9, 9, 0]
    assert [row["reason"] for row in rows] == [None, None, "total: 0 of 9 answered, 7 needed"]
    assert list(rows[0]) == ["client", *RESULTS]
    assert rows[0]["measure"] == "sample@1"


@pytest.mark.parametrize("kind", KINDS)
def test_empty_table_gives_the_same_columns(kind: str) -> None:
    make, _ = KINDS[kind]
    full, empty = (
        score(make(nine()), measure=nine_sums()),
        score(make(nine().clear()), measure=nine_sums()),
    )
    names = list(getattr(full, "column_names", None) or full.columns) if kind != "lazy" else []
    again = list(getattr(empty, "column_names", None) or empty.columns) if kind != "lazy" else []
    assert names == again
    assert plain(empty) == []


@pytest.mark.parametrize("kind", ["polars", "pandas", "arrow", "duckdb"])
def test_long_tables_become_one_row_per_response(kind: str) -> None:
    long = nine().unpivot(index="client", variable_name="item", value_name="answer")
    rows = plain(score(KINDS[kind][0](long), measure=nine_sums()))
    assert rows == plain(score(nine(), measure=nine_sums()))


def test_subscales_follow_the_total() -> None:
    frame = pl.DataFrame({"who": ["A"], **{f"i{k}": [4] for k in range(1, 13)}})
    row = score(frame, measure=twelve_means()).to_dicts()[0]
    assert list(row) == ["who", "score", "goal", "task", "bond", *RESULTS[1:]]
    assert row["goal"] == (4 + 2 + 4 + 4) / 4
    assert row["score"] == (9 * 4 + 3 * 2) / 12


def test_measure_without_a_total_has_no_score_column() -> None:
    made = twelve_means()
    object.__setattr__(made, "scales", made.scales[1:])
    frame = pl.DataFrame({f"i{k}": [4] for k in range(1, 13)})
    assert score(frame, measure=made).columns == ["goal", "task", "bond", *RESULTS[1:]]


def test_keys_choose_what_is_carried_over() -> None:
    frame = nine(note=["x", "y", "z"])
    assert score(frame, measure=nine_sums(), keys=["note"]).columns == ["note", *RESULTS]
    assert score(frame, measure=nine_sums(), keys=[]).columns == RESULTS


def test_pandas_index_and_dtypes_are_kept() -> None:
    frame = nine().to_pandas().set_index(pd.Index([7, 5, 3], name="row"))
    frame["client"] = frame["client"].astype("category")
    result = score(frame, measure=nine_sums())
    assert result.index.tolist() == [7, 5, 3]
    assert result["client"].dtype == "category"
    assert score(frame, measure=nine_sums(), keys=[]).index.tolist() == [7, 5, 3]


def test_pandas_with_numbered_columns() -> None:
    frame = pd.DataFrame([[1] * 9], columns=range(1, 10))
    assert score(frame, measure=nine_sums())["score"].tolist() == [9.0]


def test_pandas_nan_is_missing_and_elsewhere_refused() -> None:
    frame = nine(**{"1": [1.0, 1.0, float("nan")]})
    assert score(frame.to_pandas(), measure=nine_sums())["n_answered"].tolist() == [9, 9, 0]
    with pytest.raises(ScoreFrameError, match=r"E-FRAME-006.*row 3, column '1'"):
        score(frame, measure=nine_sums())


@pytest.mark.parametrize(
    "kind",
    [pl.Int8, pl.Int16, pl.Int64, pl.UInt8, pl.UInt64, pl.Float32, pl.Float64, pl.Decimal(6, 2)],
)
def test_every_number_type_scores_alike(kind: Any) -> None:
    frame = nine().with_columns(pl.col(ITEMS).cast(kind))
    assert score(frame, measure=nine_sums())["score"].to_list() == [9.0, 27.0, None]


def test_text_and_labels_score_like_numbers() -> None:
    frame = nine().with_columns(pl.col(ITEMS).cast(pl.String))
    blank = nine(**{"1": ["1", " 3 ", " "]})
    assert score(frame, measure=nine_sums())["score"].to_list() == [9.0, 27.0, None]
    assert score(blank, measure=nine_sums())["n_answered"].to_list() == [9, 9, 0]
    words = ["several days", "Nearly every day", None]
    labelled = nine(**dict.fromkeys(ITEMS, words))
    assert score(labelled, measure="phq-9")["score"].to_list() == [9.0, 27.0, None]
    categories = labelled.with_columns(pl.col(ITEMS).cast(pl.Categorical))
    assert score(categories, measure="phq-9")["score"].to_list() == [9.0, 27.0, None]
    mixed = nine(**{"1": ["Several days", "3", None]})
    assert score(mixed, measure="phq-9")["score"].to_list() == [9.0, 27.0, None]


def test_labels_can_be_switched_off() -> None:
    labelled = nine(**{"1": ["Several days", "3", None]})
    with pytest.raises(ScoreFrameError, match="not written as a plain number"):
        score(labelled, measure="phq-9", labels="numbers")
    with pytest.raises(ScoreFrameError, match="where only labels are read"):
        score(labelled, measure="phq-9", labels="text")


def test_labels_without_wording_say_so() -> None:
    with pytest.raises(ScoreFrameError, match="no wording of the measure in this language"):
        score(nine(**{"1": ["Several days", "3", None]}), measure="phq-9", language="xx")


@pytest.mark.parametrize(
    "cell",
    ["4", "-1", "1.5", "1,5", "1e0", "1_0", "٣", "NaN", "inf", "+1", "0x1", "one", "true", "１"],
)
def test_cell_that_is_no_answer_is_refused_by_row_and_column(cell: str) -> None:
    frame = nine(**{item: ["1", "1", "1"] for item in ITEMS} | {"4": ["1", cell, "1"]})
    with pytest.raises(ScoreFrameError) as refusal:
        score(frame, measure=nine_sums())
    text = refusal.value.text()
    assert "row 2, column '4'" in text
    assert refusal.value.problems[0].row == 2
    if not re.fullmatch(r"[0-9.,+-]+", cell):
        assert cell not in text


def test_minus_zero_is_zero() -> None:
    frame = nine(**{"4": ["-0", "0", None]})
    assert score(frame, measure=nine_sums())["score"].to_list() == [8.0, 24.0, None]


def test_sentinel_is_refused_with_the_way_to_name_it() -> None:
    frame = nine(**{"4": [-99, 3, -99]})
    with pytest.raises(ScoreFrameError, match=r"missing=\[-99\]"):
        score(frame, measure=nine_sums())
    assert score(frame, measure=nine_sums(), missing=[-99])["n_answered"].to_list() == [8, 9, 0]
    text = frame.with_columns(pl.col("4").cast(pl.String))
    assert score(text, measure=nine_sums(), missing=[-99])["n_answered"].to_list() == [8, 9, 0]


def test_off_scale_answer_is_never_in_the_message() -> None:
    with pytest.raises(ScoreFrameError) as refusal:
        score(nine(**{"4": [1, 57, 1]}), measure=nine_sums())
    assert "57" not in refusal.value.text()


def test_problems_are_listed_up_to_twenty_and_counted() -> None:
    frame = pl.DataFrame({item: ["bad"] * 30 for item in ITEMS})
    with pytest.raises(ScoreFrameError, match=r"270 answers.*and 250 more") as refusal:
        score(frame, measure=nine_sums())
    assert len(refusal.value.problems) == 20
    assert [p.row for p in refusal.value.problems] == sorted(p.row for p in refusal.value.problems)


def test_booleans_are_answers_only_to_yes_no_items() -> None:
    with pytest.raises(ScoreFrameError, match="a kind that holds no answers"):
        score(nine(**{"4": [True, False, None]}), measure=nine_sums())


def test_mixed_objects_in_pandas_are_read_as_text() -> None:
    frame = nine().to_pandas()
    frame["4"] = pd.Series([1, "3", None], dtype=object)
    assert score(frame, measure=nine_sums())["n_answered"].tolist() == [9, 9, 0]
    frame["4"] = pd.Series([1, "x", None], dtype=object)
    with pytest.raises(ScoreFrameError, match="row 2, column '4'"):
        score(frame, measure=nine_sums())


def test_guess_is_said_and_naming_silences_it() -> None:
    frame = nine().rename({item: f"smp_{item}" for item in ITEMS})
    with pytest.warns(ColumnGuessWarning, match="smp_1 → 1"):
        guessed = score(frame, measure=nine_sums())
    named = score(frame, measure=nine_sums(), items={item: f"smp_{item}" for item in ITEMS})
    assert guessed.equals(named)


def test_key_with_the_name_of_a_result_is_refused() -> None:
    with pytest.raises(ScoreFrameError, match="E-FRAME-005"):
        score(nine(reason=["x", "y", "z"]), measure=nine_sums())


def test_steps_and_lists_are_checked_in_bulk() -> None:
    made = continuous_and_odd()
    good = pl.DataFrame({"a": [0.3, 9.9], "b": [0.123, None], "c": [8.0, 3.0]})
    assert score(good, measure=made)["n_answered"].to_list() == [3, 2]
    for column, value in (("a", 0.35), ("b", 1.5), ("c", 2.0)):
        bad = good.with_columns(pl.Series(column, [1.0 if column == "c" else 0.1, value]))
        with pytest.raises(ScoreFrameError, match=f"row 2, column '{column}'"):
            score(bad, measure=made)


def test_hidden_items_are_not_asked() -> None:
    frame = pl.DataFrame({"1": [4], "2": [5], "3": [0], "3a": [3], "3b": [1], "4": ["words"]})
    row = score(frame, measure=with_skips()).to_dicts()[0]
    assert "4" not in row
    assert row["repair"] is None
    assert row["reason"] == "repair: not asked, its answer was left out"
    assert row["all"] == 9.0


def test_number_among_labels_alone_is_told_as_such() -> None:
    frame = pl.DataFrame({"client": ["A", "B"], **{item: ["Not at all"] * 2 for item in ITEMS}})
    bad = frame.with_columns(pl.Series("1", ["1", "Often"]))
    with pytest.raises(ScoreFrameError) as caught:
        score(bad, measure="phq-9", labels="text")
    said = caught.value.text()
    assert "row 1, column '1': a number, where only labels are read" in said
    assert "row 2, column '1': not one of the item's labels" in said
    assert "plain number" not in said


def test_one_key_may_be_given_as_text() -> None:
    whole = score(nine(), measure=nine_sums(), keys=["client"])
    assert score(nine(), measure=nine_sums(), keys="client").equals(whole)


@pytest.mark.parametrize(
    ("thing", "step"),
    [
        (nine().to_arrow().to_batches()[0], "pyarrow.Table.from_batches"),
        ({"1": [1]}, "polars.DataFrame"),
    ],
)
def test_what_is_nearly_a_table_is_told_how_to_become_one(thing: Any, step: str) -> None:
    with pytest.raises(ScoreFrameError, match=re.escape(step)) as caught:
        score(thing, measure=nine_sums())
    assert caught.value.code == "E-FRAME-001"


@pytest.mark.parametrize("long", [False, True])
def test_nan_is_told_as_such_and_may_mean_missing(*, long: bool) -> None:
    frame = nine(**{"1": [1.0, float("nan"), None]}).with_columns(pl.col(ITEMS).cast(pl.Float64))
    if long:
        frame = frame.unpivot(index="client", variable_name="item", value_name="value")
    with pytest.raises(ScoreFrameError, match="If NaN stands for a missing answer") as caught:
        score(frame, measure=nine_sums())
    assert "fill_nan(None)" in caught.value.text()
    assert long or "row 2, column '1': NaN, which is no number" in caught.value.text()
    found = score(frame, measure=nine_sums(), missing=[float("nan")])
    column = "value" if long else "1"
    assert found.equals(
        score(frame.with_columns(pl.col(column).fill_nan(None)), measure=nine_sums())
    )


def test_unused_answers_and_risk_answers_are_counted() -> None:
    made = with_skips()
    watched = Risk(at_least=4, kind="made up")
    items = tuple(replace(item, risk=watched) if item.id == "3b" else item for item in made.items)
    made = replace(made, items=items)
    frame = pl.DataFrame(
        {
            "1": [4, 4, 4, 4, 4],
            "2": [5, 5, 5, 5, 5],
            "3": [0, 0, 1, 6, None],
            "3a": [3, None, 1, 3, 2],
            "3b": [None, None, 4, 4, None],
        }
    )
    reasons = [
        "repair: not asked, its answer was left out",
        "repair: not asked",
        None,
        None,
        "strain: 0 of 1 answered, 1 needed; repair: not asked, its answer was left out",
    ]
    tally = Tally()
    result = score(frame, measure=made, tally=tally)
    assert result["reason"].to_list() == reasons
    # Rows 1 and 5 hold 3a, and row 3 holds 3b, without having been asked for it; 3b is 4 twice.
    assert tally == Tally(5, 2, 3)
    assert tally.reasons == Counter(reason or "" for reason in reasons)
    large = pl.concat([frame] * 20_000)
    tally = Tally()
    assert score(large, measure=made, tally=tally)["reason"].to_list() == reasons * 20_000
    assert tally == Tally(100_000, 40_000, 60_000)


def test_long_table_keeps_to_its_measure_and_refuses_doubles() -> None:
    long = nine().unpivot(index="client", variable_name="item", value_name="value")
    both = pl.concat(
        [
            long.with_columns(measure=pl.lit("sample")),
            pl.DataFrame(
                {"client": ["A"], "item": ["x"], "value": [99], "measure": ["other"]}
            ).cast({"value": long.schema["value"]}),
        ]
    )
    assert plain(score(both, measure=nine_sums())) == plain(score(nine(), measure=nine_sums()))
    with pytest.raises(ScoreFrameError, match=r"row 28, column 'item': a second answer"):
        score(pl.concat([long, long[:1]]), measure=nine_sums())
    with pytest.raises(ScoreFrameError, match="No row belongs to"):
        score(both.filter(pl.col("measure") == "other"), measure=nine_sums())


def test_long_table_names_strange_items_and_answers() -> None:
    long = nine().unpivot(index="client", variable_name="item", value_name="value")
    with pytest.raises(ScoreFrameError, match=r"row 1, column 'item': not an item of 'sample@1'"):
        score(long.with_columns(item=pl.lit("nothing")), measure=nine_sums())
    long[4, "value"] = 9
    with pytest.raises(ScoreFrameError, match=r"row 5, column 'value': item '2': not on the item"):
        score(long, measure=nine_sums())


@pytest.mark.parametrize("keys", [["client"], []])
def test_long_table_without_keys_is_one_response(keys: list[str]) -> None:
    long = nine()[:1].unpivot(index="client", variable_name="item", value_name="value")
    for table in (long, long.to_pandas(), long.to_arrow()):
        assert plain(score(table, measure=nine_sums(), keys=keys))[0]["score"] == 9.0


@pytest.mark.parametrize("thing", [3, None, [1, 2], {"a": 1}])
def test_what_is_no_table_is_refused(thing: Any) -> None:
    with pytest.raises(ScoreFrameError, match="E-FRAME-001"):
        score(thing, measure=nine_sums())


def test_two_columns_of_one_name_are_refused() -> None:
    frame = pd.DataFrame(np.ones((1, 10)), columns=[*ITEMS, "1"])
    with pytest.raises(ScoreFrameError, match="same name"):
        score(frame, measure=nine_sums())


@pytest.mark.parametrize(("name", "value"), [("layout", "tall"), ("labels", "both")])
def test_arguments_outside_what_is_offered_are_refused(name: str, value: str) -> None:
    with pytest.raises(ScoreFrameError, match="E-FRAME-011"):
        score(nine(), measure=nine_sums(), **{name: value})  # type: ignore[arg-type]


def test_measure_can_be_named_with_its_version() -> None:
    assert score(nine(), measure="phq-9@1")["measure"][0] == f"phq-9@{load('phq-9').version}"


def test_much_and_little_score_alike(tmp_path: Path) -> None:
    answers = np.random.default_rng(4).integers(-1, 4, (20_000, 9))
    frame = pl.DataFrame({item: answers[:, k] for k, item in enumerate(ITEMS)})
    frame = frame.with_columns(pl.when(pl.all() >= 0).then(pl.all())).with_row_index("row")
    whole = score(frame, measure=nine_sums())
    parts = pl.concat(
        [score(frame[k : k + 4000], measure=nine_sums()) for k in range(0, 20_000, 4000)]
    )
    assert whole.equals(parts)
    frame.write_parquet(tmp_path / "in.parquet")
    out = score(tmp_path / "in.parquet", measure=nine_sums(), out=tmp_path / "out.parquet")
    words = pl.col("reason", "measure", "scorer").cast(pl.String)
    assert pl.read_parquet(out).with_columns(words).equals(whole)
