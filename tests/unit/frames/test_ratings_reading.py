# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import csv
import io
import os
from collections import Counter
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest

from attunement.exchange import read_table
from attunement.frames import RatingColumns, Ratings, RatingsError, ratings
from attunement.frames.ratings_dates import date_format_code
from attunement.measures import MeasureError

LONG = pl.DataFrame(
    {
        "dyad_id": ["A", "A", "A", "A", "B"],
        "session_no": [1, 1, 2, 2, 1],
        "perspective": ["client", "therapist", "client", "therapist", "client"],
        "score": [3.0, 4.0, None, 4.5, 5.0],
    }
)


def _read(text: str, **named: object) -> Ratings:
    return ratings(read_table(text.encode(), name="t.csv"), **named)  # type: ignore[arg-type]


def _cells(seen: Ratings) -> list[tuple[object, ...]]:
    return seen.frame.select("dyad", "session", "perspective", "score").rows()


def _dated(*days: str) -> Ratings:
    rows = "".join(f"A,{number},{day},{number}\n" for number, day in enumerate(days, start=1))
    return _read(f"id,session,date,score\n{rows}")


def _told(seen: Ratings, topic: str) -> str:
    return " | ".join(one.text for one in seen.said if one.topic == topic)


EXPECTED = [
    ("A", 1, "client", 3.0),
    ("A", 1, "therapist", 4.0),
    ("A", 2, "client", None),
    ("A", 2, "therapist", 4.5),
    ("B", 1, "client", 5.0),
]


@pytest.mark.parametrize("kind", ["polars", "lazy", "pandas", "pyarrow", "duckdb", "csv"])
def test_long_table_of_any_kind(kind: str) -> None:
    tables = {
        "polars": lambda: LONG,
        "lazy": LONG.lazy,
        "pandas": LONG.to_pandas,
        "pyarrow": LONG.to_arrow,
        "duckdb": lambda: duckdb.from_arrow(LONG.to_arrow()),
        "csv": lambda: read_table(LONG.write_csv().encode(), name="t.csv"),
    }
    assert _cells(ratings(tables[kind]())) == EXPECTED


def test_one_column_per_chair() -> None:
    seen = _read("id,session,wai_c,wai_t\nA,1,3,4\nA,2,,4.5\n")
    assert _cells(seen) == EXPECTED[:4]
    assert seen.score_name == "wai"
    assert "“wai_c” (client) and “wai_t” (therapist)" in _told(seen, "Who rated")


def test_one_column_per_session() -> None:
    seen = _read("id,bdi_s0,bdi_s1,bdi_s2,bdi_fu1,bdi_fu2\nA,3,4,,1,1\nB,5,NA,6,1,1\n")
    assert seen.layout == "wide"
    assert _cells(seen) == [
        ("A", 0, "", 3.0), ("A", 1, "", 4.0), ("A", 2, "", None),
        ("B", 0, "", 5.0), ("B", 1, "", None), ("B", 2, "", 6.0),
    ]  # fmt: skip
    assert "“bdi_fu” (2 columns)" in _told(seen, "Score")


def test_one_column_per_session_and_chair() -> None:
    seen = _read("id,client_1,therapist_1,client_2,therapist_2\nA,3,4,,4.5\n")
    assert _cells(seen) == EXPECTED[:4]


def test_one_row_per_chair_and_one_column_per_session() -> None:
    seen = _read("id,rater,s1,s2\nA,client,3,\nA,therapist,4,4.5\n")
    assert _cells(seen) == EXPECTED[:4]


def test_named_columns_win() -> None:
    text = "nr,who,when,x,score\n1,k,3,2,9\n1,t,3,1,9\n"
    seen = _read(text, columns=RatingColumns("nr", "when", None, "who", "x"))
    assert _cells(seen) == [("1", 3, "client", 2.0), ("1", 3, "therapist", 1.0)]
    assert not any(one.guessed for one in seen.said if one.topic in {"Dyad", "Session", "Score"})


def test_first_of_several_scores_is_said_loudly() -> None:
    seen = _read("id,age,time,bdi,who\n1,50,1,30,2\n1,50,2,20,4\n")
    assert seen.score_name == "bdi"
    (told,) = [one for one in seen.said if one.topic == "Score"]
    assert told.check
    assert "the first of 2" in told.text
    assert "“who”" in told.text
    assert "age" not in told.text


def test_constant_word_for_who_rated() -> None:
    seen = _read("id,session,score\n1,1,2\n", columns=RatingColumns(perspective="patient"))
    assert seen.chairs == ("client",)


def test_client_with_two_therapists_is_two_dyads() -> None:
    seen = _read("client_id,therapist_id,session,score\nA,X,1,2\nA,Y,2,3\nB,X,1,4\n")
    assert seen.frame["dyad"].to_list() == ["A · X", "A · Y", "B · X"]
    assert "more than one" in _told(seen, "Dyad")


def test_sessions_from_dates_alone() -> None:
    seen = _read("id,date,score\nA,2026-02-01,3\nA,2026-01-01,4\nB,2026-03-01,5\n")
    assert seen.frame.select("dyad", "session", "score").rows() == [
        ("A", 1, 4.0), ("A", 2, 3.0), ("B", 1, 5.0)
    ]  # fmt: skip
    assert "numbered by the dates" in _told(seen, "Session")


def test_ambiguous_dates_are_left_aside_where_sessions_are_numbered() -> None:
    seen = _read("id,session,date,score\nA,1,02/03/26,3\nA,2,09/03/26,4\n")
    assert seen.frame["date"].to_list() == [None, None]
    assert [(p.code, p.row, p.count, p.refused) for p in seen.problems] == [
        ("E-FRAME-117", 2, 2, False)
    ]
    columns = RatingColumns(date_format="DD/MM/YY")
    named = _read("id,session,date,score\nA,1,02/03/26,3\nA,2,09/03/26,4\n", columns=columns)
    assert named.frame["date"].to_list() == [date(2026, 3, 2), date(2026, 3, 9)]


def test_a_session_twice_with_different_scores_uses_neither() -> None:
    seen = _read("id,session,score\nA,1,3\nA,2,4\nA,2,5\nA,3,6\n")
    assert _cells(seen) == [("A", 1, "", 3.0), ("A", 3, "", 6.0)]
    assert [(p.code, p.rows, p.column) for p in seen.problems] == [
        ("E-FRAME-114", (3, 4), "session")
    ]


def test_a_copied_row_is_used_once() -> None:
    seen = _read("id,session,score\nA,1,3\nA,2,4\nA,2,4\n")
    assert _cells(seen) == [("A", 1, "", 3.0), ("A", 2, "", 4.0)]
    assert [(p.code, p.rows) for p in seen.problems] == [("E-FRAME-114", (4,))]


def test_the_same_session_from_both_chairs_is_not_twice() -> None:
    assert ratings(LONG).problems == ()


def test_a_person_in_two_rows_of_a_wide_table() -> None:
    seen = _read("id,s1,s2\nA,3,4\nB,3,4\nA,5,4\nC,1,1\nD,1,1\nE,1,1\n")
    assert ("A", 1, "", 3.0) not in _cells(seen)
    assert ("A", 2, "", 4.0) in _cells(seen)
    assert [(p.code, p.rows) for p in seen.problems] == [
        ("E-FRAME-114", (2, 4)), ("E-FRAME-114", (4,))
    ]  # fmt: skip


def test_the_row_that_goes_back_in_time_is_left_out() -> None:
    seen = _dated("2026-01-05", "2026-01-20", "2026-01-12", "2026-01-27")
    assert seen.frame["session"].to_list() == [1, 2, 4]
    assert [(p.code, p.row, p.column) for p in seen.problems] == [("E-FRAME-115", 4, "date")]


def test_one_date_far_ahead_costs_one_row_only() -> None:
    seen = _dated("2026-01-05", "2062-01-12", "2026-01-19", "2026-01-26")
    assert seen.frame["session"].to_list() == [1, 3, 4]


def test_both_chairs_may_rate_on_different_days() -> None:
    text = (
        "id,session,date,rater,score\nA,1,2026-01-06,client,1\nA,1,2026-01-05,therapist,2\n"
        "A,2,2026-01-12,client,1\n"
    )
    assert _read(text).problems == ()


def test_missing_rating_is_a_row_without_a_score() -> None:
    seen = _read("id,session,score\nA,1,3\nA,2,\n")
    assert _cells(seen) == [("A", 1, "", 3.0), ("A", 2, "", None)]


def test_range_and_direction_from_the_measure() -> None:
    seen = _read("id,session,score\nA,1,3\nA,2,28\n", measure="phq-9")
    assert (seen.scale.minimum, seen.scale.maximum, seen.scale.source) == (0, 27, "measure")
    assert seen.scale.higher_is_better is False
    assert seen.scale.best == 0
    assert [(p.code, p.row) for p in seen.problems] == [("E-FRAME-111", 3)]


def test_range_and_direction_from_a_column_that_names_the_measure() -> None:
    seen = _read("id,session,measure,score\nA,1,phq-9,3\nA,1,gad-7,4\nA,2,phq-9,5\n")
    assert seen.frame["score"].to_list() == [3.0, 5.0]
    assert seen.measure == "phq-9"
    assert "not shown: “gad-7”" in _told(seen, "Measure")
    other = _read("id,session,measure,score\nA,1,phq-9,3\nA,1,gad-7,4\n", measure="gad-7")
    assert other.frame["score"].to_list() == [4.0]


def test_observed_range_is_labelled_and_no_direction_assumed() -> None:
    seen = _read("id,session,score\nA,1,3\nA,2,28\n")
    assert (seen.scale.minimum, seen.scale.maximum, seen.scale.source) == (3, 28, "observed")
    assert seen.scale.higher_is_better is None
    assert seen.scale.best is None


@pytest.mark.parametrize(
    "option",
    [
        {"scale_range": (0, 30)},
        {"lower_is_better": False},
        {"scale_range": (0, 50), "lower_is_better": False},
    ],
)
def test_an_option_that_contradicts_the_measure_is_refused(option: dict[str, object]) -> None:
    # PHQ-9: nine answers of 0 to 3, lower is better
    with pytest.raises(RatingsError, match=r"from 0 to 27 .*lower is better") as refused:
        _read("id,session,score\nA,1,20\n", measure="phq-9", **option)
    assert refused.value.code == "E-FRAME-121"


def test_what_the_measure_says_anyway_may_be_said() -> None:
    seen = _read(
        "id,session,score\nA,1,20\n", measure="phq-9", scale_range=(0, 27), lower_is_better=True
    )
    assert (seen.scale.source, seen.scale.higher_is_better) == ("measure", False)


PHQ = ",".join(f"phq9_{n}" for n in range(1, 10))
NINE = ",".join("123012301")


@pytest.mark.parametrize("more", ["", ",weight", ",phq9_total"])
def test_items_of_another_measure_are_no_score_of_the_named_one(more: str) -> None:
    rows = "".join(f"A,{n},{NINE}{',' * bool(more)}{80 + n if more else ''}\n" for n in (1, 2, 3))
    with pytest.raises(RatingsError, match="--measure phq-9") as refused:
        _read(f"id,session,{PHQ}{more}\n{rows}", measure="oac-c")
    assert refused.value.code == "E-FRAME-101"
    assert "“phq9_1” to “phq9_9”" in refused.value.got


@pytest.mark.parametrize("name", ["score", "oac_c", "oac_total", "alliance_total"])
def test_one_plainly_named_score_beside_strange_items_is_taken_and_said(name: str) -> None:
    seen = _read(f"id,session,{PHQ},{name}\nA,1,{NINE},4\nA,2,{NINE},5\n", measure="oac-c")
    assert _cells(seen) == [("A", 1, "", 4.0), ("A", 2, "", 5.0)]
    (first,) = [one for one in seen.said if one.check]
    assert f"“{name}” is read as the score of OAC-C" in first.text


def test_half_a_measure_is_not_its_score() -> None:
    with pytest.raises(RatingsError, match="not all the items of PHQ-9"):
        _read("id,session,phq9_1,phq9_2,phq9_3\nA,1,1,2,3\nA,2,2,2,3\n", measure="phq-9")


def test_items_without_a_session_are_not_taken_for_sessions() -> None:
    text = f"id,{PHQ}\nA,{NINE}\nB,{NINE}\n"
    with pytest.raises(RatingsError, match="neither a session number"):
        _read(text, measure="phq-9")
    with pytest.raises(RatingsError, match="--measure phq-9"):
        _read(text, measure="oac-c")
    assert len(_cells(_read(text, measure="oac-c", columns=RatingColumns(score="phq9")))) == 18


def test_two_sessions_side_by_side_are_enough_for_a_wide_table() -> None:
    assert _cells(_read("id,s1,s2\nA,3,4\n")) == [("A", 1, "", 3.0), ("A", 2, "", 4.0)]


def test_columns_that_play_no_part_are_said_once() -> None:
    seen = _read("id,session,score,age,note\nA,1,3,40,x\nA,2,4,40,y\n")
    (told,) = [one.text for one in seen.said if "“age”" in one.text]
    assert told == "Not used: “age”, “note”"
    assert not [one for one in _read("id,session,score\nA,1,3\n").said if "Not used" in one.text]


def test_a_chair_named_where_a_column_says_who_rated_is_refused() -> None:
    with pytest.raises(RatingsError, match="--perspective rater") as refused:
        _read(
            "id,session,rater,score\nA,1,client,3\nA,1,therapist,4\n",
            columns=RatingColumns(perspective="therapist"),
        )
    assert refused.value.code == "E-FRAME-102"


def test_a_score_column_named_as_measure_is_told_apart() -> None:
    with pytest.raises(RatingsError, match="--score hamd"):
        _read("id,session,hamd\nA,1,3\nA,2,9\n", measure="hamd")
    seen = _read("id,session,phq-9\nA,1,3\nA,2,9\n", measure="phq-9")
    assert (seen.measure, seen.score_name) == ("phq-9", "phq-9")


def test_two_score_columns_can_be_named_for_the_two_chairs() -> None:
    text = "id,session,clinician,self\nA,1,3,5\nA,2,,4\n"
    seen = _read(text, columns=RatingColumns(score="self,clinician"))
    assert _cells(seen) == [
        ("A", 1, "client", 5.0), ("A", 1, "therapist", 3.0),
        ("A", 2, "client", 4.0), ("A", 2, "therapist", None),
    ]  # fmt: skip
    for wrong in ("self,nobody", "self,self"):
        with pytest.raises(RatingsError, match="E-FRAME-102"):
            _read(text, columns=RatingColumns(score=wrong))


@pytest.mark.parametrize("form", ["foo", "DD/MM", "YYYY", "DD/DD/YYYY", "%d/%m", "DD/MM-YYYY", ""])
def test_unknown_date_formats_are_refused(form: str) -> None:
    with pytest.raises(RatingsError, match="DD/MM/YYYY") as refused:
        _read("id,date,score\nA,2026-01-05,3\n", columns=RatingColumns(date_format=form))
    assert refused.value.code == "E-FRAME-109"


@pytest.mark.parametrize("form", ["dd.mm.yyyy", "D/M/YY", "YYYYMMDD", "%d %b %Y", "MM-DD-YYYY"])
def test_known_date_formats_are_not_refused(form: str) -> None:
    day = date(2026, 1, 5)
    written = day.strftime(date_format_code(form))
    seen = _read(
        f"id,date,score\nA,{written},3\n", columns=RatingColumns(date="date", date_format=form)
    )
    assert seen.frame["date"].to_list() == [day]


def test_dates_say_what_is_wrong_with_them() -> None:
    rows = "A,1,0001-01-01,3\nA,2,13/01/2026,3\nA,3,2026-01-20,3\nA,4,2026-01-21,3\n"
    told = {one.row: one.text() for one in _read(f"id,session,date,score\n{rows}").problems}
    assert "The year is not one from 1900 to 2100" in told[2]
    assert "never guessed" in told[3]
    assert "--date-format DD/MM/YYYY" in told[3]
    with pytest.raises(RatingsError) as refused:
        _read(
            f"id,session,date,score\n{rows[:17]}", columns=RatingColumns(date_format="MM/DD/YYYY")
        )
    assert "as MM/DD/YYYY asks for" in refused.value.problems[0].text()


def test_a_mistake_is_told_once_where_nothing_is_left() -> None:
    with pytest.raises(RatingsError) as refused:
        _read("id,session,score\nA,1,much\n", columns=RatingColumns(score="score"))
    assert refused.value.code == "E-FRAME-103"
    assert "E-FRAME-110" not in str(refused.value)
    assert "1 row, 1 mistake and" in str(refused.value)
    assert [one.code for one in refused.value.problems] == ["E-FRAME-110"]


def test_sessions_twice_are_listed_pair_by_pair() -> None:
    text = "id,session,score\nA,1,3\nA,2,4\nA,1,5\nA,2,6\nA,3,1\n"
    (problem,) = _read(text).problems
    assert problem.code == "E-FRAME-114"
    assert "Keep the right one of rows 2 and 4, rows 3 and 5" in problem.text()


def test_large_numbers_are_written_out() -> None:
    seen = _read("id,session,score\nA,1,3\n", scale_range=(0, 1e15))
    assert "from 0 to 1,000,000,000,000,000 (as given)" in seen.scale.words()
    assert seen.scale.ends == ("0", "1,000,000,000,000,000")


def test_items_are_scored_by_the_measure() -> None:
    # PHQ-9 adds nine answers of 0 to 3: nine twos are 18; eight ones of nine are 8·9/8 = 9.
    head = "id,session," + ",".join(f"phq9_{n}" for n in range(1, 10))
    text = f"{head}\nA,1{',2' * 9}\nA,2{',1' * 8},\nA,3{',1' * 8},7\nA,4{',1' * 4},,,,,\n"
    seen = _read(text, measure="phq-9")
    assert seen.frame.select("session", "score").rows() == [(1, 18.0), (2, 9.0), (4, None)]
    assert [(p.code, p.row, p.column) for p in seen.problems] == [("E-FRAME-120", 4, "phq9_9")]


@pytest.mark.parametrize(
    ("text", "named", "code"),
    [
        ("session,score\n1,2\n", RatingColumns(), "E-FRAME-101"),
        ("id,score\nA,2\n", RatingColumns(), "E-FRAME-101"),
        ("id,session,note\nA,1,x\n", RatingColumns(), "E-FRAME-101"),
        ("id,session,score\nA,1,2\n", RatingColumns(dyad="idd"), "E-FRAME-102"),
        ("id,session,score\nA,1,2\n", RatingColumns(score="scores"), "E-FRAME-102"),
        ("id,session,score\nA,1,2\n", RatingColumns(perspective="nobody"), "E-FRAME-102"),
        ("id,session,score\nA,1,\n", RatingColumns(score="score"), "E-FRAME-103"),
        ("id,session,score\nA,x,1\n", RatingColumns(session="session"), "E-FRAME-103"),
    ],
)
def test_refusals_say_what_to_name(text: str, named: RatingColumns, code: str) -> None:
    with pytest.raises(RatingsError, match=code):
        _read(text, columns=named)


def test_refusal_of_a_misspelt_column_names_the_close_one() -> None:
    with pytest.raises(RatingsError, match="perhaps “score”"):
        _read("id,session,score\nA,1,2\n", columns=RatingColumns(score="scor"))


def test_nothing_left_carries_the_problems() -> None:
    with pytest.raises(RatingsError, match="E-FRAME-103") as refusal:
        _read("id,session,score\nA,x,1\n", columns=RatingColumns(session="session"))
    assert [(p.code, p.row) for p in refusal.value.problems] == [("E-FRAME-113", 2)]


def test_measures_on_different_scales_ask_for_one() -> None:
    text = "id,session,rater,measure,score\nA,1,c,phq-9,3\nA,1,t,gad-7,4\n"
    with pytest.raises(RatingsError, match="E-FRAME-107"):  # 0 to 27 beside 0 to 21
        _read(text)
    assert _read(text, measure="phq-9").frame["score"].to_list() == [3.0]


def test_one_row_per_answer_is_sent_to_scoring() -> None:
    text = "id,session,item,value\n" + "".join(f"A,1,{n},2\n" for n in range(1, 10))
    with pytest.raises(RatingsError, match=r"E-FRAME-108.*attunement score"):
        _read(text)


def test_range_must_rise() -> None:
    with pytest.raises(RatingsError, match="E-FRAME-105"):
        _read("id,session,score\nA,1,2\n", scale_range=(6, 0))


def test_unknown_measure_is_refused() -> None:
    with pytest.raises(MeasureError):
        _read("id,session,score\nA,1,2\n", measure="phq-99")


def test_object_that_is_no_table_is_refused() -> None:
    with pytest.raises(RatingsError, match="E-FRAME-104"):
        ratings(42)


def test_categories_and_whole_floats_of_pandas() -> None:
    frame = pd.DataFrame(
        {"id": [1.0, 1.0], "session": [1.0, 2.0], "score": [3, 4],
         "rater": pd.Categorical(["client", "client"])}
    )  # fmt: skip
    assert _cells(ratings(frame)) == [("1", 1, "client", 3.0), ("1", 2, "client", 4.0)]


def test_dyads_one_by_one_with_what_is_not_there() -> None:
    text = "id,session,rater,score\nA,1,c,3\nA,4,c,4\nA,4,t,5\nA,5,c,99\nB,2,t,1\n"
    a, b = _read(text, scale_range=(0, 6)).by_dyad()
    assert a.sessions == (1, 4, 5)
    assert a.chairs == {"client": (3.0, 4.0, None), "therapist": (None, 5.0, None)}
    assert a.skipped == (2, 3)
    assert a.left_out == ((5, "client", 5, "E-FRAME-111"),)
    assert (b.dyad, b.sessions, b.skipped) == ("B", (2,), ())


def test_dyads_of_which_every_rating_was_refused_keep_their_places() -> None:
    text = "id,session,score\nD,1,9\nE,1,3\nB,2,9\nC,1,3\nC,2,9\nA,1,x\nF,1,9\n"
    dyads = tuple(_read(text, scale_range=(0, 6)).by_dyad())
    assert [one.dyad for one in dyads] == ["A", "B", "C", "D", "E", "F"]
    assert [one.chairs[""] for one in dyads] == [
        (None,), (None,), (3.0, None), (None,), (3.0,), (None,)
    ]  # fmt: skip
    assert [len(one.left_out) for one in dyads] == [1, 1, 1, 1, 0, 1]


def _reference(name: str) -> bytes:
    return (Path(os.environ["ATTUNEMENT_REFERENCE_DATA"]) / name).read_bytes()


needs_reference = pytest.mark.skipif(
    "ATTUNEMENT_REFERENCE_DATA" not in os.environ, reason="ATTUNEMENT_REFERENCE_DATA is not set"
)


@pytest.mark.reference
@needs_reference
def test_claus_2020_counts_agree_with_counting_by_hand() -> None:
    data = _reference("reliable_change/claus_2020.csv")
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    people = {row["id"] for row in rows}
    filled = [row for row in rows if row["bdi"] != "NA"]
    both = {
        who
        for who, n in Counter(
            row["id"] for row in rows if row["hamd"] != "NA" and row["time"] in "14"
        ).items()
        if n == 2
    }
    assert (len(people), len(rows), len(filled), len(both)) == (43, 172, 163, 40)
    seen = ratings(read_table(data, name="claus_2020.csv"))
    assert seen.score_name == "bdi"
    assert seen.frame["dyad"].n_unique() == len(people)
    assert seen.frame.height == len(rows)
    assert seen.frame["score"].sum() == sum(float(row["bdi"]) for row in filled)
    assert seen.problems == ()
    other = ratings(read_table(data, name="c"), columns=RatingColumns(score="hamd"))
    ends = other.frame.filter(pl.col("session").is_in([1, 4]) & pl.col("score").is_not_null())
    assert (ends.group_by("dyad").len()["len"] == 2).sum() == len(both)


@pytest.mark.reference
@needs_reference
def test_sgdata_counts_agree_with_counting_by_hand() -> None:
    data = _reference("sudden_gains/sgdata.csv")
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    names = [f"bdi_s{n}" for n in range(13)]
    filled = [row[name] for row in rows for name in names if row[name] != "NA"]
    assert (len(rows), len(rows) * len(names), len(filled)) == (43, 559, 486)
    seen = ratings(read_table(data, name="sgdata.csv"), scale_range=(0, 63), lower_is_better=True)
    assert seen.frame["dyad"].n_unique() == len(rows)
    assert seen.frame.height == len(rows) * len(names)
    assert seen.frame["score"].count() == len(filled)
    assert seen.frame["score"].sum() == sum(float(cell) for cell in filled)
    assert seen.frame["session"].unique().sort().to_list() == list(range(13))
