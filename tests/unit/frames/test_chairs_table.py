# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import attunement as at
from attunement.frames import CourseError, RupturesError
from attunement.signals import SignalError

ASKED: dict[str, Any] = {
    "dyad": "pair",
    "session": "session",
    "score": "score",
    "perspective": "who",
    "higher_is": "better",
    "scale": (0, 6),
}


def _forms(*dyads: tuple[str, list[float | None], list[float | None]]) -> pl.DataFrame:
    rows = [
        (dyad, session, who, score)
        for dyad, client, therapist in dyads
        for who, scores in (("client", client), ("therapist", therapist))
        for session, score in enumerate(scores, start=1)
    ]
    return pl.DataFrame(rows, schema=["pair", "session", "who", "score"], orient="row")


TABLE = _forms(
    ("A", [5, 5, 5, 5], [5, 3, 3, None]),
    ("B", [4, 4, 4, None], [4.5, 4, None, 4]),
)


def test_run_of_two_asks_and_reasons_are_given() -> None:
    found = at.chairs_apart(TABLE, points=1.5, **ASKED)
    rows = found.sessions
    assert rows["gap"].to_list() == [0, -2, -2, None, 0.5, 0, None, None]
    assert rows["apart"].to_list() == [None, False, True, None, None, False, None, None]
    assert rows["reason"].to_list()[:2] == ["too_early", None]
    assert rows["reason"].to_list()[3] == "form_missing"
    said = found.explain(2)
    assert said.startswith("A: In sessions 2 to 3 the therapist saw it as less good, by 2, 2")
    assert "not a risk" in said
    assert "not judged" in found.explain(3)
    assert "it was not beyond" in found.explain(5)
    assert "1 sessions of 1 dyads" in str(found)


def test_the_word_risk_only_ever_stands_denied() -> None:
    found = at.chairs_apart(TABLE, points=1.5, **ASKED)
    for text in (str(found), found.explain(2), found.plot("A").sentence):
        assert text.replace("not a risk", "").count("risk") == 0
        assert "How did each of you come to your rating?" in text


def test_plot_marks_the_session() -> None:
    figure = at.chairs_apart(TABLE, points=1.5, **ASKED).plot("A")
    assert [mark.session_no for mark in figure.marks] == [3]
    assert at.chairs_apart(TABLE, points=1.5, **ASKED).plot("B").marks == ()
    with pytest.raises(CourseError, match="no such dyad"):
        at.chairs_apart(TABLE, points=1.5, **ASKED).plot("C")


def test_what_is_usual_is_learned_from_the_archive_with_its_sign() -> None:
    # 40 dyads whose therapists rate one point lower: that is usual, and no reason to ask
    usual = [(f"D{n}", [5.0, 5.0], [4.0 + n / 100, 4.0 + n / 100]) for n in range(40)]
    archive = _forms(*usual)
    found = at.chairs_apart(archive, **ASKED)
    assert found.usual.low == pytest.approx(-0.99)
    assert found.usual.high == pytest.approx(-0.63)
    assert "in this table" in str(found)
    new = _forms(("N", [4.0, 4.0], [4.5, 4.5]))
    asked = at.chairs_apart(new, archive=archive, **ASKED)
    assert asked.sessions["apart"].to_list() == [None, True]  # half a point higher is unusual
    assert "the client saw it as less good" in asked.explain(1)
    with pytest.raises(SignalError, match="E-SIGNAL-005"):
        at.chairs_apart(TABLE, **ASKED)


def test_both_chairs_in_one_row() -> None:
    wide = pl.DataFrame(
        {"pair": ["A"] * 3, "session": [1, 2, 3], "own": [5, 5, 5], "other": [3, 3, None]}
    )
    asked = {**ASKED, "score": "own", "perspective": None, "therapist": "other"}
    found = at.chairs_apart(wide, points=1, **asked)
    assert found.sessions["apart"].to_list() == [None, True, None]


def test_order_names_shift_and_scale_change_nothing() -> None:
    plain = at.chairs_apart(TABLE, points=1.5, **ASKED).sessions
    mixed = at.chairs_apart(TABLE.sample(fraction=1.0, shuffle=True, seed=2), points=1.5, **ASKED)
    assert mixed.sessions.sort("pair", "session").equals(plain)
    moved = TABLE.with_columns(pl.col("score") * 10 - 5)
    again = at.chairs_apart(moved, points=15, **{**ASKED, "scale": (-5, 55)}).sessions
    assert again["apart"].equals(plain["apart"])


@pytest.mark.parametrize(
    "change",
    [
        {"perspective": None},
        {"therapist": "score"},
        {"higher_is": None},
        {"scale": None},
        {"running": 0},
        {"points": 0},
        {"dyad": "nobody"},
    ],
)
def test_unusable_arguments_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(CourseError):
        at.chairs_apart(TABLE, **{**ASKED, "points": 1, **change})


def test_bad_rows_are_refused_by_row() -> None:
    with pytest.raises(CourseError, match="row 1, column 'session': below 1"):
        at.chairs_apart(TABLE.with_columns(session=pl.col("session") - 1), points=1, **ASKED)
    with pytest.raises(CourseError, match="off the scale"):
        at.chairs_apart(TABLE.with_columns(score=pl.lit(9.0)), points=1, **ASKED)
    with pytest.raises(RupturesError, match="E-FRAME-206"):
        at.chairs_apart(pl.concat([TABLE, TABLE[:1]]), points=1, **ASKED)


def test_formation_of_both_chairs_dyad_by_dyad() -> None:
    later = _forms(("A", [3, 4, 4.5, 5, 5.5, 0], [3, 3, 3, None, 3, 0]), ("B", [4], [None]))
    found = at.formation(later, noise=0.5, **ASKED)
    rows = found.dyads.to_dicts()
    assert rows[0]["client_change"] == 2.5  # session 6 is not one of the first five
    assert (rows[0]["paired"], rows[0]["mean_gap"]) == (4, pytest.approx(-1.25))
    assert (rows[1]["client_change"], rows[1]["therapist_ratings"]) == (None, 0)
    assert "clearly better at the end" in found.explain(0)
    assert "The therapist has not rated these sessions" in found.explain(1)
    assert "2 dyads: 2 with ratings of the client, 1 of the therapist" in str(found)
    assert "within-person SD of 0.5, as given" in str(found)


def test_formation_is_drawn_up_to_the_fifth_session() -> None:
    later = _forms(("A", [3, 4, 4.5, 5, 5.5, 0], [3, 3, 3, None, 3, 0]))
    found = at.formation(later, **ASKED)
    figure = found.plot("A")
    assert [row[0] for row in figure.table.rows] == ["1", "2", "3", "4", "5"]
    assert figure.sentence.startswith("The client rated 5 of the first 5 sessions")
    assert "simulated prior" in str(found)
    for wrong in ({"noise": 0}, {"noise": float("nan")}):
        with pytest.raises(CourseError, match="noise"):
            at.formation(later, **ASKED, **wrong)
    with pytest.raises(CourseError, match="E-FRAME-237"):
        found.explain(1)
    with pytest.raises(CourseError, match="E-FRAME-237"):
        found.plot("B")
