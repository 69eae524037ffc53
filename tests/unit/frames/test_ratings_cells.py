# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from attunement.frames.ratings_cells import (
    COMMA_WHERE_POINT,
    POINT_WHERE_COMMA,
    WHAT_EXPONENT,
    WHAT_MINUS_ZERO,
    WHAT_NOT_FINITE,
    WHAT_TEXT,
    numbers,
    perspectives,
    sessions,
)
from attunement.frames.ratings_dates import date_format_code, dates


@pytest.mark.parametrize(
    ("cell", "value"),
    [("3", 3.0), ("-3", -3.0), ("+3", 3.0), ("3.5", 3.5), (".5", 0.5), ("03.", 3.0)],
)
def test_plain_numbers_are_read(cell: str, value: float) -> None:
    values, faults = numbers(pl.Series([cell, None]), comma=False)
    assert values.to_list() == [value, None]
    assert faults.to_list() == [None, None]


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        ("3,5", COMMA_WHERE_POINT),
        ("1e3", WHAT_EXPONENT),
        ("NaN", WHAT_NOT_FINITE),
        ("-inf", WHAT_NOT_FINITE),
        ("1" * 400, WHAT_NOT_FINITE),
        ("-0.00", WHAT_MINUS_ZERO),
        ("٣", WHAT_TEXT),
        ("1_0", WHAT_TEXT),
    ],
)
def test_other_cells_say_what_they_are(cell: str, what: str) -> None:
    values, faults = numbers(pl.Series([cell]), comma=False)
    assert (values[0], faults[0]) == (None, what)


def test_decimal_comma_column_refuses_points() -> None:
    values, faults = numbers(pl.Series(["3,5", "4", "4.5"]), comma=True)
    assert values.to_list() == [3.5, 4.0, None]
    assert faults.to_list() == [None, None, POINT_WHERE_COMMA]


def test_numbers_of_a_data_frame() -> None:
    values, faults = numbers(pl.Series([1.5, None, float("inf")]), comma=False)
    assert values.to_list() == [1.5, None, None]
    assert faults.to_list() == [None, None, WHAT_NOT_FINITE]


def test_sessions_are_whole_numbers() -> None:
    values, faults, prefix = sessions(pl.Series(["1", "2.0", "2.5", "x", None, "-1", "100000"]))
    assert values.to_list() == [1, 2, None, None, None, None, None]
    assert faults.to_list() == [False, False, True, True, True, True, True]
    assert prefix == ""


def test_words_before_every_session_number_are_told() -> None:
    values, _, prefix = sessions(pl.Series(["week 1", "week 2"]))
    assert (values.to_list(), prefix) == ([1, 2], "week")


def test_different_words_before_session_numbers_are_refused() -> None:
    _, faults, _ = sessions(pl.Series(["pre 1", "post 2"]))
    assert faults.to_list() == [True, True]


def test_dates_without_a_format() -> None:
    values, faults, how = dates(
        pl.Series(["2026-01-05", "5.1.2026", "02/03/26", "31.02.2026", "later", None]), None
    )
    assert values.to_list() == [date(2026, 1, 5), date(2026, 1, 5), None, None, None, None]
    assert faults.to_list() == [None, None, "ambiguous", "impossible", "unreadable", None]
    assert how == "day.month.year"


@pytest.mark.parametrize(
    ("form", "day"),
    [
        ("DD/MM/YY", date(2026, 3, 2)),
        ("MM/DD/YY", date(2026, 2, 3)),
        ("%d/%m/%y", date(2026, 3, 2)),
    ],
)
def test_named_format_settles_day_and_month(form: str, day: date) -> None:
    values, faults, _ = dates(pl.Series(["02/03/26"]), form)
    assert (values[0], faults[0]) == (day, None)


def test_dates_of_a_data_frame() -> None:
    evening = datetime(2026, 1, 5, 23, 0)  # noqa: DTZ001 - data frames have no zone
    values, faults, _ = dates(pl.Series([evening, None]), None)
    assert (values.to_list(), faults.to_list()) == ([date(2026, 1, 5), None], [None, None])


def test_format_words_become_codes() -> None:
    assert date_format_code("dd.mm.yyyy") == "%d.%m.%Y"
    assert date_format_code("YYYY/MM/DD") == "%Y/%m/%d"


def test_perspectives_are_known_words() -> None:
    values, faults = perspectives(pl.Series(["Client", "T", "patient", "mum", None]))
    assert values.to_list() == ["client", "therapist", "client", None, None]
    assert faults.to_list() == [False, False, False, True, True]
