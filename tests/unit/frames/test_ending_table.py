# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

import attunement as at
from attunement.frames import CourseError, EndingStudy
from attunement.signals import SignalError
from attunement.signals.course.ending_shape import Compared

ASKED: dict[str, Any] = {
    "episode": "episode",
    "session": "session",
    "score": "alliance",
    "attended": "came",
    "ending": "end",
    "definition": "the client stopped coming without having said so.",
    "higher_is": "better",
    "research": True,
}


@cache
def _table(n: int = 420, seed: int = 1) -> pl.DataFrame:
    """Make episodes whose hazard falls with the alliance of the session."""
    chance, rows = np.random.default_rng(seed), []
    for who in range(n):
        level, end, mine = chance.normal(0, 1), "open", []
        while end == "open" and len(mine) < 25:
            came = chance.random() > 0.1
            score = level + chance.normal(0, 0.5)
            rated = came and chance.random() > 0.1
            mine.append((score if rated else None, "attended" if came else "missed"))
            if came:
                draw = chance.random()
                if draw < 1 / (1 + np.exp(2.5 + 1.2 * score)):
                    end = "unplanned"
                elif draw > 0.95:
                    end = "planned"
        rows += [(f"E{who}", at_, *one, end) for at_, one in enumerate(mine, start=1)]
    columns = ["episode", "session", "alliance", "came", "end"]
    return pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)


@cache
def _found() -> EndingStudy:
    return at.ending_hazard(_table(), **ASKED)


def test_it_is_off_unless_switched_on() -> None:
    for research in (False, None, 1, "yes"):
        with pytest.raises(CourseError, match="E-FRAME-238"):
            at.ending_hazard(_table(), **{**ASKED, "research": research})


def test_summary_begins_with_what_it_is_not_for() -> None:
    said = str(_found())
    assert said.startswith("Research use:")
    assert "Unplanned ending here means: the client stopped coming without having said so." in said
    assert "calibration intercept" in said
    assert "Acting on it" in said
    assert "of 420 care episodes" in said


def test_rows_come_back_in_order_with_reasons() -> None:
    rows = _found().sessions
    assert rows.select("episode", "session").equals(_table().select("episode", "session"))
    came = _table()["came"] == "attended"
    assert rows["probability"].is_not_null().equals(came.rename("probability"))
    assert set(rows.filter(~came)["reason"]) == {"did_not_take_place"}


def test_landmarks_hold_calibration_and_curves_hold_net_benefit() -> None:
    marks = _found().landmarks
    assert marks["session"].to_list() == [3, 5, 8]
    assert set(marks["within"]) == {4}
    assert {"calibration_intercept", "calibration_slope", "auc_low", "left_out"} <= set(
        marks.columns
    )
    curves = _found().decision_curves
    assert curves.height == 3 * 6
    assert curves.columns == ["session", "threshold", "net_benefit", "net_benefit_of_all"]
    assert _found().coefficients["feature"].to_list()[0] == "intercept"


def test_explain_repeats_what_it_is_not_for() -> None:
    assert "Research use" in _found().explain(0)
    missed = int(np.flatnonzero(~_found().sessions["took_place"].to_numpy())[0])
    assert "did not take place" in _found().explain(missed)
    with pytest.raises(CourseError, match="E-FRAME-237"):
        _found().explain(-1)


def test_fewer_than_three_hundred_finished_episodes_are_refused() -> None:
    few = _table().with_columns(
        end=pl.when(pl.col("episode").str.slice(1).cast(pl.Int64) < 299).then("end")
    )
    with pytest.raises(SignalError, match="E-SIGNAL-032"):
        at.ending_hazard(few, **ASKED)


def test_order_names_and_other_words_change_nothing() -> None:
    mixed = _table().sample(fraction=1.0, shuffle=True, seed=3)
    renamed = mixed.with_columns(
        episode=pl.lit("x") + pl.col("episode"),
        end=pl.col("end").replace({"unplanned": "dropout", "open": None}),
        came=pl.col("came") == "attended",
    )
    found = at.ending_hazard(renamed, endings={"Dropout": "unplanned"}, **ASKED)
    keys = ["episode", "session"]
    other = found.sessions.with_columns(pl.col("episode").str.slice(1)).sort(keys)
    assert other["probability"].equals(_found().sessions.sort(keys)["probability"])
    assert found.landmarks.equals(_found().landmarks)


@pytest.mark.parametrize(
    ("column", "cell", "told"),
    [
        ("alliance", float("inf"), "column 'alliance': infinity"),
        ("end", "vanished", "not a known ending"),
        ("came", None, "does not say whether the session took place"),
        ("came", "perhaps", "neither yes nor no"),
        ("session", 0, "below 1"),
        ("episode", None, "does not say whose care episode"),
    ],
)
def test_bad_cells_are_told_by_row_and_column(column: str, cell: Any, told: str) -> None:
    cells = [cell, *_table()[column].to_list()[1:]]
    table = _table().with_columns(pl.Series(column, cells, strict=False))
    with pytest.raises(CourseError, match="row 1") as refused:
        at.ending_hazard(table, **ASKED)
    assert told in str(refused.value)


def test_two_endings_and_doubled_sessions_are_refused() -> None:
    cells = ["planned", *["unplanned"] * (_table().height - 1)]
    with pytest.raises(CourseError, match="two different endings"):
        at.ending_hazard(_table().with_columns(end=pl.Series(cells)), **ASKED)
    with pytest.raises(CourseError, match="same session twice"):
        at.ending_hazard(pl.concat([_table(), _table()[:1]]), **ASKED)


@pytest.mark.parametrize(
    "change",
    [
        {"definition": " "},
        {"landmarks": ()},
        {"landmarks": (0,)},
        {"within": 0},
        {"endings": {"gone": "lost"}},
        {"higher_is": None},
        {"attended": "nowhere"},
    ],
)
def test_unusable_arguments_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(CourseError):
        at.ending_hazard(_table(), **{**ASKED, **change})


def test_hazard_is_drawn_beside_what_came() -> None:
    found = _found()
    figure = found.plot()
    assert figure.svg.count("<svg") == 2
    assert found.note in figure.sentence
    assert "Research use" in figure.sentence
    # session 1: counted from the table itself
    first = (
        _table()
        .filter(pl.col("came") == "attended")
        .group_by("episode")
        .agg(pl.len(), pl.col("end").first())
    )
    ended = first.filter((pl.col("len") == 1) & (pl.col("end") == "unplanned")).height
    assert figure.table.rows[0][:3] == ("1", f"{first.height:,}", f"{ended:,}")
    assert figure.table.rows[0][4] == f"{100 * ended / first.height:.1f}"
    # and the last row still has twenty in therapy
    assert int(figure.table.rows[-1][1]) >= 20


def test_calibration_is_drawn_by_tenths() -> None:
    figure = _found().plot("calibration")
    assert len(figure.table.rows) == 10
    counts = [int(row[1].replace(",", "")) for row in figure.table.rows]
    assert max(counts) - min(counts) <= 1
    assert sum(counts) == _table().filter(pl.col("came") == "attended").height
    assert sum(int(row[2]) for row in figure.table.rows) == _found().found.n_events
    said = [float(row[3]) for row in figure.table.rows]
    assert said == sorted(said)
    # episodes are made by a logistic hazard: nearly every tenth keeps what was said
    assert "of 10 tenths" in figure.sentence


def test_pictures_can_be_altair_charts_and_nothing_else() -> None:
    found = _found()
    hazard = found.plot(engine="altair").to_dict()
    assert {row["what"] for row in hazard["data"]["values"]} == {
        "said by the model",
        "ended unplanned",
    }
    assert found.plot("calibration", engine="altair").to_dict()["layer"]
    with pytest.raises(CourseError, match="E-FRAME-232"):
        found.plot("roc")  # type: ignore[call-overload]
    with pytest.raises(CourseError, match="E-FRAME-232"):
        found.plot(engine="gnuplot")  # type: ignore[call-overload]


def test_more_than_was_said_is_told_apart_from_chance() -> None:
    # 100 sessions, 10 % said: 10 expected, SD 3, so 16 is more than chance and 15 is not
    assert [Compared(1, 100, k, 0.1).verdict for k in (4, 5, 15, 16)] == [-1, 0, 0, 1]
    assert Compared(1, 100, 16, 0.1).came == 0.16
