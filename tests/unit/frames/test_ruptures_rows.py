# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest

from attunement.frames.ruptures_errors import RupturesError
from attunement.frames.ruptures_rows import Columns, Rows, Scale, arrange

SCALE = Scale(0.0, 6.0, 0.0, higher_is_better=True)


def rows(data: dict[str, Any], *, first_row: Any = 1, **columns: str) -> Rows:
    named = Columns("dyad", "session", "score", **columns)
    return arrange(pl.DataFrame(data, strict=False), named, SCALE, first_row=first_row)


def refused(data: dict[str, Any], **columns: Any) -> RupturesError:
    with pytest.raises(RupturesError) as refusal:
        rows(data, **columns)
    return refusal.value


def test_unsorted_rows_come_into_order_and_know_their_place() -> None:
    found = rows({"dyad": ["B", "A", "B", "A"], "session": [2, 1, 1, 3], "score": [1, 2, 3, 4]})
    assert found.names.to_pylist() == ["B", "A"]
    assert found.batch.values.tolist() == [3, 1, 2, 4]
    assert found.batch.sessions.tolist() == [1, 2, 1, 3]
    assert found.batch.starts.tolist() == [0, 2, 4]
    assert found.row.tolist() == [2, 0, 1, 3]


@pytest.mark.parametrize("mark", [None, float("nan")])
def test_empty_score_and_nan_are_missing_forms(mark: float | None) -> None:
    found = rows({"dyad": [1, 1], "session": [1, 2], "score": [mark, 0.0]})
    assert np.isnan(found.batch.values[0])
    assert found.batch.values[1] == 0.0  # zero is a score


def test_text_cells_are_named_by_row_and_column_and_never_quoted() -> None:
    data = {"dyad": ["A", "A", "A"], "session": ["1", "2", "3"], "score": ["4.5", "secret", "3,5"]}
    said = refused(data, first_row=2)
    assert said.code == "E-FRAME-205"
    assert "row 3, column 'score': text in a number column" in said.text()
    assert "row 4, column 'score'" in said.text()
    assert "decimal comma" in said.text()
    assert "secret" not in said.text()


@pytest.mark.parametrize("value", [float("inf"), -float("inf")])
def test_infinity_is_refused(value: float) -> None:
    said = refused({"dyad": [1], "session": [1], "score": [value]})
    assert "row 1, column 'score': infinity" in said.text()


@pytest.mark.parametrize("value", [-0.1, 6.1, -99.0])
def test_score_off_the_scale_is_refused(value: float) -> None:
    said = refused({"dyad": [1, 1], "session": [1, 2], "score": [3.0, value]})
    assert "row 2, column 'score': off the scale 0 to 6" in said.text()
    assert str(value) not in said.text()


@pytest.mark.parametrize(
    ("session", "what"),
    [
        (None, "no session number"),
        (1.5, "not a whole number"),
        ("intake", "text in a number column"),
        (dt.date(2026, 1, 5), "a date; sessions have numbers"),
    ],
)
def test_session_that_is_no_number_is_refused(session: Any, what: str) -> None:
    said = refused({"dyad": [1], "session": [session], "score": [1.0]})
    assert f"row 1, column 'session': {what}" in said.text()


def test_row_without_a_dyad_is_refused() -> None:
    said = refused({"dyad": ["A", None], "session": [1, 2], "score": [1.0, 1.0]})
    assert "row 2, column 'dyad': does not say whose row it is" in said.text()


def test_every_mistake_is_counted_and_twenty_are_listed() -> None:
    said = refused({"dyad": [1] * 30, "session": range(30), "score": [9.0] * 30})
    assert said.text().startswith("E-FRAME-205: 30 cells cannot be used.")
    assert len(said.problems) == 20
    assert "and 10 more" in said.text()


def test_doubled_session_without_perspective_says_what_it_may_be() -> None:
    said = refused({"dyad": ["A", "A"], "session": [1, 1], "score": [5.0, 3.0]})
    assert said.code == "E-FRAME-206"
    assert "row 2" in said.text()
    assert "perspective='…'" in said.text()


def test_doubled_session_of_one_chair_is_refused() -> None:
    data = {
        "dyad": ["A"] * 3,
        "session": [1, 1, 1],
        "score": [5.0, 4.0, 3.0],
        "who": ["client", "therapist", "client"],
    }
    assert "from the same chair" in refused(data, perspective="who").text()


def test_therapists_row_becomes_a_channel_of_the_clients() -> None:
    found = rows(
        {
            "dyad": ["A"] * 5,
            "session": [1, 1, 2, 3, 3],
            "score": [5.0, 4.0, 3.0, 2.0, 6.0],
            "who": ["Client", "therapist", "therapist", "client", "observer"],
        },
        perspective="who",
    )
    values, therapist = found.batch.values, found.batch.channels.therapist
    assert therapist is not None
    np.testing.assert_equal(values, [5.0, np.nan, 2.0])  # session 2 has the therapist's form only
    np.testing.assert_equal(therapist, [4.0, 3.0, np.nan])
    assert found.row.tolist() == [0, 2, 3]
    assert found.chair.tolist() == [0, 1, 1, 0, 2]


def test_table_without_a_clients_row_is_refused() -> None:
    data = {"dyad": ["A"], "session": [1], "score": [1.0], "who": ["therapist"]}
    assert refused(data, perspective="who").code == "E-FRAME-209"


def test_unknown_perspective_is_refused() -> None:
    data = {"dyad": ["A", "A"], "session": [1, 2], "score": [1.0, 1.0], "who": ["client", "zq"]}
    assert "row 2, column 'who': not a known perspective" in refused(data, perspective="who").text()


def test_prediction_may_stand_in_the_therapists_row() -> None:
    found = rows(
        {
            "dyad": ["A"] * 2,
            "session": [1, 1],
            "score": [5.0, 4.0],
            "who": ["client", "therapist"],
            "p": [None, 4.5],
        },
        perspective="who",
        prediction="p",
    )
    assert found.batch.channels.prediction is not None
    assert found.batch.channels.prediction.tolist() == [4.5]


@pytest.mark.parametrize("marks", [[True, False, None], [1, 0, None], ["yes", "0", ""]])
def test_ticks_are_read_in_three_spellings(marks: list[Any]) -> None:
    found = rows(
        {"dyad": [1] * 3, "session": [1, 2, 3], "score": [1.0] * 3, "s": marks}, strain="s"
    )
    np.testing.assert_equal(found.batch.channels.strain, [1.0, 0.0, np.nan])


def test_tick_that_is_neither_yes_nor_no_is_refused() -> None:
    data = {"dyad": [1], "session": [1], "score": [1.0], "s": [3]}
    assert "neither 1 (yes) nor 0 (no)" in refused(data, strain="s").text()


def test_dates_that_go_back_are_refused_by_row() -> None:
    data = {
        "dyad": ["A"] * 3 + ["B"],
        "session": [1, 2, 3, 1],
        "score": [1.0] * 4,
        "day": [dt.date(2026, 3, 1), dt.date(2026, 3, 8), dt.date(2026, 3, 7), None],
    }
    said = refused(data, date="day")
    assert said.code == "E-FRAME-207"
    assert "row 3 of 'day'" in said.text()


def test_equal_and_missing_dates_are_no_contradiction() -> None:
    data = {
        "dyad": ["A"] * 3,
        "session": [1, 2, 3],
        "score": [1.0] * 3,
        "day": ["2026-03-01", "", "2026-03-01"],
    }
    assert rows(data, date="day").batch.n_rows == 3


def test_new_version_begins_a_new_series_and_the_old_one_has_ended() -> None:
    found = rows(
        {
            "dyad": ["A"] * 5 + ["B"],
            "session": [1, 2, 3, 4, 5, 1],
            "score": [1.0] * 6,
            "v": ["1", None, "1", "2", "2", None],
        },
        version="v",
    )
    assert found.batch.starts.tolist() == [0, 3, 5, 6]
    assert found.dyad.tolist() == [0, 0, 1]
    assert found.ended.tolist() == [True, False, False]


def test_version_that_comes_back_is_a_third_series() -> None:
    found = rows(
        {"dyad": [1] * 3, "session": [1, 2, 3], "score": [1.0] * 3, "v": ["a", "b", "a"]},
        version="v",
    )
    assert found.batch.n_dyads == 3


def test_ended_in_any_row_holds_for_the_dyad() -> None:
    found = rows(
        {"dyad": ["A", "A", "B"], "session": [1, 2, 1], "score": [1.0] * 3, "e": [0, 1, 0]},
        ended="e",
    )
    assert found.ended.tolist() == [True, False]


def test_ten_thousand_sessions_of_one_dyad_are_one_series() -> None:
    n = 10_000
    found = rows({"dyad": ["A"] * n, "session": range(n, 0, -1), "score": [3.0] * n})
    assert found.batch.starts.tolist() == [0, n]
    assert found.batch.sessions[-1] == n


def test_numbers_of_rows_may_be_given() -> None:
    data = {"dyad": [1, 1], "session": [1, 2], "score": [3.0, 7.0]}
    said = refused(data, first_row=np.array([10, 40]))
    assert "row 40" in said.text()
