# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import warnings
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
from attunement.frames import DirectionWarning, FitWarning, RupturesError
from attunement.signals.house import default_house

# Session 6 lies far below five sessions about 4.8; session 8 is back.
COURSE = [4.6, 4.9, 4.7, 5.0, 4.8, 1.2, 3.1, 4.9]


def ratings(course: list[float | None] = COURSE, dyad: str = "A") -> pl.DataFrame:  # type: ignore[assignment]
    n = len(course)
    return pl.DataFrame({"dyad": [dyad] * n, "session": range(1, n + 1), "score": course})


def test_contract_of_the_result() -> None:
    found = at.ruptures(
        ratings(),
        dyad="dyad",
        session="session",
        score="score",
        scale=(0, 6),
        higher_is="better",
        rule="house",
        null_rate=0.10,
        horizon=12,
    )
    assert found.sessions.columns == [
        "dyad", "session", "rule", "evaluable", "statistic", "probability", "flagged", "reason",
    ]  # fmt: skip
    assert found.sessions["flagged"].to_list()[:6] == [False] * 5 + [True]
    assert found.sessions["reason"].to_list()[0] == "too_few_scores"
    assert found.sessions["reason"].to_list()[1] is None
    (episode,) = found.episodes.to_dicts()
    assert (episode["dyad"], episode["onset"], episode["nadir_session"]) == ("A", 6, 6)
    assert (episode["repair"], episode["status"]) == (8, "repaired")
    assert episode["nadir"] == 1.2
    assert episode["depth"] == pytest.approx(episode["pre"] - 1.2)


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        (pl.DataFrame, lambda frame: frame),
        (pl.LazyFrame, pl.DataFrame.lazy),
        (pd.DataFrame, pl.DataFrame.to_pandas),
        (pa.Table, pl.DataFrame.to_arrow),
    ],
)
def test_same_kind_comes_back_with_the_same_verdicts(kind: type, make: Any) -> None:
    rows = ratings()[::-1]
    found = at.ruptures(make(rows), scale=(0, 6))
    assert isinstance(found.sessions, kind)
    assert isinstance(found.episodes, kind)
    sessions = nw.from_native(found.sessions).lazy().collect("polars").to_native()
    wanted = at.ruptures(rows, scale=(0, 6)).sessions
    for column in ("session", "evaluable", "flagged"):
        assert sessions[column].to_list() == wanted[column].to_list()
    np.testing.assert_array_equal(sessions["statistic"].to_numpy(), wanted["statistic"].to_numpy())


def test_duckdb_relation_comes_back_as_a_relation() -> None:
    connection = duckdb.connect()
    relation = connection.from_arrow(ratings().to_arrow())
    found = at.ruptures(relation, scale=(0, 6))
    assert type(found.sessions) is type(relation)
    assert found.sessions.filter("flagged").fetchall()[0][:2] == ("A", 6)


def test_pandas_keeps_its_index_and_its_order() -> None:
    frame = ratings().to_pandas().iloc[::-1]
    found = at.ruptures(frame, scale=(0, 6))
    assert found.sessions.index.tolist() == [7, 6, 5, 4, 3, 2, 1, 0]
    assert found.sessions.loc[5, "flagged"]
    assert str(found.episodes["repair"].dtype) == "Int64"


def test_columns_keep_the_names_that_were_given() -> None:
    frame = ratings().rename({"dyad": "client", "session": "t", "score": "srs"})
    found = at.ruptures(frame, dyad="client", session="t", score="srs", scale=(0, 6))
    assert found.sessions.columns[:2] == ["client", "t"]
    assert found.episodes.columns[0] == "client"


def test_several_rules_give_a_row_for_each_input_row_and_rule() -> None:
    found = at.ruptures(ratings(), scale=(0, 6), rule=["drop-from-previous", "below-own-baseline"])
    rule = found.sessions["rule"].to_list()
    assert rule == ["drop-from-previous", "below-own-baseline"] * 8
    assert found.sessions["session"].to_list() == [n for n in range(1, 9) for _ in range(2)]
    assert found.sessions["probability"].null_count() == 16  # only the house rule has one


def test_drop_rule_by_hand() -> None:
    # The archive's within SD is 0.0875·6 = 0.525, r = .2: S_diff = 0.525·√1.6 = 0.66408;
    # 1.96·S_diff = 1.3016. Session 6: (1.2 − 4.8)/0.66408 = −5.42104, a drop of more than that.
    found = at.ruptures(ratings(), scale=(0, 6), rule="drop-from-previous").sessions
    assert found["statistic"].to_list()[5] == pytest.approx(-3.6 / (0.525 * np.sqrt(1.6)))
    assert found.filter("flagged")["session"].to_list() == [6]


def test_lower_is_better_mirrors_the_scale() -> None:
    turned = ratings([6 - x for x in COURSE])
    up = at.ruptures(ratings(), scale=(0, 6)).sessions
    down = at.ruptures(turned, scale=(0, 6), higher_is="worse").sessions
    assert down["flagged"].to_list() == up["flagged"].to_list()
    np.testing.assert_allclose(down["statistic"].to_numpy(), up["statistic"].to_numpy(), rtol=1e-9)


def test_measure_gives_scale_and_direction() -> None:
    found = at.ruptures(ratings(), measure="oac-c")
    assert found.question.scale.bounds == (0.0, 6.0)
    with pytest.raises(RupturesError, match="said twice"):
        at.ruptures(ratings(), measure="oac-c", scale=(0, 6))


@pytest.mark.parametrize("scale", [None, (6, 0), (0, float("nan")), (1,), "ab"])
def test_scale_that_is_none_is_refused(scale: Any) -> None:
    with pytest.raises(RupturesError, match="E-FRAME-203"):
        at.ruptures(ratings(), scale=scale)


@pytest.mark.parametrize(
    "wrong",
    [
        {"null_rate": 0.0},
        {"null_rate": 1.5},
        {"horizon": 0},
        {"horizon": 2.5},
        {"window": 0},
        {"tolerance": -1.0},
        {"rule": []},
        {"rule": ["house", "house"]},
        {"engine": "cluster"},
        {"archive": "guess"},
    ],
)
def test_argument_that_is_not_offered_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(RupturesError, match="E-FRAME-204"):
        at.ruptures(ratings(), scale=(0, 6), **wrong)


def test_unknown_rule_lists_the_known_ones() -> None:
    with pytest.raises(at.AttunementError, match=r"no such rule.*below-own-baseline"):
        at.ruptures(ratings(), scale=(0, 6), rule="wishful")


def test_missing_column_says_which_argument_names_it() -> None:
    with pytest.raises(RupturesError, match=r"no column 'srs'.*score='…'"):
        at.ruptures(ratings(), score="srs", scale=(0, 6))


def test_result_columns_cannot_be_keys() -> None:
    frame = ratings().rename({"dyad": "rule"})
    with pytest.raises(RupturesError, match="E-FRAME-208"):
        at.ruptures(frame, dyad="rule", scale=(0, 6))


def test_thing_that_is_no_table_is_refused() -> None:
    with pytest.raises(RupturesError, match="E-FRAME-202"):
        at.ruptures([1, 2, 3], scale=(0, 6))


def test_table_without_rows_is_refused() -> None:
    with pytest.raises(RupturesError, match="E-FRAME-209"):
        at.ruptures(ratings().clear(), scale=(0, 6))


def test_one_session_is_not_evaluable_rather_than_calm() -> None:
    found = at.ruptures(ratings([2.0]), scale=(0, 6))
    (row,) = found.sessions.to_dicts()
    assert (row["evaluable"], row["flagged"], row["reason"]) == (False, False, "too_few_scores")


@pytest.mark.parametrize("level", [3.0, 6.0])
def test_series_that_never_changes_is_never_flagged(level: float) -> None:
    found = at.ruptures(ratings([level] * 30), scale=(0, 6), rule="all")
    prospective = found.sessions.filter(pl.col("rule").is_in(["house", "below-own-baseline"]))
    assert not prospective["flagged"].any()


def test_ten_thousand_sessions_in_one_dyad_are_judged() -> None:
    draw = np.random.default_rng(5)
    course = np.clip(draw.normal(4.7, 0.5, 10_000), 0, 6).tolist()
    found = at.ruptures(ratings(course), scale=(0, 6))
    assert found.sessions.height == 10_000
    assert found.summary.rules[0].evaluable == 9_999


def test_missing_form_is_a_reason_and_not_a_zero() -> None:
    course: list[float | None] = [4.6, 4.9, None, 5.0, 4.8]
    found = at.ruptures(ratings(course), scale=(0, 6))
    assert found.sessions["reason"].to_list()[2] == "no_form"
    assert found.summary.without_score == 1
    assert not found.sessions["flagged"].any()


def test_therapists_rows_are_a_channel_and_keep_their_place() -> None:
    client = ratings().with_columns(who=pl.lit("client"))
    therapist = ratings([5.0] * 8).with_columns(who=pl.lit("therapist"))
    both = pl.concat([client, therapist]).sort("session", "who")
    found = at.ruptures(both, scale=(0, 6), perspective="who")
    assert found.sessions.height == 16
    assert found.sessions["reason"].to_list()[1::2] == ["therapists_form"] * 8
    alone = at.ruptures(client, scale=(0, 6)).sessions
    other = found.sessions.filter(both["who"] == "client")
    assert other["statistic"].to_list()[5] != alone["statistic"].to_list()[5]
    assert found.summary.other_rows == 8


def test_new_version_begins_anew_and_is_counted() -> None:
    frame = ratings([5.0] * 5 + [3.0] * 3).with_columns(v=pl.Series(["1"] * 5 + ["2"] * 3))
    assert at.ruptures(frame, scale=(0, 6)).sessions["flagged"].any()
    found = at.ruptures(frame, scale=(0, 6), version="v")
    assert found.sessions["reason"].to_list()[5] == "too_few_scores"
    assert not found.sessions["flagged"].any()
    assert "2 series" in str(found)


def test_end_of_therapy_in_the_window_is_censored_and_never_unrepaired() -> None:
    frame = ratings([4.6, 4.9, 4.7, 5.0, 4.8, 1.2])
    open_ = at.ruptures(frame, scale=(0, 6)).episodes
    ended = at.ruptures(frame.with_columns(e=pl.lit(1)), scale=(0, 6), ended="e").episodes
    assert open_["status"].to_list() == ["open"]
    assert ended["status"].to_list() == ["censored"]


def test_scores_at_the_wrong_end_are_doubted() -> None:
    frame = ratings([0.5, 0.2, 0.8, 0.4] * 10)
    with pytest.warns(DirectionWarning, match="higher_is='worse'"):
        found = at.ruptures(frame, scale=(0, 6))
    assert any("direction" in note for note in found.summary.notes)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DirectionWarning)
        at.ruptures(frame, scale=(0, 6), higher_is="worse")


def test_noise_far_from_the_models_is_said() -> None:
    draw = np.random.default_rng(4)
    frame = ratings(np.clip(draw.normal(3.5, 1.6, 120), 0, 6).tolist())
    with pytest.warns(FitWarning, match="archive='learn'"):
        at.ruptures(frame, scale=(0, 6))


def test_learned_model_is_named_and_used() -> None:
    draw = np.random.default_rng(7)
    frame = pl.concat(
        ratings(np.clip(draw.normal(4.5, 0.2, 12), 0, 6).tolist(), dyad=f"D{k}") for k in range(40)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", FitWarning)
        found = at.ruptures(frame, scale=(0, 6), archive="learn")
    assert "learned from 480 scores of 40 dyads" in found.summary.model
    assert "later sessions included" in found.summary.model
    assert found.question.archive.within_sd == pytest.approx(0.2, abs=0.08)


def test_given_model_is_used() -> None:
    model = default_house(0, 6)
    found = at.ruptures(ratings(), scale=(0, 6), archive=model)
    assert found.sessions.equals(at.ruptures(ratings(), scale=(0, 6)).sessions)
    archive = at.signals.Archive(5.0, 0.5, 0.1, 0.2, source="by hand")
    other = at.ruptures(ratings(), scale=(0, 6), rule="drop-from-previous", archive=archive)
    assert other.sessions["statistic"].to_list()[5] == pytest.approx(-3.6 / (0.1 * np.sqrt(1.6)))
    assert "by hand" in str(other)


def test_summary_says_what_was_used_and_what_a_flag_is() -> None:
    text = str(at.ruptures(ratings(), scale=(0, 6)))
    assert "8 rows of 1 dyad: 8 scores used" in text
    assert "asked to flag 10 % of dyads without any rupture within 12 sessions" in text
    assert "question to a person, not a finding" in text


def test_plot_is_a_figure_with_sentence_table_and_mark() -> None:
    figure = at.ruptures(ratings(), scale=(0, 6)).plot("A")
    assert isinstance(figure, Figure)
    assert "<svg" in figure.svg
    assert len(figure.table.rows) == 8
    assert [mark.session_no for mark in figure.marks] == [6]


def test_plot_with_altair_holds_the_scores() -> None:
    drawn = at.ruptures(ratings(), scale=(0, 6)).plot("A", engine="altair").to_dict()
    scores = [row["score"] for layer in drawn["layer"] for row in layer["data"]["values"]]
    assert 1.2 in scores


@pytest.mark.parametrize("dyad", ["Z", 3])
def test_plot_of_an_unknown_dyad_is_refused(dyad: Any) -> None:
    with pytest.raises(RupturesError, match="E-FRAME-212"):
        at.ruptures(ratings(), scale=(0, 6)).plot(dyad)


@pytest.mark.parametrize("rule", ["house", "drop-from-previous", "below-own-baseline"])
def test_explanation_holds_everything_that_a_person_can_check(rule: str) -> None:
    text = at.ruptures(ratings(), scale=(0, 6), rule=rule).explain(5)
    assert "Row 5: dyad A, session 6, score 1.2." in text
    for part in ("Verdict: flagged", f"Rule: {rule}, version 1", "It asks: ", "Inputs: 5 earlier"
                 if rule != "drop-from-previous" else "Inputs: 1 earlier", "Threshold: ",
                 "When nothing is wrong: ", "Source: ", "What it cannot tell: "):  # fmt: skip
        assert part in text


def test_explanation_of_an_unjudged_row_says_why() -> None:
    course: list[float | None] = [4.6, None]
    found = at.ruptures(ratings(course), scale=(0, 6))
    assert "not evaluable, because there is no score" in found.explain(1)
    assert "not evaluable, because it is too early" in found.explain(0)


@pytest.mark.parametrize("row", [-1, 8, 1.5])
def test_explanation_of_no_row_is_refused(row: Any) -> None:
    with pytest.raises(RupturesError, match="E-FRAME-212"):
        at.ruptures(ratings(), scale=(0, 6)).explain(row)


def test_csv_counts_the_header_as_row_one(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("dyad,session,score\nA,1,4.5\nA,2,often\n", "utf-8")
    with pytest.raises(RupturesError, match="row 3, column 'score'"):
        at.ruptures(path, scale=(0, 6))
